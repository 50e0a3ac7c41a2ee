"""What a model says of contexts: p(c | w) against frequencies, biases, errors."""

import numpy as np
import pytest
import toy

from fastsgns import Word2Vec

N_WORDS = 12
SETTINGS = {"vector_size": 12, "min_count": 1, "workers": 1, "sample": 0, "epochs": 2}


def pairs(n_pairs: int, rng: np.random.Generator) -> np.ndarray:
    """Pairs of words drawn from an uneven joint distribution, shape (n_pairs, 2)."""
    joint = rng.dirichlet(np.full(N_WORDS * N_WORDS, 0.3))
    return np.stack(np.divmod(rng.choice(len(joint), size=n_pairs, p=joint), N_WORDS), axis=1)


def conditional(drawn: np.ndarray, wv) -> np.ndarray:
    """Share of each word among the neighbours of each, shape (V, V), in the order of `wv`."""
    counts = np.zeros((N_WORDS, N_WORDS))
    np.add.at(counts, tuple(drawn.T), 1)
    counts += counts.T
    order = [int(word[1:]) for word in wv.index_to_key]
    counts = counts[np.ix_(order, order)]
    return counts / counts.sum(1, keepdims=True)


def divergence(true: np.ndarray, found: np.ndarray) -> float:
    """Mean Kullback-Leibler divergence of rows."""
    return float((true * np.log((true + 1e-12) / (found + 1e-12))).sum(1).mean())


def softmax(scores: np.ndarray) -> np.ndarray:
    likely = np.exp(scores - scores.max(-1, keepdims=True))
    return likely / likely.sum(-1, keepdims=True)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"negative": 12},
        {"ns_exponent": -0.5},
        {"matrices": "tied+bias", "bias": "word"},
        {"matrices": "tied+reflect"},
        {"softmax": 1, "negative": 0},
    ],
    ids=str,
)
def test_probabilities_are_frequencies(more: dict):
    drawn = pairs(8000, np.random.default_rng(0))
    sentences = [[f"w{a}", f"w{b}"] for a, b in drawn.tolist()]
    settings = SETTINGS | {"epochs": 40, "vector_size": 16, "alpha": 0.05, "window": 1, "sg": 1}
    model = Word2Vec(sentences, **settings | more)
    true = conditional(drawn, model.wv)
    if "matrices" in more:  # which can't tell how likely a word is beside itself
        np.fill_diagonal(true, 0)
        true /= true.sum(1, keepdims=True)
    words = model.wv.index_to_key
    found = np.array([model.predict_contexts(word, topn=None) for word in words])
    scores = np.array([model.context_scores(word) for word in words])
    np.testing.assert_allclose(found.sum(1), 1)
    assert np.abs(found - true).max() < 0.05  # of probabilities up to 0.5
    assert divergence(true, found) < 0.005
    if "softmax" in more:
        np.testing.assert_allclose(found, softmax(scores), rtol=1e-5)
    else:
        assert divergence(true, softmax(scores)) > 4 * divergence(true, found)
    context, word = np.unravel_index(np.abs(true - true.T).argmax(), true.shape)
    there = model.context_probability(words[context], words[word])
    back = model.context_probability(words[word], words[context])
    assert there == found[word, context]
    assert np.sign(there - back) == np.sign(true[word, context] - true[context, word])


def test_the_likeliest_come_first():
    model = Word2Vec(toy.sentences(300), sg=1, **SETTINGS | {"epochs": 10})
    likely = model.predict_contexts("fruit1", topn=8)
    values = [value for _, value in likely]
    assert values == sorted(values, reverse=True)
    assert {word[:5] for word, _ in likely} == {"fruit"}
    word, value = likely[0]
    assert model.context_probability(word, "fruit1") == value
    assert len(model.predict_contexts("fruit1", topn=100)) == 24


@pytest.mark.parametrize("bias", ["scalar", "word", "both"])
def test_biases_enter(bias: str):
    model = Word2Vec(toy.sentences(50), **SETTINGS, matrices="tied+bias", bias=bias)
    index, added = model.wv.get_index("fruit1"), model.wv.bias
    assert np.all(added != 0)
    expected = model.wv.vectors @ model.wv["fruit1"] + added
    if bias == "both":
        expected += added[index]
    found = model.context_scores("fruit1")
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-6)
    likely = softmax(model.wv.vectors @ model.wv[["fruit1", "fruit2"]].mean(0) + added)
    for word, value in model.predict_output_word(["fruit1", "fruit2"], topn=24):
        assert value == pytest.approx(likely[model.wv.get_index(word)], rel=1e-5)


def test_without_bias_predict_output_word_is_the_softmax():
    model = Word2Vec(toy.sentences(50), **SETTINGS)
    scores = model.syn1neg @ model.wv["fruit1"]
    likely = np.exp(scores - scores.max())
    likely /= likely.sum()
    assert model.predict_output_word(["fruit1"], topn=24) == [
        (model.wv.index_to_key[index], float(likely[index]))
        for index in np.argsort(-likely, kind="stable")
    ]


def test_what_can_not_be_predicted():
    model = Word2Vec(toy.sentences(20), **SETTINGS, negative=0, hs=1)
    for ask in (model.predict_contexts, model.context_scores):
        with pytest.raises(RuntimeError, match="negative > 0"):
            ask("fruit1")
    model = Word2Vec(toy.sentences(20), **SETTINGS)
    with pytest.raises(KeyError, match="zebra"):
        model.predict_contexts("zebra")
    with pytest.raises(KeyError, match="zebra"):
        model.context_probability("zebra", "fruit1")
    del model.wv.expandos["count"]
    with pytest.raises(RuntimeError, match="counts"):
        model.predict_contexts("fruit1")


@pytest.mark.parametrize("matrices", ["tied", "tied+bias", "tied+reflect"])
def test_the_only_word_of_one_matrix_has_no_contexts(matrices):
    model = Word2Vec([["a"] * 5] * 3, **SETTINGS, matrices=matrices)
    assert model.predict_contexts("a") == [("a", 0.0)]


@pytest.mark.parametrize("sg", [0, 1])
def test_sentences_are_scored_with_any_window(sg):
    model = Word2Vec(toy.sentences(20), **SETTINGS | {"hs": 1, "negative": 0}, sg=sg, window=50)
    expected = model.score(toy.sentences(5))
    model.window = 2**31 - 1
    assert model.score(toy.sentences(5)).tolist() == expected.tolist()
