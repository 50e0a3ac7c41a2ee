"""The figure of the README: speed relative to gensim by mode and dimension, and quality."""

from pathlib import Path
from statistics import mean, median
from typing import Any

from bench.report import deviation
from fastsgns.runtime.console import say

COLOURS = ("#4477aa", "#66ccee", "#228833", "#ccbb44", "#bbbbbb")
WIDTH = 0.8


def draw(
    ratios: dict[str, dict[str, list[float]]], scores: dict[str, dict[str, list[float]]], path: Path
) -> bool:
    """Draw two groups of bars into an SVG file, or print a note if matplotlib is missing.

    Parameters
    ----------
    ratios, scores : dict
        The values of all rounds or seeds, by side and then by dimension or evaluation set.
    path : Path
    """
    try:
        import matplotlib
    except ImportError:
        say(f"matplotlib is not installed, so {path} is not drawn: pip install fastsgns[bench]")
        return False
    matplotlib.use("svg")
    matplotlib.rcParams |= {"svg.hashsalt": "fastsgns", "svg.fonttype": "none", "font.size": 9}
    from matplotlib import pyplot

    sides = list(dict.fromkeys([*ratios, *scores]))
    colours = dict(zip(sides, COLOURS * len(sides)))
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    speed = {side: {group: _range(v) for group, v in by.items()} for side, by in ratios.items()}
    _bars(left, speed, colours)
    left.set_title("Speed: times gensim, CPU seconds")
    quality = {side: {group: _spread(v) for group, v in by.items()} for side, by in scores.items()}
    _bars(right, quality, colours)
    right.set_title("Quality: scores, and their standard deviation")
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=colours[side]) for side in sides]
    figure.legend(handles, sides, loc="outside lower center", ncols=len(sides), frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    pyplot.close(figure)
    return True


def _range(values: list[float]) -> tuple[float, float, float]:
    """Return the median, and the distances of the minimum and the maximum from it."""
    middle = median(values)
    return middle, middle - min(values), max(values) - middle


def _spread(values: list[float]) -> tuple[float, float, float]:
    error = deviation(values) if len(values) > 1 else 0.0
    return mean(values), error, error


def _bars(axes: Any, sides: dict[str, dict[str, tuple]], colours: dict[str, str]) -> None:
    groups = list(dict.fromkeys(group for by_group in sides.values() for group in by_group))
    width = WIDTH / max(1, len(sides))
    for number, (side, by_group) in enumerate(sides.items()):
        places = [groups.index(group) + (number + 0.5) * width - WIDTH / 2 for group in by_group]
        heights, *errors = zip(*by_group.values())
        axes.bar(places, heights, width, color=colours[side], yerr=errors, ecolor="#333333")
    axes.set_xticks(range(len(groups)), groups)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
