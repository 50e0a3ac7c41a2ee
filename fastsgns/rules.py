"""Rules: what a parameter may be, and the Python value that a user's value means.

Each public class has a table of rules by parameter name. A value of another type with the same
meaning (a number of numpy, ``5.0`` or ``"5"`` for an integer, ``"0"`` for a flag) is converted to
the plain Python value, so that it can be saved in a file. Ambiguous values are errors.
"""

import functools
import inspect
import logging
import math
import numbers
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar, get_type_hints

from fastsgns.runtime.machine import n_cores

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

LARGEST, LARGEST_INT = int(sys.float_info.max), 2**63 - 1
MAX_WORKERS = 2**16
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def number(value: Any) -> int | float | None:
    """Return the int or float that a value means, or None if it is not a number.

    Examples
    --------
    >>> number("0.5"), number(True), number("yes")
    (0.5, 1, None)
    """
    value = unwrapped(value)
    if type(value) is int or type(value) is float:
        return value
    if isinstance(value, str) and NUMBER.fullmatch(value.strip()):
        text = value.strip()
        return int(text) if text.lstrip("+-").isdigit() else _as_float(text)
    if isinstance(value, numbers.Integral):
        return int(value)
    return _as_float(value) if isinstance(value, (numbers.Real, Decimal)) else None


def _as_float(value: Any) -> float | None:
    """Return a float, or None if it is too large for one, as ``"1e999"`` is."""
    try:
        found = float(value)
    except OverflowError:  # of a Fraction
        return None
    return None if math.isinf(found) and not isinstance(value, float) else found


def unwrapped(value: Any) -> Any:
    """Return the Python value of a scalar of numpy or torch; return any other value unchanged."""
    is_scalar = getattr(value, "ndim", None) == 0 and hasattr(value, "item")
    return value.item() if is_scalar else value


@dataclass(frozen=True)
class Rule:
    """Which values a parameter may have.

    Calling a rule checks type and range. `typed` checks only the type: a file may hold a value
    outside of the range that training allows.

    Attributes
    ----------
    allowed : str
        What is allowed, in words.
    none : object
        The value that None means; ``...`` if None is an error.
    """

    allowed: str
    none: Any = ...

    def typed(self, name: str, value: Any) -> Any:
        """Return the Python value that `value` means.

        Raises
        ------
        ValueError
            If it means none.
        """
        if value is None and self.none is not ...:
            return self.none
        found = self._typed(value)
        if found is None:
            raise self._refusal(name, value)
        return found

    def __call__(self, name: str, value: Any) -> Any:
        """Return the Python value that `value` means, if it is in the allowed range.

        Raises
        ------
        ValueError
            Otherwise.
        """
        found = self.typed(name, value)
        if value is not None and not self._in_range(found):
            raise self._refusal(name, value)
        return found

    def _typed(self, value: Any) -> Any:
        raise NotImplementedError

    def _in_range(self, value: Any) -> bool:
        return True

    def _refusal(self, name: str, value: Any) -> ValueError:
        seen = f"{value!r:.80}"
        if not isinstance(value, (int, float, str, type(None))):
            seen += f", a {type(value).__name__}"
        return ValueError(f"{name} is {seen}; allowed are {self.allowed}")


@dataclass(frozen=True)
class Whole(Rule):
    """A whole number. True and False are allowed only with `bools`."""

    least: int | None = None
    most: int | None = None
    bools: bool = False

    def __call__(self, name: str, value: Any) -> Any:
        """Return the int that `value` means, if it is in the allowed range."""
        if type(value) is int and self._in_range(value):  # as most are, and methods must be fast
            return value
        if value is None and self.none is None:
            return None
        return super().__call__(name, value)

    def _typed(self, value: Any) -> int | None:
        value = unwrapped(value)
        if isinstance(value, bool) and not self.bools:
            return None
        found = number(value)
        if isinstance(found, float):
            return int(found) if math.isfinite(found) and found.is_integer() else None
        return found

    def _in_range(self, value: int) -> bool:
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )


@dataclass(frozen=True)
class Workers(Whole):
    """A number of threads, at least 1; -1 becomes the number of processors, which is logged."""

    def _typed(self, value: Any) -> int | None:
        found = super()._typed(value)
        if found == -1:
            found = n_cores()
            logger.info("workers is -1: using all %d processors", found)
        return found


@dataclass(frozen=True)
class Real(Rule):
    """A finite number for which `holds` is true."""

    holds: Callable[[float], bool] | None = None

    def _typed(self, value: Any) -> int | float | None:
        found = number(value)
        if isinstance(found, int) and abs(found) > LARGEST_INT:  # more than numpy can hold
            return float(found) if abs(found) <= LARGEST else None
        return found

    def _in_range(self, value: float) -> bool:
        return math.isfinite(value) and (self.holds is None or self.holds(value))


@dataclass(frozen=True)
class Flag(Rule):
    """Yes or no, stored as `kind`: bool, or int for parameters that are 0 or 1."""

    kind: type = bool

    def _typed(self, value: Any) -> Any:
        if type(value) is self.kind is bool:
            return value
        found = number(value)
        return self.kind(found) if found in (0, 1) else None


@dataclass(frozen=True)
class FlagOrHook(Flag):
    """Yes, no, or a function to call instead."""

    def _typed(self, value: Any) -> Any:
        return value if callable(value) else super()._typed(value)


@dataclass(frozen=True)
class Choice(Rule):
    """One of several strings."""

    among: tuple[str, ...] = ()

    def _typed(self, value: Any) -> str | None:
        return next((text for text in self.among if isinstance(value, str) and value == text), None)


def integer(least: int, most: int, none: Any = ..., bools: bool = False) -> Whole:
    """Return the rule of an integer from `least` to `most`.

    Examples
    --------
    >>> integer(1, 9)("epochs", 5.0)
    5
    """
    extra = "" if none is ... else " and None"
    most_shown = "on" if most >= 2**62 else f"to {most}"  # larger ones are of no use
    return Whole(f"integers from {least} {most_shown}{extra}", none, least, most, bools)


def n_threads(none: Any = ..., bools: bool = False) -> Workers:
    """Return the rule of a number of threads.

    Examples
    --------
    >>> n_threads()("workers", "3"), n_threads()("workers", -1) == n_cores()
    (3, True)
    """
    extra = "" if none is ... else ", and None"
    return Workers(
        f"integers from 1 to {MAX_WORKERS}, and -1 for all processors{extra}", none, 1,
        MAX_WORKERS, bools,
    )  # fmt: skip


def real(allowed: str, holds: Callable[[float], bool] | None = None, none: Any = ...) -> Real:
    """Return the rule of a finite number; `allowed` says in words what `holds` checks."""
    return Real(allowed, none, holds)


def flag(kind: type = bool, none: Any = ...) -> Flag:
    """Return the rule of a flag, stored as `kind`: bool or int.

    Examples
    --------
    >>> flag(int)("sg", "0"), flag()("joint", 1.0)
    (0, True)
    """
    allowed = "0 and 1" if kind is int else "False and True (or 0 and 1)"
    return Flag(allowed, none, kind)


def choice(*among: str, none: Any = ...) -> Choice:
    """Return the rule of one of several strings."""
    return Choice(f"{among}", none, among)


LIMIT = Whole("integers and None, which sets no limit", None, bools=True)
WORKERS = n_threads(none=None)
NOT_NEGATIVE = real("0 and positive numbers", lambda value: value >= 0)
POSITIVE = real("positive numbers", lambda value: value > 0)
ANY_NUMBER = real("finite numbers")
SEED = Whole("integers and None", None, bools=True)
DRAW_SEED = integer(0, 2**128, none=None)  # what numpy.random.default_rng takes
COUNT = integer(0, 2**62, none=None)
PROGRESS = FlagOrHook("False and True (or 0 and 1), None, and callables", None, bool)
FLAG = flag(none=False)  # None is no, as in gensim
Rules = Mapping[str, Rule]


def annotated(cls: type) -> dict[str, Rule]:
    """Return the rules of a class by the names of its fields, ``name: Annotated[type, rule]``."""
    hints = get_type_hints(cls, include_extras=True)
    return {name: hint.__metadata__[0] for name, hint in hints.items()}


def checked(rules: Rules, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `values` that have a rule, as plain Python values.

    Raises
    ------
    ValueError
        If one is not allowed.
    """
    return {name: rule(name, values[name]) for name, rule in rules.items() if name in values}


def typed(rules: Rules, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `values` that have a rule, as plain Python values of any range.

    Raises
    ------
    ValueError
        If a value has a type that is not allowed.
    """
    return {name: rule.typed(name, values[name]) for name, rule in rules.items() if name in values}


def each(rule: Rule, name: str, values: Any) -> list[Any]:
    """Return the Python values that several values mean.

    Raises
    ------
    ValueError
        If one is not allowed, or `values` is a single value.

    Examples
    --------
    >>> each(integer(1, 9), "ks", ["1", 2.0])
    [1, 2]
    """
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ValueError(f"{name} is {values!r:.60}, which is not a list; give [{values!r:.60}]")
    return [rule(name, value) for value in values]


def takes(**table: Rule) -> Callable[[Function], Function]:
    """Decorate a function to check some of its arguments by rules.

    It is called with the plain Python values that the arguments mean. Defaults are not checked.

    Parameters
    ----------
    **table : Rule
        By the name of the parameter.

    Examples
    --------
    >>> @takes(n=integer(0, 9, none=None))
    ... def shown(n: int | None = None):
    ...     return n
    >>> shown(), shown("2"), shown(n=3.0)
    (None, 2, 3)
    >>> shown(2.5)
    Traceback (most recent call last):
    ValueError: n is 2.5; allowed are integers from 0 to 9 and None
    """

    def decorate(function: Function) -> Function:
        places = {name: i for i, name in enumerate(inspect.signature(function).parameters)}
        by_place = [(places[name], name, rule) for name, rule in table.items()]

        @functools.wraps(function)
        def checked_function(*args: Any, **kwargs: Any) -> Any:
            for place, name, rule in by_place:
                if name in kwargs:
                    kwargs[name] = rule(name, kwargs[name])
                elif place < len(args):
                    args = (*args[:place], rule(name, args[place]), *args[place + 1 :])
            return function(*args, **kwargs)

        return checked_function  # type: ignore[return-value]

    return decorate


def takes_flags(function: Function) -> Function:
    """Decorate a function to check the arguments that are annotated with bool.

    It is called with False or True in place of values that mean them, such as 0, ``"0"`` or None.

    Examples
    --------
    >>> @takes_flags
    ... def shown(flag: bool = True):
    ...     return flag
    >>> shown(), shown("0"), shown(flag=1)
    (True, False, True)
    >>> shown("no")
    Traceback (most recent call last):
    ValueError: flag is 'no'; allowed are False and True (or 0 and 1)
    """
    parameters = inspect.signature(function).parameters.values()
    flags = frozenset(p.name for p in parameters if p.annotation is bool)
    checked_function = takes(**dict.fromkeys(flags, FLAG))(function)
    checked_function.flags = flags  # type: ignore[attr-defined]
    return checked_function
