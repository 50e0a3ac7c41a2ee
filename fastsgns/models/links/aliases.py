"""Other names of parameters: those that gensim has for the same thing."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

ALIASES = {"vector_size": "dimensions", "window": "window_size"}


def aliases_of(parameters: Iterable[str]) -> dict[str, str]:
    """Return those of `ALIASES` that mean one of these parameters and are not one themselves.

    Examples
    --------
    >>> aliases_of(["dimensions", "seed"])
    {'vector_size': 'dimensions'}
    """
    names = set(parameters)
    return {alias: name for alias, name in ALIASES.items() if name in names and alias not in names}


def renamed(
    aliases: Mapping[str, str], given: Mapping[str, Any], others: Iterable[str] = ()
) -> dict[str, Any]:
    """Return keyword arguments with each alias replaced by the parameter that it means.

    Parameters
    ----------
    aliases : mapping of str to str
        From `aliases_of`.
    given : mapping of str to object
        The keyword arguments.
    others : iterable of str
        Parameters that are given by position.

    Raises
    ------
    TypeError
        If a parameter is given by both of its names.

    Examples
    --------
    >>> renamed({"vector_size": "dimensions"}, {"vector_size": 64, "seed": 1})
    {'dimensions': 64, 'seed': 1}
    """
    found: dict[str, Any] = {}
    taken = set(others) | set(given)
    for name, value in given.items():
        parameter = aliases.get(name, name)
        if parameter != name and parameter in taken:
            raise TypeError(f"{name} is another name of {parameter}; give one of them")
        found[parameter] = value
    return found


def takes_aliases(cls: type) -> None:
    """Make the constructor of a class take `ALIASES`, and add them as attributes.

    The signature of the constructor stays the same, so that `get_params`, the repr and files have
    the parameters alone.
    """
    constructor: Callable[..., None] = cls.__init__  # type: ignore[misc]
    signature = inspect.signature(constructor)
    aliases = aliases_of(signature.parameters)
    for alias, parameter in aliases.items():
        if not hasattr(cls, alias):
            setattr(cls, alias, _attribute(alias, parameter))
    if not aliases or "__init__" not in vars(cls):
        return
    positional = tuple(signature.parameters)

    @functools.wraps(constructor)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        if not aliases.keys().isdisjoint(kwargs):
            kwargs = renamed(aliases, kwargs, positional[1 : len(args) + 1])
        constructor(self, *args, **kwargs)

    cls.__init__ = __init__  # type: ignore[misc]


def _attribute(alias: str, parameter: str) -> property:
    def read(self: Any) -> Any:
        return getattr(self, parameter)

    def write(self: Any, value: Any) -> None:
        setattr(self, parameter, value)

    return property(read, write, doc=f"Another name of `{parameter}`, as in gensim.")
