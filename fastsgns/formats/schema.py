"""Schemas: for each kind of native file, the table of what it holds.

A `Schema` lists the words, arrays and values of one kind of file. By the same table, `collect`
takes from an object what is to be written, and `check` compares what a file holds with what it
should hold. Nothing of a file is used before that.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from types import EllipsisType
from typing import Any, NamedTuple

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import native

REAL = (int, float)
NUMBER_OR_NONE = (int, float, type(None))
PLAIN = (str, int, float, bool, type(None))
FLOATS = ("float16", "float32", "float64")
HEADER = ("format", "kind")  # what native.write adds to the metadata
Source = str | Callable[[Any], Any] | None


@dataclass
class Content:
    """What a file holds, as far as it was checked.

    Attributes
    ----------
    values : dict
        Values by name, and dicts of values by the name of their part, after their rules.
    words : dict of str to list of hashable
        By prefix.
    arrays : dict of str to ndarray
        Without those of the words.
    sizes : dict of str to int
        Of the symbols in shapes.
    made : object
        What `Schema.make` returned; None without one.
    """

    values: dict[str, Any]
    words: dict[str, list[Hashable]]
    arrays: native.Tensors
    sizes: dict[str, int] = field(default_factory=dict)
    made: Any = None


class When(NamedTuple):
    """The condition of an array.

    Attributes
    ----------
    parameter : str
        What it depends on, an attribute of the object that is made; for messages.
    holds : callable
        ``holds(content)`` is whether a file has the array.
    """

    parameter: str
    holds: Callable[[Content], bool]


@dataclass(frozen=True)
class Array:
    """One array of a file. Several with the same name are alternatives.

    Attributes
    ----------
    name : str
        With ``*`` at its end: any number of arrays whose names begin like this.
    dtype : str
        A name of numpy; ``"float"`` for any float, ``"any"`` for any type.
    shape : tuple of int or str
        A symbol such as ``"words"`` or ``"words + 1"`` is the number of words, an attribute of
        the object that is made, or else what the first array with that symbol has. A final ``...``
        allows further dimensions.
    source : str or callable, optional
        The attribute of an object (``"vocabulary.counts"``) or the function of it that gives the
        array to write, or None if there is none. By default the attribute `name`. With ``*`` it
        gives a dict of arrays.
    when : When, optional
        A file has the array only if this holds.
    is_optional : bool
        Whether a file may lack the array even then.
    """

    name: str
    dtype: str
    shape: tuple[int | str | EllipsisType, ...]
    source: Source = None
    when: When | None = None
    is_optional: bool = False


@dataclass(frozen=True)
class Words:
    """One list of words or other keys, each once.

    Attributes
    ----------
    prefix : str
        Of the names of the arrays that hold it.
    size : str
        The symbol of its length.
    source : str or callable
        The attribute of an object, or the function of it, that gives the list.
    """

    prefix: str = ""
    size: str = "words"
    source: Source = "vocabulary.words"


@dataclass(frozen=True)
class Value:
    """One value of the metadata.

    Attributes
    ----------
    name : str
    types : type or tuple of types
        bool counts as int only where it is named as well.
    rule : callable, optional
        ``rule(name, value)`` returns the value to use, or raises a ValueError or TypeError.
    default : object
        For files of releases that did not write the value yet; ``...`` if all of them did.
    source : str or callable, optional
        As of an `Array`.
    """

    name: str
    types: Any
    rule: Callable[[str, Any], Any] | None = None
    default: Any = ...
    source: Source = None


@dataclass(frozen=True)
class Schema:
    """What one kind of file holds.

    Attributes
    ----------
    kind : str
        As in `fastsgns.formats.kinds.KINDS`.
    arrays : tuple of Array
    values : dict of str to tuple of Value
        By part of the metadata; those of the part ``""`` are in no part.
    build : callable
        ``build(cls, content)`` makes the object, of class `cls`, of what a file holds.
    words : tuple of Words
    make : callable, optional
        ``make(cls, values)`` makes the object without its arrays, which checks its parameters.
    checks : tuple of callable
        Each returns what is wrong with the arrays, taken together, or None.
    shown : tuple of str
        Public attributes of the object that `build` sets and `make` does not.
    """

    kind: str
    arrays: tuple[Array, ...]
    values: Mapping[str, tuple[Value, ...]]
    build: Callable[[Any, Content], Any]
    words: tuple[Words, ...] = (Words(),)
    make: Callable[[Any, dict[str, Any]], Any] | None = None
    checks: tuple[Callable[[Content], str | None], ...] = ()
    shown: tuple[str, ...] = ()


def collect(schema: Schema, thing: Any) -> tuple[native.Tensors, dict[str, Any]]:
    """Return the arrays and the metadata of the file of an object.

    Raises
    ------
    TypeError
        If a word has no portable form.
    """
    arrays: native.Tensors = {}
    for words in schema.words:
        packed = native.pack_words(_taken(words.source, words.size, thing))
        arrays |= {words.prefix + name: array for name, array in packed.items()}
    for entry in schema.arrays:
        if entry.name in arrays:  # by an alternative
            continue
        found = _taken(entry.source, entry.name, thing)
        if entry.name.endswith("*"):
            arrays |= {entry.name[:-1] + name: array for name, array in found.items()}
        elif found is not None:
            arrays[entry.name] = found
    metadata: dict[str, Any] = {}
    for part, values in schema.values.items():
        taken = {value.name: _taken(value.source, value.name, thing) for value in values}
        metadata |= {part: taken} if part else taken
    return arrays, metadata


def _taken(source: Source, name: str, thing: Any) -> Any:
    return source(thing) if callable(source) else attrgetter(source or name)(thing)


def check(schema: Schema, cls: type, tensors: Mapping[str, np.ndarray], metadata: Any) -> Content:
    """Check what a file holds.

    Parameters
    ----------
    schema : Schema
    cls : type
        The class of the object that the file is of.
    tensors, metadata
        As `fastsgns.formats.native.read` returns them.

    Raises
    ------
    FormatError
        If something is missing, unknown, of another type or shape, or contradicts the rest.
    """
    try:
        values = _check_metadata(schema, metadata)
        content = Content(values, {}, dict(tensors))
        for words in schema.words:
            _unpack_words(words, content)
        if schema.make is not None:
            content.made = schema.make(cls, values)
        _check_arrays(schema, content)
        fault = next((fault for fault in (one(content) for one in schema.checks) if fault), None)
    except FormatError:
        raise
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(str(error)) from None
    if fault:
        raise FormatError(fault)
    return content


def _check_metadata(schema: Schema, metadata: Any) -> dict[str, Any]:
    parts = [part for part in schema.values if part]
    whole = (*schema.values.get("", ()), *(Value(part, dict) for part in parts))
    found = {name: value for name, value in metadata.items() if name not in HEADER}
    values = check_values("metadata", found, whole)
    return values | {part: check_values(part, values[part], schema.values[part]) for part in parts}


def check_values(part: str, found: Any, values: Sequence[Value]) -> dict[str, Any]:
    """Check a part of the metadata, and return its values after their rules.

    A name that is not among `values` is refused, not ignored. A newer release may have given it a
    meaning, and one that the constructor of a model takes, such as the path of a file to write, may
    have been put there by somebody else.

    Raises
    ------
    FormatError
        If a name is missing or unknown, or a value has another type.
    ValueError, TypeError
        If a rule refuses a value.

    Examples
    --------
    >>> values = [Value("epochs", int), Value("loss", float, default=0.0)]
    >>> check_values("state", {"epochs": 3}, values)
    {'epochs': 3, 'loss': 0.0}
    """
    if not isinstance(found, dict):
        raise FormatError(f"its {part} are {found!r:.60}, where an object is expected")
    known = {value.name for value in values}
    if unknown := [name for name in found if name not in known]:
        raise FormatError(
            f"its {part} name {unknown[0]!r:.60}, which this release does not save; the file was "
            "written by another release, or was changed"
        )
    checked = {}
    for value in values:
        name, content = value.name, found.get(value.name, value.default)
        if content is ...:
            raise FormatError(f"its {part} lack {name!r}")
        if not _is_of(content, value.types):
            raise FormatError(f"{name} is {content!r:.60}; allowed are {_names(value.types)}")
        checked[name] = content if value.rule is None else value.rule(name, content)
    return checked


def _is_of(value: Any, types: Any) -> bool:
    several = types if isinstance(types, tuple) else (types,)
    if isinstance(value, bool):
        return bool in several or object in several
    return isinstance(value, several)


def _names(types: Any) -> str:
    several = types if isinstance(types, tuple) else (types,)
    return " and ".join("null" if kind is type(None) else kind.__name__ for kind in several)


def numbers(name: str, values: list[Any]) -> list[Any]:
    """Rule of a list of numbers."""
    if not all(isinstance(value, REAL) for value in values):
        raise TypeError(f"{name} are {values!r:.60}; allowed are numbers")
    return values


def _unpack_words(words: Words, content: Content) -> None:
    """Move a list of words from the arrays to the words of a file."""
    packed = {
        name: content.arrays.pop(words.prefix + name)
        for name in native.PACKED
        if words.prefix + name in content.arrays
    }
    content.words[words.prefix] = listed = native.unpack_words(packed)
    content.sizes[words.size] = len(listed)
    if len(set(listed)) < len(listed):
        twice = Counter(listed).most_common(1)[0][0]
        raise FormatError(f"{twice!r:.60} is there twice; allowed is each of the {words.size} once")


def _check_arrays(schema: Schema, content: Content) -> None:
    known: set[str] = set()
    for name, entries in _by_name(schema.arrays):
        active = [entry for entry in entries if entry.when is None or entry.when.holds(content)]
        if name.endswith("*"):
            found = [each for each in content.arrays if each.startswith(name[:-1])]
        else:
            found = [name] if name in content.arrays else []
        if found and not active:
            raise FormatError(
                f"it holds an array {name!r}, which {_reason(entries, content)} lacks"
            )
        if active and not found and not name.endswith("*") and not active[0].is_optional:
            needed_by = f", which {_reason(entries, content)} needs" if active[0].when else ""
            raise FormatError(f"it holds no array {name!r}{needed_by}")
        for each in found:
            _check_array(each, active, content)
        known.update(found)
    if unknown := sorted(content.arrays.keys() - known):
        raise FormatError(f"it holds an array {unknown[0]!r:.60}, which this release does not save")


def _by_name(arrays: Sequence[Array]) -> Iterator[tuple[str, list[Array]]]:
    for name in dict.fromkeys(entry.name for entry in arrays):
        yield name, [entry for entry in arrays if entry.name == name]


def _reason(entries: list[Array], content: Content) -> str:
    parameter = next(entry.when.parameter for entry in entries if entry.when)
    return f"{parameter}={getattr(content.made, parameter)!r}"


def _check_array(name: str, allowed: list[Array], content: Content) -> None:
    array = content.arrays[name]
    if any(_fits(array, entry, content) for entry in allowed):
        return
    forms = [f"{_text(entry.shape)} and {entry.dtype}" for entry in allowed]
    symbols = {symbol for entry in allowed for symbol, _ in map(_parts, entry.shape) if symbol}
    sizes = {symbol: _size(symbol, content) for symbol in sorted(symbols)}
    where = ", ".join(f"{symbol}={size}" for symbol, size in sizes.items() if size is not None)
    raise FormatError(
        f"{name} is of shape {array.shape} and {array.dtype}; allowed is shape "
        f"{' or '.join(forms)}{where and f', where {where}'}"
    )


def _fits(array: np.ndarray, entry: Array, content: Content) -> bool:
    """Return whether an array is as the table has it; if so, keep the sizes of new symbols."""
    kinds = FLOATS if entry.dtype == "float" else (entry.dtype,)
    if entry.dtype != "any" and array.dtype.name not in kinds:
        return False
    shape = entry.shape[:-1] if entry.shape[-1] is ... else entry.shape
    if len(shape) > array.ndim or (len(shape) < array.ndim and entry.shape[-1] is not ...):
        return False
    new: dict[str, int] = {}
    for n, (symbol, extra) in zip(array.shape, map(_parts, shape)):
        size = _size(symbol, content, new) if symbol else 0
        if symbol and size is None and n >= extra:
            new[symbol] = size = n - extra
        if size is None or n != size + extra:
            return False
    content.sizes |= new
    return True


def _parts(dimension: int | str | EllipsisType) -> tuple[str, int]:
    """Return the symbol of a dimension, or "", and the number that is added.

    Examples
    --------
    >>> _parts("words - 1"), _parts(3)
    (('words', -1), ('', 3))
    """
    if isinstance(dimension, int):
        return "", dimension
    if dimension is ...:
        return "", 0
    symbol, _, extra = dimension.partition(" ")
    return symbol, int(extra.replace(" ", "") or 0)


def _size(symbol: str, content: Content, new: Mapping[str, int] | None = None) -> int | None:
    """Return the size that a symbol has; None if it has none yet."""
    found: int | None = (new or {}).get(symbol, content.sizes.get(symbol))
    return getattr(content.made, symbol, None) if found is None else found


def _text(shape: tuple[int | str | EllipsisType, ...]) -> str:
    parts = ["..." if dimension is ... else str(dimension) for dimension in shape]
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
