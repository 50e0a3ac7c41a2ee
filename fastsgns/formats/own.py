"""Own attributes: what users have set on an object or in a class of theirs, in its native file.

A file holds those whose values are plain: None, bool, int, float, complex, str, bytes; list, tuple,
dict, set, frozenset, Counter and OrderedDict of these; and arrays of numpy. A loaded attribute has
the same type and value, but that numbers of numpy become numbers of Python. Nothing else is
written, and nothing is executed to read it. `save` names the attributes that the file does not
hold.

An attribute never replaces what the package itself has: a parameter, a method, a property.
`restore` skips such a name, with a warning, and sets the others without calling any code of the
class. Names that begin with one underscore are attributes like others. Those that begin with two
are not saved.

In the metadata, ``own`` has the attributes by the part of the object that they belong to (``""`` is
the object itself). JSON can say None, bool, str, finite numbers and lists. Anything else is an
object with a ``type``. Arrays are stored beside it, under ``own:`` and a number.
"""

import inspect
import math
from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, warn
from fastsgns.formats import header, raw

Tensors = dict[str, np.ndarray]
Parts = dict[str, dict[str, Any]]

KEY, PREFIX = "own", "own:"
MAX_DEPTH = 32  # of lists in lists; deeper ones are most likely a cycle
MAX_BITS = 8192  # of an integer: Python refuses to read one of more than 4300 digits
MAX_OBJECTS = header.MAX_OBJECTS // 2  # lists and dicts in all attributes of a file
MAX_VALUES = header.MAX_VALUES // 2
MAX_CHARACTERS = header.MAX_BYTES // 12  # JSON may take 6 bytes for a character
SEQUENCES: dict[str, type] = {"tuple": tuple, "set": set, "frozenset": frozenset}
MAPPINGS: dict[str, type] = {"dict": dict, "Counter": Counter, "OrderedDict": OrderedDict}
NAMES_OF = {kind: name for name, kind in (SEQUENCES | MAPPINGS).items()}
_ABSENT = object()


# Saving


def collect(
    thing: Any, known: Mapping[str, Collection[str]], ignore: Collection[str] = ()
) -> tuple[Parts, Tensors, dict[str, list[str]]]:
    """Return the own attributes of an object as a file holds them.

    Parameters
    ----------
    thing : object
    known : mapping of str to collection of str
        The attributes of the package's class, of each part of the object: ``""`` is the object
        itself, and another part is the path of an attribute, such as ``"wv"``.
    ignore : collection of str
        Names to leave out.

    Returns
    -------
    parts : dict of str to dict
        What JSON says of each attribute, by part. Parts without own attributes are left out.
    arrays : dict of str to ndarray
    lost : dict of str to list of str
        The attributes that can't be saved, by part.
    """
    parts: Parts = {}
    lost: dict[str, list[str]] = {}
    encoder = _Encoder()
    for path, names in known.items():
        part = attrgetter(path)(thing) if path else thing
        attributes, lost[path] = {}, []
        for name, value in vars(part).items():
            if name in names or name in ignore or _is_cached(type(part), name):
                continue
            try:
                _check_free(type(part), name)
                attributes[name] = encoder.whole(value)
            except TypeError:
                lost[path].append(name)
        if attributes:
            parts[path] = attributes
    return parts, encoder.arrays, lost


def _check_free(cls: type, name: object) -> None:
    if not _is_free(cls, name):
        raise TypeError(f"{name!r:.60} is not a name that a user may use")


def _is_free(cls: type, name: object) -> bool:
    """Return whether a user may have an attribute of this name."""
    if not (isinstance(name, str) and name.isidentifier()) or name.startswith("__"):
        return False
    for base in cls.__mro__:
        if name in vars(base):
            value = vars(base)[name]
            is_ours = base.__module__.partition(".")[0] in ("fastsgns", "builtins")
            return not (is_ours or callable(value) or hasattr(value, "__get__"))
    return True


def _is_cached(cls: type, name: str) -> bool:
    return isinstance(inspect.getattr_static(cls, name, None), cached_property)


class _Encoder:
    """Writes values as JSON, and collects the arrays among them."""

    def __init__(self) -> None:
        self.arrays: Tensors = {}
        self._n_objects = self._n_values = self._n_characters = 0

    def whole(self, value: Any) -> Any:
        """Return what JSON says of an attribute.

        Raises
        ------
        TypeError
            If it can't be saved. It then leaves nothing behind.
        """
        state = dict(self.arrays), self._n_objects, self._n_values, self._n_characters
        try:
            return self.encode(value)
        except TypeError:
            self.arrays, self._n_objects, self._n_values, self._n_characters = state
            raise

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return what JSON says of a value; raise a TypeError for one that can't be saved."""
        self._count(value, depth)
        if isinstance(value, np.generic):
            value = value.item()
        kind = type(value)
        if value is None or kind is bool or kind is str:
            return value
        if kind is int and value.bit_length() <= MAX_BITS:
            return value
        if kind is float:
            return value if math.isfinite(value) else {"type": "float", "value": repr(value)}
        if kind is complex:
            parts = [self.encode(part) for part in (value.real, value.imag)]
            return {"type": "complex", "items": parts}
        if kind is bytes:
            return {"type": "bytes", "value": value.decode("latin-1")}
        if kind in (np.ndarray, np.memmap):
            return self._array(value, depth)
        if kind is list:
            return [self.encode(item, depth + 1) for item in value]
        if kind in SEQUENCES.values():
            items = [self.encode(item, depth + 1) for item in value]
            return {"type": NAMES_OF[kind], "items": items}
        if kind in MAPPINGS.values():
            keys, items = (self.encode(list(side), depth + 1) for side in (value, value.values()))
            return {"type": NAMES_OF[kind], "keys": keys, "items": items}
        raise TypeError(f"a {kind.__name__} can't be saved")

    def _count(self, value: Any, depth: int) -> None:
        """Raise a TypeError for more than the header of a file takes; see `header`."""
        self._n_values += 2
        self._n_objects += 2 * (not isinstance(value, (str, bytes, int, float, type(None))))
        self._n_characters += len(value) if isinstance(value, (str, bytes)) else 0
        is_large = self._n_objects > MAX_OBJECTS or self._n_values > MAX_VALUES
        if is_large or self._n_characters > MAX_CHARACTERS or depth > MAX_DEPTH:
            raise TypeError("too large; arrays of numbers may have any size")

    def _array(self, array: np.ndarray, depth: int) -> dict[str, Any]:
        if array.ndim > raw.MAX_DIMENSIONS:
            raise TypeError("an array of so many dimensions can't be saved")
        if array.dtype.kind == "O":
            items = [self.encode(item, depth + 1) for item in array.ravel().tolist()]
            return {"type": "objects", "shape": list(array.shape), "items": items}
        if array.ndim and array.dtype.newbyteorder("<") in header.NAMES:
            return {"type": "array", "array": self._store(array)}
        if array.dtype.kind not in raw.KINDS:
            raise TypeError(f"an array of {array.dtype} can't be saved")
        dtype = array.dtype.newbyteorder("<") if array.dtype.itemsize else array.dtype.kind + "1"
        portable = np.ascontiguousarray(array, dtype)
        content = np.frombuffer(portable.tobytes(), np.uint8)
        about = {"dtype": portable.dtype.str, "shape": list(array.shape)}
        return {"type": "array", "array": self._store(content), **about}

    def _store(self, array: np.ndarray) -> int:
        number = len(self.arrays)
        self.arrays[f"{PREFIX}{number}"] = array
        return number


# Loading


def decode(entries: Any, arrays: Tensors) -> Parts:
    """Return the own attributes that a file holds, by part of the object.

    Parameters
    ----------
    entries : object
        What the metadata holds of them.
    arrays : dict of str to ndarray
        The arrays of the file whose names begin with ``own:``.

    Raises
    ------
    FormatError
        If an entry is damaged, or an array is missing, used twice or not used.
    """
    if not (isinstance(entries, dict) and all(isinstance(part, dict) for part in entries.values())):
        raise FormatError(f"its own attributes are {entries!r:.60}, where objects are expected")
    decoder = _Decoder(arrays)
    parts = {
        part: {name: decoder.decode(value) for name, value in attributes.items()}
        for part, attributes in entries.items()
    }
    if decoder.arrays:
        raise FormatError(f"it holds an array {min(decoder.arrays)!r:.60} that is not used")
    return parts


class _Decoder:
    def __init__(self, arrays: Tensors) -> None:
        self.arrays = dict(arrays)  # those that were not used yet

    def decode(self, value: Any, depth: int = 0) -> Any:
        """Return what an entry says; raise a FormatError, ValueError or TypeError if it is none."""
        if depth > 2 * MAX_DEPTH:
            raise FormatError("an own attribute is nested too deep")
        if isinstance(value, list):
            return [self.decode(item, depth + 1) for item in value]
        if not isinstance(value, dict):
            return value
        kind = value.get("type")
        if kind in ("array", "objects"):
            return self._array(value) if kind == "array" else self._objects(value, depth)
        items = self.decode(value.get("items"), depth + 1)
        if kind == "float" and value.get("value") in ("nan", "inf", "-inf"):
            return float(value["value"])
        if kind == "bytes" and isinstance(value.get("value"), str):
            return value["value"].encode("latin-1")
        if not isinstance(items, list):
            raise FormatError(f"an own attribute is {value!r:.60}")
        if kind == "complex" and len(items) == 2:
            return complex(*items)
        if kind in SEQUENCES:
            return SEQUENCES[kind](items)
        keys = self.decode(value.get("keys"), depth + 1)
        if kind in MAPPINGS and isinstance(keys, list) and len(keys) == len(items):
            return MAPPINGS[kind](dict(zip(keys, items)))
        raise FormatError(f"an own attribute is {value!r:.60}")

    def _array(self, entry: dict[str, Any]) -> np.ndarray:
        array = self.arrays.pop(f"{PREFIX}{entry.get('array')!r}", None)
        if array is None:
            raise FormatError(f"it lacks the array of an own attribute: {entry!r:.60}")
        if "dtype" not in entry:
            return np.array(array)  # in memory, though the file may be mapped
        if array.dtype != np.uint8 or array.ndim != 1:
            raise FormatError("the array of an own attribute is not bytes")
        try:
            dtype, shape = raw.type_named(entry["dtype"]), entry.get("shape", ())
            raw.check_size(dtype, shape, len(array))
            return raw.array_of(np.array(array), dtype, shape)
        except (TypeError, ValueError) as error:
            raise FormatError(f"the array of an own attribute {error}") from None

    def _objects(self, entry: dict[str, Any], depth: int) -> np.ndarray:
        items, shape = self.decode(entry.get("items"), depth + 1), _shape(entry)
        if not isinstance(items, list) or len(items) != math.prod(shape):
            raise FormatError(f"an own attribute is {entry!r:.60}")
        array = np.empty(len(items), object)
        for place, item in enumerate(items):
            array[place] = item
        return array.reshape(shape)


def _shape(entry: dict[str, Any]) -> tuple[int, ...]:
    shape = entry.get("shape")
    if not (isinstance(shape, list) and len(shape) <= raw.MAX_DIMENSIONS):
        raise FormatError(f"an own attribute has an array of shape {shape!r:.60}")
    if not all(type(n) is int and n >= 0 for n in shape):
        raise FormatError(f"an own attribute has an array of shape {shape!r:.60}")
    return tuple(shape)


def restore(thing: Any, parts: Parts) -> None:
    """Set the own attributes of a loaded object.

    Warns
    -----
    UserWarning
        If an attribute has a name that the class uses, and is therefore not set.
    """
    for path, attributes in parts.items():
        part = attrgetter(path)(thing) if path else thing
        taken = [
            name for name in attributes if name in vars(part) or not _is_free(type(part), name)
        ]
        if taken:
            warn(
                f"the file holds attributes {sorted(taken)} that were not set, because "
                f"{type(part).__name__} itself uses these names"
            )
        vars(part).update({n: value for n, value in attributes.items() if n not in taken})
