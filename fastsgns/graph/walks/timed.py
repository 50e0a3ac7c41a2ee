"""Walks along edges in the order of their times: edges by time, and the walks of a chunk."""

from typing import NamedTuple

import numpy as np

from fastsgns import sampling
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.rows import compress
from fastsgns.graph.walks import constrained, walker
from fastsgns.graph.walks.files import Recording, WalkFile
from fastsgns.training.examples import ChunkPlace, Sentences, cut


class TimedNeighbours(NamedTuple):
    """The neighbours of each node in the order of the times of the edges.

    They need 12 bytes per stored edge, and 20 with weights.

    Attributes
    ----------
    offsets : ndarray of int64, shape (n_nodes + 1,)
        The edges of node i are ``offsets[i]:offsets[i + 1]``.
    targets : ndarray of int32, shape (n_edges,)
    times : ndarray of float64, shape (n_edges,)
        Ascending for each node.
    sums : ndarray of float64, shape (n_edges,), or None
        The running sums of the weights of each node's edges; None if all weights are 1.

    Examples
    --------
    >>> graph = DirectedGraph.of([("a", "b", 7), ("a", "c", 3)], times=3)
    >>> neighbours = TimedNeighbours.of(graph)
    >>> graph.names, neighbours.targets.tolist(), neighbours.times.tolist()
    (['a', 'b', 'c'], [2, 1], [3.0, 7.0])
    """

    offsets: np.ndarray
    targets: np.ndarray
    times: np.ndarray
    sums: np.ndarray | None = None

    @classmethod
    def of(cls, graph: DirectedGraph) -> "TimedNeighbours":
        """Sort the out-edges of each node of a graph by time.

        Raises
        ------
        ValueError
            If the edges have no times.
        """
        if graph.times is None:
            raise ValueError(
                f'walks="temporal" need times of edges, and {graph!r} has none; make the graph '
                "with DirectedGraph.of(edges, times=...)"
            )
        by_time = np.argsort(graph.times, kind="stable")
        # A stable counting sort. It carries positions as float64, which is exact below 2^53.
        offsets, targets, places = compress(
            graph.out_sources[by_time], graph.out_targets[by_time], by_time.astype(np.float64),
            graph.n_nodes,
        )  # fmt: skip
        places = places.astype(np.int64)
        sums = None
        if graph.out_weights is not None:
            sums = constrained.running_sums(offsets, graph.out_weights[places])
        return cls(offsets, targets, graph.times[places], sums)


class TemporalWalks(Recording):
    """Random walks whose times ascend, on which skip-gram trains as on sentences: CTDNE.

    The pairs are a node of a walk and each node in the window around it, or, with
    ``Objective.forward``, each node in the window after it. The first edge of a walk is drawn in
    proportion to the weights of all edges.

    Parameters
    ----------
    neighbours : TimedNeighbours
    degrees : ndarray of float, shape (n_nodes,)
        Out-degrees.
    length : int
        Maximum number of nodes per walk.
    n_walks : int
        Number of walks per epoch.
    is_strict : bool
        Whether each edge must be later than the one before; otherwise it may have the same time.
    file : WalkFile, optional
        Also receives the walks.

    References
    ----------
    Nguyen, Lee, Rossi, Ahmed, Koh, Kim (2018), "Continuous-Time Dynamic Network Embeddings",
    section 4, with uniform selection of the first edge and of the next ones.
    """

    unit = "walks"

    def __init__(
        self, neighbours: TimedNeighbours, degrees: np.ndarray, length: int, n_walks: int,
        is_strict: bool = False, file: WalkFile | None = None,
    ) -> None:  # fmt: skip
        self.neighbours, self.length, self.is_strict = neighbours, length, is_strict
        self.table, self.file = sampling.alias_table(degrees), file
        self.n_units, self.starts = n_walks, cut(n_walks, length)
        self.longest = self.tokens_per_unit = length

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Sentences]:
        """See `fastsgns.training.examples.Chunks`."""
        starts = np.empty(place.stop - place.start, np.int32)
        stream = walker.draw_nodes(self.table, stream, starts)
        ids = np.empty(len(starts) * self.length, np.int32)
        offsets = np.empty(len(starts) + 1, np.int64)
        n, stream = constrained.write_temporal_walks(
            self.neighbours, starts, self.length, self.is_strict, stream, ids, offsets
        )
        ids, offsets = ids[: offsets[n]], offsets[: n + 1]
        return [Sentences(ids, offsets, 0, len(ids), stream)]
