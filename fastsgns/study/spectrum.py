"""The spectrum of a dense PMI matrix, and how well one or two matrices of rank d can match it."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from fastsgns.models.ppmi.pmi import pmi_of_cells

SWEEPS = 40
STALLED = 1e-4


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
    """How much of a symmetric matrix has negative eigenvalues.

    Attributes
    ----------
    share : float
        Of all eigenvalues.
    share_of_top : float
        Of the `top` of largest magnitude. Noise alone has half: this one tells.
    share_of_energy : float
        Of the sum of their squares.
    """

    share: float
    share_of_top: float
    share_of_energy: float


def signs(target: np.ndarray, top: int = 100) -> Signs:
    """Count the negative eigenvalues of a symmetric matrix, shape (n, n).

    Raises
    ------
    ValueError
        If it is not symmetric.

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
    """Ascending."""
    _check_symmetric(target)
    return np.linalg.eigvalsh(target)


def _check_symmetric(target: np.ndarray) -> None:
    if target.ndim != 2 or not np.allclose(target, target.T):
        raise ValueError(
            f"a matrix of shape {target.shape} that is not symmetric; count both sides of a word"
        )


@dataclass(frozen=True)
class Diagonal:
    """PMI of words with themselves, beside that of different words.

    Attributes
    ----------
    mean, median, share_positive : float
        Of PMI(w, w).
    off_mean, off_share_positive : float
        Of PMI(w, c), w not c.
    """

    mean: float
    median: float
    share_positive: float
    off_mean: float
    off_share_positive: float


def self_pmi(target: np.ndarray) -> Diagonal:
    """Describe the diagonal of a PMI matrix, shape (n, n), and the rest.

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
    """||(M - M^T) / 2||^2 / ||M||^2: what a symmetric matrix can't hold of a directed one.

    Examples
    --------
    >>> antisymmetric_share(np.array([[1.0, 1], [-1, 1]]))
    0.5
    """
    half = (target - target.T) / 2
    return float(np.sum(half * half) / np.sum(target * target))


def without_order(block: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One-sided counts as if order meant nothing: the control of `antisymmetric_share`.

    The n = #(i, j) + #(j, i) meetings of two words keep their number; a coin says for each which
    of the two came first: #'(i, j) ~ Binomial(n, 1/2). What is antisymmetric then is noise.

    Parameters
    ----------
    block : ndarray of whole numbers, shape (n, n)
        Counts of one side ("right" or "left") with weighting "flat".

    Raises
    ------
    ValueError
        If a count is no whole number.
    """
    whole = np.rint(block).astype(np.int64)
    if not np.array_equal(whole, block):
        raise ValueError('a count is no whole number; count with weighting="flat"')
    meetings = np.triu(whole + whole.T, 1)
    first = rng.binomial(meetings, 0.5)
    return (first + (meetings - first).T + np.diag(np.diag(whole))).astype(np.float64)


@dataclass(frozen=True)
class Errors:
    """Relative Frobenius errors of the best approximations of rank d that were found.

    Attributes
    ----------
    d : int
    two, one, scalar_bias, word_biases, reflect : float
        As in `approximation_errors`.
    """

    d: int
    two: float
    one: float
    scalar_bias: float
    word_biases: float
    reflect: float


def approximation_errors(target: np.ndarray, dimensions: Iterable[int]) -> list[Errors]:
    """||M - X|| / ||M|| of the best X of each form, M symmetric with eigenvalues l.

    - two: X = W C^T of rank d. Exact (Eckart, Young 1936): the d largest l^2 are matched.
    - one: X = W W^T. Exact: the d largest positive l are matched, all that is negative is lost.
    - reflect: X = W D W^T, D diagonal with ceil(d/2) ones and floor(d/2) times -1. Exact: the
      largest ceil(d/2) positive and floor(d/2) negative eigenvalues are matched.
    - scalar_bias: X = W W^T + b 1 1^T. For given b that is "one" on M - b; the error's minimum
      over b is found by a search of one dimension from the mean of M, which must not be global. On
      PMI it often falls all the way as b goes to minus infinity: then one column of W is nearly
      constant, w_i = sqrt(-b) (1 + e_i), and w_i w_j + b = -b (e_i + e_j) + ... are word biases.
      So a scalar bias and d dimensions can do what word biases and d - 1 do.
    - word_biases: X = W W^T + b 1^T + 1 b^T. By turns W from M less the biases, exactly, and b
      from the residual R = M - W W^T: with r_i the sum of its row i, its normal equations
      n b_i + sum(b) = r_i give sum(b) = sum(r) / 2n and b_i = (r_i - sum(b)) / n. The error falls
      with each turn. Of two starts, the best b without W (where turns stay, as W is then orthogonal
      to 1) and half the scalar bias for each word, the better end counts: an upper bound.

    Parameters
    ----------
    target : ndarray, shape (n, n)
        Symmetric. Time grows as n^3: about a minute for n = 2000.
    dimensions : iterable of int
        Values of d, from 1 to n.

    Returns
    -------
    list of Errors
        One for each d.

    Raises
    ------
    ValueError
        If the matrix is not symmetric, zero, or a d out of its range.

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
        raise ValueError("the matrix is zero: nothing can be said relative to its length")

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
    """Sum of squares of the d largest of `values` that are above 0."""
    return _largest(np.square(np.maximum(values, 0)), d)


def _with_scalar(target: np.ndarray, d: int) -> tuple[float, float]:
    """Squared error of the best W W^T + b found, and b."""
    from scipy.optimize import minimize_scalar

    def error(bias: float) -> float:
        shifted = target - bias
        return float(np.sum(shifted * shifted)) - _positive(_top(shifted, d), d)

    spread, middle = float(target.std()) or 1.0, float(target.mean())
    found = minimize_scalar(
        error, (middle - spread, middle), options={"xtol": 1e-4, "maxiter": SWEEPS}
    )
    return min((float(found.fun), float(found.x)), (error(0.0), 0.0))


def _top(matrix: np.ndarray, d: int) -> np.ndarray:
    from scipy.linalg import eigvalsh

    n = len(matrix)
    return eigvalsh(matrix, subset_by_index=[n - d, n - 1])


def _with_biases(target: np.ndarray, d: int, biases: np.ndarray) -> float:
    """Squared error of W W^T + b 1^T + 1 b^T where turns that begin with `biases` end."""
    from scipy.linalg import eigh

    n, error = len(target), np.inf
    for _ in range(SWEEPS):
        rest = target - biases[:, None] - biases
        values, vectors = eigh(rest, subset_by_index=[n - d, n - 1])
        weighted = vectors * np.sqrt(np.maximum(values, 0))
        residual = target - weighted @ weighted.T
        biases = _fitted(residual)
        left = residual - biases[:, None] - biases
        before, error = error, float(np.sum(left * left))
        if before - error < STALLED * error:
            break
    return error


def _fitted(residual: np.ndarray) -> np.ndarray:
    """Least-squares b of b 1^T + 1 b^T."""
    n, sums = len(residual), residual.sum(1)
    return (sums - sums.sum() / (2 * n)) / n
