"""Epoch: one pass of GloVe over all cells, shared out to threads."""

import threading
from collections.abc import Callable, Sequence

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.glove import CELL_INTS, shuffle_block, train_cells
from fastsgns.models.glove.cells import ShuffledCells
from fastsgns.runtime.threads import WorkerPool
from fastsgns.training.divergence import Place, Watch


class Epoch:
    """One pass over all blocks in random order, each block shuffled.

    Threads race on the rows (`rows.h` says why that does no harm); with one worker the result is a
    function of the arguments.

    Parameters
    ----------
    cells : ShuffledCells
    rows, squares : list of one or two ndarray of float32, shape (V, width)
        Parameters and their sums of squares, of input and of output; one array serves both.
    dimensions : int
    watch : Watch
        Checks the rows during and after the epoch.
    place : Place
        The start of the epoch, with the learning rate.
    """

    def __init__(
        self,
        cells: ShuffledCells,
        rows: Sequence[np.ndarray],
        squares: Sequence[np.ndarray],
        dimensions: int,
        watch: Watch,
        place: Place,
    ) -> None:
        self._cells = cells
        self._arrays = (rows[0], rows[-1]), (squares[0], squares[-1])
        self._dimensions, self._watch, self._place = dimensions, watch, place
        self._losses = np.zeros(cells.n_blocks)
        self._copies: dict[int, np.ndarray] = {}
        self._lock = threading.Lock()
        self._n_done = 0

    def run(self, rng: np.random.Generator, workers: int, show: Callable[[int], object]) -> float:
        """Train; no thread runs when this returns, whatever ends it.

        Parameters
        ----------
        rng : numpy.random.Generator
            Draws the order.
        workers : int
        show : callable
            ``show(cells_done)`` is called now and then from this thread.

        Returns
        -------
        float
            Mean of f(x) error^2 over the cells, each before its step.

        Raises
        ------
        FloatingPointError
            If the rows are no longer finite; it says where.
        """
        order = rng.permutation(self._cells.n_blocks)
        streams = rng.integers(0, 2**64 - 1, self._cells.n_blocks, np.uint64, endpoint=True)
        jobs = list(zip(order.tolist(), streams.tolist()))
        WorkerPool(workers, jobs, self._train, stop_timeout=None).run(lambda: show(self._n_done))
        self._watch.check(self._place._replace(position=self._n_done))
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
            *self._arrays, copy[: len(block)], self._dimensions, self._place.rate, kernels.variant()
        )
        self._losses[index] = loss
        with self._lock:
            self._n_done += len(block)
            place = self._place._replace(position=self._n_done)
        self._watch.sample(index, place)
