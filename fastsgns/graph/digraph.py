"""DirectedGraph: nodes with names, edges in compressed rows both ways."""

from collections.abc import Hashable, Iterable, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from fastsgns.graph.building import Rows, build, check_weights, expand
from fastsgns.graph.naming import check_indices, check_names, encode
from fastsgns.graph.rows import find, transpose


class DirectedGraph:
    """A graph whose nodes have names of any hashable kind, and ids in order of descending degree.

    Make one with `of`, which takes whatever holds edges, or with `from_edges`, `from_file`,
    `from_scipy`, `from_networkx`, `from_igraph`, `from_table` or `load`. It is not changed after.

    What odd edges mean, wherever they come from:

    - A **self-loop** is an edge like others: it counts once among a node's out-edges and once
      among its in-edges. An undirected graph stores it once.
    - An edge given **several times** is one edge; its weight is the sum of theirs, without weights
      their number. In an undirected graph (v, u) is (u, v) again.
    - A **negative** weight makes a signed edge: its size is in `out_weights`, its sign in `signs`.
    - A weight, or a sum, of **zero** is no edge; its nodes stay.
    - NaN, infinite weights and missing nodes are errors.
    - **Isolated** nodes exist if they are named (`names=` of `from_edges`, nodes of networkx,
      empty rows of a matrix); **dangling** ones, without out-edges, end a walk.

    Parameters
    ----------
    rows : Rows
        The out side.
    names : list of hashable
        By id.
    is_directed : bool

    Attributes
    ----------
    names : list of hashable
        By id.
    is_directed : bool
        An undirected graph stores each edge both ways.
    out_offsets : ndarray of int64, shape (n_nodes + 1,)
        The edges that leave node i are ``out_offsets[i]:out_offsets[i + 1]``.
    out_targets : ndarray of int32, shape (n_edges,)
        Where they lead, ascending for each node.
    out_weights : ndarray of float32, shape (n_edges,), or None
        Their sizes, positive; None if all are 1.
    signs : ndarray of int8, shape (n_edges,), or None
        1 or -1 for each; None if none is negative.

    Examples
    --------
    >>> graph = DirectedGraph.from_edges(["a", "b", "c", "c"], ["b", "c", "a", "b"])
    >>> graph
    <DirectedGraph: 3 nodes, 4 edges>
    >>> graph.names, graph.out_offsets.tolist(), graph.out_targets.tolist()
    (['b', 'c', 'a'], [0, 1, 3, 4], [1, 0, 2, 0])
    >>> graph.in_sources[graph.in_offsets[0] : graph.in_offsets[1]].tolist()
    [1, 2]
    """

    def __init__(self, rows: Rows, names: list[Hashable], is_directed: bool = True) -> None:
        self.names = names
        self.is_directed = is_directed
        self.out_offsets = rows.offsets
        self.out_targets = rows.targets
        self.out_weights = rows.weights
        self.signs = rows.signs

    @classmethod
    def from_edges(
        cls,
        sources: Iterable[Hashable],
        targets: Iterable[Hashable],
        weights: Iterable[float] | None = None,
        names: Iterable[Hashable] | None = None,
        directed: bool = True,
    ) -> "DirectedGraph":
        """Make a graph of edges.

        Parameters
        ----------
        sources, targets : arrays of int, or iterables of hashable, E each
            The nodes' names; with `names`, indices into it.
        weights : sequence of float, optional
            One an edge. By default each edge weighs 1.
        names : sequence of hashable, optional
            All nodes, so that some may be isolated; ``range(n)`` names them by number.
        directed : bool
            Otherwise each edge goes both ways.

        Raises
        ------
        ValueError
            If the lengths differ, a node is missing, an index is out of range, a weight is not
            finite, or a name stands twice.
        TypeError
            If a node can't be hashed, or a weight is no number.

        Examples
        --------
        >>> DirectedGraph.from_edges([0, 0], [1, 1], [2, 0.5], names="xyz").out_weights
        array([2.5], dtype=float32)
        """
        if names is None:
            source_ids, target_ids, listed = encode(sources, targets)
        else:
            listed = check_names(names)
            source_ids = check_indices(sources, len(listed), "sources")
            target_ids = check_indices(targets, len(listed), "targets")
            if len(source_ids) != len(target_ids):
                raise ValueError(f"there are {len(source_ids)} sources, {len(target_ids)} targets")
        checked = check_weights(weights, len(source_ids))
        rows, order = build(source_ids, target_ids, checked, len(listed), directed)
        return cls(rows, [listed[i] for i in order.tolist()], directed)

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
        >>> DirectedGraph.from_edges([0], [1], names=range(2)).find([0, 1], [1, 0]).tolist()
        [0, -1]
        """
        rows = check_indices(sources, self.n_nodes, "sources")
        wanted = check_indices(targets, self.n_nodes, "targets")
        return find(self.out_offsets, self.out_targets, rows, wanted)

    def keep(self, mask: np.ndarray) -> "DirectedGraph":
        """Keep the edges where `mask`, bool (n_edges,), is true, and all nodes with their ids.

        An undirected graph must keep each edge both ways or not at all.

        Raises
        ------
        ValueError
            If the mask has another shape, or keeps half of an undirected edge.

        Examples
        --------
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
        kept = DirectedGraph(Rows(offsets, ends[1], weights, signs), self.names, self.is_directed)
        if not self.is_directed and np.any(kept.find(ends[1], ends[0]) < 0):
            raise ValueError("the mask keeps an edge of an undirected graph one way only")
        return kept

    def __repr__(self) -> str:
        kind = "DirectedGraph" if self.is_directed else "DirectedGraph (undirected)"
        return f"<{kind}: {self.n_nodes} nodes, {self.n_edges} edges>"
