"""Saving: a file is written only if it can be loaded, and holds no vectors that are not finite."""

import json
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import numpy as np

from fastsgns.arrays import first_not_finite
from fastsgns.errors import FormatError, warn
from fastsgns.formats import native, registry

PLAIN = (str, int, float, bool, type(None))
KEYED = {  # attributes of vectors by key
    "index_to_key", "key_to_index", "vector_size", "next_index", "expandos", "strict",
    "vectors_lockf", "mapfile_path", "role_link", "add_keys_advice", "derived_from", "matrices",
}  # fmt: skip
Check = Callable[[native.Tensors, dict[str, Any]], object]


def save(
    path: Any,
    kind: str,
    tensors: Mapping[str, np.ndarray],
    metadata: dict[str, Any],
    check: Check | None = None,
    refuse_not_finite: bool = True,
    model: Any = None,
) -> None:
    """Write a native file, after `check` has accepted what the file would hold.

    A file that is already at `path` is not touched before that.

    Parameters
    ----------
    path, kind, tensors, metadata
        As for `fastsgns.formats.native.write`.
    check : callable, optional
        ``check(tensors, metadata)`` raises a FormatError for contents that contradict each other.
        By default it is the loader of the kind; where that copies matrices, a kind gives the part
        of it that can fail.
    refuse_not_finite : bool
        Whether arrays of NaN or infinity are an error; otherwise they are a UserWarning. Values
        that users attach to keys may be what they want.
    model : object, optional
        What is saved, if `check` returns the like of it: public attributes of one that the other
        lacks are named in a UserWarning.

    Raises
    ------
    ValueError
        If `check` refuses, or an array is not finite.
    TypeError
        If an array or a value has a type that a file can't hold.
    """
    metadata = _plain("metadata", metadata)
    for name, array in tensors.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name} is a {type(array).__name__}, where an array is expected")
    check = check or partial(registry.rebuild, kind)
    try:
        made = check(
            dict(map(_as_read, tensors, tensors.values())), json.loads(json.dumps(metadata))
        )
    except FormatError as error:
        raise ValueError(f"nothing was saved, because load() would refuse it: {error}") from None
    for name, array in tensors.items():
        if array.dtype.kind == "f" and ":" not in name:
            check_finite(name, array, refuse_not_finite)
    if model is not None:
        warn_of_own(model, "the model", vars(made))
    native.write(path, kind, tensors, metadata)


def _plain(name: str, value: Any) -> Any:
    """What JSON can say of a value: numpy's numbers as Python's, arrays and tuples as lists."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_plain(name, item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(str(key), item) for key, item in value.items()}
    if not isinstance(value, PLAIN):
        raise TypeError(
            f"{name} is a {type(value).__name__}, which can't be saved; allowed are str, int, "
            "float, bool, None, and lists and dicts of these"
        )
    return value


def _as_read(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    """An array in the byte order in which a file holds it."""
    return name, array.astype(array.dtype.newbyteorder("<"), copy=False)


def check_finite(name: str, array: np.ndarray, refuse: bool) -> None:
    """Raise a ValueError, or unless `refuse` give a UserWarning, if an array is not finite."""
    row = first_not_finite(array)
    if row is None:
        return
    what = f"the array {name!r} is not finite: row {row} of {len(array)} holds NaN or infinity"
    if refuse:
        raise ValueError(
            f"nothing was saved, because {what}; replace the row, or train a new model with a "
            "lower alpha"
        )
    warn(f"{what}; it is saved as it is")


def warn_of_own(thing: Any, name: str, known: Collection[str]) -> None:
    """Give a UserWarning if users have set public attributes that are not `known`."""
    if lost := sorted(own for own in set(vars(thing)) - set(known) if not own.startswith("_")):
        warn(f"the file does not hold the attributes {lost} that were set on {name}")


def warn_of_attributes(kv: Any, name: str, saved: Collection[str] = ()) -> None:
    """Give a UserWarning if keys, or `kv`, have attributes that the file of a model lacks."""
    warn_of_own(kv, name, KEYED)
    if lost := sorted(set(kv.expandos) - set(saved)):
        warn(
            f"the file of the model does not hold the attributes {lost} of {name}; to keep them, "
            f"save {name} as well"
        )
