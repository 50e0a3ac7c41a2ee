"""Times of edges: check them, and compress edges so that each time of an edge stays an edge."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastsgns.graph.building import Rows, check_sums, expand, signed
from fastsgns.graph.rows import compress, transpose

EPOCH = np.datetime64(0, "s")  # 1970-01-01


def check_times(times: Any, n_edges: int, describe: Callable[[int], str] = str) -> np.ndarray:
    """Check the times of edges, and return them as numbers.

    Parameters
    ----------
    times : iterable of float, or array of datetime64
    n_edges : int
    describe : callable, optional
        ``describe(i)`` returns edge i as text, for messages.

    Returns
    -------
    ndarray of float64, shape (n_edges,)
        A datetime64 becomes the seconds since 1970-01-01.

    Raises
    ------
    ValueError
        If there are not `n_edges` times, or one is missing (None, NaN, NaT) or not finite.
    TypeError
        If a time is not a number.

    Examples
    --------
    >>> check_times(np.array(["1970-01-01", "1970-01-02"], "datetime64[D]"), 2).tolist()
    [0.0, 86400.0]
    """
    array = times if isinstance(times, np.ndarray) else None
    if array is None:
        array = np.asarray(times) if hasattr(times, "__array__") else _array_of(list(times))
    if array.shape != (n_edges,):
        raise ValueError(f"{n_edges} edges with times of shape {array.shape}")
    if array.dtype.kind == "M":
        array = (array - EPOCH) / np.timedelta64(1, "s")  # NaT becomes NaN
    elif array.dtype.kind not in "biuf":
        for edge, time in enumerate(array.tolist()):
            if time is None or not isinstance(time, (int, float)):
                error = ValueError if time is None else TypeError
                raise error(
                    f"the time of edge {describe(edge)} is {time!r:.60}; times are numbers, or an "
                    'array such as numpy.array(times, "datetime64[s]")'
                )
    array = np.ascontiguousarray(array, np.float64)
    if len(wrong := np.flatnonzero(~np.isfinite(array))):
        edge = int(wrong[0])
        raise ValueError(
            f"the time of edge {describe(edge)} is {array[edge]}; give each edge a finite time"
        )
    return array


def _array_of(times: list[Any]) -> np.ndarray:
    array = np.asarray(times)
    if array.ndim == 1 and array.dtype.kind in "biufM":
        return array
    objects = np.empty(len(times), object)
    objects[:] = times
    return objects


def build_timed(
    sources: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray | None,
    times: np.ndarray,
    n_nodes: int,
    directed: bool,
) -> tuple[Rows, np.ndarray]:
    """Number the nodes by descending degree, and compress edges that have times.

    As `fastsgns.graph.building.build`, but only edges between the same nodes *at the same time* are
    one edge. The edges between two nodes are in the order of their times.

    Parameters
    ----------
    sources, targets : ndarray of int32, shape (E,)
        Numbers below `n_nodes`.
    weights : ndarray of float64, shape (E,), or None
    times : ndarray of float64, shape (E,)
    n_nodes : int
    directed : bool
        If False, each edge that is not a loop is stored in both directions, at the same time.

    Returns
    -------
    rows : Rows
    order : ndarray of int64, shape (n_nodes,)
        The old number of each id.
    """
    if not directed:
        sources, targets = np.minimum(sources, targets), np.maximum(sources, targets)
    sources, targets, weights, times = _merged(sources, targets, weights, times, n_nodes)
    if not directed:
        both = sources != targets
        ends = np.append(sources, targets[both]), np.append(targets, sources[both])
        times = np.append(times, times[both])
        weights = None if weights is None else np.append(weights, weights[both])
        sources, targets = ends
    sizes = None if weights is None else np.abs(weights.astype(np.float32)).astype(np.float64)
    total = np.bincount(sources, sizes, n_nodes) + np.bincount(targets, sizes, n_nodes)
    order = np.argsort(-total, kind="stable")
    rank = np.empty(n_nodes, np.int32)
    rank[order] = np.arange(n_nodes, dtype=np.int32)
    # `_merged` has sorted the edges between two nodes by time, in either direction
    offsets, targets, places = _sorted(rank[sources], rank[targets], n_nodes)
    rows = signed(offsets, targets, None if weights is None else weights[places])
    rows.times = times[places]
    return rows, order


def _sorted(
    sources: np.ndarray, targets: np.ndarray, n_nodes: int, order: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sort edges by source, then by target; edges between the same nodes stay in their order.

    Parameters
    ----------
    sources, targets : ndarray of int32, shape (E,)
    n_nodes : int
    order : ndarray of int64, shape (E,), optional
        The edges in another order than the one they are given in.

    Returns
    -------
    offsets : ndarray of int64, shape (n_nodes + 1,)
    targets : ndarray of int32, shape (E,)
    places : ndarray of int64, shape (E,)
        The old position of each edge.
    """
    if order is None:
        order = np.arange(len(sources))
    else:
        sources, targets = sources[order], targets[order]
    # The two counting sorts are stable. They carry positions as float64, which is exact below 2^53.
    by_target = compress(targets, sources, order.astype(np.float64), n_nodes)
    offsets, targets, places = transpose(*by_target, n_nodes)
    return offsets, targets, places.astype(np.int64)


def _merged(
    sources: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray | None,
    times: np.ndarray,
    n_nodes: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray]:
    """Merge edges of the same ends and time; drop those whose sum of weights is 0 in float32."""
    by_time = np.argsort(times, kind="stable")
    offsets, targets, places = _sorted(sources, targets, n_nodes, by_time)
    sources, times = expand(offsets), times[places]
    is_first = np.ones(len(times), bool)
    is_first[1:] = (
        (sources[1:] != sources[:-1])
        | (targets[1:] != targets[:-1])
        | (times[1:] != times[:-1])
    )  # fmt: skip
    starts = np.flatnonzero(is_first)
    if weights is None:
        if len(starts) == len(times):
            return sources, targets, None, times
        weights = np.diff(np.append(starts, len(times))).astype(np.float64)
    else:
        weights = np.add.reduceat(weights[places], starts) if len(starts) else weights
        check_sums(weights)
        starts = starts[kept := weights.astype(np.float32) != 0]
        weights = weights[kept]
    return sources[starts], targets[starts], weights, times[starts]


def reverses(offsets: np.ndarray, targets: np.ndarray, n_nodes: int) -> np.ndarray | None:
    """Return the position of the reverse of each edge, at the same place among edges of both nodes.

    Returns
    -------
    ndarray of int64, shape (E,), or None
        None if some edge has no reverse.
    """
    places = np.arange(len(targets), dtype=np.float64)
    other_offsets, sources, back = transpose(offsets, targets, places, n_nodes)
    if not np.array_equal(other_offsets, offsets) or not np.array_equal(sources, targets):
        return None
    return back.astype(np.int64)
