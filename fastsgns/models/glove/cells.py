"""ShuffledCells: the cells of a co-occurrence matrix, divided into blocks."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from fastsgns.arrays import check_mapped
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.spill import allocate_int32, check_budget
from fastsgns.kernels.glove import CELL_INTS, draw_blocks, fill_blocks, grid_blocks
from fastsgns.models.glove.grid import Grid

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
        The seed and the number of a cell determine its block, if there is no grid.
    memory_budget : int, optional
        The bytes of cells to keep in memory. If there are more, they are in a temporary file. By
        default a quarter of the free memory.
    progress : callable, optional
        ``progress(cells_done, cells_total)``.
    grid : Grid, optional
        Determines the block of each cell. By default cells are distributed to blocks at random.

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
        grid: Grid | None = None,
    ) -> None:
        check_mapped(counts.columns, counts.weights)
        self._counts, self._seed, self._grid = counts, seed, grid
        n_cells = len(counts)
        n_blocks = -(-n_cells // int(np.clip(n_cells // N_BLOCKS, *BLOCK_LIMITS)))
        self._n_blocks = n_blocks if grid is None else grid.n_blocks
        chunks = list(pairwise([*range(0, n_cells, CHUNK_CELLS), n_cells]))
        sizes = np.zeros(self._n_blocks, np.int64)
        for start, stop in chunks:
            sizes += np.bincount(self._blocks_of(start, stop), minlength=self._n_blocks)
        self.starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        self._cells = allocate_int32(CELL_INTS * n_cells, check_budget(memory_budget))
        self._cells = self._cells.reshape(n_cells, CELL_INTS)
        cursors = self.starts[:-1].copy()
        for start, stop in chunks:
            fill_blocks(
                counts.offsets, counts.columns, counts.weights, start,
                self._blocks_of(start, stop), x_max, exponent, cursors, self._cells,
            )  # fmt: skip
            if progress:
                progress(stop, n_cells)

    def _blocks_of(self, start: int, stop: int) -> np.ndarray:
        """Return the blocks of a range of cells."""
        blocks = np.empty(stop - start, np.int32)
        if self._grid is None:
            draw_blocks(start, self._seed, self._n_blocks, blocks)
        else:
            offsets, columns = self._counts.offsets, self._counts.columns
            grid_blocks(offsets, columns, start, self._grid.parts, self._grid.table, blocks)
        return blocks

    def rounds(self, rng: np.random.Generator) -> list[list[int]]:
        """Return the blocks of an epoch in a random order, in rounds; see `Grid.rounds`.

        Without a grid, there is one round.
        """
        if self._grid is None:
            order: list[int] = rng.permutation(self.n_blocks).tolist()
            return [order]
        rounds = self._grid.rounds()
        return [rounds[i] for i in rng.permutation(len(rounds))]

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
