"""Walks along metapaths: nodes by type, the metapaths that users give, and the walks of a chunk."""

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from fastsgns.errors import warn
from fastsgns.graph.building import expand
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.edges import alias_rows
from fastsgns.graph.types import NodeTypes
from fastsgns.graph.walks import constrained
from fastsgns.graph.walks.examples import StartNodes
from fastsgns.graph.walks.files import Recording, WalkFile
from fastsgns.graph.walks.neighbours import rows_of
from fastsgns.training.examples import ChunkPlace, Sentences, cut

Metapath = list[Hashable]
GIVE = 'such as metapath=["author", "paper", "author"]'


class TypedNeighbours(NamedTuple):
    """The neighbours of each node, grouped by their types, with alias tables if edges have weights.

    They need 4 bytes per edge and direction (12 with weights), 12 bytes per node and type among its
    neighbours, and 8 bytes per node.

    Attributes
    ----------
    group_offsets : ndarray of int64, shape (n_nodes + 1,)
        The groups of node i are ``group_offsets[i]:group_offsets[i + 1]``.
    group_types : ndarray of int32, shape (n_groups,)
        The type of the neighbours in each group, ascending for each node.
    edge_offsets : ndarray of int64, shape (n_groups + 1,)
        The neighbours in group g are ``targets[edge_offsets[g]:edge_offsets[g + 1]]``.
    targets : ndarray of int32, shape (n_edges,)
        Ascending for each group.
    slots : ndarray of uint32, shape (n_edges, 2), or None
        One alias table of the weights per group (`fastsgns.graph.edges.alias_rows`).

    Examples
    --------
    >>> graph = DirectedGraph.of([("a", "p"), ("b", "p")], node_types={"a": 0, "b": 0, "p": 1})
    >>> neighbours = TypedNeighbours.of(graph)
    >>> graph.names, neighbours.group_offsets.tolist(), neighbours.targets.tolist()
    (['p', 'a', 'b'], [0, 1, 2, 3], [1, 2, 0, 0])
    """

    group_offsets: np.ndarray
    group_types: np.ndarray
    edge_offsets: np.ndarray
    targets: np.ndarray
    slots: np.ndarray | None = None

    @classmethod
    def of(cls, graph: DirectedGraph) -> "TypedNeighbours":
        """Return the neighbours of the nodes of a graph, along edges in either direction."""
        types = types_of(graph)
        offsets, targets, weights = rows_of(graph, "both")
        kinds = np.ascontiguousarray(types.ids, np.int32), len(types.names)
        group_offsets = constrained.count_groups(offsets, targets, *kinds)
        group_types = np.empty(group_offsets[-1], np.int32)
        edge_offsets = np.empty(len(group_types) + 1, np.int64)
        grouped = np.empty_like(targets)
        grouped_weights = None if weights is None else np.empty_like(weights)
        constrained.group_by_type(
            offsets, targets, weights, *kinds, group_offsets, group_types, edge_offsets, grouped,
            grouped_weights,
        )  # fmt: skip
        slots = None
        if grouped_weights is not None:
            slots = np.empty((len(targets), 2), np.uint32)
            totals, largest = np.empty(len(group_types)), np.empty(len(group_types), np.float32)
            alias_rows(edge_offsets, grouped_weights, slots, totals, largest)
        return cls(group_offsets, group_types, edge_offsets, grouped, slots)

    def with_neighbours_of(self, kind: int) -> np.ndarray:
        """Return the nodes that have a neighbour of a type, int32 and ascending."""
        nodes: np.ndarray = expand(self.group_offsets)[self.group_types == kind]
        return nodes


def types_of(graph: DirectedGraph) -> NodeTypes:
    """Return the types of a graph, or raise a ValueError if it has none."""
    if graph.types is None:
        raise ValueError(
            f'walks="metapath" need types of nodes, and {graph!r} has none; make the graph with '
            "DirectedGraph.of(edges, node_types=...), or call graph.with_types(...)"
        )
    return graph.types


def listed_metapaths(metapath: Any) -> list[Metapath]:
    """Return one metapath, or several, as lists of types.

    Raises
    ------
    ValueError
        If there is none, one has fewer than two types, or its last type is not its first one.

    Examples
    --------
    >>> listed_metapaths(["author", "paper", "author"])
    [['author', 'paper', 'author']]
    """
    if isinstance(metapath, (str, bytes)) or not isinstance(metapath, Sequence) or not metapath:
        raise ValueError(f"metapath is {metapath!r:.60}; give a list of types, {GIVE}")
    are_several = all(isinstance(path, (list, tuple)) for path in metapath)
    paths = [list(path) for path in metapath] if are_several else [list(metapath)]
    for path in paths:
        if len(path) < 2:
            raise ValueError(
                f"the metapath {path!r:.60} has fewer than two types; give more, {GIVE}"
            )
        if path[0] != path[-1]:
            raise ValueError(
                f"the metapath {path!r:.100} ends with another type than it begins with, so it "
                f"can't repeat; the way back makes it one: {[*path, *path[-2::-1]]!r:.200}"
            )
    return paths


class Metapaths(NamedTuple):
    """Metapaths as numbers of types, and the nodes from which walks along them start.

    Attributes
    ----------
    cycles : ndarray of int32
        The types of each metapath, without the last one, which equals the first one.
    offsets : ndarray of int64, shape (m + 1,)
        Metapath i is ``cycles[offsets[i]:offsets[i + 1]]``.
    starts : ndarray of int32, shape (n,)
        For each metapath, the nodes of its first type that have a neighbour of its second type.
    paths : ndarray of int32, shape (n,)
        The metapath of each start.
    """

    cycles: np.ndarray
    offsets: np.ndarray
    starts: np.ndarray
    paths: np.ndarray

    @classmethod
    def of(
        cls, paths: list[Metapath], graph: DirectedGraph, neighbours: TypedNeighbours
    ) -> "Metapaths":
        """Look up the types of metapaths that `listed_metapaths` returned.

        Raises
        ------
        ValueError
            If a type does not exist, or no edge joins two types that follow each other.
        """
        types = types_of(graph)
        cycles, starts = [], []
        for path in paths:
            numbers = _numbers(path, types)
            for kind, following in pairwise(numbers):
                if not np.any(types.ids[neighbours.with_neighbours_of(following)] == kind):
                    raise ValueError(
                        f"no edge joins a node of type {types.names[kind]!r:.60} and one of type "
                        f"{types.names[following]!r:.60}, as the metapath {path!r:.100} requires"
                    )
            cycles.append(numbers[:-1])
            nodes = neighbours.with_neighbours_of(numbers[1])
            starts.append(nodes[types.ids[nodes] == numbers[0]])
        _warn_of_other_types(cycles, types)
        return cls(
            np.concatenate(cycles).astype(np.int32),
            np.cumsum([0, *map(len, cycles)]),
            np.concatenate(starts),
            np.repeat(np.arange(len(paths), dtype=np.int32), list(map(len, starts))),
        )


def _numbers(path: Metapath, types: NodeTypes) -> list[int]:
    by_name = {name: number for number, name in enumerate(types.names)}
    for name in path:
        if name not in by_name:
            raise ValueError(
                f"the metapath {path!r:.100} has the type {name!r:.60}; the graph has the types "
                f"{types.names!r:.200}"
            )
    return [by_name[name] for name in path]


def _warn_of_other_types(cycles: list[list[int]], types: NodeTypes) -> None:
    on_paths = {number for cycle in cycles for number in cycle}
    others = {
        name: n
        for number, (name, n) in enumerate(types.counts().items())
        if number not in on_paths and n
    }
    if others:
        shown = ", ".join(f"{name!r:.40}" for name in list(others)[:3])
        shown += ", ..." if len(others) > 3 else ""
        number = "1 type is" if len(others) == 1 else f"{len(others)} types are"
        warn(
            f"{number} in no metapath ({shown}): the source vectors of their "
            f"{sum(others.values())} nodes stay random. Add a metapath with these types, or leave "
            "the nodes out"
        )


class MetapathWalks(Recording):
    """Random walks along metapaths, on which skip-gram trains as on sentences: metapath2vec.

    The pairs are a node of a walk and each node in the window around it. `n_passes` walks along
    each metapath start from each node of its first type that has a neighbour of its second type.

    Parameters
    ----------
    neighbours : TypedNeighbours
    metapaths : Metapaths
    length : int
        Maximum number of nodes per walk.
    n_passes : int
    seed : int
    file : WalkFile, optional
        Also receives the walks.

    References
    ----------
    Dong, Chawla, Swami (2017), "metapath2vec: Scalable Representation Learning for Heterogeneous
    Networks", section 3.2.
    """

    unit = "walks"

    def __init__(
        self, neighbours: TypedNeighbours, metapaths: Metapaths, length: int, n_passes: int,
        seed: int, file: WalkFile | None = None,
    ) -> None:  # fmt: skip
        self.neighbours, self.metapaths, self.length, self.file = (
            neighbours, metapaths, length, file
        )  # fmt: skip
        n_starts = len(metapaths.starts)
        self.order = StartNodes(np.arange(n_starts, dtype=np.int32), seed)
        self.n_units = n_passes * n_starts
        self.starts = cut(self.n_units, length)
        self.longest = self.tokens_per_unit = length

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Sentences]:
        """See `fastsgns.training.examples.Chunks`."""
        places = self.order.of_walks(*place)
        ids = np.empty(len(places) * self.length, np.int32)
        offsets = np.empty(len(places) + 1, np.int64)
        paths = self.metapaths
        n, stream = constrained.write_metapath_walks(
            self.neighbours, paths.cycles, paths.offsets, paths.starts[places], paths.paths[places],
            self.length, stream, ids, offsets,
        )  # fmt: skip
        ids, offsets = ids[: offsets[n]], offsets[: n + 1]
        return [Sentences(ids, offsets, 0, len(ids), stream)]
