"""`matrices=`: one, two or three matrices, from the constructor to the file."""

import itertools
import pickle
import warnings

import numpy as np
import pytest
import toy

from fastsgns import FastText, Word2Vec
from fastsgns.errors import FormatError
from fastsgns.formats import native
from fastsgns.matrices import BIASES, MATRICES, padded

SENTENCES = toy.sentences()
CHOICES = [(matrices, "scalar") for matrices in ("two", "tied", "tied+reflect", "three")] + [
    ("tied+bias", bias) for bias in BIASES
]
each_choice = pytest.mark.parametrize("matrices, bias", CHOICES)


pytestmark = pytest.mark.filterwarnings("ignore:matrices=.tied")


def make_model(sentences=SENTENCES, **given):
    defaults = {
        "vector_size": 12, "min_count": 1, "workers": 1, "sg": 1, "sample": 0, "epochs": 2,
        "progress": False,
    }  # fmt: skip
    if given.get("matrices") == "three":
        defaults["coupling"] = 0.1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Word2Vec(sentences, **defaults | given)


def arrays(model):
    found = model.current_arrays().vectors
    return {name: np.array(found[name]) for name in found} | {"bias": model.current_arrays().bias}


def assert_same(left, right):
    assert left.keys() == right.keys()
    for role in left:
        np.testing.assert_array_equal(left[role], right[role])


def test_plain_tied_and_uncoupled_three_are_warned_of():
    for given in ({"matrices": "tied"}, {"matrices": "three"}):
        with pytest.warns(UserWarning, match='use "t|or use "two"') as caught:
            Word2Vec(SENTENCES, min_count=1, epochs=1, **given)
        assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for matrices in ("two", "tied+bias", "tied+reflect"):
            Word2Vec(SENTENCES, min_count=1, epochs=1, matrices=matrices)
        Word2Vec(SENTENCES, min_count=1, epochs=1, matrices="three", coupling=10)


@pytest.mark.parametrize(
    "given, message",
    [
        ({"matrices": "one"}, "allowed are .'two', 'tied'"),
        ({"bias": "yes"}, "allowed are .'scalar'"),
        ({"coupling": -1}, "coupling is -1"),
        ({"coupling": 1}, "matrices='three' only"),
        ({"bias": "word", "matrices": "tied"}, "matrices='tied.bias' only"),
        ({"matrices": "tied", "hs": 1}, "hs=1"),
        ({"matrices": "three", "hs": 1, "negative": 0}, "negative=0"),
    ],
)
def test_what_makes_no_sense_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        make_model(**given)


@each_choice
@pytest.mark.parametrize("sharing, sg", [("pair", 1), ("block", 1), ("pair", 0)])
def test_a_resumed_run_is_an_uninterrupted_one(matrices, bias, sharing, sg, tmp_path):
    given = {"matrices": matrices, "bias": bias, "negative_sharing": sharing, "sg": sg}
    whole = make_model(None, alpha=0.05, min_alpha=0.05, **given)
    whole.build_vocab(SENTENCES)
    first = make_model(None, alpha=0.05, min_alpha=0.05, **given)
    first.build_vocab(SENTENCES)
    whole.train(SENTENCES, total_examples=len(SENTENCES), epochs=4)
    first.train(SENTENCES, total_examples=len(SENTENCES), epochs=2)
    first.save(tmp_path / "model")
    second = Word2Vec.load(tmp_path / "model", mmap="r")
    assert_same(arrays(first), arrays(second))
    second.train(SENTENCES, total_examples=len(SENTENCES), epochs=2)
    assert_same(arrays(whole), arrays(second))
    assert not np.array_equal(arrays(first)["input"], arrays(second)["input"])


@each_choice
def test_pickled_and_grown_models_keep_what_they_learned(matrices, bias):
    model = pickle.loads(pickle.dumps(make_model(matrices=matrices, bias=bias)))
    before, n_old = arrays(model), len(model.wv)
    model.build_vocab([["new", "words"]], update=True)
    for role, rows in arrays(model).items():
        if role in ("input", "output", "negative") or (rows is not None and len(rows) > 1):
            np.testing.assert_array_equal(rows[:n_old], before[role])
    if matrices == "tied+bias" and bias != "scalar":
        first = -np.log(5) / (2 if bias == "both" else 1)
        np.testing.assert_allclose(model.current_arrays().bias[n_old:], first, rtol=1e-6)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    assert not np.array_equal(model.wv.vectors[:n_old], before["input"])


def test_one_matrix_is_its_own_output():
    model = make_model(matrices="tied+bias")
    assert model.syn1neg is model.wv.array
    with pytest.raises(ValueError, match=r"set model\.wv\.vectors"):
        model.syn1neg = model.wv.vectors
    reflected = make_model(matrices="tied+reflect")
    np.testing.assert_array_equal(reflected.syn1neg[:, :6], -reflected.wv.vectors[:, :6])
    np.testing.assert_array_equal(reflected.syn1neg[:, 6:], reflected.wv.vectors[:, 6:])
    assert not reflected.syn1neg.flags.writeable


def test_replaced_vectors_keep_their_biases():
    model = make_model(matrices="tied+bias", bias="both")
    bias = model.current_arrays().bias.copy()
    model.wv.vectors = np.zeros((len(model.wv), 12), np.float32)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1, start_alpha=5e-7, end_alpha=0)
    np.testing.assert_allclose(model.current_arrays().bias, bias, atol=1e-3)
    assert np.abs(model.wv.vectors).max() < 1e-3


def test_one_matrix_takes_half_the_memory():
    n = 10_000
    sizes = {
        (matrices, bias): make_model(matrices=matrices, bias=bias, vector_size=100)
        .estimate_memory(n)["total"] - n * 178
        for matrices, bias in CHOICES
    }  # fmt: skip
    for choice in CHOICES:
        one_of_two = sizes[choice] / sizes["two", "scalar"]
        assert "tied" not in choice[0] or 0.5 <= one_of_two < 0.51
    assert sizes["three", "scalar"] * 2 == sizes["two", "scalar"] * 3
    assert sizes["two", "scalar"] == n * (100 + padded(100)) * 4 * 2


def test_rows_of_one_matrix_can_not_be_held_still():
    model = make_model(matrices="tied+bias")
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)
    with pytest.raises(ValueError, match="vectors_lockf"):
        model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)


@each_choice
@pytest.mark.parametrize("n_workers", [1, 4])
def test_training_lowers_the_loss(matrices, bias, n_workers):
    groups = [["cat", "dog", "pet", "fur"], ["car", "bus", "road", "van"]]
    rng = np.random.default_rng(1)
    sentences = [rng.permutation(groups[i % 2] * 2).tolist() for i in range(1500)]
    model = make_model(
        sentences, matrices=matrices, bias=bias, epochs=8, compute_loss=True, workers=n_workers
    )
    wv = model.wv
    assert model.epoch_losses[-1] < model.epoch_losses[0]
    if matrices != "three":  # of 150 runs of four workers on eight words the least gap was 0.13
        gap = 0.2 if n_workers == 1 else 0.0
        assert wv.similarity("cat", "dog") > wv.similarity("cat", "bus") + gap


@pytest.mark.parametrize("matrices, sg", list(itertools.product(MATRICES, [0, 1])))
def test_words_are_predicted_by_the_scores_of_training(matrices, sg):
    bias = "word" if matrices == "tied+bias" else "scalar"
    model = make_model(matrices=matrices, bias=bias, sg=sg)
    word = model.wv.index_to_key[0]
    probabilities = dict(model.predict_output_word([word], topn=len(model.wv)))
    scores = np.asarray(model.syn1neg, float) @ model.wv[word]
    if matrices == "tied+bias":
        scores += model.current_arrays().bias
    wanted = np.exp(scores) / np.exp(scores).sum()
    for index, other in enumerate(model.wv.index_to_key):
        assert probabilities[other] == pytest.approx(wanted[index], rel=1e-4)


@pytest.mark.parametrize("bias", [None, np.zeros(3, np.float32), np.zeros(1, np.float32)])
def test_a_file_with_another_bias_is_damaged(bias, tmp_path):
    model = make_model(matrices="tied+bias")
    model.save(tmp_path / "model")
    kind, tensors, metadata = native.read(tmp_path / "model")
    del tensors["bias"]
    if bias is not None:
        tensors["bias"] = bias
    native.write(tmp_path / "model", kind, tensors, metadata)
    with pytest.raises(FormatError, match="bias"):
        Word2Vec.load(tmp_path / "model")
    model.current_arrays().bias = bias
    with pytest.raises(ValueError, match=r"nothing was saved, .* bias"):
        model.save(tmp_path / "other")
    assert not (tmp_path / "other").exists()


@each_choice
@pytest.mark.parametrize("cls", [Word2Vec, FastText])
def test_a_model_without_words_is_saved(matrices, bias, cls, tmp_path):
    coupling = {"coupling": 10} if matrices == "three" else {}
    cls(matrices=matrices, bias=bias, **coupling).save(tmp_path / "model")
    model = cls.load(tmp_path / "model")
    assert (model.matrices, model.bias, len(model.wv)) == (matrices, bias, 0)
    model.build_vocab(SENTENCES)
    assert len(model.wv)
