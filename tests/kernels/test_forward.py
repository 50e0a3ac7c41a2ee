"""Windows of earlier tokens alone, and lists of pairs: the textbook's numbers in every mode."""

import copy
import dataclasses

import numpy as np
import pytest
import reference
from objectives import (
    BATCH,
    N_WORDS,
    WINDOW,
    make_corpus,
    make_objective,
    padding_of,
    rows_of,
    run_kernel,
)  # fmt: skip
from scipy.stats import chisquare

from fastsgns import kernels, sampling

MODES = {
    "pair": {},
    "window": WINDOW,
    "batch": BATCH,
}
LISTS = {
    "pair": {},
    "one by one": WINDOW | {"pairs_per_block": 1},
    "blocks": BATCH | {"n_shared_negatives": 8, "pairs_per_block": 8},
    "blocks of 3": BATCH | {"pairs_per_block": 3},
    "blocks in sequence": WINDOW | {"pairs_per_block": 4},
}
MATRICES = {
    "two": {},
    "tied": {"tied": True},
    "tied+word": {"tied": True, "bias": "word"},
    "tied+scalar": {"tied": True, "bias": "scalar"},
    "tied+reflect": {"tied": True, "reflect": True},
    "three": {"apart": True, "coupling": 0.1},
}
OTHERS = {
    "cbow": {"cbow": True},
    "hs": {"tree": True},
    "hs-window": WINDOW | {"tree": True},
}
SOFTMAX = {"negative": 0, "n_batch_rows": 8}
each_mode = pytest.mark.parametrize("mode", MODES.values(), ids=MODES.keys())
each_list_mode = pytest.mark.parametrize("mode", LISTS.values(), ids=LISTS.keys())
each_matrices = pytest.mark.parametrize("matrices", MATRICES.values(), ids=MATRICES.keys())


def assert_same(kernel, textbook, got, want):
    assert got == pytest.approx(want, rel=1e-9)
    for ours, theirs in zip(rows_of(kernel), rows_of(textbook)):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


def assert_forward_is_the_textbook(**options):
    ids, offsets = make_corpus()
    keep = sampling.keep_thresholds(np.arange(N_WORDS, 0, -1), 0.05)
    for start, stop in ((0, len(ids)), (4, 31)):
        kernel = make_objective(forward=True, keep_thresholds=keep, size=0.3, **options)
        textbook = make_objective(forward=True, keep_thresholds=keep, size=0.3, **options)
        got = run_kernel(kernel, ids, offsets, start, stop, rate=0.02)
        want = reference.train(textbook, ids, offsets, start, stop, 0.02, 77)
        assert want[1] > 10
        assert_same(kernel, textbook, got, want)


@each_mode
@each_matrices
@pytest.mark.parametrize("shrink", [True, False])
def test_windows_of_earlier_tokens_are_the_textbook(mode, matrices, shrink):
    assert_forward_is_the_textbook(shrink_windows=shrink, **mode, **matrices)


@pytest.mark.parametrize("options", [*OTHERS.values(), SOFTMAX], ids=[*OTHERS, "softmax"])
def test_other_objectives_with_windows_of_earlier_tokens(options):
    assert_forward_is_the_textbook(**options)


@each_mode
def test_the_input_row_is_the_earlier_tokens(mode):
    """0 1 2 3 once: 3 is not a source, 0 not a positive; without negatives only pairs move rows."""
    objective = make_objective(forward=True, window=2, shrink_windows=False, negative=1, **mode)
    objective.noise[:] = [2**32 - 1, 0]
    objective.noise[:, 1] = 22
    objective.noise[:, 0] = 0
    before = copy.deepcopy(objective)
    n = run_kernel(objective, np.arange(4, dtype=np.int32), np.array([0, 4]))[1]
    assert n == 5
    moved = [
        np.flatnonzero((now != then).any(axis=1)).tolist()
        for now, then in zip(rows_of(objective), rows_of(before))
    ]
    assert moved == [[0, 1, 2], [1, 2, 3, 22]]


def test_a_sentence_longer_than_a_piece():
    ids, offsets = make_corpus((3, 4096, 4099))
    for mode in ({}, WINDOW | {"n_shared_negatives": 2}):
        options = {"forward": True, "window": 2, "negative": 1, **mode}
        kernel, textbook = make_objective(**options), make_objective(**options)
        got = run_kernel(kernel, ids, offsets, 2, rate=1e-3)
        want = reference.train(textbook, ids, offsets, 2, len(ids), 1e-3, 77)
        assert_same(kernel, textbook, got, want)


N_TARGETS = 37


def make_pairs(n=90, n_targets=N_WORDS, seed=2):
    rng = np.random.default_rng(seed)
    sources = np.sort(rng.integers(0, N_WORDS, n)) if seed % 2 else rng.integers(0, N_WORDS, n)
    return sources.astype(np.int32), rng.integers(0, n_targets, n).astype(np.int32)


def make_sides(dtype=np.float64, **options):
    """More output rows than input rows."""
    objective = make_objective(shrink_windows=False, window=1, dtype=dtype, size=0.3, **options)
    rng = np.random.default_rng(8)
    output, negatives = rng.normal(0, 0.3, (2, N_TARGETS, objective.input.shape[1])).astype(dtype)
    output[:, objective.n_dimensions :] = negatives[:, objective.n_dimensions :] = 0
    noise = sampling.alias_table(sampling.noise_distribution(np.arange(1, N_TARGETS + 1)))
    apart = objective.negative_output is not None
    return dataclasses.replace(
        objective, output=output, noise=noise, negative_output=negatives if apart else None
    )


def train_pairs(objective, pairs, start=0, stop=None, rate=0.02, stream=77):
    stop = len(pairs[0]) if stop is None else stop
    return kernels.train_pairs_chunk(objective, *pairs, start, stop, rate, rate, stream)


@each_list_mode
@each_matrices
def test_pairs_are_the_textbook(mode, matrices):
    for seed in (2, 3):
        pairs = make_pairs(seed=seed)
        kernel = make_objective(size=0.3, **mode, **matrices)
        textbook = copy.deepcopy(kernel)
        got = train_pairs(kernel, pairs, 3, 80)
        want = reference.train_pairs(textbook, *pairs, 3, 80, 0.02, 77)
        assert want[1] == 77
        assert_same(kernel, textbook, got, want)


@each_list_mode
@pytest.mark.parametrize("apart", [False, True])
def test_pairs_of_two_vocabularies_are_the_textbook(mode, apart):
    pairs = make_pairs(n_targets=N_TARGETS)
    kernel = make_sides(**mode, apart=apart, coupling=0.2 * apart)
    textbook = copy.deepcopy(kernel)
    got = train_pairs(kernel, pairs)
    want = reference.train_pairs(textbook, *pairs, 0, 90, 0.02, 77)
    assert_same(kernel, textbook, got, want)


@each_list_mode
def test_more_pairs_than_a_piece(mode):
    pairs = make_pairs(2 * reference.SEGMENT + 5)
    kernel = make_objective(size=0.3, **mode)
    textbook = copy.deepcopy(kernel)
    got = train_pairs(kernel, pairs, rate=1e-3)
    want = reference.train_pairs(textbook, *pairs, 0, len(pairs[0]), 1e-3, 77)
    assert_same(kernel, textbook, got, want)


@pytest.mark.usefixtures("restore_variant")
@pytest.mark.parametrize("variant", kernels.available())
@each_list_mode
def test_pairs_in_every_variant(variant, mode):
    pairs = make_pairs(400, N_TARGETS)
    start = make_sides(np.float32, **mode)
    moved, plain = copy.deepcopy(start), copy.deepcopy(start)
    kernels.force("plain")
    train_pairs(plain, pairs)
    kernels.force(variant)
    train_pairs(moved, pairs)
    for ours, theirs, before in zip(rows_of(moved), rows_of(plain), rows_of(start)):
        error, update = np.linalg.norm(ours - theirs), np.linalg.norm(theirs - before)
        assert error <= 1e-4 * update
    assert not padding_of(moved).any()


def test_negatives_of_pairs_are_drawn_from_the_targets_table():
    objective = make_sides(negative=5)
    objective.input[:] = objective.output[:] = 0
    objective.input[:, 0] = 1
    sources, targets = np.zeros((2, 20_000), np.int32)
    train_pairs(objective, (sources, targets), rate=1e-12)
    drawn = np.rint(objective.output[1:, 0] / -0.5e-12)
    expected = sampling.noise_distribution(np.arange(1, N_TARGETS + 1))[1:]
    assert drawn.sum() > 90_000
    assert chisquare(drawn, expected / expected.sum() * drawn.sum()).pvalue > 1e-3


@pytest.mark.parametrize("mode", [{}, BATCH | {"pairs_per_block": 8}])
def test_pairs_outside_the_matrices_are_refused(mode):
    objective = make_sides(**mode)
    good, one_too_many = np.zeros(1, np.int32), np.array([N_WORDS], np.int32)
    for pairs in ((one_too_many, good), (good, one_too_many + N_TARGETS), (good - 1, good)):
        with pytest.raises(ValueError, match=f"0 .. {N_TARGETS - 1} for its target"):
            train_pairs(objective, pairs)


@pytest.mark.parametrize(
    "options",
    [{"cbow": True}, SOFTMAX, {"tree": True}, {"keep_thresholds": np.zeros(N_WORDS, np.uint32)}],
)
def test_pairs_know_skip_gram_alone(options):
    with pytest.raises(ValueError, match="negative sampling alone"):
        train_pairs(make_objective(**options), make_pairs())


def test_a_corpus_has_one_vocabulary():
    with pytest.raises(ValueError, match="same number of rows; got 23 and 37"):
        run_kernel(make_sides(), *make_corpus())


def test_a_range_that_does_not_fit_the_pairs_is_refused():
    with pytest.raises(ValueError, match="does not fit 90 sources"):
        train_pairs(make_objective(), make_pairs(), 0, 91)


def test_no_pairs_move_nothing():
    assert train_pairs(make_objective(), make_pairs(), 5, 5) == (0, 0, 0)
