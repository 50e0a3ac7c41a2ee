"""Paths in a Huffman tree that vectors keep when they leave their model, and their form in files.

``kv.expandos["code"]`` and ``kv.expandos["point"]`` have an array per key: the branches and the
inner nodes from the root to the key, as in gensim. A file has the arrays of all keys in a row.
"""

from typing import Any

import numpy as np

from fastsgns.formats import faults
from fastsgns.formats.schema import Content
from fastsgns.vectors.attributes import TREE_ATTRIBUTES, split

ARRAYS = {
    "labels": ("uint8", "path_steps"),
    "nodes": ("int32", "path_steps"),
    "starts": ("int64", "words + 1"),
}
MAX_NODE = np.iinfo(np.int32).max


def is_path(name: str, values: np.ndarray) -> bool:
    """Return whether an attribute holds paths, and not a number or a text per key."""
    is_object = name in TREE_ATTRIBUTES and values.dtype.kind == "O"
    return is_object and any(isinstance(value, np.ndarray) for value in values.flat)


def arrays_of(kv: Any) -> dict[str, np.ndarray] | None:
    """Return the paths of all keys in a row, by the names of `ARRAYS`.

    None if the attributes are missing, or do not have a path for each key.
    """
    columns = [np.asarray(kv.expandos.get(name)) for name in TREE_ATTRIBUTES]
    if not len(kv) or any(c.shape != (len(kv),) or c.dtype.kind != "O" for c in columns):
        return None
    paths = [path for column in columns for path in column]
    if any(np.ndim(path) != 1 or np.asarray(path).dtype.kind not in "iu" for path in paths):
        return None
    lengths = [[len(path) for path in column] for column in columns]
    labels, nodes = map(np.concatenate, columns)
    is_fit = min(labels.min(initial=0), nodes.min(initial=0)) >= 0
    is_fit = is_fit and labels.max(initial=0) <= 1 and nodes.max(initial=0) <= MAX_NODE
    if not is_fit or lengths[0] != lengths[1]:
        return None
    starts = np.concatenate([[0], np.cumsum(lengths[0])])
    found = {"labels": labels, "nodes": nodes, "starts": starts}
    return {name: array.astype(ARRAYS[name][0]) for name, array in found.items()}


def fault(content: Content) -> str | None:
    """Return what is wrong with the paths of a file, or None."""
    names = [f"path_{name}" for name in ARRAYS]
    found = [content.arrays[name] for name in names if name in content.arrays]
    if not found:
        return None
    if len(found) < len(names):
        return "a part of the paths in the Huffman tree is missing"
    labels, nodes, starts = found
    if labels.max(initial=0) > 1 or nodes.min(initial=0) < 0:
        return "path_labels are not all 0 or 1, or path_nodes not all at least 0"
    return faults.of_offsets("path_starts", starts, len(nodes))


def restore(content: Content) -> dict[str, np.ndarray]:
    """Return the attributes of the paths of a file; none if it has no paths."""
    if "path_nodes" not in content.arrays:
        return {}
    labels, nodes, starts = (content.arrays[f"path_{name}"] for name in ARRAYS)
    return {"code": split(labels, starts, np.uint8), "point": split(nodes, starts, np.uint32)}
