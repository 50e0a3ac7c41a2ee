"""Windows of every shape: numbers of rows, dimensions, sentences, repeated words."""

import copy
import dataclasses
import functools

import numpy as np
import objectives
import pytest
import reference
from objectives import (
    BATCH,
    WINDOW,
    assert_like_plain,
    make_corpus,
    padding_of,
    rows_of,
    run_kernel,
)  # fmt: skip

from fastsgns import kernels
from fastsgns.kernels.objective import SIMD_PAD, Paths

make_objective = functools.partial(objectives.make_objective, size=0.2)
pytestmark = pytest.mark.usefixtures("restore_variant")

each_variant = pytest.mark.parametrize("variant", kernels.available())
PATHS = {"output": False, "tree": True, "negative": 0}
MODES = {
    "sg-pair": {},
    "sg-pair-hs": {"output": False, "tree": True},
    "sg-window": WINDOW,
    "sg-batch": BATCH,
    "sg-window-large": WINDOW | {"n_shared_negatives": 14, "window": 8, "shrink_windows": False},
    "sg-batch-large": BATCH | {"n_shared_negatives": 14, "window": 8, "shrink_windows": False},
    "sg-window-hs": PATHS | {"window_order": "sequential"},
    "sg-batch-hs": PATHS | {"window_order": "batch"},
    "cbow-pair": {"cbow": True},
    "sg-tied-window": WINDOW | {"tied": True, "bias": "both", "reflect": True},
    "sg-tied-batch": BATCH | {"tied": True, "bias": "word"},
    "sg-apart-window": WINDOW | {"apart": True, "coupling": 0.1},
}
each_mode = pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())


@each_variant
@each_mode
def test_every_dimension(variant, mode):
    ids, offsets = make_corpus((11, 2))
    for dimensions in [*range(1, 68), 100, 128, 200, 300, 768]:
        start = make_objective(dimensions, np.float32, **mode)
        moved = assert_like_plain(variant, start, ids, offsets)
        assert not padding_of(moved).any(), "padding stays zero"


def with_paths(objective, lengths):
    """Word i has a path of lengths[i] nodes, any of them."""
    rng = np.random.default_rng(1)
    nodes = [rng.permutation(len(objective.tree))[:length] for length in lengths]
    labels = np.append(rng.integers(0, 2, sum(lengths)), np.zeros(SIMD_PAD))
    starts = np.cumsum([0, *lengths])
    paths = Paths(
        np.concatenate(nodes).astype(np.int32), labels.astype(np.float32), starts, max(lengths)
    )
    return dataclasses.replace(objective, paths=paths)


@each_variant
@pytest.mark.parametrize("order", ["sequential", "batch"])
@pytest.mark.parametrize("dimensions", [16, 47])
def test_every_number_of_rows(variant, order, dimensions):
    """The first word of a sentence meets its path: n_in contexts and n_out nodes, no others."""
    n_out_most, n_in_most = 25, 50
    counts = np.ones(n_out_most + n_in_most)
    start = make_objective(
        dimensions, np.float32, counts=counts, window_order=order, shrink_windows=False, **PATHS
    )
    start = with_paths(start, [*range(1, n_out_most + 1), *[1] * n_in_most])
    for n_in in range(1, n_in_most + 1):
        start = dataclasses.replace(start, window=n_in)
        for n_out in range(1, n_out_most + 1):
            ids = np.array([n_out - 1, *range(n_out_most, len(counts))], np.int32)
            moved = assert_like_plain(variant, start, ids, np.array([0, len(ids)]), stop=1)
            assert (moved.input != start.input).any(axis=1).sum() == n_in
            assert (moved.tree != start.tree).any(axis=1).sum() == n_out


@each_variant
@pytest.mark.parametrize("order", ["sequential", "batch"])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("n_words", [2, 3, 23, 400])
def test_every_window_and_number_of_negatives(variant, order, tied, n_words):
    """Windows shorter and longer than sentences, words that repeat in them or hardly do."""
    counts = np.arange(n_words, 0, -1)
    options = {"counts": counts, "shrink_windows": False, "window_order": order, "tied": tied}
    plain = make_objective(20, np.float32, bias="word" if tied else None, **options)
    for window in range(1, 21):
        for n in range(1 + window % 2, 21, 2):
            ids, offsets = make_corpus((1, window, 2, 45), n_words, seed=n)
            rate = min(0.1, max(n_words * 2e-5, 0.1 / window))
            start = dataclasses.replace(plain, window=window, n_shared_negatives=n)
            assert_like_plain(variant, start, ids, offsets, rate=rate)


@pytest.mark.parametrize("n_words", [2, 23])
@pytest.mark.parametrize("order", ["sequential", "batch"])
@pytest.mark.parametrize("n_shared_negatives", [1, 4, 8])
def test_windows_of_few_words_are_the_textbook(n_shared_negatives, order, n_words):
    ids, offsets = make_corpus((1, 2, 3, 5, 19), n_words)
    options = {
        "window_order": order, "n_shared_negatives": n_shared_negatives, "tree": True,
        "counts": np.arange(n_words, 0, -1), "window": 8, "shrink_windows": False,
    }  # fmt: skip
    kernel, textbook = make_objective(**options), make_objective(**options)
    got = run_kernel(kernel, ids, offsets, rate=0.005)
    want = reference.train(textbook, ids, offsets, 0, len(ids), 0.005, 77)
    assert got == pytest.approx(want, rel=1e-11)
    for ours, theirs in zip(rows_of(kernel), rows_of(textbook)):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)


def test_the_orders_differ_by_what_a_context_reads():
    """Without a second context they are equal; with it, the next context reads moved rows."""
    for lengths, equal in (((2,), True), ((3,), False)):
        ids, offsets = make_corpus(lengths)
        moved = []
        for order in ("sequential", "batch"):
            objective = make_objective(window_order=order, n_shared_negatives=5, size=0.7)
            run_kernel(objective, ids, offsets, 0, 1, rate=0.05)
            moved.append(objective.input)
        assert np.array_equal(*moved) == equal


@each_mode
def test_a_sentence_longer_than_a_piece_is_the_textbook(mode):
    ids, offsets = make_corpus((3, 4096, 4099))
    options = {"negative": 1} | mode | {"window": 1}
    if mode.get("n_shared_negatives"):
        options["n_shared_negatives"] = 2
    kernel, textbook = make_objective(**options), make_objective(**options)
    got = run_kernel(kernel, ids, offsets, 2, rate=1e-3)
    want = reference.train(textbook, ids, offsets, 2, len(ids), 1e-3, 77)
    assert got == pytest.approx(want, rel=1e-9)
    for ours, theirs in zip(rows_of(kernel), rows_of(textbook)):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-9)


@each_variant
@each_mode
def test_a_sentence_longer_than_a_piece(variant, mode):
    counts = np.arange(2000, 0, -1)
    ids, offsets = make_corpus((4096 + 9,), len(counts))
    start = make_objective(20, np.float32, counts=counts, **({"window": 5} | mode))
    assert_like_plain(variant, start, ids, offsets, rate=0.01)


@each_variant
@each_mode
def test_sentences_of_one_word_move_nothing(variant, mode):
    start = make_objective(20, np.float32, **mode)
    moved = copy.deepcopy(start)
    kernels.force(variant)
    assert run_kernel(moved, *make_corpus([1] * 9)) == (0, 0, 9)
    for before, after in zip(rows_of(start), rows_of(moved)):
        np.testing.assert_array_equal(before, after)
