"""Moments of rows equal those of numpy."""

import numpy as np
import pytest

from fastsgns.kernels.moments import mean_slope, principal

N_PAIRED = 8


def draw(n, width, seed=1):
    rng = np.random.default_rng(seed)
    scales = 1 / np.arange(1, width + 1)
    return (rng.normal(size=(n, width)) * scales + 2 * scales[::-1]).astype(np.float32)


def partners(n):
    """Return the rows that each row is paired with, by the number of the pairing."""
    return [(np.arange(n) + 1 + k * (n - 1) // N_PAIRED) % n for k in range(N_PAIRED)]


@pytest.mark.parametrize(("n", "width"), [(2, 1), (7, 5), (40, 16), (256, 112), (256, 3)])
def test_principal_is_the_first_eigenvector(n, width):
    rows = draw(n, width)
    left = rows.copy()
    direction, along, across = principal(left, 200)
    values, vectors = np.linalg.eigh(rows.T.astype(np.float64) @ rows / n)
    assert abs(direction @ vectors[:, -1]) == pytest.approx(1, abs=1e-5)
    assert along == pytest.approx(values[-1], rel=1e-5)
    rest = rows - np.outer(rows @ direction, direction)
    np.testing.assert_allclose(left, rest, atol=1e-5)
    products = np.mean([(rest * rest[other]).sum(axis=1) ** 2 for other in partners(n)])
    expected = products / (rest**2).sum(axis=1).mean() if width > 1 else 0
    assert across == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_the_estimate_across_is_the_weighted_mean_of_the_other_eigenvalues():
    rows = draw(20_000, 6)
    values = np.linalg.eigvalsh(rows.T.astype(np.float64) @ rows / len(rows))[:-1]
    assert principal(rows, 50)[2] == pytest.approx((values**2).sum() / values.sum(), rel=0.1)


@pytest.mark.parametrize(
    "rows", [np.zeros((4, 3)), np.zeros((0, 3)), np.zeros((3, 0)), np.full((4, 3), np.nan)]
)
def test_rows_without_a_direction_have_none(rows):
    direction, along, across = principal(rows.astype(np.float32), 8)
    assert direction.tolist() == [0] * rows.shape[1]
    assert (along, across) == (0, 0) or np.isnan(along)


def test_one_row_has_no_others():
    direction, along, across = principal(np.array([[3, 4]], np.float32), 8)
    np.testing.assert_allclose(direction, [0.6, 0.8], rtol=1e-6)
    assert along == pytest.approx(25) and across == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("n", "width"), [(1, 1), (2, 5), (100, 112)])
def test_mean_slope(n, width):
    left, right = draw(n, width), draw(n, width, seed=2)
    p = [1 / (1 + np.exp(-(left * right[other]).sum(axis=1))) for other in partners(n)]
    assert mean_slope(left, right) == pytest.approx(np.mean([q * (1 - q) for q in p]), rel=1e-4)


@pytest.mark.parametrize("place", [1, 16])
def test_products_and_sums_are_not_fused(place):
    """A fused one, which some processors and compilers have, would keep the rounded 2**-4."""
    left, right = np.zeros((2, 1, 32 if place == 16 else 2), np.float32)
    left[0, [0, place]] = -(2**20 + 2**9), 2**10 + 2**-2
    right[0, [0, place]] = 1, 2**10 + 2**-2
    assert mean_slope(left, right) == 0.25


def test_rows_that_do_not_fit_are_refused():
    for left, right in ((draw(2, 3), draw(3, 3)), (draw(2, 3), draw(2, 4)), (draw(0, 3),) * 2):
        with pytest.raises(ValueError, match="as many are needed, at least one"):
            mean_slope(left, right)
