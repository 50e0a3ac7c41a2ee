"""The native file of KeyedVectors: the vectors, the keys, and their attributes."""

import re
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import numpy as np

from fastsgns.errors import warn
from fastsgns.formats import header, kinds, saving
from fastsgns.formats.schema import PLAIN, Array, Content, Schema, Value, Words
from fastsgns.vectors import treepaths
from fastsgns.vectors.attributes import COUNT, look_made_up
from fastsgns.vectors.role_rows import held_views
from fastsgns.vectors.second import link_output, own_output

MADE_UP = "made_up_counts"
LISTED = re.compile(r"\|O|[<>|][biuf][0-9]{1,2}")


def save(kv: Any, path: Any, ignore: Any = ()) -> None:
    """Write `kv` (a KeyedVectors) to one file; see `KeyedVectors.save`."""
    check_before_save(kv)
    saving.save(path, SCHEMA, kv, refuse_not_finite=False, ignore=ignore)


def check_before_save(kv: Any) -> None:
    """Check that `kv` can be saved, and warn of what its file will not hold."""
    check_savable(kv, "kv")
    if own_output(kv) is not None:  # the views of a model's vectors belong to the model
        warn_of_views(kv, "kv")


def warn_of_views(kv: Any, name: str) -> None:
    """Warn (UserWarning) of attributes that were set on views of other roles than `kv`'s own.

    A view that nobody holds is gone, together with its attributes.
    """
    matrices = getattr(kv.role_link, "matrices", None)
    for role, view in (held_views(matrices) if matrices is not None else {}).items():
        saving.warn_of_own(view, f"{name}.{role}", saving.KEYED)


def check_savable(kv: Any, name: str) -> None:
    """Check what the table of a file can't say; `name` is what messages call the vectors.

    Raises
    ------
    ValueError, TypeError
        If there are empty slots, or a key or an attribute has no portable form.
    """
    check_in_step(kv, name)
    if kv.vector_size != kv.array.shape[1]:
        raise ValueError(
            f"vector_size is {kv.vector_size!r}, but the vectors have {kv.array.shape[1]} "
            "numbers each; set vector_size to that"
        )
    if odd := next((name for name in kv.expandos if not isinstance(name, str)), None):
        raise TypeError(f"the name of an attribute is {odd!r}; only a str can be saved")
    paths = [
        n for n, values in kv.expandos.stored().items() if treepaths.is_path(n, np.asarray(values))
    ]
    if paths and treepaths.arrays_of(kv) is None:
        warn(
            f"the file does not hold the attributes {paths}: not each key has a path in the "
            "Huffman tree"
        )


def check_in_step(kv: Any, name: str = "kv") -> None:
    """Raise a ValueError unless `kv` has a vector per key and knows where each key is."""
    if None in kv.index_to_key:
        raise ValueError(
            f"{name} has {len(kv)} keys, {kv.index_to_key.count(None)} of them empty slots; fill "
            "the slots with add_vector, or leave them out: "
            f"{name}.vectors_for_all({name}.key_to_index, copy_vecattrs=True)"
        )
    if len(kv.array) != len(kv):
        raise ValueError(
            f"{name} has {len(kv)} keys and {len(kv.array)} vectors; call {name}.resize_vectors(), "
            "which drops rows or appends small random ones"
        )
    places = list(map(kv.key_to_index.get, kv.index_to_key))
    if len(kv.key_to_index) != len(kv) or places != list(range(len(kv))):
        raise ValueError(
            f"key_to_index of {name} does not say where the keys of index_to_key are; set it to "
            f"{{key: i for i, key in enumerate({name}.index_to_key)}}"
        )


def fill(kv: Any, vectors: np.ndarray, content: Content) -> None:
    """Set the keys, vectors and attributes of an empty `kv` to those of a file."""
    kv.set_items(content.words[""], vectors, content.ids[""])
    kv.strict = content.values["strict"]
    kv.vectors_lockf = content.arrays.get("lockf", kv.vectors_lockf)
    for name, values in content.arrays.items():
        if name.startswith("attr:"):
            kv.expandos[name.removeprefix("attr:")] = np.array(values)
    kv.expandos |= content.values["attributes"] | treepaths.restore(content)
    is_made_up = content.values[MADE_UP]
    if is_made_up is None:  # of an older release
        is_made_up = look_made_up(kv.expandos.get(COUNT, np.zeros(0)))
    kv.key_table.expandos.mark_made_up(is_made_up)


def _build(cls: Any, content: Content) -> Any:
    kv = cls.__new__(cls)  # a derived class may take other arguments
    kinds.class_of("vectors").__init__(kv, 0)
    fill(kv, content.arrays["vectors"], content)
    if "output" in content.arrays:
        link_output(kv, content.arrays["output"])
    return kv


def _factors_to_save(kv: Any) -> np.ndarray | None:
    """Return the factors of the updates of `kv`, or None if all of them are 1 as one number."""
    if np.shape(kv.vectors_lockf) == (1,) and kv.vectors_lockf[0] == 1:
        return None
    return np.asarray(kv.vectors_lockf, np.float32)


def _columns(kv: Any) -> dict[str, np.ndarray]:
    """Return the attributes of the keys as arrays, without the paths in a Huffman tree."""
    columns = {name: np.asarray(values) for name, values in kv.expandos.stored().items()}
    return {name: values for name, values in columns.items() if not treepaths.is_path(name, values)}


def _has_made_up_counts(kv: Any) -> bool:
    made_up: bool = kv.key_table.expandos.has_made_up_counts
    return made_up


def _arrays_to_save(kv: Any) -> dict[str, np.ndarray]:
    """Return those attributes of the keys of `kv` that a file holds as arrays."""
    return {n: values for n, values in _columns(kv).items() if _is_an_array_of_files(values)}


def _lists_to_save(kv: Any) -> dict[str, Any]:
    """Return the other attributes of the keys of `kv`, as lists with their types."""
    listed = {}
    for name, values in _columns(kv).items():
        if not _is_an_array_of_files(values):
            dtype = "|O" if values.dtype.kind == "U" else values.dtype.str
            listed[name] = {"dtype": dtype, "values": _as_list(name, values)}
            if values.ndim > 1 and values.dtype.kind in "biuf":
                listed[name]["shape"] = list(values.shape)
    return listed


def _is_an_array_of_files(values: np.ndarray) -> bool:
    return values.dtype.newbyteorder("<") in header.NAMES


def _as_list(name: str, values: np.ndarray) -> list[Any]:
    plain: list[Any] = (values.ravel() if values.dtype.kind in "biuf" else values).tolist()
    odd = [value for value in plain if not isinstance(value, PLAIN)]
    if odd or values.dtype.kind not in "biufOU":
        seen = f"{odd[0]!r} of type {type(odd[0]).__name__}" if odd else str(values.dtype)
        raise TypeError(
            f"attribute {name!r} holds {seen}, which can't be saved; "
            f"allowed are str, int, float and bool. Or delete kv.expandos[{name!r}]."
        )
    return plain


def _attributes(name: str, entries: dict[str, Any]) -> dict[str, np.ndarray]:
    """Rule of the attributes that a file holds as lists."""
    try:
        return {
            key: _column(entry["dtype"], entry["values"], entry.get("shape"))
            for key, entry in entries.items()
        }
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ValueError(f"its {name} can't be read ({error})") from None


def _column(dtype: Any, values: Any, shape: Any = None) -> np.ndarray:
    """Make an attribute of what JSON says; its type is checked, as it could ask for any size.

    `shape` is that of an array of several dimensions, whose numbers `values` are.
    """
    if not (isinstance(dtype, str) and LISTED.fullmatch(dtype)):
        raise ValueError(f"of type {dtype!r:.60}")
    if not (isinstance(values, list) and all(isinstance(value, PLAIN) for value in values)):
        raise ValueError(f"{values!r:.60} is not a list of plain values")
    column_type = np.dtype(dtype.removeprefix("|"))
    if column_type.kind in "iu":  # numpy 1.26 would wrap what does not fit
        limits = np.iinfo(column_type)
        if any(not isinstance(v, int) or not limits.min <= v <= limits.max for v in values):
            raise ValueError(f"{values!r:.60} does not fit {column_type}")
    column = np.array(values, column_type)
    if shape is None:
        return column
    if not (isinstance(shape, list) and all(type(n) is int and n >= 0 for n in shape)):
        raise ValueError(f"of shape {shape!r:.60}")
    return column.reshape(shape)


def fault_of_attributes(content: Content) -> str | None:
    """Return which attribute does not have a value per key, or None."""
    n_words = content.sizes["words"]
    for name, values in content.values["attributes"].items():
        if values.shape[:1] != (n_words,):
            return f"{n_words} keys with attribute {name!r} of shape {values.shape}"
    return treepaths.fault(content)


def values(path: str = "") -> dict[str, Value]:
    """Return the values of the table of an object, for the vectors that are its attribute `path`.

    By default the object is the vectors.
    """
    return {
        "attributes": Value(dict, _attributes, source=_at(path, _lists_to_save)),
        MADE_UP: Value((bool, type(None)), default=None, source=_at(path, _has_made_up_counts)),
        "strict": Value(bool, default=False, source=_at(path, lambda kv: bool(kv.strict))),
    }


def arrays_beside(path: str = "") -> dict[str, Array | list[Array]]:
    """Return the arrays of that table beside the vectors."""
    factors = _at(path, _factors_to_save)
    return {
        "lockf": [Array("float32", n, factors, is_optional=True) for n in ("1", "words")],
        "attr:*": Array("any", "words, ...", _at(path, _arrays_to_save)),
        **{
            f"path_{name}": Array(dtype, shape, _path_array(path, name), is_optional=True)
            for name, (dtype, shape) in treepaths.ARRAYS.items()
        },
    }


def _path_array(path: str, name: str) -> Callable[[Any], Any]:
    """Return a function of an object that returns an array of its vectors' paths in a tree.

    The file of a model has the tree itself, so that the paths of a living model are left out.
    """

    def read(kv: Any) -> np.ndarray | None:
        arrays = None if path and kv.expandos.has_tree else treepaths.arrays_of(kv)
        return None if arrays is None else arrays[name]

    return _at(path, read)


def _at(path: str, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function of an object that calls `function` with the object's attribute `path`."""
    return (lambda thing: function(attrgetter(path)(thing))) if path else function


SCHEMA = Schema(
    "vectors",
    arrays={
        "vectors": Array("float", "words, vector_size", "array"),
        "output": Array("float", "words, output_size", own_output, is_optional=True),
        **arrays_beside(),
    },
    values=values(),
    build=_build,
    words={"": Words(source="index_to_key")},
    fault=fault_of_attributes,
    set_by_build=tuple(saving.KEYED),
)
