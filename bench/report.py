"""Tables and the statistics in them."""

import math
from collections.abc import Callable, Sequence
from statistics import mean, median, stdev
from typing import Any

Result = dict[str, Any]
MIB = 1 << 20


def table(heading: Sequence[str], rows: Sequence[Sequence[str]], markdown: bool = False) -> str:
    """Align a table: the first column to the left, the others to the right.

    Examples
    --------
    >>> print(table(["side", "words/s"], [["one", "5"]]))
    side  words/s
    one         5
    >>> print(table(["side", "words/s"], [["one", "5"]], markdown=True))
    | side | words/s |
    |------|--------:|
    | one  |       5 |
    """
    widths = [max(map(len, column)) for column in zip(heading, *rows)]
    lines = [_cells(row, widths) for row in (heading, *rows)]
    if not markdown:
        return "\n".join("  ".join(cells).rstrip() for cells in lines)
    rule = ["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]
    framed = ["| " + " | ".join(cells) + " |" for cells in lines]
    return "\n".join([framed[0], "|" + "|".join(rule) + "|", *framed[1:]])


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    first, *others = row
    return [first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(others, widths[1:]))]


def ratios(
    results: list[Result], over: list[Result], rate: Callable[[Result], float]
) -> list[float]:
    """Divide rates by those of other results, round by round."""
    below = {result["round"]: rate(result) for result in over}
    return [rate(r) / below[r["round"]] for r in results if r["round"] in below]


def with_spread(values: Sequence[float], digits: int = 2) -> str:
    """Write the median with the minimum and the maximum, or a dash if there are no values.

    Examples
    --------
    >>> with_spread([3.0, 1.0, 2.0]), with_spread([2.0]), with_spread([])
    ('2.00 (1.00-3.00)', '2.00', '-')
    """
    if not values:
        return "-"
    middle = f"{median(values):,.{digits}f}"
    least, greatest = (f"{end(values):,.{digits}f}" for end in (min, max))
    return middle if least == greatest else f"{middle} ({least}-{greatest})"


def deviation(values: Sequence[float]) -> float:
    """Return the standard deviation of a sample; NaN for one value."""
    return stdev(values) if len(values) > 1 else math.nan


def standard_errors(values: Sequence[float], others: Sequence[float]) -> float:
    """Return the difference of two means in standard errors (Welch); NaN if there is none.

    Examples
    --------
    >>> standard_errors([3.0, 5.0], [2.0, 2.0])
    2.0
    """
    error = math.sqrt(deviation(values) ** 2 / len(values) + deviation(others) ** 2 / len(others))
    return (mean(values) - mean(others)) / error if error else math.nan


def mean_with_deviation(values: Sequence[float]) -> str:
    """Write mean and standard deviation.

    Examples
    --------
    >>> mean_with_deviation([0.5, 0.6])
    '0.550 sd 0.071'
    """
    if len(values) < 2:
        return f"{mean(values):.3f}"
    return f"{mean(values):.3f} sd {deviation(values):.3f}"


def mebibytes(results: list[Result]) -> str:
    """Write the median of the peak memory."""
    return f"{median(result['peak_bytes'] for result in results) / MIB:,.0f}"
