"""Grid: blocks of cells that threads can train at the same time, as they have no rows in common.

A step of GloVe changes the input row and the output row of a cell, and nothing else. Words are
divided into S parts. The cells of block (p, q) have their row in part p and their column in part q.
Blocks (p, q) and (p', q') with p != p' and q != q' change different rows. A *round* is a set of
such blocks: those with p + q = r modulo S. Its result is the same whatever the order in which its
blocks are trained, also if several threads train them at once. The S rounds of an epoch follow one
another. So the result of training does not depend on the number of threads, and it is that of one
thread that trains all blocks one after another. Gemulla, Nijkamp, Haas, Sismanis (2011),
"Large-scale matrix factorization with distributed stochastic gradient descent", introduced such
rounds, and proved that the method converges.

With one matrix for both roles, block (p, q) changes rows of part p and part q in the same matrix.
The cells of (q, p) belong to the same block then. S is odd, so that each round has one block (p, p)
and (S - 1) / 2 other blocks, and each part occurs in one of them.
"""

from math import isqrt

import numpy as np

LEAST_CELLS = 512  # of a block, in the mean: less time than this takes is lost to its start
MOST_CELLS = 1 << 15  # a copy of the cells of a block should fit the cache
MOST_PARTS = 64  # unless blocks would have more than MOST_CELLS


class Grid:
    """A division of words into parts, and of cells into blocks.

    It depends on the data and on the seed, but not on the number of threads.

    Parameters
    ----------
    n_words, n_cells : int
        The size of the counts.
    is_tied : bool
        Whether one matrix has both roles.
    seed : int
        Determines the part of each word.

    Attributes
    ----------
    parts : ndarray of int32, shape (V,)
        The part of each word. Each part has one of the S most frequent words, one of the next S,
        and so on.
    table : ndarray of int32, shape (S, S)
        The number of the block of each pair of parts.
    n_blocks : int

    Examples
    --------
    >>> grid = Grid(n_words=6, n_cells=5000, is_tied=False, seed=1)
    >>> grid.table.tolist(), grid.rounds()
    ([[0, 1, 2], [3, 4, 5], [6, 7, 8]], [[0, 5, 7], [1, 3, 8], [2, 4, 6]])
    >>> Grid(n_words=6, n_cells=5000, is_tied=True, seed=1).rounds()
    [[0, 4], [1, 5], [2, 3]]
    """

    def __init__(self, n_words: int, n_cells: int, is_tied: bool, seed: int) -> None:
        n_parts = min(isqrt(n_cells // LEAST_CELLS), MOST_PARTS)
        n_parts = max(1, min(max(n_parts, isqrt(n_cells // MOST_CELLS)), n_words))
        if is_tied and n_parts % 2 == 0:
            n_parts -= 1
        rng = np.random.default_rng(seed)
        groups = [rng.permutation(n_parts) for _ in range(0, n_words, n_parts)]
        self.parts = np.concatenate(groups).astype(np.int32)[:n_words]
        pairs = np.arange(n_parts * n_parts, dtype=np.int32).reshape(n_parts, n_parts)
        if is_tied:
            pairs = np.minimum(pairs, pairs.T)
        distinct, numbers = np.unique(pairs, return_inverse=True)
        self.table: np.ndarray = numbers.reshape(pairs.shape).astype(np.int32)
        self.n_blocks = len(distinct)

    def rounds(self) -> list[list[int]]:
        """Return the blocks of each round, in ascending order."""
        n = len(self.table)
        places = np.arange(n)
        return [
            np.unique(self.table[places, (number - places) % n]).tolist() for number in range(n)
        ]
