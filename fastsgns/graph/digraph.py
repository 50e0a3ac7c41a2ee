"""DirectedGraph: nodes with names, and edges as compressed rows of targets and of sources."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np

from fastsgns.arrays import integers
from fastsgns.corpus.files import Path
from fastsgns.errors import FormatError
from fastsgns.formats import kinds, saving
from fastsgns.formats.files import is_path, name_of
from fastsgns.graph import readers, storage
from fastsgns.graph.building import Rows, build, check_weights, expand
from fastsgns.graph.files import Syntax, read_edges
from fastsgns.graph.naming import check_indices, check_names, encode
from fastsgns.graph.rows import find_edges, sums_by_node, sums_of_rows, transpose
from fastsgns.graph.temporal import build_timed, check_times, reverses
from fastsgns.graph.types import NodeTypes, Types, read_types
from fastsgns.rules import FLAG
from fastsgns.runtime.progress import Progress


class DirectedGraph:
    """A graph of named nodes, with its edges as compressed rows.

    Nodes are numbered (ids) by descending degree. The degree is the sum of the absolute weights of
    in- and out-edges. The `out_` attributes list the edges by source. The `in_` properties list the
    same edges by target, and are computed at first use. An undirected graph is stored as a directed
    one that has each edge in both directions.

    `of` makes a graph from anything that holds edges. `from_edges`, `from_file`, `from_scipy`,
    `from_networkx`, `from_igraph` and `from_table` each read one kind, and `load` reads what `save`
    wrote. Graphs are immutable.

    Every source of edges follows the same conventions:

    - A **self-loop** is an edge like any other. It counts once as an out-edge and once as an
      in-edge of its node. An undirected graph stores it once.
    - An edge that is given **several times** becomes one edge. Its weight is the sum of the
      weights or, without weights, the number of repetitions. In an undirected graph, (v, u) and
      (u, v) are the same edge.
    - A **negative** weight makes a signed edge: `out_weights` holds its absolute value, and `signs`
      its sign.
    - An edge whose weight, or sum of weights, is **zero** is dropped. Its nodes stay.
    - NaN, infinite weights and missing nodes are errors.
    - **Isolated** nodes, which have no edges, are kept if the source of the edges lists them: in
      `names=` of `from_edges`, as nodes of networkx or igraph, or as empty rows of a matrix.
    - **Dangling** nodes, which have no out-edges, are nodes like any other. A walk ends there.
    - If edges have **times**, only edges at the same time are merged. An edge at several times is
      several edges, in the order of their times. `find` returns the first.
    - If nodes have **types**, each node has one.

    Parameters
    ----------
    rows : Rows
        The out-edges of each node.
    names : list of hashable
        The name of each id.
    is_directed : bool
    types : NodeTypes, optional

    Attributes
    ----------
    names : list of hashable
        The name of each id.
    is_directed : bool
    out_offsets : ndarray of int64, shape (n_nodes + 1,)
        The out-edges of node i are ``out_offsets[i]:out_offsets[i + 1]``.
    out_targets : ndarray of int32, shape (n_edges,)
        The target of each edge, ascending for each node.
    out_weights : ndarray of float32, shape (n_edges,), or None
        The absolute value of each weight; None if all are 1.
    signs : ndarray of int8, shape (n_edges,), or None
        1 or -1 for each edge; None if no weight is negative.
    times : ndarray of float64, shape (n_edges,), or None
        The time of each edge.
    types : NodeTypes or None
        The type of each node: ``types.names[types.ids[i]]`` for id i.

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

    def __init__(
        self,
        rows: Rows,
        names: list[Hashable],
        is_directed: bool = True,
        types: NodeTypes | None = None,
    ) -> None:
        self.names = names
        self.types = types
        self.is_directed = is_directed
        self.out_offsets = integers(rows.offsets, np.int64, "offsets")
        self.out_targets = integers(rows.targets, np.int32, "targets", len(names))
        self.out_weights = None if rows.weights is None else np.asarray(rows.weights, np.float32)
        self.signs = None if rows.signs is None else integers(rows.signs, np.int8, "signs")
        self.times = None if rows.times is None else np.asarray(rows.times, np.float64)

    # Construction

    @classmethod
    def from_edges(
        cls,
        sources: Iterable[Hashable],
        targets: Iterable[Hashable],
        weights: Iterable[float] | None = None,
        names: Iterable[Hashable] | None = None,
        directed: bool = True,
        node_types: Types | None = None,
        times: Iterable[float] | None = None,
    ) -> "DirectedGraph":
        """Make a graph from the sources and the targets of its edges.

        Parameters
        ----------
        sources, targets : arrays of int, or iterables of hashable, of length E
            The end nodes of each edge: names, or indices into `names` if that is given.
        weights : sequence of float, optional
            One weight per edge. By default each edge has weight 1.
        names : sequence of hashable, optional
            The names of all nodes, including isolated nodes; ``range(n)`` for numbers as names.
        directed : bool
            If False, each edge goes in both directions.
        node_types : mapping, or sequence of hashable, optional
            The type of each node: a mapping of names to types, or one type per entry of `names`.
            Without `names`, a sequence has the types of the nodes 0, 1, ...
        times : sequence of float, or array of datetime64, optional
            One time per edge.

        Raises
        ------
        ValueError
            If the lengths differ, a node is missing or has no type, an index is out of range, a
            weight or a time is not finite, or two names are equal.
        TypeError
            If a node or a type can't be hashed, or a weight or a time is not a number.

        Examples
        --------
        >>> DirectedGraph.from_edges([0, 0], [1, 1], [2, 0.5], names="xyz").out_weights
        array([2.5], dtype=float32)
        >>> DirectedGraph.from_edges(list("aab"), list("bbc"), times=[3, 1, 2]).times.tolist()
        [2.0, 1.0, 3.0]
        """
        if names is None:
            source_ids, target_ids, listed = encode(sources, targets)
        else:
            listed = check_names(names)
            source_ids = check_indices(sources, len(listed), "sources")
            target_ids = check_indices(targets, len(listed), "targets")
            if len(source_ids) != len(target_ids):
                raise ValueError(f"there are {len(source_ids)} sources, {len(target_ids)} targets")

        def describe(edge: int) -> str:
            source, target = (listed[ids[edge]] for ids in (source_ids, target_ids))
            return f"{edge} ({source!r:.40} -> {target!r:.40})"

        checked = check_weights(weights, len(source_ids), describe)
        checked_times = None if times is None else check_times(times, len(source_ids), describe)
        types = None
        if node_types is not None:
            types = NodeTypes.of(node_types, listed, are_listed=names is not None)
        return cls._of_ids(source_ids, target_ids, checked, listed, directed, checked_times, types)

    @classmethod
    def _of_ids(
        cls,
        sources: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None,
        names: list[Hashable],
        directed: bool,
        times: np.ndarray | None = None,
        types: NodeTypes | None = None,
    ) -> "DirectedGraph":
        directed = FLAG("directed", directed)
        if times is None:
            rows, order = build(sources, targets, weights, len(names), directed)
        else:
            rows, order = build_timed(sources, targets, weights, times, len(names), directed)
        types = types and types._replace(ids=types.ids[order])
        return cls(rows, [names[i] for i in order.tolist()], directed, types)

    @classmethod
    def from_file(
        cls,
        path: Path | Iterable[Path],
        directed: bool = True,
        delimiter: str | None = None,
        comments: str = "#%",
        weighted: bool | None = None,
        skip_lines: int | None = None,
        quotes: bool = True,
        workers: int | None = None,
        errors: str = "strict",
        progress: Progress | None = None,
        node_types: Mapping[str, Hashable] | Path | None = None,
        times: Literal[3, 4] | None = None,
    ) -> "DirectedGraph":
        r"""Read one edge per line, ``source target`` or ``source target weight``; names are str.

        Several threads read a plain file; the graph does not depend on their number. Empty lines
        are skipped. A line may end with CR LF, and the file may begin with a byte order mark. Lines
        that look like another format raise FormatError: a comma or a semicolon at the end of a name
        while white space separates the columns, an index column, or a header.

        Parameters
        ----------
        path : str, os.PathLike, or an iterable of these
            A name that ends in .gz, .bz2 or .xz is a compressed file.
        directed : bool
            If False, each edge goes in both directions.
        delimiter : str, optional
            The ASCII character between columns, such as "," or a tab. Names may then contain white
            space, but not at their ends. By default a comma separates columns in a file whose name
            ends in .csv, a tab in .tsv, and any white space in other files.
        comments : str
            Lines that begin with one of these characters are skipped; "" skips none.
        weighted : bool, optional
            If True, the third column is the weight, and further columns are ignored. If False, all
            columns after the second are ignored. By default the third column, if there is one, is
            the weight; all lines must then have the same number of columns.
        skip_lines : int, optional
            Number of lines to skip at the beginning of each file, such as a header. By default none
            is skipped, and a first line that looks like a header raises FormatError: one of
            well-known column titles, or of words if all other names are numbers. 0 reads the first
            line as an edge.
        quotes : bool
            Double quotes around a column are not part of it, as in CSV: the column may contain the
            delimiter and white space, and "" in it is a quote. It ends in the same line. With
            False, quotes are characters like any other.
        workers : int, optional
            Number of threads; by default one per core.
        errors : str
            How names that are not UTF-8 are decoded, as in ``bytes.decode``; not "ignore".
        progress : callable, optional
            ``progress(done_bytes, total_bytes)`` is called a few times per second.
        node_types : mapping of str to hashable, or path, optional
            The type of each node, or a file of lines ``node type``
            (`fastsgns.graph.types.read_types`).
        times : {3, 4}, optional
            The column, counted from 1, that has the time of the edge, a number. With 4 the third
            column is the weight, unless ``weighted=False``. Columns after the time are ignored.

        Raises
        ------
        FormatError
            (a ValueError) if a line is not an edge; it names the file and the line.
        FileNotFoundError, IsADirectoryError
            If there is no such file, or it is a directory.
        UnicodeDecodeError
            (a ValueError) if a name is not UTF-8; it names the file and the line.
        TruncatedError, DamagedError
            If a compressed file is truncated or damaged.

        Examples
        --------
        >>> with open("friends.txt", "w") as file:
        ...     _ = file.write("# who knows whom\nann bob 2\nbob cem 1\n")
        >>> list(DirectedGraph.from_file("friends.txt").edges())
        [('bob', 'cem', 1.0), ('ann', 'bob', 2.0)]
        """
        syntax = Syntax(delimiter, comments, weighted, skip_lines, quotes, time_column=times)
        by_node = node_types
        if by_node is not None and not isinstance(by_node, Mapping):
            by_node = read_types(by_node, delimiter)
        edges = read_edges(path, syntax, workers, errors, progress)
        types = None
        if by_node is not None:
            try:
                types = NodeTypes.of(by_node, edges.names)
            except ValueError as error:
                if by_node is node_types:
                    raise
                raise FormatError(f"{name_of(node_types)}: {error}") from None
        columns = edges.sources, edges.targets, edges.weights, edges.names
        directed = FLAG("directed", directed)
        try:
            return cls._of_ids(*columns, directed, edges.times, types)
        except ValueError as error:
            paths = [path] if is_path(path) else path
            if not isinstance(paths, (list, tuple)):  # an iterator has been used up
                raise
            raise FormatError(f"{', '.join(map(name_of, paths))}: {error}") from None

    @classmethod
    def from_scipy(
        cls,
        matrix: Any,
        names: Iterable[Hashable] | None = None,
        directed: bool = True,
        node_types: Types | None = None,
    ) -> "DirectedGraph":
        """Make a graph from a sparse adjacency matrix.

        Parameters
        ----------
        matrix : scipy.sparse array or matrix, shape (n, n)
            Entry (i, j) is the weight of the edge from i to j. Explicit zeros are not edges.
        names : sequence of hashable, optional
            Names of the rows; by default their numbers.
        directed : bool
            If False, the matrix must be symmetric.
        node_types : mapping, or sequence of hashable, optional
            A mapping of names to types, or the type of each row.

        Raises
        ------
        ValueError
            If the matrix is not square, is not symmetric with ``directed=False``, or has an entry
            that is not finite.

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> list(DirectedGraph.from_scipy(csr_array([[0, 3], [0, 0]])).edges())
        [(0, 1, 3.0)]
        """
        columns = readers.from_scipy(matrix, names, FLAG("directed", directed))
        return cls.from_edges(*columns._replace(node_types=node_types))

    @classmethod
    def from_adjacency(
        cls,
        matrix: Any,
        names: Iterable[Hashable] | None = None,
        directed: bool = True,
        node_types: Types | None = None,
    ) -> "DirectedGraph":
        """Make a graph from an adjacency matrix, dense or sparse.

        Parameters
        ----------
        matrix : array_like or scipy.sparse array, shape (n, n)
            Entry (i, j) is the weight of the edge from i to j; 0 is not an edge.
        names, directed, node_types
            As for `from_scipy`.

        Raises
        ------
        ValueError
            As for `from_scipy`.
        TypeError
            If the entries are not numbers.

        Examples
        --------
        >>> list(DirectedGraph.from_adjacency([[0, 3], [0, 0]], names="ab").edges())
        [('a', 'b', 3.0)]
        """
        columns = readers.from_adjacency(matrix, names, FLAG("directed", directed))
        return cls.from_edges(*columns._replace(node_types=node_types))

    @classmethod
    def from_networkx(
        cls,
        graph: Any,
        weight: str | None = "weight",
        node_types: str | Mapping[Hashable, Hashable] | None = None,
        times: str | None = None,
    ) -> "DirectedGraph":
        """Make a graph from a networkx graph. It is directed if `graph` is.

        Weights of parallel edges are summed.

        Parameters
        ----------
        graph : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
        weight : str, optional
            The edge attribute that holds the weight. Edges without it have weight 1. With None all
            edges have weight 1.
        node_types : str or mapping, optional
            The node attribute that holds the type, or a mapping of names to types.
        times : str, optional
            The edge attribute that holds the time.

        Raises
        ------
        ValueError
            If a weight is None or not finite. If `weight` is not the default and no edge has this
            attribute. If a node has no type, or an edge no time.
        """
        return cls.from_edges(*readers.from_networkx(graph, weight, node_types, times))

    @classmethod
    def from_igraph(
        cls,
        graph: Any,
        weight: str | None = "weight",
        name: str = "name",
        node_types: str | Mapping[Hashable, Hashable] | None = None,
        times: str | None = None,
    ) -> "DirectedGraph":
        """Make a graph from an igraph graph. It is directed if `graph` is.

        Weights of parallel edges are summed.

        Parameters
        ----------
        graph : igraph.Graph
        weight : str, optional
            The edge attribute that holds the weight. With None, or if the graph lacks the default
            attribute, all edges have weight 1.
        name : str
            The vertex attribute that holds the name. If the graph lacks the default attribute, the
            names are the numbers of the vertices.
        node_types : str or mapping, optional
            The vertex attribute that holds the type, or a mapping of names to types.
        times : str, optional
            The edge attribute that holds the time.

        Raises
        ------
        ValueError
            If a weight is None or not finite. If `weight` or `name` is not the default, or
            `node_types` or `times` is given, and the graph lacks this attribute.
        """
        return cls.from_edges(*readers.from_igraph(graph, weight, name, node_types, times))

    @classmethod
    def from_table(
        cls,
        table: Any,
        source: Hashable = None,
        target: Hashable = None,
        weight: Hashable = None,
        directed: bool = True,
        node_types: Types | None = None,
        times: Hashable = None,
    ) -> "DirectedGraph":
        """Make a graph from columns of a pandas or polars data frame or an Arrow table.

        Parameters
        ----------
        table : anything with named columns, ``table[name]``
        source, target : hashable, optional
            Names of the columns. By default they are "source" and "target" if both exist, and
            otherwise the first two columns.
        weight : hashable, optional
            Name of the column of weights; by default "weight" if there is such a column.
        directed : bool
            If False, each edge goes in both directions.
        node_types : mapping of hashable to hashable, optional
            The type of each node.
        times : hashable, optional
            Name of the column of times, which are numbers or datetime64.

        Raises
        ------
        ValueError
            If a named column does not exist, or a column of nodes contains missing values.
        """
        columns = readers.from_table(table, source, target, weight, directed, node_types, times)
        return cls.from_edges(*columns)

    @classmethod
    def of(cls, edges: Any, /, **options: Any) -> "DirectedGraph":
        """Make a graph from anything that holds edges.

        Parameters
        ----------
        edges : one of the following
            A DirectedGraph, which is returned as it is; the path of a file of edges, or of a file
            that `save` wrote; a scipy.sparse matrix; a graph of networkx or igraph; a table; an
            array of edges of shape (2, E) or (E, 2), or (3, E) or (E, 3) with weights; a square
            array as an adjacency matrix; an iterable of ``(source, target)`` or ``(source, target,
            weight)``; or a tuple of two or three arrays or lists, the arguments of `from_edges`.
            The shapes (2, 2), (2, 3), (3, 2) and (3, 3) are ambiguous.
        **options
            Passed to the method that reads this kind of object, such as ``directed``. Graphs of
            networkx and igraph know whether they are directed. Arrays and iterables take
            ``directed``, ``node_types`` (as `from_edges`) and ``times``, which is 3 or 4: the
            column that has the times, as in `from_file`.

        Raises
        ------
        TypeError
            If it is none of these.
        ValueError
            If it is an array of another or of an ambiguous shape; and for the reasons of the method
            that reads it.

        Examples
        --------
        >>> DirectedGraph.of([("a", "b"), ("b", "c")])
        <DirectedGraph: 3 nodes, 2 edges>
        >>> DirectedGraph.of(np.array([[0, 1, 2, 0], [1, 2, 3, 3]]), directed=False)
        <DirectedGraph (undirected): 4 nodes, 8 edges>
        """
        if isinstance(edges, DirectedGraph):
            if options:
                raise TypeError(f"a graph is taken as it is, without {', '.join(options)}")
            return edges
        if is_path(edges):
            is_saved = not options and storage.is_saved(edges)
            return cls.load(edges) if is_saved else cls.from_file(edges, **options)
        # optional packages are not imported, so their objects are recognized by attributes
        if hasattr(edges, "tocoo"):
            return cls.from_scipy(edges, **options)
        if hasattr(edges, "is_directed") and hasattr(edges, "nodes"):
            return cls.from_networkx(edges, **options)
        if hasattr(edges, "is_directed") and hasattr(edges, "get_edgelist"):
            return cls.from_igraph(edges, **options)
        if readers.columns_of(edges) is not None:
            return cls.from_table(edges, **options)
        if unknown := set(options) - set(allowed := ("directed", "node_types", "times")):
            raise TypeError(
                f"{', '.join(sorted(unknown))}: a {type(edges).__name__} of edges takes no other "
                f"options than {', '.join(allowed)}"
            )
        return cls.from_edges(*readers.from_sequence(edges, **options))

    # Nodes and edges

    @property
    def n_nodes(self) -> int:
        """Number of nodes, including isolated ones."""
        return len(self.names)

    @property
    def n_edges(self) -> int:
        """Number of stored edges: an undirected graph stores both directions, but a loop once."""
        return len(self.out_targets)

    @cached_property
    def ids(self) -> dict[Hashable, int]:
        """The id of each name."""
        return {name: index for index, name in enumerate(self.names)}

    @cached_property
    def _in_rows(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """The in-edges as compressed rows: offsets, sources, weights."""
        if not self.is_directed:
            return self.out_offsets, self.out_targets, self.out_weights
        return transpose(self.out_offsets, self.out_targets, self.out_weights, self.n_nodes)

    @property
    def in_offsets(self) -> np.ndarray:
        """The in-edges of node i are ``in_offsets[i]:in_offsets[i + 1]``; int64 (n_nodes + 1,)."""
        return self._in_rows[0]

    @property
    def in_sources(self) -> np.ndarray:
        """The source of each in-edge, int32 (n_edges,), ascending for each node."""
        return self._in_rows[1]

    @property
    def in_weights(self) -> np.ndarray | None:
        """The absolute value of each in-edge's weight, float32 (n_edges,); None if all are 1."""
        return self._in_rows[2]

    @cached_property
    def out_sources(self) -> np.ndarray:
        """The source of each edge of `out_targets`, int32 (n_edges,)."""
        return expand(self.out_offsets)

    @cached_property
    def out_degrees(self) -> np.ndarray:
        """The sum of the absolute weights of each node's out-edges, float64 (n_nodes,)."""
        if self.out_weights is None:
            return np.diff(self.out_offsets).astype(np.float64)
        return sums_of_rows(self.out_offsets, self.out_weights)

    @cached_property
    def in_degrees(self) -> np.ndarray:
        """The sum of the absolute weights of each node's in-edges, float64 (n_nodes,)."""
        return sums_by_node(self.out_targets, self.out_weights, self.n_nodes)

    def edges(self) -> Iterator[tuple[Any, Any, float]]:
        """Yield ``(source, target, weight)`` by name; the weight has its sign."""
        for source, target, weight in zip(
            self.out_sources.tolist(), self.out_targets.tolist(), self.signed_weights.tolist()
        ):
            yield self.names[source], self.names[target], weight

    @property
    def signed_weights(self) -> np.ndarray:
        """The weight of each edge with its sign, float32 (n_edges,)."""
        weights = self.out_weights
        if weights is None:
            weights = np.ones(self.n_edges, np.float32)
        return weights if self.signs is None else weights * self.signs

    def to_scipy(self) -> Any:
        """Return the adjacency matrix by ids; weights have their signs.

        The weights of an edge at several times are summed.

        Returns
        -------
        scipy.sparse.csr_array of float32, shape (n_nodes, n_nodes)

        Examples
        --------
        >>> DirectedGraph.from_edges([0], [1], [-2], names=range(2)).to_scipy().toarray()
        array([[ 0., -2.],
               [ 0.,  0.]], dtype=float32)
        """
        from scipy.sparse import csr_array

        content = self.signed_weights.copy(), self.out_targets.copy(), self.out_offsets.copy()
        matrix = csr_array(content, (self.n_nodes, self.n_nodes))
        matrix.sum_duplicates()  # edges at several times
        return matrix

    def find(self, sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """Return the index of the edge from each source to each target, or -1.

        Takes O(log degree) per edge.

        Parameters
        ----------
        sources, targets : array of int, shape (n,)
            Ids of the ends of n edges.

        Returns
        -------
        ndarray of int64, shape (n,)
            Indices in `out_targets`; -1 if there is no such edge.

        Raises
        ------
        ValueError
            If an id is out of range.

        Examples
        --------
        >>> DirectedGraph.from_edges([0], [1], names=range(2)).find([0, 1], [1, 0]).tolist()
        [0, -1]
        """
        source_ids = check_indices(sources, self.n_nodes, "sources")
        target_ids = check_indices(targets, self.n_nodes, "targets")
        return find_edges(self.out_offsets, self.out_targets, source_ids, target_ids)

    def keep(self, mask: np.ndarray) -> "DirectedGraph":
        """Return a graph of the edges where `mask` is true, with all nodes and the same ids.

        Parameters
        ----------
        mask : ndarray of bool, shape (n_edges,)
            In an undirected graph, both directions of an edge must have the same value.

        Raises
        ------
        ValueError
            If the mask has another shape, or keeps one direction of an undirected edge.

        Examples
        --------
        >>> graph = DirectedGraph.from_edges([0, 1], [1, 1], names=range(2))
        >>> graph.keep(graph.out_sources != graph.out_targets)
        <DirectedGraph: 2 nodes, 1 edges>
        """
        mask = np.asarray(mask, bool)
        if mask.shape != (self.n_edges,):
            raise ValueError(f"the mask has shape {mask.shape}; expected ({self.n_edges},)")
        if not self.is_directed:
            back = reverses(self.out_offsets, self.out_targets, self.n_nodes)
            if back is None or not np.array_equal(mask[back], mask):
                raise ValueError("the mask must keep or drop both directions of an undirected edge")
        return self.without(np.flatnonzero(~mask))

    def with_types(self, node_types: Types) -> "DirectedGraph":
        """Return this graph with types of its nodes; edges and names are shared, not copied.

        Parameters
        ----------
        node_types : mapping, or sequence of hashable
            A mapping of names to types, or one type per entry of `names`.

        Raises
        ------
        ValueError
            If a node has no type, or a sequence has another length than `names`.

        Examples
        --------
        >>> graph = DirectedGraph.of([("ann", "p1"), ("bob", "p1")])
        >>> graph.with_types({"ann": "author", "bob": "author", "p1": "paper"}).types.counts()
        {'paper': 1, 'author': 2}
        """
        rows = Rows(self.out_offsets, self.out_targets, self.out_weights, self.signs, self.times)
        types = NodeTypes.of(node_types, self.names)
        return DirectedGraph(rows, self.names, self.is_directed, types)

    @cached_property
    def is_first(self) -> np.ndarray:
        """Whether each edge is the first from its source to its target; bool (n_edges,).

        All edges are, unless there are times.
        """
        first = np.ones(self.n_edges, bool)
        if self.times is not None:
            first[1:] = np.diff(self.out_targets) != 0
            first[self.out_offsets[:-1][np.diff(self.out_offsets) > 0]] = True
        return first

    def without(self, positions: np.ndarray) -> "DirectedGraph":
        """Return a graph without the edges at these positions, with all nodes and the same ids.

        Parameters
        ----------
        positions : ndarray of int
            Different positions in `out_targets`, ascending. In an undirected graph, those of both
            directions of each edge.

        Examples
        --------
        >>> graph = DirectedGraph.from_edges([0, 0, 1], [1, 2, 2])
        >>> list(graph.without(np.array([0])).edges()) == list(graph.edges())[1:]
        True
        """
        offsets = self.out_offsets - np.searchsorted(positions, self.out_offsets)
        targets = np.delete(self.out_targets, positions)
        weights = None if self.out_weights is None else np.delete(self.out_weights, positions)
        signs = None if self.signs is None else np.delete(self.signs, positions)
        times = None if self.times is None else np.delete(self.times, positions)
        rows = Rows(offsets, targets, weights, signs, times)
        return DirectedGraph(rows, self.names, self.is_directed, self.types)

    def __repr__(self) -> str:
        kind = "DirectedGraph" if self.is_directed else "DirectedGraph (undirected)"
        nodes = "nodes" if self.types is None else f"nodes of {len(self.types.names)} types"
        edges = "edges" if self.times is None else "edges with times"
        return f"<{kind}: {self.n_nodes} {nodes}, {self.n_edges} {edges}>"

    # Files

    def save(self, path: Any) -> None:
        """Write the graph to one file, atomically; `load` reads it.

        Raises
        ------
        TypeError
            If a name has no portable form: `fastsgns.formats.keys` lists those that have one.
        """
        saving.save(path, storage.SCHEMA, self)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> "DirectedGraph":
        """Read what `save` wrote; with ``mmap="r"`` the edges are mapped instead of read.

        Loading executes no code. `fastsgns.load` explains what may happen to a file that is mapped.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        return kinds.load_as(cls, storage.SCHEMA, path, mmap)
