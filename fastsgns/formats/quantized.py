"""int8 vectors: the largest number of each row is 127 times the scale of the row."""

from collections.abc import Iterator

import numpy as np

LARGEST = 127  # not 128, so that x and -x have opposite codes
BLOCK_ROWS = 4096


def quantize(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return int8 codes and one scale per row: row i is about ``scales[i] * codes[i]``.

    A scale per row leaves the cosines of the codes those of the vectors but for rounding, so that
    an index can search the codes alone. No number changes by more than half the scale of its row.

    Parameters
    ----------
    matrix : ndarray of float, shape (V, d)

    Returns
    -------
    codes : ndarray of int8, shape (V, d)
        From -127 to 127.
    scales : ndarray of float32, shape (V,)
        The largest absolute value of each row, divided by 127.

    Raises
    ------
    ValueError
        If a row is not finite, or too large for float32.

    Examples
    --------
    >>> codes, scales = quantize(np.array([[1.0, -0.5], [0.0, 0.0]]))
    >>> codes.tolist(), (127 * scales).tolist()
    ([[127, -64], [0, 0]], [1.0, 0.0])
    """
    codes = np.empty(matrix.shape, np.int8)
    scales = np.zeros(len(matrix), np.float32)
    for rows in _blocks(len(matrix)):
        largest = np.abs(matrix[rows]).max(axis=1, initial=0).astype(np.float64) / LARGEST
        with np.errstate(over="ignore"):
            scales[rows] = largest
        _check(scales[rows], rows.start)
        divisors = np.where(scales[rows] > 0, scales[rows], 1).astype(np.float64)
        numbers = np.rint(matrix[rows] / divisors[:, None])
        codes[rows] = np.clip(numbers, -LARGEST, LARGEST)
    return codes, scales


def _check(scales: np.ndarray, start: int) -> None:
    wrong = np.flatnonzero(~np.isfinite(scales))
    if len(wrong):
        raise ValueError(
            f"row {start + wrong[0]} of the vectors is not finite, or too large for float32; int8 "
            "holds finite numbers. Replace the row, or leave out dtype="
        )


def dequantize(codes: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return the float32 vectors of int8 codes and a scale per row.

    Examples
    --------
    >>> dequantize(np.array([[127, -64]], np.int8), np.array([0.5])).tolist()
    [[63.5, -32.0]]
    """
    vectors = np.empty(codes.shape, np.float32)
    for rows in _blocks(len(codes)):
        with np.errstate(over="ignore", invalid="ignore"):  # of scales that are not finite
            vectors[rows] = codes[rows] * scales[rows, None].astype(np.float32)
    return vectors


def _blocks(n: int) -> Iterator[slice]:
    """Yield ranges of rows, so that no second matrix of floats is in memory."""
    for start in range(0, n, BLOCK_ROWS):
        yield slice(start, min(n, start + BLOCK_ROWS))
