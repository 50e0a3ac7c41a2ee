"""A graph as the arrays of a native file, and back."""

import os
from collections.abc import Hashable

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import native
from fastsgns.formats.contents import checked
from fastsgns.formats.files import by_magic, is_url, local_path, naming
from fastsgns.formats.header import MOST_BYTES
from fastsgns.formats.sniffing import is_native
from fastsgns.graph.building import Rows, expand
from fastsgns.graph.rows import check_rows, find_edges, transpose

KIND = "graph"


def pack(rows: Rows, names: list[Hashable]) -> native.Tensors:
    """Arrays of the out side and the names.

    Raises
    ------
    TypeError
        If a name has no portable form: `fastsgns.formats.keys` lists those that have one.
    """
    tensors = {"out_offsets": rows.offsets, "out_targets": rows.targets}
    if rows.weights is not None:
        tensors["out_weights"] = rows.weights
    if rows.signs is not None:
        tensors["is_negative"] = (rows.signs < 0).astype(np.uint8)
    return tensors | native.pack_words(names)


def is_saved(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as a native one does: the length of a header, then the header."""
    name = local_path(path)
    if is_url(name) or not os.path.isfile(name):
        return False
    with open(name, "rb") as file:
        head = file.peek(9)[:9]
        if not is_native(head, MOST_BYTES) and (decompress := by_magic(head)):
            with naming(name), decompress(file) as inner:
                head = inner.read(9)
    return is_native(head, MOST_BYTES)


def unpack(tensors: native.Tensors, metadata: dict) -> tuple[Rows, list[Hashable], bool]:
    """Inverse of `pack`.

    Raises
    ------
    FormatError
        If anything is missing, or contradicts anything else.
    """
    names = native.unpack_words(tensors)
    is_directed = checked("metadata", metadata, {"is_directed": bool})["is_directed"]
    if len(set(names)) < len(names):
        raise FormatError("a name stands twice")
    offsets = _array(tensors, "out_offsets", np.int64, len(names) + 1)
    targets = _array(tensors, "out_targets", np.int32, None)
    weights = negative = None
    if "out_weights" in tensors:
        weights = _array(tensors, "out_weights", np.float32, len(targets))
        if not np.all((weights > 0) & np.isfinite(weights)):
            raise FormatError("a weight is not positive and finite")
    if "is_negative" in tensors:
        negative = _array(tensors, "is_negative", np.uint8, len(targets))
        if not np.all(negative <= 1):
            raise FormatError("is_negative holds other numbers than 0 and 1")
    signs = None if negative is None else (1 - 2 * negative.astype(np.int8)).astype(np.int8)
    rows = Rows(offsets, targets, weights, signs)
    _check(rows, is_directed)
    return rows, names, is_directed


def _array(tensors: native.Tensors, name: str, dtype: type, length: int | None) -> np.ndarray:
    array = tensors.get(name)
    if array is None or array.dtype != dtype or array.ndim != 1:
        raise FormatError(f"{name} is missing, or no list of {np.dtype(dtype).name}")
    if length is not None and len(array) != length:
        raise FormatError(f"{name} has {len(array)} entries, where {length} are wanted")
    return np.ascontiguousarray(array)


def _check(rows: Rows, is_directed: bool) -> None:
    n_nodes = len(rows.offsets) - 1
    try:
        check_rows(rows.offsets, len(rows.targets))
        reverse = transpose(rows.offsets, rows.targets, None, n_nodes)
    except (ValueError, IndexError) as error:
        raise FormatError(str(error)) from None
    starts = np.zeros(len(rows.targets) + 1, bool)
    starts[rows.offsets] = True
    if np.any((rows.targets[1:] <= rows.targets[:-1]) & ~starts[1:-1]):
        raise FormatError("the targets of a node do not ascend")
    if is_directed:
        return
    back = find_edges(rows.offsets, rows.targets, rows.targets, expand(rows.offsets))
    if (
        not np.array_equal(reverse[1], rows.targets)
        or np.any(back < 0)
        or any(a is not None and np.any(a[back] != a) for a in (rows.weights, rows.signs))
    ):
        raise FormatError("the edges of an undirected graph do not all go both ways")
