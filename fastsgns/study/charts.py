"""Charts as SVG without a dependency: grouped bars and curves with intervals, scatter plots.

The study embeds them in its report; `python -m bench` writes them to files. The colors are
those of Okabe and Ito, which color-blind readers can tell apart. Yellow is the last of them,
because it is hard to see on white. The background is white, because the page around a chart may be
dark.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

from fastsgns.runtime.intervals import Interval

COLORS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000", "#F0E442")
WIDTH, HEIGHT = 720, 320
TALL = 460  # of curves
LEFT, RIGHT, TOP, BOTTOM = 64, 12, 14, 46  # margins of the plot
LEGEND_ROW = 18
N_TICKS = 5
Point = tuple[float, float]


class Style(NamedTuple):
    """How a curve is drawn: the number of its color, and whether the line is dashed."""

    color: int
    is_dashed: bool = False


def ticks(low: float, high: float, n: int = N_TICKS) -> list[float]:
    """Return about n round numbers that span an interval.

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
    """A linear scale from values to pixels, with round values as ticks.

    Attributes
    ----------
    ticks : list of float
        Ascending. The first and the last are the ends of the axis.
    start, stop : float
        The pixels of the first and the last tick.
    """

    ticks: list[float]
    start: float
    stop: float

    @classmethod
    def spanning(cls, values: Sequence[float], start: float, stop: float) -> "Axis":
        """Return the axis that includes all finite values."""
        finite = [value for value in values if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
        if low == high:
            low, high = low - 0.5, high + 0.5
        return cls(ticks(low, high), start, stop)

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        low, high = self.ticks[0], self.ticks[-1]
        share = (value - low) / ((high - low) or 1.0)
        return round(self.start + share * (self.stop - self.start), 1)


class LogAxis(Axis):
    """A logarithmic scale from positive values to pixels, with ticks at 1, 2 and 5."""

    @classmethod
    def spanning(cls, values: Sequence[float], start: float, stop: float) -> "LogAxis":
        """Return the axis that includes all values.

        Examples
        --------
        >>> LogAxis.spanning([3.0, 30.0], 0, 90).ticks
        [2.0, 5.0, 10.0, 20.0, 50.0]
        """
        low, high = min(values), max(values)
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        marks = [round(digit * 10.0**power, 12) for power in powers for digit in (1, 2, 5)]
        first = max(i for i, mark in enumerate(marks) if mark <= low)
        last = min(i for i, mark in enumerate(marks) if mark >= high)
        return cls(marks[first : last + 1], start, stop)

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        low, high = self.ticks[0], self.ticks[-1]
        share = math.log(value / low) / (math.log(high / low) or 1.0)
        return round(self.start + share * (self.stop - self.start), 1)


def bars(
    title: str, groups: Sequence[str], series: Mapping[str, Sequence[Interval]], y_label: str
) -> str:
    """Draw grouped bars with intervals.

    Parameters
    ----------
    title : str
        For screen readers.
    groups : sequence of str
        Labels below the axis, of one or more lines.
    series : mapping of str to sequence of Interval
        One value per group; NaN leaves a gap.
    y_label : str

    Returns
    -------
    str
        An ``<svg>`` element.

    Examples
    --------
    >>> drawn = bars("losses", ["k=1"], {"two": [Interval(1.2, 1.1, 1.3, 3)]}, "nats per pair")
    >>> drawn.count("<rect"), "k=1" in drawn
    (2, True)
    """
    names = list(series)
    bounds = [bound for row in series.values() for value in row for bound in value[:3]]
    y = Axis.spanning([0.0, *bounds], HEIGHT - BOTTOM, _plot_top(names))
    span = (WIDTH - LEFT - RIGHT) / max(len(groups), 1)
    width = min(0.8 * span / max(len(names), 1), 48)
    parts = []
    for g, group in enumerate(groups):
        middle = LEFT + (g + 0.5) * span
        for row, text in enumerate(group.split("\n")):
            parts.append(_text(middle, HEIGHT - BOTTOM + 18 + 16 * row, text, "middle"))
        for s, name in enumerate(names):
            value = series[name][g]
            if math.isnan(value.mean):
                continue
            x = middle + (s - len(names) / 2) * width
            top, bottom = sorted((y(value.mean), y(0.0)))
            parts.append(
                f'<rect x="{x:.1f}" y="{top:g}" width="{0.9 * width:.1f}" '
                f'height="{bottom - top:.1f}" fill="{_color(s)}"/>'
            )
            parts.append(_whisker(x + 0.45 * width, y, value))
    parts.append(_line((LEFT, y(0.0)), (WIDTH - RIGHT, y(0.0)), "#222"))
    return _chart(title, names, y_label, y, parts)


def scatter(
    title: str, points: Mapping[str, Sequence[Point]], labels: tuple[str, str],
    straight: Mapping[str, tuple[float, float]],
) -> str:  # fmt: skip
    """Draw points and straight lines.

    Parameters
    ----------
    title : str
        For screen readers.
    points : mapping of str to sequence of (float, float)
    labels : (str, str)
        Labels of the horizontal and of the vertical axis, with units.
    straight : mapping of str to (slope, intercept)

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    names = [*points, *straight]
    xs, ys = zip(*(point for row in points.values() for point in row))
    y = Axis.spanning(ys, HEIGHT - BOTTOM, _plot_top(names))
    x = Axis.spanning(xs, LEFT, WIDTH - RIGHT)
    parts = [_text(x(tick), HEIGHT - BOTTOM + 18, f"{tick:g}", "middle") for tick in x.ticks]
    for s, row in enumerate(points.values()):
        parts += [
            f'<circle cx="{x(px):g}" cy="{y(py):g}" r="2" fill="{_color(s)}"/>' for px, py in row
        ]
    for s, (slope, intercept) in enumerate(straight.values(), len(points)):
        if ends := _clipped(slope, intercept, x, y):
            a, b = ((x(px), y(py)) for px, py in ends)
            parts.append(_line(a, b, _color(s), 2))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, labels[0], "middle"))
    return _chart(title, names, labels[1], y, parts)


def curves(
    title: str,
    series: Mapping[str, Sequence[tuple[float, Interval]]],
    labels: tuple[str, str],
    styles: Mapping[str, Style],
) -> str:
    """Draw curves through points with intervals, over a logarithmic horizontal axis.

    Parameters
    ----------
    title : str
        For screen readers.
    series : mapping of str to sequence of (float, Interval)
        The points of each curve, from left to right.
    labels : (str, str)
        Labels of the horizontal and of the vertical axis, with units.
    styles : mapping of str to Style
        The style of each curve.

    Returns
    -------
    str
        An ``<svg>`` element.

    Examples
    --------
    >>> points = [(1.0, Interval(0.2, 0.1, 0.3, 3)), (10.0, Interval(0.4, 0.3, 0.5, 3))]
    >>> drawn = curves("scores", {"pair": points}, ("seconds", "score"), {"pair": Style(0, True)})
    >>> drawn.count("<circle"), drawn.count("<polyline"), "stroke-dasharray" in drawn
    (2, 1, True)
    """
    names = list(series)
    found = [point for row in series.values() for point in row]
    bounds = [bound for _, value in found for bound in value[:3]]
    y = Axis.spanning(bounds, TALL - BOTTOM, _plot_top(names))
    x = LogAxis.spanning([px for px, _ in found], LEFT, WIDTH - RIGHT)
    parts = [_text(x(tick), TALL - BOTTOM + 18, f"{tick:g}", "middle") for tick in x.ticks]
    for name, row in series.items():
        color, is_dashed = COLORS[styles[name].color % len(COLORS)], styles[name].is_dashed
        path = " ".join(f"{x(px):g},{y(value.mean):g}" for px, value in row)
        dashes = ' stroke-dasharray="5 3"' if is_dashed else ""
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"{dashes}/>'
        )
        for px, value in row:
            parts.append(_whisker(x(px), y, value))
            parts.append(f'<circle cx="{x(px):g}" cy="{y(value.mean):g}" r="3" fill="{color}"/>')
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, TALL - 8, labels[0], "middle"))
    return _chart(title, names, labels[1], y, parts, TALL, styles)


def side_by_side(charts: Sequence[str]) -> str:
    """Return one ``<svg>`` element with several charts in a row."""
    moved = (
        chart.replace("<svg ", f'<svg x="{i * WIDTH}" width="{WIDTH}" height="{HEIGHT}" ', 1)
        for i, chart in enumerate(charts)
    )
    size = f"0 0 {WIDTH * len(charts)} {HEIGHT}"
    return "\n".join(
        [f'<svg viewBox="{size}" xmlns="http://www.w3.org/2000/svg">', *moved, "</svg>"]
    )


def _chart(
    title: str,
    names: Sequence[str],
    y_label: str,
    y: Axis,
    body: Sequence[str],
    height: int = HEIGHT,
    styles: Mapping[str, Style] | None = None,
) -> str:
    """Return a whole chart: title, grid, vertical axis, legend, and the parts of `body`."""
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<path d="M0 0h{WIDTH}v{height}H0z" fill="#fff"/>',
    ]
    for tick in y.ticks:
        parts.append(_line((LEFT, y(tick)), (WIDTH - RIGHT, y(tick)), "#ddd"))
        parts.append(_text(LEFT - 6, y(tick) + 4, f"{tick:g}", "end"))
    middle = (y.start + y.stop) / 2
    parts.append(
        f'<text x="14" y="{middle:g}" text-anchor="middle" fill="#222" '
        f'transform="rotate(-90 14 {middle:g})">{escape(y_label)}</text>'
    )
    for s, (name, (x, row)) in enumerate(zip(names, _legend_places(names))):
        top = 2 + row * LEGEND_ROW
        parts.append(_legend_mark(x, top, styles[name] if styles else Style(s)))
        parts.append(_text(x + 15, top + 10, name, "start"))
    return "\n".join([*parts, *body, "</svg>"])


def _legend_mark(x: float, top: float, style: Style) -> str:
    """Draw the square of a legend, with a gap in the middle if the line is dashed."""
    color = COLORS[style.color % len(COLORS)]
    widths = [(0, 4), (7, 4)] if style.is_dashed else [(0, 11)]
    return "".join(
        f'<rect x="{x + left}" y="{top}" width="{width}" height="11" fill="{color}"/>'
        for left, width in widths
    )


def _legend_places(names: Sequence[str]) -> list[tuple[int, int]]:
    """Return the pixel column and the row of each entry of the legend."""
    places, x, row = [], LEFT, 0
    for name in names:
        width = 34 + 7 * len(name)
        if x + width > WIDTH and x > LEFT:
            x, row = LEFT, row + 1
        places.append((x, row))
        x += width
    return places


def _plot_top(names: Sequence[str]) -> int:
    rows = _legend_places(names)[-1][1] + 1 if names else 0
    return TOP + rows * LEGEND_ROW


def _color(series: int) -> str:
    return COLORS[series % len(COLORS)]


def _line(start: Point, stop: Point, color: str, width: float = 1) -> str:
    return (
        f'<line x1="{start[0]:g}" y1="{start[1]:g}" x2="{stop[0]:g}" y2="{stop[1]:g}" '
        f'stroke="{color}" stroke-width="{width:g}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}" fill="#222">{escape(text)}</text>'


def _whisker(x: float, y: Axis, value: Interval) -> str:
    """Draw the interval of a value, with caps; nothing if it has no bounds."""
    if not (math.isfinite(value.low) and math.isfinite(value.high)):
        return ""
    low, high = y(value.low), y(value.high)
    caps = [_line((x - 3, end), (x + 3, end), "#222") for end in (low, high)]
    return "".join([_line((x, low), (x, high), "#222"), *caps])


def _clipped(slope: float, intercept: float, x: Axis, y: Axis) -> list[Point]:
    """Return the two ends of a straight line inside the axes, or none if it is outside."""
    low, high = x.ticks[0], x.ticks[-1]
    bottom, top = y.ticks[0], y.ticks[-1]
    if slope:
        crossings = sorted(((bottom - intercept) / slope, (top - intercept) / slope))
        low, high = max(low, crossings[0]), min(high, crossings[1])
    elif not bottom <= intercept <= top:
        return []
    return [(p, slope * p + intercept) for p in (low, high)] if low < high else []
