"""DirectedGraph: compressed rows against dictionaries, and what odd edges mean."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgns.graph.digraph import DirectedGraph

WEIGHTS = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0])
EDGES = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), WEIGHTS), max_size=40)


def textbook(edges, directed: bool) -> dict:
    """Signed sums by (source, target)."""
    sums: dict = defaultdict(float)
    for source, target, weight in edges:
        sums[source, target] += weight
        if not directed and source != target:
            sums[target, source] += weight
    return {ends: weight for ends, weight in sums.items() if weight != 0}


def check(graph: DirectedGraph) -> None:
    """What holds of every graph."""
    n, sources = graph.n_nodes, graph.out_sources
    assert graph.out_offsets.dtype == graph.in_offsets.dtype == np.int64
    assert graph.out_targets.dtype == graph.in_sources.dtype == np.int32
    assert len(graph.out_offsets) == len(graph.in_offsets) == n + 1
    sizes = np.ones(graph.n_edges, np.float32) if graph.out_weights is None else graph.out_weights
    in_sizes = np.ones(graph.n_edges) if graph.in_weights is None else graph.in_weights
    assert sizes.dtype == np.float32
    assert np.all(sizes > 0)
    in_targets = np.repeat(np.arange(n), np.diff(graph.in_offsets))
    forward = list(zip(sources.tolist(), graph.out_targets.tolist(), sizes.tolist()))
    backward = list(zip(graph.in_sources.tolist(), in_targets.tolist(), in_sizes.tolist()))
    assert forward == sorted(set(forward)) == sorted(backward)
    assert backward == sorted(backward, key=lambda edge: (edge[1], edge[0]))
    np.testing.assert_allclose(graph.out_degrees, np.bincount(sources, sizes, n))
    np.testing.assert_allclose(graph.in_degrees, np.bincount(graph.out_targets, sizes, n))
    total = graph.out_degrees + graph.in_degrees
    assert np.all(total[:-1] >= total[1:] - 1e-9)
    assert [graph.ids[name] for name in graph.names] == list(range(n))


@given(EDGES, st.booleans())
def test_weighted_edges_are_those_of_a_dictionary(edges, directed):
    sources, targets, weights = zip(*edges) if edges else ((), (), ())
    graph = DirectedGraph.from_edges(sources, targets, weights, names=range(7), directed=directed)
    check(graph)
    assert {(s, t): w for s, t, w in graph.edges()} == textbook(edges, directed)
    assert graph.n_nodes == 7
    assert (graph.signs is None) == all(weight > 0 for *_, weight in graph.edges())


@given(EDGES, st.booleans(), st.sampled_from([np.array, list, lambda x: [str(i) for i in x]]))
def test_edges_without_weights_count(edges, directed, kind):
    ends = [edge[:2] for edge in edges]
    sources, targets = zip(*ends) if ends else ((), ())
    graph = DirectedGraph.from_edges(
        kind(np.array(sources, int)), kind(np.array(targets, int)), directed=directed
    )
    check(graph)
    wanted = textbook([(*pair, 1.0) for pair in ends], directed)
    assert {(int(s), int(t)): w for s, t, w in graph.edges()} == wanted
    assert (graph.out_weights is None) == all(weight == 1 for weight in wanted.values())
    assert {int(name) for name in graph.names} == {node for pair in ends for node in pair}


def test_widely_spread_integers_and_ties_keep_their_order():
    graph = DirectedGraph.from_edges(np.array([10**15, -5, 7]), np.array([-5, 7, 10**15]))
    assert graph.names == [-5, 7, 10**15]
    named = DirectedGraph.from_edges(["c", "b"], ["b", "c"])
    assert named.names == ["c", "b"]


def test_names_of_any_hashable_kind():
    graph = DirectedGraph.from_edges([("a", 1), 2.5, "x"], ["x", ("a", 1), frozenset()])
    assert {(s, t) for s, t, _ in graph.edges()} == {
        (("a", 1), "x"),
        (2.5, ("a", 1)),
        ("x", frozenset()),
    }


def test_odd_edges_mean_what_the_documentation_says():
    graph = DirectedGraph.from_edges(
        [0, 0, 1, 1, 2, 2], [0, 1, 2, 2, 0, 1], [1, 2, 0.5, 0.25, 0, -4], names="abcd"
    )
    assert set(graph.edges()) == {
        ("a", "a", 1), ("a", "b", 2), ("b", "c", 0.75), ("c", "b", -4)
    }  # fmt: skip
    degrees = dict(zip(graph.names, zip(graph.out_degrees, graph.in_degrees)))
    assert degrees == {"a": (3, 1), "b": (0.75, 6), "c": (4, 0.75), "d": (0, 0)}
    loop = DirectedGraph.from_edges([0], [0], directed=False)
    assert (loop.n_edges, loop.out_degrees[0], loop.in_degrees[0]) == (1, 1, 1)


def test_opposite_signs_cancel_alike_both_ways():
    weights = [0.1, 0.2, -0.3]
    graph = DirectedGraph.from_edges([0, 1, 0], [1, 0, 1], weights, directed=False)
    there, back = graph.find(np.array([0, 1]), np.array([1, 0]))
    assert (there < 0) == (back < 0)
    assert graph.n_edges in (0, 2)


def test_no_edges_and_no_nodes():
    for graph in (DirectedGraph.from_edges([], []), DirectedGraph.from_edges([], [], names="ab")):
        check(graph)
        assert graph.n_edges == 0


@given(EDGES)
def test_find_tells_where_each_edge_is(edges):
    sources, targets, weights = zip(*edges) if edges else ((), (), ())
    graph = DirectedGraph.from_edges(sources, targets, weights, names=range(7))
    pairs = np.array([(s, t) for s in range(7) for t in range(7)])
    places = graph.find(pairs[:, 0], pairs[:, 1])
    found = {tuple(pair): place for pair, place in zip(pairs.tolist(), places) if place >= 0}
    stored = zip(graph.out_sources.tolist(), graph.out_targets.tolist())
    assert found == {pair: place for place, pair in enumerate(stored)}


def test_keep_keeps_nodes_and_ids():
    graph = DirectedGraph.from_edges([0, 0, 1, 2], [1, 2, 2, 0], [1, -2, 3, 4], names=range(4))
    kept = graph.keep(graph.signed_weights != 3)
    assert kept.names == graph.names
    assert set(kept.edges()) == set(graph.edges()) - {(1, 2, 3.0)}
    np.testing.assert_array_equal(kept.signs[kept.signed_weights < 0], [-1])
    undirected = DirectedGraph.from_edges([0, 1], [1, 2], directed=False)
    with pytest.raises(ValueError, match="both directions"):
        undirected.keep(np.arange(4) != 0)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        undirected.keep(np.ones(3, bool))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (([1], [1, 2]), ValueError, "1 sources and 2 targets"),
        (("ab", [1, 2]), TypeError, "sources must be a sequence of nodes, not 'ab'"),
        (([[1]], [2]), TypeError, "hashed"),
        ((["a", None], ["b", "c"]), ValueError, "the source of edge 1 is None"),
        ((["a"], [math.nan]), ValueError, "edge 0"),
        (([1.0, math.nan], [2, 3]), ValueError, "edge 1"),
        ((np.ones((2, 2), int), [1, 2]), ValueError, r"shape \(2, 2\)"),
        (([1], [2], [1, 2]), ValueError, r"1 edges with weights of shape \(2,\)"),
        (([1, 1], [2, 3], [1, math.nan]), ValueError, r"edge 1 \(.*\) has weight nan"),
        (([1], [2], [math.inf]), ValueError, r"edge 0 \(.*\) has weight inf"),
        (([1], [2], [1e39]), ValueError, "at most 3.4e"),
        (([1, 1], [2, 2], [3e38, 3e38]), ValueError, "sum to over"),
        (([1], [2], ["x"]), TypeError, "real numbers"),
        (([1], [2], [1j]), TypeError, "real numbers"),
        (([0], [2], None, "ab"), ValueError, "there are 2 nodes"),
        (([0], [-1], None, "ab"), ValueError, "between -1 and -1"),
        ((["a"], ["b"], None, "ab"), TypeError, "indices"),
        (([0, 1], [1], None, "ab"), ValueError, "2 sources, 1 targets"),
        (([0], [1], None, "aba"), ValueError, r"'a' is in `names` twice"),
    ],
)
def test_bad_edges_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        DirectedGraph.from_edges(*arguments)


def test_the_cora_graph(shared_data):
    graph = DirectedGraph.of(shared_data / "graphs" / "cora.edges")
    check(graph)
    assert (graph.n_nodes, graph.n_edges, graph.out_weights) == (2708, 5429, None)
