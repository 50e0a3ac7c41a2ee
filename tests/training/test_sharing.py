import itertools

import numpy as np
import pytest
import toy

from fastsgns import EncodedCorpus, FastText, Word2Vec
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.matrices import BIASES
from fastsgns.sampling import huffman_paths
from fastsgns.training.sharing import (
    PATH_BOUND,
    SHARINGS,
    SkipGramStep,
    share_in_lists,
    share_in_windows,
)

SHARED = [mode for mode in SHARINGS if mode != "pair"]


def plan(share=share_in_windows, **given):
    defaults = {"sharing": "window", "negative": 5, "learning_rate": 0.025, "p_max": 0.01}
    return tuple(share(SkipGramStep(**defaults | given)))


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"sharing": "pair"}, (None, 0, 64, 0)),
        ({}, ("sequential", 5, 20, 0)),
        ({"three_matrices": True}, ("batch", 5, 10, 0)),
        ({"one_matrix": True}, ("sequential", 5, 10, 0)),
        ({"subwords": True}, ("batch", 5, 10, 0)),
        ({"subwords": True, "one_matrix": True}, ("batch", 5, 4, 0)),
        ({"top_share": 0.25}, ("sequential", 5, 20, 0)),
        ({"top_share": 0.26}, ("batch", 5, 10, 0)),
        ({"sharing": "batch"}, ("batch", 5, 10, 0)),
        ({"sharing": "block"}, ("batch", 3, 10, 0)),
        ({"sharing": "block", "negative": 10}, ("batch", 6, 10, 0)),
        ({"sharing": "block", "negative": 1}, ("batch", 1, 10, 0)),
        ({"negative": 20}, ("sequential", 20, 20, 0)),
        ({"hs": True}, ("sequential", 5, 10, 0)),
        ({"negative": 0, "hs": True}, ("sequential", 0, 10, 0)),
        ({"negative": 0, "hs": True, "sharing": "block"}, ("batch", 0, 10, 0)),
    ],
)
def test_who_shares(given, expected):
    assert plan(**given) == expected


@pytest.mark.parametrize(
    "given, n_contexts",
    [
        ({"learning_rate": 0.1}, 5),
        ({"learning_rate": 10}, 1),
        ({"learning_rate": 0}, 64),
        ({"p_max": 0.2}, 20),
        ({"p_max": 0.4}, 10),
        ({"sharing": "batch", "learning_rate": 0.05}, 5),
        ({"sharing": "block", "p_max": 1.0}, 2),
    ],
)
def test_large_steps_have_fewer_contexts(given, n_contexts):
    assert plan(**given)[2] == n_contexts


@pytest.mark.parametrize(
    "given, expected",
    [
        ({"sharing": "pair"}, (None, 0, 64, 0)),
        ({}, ("batch", 8, 64, 8)),
        ({"sharing": "batch"}, ("batch", 8, 64, 8)),
        ({"sharing": "block"}, ("batch", 8, 64, 8)),
        ({"sharing": "block", "learning_rate": 1.0}, ("batch", 8, 64, 2)),
        ({"sharing": "block", "negative": 0}, ("batch", 0, 64, 8)),
    ],
)
def test_who_shares_in_lists(given, expected):
    assert plan(share_in_lists, **given) == expected


@pytest.mark.parametrize("mode", SHARED)
@pytest.mark.parametrize("sg", [0, 1])
def test_locked_rows_stay_in_every_mode(mode, sg):
    model = Word2Vec(
        vector_size=4, min_count=1, sg=sg, negative_sharing=mode, workers=1, sample=0, epochs=2
    )
    model.build_vocab([["a", "b", "c"]] * 9)
    model.wv.vectors_lockf = np.array([0, 1, 1], np.float32)
    before = model.wv.vectors.copy()
    model.train([["a", "b", "c"]] * 9, total_examples=9, epochs=1)
    moved = (model.wv.vectors != before).any(axis=1)
    assert moved.tolist() == [False, True, True]


def worst_case(n_words, window, alpha, run=1, **given):
    """Tiny vocabularies, a high learning rate, full windows, no subsampling."""
    rng = np.random.default_rng(n_words)
    n_runs = max(1000, 6000 // run)
    counts = np.bincount((n_words * rng.random(n_runs) ** 3).astype(int), minlength=n_words) + 1
    ids = rng.permutation(np.repeat(np.arange(n_words, dtype=np.int32), counts))
    ids, counts = np.repeat(ids, run), counts * run
    offsets = np.append(np.arange(0, len(ids), 40), len(ids))
    vocabulary = Vocabulary([f"w{i}" for i in range(n_words)], counts)
    corpus = EncodedCorpus(ids, np.unique(offsets), vocabulary)
    model = Word2Vec(
        corpus, alpha=alpha, min_alpha=alpha, window=window, epochs=2, min_count=1, workers=1,
        vector_size=20, sample=0, shrink_windows=False, compute_loss=True, progress=False, **given,
    )  # fmt: skip
    assert np.isfinite(model.wv.vectors).all()
    return model.epoch_losses[-1], counts


@pytest.mark.parametrize("n_words, window", list(itertools.product([3, 20, 200], [2, 5, 20])))
@pytest.mark.parametrize("mode", SHARED)
def test_shared_modes_never_diverge(mode, n_words, window):
    loss, _ = worst_case(n_words, window, 0.1, sg=1, negative_sharing=mode)
    assert loss < 6 * np.log(2)


@pytest.mark.parametrize("run, window", list(itertools.product([3, 10, 40], [5, 20])))
@pytest.mark.parametrize("mode", SHARED)
@pytest.mark.parametrize("hs", [0, 1])
def test_words_that_repeat_next_to_each_other_never_diverge(hs, mode, run, window):
    loss, _ = worst_case(200, window, 0.05, run, sg=1, hs=hs, negative_sharing=mode)
    assert loss < 6 * np.log(2) + 12 * hs


@pytest.mark.parametrize("n_words, window", list(itertools.product([3, 20, 200], [5, 20])))
@pytest.mark.parametrize("mode", SHARED)
@pytest.mark.parametrize("negative", [0, 5])
@pytest.mark.parametrize("share_of_bound", [0.5, 0.99])
def test_paths_in_shared_modes_never_diverge(share_of_bound, negative, mode, n_words, window):
    """Up to the bound all contexts of a window move its path at once."""
    alpha = share_of_bound * PATH_BOUND / (2 * window)
    loss, counts = worst_case(
        n_words, window, alpha, hs=1, sg=1, negative=negative, negative_sharing=mode
    )
    path_length = np.average(np.diff(huffman_paths(counts).starts), weights=counts)
    untrained = (path_length + (negative + 1 if negative else 0)) * np.log(2)
    assert loss < 1.1 * untrained


@pytest.mark.parametrize("mode", SHARED)
def test_the_shared_modes_learn_what_the_exact_one_does(mode):
    groups = [["cat", "dog", "pet"], ["car", "bus", "road"]]
    rng = np.random.default_rng(1)
    sentences = [rng.permutation(groups[i % 2] * 2).tolist() for i in range(2000)]
    given = {"sg": 1, "vector_size": 16, "min_count": 1, "sample": 0, "workers": 1, "epochs": 3}
    exact = Word2Vec(sentences, negative_sharing="pair", **given).wv
    shared = Word2Vec(sentences, negative_sharing=mode, alpha=0.01, **given).wv
    for wv in (exact, shared):
        assert wv.similarity("cat", "dog") > wv.similarity("cat", "bus") + 0.2


ONE_AND_THREE = [(kind, "scalar") for kind in ("tied", "tied+reflect", "three")] + [
    ("tied+bias", bias) for bias in BIASES
]


@pytest.mark.filterwarnings("ignore:matrices=")
@pytest.mark.parametrize("n_words, window, run", [(3, 20, 1), (200, 5, 1), (200, 20, 40)])
@pytest.mark.parametrize("matrices, bias", ONE_AND_THREE)
@pytest.mark.parametrize("mode", SHARINGS)
def test_one_and_three_matrices_never_diverge(mode, matrices, bias, n_words, window, run):
    given = {"matrices": matrices, "bias": bias, "negative_sharing": mode}
    if matrices == "three":
        given["coupling"] = 0.1
    loss, _ = worst_case(n_words, window, 0.1 if run == 1 else 0.05, run, sg=1, **given)
    assert loss < 20


def test_with_a_tree_alone_the_orders_differ_and_not_the_number_of_draws():
    options = {"sg": 1, "hs": 1, "negative": 0, "sample": 0, "min_count": 1, "alpha": 0.01}
    pair, window, batch, block = (
        Word2Vec(
            toy.sentences(), vector_size=8, workers=1, negative_sharing=mode, **options
        ).wv.vectors
        for mode in SHARINGS
    )
    np.testing.assert_array_equal(batch, block)
    assert not np.array_equal(window, pair)
    assert not np.array_equal(window, batch)


@pytest.mark.parametrize("sharing", SHARINGS)
@pytest.mark.parametrize("layout", [{}, {"matrices": "tied+bias", "bias": "word"}])
def test_words_with_a_common_beginning_stay_finite(sharing, layout):
    """Half of the n-grams of each word are those of all others, as in names such as item123."""
    ids = np.random.default_rng(0).choice(5000, (300, 100))
    sentences = [[f"item{i}" for i in line] for line in ids]
    model = FastText(
        sentences, sg=1, vector_size=50, min_count=1, sample=0, shrink_windows=False, epochs=2,
        negative_sharing=sharing, workers=1, compute_loss=True, **layout,
    )  # fmt: skip
    assert model.epoch_losses[-1] < 1.1 * 6 * np.log(2)  # the loss of a pair at scores of 0
