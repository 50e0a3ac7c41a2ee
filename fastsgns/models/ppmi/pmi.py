"""Pointwise mutual information (PMI) of co-occurrence counts."""

from typing import Any

import numpy as np

from fastsgns import rules

FROM_0_TO_1 = rules.real("numbers from 0 to 1", lambda value: 0 <= value <= 1)
SMOOTHING = FROM_0_TO_1
SHIFT = rules.real("finite numbers above 0 (1 is none)", lambda value: value > 0)


def pmi(counts: Any, smoothing: float = 0.75, shift: float = 1.0, positive: bool = True) -> Any:
    """Return the pointwise mutual information of rows and columns of co-occurrence counts.

    With #(i, c) a cell, #(i) the sum of row i and #(c) the sum of column c:

        PMI(i, c) = log P(i, c) / (P(i) P_a(c)) - log k = log #(i, c) / (#(i) P_a(c)) - log k

    P_a(c) = #(c)^a / (sum over c' of #(c')^a) smooths the distribution of contexts, as word2vec
    smooths its noise distribution. Skip-gram with k negative samples has its optimum at
    PMI - log k.

    Parameters
    ----------
    counts : sparse array, shape (m, n)
        Not negative.
    smoothing : float
        The exponent a, from 0 to 1. 1 is plain PMI, which is symmetric for symmetric counts.
    shift : float
        k, above 0. 1 subtracts nothing.
    positive : bool
        Drop the cells that are not above 0 (PPMI). Otherwise every counted cell is stored. Cells
        without a count, whose PMI is minus infinity, are never stored and read as 0.

    Returns
    -------
    csr_array of float32, shape (m, n)

    Raises
    ------
    ValueError
        If a count is negative or not finite, or a parameter is out of its range.

    References
    ----------
    Levy, Goldberg: Neural word embedding as implicit matrix factorization, 2014, eq. 9 and 10.
    Levy, Goldberg, Dagan: Improving distributional similarity with lessons learned from word
    embeddings, 2015, eq. 3.

    Examples
    --------
    >>> from scipy.sparse import csr_array
    >>> print(pmi(csr_array([[0.0, 2], [2, 4]]), smoothing=1).toarray().round(3))
    [[0.    0.288]
     [0.288 0.   ]]
    """
    from scipy.sparse import csr_array

    smoothing, shift = SMOOTHING("smoothing", smoothing), SHIFT("shift", shift)
    cells = csr_array(counts)
    if not cells.has_canonical_format:
        cells = cells.copy()
        cells.sum_duplicates()
    if cells.nnz and not (cells.data.min() >= 0 and np.isfinite(cells.data).all()):
        raise ValueError("a count is negative or not finite; allowed are finite numbers from 0 on")
    log_sums, log_contexts = _logarithms(cells, smoothing)
    values = pmi_of_cells(
        cells.data,
        np.repeat(log_sums, np.diff(cells.indptr)),
        log_contexts[cells.indices] + np.log(shift),
    )
    kept = values > 0 if positive else values > -np.inf
    ends = np.concatenate([[0], np.cumsum(kept)])[cells.indptr].astype(cells.indptr.dtype)
    return csr_array((values[kept].astype(np.float32), cells.indices[kept], ends), cells.shape)


def pmi_of_cells(
    counts: np.ndarray, log_row_sums: np.ndarray, log_contexts: np.ndarray
) -> np.ndarray:
    """Return ``log #(i, c) - log #(i) - log P(c)`` of cells in an array of any shape.

    Parameters
    ----------
    counts : ndarray of float
        #(i, c).
    log_row_sums, log_contexts : ndarray of float64
        log #(i) of the row and log P(c) of the column of each cell, broadcast to `counts`.

    Returns
    -------
    ndarray of float64
        Minus infinity where a count is 0, and NaN where its row has no counts either.

    Examples
    --------
    >>> pmi_of_cells(np.array([1.0, 2.0]), np.log([4.0]), np.log([0.25, 0.5])).tolist()
    [0.0, 0.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        values: np.ndarray = np.log(counts, dtype=np.float64)
        values -= log_row_sums
        values -= log_contexts
    return values


def _logarithms(cells: Any, smoothing: float) -> tuple[np.ndarray, np.ndarray]:
    """Return log #(i), shape (m,), and log P_a(c), shape (n,); of empty rows -inf, columns NaN."""
    columns = cells.sum(axis=0, dtype=np.float64)
    smoothed = np.where(columns > 0, columns**smoothing, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(cells.sum(axis=1, dtype=np.float64)), np.log(smoothed / smoothed.sum())
