"""Spectra of PMI matrices against what can be counted by hand or by brute force."""

import numpy as np
import pytest

from fastsgns.study import spectrum


def symmetric(n: int, seed: int = 0) -> np.ndarray:
    matrix = np.random.default_rng(seed).normal(-1, 1, (n, n))
    return (matrix + matrix.T) / 2


def least(target: np.ndarray, form, start: np.ndarray) -> float:
    """Relative error of a form with free parameters, by general-purpose minimization."""
    from scipy.optimize import minimize

    found = minimize(lambda x: np.sum((target - form(x)) ** 2), start, tol=1e-6)
    return float(np.sqrt(found.fun / np.sum(target**2)))


def best(target: np.ndarray, form, n_parameters: int) -> float:
    starts = np.random.default_rng(1).normal(size=(5, n_parameters))
    return min(least(target, form, start) for start in starts)


@pytest.mark.parametrize("d", [1, 2])
def test_errors_are_those_of_a_brute_force_search(d: int):
    n, target = 4, symmetric(4)
    sign = np.array([1, -1])[:d]

    def w(x):
        return x[: n * d].reshape(n, d)

    forms = {
        "two": (lambda x: w(x) @ x[n * d :].reshape(d, n), 2 * n * d),
        "one": (lambda x: w(x) @ w(x).T, n * d),
        "scalar_bias": (lambda x: w(x) @ w(x).T + x[-1], n * d + 1),
        "word_biases": (lambda x: w(x) @ w(x).T + x[-n:, None] + x[-n:], n * d + n),
        "reflect": (lambda x: (w(x) * sign) @ w(x).T, n * d),
    }
    errors = spectrum.approximation_errors(target, [d])[0]
    for name, (form, size) in forms.items():
        assert getattr(errors, name) == pytest.approx(best(target, form, size), abs=0.01), name


def test_more_freedom_is_never_worse():
    for errors in spectrum.approximation_errors(symmetric(30, 2) - 2, [1, 4, 10]):
        assert errors.two <= errors.reflect <= 1
        assert errors.word_biases <= errors.scalar_bias + 1e-3
        assert errors.scalar_bias <= errors.one


def test_one_matrix_cannot_have_a_negative_mean():
    errors = spectrum.approximation_errors(np.full((6, 6), -2.0), [3])[0]
    assert errors.one == 1
    assert errors.scalar_bias == pytest.approx(0, abs=1e-3)
    assert errors.reflect == errors.two == pytest.approx(0, abs=1e-6)


def test_dense_pmi_is_the_definition():
    counts = np.array([[4.0, 2, 0], [2, 0, 1], [0, 1, 3]])
    n, rows = counts.sum(), counts.sum(1)
    got = spectrum.dense_pmi(counts, floor=0.5, shift=5)
    for i in range(3):
        for c in range(3):
            p = max(counts[i, c], 0.5) / n
            assert got[i, c] == pytest.approx(np.log(p / (rows[i] / n * rows[c] / n)) - np.log(5))


@pytest.mark.parametrize(("floor", "shift"), [(0, 1), (1, 0), (-1, 1)])
def test_dense_pmi_refuses(floor: float, shift: float):
    with pytest.raises(ValueError, match="above 0"):
        spectrum.dense_pmi(np.ones((2, 2)), floor, shift)


def test_a_word_without_counts_is_refused():
    with pytest.raises(ValueError, match="fewer words"):
        spectrum.dense_pmi(np.array([[1.0, 0], [0, 0]]))


def test_signs_count_negative_eigenvalues():
    basis = np.linalg.qr(symmetric(5))[0]
    target = basis @ np.diag([5.0, -4, 3, -2, 1]) @ basis.T
    found = spectrum.signs(target, top=3)
    assert (found.share, found.share_of_top) == pytest.approx((2 / 5, 1 / 3))
    assert found.share_of_energy == pytest.approx(20 / 55)


def test_directed_counts_are_refused_where_eigenvalues_are_asked():
    with pytest.raises(ValueError, match="not symmetric"):
        spectrum.signs(np.array([[0.0, 1], [2, 0]]))


def test_the_control_keeps_meetings_and_loses_order():
    rng = np.random.default_rng(3)
    block = np.triu(rng.integers(50, 200, (40, 40)), 1).astype(float)  # i always before j
    control = spectrum.without_order(block, rng)
    np.testing.assert_array_equal(control + control.T, block + block.T)
    upper = control[np.triu_indices(40, 1)]
    n = block[np.triu_indices(40, 1)]
    z = (upper - n / 2) / np.sqrt(n / 4)
    assert abs((z**2).mean() - 1) < 4 * np.sqrt(2 / len(z))  # chi-square, per degree of freedom
    assert spectrum.antisymmetric_share(block) > 0.45 > 0.05 > spectrum.antisymmetric_share(control)


def test_the_control_wants_whole_counts():
    with pytest.raises(ValueError, match="flat"):
        spectrum.without_order(np.array([[0, 0.5], [1, 0]]), np.random.default_rng(0))
