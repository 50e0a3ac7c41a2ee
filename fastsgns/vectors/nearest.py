"""The rows of a matrix that are nearest to each of many queries."""

from collections.abc import Callable

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.cosines import collect_largest
from fastsgns.runtime.machine import n_blas_threads
from fastsgns.vectors.norms import as_real, reciprocals

ROW_BYTES = 1 << 20  # of the rows that are multiplied at once: they stay in the cache of a core
# The same for several cores, which wait for each other after each product, and the products.
SHARED_ROW_BYTES, PRODUCT_BYTES = 1 << 26, 1 << 26


def nearest_rows(
    vectors: np.ndarray,
    norms_of: Callable[[slice], np.ndarray],
    units: np.ndarray,
    n: int,
    excluded: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return the rows with the largest cosines, for each query.

    A block of rows is multiplied with the queries, and the largest cosines are collected, while
    rows and products are in the cache.

    Parameters
    ----------
    vectors : ndarray of float, shape (V, d)
    norms_of : callable
        Returns the norms of a slice of rows.
    units : ndarray, shape (Q, d)
        Queries of length 1, of the type that `vectors` are computed in.
    n : int
        Number of answers.
    excluded : ndarray of int64, shape (Q,)
        The row that is not an answer to a query, or -1.

    Returns
    -------
    positions : ndarray of int64, shape (Q, n)
        The rows, nearest first; of equal cosines, the first row comes first. -1 where fewer than
        `n` rows are finite.
    cosines : ndarray of float32 or float64, shape (Q, n)
    n_finite : int
        Number of rows that are finite.
    """
    variant = kernels.variant()
    cosines = np.full((len(units), n), -np.inf, units.dtype)
    positions = np.full(cosines.shape, -1, np.int64)
    excluded = np.ascontiguousarray(excluded, np.int64)
    n_rows = ROW_BYTES // max(1, units[:1].nbytes)
    if n_blas_threads() > 1:
        norms = norms_of(slice(0, len(vectors)))  # in threads
        norms_of = norms.__getitem__
        n_rows = SHARED_ROW_BYTES // max(1, units[:1].nbytes)
        n_rows = min(n_rows, PRODUCT_BYTES // max(1, units[:, :1].nbytes))
    n_rows = max(1, n_rows)
    products = np.empty(len(units) * n_rows, units.dtype)
    n_finite = 0
    for start in range(0, len(vectors), n_rows):
        rows = as_real(vectors[start : start + n_rows])
        norms = norms_of(slice(start, start + len(rows)))
        scores = products[: len(units) * len(rows)].reshape(len(units), len(rows))
        with np.errstate(invalid="ignore", over="ignore"):
            np.matmul(units, rows.T, out=scores)
        collect_largest(scores, reciprocals(norms), start, excluded, cosines, positions, variant)
        n_finite += len(norms) - int(np.isnan(norms).sum())
    order = np.lexsort((positions, -cosines))
    return np.take_along_axis(positions, order, 1), np.take_along_axis(cosines, order, 1), n_finite
