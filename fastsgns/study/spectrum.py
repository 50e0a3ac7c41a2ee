"""The spectrum of a dense PMI matrix, and the errors of its approximations of rank d."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fastsgns.models.ppmi.pmi import pmi_of_cells

MAX_STEPS = 40
LEAST_PROGRESS = 1e-4  # relative


def dense_pmi(block: np.ndarray, floor: float = 0.2, shift: float = 1.0) -> np.ndarray:
    """Return PMI(i, c) - log k of every cell, float64, shape (n, n).

    Parameters
    ----------
    block : ndarray, shape (n, n)
        Counts, whose row and column sums are taken before `floor` applies.
    floor : float
        The least count of a cell, above 0. Without it, the PMI of a pair that was never seen is
        minus infinity. Most of the spectrum depends on the floor, so results must state it.
    shift : float
        k.

    Raises
    ------
    ValueError
        If the floor or the shift is not above 0, or a word has no counts.

    Examples
    --------
    >>> dense_pmi(np.array([[2.0, 2], [2, 2]])).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    if not (floor > 0 and shift > 0):
        raise ValueError(f"floor is {floor}, shift is {shift}; allowed are numbers above 0")
    rows, columns = block.sum(1), block.sum(0)
    if not (rows.min() > 0 and columns.min() > 0):
        raise ValueError("a word is never seen beside another: take fewer words")
    log_contexts = np.log(columns / block.sum()) + np.log(shift)
    return pmi_of_cells(np.maximum(block, floor), np.log(rows)[:, None], log_contexts)


@dataclass(frozen=True)
class Signs:
    """The negative eigenvalues of a symmetric matrix.

    Attributes
    ----------
    share : float
        Their share of all eigenvalues. It is about one half for symmetric noise too.
    share_of_top : float
        Their share of the eigenvalues of largest magnitude, which are not noise.
    share_of_energy : float
        Their share of the sum of squares of all eigenvalues.
    """

    share: float
    share_of_top: float
    share_of_energy: float


def signs(target: np.ndarray, top: int = 100) -> Signs:
    """Measure how much of the spectrum of a symmetric matrix is negative.

    Parameters
    ----------
    target : ndarray, shape (n, n)
    top : int
        Number of eigenvalues for `Signs.share_of_top`.

    Raises
    ------
    ValueError
        If the matrix is not symmetric.

    Examples
    --------
    >>> signs(np.array([[0.0, 1], [1, 0]]))
    Signs(share=0.5, share_of_top=0.5, share_of_energy=0.5)
    """
    values = _eigenvalues(target)
    negative = values < 0
    leading = np.argsort(-np.abs(values), kind="stable")[:top]
    energy = values @ values
    return Signs(
        float(negative.mean()),
        float(negative[leading].mean()),
        round(float(values[negative] @ values[negative] / energy), 12) if energy else 0.0,
    )


def _eigenvalues(target: np.ndarray) -> np.ndarray:
    """Return the eigenvalues of a symmetric matrix, ascending."""
    if target.ndim != 2 or not np.allclose(target, target.T):
        raise ValueError(
            f"a matrix of shape {target.shape} that is not symmetric; count both sides of a word"
        )
    values: np.ndarray = np.linalg.eigvalsh(target)
    return values


@dataclass(frozen=True)
class Diagonal:
    """The PMI of words with themselves and with other words.

    Attributes
    ----------
    mean, median, share_positive : float
        Mean, median, and share of values above 0 of PMI(w, w).
    off_mean, off_share_positive : float
        Mean, and share of values above 0 of PMI(w, c) for all c other than w.
    """

    mean: float
    median: float
    share_positive: float
    off_mean: float
    off_share_positive: float


def self_pmi(target: np.ndarray) -> Diagonal:
    """Summarize the diagonal of a PMI matrix, shape (n, n), and its other cells.

    Examples
    --------
    >>> self_pmi(np.array([[1.0, -1], [-1, 2]]))
    Diagonal(mean=1.5, median=1.5, share_positive=1.0, off_mean=-1.0, off_share_positive=0.0)
    """
    own = np.diag(target)
    others = target[~np.eye(len(target), dtype=bool)]
    return Diagonal(
        float(own.mean()),
        float(np.median(own)),
        float((own > 0).mean()),
        float(others.mean()),
        float((others > 0).mean()),
    )


def antisymmetric_share(target: np.ndarray) -> float:
    """Return ||(M - M^T) / 2||^2 / ||M||^2, the share that no symmetric matrix can represent.

    Examples
    --------
    >>> antisymmetric_share(np.array([[1.0, 1], [-1, 1]]))
    0.5
    """
    half = (target - target.T) / 2
    return float(np.sum(half * half) / np.sum(target * target))


def without_order(block: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw one-sided counts with random word order: the control of `antisymmetric_share`.

    Each pair of words keeps its number of co-occurrences, n = #(i, j) + #(j, i). Which of the two
    words comes first is random: #'(i, j) ~ Binomial(n, 1/2). The antisymmetric part is then noise.

    Parameters
    ----------
    block : ndarray of whole numbers, shape (n, n)
        Counts of one side ("right" or "left") with weighting "flat".
    rng : Generator

    Raises
    ------
    ValueError
        If a count is not a whole number.
    """
    whole = np.rint(block).astype(np.int64)
    if not np.array_equal(whole, block):
        raise ValueError('a count is not a whole number; count with weighting="flat"')
    n_pairs = np.triu(whole + whole.T, 1)
    n_first = rng.binomial(n_pairs, 0.5)
    drawn: np.ndarray = n_first + (n_pairs - n_first).T + np.diag(np.diag(whole))
    return drawn.astype(np.float64)


@dataclass(frozen=True)
class Errors:
    """Relative Frobenius errors of the best approximations of each form: `approximation_errors`.

    Attributes
    ----------
    d : int
        The rank.
    two, one, scalar_bias, word_biases, reflect : float
    """

    d: int
    two: float
    one: float
    scalar_bias: float
    word_biases: float
    reflect: float


def approximation_errors(target: np.ndarray, dimensions: Iterable[int]) -> list[Errors]:
    """Return ||M - X|| / ||M|| of the best X of each form, for symmetric M with eigenvalues l.

    - two: X = W C^T of rank d. Exact (Eckart, Young 1936): X has the eigenvalues with the d
      largest l^2.
    - one: X = W W^T. Exact: X has the d largest positive eigenvalues. All negative ones are lost.
    - reflect: X = W D W^T, where the diagonal of D has ceil(d/2) ones and floor(d/2) times -1.
      Exact: X has the largest ceil(d/2) positive and floor(d/2) negative eigenvalues.
    - scalar_bias: X = W W^T + b 1 1^T. For a given b, this is "one" for M - b. A search over b
      starts at the mean of M and finds a minimum, which need not be the global one. On PMI the
      error often falls as b goes to minus infinity: then one column of W is nearly constant,
      w_i = sqrt(-b) (1 + e_i), and w_i w_j + b = -b (e_i + e_j) + ... are word biases.
      So a scalar bias with d dimensions can do what word biases with d - 1 dimensions do.
    - word_biases: X = W W^T + b 1^T + 1 b^T. An upper bound, from alternating steps: W is computed
      exactly from M minus the biases, then b from the residual R = M - W W^T. With r_i the sum of
      row i of R, the normal equations n b_i + sum(b) = r_i give sum(b) = sum(r) / 2n and
      b_i = (r_i - sum(b)) / n. Each step lowers the error. There are two starts: the best b
      without W (which the steps do not change, as W is then orthogonal to 1), and half the scalar
      bias for each word. The lower error of the two is returned.

    Parameters
    ----------
    target : ndarray, shape (n, n)
        Symmetric. The time is proportional to n^3: about a minute for n = 2000.
    dimensions : iterable of int
        Values of d, from 1 to n.

    Returns
    -------
    list of Errors
        One per d.

    Raises
    ------
    ValueError
        If the matrix is not symmetric, if it is zero, or if a d is out of its range.

    References
    ----------
    Assylbekov, Takhanov: Context vectors are reflections of word vectors in half the dimensions,
    2019, for "reflect".

    Examples
    --------
    >>> approximation_errors(np.diag([3.0, -4.0, 0.0]), [2])[0].one
    0.8
    """
    values, squares = _eigenvalues(target), float(np.sum(target * target))
    sizes = list(dimensions)
    if bad := [d for d in sizes if not 1 <= d <= len(target)]:
        raise ValueError(f"dimensions {bad} of {len(target)} words; allowed are 1 to {len(target)}")
    if not squares:
        raise ValueError("the matrix is zero: errors relative to its norm are not defined")

    def relative(error: float) -> float:
        return round(float(np.sqrt(max(error, 0.0) / squares)), 12)

    def errors(d: int) -> Errors:
        with_scalar, bias = _with_scalar(target, d)
        starts = _fitted(target), np.full(len(target), bias / 2)
        return Errors(
            d,
            relative(squares - _largest(values * values, d)),
            relative(squares - _positive(values, d)),
            relative(with_scalar),
            relative(min(_with_biases(target, d, start) for start in starts)),
            relative(squares - _positive(values, -(-d // 2)) - _positive(-values, d // 2)),
        )

    return [errors(d) for d in sizes]


def _largest(values: np.ndarray, d: int) -> float:
    return float(np.sort(values)[::-1][:d].sum())


def _positive(values: np.ndarray, d: int) -> float:
    """Return the sum of squares of the d largest of `values` that are above 0."""
    return _largest(np.square(np.maximum(values, 0)), d)


def _with_scalar(target: np.ndarray, d: int) -> tuple[float, float]:
    """Return the squared error of the best W W^T + b that is found, and b."""
    from scipy.optimize import minimize_scalar

    def error(bias: float) -> float:
        shifted = target - bias
        return float(np.sum(shifted * shifted)) - _positive(_top(shifted, d), d)

    spread, middle = float(target.std()) or 1.0, float(target.mean())
    minimum = minimize_scalar(
        error, (middle - spread, middle), options={"xtol": 1e-4, "maxiter": MAX_STEPS}
    )
    return min((float(minimum.fun), float(minimum.x)), (error(0.0), 0.0))


def _top(matrix: np.ndarray, d: int) -> np.ndarray:
    from scipy.linalg import eigvalsh

    n = len(matrix)
    values: np.ndarray = eigvalsh(matrix, subset_by_index=[n - d, n - 1])
    return values


def _with_biases(target: np.ndarray, d: int, biases: np.ndarray) -> float:
    """Return the squared error of W W^T + b 1^T + 1 b^T after alternating steps from `biases`."""
    from scipy.linalg import eigh

    n, error = len(target), np.inf
    for _ in range(MAX_STEPS):
        rest = target - biases[:, None] - biases
        values, vectors = eigh(rest, subset_by_index=[n - d, n - 1])
        weighted = vectors * np.sqrt(np.maximum(values, 0))
        residual = target - weighted @ weighted.T
        biases = _fitted(residual)
        left = residual - biases[:, None] - biases
        before, error = error, float(np.sum(left * left))
        if before - error < LEAST_PROGRESS * error:
            break
    return error


def _fitted(residual: np.ndarray) -> np.ndarray:
    """Return the least-squares b of b 1^T + 1 b^T."""
    n, sums = len(residual), residual.sum(1)
    biases: np.ndarray = (sums - sums.sum() / (2 * n)) / n
    return biases
