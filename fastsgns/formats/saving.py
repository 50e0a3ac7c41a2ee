"""Saving: a file is written only if it can be loaded, and holds no vectors that are not finite."""

import json
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np

from fastsgns.arrays import first_not_finite
from fastsgns.errors import FormatError, warn
from fastsgns.formats import byteorder, header, native, own, shards
from fastsgns.formats.schema import PLAIN, Schema, check, check_values, collect, collect_values

KEYED = {  # attributes of vectors by key
    "key_table", "rows", "vectors_lockf", "mapfile_path", "role_link", "add_keys_advice",
    "scheme", "subwords", "vectors_vocab_lockf", "vectors_ngrams_lockf",
}  # fmt: skip


def save(
    path: Any,
    schema: Schema,
    thing: Any,
    refuse_not_finite: bool = True,
    ignore: str | Iterable[str] | None = None,
) -> None:
    """Write the native file of an object, or of a model the folder, if it can be loaded.

    It holds the attributes that the user has set as well; see `fastsgns.formats.own`.

    A file that is already at `path` is not touched before that.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    schema : Schema
        Of its kind.
    thing : object
    refuse_not_finite : bool
        Whether arrays of NaN or infinity are an error; otherwise they are a UserWarning. Values
        that users attach to keys may be what they want.
    ignore : str or iterable of str, optional
        Attributes of the user that the file shall not hold. None if the method ``save`` has no such
        parameter.

    Raises
    ------
    ValueError
        If `load` would refuse the file, or an array is not finite.
    TypeError
        If an array or a value has a type that a file can't hold.
    NotImplementedError
        On a big-endian processor.

    Warns
    -----
    UserWarning
        If the user has set attributes that the file can't hold.
    """
    byteorder.check(header.FILES)
    tensors, values = collect(schema, thing)
    metadata = _plain("metadata", values)
    for name, array in tensors.items():
        if not isinstance(array, np.ndarray):
            raise TypeError(f"{name} is a {type(array).__name__}, where an array is expected")
    as_read = {k: a.astype(a.dtype.newbyteorder("<"), copy=False) for k, a in tensors.items()}
    try:
        content = check(schema, type(thing), as_read, json.loads(json.dumps(metadata)))
    except FormatError as error:
        raise ValueError(f"nothing was saved, because load() would refuse it: {error}") from None
    for name, array in tensors.items():
        if array.dtype.kind == "f" and ":" not in name:
            check_finite(name, array, refuse_not_finite)
    is_model = content.model is not None
    known = {"": {*schema.set_by_build, *(vars(content.model) if is_model else ())}, **schema.parts}
    ignored = {ignore} if isinstance(ignore, str) else set(ignore or ())
    parts, arrays, lost = own.collect(thing, known, ignored)
    advice = "" if ignore is None else ". Name them in ignore= to leave them out silently"
    for part, reasons in lost.items():
        for reason, names in reasons.items():
            warn(
                f"the file does not hold the attributes {sorted(names)} that were set on "
                f"{_name(thing, is_model, part)}: {reason}{advice}"
            )
    entries, text = own.to_store(parts)
    arrays, metadata = arrays | text, metadata | entries
    write = shards.write if schema.can_resume and shards.is_folder(path) else native.write
    write(path, schema.kind, tensors | arrays, metadata)


def fault_of_values(schema: Schema, thing: Any) -> str | None:
    """Return which value of an object `save` would refuse, or None; arrays are not looked at."""
    try:
        values = _plain("metadata", collect_values(schema.values, thing))
        check_values("metadata", json.loads(json.dumps(values)), schema.values)
    except (TypeError, ValueError, OverflowError) as error:  # FormatError is a ValueError
        return str(error)
    return None


def _name(thing: Any, is_model: bool, part: str) -> str:
    """Return what messages call a part of an object."""
    whole = "the model" if is_model else f"the {type(thing).__name__}"
    return f"model.{part}" if part else whole


def _plain(name: str, value: Any) -> Any:
    """Return a value as JSON can hold it: numbers of Python, and lists for arrays and tuples."""
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


def check_finite(name: str, array: np.ndarray, refuse: bool) -> None:
    """Raise a ValueError if an array is not finite, or warn unless `refuse`."""
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
    """Warn (UserWarning) if users have set public attributes that are not `known`."""
    if lost := sorted(
        name for name in set(own.attributes_of(thing)) - set(known) if name[:1] != "_"
    ):
        warn(f"the file does not hold the attributes {lost} that were set on {name}")


def warn_of_attributes(kv: Any, name: str, saved: Collection[str] = ()) -> None:
    """Warn (UserWarning) if keys, or `kv`, have attributes that the file of a model lacks."""
    warn_of_own(kv, name, KEYED)
    if lost := sorted(set(kv.expandos) - set(saved)):
        warn(
            f"the file of the model does not hold the attributes {lost} of {name}; to keep them, "
            f"save {name} as well"
        )
