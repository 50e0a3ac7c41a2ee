"""The figure of the README: speed relative to gensim by mode and dimension, and quality."""

import math
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

from bench.report import deviation
from fastsgns.runtime.intervals import Interval
from fastsgns.study.charts import bars, side_by_side

Values = dict[str, dict[str, list[float]]]
UNKNOWN = Interval(math.nan, -math.inf, math.inf, 0)


def draw(ratios: Values, scores: Values, path: Path) -> None:
    """Draw two groups of bars into an SVG file.

    Parameters
    ----------
    ratios, scores : dict
        The values of all rounds or seeds, by side and then by dimension or evaluation set.
    path : Path
    """
    sides = list(dict.fromkeys([*ratios, *scores]))
    charts = [
        _bars("Speed", "times gensim, CPU seconds", sides, ratios, _range),
        _bars("Quality", "score, and its standard deviation", sides, scores, _spread),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(side_by_side(charts) + "\n", encoding="utf-8")


def _range(values: list[float]) -> Interval:
    """Return the median, the least and the greatest value."""
    return Interval(median(values), min(values), max(values), len(values))


def _spread(values: list[float]) -> Interval:
    """Return the mean, minus and plus a standard deviation."""
    error = deviation(values) if len(values) > 1 else 0.0
    return Interval(mean(values), mean(values) - error, mean(values) + error, len(values))


def _bars(
    title: str, y_label: str, sides: list[str], values: Values,
    summarize: Callable[[list[float]], Interval],
) -> str:  # fmt: skip
    groups = list(dict.fromkeys(group for by_group in values.values() for group in by_group))
    series = {
        side: [summarize(by_group[group]) if group in by_group else UNKNOWN for group in groups]
        for side in sides
        for by_group in [values.get(side, {})]
    }
    return bars(title, groups, series, y_label)
