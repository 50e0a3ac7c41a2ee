"""Full softmax: the kernel against the textbook, and what Word2Vec makes of it."""

import copy
import dataclasses

import numpy as np
import pytest
import reference
from objectives import COUNTS, N_WORDS, make_corpus, make_objective, rows_of, run_kernel

from fastsgns import kernels, sampling
from fastsgns.kernels import sgns
from fastsgns.runtime.locks import first_use

pytestmark = pytest.mark.usefixtures("restore_variant")

LOCK = np.linspace(0, 1, N_WORDS).astype(np.float32)
SOFTMAX = {"negative": 0, "n_batch_rows": 4}
KINDS = {
    "sg": {},
    "sg-alone": {"n_batch_rows": 1},
    "sg-large-batch": {"n_batch_rows": 64, "shrink_windows": False, "window": 10},
    "sg-subsampled": {"keep_thresholds": sampling.keep_thresholds(COUNTS, 0.05)},
    "sg-lock": {"lock_factors": LOCK},
    "cbow-mean": {"cbow": True},
    "cbow-sum": {"cbow": True, "mean_hidden": False, "mean_gradient": False},
    "cbow-mean-undivided": {"cbow": True, "mean_gradient": False, "n_batch_rows": 64},
    "cbow-lock": {"cbow": True, "lock_factors": LOCK, "shrink_windows": False},
}
each_kind = pytest.mark.parametrize("options", KINDS.values(), ids=KINDS.keys())


def made(dimensions=7, dtype=np.float64, **options):
    return make_objective(dimensions, dtype, **SOFTMAX | options)


@each_kind
@pytest.mark.parametrize("rate", [0.003, 0.05, 0.4])
def test_float64_kernel_is_the_textbook(options, rate):
    """At a rate of 0.4 every example is a batch of its own."""
    kernel, textbook = made(**options), made(**options)
    ids, offsets = make_corpus()
    got = run_kernel(kernel, ids, offsets, rate=rate)
    want = reference.train(textbook, ids, offsets, 0, len(ids), rate, 77)
    assert got == pytest.approx(want, rel=1e-11)
    assert got[1] > 0
    for ours, theirs in zip(rows_of(kernel), rows_of(textbook)):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)


@each_kind
def test_float32_kernel_is_the_float64_one(options):
    ids, offsets = make_corpus()
    for dimensions in (1, 16, 33):
        single, double = made(dimensions, np.float32, **options), made(dimensions, **options)
        double = dataclasses.replace(
            double, input=single.input.astype(float), output=single.output.astype(float)
        )
        assert run_kernel(single, ids, offsets) == pytest.approx(
            run_kernel(double, ids, offsets), rel=1e-5
        )
        for ours, theirs in zip(rows_of(single), rows_of(double)):
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6)
            assert not ours[:, dimensions:].any(), "padding stays zero"


@pytest.mark.parametrize("cbow", [False, True])
@pytest.mark.parametrize("n_batch_rows", [1, 64])
def test_a_batch_moves_by_minus_the_numeric_gradient(cbow, n_batch_rows):
    """One batch at rate r moves every parameter by -r times the derivative of its summed loss."""
    ids = np.array([1, 0, 2, 2, 3], np.int32)
    offsets = np.array([0, len(ids)])
    stop = len(ids) if n_batch_rows > 1 else 1
    options = {
        "cbow": cbow,
        "n_batch_rows": n_batch_rows,
        "shrink_windows": False,
        "window": 2 if cbow else 1,
    }

    def loss(objective):
        return run_kernel(copy.deepcopy(objective), ids, offsets, 0, stop, rate=0.0)[0]

    start, moved = made(**options), made(**options)
    rate, small = 1e-3, 1e-6
    run_kernel(moved, ids, offsets, 0, stop, rate=rate)
    for before, after in zip(rows_of(start), rows_of(moved)):
        for index in np.ndindex(before.shape[0], 7):
            kept = before[index]
            before[index] = kept + small
            above = loss(start)
            before[index] = kept - small
            below = loss(start)
            before[index] = kept
            derivative = (above - below) / (2 * small)
            assert (after - before)[index] == pytest.approx(-rate * derivative, abs=2e-8)


@pytest.mark.parametrize("n_words", [1, 2, 511, 512, 513, 1500])
def test_vocabularies_around_the_size_of_a_block(n_words):
    counts = np.arange(n_words, 0, -1)
    kernel, textbook = made(counts=counts), made(counts=counts)
    ids, offsets = make_corpus((40,), n_words)
    got = run_kernel(kernel, ids, offsets)
    want = reference.train(textbook, ids, offsets, 0, len(ids), 0.05, 77)
    assert got == pytest.approx(want, rel=1e-11, abs=1e-12)
    for ours, theirs in zip(rows_of(kernel), rows_of(textbook)):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-11)


def test_scores_far_apart_stay_finite():
    """Scores of some millions: probabilities of 0 and 1, a loss as large as the scores differ."""
    objective = made(16, np.float32)
    objective.input[:] *= 1e3
    objective.output[:] *= 1e3
    loss, n_examples, _ = run_kernel(objective, *make_corpus(), rate=1e-9)
    assert 1e5 < loss / n_examples < 1e8
    assert all(np.isfinite(rows).all() for rows in rows_of(objective))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_sum_to_one(dtype):
    """The errors of a hidden row sum to 0, so that the sum of all output rows never moves."""
    objective = made(16, dtype)
    before = objective.output.sum(axis=0, dtype=float)
    run_kernel(objective, *make_corpus())
    moved = objective.output.sum(axis=0, dtype=float) - before
    assert np.abs(moved).max() < (2e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize(
    "change", [{"output": None}, {"negative": 5}, {"window_order": "batch"}, {"n_batch_rows": -1}]
)
def test_what_excludes_full_softmax_is_refused(change):
    with pytest.raises(ValueError, match="softmax"):
        run_kernel(dataclasses.replace(made(), **change), *make_corpus())


def test_the_stop_flag_ends_a_call_early():
    objective = made()
    objective.stop_flag[0] = 1
    assert run_kernel(objective, *make_corpus())[1] == 0


def test_a_window_beyond_any_sentence():
    ids, offsets = make_corpus((3, 4))
    for cbow, n_examples in ((False, 18), (True, 7)):
        objective = made(window=2**31 - 1, longest_sentence=4, shrink_windows=False, cbow=cbow)
        assert kernels.train_chunk(objective, ids, offsets, 0, 7, 0.1, 0.1, 1)[1] == n_examples


def test_one_thread_at_a_time_loads_blas(monkeypatch):
    """Without the GIL, two could set the pointers while a third one calls them."""
    entered = []

    class Spy:
        def __enter__(self):
            entered.append(first_use.__enter__())

        def __exit__(self, *error):
            first_use.__exit__(*error)

    monkeypatch.setattr(sgns, "first_use", Spy())
    kernels.load_softmax()
    assert entered == [True]
