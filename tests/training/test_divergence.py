"""Vectors that run away or stop being finite are reported, with the place and the learning rate."""

import logging

import numpy as np
import pytest
import toy

from fastsgns import GloVe, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.arrays import first_not_finite, largest_magnitude
from fastsgns.training.divergence import DivergenceCheck, TrainingPosition

SENTENCES = toy.sentences(60)
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 2}
EDGES = [(i, (3 * i + k) % 40) for i in range(40) for k in (1, 2)]
PLACE = TrainingPosition(2, 5, 1000, 8000, "words", 0.25)


def words():
    return Word2Vec(SENTENCES, **SMALL)


def counts_of(model):
    return model.count(SENTENCES)


def nodes():
    return NodeEmbedding(dimensions=8, num_walks=2, workers=1).fit(EDGES)


def pairs():
    return PairEmbedding(dimensions=8, workers=1).fit(EDGES)


def train_words(model):
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=2)


TRAINABLE = {
    "Word2Vec": (words, lambda m: m.wv.vectors, train_words),
    "Word2Vec, output": (words, lambda m: m.syn1neg, train_words),
    "GloVe": (
        lambda: GloVe(SENTENCES, **SMALL), lambda m: m.input.vectors,
        lambda m: m.train(counts_of(m)),
    ),
    "NodeEmbedding": (nodes, lambda m: m.source.vectors, lambda m: m.partial_fit(EDGES)),
    "PairEmbedding": (pairs, lambda m: m.target.vectors, lambda m: m.partial_fit(EDGES)),
}  # fmt: skip


@pytest.mark.parametrize("name", TRAINABLE)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_vectors_that_are_not_finite_before_training_are_said_to_be_so(name, value):
    make, vectors_of, train = TRAINABLE[name]
    model = make()
    vectors_of(model)[5, 3] = value
    with pytest.raises(
        FloatingPointError, match=r"vectors are not finite before the epoch .* row 5"
    ):
        train(model)


DIVERGING = {
    "Word2Vec": lambda: Word2Vec(SENTENCES, alpha=1e30, min_alpha=1e30, **SMALL),
    "GloVe, tied": lambda: GloVe(
        [["a", "b"] * 2000] * 4, alpha=0.5, x_max=1, matrices="tied", **SMALL | {"epochs": 30}
    ),
    "GloVe": lambda: GloVe([["a", "b"] * 2000] * 4, alpha=2, x_max=1, **SMALL | {"epochs": 30}),
    "NodeEmbedding": lambda: NodeEmbedding(
        dimensions=8, alpha=1e30, min_alpha=1e30, workers=1, negative_sharing="pair"
    ).fit(EDGES),
    "PairEmbedding": lambda: PairEmbedding(
        dimensions=8, alpha=1e30, min_alpha=1e30, workers=1, negative_sharing="pair"
    ).fit(EDGES),
}


@pytest.mark.parametrize("name", DIVERGING)
def test_an_overflow_names_the_epoch_the_position_and_the_rate(name):
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError) as caught:
        DIVERGING[name]()
    rate = {"GloVe, tied": "0.5", "GloVe": "2"}.get(name, "1e+30")
    assert f"at a learning rate of {rate}: " in str(caught.value)
    assert "no longer finite in epoch " in str(caught.value)
    assert "Start again with a lower alpha" in str(caught.value)


def test_an_overflow_is_noticed_within_the_epoch():
    sentences = toy.sentences(2000)
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError) as caught:
        Word2Vec(sentences, alpha=1e30, min_alpha=1e30, **SMALL)
    assert "in epoch 1 of 2, after 1,000 of its 20,000 words" in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"matrices": "tied+bias", "bias": "word"},
        {"hs": 1, "negative": 0, "sg": 1, "window": 100},
        {"softmax": 1, "negative": 0, "sg": 1, "window": 100},
    ],
)
def test_vectors_that_run_away_are_logged_once(options, caplog):
    rng = np.random.default_rng(0)
    sentences = [[f"w{i}" for i in rng.integers(0, 50, 20)] for _ in range(25)]
    rates = {"alpha": 0.5, "min_alpha": 0.5, "sample": 0}
    with caplog.at_level(logging.WARNING, "fastsgns.training.divergence"):
        Word2Vec(sentences, **SMALL | rates | options)
    said = [r.getMessage() for r in caplog.records if r.name == "fastsgns.training.divergence"]
    assert len(said) == 1
    assert "of 2, after" in said[0] and "at a learning rate of 0.5" in said[0]


def test_training_that_goes_well_logs_nothing(caplog):
    with caplog.at_level(logging.WARNING, "fastsgns.training.divergence"):
        for make, _, train in TRAINABLE.values():
            train(make())
    assert [r for r in caplog.records if r.name == "fastsgns.training.divergence"] == []


def test_each_row_is_sampled_within_as_many_turns_as_there_are_strides():
    rows = np.zeros((1000, 4), np.float32)
    watch = DivergenceCheck({"rows": rows})
    rows[777, 2] = np.nan
    turns = 0
    with pytest.raises(FloatingPointError, match=r"rows are no longer finite in epoch 2 of 5"):
        for turns in range(len(rows) // 32 + 1):
            for chunk in range(16 * turns, 16 * turns + 16):
                watch.check_some_rows(chunk, PLACE)
    assert turns == 777 % (len(rows) // 32)


def test_large_vectors_of_the_user_are_no_divergence(caplog):
    rows = np.full((3, 2), 1e6)
    with caplog.at_level(logging.WARNING):
        watch = DivergenceCheck({"rows": rows}, {"sums": np.full((3, 2), 1e30)})
        rows *= 1.5
        watch.check_all_rows(PLACE)
        assert caplog.records == []
        rows *= 2
        watch.check_all_rows(PLACE)
        watch.check_all_rows(PLACE)
    assert [r.getMessage() for r in caplog.records] == [
        "components of the rows are as large as 3e+06 in epoch 2 of 5, after 1,000 of its 8,000 "
        "words, at a learning rate of 0.25: training is diverging; lower alpha"
    ]


def test_magnitude_and_the_first_row_that_is_not_finite():
    rows = np.zeros((3_000_000, 1), np.float32)
    rows[2_500_000] = -7
    assert largest_magnitude(rows) == 7 and first_not_finite(rows) is None
    rows[2_900_000] = -np.inf
    assert largest_magnitude(rows) == np.inf and first_not_finite(rows) == 2_900_000
    rows[2_000_000] = np.nan
    assert np.isnan(largest_magnitude(rows)) and first_not_finite(rows) == 2_000_000
    assert largest_magnitude(np.empty((0, 4))) == 0


def tied(bias):
    return Word2Vec(SENTENCES, matrices="tied+bias", bias=bias, negative=5, sg=1, **SMALL)


def bias_of(model):
    return model.current_arrays().bias


BIASED = {
    "word": (lambda: tied("word"), bias_of, train_words, "input biases are"),
    "both": (lambda: tied("both"), bias_of, train_words, "input biases are"),
    "scalar": (lambda: tied("scalar"), bias_of, train_words, "bias is"),
    "NodeEmbedding": (
        lambda: NodeEmbedding(
            dimensions=8, num_walks=2, workers=1, matrices="tied+bias"
        ).fit(EDGES),
        lambda m: m.target_bias, lambda m: m.partial_fit(EDGES), "input biases are",
    ),
    "GloVe, input": (
        lambda: GloVe(SENTENCES, **SMALL), lambda m: m.input_biases,
        lambda m: m.train(counts_of(m)), "input biases are",
    ),
    "GloVe, output": (
        lambda: GloVe(SENTENCES, **SMALL), lambda m: m.output_biases,
        lambda m: m.train(counts_of(m)), "output biases are",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BIASED)
def test_biases_that_are_not_finite_are_named_as_such(name):
    make, biases_of, train, named = BIASED[name]
    model = make()
    biases = biases_of(model)
    row = min(5, len(biases) - 1)
    biases[row] = np.nan
    with pytest.raises(FloatingPointError) as caught:
        train(model)
    where = f": row {row} of {len(biases)} holds NaN" if len(biases) > 1 else ". Replace it"
    assert f"the {named} not finite before the epoch begins{where}" in str(caught.value)
