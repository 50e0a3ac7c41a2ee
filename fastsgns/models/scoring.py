"""Scoring: what all models of edges do with their source and target vectors."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.norms import largest


class Known:
    """The edges a model was fitted to, by id: what it has no need to recommend.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
    targets : ndarray of int32, shape (E,)
        Those of node i are ``targets[offsets[i] : offsets[i + 1]]``.
    """

    def __init__(self, offsets: np.ndarray, targets: np.ndarray) -> None:
        self.offsets, self.targets = offsets, targets

    @classmethod
    def of(cls, graph: DirectedGraph) -> "Known":
        """Take those of a graph."""
        return cls(graph.out_offsets, graph.out_targets)

    def __getitem__(self, source: int) -> np.ndarray:
        return self.targets[self.offsets[source] : self.offsets[source + 1]]


class Scoring:
    """`score` and `recommend` of a model with `source` and `target` vectors.

    A model sets ``source`` and ``target`` (KeyedVectors) and ``known`` (Known, by positions in
    them, or None).
    """

    source: KeyedVectors
    target: KeyedVectors
    known: Known | None

    def score(self, u: Any, v: Any) -> Any:
        """Score edges from u to v, the dot product of u's source and v's target vector.

        Not symmetric: ``score(u, v)`` and ``score(v, u)`` compare different vectors.

        Parameters
        ----------
        u, v : node, or list or ndarray of nodes, shape (n,)
            One node on one side goes with each of the other.

        Returns
        -------
        float, or ndarray of float32, shape (n,)

        Raises
        ------
        KeyError
            If a node is unknown.
        ValueError
            If both are lists, and of different lengths.
        """
        rows = self._rows(self.source, u), self._rows(self.target, v)
        if len({len(ids) for ids in rows} - {1}) > 1:
            raise ValueError(f"{len(rows[0])} sources and {len(rows[1])} targets make no pairs")
        found = np.einsum("ij,ij->i", self.source.vectors[rows[0]], self.target.vectors[rows[1]])
        return found if _is_many(u) or _is_many(v) else float(found[0])

    def recommend(
        self, u: Hashable, topn: int = 10, exclude_known: bool = True
    ) -> list[tuple[Any, float]]:
        """Give the targets that u most likely leads to, the best first, never u itself.

        Parameters
        ----------
        u : node
        topn : int
            At most so many.
        exclude_known : bool
            Leave out where u led to when the model was fitted.

        Returns
        -------
        list of (node, float)

        Raises
        ------
        KeyError
            If the node is unknown.
        """
        row = self._rows(self.source, u)[0]
        scores = np.array(self.target.vectors @ self.source.vectors[row], np.float64)
        scores[self.target.key_to_index.get(u, [])] = -np.inf
        if exclude_known and self.known is not None:
            scores[self.known[int(row)]] = -np.inf
        best = largest(scores, min(topn, int(np.sum(scores > -np.inf))))
        return [(self.target.index_to_key[i], float(scores[i])) for i in best.tolist()]

    @staticmethod
    def _rows(vectors: KeyedVectors, nodes: Any) -> np.ndarray:
        names: Iterable[Any] = nodes if _is_many(nodes) else [nodes]
        if isinstance(names, np.ndarray):
            names = names.tolist()
        ids = vectors.key_to_index
        try:
            return np.array([ids[name] for name in names], np.int64)
        except KeyError as missing:
            raise KeyError(f"node {missing} is unknown") from None


def _is_many(nodes: Any) -> bool:
    return isinstance(nodes, (list, np.ndarray))
