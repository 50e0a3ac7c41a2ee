"""What a native file says beside its arrays: names and types, checked before anything uses them."""

from collections.abc import Mapping
from typing import Any

from fastsgns.errors import FormatError

REAL = (int, float)
WHOLE = "metadata"  # the part that has all others, and what native.write adds
HEADER = ("format", "kind")
Types = Mapping[str, Any]


def checked(
    what: str, values: Any, types: Types, defaults: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return a part of what a file says, after checking that it is all of `types` and no more.

    A name that is not among `types` is refused, not ignored. A newer release may have given it a
    meaning, and one that the constructor of a model takes, such as the path of a file to write, may
    have been put there by somebody else.

    Parameters
    ----------
    what : str
        The name of the part, such as ``"parameters"``, for the messages.
    values : dict
        What the file says.
    types : mapping of str to type or tuple of types
        The names that the part has. bool counts as int only where it is named as well.
    defaults : mapping, optional
        For names that older releases did not write.

    Raises
    ------
    FormatError
        If a name is missing or unknown, or a value has another type.

    Examples
    --------
    >>> checked("state", {"epochs": 3}, {"epochs": int})
    {'epochs': 3}
    """
    if not isinstance(values, dict):
        raise FormatError(f"its {what} are {values!r:.60}, where an object is expected")
    values = {**(defaults or {}), **values}
    known = {*types, *(HEADER if what == WHOLE else ())}
    if unknown := [name for name in values if name not in known]:
        raise FormatError(
            f"its {what} name {unknown[0]!r:.60}, which this release does not save; the file was "
            "written by another release, or was changed"
        )
    for name, allowed in types.items():
        if name not in values:
            raise FormatError(f"its {what} lack {name!r}")
        if not _is_of(values[name], allowed):
            raise FormatError(f"{name} is {values[name]!r:.60}; allowed are {_names(allowed)}")
    return {name: values[name] for name in types}


def _is_of(value: Any, allowed: Any) -> bool:
    several = allowed if isinstance(allowed, tuple) else (allowed,)
    if isinstance(value, bool):
        return bool in several or object in several
    return isinstance(value, several)


def _names(allowed: Any) -> str:
    several = allowed if isinstance(allowed, tuple) else (allowed,)
    return " and ".join("null" if kind is type(None) else kind.__name__ for kind in several)
