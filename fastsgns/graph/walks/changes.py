"""Change: the share of the edges of each node that are new in a graph or were removed from it.

After a change of a graph, walks start at a node as often as before, multiplied by the share of its
edges that have changed. All that follows is drawn as always. What a model learns of a pair (u, v)
is the probability of v given u, and this probability does not depend on how often walks start at
u. (Pairs of a node and an earlier node of the walk depend on it, and are left out of updates.)
Walks that are led to new nodes would make the scores of new targets too high, because negative
samples of them are not drawn more often.
"""

from typing import NamedTuple

import numpy as np

from fastsgns.graph.digraph import DirectedGraph


class Change(NamedTuple):
    """The share of changed edges of each of n nodes; 0 if it has no edges.

    Attributes
    ----------
    out, either : ndarray of float64, shape (n,)
        The share among the edges that leave the node, and among all its edges.

    Examples
    --------
    >>> graph = DirectedGraph.from_edges([0, 0, 1], [1, 2, 2], names=range(3))
    >>> change = Change.of(graph, np.array([0, 2]), np.array([1, 0]))  # 2 -> 0 was removed
    >>> list(zip(graph.names, change.out.tolist(), change.either.tolist()))
    [(0, 0.5, 0.6666666666666666), (1, 1.0, 0.5), (2, 1.0, 1.0)]
    """

    out: np.ndarray
    either: np.ndarray

    @classmethod
    def of(cls, graph: DirectedGraph, sources: np.ndarray, targets: np.ndarray) -> "Change":
        """Compare a graph with its former edges, each of them given once, as ids of `graph`."""
        now, former = _keys(graph.out_sources, graph.out_targets), _keys(sources, targets)
        is_new, is_gone = _are_missing(now, former), _are_missing(former, now)
        changed, total = np.zeros((2, 2, graph.n_nodes))
        for side, (ends, former_ends) in enumerate(
            ((graph.out_sources, sources), (graph.out_targets, targets))
        ):
            gone = np.bincount(former_ends[is_gone], minlength=graph.n_nodes)
            changed[side] = gone + np.bincount(ends[is_new], minlength=graph.n_nodes)
            total[side] = gone + np.bincount(ends, minlength=graph.n_nodes)
        out = changed[0] / np.maximum(total[0], 1)
        return cls(out, changed.sum(axis=0) / np.maximum(total.sum(axis=0), 1))

    def starts(self, n_passes: int, nodes: np.ndarray, seed: int) -> np.ndarray:
        """Return at which of some nodes walks start.

        Parameters
        ----------
        n_passes : int
            The number of walks from a node whose edges are all new.
        nodes : ndarray of int
            The nodes from which walks can start.
        seed : int
            Numbers of walks are rounded up or down at random.

        Returns
        -------
        ndarray of int64
            Positions in `nodes`, each as often as a walk starts there.
        """
        expected = n_passes * self.either[nodes]
        draws = np.random.default_rng(seed).random(len(nodes))
        return np.repeat(np.arange(len(nodes)), np.floor(expected + draws).astype(np.int64))

    def start_weights(self, graph: DirectedGraph) -> tuple[np.ndarray, np.ndarray, float]:
        """Return in proportion to what walks start at sources and at targets, and their share.

        Without a change these are the degrees. A source starts in proportion to the weight of its
        edges, multiplied by the share of them that have changed; a target as often as a step from
        such sources arrives there. Each new target is then the first node of a walk about as often
        as it is visited. If new targets started all their walks, they would be recommended less
        than others: the two kinds of pairs have negative samples of different roles, and what they
        learn of a target differs by a power of its degree.

        Returns
        -------
        sources, targets : ndarray of float64, shape (n,)
        share : float
            Of the number of walks of a full pass.
        """
        weights = self.out[graph.out_sources]
        if graph.out_weights is not None:
            weights = weights * graph.out_weights
        if not weights.any():
            return graph.out_degrees, graph.in_degrees, 0.0
        sources, targets = (
            np.bincount(ends, weights, graph.n_nodes)
            for ends in (graph.out_sources, graph.out_targets)
        )
        return sources, targets, float(sources.sum() / graph.out_degrees.sum())


def _keys(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
    keys: np.ndarray = np.asarray(sources, np.int64) << 32 | targets
    return keys


def _are_missing(keys: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return which keys are not among others; much faster than np.isin if others are sorted."""
    others = np.sort(others)
    places = np.searchsorted(others, keys)
    is_missing = np.ones(len(keys), bool)
    inside = places < len(others)
    is_missing[inside] = others[places[inside]] != keys[inside]
    return is_missing
