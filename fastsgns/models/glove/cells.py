"""ShuffledCells: the cells of a co-occurrence matrix, divided at random into blocks."""

from collections.abc import Callable

import numpy as np

from fastsgns.arrays import check_mapped
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.spill import allocate_int32, check_budget
from fastsgns.kernels.glove import CELL_INTS, count_block_sizes, fill_blocks

N_BLOCKS = 64
BLOCK_LIMITS = 256, 1 << 15  # cells per block
CHUNK_CELLS = 1 << 18  # some 20 ms of work, after which Ctrl-C stops


class ShuffledCells:
    """Cells (i, j, log x, f(x)) for `fastsgns.kernels.glove`, 16 bytes per cell, block after block.

    Parameters
    ----------
    counts : Cooccurrences
    x_max, exponent : float
        Parameters of the weight f(x) = min(1, (x / x_max)^exponent).
    seed : int
        The seed and the number of a cell determine its block.
    memory_budget : int, optional
        The bytes of cells to keep in memory. If there are more, they are in a temporary file. By
        default a quarter of the free memory.
    progress : callable, optional
        ``progress(cells_done, cells_total)``.

    Attributes
    ----------
    starts : ndarray of int64, shape (n_blocks + 1,)
        Block i has the cells ``starts[i]`` .. ``starts[i + 1] - 1``.

    Examples
    --------
    >>> counts = Cooccurrences.from_corpus([["to", "be", "or"]])
    >>> cells = ShuffledCells(counts, x_max=100, exponent=0.75, seed=1)
    >>> len(cells), cells.n_blocks, cells.block(0)[:, :2].tolist()
    (6, 1, [[0, 1], [0, 2], [1, 0], [1, 2], [2, 0], [2, 1]])
    """

    def __init__(
        self,
        counts: Cooccurrences,
        x_max: float,
        exponent: float,
        seed: int,
        memory_budget: int | None = None,
        progress: Callable[[int, int | None], object] | None = None,
    ) -> None:
        check_mapped(counts.columns, counts.weights)
        n_cells = len(counts)
        sizes = np.zeros(-(-n_cells // int(np.clip(n_cells // N_BLOCKS, *BLOCK_LIMITS))), np.int64)
        chunks = [
            (start, min(start + CHUNK_CELLS, n_cells)) for start in range(0, n_cells, CHUNK_CELLS)
        ]
        for start, stop in chunks:
            count_block_sizes(start, stop, seed, sizes)
        self.starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        self._cells = allocate_int32(CELL_INTS * n_cells, check_budget(memory_budget))
        self._cells = self._cells.reshape(n_cells, CELL_INTS)
        cursors = self.starts[:-1].copy()
        for start, stop in chunks:
            fill_blocks(
                counts.offsets, counts.columns, counts.weights, start, stop, seed, x_max,
                exponent, cursors, self._cells,
            )  # fmt: skip
            if progress:
                progress(stop, n_cells)

    @property
    def n_blocks(self) -> int:
        """The number of blocks."""
        return len(self.starts) - 1

    @property
    def largest(self) -> int:
        """The number of cells of the largest block."""
        return int(np.diff(self.starts).max(initial=0))

    def block(self, index: int) -> np.ndarray:
        """The cells of a block, int32, shape (n, 4)."""
        return self._cells[self.starts[index] : self.starts[index + 1]]

    def __len__(self) -> int:
        return len(self._cells)
