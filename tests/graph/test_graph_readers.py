"""Graphs out of what other packages hold; imitations replace those that are not installed."""

import re
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from optional import need

from fastsgns.graph.digraph import DirectedGraph

WANTED = {("a", "b", 2.0), ("b", "c", 1.0), ("c", "c", 0.5)}


class Table(dict):
    """Named columns, as of pandas and Arrow."""

    @property
    def columns(self):
        return list(self)


class Column(SimpleNamespace):
    def to_numpy(self):
        return np.array(self.values)


def columns(**values) -> Table:
    return Table({name: Column(values=column) for name, column in values.items()})


def test_scipy_matrices():
    sparse = need("scipy.sparse")
    dense = np.array([[0, 2.0, 0, 0], [0, 0, 1, 0], [0, 0, 0.5, 0], [0, 0, 0, 0]])
    for kind in ("coo_array", "csr_array", "csc_array", "csr_matrix", "lil_array"):
        graph = DirectedGraph.of(getattr(sparse, kind)(dense), names="abcd")
        assert set(graph.edges()) == WANTED
        assert graph.n_nodes == 4
    numbered = DirectedGraph.from_scipy(sparse.csr_array(dense))
    assert sorted(numbered.names) == [0, 1, 2, 3]
    double = sparse.coo_array(([1.0, 2.0, 0.0], ([0, 0, 1], [1, 1, 0])), shape=(2, 2))
    assert list(DirectedGraph.of(double).edges()) == [(0, 1, 3.0)]


def test_a_matrix_comes_back_as_it_was():
    need("scipy.sparse")
    graph = DirectedGraph.from_edges([0, 1, 2, 2], [1, 2, 0, 2], [1, -2, 0.5, 3], names=range(4))
    again = DirectedGraph.of(graph.to_scipy(), names=graph.names)
    assert list(again.edges()) == list(graph.edges())


def test_an_undirected_matrix_is_symmetric():
    sparse = need("scipy.sparse")
    matrix = sparse.csr_array(np.array([[3, 1, 0], [1, 0, -2], [0, -2, 0]]))
    graph = DirectedGraph.of(matrix, directed=False)
    assert graph.out_weights is not None
    wanted = {(0, 0, 3), (0, 1, 1), (1, 0, 1), (1, 2, -2), (2, 1, -2)}
    assert set(graph.edges()) == wanted
    with pytest.raises(ValueError, match="symmetric"):
        DirectedGraph.of(sparse.csr_array([[0, 1], [0, 0]]), directed=False)
    with pytest.raises(ValueError, match=r"\(1, 2\); it must be square"):
        DirectedGraph.of(sparse.csr_array([[0, 1]]))
    with pytest.raises(ValueError, match="1 names"):
        DirectedGraph.of(sparse.csr_array([[0, 1], [0, 0]]), names="a")


def test_networkx():
    networkx = need("networkx")
    source = networkx.MultiDiGraph()
    source.add_nodes_from(["lonely", 5])
    source.add_edge("a", "b")
    source.add_edge("a", "b", weight=1)
    source.add_edge("b", "c")
    source.add_edge("c", "c", weight=0.5)
    graph = DirectedGraph.of(source)
    assert set(graph.edges()) == WANTED
    assert {"lonely", 5} < set(graph.names)
    assert not DirectedGraph.of(networkx.path_graph(3)).is_directed
    assert DirectedGraph.of(networkx.DiGraph(source), weight=None).out_weights is None


def test_igraph():
    igraph = need("igraph")
    source = igraph.Graph([(0, 1), (1, 2), (2, 2)], n=4, directed=True)
    assert {(s, t) for s, t, _ in DirectedGraph.of(source).edges()} == {(0, 1), (1, 2), (2, 2)}
    source.vs["name"] = list("abcd")
    source.es["weight"] = [2, 1, 0.5]
    graph = DirectedGraph.of(source)
    assert set(graph.edges()) == WANTED
    assert graph.n_nodes == 4
    assert not DirectedGraph.of(igraph.Graph([(0, 1)])).is_directed


def test_pandas():
    pandas = need("pandas")
    frame = pandas.DataFrame({"target": list("bcc"), "source": list("abc"), "weight": [2, 1, 0.5]})
    assert set(DirectedGraph.of(frame).edges()) == WANTED
    frame.loc[1, "source"] = None
    with pytest.raises(ValueError, match="edge 1"):
        DirectedGraph.of(frame)


def test_arrow():
    arrow = need("pyarrow")
    table = arrow.table({"u": list("abc"), "v": list("bcc"), "weight": [2, 1, 0.5]})
    assert set(DirectedGraph.of(table).edges()) == WANTED


def test_columns_of_any_table():
    table = columns(u=list("abc"), v=list("bcc"), weight=[2, 1, 0.5], w=[-1, -1, -1])
    assert set(DirectedGraph.of(table).edges()) == WANTED
    other = DirectedGraph.from_table(table, source="v", target="u", weight="w", directed=False)
    assert set(other.signs) == {-1}
    with pytest.raises(ValueError, match="no column 'x'"):
        DirectedGraph.of(table, source="x", target="v")
    with pytest.raises(ValueError, match="both"):
        DirectedGraph.of(table, source="u")
    with pytest.raises(TypeError, match="two named columns"):
        DirectedGraph.of(columns(u=[1]))


def test_arrays_and_tuples():
    ends = np.array([[3, 3, 9, 9], [9, 4, 4, 3]])
    wanted = {(3, 9, 1), (3, 4, 1), (9, 4, 1), (9, 3, 1)}
    weights = np.array([0.5, 1, 2, 4])
    weighted = np.vstack([ends, weights])
    for many in (ends, ends.T, ends.astype(float).T, tuple(ends), tuple(ends.tolist())):
        assert set(DirectedGraph.of(many).edges()) == wanted
        assert {type(name) for name in DirectedGraph.of(many).names} == {int}
    for many in (weighted, weighted.T, (*ends, weights), list(weighted.T)):
        assert (3, 9, 0.5) in set(DirectedGraph.of(many).edges())
    assert set(DirectedGraph.of(ends.T.astype(str)).names) == {"3", "9", "4"}
    assert set(DirectedGraph.of(map(tuple, ends.T.tolist())).edges()) == wanted
    assert set(DirectedGraph.of([("a", "b", 2), ("b", "c", 1), ("c", "c", 0.5)]).edges()) == WANTED
    assert DirectedGraph.of([], directed=False).n_nodes == 0
    graph = DirectedGraph.of(ends)
    assert DirectedGraph.of(graph) is graph
    with pytest.raises(TypeError, match="as it is, without directed"):
        DirectedGraph.of(graph, directed=False)


@pytest.mark.parametrize(
    ("source", "error", "words"),
    [
        (
            np.ones((5, 4)),
            ValueError,
            r"\(2, n\) or \(n, 2\) or \(3, n\) or \(n, 3\), not \(5, 4\)",
        ),
        (np.ones(4), ValueError, r"not \(4,\)"),
        (np.ones((4, 4, 4)), ValueError, r"not \(4, 4, 4\)"),
        (np.array([[0.5], [1], [2]]), ValueError, "whole numbers"),
        (np.array([[0, np.nan]] * 5), ValueError, "is nan; .* whole numbers"),
        (np.full((4, 4), "x"), TypeError, "weight of an edge"),
        ([("a", "b"), ("a", "b", 1)], ValueError, "edge 1 is"),
        ([("a",)], ValueError, "edge 0 is"),
        (["ab", "cd"], ValueError, "edge 0 is 'ab'"),
        ({"a": ["b"]}, TypeError, "for v in targets"),
        ({("a", "b"): 2}, TypeError, "for .u, v., weight in edges.items"),
        (["edges.txt"], ValueError, "from_file"),
        (7, TypeError, "7 holds no edges"),
    ],
)
def test_what_holds_no_edges_is_refused(source, error, words):
    with pytest.raises(error, match=words):
        DirectedGraph.of(source)


def test_missing_names_are_refused_whatever_they_are():
    class NotAvailable:
        __hash__ = object.__hash__

        def __eq__(self, other):
            return self

        def __ne__(self, other):
            return self

        def __bool__(self):
            raise TypeError("no truth")

    for missing in (None, float("nan"), NotAvailable()):
        with pytest.raises(ValueError, match="edge 1"):
            DirectedGraph.from_edges(["a", missing], ["b", "c"])
        with pytest.raises(ValueError, match=r"the name of node 1 is .*, a missing value"):
            DirectedGraph.from_edges([0], [1], names=["a", missing])


@pytest.mark.parametrize("weight", [None, float("nan"), float("inf"), "1", [2], {}])
@pytest.mark.parametrize("form", ["tuples", "columns", "networkx"])
def test_a_weight_that_is_none_is_located(form, weight):
    edges = [(f"n{i}", f"n{i + 1}", 1.0) for i in range(1000)]
    edges[700] = ("n700", "n701", weight)
    with pytest.raises((ValueError, TypeError), match=r"edge 700 \('n700' -> 'n701'\) has weight"):
        if form == "tuples":
            DirectedGraph.of(edges)
        elif form == "columns":
            DirectedGraph.from_edges(*map(list, zip(*edges)))
        else:
            networkx = need("networkx")
            graph = networkx.DiGraph()
            graph.add_weighted_edges_from(edges)
            DirectedGraph.of(graph)


def test_numbers_of_any_kind_are_weights():
    weights = [Decimal("0.5"), Fraction(1, 4), np.float16(2), True, 3]
    graph = DirectedGraph.from_edges(range(5), range(1, 6), weights)
    assert [weight for *_, weight in sorted(graph.edges())] == [0.5, 0.25, 2, 1, 3]


def test_an_attribute_that_no_edge_has_is_refused():
    networkx = need("networkx")
    graph = networkx.DiGraph([("a", "b", {"w": 2, "kind": "x"}), ("b", "c")])
    with pytest.raises(ValueError, match=r"no edge has the attribute 'wieght'.*'kind', 'w'"):
        DirectedGraph.from_networkx(graph, weight="wieght")
    assert set(DirectedGraph.of(graph, weight="w").edges()) == {("a", "b", 2), ("b", "c", 1)}
    assert DirectedGraph.of(graph).out_weights is None
    assert DirectedGraph.from_networkx(networkx.DiGraph(), weight="w").n_edges == 0
    igraph = need("igraph")
    other = igraph.Graph(edges=[(0, 1)], edge_attrs={"w": [2]})
    for options in ({"weight": "wieght"}, {"name": "label"}):
        with pytest.raises(ValueError, match="has the attribute"):
            DirectedGraph.of(other, **options)
    assert DirectedGraph.of(other, weight="w").out_weights.tolist() == [2, 2]


def test_options_that_a_kind_does_not_know_are_named():
    for edges in ([("a", "b")], np.zeros((2, 1), int), iter([("a", "b")])):
        with pytest.raises(TypeError, match=r"weight: a .* of edges takes no other option"):
            DirectedGraph.of(edges, weight="w")


def test_open_files_are_no_edges(tmp_path):
    (tmp_path / "edges").write_text("a b\n")
    with open(tmp_path / "edges") as file, pytest.raises(TypeError, match="give a path"):
        DirectedGraph.of(file)


@pytest.mark.parametrize("shape", [(2, 2), (2, 3), (3, 2), (3, 3)])
def test_ambiguous_shapes_are_refused_with_calls_that_work(shape):
    a = np.arange(6)[: shape[0], None] + 10 * np.arange(6)[: shape[1]]
    with pytest.raises(ValueError, match="per column or per row; say which: ") as caught:
        DirectedGraph.of(a)
    calls = re.findall(r"DirectedGraph\.\w+\(.*?\)(?= for)", str(caught.value))
    assert len(calls) == 2 + (shape[0] == shape[1])
    graphs = [eval(call, {"a": a, "DirectedGraph": DirectedGraph}) for call in calls]
    assert [graph.n_edges for graph in graphs[:2]] == [shape[1], shape[0]]
    assert {ends[:2] for ends in graphs[0].edges()} == set(zip(*a[:2].tolist()))
    assert {ends[:2] for ends in graphs[1].edges()} == {tuple(row[:2]) for row in a.tolist()}
    if len(calls) == 3:
        assert np.array_equal(dense(graphs[2]), a)
    for n_times in shape:
        if n_times == 3 and shape == (3, 3):
            with pytest.raises(ValueError, match=r"times=3 .* per column or per row"):
                DirectedGraph.of(a, times=3)


def dense(graph):
    found = np.zeros((graph.n_nodes, graph.n_nodes))
    for source, target, weight in graph.edges():
        found[source, target] = weight
    return found


@pytest.mark.parametrize("n", [0, 1, 4, 7])
def test_square_arrays_are_adjacency_matrices(n):
    rng = np.random.default_rng(n)
    matrix = rng.integers(-1, 3, (n, n)).astype(float)
    assert np.array_equal(dense(DirectedGraph.of(matrix)), matrix)
    both = matrix + matrix.T
    for given in (both, both.tolist() or both):
        graph = DirectedGraph.from_adjacency(given, directed=False)
        assert not graph.is_directed and np.array_equal(dense(graph), both)
    if n > 1:
        with pytest.raises(ValueError, match="symmetric"):
            DirectedGraph.of(np.triu(np.ones((n, n)), 1), directed=False)
        with pytest.raises(ValueError, match=rf"\({n}, {n - 1}\); it must be square"):
            DirectedGraph.from_adjacency(matrix[:, 1:])
        matrix[0, 1] = np.nan
        with pytest.raises(ValueError, match=r"0 -> 1.* has weight nan"):
            DirectedGraph.of(matrix)
    assert DirectedGraph.from_adjacency(np.eye(2, dtype=bool), "ab").out_weights is None


def test_tables_with_an_index_or_of_a_matrix():
    pandas = need("pandas")
    frame = pandas.DataFrame({"u": [1.0, 2.0, 7.0], "v": [2.0, 7.0, 2.0]})
    graph = DirectedGraph.of(frame)
    assert graph.names == [2, 7, 1] and {type(name) for name in graph.names} == {int}
    frame.insert(0, "Unnamed: 0", range(3))
    assert list(DirectedGraph.of(frame).edges()) == list(graph.edges())
    frame.loc[1, "v"] = None
    with pytest.raises(ValueError, match=r"edge 1 is missing|edge 1 is nan"):
        DirectedGraph.of(frame)
    indexed = pandas.DataFrame({"source": ["a"], "target": ["b"], "w": [1]}).set_index("source")
    with pytest.raises(ValueError, match=r"'target' without the other one.*reset_index"):
        DirectedGraph.of(indexed)
    assert DirectedGraph.of(indexed.reset_index()).names == ["a", "b"]
    series = pandas.Series([("a", "b"), ("b", "c")])
    assert DirectedGraph.of(series).n_edges == 2
    matrix = pandas.DataFrame([[0, 1], [2, 0]], list("ab"), list("ab"))
    with pytest.raises(ValueError, match=r"adjacency.*from_adjacency\(table.to_numpy\(\), list"):
        DirectedGraph.of(matrix)
    edges = {("a", "b", 1), ("b", "a", 2)}
    assert set(DirectedGraph.from_adjacency(matrix.to_numpy(), matrix.columns).edges()) == edges
    assert DirectedGraph.of(matrix, source="a", target="b").n_edges == 2
