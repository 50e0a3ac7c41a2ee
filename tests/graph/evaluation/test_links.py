"""Splits that leak nothing, negatives that are none, and the table that judges models."""

import numpy as np
import pytest

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.links import degree_product, evaluate_links, log_degrees
from fastsgns.graph.evaluation.recommendation import evaluate_recommendations
from fastsgns.graph.evaluation.splits import DEGREE, LinkSplit


def random_graph(directed: bool = True, n: int = 60, n_edges: int = 400, seed: int = 3):
    rng = np.random.default_rng(seed)
    ends = rng.integers(n, size=(2, n_edges)) ** 2 // n  # uneven degrees
    names = [f"n{i}" for i in range(n + 3)]  # the last three are isolated
    return DirectedGraph.from_edges(*ends, names=names, directed=directed)


def pairs(graph: DirectedGraph) -> set[tuple[int, int]]:
    return set(zip(graph.out_sources.tolist(), graph.out_targets.tolist()))


@pytest.mark.parametrize("directed", [True, False])
def test_a_split_takes_edges_apart_and_leaks_none(directed: bool):
    graph = random_graph(directed)
    split = LinkSplit.of(graph, 0.3, seed=5)
    test = set(zip(split.sources.tolist(), split.targets.tolist()))
    train, every = pairs(split.train), pairs(graph)
    assert len(test) == len(split.sources)
    assert all(u != v for u, v in test)
    back = set() if directed else {(v, u) for u, v in test}
    assert test.isdisjoint(back)
    assert train.isdisjoint(test | back)
    assert train | test | back == every
    assert split.train.names == graph.names
    loops = {(u, v) for u, v in every if u == v}
    n_edges = len(every - loops) if directed else len(every - loops) / 2
    assert len(test) == round(0.3 * n_edges)


def test_the_reverse_of_a_test_edge_stays_where_it_is_an_edge_of_its_own():
    graph = random_graph()
    split = LinkSplit.of(graph, 0.5, seed=1)
    test = list(zip(split.sources.tolist(), split.targets.tolist()))
    mutual = [(u, v) for u, v in test if (v, u) in pairs(graph)]
    in_train = [(u, v) for u, v in mutual if (v, u) in pairs(split.train)]
    assert 0 < len(in_train) < len(mutual)
    one_way = {test[i] for i in split.one_way.tolist()}
    assert one_way == set(test) - set(mutual)


@pytest.mark.parametrize("kind", [0.0, 0.25, 0.5, 1.0, DEGREE])
def test_negatives_are_no_edges_and_have_the_stated_share_reversed(kind):
    graph = random_graph()
    split = LinkSplit.of(graph, 0.3, seed=2)
    sources, targets = split.negatives(kind, seed=4)
    drawn = list(zip(sources.tolist(), targets.tolist()))
    assert not set(drawn) & pairs(graph)
    assert all(u != v for u, v in drawn)
    one_way = split.one_way
    reverse = set(zip(split.targets[one_way].tolist(), split.sources[one_way].tolist()))
    if kind == 1.0:
        assert len(set(drawn)) == len(drawn) == len(reverse)
        assert set(drawn) == reverse
    elif isinstance(kind, float) and kind:
        n_reversed = round(kind * len(drawn))
        assert set(drawn[:n_reversed]) <= reverse
        assert len(set(drawn[:n_reversed])) == n_reversed
    else:
        assert len(drawn) == len(split.sources)
    again = split.negatives(kind, seed=4)
    assert np.array_equal(again[0], sources)


def test_degree_matched_negatives_leave_degrees_little_to_tell():
    graph = random_graph(n=300, n_edges=3000)
    rows = evaluate_links({}, LinkSplit.of(graph, 0.3), kinds=[0.0, DEGREE])
    random, matched = ([row.auc for row in rows[i : i + 2]] for i in (0, 2))
    assert min(random) > 0.75
    assert max(matched) - 0.5 < 0.08 and 0.5 - min(matched) < 0.08


def test_fewer_edges_to_reverse_mean_fewer_negatives_and_the_same_share():
    edges = [(0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4), (6, 7), (7, 8), (8, 9), (9, 6)]
    graph = DirectedGraph.from_edges(*zip(*edges))
    split = LinkSplit.of(graph, 0.7, seed=1)
    assert 0 < len(split.one_way) < len(split.sources)
    sources, _ = split.negatives(1.0)
    assert len(sources) == len(split.one_way)


def test_a_symmetric_model_is_a_coin_on_direction_and_a_directed_one_is_not():
    graph = random_graph(n_edges=700)
    rng = np.random.default_rng(0)
    table = {name: rng.standard_normal() for name in graph.names}
    edges = {(graph.names[u], graph.names[v]) for u, v in pairs(graph)}

    class Symmetric:
        def score(self, u, v):
            return np.array([table[a] * table[b] for a, b in zip(u, v)])

    class Oracle:
        def score(self, u, v):
            return np.array([(a, b) in edges for a, b in zip(u, v)], float)

    split = LinkSplit.of(graph, 0.3)
    rows = evaluate_links({"one": Symmetric(), "oracle": Oracle()}, split)
    assert [row.model for row in rows[:4]] == ["degree product", "log degrees", "one", "oracle"]
    assert len(rows) == 16
    by_name = {(row.model, row.negatives): row for row in rows}
    assert by_name["one", "0 % reversed"].direction == 0.5
    assert by_name["one", "100 % reversed"].auc == pytest.approx(0.5, abs=0.08)
    for kind in ("0 % reversed", "100 % reversed", "degree-matched"):
        oracle = by_name["oracle", kind]
        assert (oracle.auc, oracle.average_precision, oracle.mrr) == (1, 1, 1)
        assert oracle.hits == {10: 1, 50: 1, 100: 1}


def test_candidates_of_a_source_are_not_its_edges():
    graph = random_graph()
    split = LinkSplit.of(graph, 0.3)
    for n in (20, 1000):
        targets, allowed = split.candidates(np.array([0, 4]), n)
        assert targets.shape == allowed.shape == (2, min(n, graph.n_nodes))
        for row, edge in enumerate((0, 4)):
            u = int(split.sources[edge])
            for v, ok in zip(targets[row].tolist(), allowed[row].tolist()):
                assert ok == ((u, v) not in pairs(graph) and u != v)


def test_undirected_graphs_have_no_reversed_negatives():
    split = LinkSplit.of(random_graph(directed=False), 0.3)
    rows = evaluate_links({}, split)
    assert [row.negatives for row in rows[::2]] == ["0 % reversed", "degree-matched"]
    assert np.isnan(rows[0].direction)
    with pytest.raises(ValueError, match="reverse"):
        split.negatives(0.5)


def test_what_can_not_be_split_is_refused():
    graph = random_graph()
    for share in (0, 1, 1.5):
        with pytest.raises(ValueError, match="share"):
            LinkSplit.of(graph, share)
    with pytest.raises(ValueError, match="side empty"):
        LinkSplit.of(DirectedGraph.from_edges([0], [1]), 0.3)
    with pytest.raises(ValueError, match="kind"):
        LinkSplit.of(graph).negatives("often")
    complete = DirectedGraph.from_edges(*np.nonzero(np.ones((4, 4))))
    with pytest.raises(ValueError, match="almost every"):
        LinkSplit.of(complete).negatives()


def test_a_directed_graph_of_mutual_edges_has_no_reversed_negatives():
    rng = np.random.default_rng(1)
    ends = rng.integers(0, 30, (2, 90))
    graph = DirectedGraph.from_edges(*np.hstack([ends, ends[::-1]]), names=range(30))
    split = LinkSplit.of(graph, 0.3)
    rows = evaluate_links({}, split)
    assert [row.negatives for row in rows[::2]] == ["0 % reversed", "degree-matched"]
    assert all(np.isnan(row.direction) for row in rows)
    with pytest.raises(ValueError, match="no test edge whose reverse is not an edge; give other"):
        evaluate_links({}, split, kinds=[0.5, 1.0])


def test_logarithms_of_degrees_rank_pairs_that_the_product_does_not():
    # 0 -> 1, 0 -> 2, 3 -> 2: node 1 has no out-edge, 0 and 3 have no in-edge
    graph = DirectedGraph.from_edges([0, 0, 3], [1, 2, 2], names=range(4))
    ids = np.array([graph.ids[name] for name in range(4)])
    u, v = ids[[0, 0, 3, 1]], ids[[2, 1, 0, 3]]
    expected = np.log([2.1, 2.1, 1.1, 0.1]) + 0.75 * np.log([2.1, 1.1, 0.1, 0.1])
    np.testing.assert_allclose(log_degrees(graph)(u, v), expected)
    expected = np.log([3, 3, 2, 1]) + np.log([3, 2, 1, 1])
    np.testing.assert_allclose(log_degrees(graph, 1, 1)(u, v), expected)
    np.testing.assert_array_equal(degree_product(graph)(u, v), [4, 2, 0, 0])


@pytest.mark.parametrize("evaluate", [evaluate_links, evaluate_recommendations])
def test_models_have_names_of_their_own(evaluate):
    graph = DirectedGraph.from_edges(range(30), range(1, 31))
    split = LinkSplit.of(graph)
    with pytest.raises(TypeError, match="give a dict of models by name"):
        evaluate([object()], split)
    baseline = "log degrees" if evaluate is evaluate_links else "most popular"
    with pytest.raises(ValueError, match="is the name of a baseline"):
        evaluate({baseline: object()}, split)
