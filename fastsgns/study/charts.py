"""Charts as inline SVG: grouped bars with intervals, lines, points. Colours of Okabe and Ito."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from fastsgns.runtime.intervals import Interval

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#000000")
WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 14, 46
LEGEND_ROW = 18
N_TICKS = 5
Point = tuple[float, float]


def ticks(low: float, high: float, n: int = N_TICKS) -> list[float]:
    """Give about n round numbers that span an interval.

    Examples
    --------
    >>> ticks(0.0, 1.0)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    span = high - low or 1.0
    power = 10.0 ** math.floor(math.log10(span / n))
    step = next(s * power for s in (1, 2, 5, 10) if s * power >= span / n * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


@dataclass(frozen=True)
class Axis:
    """A scale from values to pixels, with its ticks."""

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """Give the pixel of a value."""
        share = (value - self.low) / ((self.high - self.low) or 1.0)
        return round(self.start + share * (self.stop - self.start), 1)


def _spanning(values: Sequence[float], start: float, stop: float, zero: bool) -> tuple[Axis, list]:
    known = [value for value in values if math.isfinite(value)] + ([0.0] if zero else [])
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if low == high:
        low, high = low - 0.5, high + 0.5
    marks = ticks(low, high)
    return Axis(marks[0], marks[-1], start, stop), marks


def _frame(
    title: str, series: Sequence[str], y_label: str, y: Axis, marks: Sequence[float], body: str
) -> str:
    """Draw the legend, the vertical axis with its grid, and what `body` holds."""
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
    ]
    for mark in marks:
        parts.append(_line((LEFT, y(mark)), (WIDTH - RIGHT, y(mark)), "#ddd"))
        parts.append(_text(LEFT - 6, y(mark) + 4, f"{mark:g}", "end"))
    middle = (y.start + y.stop) / 2
    parts.append(
        f'<text x="14" y="{middle:g}" text-anchor="middle" fill="#222" '
        f'transform="rotate(-90 14 {middle:g})">{escape(y_label)}</text>'
    )
    for at, (x, row) in zip(range(len(series)), _legend_places(series)):
        top = 2 + row * LEGEND_ROW
        colour = COLOURS[at % len(COLOURS)]
        parts.append(f'<rect x="{x}" y="{top}" width="11" height="11" fill="{colour}"/>')
        parts.append(_text(x + 15, top + 10, series[at], "start"))
    return "\n".join([*parts, body, "</svg>"])


def _legend_places(series: Sequence[str]) -> list[tuple[int, int]]:
    places, x, row = [], LEFT, 0
    for name in series:
        width = 34 + 7 * len(name)
        if x + width > WIDTH and x > LEFT:
            x, row = LEFT, row + 1
        places.append((x, row))
        x += width
    return places


def _top(series: Sequence[str]) -> int:
    rows = _legend_places(series)[-1][1] + 1 if series else 0
    return TOP + rows * LEGEND_ROW


def _line(start: Point, stop: Point, colour: str, width: float = 1) -> str:
    return (
        f'<line x1="{start[0]:g}" y1="{start[1]:g}" x2="{stop[0]:g}" y2="{stop[1]:g}" '
        f'stroke="{colour}" stroke-width="{width:g}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="#222">{escape(text)}</text>'


def _whisker(x: float, y: Axis, found: Interval) -> str:
    """The interval of a value, with caps; nothing if it has no bounds."""
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return ""
    low, high = y(found.low), y(found.high)
    caps = [_line((x - 3, end), (x + 3, end), "#222") for end in (low, high)]
    return "".join([_line((x, low), (x, high), "#222"), *caps])


def _bounds(values: Sequence[Interval]) -> list[float]:
    return [bound for value in values for bound in (value.mean, value.low, value.high)]


def bars(
    title: str, groups: Sequence[str], series: Mapping[str, Sequence[Interval]], y_label: str
) -> str:
    """Draw grouped bars with intervals.

    Parameters
    ----------
    title : str
        For those who can't see it.
    groups : sequence of str
        Named below the axis; a line break begins a second line there.
    series : mapping of str to sequence of Interval
        One value a group; NaN leaves a gap.
    y_label : str

    Returns
    -------
    str
        An ``<svg>`` element.

    Examples
    --------
    >>> drawn = bars("losses", ["k=1"], {"two": [Interval(1.2, 1.1, 1.3, 3)]}, "loss, nats a pair")
    >>> drawn.count("<rect"), "k=1" in drawn
    (2, True)
    """
    names = list(series)
    values = [value for row in series.values() for value in row]
    y, marks = _spanning(_bounds(values), HEIGHT - BOTTOM, _top(names), zero=True)
    span = (WIDTH - LEFT - RIGHT) / max(len(groups), 1)
    width = min(0.8 * span / max(len(names), 1), 48)
    parts = []
    for g, group in enumerate(groups):
        middle = LEFT + (g + 0.5) * span
        for row, text in enumerate(group.split("\n")):
            parts.append(_text(middle, HEIGHT - BOTTOM + 18 + 16 * row, text, "middle"))
        for s, name in enumerate(names):
            found = series[name][g]
            if math.isnan(found.mean):
                continue
            x = middle + (s - len(names) / 2) * width
            top, bottom = sorted((y(found.mean), y(0.0)))
            parts.append(
                f'<rect x="{x:.1f}" y="{top:g}" width="{0.9 * width:.1f}" '
                f'height="{bottom - top:.1f}" fill="{COLOURS[s % len(COLOURS)]}"/>'
            )
            parts.append(_whisker(x + 0.45 * width, y, found))
    parts.append(_line((LEFT, y(0.0)), (WIDTH - RIGHT, y(0.0)), "#222"))
    return _frame(title, names, y_label, y, marks, "\n".join(parts))


def lines(
    title: str, x: Sequence[float], series: Mapping[str, Sequence[Interval]], labels: Sequence[str],
    position: Callable[[float], float] = float,
) -> str:  # fmt: skip
    """Draw lines with intervals through points at the same places.

    Parameters
    ----------
    title : str
    x : sequence of float
    series : mapping of str to sequence of Interval
        One value a place.
    labels : sequence of two str
        Of the horizontal and of the vertical axis, with units.
    position : callable
        Where a number stands on the horizontal axis, such as `math.log`.

    Returns
    -------
    str
    """
    names = list(series)
    values = [value for row in series.values() for value in row]
    y, marks = _spanning(_bounds(values), HEIGHT - BOTTOM, _top(names), zero=False)
    at = [position(value) for value in x]
    margin = 0.05 * ((max(at) - min(at)) or 1.0)
    across = Axis(min(at) - margin, max(at) + margin, LEFT, WIDTH - RIGHT)
    parts = [
        _text(across(place), HEIGHT - BOTTOM + 18, f"{value:g}", "middle")
        for value, place in zip(x, at)
    ]
    for s, name in enumerate(names):
        colour = COLOURS[s % len(COLOURS)]
        points = [
            (across(place), y(found.mean))
            for place, found in zip(at, series[name])
            if math.isfinite(found.mean)
        ]
        path = " ".join(f"{px:g},{py:g}" for px, py in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{px:g}" cy="{py:g}" r="3.5" fill="{colour}"/>' for px, py in points]
        parts += [_whisker(across(p), y, found) for p, found in zip(at, series[name])]
    parts.append(_x_label(labels[0]))
    return _frame(title, names, labels[1], y, marks, "\n".join(parts))


def scatter(
    title: str, points: Mapping[str, Sequence[Point]], labels: Sequence[str],
    straight: Mapping[str, tuple[float, float]] | None = None,
) -> str:  # fmt: skip
    """Draw points, and straight lines by slope and intercept.

    Parameters
    ----------
    title : str
    points : mapping of str to sequence of (float, float)
    labels : sequence of two str
        Of the horizontal and of the vertical axis, with units.
    straight : mapping of str to (slope, intercept), optional

    Returns
    -------
    str
    """
    straight = straight or {}
    names = [*points, *straight]
    everything = [point for row in points.values() for point in row]
    ys = [point[1] for point in everything]
    y, marks = _spanning(ys, HEIGHT - BOTTOM, _top(names), zero=False)
    x, x_marks = _spanning([point[0] for point in everything], LEFT, WIDTH - RIGHT, zero=False)
    parts = [_text(x(mark), HEIGHT - BOTTOM + 18, f"{mark:g}", "middle") for mark in x_marks]
    for s, row in enumerate(points.values()):
        colour = COLOURS[s % len(COLOURS)]
        parts += [
            f'<circle cx="{x(px):g}" cy="{y(py):g}" r="2" fill="{colour}" fill-opacity="0.6"/>'
            for px, py in row
        ]
    for s, (slope, intercept) in enumerate(straight.values(), len(points)):
        ends = _clipped(slope, intercept, x, y)
        if ends:
            a, b = ((x(px), y(py)) for px, py in ends)
            parts.append(_line(a, b, COLOURS[s % len(COLOURS)], 2))
    parts.append(_x_label(labels[0]))
    return _frame(title, names, labels[1], y, marks, "\n".join(parts))


def _clipped(slope: float, intercept: float, x: Axis, y: Axis) -> list[Point]:
    """The two ends of a straight line within the axes; none if it lies outside."""
    low, high = x.low, x.high
    if slope:
        crossings = sorted(((y.low - intercept) / slope, (y.high - intercept) / slope))
        low, high = max(low, crossings[0]), min(high, crossings[1])
    elif not y.low <= intercept <= y.high:
        return []
    return [(p, slope * p + intercept) for p in (low, high)] if low < high else []


def _x_label(label: str) -> str:
    return _text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, label, "middle")
