"""The kernels of searches equal numpy, in every variant and for rows of every length."""

import numpy as np
import pytest

from fastsgns import kernels
from fastsgns.kernels.cosines import (
    add_rows,
    collect_largest,
    cosine_of,
    cosines_of_rows,
    largest_values,
    norms_of_rows,
    sort_answers,
    unit_vector,
    units_of_rows,
)
from fastsgns.runtime.machine import n_blas_threads
from fastsgns.vectors import norms

RNG = np.random.default_rng(1)
VARIANTS = [name for name in kernels.available() if name != "blas"]
DTYPES = [np.float32, np.float64]
ODD_ROWS = {0: 0.0, 3: np.nan, 4: np.inf, 7: 1e300}  # the last overflows float32


def rows_with_odd_ones(n, d, dtype, at):
    rows = RNG.normal(size=(n, d))
    for row, value in ODD_ROWS.items():
        if row < n:
            rows[row, at] = value
            rows[row, :] = rows[row] if value else 0
    with np.errstate(over="ignore"):
        return rows.astype(dtype)


def expected_norms(rows):
    with np.errstate(all="ignore"):
        lengths = np.sqrt((rows * rows).sum(1))
    return np.where(np.isfinite(lengths), lengths, np.nan)


def expected_units(rows):
    with np.errstate(all="ignore"):
        lengths = expected_norms(rows)[:, None]
        return np.where(lengths == 0, 0, rows / lengths)


def expected_cosines(rows, query):
    with np.errstate(all="ignore"):
        lengths = expected_norms(rows)
        return np.where(lengths == 0, 0, (rows @ query) / lengths)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", [*range(1, 36), 100, 300])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_norms_and_cosines_are_those_of_numpy(variant, dtype, d):
    for n, at in ((1, 0), (9, d - 1), (8, d // 2)):
        rows, query = rows_with_odd_ones(n, d, dtype, at), RNG.normal(size=d).astype(dtype)
        lengths, cosines = np.empty(n, dtype), np.empty(n, dtype)
        norms_of_rows(rows, lengths, variant)
        cosines_of_rows(rows, query, cosines, variant)
        units = np.empty((n, d), dtype)
        for row, scaled in zip(rows, units):
            unit_vector(row, scaled, variant)
        tolerance = (
            {"rtol": 1e-5, "atol": 1e-5} if dtype == np.float32 else {"rtol": 1e-12, "atol": 1e-12}
        )
        np.testing.assert_allclose(lengths, expected_norms(rows), **tolerance)
        np.testing.assert_allclose(cosines, expected_cosines(rows, query), **tolerance)
        np.testing.assert_allclose(units, expected_units(rows), **tolerance)
        scaled = np.empty((n, d), dtype)
        units_of_rows(rows, scaled, variant)
        np.testing.assert_array_equal(scaled, units)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", [*range(1, 41), 300])
def test_results_do_not_depend_on_the_place_of_a_row(variant, dtype, d):
    row, query = RNG.normal(size=(2, d)).astype(dtype)
    for n in (1, 2, 3, 4, 67, 130):
        rows = np.tile(row, (n, 1))
        lengths, cosines = np.empty(n, dtype), np.empty(n, dtype)
        norms_of_rows(rows, lengths, variant)
        cosines_of_rows(rows, query, cosines, variant)
        first = lengths[0], cosines[0]
        alone = np.empty(1, dtype), np.empty(1, dtype)
        norms_of_rows(rows[:1], alone[0], variant)
        cosines_of_rows(rows[:1], query, alone[1], variant)
        assert (alone[0][0], alone[1][0]) == first
        assert (lengths == first[0]).all() and (cosines == first[1]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("d", range(1, 41))
def test_cosines_of_a_part_are_those_of_the_whole(dtype, d):
    rows, query = RNG.normal(size=(67, d)).astype(dtype), norms.unit(RNG.normal(size=d))
    cosines, lengths = norms.cosines(rows, query), norms.row_norms(rows)
    for start in range(len(rows)):
        assert (norms.cosines(rows[start:], query) == cosines[start:]).all()
        assert norms.cosines(rows[start : start + 1], query)[0] == cosines[start]
        assert norms.row_norms(rows[start : start + 1])[0] == lengths[start]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_kinds", [3, 10**6])
@pytest.mark.parametrize("k", [1, 2, 10, 300, 400])
@pytest.mark.parametrize("is_scaled", [True, False])
def test_the_largest_are_those_of_sorting_in_the_order_of_positions(
    variant, dtype, n_kinds, k, is_scaled
):
    n, excluded = 300, np.array([-1, 7, 299, 1000])
    scores = RNG.integers(-n_kinds, n_kinds, (4, n)).astype(dtype)
    scales = RNG.choice([1, 2, 0, np.nan], n, p=[0.6, 0.3, 0.05, 0.05]).astype(dtype)
    best, positions = np.full((4, k), -np.inf, dtype), np.full((4, k), -1)
    for start, end in ((0, 1), (1, 90), (90, 300)):
        part = np.ascontiguousarray(scores[:, start:end])
        factors = scales[start:end] if is_scaled else None
        collect_largest(part, factors, start, excluded, best, positions, variant)
    for row in range(4):
        products = scores[row] * scales if is_scaled else scores[row]
        allowed = ~np.isnan(products) & (np.arange(n) != excluded[row])
        expected = np.argsort(-products, kind="stable")
        expected = expected[allowed[expected]][:k]
        assert set(positions[row].tolist()) - {-1} == set(expected.tolist())
        n_unused = k - len(expected)
        sort_answers(best[row : row + 1], positions[row : row + 1], variant)
        assert positions[row].tolist() == expected.tolist() + [-1] * n_unused
        assert best[row].tolist() == products[expected].tolist() + [-np.inf] * n_unused


@pytest.mark.parametrize("dtype", [np.float16, *DTYPES, ">f4"])
@pytest.mark.parametrize("n_threads", [1, 3])
def test_a_matrix_of_any_type_is_searched_in_blocks_and_threads(dtype, n_threads, monkeypatch):
    monkeypatch.setattr(norms, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(norms, "THREAD_BYTES", 100)
    monkeypatch.setattr(norms, "n_blas_threads", lambda: n_threads)
    whole = np.asfortranarray(RNG.normal(size=(501, 12)).astype(dtype))
    for rows in (whole, np.ascontiguousarray(whole), whole[::2], whole[:1], whole[:0]):
        real = rows.astype(np.float64)
        query = norms.unit(RNG.normal(size=12))
        np.testing.assert_allclose(norms.row_norms(rows), expected_norms(real), rtol=1e-5)
        np.testing.assert_allclose(
            norms.cosines(rows, query), expected_cosines(real, query), atol=1e-5
        )


def test_arrays_that_do_not_fit_are_refused():
    rows, query = np.ones((3, 4), np.float32), np.ones(4, np.float32)
    with pytest.raises(ValueError, match="2 norms of 3 rows"):
        norms_of_rows(rows, np.empty(2, np.float32), "plain")
    for lengths in ((3, 5), (2, 4)):
        with pytest.raises(ValueError, match="of 3 rows of 4 with a query of"):
            cosines_of_rows(
                rows, np.ones(lengths[1], np.float32), np.empty(lengths[0], np.float32), "plain"
            )
    with pytest.raises(ValueError, match="can't compute cosines"):
        cosines_of_rows(rows, query, np.empty(3, np.float32), "none")
    for wrong in (np.empty(3, np.float32), np.empty(4), np.empty((2, 2), np.float32)):
        with pytest.raises(ValueError, match="do not fit together"):
            unit_vector(query, wrong, "plain")
    with pytest.raises(ValueError, match="do not fit together"):
        sort_answers(np.ones((2, 1), np.float32), np.ones((2, 2), np.int64), "plain")
    with pytest.raises(ValueError, match="3 values at 2 positions"):
        largest_values(query, np.empty(3, np.float32), np.empty(2, np.int64), "plain")
    with pytest.raises(ValueError, match="not of the same shape"):
        units_of_rows(rows, np.ones((4, 3), np.float32), "plain")
    with pytest.raises(ValueError, match="vectors of 4 and 3 numbers"):
        cosine_of(query, np.ones(3, np.float32))
    for factors, total in ((np.ones(2), np.ones(4)), (None, np.ones(3))):
        with pytest.raises(ValueError, match="do not fit together"):
            add_rows(rows, factors, False, total, "plain")
    with pytest.raises(ValueError, match="do not fit together"):
        collect_largest(
            rows, query, 0, np.zeros(3, np.int64), np.ones((3, 1), np.float32),
            np.ones((2, 1), np.int64), "plain",
        )  # fmt: skip


def test_the_threads_are_those_that_numpy_may_use(monkeypatch):
    for name in ("OMP", "OPENBLAS", "MKL"):
        monkeypatch.delenv(f"{name}_NUM_THREADS", raising=False)
    monkeypatch.setattr("fastsgns.runtime.machine.n_cores", lambda: 8)
    assert n_blas_threads() == 8
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    monkeypatch.setenv("MKL_NUM_THREADS", "4,2")
    assert n_blas_threads() == 3


@pytest.mark.parametrize("dtype", [np.float16, *DTYPES])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_vector_has_the_cosine_1_with_itself(dtype):
    for d in (1, 7, 100):
        for vector in RNG.normal(size=(50, d)).astype(dtype):
            assert norms.cosine(vector, vector) == 1
    zero, vector, bad = np.zeros(3, dtype), np.ones(3, dtype), np.array([1, np.inf, -np.inf], dtype)
    assert norms.cosine(zero, zero) == norms.cosine(zero, vector) == 0
    assert np.isnan([norms.cosine(bad, other) for other in (zero, vector, bad)]).all()
    assert norms.unit(zero).tolist() == [0, 0, 0] and np.isnan(norms.unit(bad)).all()


@pytest.mark.parametrize("n", [0, 1, 10, 62, 63, 1000, 2000])
def test_the_largest_of_an_array_leave_out_what_is_not_a_number(n):
    values = RNG.integers(0, 300, 1000).astype(np.float32)
    values[::7], values[::11] = np.nan, -np.inf
    allowed = np.flatnonzero(values > -np.inf)
    expected = allowed[np.argsort(-values[allowed], kind="stable")][:n]
    for given in (values, values.astype(np.float64), values.astype(np.float16)):
        assert norms.largest(given, n).tolist() == expected.tolist()
    assert norms.largest(np.full(1000, np.nan, np.float32), n).tolist() == []


@pytest.mark.parametrize("n_kinds", [1, 3, 1000])
@pytest.mark.parametrize("length", [1, 15, 16, 40, 1000])
def test_of_equal_values_the_first_are_the_largest(n_kinds, length):
    values = RNG.integers(0, n_kinds, (2, length)).astype(np.float32)
    order = np.argsort(-values, axis=1, kind="stable")
    for n in range(0, length + 2, 1 + length // 40):
        assert norms.largest(values, n).tolist() == order[:, :n].tolist()
        assert norms.largest(values[0], n).tolist() == order[0, :n].tolist()


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_weighted_rows_are_added_as_numpy_adds_them(variant, dtype):
    for d in (0, 1, 7, 100):
        rows, factors = RNG.normal(size=(5, d)).astype(dtype), RNG.normal(size=5)
        if d:
            rows[3] = 0
        for normalized, terms in ((False, rows), (True, expected_units(rows))):
            for given, used in ((factors, factors), (None, np.ones(5))):
                total = np.arange(d, dtype=np.float64)
                expected = total + used @ terms.astype(np.float64)
                added = add_rows(rows, given, normalized, total, variant)
                assert added == pytest.approx(np.abs(used).sum())
                np.testing.assert_allclose(total, expected, rtol=1e-6, atol=1e-6)
    bad = np.array([[1, np.inf]], dtype)
    total = np.zeros(2)
    assert add_rows(bad, None, True, total, variant) == 1 and np.isnan(total).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_the_cosine_of_two_vectors(dtype):
    for d in (1, 5, 300):
        first, second = RNG.normal(size=(2, d)).astype(dtype)
        expected = expected_cosines(first[np.newaxis].astype(float), second.astype(float))[0]
        expected /= np.linalg.norm(second.astype(float))
        assert cosine_of(first, second) == pytest.approx(expected, abs=1e-12)
        assert cosine_of(first, first.copy()) == 1 and cosine_of(first, 0 * first) == 0
        assert cosine_of(first, second) == cosine_of(second, first)
        long = first * dtype(np.sqrt(np.finfo(dtype).max) * 100)
        assert np.isnan([cosine_of(long, second), cosine_of(long, long)]).all()
        assert norms.cosine(first, second[::-1]) == pytest.approx(
            cosine_of(first, second[::-1].copy()), rel=1e-6
        )
    mixed = norms.cosine(np.ones(3, np.float32), np.array([1, 2, 3.0]))
    assert mixed.dtype == np.float64 and mixed == pytest.approx(6 / np.sqrt(42))
