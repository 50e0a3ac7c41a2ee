"""Trainer: the epochs of an objective, by worker threads that call the kernels.

The workers are Python threads. They spend their time in kernel calls, which run without the GIL on
chunks of some ten thousand tokens of a corpus, walks of a graph, or pairs. The learning rate of a
chunk follows from its position in the schedule, and its random numbers from (seed, epoch, chunk).
Neither depends on the thread or on the time at which the chunk is trained. With one worker the
result is therefore always the same, to the byte.
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
from fastsgns.training.divergence import BIAS, DivergenceCheck, TrainingPosition, vectors_and_biases
from fastsgns.training.examples import ChunkPlace, Chunks

logger = logging.getLogger(__name__)

MASK = 2**64 - 1


@dataclass(frozen=True)
class Schedule:
    """Linear decay of the learning rate over the tokens (or walks, or pairs) of all epochs.

    ``rate(t) = start + (stop - start) * t / total``, where t is the number of tokens before a
    position in the schedule.

    Parameters
    ----------
    start, stop : float
        Learning rate at the start and at the end.
    n_tokens : int
        Tokens per epoch.
    n_epochs : int
        Epochs of this call.
    n_skipped : int
        Tokens of the schedule before the first epoch of this call.
    """

    start: float
    stop: float
    n_tokens: int
    n_epochs: int
    n_skipped: int = 0

    def rate(self, epoch: int, position: int) -> float:
        """Return the learning rate at a position in an epoch; the first epoch is 0."""
        done = self.n_skipped + epoch * self.n_tokens + position
        total = max(1, self.n_skipped + self.n_epochs * self.n_tokens)
        return self.start + (self.stop - self.start) * min(1.0, done / total)


@dataclass
class Tally:
    """Sums over what has been trained.

    Attributes
    ----------
    n_tokens : int
        Tokens, or walks, or pairs.
    n_kept : int
        Focus words that subsampling kept.
    n_examples : int
        Examples: pairs of skip-gram, or windows of CBOW.
    loss : float
        Sum of the losses of the examples.
    """

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
        """Loss per example; 0 if there was none."""
        return self.loss / max(1, self.n_examples)


@dataclass
class Trainer:
    """Trains an objective on chunks of a corpus, of walks or of pairs.

    Parameters
    ----------
    objective : Objective
        Its arrays are changed in place.
    chunks : Chunks
        The data of an epoch.
    schedule : Schedule
    seed : int
        With epoch and chunk it determines all random numbers.
    n_workers : int
        Number of threads.
    first_epoch : int
        Epochs begun in earlier calls, so that new epochs draw new random numbers.
    show : bool or None
        Whether to show a progress bar; None: if standard error is a terminal.
    on_progress : callable or None
        Called with (epoch, Tally of the epoch, Tally of earlier epochs), about every 0.1 s.

    Attributes
    ----------
    total : Tally
        The sums over all epochs that ended.
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
        """Train epoch after epoch, and yield the sums of each.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, when all threads have stopped. The arrays can be used as they are then.
        FloatingPointError
            If an array is no longer finite.
        """
        n_units = self.schedule.n_tokens * self.schedule.n_epochs
        bar = make_bar(self.show, n_units, "training", self.chunks.unit)
        started = time.monotonic()
        try:
            for epoch in range(self.schedule.n_epochs):
                tally = Tally()
                self._train_epoch(epoch, tally, partial(self._report_progress, bar, epoch, tally))
                self.watch.check_all_rows(self._position(epoch, self.chunks.n_units))
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
        self.watch = DivergenceCheck(_trained_arrays(objective))

    def chunk_seeds(self, epoch: int) -> list[int]:
        """Return a seed of 64 bits for each chunk, mixed from (seed, epoch, chunk).

        They are computed before the epoch: between two chunks, with cold caches, it takes four
        times as long.
        """
        words = self.seed & MASK, self.first_epoch + epoch
        states = (
            np.random.SeedSequence((*words, chunk)).generate_state(1, np.uint64)
            for chunk in range(len(self.chunks.starts))
        )
        return [int(state[0]) for state in states]

    def train_chunk(self, epoch: int, chunk: int, seed: int) -> Tally:
        """Train one chunk and return its sums."""
        start = self.chunks.starts[chunk]
        stop = min(start + self.chunks.starts.step, self.chunks.n_units)
        rates = self.schedule.rate(epoch, start), self.schedule.rate(epoch, stop)
        place = ChunkPlace(self.first_epoch + epoch, start, stop)
        loss, n_examples, n_kept = self.chunks.train(self.objective, place, rates, seed)
        self.watch.check_some_rows(chunk, self._position(epoch, stop))
        return Tally(stop - start, n_kept, n_examples, loss)

    def _train_epoch(self, epoch: int, tally: Tally, report: Callable[[], None]) -> None:
        """Train all chunks and add to `tally`; when this returns or raises, no thread runs."""
        lock = threading.Lock()

        def train(_: int, chunk: tuple[int, int]) -> None:
            done = self.train_chunk(epoch, *chunk)
            with lock:
                tally.add(done)

        chunks = list(enumerate(self.chunk_seeds(epoch)))
        stop_flag = self.objective.stop_flag
        WorkerPool(self.n_workers, chunks, train, stop_flag=stop_flag, stop_timeout=None).run(
            report
        )
        report()

    def _position(self, epoch: int, position: int) -> TrainingPosition:
        rate = self.schedule.rate(epoch, position)
        n_units, unit = self.chunks.n_units, self.chunks.unit
        return TrainingPosition(epoch + 1, self.schedule.n_epochs, position, n_units, unit, rate)

    def _report_progress(self, bar: Bar, epoch: int, tally: Tally) -> None:
        facts = {"epoch": f"{epoch + 1}/{self.schedule.n_epochs}"}
        facts["alpha"] = f"{self.schedule.rate(epoch, tally.n_tokens):.4f}"
        if self.objective.compute_loss and tally.n_examples:
            facts["loss"] = f"{tally.mean_loss:.4f}"
        bar.update_to(self.total.n_tokens + tally.n_tokens, **facts)
        if self.on_progress is not None:
            self.on_progress(epoch, tally, self.total)

    def _log(self, epoch: int, tally: Tally, seconds: float) -> None:
        rate, unit = self.schedule.rate(epoch, self.schedule.n_tokens), self.chunks.unit
        loss = f", loss {tally.mean_loss:.5f}" if self.objective.compute_loss else ""
        logger.info(
            "epoch %d of %d: %d %s, %d after subsampling, alpha now %.5f, %.0f %s/s%s", epoch + 1,
            self.schedule.n_epochs, tally.n_tokens, unit, tally.n_kept, rate,
            self.total.n_tokens / max(seconds, 1e-9), unit, loss,
        )  # fmt: skip


def _trained_arrays(objective: Objective) -> dict[str, np.ndarray]:
    """Return the arrays that an objective trains, by their names in messages."""
    has_bias = objective.bias in ("word", "both")
    arrays = {
        **vectors_and_biases("input", objective.input, objective.n_dimensions, has_bias),
        "output vectors": objective.output,
        "vectors of negatives": objective.negative_output,
        "vectors of the Huffman tree": objective.tree,
        BIAS: objective.scalar_bias,
    }
    if objective.output is objective.input:
        del arrays["output vectors"]
    return {name: array for name, array in arrays.items() if array is not None}
