"""Epoch: one pass of GloVe over all cells, in several threads."""

import threading
from collections.abc import Callable, Sequence

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.glove import CELL_INTS, shuffle_block, train_cells
from fastsgns.models.glove.cells import ShuffledCells
from fastsgns.runtime.threads import WorkerPool
from fastsgns.training.divergence import DivergenceCheck, TrainingPosition


class Epoch:
    """One pass over all blocks in random order, with the cells of each block shuffled.

    Threads update shared rows without locks (`rows.h` explains why). With one worker the result
    depends only on the arguments.

    Parameters
    ----------
    cells : ShuffledCells
    rows, squares : list of one or two ndarray of float32, shape (V, width)
        Rows of vector and bias, and their sums of squares, for input and output. One array each
        has both roles.
    dimensions : int
    check : DivergenceCheck
        Applied to the rows during and after the epoch.
    start : TrainingPosition
        The start of the epoch, with its learning rate.
    """

    def __init__(
        self,
        cells: ShuffledCells,
        rows: Sequence[np.ndarray],
        squares: Sequence[np.ndarray],
        dimensions: int,
        check: DivergenceCheck,
        start: TrainingPosition,
    ) -> None:
        self._cells = cells
        self._arrays = (rows[0], rows[-1]), (squares[0], squares[-1])
        self._dimensions, self._check, self._start = dimensions, check, start
        self._losses = np.zeros(cells.n_blocks)
        self._copies: dict[int, np.ndarray] = {}
        self._lock = threading.Lock()
        self._n_done = 0

    def run(self, rng: np.random.Generator, workers: int, show: Callable[[int], object]) -> float:
        """Train. No thread is left when this returns or raises.

        Parameters
        ----------
        rng : numpy.random.Generator
            Random numbers for the order of blocks and cells.
        workers : int
        show : callable
            ``show(cells_done)`` is called repeatedly from this thread.

        Returns
        -------
        float
            Mean of f(x) error^2 over the cells, each before its update.

        Raises
        ------
        FloatingPointError
            If the rows are no longer finite. The message has the position.
        """
        order = rng.permutation(self._cells.n_blocks)
        streams = rng.integers(0, 2**64 - 1, self._cells.n_blocks, np.uint64, endpoint=True)
        jobs = list(zip(order.tolist(), streams.tolist()))
        WorkerPool(workers, jobs, self._train, stop_timeout=None).run(lambda: show(self._n_done))
        self._check.check_all_rows(self._start._replace(position=self._n_done))
        show(self._n_done)
        return float(self._losses.sum()) / len(self._cells)

    def _train(self, thread: int, job: tuple[int, int]) -> None:
        index, stream = job
        block = self._cells.block(index)
        copy = self._copies.get(thread)
        if copy is None:
            copy = np.empty((self._cells.largest, CELL_INTS), np.int32)
            self._copies[thread] = copy
        shuffle_block(block, stream, copy)
        loss = train_cells(
            *self._arrays, copy[: len(block)], self._dimensions, self._start.rate, kernels.variant()
        )
        self._losses[index] = loss
        with self._lock:
            self._n_done += len(block)
            position = self._start._replace(position=self._n_done)
        self._check.check_some_rows(index, position)
