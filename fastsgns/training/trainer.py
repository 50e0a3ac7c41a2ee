"""Trainer: schedule, worker threads, progress and stopping around the kernels.

Threads are Python threads that spend their time in kernel calls without the GIL, each over a chunk
of some ten thousand tokens, of a corpus or of walks that are made as they are needed. What a chunk
does depends on its place in the schedule alone (its learning rate) and on (seed, epoch, chunk) (its
randomness), never on which thread ran it or when; with one worker the result is therefore the same
to the byte.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from fastsgns.kernels.objective import Objective
from fastsgns.runtime.progress import Bar, make_bar
from fastsgns.runtime.threads import WorkerPool
from fastsgns.training.divergence import BIAS, Place, Watch, parts
from fastsgns.training.examples import Chunks

logger = logging.getLogger(__name__)

MASK = 2**64 - 1


@dataclass(frozen=True)
class Schedule:
    """Linear decay of the learning rate over the tokens, or other units, of all epochs.

    ``rate(t) = start + (stop - start) * t / total``, where t counts the tokens that lie before a
    position in the schedule, whoever has trained on them.
    """

    start: float
    stop: float
    n_tokens: int
    n_epochs: int
    n_skipped: int = 0

    def rate(self, epoch: int, position: int) -> float:
        """The rate at a position of the corpus in an epoch counted from 0."""
        done = self.n_skipped + epoch * self.n_tokens + position
        total = max(1, self.n_skipped + self.n_epochs * self.n_tokens)
        return self.start + (self.stop - self.start) * min(1.0, done / total)


@dataclass
class Tally:
    """What has been trained: tokens or other units, focus words kept, examples, summed loss."""

    n_tokens: int = 0
    n_kept: int = 0
    n_examples: int = 0
    loss: float = 0.0

    def add(self, other: "Tally") -> None:
        """Add another tally to this one."""
        self.n_tokens += other.n_tokens
        self.n_kept += other.n_kept
        self.n_examples += other.n_examples
        self.loss += other.loss

    @property
    def mean_loss(self) -> float:
        """Loss an example; 0 if there was none."""
        return self.loss / max(1, self.n_examples)


@dataclass
class Trainer:
    """Trains an objective on chunks of a corpus, of walks or of pairs.

    Parameters
    ----------
    objective : Objective
        Its matrices are changed in place.
    chunks : Chunks
        What an epoch trains on.
    schedule : Schedule
    seed : int
        Together with epoch and chunk it determines all randomness.
    n_workers : int
        Threads.
    first_epoch : int
        Epochs trained in earlier calls, so that new epochs draw new random numbers.
    show : bool or None
        Progress bar: yes, no, or if standard error is a terminal.
    on_progress : callable or None
        Called with (epoch, Tally of the epoch, Tally of earlier epochs) some ten times a second.
    """

    objective: Objective
    chunks: Chunks
    schedule: Schedule
    seed: int
    n_workers: int
    first_epoch: int = 0
    show: bool | None = None
    on_progress: Callable[[int, Tally, Tally], None] | None = None
    total: Tally = field(default_factory=Tally)

    def epochs(self) -> Generator[Tally, None, None]:
        """Train epoch after epoch; yields what each has done.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, once all threads have stopped. The matrices stay usable.
        FloatingPointError
            If the vectors are no longer finite; it says where and at which learning rate.
        """
        n_units = self.schedule.n_tokens * self.schedule.n_epochs
        bar = make_bar(self.show, n_units, "training", self.chunks.unit)
        started = time.monotonic()
        try:
            for epoch in range(self.schedule.n_epochs):
                tally = Tally()
                self._train_epoch(epoch, tally, partial(self._tick, bar, epoch, tally))
                self.watch.check(self._place(epoch, self.chunks.n_units))
                self.total.add(tally)
                self._log(epoch, tally, time.monotonic() - started)
                yield tally
        finally:
            bar.close()

    def losses(self) -> Generator[float | None, None, None]:
        """Train as `epochs` does, and yield the mean loss of each epoch, or None without losses."""
        for tally in self.epochs():
            yield tally.mean_loss if self.objective.compute_loss else None

    def __post_init__(self) -> None:
        self.use(self.objective)

    def use(self, objective: Objective) -> None:
        """Train `objective` from the next epoch on.

        Raises
        ------
        FloatingPointError
            If its arrays are not finite.
        """
        self.objective = replace(objective, longest_sentence=self.chunks.longest)
        self.watch = Watch(_trained(objective))

    def streams(self, epoch: int) -> list[int]:
        """The random stream of each chunk: (seed, epoch, chunk) mixed into 64 bits.

        All at once, because between two chunks the caches are cold and it takes four times as long.
        """
        words = self.seed & MASK, self.first_epoch + epoch
        states = (
            np.random.SeedSequence((*words, chunk)).generate_state(1, np.uint64)
            for chunk in range(len(self.chunks.starts))
        )
        return [int(state[0]) for state in states]

    def train_chunk(self, epoch: int, chunk: int, stream: int) -> Tally:
        """Train on one chunk."""
        start = self.chunks.starts[chunk]
        stop = min(start + self.chunks.starts.step, self.chunks.n_units)
        rates = self.schedule.rate(epoch, start), self.schedule.rate(epoch, stop)
        place = self.first_epoch + epoch, start, stop
        loss, n_examples, n_kept = self.chunks.train(self.objective, place, rates, stream)
        self.watch.sample(chunk, self._place(epoch, stop))
        return Tally(stop - start, n_kept, n_examples, loss)

    def _train_epoch(self, epoch: int, tally: Tally, tick: Callable[[], None]) -> None:
        """Train on all chunks and add to `tally`; no thread runs when this returns or raises."""
        lock = threading.Lock()

        def train(_: int, chunk: tuple[int, int]) -> None:
            done = self.train_chunk(epoch, *chunk)
            with lock:
                tally.add(done)

        chunks = list(enumerate(self.streams(epoch)))
        stop_flag = self.objective.stop
        WorkerPool(self.n_workers, chunks, train, stop_flag=stop_flag, stop_timeout=None).run(tick)
        tick()

    def _place(self, epoch: int, position: int) -> Place:
        rate = self.schedule.rate(epoch, position)
        n_units, unit = self.chunks.n_units, self.chunks.unit
        return Place(epoch + 1, self.schedule.n_epochs, position, n_units, unit, rate)

    def _tick(self, bar: Bar, epoch: int, tally: Tally) -> None:
        facts = {"epoch": f"{epoch + 1}/{self.schedule.n_epochs}"}
        facts["alpha"] = f"{self.schedule.rate(epoch, tally.n_tokens):.4f}"
        if self.objective.compute_loss and tally.n_examples:
            facts["loss"] = f"{tally.mean_loss:.4f}"
        bar.update_to(self.total.n_tokens + tally.n_tokens, **facts)
        if self.on_progress is not None:
            self.on_progress(epoch, tally, self.total)

    def _log(self, epoch: int, tally: Tally, seconds: float) -> None:
        logger.info(
            "epoch %d of %d: %d %s, %d after subsampling, alpha now %.5f, %.0f %s/s%s",
            epoch + 1,
            self.schedule.n_epochs,
            tally.n_tokens,
            self.chunks.unit,
            tally.n_kept,
            self.schedule.rate(epoch, self.schedule.n_tokens),
            self.total.n_tokens / max(seconds, 1e-9),
            self.chunks.unit,
            f", loss {tally.mean_loss:.5f}" if self.objective.compute_loss else "",
        )


def _trained(objective: Objective) -> dict[str, np.ndarray]:
    """The arrays that an objective trains, by what they are called in messages."""
    has_bias = objective.bias in ("word", "both")
    arrays = {
        **parts("input", objective.input, objective.n_dimensions, has_bias),
        "output vectors": objective.output,
        "vectors of negatives": objective.negative_output,
        "vectors of the Huffman tree": objective.tree,
        BIAS: objective.scalar_bias,
    }
    if objective.output is objective.input:
        del arrays["output vectors"]
    return {name: array for name, array in arrays.items() if array is not None}
