"""Read edges from objects of other packages, none of which is imported."""

from collections.abc import Hashable, Iterable
from typing import Any, NamedTuple

import numpy as np

from fastsgns.formats.files import is_open

MISSING = object()


class EdgeColumns(NamedTuple):
    """Edges as columns: the arguments of `DirectedGraph.from_edges`."""

    sources: Any
    targets: Any
    weights: Any = None
    names: Iterable[Hashable] | None = None
    directed: bool = True


def from_scipy(matrix: Any, names: Iterable[Hashable] | None, directed: bool) -> EdgeColumns:
    """Read edges; parameters and exceptions are those of `DirectedGraph.from_scipy`."""
    coo = matrix.tocoo()
    if coo.ndim != 2 or coo.shape[0] != coo.shape[1]:
        raise ValueError(
            f"the adjacency matrix has shape {coo.shape}; it must be square. For two kinds of "
            "nodes build one matrix of both: scipy.sparse.block_array([[None, A], "
            "[csr_array((A.shape[1], A.shape[0])), None]])"
        )
    nodes = list(range(coo.shape[0]) if names is None else names)
    if len(nodes) != coo.shape[0]:
        raise ValueError(f"{len(nodes)} names for a matrix of shape {coo.shape}")
    sources, targets = coo.coords if hasattr(coo, "coords") else (coo.row, coo.col)
    weights = coo.data
    if not directed:
        if abs(coo - coo.T).nnz:
            raise ValueError(
                "the matrix of an undirected graph must be symmetric; for a triangular A with an "
                "empty diagonal give A + A.T"
            )
        upper = sources <= targets
        sources, targets, weights = sources[upper], targets[upper], weights[upper]
    return EdgeColumns(sources, targets, weights, nodes, directed)


def from_networkx(graph: Any, weight: str | None) -> EdgeColumns:
    """Read edges; parameters and exceptions are those of `DirectedGraph.from_networkx`."""
    names = list(graph.nodes)
    ids = {name: index for index, name in enumerate(names)}
    if weight is None:
        edges = [(ids[source], ids[target], 1.0) for source, target in graph.edges()]
    else:
        triples = list(graph.edges(data=weight, default=MISSING))
        if triples and all(value is MISSING for _, _, value in triples):
            _check_attribute(weight, {key for *_, data in graph.edges(data=True) for key in data})
        triples = [(u, v, 1.0 if value is MISSING else value) for u, v, value in triples]
        edges = [(ids[source], ids[target], value) for source, target, value in triples]
    sources, targets, weights = zip(*edges) if edges else ((), (), ())
    return EdgeColumns(sources, targets, weights, names, graph.is_directed())


def from_igraph(graph: Any, weight: str | None, name: str) -> EdgeColumns:
    """Read edges; parameters and exceptions are those of `DirectedGraph.from_igraph`."""
    named = name in graph.vs.attributes()
    if not named and name != "name":
        raise ValueError(
            f"no vertex has the attribute {name!r}; there are {graph.vs.attributes()!r:.200}"
        )
    names = graph.vs[name] if named else range(graph.vcount())
    ends = np.array(graph.get_edgelist(), np.int64).reshape(-1, 2)
    weights = None
    if weight is not None and weight in graph.es.attributes():
        weights = graph.es[weight]
    elif weight is not None and len(ends):
        _check_attribute(weight, graph.es.attributes())
    return EdgeColumns(ends[:, 0], ends[:, 1], weights, names, graph.is_directed())


def _check_attribute(weight: str, attributes: Iterable[str]) -> None:
    """Raise a ValueError that no edge has an attribute, unless it is the default."""
    if weight != "weight":
        raise ValueError(
            f"no edge has the attribute {weight!r}; there are {sorted(attributes)!r:.200}. "
            "weight=None gives each edge the weight 1"
        )


def columns_of(table: Any) -> list[Any] | None:
    """Return the column names of a data frame or an Arrow table; None for another object."""
    for attribute in ("column_names", "columns"):
        names = getattr(table, attribute, None)
        if names is not None and not callable(names) and hasattr(table, "__getitem__"):
            columns = list(names)
            if all(isinstance(name, Hashable) for name in columns):
                return columns
    return None


def from_table(table: Any, source: Any, target: Any, weight: Any, directed: bool) -> EdgeColumns:
    """Read edges; parameters and exceptions are those of `DirectedGraph.from_table`."""
    columns = columns_of(table)
    if columns is None or len(columns) < 2:
        raise TypeError(f"{table!r:.60} is not a table with at least two named columns")
    if source is None and target is None:
        by_name = "source" in columns and "target" in columns
        source, target = ("source", "target") if by_name else columns[:2]
    if weight is None and "weight" in columns and "weight" not in (source, target):
        weight = "weight"
    for name in (source, target, weight):
        if name is not None and name not in columns:
            raise ValueError(f"the table has no column {name!r}; it has {columns!r:.200}")
    if source is None or target is None:
        raise ValueError("give both `source` and `target`, or neither")
    weights = None if weight is None else _values(table[weight])
    return EdgeColumns(_values(table[source]), _values(table[target]), weights, None, directed)


def _values(column: Any) -> np.ndarray:
    return column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)


def from_array(array: np.ndarray, directed: bool) -> EdgeColumns:
    """Read an array with a row of sources, one of targets and perhaps one of weights."""
    if array.ndim == 2 and len(array) in (2, 3):
        ends = array[:2]
        if len(array) == 3 and array.dtype.kind == "f":
            ends = _whole(ends)
        return EdgeColumns(ends[0], ends[1], array[2] if len(array) == 3 else None, None, directed)
    if array.ndim == 2 and array.shape[1] in (2, 3):
        hint = "transpose it: array.T"
    elif array.ndim == 2 and array.shape[0] == array.shape[1]:
        hint = "a dense adjacency matrix goes through scipy.sparse.csr_array(array)"
    else:
        hint = "its rows are sources, targets and perhaps weights"
    raise ValueError(f"an array of edges has shape (2, E) or (3, E), not {array.shape}; {hint}")


def _whole(ends: np.ndarray) -> np.ndarray:
    if not np.all(ends == np.rint(ends)):
        raise ValueError("the nodes in an array of floats are not whole numbers")
    return ends.astype(np.int64)


def from_sequence(edges: Any, directed: bool = True) -> EdgeColumns:
    """Read an array or an iterable of edges; exceptions are those of `DirectedGraph.of`."""
    if hasattr(edges, "__array__"):
        return from_array(np.asarray(edges), directed)
    if isinstance(edges, (str, bytes, dict)) or is_open(edges) or not isinstance(edges, Iterable):
        raise TypeError(
            f"{edges!r:.60} holds no edges; give a path, a graph of networkx or igraph, a "
            "scipy.sparse matrix, a table, an array (2, E), or an iterable of tuples"
        )
    listed = list(edges)
    width = len(listed[0]) if listed and isinstance(listed[0], (tuple, list)) else 2
    for index, edge in enumerate(listed):
        if not isinstance(edge, (tuple, list)) or len(edge) != width or width not in (2, 3):
            raise ValueError(
                f"edge {index} is {edge!r:.60}; expected a tuple (source, target), or all of "
                "them (source, target, weight)"
            )
    columns = list(zip(*listed)) or [(), ()]
    return EdgeColumns(columns[0], columns[1], columns[2] if width == 3 else None, None, directed)
