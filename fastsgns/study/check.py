"""Checks: whether the interval of a number over seeds is within a stated region."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from fastsgns.runtime.intervals import Interval, interval

Outcome = Literal["holds", "fails", "open"]
Verdict = Literal["confirmed", "refuted", "undecided on this corpus"]


@dataclass(frozen=True)
class Check:
    """A statement that a number is in ``[low, high]``, and the number of each seed.

    Attributes
    ----------
    statement : str
    values : sequence of float
        One per seed.
    low, high : float
        The region that the statement asserts.
    found : Interval
        The interval of `values`.

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
    def outcome(self) -> Outcome:
        """Whether the interval is inside the region, outside, or neither: "open"."""
        if math.isnan(self.found.mean):
            return "open"
        if self.low <= self.found.low and self.found.high <= self.high:
            return "holds"
        if self.found.high < self.low or self.found.low > self.high:
            return "fails"
        return "open"

    @property
    def region(self) -> str:
        """The region in words."""
        if math.isinf(self.low):
            return f"below {self.high:.3g}"
        if math.isinf(self.high):
            return f"above {self.low:.3g}"
        return f"from {self.low:.3g} to {self.high:.3g}"


def verdict(checks: Sequence[Check]) -> Verdict:
    """Judge a claim: refuted if a check fails, confirmed if all hold, otherwise undecided.

    Examples
    --------
    >>> verdict([Check("a", [1.0, 1.1], low=0.0), Check("b", [1.0, 1.1], high=0.5)])
    'undecided on this corpus'
    """
    outcomes = {check.outcome for check in checks}
    if "fails" in outcomes:
        return "refuted"
    return "confirmed" if outcomes == {"holds"} else "undecided on this corpus"
