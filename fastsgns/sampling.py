"""Tables over the words: noise distribution, subsampling, Huffman paths."""

import math
from collections.abc import Iterator

import numpy as np

from fastsgns.kernels.objective import SIMD_PAD, Paths

UINT32 = 2**32
LARGEST_EXPONENT = 1e300  # the logarithm of a count times it is finite


def noise_distribution(counts: np.ndarray, exponent: float = 0.75) -> np.ndarray:
    """Return the noise distribution, ``p_i = count_i**exponent / sum_j count_j**exponent``.

    Mikolov et al. (2013), section 2.2, found 0.75 best for text; Caselles-Dupré et al. (2018)
    found other exponents, also negative ones, better for items. Words with a count of 0 get 0.

    Parameters
    ----------
    counts : ndarray of int, shape (V,)
        Occurrences of each word.
    exponent : float
        Any real number; 0 is uniform, a negative one prefers rare words.

    Returns
    -------
    ndarray of float64, shape (V,)
        Sums to 1.

    Raises
    ------
    ValueError
        If no word has a count, or the exponent is not finite.

    Examples
    --------
    >>> noise_distribution(np.array([16, 1]), 0.5)
    array([0.8, 0.2])
    """
    counts = np.asarray(counts, np.float64)
    seen = counts > 0
    if not seen.any() or not np.isfinite(exponent):
        raise ValueError(
            f"a noise distribution needs a word that was seen and a finite exponent; "
            f"got {int(seen.sum())} such words and exponent {exponent}"
        )
    weights: np.ndarray = np.log(counts, where=seen, out=np.zeros_like(counts))
    weights *= min(max(exponent, -LARGEST_EXPONENT), LARGEST_EXPONENT)
    weights -= weights.max(where=seen, initial=-np.inf)
    weights[~seen] = -np.inf
    np.exp(weights, out=weights)
    weights /= weights.sum()
    return weights


def alias_table(probabilities: np.ndarray) -> np.ndarray:
    """Return Walker's alias table, 8 bytes per word, from which a word is drawn in constant time.

    To draw, a slot i is chosen uniformly. The word is i with probability ``threshold_i / 2**32``,
    and ``alias_i`` otherwise.

    With the probabilities scaled to a mean of 1, slots below 1 are small and those above 1 are
    large. The alias of a small slot is a large word that fills the slot up to 1; a large word
    whose excess is used up becomes small, and the next large word fills its slot. This is Vose's
    method with both lists in order, so that running sums replace its loop: D sums what the small
    slots lack and E what the large ones have in excess, and a small slot is filled by the large
    word in whose part of E its D falls (Hübschle-Schneider and Sanders 2022, "Parallel Weighted
    Random Sampling", section 4.2).

    Parameters
    ----------
    probabilities : ndarray of float, shape (V,)
        Non-negative; need not sum to 1.

    Returns
    -------
    ndarray of uint32, shape (V, 2)
        Thresholds and aliases.

    Examples
    --------
    >>> alias_table(np.array([0.75, 0.25]))[:, 1]
    array([0, 0], dtype=uint32)
    """
    scaled = np.array(probabilities, np.float64)
    scaled *= len(scaled) / scaled.sum()
    is_large = scaled >= 1
    is_large[np.argmax(scaled)] = True  # even if rounding has left all just below 1
    small, large = np.flatnonzero(~is_large), np.flatnonzero(is_large)
    lack_before, excess = np.zeros(len(small) + 1), scaled[large]
    np.cumsum(1 - scaled[small], out=lack_before[1:])
    excess -= 1
    np.cumsum(np.maximum(excess, 0, out=excess), out=excess)

    slots = np.empty((len(scaled), 2), np.uint32)
    thresholds, alias = slots[:, 0], slots[:, 1]
    alias[:] = np.arange(len(scaled), dtype=np.uint32)
    lender = np.searchsorted(excess, lack_before[:-1], side="right")
    alias[small] = large[np.minimum(lender, len(large) - 1, out=lender)]
    del lender
    emptied_by = np.searchsorted(lack_before[1:], excess[:-1], side="right")
    emptied = np.flatnonzero((emptied_by < len(small)) & (lack_before[emptied_by] < excess[:-1]))
    kept = scaled
    kept[large] = 1
    kept[large[emptied]] = 1 + excess[emptied] - lack_before[1 + emptied_by[emptied]]
    alias[large[emptied]] = large[emptied + 1]
    kept *= UINT32
    thresholds[:] = np.clip(np.rint(kept, out=kept), 0, UINT32 - 1, out=kept)
    return slots


def keep_probabilities(counts: np.ndarray, sample: float) -> np.ndarray:
    """Return the probability that subsampling keeps a token of each word.

    ``p_i = min(1, sqrt(t / count_i) + t / count_i)`` with ``t = sample * sum(counts)``: the
    formula of word2vec.c, which keeps more than Mikolov et al. (2013), eq. 5. A `sample` of 1 or
    more is itself the count above which tokens are dropped.

    Parameters
    ----------
    counts : ndarray of int, shape (V,)
    sample : float
        0 keeps all tokens.

    Returns
    -------
    ndarray of float64, shape (V,)

    Raises
    ------
    ValueError
        If `sample` is negative or not finite.

    Examples
    --------
    >>> keep_probabilities(np.array([9900, 100]), 0.01).round(3)
    array([0.111, 1.   ])
    """
    if not (np.isfinite(sample) and sample >= 0):
        raise ValueError(f"sample must be 0 (off) or a positive number; got {sample}")
    counts = np.maximum(np.asarray(counts, np.float64), 1)
    if sample == 0:
        return np.ones_like(counts)
    # A float of Python, unlike one of numpy, overflows without a warning: all are kept then
    threshold = sample * counts.sum() if sample < 1 else float(sample) * (3 + math.sqrt(5)) / 2
    kept: np.ndarray = np.minimum(1.0, np.sqrt(threshold / counts) + threshold / counts)
    return kept


def keep_thresholds(counts: np.ndarray, sample: float) -> np.ndarray | None:
    """Return `keep_probabilities` in units of 2**-32, minus one; None if all tokens are kept."""
    kept = keep_probabilities(counts, sample)
    if np.all(kept == 1):
        return None
    thresholds: np.ndarray = np.clip(np.rint(kept * UINT32) - 1, 0, UINT32 - 1)
    return thresholds.astype(np.uint32)


def huffman_paths(counts: np.ndarray) -> Paths:
    """Return the paths from the root to each word in the Huffman tree of the counts.

    The tree gives frequent words short paths, so that hierarchical softmax (Morin and Bengio 2005;
    Mikolov et al. 2013, section 2.1) computes sum_i p_i * length_i logistic regressions per word,
    the least that is possible with a binary tree.

    Parameters
    ----------
    counts : ndarray of int, shape (V,)

    Returns
    -------
    Paths
        Inner nodes are numbered 0 .. V - 2, the root V - 2.

    Examples
    --------
    >>> np.diff(huffman_paths(np.array([5, 2, 1])).starts)
    array([1, 2, 2])
    """
    tree = _huffman_tree(np.asarray(counts, np.int64))
    lengths = np.zeros(len(counts), np.int64)
    for words, _, _ in _climb(*tree):
        lengths[words] += 1
    starts = np.concatenate([[0], np.cumsum(lengths)])
    nodes = np.empty(starts[-1], np.int32)
    labels = np.zeros(starts[-1] + SIMD_PAD, np.float32)
    place = starts[1:].copy()
    for words, inner, branch in _climb(*tree):
        place[words] -= 1
        nodes[place[words]] = inner
        labels[place[words]] = 1 - branch
    return Paths(nodes, labels, starts, int(lengths.max(initial=0)))


def _climb(
    parent: np.ndarray, branch: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield words, their inner nodes and the branches taken, level by level from the leaves up."""
    n_words = (len(parent) + 1) // 2
    words = at = np.arange(n_words, dtype=np.int32)
    while True:
        below_root = parent[at] >= 0
        words, at = words[below_root], at[below_root]
        if not len(words):
            return
        yield words, parent[at] - n_words, branch[at]
        at = parent[at]


def _huffman_tree(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the parent (-1: root) and the branch (0 or 1) of all leaves, then of inner nodes.

    The leaves, sorted by count, and the inner nodes, which are made in order of weight, are two
    queues. The two lightest nodes are always at the front of a queue (van Leeuwen 1976).
    """
    n_words = len(counts)
    n_nodes = max(2 * n_words - 1, 1)
    leaves = np.argsort(counts, kind="stable").tolist()
    weights = counts.tolist() + [0] * (n_nodes - n_words)
    parent, branch = [-1] * n_nodes, [0] * n_nodes
    next_leaf, next_inner = 0, n_words
    for made in range(n_words, n_nodes):
        for side in (0, 1):
            if next_leaf < n_words and (
                next_inner == made or weights[leaves[next_leaf]] <= weights[next_inner]
            ):
                node = leaves[next_leaf]
                next_leaf += 1
            else:
                node = next_inner
                next_inner += 1
            weights[made] += weights[node]
            parent[node], branch[node] = made, side
    return np.array(parent, np.int32), np.array(branch, np.int8)
