"""The noise distribution as gensim's cumulative table, which users can read and set."""

import numpy as np

from fastsgns.sampling import noise_distribution

DOMAIN = 2**31 - 1  # the last number of the table
LARGEST_LOGARITHM = 600.0  # of a power whose sums, and inverse, float64 holds


def cumulative_table(counts: np.ndarray, exponent: float) -> np.ndarray:
    """Return the running sums of ``counts ** exponent``, scaled to `DOMAIN` and rounded.

    The sums are in the order of gensim's, so that the numbers are the same.

    Parameters
    ----------
    counts : ndarray of int, shape (V,)
    exponent : float

    Returns
    -------
    ndarray of uint32, shape (V,)

    Examples
    --------
    >>> cumulative_table(np.array([3, 1]), 1.0).tolist()
    [1610612735, 2147483647]
    """
    counts = np.asarray(counts, np.float64)
    if abs(exponent) > LARGEST_LOGARITHM / np.log(counts.max(initial=2)):
        return scaled(np.cumsum(noise_distribution(counts, exponent)))
    return scaled(np.cumsum(np.power(counts, exponent, where=counts > 0, out=counts * 0)))


def scaled(sums: np.ndarray) -> np.ndarray:
    """Return running sums as uint32, where the last is `DOMAIN`."""
    table: np.ndarray = np.rint(sums / sums[-1] * DOMAIN).astype(np.uint32)
    return table


def steps(table: np.ndarray, n_words: int) -> np.ndarray:
    """Return the probability of each word by a cumulative table.

    Raises
    ------
    ValueError
        If the table has another length, falls, or ends at 0.

    Examples
    --------
    >>> steps(np.array([1.0, 4.0]), 2).tolist()
    [0.25, 0.75]
    """
    if table.shape != (n_words,):
        raise ValueError(
            f"cum_table is of shape {table.shape}; allowed is ({n_words},), one number per word"
        )
    probabilities = np.diff(table, prepend=0.0)
    if not (np.all(probabilities >= 0) and 0 < table[-1] < np.inf):
        raise ValueError("cum_table must not fall from one word to the next, and end above 0")
    return np.asarray(probabilities / table[-1])
