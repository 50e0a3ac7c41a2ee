"""fit_tree: what happens to the vectors of the Huffman tree when words or counts change."""

import logging

import numpy as np

from fastsgns import sampling
from fastsgns.kernels.objective import Paths
from fastsgns.matrices import Matrices, TreeWords

logger = logging.getLogger(__name__)


def paths_of(matrices: Matrices, counts: np.ndarray) -> Paths:
    """Return the paths of the Huffman tree that the rows of the role ``tree`` belong to.

    Parameters
    ----------
    matrices : Matrices
    counts : ndarray of int, shape (n,)
        The count of each word.
    """
    words = matrices.tree_words
    if words is not None and words.paths is not None and _is_tree_of(words, counts):
        return words.paths
    return sampling.huffman_paths(counts)


def fit_tree(matrices: Matrices, counts: np.ndarray) -> None:
    """Make the rows of the role ``tree`` fit the Huffman tree of these counts.

    Each inner node separates two sets of words. A node of the new tree that separates the same two
    sets as a node of the old tree keeps its row. If the two sides are swapped, the row is negated,
    because the labels are swapped too. The rows of other nodes become zero, which is logged.

    Parameters
    ----------
    matrices : Matrices
        With the role ``tree``, in the order of the words.
    counts : ndarray of int, shape (n,)
        The count of each word.
    """
    old, rows = matrices.tree_words, matrices.vectors["tree"]
    if old is not None and _is_tree_of(old, counts):
        return
    matrices.tree_words = TreeWords(counts.copy(), np.arange(len(counts)))
    if old is None or len(rows) != len(old.counts) - 1 or len(old.places) != len(counts):
        return
    if old.paths is not None and _is_permuted(old, counts):
        reordered = _reordered(old.paths, old.places)
        matrices.tree_words = matrices.tree_words._replace(paths=reordered)
        return
    paths = old.paths or sampling.huffman_paths(old.counts), sampling.huffman_paths(counts)
    source, sign = matches(*paths, old.places)
    matrices.create("tree", len(counts) - 1, rows.shape[1])
    kept = source >= 0
    matrices.vectors["tree"][kept] = rows[source[kept]] * sign[kept, None]
    n_new = np.count_nonzero(~kept)
    if n_new:
        logger.warning(
            "the Huffman tree has changed with the words or their counts: %d of its %d inner "
            "nodes start anew; train the model again", n_new, len(counts) - 1,
        )  # fmt: skip


def _is_tree_of(words: TreeWords, counts: np.ndarray) -> bool:
    """Return whether a tree was computed from these counts, in this order."""
    is_same = np.array_equal(words.counts, counts)
    return is_same and np.array_equal(words.places, np.arange(len(counts)))


def _is_permuted(words: TreeWords, counts: np.ndarray) -> bool:
    """Return whether the words and counts of a tree are all there, in any order."""
    is_same = len(words.counts) == len(counts) and np.array_equal(
        np.sort(words.places), np.arange(len(counts))
    )
    return is_same and np.array_equal(words.counts[words.places], counts)


def _reordered(paths: Paths, places: np.ndarray) -> Paths:
    """Return the paths of the words at some places, in that order."""
    lengths = np.diff(paths.starts)[places]
    starts = np.concatenate([[0], np.cumsum(lengths)])
    steps = np.arange(starts[-1]) + np.repeat(paths.starts[places] - starts[:-1], lengths)
    labels = np.zeros_like(paths.labels)
    labels[: len(steps)] = paths.labels[steps]
    return Paths(paths.nodes[steps], labels, starts, paths.longest)


def matches(old: Paths, new: Paths, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for each new node, the old node with the same two sets of words or -1, and the sign.

    Each word has a random number. Sets of words are compared by the exclusive or of their numbers.
    """
    kept = origin >= 0
    numbers = np.zeros(len(old.starts) - 1, np.uint64)
    rng = np.random.default_rng(0)
    numbers[origin[kept]] = rng.integers(1, 2**64 - 1, np.count_nonzero(kept), np.uint64)
    new_numbers = np.where(kept, numbers[origin], 0).astype(np.uint64)
    places = {sides: node for node, sides in enumerate(_sides(old, numbers))}
    source, sign = np.full(len(origin) - 1, -1), np.ones(len(origin) - 1, np.float32)
    for node, (left, right) in enumerate(_sides(new, new_numbers)):
        if not left or not right:
            continue
        if (left, right) in places:
            source[node] = places[left, right]
        elif (right, left) in places:
            source[node], sign[node] = places[right, left], -1
    return source, sign


def _sides(paths: Paths, numbers: np.ndarray) -> list[tuple[int, int]]:
    """Return the exclusive or of the numbers of the words on either side of each inner node."""
    n_words = len(numbers)
    sides = np.zeros((n_words - 1, 2), np.uint64)
    words = np.repeat(np.arange(n_words), np.diff(paths.starts))
    branches = paths.labels[: len(paths.nodes)].astype(np.intp)
    np.bitwise_xor.at(sides, (paths.nodes, branches), numbers[words])
    return [(left, right) for left, right in sides.tolist()]
