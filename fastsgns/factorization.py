"""Factors of a large sparse matrix: its leading singular triples or signed eigenpairs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

BLOCK = 32
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
    matrix: Any,
    rank: int,
    *,
    seed: int = 1,
    tolerance: float = 0.01,
    progress: Progress | None = None,
) -> Factors:
    """The `rank` leading singular triples of a sparse matrix A, by the randomised block Krylov method.

    From a random block Q_0 (n, b) an orthonormal basis V = [Q_0 Q_1 ...] of the span of
    (A^T A)^i Q_0 is grown; what A V holds (Rayleigh-Ritz) are the answers: with the eigenpairs
    (t, y) of T = (A V)^T (A V), values are sqrt(t), right vectors V y, left vectors A V y / sqrt(t).
    As A^T A V y - t V y has only the component Q_{k+1} R y_k outside of the span (R is the
    triangle of the last block, y_k the part of y that belongs to it), its length is known without
    a product; the basis grows until that is below `tolerance` * t for all `rank` of them.

    Parameters
    ----------
    matrix : sparse array or ndarray, shape (m, n)
        Of float32 or float64, in which all is computed.
    rank : int
        d, from 1 to min(m, n).
    seed : int
        Of the random block; the same seed gives the same factors on the same machine.
    tolerance : float
        Allowed relative residual. A singular value's relative error is of the order of its square.
    progress : callable, optional
        ``progress(blocks_done, None)`` is called after each product; raising stops.

    Returns
    -------
    Factors

    Raises
    ------
    ValueError
        If `rank` or `tolerance` is out of its range, or the matrix is not of two dimensions.

    Notes
    -----
    Memory is that of m + n rows of the basis, usually three to five times `rank` wide.

    References
    ----------
    Musco, Musco: Randomized block Krylov methods for stronger and faster approximate singular
    value decomposition, 2015, algorithm 2. Halko, Martinsson, Tropp: Finding structure with
    randomness, 2011.

    Examples
    --------
    >>> factors = truncated_svd(np.diag([1.0, 3.0, 2.0]), rank=2)
    >>> factors.values.round(6).tolist(), abs(factors.left[1, 0]).round(6)
    ([3.0, 2.0], np.float64(1.0))
    """
    _check(matrix, rank, tolerance)
    basis = _Basis(matrix, rank, np.random.default_rng(seed))
    while not basis.is_enough(rank, tolerance):
        basis.grow()
        if progress:
            progress(basis.n_blocks, None)
    return basis.factors(rank)


def _check(matrix: Any, rank: int, tolerance: float) -> None:
    if len(matrix.shape) != 2:
        raise ValueError(f"a matrix of shape {matrix.shape}; allowed are two dimensions")
    if not 1 <= rank <= min(matrix.shape):
        raise ValueError(
            f"{rank} dimensions of a matrix of shape {matrix.shape}; "
            f"allowed are 1 to {min(matrix.shape)}"
        )
    if not tolerance > 0:
        raise ValueError(f"tolerance is {tolerance}; allowed are numbers above 0")


class _Basis:
    """An orthonormal basis V of a block Krylov space of A^T A, with A V and T = (A V)^T (A V)."""

    def __init__(self, matrix: Any, rank: int, rng: np.random.Generator) -> None:
        self.matrix, self.transposed = matrix, matrix.T
        self.n_blocks = 0
        self.n_used = 0  # columns
        self._limit = matrix.shape[1]
        dtype = np.result_type(matrix.dtype, np.float32)
        width = min(max(BLOCK, rank // 4), self._limit)
        room = min(6 * rank + width, self._limit)
        self._vectors = np.empty((room, matrix.shape[1]), dtype)  # a basis vector a row
        self._images = np.empty((room, matrix.shape[0]), dtype)
        self._gram = np.zeros((0, 0))
        start = rng.standard_normal((matrix.shape[1], width)).astype(dtype)
        self._next = np.linalg.qr(start)[0]
        self._triangle = np.zeros((0, 0))
        self._values = self._coordinates = np.zeros(0)

    def grow(self) -> None:
        """Take the next block into the basis, and make the one after it."""
        block, self.n_blocks = self._next, self.n_blocks + 1
        first, self.n_used = self.n_used, self.n_used + block.shape[1]
        self._make_room()
        image = np.ascontiguousarray(self.matrix @ block)
        self._vectors[first : self.n_used] = block.T
        self._images[first : self.n_used] = image.T
        self._extend_gram(first, image)
        rest = np.asarray(self.transposed @ image)
        known = self._vectors[: self.n_used]
        for _ in range(2):  # twice is enough to be orthogonal to rounding
            rest -= known.T @ (known @ rest)
        n_left = min(block.shape[1], self._limit - self.n_used)
        orthonormal, triangle = np.linalg.qr(rest)
        self._next, self._triangle = self._cleaned(orthonormal[:, :n_left]), triangle
        self._values, self._coordinates = np.linalg.eigh(self._gram)

    def _cleaned(self, block: np.ndarray) -> np.ndarray:
        """Make columns that were hardly more than rounding orthogonal to the basis again."""
        known = self._vectors[: self.n_used]
        return np.linalg.qr(block - known.T @ (known @ block))[0]

    def _make_room(self) -> None:
        if self.n_used > len(self._vectors):
            n_more = min(2 * self.n_used, self._limit) - len(self._vectors)
            self._vectors = _lengthened(self._vectors, n_more)
            self._images = _lengthened(self._images, n_more)

    def _extend_gram(self, first: int, image: np.ndarray) -> None:
        columns = (self._images[: self.n_used] @ image).astype(np.float64)
        gram = np.zeros((self.n_used, self.n_used))
        gram[:first, :first] = self._gram
        gram[:, first:] = columns
        gram[first:, :] = columns.T
        self._gram = gram

    def is_enough(self, rank: int, tolerance: float) -> bool:
        """Whether the leading `rank` answers are as near as wanted, or the space is exhausted."""
        if self.n_used < rank:
            return False
        if self.n_used == self._limit:
            return True
        leading = self._coordinates[-self._triangle.shape[1] :, -rank:]
        residuals = np.linalg.norm(self._triangle @ leading, axis=0)
        return bool(np.all(residuals <= tolerance * np.abs(self._values[-rank:])))

    def factors(self, rank: int) -> Factors:
        """Give the leading triples."""
        chosen = self._coordinates[:, : -rank - 1 : -1].astype(self._vectors.dtype)
        right = self._vectors[: self.n_used].T @ chosen
        left, values, turn = _thin_svd(self._images[: self.n_used].T @ chosen)
        right = right @ turn.T
        flips = _signs(left)
        return Factors(left * flips, values, right * flips)


def _lengthened(rows: np.ndarray, n_more: int) -> np.ndarray:
    return np.concatenate([rows, np.empty((n_more, rows.shape[1]), rows.dtype)])


def _thin_svd(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    orthonormal, triangle = np.linalg.qr(matrix)
    left, values, right = np.linalg.svd(triangle)
    return orthonormal @ left, values, right


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
