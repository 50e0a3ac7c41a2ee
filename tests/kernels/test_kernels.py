import copy
import dataclasses
import itertools

import numpy as np
import pytest
import reference
from objectives import (
    BATCH,
    COUNTS,
    N_WORDS,
    WINDOW,
    assert_like_plain,
    make_corpus,
    make_objective,
    padding_of,
    rows_of,
    run_kernel,
)  # fmt: skip

from fastsgns import kernels, sampling
from fastsgns.kernels.objective import Objective

pytestmark = pytest.mark.usefixtures("restore_variant")

KEEP_THRESHOLDS = sampling.keep_thresholds(COUNTS, 0.05)
LOCK = np.linspace(0, 1, N_WORDS).astype(np.float32)
PATHS = {"output": False, "tree": True, "negative": 0}
OBJECTIVES = {
    "sg-ns": {},
    "sg-hs": {"output": False, "tree": True},
    "sg-both": {"tree": True},
    "sg-subsampled": {"keep_thresholds": KEEP_THRESHOLDS},
    "sg-fixed-window": {"shrink_windows": False, "window": 10},
    "sg-lock": {"lock_factors": LOCK},
    "sg-many-negatives": {"negative": 19},
    "sg-no-negatives": {"negative": 0},
    "cbow-mean": {"cbow": True},
    "cbow-sum": {"cbow": True, "mean_hidden": False, "mean_gradient": False},
    "cbow-mean-undivided": {"cbow": True, "mean_gradient": False},
    "cbow-sum-divided": {"cbow": True, "mean_hidden": False},
    "cbow-many-negatives": {"cbow": True, "negative": 19},
    "cbow-no-negatives": {"cbow": True, "negative": 0},
    "cbow-long": {"cbow": True, "window": 20, "shrink_windows": False},
    "cbow-forward": {"cbow": True, "forward": True},
    "cbow-lock": {"cbow": True, "lock_factors": LOCK},
    "cbow-hs": {"cbow": True, "output": False, "tree": True},
    "sg-window": WINDOW,
    "sg-batch": BATCH,
    "sg-window-long": WINDOW | {"n_shared_negatives": 10, "window": 9, "shrink_windows": False},
    "sg-batch-long": BATCH | {"n_shared_negatives": 10, "window": 9, "shrink_windows": False},
    "sg-window-in-steps": WINDOW | {"window": 9, "max_contexts": 5},
    "sg-window-subsampled": WINDOW | {"keep_thresholds": KEEP_THRESHOLDS},
    "sg-window-lock": WINDOW | {"lock_factors": LOCK},
    "sg-window-hs": PATHS | {"window_order": "sequential"},
    "sg-batch-hs": PATHS | {"window_order": "batch"},
    "sg-window-with-tree": WINDOW | {"tree": True, "keep_thresholds": KEEP_THRESHOLDS},
    "sg-batch-with-tree-lock": BATCH | {"tree": True, "lock_factors": LOCK},
    "cbow-both-subsampled-lock": {
        "cbow": True,
        "tree": True,
        "keep_thresholds": KEEP_THRESHOLDS,
        "lock_factors": LOCK,
    },
}
ONE_MATRIX = {
    "tied": {"tied": True},
    "scalar": {"tied": True, "bias": "scalar"},
    "word": {"tied": True, "bias": "word"},
    "both": {"tied": True, "bias": "both"},
    "reflect": {"tied": True, "reflect": True},
    "reflect-both": {"tied": True, "reflect": True, "bias": "both"},
    "three": {"apart": True},
    "three-coupled": {"apart": True, "coupling": 0.3},
}
LEARNERS = {
    "sg": {},
    "sg-subsampled": {"keep_thresholds": KEEP_THRESHOLDS},
    "sg-window": WINDOW,
    "sg-batch": BATCH,
    "cbow-mean": {"cbow": True},
    "cbow-sum": {"cbow": True, "mean_hidden": False, "mean_gradient": False},
    "cbow-undivided": {"cbow": True, "mean_gradient": False},
}
OBJECTIVES |= {
    f"{name}-{roles}": learner | matrices
    for name, learner in LEARNERS.items()
    for roles, matrices in ONE_MATRIX.items()
}
each_objective = pytest.mark.parametrize("options", OBJECTIVES.values(), ids=OBJECTIVES.keys())


@each_objective
def test_float64_kernel_is_the_textbook(options):
    kernel, textbook = make_objective(**options), make_objective(**options)
    ids, offsets = make_corpus()
    got = run_kernel(kernel, ids, offsets)
    want = reference.train(textbook, ids, offsets, 0, len(ids), 0.05, 77)
    assert got == pytest.approx(want, rel=1e-12)
    assert got[1] > 0
    for ours, theirs in zip(rows_of(kernel), rows_of(textbook)):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@each_objective
def test_one_step_is_minus_the_numeric_gradient(options):
    """One example at rate r moves every parameter by -r times the loss's numeric derivative."""
    if "lock_factors" in options or options.get("mean_gradient", True) != options.get(
        "mean_hidden", True
    ):
        pytest.skip("a locked row, or a gradient undivided on purpose, is not the loss's gradient")
    if options.get("tree") and options.get("output", True) and options.get("window_order"):
        pytest.skip("the path is met after the negatives have moved the rows")
    if options.get("coupling"):
        pytest.skip("the penalty is not part of the loss")
    contexts = (1, 2, 2) if options.get("cbow") or options.get("window_order") else (1,)
    ids = np.array([*contexts[:1], 0, *contexts[1:]], np.int32)
    offsets = np.array([0, len(ids)])
    focus = slice(1, 2)
    options = options | {"window": 3, "shrink_windows": False, "keep_thresholds": None}

    def loss(objective):
        objective = copy.deepcopy(objective)
        return run_kernel(objective, ids, offsets, focus.start, focus.stop, rate=0.0)[0]

    start, moved = make_objective(**options), make_objective(**options)
    rate, small = 1e-7, 1e-5
    run_kernel(moved, ids, offsets, focus.start, focus.stop, rate=rate)
    for before, after in zip(rows_of(start), rows_of(moved)):
        n_columns = 7 + (before is start.input and start.bias in ("word", "both"))
        slower = 100 if before.base is start.scalar_bias is not None else 1
        for index in np.ndindex(before.shape[0], min(n_columns, before.shape[1])):
            kept = before[index]
            before[index] = kept + small
            above = loss(start)
            before[index] = kept - small
            below = loss(start)
            before[index] = kept
            derivative = (above - below) / (2 * small)
            moved_by = slower * (after - before)[index] / rate
            assert moved_by == pytest.approx(-derivative, rel=1e-4, abs=1e-6)


def test_the_penalty_draws_rows_towards_each_other():
    """Both rows of a target move down the penalty's derivative by each, once a time it is met."""
    ids, offsets, rate = np.array([1, 0], np.int32), np.array([0, 2]), 1e-7
    options = {"apart": True, "shrink_windows": False, "window": 1, "negative": 0}
    start, free, held = (make_objective(**options, coupling=c) for c in (0.0, 0.0, 0.3))
    for moved in (free, held):
        run_kernel(moved, ids, offsets, 1, 2, rate=rate)
    apart = start.output[0] - start.negative_output[0]
    np.testing.assert_allclose((held.output - free.output)[0] / rate, -0.3 * apart, rtol=1e-5)
    np.testing.assert_allclose(
        (held.negative_output - free.negative_output)[0] / rate, 0.3 * apart, rtol=1e-5
    )


@pytest.mark.parametrize("variant", kernels.available())
@each_objective
def test_variants_equal_the_plain_one(variant, options):
    ids, offsets = make_corpus()
    wide = (300,) if options.get("cbow") else ()  # rows of several chunks (cbow_simd.h)
    for dimensions in (1, 7, 16, 33, 67, 100, *wide):
        starts = make_objective(dimensions, np.float32, **options)
        moved = assert_like_plain(variant, starts, ids, offsets)
        assert not padding_of(moved).any(), "padding stays zero"


@pytest.mark.parametrize("order", ["sequential", "batch"])
@pytest.mark.parametrize("n_shared_negatives", [2, 8])
def test_shared_negatives_move_rows_as_the_paper_expects(n_shared_negatives, order):
    """The mean update over many draws is that of 5 independent negatives, within its error."""
    ids, offsets = np.array([3, 0, 7, 0, 5, 1], np.int32), np.array([0, 6])
    n_draws, updates = 4000, {}
    for shared in ({}, {"window_order": order, "n_shared_negatives": n_shared_negatives}):
        options = {"shrink_windows": False, "window": 2, "compute_loss": False} | shared
        start = make_objective(**options)
        moves = []
        for stream in range(n_draws):
            moved = dataclasses.replace(start, input=start.input.copy(), output=start.output.copy())
            run_kernel(moved, ids, offsets, 0, 3, rate=1e-7, stream=stream * 7919)
            moves.append(np.stack([moved.input - start.input, moved.output - start.output]) / 1e-7)
        updates[bool(shared)] = np.array(moves)
    means = {kind: moves.mean(axis=0) for kind, moves in updates.items()}
    error = np.sqrt(sum(moves.var(axis=0) / n_draws for moves in updates.values()))
    deviation = np.abs(means[True] - means[False]) / np.maximum(error, 1e-6)
    assert deviation.max() < 5
    assert np.mean(deviation[error > 1e-6] < 2) > 0.9


@pytest.mark.parametrize("variant", kernels.available())
def test_a_saturated_sigmoid_still_updates(variant):
    """At a score of 30 a wrong label still moves the rows by the full rate."""
    kernels.force(variant)
    objective = make_objective(16, np.float32, shrink_windows=False, window=1, negative=1)
    objective.input[:] = 0
    objective.output[:] = 0
    objective.input[:, 0] = 30
    objective.output[:, 0] = 1
    objective.output[0, 0] = -1
    before = objective.output.copy()
    run_kernel(objective, np.array([1, 0], np.int32), np.array([0, 2]), 1, 2, rate=0.1)
    moved = (objective.output - before)[:, 0]
    assert moved[0] == pytest.approx(3.0, rel=1e-3)
    assert moved[1:].sum() == pytest.approx(-3.0, rel=1e-3)


@pytest.mark.parametrize("variant", kernels.available())
def test_extreme_scores_stay_finite(variant):
    kernels.force(variant)
    objective = make_objective(16, np.float32)
    objective.input[:] *= 1e4
    loss, _, _ = run_kernel(objective, *make_corpus(), rate=1e-6)
    assert np.isfinite(loss)
    assert all(np.isfinite(rows).all() for rows in rows_of(objective))


@pytest.mark.parametrize("n_cuts", [1, 2, 7])
def test_a_cut_corpus_loses_no_pair(n_cuts):
    """Without randomness, the number of pairs does not depend on where chunks begin."""
    ids, offsets = make_corpus((1, 2, 9, 4000, 5, 9000, 3))
    objective = make_objective(shrink_windows=False, negative=1, compute_loss=False)
    want = sum(
        min(i, 3) + min(length - 1 - i, 3) for length in np.diff(offsets) for i in range(length)
    )
    cuts = [0, *sorted(np.random.default_rng(n_cuts).integers(1, len(ids), n_cuts)), len(ids)]
    pairs = [run_kernel(objective, ids, offsets, a, b)[1] for a, b in itertools.pairwise(cuts)]
    assert sum(pairs) == want


def test_contexts_of_a_cut_sentence_come_from_beyond_the_cut():
    ids, offsets = np.array([3, 4, 5, 6], np.int32), np.array([0, 4])
    objective = make_objective(shrink_windows=False, window=2, output=True, negative=0)
    before = objective.input.copy()
    run_kernel(objective, ids, offsets, 2, 3)
    assert set(np.flatnonzero((objective.input != before).any(axis=1))) == {3, 4, 6}


def test_the_rate_falls_from_start_to_stop():
    """The first and the last of many lone pairs move by the rates of the two ends."""
    n = 3 * 4096
    ids = np.tile(np.array([0, 1], np.int32), n // 2)
    offsets = np.arange(0, n + 1, 2)
    moves = []
    for a, b in ((0, 2), (n - 2, n)):
        objective = make_objective(window=1, negative=0, shrink_windows=False)
        before = objective.input[1].copy()
        rates = np.interp([a, b], [0, n], [0.1, 0.0])
        kernels.train_chunk(objective, ids, offsets, a, b, *rates, 1)
        moves.append(np.abs(objective.input[1] - before).max())
    assert moves[1] < 1e-3 * moves[0]


def test_stop_flag_ends_a_call_early():
    objective = make_objective()
    objective.stop_flag[0] = 1
    ids, offsets = make_corpus()
    assert run_kernel(objective, ids, offsets)[1] == 0


@pytest.mark.parametrize("bad", [N_WORDS, -1, 2**31 - 1])
def test_an_id_out_of_range_is_refused(bad):
    ids, offsets = make_corpus()
    ids[20] = bad
    with pytest.raises(ValueError, match="outside"):
        run_kernel(make_objective(), ids, offsets)


@pytest.mark.parametrize(
    "change",
    [
        {"output": np.zeros((N_WORDS, 32))},
        {"output": np.zeros((N_WORDS - 1, 16))},
        {"output": np.zeros((N_WORDS, 16), np.float32)},
        {"output": np.zeros((N_WORDS, 32))[:, ::2]},
        {"input": np.zeros((N_WORDS, 10))},
        {"noise": np.zeros((N_WORDS, 2), np.int64)},
        {"keep_thresholds": np.zeros(3, np.uint32)},
        {"noise": None},
        {"window": 0},
    ],
)
def test_arrays_that_do_not_fit_are_refused(change):
    objective = dataclasses.replace(make_objective(), **change)
    with pytest.raises(ValueError):
        run_kernel(objective, *make_corpus())


def test_ranges_that_do_not_fit_are_refused():
    ids, offsets = make_corpus()
    for start, stop in ((-1, 3), (0, len(ids) + 1), (5, 4)):
        with pytest.raises(ValueError):
            run_kernel(make_objective(), ids, offsets, start, stop)


def test_same_stream_same_bytes():
    first, second, other = (make_objective(dtype=np.float32) for _ in range(3))
    ids, offsets = make_corpus()
    run_kernel(first, ids, offsets, stream=1)
    run_kernel(second, ids, offsets, stream=1)
    run_kernel(other, ids, offsets, stream=2)
    assert first.input.tobytes() == second.input.tobytes() != other.input.tobytes()


def test_unknown_variant_is_refused():
    with pytest.raises(ValueError, match="allowed"):
        kernels.force("mmx")


@pytest.mark.parametrize("variant", kernels.available())
@pytest.mark.parametrize("tree", [False, True])
def test_a_vocabulary_of_one_word(variant, tree):
    """There is no negative for it, and its path is empty."""
    kernels.force(variant)
    options = {
        "window": 2,
        "shrink_windows": False,
        "negative": 5,
        "cbow": False,
        "compute_loss": True,
    }
    counts = np.array([9])
    objective = Objective(
        input=np.ones((1, 16), np.float32), output=np.ones((1, 16), np.float32),
        tree=np.ones((0, 16), np.float32) if tree else None,
        noise=sampling.alias_table(sampling.noise_distribution(counts)),
        paths=sampling.huffman_paths(counts) if tree else None,
        keep_thresholds=None, lock_factors=None, mean_hidden=True, mean_gradient=True, **options,
    )  # fmt: skip
    loss, n_examples, _ = run_kernel(objective, np.zeros(3, np.int32), np.array([0, 3]))
    assert n_examples == 6
    assert 0 < loss < 1e-3


@pytest.mark.parametrize("options", [{}, WINDOW, BATCH])
def test_a_window_beyond_any_sentence(options):
    ids, offsets = make_corpus((3, 4))
    objective = make_objective(
        window=2**31 - 1, longest_sentence=4, shrink_windows=False, negative=1, **options
    )
    assert run_kernel(objective, ids, offsets)[1] == 3 * 2 + 4 * 3


@pytest.mark.parametrize("offsets", [[2, 7], [0, 3]])
def test_offsets_that_do_not_fit_are_refused(offsets):
    with pytest.raises(ValueError, match="offset"):
        run_kernel(make_objective(), np.zeros(7, np.int32), np.array(offsets), 0, 3)


def test_blas_is_loaded_once_as_workers_may_be_calling_it(monkeypatch, restore_variant):
    kernels.force("blas")
    monkeypatch.setattr(kernels, "load_blas", lambda: pytest.fail("its functions are set again"))
    kernels.force("blas")
    assert kernels.variant() == "blas"
