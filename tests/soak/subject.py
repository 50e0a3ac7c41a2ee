"""What a session works with: an object of a public class, its parameters and its operations."""

import builtins
import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastsgns import errors

from .checks import Failed, check, check_same, content
from .draws import Dice, Draw

Answer = Any


@dataclass
class Setting:
    """Where a step happens.

    Attributes
    ----------
    dice : Dice
        The random choices of this step. A twin that repeats the step has the same.
    folder : Path
        For files; it is emptied after each step.
    parameters : dict
        With which the object was made.
    """

    dice: Dice
    folder: Path
    parameters: dict[str, Any]


class Refused(Exception):
    """A call raised a documented exception, and the object is what it was before."""


@dataclass
class Subject:
    """A public class.

    Attributes
    ----------
    name : str
    cls : type
    parameters : mapping of str to Draw
        Every parameter of the constructor.
    make : callable
        ``make(setting)`` returns a new object of ``setting.parameters``.
    operations : dict of str to callable
        ``operation(thing, setting)`` does something, checks it, and returns the object to go on
        with (or the same) and an answer to compare.
    calls : dict of str to mapping of str to Draw
        The methods whose arguments are drawn, with a draw for each parameter.
    constructor : callable, optional
        What has the parameters, if it is not the class.
    is_deterministic : callable
        Whether the same steps give the same bytes with these parameters.
    """

    name: str
    cls: type
    parameters: Mapping[str, Draw]
    make: Callable[[Setting], Any]
    operations: dict[str, Callable[[Any, Setting], tuple[Any, Answer]]]
    calls: dict[str, Mapping[str, Draw]] = field(default_factory=dict)
    constructor: Any = None
    is_deterministic: Callable[[Mapping[str, Any]], bool] = lambda parameters: (
        (parameters.get("workers", 1) in (1, "1", 1.0) or bool(parameters.get("deterministic")))
        and parameters.get("seed", 1) is not None
    )


def documented(*functions: Any) -> tuple[type[BaseException], ...]:
    """Return the exceptions that the sections "Raises" of some docstrings name.

    Examples
    --------
    >>> documented(fastsgns.load)[0].__name__
    'FormatError'
    """
    found: dict[str, type[BaseException]] = {}
    for function in functions:
        doc = inspect.getdoc(function) or ""
        section = re.search(r"Raises\n-+\n(.*?)(\n\n\S|\Z)", doc, re.DOTALL)
        for line in section[1].splitlines() if section else ():
            for name in re.findall(r"[A-Z]\w+", line) if line[:1].strip() else ():
                found[name] = getattr(errors, name, None) or getattr(builtins, name)
    return tuple(found.values())


DIVERGED = re.compile(r"lower alpha|lower learning rate|Start again|smaller|scale", re.IGNORECASE)


@contextmanager
def may_refuse(thing: Any, *functions: Any, also: tuple[type[BaseException], ...] = ()) -> Any:
    """Allow a call to raise what it documents: the object must then be as it was.

    Raises
    ------
    Refused
        In place of a documented exception.
    Failed
        In place of another exception, or if the object was changed.
    """
    before = None if thing is None else content(thing)
    try:
        yield
    except FloatingPointError as error:
        check(DIVERGED.search(str(error)), f"the error does not say what to do: {error}")
        raise
    except Failed:
        raise
    except Exception as error:
        allowed = (*documented(*functions), *also)
        names = sorted({cls.__name__ for cls in allowed})
        if not isinstance(error, allowed):
            raise Failed(
                f"{type(error).__name__} is not documented (only {names}): {error}"
            ) from error
        check(len(str(error)) > 15, f"the message says too little: {error!r}")
        if before is not None:
            check_same(content(thing), before, f"a refused call has changed the object, {error}")
        raise Refused(f"{type(error).__name__}: {error}") from error


def options_of(setting: Setting, table: Mapping[str, Draw]) -> dict[str, Any]:
    """Draw the arguments of a call: some of them are left out."""
    from .draws import drawn

    return drawn(table, setting.dice)
