"""Leading singular triples or eigenpairs of a large sparse matrix."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np

DENSE_SIZE = 300  # up to this size a dense decomposition is as fast
Progress = Callable[[int, int | None], object]


@dataclass(frozen=True)
class Factors:
    """Leading singular triples: ``left @ diag(values) @ right.T`` approximates the matrix.

    Attributes
    ----------
    left : ndarray, shape (m, d)
        Orthonormal columns. The entry of largest magnitude of each column is positive.
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
    """The eigenpairs of largest magnitude of a symmetric matrix, as one matrix and signs.

    With M q_i = l_i q_i, W = Q |L|^(1/2) and s_i = sign(l_i), the best symmetric approximation of
    rank d is Q L Q^T = W diag(s) W^T. The eigenvalues of W W^T are never negative, because
    x^T W W^T x = ||W^T x||^2 >= 0 for all x. If M is not positive semi-definite, one matrix
    therefore needs the signs: a fixed reflection of its coordinates in the second role.

    Attributes
    ----------
    values : ndarray, shape (d,)
        Eigenvalues with their signs, by descending magnitude.
    vectors : ndarray, shape (n, d)
        Orthonormal columns Q. The entry of largest magnitude of each column is positive.
    """

    values: np.ndarray
    vectors: np.ndarray

    @property
    def signs(self) -> np.ndarray:
        """+1 or -1 for each eigenvalue, shape (d,)."""
        signs: np.ndarray = np.where(self.values < 0, -1, 1)
        return signs.astype(self.values.dtype)

    @property
    def weighted(self) -> np.ndarray:
        """W = Q |L|^(1/2), shape (n, d)."""
        weighted: np.ndarray = self.vectors * np.sqrt(np.abs(self.values))
        return weighted


def truncated_svd(
    matrix: Any, rank: int, *, seed: int = 1, progress: Progress | None = None
) -> Factors:
    """Compute the `rank` leading singular triples of a sparse matrix A, by ARPACK on A^T A.

    Parameters
    ----------
    matrix : sparse array or LinearOperator, shape (m, n)
        A, float32 or float64. All computations have the same type.
    rank : int
        d, from 1 to min(m, n).
    seed : int
        Seed of the vector that the iteration starts from. The same seed gives the same factors.
    progress : callable, optional
        ``progress(products_done, None)`` is called for each product with A. If it raises, the
        computation stops.

    Returns
    -------
    Factors

    Raises
    ------
    ValueError
        If `rank` is out of its range.

    Notes
    -----
    If min(m, n) is at most 300 or 2 `rank`, A is converted to a dense array and decomposed
    completely.

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
    if smaller <= max(DENSE_SIZE, 2 * rank):
        whole = matrix.toarray() if hasattr(matrix, "toarray") else matrix @ np.eye(matrix.shape[1])
        left, values, right = np.linalg.svd(whole, full_matrices=False)
    else:
        left, values, right = _arpack(matrix, rank, seed, progress)
    order = np.argsort(-values, kind="stable")[:rank]
    left, right = left[:, order], right[order].T
    flips = _signs(left)
    return Factors(left * flips, values[order], right * flips)


def product_svd(left: np.ndarray, right: np.ndarray) -> Factors:
    """Compute the singular triples of ``left @ right.T``, whose rank is at most d.

    Parameters
    ----------
    left, right : ndarray, shapes (m, d) and (n, d)
        d is at most m and n.

    Examples
    --------
    >>> left, right = np.diag([1.0, 2.0]), np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> product_svd(left, right).values.round(6).tolist()
    [2.0, 1.0]
    """
    (left, left_triangle), (right, right_triangle) = np.linalg.qr(left), np.linalg.qr(right)
    inner_left, values, inner_right = np.linalg.svd(left_triangle @ right_triangle.T)
    left, right = left @ inner_left, right @ inner_right.T
    flips = _signs(left)
    return Factors(left * flips, values, right * flips)


def _arpack(
    matrix: Any, rank: int, seed: int, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    from scipy.sparse.linalg import LinearOperator, svds

    done = count(1)

    def times(vector: np.ndarray) -> np.ndarray:
        if progress:
            progress(next(done), None)
        product: np.ndarray = matrix @ vector
        return product

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
    """Return +1 or -1 per column, which makes its entry of largest magnitude positive."""
    rows = np.abs(vectors).argmax(0)
    largest = vectors[rows, np.arange(vectors.shape[1])]
    signs: np.ndarray = np.where(largest < 0, -1, 1)
    return signs.astype(vectors.dtype)


def signed_eigen(matrix: Any, rank: int, *, seed: int = 1) -> SignedFactors:
    """Compute the `rank` eigenpairs of largest magnitude of a symmetric matrix, by ARPACK.

    Parameters
    ----------
    matrix : sparse array or ndarray, shape (n, n)
        Symmetric up to rounding, such as the PMI, without smoothing, of counts with sides "both".
    rank : int
        d, from 1 to n - 1.
    seed : int
        Seed of the vector that the iteration starts from.

    Returns
    -------
    SignedFactors

    Raises
    ------
    ValueError
        If the matrix is not symmetric, or if `rank` is out of its range.

    Examples
    --------
    A word and its context that occur only together have eigenvalues of both signs:

    >>> factors = signed_eigen(np.array([[0.0, 2, 0], [2, 0, 0], [0, 0, 1]]), rank=2)
    >>> sorted(factors.values.round(6).tolist())
    [-2.0, 2.0]
    >>> w = factors.weighted
    >>> float((w * factors.signs @ w.T).round(6)[0, 1]), bool((w @ w.T)[0, 0] > 1)
    (2.0, True)
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
