"""Edges in any order to compressed rows, nodes in order of their degree."""

import numbers
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from fastsgns.formats.keys import is_missing
from fastsgns.graph.rows import compress, has_duplicates, sum_duplicates, transpose


@dataclass
class Rows:
    """Compressed rows, each ascending and without doubles; attributes as of `DirectedGraph`."""

    offsets: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    signs: np.ndarray | None


def check_weights(
    weights: Iterable[float] | None, n_edges: int, name: Callable[[int], str] = str
) -> np.ndarray | None:
    """Check the weights of edges; None stays None, as all of weight 1.

    Parameters
    ----------
    weights : iterable of float, or None
    n_edges : int
    name : callable, optional
        ``name(i)`` describes edge i, for errors.

    Returns
    -------
    ndarray of float64, shape (n_edges,), or None

    Raises
    ------
    ValueError
        If their number is another, or one is missing (None, NaN) or not finite in float32; it
        names the edge.
    TypeError
        If one is not a real number; it names the edge.
    """
    if weights is None:
        return None
    array = _array_of(weights)
    if array.shape != (n_edges,):
        raise ValueError(f"{n_edges} edges with weights of shape {array.shape}")
    if array.size and array.dtype.kind not in "biuf":
        array = _as_floats(array, name)
    limit = float(np.finfo(np.float32).max)
    array = np.ascontiguousarray(array, np.float64)
    if len(wrong := np.flatnonzero(~(np.abs(array) <= limit))):
        edge = int(wrong[0])
        raise ValueError(
            f"edge {name(edge)} has weight {array[edge]}; weights are finite and at most "
            f"{limit:.2g}. Drop the edge or give it a weight"
        )
    return array


def _array_of(weights: Any) -> np.ndarray:
    """Return an array of numbers as it is, and anything that holds something else as objects."""
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


def _as_floats(weights: np.ndarray, name: Callable[[int], str]) -> np.ndarray:
    """Convert Python's numbers one by one, so that an error can name the edge."""
    for edge, weight in enumerate(weights.tolist()):
        if is_missing(weight):
            raise ValueError(
                f"edge {name(edge)} has weight {weight!r}; drop the edge or give it a weight"
            )
        if not isinstance(weight, (numbers.Real, Decimal)):
            raise TypeError(
                f"edge {name(edge)} has weight {weight!r:.60}, a {type(weight).__name__}; weights "
                "are real numbers"
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

    Edges given several times become one whose weight is their sum; without weights it is their
    number. What sums to 0 is no edge. The sign of a negative sum is kept apart from its size.

    Parameters
    ----------
    sources, targets : ndarray of int32, shape (E,)
        Below `n_nodes`.
    weights : ndarray of float64, shape (E,), or None
    n_nodes : int
    directed : bool
        Otherwise each edge that is no loop is stored both ways.

    Returns
    -------
    rows : Rows
        Of the new ids.
    order : ndarray of int64, shape (n_nodes,)
        The old id of each new one; equal degrees stay in the order of the old ids.
    """
    if not directed:
        sources, targets, weights = _both_ways(sources, targets, weights, n_nodes)
    if weights is None:
        total = np.bincount(sources, minlength=n_nodes) + np.bincount(targets, minlength=n_nodes)
    else:  # their sums are known once they are merged
        offsets, targets, weights = _compress(sources, targets, weights, n_nodes)
        sources = expand(offsets)
        sizes = np.abs(np.asarray(weights, np.float32)).astype(np.float64)
        total = np.bincount(sources, sizes, n_nodes) + np.bincount(targets, sizes, n_nodes)
    order = np.argsort(-total, kind="stable")
    rank = np.empty(n_nodes, np.int32)
    rank[order] = np.arange(n_nodes, dtype=np.int32)
    return _signed(*_compress(rank[sources], rank[targets], weights, n_nodes)), order


def _both_ways(
    sources: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, n_nodes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Weights are merged first, as sums of floats in two orders might differ both ways."""
    if weights is not None:
        ends = np.minimum(sources, targets), np.maximum(sources, targets)
        offsets, targets, weights = _compress(*ends, weights, n_nodes)
        sources = expand(offsets)
    no_loop = sources != targets
    both = np.concatenate([sources, targets[no_loop]]), np.concatenate([targets, sources[no_loop]])
    return *both, None if weights is None else np.concatenate([weights, weights[no_loop]])


def _compress(
    sources: np.ndarray, targets: np.ndarray, weights: np.ndarray | None, n_nodes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Two stable counting sorts, by target and then by source; then what is double is merged."""
    by_target = compress(targets, sources, weights, n_nodes)
    offsets, targets, weights = transpose(*by_target, n_nodes)
    if weights is None and has_duplicates(offsets, targets):
        weights = np.ones(len(targets))
    if weights is not None:
        kept = sum_duplicates(offsets, targets, weights)
        targets, weights = targets[:kept], weights[:kept]
        if kept and np.abs(weights).max() > np.finfo(np.float32).max:
            raise ValueError("the weights of an edge given several times sum to over 3.4e+38")
    return offsets, targets, weights


def _signed(offsets: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> Rows:
    """Signs and sizes apart; each is None if it says nothing."""
    if weights is None:
        return Rows(offsets, targets, None, None)
    signs = np.where(weights < 0, np.int8(-1), np.int8(1)) if np.any(weights < 0) else None
    sizes = np.abs(weights).astype(np.float32)
    return Rows(
        offsets, np.ascontiguousarray(targets), None if np.all(sizes == 1) else sizes, signs
    )


def expand(offsets: np.ndarray) -> np.ndarray:
    """Name the row of each entry, int32.

    Examples
    --------
    >>> expand(np.array([0, 2, 2, 3])).tolist()
    [0, 0, 2]
    """
    return np.repeat(np.arange(len(offsets) - 1, dtype=np.int32), np.diff(offsets))
