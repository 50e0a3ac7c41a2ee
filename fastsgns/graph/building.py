"""Turn edges in any order into compressed rows, with nodes in order of descending degree."""

import numbers
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from fastsgns.formats.keys import is_missing
from fastsgns.graph.rows import (
    add_reverses,
    compress,
    count_duplicates,
    descending_order,
    sum_duplicates,
    sums_by_node,
    transpose,
)
from fastsgns.runtime.machine import require_memory

CHECKED_EDGES = 1_000_000  # fewer are built without a look at the free memory


@dataclass
class Rows:
    """The out-edges of each node, ascending and without duplicates; see `DirectedGraph`.

    With times, the edges to a neighbour are ascending in time, and no two have the same time.
    """

    offsets: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    signs: np.ndarray | None
    times: np.ndarray | None = None


def check_weights(
    weights: Iterable[float] | None, n_edges: int, describe: Callable[[int], str] = str
) -> np.ndarray | None:
    """Check the weights of edges, and return them; None, which means weights of 1, stays None.

    Parameters
    ----------
    weights : iterable of float, or None
    n_edges : int
    describe : callable, optional
        ``describe(i)`` returns edge i as text, for messages.

    Returns
    -------
    ndarray of float64, shape (n_edges,), or None

    Raises
    ------
    ValueError
        If there are not `n_edges` weights, or if one is missing (None, NaN) or not finite in
        float32. The message names the edge.
    TypeError
        If a weight is not a real number. The message names the edge.
    """
    if weights is None:
        return None
    array = _array_of(weights)
    if array.shape != (n_edges,):
        raise ValueError(f"{n_edges} edges with weights of shape {array.shape}")
    if array.size and array.dtype.kind not in "biuf":
        array = _as_floats(array, describe)
    limit = float(np.finfo(np.float32).max)
    array = np.ascontiguousarray(array, np.float64)
    if len(wrong := np.flatnonzero(~(np.abs(array) <= limit))):
        edge = int(wrong[0])
        raise ValueError(
            f"edge {describe(edge)} has weight {array[edge]}; weights are finite and at most "
            f"{limit:.2g}. Drop the edge or give it a weight"
        )
    return array


def _array_of(weights: Any) -> np.ndarray:
    """Return an array as it is, a list of numbers as an array, and other iterables as objects."""
    if hasattr(weights, "__array__"):
        return np.asarray(weights)
    listed = list(weights)
    try:
        array = np.asarray(listed)
    except ValueError:  # some of them have a length
        array = None
    if array is None or array.ndim != 1 or array.dtype.kind not in "biuf":
        return np.fromiter(listed, object, len(listed))
    return array


def _as_floats(weights: np.ndarray, describe: Callable[[int], str]) -> np.ndarray:
    """Convert objects to float64, one by one so that an error can name the edge."""
    for edge, weight in enumerate(weights.tolist()):
        if is_missing(weight):
            raise ValueError(
                f"edge {describe(edge)} has weight {weight!r}; drop the edge or give it a weight"
            )
        if not isinstance(weight, (numbers.Real, Decimal)):
            raise TypeError(
                f"edge {describe(edge)} has weight {weight!r:.60}, a {type(weight).__name__}; "
                "weights are real numbers" + "; convert it with float()" * isinstance(weight, str)
            )
    return weights.astype(np.float64)


def build(
    sources: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray | None,
    n_nodes: int,
    directed: bool,
) -> tuple[Rows, np.ndarray]:
    """Number the nodes by descending degree and compress the edges.

    `DirectedGraph` describes what becomes of edges that are given several times, of weights of 0
    and of negative weights.

    Parameters
    ----------
    sources, targets : ndarray of int32, shape (E,)
        Numbers below `n_nodes`.
    weights : ndarray of float64, shape (E,), or None
    n_nodes : int
    directed : bool
        If False, each edge that is not a loop is stored in both directions.

    Returns
    -------
    rows : Rows
        The edges by id.
    order : ndarray of int64, shape (n_nodes,)
        The old number of each id. Nodes of equal degree stay in the order of their numbers.
    """
    _require_memory(len(sources), n_nodes, weights is not None, directed)
    if not directed:
        sources, targets, weights = _both_ways(sources, targets, weights, n_nodes)
    sizes = None
    if weights is not None:
        # degrees are sums of absolute weights, which are known after duplicates are summed
        offsets, targets, weights = _compress(sources, targets, weights, n_nodes)
        sources, sizes = expand(offsets), np.abs(np.asarray(weights, np.float32))
    total = sums_by_node(sources, sizes, n_nodes) + sums_by_node(targets, sizes, n_nodes)
    del sizes
    order = descending_order(total)
    rank = np.empty(n_nodes, np.int32)
    rank[order] = np.arange(n_nodes, dtype=np.int32)
    return signed(*_compress(sources, targets, weights, n_nodes, rank)), order


def _require_memory(n_edges: int, n_nodes: int, weighted: bool, directed: bool) -> None:
    """Raise a MemoryError if a large graph does not fit the free memory."""
    if n_edges < CHECKED_EDGES:
        return
    n_stored = n_edges if directed else 2 * n_edges
    # Edges in both directions are copied. A sort by target and one by source are there at once, and
    # the counts of edges that are given several times. With weights, those of two sorts too.
    edge_bytes = (36 if weighted else 12) + (0 if directed else 16 if weighted else 8)
    require_memory(
        n_stored * edge_bytes + 48 * n_nodes,
        f"{n_edges:,} edges",
        "A graph without weights needs less; close other programs, or drop edges.",
    )


def _both_ways(
    sources: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, n_nodes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Add the reverse of each edge.

    Duplicates are summed before, because a float sum in another order could differ from that of
    the reverse edge.
    """
    if weights is not None:
        ends = np.minimum(sources, targets), np.maximum(sources, targets)
        offsets, targets, weights = _compress(*ends, weights, n_nodes)
        sources = expand(offsets)
    return add_reverses(sources, targets, weights)


def _compress(
    sources: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray | None,
    n_nodes: int,
    rank: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Sort edges by source and then by target, with two stable counting sorts; sum duplicates.

    The weights are float64, or float32 if they are the counts of edges without weights.
    """
    by_target = compress(targets, sources, weights, n_nodes, rank)
    offsets, targets, weights = transpose(*by_target, n_nodes)
    del by_target
    if weights is None:
        counts = count_duplicates(offsets, targets)
        return offsets, targets if counts is None else targets[: len(counts)], counts
    kept = sum_duplicates(offsets, targets, weights)
    targets, weights = targets[:kept], weights[:kept]
    check_sums(weights)
    return offsets, targets, weights


def check_sums(weights: np.ndarray) -> None:
    """Raise a ValueError if a sum of the weights of equal edges is too large for float32."""
    if len(weights) and np.abs(weights).max() > np.finfo(np.float32).max:
        raise ValueError("the weights of an edge given several times sum to over 3.4e+38")


def signed(offsets: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> Rows:
    """Separate signs from absolute weights; signs are None if all are 1, and so are weights."""
    if weights is None:
        return Rows(offsets, targets, None, None)
    signs = np.where(weights < 0, np.int8(-1), np.int8(1)) if np.any(weights < 0) else None
    absolute: np.ndarray | None = np.abs(weights.astype(np.float32, copy=False))
    if np.all(absolute == 1):
        absolute = None
    return Rows(offsets, np.ascontiguousarray(targets), absolute, signs)


def expand(offsets: np.ndarray) -> np.ndarray:
    """Return the row of each entry of compressed rows, int32.

    Examples
    --------
    >>> expand(np.array([0, 2, 2, 3])).tolist()
    [0, 0, 2]
    """
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
