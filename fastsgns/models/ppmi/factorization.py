"""Factors of a large sparse matrix: its leading singular triples or signed eigenpairs."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

DENSE = 300
Progress = Callable[[int, int | None], object]


@dataclass(frozen=True)
class Factors:
    """Leading singular triples: ``left @ diag(values) @ right.T`` is near the matrix.

    Attributes
    ----------
    left : ndarray, shape (m, d)
        Orthonormal columns; of each the entry of largest magnitude is positive.
    values : ndarray, shape (d,)
        Singular values, descending.
    right : ndarray, shape (n, d)
        Orthonormal columns.
    """

    left: np.ndarray
    values: np.ndarray
    right: np.ndarray


@dataclass(frozen=True)
class SignedFactors:
    """Eigenpairs of largest magnitude of a symmetric matrix, as one matrix and signs.

    With M q_i = l_i q_i, W = Q |L|^(1/2) and s_i = sign(l_i), the best symmetric approximation of
    rank d is Q L Q^T = W diag(s) W^T. No real W gives a negative eigenvalue by W W^T, for
    x^T W W^T x = ||W^T x||^2 >= 0 whatever x: one matrix needs the signs (a fixed reflection of
    its coordinates in the second role) where M is not positive semi-definite.

    Attributes
    ----------
    values : ndarray, shape (d,)
        Eigenvalues with their signs, by descending magnitude.
    vectors : ndarray, shape (n, d)
        Orthonormal columns Q; of each the entry of largest magnitude is positive.
    """

    values: np.ndarray
    vectors: np.ndarray

    @property
    def signs(self) -> np.ndarray:
        """+1 or -1 for each eigenvalue, shape (d,)."""
        return np.where(self.values < 0, -1, 1).astype(self.values.dtype)

    @property
    def weighted(self) -> np.ndarray:
        """W = Q |L|^(1/2), shape (n, d)."""
        return self.vectors * np.sqrt(np.abs(self.values))


def truncated_svd(
    matrix: Any, rank: int, *, seed: int = 1, progress: Progress | None = None
) -> Factors:
    """The `rank` leading singular triples of a sparse matrix A, by ARPACK on A^T A.

    Parameters
    ----------
    matrix : sparse array or LinearOperator, shape (m, n)
        Of float32 or float64, in which all is computed.
    rank : int
        d, from 1 to min(m, n).
    seed : int
        Of the vector that the iteration starts from; the same seed gives the same factors.
    progress : callable, optional
        ``progress(products_done, None)`` is called after each product with A; raising stops.

    Returns
    -------
    Factors

    Raises
    ------
    ValueError
        If `rank` is out of its range.

    Notes
    -----
    Where `rank` is no small part of min(m, n), A is made dense and decomposed whole.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> truncated_svd(csr_array(np.diag([1.0, 3.0, 2.0])), rank=2).values.round(6).tolist()
    [3.0, 2.0]
    """
    smaller = min(matrix.shape)
    if not 1 <= rank <= smaller:
        raise ValueError(
            f"{rank} dimensions of a matrix of shape {matrix.shape}; allowed are 1 to {smaller}"
        )
    if smaller <= max(DENSE, 2 * rank):
        whole = matrix.toarray() if hasattr(matrix, "toarray") else matrix @ np.eye(matrix.shape[1])
        left, values, right = np.linalg.svd(whole, full_matrices=False)
    else:
        left, values, right = _arpack(matrix, rank, seed, progress)
    order = np.argsort(-values, kind="stable")[:rank]
    left, right = left[:, order], right[order].T
    flips = _signs(left)
    return Factors(left * flips, values[order], right * flips)


def _arpack(
    matrix: Any, rank: int, seed: int, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from scipy.sparse.linalg import LinearOperator, svds

    done = count(1)

    def times(vector: np.ndarray) -> np.ndarray:
        if progress:
            progress(next(done), None)
        return matrix @ vector

    transposed = matrix.T
    operator = LinearOperator(
        matrix.shape,
        matvec=times,
        rmatvec=transposed.__matmul__,
        matmat=times,
        rmatmat=transposed.__matmul__,
        dtype=matrix.dtype,
    )
    start = np.random.default_rng(seed).standard_normal(min(matrix.shape)).astype(matrix.dtype)
    return svds(operator, rank, v0=start)


def _signs(vectors: np.ndarray) -> np.ndarray:
    """+1 or -1 a column, so that its entry of largest magnitude becomes positive."""
    largest = np.abs(vectors).argmax(0)
    picked = vectors[largest, np.arange(vectors.shape[1])]
    return np.where(picked < 0, -1, 1).astype(vectors.dtype)


def signed_eigen(matrix: Any, rank: int, *, seed: int = 1) -> SignedFactors:
    """The `rank` eigenpairs of largest magnitude of a symmetric matrix, by ARPACK.

    Parameters
    ----------
    matrix : sparse array or ndarray, shape (n, n)
        Symmetric to rounding: PMI of window-symmetric counts with smoothing 1 is.
    rank : int
        d, from 1 to n - 1.
    seed : int
        Of the vector that the iteration starts from.

    Returns
    -------
    SignedFactors

    Raises
    ------
    ValueError
        If the matrix is not symmetric, or `rank` is out of its range.

    Examples
    --------
    A word and its context, each seen only beside the other: half of the spectrum is negative.

    >>> factors = signed_eigen(np.array([[0.0, 2, 0], [2, 0, 0], [0, 0, 1]]), rank=2)
    >>> sorted(factors.values.round(6).tolist())
    [-2.0, 2.0]
    >>> w = factors.weighted
    >>> (w * factors.signs @ w.T).round(6)[0, 1], bool((w @ w.T)[0, 0] > 1)
    (np.float64(2.0), True)
    """
    from scipy.sparse.linalg import eigsh

    n_rows, n_columns = matrix.shape
    if n_rows != n_columns or abs(matrix - matrix.T).max() > 1e-4 * abs(matrix).max():
        raise ValueError(
            f"a matrix of shape {matrix.shape} that is not symmetric has no orthogonal "
            "eigenvectors; count both sides of a word and take smoothing=1"
        )
    if not 1 <= rank < n_rows:
        raise ValueError(f"{rank} eigenpairs of {n_rows}; allowed are 1 to {n_rows - 1}")
    real = matrix.astype(np.result_type(matrix.dtype, np.float32))
    start = np.random.default_rng(seed).standard_normal(n_rows).astype(real.dtype)
    values, vectors = eigsh(real, rank, which="LM", v0=start)
    order = np.argsort(-np.abs(values), kind="stable")
    vectors = vectors[:, order]
    return SignedFactors(values[order], vectors * _signs(vectors))
