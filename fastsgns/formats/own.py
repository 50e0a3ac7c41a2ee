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

JSON has the attributes by the part of the object that they belong to (``""`` is the object itself).
It can say None, bool, str, finite numbers and lists. Anything else is an object with a ``type``.
Arrays are stored beside it, under ``own:`` and a number. JSON of up to 64 KB is ``own`` in the
metadata, which every load parses at once; larger JSON is the array ``own:values``, the bytes of
UTF-8.
"""

import inspect
import json
import math
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from operator import attrgetter
from types import MemberDescriptorType
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, warn
from fastsgns.formats import header, raw
from fastsgns.runtime.machine import require_memory

Tensors = dict[str, np.ndarray]
Parts = dict[str, dict[str, Any]]

KEY, PREFIX, VALUES = "own", "own:", "own:values"
MAX_DEPTH = 32  # of lists in lists; deeper ones are most likely a cycle
MAX_BITS = 8192  # of an integer: Python refuses to read one of more than 4300 digits
# Of all attributes of a file. JSON takes far more memory than its text once it is parsed: a list 60
# to 90 bytes, a dict 200, a value up to 80. These limits are 1 to 2 GB. `decode` takes twice as
# many, because `collect` counts roughly.
MAX_OBJECTS = 1 << 21  # lists and objects of JSON
MAX_VALUES = 1 << 24
MAX_CHARACTERS = 1 << 26
MAX_BYTES = 1 << 30  # of JSON: 6 for a character, about 25 for a number
LARGEST = 1 << MAX_BITS
IN_METADATA = 1 << 16  # bytes of JSON
OBJECT_BYTES, VALUE_BYTES = 232, 80
NOT_PLAIN = "the file holds plain values, lists and dicts of them, and arrays"
TAKEN = "the class itself uses these names, or a name is none of Python"
TOO_DEEP = f"they are nested more than {MAX_DEPTH} deep, or contain themselves"
SCALARS = {str, int, float, bool, type(None)}
SEQUENCES: dict[str, type] = {"tuple": tuple, "set": set, "frozenset": frozenset}
MAPPINGS: dict[str, type] = {"dict": dict, "Counter": Counter, "OrderedDict": OrderedDict}
NAMES_OF = {kind: name for name, kind in (SEQUENCES | MAPPINGS).items()}


class UnsavableError(TypeError):
    """Raised for a value that a file can't hold; the message is the reason."""


def too_large() -> str:
    """Return the reason for values that exceed a limit."""
    return (
        f"they are too large: a file holds up to {MAX_VALUES:,} values in {MAX_OBJECTS:,} lists (a "
        f"tuple counts as two, a dict as three) and {MAX_CHARACTERS:,} characters of own "
        "attributes. Make arrays of numpy of them, which may have any size"
    )


# Saving


def collect(
    thing: Any, known: Mapping[str, Collection[str]], ignore: Collection[str] = ()
) -> tuple[Parts, Tensors, dict[str, dict[str, list[str]]]]:
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
    lost : dict of str to dict of str to list of str
        The attributes that can't be saved, by part and reason.
    """
    parts: Parts = {}
    lost: dict[str, dict[str, list[str]]] = {}
    encoder = _Encoder()
    for path, names in known.items():
        part = attrgetter(path)(thing) if path else thing
        attributes, lost[path] = {}, {}
        for name, value in attributes_of(part).items():
            if name in names or name in ignore or _is_cached(type(part), name):
                continue
            try:
                _check_free(type(part), name)
                attributes[name] = encoder.whole(value)
            except UnsavableError as error:
                lost[path].setdefault(str(error), []).append(name)
        if attributes:
            parts[path] = attributes
    return parts, encoder.arrays, lost


def attributes_of(thing: Any) -> dict[str, Any]:
    """Return the attributes of an object, and those in ``__slots__`` of its users' classes."""
    found = dict(vars(thing))
    for name, slot in _slots(type(thing)):
        with suppress(AttributeError):  # it was not set
            found[name] = slot.__get__(thing, type(thing))
    return found


def _slots(cls: type) -> Iterator[tuple[str, MemberDescriptorType]]:
    for base in cls.__mro__:
        for name, value in vars(base).items():
            if isinstance(value, MemberDescriptorType) and not _is_ours(base):
                yield name, value


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in ("fastsgns", "builtins")


def to_store(parts: Parts) -> tuple[dict[str, Any], Tensors]:
    """Return what the metadata and the arrays of a file hold of the parts from `collect`.

    Examples
    --------
    >>> to_store({"": {"a": 1}}), to_store({})
    (({'own': {'': {'a': 1}}}, {}), ({}, {}))
    """
    text = json.dumps(parts, ensure_ascii=False).encode("utf-8", "surrogatepass") if parts else b""
    # of two surrogates in a row, JSON in ASCII would make one character
    if len(text) <= IN_METADATA and text == text.decode("utf-8", "replace").encode():
        return {KEY: parts} if parts else {}, {}
    return {}, {VALUES: np.frombuffer(text, np.uint8)}


def _check_free(cls: type, name: object) -> None:
    if not _is_free(cls, name):
        raise UnsavableError(TAKEN)


def _is_free(cls: type, name: object) -> bool:
    """Return whether a user may have an attribute of this name."""
    if not (isinstance(name, str) and name.isidentifier()) or name.startswith("__"):
        return False
    for base in cls.__mro__:
        if name in vars(base):
            value = vars(base)[name]
            if _is_ours(base) or isinstance(value, MemberDescriptorType):
                return not _is_ours(base)
            return not (callable(value) or hasattr(value, "__get__"))
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
        UnsavableError
            If it can't be saved. It then leaves nothing behind.
        """
        state = dict(self.arrays), self._n_objects, self._n_values, self._n_characters
        try:
            return self.encode(value)
        except UnsavableError:
            self.arrays, self._n_objects, self._n_values, self._n_characters = state
            raise

    def encode(self, value: Any, depth: int = 0) -> Any:
        """Return what JSON says of a value; raise an UnsavableError if it can't be saved."""
        if depth > MAX_DEPTH:
            raise UnsavableError(TOO_DEEP)
        if isinstance(value, np.generic):
            value = value.item()
        kind = type(value)
        if _are_plain([value]):
            return self._plain([value])[0]
        if kind is float:
            self._add(1, 2)
            return {"type": "float", "value": repr(value)}
        if kind is complex:
            self._add(1, 2)
            return {"type": "complex", "items": self.items([value.real, value.imag], depth)}
        if kind is bytes:
            self._add(1, 2, len(value))
            return {"type": "bytes", "value": value.decode("latin-1")}
        if kind in (np.ndarray, np.memmap):
            self._add(2, 4 + value.ndim)
            return self._array(value, depth)
        if kind is list:
            return self.items(value, depth)
        if kind in SEQUENCES.values():
            self._add(1, 2)
            return {"type": NAMES_OF[kind], "items": self.items(list(value), depth)}
        if kind in MAPPINGS.values():
            self._add(1, 3)
            keys, items = (self.items(list(side), depth) for side in (value, value.values()))
            return {"type": NAMES_OF[kind], "keys": keys, "items": items}
        raise UnsavableError(NOT_PLAIN)

    def items(self, items: list[Any], depth: int) -> list[Any]:
        """Return what JSON says of each item of a list at this depth."""
        self._add(1, 1)
        if _are_plain(items):  # the usual case, at once
            return self._plain(items)
        return [self.encode(item, depth + 1) for item in items]

    def _plain(self, items: list[Any]) -> list[Any]:
        n_characters = sum(len(item) for item in items if type(item) is str)
        n_characters += sum(item.bit_length() // 3 for item in items if type(item) is int)
        self._add(0, len(items), n_characters)
        return items

    def _add(self, n_objects: int, n_values: int, n_characters: int = 0) -> None:
        """Count parts of JSON; raise an UnsavableError if they are too many."""
        self._n_objects += n_objects
        self._n_values += n_values
        self._n_characters += n_characters
        is_large = self._n_objects > MAX_OBJECTS or self._n_values > MAX_VALUES
        if is_large or self._n_characters > MAX_CHARACTERS:
            raise UnsavableError(too_large())

    def _array(self, array: np.ndarray, depth: int) -> dict[str, Any]:
        if array.ndim > raw.MAX_DIMENSIONS:
            raise UnsavableError(NOT_PLAIN)
        if array.dtype.kind == "O":
            items = self.items(array.ravel().tolist(), depth)
            return {"type": "objects", "shape": list(array.shape), "items": items}
        if array.ndim and array.dtype.newbyteorder("<") in header.NAMES:
            return {"type": "array", "array": self._store(array)}
        if array.dtype.kind not in raw.KINDS:
            raise UnsavableError(NOT_PLAIN)
        dtype = array.dtype.newbyteorder("<") if array.dtype.itemsize else array.dtype.kind + "1"
        portable = np.ascontiguousarray(array, dtype)
        content = np.frombuffer(portable.tobytes(), np.uint8)
        about = {"dtype": portable.dtype.str, "shape": list(array.shape)}
        return {"type": "array", "array": self._store(content), **about}

    def _store(self, array: np.ndarray) -> int:
        number = len(self.arrays)
        self.arrays[f"{PREFIX}{number}"] = array
        return number


def _are_plain(items: list[Any]) -> bool:
    """Return whether JSON says all items as they are."""
    kinds = set(map(type, items))
    if not kinds <= SCALARS:
        return False
    if float in kinds and not all(math.isfinite(item) for item in items if type(item) is float):
        return False
    return int not in kinds or all(-LARGEST < i < LARGEST for i in items if type(i) is int)


# Loading


def decode(entries: Any, arrays: Tensors) -> Parts:
    """Return the own attributes that a file holds, by part of the object.

    Parameters
    ----------
    entries : object
        What the metadata holds of them; None if that is nothing.
    arrays : dict of str to ndarray
        The arrays of the file whose names begin with ``own:``.

    Raises
    ------
    FormatError
        If an entry is damaged, or an array is missing, used twice or not used.
    """
    others = {name: array for name, array in arrays.items() if name != VALUES}
    if VALUES in arrays:
        if entries is not None:
            raise FormatError("it holds own attributes twice")
        entries = _parsed(arrays[VALUES])
    entries = {} if entries is None else entries
    if not (isinstance(entries, dict) and all(isinstance(part, dict) for part in entries.values())):
        raise FormatError(f"its own attributes are {entries!r:.60}, where objects are expected")
    decoder = _Decoder(others)
    parts = {
        part: {name: decoder.decode(value) for name, value in attributes.items()}
        for part, attributes in entries.items()
    }
    if decoder.arrays:
        raise FormatError(f"it holds an array {min(decoder.arrays)!r:.60} that is not used")
    return parts


def _parsed(text: np.ndarray) -> Any:
    """Parse JSON of own attributes, after checking how much memory that takes."""
    if text.dtype != np.uint8 or text.ndim != 1 or len(text) > MAX_BYTES:
        raise FormatError("its own attributes are not text of JSON, or are too long")
    content = text.tobytes()
    n_objects, n_lists, n_values = header.count_outside_strings(content, b"{[,")
    if n_objects + n_lists > 2 * MAX_OBJECTS or n_values > 2 * MAX_VALUES:
        raise FormatError(
            f"its own attributes have {n_objects + n_lists:,} lists and objects of {n_values:,} "
            f"values; allowed are {2 * MAX_OBJECTS:,} of {2 * MAX_VALUES:,}"
        )
    n_bytes = OBJECT_BYTES * n_objects + VALUE_BYTES * (n_lists + n_values) + len(content)
    require_memory(n_bytes, "own attributes", "Arrays of numpy need less.")
    try:
        return json.loads(content.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise FormatError(f"its own attributes cannot be read: {error}") from None


class _Decoder:
    def __init__(self, arrays: Tensors) -> None:
        self.arrays = dict(arrays)  # those that were not used yet

    def decode(self, value: Any, depth: int = 0) -> Any:
        """Return what an entry says; raise a FormatError, ValueError or TypeError if it is none."""
        if depth > 2 * MAX_DEPTH:
            raise FormatError("an own attribute is nested too deep")
        if isinstance(value, list):
            if {list, dict}.isdisjoint(map(type, value)):
                return value
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
        slots = dict(_slots(type(part)))
        for name, value in attributes.items():  # in the order of the file
            if name in taken:
                continue
            if name in slots:
                slots[name].__set__(part, value)
            else:
                vars(part)[name] = value
