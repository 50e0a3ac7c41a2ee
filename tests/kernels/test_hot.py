"""Private copies of frequent rows: when they are merged, and that they change nothing else."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import reference
from objectives import (
    BATCH,
    COUNTS,
    N_WORDS,
    WINDOW,
    make_corpus,
    make_objective,
    padding_of,
    rows_of,
    run_kernel,
)  # fmt: skip

from fastsgns import kernels
from fastsgns.kernels import sgns
from fastsgns.kernels.objective import HotRows
from fastsgns.training import hotrows

pytestmark = pytest.mark.usefixtures("restore_variant")

RATE = 0.05
MODES = {
    "pair": {},
    "window": WINDOW,
    "batch": BATCH,
    "cbow": {"cbow": True},
    "pair-tied-both": {"tied": True, "bias": "both"},
    "window-tied": WINDOW | {"tied": True},
    "window-tied-scalar": WINDOW | {"tied": True, "bias": "scalar"},
    "window-tied-both-reflect": WINDOW | {"tied": True, "bias": "both", "reflect": True},
    "cbow-tied-word": {"cbow": True, "tied": True, "bias": "word"},
    "pair-apart": {"apart": True, "coupling": 2.0},
    "window-apart": WINDOW | {"apart": True, "coupling": 2.0},
    "cbow-apart": {"cbow": True, "apart": True, "coupling": 2.0},
    "pair-locked": {"lock_factors": np.linspace(0, 1, N_WORDS, dtype=np.float32)},
    "window-locked": WINDOW | {"lock_factors": np.linspace(0, 1, N_WORDS, dtype=np.float32)},
    "window-hs": WINDOW | {"tree": True},
    "pair-hs": {"tree": True, "output": False, "negative": 0},
}


def with_copies(objective, limit, n_slots=8, ids=None):
    """The objective with copies that are merged after `limit` updates at the learning rate RATE.

    By default the rows of the words 0, 9, 10, ..., 15, of which 0 and 9 are the most frequent ones.
    """
    rows = np.array([0, *range(9, 16)], np.int32) if ids is None else np.array(ids, np.int32)
    slots = hotrows.slots_of(rows, n_slots)
    return replace(objective, hot=HotRows(slots, slots, *[(limit + 0.5) * RATE] * 3))


def assert_close(objective, expected, tolerance=1e-9):
    for ours, theirs in zip(rows_of(objective), rows_of(expected)):
        np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("limit", [2, 3, 1000])
@pytest.mark.parametrize("mode", MODES)
def test_copies_of_one_worker_change_only_the_rounding(mode, limit):
    ids, offsets = make_corpus()
    plain = make_objective(**MODES[mode])
    hot = with_copies(copy.deepcopy(plain), limit)
    assert run_kernel(hot, ids, offsets) == pytest.approx(run_kernel(plain, ids, offsets))
    assert_close(hot, plain)
    assert not padding_of(hot).any()


@pytest.mark.parametrize("limit", [2, 1000])
@pytest.mark.parametrize(
    "sharing", [{}, WINDOW | {"pairs_per_block": 1}, BATCH | {"pairs_per_block": 4}]
)
def test_copies_in_lists_of_pairs(sharing, limit):
    sources, targets = np.random.default_rng(2).integers(0, N_WORDS, (2, 90)).astype(np.int32)
    plain = make_objective(**sharing)
    hot = with_copies(copy.deepcopy(plain), limit)
    for objective in (hot, plain):
        kernels.train_pairs_chunk(objective, sources, targets, 0, 90, RATE, RATE, 5)
    assert_close(hot, plain)


@pytest.mark.parametrize("variant", [v for v in kernels.available() if v != "plain"])
@pytest.mark.parametrize("mode", ["pair", "window", "cbow", "window-tied-both-reflect"])
def test_each_variant_merges_like_the_plain_one(mode, variant):
    ids, offsets = make_corpus()
    start = with_copies(make_objective(20, np.float32, **MODES[mode]), 3)
    moved, plain = copy.deepcopy(start), copy.deepcopy(start)
    kernels.force("plain")
    sgns.simulate_workers(plain, ids, offsets, 3, 2, RATE, RATE, 1)
    kernels.force(variant)
    sgns.simulate_workers(moved, ids, offsets, 3, 2, RATE, RATE, 1)
    for ours, theirs, before in zip(rows_of(moved), rows_of(plain), rows_of(start)):
        assert np.linalg.norm(ours - theirs) <= 5e-5 * np.linalg.norm(theirs - before)


def test_a_limit_below_2_disables_copies():
    ids, offsets = make_corpus()
    plain = make_objective(**WINDOW)
    hot = with_copies(copy.deepcopy(plain), 1)
    assert run_kernel(hot, ids, offsets) == run_kernel(plain, ids, offsets)
    assert all(np.array_equal(*pair) for pair in zip(rows_of(hot), rows_of(plain)))


def test_copies_end_when_a_rising_rate_forbids_them():
    ids, offsets = make_corpus()
    plain = make_objective(**WINDOW)
    hot = with_copies(copy.deepcopy(plain), 2)
    for objective in (hot, plain):
        kernels.train_chunk(objective, ids, offsets, 0, len(ids), RATE / 2, 2 * RATE, 1)
    assert_close(hot, plain)


def test_copies_are_merged_after_an_error():
    ids, offsets = make_corpus(lengths=(30, 5))
    ids[32] = N_WORDS
    plain = make_objective(**WINDOW)
    hot = with_copies(copy.deepcopy(plain), 1000)
    for objective in (hot, plain):
        with pytest.raises(ValueError, match="outside 0"):
            run_kernel(objective, ids, offsets)
    assert_close(hot, plain)


class Twin:
    """Two workers with copies, in numpy: `hot_row`, `merge` and windows in sequential order."""

    def __init__(self, objective, limit, hot_ids):
        self.objective, self.limit, self.hot_ids = objective, limit, hot_ids
        self.copies = {}  # by matrix and row: the copy, its base, updates since the last merge

    def row(self, matrix, row):
        """The row to update once: a copy, or the shared row."""
        shared = getattr(self.objective, matrix)[row]
        if row not in self.hot_ids:
            return shared
        zeros = np.zeros_like(shared)
        values, base, n_updates = self.copies.get((matrix, row), (zeros, zeros.copy(), self.limit))
        if n_updates >= self.limit:
            self.merge(shared, values, base)
            n_updates = 0
        self.copies[matrix, row] = values, base, n_updates + 1
        return values

    @staticmethod
    def merge(shared, values, base):
        shared += values - base
        values[:] = base[:] = shared

    def merge_all(self):
        for (matrix, row), (values, base, _) in self.copies.items():
            self.merge(getattr(self.objective, matrix)[row], values, base)

    def train(self, stream, tokens, position):
        """One focus word of a sentence; window 3, shrinking, no subsampling."""
        objective = self.objective
        radius = 1 + stream.below(objective.window)
        drawn = [stream.alias(objective.noise) for _ in range(objective.n_shared_negatives)]
        start, stop = max(0, position - radius), position + radius + 1
        contexts = [*tokens[start:position], *tokens[position + 1 : stop]]
        if not contexts:
            return
        word = tokens[position]
        weights = {word: 1.0}
        for other in drawn:
            if other != word:
                weights[other] = weights.get(other, 0) + objective.negative / len(drawn)
        outputs = [self.row("output", target) for target in weights]
        inputs = [self.row("input", context) for context in contexts]
        labels = np.arange(len(outputs)) == 0
        scores = np.array(inputs) @ np.array(outputs).T
        errors = labels - np.array(list(weights.values())) * reference.sigmoid(scores)
        for hidden, g in zip(inputs, RATE * errors):
            before = hidden.copy()
            for output, step in zip(outputs, g):
                hidden += step * output
                output += step * before


@pytest.mark.parametrize("limit", [2, 5, 1000])
def test_workers_follow_the_schedule_of_merges(limit):
    """Two workers in turns of one token, each with a sentence, against two twins."""
    lengths = (25, 25)
    ids, offsets = make_corpus(lengths)
    start = make_objective(**WINDOW, compute_loss=False)
    hot = with_copies(copy.deepcopy(start), limit)
    sgns.simulate_workers(hot, ids, offsets, 2, 1, RATE, RATE, 11)

    hot_ids = set(hot.hot.input_ids.tolist())
    twins = [Twin(start, limit, hot_ids) for _ in lengths]
    streams = [reference.Stream(11), reference.Stream(12)]
    for position in range(25):
        for twin, stream, sentence in zip(twins, streams, (ids[:25], ids[25:])):
            twin.train(stream, sentence.tolist(), position)
    for twin in twins:
        twin.merge_all()
    assert_close(hot, start)


def test_two_workers_differ_from_one_and_keep_all_updates():
    """Without copies, virtual workers train in turns, with all updates seen at once."""
    ids, offsets = make_corpus((40, 40))
    start = make_objective(**WINDOW)
    moved = [copy.deepcopy(start) for _ in range(3)]
    sgns.simulate_workers(moved[0], ids, offsets, 2, 4, RATE, RATE, 1)
    sgns.simulate_workers(with_copies(moved[1], 2), ids, offsets, 2, 4, RATE, RATE, 1)
    sgns.simulate_workers(with_copies(moved[2], 1000), ids, offsets, 2, 4, RATE, RATE, 1)
    apart = [np.linalg.norm(other.input - moved[0].input) for other in moved[1:]]
    assert 0 < apart[0] < apart[1]  # the later copies are merged, the more they differ


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_ids": np.zeros(3, np.int32)}, "power of 2"),
        ({"output_ids": np.array([1, 0], np.int32)}, "not its own"),
        ({"output_ids": np.array([N_WORDS + 1, -1], np.int32)}, "not among"),
        ({"input_ids": np.zeros(2)}, "int32"),
    ],
)
def test_invalid_tables(change, message):
    ids, offsets = make_corpus()
    objective = with_copies(make_objective(), 2)
    with pytest.raises(ValueError, match=message):
        run_kernel(replace(objective, hot=objective.hot._replace(**change)), ids, offsets)


def test_virtual_workers_check_their_arguments():
    ids, offsets = make_corpus()
    objective = make_objective(10, np.float32)
    for n_workers, turn in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="a worker"):
            sgns.simulate_workers(objective, ids, offsets, n_workers, turn, RATE, RATE, 1)
    with pytest.raises(ValueError, match="multiple of 8"):
        sgns.trace_workers(objective, ids, offsets, 2, 1, RATE, RATE, 1, 12)
    with pytest.raises(ValueError, match="float32"):
        sgns.trace_workers(make_objective(), ids, offsets, 2, 1, RATE, RATE, 1, 8)


@pytest.mark.parametrize("mode", ["pair", "window", "cbow", "window-tied", "window-apart"])
def test_a_trace_counts_rows_and_trains_nothing(mode):
    ids, offsets = make_corpus()
    objective = make_objective(10, np.float32, **MODES[mode])
    before = copy.deepcopy(objective)

    def trace(objective, n_workers, n_cached=1024):
        return sgns.trace_workers(objective, ids, offsets, n_workers, 4, RATE, RATE, 1, n_cached)

    alone, shared, hot = trace(objective, 1), trace(objective, 4), with_copies(objective, 4)
    assert alone["n_moved"] == alone["n_fetched"] == alone["n_merges"] == 0
    assert shared["n_touches"] > shared["n_moved"] >= shared["n_fetched"] > 0
    assert alone["n_missed"] <= trace(objective, 1, n_cached=8)["n_missed"]
    copied = trace(hot, 4)
    assert copied["n_merges"] > 0
    assert copied["n_private"] > shared["n_private"]
    assert all(np.array_equal(*pair) for pair in zip(rows_of(objective), rows_of(before)))


def test_pairs_per_update():
    """A window of radius 1 to 3 has 4 pairs on average."""
    assert hotrows.pairs_per_update(make_objective()) == (6, 1, 1)
    assert hotrows.pairs_per_update(make_objective(**WINDOW)) == (6, 4, 4)
    assert hotrows.pairs_per_update(make_objective(**BATCH)) == (6, 5, 5)
    assert hotrows.pairs_per_update(make_objective(**BATCH, apart=True)) == (6, 4, 5)
    assert hotrows.pairs_per_update(make_objective(**WINDOW, forward=True)) == (6, 2, 2)
    assert hotrows.pairs_per_update(make_objective(**WINDOW, shrink_windows=False)) == (6, 6, 6)
    blocks = BATCH | {"pairs_per_block": 8}
    assert hotrows.pairs_per_update(make_objective(**blocks, apart=True)) == (6, 1, 10)


def test_steps():
    objective = make_objective(**WINDOW)
    one, other = hotrows.INPUT_STEP / 6, hotrows.OUTPUT_STEP / 4
    assert hotrows.steps(objective) == (one, other, other)
    assert hotrows.steps(make_objective(**WINDOW, tied=True)) == (min(one, other),) * 3


def test_copies_are_of_the_most_frequent_rows():
    objective = make_objective(**WINDOW)
    hot = hotrows.of_most_frequent(objective, (COUNTS, COUNTS[::-1]), 4, 3)
    assert hot.input_ids.tolist() == [0, 1, 2, 3]  # 3 is rounded up to 4
    assert sorted(hot.output_ids.tolist()) == [19, 20, 21, 22]
    assert hot[2:] == tuple(step / 4 for step in hotrows.steps(objective))
    few = hotrows.of_most_frequent(objective, (COUNTS, COUNTS), 4, 8, min_share=0.1)
    assert few.input_ids.tolist() == [0, 1, 2, -1, -1, -1, -1, -1]
