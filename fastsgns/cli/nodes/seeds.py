"""Repetitions over seeds, and how their results are printed."""

import argparse
import math
from collections.abc import Sequence

from fastsgns.cli.parsers import positive
from fastsgns.runtime.intervals import interval


def add_seeds(parser: argparse.ArgumentParser, n: int) -> None:
    """Add the number of repetitions, by default `n`."""
    parser.add_argument(
        "--seeds", type=positive, default=n, metavar="N",
        help="repetitions with different seeds (default: %(default)s)",
    )  # fmt: skip


def with_interval(values: Sequence[float]) -> str:
    """Return a mean and half of its interval as text, or ``-`` if there is no mean.

    Examples
    --------
    >>> with_interval([0.5, 0.6]), with_interval([0.5])
    ('0.550 ± 0.635', '0.500')
    """
    spread = interval(values)
    if math.isnan(spread.mean):
        return "-"
    half = "" if spread.n == 1 else f" ± {spread.high - spread.mean:.3f}"
    return f"{spread.mean:.3f}{half}"
