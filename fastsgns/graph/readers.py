"""Read edges from objects of other packages, none of which is imported."""

from collections.abc import Hashable, Iterable, Mapping
from os import PathLike
from typing import Any, NamedTuple

import numpy as np

from fastsgns.formats.files import is_open
from fastsgns.graph import arrays
from fastsgns.rules import Whole

MISSING = object()
FROM_EDGES = "DirectedGraph.from_edges({})"
NOT_SYMMETRIC = (
    "the matrix of an undirected graph must be symmetric; for a triangular A with an empty "
    "diagonal give A + A.T"
)
TIME_COLUMN = Whole(
    "3 and 4, the column of the times in `source target time` or `source target weight time`, and "
    "None",
    none=None,
    least=3,
    most=4,
)


class EdgeColumns(NamedTuple):
    """Edges as columns: the arguments of `DirectedGraph.from_edges`."""

    sources: Any
    targets: Any
    weights: Any = None
    names: Iterable[Hashable] | None = None
    directed: bool = True
    node_types: Any = None
    times: Any = None


def from_scipy(matrix: Any, names: Iterable[Hashable] | None, directed: bool) -> EdgeColumns:
    """Read edges; parameters and exceptions are those of `DirectedGraph.from_scipy`."""
    coo = matrix.tocoo()
    nodes = _names_of_rows(coo.shape, names)
    sources, targets = coo.coords if hasattr(coo, "coords") else (coo.row, coo.col)
    weights = coo.data
    if not directed:
        if abs(coo - coo.T).nnz:
            raise ValueError(NOT_SYMMETRIC)
        upper = sources <= targets
        sources, targets, weights = sources[upper], targets[upper], weights[upper]
    return EdgeColumns(sources, targets, weights, nodes, directed)


def from_networkx(graph: Any, weight: str | None, node_types: Any, times: Any) -> EdgeColumns:
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
    if node_types is not None and not isinstance(node_types, Mapping):
        by_node = dict(graph.nodes(data=node_types))
        if by_node and all(kind is None for kind in by_node.values()):
            seen = {key for _, data in graph.nodes(data=True) for key in data}
            raise _no_attribute("node", node_types, seen)
        node_types = by_node
    if times is not None:
        column = [time for _, _, time in graph.edges(data=times)]
        if column and all(time is None for time in column):
            seen = {key for *_, data in graph.edges(data=True) for key in data}
            raise _no_attribute("edge", times, seen)
        times = column
    return EdgeColumns(sources, targets, weights, names, graph.is_directed(), node_types, times)


def from_igraph(
    graph: Any, weight: str | None, name: str, node_types: Any, times: Any
) -> EdgeColumns:
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
    if isinstance(node_types, str):
        if node_types not in graph.vs.attributes():
            raise _no_attribute("vertex", node_types, graph.vs.attributes())
        node_types = graph.vs[node_types]
    if times is not None:
        if times not in graph.es.attributes():
            raise _no_attribute("edge", times, graph.es.attributes())
        times = graph.es[times]
    directed = graph.is_directed()
    return EdgeColumns(ends[:, 0], ends[:, 1], weights, names, directed, node_types, times)


def _no_attribute(part: str, attribute: Any, attributes: Iterable[str]) -> ValueError:
    return ValueError(
        f"no {part} has the attribute {attribute!r}; there are {sorted(attributes)!r:.200}"
    )


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


def from_table(
    table: Any, source: Any, target: Any, weight: Any, directed: bool, node_types: Any, times: Any
) -> EdgeColumns:
    """Read edges; parameters and exceptions are those of `DirectedGraph.from_table`."""
    columns = columns_of(table)
    if columns is None or len(columns) < 2:
        raise TypeError(f"{table!r:.60} is not a table with at least two named columns")
    if source is None and target is None:
        source, target = _ends_of_table(table, columns)
    if weight is None and "weight" in columns and "weight" not in (source, target):
        weight = "weight"
    for name in (source, target, weight, times):
        if name is not None and name not in columns:
            raise ValueError(f"the table has no column {name!r}; it has {columns!r:.200}")
    if source is None or target is None:
        raise ValueError("give both `source` and `target`, or neither")
    weights, times = (None if c is None else column_values(table[c]) for c in (weight, times))
    ends = column_values(table[source]), column_values(table[target])
    return EdgeColumns(*ends, weights, None, directed, node_types, times)


def _ends_of_table(table: Any, columns: list[Any]) -> tuple[Any, Any]:
    """Return the names of the columns of sources and of targets."""
    by_name = [name for name in ("source", "target") if name in columns]
    if len(by_name) == 2:
        return "source", "target"
    if by_name:
        raise ValueError(
            f"the table has the column {by_name[0]!r} without the other one; it has "
            f"{columns!r:.200}. Give `source` and `target`; of a frame whose index is one of them, "
            "frame.reset_index()"
        )
    index = getattr(table, "index", None)
    if isinstance(index, Iterable) and len(columns) > 1 and list(index) == columns:
        raise ValueError(
            "the rows and the columns of the table have the same names, as in an adjacency matrix: "
            "give DirectedGraph.from_adjacency(table.to_numpy(), list(table.columns)), or if the "
            "rows are edges `source` and `target`"
        )
    named = [name for name in columns if not str(name).startswith("Unnamed: ")]
    if len(named) < 2:
        raise ValueError(f"the table has one column besides an index, {named}; it needs two")
    return named[0], named[1]


def column_values(column: Any) -> np.ndarray:
    """Return the values of a column; floats that are all whole numbers become integers."""
    values = column.to_numpy() if hasattr(column, "to_numpy") else np.asarray(column)
    is_float = isinstance(values, np.ndarray) and values.dtype.kind == "f"
    is_whole = is_float and np.all(values == np.rint(values)) and np.all(np.abs(values) < 2**53)
    return values.astype(np.int64) if is_whole else values


def from_array(array: np.ndarray, directed: bool) -> EdgeColumns:
    """Read an array of edges, or a square one as an adjacency matrix."""
    if arrays.is_square(array) and len(array) not in (2, 3):
        return from_adjacency(array, None, directed)
    try:
        columns = arrays.by_column(array, (2, 3), FROM_EDGES, "edges")
    except ValueError as error:
        matrix = ", DirectedGraph.from_adjacency(a) for a matrix" * arrays.is_square(array)
        raise ValueError(f"{error}{matrix}") from None
    ends = arrays.whole(columns[0]), arrays.whole(columns[1])
    return EdgeColumns(*ends, columns[2] if len(columns) == 3 else None, None, directed)


def from_adjacency(matrix: Any, names: Iterable[Hashable] | None, directed: bool) -> EdgeColumns:
    """Read edges; parameters and exceptions are those of `DirectedGraph.from_adjacency`."""
    if hasattr(matrix, "tocoo"):
        return from_scipy(matrix, names, directed)
    array = np.asarray(matrix)
    nodes = _names_of_rows(array.shape, names)
    sources, targets, weights = arrays.entries(array)
    if not directed:
        if not np.array_equal(array, array.T, equal_nan=array.dtype.kind == "f"):
            raise ValueError(NOT_SYMMETRIC)
        upper = sources <= targets
        sources, targets, weights = sources[upper], targets[upper], weights[upper]
    return EdgeColumns(sources, targets, weights, nodes, directed)


def _names_of_rows(shape: tuple[int, ...], names: Iterable[Hashable] | None) -> list[Hashable]:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(
            f"the adjacency matrix has shape {shape}; it must be square. For two kinds of "
            "nodes build one matrix of both: scipy.sparse.block_array([[None, A], "
            "[csr_array((A.shape[1], A.shape[0])), None]])"
        )
    nodes = list(range(shape[0]) if names is None else names)
    if len(nodes) != shape[0]:
        raise ValueError(f"{len(nodes)} names for a matrix of shape {shape}")
    return nodes


def from_sequence(
    edges: Any, directed: bool = True, node_types: Any = None, times: Any = None
) -> EdgeColumns:
    """Read an array or an iterable of edges; exceptions are those of `DirectedGraph.of`."""
    times = TIME_COLUMN("times", times)
    if times is None:
        return _without_times(edges, directed)._replace(node_types=node_types)
    if hasattr(edges, "__array__"):
        columns = _split_rows(np.asarray(edges), times, directed)
    else:
        tuples, column = _split_tuples(_listed(edges), times)
        columns = _without_times(tuples, directed)._replace(times=column)
    return columns._replace(node_types=node_types)


def _split_rows(array: np.ndarray, times: int, directed: bool) -> EdgeColumns:
    call = "DirectedGraph.from_edges({}), with times= and weights= by name,"
    columns = arrays.by_column(array, (times,), call, f"edges with times={times}")
    weights = columns[2] if times == 4 else None
    ends = arrays.whole(columns[0]), arrays.whole(columns[1])
    return EdgeColumns(*ends, weights, None, directed, times=columns[-1])


def _split_tuples(edges: list[Any], times: int) -> tuple[list[Any], list[Any]]:
    for index, edge in enumerate(edges):
        if not isinstance(edge, (tuple, list)) or len(edge) != times:
            form = "(source, target, time)" if times == 3 else "(source, target, weight, time)"
            raise ValueError(f"edge {index} is {edge!r:.60}; expected {form}, as times is {times}")
    return [edge[:-1] for edge in edges], [edge[-1] for edge in edges]


def _listed(edges: Any) -> list[Any]:
    if isinstance(edges, Mapping):
        is_counted = any(isinstance(key, tuple) for key in edges)
        example = (
            "[(u, v, weight) for (u, v), weight in edges.items()]"
            if is_counted
            else "[(u, v) for u, targets in edges.items() for v in targets]"
        )
        raise TypeError(f"{edges!r:.60} is a mapping; give a list of edges, such as {example}")
    if isinstance(edges, (str, bytes)) or is_open(edges) or not isinstance(edges, Iterable):
        raise TypeError(
            f"{edges!r:.60} holds no edges; give a path, a graph of networkx or igraph, a "
            "scipy.sparse matrix, a table, an array (2, E), or an iterable of tuples"
        )
    return list(edges)


def _without_times(edges: Any, directed: bool) -> EdgeColumns:
    if hasattr(edges, "__array__") and not _is_list_of_tuples(edges):
        return from_array(np.asarray(edges), directed)
    if isinstance(edges, tuple) and len(edges) in (2, 3) and all(map(is_column, edges)):
        return EdgeColumns(
            edges[0], edges[1], edges[2] if len(edges) == 3 else None, None, directed
        )
    listed = [edge.tolist() if isinstance(edge, np.ndarray) else edge for edge in _listed(edges)]
    width = len(listed[0]) if listed and isinstance(listed[0], (tuple, list)) else 2
    for index, edge in enumerate(listed):
        if not isinstance(edge, (tuple, list)) or len(edge) != width or width not in (2, 3):
            hint = ""
            if isinstance(edge, (str, PathLike)):
                hint = "; several files go through DirectedGraph.from_file(paths)"
            elif len(listed) in (2, 3):
                hint = "; columns go through DirectedGraph.from_edges(sources, targets)"
            raise ValueError(
                f"edge {index} is {edge!r:.60}; expected a tuple (source, target), or all of "
                f"them (source, target, weight){hint}"
            )
    columns = list(zip(*listed)) or [(), ()]
    return EdgeColumns(columns[0], columns[1], columns[2] if width == 3 else None, None, directed)


def _is_list_of_tuples(edges: Any) -> bool:
    """Return whether an array, or a Series of pandas, has tuples as its elements."""
    array = np.asarray(edges)
    return array.ndim == 1 and array.dtype == object


def is_column(values: Any) -> bool:
    """Return whether a member of a tuple is a column of edges or pairs, and not an edge or a pair.

    Examples
    --------
    >>> is_column(["a", "b"]), is_column(("a", "b"))
    (True, False)
    """
    return isinstance(values, (np.ndarray, list)) or hasattr(values, "__array__")
