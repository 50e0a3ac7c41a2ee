"""Neighbours: the edges that walks follow, by the node they leave."""

from typing import Literal, NamedTuple, get_args

import numpy as np

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.edges import alias_rows, check_neighbours, count_loops, merge_neighbours

Side = Literal["out", "in", "both"]
SIDES: tuple[Side, ...] = get_args(Side)
Rows = tuple[np.ndarray, np.ndarray, np.ndarray | None]


class Neighbours(NamedTuple):
    """The neighbours of each node as compressed rows, with alias tables if edges have weights.

    `of` and `from_rows` make them and check what the walks rely on.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_nodes + 1,)
        The neighbours of node i are ``targets[offsets[i]:offsets[i + 1]]``.
    targets : ndarray of int32, shape (n_edges,)
        Ascending for each node.
    weights : ndarray of float32, shape (n_edges,), or None
        None if all weights are equal.
    slots : ndarray of uint32, shape (n_edges, 2), or None
        One alias table of the weights per node (`fastsgns.graph.edges.alias_rows`).
    totals : ndarray of float64, shape (n_nodes,), or None
        Sum of the weights per node.
    largest : ndarray of float32, shape (n_nodes,), or None
        Largest weight per node.
    most : int
        Largest number of edges from a node to the same neighbour.

    Examples
    --------
    >>> path = DirectedGraph.from_edges([0, 1], [1, 2], names=range(3))
    >>> path.names, Neighbours.of(path, "both").targets.tolist()
    ([1, 0, 2], [1, 2, 0, 0])
    """

    offsets: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None = None
    slots: np.ndarray | None = None
    totals: np.ndarray | None = None
    largest: np.ndarray | None = None
    most: int = 1

    @classmethod
    def of(cls, graph: DirectedGraph, side: Side = "out") -> "Neighbours":
        """Return the edges of a graph from one side; the arrays are shared, not copied.

        Parameters
        ----------
        graph : DirectedGraph
        side : {"out", "in", "both"}
            Along the edges, against them, or either way. With "both", a neighbour with edges in
            both directions counts twice, and a self-loop once, as in an undirected graph. In an
            undirected graph all sides are the same.

        Raises
        ------
        ValueError
            If the rows of the graph are damaged, or if the weights at a node are negative, not
            finite or all 0.
        """
        return cls.from_rows(*rows_of(graph, side))

    @classmethod
    def from_rows(
        cls, offsets: np.ndarray, targets: np.ndarray, weights: np.ndarray | None = None
    ) -> "Neighbours":
        """Check compressed rows and make their alias tables."""
        offsets = np.ascontiguousarray(offsets, np.int64)
        targets = np.ascontiguousarray(targets, np.int32)
        most = check_neighbours(offsets, targets)
        if weights is None:
            return cls(offsets, targets, most=most)
        weights = np.ascontiguousarray(weights, np.float32)
        if weights.shape != targets.shape:
            raise ValueError(f"weights of shape {weights.shape} for {len(targets)} edges")
        slots = np.empty((len(weights), 2), np.uint32)
        totals, largest = np.zeros(len(offsets) - 1), np.zeros(len(offsets) - 1, np.float32)
        alias_rows(offsets, weights, slots, totals, largest)
        return cls(offsets, targets, weights, slots, totals, largest, most)

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.offsets) - 1

    @property
    def start_nodes(self) -> np.ndarray:
        """Nodes that have a neighbour, from which a walk can therefore start; int32."""
        return np.flatnonzero(np.diff(self.offsets)).astype(np.int32)


def rows_of(graph: DirectedGraph, side: Side) -> Rows:
    """Return offsets, neighbours and weights of the edges of a graph from one side.

    `Neighbours.of` explains the sides.
    """
    if side not in SIDES:
        raise ValueError(f"side is {side!r}; allowed are {SIDES}")
    out = graph.out_offsets, graph.out_targets, graph.out_weights
    if side == "out" or not graph.is_directed:
        return out
    into = graph.in_offsets, graph.in_sources, graph.in_weights
    return into if side == "in" else _merged(out, into)


def _merged(out: Rows, into: Rows) -> Rows:
    n_edges = len(out[1]) + len(into[1]) - count_loops(*into[:2])
    offsets, targets = np.empty(len(out[0]), np.int64), np.empty(n_edges, np.int32)
    weights = None if out[2] is None else np.empty(n_edges, np.float32)
    merge_neighbours(*out, *into, offsets, targets, weights)
    return offsets, targets, weights
