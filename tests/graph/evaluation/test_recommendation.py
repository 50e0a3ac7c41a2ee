"""Recall of recommendations: against counting by hand, and the baseline of popularity."""

import numpy as np
import pytest

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.recommendation import MostPopular, evaluate_recommendations
from fastsgns.graph.evaluation.splits import LinkSplit


def random_graph(directed):
    sources, targets = np.random.default_rng(3).integers(40, size=(2, 400))
    graph = DirectedGraph.from_edges(sources, targets, names=range(40), directed=directed)
    return graph.without(np.flatnonzero(graph.out_sources == graph.out_targets))


class Fixed:
    """Recommends the same nodes to all."""

    def __init__(self, names):
        self.names = names

    def recommend(self, u, topn):
        return [[(name, 0.0) for name in self.names[:topn]] for _ in u]


@pytest.mark.parametrize("directed", [True, False])
def test_recall_is_the_mean_share_of_the_targets_of_a_source(directed):
    graph = random_graph(directed)
    split = LinkSplit.of(graph, 0.3, seed=1)
    pairs = [(graph.names[u], graph.names[v]) for u, v in zip(split.sources, split.targets)]
    pairs += [] if directed else [(v, u) for u, v in pairs]
    by_source = {}
    for u, v in pairs:
        by_source.setdefault(u, []).append(v)
    row = evaluate_recommendations({"fixed": Fixed([1, 2, 3, 4])}, split, k=3)[1]
    shares = [np.isin(targets, [1, 2, 3]).mean() for targets in by_source.values()]
    assert (row.model, row.k, row.n_sources) == ("fixed", 3, len(by_source))
    assert row.recall == pytest.approx(np.mean(shares))
    assert row.hit_rate == pytest.approx(np.mean(np.array(shares) > 0))


def test_the_most_popular_are_neither_known_nor_the_source_itself():
    graph = random_graph(True)
    popular = MostPopular(graph)
    for u in graph.names:
        known = {v for source, v, _ in graph.edges() if source == u} | {u}
        best = popular.recommend([u], topn=4)[0]
        assert not known & {v for v, _ in best} and len(best) == min(4, 40 - len(known))
        others = [graph.in_degrees[graph.ids[v]] for v in graph.names if v not in known]
        assert [n for _, n in best] == sorted(others, reverse=True)[:4]


def test_k_is_checked():
    with pytest.raises(ValueError, match="k is 0"):
        evaluate_recommendations({}, LinkSplit.of(random_graph(True)), k=0)
