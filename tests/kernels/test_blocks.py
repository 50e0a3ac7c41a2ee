"""Blocks of every shape: numbers of rows, dimensions, windows, sentences."""

import copy
import dataclasses
import functools

import numpy as np
import objectives
import pytest
import reference
from objectives import assert_like_plain, make_corpus, padding_of, rows_of, run_kernel

from fastsgns import kernels
from fastsgns.kernels.objective import SIMD_PAD, Paths

make_objective = functools.partial(objectives.make_objective, size=0.2)
pytestmark = pytest.mark.usefixtures("restore_variant")

each_variant = pytest.mark.parametrize("variant", kernels.available())
MODES = {
    "sg-pair": {},
    "sg-pair-hs": {"output": False, "tree": True},
    "sg-block": {"n_focus": 4, "n_shared_negatives": 8},
    "sg-block-large": {
        "n_focus": 11,
        "n_shared_negatives": 14,
        "window": 8,
        "shrink_windows": False,
    },
    "sg-block-hs": {"output": False, "tree": True, "n_focus": 2},
    "cbow-pair": {"cbow": True},
    "sg-tied-block": {
        "tied": True,
        "bias": "both",
        "reflect": True,
        "n_focus": 4,
        "n_shared_negatives": 8,
    },
    "sg-apart-block": {"apart": True, "coupling": 0.1, "n_focus": 4, "n_shared_negatives": 8},
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
@pytest.mark.parametrize("dimensions", [16, 47])
def test_every_number_of_rows(variant, dimensions):
    """The first word of a sentence meets its path: n_in contexts and n_out nodes, no others."""
    n_out_most, n_in_most = 25, 50
    counts = np.ones(n_out_most + n_in_most)
    start = make_objective(
        dimensions,
        np.float32,
        output=False,
        tree=True,
        counts=counts,
        n_focus=1,
        shrink_windows=False,
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
@pytest.mark.parametrize("n_words", [2, 3, 23, 400])
def test_every_number_of_words_and_negatives_of_a_block(variant, n_words):
    """Windows shorter and longer than sentences, words that repeat in them or hardly do."""
    counts = np.arange(n_words, 0, -1)
    plain = make_objective(20, np.float32, counts=counts, shrink_windows=False)
    for n_focus in range(1, 18):
        for n in range(1 + n_focus % 2, 21, 2):
            window = 1 + (7 * n_focus + n) % 20
            ids, offsets = make_corpus((1, n_focus, 2, n_focus + 45), n_words, seed=n)
            rate = min(0.1, max(n_words * 2e-5, 0.2 / n_focus / window))
            start = dataclasses.replace(plain, window=window, n_focus=n_focus, n_shared_negatives=n)
            assert_like_plain(variant, start, ids, offsets, rate=rate)


@pytest.mark.parametrize("n_words", [2, 23])
@pytest.mark.parametrize("n_focus", [1, 4, 5, 17])
def test_skip_gram_windows_are_the_textbook(n_focus, n_words):
    ids, offsets = make_corpus((1, 2, 3, 5, 19), n_words)
    options = {
        "n_focus": n_focus, "n_shared_negatives": 4, "tree": True,
        "counts": np.arange(n_words, 0, -1), "window": 8, "shrink_windows": False,
    }  # fmt: skip
    kernel, textbook = make_objective(**options), make_objective(**options)
    got = run_kernel(kernel, ids, offsets, rate=0.005)
    want = reference.train(textbook, ids, offsets, 0, len(ids), 0.005, 77)
    assert got == pytest.approx(want, rel=1e-11)
    for ours, theirs in zip(rows_of(kernel), rows_of(textbook)):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)


@each_mode
def test_a_sentence_longer_than_a_piece_is_the_textbook(mode):
    ids, offsets = make_corpus((3, 4096, 4099))
    options = (
        mode
        | {"window": 1, "negative": 1}
        | ({"n_shared_negatives": 2} if mode.get("n_shared_negatives") else {})
    )
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
