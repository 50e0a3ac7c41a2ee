"""Times of edges: edges at other times are other edges, from every source, kept and saved."""

import numpy as np
import pytest
from optional import need

from fastsgns import NodeEmbedding
from fastsgns.errors import FormatError
from fastsgns.formats import native
from fastsgns.graph import LinkSplit
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.links import HOPE

EDGES = [("a", "b", 5.0), ("a", "b", 1.0), ("b", "c", 3.0), ("c", "a", 2.0), ("a", "b", 5.0)]
EXPECTED = [("a", "b", 1, 1.0), ("a", "b", 2, 5.0), ("b", "c", 1, 3.0), ("c", "a", 1, 2.0)]


def listed(graph):
    return sorted((*edge, time) for edge, time in zip(graph.edges(), graph.times.tolist()))


def listed_flat(graph):
    return [(u, v, w, time) for (u, v, w), time in sorted(zip(graph.edges(), graph.times))]


def file_graph(path, columns, **options):
    path.write_text("".join(" ".join(map(str, columns(*edge))) + "\n" for edge in EDGES))
    return DirectedGraph.of(path, **options)


def networkx_graph(path):
    networkx = need("networkx")
    graph = networkx.MultiDiGraph()
    graph.add_edges_from((u, v, {"when": time}) for u, v, time in EDGES)
    return DirectedGraph.of(graph, times="when")


def igraph_graph(path):
    igraph = need("igraph")
    graph = igraph.Graph.TupleList(EDGES, directed=True, edge_attrs=["when"])
    return DirectedGraph.of(graph, times="when")


def table_graph(path):
    pandas = need("pandas")
    table = pandas.DataFrame(EDGES, columns=["source", "target", "when"])
    table["when"] = pandas.to_datetime(table["when"], unit="s")
    return DirectedGraph.of(table, times="when")


def array_graph(path):
    ends = np.array([["abc".index(u), "abc".index(v), time] for u, v, time in EDGES]).T
    graph = DirectedGraph.of(ends, times=3)
    graph.names = ["abc"[name] for name in graph.names]
    return graph


SOURCES = {
    "columns": lambda path: DirectedGraph.from_edges(
        *([edge[i] for edge in EDGES] for i in (0, 1)), times=[edge[2] for edge in EDGES]
    ),
    "tuples": lambda path: DirectedGraph.of(EDGES, times=3),
    "tuples with weights": lambda path: DirectedGraph.of(
        [(u, v, 1, time) for u, v, time in EDGES], times=4
    ),
    "array": array_graph,
    "third column": lambda path: file_graph(path, lambda u, v, t: (u, v, t), times=3),
    "third column, more after it": lambda path: file_graph(
        path, lambda u, v, t: (u, v, t, "x"), times=3
    ),
    "fourth column": lambda path: file_graph(path, lambda u, v, t: (u, v, 1, t), times=4),
    "fourth column, no weights": lambda path: file_graph(
        path, lambda u, v, t: (u, v, "x", t, 9), times=4, weighted=False
    ),
    "networkx": networkx_graph,
    "igraph": igraph_graph,
    "table": table_graph,
}


@pytest.mark.parametrize("source", SOURCES)
def test_edges_at_other_times_are_other_edges(source, tmp_path):
    graph = SOURCES[source](tmp_path / "edges")
    assert listed_flat(graph) == EXPECTED
    assert graph.n_edges == 4 and "edges with times" in repr(graph)
    graph.save(tmp_path / "graph")
    again = DirectedGraph.load(tmp_path / "graph")
    assert listed_flat(again) == EXPECTED and again.times.dtype == np.float64


def random_edges(n=400, seed=1):
    rng = np.random.default_rng(seed)
    ends, weights = rng.integers(0, 12, (n, 2)), rng.integers(-2, 4, n)
    return ends[:, 0], ends[:, 1], weights, rng.integers(0, 5, n)


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_rows_are_those_of_a_dictionary(directed, weighted):
    sources, targets, weights, times = random_edges()
    weights = weights if weighted else np.ones(len(sources))
    sums = {}
    for u, v, w, time in zip(*(a.tolist() for a in (sources, targets, weights, times))):
        for edge in {(u, v, time)} if directed else {(u, v, time), (v, u, time)}:
            sums[edge] = sums.get(edge, 0) + w
    graph = DirectedGraph.from_edges(
        sources, targets, weights if weighted else None, directed=directed, times=times
    )
    found = [(u, v, time, w) for (u, v, w), time in zip(graph.edges(), graph.times.tolist())]
    assert sorted(found) == sorted((*edge, w) for edge, w in sums.items() if w)
    ids = [(graph.ids[u], graph.ids[v], time) for u, v, time, _ in found]
    assert ids == sorted(ids)
    degree = np.zeros(graph.n_nodes)
    for u, v, _, w in found:
        degree[graph.ids[u]] += abs(w)
        degree[graph.ids[v]] += abs(w)
    assert (np.diff(degree) <= 0).all()


def test_keep_and_splits_keep_times():
    sources, targets, _, times = random_edges()
    for directed in (True, False):
        graph = DirectedGraph.from_edges(sources, targets, directed=directed, times=times)
        past = graph.keep(graph.times < 3)
        assert past.times.max() == 2 and past.n_edges == (graph.times < 3).sum()
        split = LinkSplit.of(graph, 0.3)
        assert (split.train.find(split.sources, split.targets) < 0).all()
        if not directed:
            assert (split.train.find(split.targets, split.sources) < 0).all()
        pairs = set(zip(split.sources.tolist(), split.targets.tolist()))
        assert len(pairs) == len(split.sources)
        gone = [
            (u, v) in pairs or (not directed and (v, u) in pairs)
            for u, v in zip(graph.out_sources.tolist(), graph.out_targets.tolist())
        ]
        assert split.train.n_edges == graph.n_edges - sum(gone)
        assert set(split.train.times) <= set(graph.times)
    with pytest.raises(ValueError, match="both directions"):
        graph.keep(np.arange(graph.n_edges) != np.argmax(graph.out_sources != graph.out_targets))


def test_matrices_and_known_links_have_each_pair_once():
    graph = DirectedGraph.of(EDGES, times=3)
    matrix = graph.to_scipy()
    assert matrix.nnz == 3 and matrix[graph.ids["a"], graph.ids["b"]] == 3
    for model in (NodeEmbedding(4, num_walks=1, progress=False), HOPE(2, progress=False)):
        assert len(model.fit(graph).known_pairs()[0]) == 3


def test_dates_become_seconds():
    dates = np.array(["2001-01-02", "2001-01-01"], "datetime64[D]")
    graph = DirectedGraph.from_edges([0, 0], [1, 1], times=dates)
    assert np.diff(graph.times).tolist() == [86400]
    assert graph.times[0] == dates[1].astype("datetime64[s]").astype(int)


@pytest.mark.parametrize(
    "times, error, match",
    [
        ([1, None], ValueError, r"time of edge 1 \('b' -> 'c'\) is None"),
        ([1, float("nan")], ValueError, r"time of edge 1 \('b' -> 'c'\) is nan"),
        ([1, float("inf")], ValueError, "finite time"),
        (np.array(["2001", "NaT"], "datetime64[s]"), ValueError, "finite time"),
        (["2001-01-01", "2002-01-01"], TypeError, r"is '2001-01-01'; times are numbers, or an arr"),
        ([1, 2, 3], ValueError, r"2 edges with times of shape \(3,\)"),
    ],
)
def test_times_that_are_refused(times, error, match):
    with pytest.raises(error, match=match):
        DirectedGraph.from_edges(["a", "b"], ["b", "c"], times=times)


@pytest.mark.parametrize(
    "edges, times, match",
    [
        ([("a", "b", 1)], 5, "times is 5; allowed are 3 and 4"),
        ([("a", "b", 1)], 4, r"edge 0 is \('a', 'b', 1\); expected \(source, target, weight, time"),
        ([("a", "b")], 3, r"expected \(source, target, time\)"),
        (np.zeros((3, 5)), 4, r"times=4 has shape \(4, n\) or \(n, 4\), not \(3, 5\)"),
    ],
)
def test_columns_of_times_that_are_refused(edges, times, match):
    with pytest.raises(ValueError, match=match):
        DirectedGraph.of(edges, times=times)


@pytest.mark.parametrize(
    "text, options, match",
    [
        ("a b 1\nb c x\n", {"times": 3}, "line 2: the column of times has something other"),
        ("a b 1\nb c nan\n", {"times": 3}, "line 2: the column of times has something other"),
        ("u v time\na b 1\n", {"times": 3}, "skip_lines=1 skips a header"),
        ("a b 1\nb c\n", {"times": 3}, "line 2: a column is missing"),
        ("a b 1\n", {"times": 4}, "line 1: a column is missing"),
        ("a b x 1\n", {"times": 4}, "the third column is empty or not a number"),
        ("a b 1\n", {"times": 3, "weighted": True}, "both need the third column"),
        ("a b 1\n", {"times": True}, "times is True; allowed are 3 and 4"),
    ],
)
def test_files_with_times_that_are_refused(text, options, match, tmp_path):
    path = tmp_path / "edges"
    path.write_text(text)
    with pytest.raises(ValueError, match=match):
        DirectedGraph.of(path, **options)


def test_several_threads_read_the_same_times(tmp_path):
    sources, targets, weights, times = random_edges(5000)
    path = tmp_path / "edges"
    np.savetxt(path, np.transpose([sources, targets, weights, times]), fmt="%d")
    expected = DirectedGraph.from_edges(
        sources.astype(str), targets.astype(str), weights, times=times
    )
    for workers in (1, 4):
        assert listed(DirectedGraph.of(path, times=4, workers=workers)) == listed(expected)


DAMAGES = {
    "too few times": lambda t: t.update(times=t["times"][1:]),
    "a time of nan": lambda t: t["times"].__setitem__(0, np.nan),
    "an infinite time": lambda t: t["times"].__setitem__(0, -np.inf),
    "times in disorder": lambda t: t.update(times=t["times"][::-1].copy()),
    "times of another kind": lambda t: t.update(times=t["times"].astype(np.float32)),
    "times that differ both ways": lambda t: t["times"].__setitem__(-1, 99),
    "no times of parallel edges": lambda t: t.pop("times"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_times_are_refused(damage, tmp_path):
    path = tmp_path / "graph"
    DirectedGraph.of(EDGES, times=3, directed=False).save(path)
    kind, tensors, metadata = native.read(path)
    tensors = {name: np.array(array) for name, array in tensors.items()}
    DAMAGES[damage](tensors)
    native.write(path, kind, tensors, {"is_directed": metadata["is_directed"]})
    with pytest.raises(FormatError):
        DirectedGraph.load(path)
