"""Epoch: one pass of GloVe over all cells, in several threads."""

from collections.abc import Callable, Generator, Sequence

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.glove import CELL_INTS, shuffle_block, train_cells
from fastsgns.models.glove.blocks import CompactBlock, train_block
from fastsgns.models.glove.cells import ShuffledCells
from fastsgns.runtime.interrupts import uninterrupted
from fastsgns.training.divergence import DivergenceCheck, TrainingPosition
from fastsgns.training.epoch import PAUSE, EpochProgress, IsDue, Pause, Tally, train_chunks
from fastsgns.training.rounds import Elsewhere


class Epoch:
    """One pass over all blocks in random order, with the cells of each block shuffled.

    Threads update shared rows without locks (`rows.h` explains why). With one worker, and also if
    the cells are divided by a grid, the result depends only on the arguments.

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
    elsewhere : Elsewhere or None
        What trains the blocks of a round, in place of threads of this process.
    """

    def __init__(
        self,
        cells: ShuffledCells,
        rows: Sequence[np.ndarray],
        squares: Sequence[np.ndarray],
        dimensions: int,
        check: DivergenceCheck,
        start: TrainingPosition,
        elsewhere: Elsewhere | None,
    ) -> None:
        self._cells = cells
        self._rows = rows, squares
        self._arrays = (rows[0], rows[-1]), (squares[0], squares[-1])
        self._dimensions, self._check, self._start = dimensions, check, start
        self._elsewhere = elsewhere
        self._copies: dict[int, np.ndarray] = {}

    def run(
        self,
        rng: np.random.Generator,
        workers: int,
        show: Callable[[int], object],
        progress: EpochProgress,
        is_due: IsDue | None = None,
    ) -> Generator[Pause, None, None]:
        """Train. No thread is left when this yields, returns or raises.

        Parameters
        ----------
        rng : numpy.random.Generator
            Random numbers for the order of blocks and cells.
        workers : int
        show : callable
            ``show(cells_done)`` is called repeatedly from this thread.
        progress : EpochProgress
            How far the epoch is. Afterwards its tally has all cells, and the sum of f(x) error^2
            over them, each before its update.
        is_due : callable, optional
            Asked between two blocks whether to pause.

        Raises
        ------
        FloatingPointError
            If the rows are no longer finite. The message has the position.
        """
        tally = progress.tally
        rounds = self._cells.rounds(rng)
        n_blocks = self._cells.n_blocks
        streams = iter(rng.integers(0, 2**64 - 1, n_blocks, np.uint64, endpoint=True).tolist())

        def train(thread: int, job: tuple[int, int]) -> Tally:
            return self._train(thread, job, tally.n_units)

        n_before, elsewhere = 0, self._elsewhere  # blocks of earlier rounds
        for blocks in rounds:
            jobs = [(block, next(streams)) for block in blocks]
            left = jobs[max(0, progress.n_chunks - n_before) :]
            n_before += len(jobs)
            if left and elsewhere is not None:
                self._train_elsewhere(elsewhere, left, progress, show)
                if is_due is not None and is_due():
                    yield PAUSE
            elif left:  # all blocks of a round are trained before the next round begins
                yield from train_chunks(
                    left, progress, train, workers, lambda: show(tally.n_units), is_due=is_due,
                    are_whole=True,
                )  # fmt: skip
        self._check.check_all_rows(self._start._replace(position=tally.n_units))

    def _train_elsewhere(
        self,
        elsewhere: Elsewhere,
        jobs: Sequence[tuple[int, int]],
        progress: EpochProgress,
        show: Callable[[int], object],
    ) -> None:
        """Train the blocks of a round on copies of their rows; if that fails, nothing changes."""
        rows, squares = self._rows
        blocks = [
            CompactBlock.of(
                self._cells.block(index), rows, squares, self._dimensions, self._start.rate, stream
            )
            for index, stream in jobs
        ]
        done = elsewhere.run_items(train_block, blocks, lambda: show(progress.tally.n_units))

        def end() -> None:
            for number, (block, trained) in enumerate(zip(blocks, done), progress.n_chunks):
                for arrays, values in ((rows, trained.rows), (squares, trained.squares)):
                    for array, ids, value in zip(arrays, block.ids, values):
                        array[ids] = value
                progress.add(number, Tally(n_units=len(block.cells), loss=trained.loss))

        uninterrupted(end)
        show(progress.tally.n_units)

    def _train(self, thread: int, job: tuple[int, int], n_done: int) -> Tally:
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
        self._check.check_some_rows(index, self._start._replace(position=n_done + len(block)))
        return Tally(n_units=len(block), loss=float(loss))
