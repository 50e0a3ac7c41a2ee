"""Lengths of rows, and products with rows, of matrices of any float type, without a whole copy."""

from collections.abc import Iterator

import numpy as np

BLOCK_BYTES = 1 << 24
GROUP = 16


def row_blocks(vectors: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (start, rows) of `vectors`, as float32 unless they are float64, some MB at a time."""
    n_rows = max(1, BLOCK_BYTES // (8 * max(1, vectors.shape[1])))
    for start in range(0, len(vectors), n_rows):
        yield start, as_real(vectors[start : start + n_rows])


def as_real(vectors: np.ndarray) -> np.ndarray:
    """Give a float64 or float32 array as it is, and any other as float32."""
    if vectors.dtype in (np.float32, np.float64):
        return vectors
    return vectors.astype(np.float32)


def row_norms(vectors: np.ndarray) -> np.ndarray:
    """Euclidean length of each row, shape (V,); NaN of a row that is not finite."""
    norms = np.empty(len(vectors), as_real(vectors[:0]).dtype)
    with np.errstate(all="ignore"):
        for start, rows in row_blocks(vectors):
            norms[start : start + len(rows)] = _lengths(np.einsum("ij,ij->i", rows, rows))
    return norms


def _lengths(squares: np.ndarray) -> np.ndarray:
    """Square roots; NaN where a sum of squares is infinite, so that whatever it divides is NaN."""
    return np.sqrt(squares) + 0 * squares


def products(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """Dot products of each row with each query: shape (V,) for one query, else (Q, V)."""
    with np.errstate(invalid="ignore", over="ignore"):
        if vectors.dtype in (np.float32, np.float64):
            return vectors @ queries if queries.ndim == 1 else queries @ vectors.T
        result = np.empty((*queries.shape[:-1], len(vectors)), queries.dtype)
        for start, rows in row_blocks(vectors):
            result[..., start : start + len(rows)] = queries @ rows.T
        return result


def divide(dividend: np.ndarray, norms: np.ndarray | float) -> np.ndarray:
    """Divide in place and return; where a norm is 0 the result is 0, where it is NaN it is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return _divide(dividend, np.asarray(norms))


def _divide(dividend: np.ndarray, norms: np.ndarray) -> np.ndarray:
    scale = np.reciprocal(norms)
    dividend *= np.where(np.isinf(scale), 0, scale).astype(dividend.dtype)
    return dividend


def unit(vector: np.ndarray) -> np.ndarray:
    """Give a vector, or each row of a matrix, length 1; zero stays zero.

    A vector that is not finite becomes NaN in all its components.
    """
    real = as_real(np.asarray(vector))
    with np.errstate(all="ignore"):
        return _divide(real.copy(), _lengths((real * real).sum(-1, keepdims=True)))


def largest(values: np.ndarray, n: int) -> np.ndarray:
    """Positions of the `n` largest along the last axis, largest first.

    In one dimension, NaN and minus infinity are never among them, so that there may be fewer. In
    two dimensions there must be no NaN.
    """
    if values.ndim == 1:
        top = values.max(initial=-np.inf)
        if top != top:
            values = np.where(np.isnan(values), -np.inf, values)
        ids = _largest_rows(values, n)
        has_least = len(ids) > 0 and values[ids[-1]] == -np.inf
        return ids[values[ids] > -np.inf] if has_least else ids
    return _largest_rows(values, n)


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
    """`largest` of one row, by the maxima of its columns when it is written in 16 lines.

    The n largest of these are values too, so none of the answers is below the least of them.
    """
    columns = values[: len(values) // GROUP * GROUP].reshape(GROUP, -1).max(0)
    if n <= len(columns):
        candidates = np.flatnonzero(values >= np.partition(columns, -n)[-n])
        if n <= len(candidates) < len(values) // GROUP:
            return candidates[np.argsort(-values[candidates], kind="stable")[:n]]
    best = np.argpartition(values, -n)[-n:]
    return best[np.argsort(-values[best], kind="stable")]


def can_be_written(array: np.ndarray) -> bool:
    """Whether the memory of `array` can be written through it or any array it is a view of."""
    base: object = array
    while isinstance(base, np.ndarray):
        if base.flags.writeable:
            return True
        base = base.base
    return False
