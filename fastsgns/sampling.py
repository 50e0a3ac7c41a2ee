"""Tables over the vocabulary: noise distribution, subsampling, Huffman paths."""

from collections.abc import Iterator

import numpy as np

from fastsgns.kernels.objective import SIMD_PAD, Paths

UINT32 = 2**32


def noise_distribution(counts: np.ndarray, exponent: float = 0.75) -> np.ndarray:
    """Probabilities of the negatives, ``p_i = count_i**exponent / sum_j count_j**exponent``.

    Mikolov et al. (2013), section 2.2, found 0.75 best for text; Caselles-Dupré et al. (2018)
    found other exponents, negative ones too, better for items. A word never seen gets 0.

    Parameters
    ----------
    counts : ndarray of int, shape (V,)
        Occurrences of each word.
    exponent : float
        Any real; 0 is uniform, negative prefers rare words.

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
    weights = np.log(counts, where=seen, out=np.zeros_like(counts))
    weights *= exponent
    weights -= weights.max(where=seen, initial=-np.inf)
    np.exp(weights, out=weights)
    weights[~seen] = 0.0
    weights /= weights.sum()
    return weights


def alias_table(probabilities: np.ndarray) -> np.ndarray:
    """Walker's alias table in 8 bytes a word: draws in O(1), whatever the vocabulary.

    Slot i keeps i with probability ``threshold_i / 2**32`` and else gives ``alias_i``. Scaled to
    mean 1, slots below 1 ("small") lend what they lack to slots above 1 ("large"). Both are swept
    once, in order: with D the running sum of what the smalls lack and E of what the larges have
    too much, a small is lent to by the large in whose share of E its D falls, and a large that has
    lent too much becomes a small of the next large (Hübschle-Schneider and Sanders 2022, "Parallel
    Weighted Random Sampling", section 4.2). The running sums make it a vectorised search.

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
    """Probability that subsampling keeps an occurrence of each word.

    ``p_i = min(1, sqrt(t / count_i) + t / count_i)`` with ``t = sample * sum(counts)``: the
    formula of the word2vec program, a softer form of Mikolov et al. (2013), eq. 5. A `sample` of 1
    or more is itself the count from which words begin to be thinned.

    Parameters
    ----------
    counts : ndarray of int, shape (V,)
    sample : float
        0 keeps everything.

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
    threshold = sample * counts.sum() if sample < 1 else sample * (3 + np.sqrt(5)) / 2
    return np.minimum(1.0, np.sqrt(threshold / counts) + threshold / counts)


def keep_thresholds(counts: np.ndarray, sample: float) -> np.ndarray | None:
    """`keep_probabilities` in units of 2**-32, less one, for the kernels; None keeps everything."""
    kept = keep_probabilities(counts, sample)
    if np.all(kept == 1):
        return None
    return np.clip(np.rint(kept * UINT32) - 1, 0, UINT32 - 1).astype(np.uint32)


def huffman_paths(counts: np.ndarray) -> Paths:
    """Paths from the root to each word in the Huffman tree of the counts.

    The tree gives frequent words short paths, so that hierarchical softmax (Morin and Bengio 2005;
    Mikolov et al. 2013, section 2.1) costs sum_i p_i * length_i logistic regressions a word, which
    is the least a binary tree can do.

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
    """Yield, a level at a time from the leaves up: words, their inner nodes, the branches taken."""
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
    """Parent (-1 for the root) and branch (0 or 1) of leaves, then of inner nodes.

    Leaves sorted by count and inner nodes, which are made in order of their weight, are two
    queues; the two lightest nodes are always at a front (van Leeuwen 1976).
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
