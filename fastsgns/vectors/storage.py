"""KeyedVectors as a native file: the vectors, the keys, and their attributes."""

from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import native

KIND = "vectors"
ATTR = "attr:"


def save(kv: Any, path: Any) -> None:
    """Write `kv` (a KeyedVectors) to one file; see `KeyedVectors.save`."""
    native.write(path, KIND, *dump(kv))


def dump(kv: Any) -> tuple[native.Tensors, dict]:
    """Give what a file must hold for `fill` to rebuild `kv`: arrays and metadata.

    Raises
    ------
    ValueError, TypeError
        If there are empty slots, or a key or an attribute has no portable form.
    """
    if len(kv._vectors) != len(kv) or None in kv.index_to_key:
        raise ValueError(
            f"{len(kv.index_to_key)} keys, {kv.index_to_key.count(None)} of them empty slots, and "
            f"{len(kv._vectors)} vectors; fill the slots or call resize_vectors() before saving"
        )
    tensors = {"vectors": kv._vectors, **native.pack_words(kv.index_to_key)}
    if len(kv.vectors_lockf) > 1:
        tensors["lockf"] = np.asarray(kv.vectors_lockf, np.float32)
    listed = {}
    for name, values in kv.expandos.items():
        if values.dtype.newbyteorder("<").str.replace("|", "") in native.DTYPES.values():
            tensors[ATTR + name] = values
        else:
            listed[name] = {"dtype": values.dtype.str, "values": _as_list(name, values)}
    return tensors, {"attributes": listed}


def _as_list(name: str, values: np.ndarray) -> list[Any]:
    plain = values.tolist()
    allowed = (str, int, float, bool, type(None))
    odd = next((value for value in plain if not isinstance(value, allowed)), None)
    if odd is not None:
        raise TypeError(
            f"attribute {name!r} holds {odd!r} of type {type(odd).__name__}, which can't be saved; "
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
    kv._set(words, vectors)
    if len(kv.key_to_index) != len(words):
        raise FormatError("a key comes twice")
    kv.vectors_lockf = tensors.get("lockf", kv.vectors_lockf)
    for name, values in tensors.items():
        if name.startswith(ATTR):
            kv.expandos[name.removeprefix(ATTR)] = np.array(values)
    kv.expandos |= _listed(metadata.get("attributes", {}))
    for name, values in kv.expandos.items():
        if values.shape[:1] != (len(words),):
            raise FormatError(f"{len(words)} keys with attribute {name!r} of shape {values.shape}")


def _listed(attributes: Any) -> dict[str, np.ndarray]:
    try:
        return {
            name: np.array(entry["values"], "O" if entry["dtype"] == "|O" else entry["dtype"])
            for name, entry in attributes.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"its attributes can't be read ({error})") from None
