"""Confidence intervals of a mean over seeds."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean with its confidence interval.

    Attributes
    ----------
    mean : float
        NaN if it is not known.
    low, high : float
        The bounds; -inf and inf if they are not known.
    n : int
        Number of values.
    """

    mean: float
    low: float
    high: float
    n: int


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return Student's t-interval of the mean of independent values.

    The bounds are ``m ± t * s / sqrt(n)``, with the mean m and the sample standard deviation s of
    the n values. t is the quantile ``(1 + confidence) / 2`` of Student's t-distribution with
    n - 1 degrees of freedom ("Student" 1908, "The Probable Error of a Mean").

    Parameters
    ----------
    values : sequence of float
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Interval
        Without bounds for one value, without a mean if a value is missing or not finite.

    Examples
    --------
    >>> found = interval([1.0, 2.0, 3.0])
    >>> round(found.low, 2), found.mean, round(found.high, 2)
    (-0.48, 2.0, 4.48)
    """
    from scipy.special import stdtrit

    numbers = np.asarray(values, np.float64)
    n = len(numbers)
    if n == 0 or not np.isfinite(numbers).all():
        return Interval(math.nan, -math.inf, math.inf, n)
    mean = float(numbers.mean())
    if n == 1:
        return Interval(mean, -math.inf, math.inf, 1)
    half = float(stdtrit(n - 1, (1 + confidence) / 2) * numbers.std(ddof=1) / math.sqrt(n))
    return Interval(mean, mean - half, mean + half, n)
