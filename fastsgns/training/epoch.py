"""An epoch in chunks: threads train them in order, and pause between two for a checkpoint."""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sized
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

import numpy as np

from fastsgns.runtime.threads import WorkerPool
from fastsgns.training.unfinished import Place

Job = TypeVar("Job")
Item = TypeVar("Item")
IsDue = Callable[[], bool]


class Pause(Enum):
    """What the training of an epoch yields before its end: no thread runs, and chunks are whole."""

    PAUSE = 0


PAUSE = Pause.PAUSE


@dataclass
class Tally:
    """Totals of the training done so far.

    Attributes
    ----------
    n_units : int
        Tokens, or walks, or pairs.
    n_kept : int
        Focus words that were trained on: those that subsampling kept.
    n_examples : int
        Examples: pairs of skip-gram, or windows of CBOW.
    loss : float
        Sum of the losses of the examples.
    """

    n_units: int = 0
    n_kept: int = 0
    n_examples: int = 0
    loss: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.n_units += other.n_units
        self.n_kept += other.n_kept
        self.n_examples += other.n_examples
        self.loss += other.loss

    @property
    def mean_loss(self) -> float:
        """Loss per example; 0 if there was none."""
        return self.loss / max(1, self.n_examples)


@dataclass
class EpochProgress:
    """How far an epoch is: its chunks that were trained, and their sums.

    Attributes
    ----------
    n_chunks : int
        Chunks that were trained, from the first one on, without a gap.
    tally : Tally
        Their sums, added in this order.
    """

    tally: Tally = field(default_factory=Tally)
    n_chunks: int = 0
    _later: dict[int, Tally] = field(default_factory=dict)  # of trained chunks after the first gap

    @classmethod
    def at(cls, place: Place) -> "EpochProgress":
        """Return the progress of an epoch of which a part was trained."""
        tally = Tally(place.n_units, place.n_kept, place.n_examples, place.loss)
        return cls(tally, place.n_chunks)

    @property
    def place(self) -> Place:
        """What a file stores of it."""
        tally = self.tally
        return Place(self.n_chunks, tally.n_units, tally.n_kept, tally.n_examples, tally.loss)

    def add(self, chunk: int, done: Tally) -> None:
        """Note that a chunk was trained."""
        self._later[chunk] = done
        while self.n_chunks in self._later:
            self.tally.add(self._later.pop(self.n_chunks))
            self.n_chunks += 1


def train_chunks(
    jobs: Iterable[Job],
    progress: EpochProgress,
    train: Callable[[int, Job], Tally],
    n_workers: int,
    report: Callable[[], object],
    stop_flag: np.ndarray | None = None,
    is_due: IsDue | None = None,
    are_whole: bool = False,
) -> Generator[Pause, None, None]:
    """Train the chunks of an epoch; yield `PAUSE` when `is_due`, once all that began are done.

    When this yields, returns or raises, no thread runs.

    Parameters
    ----------
    jobs : iterable
        What to train: one for each chunk that is left, in order.
    progress : EpochProgress
        Of this epoch; it is updated, also if training is interrupted.
    train : callable
        ``train(thread, job)`` trains a chunk and returns its sums.
    n_workers : int
    report : callable
        Called ten times per second, and at the end.
    stop_flag : ndarray of int, optional
        As for `WorkerPool`.
    is_due : callable, optional
        Asked between two chunks whether to pause.
    are_whole : bool
        Whether `train` never leaves a chunk early, also when training is interrupted. Then a chunk
        that was being trained at that time counts as trained.
    """
    n_workers = min(n_workers, max(1, len(jobs))) if isinstance(jobs, Sized) else n_workers
    numbered = enumerate(jobs, progress.n_chunks)
    lock, paused = threading.Lock(), threading.Event()

    def work(thread: int, job: tuple[int, Job]) -> None:
        done = train(thread, job[1])
        if (
            are_whole or not pools[-1].stopping.is_set()
        ):  # otherwise the chunk may have been left early
            with lock:
                progress.add(job[0], done)

    pools: list[WorkerPool[tuple[int, Job]]] = []
    while True:
        paused.clear()
        items = numbered if is_due is None else _until_due(numbered, is_due, paused)
        # No timeout: a kernel that still runs writes to the arrays.
        pools.append(WorkerPool(n_workers, items, work, stop_flag=stop_flag, stop_timeout=None))
        try:
            pools[-1].run(report)
        finally:
            pools.clear()  # `work` refers to it: the model would wait for the garbage collector
        report()
        if not paused.is_set():
            return
        yield PAUSE


def _until_due(jobs: Iterable[Item], is_due: IsDue, paused: threading.Event) -> Iterator[Item]:
    """Yield jobs until a pause is due, but at least one; set `paused` then, also after the last."""
    for job in jobs:
        yield job
        if is_due():
            paused.set()
            return
