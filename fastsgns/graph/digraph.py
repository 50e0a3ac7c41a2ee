"""DirectedGraph: nodes with names, edges in compressed rows both ways."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from fastsgns.corpus.files import Path
from fastsgns.errors import FormatError
from fastsgns.formats import registry, saving
from fastsgns.formats.files import is_path
from fastsgns.graph import readers, storage
from fastsgns.graph.adjacency import Adjacency
from fastsgns.graph.building import Rows, build, check_weights
from fastsgns.graph.files import Progress, Syntax, read_edges
from fastsgns.graph.naming import check_indices, check_names, encode
from fastsgns.rules import flag

DIRECTED = flag(none=False)


class DirectedGraph(Adjacency):
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

        def name(edge: int) -> str:
            source, target = (listed[ids[edge]] for ids in (source_ids, target_ids))
            return f"{edge} ({source!r:.40} -> {target!r:.40})"

        checked = check_weights(weights, len(source_ids), name)
        return cls._assemble(source_ids, target_ids, checked, listed, directed)

    @classmethod
    def _assemble(
        cls,
        sources: np.ndarray,
        targets: np.ndarray,
        weights: np.ndarray | None,
        names: list[Hashable],
        directed: bool,
    ) -> "DirectedGraph":
        directed = DIRECTED("directed", directed)
        rows, order = build(sources, targets, weights, len(names), directed)
        return cls(rows, [names[i] for i in order.tolist()], directed)

    @classmethod
    def from_file(
        cls,
        path: Path | Iterable[Path],
        directed: bool = True,
        delimiter: str | None = None,
        comments: str = "#%",
        weighted: bool | None = None,
        skip_lines: int | None = None,
        workers: int | None = None,
        errors: str = "strict",
        progress: Progress | None = None,
    ) -> "DirectedGraph":
        r"""Read ``source target`` or ``source target weight`` a line; names are str.

        Plain files are read by several threads; the graph is the same for any number of them.
        Empty lines are left out; a line may end with CR LF and the file begin with a byte order
        mark. What shows that a file was written in another form is an error: a comma or a semicolon
        at the end of a name while white space separates the columns, names in quotes, a header.

        Parameters
        ----------
        path : str, os.PathLike, or several
            Compressed if it ends in .gz, .bz2 or .xz.
        directed : bool
            Otherwise each edge goes both ways.
        delimiter : str, optional
            The ASCII character between columns, such as "," or a tab; then names may hold white
            space, but not at their ends. By default any white space.
        comments : str
            A line that begins with one of these characters is left out; "" leaves out none.
        weighted : bool, optional
            True: the third column is the weight, and further columns are ignored. False: all
            columns from the third on are ignored. None: two columns, or three with a weight, the
            same number in all lines.
        skip_lines : int, optional
            Lines at the beginning of each file to leave out, such as a header. By default none is
            left out, and a first line that looks like a header (well-known titles of columns, or
            words where all other names are numbers) is an error; 0 takes it for an edge.
        workers : int, optional
            Threads; by default one a core.
        errors : str
            What is done with names that are not UTF-8, as in ``bytes.decode``; not "ignore".
        progress : callable, optional
            ``progress(done_bytes, total_bytes)`` is called some times a second.

        Raises
        ------
        FormatError
            (a ValueError) with file and number of the first line of a block that is not an edge.
        FileNotFoundError, IsADirectoryError
            If there is no such file, or it is a directory.
        UnicodeDecodeError
            (a ValueError) if a name is not UTF-8; it names the file and the line.
        EOFError, OSError
            If a compressed file is cut, or damaged.

        Examples
        --------
        >>> with open("friends.txt", "w") as file:
        ...     _ = file.write("# who knows whom\nann bob 2\nbob cem 1\n")
        >>> list(DirectedGraph.from_file("friends.txt").edges())
        [('bob', 'cem', 1.0), ('ann', 'bob', 2.0)]
        """
        syntax = Syntax(delimiter, comments, weighted, skip_lines)
        return cls._assemble(*read_edges(path, syntax, workers, errors, progress), directed)

    @classmethod
    def from_scipy(
        cls, matrix: Any, names: Iterable[Hashable] | None = None, directed: bool = True
    ) -> "DirectedGraph":
        """Make a graph of a sparse adjacency matrix: entry (i, j) weighs the edge from i to j.

        Parameters
        ----------
        matrix : scipy.sparse array or matrix, shape (n, n)
            Explicit zeros are no edges.
        names : sequence of hashable, optional
            Of the rows; by default their numbers.
        directed : bool
            Otherwise the matrix must be symmetric.

        Raises
        ------
        ValueError
            If it is not square, not symmetric though it should be, or an entry is not finite.

        Examples
        --------
        >>> from scipy.sparse import csr_array
        >>> list(DirectedGraph.from_scipy(csr_array([[0, 3], [0, 0]])).edges())
        [(0, 1, 3.0)]
        """
        chosen = DIRECTED("directed", directed)
        return cls._of_content(readers.of_scipy(matrix, names, chosen))

    @classmethod
    def from_networkx(cls, graph: Any, weight: str | None = "weight") -> "DirectedGraph":
        """Make a graph of a networkx one, directed or not as it is; parallel edges are summed.

        Parameters
        ----------
        graph : networkx.Graph, DiGraph, MultiGraph or MultiDiGraph
        weight : str, optional
            The attribute of edges that weighs them, 1 where it is missing; None: all weigh 1.

        Raises
        ------
        ValueError
            If no edge has the attribute (other than the default "weight"), or a weight is None,
            NaN or not finite.
        """
        return cls._of_content(readers.of_networkx(graph, weight))

    @classmethod
    def from_igraph(
        cls, graph: Any, weight: str | None = "weight", name: str = "name"
    ) -> "DirectedGraph":
        """Make a graph of an igraph one, directed or not as it is; parallel edges are summed.

        Parameters
        ----------
        graph : igraph.Graph
        weight : str, optional
            The attribute of edges that weighs them; None: all weigh 1, as without the default one.
        name : str
            The attribute of vertices that names them; without the default one their numbers do.

        Raises
        ------
        ValueError
            If there is no such attribute (other than the defaults), or a weight is None, NaN or
            not finite.
        """
        return cls._of_content(readers.of_igraph(graph, weight, name))

    @classmethod
    def from_table(
        cls,
        table: Any,
        source: Hashable = None,
        target: Hashable = None,
        weight: Hashable = None,
        directed: bool = True,
    ) -> "DirectedGraph":
        """Make a graph of columns of a pandas or polars data frame or an Arrow table.

        Parameters
        ----------
        table : anything with named columns, ``table[name]``
        source, target : hashable, optional
            Names of the columns; by default "source" and "target", or else the first two.
        weight : hashable, optional
            By default "weight" if there is such a column.
        directed : bool
            Otherwise each edge goes both ways.

        Raises
        ------
        ValueError
            If there is no such column, or a node is missing.
        """
        return cls._of_content(readers.of_table(table, source, target, weight, directed))

    @classmethod
    def _of_content(cls, content: readers.Content) -> "DirectedGraph":
        return cls.from_edges(
            content.sources, content.targets, content.weights, content.names, content.directed
        )

    @classmethod
    def of(cls, edges: Any, /, **options: Any) -> "DirectedGraph":
        """Make a graph of whatever holds edges.

        Parameters
        ----------
        edges : see below
            A graph of this class as it is; a path, or file saved by `save`; a scipy.sparse matrix;
            a graph of networkx or igraph; a table; an array (2, E) of ids, or (3, E) with
            weights, such as the ``edge_index`` of torch_geometric; or an iterable of
            ``(source, target)`` or ``(source, target, weight)``.
        **options
            Of the method that reads this kind, ``directed`` for most.

        Raises
        ------
        TypeError
            If it is none of these.

        Examples
        --------
        >>> DirectedGraph.of([("a", "b"), ("b", "c")])
        <DirectedGraph: 3 nodes, 2 edges>
        >>> DirectedGraph.of(np.array([[0, 1], [1, 2]]), directed=False)
        <DirectedGraph (undirected): 3 nodes, 4 edges>
        """
        if isinstance(edges, DirectedGraph):
            if options:
                raise TypeError(f"a graph is taken as it is, without {', '.join(options)}")
            return edges
        if is_path(edges):
            is_saved = not options and storage.is_saved(edges)
            return cls.load(edges) if is_saved else cls.from_file(edges, **options)
        if hasattr(edges, "tocoo"):
            return cls.from_scipy(edges, **options)
        if hasattr(edges, "is_directed") and hasattr(edges, "nodes"):
            return cls.from_networkx(edges, **options)
        if hasattr(edges, "is_directed") and hasattr(edges, "get_edgelist"):
            return cls.from_igraph(edges, **options)
        if readers.columns_of(edges) is not None:
            return cls.from_table(edges, **options)
        if unknown := set(options) - {"directed"}:
            raise TypeError(
                f"{', '.join(sorted(unknown))}: a {type(edges).__name__} of edges takes no other "
                "option than directed"
            )
        return cls._of_content(readers.of_sequence(edges, **options))

    def save(self, path: Any) -> None:
        """Write the graph to one file that `load` reads, atomically.

        Raises
        ------
        TypeError
            If a name has no portable form: `fastsgns.formats.keys` lists those that have one.
        """
        rows = Rows(self.out_offsets, self.out_targets, self.out_weights, self.signs)
        tensors = storage.pack(rows, self.names)
        metadata = {"is_directed": self.is_directed}
        saving.save(path, storage.KIND, tensors, metadata, storage.unpack)

    @classmethod
    def load(cls, path: Any) -> "DirectedGraph":
        """Read what `save` wrote; no code runs.

        Raises
        ------
        FormatError
            If it is another file, or damaged.
        """
        tensors, metadata = registry.read_as(storage.KIND, path)
        try:
            return cls(*storage.unpack(tensors, metadata))
        except FormatError as error:
            raise FormatError(f"{path} is damaged: {error}") from None


registry.register(storage.KIND, lambda *content: DirectedGraph(*storage.unpack(*content)))
