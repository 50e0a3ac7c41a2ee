"""Count the rows that the replica of a chunk has, on the ids of a text."""

from typing import NamedTuple

import numpy as np

from fastsgns.training.replicas import pool_size


class Touched(NamedTuple):
    """What a chunk touches.

    Attributes
    ----------
    n_kept : int
        Tokens that subsampling keeps.
    inputs, outputs : ndarray of bool, shape (V,)
        Whether each row of the input and of the output matrix is touched.
    """

    n_kept: int
    inputs: np.ndarray
    outputs: np.ndarray

    @property
    def n_rows(self) -> int:
        """Touched rows of both matrices."""
        return int(np.count_nonzero(self.inputs) + np.count_nonzero(self.outputs))


def touched_by(
    ids: np.ndarray, kept: np.ndarray, noise: np.ndarray, negative: int, rng: np.random.Generator
) -> Touched:
    """Draw what a chunk of skip-gram touches, as a replica is planned.

    Both matrices have the rows of the words of the chunk. The output matrix also has those of a
    pool of negative samples, which is drawn before the chunk is trained.

    Parameters
    ----------
    ids : ndarray of int, shape (n,)
        The tokens of the chunk.
    kept : ndarray of float64, shape (V,)
        The probability that subsampling keeps a token of each word.
    noise : ndarray of float64, shape (V,)
        The noise distribution.
    negative : int
        Negative samples per positive pair.
    rng : numpy.random.Generator

    Examples
    --------
    >>> ids, every = np.array([0, 2, 2]), np.ones(4)
    >>> touched = touched_by(ids, every, np.array([0, 0, 0, 1.0]), 5, np.random.default_rng(1))
    >>> touched.inputs.tolist(), touched.outputs.tolist()
    ([True, False, True, False], [True, False, True, True])
    """
    n_kept = np.count_nonzero(rng.random(len(ids)) < kept[ids])
    inputs = np.zeros(len(kept), bool)
    inputs[ids] = True
    # The draws of a pool are even: a word has its expected number of draws, rounded up or down.
    is_drawn = rng.random(len(noise)) < pool_size(len(ids), negative) * noise
    return Touched(int(n_kept), inputs, inputs | is_drawn)


def starts_of(n_ids: int, n_tokens: int, n_samples: int) -> list[int]:
    """Return where up to `n_samples` chunks of `n_tokens` start, spread over the text.

    Examples
    --------
    >>> starts_of(100, 30, 2), starts_of(100, 50, 8)
    ([0, 60], [0, 50])
    """
    n_chunks = n_ids // n_tokens
    chosen = np.unique(np.linspace(0, n_chunks - 1, min(n_samples, n_chunks)).round().astype(int))
    return [int(chunk) * n_tokens for chunk in chosen]
