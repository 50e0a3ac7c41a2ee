"""Random values of parameters, from the whole ranges that the rules of the package allow.

A `Draw` is a function of a `Dice`. The package's own rules give the range (`of_rule`). Where a
large value would only take long, a bound is stated in the table of the class (`bound=`), so that a
session takes about a second; all other ranges are whole. Extremes, typical values and values of any
magnitude are mixed. How many are extreme is drawn once per session, because a session whose values
are all extreme ends at its first step.
"""

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fastsgns import rules

Draw = Callable[["Dice"], Any]
TINY, HUGE = 5e-324, 1.7e308
MAGNITUDES = 300  # of real numbers: 1e-300 to 1e300
OMITTED = object()  # leave the parameter out


class Dice:
    """Random choices; a thin layer over numpy's generator.

    Attributes
    ----------
    extreme : float
        The probability that a parameter has an extreme value.
    """

    def __init__(self, *seed: int, extreme: float = 0.0) -> None:
        self.rng = np.random.default_rng(seed)
        self.extreme = extreme

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def integer(self, least: int, most: int) -> int:
        """Draw from `least` to `most`, both included; they may be larger than int64."""
        span = most - least + 1
        if span < 2**62:
            return least + int(self.rng.integers(span))
        return least + int.from_bytes(self.rng.bytes(32), "little") % span

    def log_integer(self, least: int, most: int) -> int:
        """Draw an integer whose logarithm is uniform."""
        exponent = self.rng.random() * math.log2(most - least + 1)
        return min(most, least + int(2**exponent) - 1)

    def pick(self, among: Any) -> Any:
        listed = list(among)
        return listed[int(self.rng.integers(len(listed)))]

    def some(self, among: Any, most: int | None = None) -> list[Any]:
        """Draw some of a list, perhaps none, without repetition, in random order."""
        listed = list(among)
        n = self.integer(0, min(len(listed), len(listed) if most is None else most))
        return [listed[i] for i in self.rng.permutation(len(listed))[:n]]

    def seed(self) -> int:
        return int(self.rng.integers(2**31))


def constant(value: Any) -> Draw:
    return lambda dice: value


def among(*values: Any) -> Draw:
    return lambda dice: dice.pick(values)


def whole(least: int, most: int) -> Draw:
    return lambda dice: dice.log_integer(least, most)


def mostly(value: Draw, other: Draw, share: float = 0.8) -> Draw:
    return lambda dice: (value if dice.chance(share) else other)(dice)


def optional(draw: Draw, share: float = 0.5) -> Draw:
    """Leave the parameter out, or draw it."""
    return mostly(draw, constant(OMITTED), share)


def of_rule(rule: rules.Rule, typical: Any, bound: int | None = None) -> Draw:
    """Return a draw of what a rule allows: near `typical` mostly, and from the whole range.

    Parameters
    ----------
    rule : Rule
    typical : value or Draw
    bound : int, optional
        The largest integer to draw.
    """
    usual = typical if callable(typical) else constant(typical)
    anything = functools.partial(_anything, rule=rule, bound=bound)

    def draw(dice: Dice) -> Any:
        is_odd = dice.chance(dice.extreme)
        value = anything(dice) if is_odd else usual(dice)
        return _spelled(dice, rule, value) if dice.chance(0.05) else value

    return draw


def _anything(dice: Dice, rule: rules.Rule, bound: int | None = None) -> Any:
    """Draw what a rule allows, from its whole range."""
    if rule.none is not ... and dice.chance(0.2):
        return None
    if isinstance(rule, rules.Choice):
        return dice.pick(rule.among)
    if isinstance(rule, rules.Flag):
        return dice.pick((0, 1, True, False))
    if isinstance(rule, rules.Whole):
        return _any_whole(dice, rule, bound)
    if isinstance(rule, rules.Real):
        return _any_real(dice, rule)
    raise TypeError(f"no draw of {rule!r}; give one")


def _any_whole(dice: Dice, rule: rules.Whole, bound: int | None) -> int:
    least = -(2**63) if rule.least is None else rule.least
    most = 2**64 if rule.most is None else rule.most
    most = most if bound is None else min(most, bound)
    if dice.chance(0.5):
        return dice.pick((least, most))
    return dice.log_integer(max(least, 0), most) * (-1 if least < 0 and dice.chance(0.3) else 1)


def _any_real(dice: Dice, rule: rules.Real) -> float:
    for _ in range(1000):
        value = dice.pick(_REALS)(dice)
        value = -value if dice.chance(0.3) else value
        if math.isfinite(value) and (rule.holds is None or rule.holds(value)):
            return value
    raise AssertionError(f"{rule.allowed}: no value found")


_REALS: tuple[Draw, ...] = (
    among(0.0, TINY, HUGE, 1.0, 1e-30, 1e30),
    lambda dice: float(10 ** dice.rng.uniform(-MAGNITUDES, MAGNITUDES)),
    lambda dice: float(10 ** dice.rng.uniform(-3, 3)),
    lambda dice: float(dice.rng.random()),
    lambda dice: dice.integer(0, 10),
)


def _spelled(dice: Dice, rule: rules.Rule, value: Any) -> Any:
    """Return another object that means the same number."""
    if type(value) is int and abs(value) < 2**53 and not isinstance(rule, rules.Flag):
        return dice.pick((float, np.float64, str, np.array, np.int64))(value)
    if type(value) is float:
        return dice.pick((np.float64, repr, np.array))(value)
    return value


def near(value: float, factor: float = 4.0) -> Draw:
    """Draw positive numbers near `value`: up to `factor` times larger or smaller."""
    return lambda dice: float(value * factor ** dice.rng.uniform(-1, 1))


def drawn(table: Mapping[str, Draw], dice: Dice) -> dict[str, Any]:
    """Draw every parameter of a table, but those that a draw leaves out."""
    values = {name: draw(dice) for name, draw in table.items()}
    return {name: value for name, value in values.items() if value is not OMITTED}


def wrong(dice: Dice, rule: rules.Rule) -> Any:
    """Draw a value that a rule refuses."""
    for _ in range(1000):
        value = dice.pick(_WRONG)(dice, rule)
        try:
            rule("it", value)
        except ValueError:
            return value
    raise AssertionError(f"{rule.allowed}: nothing is refused")


def _outside(dice: Dice, rule: rules.Rule) -> Any:
    least, most = getattr(rule, "least", None), getattr(rule, "most", None)
    beyond = [-1.0, -1e300, 2.0]
    beyond += [] if least is None else [least - 1, -(10**30)]
    beyond += [] if most is None else [most + 1, 10**300]
    return dice.pick(beyond)


_WRONG: tuple[Callable[[Dice, rules.Rule], Any], ...] = (
    _outside,
    lambda dice, rule: dice.pick(["yes", "", "0x1", "nan", "1e999", b"1"]),
    lambda dice, rule: dice.pick([math.nan, math.inf, -math.inf, 1j, 1.5, "1.5"]),
    lambda dice, rule: dice.pick([[], [1], {}, (), np.zeros(3), None]),
)
