"""Number nodes of any hashable type, and check names and indices of nodes."""

from collections.abc import Hashable, Iterable, Iterator
from typing import Any

import numpy as np

from fastsgns.formats.keys import Numbering, check_keys, plain_all

MAX_NODES = 2**31 - 1
TABLE_FACTOR = 8  # n integers are looked up in a table if their range is below 8 n
BLOCK = 1 << 20  # nodes that are looked up at a time
Names = list[Any]


def encode(
    sources: Iterable[Hashable], targets: Iterable[Hashable]
) -> tuple[np.ndarray, np.ndarray, Names]:
    """Number the nodes of edges.

    Parameters
    ----------
    sources, targets : arrays of int, or iterables of hashable, of the same length E

    Returns
    -------
    sources, targets : ndarray of int32, shape (E,)
    names : list
        The name of each number: ascending for two arrays of int, else in first-seen order.

    Raises
    ------
    ValueError
        If the lengths differ, or a node is missing (None or NaN).
    TypeError
        If a node can't be hashed.

    Examples
    --------
    >>> sources, targets, names = encode(["b", "a"], ["c", "b"])
    >>> sources.tolist(), targets.tolist(), names
    ([0, 2], [1, 0], ['b', 'c', 'a'])
    """
    columns = [column(sources, "sources"), column(targets, "targets")]
    if len(columns[0]) != len(columns[1]):
        raise ValueError(f"there are {len(columns[0])} sources and {len(columns[1])} targets")
    if all(isinstance(column, np.ndarray) for column in columns):
        return _encode_integers(*columns)
    return _encode_hashables(*(c.tolist() if isinstance(c, np.ndarray) else c for c in columns))


def column(nodes: Any, role: str) -> Any:
    """Return an array of whole numbers as int32 or int64, and anything else as a list.

    Raises
    ------
    TypeError
        If the nodes are not a sequence.
    ValueError
        If the nodes are an array of several dimensions.
    """
    if isinstance(nodes, (str, bytes)) or not hasattr(nodes, "__iter__"):
        raise TypeError(f"{role} must be a sequence of nodes, not {nodes!r:.60}")
    if hasattr(nodes, "dtype") or hasattr(nodes, "__array__"):
        nodes = np.asarray(nodes)
        if nodes.ndim != 1:
            raise ValueError(f"{role} must have one dimension, and have shape {nodes.shape}")
        if nodes.dtype.kind not in "iu":
            return plain_all(nodes)
        is_too_large = nodes.dtype == np.uint64 and nodes.max(initial=0) > np.iinfo(np.int64).max
        if is_too_large:
            return nodes.tolist()
        return nodes.astype(np.int32 if nodes.dtype == np.int32 else np.int64, copy=False)
    return list(nodes)


def _encode_integers(
    sources: np.ndarray, targets: np.ndarray
) -> tuple[np.ndarray, np.ndarray, Names]:
    """Number the nodes in ascending order, with a table if their range is small."""
    n = 2 * len(sources)
    if not n:
        return sources.astype(np.int32), targets.astype(np.int32), []
    low = min(int(sources.min()), int(targets.min()))
    high = max(int(sources.max()), int(targets.max()))
    if high - low >= TABLE_FACTOR * n:
        names, ids = np.unique(np.concatenate([sources, targets]), return_inverse=True)
        _check_number(len(names))
        both = ids.astype(np.int32)
        return both[: len(sources)], both[len(sources) :], names.tolist()
    is_present = np.zeros(high - low + 1, bool)
    for nodes in (sources, targets):
        for block in _blocks(nodes):
            is_present[block.astype(np.int64) - low] = True
    names = np.flatnonzero(is_present) + low
    _check_number(len(names))
    table = np.cumsum(is_present, dtype=np.int32) - np.int32(1)
    both = np.empty((2, len(sources)), np.int32)
    for ids, nodes in zip(both, (sources, targets)):
        for to, block in zip(_blocks(ids), _blocks(nodes)):
            to[:] = table[block.astype(np.int64) - low]
    return both[0], both[1], names.tolist()


def _blocks(array: np.ndarray) -> Iterator[np.ndarray]:
    """Yield parts of an array, so that temporary copies are small, and Ctrl-C takes effect."""
    for start in range(0, len(array), BLOCK):
        yield array[start : start + BLOCK]


def _encode_hashables(
    sources: list[Hashable], targets: list[Hashable]
) -> tuple[np.ndarray, np.ndarray, Names]:
    numbering = Numbering("the source of edge", "the target of edge")
    both, names = numbering.finish(numbering.add(sources, targets))
    _check_number(len(names))
    both = both.astype(np.int32)
    return both[:, 0].copy(), both[:, 1].copy(), names


def check_indices(nodes: Iterable[Any], n_nodes: int, role: str) -> np.ndarray:
    """Check nodes that are given as indices, and return them.

    Returns
    -------
    ndarray of int32

    Raises
    ------
    TypeError
        If the nodes are not whole numbers.
    ValueError
        If a number is negative, or `n_nodes` or more.
    """
    array = np.asarray(nodes if hasattr(nodes, "__len__") else list(nodes))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError(
            f"{role} are of shape {array.shape} and {array.dtype}; with `names` they are indices "
            "into it: one dimension of whole numbers"
        )
    low, high = (array.min(), array.max()) if array.size else (0, -1)
    if low < 0 or high >= n_nodes:
        raise ValueError(f"{role} are between {low} and {high}; there are {n_nodes} nodes")
    return np.ascontiguousarray(array, np.int32)


def check_names(names: Iterable[Hashable]) -> Names:
    """Check names, and return them as a list.

    Raises
    ------
    ValueError
        If two names are equal, one is missing, or there are too many.
    """
    if isinstance(names, range):  # nothing to check
        _check_number(len(names))
        return list(names)
    listed = check_keys(names, "the name of node")
    _check_number(len(listed))
    if len(set(listed)) < len(listed):
        seen: set[Hashable] = set()
        repeated = next(name for name in listed if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"the name {repeated!r:.60} is in `names` twice")
    return listed


def _check_number(n_nodes: int) -> None:
    if n_nodes > MAX_NODES:
        raise ValueError(f"there are {n_nodes} nodes; ids are int32, so the maximum is {MAX_NODES}")
