"""How long a worker may keep what it has learned of a word that is made of several rows.

`fastsgns/kernels/subwords.pxd` describes the private rows of words, and why they are merged.
"""

import numpy as np

from fastsgns.kernels.objective import Objective, Subwords
from fastsgns.runtime.machine import release_memory
from fastsgns.training.hotrows import steps

BLOCK = 1 << 10  # words at a time, so that no array of their rows is made


def bounded(objective: Objective, counts: np.ndarray, n_workers: int) -> Subwords | None:
    """Return the subwords of an objective with bounds on the updates of private rows.

    An update of a row is stale for all private rows that hold the row as well. These are, for a
    row that is part of a share q of the tokens, about q * (private rows of a worker) * (number of
    workers). The bound is that of copies of frequent rows (docs/cores.md), divided by the mean of
    this number over the rows of a word.

    Parameters
    ----------
    objective : Objective
    counts : ndarray of int, shape (V,)
        How often each word occurs in the data.
    n_workers : int
        Threads that train at the same time.
    """
    subwords = objective.subwords
    if subwords is None:
        return None
    release_memory()  # that of making the objective
    shares = token_shares(objective, counts)
    loads = mean_row_share(subwords, shares, len(objective.input))
    loads *= n_workers
    release_memory()  # that of computing them, before the training
    return subwords._replace(loads=loads, step=steps(objective)[0])


def token_shares(objective: Objective, counts: np.ndarray) -> np.ndarray:
    """Return the share of each word in the tokens that subsampling keeps, shape (V,)."""
    kept = np.asarray(counts, np.float64)
    if objective.keep_thresholds is not None:
        kept = kept * ((objective.keep_thresholds + 1.0) / 2.0**32)
    shares: np.ndarray = kept / max(kept.sum(), 1e-300)
    return shares


def mean_row_share(subwords: Subwords, shares: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the mean, over the rows of each word, of the share of tokens that have the row.

    It is float32 of shape (V,).

    Examples
    --------
    Two words have row 2 in common:

    >>> subwords = Subwords(np.array([0, 2, 4]), np.array([0, 2, 1, 2], np.int32), most=2)
    >>> mean_row_share(subwords, np.array([0.25, 0.75]), n_rows=3)
    array([0.625, 0.875], dtype=float32)
    """
    starts, rows = subwords.starts, subwords.rows
    blocks = [slice(first, first + BLOCK) for first in range(0, len(shares), BLOCK)]
    row_shares, means = np.zeros(n_rows, np.float32), np.zeros(len(shares), np.float32)
    for words in blocks:
        bounds = starts[words.start : words.stop + 1]
        parts = np.repeat(shares[words].astype(np.float32), np.diff(bounds))
        np.add.at(row_shares, rows[bounds[0] : bounds[-1]], parts)
    for words in blocks:
        bounds = starts[words.start : words.stop + 1]
        sums = np.cumsum(row_shares[rows[bounds[0] : bounds[-1]]], dtype=np.float64)
        sums = np.concatenate([[0.0], sums])[bounds - bounds[0]]
        means[words] = np.diff(sums) / np.maximum(np.diff(bounds), 1)
    return means
