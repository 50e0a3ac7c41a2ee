"""Keys as users give them: one key, or a list of keys."""

from collections.abc import Mapping
from typing import Any

TEXT = (str, bytes, bytearray, memoryview)


def as_key_list(keys: Any, name: str, of_mapping: bool = False) -> list[Any]:
    """Return keys, or vectors, as a list.

    Parameters
    ----------
    keys : iterable of keys or vectors
    name : str
        The name of the argument, for error messages.
    of_mapping : bool
        Accept a mapping and return its keys.

    Raises
    ------
    TypeError
        If `keys` is a single string, whose letters would be taken for keys, or a mapping whose
        values would be ignored.
    """
    if isinstance(keys, Mapping) and not of_mapping:
        raise TypeError(
            f"{name} is a {type(keys).__name__}, where a list of keys is wanted: give its "
            f"keys, list({name}), or where weights are allowed its pairs, list({name}.items())"
        )
    if isinstance(keys, TEXT):
        raise TypeError(
            f"{name} is {keys!r:.60}, a single {type(keys).__name__}, where a list of keys "
            f"is wanted: give [{keys!r:.20}], or the parts of it, such as {name}.split()"
        )
    return list(keys)
