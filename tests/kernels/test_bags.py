"""Sums of rows equal numpy, bit by bit in every variant and number of threads."""

from itertools import pairwise

import numpy as np
import pytest

from fastsgns import kernels
from fastsgns.kernels import sums
from fastsgns.kernels.bags import sum_bags
from fastsgns.kernels.sums import sum_rows

VARIANTS = [name for name in kernels.available() if name != "blas"]
GROUP = 512  # ids that are summed before they are added to the total
LENGTHS = [0, 1, 2, 0, 7, 513, 40, 0]
DIMENSIONS = [*range(1, 36), 64, 65, 100, 128, 129, 260, 300]


def bags(n_rows=50, lengths=LENGTHS, seed=1):
    rng = np.random.default_rng(seed)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return starts, rng.integers(0, n_rows, starts[-1], dtype=np.int32)


def normal(*shape, seed=2):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def expected(starts, ids, rows, weights, before, mean):
    totals = before.copy()
    for bag, (start, stop) in enumerate(pairwise(starts)):
        for group in range(start, stop, GROUP):
            total = np.zeros(rows.shape[1], np.float32)
            for row in ids[group : min(stop, group + GROUP)]:
                total += rows[row] if weights is None else weights[row] * rows[row]
            totals[bag] += total
        if mean and stop > start:
            totals[bag] /= np.float32(stop - start)
    return totals


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("d", DIMENSIONS)
def test_sums_are_those_of_numpy(variant, d):
    starts, ids = bags()
    rows, before = normal(50, d), normal(len(LENGTHS), d, seed=3)
    for weights in (None, np.abs(normal(50, seed=4))):
        for add, mean in ((False, False), (False, True), (True, False), (True, True)):
            out = before.copy()
            sum_bags(starts, ids, rows, weights, out, add, mean, variant)
            start = before if add else np.zeros_like(before)
            np.testing.assert_array_equal(out, expected(starts, ids, rows, weights, start, mean))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("d", [3, 20, 100])
def test_rows_may_be_part_of_a_wider_matrix(variant, d):
    starts, ids = bags()
    wide, out = normal(50, d + 12), normal(len(LENGTHS), d + 5)
    beside = out[:, d:].copy()
    sum_bags(starts, ids, wide[:, :d], None, out[:, :d], False, True, variant)
    zeros = np.zeros((len(LENGTHS), d), np.float32)
    np.testing.assert_array_equal(out[:, :d], expected(starts, ids, wide[:, :d], None, zeros, True))
    np.testing.assert_array_equal(out[:, d:], beside)
    reverse = wide[::-1, :d]
    sum_bags(starts, ids, reverse, None, out[:, :d], False, False, variant)
    np.testing.assert_array_equal(out[:, :d], expected(starts, ids, reverse, None, zeros, False))


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_range_of_bags(variant):
    starts, ids = bags()
    rows = normal(50, 20)
    whole, part = np.zeros((2, len(LENGTHS), 20), np.float32)
    sum_bags(starts, ids, rows, None, whole, False, False, variant)
    sum_bags(starts[3:7], ids, rows, None, part[3:6], False, False, variant)
    np.testing.assert_array_equal(part[3:6], whole[3:6])
    assert not part[:3].any() and not part[6:].any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_long_bag_keeps_its_precision(variant):
    ids = np.zeros(3_000_000, np.int32)
    mean = np.empty((1, 4), np.float32)
    rows = np.full((1, 4), 0.1, np.float32)
    sum_bags(np.array([0, len(ids)]), ids, rows, None, mean, False, True, variant)
    np.testing.assert_allclose(mean, 0.1, rtol=1e-4)


@pytest.mark.parametrize("n_threads", [1, 2, 5])
def test_threads_give_the_same_bytes(n_threads, monkeypatch):
    monkeypatch.setattr(sums, "THREAD_NUMBERS", 100)
    for lengths in (LENGTHS, [0] * 1000, [3000], [0] * 500 + [10] * 500):
        starts, ids = bags(lengths=lengths)
        rows, out = normal(50, 20), normal(len(lengths), 20)
        sum_rows(starts, ids, rows, out, mean=True, n_threads=n_threads)
        zeros = np.zeros_like(out)
        np.testing.assert_array_equal(out, expected(starts, ids, rows, None, zeros, True))


def test_no_bags_no_rows_no_dimensions():
    no_ids = np.empty(0, np.int32)
    sum_rows(np.zeros(1, np.int64), no_ids, normal(3, 4), np.empty((0, 4), np.float32))
    sum_rows(np.zeros(3, np.int64), no_ids, normal(3, 0), np.empty((2, 0), np.float32))
    out = normal(2, 4)
    sum_rows(np.zeros(3, np.int64), no_ids, normal(0, 4), out)
    assert not out.any()


@pytest.mark.parametrize("n_threads", [1, 3])
@pytest.mark.parametrize(
    "starts", [[-1, 2, 4], [0, 3, 2], [0, 2, 99], [0, 2], [0, 1, 2, 3], [0, 5, 4], []]
)
def test_starts_that_do_not_fit(starts, n_threads, monkeypatch):
    monkeypatch.setattr(sums, "THREAD_NUMBERS", 1)
    ids = np.zeros(4, np.int32)
    with pytest.raises((IndexError, ValueError), match=r"fit|ids"):
        sum_rows(
            np.array(starts, np.int64),
            ids,
            normal(3, 4),
            np.zeros((2, 4), np.float32),
            n_threads=n_threads,
        )


@pytest.mark.parametrize("bad", [-1, 3, 2**31 - 1])
def test_ids_without_a_row(bad):
    with pytest.raises(IndexError, match="ids that are not those of 3 rows"):
        sum_rows(
            np.array([0, 2]), np.array([0, bad], np.int32), normal(3, 4), np.zeros((1, 4), "f4")
        )


def test_arrays_that_do_not_fit():
    starts, ids = np.array([0, 1]), np.zeros(1, np.int32)
    out = np.zeros((1, 4), np.float32)
    for rows, weights in (
        (normal(3, 5), None),
        (normal(3, 4), normal(2)),
        (normal(3, 8)[:, ::2], None),
        (np.zeros((3, 18), np.uint8)[:, 1:17].view(np.float32), None),
    ):
        with pytest.raises(ValueError, match=r"fit together|contiguous|multiple"):
            sum_rows(starts, ids, rows, out, weights=weights)
    with pytest.raises(ValueError, match="can't sum rows here"):
        sum_bags(starts, ids, normal(3, 4), None, out, False, False, "abacus")
