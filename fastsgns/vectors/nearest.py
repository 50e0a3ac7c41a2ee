"""The rows of a matrix that are nearest to each of many queries."""

from collections.abc import Callable

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.cosines import collect_largest, sort_answers
from fastsgns.runtime.machine import n_blas_threads
from fastsgns.vectors.norms import as_real, reciprocals

# Of the rows that are multiplied at once: they stay in the cache of a core. Several cores get more,
# because they wait for each other after each product.
ROW_BYTES, SHARED_ROW_BYTES = 1 << 20, 1 << 26
PRODUCT_BYTES = 1 << 26  # of the products of these rows with all queries
# Rows of a block are a multiple of this, and all blocks are equally long: a BLAS computes what is
# left over, and short matrices, by other functions, whose last digits differ. So do those of rows
# at odd addresses, in some variants. Equal rows would then have different cosines.
MULTIPLE = 64


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
    row_bytes = ROW_BYTES
    if n_blas_threads() > 1:
        norms = norms_of(slice(0, len(vectors)))  # in threads
        norms_of, row_bytes = norms.__getitem__, SHARED_ROW_BYTES
    n_most = min(
        row_bytes // max(1, units[:1].nbytes), PRODUCT_BYTES // max(1, units[:, :1].nbytes)
    )
    n_rows, starts = blocks(len(vectors), max(1, n_most))
    scores = np.empty((len(units), n_rows), units.dtype)
    n_finite = 0
    for start in starts:
        rows, norms = as_real(vectors[start : start + n_rows]), np.full(n_rows, np.nan, units.dtype)
        norms[: len(rows)] = norms_of(slice(start, start + len(rows)))  # NaN leaves a row out
        if len(rows) < n_rows:
            rows = np.concatenate([rows, np.zeros((n_rows - len(rows), rows.shape[1]), rows.dtype)])
        with np.errstate(invalid="ignore", over="ignore"):
            np.matmul(units, rows.T, out=scores)
        collect_largest(scores, reciprocals(norms), start, excluded, cosines, positions, variant)
        n_finite += n_rows - int(np.isnan(norms).sum())
    sort_answers(cosines, positions, variant)
    return positions, cosines, n_finite


def blocks(n: int, n_most: int) -> tuple[int, list[int]]:
    """Return the length of the blocks of `n` rows, and where each starts.

    A block has at most `n_most` rows, rounded up to `MULTIPLE`. The last one may lack rows, and has
    to be copied into a longer matrix. There are at least two, so that little is copied.
    """
    n_blocks = max(2, -(-n // n_most))
    n_rows = -(-n // (n_blocks * MULTIPLE)) * MULTIPLE
    return n_rows, list(range(0, n, max(1, n_rows)))
