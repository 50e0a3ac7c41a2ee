"""Neighbours: the edges that walks move along, by the node they start from."""

from typing import Any, NamedTuple

import numpy as np

from fastsgns.graph import edges

SIDES = ("out", "in", "both")


class Neighbours(NamedTuple):
    """Neighbours by node in compressed rows, with alias tables if there are weights.

    Made by `of` or `from_rows`, which check what walks then rely on.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_nodes + 1,)
        The neighbours of node i are ``targets[offsets[i]:offsets[i + 1]]``.
    targets : ndarray of int32, shape (n_edges,)
        Sorted within a node.
    weights : ndarray of float32, shape (n_edges,), or None
        None if all are alike.
    slots : ndarray of uint32, shape (n_edges, 2), or None
        Alias tables of the weights, one a node (`fastsgns.graph.edges.alias_rows`).
    totals : ndarray of float64, shape (n_nodes,), or None
        Sums of the weights by node.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> path = SimpleNamespace(
    ...     out_offsets=np.array([0, 1, 2, 2]), out_targets=np.array([1, 2], np.int32),
    ...     in_offsets=np.array([0, 0, 1, 2]), in_sources=np.array([0, 1], np.int32),
    ...     out_weights=None, in_weights=None, is_directed=True)
    >>> Neighbours.of(path, "both").targets.tolist()
    [1, 0, 2, 1]
    """

    offsets: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None = None
    slots: np.ndarray | None = None
    totals: np.ndarray | None = None

    @classmethod
    def of(cls, graph: Any, side: str = "out") -> "Neighbours":
        """The edges of a graph from one side, sharing its arrays.

        Parameters
        ----------
        graph : DirectedGraph
        side : {"out", "in", "both"}
            Along the edges, against them, or either way. Either way, a neighbour with edges in
            both directions counts twice. An undirected graph looks the same from all sides.

        Raises
        ------
        ValueError
            If the rows of the graph are damaged, or weights are negative, not finite or all 0 at a
            node.
        """
        if side not in SIDES:
            raise ValueError(f"side is {side!r}; allowed are {SIDES}")
        out = graph.out_offsets, graph.out_targets, graph.out_weights
        into = graph.in_offsets, graph.in_sources, graph.in_weights
        if side == "out" or not graph.is_directed:
            return cls.from_rows(*out)
        return cls.from_rows(*into) if side == "in" else cls.from_rows(*_merged(out, into))

    @classmethod
    def from_rows(
        cls, offsets: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
    ) -> "Neighbours":
        """Check compressed rows and give them alias tables."""
        offsets = np.ascontiguousarray(offsets, np.int64)
        targets = np.ascontiguousarray(targets, np.int32)
        edges.check(offsets, targets)
        if weights is None:
            return cls(offsets, targets)
        weights = np.ascontiguousarray(weights, np.float32)
        if weights.shape != targets.shape:
            raise ValueError(f"weights of shape {weights.shape} for {len(targets)} edges")
        slots = np.empty((len(weights), 2), np.uint32)
        totals = np.zeros(len(offsets) - 1)
        edges.alias_rows(offsets, weights, slots, totals)
        return cls(offsets, targets, weights, slots, totals)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.offsets) - 1

    @property
    def departures(self) -> np.ndarray:
        """Nodes that have a neighbour to go to, int32."""
        return np.flatnonzero(np.diff(self.offsets)).astype(np.int32)


Rows = tuple[np.ndarray, np.ndarray, np.ndarray | None]


def _merged(left: Rows, right: Rows) -> Rows:
    targets = np.empty(len(left[1]) + len(right[1]), np.int32)
    weights = None if left[2] is None else np.empty(len(targets), np.float32)
    edges.merge(*left, *right, targets, weights)
    return left[0] + right[0], targets, weights
