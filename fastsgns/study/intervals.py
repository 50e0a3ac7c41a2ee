"""Intervals over seeds, and what they say about a claimed region."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

CONFIDENCE = 0.95
HOLDS, FAILS, OPEN = "holds", "fails", "open"
CONFIRMED, REFUTED = "confirmed", "refuted"
UNDECIDED = "undecided on this corpus"


@dataclass(frozen=True)
class Interval:
    """A mean with its confidence interval.

    Attributes
    ----------
    mean, low, high : float
        NaN, -inf and inf where nothing is known.
    n : int
        Values it was made of.
    """

    mean: float
    low: float
    high: float
    n: int


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Student's t-interval of the mean of independent values.

    ``m ± t * s / sqrt(n)`` with s the sample's standard deviation and t the quantile
    ``(1 + confidence) / 2`` of Student's distribution with n - 1 degrees of freedom ("Student"
    1908, "The Probable Error of a Mean"). One value has no bounds.

    Parameters
    ----------
    values : sequence of float
    confidence : float
        Between 0 and 1.

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


@dataclass(frozen=True)
class Check:
    """A statement that a number lies in ``[low, high]``, and the number of each seed.

    Examples
    --------
    >>> Check("the loss falls", [0.5, 0.52, 0.51], high=1.0).outcome
    'holds'
    >>> Check("the loss falls", [0.5, 0.52, 0.51], high=0.1).outcome
    'fails'
    >>> Check("the loss falls", [0.51], high=1.0).outcome
    'open'
    """

    statement: str
    values: Sequence[float]
    low: float = -math.inf
    high: float = math.inf
    found: Interval = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "found", interval(self.values))

    @property
    def outcome(self) -> str:
        """``holds`` if the interval lies within the region, ``fails`` if outside, else ``open``."""
        if math.isnan(self.found.mean):
            return OPEN
        if self.low <= self.found.low and self.found.high <= self.high:
            return HOLDS
        if self.found.high < self.low or self.found.low > self.high:
            return FAILS
        return OPEN

    @property
    def region(self) -> str:
        """The region in words."""
        if math.isinf(self.low):
            return f"below {self.high:.3g}"
        if math.isinf(self.high):
            return f"above {self.low:.3g}"
        return f"from {self.low:.3g} to {self.high:.3g}"


def verdict(checks: Sequence[Check]) -> str:
    """Judge a claim: refuted if a check fails, confirmed if all hold, undecided otherwise.

    Examples
    --------
    >>> verdict([Check("a", [1.0, 1.1], low=0.0), Check("b", [1.0, 1.1], high=0.5)])
    'undecided on this corpus'
    """
    outcomes = {check.outcome for check in checks}
    if FAILS in outcomes:
        return REFUTED
    return CONFIRMED if outcomes == {HOLDS} else UNDECIDED
