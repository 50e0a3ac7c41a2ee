"""Vectors that a model owns: what is written to them is the model's, and their keys stay put."""

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
import toy

from fastsgns import DirectedGraph, GloVe, KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE, growth
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors

SENTENCES = toy.sentences(60)
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}
EDGES = [(f"n{i}", f"n{(3 * i + k) % 20}") for i in range(20) for k in (1, 2)]
GRAPH = DirectedGraph.of(EDGES)


def nodes(**options):
    return NodeEmbedding(dimensions=8, num_walks=2, workers=1, **options).fit(EDGES)


LINKS = {
    "nodes": nodes,
    "nodes, tied": lambda: nodes(matrices="tied"),
    "nodes, bias": lambda: nodes(matrices="tied+bias"),
    "nodes, reflected": lambda: nodes(matrices="tied+reflect"),
    "pairs": lambda: PairEmbedding(dimensions=8, workers=1).fit(EDGES),
    "HOPE": lambda: HOPE(8, progress=False).fit(GRAPH),
    "STRAP": lambda: STRAP(8, progress=False).fit(GRAPH),
    "FastRP": lambda: FastRP(8, progress=False).fit(GRAPH),
    "ProNE": lambda: ProNE(8, progress=False).fit(GRAPH),
}
LEARNED = [name for name in LINKS if name not in ("HOPE", "STRAP", "FastRP", "ProNE")]


def through_file(model):
    stream = io.BytesIO()
    model.save(stream)
    stream.seek(0)
    return type(model).load(stream)


def scores(model):
    names = model.source.index_to_key, model.target.index_to_key
    every = [model.score(name, names[1]) for name in names[0]]
    return np.array(every), [model.recommend(name, topn=30) for name in names[0]]


def assert_same(one, other):
    for left, right in zip(scores(one), scores(other)):
        if isinstance(left, np.ndarray):
            np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)
        else:
            assert [[n for n, _ in row] for row in left] == [[n for n, _ in row] for row in right]
    for side in ("source", "target"):
        vectors = [getattr(model, side) for model in (one, other)]
        assert vectors[0].index_to_key == vectors[1].index_to_key
        np.testing.assert_array_equal(vectors[0].vectors, vectors[1].vectors)


def random(shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize("name", LINKS)
def test_replaced_sources_are_the_models(name):
    model = LINKS[name]()
    fresh = random(model.source.vectors.shape)
    held = model.source, model.target
    model.source.vectors = fresh.astype(np.float64)
    np.testing.assert_array_equal(model.source.vectors, fresh)
    assert held == (model.source, model.target)
    assert_same(through_file(model), model)
    u, v = model.source.index_to_key[3], model.target.index_to_key[7]
    expected = model.source[u] @ model.target[v]
    if getattr(model, "target_bias", None) is not None:
        expected += model.target_bias[7]
    raw = model.score(u, v, popularity=False)
    assert raw == pytest.approx(float(expected), rel=1e-5, abs=1e-6)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), copy.copy(model)):
        assert_same(other, model)
        other.source[u] = np.ones(8)
        assert_same(through_file(other), other)


@pytest.mark.parametrize("name", [name for name in LINKS if "reflected" not in name])
def test_replaced_targets_are_the_models(name):
    model = LINKS[name]()
    fresh = random(model.target.vectors.shape)
    model.target.vectors = fresh
    np.testing.assert_array_equal(model.target.vectors, fresh)
    assert_same(through_file(model), model)
    if "tied" in name or "bias" in name:
        np.testing.assert_array_equal(model.source.vectors, fresh)


def test_reflected_targets_follow_from_the_sources():
    model = LINKS["nodes, reflected"]()
    with pytest.raises(ValueError, match="follow from the input vectors"):
        model.target.vectors = random((20, 8))
    with pytest.raises(ValueError, match="read-only"):
        model.target["n1"] = np.ones(8)
    model.source["n1"] = np.ones(8)
    assert model.target["n1"].tolist() == [-1] * 4 + [1] * 4
    assert model.score("n1", "n1", popularity=False) == 0
    assert_same(through_file(model), through_file(through_file(model)))
    assert scores(model)[1] == scores(through_file(model))[1]


@pytest.mark.parametrize("name", LEARNED)
def test_what_was_replaced_is_trained_on(name):
    model = LINKS[name]()
    model.source.vectors = random(model.source.vectors.shape) / 8
    twin = through_file(model)
    bias = None if model.target_bias is None else model.target_bias.copy()
    for one in (model, twin):
        one.partial_fit(EDGES)
    assert_same(model, twin)
    if bias is not None:
        assert not np.array_equal(model.target_bias, bias)
        assert model.target_bias is model.arrays.bias


@pytest.mark.parametrize("name", LINKS)
def test_names_and_their_order_are_the_models(name):
    model = LINKS[name]()
    before = scores(model)
    for vectors in (model.source, model.target):
        shape = vectors.vectors.shape
        for change in (
            lambda v=vectors: v.add_vector("new", np.ones(8)),
            lambda v=vectors: v.__setitem__("new", np.ones(8)),
            lambda v=vectors: v.add_vectors(["x", "y"], np.ones((2, 8))),
        ):
            with pytest.raises(ValueError, match=r"are the model's: call fit\(\).*deepcopy"):
                change()
        vectors.expandos["count"] = np.arange(len(vectors))
        with pytest.raises(ValueError, match="are the model's"):
            vectors.sort_by_descending_frequency()
        with pytest.raises(ValueError, match=r"must be of shape|follow from"):
            vectors.vectors = np.ones((2, 2), np.float32)
        assert len(vectors) == 20 and vectors.vectors.shape == shape
    np.testing.assert_array_equal(scores(model)[0], before[0])


@pytest.mark.parametrize("name", LINKS)
@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_the_vectors_are_free(name, how):
    model = LINKS[name]()
    alone = how(model.source)
    assert type(alone) is KeyedVectors
    alone["new"] = np.ones(8)
    assert len(model.source) == len(model.source.index_to_key) == len(alone) - 1


def test_another_order_of_the_same_nodes_moves_all_rows():
    model = LINKS["nodes, bias"]()
    before = {name: (model.source[name].copy(), model.score("n1", name)) for name in
              model.source.index_to_key}  # fmt: skip
    model.source.set_vecattr("n3", "count", 7)
    held = model.source
    turned = model.source.index_to_key[::-1]
    growth.keep(model, growth.Names.of(model, turned, turned))
    assert held is model.source and held.get_vecattr("n3", "count") == 7
    assert model.source.index_to_key[-1] == next(iter(before))
    for name, (row, score) in before.items():
        np.testing.assert_array_equal(model.source[name], row)
        assert model.score("n1", name) == pytest.approx(score)


@pytest.mark.parametrize("matrices", ["two", "tied"])
def test_glove_takes_what_replaced_its_vectors(matrices):
    model = GloVe(SENTENCES, matrices=matrices, **SMALL)
    shape = len(model.wv), 8
    before, other = model.wv.vectors.copy(), random(shape, 1)
    model.input.vectors = fresh = random(shape)
    np.testing.assert_array_equal(model.input.vectors, fresh)
    output = fresh
    if matrices == "two":
        model.output.vectors = output = other
        np.testing.assert_array_equal(model.wv.vectors, fresh + other)
    else:
        np.testing.assert_array_equal(model.wv.vectors, fresh)
    assert not np.array_equal(model.wv.vectors, before)
    for twin in (through_file(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(twin.input.vectors, fresh)
        np.testing.assert_array_equal(twin.output.vectors, output)
    counts = model.count(SENTENCES)
    twin = through_file(model)
    for one in (model, twin):
        one.train(counts)
    np.testing.assert_array_equal(model.wv.vectors, twin.wv.vectors)
    assert np.abs(model.input.vectors - fresh).max() < 1
    model.input.vectors = np.ones((2, 8), np.float32)
    with pytest.raises(ValueError, match="GloVe model have the shape"):
        model.save(io.BytesIO())


@pytest.mark.parametrize(
    "make",
    [
        lambda: GloVe(SENTENCES, **SMALL),
        lambda: GloVe(SENTENCES, matrices="tied", **SMALL),
        lambda: SVDVectors(PPMI(SENTENCES, min_count=1), 4),
        lambda: copy.deepcopy(SVDVectors(PPMI(SENTENCES, min_count=1), 4)),
        lambda: pickle.loads(pickle.dumps(GloVe(SENTENCES, **SMALL))),
    ],
)
def test_words_of_other_models_are_theirs(make):
    model = make()
    n_words = len(model.wv)
    for kv in (model.wv, getattr(model, "input", model.wv), model.output):
        with pytest.raises(ValueError, match=r"are the model's: .*deepcopy"):
            kv["new"] = np.ones(kv.vector_size)
        kv.sort_by_descending_frequency()  # is sorted
        free = copy.deepcopy(kv)
        free["new"] = np.ones(kv.vector_size)
        assert len(free) == n_words + 1
    model.wv.set_vecattr(model.wv.index_to_key[-1], "count", 10**6)
    with pytest.raises(ValueError, match="are the model's"):
        model.wv.sort_by_descending_frequency()
    assert len(model.wv) == n_words and "new" not in model.wv
    through_file(model)


def test_svd_refuses_to_forget_changed_vectors():
    model = SVDVectors(PPMI(SENTENCES, min_count=1), 4)
    model.output.vectors[0] = 1
    with pytest.raises(ValueError, match=r"output\.save\(path\)"):
        model.save(io.BytesIO())
    model.output.save(io.BytesIO())


@pytest.mark.parametrize(
    "make", [LINKS["nodes"], LINKS["HOPE"], lambda: GloVe(SENTENCES, **SMALL),
             lambda: SVDVectors(PPMI(SENTENCES, min_count=1), 4)],
)  # fmt: skip
def test_attributes_that_a_file_does_not_hold_are_named(make):
    model = make()
    kv = model.source if hasattr(model, "source") else model.wv
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.save(io.BytesIO())
    kv.set_vecattr(kv.index_to_key[0], "color", "red")
    with pytest.warns(UserWarning, match=r"does not hold the attributes \['color'\] of model"):
        model.save(io.BytesIO())


def test_a_corpus_is_no_part_of_what_a_model_changes():
    kv = KeyedVectors.from_arrays(words := ["a", "b"], np.eye(2, dtype=np.float32))
    kv["c"] = [1, 1]
    assert words == ["a", "b"]
    twin = copy.copy(kv)
    kv["d"] = [2, 2]
    assert twin.index_to_key == ["a", "b", "c"] and len(twin.vectors) == 3
    twin["e"] = [3, 3]
    assert kv.index_to_key == ["a", "b", "c", "d"] and kv["d"].tolist() == [2, 2]


@pytest.mark.parametrize("source", ["added", "of arrays", "grown"])
def test_norms_are_right_after_a_write_through_a_copy(source):
    kv = KeyedVectors(2)
    if source == "of arrays":
        vectors = np.array([[1, 0], [0, 2]], np.float32)
        kv = KeyedVectors.from_arrays(["a", "b"], vectors)
    else:
        kv.add_vectors(["a", "b"], [[1, 0], [0, 2]])
    if source == "grown":
        kv["c"], kv["d"] = [1, 1], [3, 4]
    twin = copy.copy(kv)
    for writer, other in ((twin, kv), (kv, twin)):
        assert other.norms[0] == np.linalg.norm(other["a"])
        writer["a"] = 7 * writer["a"]
        np.testing.assert_array_equal(other["a"], writer["a"])
        np.testing.assert_allclose(other.norms, np.linalg.norm(other.vectors, axis=1))


def test_vectors_of_nodes_are_no_wv():
    model = Word2Vec(SENTENCES, **SMALL)
    with pytest.raises(TypeError, match="deepcopy"):
        model.wv = LINKS["nodes"]().source
