"""Models of links with new and with removed names: both classes, all walks and all matrices."""

import copy
import pickle

import numpy as np
import pytest
from scipy.stats import chisquare

from fastsgns import DirectedGraph, NodeEmbedding, PairEmbedding, matrices
from fastsgns.formats import kinds
from fastsgns.graph.walks.changes import Change
from fastsgns.models.links import growth, training
from fastsgns.models.links.growth import old_row_factor
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.replay import ReplayedPairs
from fastsgns.models.links.walks import make_parts
from fastsgns.training.examples import ChunkPlace

WALKS = ["forward", "undirected", "app", "nerd", "edges", "forward+nerd", "undirected+nerd"]
MATRICES = ["two", "tied", "tied+bias", "tied+reflect"]
RNG = np.random.default_rng(3)
EDGES = [(f"n{i}", f"n{j}") for i in range(30) for j in RNG.choice(30, 4, replace=False) if i != j]
NEW = [
    ("x", "n1"), ("x", "n2"), ("n3", "x"), ("n5", "x"), ("n7", "n9"),
    ("y", "x"), ("n4", "y"), ("y", "z"),
]  # fmt: skip
SMALL = {"dimensions": 8, "workers": 1, "seed": 5}
CASES = [
    (walks, layout)
    for walks in WALKS
    for layout in MATRICES
    if not (walks == "nerd" and layout == "tied+bias") and not ("+" in walks and layout != "two")
]
each_case = pytest.mark.parametrize("walks, layout", CASES)
each_factor = pytest.mark.parametrize("old_rows", ["free", "damped", "frozen", 0.5])


def nodes(walks="nerd", layout="two", **options):
    few = {"num_walks": 20} if walks in ("app", "nerd") else {"num_walks": 3}
    return NodeEmbedding(walks=walks, matrices=layout, **SMALL | few | options)


def pairs(**options):
    return PairEmbedding(**SMALL | {"epochs": 3, "negative_sharing": "block"} | options)


MODELS = {"nodes": nodes, "pairs": pairs}
each_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def rows_by_name(model):
    """The rows of both roles and the biases, by name."""
    found = {("source", name): model.source[name].copy() for name in model.source.index_to_key}
    found |= {("target", name): model.target[name].copy() for name in model.target.index_to_key}
    if model.target_bias is not None:
        biases = zip(model.target.index_to_key, model.target_bias.copy())
        found |= {("bias", name): bias for name, bias in biases}
    return found


def state_of(model):
    return pickle.dumps(rows_by_name(model)), pickle.dumps(model.known), [
        None if values is None else values.tobytes()
        for values in (model.source_counts, model.target_counts, model.target_prior)
    ]  # fmt: skip


def grow(model, data=None, **options):
    """Learn the new names: a NodeEmbedding takes the whole graph, a PairEmbedding new pairs."""
    if data is None:
        data = EDGES + NEW if isinstance(model, NodeEmbedding) else NEW
    return model.update(data, **options)


def assert_usable(model, tmp_path):
    assert model.source.vectors.shape == (len(model.source.index_to_key), 8)
    assert model.target.vectors.shape == (len(model.target.index_to_key), 8)
    assert np.isfinite(model.source.vectors).all()
    for values, side in (
        (model.source_counts, model.source), (model.target_counts, model.target),
        (model.source_prior, model.source), (model.target_prior, model.target),
    ):  # fmt: skip
        assert len(values) == len(side)
    assert model.balance is None or len(model.balance) == len(model.source)
    assert len(model.known.offsets) == len(model.source) + 1
    name = model.source.index_to_key[-1]
    best = model.recommend(name, 3)
    model.save(tmp_path / "model")
    loaded = kinds.load(tmp_path / "model")
    assert loaded.recommend(name, 3) == best
    assert pickle.dumps(rows_by_name(loaded)) == pickle.dumps(rows_by_name(model))


# Frozen, damped and free rows


def assert_old_rows_move(make, train, tmp_path):
    """By nothing if frozen, by less if damped; new rows move in every case."""
    moves = {}
    for old_rows in ("free", "damped", "frozen"):
        model = make()
        before = rows_by_name(model)
        train(model, old_rows)
        after = rows_by_name(model)
        assert set(before) < set(after)
        moves[old_rows] = sum(np.abs(after[key] - row).sum() for key, row in before.items())
        if old_rows == "frozen":
            for key, row in before.items():
                assert after[key].tobytes() == row.tobytes(), key
        assert_usable(model, tmp_path)
    assert moves["frozen"] == 0 < moves["damped"] < 0.8 * moves["free"]


@pytest.mark.parametrize("negative_sharing", ["window", "pair"])
@each_case
def test_old_nodes_stay_or_move_less(walks, layout, negative_sharing, tmp_path):
    fitted = nodes(walks, layout, negative_sharing=negative_sharing).fit(EDGES)
    for method in ("update", "partial_fit"):
        assert_old_rows_move(
            lambda: copy.deepcopy(fitted),
            lambda model, old_rows, method=method: getattr(model, method)(
                EDGES + NEW, old_rows=old_rows
            ),
            tmp_path,
        )


@pytest.mark.parametrize("negative_sharing", ["block", "pair"])
def test_old_names_of_pairs_stay_or_move_less(negative_sharing, tmp_path):
    fitted = pairs(negative_sharing=negative_sharing).fit(EDGES)
    for method in ("update", "partial_fit"):
        assert_old_rows_move(
            lambda: copy.deepcopy(fitted),
            lambda model, old_rows, method=method: getattr(model, method)(NEW, old_rows=old_rows),
            tmp_path,
        )


def test_joint_pairs_keep_frozen_rows():
    model = nodes("nerd", joint=True).fit(EDGES)
    before = rows_by_name(model)
    after = rows_by_name(model.update(EDGES + NEW, old_rows="frozen"))
    for key, row in before.items():
        assert after[key].tobytes() == row.tobytes()
    assert all(after[role, "x"].any() for role in ("source", "target"))


def test_old_rows_is_a_word_or_a_number():
    assert [old_row_factor(given) for given in ("free", "damped", 0, "0.5")] == [1, 0.1, 0, 0.5]
    for wrong in ("lazy", -0.1, 1.5, None, np.nan):
        with pytest.raises(ValueError, match=r"old_rows is .*; allowed are 'free', 'damped', 'fro"):
            old_row_factor(wrong)


# How new rows start


def slow_means(links, rows, new):
    """The rows of new names, one by one; `links` are the pairs (name in this role, other name)."""
    rows, missing = dict(rows), set(new)
    while True:
        found = {}
        for name in missing:
            means = []
            for other in [b for a, b in links if a == name]:
                known = [rows[a] for a, b in links if b == other and a not in missing]
                means += [np.mean(known, axis=0)] if known else []
            if means:
                found[name] = np.mean(means, axis=0)
        if not found:
            return rows, missing
        rows |= found
        missing -= set(found)


STILL = {"alpha": 0.0, "min_alpha": 0.0}


@pytest.mark.parametrize("walks", WALKS)
def test_new_nodes_start_at_means(walks):
    model = nodes(walks).fit(EDGES)
    old = rows_by_name(model)
    links = list(dict.fromkeys(EDGES + NEW))
    model.set_params(**STILL)
    model.update(EDGES + NEW)
    for role, ends in (("source", links), ("target", [(v, u) for u, v in links])):
        rows = {name: row for (side, name), row in old.items() if side == role}
        expected, missing = slow_means(ends, rows, ["x", "y", "z"])
        assert missing == ({"z"} if role == "source" else set())
        for name in {"x", "y", "z"} - missing:
            vector = getattr(model, role)[name]
            np.testing.assert_allclose(vector, expected[name], rtol=1e-4, atol=1e-6)
    # z has no target: its source row is the mean of its neighbours' source rows
    np.testing.assert_allclose(model.source["z"], model.source["y"], rtol=1e-5)


@pytest.mark.parametrize("method", ["update", "partial_fit"])
def test_new_names_of_pairs_start_at_means(method):
    model = pairs().fit(EDGES)
    old = rows_by_name(model)
    links = list(dict.fromkeys(EDGES + NEW))
    model.set_params(**STILL)
    getattr(model, method)(NEW)
    assert model.source.index_to_key[-2:] == ["x", "y"]
    assert model.target.index_to_key[-3:] == ["x", "y", "z"]
    for role, ends in (("source", links), ("target", [(v, u) for u, v in links])):
        rows = {name: row for (side, name), row in old.items() if side == role}
        new = set(getattr(model, role).index_to_key) - set(rows)
        expected, missing = slow_means(ends, rows, new)
        assert not missing
        for name in new:
            vector = getattr(model, role)[name]
            np.testing.assert_allclose(vector, expected[name], rtol=1e-4, atol=1e-6)


def test_weights_count_in_means():
    weighted = [(u, v, 1.0) for u, v in EDGES] + [("x", "n1", 3.0), ("x", "n2", 1.0)]
    model = nodes().fit(DirectedGraph.from_edges(*zip(*weighted[: len(EDGES)])))
    model.set_params(**STILL)
    model.update(DirectedGraph.from_edges(*zip(*weighted)))
    means = [
        np.mean([model.source[u] for u, v in EDGES if v == target], axis=0)
        for target in ("n1", "n2")
    ]
    expected = (3 * means[0] + means[1]) / 4
    np.testing.assert_allclose(model.source["x"], expected, rtol=1e-4, atol=1e-6)


def test_names_without_a_path_to_old_ones_start_as_in_a_new_model():
    apart = [("p", "q"), ("q", "p")]
    model = nodes(**STILL).fit(EDGES)
    model.update(EDGES + apart)
    assert model.source["p"].any() and not np.array_equal(model.source["p"], model.source["q"])
    assert np.abs(model.source["p"]).max() <= 1 / 8
    assert not model.target["p"].any()
    graph = DirectedGraph.of(EDGES + apart)
    ids = graph.out_sources, graph.out_targets
    model.update(DirectedGraph.from_edges(*ids, names=[*graph.names, "isolated"]))
    assert model.source["isolated"].any() and not model.target["isolated"].any()
    assert not (model.source.vectors == model.source["isolated"]).all(axis=1)[:-1].any()


@pytest.mark.parametrize("layout", MATRICES)
def test_one_matrix_has_one_mean(layout):
    model = nodes("undirected", layout, **STILL).fit(EDGES)
    model.update(EDGES + NEW)
    if layout != "two":
        source, target = model.source["x"], model.target["x"]
        assert np.array_equal(np.abs(source), np.abs(target)) and source.any()
    if layout == "tied+bias":
        bias = dict(zip(model.target.index_to_key, model.target_bias))
        assert bias["x"] == pytest.approx(-np.log(5))


# What grows with the rows


@pytest.mark.parametrize("method", ["update", "partial_fit"])
@pytest.mark.parametrize("walks", WALKS)
def test_counts_priors_and_known_links_are_those_of_the_whole_graph(walks, method):
    whole = DirectedGraph.of(EDGES + NEW)
    grown = getattr(nodes(walks).fit(EDGES), method)(whole)
    fresh = nodes(walks).fit(whole)
    assert grown.source.index_to_key == grown.target.index_to_key == list(whole.names)
    for name in ("source_counts", "target_counts", "source_prior", "target_prior"):
        np.testing.assert_array_equal(getattr(grown, name), getattr(fresh, name))
    assert (grown.balance is None) == (fresh.balance is None) == ("undirected" not in walks)
    if grown.balance is not None:
        np.testing.assert_array_equal(grown.balance, fresh.balance)
    for ours, theirs in zip(grown.known, fresh.known):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("method", ["update", "partial_fit"])
def test_counts_and_known_links_of_pairs_are_those_of_all_pairs(method):
    grown, fresh = getattr(pairs().fit(EDGES), method)(NEW), pairs().fit(EDGES + NEW)
    assert grown.source.index_to_key == fresh.source.index_to_key
    assert grown.target.index_to_key == fresh.target.index_to_key
    for name in ("source_counts", "target_counts", "source_prior", "target_prior"):
        np.testing.assert_array_equal(getattr(grown, name), getattr(fresh, name))
    for ours, theirs in zip(grown.known, fresh.known):
        np.testing.assert_array_equal(ours, theirs)


def test_update_forgets_the_links_that_are_gone_and_partial_fit_keeps_them():
    u, v = EDGES[0]
    rest = EDGES[1:]
    for method, is_known in (("update", False), ("partial_fit", True)):
        model = getattr(nodes().fit(EDGES), method)(rest + NEW)
        names = model.source.index_to_key
        known = model.known.targets_of(model.source.key_to_index[u])
        assert (v in {names[i] for i in known}) == is_known


@each_model
def test_new_names_are_recommended_and_scored(make):
    model = grow(make().fit(EDGES))
    assert np.isfinite(model.score("x", model.target.index_to_key)).all()
    assert {"n1", "n2"}.isdisjoint(name for name, _ in model.recommend("x", 40))
    everything = {name for name, _ in model.recommend("n0", 40, exclude_known=False)}
    assert {"x", "y", "z"} <= everything


@each_model
def test_attributes_and_views_follow(make):
    model = make().fit(EDGES)
    held = model.source, model.target
    model.source.set_vecattr("n3", "color", 7)
    grow(model)
    assert held == (model.source, model.target) and held[0]["x"].shape == (8,)
    assert model.source.get_vecattr("n3", "color") == 7
    assert model.source.get_vecattr("x", "color") == 0


@each_model
def test_a_copy_does_not_grow(make):
    model = make().fit(EDGES)
    for twin in (copy.copy(model), copy.deepcopy(model)):
        before = state_of(model)
        grow(twin, old_rows="frozen")
        assert state_of(model) == before
        assert "x" in twin.source and "x" not in model.source
        model.recommend("n1")


@pytest.mark.parametrize("mmap", [None, "r"])
@each_model
def test_a_loaded_model_grows_as_the_saved_one(make, mmap, tmp_path):
    model = make().fit(EDGES)
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model", mmap=mmap)
    for one in (model, loaded):
        grow(one)
    assert state_of(loaded) == state_of(model)
    grow(loaded, [*EDGES, *NEW, ("n1", "w")])
    assert_usable(loaded, tmp_path)


@each_model
def test_the_first_time_is_fit(make):
    grown, fresh = grow(make(), EDGES), make().fit(EDGES)
    if isinstance(fresh, NodeEmbedding):
        fresh.set_params(check=False)
    assert state_of(grown) == state_of(fresh.fit(EDGES))


# Where walks start


@pytest.mark.parametrize("walks", WALKS)
def test_nothing_is_trained_if_nothing_has_changed(walks):
    model = nodes(walks).fit(EDGES)
    before = state_of(model)
    model.update(EDGES)
    assert state_of(model) == before
    model.partial_fit(EDGES)
    assert state_of(model) != before


def test_shares_of_changed_edges_are_those_by_hand():
    former, now = EDGES[3:] + NEW[:1], EDGES + NEW
    graph = DirectedGraph.of(now)
    ids = np.array([[graph.ids[name] for name in edge] for edge in set(former)])
    change = Change.of(graph, ids[:, 0], ids[:, 1])
    changed = set(now) ^ set(former)
    for name, node in graph.ids.items():
        for shares, sides in ((change.out, [0]), (change.either, [0, 1])):
            count, total = (
                sum(edge[side] == name for edge in edges for side in sides)
                for edges in (changed, set(now) | set(former))
            )
            assert shares[node] == pytest.approx(count / max(total, 1))


def test_walks_start_as_often_as_edges_have_changed():
    shares = np.array([0, 0.25, 1.0, 0.5])
    change = Change(shares, shares)
    can_start = np.array([0, 1, 2], np.int32)
    counts = [
        np.bincount(can_start[change.starts(10, can_start, seed)], minlength=4)
        for seed in range(400)
    ]
    assert set(np.array(counts)[:, 1]) == {2, 3}
    np.testing.assert_allclose(np.mean(counts, axis=0), [0, 2.5, 10, 0], atol=0.15)


def test_walks_of_an_update_go_through_what_has_changed(tmp_path):
    """A ring far from the new node is not walked."""
    ring = [(f"r{i}", f"r{(i + 1) % 50}") for i in range(50)]
    model = nodes("forward", walk_length=5, num_walks=10).fit(EDGES + ring)
    model.set_params(walks_file=tmp_path / "walks")
    model.update(EDGES + ring + NEW)
    walks = [line.split() for line in (tmp_path / "walks").read_text().splitlines()]
    assert sum(walk[0] == "x" for walk in walks) == 10
    starts = {walk[0] for walk in walks}
    assert starts <= {name for edge in NEW for name in edge}
    assert len(walks) < 10 * 8


@pytest.mark.parametrize("gone", [EDGES[:1], EDGES[:7]])
@pytest.mark.parametrize("walks", WALKS)
def test_edges_that_are_gone_are_a_change(walks, gone, tmp_path):
    model = nodes(walks).fit(EDGES)
    before = state_of(model)
    model.update([edge for edge in EDGES if edge not in gone] + [("n0", "n0")])
    assert state_of(model)[0] != before[0]
    assert_usable(model, tmp_path)


def test_start_weights_are_those_of_a_step_from_changed_sources():
    weights = RNG.integers(1, 5, len(EDGES + NEW)).astype(float)
    graph = DirectedGraph.from_edges(*zip(*(EDGES + NEW)), weights)
    ids = np.array([[graph.ids[name] for name in edge] for edge in set(EDGES)])
    change = Change.of(graph, ids[:, 0], ids[:, 1])
    sources, targets, share = change.start_weights(graph)
    np.testing.assert_allclose(sources, change.out * graph.out_degrees)
    steps = graph.to_scipy().toarray()
    steps /= np.maximum(steps.sum(axis=1, keepdims=True), 1e-9)
    np.testing.assert_allclose(targets, sources @ steps, rtol=1e-6)
    assert share == pytest.approx(sources.sum() / graph.out_degrees.sum())


def test_replayed_pairs_have_the_targets_of_all_pairs():
    """Each source has its known targets, and its new ones, in proportion to their numbers."""
    known = KnownLinks.of_pairs(np.array([0, 0, 0, 1]), np.array([0, 1, 2, 3]), n_sources=3)
    sources = np.tile(np.array([0, 1, 2], np.int32), 4000)
    targets = np.tile(np.array([4, 5, 6], np.int32), 4000)
    counts = np.array([12_000, 1000, 0])
    chunks = ReplayedPairs(sources, targets, known, counts)
    drawn = chunks.drawn_targets(ChunkPlace(0, 0, len(sources)), np.random.default_rng(8))
    for source, expected in ((0, {0: 1, 1: 1, 2: 1, 4: 1}), (1, {3: 0.8, 5: 3.2})):
        found = np.bincount(drawn[sources == source], minlength=7)
        assert set(np.flatnonzero(found)) == set(expected)
        expected_counts = 1000 * np.array(list(expected.values()))
        assert chisquare(found[list(expected)], expected_counts).pvalue > 1e-3
    assert set(drawn[sources == 2]) == {6}


def test_an_update_of_pairs_keeps_new_targets_comparable():
    """Old sources have new targets among their best ones, but not these alone."""
    rng = np.random.default_rng(2)
    sources, targets = rng.integers(0, 60, 3000), rng.integers(0, 40, 3000)
    targets = 4 * (targets // 4) + sources % 4
    is_new = targets >= 36
    shares = {}
    for method in ("update", "partial_fit"):
        model = pairs(epochs=30, alpha=0.05).fit((sources[~is_new], targets[~is_new]))
        getattr(model, method)((sources[is_new], targets[is_new]))
        best = model.recommend(list(range(60)), 5, exclude_known=False)
        shares[method] = np.mean([target >= 36 for found in best for target, _ in found])
    assert 0 < shares["update"] < shares["partial_fit"]


# Removing names


@each_case
def test_removed_nodes_are_gone_and_others_stay(walks, layout, tmp_path):
    model = nodes(walks, layout).fit(EDGES)
    before, links = rows_by_name(model), set(zip(*known_names(model)))
    assert model.remove("n3") is model
    model.remove(["n7", "n9"])
    gone = {"n3", "n7", "n9"}
    after = rows_by_name(model)
    assert set(after) == {key for key in before if key[1] not in gone}
    assert all(np.array_equal(row, before[key]) for key, row in after.items())
    assert set(zip(*known_names(model))) == {link for link in links if gone.isdisjoint(link)}
    assert_usable(model, tmp_path)
    rest = [edge for edge in EDGES if gone.isdisjoint(edge)]
    model.partial_fit(rest)
    assert_usable(model, tmp_path)
    model.update(rest + NEW, old_rows="damped")
    assert_usable(model, tmp_path)


def known_names(model):
    sources, targets = model.known_pairs()
    return (
        [model.source.index_to_key[i] for i in sources],
        [model.target.index_to_key[i] for i in targets],
    )


def test_removed_names_of_pairs_are_gone_and_others_stay(tmp_path):
    model = pairs().fit(EDGES)
    before, links = rows_by_name(model), set(zip(*known_names(model)))
    model.remove(sources=["n3"], targets=np.array(["n7", "n9"])).remove(targets="n1")
    gone = {("source", "n3"), *(("target", name) for name in ("n1", "n7", "n9"))}
    after = rows_by_name(model)
    assert set(after) == set(before) - gone
    assert all(np.array_equal(row, before[key]) for key, row in after.items())
    left = {(u, v) for u, v in links if u != "n3" and v not in ("n1", "n7", "n9")}
    assert set(zip(*known_names(model))) == left
    assert_usable(model, tmp_path)
    model.partial_fit([("n3", "n1")])
    assert model.source.index_to_key[-1] == "n3"
    assert_usable(model, tmp_path)


@each_model
def test_what_cannot_be_removed_is_refused(make):
    with pytest.raises(AttributeError, match="has learned nothing yet"):
        make().remove(["n1"])
    model = make().fit(EDGES)
    before = state_of(model)
    with pytest.raises(KeyError, match="'rum' is not among the"):
        model.remove(["n1", "rum"])
    with pytest.raises(ValueError, match="at least one must remain"):
        model.remove(list(model.source.index_to_key))
    model.remove([])
    assert state_of(model) == before


# Nothing is half done


@pytest.mark.parametrize("method", ["update", "partial_fit"])
def test_nodes_that_are_missing_are_refused(method):
    model = nodes().fit(EDGES)
    before = state_of(model)
    message = r"lacks 29 of the 30 nodes .*'n\d+'; give the whole graph, .*or first remove"
    with pytest.raises(ValueError, match=message):
        getattr(model, method)([("n1", "new")])
    assert state_of(model) == before


WRONG = [{"old_rows": "lazy"}, {"old_rows": 2}, {"epochs": 0}]


@pytest.mark.parametrize("options", WRONG)
@each_model
def test_wrong_arguments_change_nothing(make, options):
    model = make().fit(EDGES)
    before = state_of(model)
    with pytest.raises(ValueError, match="allowed are"):
        grow(model, **options)
    model.alpha = -1
    with pytest.raises(ValueError, match="alpha is -1"):
        grow(model)
    assert state_of(model) == before


@each_model
def test_too_little_memory_changes_nothing(make, monkeypatch):
    model = make().fit(EDGES)
    before = state_of(model)
    for place in (training, matrices):

        def refuse(*_):
            raise MemoryError("none is left")

        with monkeypatch.context() as patched:
            patched.setattr(place, "require_memory", refuse)
            with pytest.raises(MemoryError, match="none is left"):
                grow(model)
        assert state_of(model) == before


@pytest.mark.parametrize("where", ["Trainer", "set_priors"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@each_model
def test_an_interrupted_update_leaves_a_model_to_use(make, error, where, monkeypatch, tmp_path):
    model = make().fit(EDGES)

    def interrupt(*_, **__):
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(training, where, interrupt)
        with pytest.raises(error):
            grow(model)
    assert "x" in model.source
    assert_usable(model, tmp_path)
    model.partial_fit(EDGES + NEW)
    assert_usable(model, tmp_path)


@each_model
def test_vectors_that_were_replaced_cannot_grow(make):
    model = make().fit(EDGES)
    model.source = copy.copy(model.source)
    with pytest.raises(ValueError, match="source or target was replaced"):
        grow(model)
    with pytest.raises(ValueError, match="source or target was replaced"):
        model.remove(["n1"])


def test_means_of_a_long_chain_of_new_names():
    """Each round sets the names that the one before has reached."""
    chain = [("n1", "c0"), *((f"c{i}", f"c{i + 1}") for i in range(40))]
    model = nodes("undirected", "tied", **STILL).fit(EDGES)
    model.update(EDGES + chain)
    rows = np.array([model.source[f"c{i}"] for i in range(41)])
    assert rows.any(axis=1).all() and np.abs(rows).max() < 1
    assert growth.OLD_ROWS["frozen"] == 0


@pytest.mark.parametrize("walks", ["metapath", "temporal"])
def test_walks_of_types_and_times_grow(walks, tmp_path):
    def graph(edges):
        sources, targets = zip(*edges)
        if walks == "temporal":
            return DirectedGraph.from_edges(sources, targets, times=range(len(edges)))
        types = {name: "ab"[hash_of(name) % 2] for edge in edges for name in edge}
        return DirectedGraph.from_edges(sources, targets, node_types=types)

    given = {"metapath": ["a", "b", "a"]} if walks == "metapath" else {}
    model = nodes(walks, **given).fit(graph(EDGES))
    before, state = rows_by_name(model), state_of(model)
    model.update(graph(EDGES))
    assert state_of(model) == state, "nothing has changed"
    model.update(graph(EDGES + NEW), old_rows="frozen")
    after = rows_by_name(model)
    assert all(np.array_equal(after[key], row) for key, row in before.items())
    assert after["source", "x"].any()
    assert_usable(model, tmp_path)


def hash_of(name):
    return sum(map(ord, name))


def test_frozen_rows_keep_their_bytes_with_several_workers():
    model = nodes("undirected+nerd", num_walks=40).fit(EDGES)
    before = rows_by_name(model)
    after = rows_by_name(model.set_params(workers=3).update(EDGES + NEW, old_rows="frozen"))
    assert all(after[key].tobytes() == row.tobytes() for key, row in before.items())


def test_pairs_of_an_update_have_later_nodes_as_targets():
    """Walks in either direction: earlier nodes are sources, wherever the walks start."""
    graph = DirectedGraph.of(EDGES + NEW)
    change = Change(np.ones(graph.n_nodes), np.ones(graph.n_nodes))
    model = nodes("undirected")
    (usual,), (part,) = (
        make_parts(model, ("undirected",), graph, None, given) for given in (None, change)
    )
    assert (usual.windows.forward, part.windows.forward) == (False, True)
    assert part.chunks.n_units == 2 * usual.chunks.n_units


def test_what_an_update_has_not_learned_is_learned_by_the_next():
    def stop(report):
        return report.epoch == 2

    model = nodes("undirected", epochs=1).fit(EDGES)
    known = model.known
    model.progress = stop
    assert model.update([*EDGES, *NEW], epochs=3).epochs_trained == 2
    assert len(model.known.targets) == len(known.targets)
    model.progress = None
    before = model.source.vectors.copy()
    model.update([*EDGES, *NEW])
    assert not np.array_equal(model.source.vectors, before)
    assert len(model.known.targets) > len(known.targets) and model.unfinished is None
