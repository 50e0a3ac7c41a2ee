"""NodeEmbedding by task: which walks it takes, half of the dimensions each, and the check."""

import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.ranking import auc
from fastsgns.matrices import ColumnBlock, Matrices
from fastsgns.models.links import training, walks
from fastsgns.models.links.heldout import MOST_EDGES, LinkCheck, check_links, hold_out
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.study.graphs import made

GRAPH = made(1000, 6000, 10, seed=3)
PAIR = DirectedGraph.from_edges(["a", "b"], ["b", "c"], directed=False)
FEW = {"dimensions": 16, "num_walks": 3, "workers": 1, "progress": False}


@pytest.mark.parametrize(
    ("options", "kinds", "weight"),
    [
        ({}, "undirected+nerd", 0.5),
        ({"task": "labels"}, "undirected", 1),
        ({"matrices": "tied"}, "undirected", 1),
        ({"matrices": "tied+bias"}, "undirected", 1),
        ({"dimensions": 1}, "undirected", 1),
        ({"walks": "nerd+app"}, "nerd+app", 0),
        ({"q": 4.0}, "undirected", 1),
        ({"p": 0.25, "walks": "undirected+nerd"}, "undirected+nerd", 0.5),
    ],
)
def test_the_task_chooses_the_walks(options, kinds, weight):
    model = NodeEmbedding(**FEW | options)
    assert "+".join(walks.choose_kinds(model)) == kinds
    assert model.fit(GRAPH).direction_weight == weight
    assert model.fit(PAIR).direction_weight == 0, "its edges have no direction"


def test_the_task_chooses_the_learning_rate():
    given = NodeEmbedding(**FEW, walks="undirected", alpha=0.02, check=False).fit(GRAPH)
    default = NodeEmbedding(**FEW, task="labels").fit(GRAPH)
    np.testing.assert_array_equal(given.source.vectors, default.source.vectors)


def test_scores_add_the_direction_that_walks_do_not_tell():
    """sigmoid of the difference is P(u -> v | u and v are linked) by degrees."""
    model = NodeEmbedding(**FEW, check=False).fit(GRAPH)
    out, into = GRAPH.out_degrees + 0.1, GRAPH.in_degrees + 0.1
    names = model.source.index_to_key
    u, v = np.random.default_rng(0).integers(GRAPH.n_nodes, size=(2, 50))
    added = [
        model.score([names[i] for i in u], [names[j] for j in v], popularity=popularity)
        for popularity in (True, False)
    ]
    there, back = out[u] * into[v], out[v] * into[u]
    expected = np.log(out[u]) + 0.75 * np.log(into[v]) + 0.5 * np.log(there / (there + back))
    np.testing.assert_allclose(added[0] - added[1], expected, rtol=1e-3, atol=1e-4)
    best = model.recommend(names[u[0]], 5, exclude_known=False)
    scores = model.score(names[u[0]], names) - model.source_prior[u[0]]
    assert [score for _, score in best] == pytest.approx(sorted(scores, reverse=True)[:5], rel=1e-4)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"walks": "nerd+nerd"}, "allowed are forward, undirected"),
        ({"walks": "forward+nerd+app"}, "allowed are"),
        ({"walks": "forward+", "dimensions": 4}, "allowed are"),
        ({"walks": "forward+app", "matrices": "tied"}, 'requires matrices="two"'),
        ({"walks": "forward+app", "dimensions": 1}, "2 dimensions"),
        ({"walks": "app+nerd", "p": 2.0}, "p and q apply only"),
        ({"walks": "forward+app", "joint": True}, "joint requires"),
        ({"task": "link"}, "task is 'link'; allowed are"),
    ],
)
def test_walks_that_do_not_fit_are_refused(options, match):
    with pytest.raises(ValueError, match=match):
        NodeEmbedding(**options).fit(GRAPH)


def test_each_kind_trains_half_of_the_dimensions():
    """Each half is a model of its own, but for the random numbers of the start."""
    model = NodeEmbedding(walks="forward+nerd", **FEW).fit(GRAPH)
    source, target = model.source.vectors, model.target.vectors
    degrees = model.source_prior, model.target_prior
    edges = GRAPH.out_sources, GRAPH.out_targets
    rng = np.random.default_rng(1)
    pairs = rng.integers(GRAPH.n_nodes, size=(2, 6000))
    for half in (slice(8), slice(8, None)):
        scores = [
            np.einsum("id,id->i", source[u, half], 2 * target[v, half])
            + degrees[0][u] + degrees[1][v]
            for u, v in (edges, pairs)
        ]  # fmt: skip
        assert auc(*scores) > 0.7
    by_hand = source[0] @ target[1] + degrees[0][0] + degrees[1][1]
    assert model.score(*model.source.index_to_key[:2]) == pytest.approx(by_hand, rel=1e-5)


def test_p_and_q_reach_the_walks_that_have_them():
    plain, biased = (
        NodeEmbedding(**FEW, walks="undirected+nerd", q=q).fit(GRAPH) for q in (1.0, 8.0)
    )
    assert not np.array_equal(plain.source.vectors[:, :8], biased.source.vectors[:, :8])


def test_blocks_of_odd_width_go_on_where_they_were(tmp_path):
    model = NodeEmbedding(**FEW | {"dimensions": 7}, compute_loss=True).fit(GRAPH)
    model.save(tmp_path / "m")
    loaded = NodeEmbedding.load(tmp_path / "m", mmap="r")
    for one in (model, loaded):
        one.partial_fit(GRAPH, epochs=2)
    np.testing.assert_array_equal(model.source.vectors, loaded.source.vectors)
    np.testing.assert_array_equal(model.target.vectors, loaded.target.vectors)
    assert model.epochs_trained == len(model.epoch_losses) == 3
    assert model.epoch_losses[-1] < model.epoch_losses[0]


def test_a_block_leaves_other_columns_and_loses_no_digit():
    rng = np.random.default_rng(0)
    arrays = Matrices({role: rng.random((5, 6), np.float32) for role in ("input", "output")})
    before = {role: array.copy() for role, array in arrays.vectors.items()}
    block = ColumnBlock(arrays, slice(3, 6), 2)
    rows = {role: block.rows(role) for role in ("input", "output")}
    np.testing.assert_array_equal(rows["output"][:, :3], 2 * before["output"][:, 3:])
    rows["input"][1, 0] = 7
    block.release()
    changed = arrays.vectors["input"] != before["input"]
    assert np.argwhere(changed).tolist() == [[1, 3]]
    np.testing.assert_array_equal(arrays.vectors["output"], before["output"])


# the check


@pytest.mark.parametrize("is_directed", [True, False])
@pytest.mark.parametrize("weights", [None, 0.01])
def test_held_out_edges_leave_every_node_an_edge(is_directed, weights):
    sources, targets = np.random.default_rng(2).integers(2000, size=(2, 12_000))
    given = None if weights is None else np.full(12_000, weights)
    graph = DirectedGraph.from_edges(sources, targets, given, directed=is_directed)
    split = hold_out(graph, seed=1)
    n = len(split.sources)
    assert 50 <= n <= MOST_EDGES
    assert (graph.find(split.sources, split.targets) >= 0).all()
    assert (split.train.find(split.sources, split.targets) < 0).all()
    assert split.train.n_edges == graph.n_edges - n * (1 if is_directed else 2)
    assert split.train.names == graph.names
    for role in ("out_degrees", "in_degrees"):
        before, after = getattr(graph, role), getattr(split.train, role)
        assert ((after > 0) == (before > 0)).all()


def test_small_graphs_hold_out_nothing():
    assert hold_out(made(100, 1000, 5), seed=1) is None
    star = DirectedGraph.from_edges(np.zeros(9000, int), np.arange(1, 9001))
    assert hold_out(star, seed=1) is None  # no leaf has another edge


def test_a_few_targets_of_many_sources_are_checked():
    rng = np.random.default_rng(0)
    sources = np.repeat(np.arange(5000), 3)
    graph = DirectedGraph.from_edges(sources, 5000 + rng.integers(40, size=len(sources)))
    assert len(hold_out(graph, seed=1).sources) == graph.n_edges // 100


def test_parameters_of_walks_are_those_of_the_first_kind():
    """More nodes per walk of nerd would take 75 times as long."""
    model = NodeEmbedding(walks="undirected+nerd", walk_length=8, num_walks=2, window_size=5)
    near, alternating = walks.make_parts(model, walks.choose_kinds(model), GRAPH, None)
    assert (near.chunks.length, near.chunks.n_units, near.windows.window) == (8, 2000, 5)
    assert (alternating.chunks.length, alternating.chunks.n_units) == (4, 300_000)
    model.set_params(walks="nerd+undirected")
    alternating, near = walks.make_parts(model, walks.choose_kinds(model), GRAPH, None)
    assert (near.chunks.length, alternating.chunks.length, near.windows.window) == (40, 8, 10)


def test_memory_counts_the_copies_of_blocks(monkeypatch):
    asked = []
    monkeypatch.setattr(training, "require_memory", lambda n_bytes, what: asked.append(n_bytes))
    NodeEmbedding(**FEW | {"dimensions": 32}, check=False).fit(PAIR)
    assert asked == [3 * 2 * 4 * (32 + 32)]


def test_other_matrices_than_those_of_the_fit_are_refused():
    model = NodeEmbedding(**FEW, matrices="tied").fit(PAIR)
    with pytest.raises(ValueError, match="matrices is 'two', and the model was fitted with 'tied'"):
        model.set_params(matrices="two").partial_fit(PAIR)


def test_a_graph_of_almost_all_pairs_is_not_checked():
    sources, targets = np.nonzero(~np.eye(80, dtype=bool))
    model = NodeEmbedding(**FEW).fit(DirectedGraph.from_edges(sources, targets))
    assert model.link_check is None


def test_no_node_of_a_ring_is_isolated():
    ring = DirectedGraph.from_edges(
        np.arange(10_000), (np.arange(10_000) + 1) % 10_000, directed=False
    )
    for seed in range(5):
        split = hold_out(ring, seed)
        assert len(split.sources) > 90 and split.train.out_degrees.min() == 1


class Scores:
    """A model that scores by an array."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def score(self, u, v):
        return self.values[u, v]


def test_scores_below_the_degrees_are_a_warning():
    split = hold_out(GRAPH, seed=1)
    ids = [GRAPH.ids[name] for name in range(GRAPH.n_nodes)]
    good = np.log(np.outer(split.train.out_degrees[ids], split.train.in_degrees[ids]) + 0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check = check_links(Scores(good), split, seed=1)
    assert check.auc == pytest.approx(check.degree_auc, abs=0.01)
    with pytest.warns(UserWarning, match=r"an AUC of 0\.\d\d, the product of the degrees 0\.\d\d"):
        worse = check_links(Scores(-good), split, seed=1)
    assert worse.is_worse and worse.auc == pytest.approx(1 - check.auc, abs=0.01)
    assert not LinkCheck(50, 0.5, 0.6, 0.05).is_worse


def test_fit_checks_links_alone():
    model = NodeEmbedding(**FEW).fit(GRAPH)
    n = model.link_check.n_edges
    assert 50 <= n <= 60 and model.link_check.auc > model.link_check.degree_auc
    assert model.source_counts.sum() == GRAPH.n_edges, "scores know all degrees"
    known = set(zip(*(ids.tolist() for ids in model.known_pairs())))
    assert len(known) == GRAPH.n_edges, "links that were held out are known"
    for options in ({"check": False}, {"task": "labels"}):
        other = model.set_params(**{"task": "links", "check": True} | options).fit(GRAPH)
        assert other.link_check is None and other.source_counts.sum() == GRAPH.n_edges


def test_a_fit_that_learns_nothing_warns():
    with pytest.warns(UserWarning, match="have not learned the links"):
        NodeEmbedding(**FEW, walks="forward", window_size=10, ns_exponent=-3.0).fit(GRAPH)


@pytest.mark.parametrize("directed", [True, False])
def test_an_update_has_the_directions_of_the_fit(tmp_path, directed):
    edges = [("a", "b"), ("b", "c"), ("c", "a")]
    model = NodeEmbedding(**FEW).fit(DirectedGraph.of(edges, directed=directed))
    model.save(tmp_path / "m")
    for one in (model, NodeEmbedding.load(tmp_path / "m")):
        before = one.source.vectors.copy()
        for go_on in (one.update, one.partial_fit):
            with pytest.raises(ValueError, match=f"directed={directed}"):
                go_on(DirectedGraph.of(edges, directed=not directed))
        np.testing.assert_array_equal(one.source.vectors, before)
        one.update(DirectedGraph.of([*edges, ("d", "a")], directed=directed))


def test_an_interrupted_update_can_be_repeated(monkeypatch):
    """What it has not learned is still a change."""
    edges = [("a", "b"), ("b", "c"), ("c", "a")]
    model = NodeEmbedding(**FEW, seed=3).fit(edges)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(training, "train", interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.update([*edges, ("d", "a")])
    known = model.source.index_to_key.index("d"), model.known
    assert len(known[1].targets_of(known[0])) == 0
    before = model.source["d"].copy()
    model.update([*edges, ("d", "a")])
    assert not np.array_equal(model.source["d"], before)
    assert len(model.known.targets_of(known[0])) == 1


def test_models_of_0_1_0_keep_their_walks():
    """Their default was "forward", or "undirected" for undirected graphs."""
    folder = Path(__file__).parent.parent.parent / "files_0_1_0"
    model = NodeEmbedding.load(folder / "nodes.fastsgns")
    names = model.source.index_to_key
    model.set_params(walks=None).partial_fit([*pairwise(names), (names[-1], names[0])])
    assert model.walks == "forward" and model.direction_weight == 0
