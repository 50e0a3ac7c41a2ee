"""The rows of inner nodes of the Huffman tree, kept when words or counts change."""

import logging
from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.kernels.objective import Paths
from fastsgns.matrices import Matrices, TreeWords, moved

logger = logging.getLogger(__name__)


def fit_tree(matrices: Matrices, keys: list[Any], counts: np.ndarray) -> None:
    """Make the rows of the role ``tree`` those of the Huffman tree of these words and counts.

    A row belongs to the words on either side of its node. Where a node of the new tree has the
    same two sets of words as a node of the old one, it keeps that row; with the sides swapped it
    keeps the negated row, because the labels are swapped as well. Other nodes start at zero, which
    is logged.

    Parameters
    ----------
    matrices : Matrices
        Has the role ``tree``.
    keys : list of hashable
        The words.
    counts : ndarray of int, shape (n,)
    """
    old, rows = matrices.tree_words, matrices.vectors["tree"]
    matrices.tree_words = TreeWords(keys, counts.copy())
    if old is None or len(rows) != len(old.counts) - 1 or _is_same(old, keys, counts):
        return
    origin = moved(old.keys, len(old.counts), keys)
    if _is_in_place(origin, len(old.counts)) and np.array_equal(old.counts, counts):
        return
    source, sign = _matches(
        sampling.huffman_paths(old.counts), sampling.huffman_paths(counts), origin
    )
    matrices.create("tree", len(counts) - 1, rows.shape[1])
    kept = source >= 0
    matrices.vectors["tree"][kept] = rows[source[kept]] * sign[kept, None]
    n_new = np.count_nonzero(~kept)
    if n_new:
        logger.warning(
            "the Huffman tree has changed with the words or their counts: %d of its %d inner "
            "nodes start anew; train the model again", n_new, len(counts) - 1,
        )  # fmt: skip


def _is_same(old: TreeWords, keys: list[Any], counts: np.ndarray) -> bool:
    return keys is old.keys and np.array_equal(old.counts, counts)


def _is_in_place(origin: np.ndarray, n_old: int) -> bool:
    return len(origin) == n_old and np.array_equal(origin, np.arange(n_old))


def _matches(old: Paths, new: Paths, origin: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each new node the old node with the same words on either side, or -1; and 1 or -1.

    Sets of words are compared by the exclusive or of random numbers of the words.
    """
    kept = origin >= 0
    names = np.zeros(len(old.starts) - 1, np.uint64)
    rng = np.random.default_rng(0)
    names[origin[kept]] = rng.integers(1, 2**64 - 1, np.count_nonzero(kept), np.uint64)
    new_names = np.where(kept, names[origin], 0).astype(np.uint64)
    places = {sides: node for node, sides in enumerate(_sides(old, names))}
    source, sign = np.full(len(origin) - 1, -1), np.ones(len(origin) - 1, np.float32)
    for node, (left, right) in enumerate(_sides(new, new_names)):
        if not left or not right:
            continue
        if (left, right) in places:
            source[node] = places[left, right]
        elif (right, left) in places:
            source[node], sign[node] = places[right, left], -1
    return source, sign


def _sides(paths: Paths, names: np.ndarray) -> list[tuple[int, int]]:
    """The names of the words on either side of each inner node, combined."""
    n_words = len(names)
    sides = np.zeros((n_words - 1, 2), np.uint64)
    words = np.repeat(np.arange(n_words), np.diff(paths.starts))
    branches = paths.labels[: len(paths.nodes)].astype(np.intp)
    np.bitwise_xor.at(sides, (paths.nodes, branches), names[words])
    return [(left, right) for left, right in sides.tolist()]
