"""Norms of rows, products and cosines with rows, and the largest values.

Matrices may be of any float type. Those that are not float32 or float64 are converted block by
block, so that no copy of a whole matrix is made.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.cosines import (
    cosine_of,
    cosines_of_rows,
    largest_values,
    norms_of_rows,
    unit_vector,
    units_of_rows,
)
from fastsgns.runtime.machine import n_blas_threads
from fastsgns.runtime.threads import WorkerPool

FLOAT32, FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
BLOCK_BYTES = 1 << 24  # of converted rows
THREAD_BYTES = 1 << 24  # of a matrix that is worth a thread, whose start takes some 0.1 ms
N_SMALL = 1000  # values that a heap sorts as fast as numpy
N_LINES = 16  # into which `_largest` splits values: enough to leave few candidates


def row_blocks(vectors: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (start, rows): blocks of `vectors` as float32 or float64, and where each starts."""
    n_rows = max(1, BLOCK_BYTES // (8 * max(1, vectors.shape[1])))
    for start in range(0, len(vectors), n_rows):
        yield start, as_real(vectors[start : start + n_rows])


def as_real(vectors: np.ndarray) -> np.ndarray:
    """Return a float32 or float64 array itself, and any other array as float32."""
    if vectors.dtype == FLOAT32 or vectors.dtype == FLOAT64:
        return vectors
    return vectors.astype(np.float32)


def row_norms(vectors: np.ndarray) -> np.ndarray:
    """Return the Euclidean norm of each row, shape (V,); NaN for a row that is not finite."""
    norms = np.empty(len(vectors), as_real(vectors[:0]).dtype)
    variant = kernels.variant()
    _for_blocks(vectors, lambda rows, block: norms_of_rows(rows, norms[block], variant))
    return norms


def cosines(vectors: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the cosine of each row with a vector of length 1, shape (V,).

    A row of zeros has the cosine 0, and a row that is not finite has NaN. The squares of numbers
    are computed in the type of the row. A float32 row is thus zero if it is shorter than about
    1e-22, and not finite if it is longer than about 1e19. The norms of the rows are
    computed in the same pass over the matrix, which is limited by the speed of memory. They are
    therefore right without a cache, whoever has written to the matrix.
    """
    result = np.empty(len(vectors), as_real(vectors[:0]).dtype)
    query, variant = np.ascontiguousarray(direction, result.dtype), kernels.variant()
    _for_blocks(vectors, lambda rows, block: cosines_of_rows(rows, query, result[block], variant))
    return result


def _for_blocks(vectors: np.ndarray, work: Callable[[np.ndarray, slice], object]) -> None:
    """Call ``work(rows, slice)`` for all blocks of a matrix; in threads if it is large."""
    if vectors.nbytes <= BLOCK_BYTES:
        work(np.ascontiguousarray(as_real(vectors)), slice(None))
        return
    n_threads = max(1, min(vectors.nbytes // THREAD_BYTES, n_blas_threads()))
    if n_threads == 1:
        for start, rows in row_blocks(vectors):
            work(np.ascontiguousarray(rows), slice(start, start + len(rows)))
        return
    starts = np.linspace(0, len(vectors), 4 * n_threads + 1).astype(int).tolist()

    def in_thread(_: int, part: tuple[int, int]) -> None:
        for start, rows in row_blocks(vectors[slice(*part)]):
            first = part[0] + start
            work(np.ascontiguousarray(rows), slice(first, first + len(rows)))

    WorkerPool(n_threads, list(pairwise(starts)), in_thread, stop_timeout=None).run()


def products(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Return the dot products of each row with a query, shape (V,), or with Q queries, (Q, V)."""
    result: np.ndarray
    with np.errstate(invalid="ignore", over="ignore"):
        if vectors.dtype in (np.float32, np.float64):
            result = vectors @ queries if queries.ndim == 1 else queries @ vectors.T
            return result
        result = np.empty((*queries.shape[:-1], len(vectors)), queries.dtype)
        for start, rows in row_blocks(vectors):
            result[..., start : start + len(rows)] = queries @ rows.T
        return result


def divide(dividend: np.ndarray, norms: np.ndarray | float) -> np.ndarray:
    """Divide an array in place and return it; the result is 0 where a norm is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.reciprocal(np.asarray(norms))
        dividend *= np.where(np.isinf(scale), 0, scale).astype(dividend.dtype)
    return dividend


def reciprocals(norms: np.ndarray) -> np.ndarray:
    """Return 1 / norm for the result of `row_norms`, or 0 where the norm is 0."""
    scales: np.ndarray = np.reciprocal(np.where(norms == 0, np.inf, norms).astype(norms.dtype))
    return scales


def unit(vector: np.ndarray) -> np.ndarray:
    """Return a vector, or each row of a matrix, scaled to length 1.

    Zero stays zero. A vector that is not finite becomes NaN in all its components.
    """
    real = as_real(vector if type(vector) is np.ndarray else np.asarray(vector))
    if real.ndim == 1 and real.flags.c_contiguous:
        result = np.empty(len(real), real.dtype)
        unit_vector(real, result, kernels.variant())
        return result
    rows, variant = real.reshape(-1, real.shape[-1]), kernels.variant()
    units = np.empty(rows.shape, rows.dtype)
    _for_blocks(rows, lambda part, block: units_of_rows(part, units[block], variant))
    return units.reshape(real.shape)


def cosine(vector: np.ndarray, other: np.ndarray) -> np.floating:
    """Return the cosine between two vectors, exactly 1 if they are equal.

    It is 0 if either is zero, and NaN if either is not finite, or too long for its type.
    """
    first, second = as_real(vector), as_real(other)
    if first.dtype != second.dtype:
        kind = np.result_type(first, second)
        first, second = first.astype(kind), second.astype(kind)
    scalar: type[np.floating] = first.dtype.type
    return scalar(cosine_of(np.ascontiguousarray(first), np.ascontiguousarray(second)))


def largest(values: np.ndarray, n: int) -> np.ndarray:
    """Return the positions of the `n` largest values along the last axis, largest first.

    Of equal values, those at the lower positions are taken, and come first. Values of one dimension
    may be NaN or minus infinity, which are left out; there may then be fewer than `n` positions.
    Values of two dimensions must not be NaN.
    """
    if values.ndim > 1:
        return _largest_rows(values, n)
    n_heap = max(len(values) // N_LINES, N_SMALL)
    if n < n_heap and values.dtype in (FLOAT32, FLOAT64):
        n = min(n, len(values))
        best, positions = np.empty(n, values.dtype), np.empty(n, np.int64)
        n_found = largest_values(np.ascontiguousarray(values), best, positions, kernels.variant())
        return positions[:n_found]
    top = values.max(initial=-np.inf)
    if top != top:
        values = np.where(np.isnan(values), -np.inf, values)
    ids = _largest_rows(values, n)
    has_least = len(ids) > 0 and values[ids[-1]] == -np.inf
    return ids[values[ids] > -np.inf] if has_least else ids


def _largest_rows(values: np.ndarray, n: int) -> np.ndarray:
    if n >= values.shape[-1]:
        return np.argsort(-values, axis=-1, kind="stable")
    if n == 0:
        return np.empty((*values.shape[:-1], 0), np.intp)
    if values.ndim == 1:
        return _largest(values, n)
    rows = [_largest(row, n) for row in values.reshape(-1, values.shape[-1])]
    return np.array(rows, np.intp).reshape(*values.shape[:-1], n)


def _largest(values: np.ndarray, n: int) -> np.ndarray:
    """Return the positions of the `n` largest values of one row.

    The row is split into 16 lines, one below the other. The n-th largest of the maxima of the
    columns is a lower bound of the n-th largest value, which leaves few candidates to sort.
    """
    columns = values[: len(values) // N_LINES * N_LINES].reshape(N_LINES, -1).max(0)
    if n <= len(columns):
        candidates = np.flatnonzero(values >= np.partition(columns, -n)[-n])
        if n <= len(candidates) < len(values) // N_LINES:
            return candidates[np.argsort(-values[candidates], kind="stable")[:n]]
    least = np.partition(values, -n)[-n]
    best = np.flatnonzero(values > least)
    best = np.concatenate([best, np.flatnonzero(values == least)[: n - len(best)]])
    return best[np.argsort(-values[best], kind="stable")]


def can_be_written(array: np.ndarray) -> bool:
    """Return whether `array`, or any array of which it is a view, is writable."""
    base: object = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return True
        base = base.base
    return False
