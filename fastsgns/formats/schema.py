"""Schemas: for each kind of native file, the table of what it holds.

A `Schema` lists the words, arrays and values of one kind of file. By the same table, `collect`
takes from an object what is to be written, and `check` compares what a file holds with what it
should hold. Nothing of a file is used before that.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from fastsgns import rules
from fastsgns.errors import FormatError
from fastsgns.formats import native

REAL = (int, float)
PLAIN = (str, int, float, bool, type(None))
FLOATS = ("float16", "float32", "float64")
HEADER = ("format", "kind")  # what native.write adds to the metadata
NOT_SAVED = "which this release does not save"
Source = str | Callable[[Any], Any]


@dataclass
class Content:
    """What a file holds, as far as it was checked.

    Attributes
    ----------
    values : dict
        Values by name after their rules; the values of a part are a dict.
    arrays : dict of str to ndarray
        Without the arrays of words.
    words : dict of str to list of hashable
        By prefix.
    ids : dict of str to dict of hashable to int
        By prefix, the position of each word.
    sizes : dict of str to int
        By symbol.
    made : object
        What `Schema.make` returned; None without one.
    """

    values: dict[str, Any]
    arrays: native.Tensors
    words: dict[str, list[Hashable]] = field(default_factory=dict)
    ids: dict[str, dict[Hashable, int]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    made: Any = None


class When(NamedTuple):
    """The condition on which a file has an array.

    Attributes
    ----------
    parameter : str
        What it depends on, an attribute of the object that `Schema.make` makes; for messages.
    holds : callable
        ``holds(content)`` is whether a file has the array.
    """

    parameter: str
    holds: Callable[[Content], bool]


class Array(NamedTuple):
    """One array of a file.

    Attributes
    ----------
    dtype : str
        A name of numpy; ``"float"`` for any float, ``"any"`` for any type.
    shape : str
        Numbers and symbols, such as ``"words, vector_size + 1"``. A symbol is the number of words,
        an attribute of the object that `Schema.make` makes, or else what the first array with that
        symbol has. With ``...`` at the end there may be further dimensions.
    source : str or callable, optional
        The attribute of an object, such as ``"vocabulary.counts"``, or the function of the object
        that gives the array to write, or None if there is none. By default the attribute with the
        name of the array.
    when : When, optional
        A file has the array only if this holds.
    is_optional : bool
        Whether a file may lack the array even then.
    fault : callable, optional
        ``fault(name, array)`` returns what is wrong with its numbers, or None.
    """

    dtype: str
    shape: str
    source: Source = ""
    when: When | None = None
    is_optional: bool = False
    fault: Callable[[str, np.ndarray], str | None] | None = None


class Words(NamedTuple):
    """One list of words or other keys, each of them once.

    Attributes
    ----------
    size : str
        The symbol of its length.
    source : str or callable
        As of an `Array`.
    """

    size: str = "words"
    source: Source = "vocabulary.words"


class Value(NamedTuple):
    """One value of the metadata.

    Attributes
    ----------
    types : type or tuple of types
        bool counts as int only where it is named as well.
    rule : callable, optional
        ``rule(name, value)`` returns the value to use, or raises a ValueError or TypeError.
    default : object
        For files of releases that did not write the value yet; ``...`` if all of them did.
    source : str or callable, optional
        As of an `Array`.
    """

    types: Any
    rule: Callable[[str, Any], Any] | None = None
    default: Any = ...
    source: Source = ""


Values = Mapping[str, Value | Mapping[str, Value]]


@dataclass(frozen=True)
class Schema:
    """What one kind of file holds.

    Attributes
    ----------
    kind : str
        As in `fastsgns.formats.kinds.KINDS`.
    arrays : dict of str to Array or list of Array
        By name. A list holds alternatives. A name that ends with ``*`` is for any number of arrays
        whose names begin like this; their source gives a dict.
    values : dict of str to Value, or to dict of str to Value
        By name. A dict is a part of the metadata.
    build : callable
        ``build(cls, content)`` makes the object, of class `cls`, of what a file holds.
    words : dict of str to Words
        By the prefix of their arrays' names.
    make : callable, optional
        ``make(cls, values)`` makes the object without its arrays, which checks its parameters.
    fault : callable, optional
        ``fault(content)`` returns what is wrong with the arrays, taken together, or None.
    shown : tuple of str
        Public attributes of the object that `build` sets and `make` does not.
    """

    kind: str
    arrays: Mapping[str, Array | list[Array]]
    values: Values
    build: Callable[[Any, Content], Any]
    words: Mapping[str, Words] = field(default_factory=lambda: {"": Words()})
    make: Callable[[Any, dict[str, Any]], Any] | None = None
    fault: Callable[[Content], str | None] | None = None
    shown: tuple[str, ...] = ()


def collect(schema: Schema, thing: Any) -> tuple[native.Tensors, dict[str, Any]]:
    """Return the arrays and the metadata of the file of an object.

    Raises
    ------
    TypeError
        If a word has no portable form.
    """
    arrays: native.Tensors = {}
    for prefix, words in schema.words.items():
        packed = native.pack_words(_taken(words.source, "", thing))
        arrays |= {prefix + name: array for name, array in packed.items()}
    for name, entries in _alternatives(schema):
        found = _taken(entries[0].source, name, thing)
        if name.endswith("*"):
            arrays |= {name[:-1] + key: array for key, array in found.items()}
        elif found is not None:
            arrays[name] = found
    return arrays, _collect_values(schema.values, thing)


def _collect_values(values: Values, thing: Any) -> dict[str, Any]:
    return {name: _collect_value(value, name, thing) for name, value in values.items()}


def _collect_value(value: Value | Values, name: str, thing: Any) -> Any:
    if isinstance(value, Value):
        return _taken(value.source, name, thing)
    return _collect_values(value, thing)


def _taken(source: Source, name: str, thing: Any) -> Any:
    return source(thing) if callable(source) else attrgetter(source or name)(thing)


def _alternatives(schema: Schema) -> Iterator[tuple[str, list[Array]]]:
    for name, entry in schema.arrays.items():
        yield name, entry if isinstance(entry, list) else [entry]


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
    own = {name: value for name, value in metadata.items() if name not in HEADER}
    try:
        content = Content(check_values("metadata", own, schema.values), dict(tensors))
        if schema.make is not None:
            content.made = schema.make(cls, content.values)
            content.sizes = {k: n for k, n in vars(content.made).items() if type(n) is int}
        for prefix, words in schema.words.items():
            _unpack_words(prefix, words.size, content)
        known = {name for each in _alternatives(schema) for name in _check_arrays(*each, content)}
        if unknown := sorted(content.arrays.keys() - known):
            raise FormatError(f"it holds an array {unknown[0]!r:.60}, {NOT_SAVED}")
        fault = schema.fault(content) if schema.fault else None
    except (TypeError, ValueError, OverflowError) as error:
        raise error if isinstance(error, FormatError) else FormatError(str(error)) from None
    if fault:
        raise FormatError(fault)
    return content


def check_values(part: str, found: Any, values: Values) -> dict[str, Any]:
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
    >>> values = {"epochs": Value(int), "loss": Value(float, default=0.0)}
    >>> check_values("state", {"epochs": 3}, values)
    {'epochs': 3, 'loss': 0.0}
    """
    if not isinstance(found, dict):
        raise FormatError(f"its {part} are {found!r:.60}, where an object is expected")
    if unknown := [name for name in found if name not in values]:
        raise FormatError(
            f"its {part} name {unknown[0]!r:.60}, {NOT_SAVED}; the file was written by another "
            "release, or was changed"
        )
    return {name: _check_value(part, name, found, value) for name, value in values.items()}


def _check_value(part: str, name: str, found: dict[str, Any], value: Value | Values) -> Any:
    given = found.get(name, value.default if isinstance(value, Value) else ...)
    if given is ...:
        raise FormatError(f"its {part} lack {name!r}")
    if not isinstance(value, Value):
        return check_values(name, given, value)
    types = value.types if isinstance(value.types, tuple) else (value.types,)
    is_wrong_bool = isinstance(given, bool) and not {bool, object} & set(types)
    if is_wrong_bool or not isinstance(given, types):
        names = ["null" if kind is type(None) else kind.__name__ for kind in types]
        raise FormatError(f"{name} is {given!r:.60}; allowed are {' and '.join(names)}")
    return given if value.rule is None else value.rule(name, given)


def _numbers(name: str, values: list[Any]) -> list[Any]:
    if not all(isinstance(value, REAL) for value in values):
        raise TypeError(f"{name} are {values!r:.60}; allowed are numbers")
    return values


def _unpack_words(prefix: str, size: str, content: Content) -> None:
    """Move a list of words from the arrays of a file to its words."""
    names = [name for name in native.PACKED if prefix + name in content.arrays]
    packed = {name: content.arrays.pop(prefix + name) for name in names}
    content.words[prefix] = words = native.unpack_words(packed)
    content.ids[prefix] = ids = dict(zip(words, range(len(words))))
    content.sizes[size] = len(words)
    if len(ids) < len(words):
        twice = Counter(words).most_common(1)[0][0]
        raise FormatError(f"{twice!r:.60} is there twice; allowed is each of the {size} once")


def _check_arrays(name: str, entries: list[Array], content: Content) -> list[str]:
    """Check the array or arrays of an entry of the table; return their names."""
    allowed = [entry for entry in entries if entry.when is None or entry.when.holds(content)]
    if name.endswith("*"):
        found = [each for each in content.arrays if each.startswith(name[:-1])]
    else:
        found = [name] if name in content.arrays else []
        is_needed = allowed and not allowed[0].is_optional
        when = next((entry.when for entry in entries if entry.when), None)
        reason = f"{when.parameter}={getattr(content.made, when.parameter)!r}" if when else ""
        if found and not allowed:
            raise FormatError(f"it holds an array {name!r}, which {reason} does not have")
        if is_needed and not found:
            raise FormatError(f"it holds no array {name!r}{reason and f', which {reason} needs'}")
    for each in found:
        array = content.arrays[each]
        fit = next((entry for entry in allowed if _fits(array, entry, content)), None)
        if fit is None:
            raise FormatError(_misfit(each, array, allowed, content))
        if fit.fault and (fault := fit.fault(each, array)):
            raise FormatError(fault)
    return found


def _fits(array: np.ndarray, entry: Array, content: Content) -> bool:
    """Return whether an array is as the table has it; if so, keep the sizes of new symbols."""
    dtypes = FLOATS if entry.dtype == "float" else (entry.dtype,)
    symbols = entry.shape.removesuffix(", ...").split(", ")
    is_open = entry.shape.endswith("...")
    if entry.dtype != "any" and array.dtype.name not in dtypes:
        return False
    if not (len(symbols) <= array.ndim if is_open else len(symbols) == array.ndim):
        return False
    sizes = dict(content.sizes)
    for n, symbol in zip(array.shape, symbols):
        name, _, extra = symbol.partition(" ")
        n -= int(extra.replace(" ", "") or 0)
        if n < 0 or n != (int(name) if name.isdigit() else sizes.setdefault(name, n)):
            return False
    content.sizes = sizes
    return True


def _misfit(name: str, array: np.ndarray, allowed: list[Array], content: Content) -> str:
    forms = " or ".join(f"({entry.shape}) and {entry.dtype}" for entry in allowed)
    sizes = [f"{k}={n}" for k, n in content.sizes.items() if re.search(rf"\b{k}\b", forms)]
    where = f", where {' and '.join(sizes)}" if sizes else ""
    return f"{name} is of shape {array.shape} and {array.dtype}; allowed is {forms}{where}"


COUNT = Value(int, rules.integer(0, 2**62))
RATE = Value(REAL, rules.ANY_NUMBER)  # may be below 0 between two trainings, which refuse that
STATE = {"epochs_trained": COUNT, "epochs_begun": COUNT, "epoch_losses": Value(list, _numbers)}
