"""Schemas: the tables of what each kind of native file holds.

A `Schema` lists the lists of words, the arrays and the values of one kind of file. `collect` reads
from an object what its file will hold. `check` compares the content of a file with the table; no
part of a file is used before it has been checked. `fastsgns.formats.saving` also checks what it is
about to write, so that every file that was saved can be loaded.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from fastsgns import rules
from fastsgns.errors import FormatError
from fastsgns.formats import native, own
from fastsgns.formats.own import Parts

REAL = (int, float)
PLAIN = (str, int, float, bool, type(None))
FLOATS = ("float16", "float32", "float64")
HEADER = ("format", "kind")  # what native.write adds to the metadata
NOT_SAVED = "which this release does not save"
Source = str | Callable[[Any], Any]


@dataclass
class Content:
    """The content of a file; `check` fills it, in the order of the attributes.

    Attributes
    ----------
    values : dict
        The values of the metadata by name, as their rules returned them.
    arrays : dict of str to ndarray
        The arrays by name, without those that hold words.
    words : dict of str to list of hashable
        The lists of words by the prefix of their arrays; see `Schema.words`.
    ids : dict of str to dict of hashable to int
        The position of each word in its list, by prefix.
    sizes : dict of str to int
        The value of each symbol in shapes.
    model : object
        What `Schema.construct` returned; None without one.
    own : dict of str to dict
        The attributes that the user has set, by the part of the object that they belong to; see
        `fastsgns.formats.own`.
    """

    values: dict[str, Any]
    arrays: native.Tensors
    words: dict[str, list[Hashable]] = field(default_factory=dict)
    ids: dict[str, dict[Hashable, int]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    model: Any = None
    own: Parts = field(default_factory=dict)


class When(NamedTuple):
    """The condition on which a file has an array.

    Attributes
    ----------
    parameter : str
        The parameter of the model that decides, for messages.
    holds : callable
        ``holds(content)`` returns whether a file with this content has the array.
    """

    parameter: str
    holds: Callable[[Content], bool]


class Array(NamedTuple):
    """One array of a file.

    Attributes
    ----------
    dtype : str
        A name of numpy's, ``"float"`` for any floating point type, or ``"any"``.
    shape : str
        Numbers and symbols, such as ``"words, vector_size + 1"``. The value of a symbol is the
        length of the list of words with this symbol, or the attribute of the model with this name.
        Any other symbol gets its value from the first array whose shape has it. ``...`` at the end
        allows further dimensions.
    source : str or callable, optional
        What `collect` reads the array from: an attribute of the object, such as
        ``"vocabulary.counts"``, or a function of the object. If it is None, the array is not saved.
        By default the attribute has the name of the array.
    when : When, optional
        If the condition does not hold, a file must not have the array.
    is_optional : bool
        Whether the array may be absent even if `when` holds or is not set.
    fault : callable, optional
        ``fault(name, array)`` returns what is wrong with the numbers of the array, or None.
    """

    dtype: str
    shape: str
    source: Source = ""
    when: When | None = None
    is_optional: bool = False
    fault: Callable[[str, np.ndarray], str | None] | None = None


class Words(NamedTuple):
    """One list of words, or of other keys, without repetitions.

    Attributes
    ----------
    size : str
        The symbol, in shapes, of the length of the list.
    source : str or callable
        As for `Array`. The value is None if an object has no such list.
    is_optional : bool
        Whether the list may be absent.
    """

    size: str = "words"
    source: Source = "vocabulary.words"
    is_optional: bool = False


class Value(NamedTuple):
    """One value of the metadata.

    Attributes
    ----------
    types : type or tuple of types
        A bool is accepted only if `bool` or `object` is listed, although bool is a kind of int.
    rule : callable, optional
        ``rule(name, value)`` returns the value to use, or raises a ValueError or TypeError.
    default : object
        The value for files of older releases, which did not write it. ``...`` means that every
        release wrote it.
    source : str or callable, optional
        As for `Array`.
    """

    types: Any
    rule: Callable[[str, Any], Any] | None = None
    default: Any = ...
    source: Source = ""


Values = Mapping[str, Value | Mapping[str, Value]]


@dataclass(frozen=True)
class Schema:
    """The table of one kind of file.

    Attributes
    ----------
    kind : str
        A key of `fastsgns.formats.kinds.KINDS`.
    arrays : dict of str to Array or list of Array
        The arrays by name. If a list is given, the array must match one of its entries. The first
        entry has the source, and decides whether the array is optional. A name such as ``"attr:*"``
        is for all arrays whose names begin with ``attr:``; the source returns a dict of them.
    values : dict of str to Value, or to dict of str to Value
        The values of the metadata by name. A dict is a part of the metadata, such as the
        parameters of a model.
    build : callable
        ``build(cls, content)`` returns the loaded object, an instance of `cls`.
    words : dict of str to Words
        The lists of words by the prefix of the names of their arrays: a list with the prefix
        ``source_`` is in the arrays ``source_words`` and ``source_word_ends``.
    construct : callable, optional
        ``construct(cls, values)`` returns a model without its arrays, after it has checked the
        parameters. For the classes that are models.
    fault : callable, optional
        ``fault(content)`` returns how arrays contradict each other or the values, or None.
    set_by_build : tuple of str
        The attributes that `build` sets and `construct` does not. Further ones are the user's own.
    parts : dict of str to collection of str
        Attributes that are objects and may have own attributes too, such as ``"wv"``, with the
        names of those that are not the user's.
    """

    kind: str
    arrays: Mapping[str, Array | list[Array]]
    values: Values
    build: Callable[[Any, Content], Any]
    words: Mapping[str, Words] = field(default_factory=lambda: {"": Words()})
    construct: Callable[[Any, dict[str, Any]], Any] | None = None
    fault: Callable[[Content], str | None] | None = None
    set_by_build: tuple[str, ...] = ()
    parts: Mapping[str, Collection[str]] = field(default_factory=dict)

    @property
    def can_resume(self) -> bool:
        """Whether the objects are models whose training can be resumed; a folder can hold them."""
        state = self.values.get("state")
        return isinstance(state, Mapping) and "unfinished" in state


def collect(schema: Schema, thing: Any) -> tuple[native.Tensors, dict[str, Any]]:
    """Return the arrays and the metadata that the file of an object will hold.

    Raises
    ------
    TypeError
        If a word has no portable form.
    """
    arrays: native.Tensors = {}
    for prefix, words in schema.words.items():
        listed = _read_source(words.source, "", thing)
        packed = {} if listed is None else native.pack_words(listed)
        arrays |= {prefix + name: array for name, array in packed.items()}
    for name, entries in schema.arrays.items():
        value = _read_source(_listed(entries)[0].source, name, thing)
        if name.endswith("*"):
            arrays |= {name[:-1] + key: array for key, array in value.items()}
        elif value is not None:
            arrays[name] = value
    return arrays, collect_values(schema.values, thing)


def collect_values(values: Values, thing: Any) -> dict[str, Any]:
    """Return the values of a part of the metadata, as they are set on an object."""
    return {
        name: _read_source(value.source, name, thing)
        if isinstance(value, Value)
        else collect_values(value, thing)
        for name, value in values.items()
    }


def _read_source(source: Source, name: str, thing: Any) -> Any:
    return source(thing) if callable(source) else attrgetter(source or name)(thing)


def _listed(entries: Array | list[Array]) -> list[Array]:
    return entries if isinstance(entries, list) else [entries]


def check(schema: Schema, cls: type, tensors: Mapping[str, np.ndarray], metadata: Any) -> Content:
    """Check the content of a file against the table of its kind.

    Parameters
    ----------
    schema : Schema
    cls : type
        The class of the object to load.
    tensors, metadata
        As `fastsgns.formats.native.read` returns them.

    Raises
    ------
    FormatError
        If something is missing, unknown, of another type or shape, or contradicts the rest.
    """
    values = {name: value for name, value in metadata.items() if name not in (*HEADER, own.KEY)}
    own_arrays = {name: array for name, array in tensors.items() if name.startswith(own.PREFIX)}
    arrays = {name: array for name, array in tensors.items() if name not in own_arrays}
    try:
        content = Content(check_values("metadata", values, schema.values), arrays)
        content.own = own.decode(metadata.get(own.KEY), own_arrays)
        if unknown := [part for part in content.own if part and part not in schema.parts]:
            raise FormatError(f"it holds attributes of {unknown[0]!r:.60}, {NOT_SAVED}")
        if schema.construct is not None:
            content.model = schema.construct(cls, content.values)
            numbers = vars(content.model).items()
            content.sizes = {k: n for k, n in numbers if type(n) is int}  # True is not a size
        for prefix, words in schema.words.items():
            _unpack_words(prefix, words, content)
        unused = set(content.arrays)
        for name, entries in schema.arrays.items():
            unused.difference_update(_check_arrays(name, _listed(entries), content))
        if unused:
            raise FormatError(f"it holds an array {min(unused)!r:.60}, {NOT_SAVED}")
        if schema.fault and (fault := schema.fault(content)):
            raise FormatError(fault)
    except FormatError:
        raise
    except (TypeError, ValueError, OverflowError, NotImplementedError) as error:
        raise FormatError(str(error)) from None
    return content


def check_values(part: str, entries: Any, values: Values) -> dict[str, Any]:
    """Check a part of the metadata, and return its values after their rules.

    A name that is not among `values` is an error. It may have a meaning in a newer release. It may
    also be an argument of the model's constructor, such as the path of a file to write, that
    somebody has added to the file.

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
    if not isinstance(entries, dict):
        raise FormatError(f"its {part} are {entries!r:.60}, where an object is expected")
    if unknown := [name for name in entries if name not in values]:
        raise FormatError(
            f"its {part} contain {unknown[0]!r:.60}, {NOT_SAVED}; the file was written by another "
            "release, or was changed"
        )
    return {name: _check_value(part, name, entries, value) for name, value in values.items()}


def _check_value(part: str, name: str, entries: dict[str, Any], value: Value | Values) -> Any:
    stored = entries.get(name, value.default if isinstance(value, Value) else ...)
    if stored is ...:
        raise FormatError(f"its {part} lack {name!r}")
    if not isinstance(value, Value):
        return check_values(name, stored, value)
    types = value.types if isinstance(value.types, tuple) else (value.types,)
    is_wrong_bool = isinstance(stored, bool) and not {bool, object} & set(types)
    if is_wrong_bool or not isinstance(stored, types):
        names = ["null" if kind is type(None) else kind.__name__ for kind in types]
        raise FormatError(f"{name} is {stored!r:.60}; allowed are {' and '.join(names)}")
    return stored if value.rule is None else value.rule(name, stored)


def _numbers(name: str, values: list[Any]) -> list[Any]:
    if not all(isinstance(value, REAL) for value in values):
        raise TypeError(f"{name} are {values!r:.60}; allowed are numbers")
    return values


def _unpack_words(prefix: str, entry: Words, content: Content) -> None:
    """Move a list of words from ``content.arrays`` to ``content.words``."""
    size = entry.size
    names = [name for name in native.PACKED if prefix + name in content.arrays]
    if entry.is_optional and not names:
        return
    packed = {name: content.arrays.pop(prefix + name) for name in names}
    content.words[prefix] = words = native.unpack_words(packed)
    content.ids[prefix] = ids = dict(zip(words, range(len(words))))
    content.sizes[size] = len(words)
    if len(ids) < len(words):
        twice = Counter(words).most_common(1)[0][0]
        raise FormatError(f"{twice!r:.60} is there twice; allowed is each of the {size} once")


def _check_arrays(name: str, entries: list[Array], content: Content) -> list[str]:
    """Check the arrays that a row of the table is for; return their names."""
    allowed = [entry for entry in entries if entry.when is None or entry.when.holds(content)]
    if name.endswith("*"):
        names = [each for each in content.arrays if each.startswith(name[:-1])]
    else:
        names = [name] if name in content.arrays else []
        when = next((entry.when for entry in entries if entry.when), None)
        owner = f"{when.parameter}={getattr(content.model, when.parameter)!r}" if when else "it"
        if names and not allowed:
            raise FormatError(f"it holds an array {name!r}, which {owner} does not have")
        if not names and allowed and not allowed[0].is_optional:
            raise FormatError(f"it holds no array {name!r}, which {owner} needs")
    for each in names:
        array = content.arrays[each]
        fits = [(entry, _sizes_that_fit(array, entry, content.sizes)) for entry in allowed]
        entry, sizes = next((fit for fit in fits if fit[1] is not None), (None, None))
        if entry is None or sizes is None:
            raise FormatError(_misfit(each, array, allowed, content))
        content.sizes = sizes
        if entry.fault and (fault := entry.fault(each, array)):
            raise FormatError(fault)
    return names


def _sizes_that_fit(
    array: np.ndarray, entry: Array, sizes: dict[str, int]
) -> dict[str, int] | None:
    """Return the sizes with those that the array adds, or None if it is not as `entry` says."""
    dtypes = FLOATS if entry.dtype == "float" else (entry.dtype,)
    symbols = entry.shape.removesuffix(", ...").split(", ")
    n_more = array.ndim - len(symbols)
    if entry.dtype != "any" and array.dtype.name not in dtypes:
        return None
    if n_more < 0 or (n_more > 0 and not entry.shape.endswith("...")):
        return None
    sizes = dict(sizes)
    for n, symbol in zip(array.shape, symbols):
        name, _, extra = symbol.partition(" ")  # "words - 1": the size of words is n + 1
        n -= int(extra.replace(" ", "") or 0)
        if n < 0 or n != (int(name) if name.isdigit() else sizes.setdefault(name, n)):
            return None
    return sizes


def _misfit(name: str, array: np.ndarray, allowed: list[Array], content: Content) -> str:
    forms = " or ".join(f"({entry.shape}) and {entry.dtype}" for entry in allowed)
    sizes = [f"{k}={n}" for k, n in content.sizes.items() if re.search(rf"\b{k}\b", forms)]
    where = f", where {' and '.join(sizes)}" if sizes else ""
    return f"{name} is of shape {array.shape} and {array.dtype}; allowed is {forms}{where}"


COUNT = Value(int, rules.integer(0, 2**62))
RATE = Value(REAL, rules.ANY_NUMBER)  # `train` checks learning rates; users may set any before it
STATE = {"epochs_trained": COUNT, "epochs_begun": COUNT, "epoch_losses": Value(list, _numbers)}
