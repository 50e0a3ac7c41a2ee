"""KeyedVectors as a native file: the vectors, the keys, and their attributes."""

import re
from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import header, native, saving

KIND = "vectors"
ATTR = "attr:"
METADATA = {"attributes": dict, "strict": bool}
ADDED_LATER = {"strict": False}
PLAIN = (str, int, float, bool, type(None))
LISTED = re.compile(r"\|O|[<>|][biuf][0-9]{1,2}")


def save(kv: Any, path: Any) -> None:
    """Write `kv` (a KeyedVectors) to one file; see `KeyedVectors.save`."""
    saving.save(path, KIND, *dump(kv), refuse_not_finite=False)


def dump(kv: Any, called: str = "kv") -> tuple[native.Tensors, dict]:
    """Give what a file must hold for `fill` to rebuild `kv`: arrays and metadata.

    Raises
    ------
    ValueError, TypeError
        If there are empty slots, or a key or an attribute has no portable form.
    """
    check_in_step(kv, called)
    if kv.vector_size != kv.array.shape[1]:
        raise ValueError(
            f"vector_size is {kv.vector_size!r}, but the vectors have {kv.array.shape[1]} "
            "numbers each; set vector_size to that"
        )
    tensors = {"vectors": kv.array, **native.pack_words(kv.index_to_key)}
    if np.shape(kv.vectors_lockf) != (1,) or kv.vectors_lockf[0] != 1:
        tensors["lockf"] = np.asarray(kv.vectors_lockf, np.float32)
    saving.warn_of_own(kv, called, saving.KEYED)
    listed = {}
    for name, column in kv.expandos.items():
        if not isinstance(name, str):
            raise TypeError(f"the name of an attribute is {name!r}; only a str can be saved")
        values = np.asarray(column)
        if values.dtype.newbyteorder("<").str.replace("|", "") in header.DTYPES.values():
            tensors[ATTR + name] = values
        else:
            dtype = "|O" if values.dtype.kind == "U" else values.dtype.str
            listed[name] = {"dtype": dtype, "values": _as_list(name, values)}
    return tensors, {"attributes": listed, "strict": bool(kv.strict)}


def check_in_step(kv: Any, name: str = "kv") -> None:
    """Raise a ValueError unless `kv` has a vector per key and knows where each key is."""
    if len(kv.array) != len(kv) or None in kv.index_to_key:
        raise ValueError(
            f"{name} has {len(kv)} keys, {kv.index_to_key.count(None)} of them empty slots, and "
            f"{len(kv.array)} vectors; fill the slots or call resize_vectors() before saving"
        )
    places = list(map(kv.key_to_index.get, kv.index_to_key))
    if len(kv.key_to_index) != len(kv) or places != list(range(len(kv))):
        raise ValueError(
            f"key_to_index of {name} does not say where the keys of index_to_key are; set it to "
            f"{{key: i for i, key in enumerate({name}.index_to_key)}}"
        )


def _as_list(name: str, values: np.ndarray) -> list[Any]:
    plain = values.tolist()
    odd = [value for value in plain if not isinstance(value, PLAIN)]
    if odd or values.dtype.kind not in "biufOU":
        seen = f"{odd[0]!r} of type {type(odd[0]).__name__}" if odd else str(values.dtype)
        raise TypeError(
            f"attribute {name!r} holds {seen}, which can't be saved; "
            f"allowed are str, int, float and bool. Or delete kv.expandos[{name!r}]."
        )
    return plain


def fill(kv: Any, tensors: native.Tensors, metadata: dict) -> None:
    """Give an empty `kv` what a file holds.

    Raises
    ------
    FormatError, KeyError
        If the arrays contradict each other, or one is missing.
    """
    words, vectors = native.unpack_words(tensors), tensors["vectors"]
    if vectors.ndim != 2 or len(vectors) != len(words) or vectors.dtype.kind != "f":
        raise FormatError(
            f"{len(words)} keys with vectors of shape {vectors.shape} of {vectors.dtype}"
        )
    kv.set_items(words, vectors)
    if len(kv.key_to_index) != len(words):
        raise FormatError("a key comes twice")
    kv.strict = metadata["strict"]
    kv.vectors_lockf = _lockf(tensors.get("lockf", kv.vectors_lockf), len(words))
    for name, values in tensors.items():
        if name.startswith(ATTR):
            kv.expandos[name.removeprefix(ATTR)] = np.array(values)
    kv.expandos |= _listed(metadata["attributes"])
    for name, values in kv.expandos.items():
        if values.shape[:1] != (len(words),):
            raise FormatError(f"{len(words)} keys with attribute {name!r} of shape {values.shape}")


def _lockf(factors: np.ndarray, n_words: int) -> np.ndarray:
    if factors.shape not in ((1,), (n_words,)) or factors.dtype != np.float32:
        raise FormatError(
            f"{n_words} words with lockf of shape {factors.shape} and {factors.dtype}"
        )
    return factors


def _listed(attributes: Any) -> dict[str, np.ndarray]:
    try:
        return {
            name: _column(entry["dtype"], entry["values"]) for name, entry in attributes.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"its attributes can't be read ({error})") from None


def _column(dtype: Any, values: Any) -> np.ndarray:
    """Make an attribute of what JSON says; its type is checked, as it could ask for any size."""
    if not (isinstance(dtype, str) and LISTED.fullmatch(dtype)):
        raise ValueError(f"of type {dtype!r:.60}")
    if not (isinstance(values, list) and all(isinstance(value, PLAIN) for value in values)):
        raise ValueError(f"{values!r:.60} is no list of plain values")
    wanted = np.dtype(dtype.removeprefix("|"))
    if wanted.kind in "iu":  # numpy 1.26 would wrap what does not fit
        limits = np.iinfo(wanted)
        if any(not isinstance(v, int) or not limits.min <= v <= limits.max for v in values):
            raise ValueError(f"{values!r:.60} does not fit {wanted}")
    return np.array(values, wanted)
