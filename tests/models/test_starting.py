"""init_from= and intersect_word2vec_format: models that start from the vectors of others."""

import copy
import io
import logging
import pickle

import numpy as np
import pytest
import toy

from fastsgns import GloVe, KeyedVectors, Word2Vec

SENTENCES = toy.sentences(60)
SMALL = {"vector_size": 6, "min_count": 1, "workers": 1, "sample": 0, "epochs": 2}
KNOWN = ["river1", "fruit2", "metal0"]


class Gensim:
    """What a model of gensim has."""

    def __init__(self, wv, syn1neg=None):
        self.wv = wv
        if syn1neg is not None:
            self.syn1neg = syn1neg


class GensimVectors:
    def __init__(self, keys, vectors):
        self.key_to_index = {key: i for i, key in enumerate(keys)}
        self.index_to_key, self.vectors = keys, vectors


def vectors(scale=1.0, dtype=np.float32):
    kv = KeyedVectors(6, dtype=dtype)
    kv.add_vectors([*KNOWN, "absent"], scale * np.arange(24).reshape(4, 6))
    return kv


def sources():
    """Sources with the input and output vectors of KNOWN; None: without output vectors."""
    model = Word2Vec([KNOWN] * 9, **SMALL, seed=5)
    two = [model.wv[KNOWN], model.wv.output[KNOWN]]
    glove = GloVe([KNOWN] * 9, vector_size=6, min_count=1, epochs=1, workers=1)
    kv, wide = vectors(), vectors(0.5, np.float64)
    keys = model.wv.index_to_key
    plain = GensimVectors(keys, model.wv.vectors)
    return {
        "model": (model, *two),
        "its vectors": (model.wv, *two),
        "vectors": (kv, kv[KNOWN], None),
        "float64": (wide, wide[KNOWN], None),
        "GloVe": (glove, glove.input[KNOWN], glove.output[KNOWN]),
        "gensim's vectors": (plain, two[0], None),
        "gensim's model": (Gensim(plain, model.syn1neg), *two),
        "gensim's model with hs": (Gensim(plain), two[0], None),
    }


NAMES = list(sources())


def check(model, fresh, given, output):
    """Check that the words of KNOWN have the vectors given, and the others those of `fresh`."""
    others = [word for word in model.wv.index_to_key if word not in KNOWN]
    np.testing.assert_array_equal(model.wv[KNOWN], given.astype(np.float32))
    np.testing.assert_array_equal(model.wv[others], fresh.wv[others])
    expected = np.zeros((3, 6)) if output is None else output
    np.testing.assert_array_equal(model.wv.output[KNOWN], expected)
    assert not model.wv.output[others].any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("where", ["constructor", "build_vocab"])
def test_known_words_start_from_the_vectors_given(name, where):
    source, given, output = sources()[name]
    fresh = Word2Vec(**SMALL)
    fresh.build_vocab(SENTENCES)
    if where == "constructor":
        model = Word2Vec(**SMALL, init_from=source)
        model.build_vocab(SENTENCES)
    else:
        model = Word2Vec(**SMALL)
        model.build_vocab(SENTENCES, init_from=source)
    check(model, fresh, given, output)
    assert model._init_from is None  # its memory is free
    model.train(SENTENCES, total_examples=60, epochs=1)
    assert not np.array_equal(model.wv[KNOWN], given)
    assert not np.shares_memory(model.wv.vectors, source.vectors if name == "vectors" else given)


def test_a_model_is_trained_from_the_start_of_another():
    source = Word2Vec(SENTENCES, **SMALL | {"epochs": 40})
    again = Word2Vec(SENTENCES, **SMALL, init_from=source, compute_loss=True)
    fresh = Word2Vec(SENTENCES, **SMALL, compute_loss=True)
    assert again.epoch_losses[0] < fresh.epoch_losses[0]


def test_new_words_start_from_the_vectors_given():
    source = vectors()
    model = Word2Vec([["river1", "other"]] * 9, **SMALL)
    before = model.wv["river1"].copy(), model.wv["other"].copy()
    model.build_vocab([["fruit2", "river1", "novel"]] * 9, update=True, init_from=source)
    np.testing.assert_array_equal(model.wv["river1"], before[0])
    np.testing.assert_array_equal(model.wv["other"], before[1])
    np.testing.assert_array_equal(model.wv["fruit2"], source["fruit2"])
    assert model.wv["novel"].any() and not model.wv.output["fruit2"].any()


@pytest.mark.parametrize(
    "options",
    [{"matrices": "tied+bias"}, {"matrices": "three", "coupling": 10}, {"hs": 1, "negative": 0}],
)
def test_other_matrices_take_what_they_have(options):
    source, given, output = sources()["model"]
    model = Word2Vec(**SMALL | options, init_from=source)
    model.build_vocab(SENTENCES)
    np.testing.assert_array_equal(model.wv[KNOWN], given)
    if options.get("matrices") == "three":
        np.testing.assert_array_equal(model.wv.output[KNOWN], output)
        assert not model.wv.negative.vectors.any()
    model.train(SENTENCES, total_examples=60, epochs=1)


def test_glove_starts_from_the_vectors_given():
    source, given, output = sources()["model"]
    model = GloVe(vector_size=6, min_count=1, workers=1, alpha=1e-12, epochs=1, init_from=source)
    model.train(model.count(SENTENCES))
    np.testing.assert_allclose(model.input[KNOWN], given, atol=1e-6)
    np.testing.assert_allclose(model.output[KNOWN], output, atol=1e-6)
    tied = GloVe(
        SENTENCES, vector_size=6, min_count=1, alpha=1e-12, epochs=1, matrices="tied",
        init_from=vectors(),
    )  # fmt: skip
    np.testing.assert_allclose(tied.wv[KNOWN], vectors()[KNOWN], atol=1e-6)


@pytest.mark.parametrize("make", [Word2Vec, GloVe])
def test_what_does_not_fit_is_refused_before_anything_is_read(make):
    class Unread(list):
        def __iter__(self):
            raise AssertionError("was read")

    with pytest.raises(ValueError, match="vectors of 6 dimensions, and vector_size is 7; set"):
        make(Unread(), vector_size=7, init_from=vectors())
    for wrong in ("path", 5, {"a": [1]}, np.eye(6)):
        with pytest.raises(
            TypeError, match=r"init_from is of type .* allowed are a KeyedVectors and a"
        ):
            make(Unread(), vector_size=6, init_from=wrong)


def test_vectors_that_are_not_finite_or_absent_are_said(caplog):
    source = vectors()
    source.vectors[1, 2] = np.nan
    with pytest.raises(ValueError, match="input vector of 'fruit2' in init_from holds NaN"):
        Word2Vec(SENTENCES, **SMALL, init_from=source)
    caplog.set_level(logging.INFO, "fastsgns")
    with pytest.warns(UserWarning, match="init_from has none of the 2 words, such as"):
        Word2Vec([["x", "y"]] * 9, **SMALL, init_from=vectors())
    Word2Vec(SENTENCES, **SMALL, init_from=vectors())
    assert "3 of 24 words start from the input vectors of init_from" in caplog.text


def test_copies_and_files_do_not_hold_the_source():
    model = Word2Vec(**SMALL, init_from=vectors())
    for copied in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert copied._init_from is None
    model.save(io.BytesIO())


# intersect_word2vec_format


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("lockf", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("options", [{}, {"sg": 1}, {"hs": 1, "negative": 0}, {"workers": 3}])
def test_vectors_of_a_file_replace_those_of_a_model_and_are_held_fast(
    tmp_path, binary, lockf, options
):
    source = vectors(0.01)
    source.save_word2vec_format(tmp_path / "v", binary=binary)
    model = Word2Vec(**SMALL | options)
    model.build_vocab(SENTENCES)
    others = [word for word in model.wv.index_to_key if word not in KNOWN]
    before = model.wv[others]
    model.wv.intersect_word2vec_format(
        tmp_path / "v", lockf=lockf, binary=binary, encoding="utf8", unicode_errors="strict"
    )
    given = model.wv[KNOWN]
    np.testing.assert_allclose(given, source[KNOWN], atol=1e-6)
    np.testing.assert_array_equal(model.wv[others], before)
    factors = dict(zip(model.wv.index_to_key, model.wv.vectors_lockf.tolist()))
    assert [factors[word] for word in KNOWN] == [lockf] * 3 and factors[others[0]] == 1
    model.train(SENTENCES, total_examples=60, epochs=3)
    assert np.array_equal(model.wv[KNOWN], given) == (lockf == 0)
    assert not (model.wv[others] == before).all(axis=1).any()
    model.save(tmp_path / "m")
    loaded = Word2Vec.load(tmp_path / "m")
    loaded.train(SENTENCES, total_examples=60, epochs=1)
    assert np.array_equal(loaded.wv[KNOWN], given) == (lockf == 0)


def test_gensim_3_had_it_on_the_model():
    with pytest.raises(AttributeError, match=r"use model\.wv\.intersect_word2vec_format"):
        _ = Word2Vec().intersect_word2vec_format
