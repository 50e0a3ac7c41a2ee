"""NodeEmbedding: roles, parameters, resuming, files; and that it learns directions."""

import itertools

import numpy as np
import pytest

from fastsgns.errors import FormatError
from fastsgns.formats import kinds, native
from fastsgns.graph.building import Rows
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.types import NodeTypes
from fastsgns.models.links import HOPE, training
from fastsgns.models.links.joint import JointScore
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.scoring import LinkScorer
from fastsgns.models.links.walks import WALKS

SMALL = {"dimensions": 16, "window_size": 3, "workers": 1, "alpha": 0.05, "stop": 0.7}
FEW = {
    "forward": 4,
    "undirected": 4,
    "app": 60,
    "nerd": 30,
    "edges": 20,
    "metapath": 4,
    "temporal": 2,
}
each_kind = pytest.mark.parametrize("walks", WALKS)


def layers(n_layers=4, width=12, seed=2):
    """A graph whose edges all lead from a layer to the next, or back to the first."""
    rng = np.random.default_rng(seed)
    edges = {
        (f"{layer}.{u}", f"{(layer + 1) % n_layers}.{v}")
        for layer in range(n_layers)
        for u in range(width)
        for v in rng.choice(width, 4, replace=False)
    }
    return DirectedGraph.from_edges(*zip(*sorted(edges)))


GRAPH = layers()


def suited(graph):
    """Return a graph on which every kind of walks is possible: with one type and one time."""
    rows = graph.out_offsets, graph.out_targets, graph.out_weights, graph.signs
    types = NodeTypes(np.zeros(graph.n_nodes, np.int32), ["node"])
    return DirectedGraph(
        Rows(*rows, times=np.zeros(graph.n_edges)), graph.names, graph.is_directed, types
    )


def fitted(walks="forward", graph=GRAPH, **options):
    chosen = SMALL | {"walks": walks, "num_walks": FEW[walks]} | options
    if walks in ("metapath", "temporal"):
        graph = suited(graph)
    if walks == "metapath":
        chosen["metapath"] = ["node", "node"]
    return NodeEmbedding(**chosen).fit(graph)


def direction(model, graph=GRAPH):
    """Share of edges whose vectors score higher than their reverse; ties count half."""
    ends = [(u, v) for u, v, _ in graph.edges()]
    sources, targets = map(list, zip(*ends))
    there, back = (
        model.score(*pairs, popularity=False) for pairs in ((sources, targets), (targets, sources))
    )
    return np.mean((there > back) + 0.5 * (there == back))


@pytest.mark.parametrize("walks", ["forward", "app", "nerd", "edges", "temporal"])
def test_two_roles_know_directions(walks):
    assert direction(fitted(walks, epochs=6)) > 0.95


@pytest.mark.parametrize("walks", ["forward", "app", "edges"])
def test_one_matrix_does_not(walks):
    model = fitted(walks, matrices="tied")
    assert direction(model) == 0.5
    assert np.shares_memory(model.source.vectors, model.target.vectors)


def test_a_target_bias_knows_which_nodes_are_targets():
    """Edges from a few to many: only the many have in-degrees."""
    star = DirectedGraph.from_edges(*zip(*((i % 3, 10 + i) for i in range(60))))
    model = fitted("edges", star, matrices="tied+bias", epochs=20)
    assert model.target_bias.shape == (star.n_nodes,)
    i, j = model.source.key_to_index[0], model.target.key_to_index[10]
    assert model.score(0, 10, popularity=False) == pytest.approx(
        model.source.vectors[i] @ model.target.vectors[j] + model.target_bias[j], rel=1e-5
    )
    assert direction(model, star) != 0.5


def test_reflection_gives_two_roles_of_one_matrix():
    model = fitted(matrices="tied+reflect")
    signs = np.repeat([-1, 1], 8)
    np.testing.assert_array_equal(model.source.vectors * signs, model.target.vectors)


@each_kind
def test_links_score_above_other_pairs(walks):
    model = fitted(walks, epochs=6)
    rng = np.random.default_rng(1)
    edges = {(u, v) for u, v, _ in GRAPH.edges()}
    others = [tuple(rng.choice(GRAPH.names, 2)) for _ in range(400)]
    others = [pair for pair in others if pair not in edges and pair[0] != pair[1]]
    above = (
        model.score(*map(list, zip(*edges))).mean() - model.score(*map(list, zip(*others))).mean()
    )
    assert above > 0.5


@each_kind
def test_the_same_seed_gives_the_same_bytes(walks):
    first, second, other = fitted(walks), fitted(walks), fitted(walks, seed=8)
    np.testing.assert_array_equal(first.target.vectors, second.target.vectors)
    np.testing.assert_array_equal(first.source.vectors, second.source.vectors)
    assert not np.array_equal(first.source.vectors, other.source.vectors)


def test_no_seed_draws_one():
    first, second = fitted(seed=None), fitted(seed=None)
    assert not np.array_equal(first.source.vectors, second.source.vectors)


@pytest.mark.parametrize("sharing", ["pair", "window", "block"])
def test_losses_fall(sharing):
    model = fitted(compute_loss=True, epochs=5, negative_sharing=sharing)
    assert len(model.epoch_losses) == model.epochs_trained == 5
    assert model.epoch_losses[-1] < 0.95 * model.epoch_losses[0]


def test_walks_follow_from_the_graph(tmp_path):
    undirected = DirectedGraph.from_edges(["a", "b"], ["b", "c"], directed=False)
    path = tmp_path / "walks"
    options = SMALL | {"num_walks": 2, "walk_length": 5, "task": "labels"}
    NodeEmbedding(**options, walks_file=path).fit(undirected)
    lines = path.read_text().split("\n")[:-1]
    assert len(lines) == 6
    allowed = {("a", "b"), ("b", "a"), ("b", "c"), ("c", "b")}
    for line in lines:
        assert len(line.split()) == 5
        assert set(itertools.pairwise(line.split())) <= allowed


def test_isolated_and_dangling_nodes_have_vectors():
    graph = DirectedGraph.from_edges([0, 1], [1, 2], names=["a", "b", "c", "alone"])
    for walks in WALKS:
        model = fitted(walks, graph)
        assert set(model.source.index_to_key) == {"a", "b", "c", "alone"}
        assert np.isfinite(model.source.vectors).all()
        assert model.target["alone"].any(), "it learned that it is nobody's target"


@pytest.mark.parametrize("weights", [[1, 5], [1, -5]])
def test_weighted_and_signed_graphs(weights):
    graph = DirectedGraph.from_edges(["a", "a"], ["b", "c"], weights)
    for walks in WALKS:
        assert np.isfinite(fitted(walks, graph).source.vectors).all()


def test_anything_that_holds_edges_is_a_graph():
    model = NodeEmbedding([("a", "b"), ("b", "a")], **SMALL)
    assert model.fit() is model
    assert sorted(model.source.index_to_key) == ["a", "b"]


def test_sampling_thins_sentences():
    plain, subsampled = (fitted(sample=sample, compute_loss=True) for sample in (0, 1e-3))
    assert not np.array_equal(plain.source.vectors, subsampled.source.vectors)


# scores and recommendations


def test_scores_of_one_and_of_many():
    model = fitted()
    names = model.source.index_to_key
    by_hand = model.source.vectors[[0, 1]] @ model.target.vectors[[2, 3]].T
    by_hand += model.source_prior[[0, 1], None] + model.target_prior[[2, 3]]
    assert model.score(names[0], names[2]) == pytest.approx(by_hand[0, 0], rel=1e-5)
    many = model.score([names[0], names[1]], np.array([names[2], names[3]]))
    np.testing.assert_allclose(many, np.diag(by_hand), rtol=1e-5)
    np.testing.assert_allclose(model.score(names[0], names[2:4]), by_hand[0], rtol=1e-5)
    with pytest.raises(ValueError, match="2 sources and 3 targets"):
        model.score(names[:2], names[:3])
    with pytest.raises(KeyError, match="'nobody' is not among the 48 names"):
        model.score("nobody", names[0])


@pytest.mark.parametrize("matrices", ["two", "tied+bias"])
def test_recommendations_are_the_best_unknown_targets(matrices):
    model = fitted(matrices=matrices)
    name = GRAPH.names[5]
    known = {v for u, v, _ in GRAPH.edges() if u == name} | {name}
    others = [v for v in GRAPH.names if v not in known]
    scores = model.score(name, others)
    best = [others[i] for i in np.argsort(-scores)[:7]]
    assert [v for v, _ in model.recommend(name, 7)] == best
    best_score = model.recommend(name, 7)[0][1] + model.source_prior[5]
    assert best_score == pytest.approx(scores.max(), rel=1e-5)
    assert len(model.recommend(name, 1000)) == len(others)
    assert len(model.recommend(name, 1000, exclude_known=False)) == GRAPH.n_nodes
    assert model.recommend([name, name], 2) == [model.recommend(name, 2)] * 2
    assert model.recommend(name, 0) == []


@pytest.mark.parametrize("weight", [1, 0.001])
def test_popularity_adds_the_degrees(weight):
    """They are smoothed by a tenth of an edge, whatever the unit of the weights."""
    edges = [(u, v, weight) for u, v, _ in GRAPH.edges()]
    graph = DirectedGraph.from_edges(*zip(*edges))
    model = fitted(graph=graph)
    name, others = graph.names[0], graph.names[1:]
    more = model.score(name, others) - model.score(name, others, popularity=False)
    degrees = graph.in_degrees[1:] + 0.1 * weight
    expected = np.log(graph.out_degrees[0] + 0.1 * weight) + 0.75 * np.log(degrees)
    np.testing.assert_allclose(more, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        model.score(name, others), JointScore(model, graph).score(name, others), rtol=1e-4
    )
    (_, score), *_ = model.recommend(name, exclude_known=False)
    assert score + model.source_prior[0] == pytest.approx(
        model.score(name, graph.names).max(), rel=1e-4
    )
    rare, _ = model.recommend(name, 1, popularity=False)[0]
    assert model.score(name, rare, popularity=False) == pytest.approx(
        max(model.score(name, [v for v, _ in model.recommend(name, 1000)], popularity=False))
    )


def test_factors_have_no_degrees_to_add():
    model = HOPE(dimensions=4).fit(GRAPH)
    assert model.score("0.1", "1.1") == model.score("0.1", "1.1", popularity=False)
    assert model.recommend("0.1") == model.recommend("0.1", popularity=False)


def test_recommendations_refuse_what_makes_no_sense():
    with pytest.raises(ValueError, match="topn is -1"):
        fitted().recommend(GRAPH.names[0], -1)
    source, target = fitted().source, fitted().target
    with pytest.raises(ValueError, match="knows no links"):
        LinkScorer(source, target, target.array).recommend(GRAPH.names[0])


# going on


def test_learning_goes_on_with_new_random_numbers():
    model = fitted(compute_loss=True)
    before = model.source.vectors.copy()
    assert model.partial_fit(GRAPH, epochs=2) is model
    assert (model.epochs_trained, model.epochs_begun, len(model.epoch_losses)) == (3, 3, 3)
    assert not np.array_equal(before, model.source.vectors)
    assert model.epoch_losses[-1] < model.epoch_losses[0]
    model.fit(GRAPH)
    np.testing.assert_array_equal(model.source.vectors, before)


def test_a_model_that_was_loaded_goes_on_as_the_one_that_was_saved(tmp_path):
    model = fitted(matrices="tied+bias")
    model.save(tmp_path / "m")
    loaded = NodeEmbedding.load(tmp_path / "m", mmap="r")
    for one in (model, loaded):
        one.partial_fit(GRAPH)
    np.testing.assert_array_equal(model.source.vectors, loaded.source.vectors)
    np.testing.assert_array_equal(model.target_bias, loaded.target_bias)


def test_nodes_keep_their_vectors_when_their_ids_change():
    model = fitted(alpha=0.0, min_alpha=0.0)
    names = list(model.source.index_to_key)
    kept = {name: model.source[name].copy() for name in names}
    turned = DirectedGraph.from_edges(*zip(*((v, u) for u, v, _ in GRAPH.edges())))
    model.partial_fit(turned)
    assert model.source.index_to_key == list(turned.names) != names
    for name in names:
        np.testing.assert_array_equal(model.source[name], kept[name])


def test_a_graph_without_the_nodes_is_refused():
    with pytest.raises(ValueError, match="the graph lacks 48 of the 48 nodes"):
        fitted().partial_fit([("a", "b")])


def test_partial_fit_is_fit_the_first_time():
    model = NodeEmbedding(**SMALL, num_walks=2).partial_fit(GRAPH)
    assert model.epochs_trained == 1
    expected = NodeEmbedding(**SMALL | {"epochs": 3}, num_walks=2).fit(GRAPH)
    model = NodeEmbedding(**SMALL, num_walks=2).partial_fit(GRAPH, epochs=3)
    assert model.epochs_trained == 3
    np.testing.assert_array_equal(model.source.vectors, expected.source.vectors)
    with pytest.raises(ValueError, match="epochs is 0"):
        NodeEmbedding(**SMALL).partial_fit(GRAPH, epochs=0)


def test_a_refused_partial_fit_changes_nothing():
    model = fitted()
    names, vectors = list(model.source.index_to_key), model.source.vectors.copy()
    edges = [(v, u) for u, v, _ in GRAPH.edges()] + [(names[-1], name) for name in names[:-1]]
    model.set_params(p=2.0, walks="edges")
    with pytest.raises(ValueError, match="p and q apply only to"):
        model.partial_fit(edges)
    assert model.source.index_to_key == names
    np.testing.assert_array_equal(model.source.vectors, vectors)


# files


@each_kind
@pytest.mark.parametrize("matrices", ["two", "tied", "tied+bias", "tied+reflect"])
def test_saved_and_loaded(tmp_path, walks, matrices):
    if (walks, matrices) == ("nerd", "tied+bias"):
        return
    model = fitted(walks, matrices=matrices, compute_loss=True)
    model.save(tmp_path / "model")
    for loaded in (NodeEmbedding.load(tmp_path / "model"), kinds.load(tmp_path / "model")):
        assert loaded.get_params() == model.get_params() | {"graph": None}
        assert loaded.source.index_to_key == model.source.index_to_key
        np.testing.assert_array_equal(loaded.source.vectors, model.source.vectors)
        np.testing.assert_array_equal(loaded.target.vectors, model.target.vectors)
        name = GRAPH.names[0]
        assert loaded.recommend(name) == model.recommend(name)
        assert loaded.epoch_losses == model.epoch_losses
        np.testing.assert_array_equal(loaded.target_prior, model.target_prior)


def test_joint_pairs_bring_nodes_of_one_role_together():
    """Nodes of one layer are sources of the same targets."""
    model = fitted("nerd", joint=True)
    alone = fitted("nerd")
    assert model.joint and not np.array_equal(model.source.vectors, alone.source.vectors)

    def gap(found):
        likeness = found.source.vectors @ found.source.vectors.T
        same = np.array([[a[0] == b[0] for a in GRAPH.names] for b in GRAPH.names])
        return likeness[same].mean() - likeness[~same].mean()

    assert gap(model) > gap(alone)


def test_nothing_learned_is_nothing_to_save(tmp_path):
    with pytest.raises(ValueError, match="call fit"):
        NodeEmbedding().save(tmp_path / "model")


def damaged(tmp_path, **changes):
    path = tmp_path / "model"
    fitted(matrices="tied+bias").save(path)
    kind, tensors, metadata = native.read(path)
    for name, change in changes.items():
        if name == "parameters":
            metadata[name] |= change
        elif change is None:
            del tensors[name]
        else:
            tensors[name] = change(tensors[name])
    native.write(path, kind, tensors, {k: metadata[k] for k in ("parameters", "state")})
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"input": lambda a: a[1:]},
        {"input": lambda a: a.astype(np.float64)},
        {"input": None},
        {"bias": lambda a: a[1:]},
        {"bias": None},
        {"prior": lambda a: a[1:]},
        {"source_words": None},
        {"known_offsets": lambda a: a[1:]},
        {"known_targets": lambda a: a + 1},
        {"known_targets": None},
        {"parameters": {"dimensions": 15}},
        {"parameters": {"dimensions": "16"}},
        {"parameters": {"matrices": "two"}},
        {"parameters": {"color": "red"}},
    ],
)
def test_damaged_files_are_refused(tmp_path, changes):
    with pytest.raises(FormatError, match="damaged"):
        NodeEmbedding.load(damaged(tmp_path, **changes))


def test_files_of_another_kind_are_refused(tmp_path):
    GRAPH.save(tmp_path / "graph")
    with pytest.raises(FormatError, match="not a model of nodes"):
        NodeEmbedding.load(tmp_path / "graph")
    with pytest.raises(ValueError, match="allowed are None and 'r'"):
        NodeEmbedding.load(tmp_path / "graph", mmap="w")


# parameters


@pytest.mark.parametrize(
    "options, message",
    [
        ({"dimensions": 0}, "dimensions is 0"),
        ({"walk_length": 1}, "walk_length is 1"),
        ({"num_walks": 2.5}, "num_walks is 2.5"),
        ({"negative": 0}, "negative is 0"),
        ({"p": 0}, "p is 0"),
        ({"q": -1}, "q is -1"),
        ({"alpha": -1}, "alpha is -1"),
        ({"matrices": "three"}, "matrices is 'three'"),
        ({"negative_sharing": "none"}, "negative_sharing is 'none'"),
        ({"walks": "sideways"}, "walks is 'sideways'"),
        ({"stop": 0}, "stop is 0"),
        ({"walks": "app", "q": 2}, "p and q apply only to walks forward and undirected"),
        ({"walks": "temporal", "p": 2}, "p and q apply only to walks forward and undirected"),
        ({"walks": "edges", "sample": 0.1}, "sample applies only to walks forward, undirected, m"),
        ({"walks": "metapath"}, "require each other; walks is 'metapath', and metapath is None"),
        ({"walks": "forward", "metapath": ["a", "a"]}, "require each other; walks is 'forward'"),
        ({"walks": "metapath", "metapath": ["a", "a"]}, "need types of nodes, and <DirectedGraph"),
        ({"walks": "metapath", "metapath": "aba"}, "metapath is 'aba'; allowed are lists of types"),
        ({"walks": "metapath", "metapath": ["a", "b"]}, "ends with another type than it begins"),
        ({"walks": "temporal"}, "need times of edges, and <DirectedGraph"),
        ({"walks": "forward", "strict_times": True}, 'strict_times requires walks="temporal"'),
        ({"walks": "nerd", "matrices": "tied+bias"}, "not supported"),
        ({"walks": "forward", "joint": True}, "joint requires walks"),
    ],
)
def test_parameters_out_of_range_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        NodeEmbedding(**options).fit(GRAPH)


def test_a_graph_without_edges_is_refused():
    with pytest.raises(ValueError, match="no edges"):
        NodeEmbedding().fit(DirectedGraph.from_edges([], [], names=["a"]))
    with pytest.raises(ValueError, match="no graph"):
        NodeEmbedding().fit()


def test_parameters_as_scikit_learn_asks_for_them():
    model = NodeEmbedding(dimensions=5)
    assert model.get_params()["dimensions"] == 5
    assert NodeEmbedding(**model.get_params()).get_params() == model.get_params()
    assert model.set_params(q=3).q == 3
    with pytest.raises(ValueError, match="no parameter 'color'"):
        model.set_params(color=1)


def test_too_high_a_rate_is_an_error():
    with pytest.raises(FloatingPointError, match=r"at a learning rate of .*e\+29"):
        fitted(alpha=1e30, negative_sharing="pair", epochs=3)


def test_going_on_keeps_known_links(tmp_path):
    model = NodeEmbedding(**SMALL).fit(
        DirectedGraph.from_edges([0, 1, 2], [1, 2, 0], names=range(4))
    )
    model.save(tmp_path / "model")
    new = DirectedGraph.from_edges([3, 3], [0, 1], names=range(4))
    for one in (model, NodeEmbedding.load(tmp_path / "model")):
        one.partial_fit(new)
        known = {u: {0, 1, 2, 3} - {u} - {v for v, _ in one.recommend(u)} for u in range(4)}
        assert known == {0: {1}, 1: {2}, 2: {0}, 3: {0, 1}}


@pytest.mark.parametrize("ask", [lambda m: m.score("a", "b"), lambda m: m.recommend("a")])
def test_what_has_not_learned_says_so(ask):
    with pytest.raises(ValueError, match=r"call fit\(\) first"):
        ask(NodeEmbedding())


@pytest.mark.parametrize(
    "options, message",
    [
        ({"seed": "a"}, "seed is 'a'"),
        ({"alpha": "x"}, "alpha is 'x'; allowed are 0 and positive numbers"),
        ({"ns_exponent": None}, "ns_exponent is None"),
        ({"stop": "y"}, "stop is 'y'"),
        ({"dimensions": True}, "dimensions is True"),
    ],
)
def test_parameters_of_another_kind_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        NodeEmbedding(**options)


def test_a_model_shows_what_it_was_given():
    assert repr(NodeEmbedding(dimensions=8, walks="nerd")) == (
        "NodeEmbedding(dimensions=8, walks='nerd')"
    )


@pytest.mark.parametrize("matrices", ["tied", "tied+reflect"])
def test_scores_of_one_matrix_without_bias_are_symmetric(matrices):
    model = fitted("forward", matrices=matrices)
    u, v = GRAPH.names[:2]
    there, back = (model.score(*pair, popularity=False) for pair in ((u, v), (v, u)))
    assert there == pytest.approx(back, abs=1e-6)


def test_a_fit_that_fails_leaves_what_was_learned(tmp_path):
    model = fitted()
    kept = model.source.vectors.copy()
    with pytest.raises(FileNotFoundError):
        model.set_params(walks_file=tmp_path / "none" / "walks").fit(GRAPH)
    with pytest.raises(ValueError, match="joint requires walks"):
        model.set_params(walks_file=None, joint=True).fit(GRAPH)
    np.testing.assert_array_equal(model.source.vectors, kept)
    assert model.epochs_trained == 1


@pytest.mark.parametrize("epochs", [0, -1, 1.5])
def test_going_on_for_no_epochs_is_refused(epochs):
    model = fitted()
    known = model.known
    with pytest.raises(ValueError, match="epochs is"):
        model.partial_fit(GRAPH, epochs=epochs)
    assert model.known is known


def test_one_matrix_asks_for_the_memory_of_one(monkeypatch):
    asked = []
    monkeypatch.setattr(training, "require_memory", lambda needed, *_: asked.append(needed))
    for matrices in ("two", "tied"):
        fitted(matrices=matrices)
    assert asked[0] == 2 * asked[1]


def test_training_on_a_star_stays_bounded():
    """Half of all tokens are its center, so that most pairs of a window are the same pair."""
    n = 20_000
    star = DirectedGraph.from_edges(np.zeros(n, int), np.arange(1, n + 1), directed=False)
    model = NodeEmbedding(
        dimensions=8, walks="undirected", num_walks=1, walk_length=40, window_size=10, q=1000,
        alpha=0.04, workers=1,
    ).fit(star)  # fmt: skip
    assert np.linalg.norm(model.source.vectors, axis=1).max() < 10
