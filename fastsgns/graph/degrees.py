"""Degrees as they enter scores: smoothed logarithms."""

from typing import NamedTuple

import numpy as np

from fastsgns.graph.digraph import DirectedGraph

SMOOTHING = 0.1  # of the weight of an edge
MAX_EXPONENT = 1e30  # of degrees; their logarithms times it are finite in float32
BLOCK = 1 << 16  # nodes whose loops are found at a time


class LogDegrees(NamedTuple):
    """Logarithms of the degrees of the nodes as sources and as targets, float64 of shape (n,)."""

    source: np.ndarray
    target: np.ndarray

    @classmethod
    def of(
        cls, graph: DirectedGraph, exponent: float = 0.75, smoothing: float = SMOOTHING
    ) -> "LogDegrees":
        """Return log(out-degree + e) and a log(in-degree + e).

        Parameters
        ----------
        graph : DirectedGraph
        exponent : float
            a.
        smoothing : float
            e, as a share of the mean weight of an edge, so that it does not matter in which unit
            the weights are.

        Examples
        --------
        >>> graph = DirectedGraph.from_edges([0, 0, 1], [1, 2, 2], names=range(3))
        >>> LogDegrees.of(graph).source.round(2).tolist()  # of the degrees 2, 1 and 0
        [0.74, 0.1, -2.3]
        """
        smallest = smoothing * mean_weight(graph)
        source = np.log(graph.out_degrees + smallest)
        bounded = min(max(exponent, -MAX_EXPONENT), MAX_EXPONENT)
        return cls(source, bounded * np.log(graph.in_degrees + smallest))


def mean_weight(graph: DirectedGraph) -> float:
    """Return the mean absolute weight of the edges of a graph that has edges.

    Examples
    --------
    >>> mean_weight(DirectedGraph.from_edges([0, 0], [1, 2], weights=[1.0, 3.0]))
    2.0
    """
    return 1.0 if graph.out_weights is None else float(graph.out_weights.mean(dtype=np.float64))


def total_degrees(graph: DirectedGraph) -> np.ndarray:
    """Return the sum of the weights of each node's edges in either direction, float64.

    A self-loop counts once, as in an undirected graph, whose degrees are those of one side.

    Examples
    --------
    >>> total_degrees(DirectedGraph.from_edges([0, 0, 1], [0, 1, 1], names=range(2))).tolist()
    [2.0, 2.0]
    """
    if not graph.is_directed:
        return graph.in_degrees
    loops = np.zeros(graph.n_nodes)
    for start in range(0, graph.n_nodes, BLOCK):
        loops[start : start + BLOCK] = _loops(graph, start, min(start + BLOCK, graph.n_nodes))
    totals: np.ndarray = graph.out_degrees + graph.in_degrees - loops
    return totals


def _loops(graph: DirectedGraph, start: int, stop: int) -> np.ndarray:
    """Return the weight of the loops of the nodes start .. stop - 1."""
    first, last = graph.out_offsets[start], graph.out_offsets[stop]
    sources = np.repeat(np.arange(start, stop), np.diff(graph.out_offsets[start : stop + 1]))
    is_loop = sources == graph.out_targets[first:last]
    weights = None if graph.out_weights is None else graph.out_weights[first:last][is_loop]
    return np.bincount(sources[is_loop] - start, weights, stop - start)
