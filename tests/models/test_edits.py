"""Edits of a model's attributes, as programs for gensim do: rows stay with their words."""

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
import toy
from scalars import Scalar

from fastsgns import EncodedCorpus, GloVe, KeyedVectors, NodeEmbedding, Word2Vec
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.matrices import Matrices
from fastsgns.models.links import HOPE
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors

SENTENCES = toy.sentences(40)
KINDS = {
    "skip-gram": {"sg": 1},
    "tree and negatives": {"hs": 1},
    "bias of words": {"matrices": "tied+bias", "bias": "word"},
    "three": {"matrices": "three"},
    "reflected": {"matrices": "tied+reflect"},
}


def word2vec(**options):
    settings = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2, "sample": 0}
    return Word2Vec(SENTENCES, **settings | options)


def by_word(model):
    found = {role: dict(zip(kv.index_to_key, kv.vectors.tolist())) for role, kv in
             model.roles.items()}  # fmt: skip
    if model.wv.bias is not None and len(model.wv.bias) > 1:
        found["bias"] = dict(zip(model.wv.index_to_key, model.wv.bias.tolist()))
    return found


def saved_and_loaded(model):
    stream = io.BytesIO()
    model.save(stream)
    stream.seek(0)
    return type(model).load(stream)


def choose(wv, ids, words=None):
    """Keep some rows, in gensim's idiom: the vectors first."""
    words = [wv.index_to_key[i] for i in ids] if words is None else words
    wv.vectors = wv.vectors[ids]
    wv.index_to_key = words
    wv.key_to_index = {word: i for i, word in enumerate(words)}
    wv.expandos["count"] = wv.expandos["count"][ids]


def prune(wv):
    choose(wv, [i for i in range(len(wv)) if i != 1])


def prune_the_last(wv):
    choose(wv, list(range(len(wv) - 2)))


def reverse(wv):
    choose(wv, list(range(len(wv)))[::-1])


def prune_to_an_array_of_words(wv):
    ids = [i for i in range(len(wv)) if i != 1]
    choose(wv, ids, np.array([wv.index_to_key[i] for i in ids]))


def delete_in_place(wv):
    wv.vectors = np.delete(wv.vectors, 1, axis=0)
    wv.expandos["count"] = np.delete(wv.expandos["count"], 1)
    del wv.index_to_key[1]
    wv.key_to_index = {word: i for i, word in enumerate(wv.index_to_key)}


def rename_some(wv):
    wv.index_to_key = [f"{word}!" if i % 2 else word for i, word in enumerate(wv.index_to_key)]
    wv.key_to_index = {word: i for i, word in enumerate(wv.index_to_key)}


EDITS = [prune, prune_the_last, reverse, prune_to_an_array_of_words, delete_in_place, rename_some]


@pytest.mark.parametrize("edit", EDITS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_rows_of_all_matrices_follow_an_assigned_order(kind, edit):
    model = word2vec(**KINDS[kind])
    before = by_word(model)
    edit(model.wv)
    words = list(model.wv.index_to_key)
    assert type(model.wv.index_to_key) is list and type(words[0]) is str
    after = by_word(model)
    for role, rows in after.items():
        assert rows == {word: before[role][word.rstrip("!")] for word in words}
    assert by_word(saved_and_loaded(model)) == after == by_word(pickle.loads(pickle.dumps(model)))
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert np.isfinite(model.wv.vectors).all()


def test_a_reordered_model_that_was_looked_at_between_the_assignments():
    model = word2vec()
    before, wv = by_word(model), model.wv
    ids = list(range(len(wv)))[::-1]
    words = [wv.index_to_key[i] for i in ids]
    wv.vectors = wv.vectors[ids]
    _ = model.syn1neg
    wv.index_to_key = words
    _ = model.syn1neg
    wv.key_to_index = {word: i for i, word in enumerate(words)}
    assert by_word(model) == before


def swap_two(wv):
    """Swap two words in the very list, dict and arrays."""
    words = wv.index_to_key
    words[0], words[1] = words[1], words[0]
    wv.key_to_index[words[0]], wv.key_to_index[words[1]] = 0, 1
    wv.vectors[[0, 1]] = wv.vectors[[1, 0]]
    wv.expandos["count"][[0, 1]] = wv.expandos["count"][[1, 0]]


def sort_then(wv):
    swap_two(wv)
    wv.sort_by_descending_frequency()


@pytest.mark.parametrize("edit", [swap_two, sort_then])
@pytest.mark.parametrize("kind", KINDS)
def test_words_that_change_places_in_the_very_list(kind, edit):
    model = word2vec(**KINDS[kind])
    before = by_word(model)
    edit(model.wv)
    assert by_word(saved_and_loaded(model)) == before
    assert by_word(model) == before
    swap_two(model.wv)
    rates = {"start_alpha": 0.0, "end_alpha": 0.0}
    model.train([model.wv.index_to_key[:9]] * 3, total_examples=3, epochs=1, **rates)
    assert by_word(model) == before


def test_output_rows_have_room_to_grow():
    model = word2vec()
    before = by_word(model)["output"]
    addresses = set()
    for i in range(40):
        model.wv[f"new{i}"] = np.ones(8)
        output = model.syn1neg
        assert output.shape == (len(before) + i + 1, 8) and output.flags.c_contiguous
        output[-1] = i
        addresses.add(output.ctypes.data)
    assert len(addresses) < 6
    assert {word: model.wv.output[word].tolist() for word in before} == before
    assert [model.wv.output[f"new{i}"][0] for i in range(40)] == list(range(40))
    held = model.syn1neg
    model.syn1neg = held.copy()
    model.wv["last"] = np.ones(8)
    model.syn1neg[0] = 7
    assert held[0].tolist() == before[model.wv.index_to_key[0]]
    assert by_word(saved_and_loaded(model)) == by_word(pickle.loads(pickle.dumps(model)))


def test_words_appended_as_gensim_does_are_saved():
    model = word2vec()
    before, n_old = by_word(model), len(model.wv)
    model.wv.vectors_lockf = np.full(n_old, 0.5, np.float32)
    model.wv.index_to_key.append("new")
    model.wv.key_to_index["new"] = n_old
    model.wv.resize_vectors()
    loaded = saved_and_loaded(model)
    assert loaded.wv.get_vecattr("new", "count") == 0
    assert loaded.wv.vectors_lockf.tolist() == [0.5] * n_old + [1.0]
    assert {word: loaded.wv.output[word].tolist() for word in before["output"]} == before["output"]
    assert not loaded.wv.output["new"].any()


@pytest.mark.parametrize("wrong", [None, KeyedVectors, {"a": [1.0]}, np.eye(2)])
def test_a_wv_that_is_no_keyedvectors_is_refused_when_it_is_set(wrong):
    model = word2vec()
    before = by_word(model)
    with pytest.raises(TypeError, match="the wv of a model is a KeyedVectors; got"):
        model.wv = wrong
    assert by_word(model) == before


def test_words_that_are_gone_are_not_kept_alive():
    model = word2vec()
    smaller = copy.deepcopy(model.wv).vectors_for_all(model.wv.index_to_key[:2], copy_vecattrs=True)
    model.wv = smaller
    gone = SENTENCES[0][0] if SENTENCES[0][0] not in smaller.key_to_index else SENTENCES[0][1]
    assert gone.encode() not in pickle.dumps(model)


# keys that are checked wherever they come from

SCALARS = [np.str_("a"), np.array("a")]


def ways(keys):
    """Everything that is made of a list of keys as it is given, and the keys it then has."""
    n, vectors = len(keys), np.ones((len(keys), 2), np.float32)
    ids = np.zeros(0, np.int32)
    return {
        "from_arrays": lambda: KeyedVectors.from_arrays(keys, vectors).index_to_key,
        "Vocabulary": lambda: Vocabulary(keys, [1] * n).words,
        "EncodedCorpus": lambda: (
            EncodedCorpus(ids, np.zeros(1, np.int64), Vocabulary(keys, [1] * n)).vocabulary.words
        ),
        "index_to_key": lambda: _assigned(keys),
    }


def _assigned(keys):
    kv = KeyedVectors(2)
    kv.index_to_key = np.array(keys, object)
    return kv.index_to_key


@pytest.mark.parametrize("way", ["from_arrays", "Vocabulary", "EncodedCorpus", "index_to_key"])
@pytest.mark.parametrize("scalar", [np.str_("a"), Scalar("a")], ids=["numpy", "as_py"])
def test_scalars_of_other_libraries_become_plain_keys(way, scalar):
    found = ways([scalar, "b"])[way]()
    assert found == ["a", "b"] and [type(key) for key in found] == [str, str]


@pytest.mark.parametrize("way", ["from_arrays", "Vocabulary", "EncodedCorpus"])
@pytest.mark.parametrize("missing", [None, float("nan"), Scalar(None)])
def test_missing_keys_are_refused(way, missing):
    with pytest.raises(ValueError, match=r"(key|word) 1 is (None|nan), a missing value"):
        ways(["a", missing])[way]()


def test_from_arrays_takes_arrays_and_lists():
    kv = KeyedVectors.from_arrays(np.array(["a", "b"]), [[1.0, 2.0], [3.0, 4.0]])
    assert kv.index_to_key == ["a", "b"] and type(kv.index_to_key) is list
    assert kv["b"].tolist() == [3.0, 4.0]
    with pytest.raises(ValueError, match="float matrix"):
        KeyedVectors.from_arrays(["a"], [["x"]])


@pytest.mark.parametrize("key", [*SCALARS, Scalar("a")], ids=["str_", "0-d", "as_py"])
def test_add_vector_returns_the_position_of_a_scalar(key):
    kv = KeyedVectors(2)
    assert kv.add_vector("b", [0, 1]) == 0
    assert kv.add_vector(key, [1, 0]) == 1
    assert kv.index_to_key == ["b", "a"]


# GloVe: what is computed from the two matrices


def glove(**options):
    settings = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}
    return GloVe(SENTENCES, **settings | options)


def replace(model):
    model.wv.vectors = np.zeros((len(model.wv), 8), np.float32)


def normalize(model):
    model.wv.unit_normalize_all()


def set_a_word(model):
    model.wv["river1"] = np.zeros(8)


def write_in_place(model):
    model.wv.vectors[:] = 0


@pytest.mark.parametrize("edit", [replace, normalize, set_a_word, write_in_place])
def test_the_sum_of_two_matrices_refuses_edits(edit):
    model = glove()
    before = model.wv.vectors.copy()
    with pytest.raises(ValueError, match=r"read-only|change model\.input and model\.output"):
        edit(model)
    assert model.wv.vectors.tolist() == before.tolist()
    tied = glove(matrices="tied")
    edit(tied)
    loaded = saved_and_loaded(tied)
    assert loaded.wv.vectors.tolist() == tied.wv.vectors.tolist()
    free = copy.deepcopy(model.wv)
    free.unit_normalize_all()
    free.vectors = np.zeros((len(free), 8), np.float32)


def test_the_sum_follows_its_parts():
    model = glove()
    assert model.wv is model.wv
    model.input.unit_normalize_all()
    held = model.output.vectors
    for _ in range(2):
        held *= 2
        total = model.input.vectors + model.output.vectors
        assert model.wv.vectors.tolist() == total.tolist()


def test_save_computes_no_sum():
    model = glove()
    model.save(io.BytesIO())
    assert not model.views


# names and matrices that contradict each other are not saved


def swap_in_place(kv):
    names = kv.index_to_key
    names[0], names[1] = names[1], names[0]


def assign_names(kv):
    kv.index_to_key = kv.index_to_key[::-1]
    kv.key_to_index = {name: i for i, name in enumerate(kv.index_to_key)}


def nodes():
    return NodeEmbedding(dimensions=4, num_walks=2, workers=1).fit(
        [("a", "b"), ("b", "c"), ("c", "a"), ("a", "c")]
    )


SIDES = {
    "NodeEmbedding.source": (nodes, lambda m: m.source),
    "NodeEmbedding.target": (nodes, lambda m: m.target),
    "HOPE.source": (lambda: HOPE(2).fit([("a", "b"), ("b", "c"), ("c", "a")]), lambda m: m.source),
    "GloVe.input": (glove, lambda m: m.input),
    "GloVe.wv": (glove, lambda m: m.wv),
}


@pytest.mark.parametrize("edit", [swap_in_place, assign_names])
@pytest.mark.parametrize("side", SIDES)
def test_names_out_of_step_are_not_saved(side, edit):
    make, part = SIDES[side]
    model = make()
    edit(part(model))
    with pytest.raises(
        ValueError, match=r"key_to_index of model|have different names|words of model"
    ):
        model.save(io.BytesIO())


@pytest.mark.parametrize("other", ["two", "tied", "tied+bias", "tied+reflect", "three"])
@pytest.mark.parametrize("first", ["two", "tied", "tied+reflect", "three"])
def test_a_model_whose_matrices_are_others_is_not_saved(first, other):
    model = word2vec(matrices=first)
    model.matrices = other
    if first == other or {first, other} == {"tied", "tied+reflect"}:
        assert saved_and_loaded(model).matrices == other
        return
    with pytest.raises(ValueError, match="nothing was saved"):
        model.save(io.BytesIO())


def test_a_glove_whose_matrices_are_others_is_not_saved():
    for first, other in (("two", "tied"), ("tied", "two")):
        model = glove(matrices=first)
        model.matrices = other
        with pytest.raises(ValueError, match="nothing was saved"):
            model.save(io.BytesIO())


def test_matrices_that_training_makes_later_are_not_missed():
    model = word2vec(hs=1, negative=0)
    model.negative = 5
    assert saved_and_loaded(model).negative == 5
    model.negative = 0
    saved_and_loaded(model)
    saved_and_loaded(Word2Vec(vector_size=8))


# one matrix with flipped signs


def test_flipped_vectors_follow_a_held_array():
    settings = {"dimensions": 4, "num_walks": 2, "workers": 1, "matrices": "tied+reflect"}
    model = NodeEmbedding(**settings).fit([("a", "b"), ("b", "c"), ("c", "a")])
    held = model.source.vectors
    _ = model.target["a"]
    held[:] = 3
    assert model.target["a"].tolist() == [-3, -3, 3, 3]
    assert model.target.vectors.tolist() == [[-3, -3, 3, 3]] * 3
    words = word2vec(matrices="tied+reflect")
    output, held = words.wv.output, words.wv.vectors
    held[:] = 1
    assert output["river1"].tolist() == [-1] * 4 + [1] * 4
    assert output[["river1", "river2"]].tolist() == [[-1] * 4 + [1] * 4] * 2
    with pytest.raises(ValueError, match="follow from the input vectors"):
        output["river1"] = np.ones(8)
    with pytest.raises(ValueError, match="follow from the input vectors"):
        output.unit_normalize_all()


def test_a_flipped_vector_costs_no_copy_of_the_matrix(monkeypatch):
    model = word2vec(matrices="tied+reflect")
    monkeypatch.setattr(Matrices, "in_role", None)
    assert list(model.roles) == ["input", "output"]
    assert model.wv.output["river1"].shape == (8,) and model.wv.output.vector_size == 8
    assert model.wv.output.similarity("river1", "river2") == pytest.approx(
        model.wv.similarity("river1", "river2")
    )


# what a file does not hold is said


def test_attributes_of_ones_own_are_named_when_they_are_not_saved():
    ppmi = PPMI(SENTENCES)
    factors = HOPE(2).fit([("a", "b"), ("b", "c"), ("c", "a")])
    for model in (word2vec(), glove(), nodes(), factors, SVDVectors(ppmi, 4)):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.save(io.BytesIO())
        model.note = open
        with pytest.warns(UserWarning, match=r"attributes \['note'\] that were set on the"):
            model.save(io.BytesIO())
    wv = word2vec().wv
    wv.source, wv.note = print, print
    with pytest.warns(UserWarning, match=r"\['note', 'source'\] that were set on the KeyedV"):
        wv.save(io.BytesIO())
    model = word2vec()
    model.wv.note = print
    with pytest.warns(UserWarning, match=r"\['note'\] that were set on model\.wv"):
        model.save(io.BytesIO())
    parts = {"input": glove(), "target": nodes(), "output": SVDVectors(ppmi, 4)}
    for name, model in parts.items():
        getattr(model, name).note = "b"
        with pytest.warns(UserWarning, match=rf"\['note'\] that were set on model\.{name}"):
            model.save(io.BytesIO())


def test_digits_that_a_model_does_not_save_are_named():
    model = word2vec()
    model.wv.vectors = model.wv.vectors.astype(np.float64) / 3
    with pytest.warns(UserWarning, match="float64 and are saved as float32"):
        loaded = saved_and_loaded(model)
    assert loaded.wv.vectors.tolist() == model.wv.vectors.astype(np.float32).tolist()


@pytest.mark.parametrize("odd", [{}, "x", 3, object])
def test_an_odd_rest_of_training_is_not_saved(odd):
    model = word2vec()
    model.unfinished = odd
    with pytest.raises(TypeError, match=r"model\.unfinished is .*; allowed are None and what"):
        model.save(io.BytesIO())


@pytest.mark.parametrize("make", [word2vec, glove, nodes])
def test_losses_in_an_array_are_saved(make):
    model = make()
    model.epoch_losses = np.array([1.5, 0.5])
    assert saved_and_loaded(model).epoch_losses == [1.5, 0.5]
