"""Pointwise mutual information of co-occurrence counts."""

from typing import Any

import numpy as np

from fastsgns import rules

FROM_0_TO_1 = rules.real("numbers from 0 to 1", lambda value: 0 <= value <= 1)
SMOOTHING = FROM_0_TO_1
SHIFT = rules.real("finite numbers above 0 (1 is none)", lambda value: value > 0)


def pmi(counts: Any, smoothing: float = 0.75, shift: float = 1.0, positive: bool = True) -> Any:
    """Pointwise mutual information of rows and columns, from co-occurrence counts.

    With #(i, c) a cell, #(i) the sum of its row and #(c) that of its column, and contexts drawn
    by P_a(c) = #(c)^a / Z, Z = sum over c of #(c)^a, as word2vec draws its negatives:

        PMI(i, c) = log P(i, c) / (P(i) P_a(c)) - log k = log #(i, c) Z / (#(i) #(c)^a) - log k

    as the total count cancels. Minus log k is where skip-gram with k negatives has its optimum.

    Parameters
    ----------
    counts : sparse array, shape (m, n)
        Not negative.
    smoothing : float
        a, from 0 to 1; 1 is plain PMI, and keeps a symmetric matrix symmetric.
    shift : float
        k, above 0; 1 shifts by nothing.
    positive : bool
        Drop what is not above 0 (PPMI). Otherwise all cells that were counted stay, and those
        that were not, whose PMI is minus infinity, are absent and read as 0.

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
    of_rows, of_columns = _logarithms(cells, smoothing)
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(cells.data, dtype=np.float64)
        values -= np.repeat(of_rows, np.diff(cells.indptr))
        values -= of_columns[cells.indices] + np.log(shift)
    kept = values > 0 if positive else values > -np.inf
    ends = np.concatenate([[0], np.cumsum(kept)])[cells.indptr].astype(cells.indptr.dtype)
    return csr_array((values[kept].astype(np.float32), cells.indices[kept], ends), cells.shape)


def _logarithms(cells: Any, smoothing: float) -> tuple[np.ndarray, np.ndarray]:
    """Log #(i), shape (m,), and log P_a(c), shape (n,); anything where the sum is 0."""
    columns = cells.sum(axis=0, dtype=np.float64)
    smoothed = np.where(columns > 0, columns**smoothing, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(cells.sum(axis=1, dtype=np.float64)), np.log(smoothed / smoothed.sum())
