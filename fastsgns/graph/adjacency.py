"""Adjacency: what a graph is once its edges lie in compressed rows."""

from collections.abc import Hashable, Iterator
from functools import cached_property
from typing import Any, Self

import numpy as np

from fastsgns.arrays import integers
from fastsgns.graph.building import Rows, expand
from fastsgns.graph.naming import check_indices
from fastsgns.graph.rows import find_edges, transpose


class Adjacency:
    """The arrays of a graph, and what follows from them; attributes as of `DirectedGraph`.

    Parameters
    ----------
    rows : Rows
        The out side.
    names : list of hashable
        By id.
    is_directed : bool
    """

    def __init__(self, rows: Rows, names: list[Hashable], is_directed: bool = True) -> None:
        self.names = names
        self.is_directed = is_directed
        self.out_offsets = integers(rows.offsets, np.int64, "offsets")
        self.out_targets = integers(rows.targets, np.int32, "targets", len(names))
        self.out_weights = None if rows.weights is None else np.asarray(rows.weights, np.float32)
        self.signs = None if rows.signs is None else integers(rows.signs, np.int8, "signs")

    @property
    def n_nodes(self) -> int:
        """How many nodes there are, the isolated included."""
        return len(self.names)

    @property
    def n_edges(self) -> int:
        """How many edges are stored; those of an undirected graph both ways, loops once."""
        return len(self.out_targets)

    @cached_property
    def ids(self) -> dict[Hashable, int]:
        """The id of each name."""
        return {name: index for index, name in enumerate(self.names)}

    @cached_property
    def _in_side(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        if not self.is_directed:
            return self.out_offsets, self.out_targets, self.out_weights
        return transpose(self.out_offsets, self.out_targets, self.out_weights, self.n_nodes)

    @property
    def in_offsets(self) -> np.ndarray:
        """The edges that arrive at node i are ``in_offsets[i]:in_offsets[i + 1]``; int64."""
        return self._in_side[0]

    @property
    def in_sources(self) -> np.ndarray:
        """Where they come from, int32 (n_edges,), ascending for each node."""
        return self._in_side[1]

    @property
    def in_weights(self) -> np.ndarray | None:
        """Their sizes, float32 (n_edges,); None if all are 1."""
        return self._in_side[2]

    @cached_property
    def out_sources(self) -> np.ndarray:
        """The node that each edge leaves, int32 (n_edges,), beside `out_targets`."""
        return expand(self.out_offsets)

    @cached_property
    def out_degrees(self) -> np.ndarray:
        """The sum of the sizes of the edges that leave each node, float64 (n_nodes,)."""
        return np.bincount(self.out_sources, self.out_weights, self.n_nodes).astype(np.float64)

    @cached_property
    def in_degrees(self) -> np.ndarray:
        """The sum of the sizes of the edges that arrive at each node, float64 (n_nodes,)."""
        return np.bincount(self.out_targets, self.out_weights, self.n_nodes).astype(np.float64)

    def edges(self) -> Iterator[tuple[Any, ...]]:
        """Yield ``(source, target, weight)`` by name, the weight with its sign."""
        for source, target, weight in zip(
            self.out_sources.tolist(), self.out_targets.tolist(), self.signed_weights.tolist()
        ):
            yield self.names[source], self.names[target], weight

    @property
    def signed_weights(self) -> np.ndarray:
        """Sizes times signs, float32 (n_edges,)."""
        sizes = np.ones(self.n_edges, np.float32) if self.out_weights is None else self.out_weights
        return sizes if self.signs is None else sizes * self.signs

    def to_scipy(self) -> Any:
        """The adjacency matrix, by ids, weights with their signs.

        Returns
        -------
        scipy.sparse.csr_array of float32, shape (n_nodes, n_nodes)

        Examples
        --------
        >>> from fastsgns.graph.digraph import DirectedGraph
        >>> DirectedGraph.from_edges([0], [1], [-2], names=range(2)).to_scipy().toarray()
        array([[ 0., -2.],
               [ 0.,  0.]], dtype=float32)
        """
        from scipy.sparse import csr_array

        content = self.signed_weights.copy(), self.out_targets.copy(), self.out_offsets.copy()
        return csr_array(content, (self.n_nodes, self.n_nodes))

    def find(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Find edges by the ids of their ends, in O(log degree) each.

        Parameters
        ----------
        sources, targets : array of int, shape (n,)

        Returns
        -------
        ndarray of int64, shape (n,)
            Where each stands in `out_targets`; -1 where there is no such edge.

        Raises
        ------
        ValueError
            If an id is out of range.

        Examples
        --------
        >>> from fastsgns.graph.digraph import DirectedGraph
        >>> DirectedGraph.from_edges([0], [1], names=range(2)).find([0, 1], [1, 0]).tolist()
        [0, -1]
        """
        rows = check_indices(sources, self.n_nodes, "sources")
        wanted = check_indices(targets, self.n_nodes, "targets")
        return find_edges(self.out_offsets, self.out_targets, rows, wanted)

    def keep(self, mask: np.ndarray) -> Self:
        """Keep the edges where `mask`, bool (n_edges,), is true, and all nodes with their ids.

        An undirected graph must keep each edge both ways or not at all.

        Raises
        ------
        ValueError
            If the mask has another shape, or keeps half of an undirected edge.

        Examples
        --------
        >>> from fastsgns.graph.digraph import DirectedGraph
        >>> graph = DirectedGraph.from_edges([0, 1], [1, 1], names=range(2))
        >>> graph.keep(graph.out_sources != graph.out_targets)
        <DirectedGraph: 2 nodes, 1 edges>
        """
        mask = np.asarray(mask, bool)
        if mask.shape != (self.n_edges,):
            raise ValueError(
                f"the mask has shape {mask.shape}, where one of ({self.n_edges},) is wanted"
            )
        ends = self.out_sources[mask], self.out_targets[mask]
        offsets = np.concatenate([[0], np.cumsum(mask, dtype=np.int64)])[self.out_offsets]
        weights = None if self.out_weights is None else self.out_weights[mask]
        signs = None if self.signs is None else self.signs[mask]
        kept = type(self)(Rows(offsets, ends[1], weights, signs), self.names, self.is_directed)
        if not self.is_directed and np.any(kept.find(ends[1], ends[0]) < 0):
            raise ValueError("the mask keeps an edge of an undirected graph one way only")
        return kept

    def __repr__(self) -> str:
        kind = "DirectedGraph" if self.is_directed else "DirectedGraph (undirected)"
        return f"<{kind}: {self.n_nodes} nodes, {self.n_edges} edges>"
