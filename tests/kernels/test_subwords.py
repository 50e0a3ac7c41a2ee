"""Words made of several rows: the kernels train the means of rows as they train single rows.

Three facts decide what a kernel with subwords has to do. If words share no rows, the means must
move as rows of their own do, whenever private rows are merged. If they share rows, and no private
row is merged during a call, a row must change by the sum of the changes of its words. And a private
row that is merged must be seen by the other words.

In CBOW the hidden vector is the mean of all rows of all context words. If all words have the same
number of rows, it is the mean of the words' means.
"""

import copy
import dataclasses
import itertools

import numpy as np
import pytest
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
from fastsgns.kernels import sgns
from fastsgns.kernels.objective import HotRows, Subwords
from fastsgns.training.subwords import BLOCK, bounded, mean_row_share

pytestmark = pytest.mark.usefixtures("restore_variant")

MANY_COUNTS = np.arange(90, 0, -1) ** 2  # more words than a worker has private rows
KEEP_THRESHOLDS = sampling.keep_thresholds(COUNTS, 0.05)
SOFTMAX = {"negative": 0, "n_batch_rows": 4}
KINDS = {
    "pair": {},
    "pair-hs": {"output": False, "tree": True, "negative": 0},
    "pair-both": {"tree": True},
    "window": WINDOW,
    "window-hs": {"output": False, "tree": True, "negative": 0, "window_order": "sequential"},
    "window-in-steps": WINDOW | {"window": 9, "max_contexts": 5},
    "batch": BATCH,
    "cbow": {"cbow": True},
    "cbow-exact": {"cbow": True, "mean_gradient": True},
    "cbow-hs": {"cbow": True, "output": False, "tree": True, "negative": 0},
    "cbow-forward": {"cbow": True, "forward": True},
    "softmax": SOFTMAX,
    "softmax-cbow": SOFTMAX | {"cbow": True},
}
LEARNERS = {name: KINDS[name] for name in ("pair", "window", "batch", "cbow")}
LAYOUTS = {
    "tied": {"tied": True},
    "scalar": {"tied": True, "bias": "scalar"},
    "word": {"tied": True, "bias": "word"},
    "both": {"tied": True, "bias": "both"},
    "reflect": {"tied": True, "reflect": True},
    "three": {"apart": True, "coupling": 0.3},
}
KINDS |= {
    f"{name}-{layout}": learner | matrices
    for name, learner in LEARNERS.items()
    for layout, matrices in LAYOUTS.items()
}
each_kind = pytest.mark.parametrize("options", KINDS.values(), ids=KINDS.keys())


def with_subwords(plain, lists, n_rows, rng=5):
    """The objective with rows and lists in the place of input rows; `plain` gets their means."""
    width = plain.input.shape[1]
    rows = np.zeros((n_rows, width), plain.input.dtype)
    n = plain.n_dimensions
    rows[:, :n] = np.random.default_rng(rng).normal(0, 1, (n_rows, n))
    ones = {"scalar": n, "both": n + 1}.get(plain.bias)
    if plain.bias in ("word", "both"):
        rows[:, n] = np.random.default_rng(rng).normal(-1, 1, n_rows)
    if ones is not None:
        rows[:, ones] = 1
    starts = np.cumsum([0, *map(len, lists)])
    subwords = Subwords(starts, np.concatenate(lists).astype(np.int32), max(map(len, lists)))
    plain.input[:] = means(rows, subwords)
    output = rows if plain.output is plain.input else plain.output
    return dataclasses.replace(plain, input=rows, output=output, subwords=subwords)


def means(rows, subwords):
    starts = subwords.starts
    lists = [subwords.rows[a:b] for a, b in itertools.pairwise(starts)]
    return np.array([rows[numbers].mean(axis=0) for numbers in lists])


def own_lists(n_words, rng, cbow=False):
    """1 to 4 rows per word, for CBOW 3, which no other word has."""
    lengths = np.full(n_words, 3) if cbow else rng.integers(1, 5, n_words)
    return np.split(rng.permutation(lengths.sum()), np.cumsum(lengths)[:-1]), lengths.sum()


def shared_lists(n_words, n_ngrams, rng, cbow=False):
    """A row per word, and up to 4 of n-grams that other words have, for CBOW 3; some twice."""
    lengths = np.full(n_words, 3) if cbow else rng.integers(0, 5, n_words)
    return [
        np.array([word, *(n_words + rng.integers(0, n_ngrams, length))])
        for word, length in enumerate(lengths)
    ]


def outputs_of(objective):
    return [m for m in rows_of(objective) if m is not objective.input]


@each_kind
def test_means_move_as_rows_do(options):
    counts = COUNTS if options.get("n_batch_rows") else MANY_COUNTS
    plain = make_objective(counts=counts, **options)
    lists, n_rows = own_lists(len(counts), np.random.default_rng(1), options.get("cbow"))
    ours = with_subwords(plain, lists, n_rows)
    plain, ours = copy.deepcopy(plain), copy.deepcopy(ours)
    ids, offsets = make_corpus((1, 2, 9, 400, 1, 3), len(counts))
    got, want = run_kernel(ours, ids, offsets), run_kernel(plain, ids, offsets)
    assert got == pytest.approx(want, rel=1e-9)
    np.testing.assert_allclose(means(ours.input, ours.subwords), plain.input, rtol=0, atol=1e-9)
    for our, their in zip(outputs_of(ours), outputs_of(plain)):
        np.testing.assert_allclose(our, their, rtol=0, atol=1e-9)


@each_kind
def test_a_row_changes_by_the_changes_of_its_words(options):
    plain = make_objective(**options)
    lists = shared_lists(N_WORDS, 11, np.random.default_rng(2), options.get("cbow"))
    ours = with_subwords(plain, lists, N_WORDS + 11)
    plain, ours = copy.deepcopy(plain), copy.deepcopy(ours)
    before, means_before = ours.input.copy(), plain.input.copy()
    ids, offsets = make_corpus((1, 2, 9, 40, 1, 3), 20)  # fewer words than private rows
    got, want = run_kernel(ours, ids, offsets), run_kernel(plain, ids, offsets)
    assert got == pytest.approx(want, rel=1e-12)
    expected = before.copy()
    for word, numbers in enumerate(lists):
        np.add.at(expected, numbers, plain.input[word] - means_before[word])
    np.testing.assert_allclose(ours.input, expected, rtol=0, atol=1e-12)
    assert np.abs(ours.input - before).max() > 0.01


@pytest.mark.parametrize("name", ["pair", "window", "batch", "cbow", "softmax"])
def test_one_step_is_minus_the_numeric_gradient(name):
    """A row moves by -rate times the loss's derivative, times the number of rows of its word."""
    options = KINDS[name] | {"window": 3, "shrink_windows": False, "size": 0.3}
    start = with_subwords(
        make_objective(**options), shared_lists(N_WORDS, 5, np.random.default_rng(4)), N_WORDS + 5
    )
    ids, offsets = np.array([1, 0, 1], np.int32), np.array([0, 3])
    numbers = start.subwords.rows[start.subwords.starts[1] : start.subwords.starts[2]]
    assert len(numbers) > 2

    def loss(objective):
        return run_kernel(copy.deepcopy(objective), ids, offsets, 1, 2, rate=0.0)[0]

    moved, rate, small = copy.deepcopy(start), 1e-7, 1e-5
    run_kernel(moved, ids, offsets, 1, 2, rate=rate)
    for row in set(numbers):
        times = np.count_nonzero(numbers == row)
        for column in range(7):
            kept = start.input[row, column]
            start.input[row, column] = kept + small
            above = loss(start)
            start.input[row, column] = kept - small
            below = loss(start)
            start.input[row, column] = kept
            derivative = (above - below) / (2 * small) * len(numbers)
            moved_by = (moved.input - start.input)[row, column] / rate
            assert moved_by == pytest.approx(-derivative, rel=2e-5, abs=2e-5), times


@pytest.mark.parametrize("mean_hidden", [True, False])
@pytest.mark.parametrize("mean_gradient", [True, False])
@pytest.mark.parametrize("apart", [False, True])  # two functions train these two
def test_cbow_is_the_mean_or_sum_of_all_rows_of_its_contexts(mean_hidden, mean_gradient, apart):
    options = {"mean_hidden": mean_hidden, "mean_gradient": mean_gradient, "apart": apart}
    lists = [np.array([0]), np.array([1, 4, 5]), np.array([2, 5]), np.array([3, 5, 5, 4, 6])]
    objective = with_subwords(
        make_objective(counts=COUNTS[:4], cbow=True, negative=0, shrink_windows=False, **options),
        lists, 7,
    )  # fmt: skip
    objective = copy.deepcopy(objective)
    before, target = objective.input.copy(), objective.output[0].copy()
    used = np.concatenate([lists[1], lists[2], lists[3]])
    hidden = before[used].mean(axis=0) if mean_hidden else before[used].sum(axis=0)
    error = 0.05 * (1 - 1 / (1 + np.exp(-hidden @ target)))
    share = (1 / 3 if mean_hidden else 1 / len(used)) if mean_gradient else 1
    expected = before.copy()
    np.add.at(expected, used, share * error * target)
    run_kernel(objective, np.array([1, 0, 2, 3], np.int32), np.array([0, 4]), 1, 2)
    np.testing.assert_allclose(objective.input, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(objective.output[0], target + error * hidden, rtol=0, atol=1e-12)


@pytest.mark.parametrize("options", LEARNERS.values(), ids=LEARNERS.keys())
@pytest.mark.parametrize("step", [1e-9, 0.2])
def test_bounded_updates_change_nothing_where_no_row_is_shared(options, step):
    plain = make_objective(**options)
    lists, n_rows = own_lists(N_WORDS, np.random.default_rng(3), options.get("cbow"))
    ours = with_subwords(plain, lists, n_rows)
    loads = np.full(N_WORDS, 0.05, np.float32)
    ours = dataclasses.replace(ours, subwords=ours.subwords._replace(loads=loads, step=step))
    plain, ours = copy.deepcopy(plain), copy.deepcopy(ours)
    ids, offsets = make_corpus()
    assert run_kernel(ours, ids, offsets) == pytest.approx(run_kernel(plain, ids, offsets))
    np.testing.assert_allclose(means(ours.input, ours.subwords), plain.input, rtol=0, atol=1e-9)


def test_a_merged_row_is_seen_by_the_other_words():
    """After each update, with a bound of one update; without a bound, at the end of the call."""
    losses = {}
    for step in (0.0, 1e9):
        lists = [np.array([0, 2]), np.array([1, 2])]
        objective = with_subwords(make_objective(counts=np.array([2, 1]), negative=1), lists, 3)
        subwords = objective.subwords._replace(loads=np.ones(2, np.float32), step=step)
        objective = copy.deepcopy(dataclasses.replace(objective, subwords=subwords))
        ids = np.tile(np.array([0, 1], np.int32), 100)
        losses[step] = run_kernel(objective, ids, np.array([0, len(ids)]), rate=0.2)[0]
    assert losses[0.0] != pytest.approx(losses[1e9], rel=1e-3)


def test_private_rows_are_bounded_by_the_load_of_their_rows():
    subwords = Subwords(np.array([0, 2, 4]), np.array([0, 2, 1, 2], np.int32), 2)
    shares = np.array([0.25, 0.75])
    np.testing.assert_allclose(mean_row_share(subwords, shares, 3), [0.625, 0.875])
    objective = with_subwords(
        make_objective(counts=np.array([1, 3])), [np.array([0, 2]), np.array([1, 2])], 3
    )
    made = bounded(objective, np.array([1, 3]), n_workers=4)
    np.testing.assert_allclose(made.loads, [2.5, 3.5])
    assert made.step == pytest.approx(5 / 6)  # INPUT_STEP / (1 + negative)
    assert bounded(make_objective(), COUNTS, 4) is None


def test_shares_of_rows_are_those_of_a_loop_over_many_words():
    rng = np.random.default_rng(1)
    lists = [rng.integers(0, 500, size) for size in rng.integers(0, 9, 2 * BLOCK + 7)]
    shares = rng.dirichlet(np.ones(len(lists)))
    row_shares = np.zeros(500)
    for share, rows in zip(shares, lists):
        for row in rows:
            row_shares[row] += share
    expected = [row_shares[rows].mean() if len(rows) else 0 for rows in lists]
    starts = np.concatenate([[0], np.cumsum([len(rows) for rows in lists])])
    subwords = Subwords(starts, np.concatenate(lists).astype(np.int32), 9)
    np.testing.assert_allclose(mean_row_share(subwords, shares, 500), expected, rtol=1e-5)


@pytest.mark.parametrize("options", LEARNERS.values(), ids=LEARNERS.keys())
def test_many_workers_stay_stable(options):
    """16 virtual workers on text whose words share all their n-grams."""
    rng = np.random.default_rng(0)
    n_words, n_ngrams = 30, 40
    counts = 10_000 // np.arange(1, n_words + 1)
    ids = rng.choice(n_words, 20_000, p=counts / counts.sum()).astype(np.int32)
    offsets = np.arange(0, len(ids) + 1, 20)
    lists = [np.array([i, *(n_words + rng.integers(0, n_ngrams, 20))]) for i in range(n_words)]
    plain = make_objective(
        20, np.float32, counts=counts, size=0.05, **options | {"window": 5, "compute_loss": True}
    )
    start = with_subwords(plain, lists, n_words + n_ngrams)
    start.input[:] *= 0.05
    losses = {}
    for n_workers in (1, 16):
        objective = copy.deepcopy(start)
        subwords = bounded(objective, counts, n_workers)
        objective = dataclasses.replace(objective, subwords=subwords)
        loss, n, _ = sgns.simulate_workers(objective, ids, offsets, n_workers, 20, 0.025, 0.025, 1)
        losses[n_workers] = loss / n
    assert losses[16] == pytest.approx(losses[1], rel=0.02)


@pytest.mark.parametrize("options", LEARNERS.values(), ids=LEARNERS.keys())
def test_lock_factors_scale_the_update_of_each_row(options):
    lists = shared_lists(N_WORDS, 11, np.random.default_rng(2))
    free = with_subwords(make_objective(**options), lists, N_WORDS + 11)
    factors = np.linspace(0, 1, N_WORDS + 11).astype(np.float32)
    locked = dataclasses.replace(free, subwords=free.subwords._replace(factors=factors))
    start = free.input.copy()
    free, locked = copy.deepcopy(free), copy.deepcopy(locked)
    ids, offsets = make_corpus((1, 2, 9, 40, 1, 3), 20)
    run_kernel(free, ids, offsets)
    run_kernel(locked, ids, offsets)
    expected = start + factors[:, None] * (free.input - start)
    np.testing.assert_allclose(locked.input, expected, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(locked.input[0], start[0])


@pytest.mark.parametrize("variant", kernels.available())
@pytest.mark.parametrize("name", ["pair", "window", "batch", "cbow", "window-both", "cbow-word"])
@pytest.mark.parametrize("dimensions", [7, 100, 130, 300])
def test_variants_equal_the_plain_one(variant, name, dimensions):
    options = KINDS[name] | {"compute_loss": True, "size": 0.1}
    plain = make_objective(dimensions, np.float32, counts=MANY_COUNTS, **options)
    lists = shared_lists(len(MANY_COUNTS), 30, np.random.default_rng(2))
    start = with_subwords(plain, lists, len(MANY_COUNTS) + 30)
    start.input[:, :dimensions] *= 0.1
    ids, offsets = make_corpus((1, 2, 9, 150, 1, 3), len(MANY_COUNTS))
    moved = assert_like_plain(variant, start, ids, offsets, rate=0.025)
    assert not padding_of(moved).any()


BAD_LISTS = {
    "a row beyond the last": {"rows": np.array([0, 9, 1, 3], np.int32)},
    "a negative row": {"rows": np.array([0, -1, 1, 3], np.int32)},
    "starts that fall": {"starts": np.array([0, 4, 2])},
    "a start below 0": {"starts": np.array([-1, 2, 4])},
    "a start beyond the lists": {"starts": np.array([0, 2, 2**40])},
    "a list longer than the longest": {"most": 1},
}


@pytest.mark.parametrize("change", BAD_LISTS.values(), ids=BAD_LISTS.keys())
@pytest.mark.parametrize("options", LEARNERS.values(), ids=LEARNERS.keys())
def test_invalid_lists_are_refused(change, options):
    plain = make_objective(counts=np.array([2, 1]), **options)
    objective = with_subwords(plain, [np.array([0, 2]), np.array([1, 3])], 4)
    objective = dataclasses.replace(objective, subwords=objective.subwords._replace(**change))
    ids = np.tile(np.array([0, 1], np.int32), 5)
    with pytest.raises(ValueError, match="lists of subwords"):
        run_kernel(objective, ids, np.array([0, len(ids)]))


REFUSED = {
    "lock factors of words": {"lock_factors": np.zeros(N_WORDS, np.float32)},
    "copies of input rows": {
        "hot": HotRows(np.array([0], np.int32), np.array([], np.int32), 1.0, 1.0, 1.0)
    },
    "noise of other words": {"noise": np.full((N_WORDS + 1, 2), N_WORDS, np.uint32)},
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused(change):
    lists = shared_lists(N_WORDS, 5, np.random.default_rng(2))
    objective = with_subwords(make_objective(), lists, N_WORDS + 5)
    ids, offsets = make_corpus()
    with pytest.raises(ValueError, match=r"Subwords\.factors|input_ids|an array of|noise"):
        run_kernel(dataclasses.replace(objective, **change), ids, offsets)


def test_pairs_and_traces_have_no_subwords():
    lists = shared_lists(N_WORDS, 5, np.random.default_rng(2))
    objective = with_subwords(make_objective(dtype=np.float32), lists, N_WORDS + 5)
    ids, offsets = make_corpus()
    with pytest.raises(ValueError, match="subwords must be None"):
        kernels.train_pairs_chunk(objective, ids, ids, 0, len(ids), 0.1, 0.1, 1)
    with pytest.raises(ValueError, match="subwords must be None"):
        sgns.trace_workers(objective, ids, offsets, 2, 4, 0.1, 0.1, 1, 8)
