"""Lock factors of input and output rows: in every mode, with two matrices and with one."""

import copy
import dataclasses

import numpy as np
import pytest
import reference
from objectives import BATCH, N_WORDS, WINDOW, make_corpus, make_objective, rows_of, run_kernel

from fastsgns import kernels
from fastsgns.kernels.objective import HotRows
from fastsgns.training import hotrows

pytestmark = pytest.mark.usefixtures("restore_variant")

RATE = 0.05
FROZEN = np.arange(N_WORDS) % 3 == 0
FACTORS = np.where(FROZEN, 0, np.linspace(0.1, 1, N_WORDS)).astype(np.float32)
FACTORS[1::3] = 1
MODES = {"pair": {}, "window": WINDOW, "batch": BATCH}
LISTS = {
    "pair": {},
    "window": WINDOW | {"pairs_per_block": 1},
    "block": BATCH | {"pairs_per_block": 5},
    "one-shared": WINDOW | {"n_shared_negatives": 1, "pairs_per_block": 8},
}
MATRICES = {
    "two": {},
    "tied": {"tied": True},
    "tied-scalar": {"tied": True, "bias": "scalar"},
    "tied-word": {"tied": True, "bias": "word"},
    "tied-both": {"tied": True, "bias": "both"},
    "tied-reflect": {"tied": True, "reflect": True},
}
each_mode = pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
each_list = pytest.mark.parametrize("mode", LISTS.values(), ids=LISTS)
each_matrices = pytest.mark.parametrize("matrices", MATRICES.values(), ids=MATRICES)
each_loss = pytest.mark.parametrize("compute_loss", [True, False])


def locked(factors=FACTORS, **options):
    factors = np.array(factors, np.float32)
    return make_objective(lock_factors=factors, output_lock_factors=factors, **options)


def draw_pairs(n=90):
    sources, targets = np.random.default_rng(4).integers(0, N_WORDS, (2, n)).astype(np.int32)
    targets[::9] = sources[::9]
    return sources, targets


def train(objective, listed, rate=RATE):
    if listed:
        pairs = draw_pairs()
        return kernels.train_pairs_chunk(objective, *pairs, 0, len(pairs[0]), rate, rate, 77)
    ids, offsets = make_corpus()
    return run_kernel(objective, ids, offsets, rate=rate)


def assert_textbook(objective, listed):
    textbook = copy.deepcopy(objective)
    got = train(objective, listed)
    if listed:
        want = reference.train_pairs(textbook, *draw_pairs(), 0, 90, RATE, 77)
    else:
        ids, offsets = make_corpus()
        want = reference.train(textbook, ids, offsets, 0, len(ids), RATE, 77)
    assert got == pytest.approx(want, rel=1e-12)
    for ours, theirs in zip(rows_of(objective), rows_of(textbook)):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


@each_loss
@each_matrices
@each_mode
def test_walks_are_the_textbook(mode, matrices, compute_loss):
    assert_textbook(locked(**mode, **matrices, compute_loss=compute_loss), False)


@each_loss
@each_matrices
@each_list
def test_lists_are_the_textbook(mode, matrices, compute_loss):
    options = {"size": 0.3, "compute_loss": compute_loss, **mode, **matrices}
    assert_textbook(locked(**options), True)


@pytest.mark.parametrize("role", ["lock_factors", "output_lock_factors"])
@each_list
def test_one_role_alone_can_be_locked(mode, role):
    assert_textbook(make_objective(size=0.3, **mode, **{role: FACTORS}), True)


@pytest.mark.parametrize("variant", kernels.available())
@pytest.mark.parametrize("listed", [False, True])
@each_matrices
@pytest.mark.parametrize("sharing", ["pair", "window", "batch"])
def test_frozen_rows_keep_their_bytes_and_others_move(sharing, matrices, listed, variant):
    mode = (LISTS | {"batch": LISTS["block"]} if listed else MODES)[sharing]
    objective = locked(dtype=np.float32, size=0.2, compute_loss=False, **mode, **matrices)
    before = [rows.copy() for rows in rows_of(objective)]
    kernels.force(variant)
    train(objective, listed)
    for rows, old in zip(rows_of(objective), before):
        if len(rows) == N_WORDS:
            assert rows[FROZEN].tobytes() == old[FROZEN].tobytes()
            assert (rows[~FROZEN] != old[~FROZEN]).any(axis=1).all()


@pytest.mark.parametrize("listed", [False, True])
@each_matrices
def test_a_small_factor_scales_a_small_step(matrices, listed):
    """At a tiny rate rows hardly change during a pass, so that a factor scales their updates."""
    mode = LISTS["block"] if listed else WINDOW
    free, damped = (locked(np.full(N_WORDS, f), **mode, **matrices) for f in (1, 0.25))
    start = [rows.copy() for rows in rows_of(free)]
    for objective in (free, damped):
        train(objective, listed, rate=1e-7)
    for old, one, other in zip(start, rows_of(free), rows_of(damped)):
        if len(old) == N_WORDS:
            moved = one - old
            assert np.abs(other - old - 0.25 * moved).max() < 1e-5 * np.abs(moved).max()


@each_matrices
@each_mode
def test_private_copies_of_hot_rows_keep_the_factors(mode, matrices):
    ids, offsets = make_corpus()
    plain = locked(**mode, **matrices)
    slots = hotrows.slots_of(np.array([0, *range(9, 16)], np.int32), 8)
    hot = HotRows(slots, slots, *[3.5 * RATE] * 3)
    copied = dataclasses.replace(copy.deepcopy(plain), hot=hot)
    assert run_kernel(copied, ids, offsets) == pytest.approx(run_kernel(plain, ids, offsets))
    for ours, theirs in zip(rows_of(copied), rows_of(plain)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    "options", [{"cbow": True}, {"tree": True}, {"apart": True}, {"output": False, "tree": True}]
)
def test_output_factors_need_plain_skip_gram(options):
    with pytest.raises(ValueError, match="skip-gram with negative sampling alone"):
        run_kernel(locked(**options), *make_corpus())


def test_one_matrix_has_one_array_of_factors():
    ids, offsets = make_corpus()
    for factors in ({"lock_factors": FACTORS}, {"output_lock_factors": FACTORS}):
        with pytest.raises(ValueError, match="the same array as lock_factors"):
            run_kernel(make_objective(tied=True, **factors), ids, offsets)


def test_factors_of_another_length_are_refused():
    with pytest.raises(
        ValueError, match=r"shape \(23,\), C-contiguous, is needed; got float32 and \(22,\)"
    ):
        run_kernel(make_objective(output_lock_factors=FACTORS[:-1]), *make_corpus())
