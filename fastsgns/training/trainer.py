"""Train an objective for several epochs in worker threads.

The workers are Python threads. They spend their time in kernel calls, which run without the GIL on
chunks of 1,000 to 65,536 tokens of a corpus, or of walks of a graph, or of pairs. The learning rate
of a chunk depends only on its position in the schedule, and its random numbers only on (seed,
epoch, chunk). Neither depends on the thread or on the time at which the chunk is trained. With one
worker the result is therefore reproducible bit for bit.
"""

import logging
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

from fastsgns.errors import warn
from fastsgns.kernels.objective import HotRows, Objective, Subwords
from fastsgns.runtime.interrupts import uninterrupted
from fastsgns.runtime.progress import Bar, Fact, ShowProgress, make_bar
from fastsgns.training import hotrows, subwords
from fastsgns.training.divergence import BIAS, DivergenceCheck, TrainingPosition, vectors_and_biases
from fastsgns.training.epoch import PAUSE, EpochProgress, IsDue, Pause, Tally, train_chunks
from fastsgns.training.examples import ChunkPlace, Chunks, Rates, cut, train_chunk
from fastsgns.training.replicas import Job
from fastsgns.training.rounds import LocalRounds, Rounds, RunRound, rounds_elsewhere
from fastsgns.training.unfinished import START, Place

logger = logging.getLogger(__name__)

UINT64_MASK = 2**64 - 1  # SeedSequence refuses negative integers
BATCH_WORDS = 10_000  # tokens of a step, gensim's MAX_WORDS_IN_BATCH
MANY_STEPS = 64  # from here on, the mean rates of steps and of a line differ by less than 1 %


@dataclass(frozen=True)
class Schedule:
    """Linear decay of the learning rate over the tokens (or walks, or pairs) of all epochs.

    ``rate(t) = start + (stop - start) * t / total``, where t is the number of tokens before a
    position, including `n_skipped`, and total is ``n_skipped + n_epochs * n_units``.

    The rate of a small corpus falls in steps, as gensim's does: a chunk is trained at the rate of
    the first token of the step in which it begins. With a linear decay, the mean rate of a corpus
    of one step that is trained for one epoch would be half of that, and the model would learn
    visibly less.

    Parameters
    ----------
    start, stop : float
        Learning rate at the start and at the end.
    n_units : int
        Tokens (or walks, or pairs) per epoch.
    n_epochs : int
        Epochs of this call.
    n_skipped : int
        Tokens already trained when this call begins.
    step : int
        Tokens of an epoch that have the same rate, if an epoch has fewer than `MANY_STEPS` steps,
        and these are longer than a chunk.
    """

    start: float
    stop: float
    n_units: int
    n_epochs: int
    n_skipped: int = 0
    step: int = 0

    def rate(self, epoch: int, position: int) -> float:
        """Return the learning rate at a position in an epoch; the first epoch is 0."""
        done = self.n_skipped + epoch * self.n_units + position
        total = max(1, self.n_skipped + self.n_epochs * self.n_units)
        return self.start + (self.stop - self.start) * min(1.0, done / total)

    def rates(self, epoch: int, start: int, stop: int) -> Rates:
        """Return the learning rates at the start and at the end of a chunk."""
        if self.n_units >= MANY_STEPS * self.step or stop - start >= self.step:
            return self.rate(epoch, start), self.rate(epoch, stop)
        rate = self.rate(epoch, start - start % self.step)
        return rate, rate


def warn_of_rise(alpha: float, min_alpha: float) -> None:
    """Warn if the learning rate rises from `alpha` to `min_alpha`, which is hardly ever meant."""
    if min_alpha > alpha:
        warn(
            f"min_alpha is {min_alpha:g}, above alpha, {alpha:g}: the learning rate rises from "
            "alpha to min_alpha during training; give a min_alpha of at most alpha"
        )


@dataclass
class Trainer:
    """Trains an objective on chunks of a corpus, of walks or of pairs.

    The methods count the epochs of this call, from 0.

    Parameters
    ----------
    objective : Objective
        The argument of the kernels. Its arrays are changed in place.
    chunks : Chunks
        The data of an epoch.
    schedule : Schedule
        The learning rates, and the number of epochs.
    seed : int
        With epoch and chunk it determines all random numbers.
    n_workers : int
        Number of threads.
    row_counts : (ndarray, ndarray), optional
        How often each row of the input matrix and of the output matrix occurs in the data. Without
        them workers have no private copies of frequent rows (`fastsgns.training.hotrows`).
    n_epochs_before : int
        Epochs begun in earlier calls, so that new epochs draw new random numbers.
    show : bool, callable or None
        Whether to show a progress bar, as for `make_bar`.
    on_progress : callable or None
        Called with (epoch, Tally of the epoch, Tally of the earlier epochs of this call), about
        every 0.1 s.
    logs_epochs : bool
        Whether to log each epoch; otherwise the caller does.
    begin : Place
        How far the first epoch is already.
    is_due : callable, optional
        Asked between two chunks, or two rounds, whether to pause.
    deterministic : bool
        Whether the result must not depend on `n_workers`: the chunks are trained in rounds of
        shards, whose replicas are merged in order (`fastsgns.training.rounds`). If the data is too
        small for that, one thread trains it. What `runs_rounds` has set trains the rounds, or else
        `n_workers` threads do.

    Attributes
    ----------
    total : Tally
        The sums over all epochs that ended.
    progress : EpochProgress
        How far the present epoch is, or the last one.
    divergence : DivergenceCheck
        Checks that the arrays of `objective` stay finite.
    """

    objective: Objective
    chunks: Chunks
    schedule: Schedule
    seed: int
    n_workers: int
    row_counts: hotrows.Counts | None = None
    n_epochs_before: int = 0
    show: ShowProgress = None
    on_progress: Callable[[int, Tally, Tally], None] | None = None
    logs_epochs: bool = True
    begin: Place = START
    is_due: IsDue | None = None
    deterministic: bool = False
    total: Tally = field(default_factory=Tally, init=False)
    progress: EpochProgress = field(init=False)
    divergence: DivergenceCheck = field(init=False)

    def __post_init__(self) -> None:
        self.rounds: Rounds | None = None
        elsewhere = rounds_elsewhere()
        if self.deterministic:
            self.rounds = Rounds.of(self.chunks.n_units, self.chunks.tokens_per_unit)
            if self.rounds.n_shards == 1:
                self.rounds, self.n_workers = None, 1
        elif elsewhere is not None:
            self.rounds = elsewhere.layout(self._begun_chunks(are_fine=True))
        self.starts = self._begun_chunks() if self.rounds is None else self.rounds.chunks
        self._run_round: RunRound = (
            LocalRounds(self.n_workers) if elsewhere is None else elsewhere.run_round
        )
        self.progress = EpochProgress.at(self.begin)
        self.set_objective(self.objective)

    def epochs(self) -> Generator[Tally | Pause, None, None]:
        """Train epoch after epoch, and yield the sums of each; and `PAUSE` at each pause.

        Raises
        ------
        ValueError
            If the first epoch is farther than the data goes.
        KeyboardInterrupt
            On Ctrl-C, when all threads have stopped. The arrays keep what was trained so far and
            remain usable.
        FloatingPointError
            If an array contains NaN or infinity.
        """
        self._check_begin()
        n_units = self.schedule.n_units * self.schedule.n_epochs
        bar = make_bar(self.show, n_units, "training", self.chunks.unit)
        started = time.monotonic()
        try:
            for epoch in range(self.schedule.n_epochs):
                if epoch:
                    self.begin_epoch()
                    self.objective = replace(self.objective, compute_loss=self._computes_loss)
                tally = self.progress.tally  # filled by the workers, while `report` shows it
                report = partial(self._report_progress, bar, epoch, tally)
                yield from self._train_epoch(epoch, report)
                self.divergence.check_all_rows(self._position(epoch, self.chunks.n_units))
                self.total.add(tally)
                if self.logs_epochs:
                    self._log(epoch, tally, time.monotonic() - started)
                yield tally
        finally:
            bar.close()

    def _begun_chunks(self, are_fine: bool = False) -> range:
        """Return the chunks that training began with: on a cluster, they are finer ones."""
        fine = cut(self.chunks.n_units, self.chunks.tokens_per_unit, is_fine=True)
        cuts = [fine, self.chunks.starts] if are_fine else [self.chunks.starts, fine]
        n_done, n_units = self.begin.n_chunks, self.chunks.n_units
        fitting = (c for c in cuts if self.begin.n_units == min(n_done * c.step, n_units))
        return next(fitting, cuts[0])

    def _check_begin(self) -> None:
        """Raise a ValueError if the first epoch is at a place that the chunks do not have."""
        starts, n_chunks = self.starts, self.begin.n_chunks
        if n_chunks > len(starts):
            raise ValueError(
                f"{n_chunks} parts of an epoch were trained, and the data has only {len(starts)}; "
                "give the data that the training began with, and set the parameters that it had"
            )
        n_units = min(n_chunks * starts.step, self.chunks.n_units)
        if self.begin.n_units != n_units:
            raise ValueError(
                f"{n_chunks} parts of an epoch were trained, of {self.begin.n_units:,} "
                f"{self.chunks.unit}, and those of the data have {n_units:,}; give the data that "
                "the training began with, and set the parameters that it had"
            )

    def begin_epoch(self) -> None:
        """Forget how far the last epoch was, before an interruption of the next one is noted."""
        self.progress = EpochProgress()

    def losses(self) -> Generator[float | Pause | None, None, None]:
        """Train as `epochs` does, and yield the mean loss of each epoch; None: not computed."""
        for tally in self.epochs():
            is_computed = self.objective.compute_loss
            yield tally if isinstance(tally, Pause) else tally.mean_loss if is_computed else None

    def set_objective(self, objective: Objective) -> None:
        """Train `objective` from the next epoch on.

        Raises
        ------
        FloatingPointError
            If its arrays are not finite.
        """
        # Kernels size their window buffers by the longest sentence.
        self._computes_loss = objective.compute_loss  # after an epoch that has none
        objective = for_the_rest(objective, self.progress)
        subwords = self._bounded_subwords(objective)  # first, because it needs more memory
        self.objective = replace(
            objective, longest_sentence=self.chunks.longest, hot=self._hot_rows(objective),
            subwords=subwords,
        )  # fmt: skip
        self.divergence = DivergenceCheck(trained_arrays(objective))

    def chunk_seeds(self, epoch: int) -> list[int]:
        """Return a seed of 64 bits for each chunk, mixed from (seed, epoch, chunk).

        All are computed before the epoch: computing each seed between two chunks takes four times
        as long, because the caches are cold.
        """
        entropy = self.seed & UINT64_MASK, self.n_epochs_before + epoch
        states = (
            np.random.SeedSequence((*entropy, chunk)).generate_state(1, np.uint64)
            for chunk in range(len(self.starts))
        )
        return [int(state[0]) for state in states]

    def job(self, epoch: int, chunk: int, seed: int) -> Job:
        """Return the place of a chunk, its learning rates and the seed of its random numbers."""
        start = self.starts[chunk]
        stop = min(start + self.starts.step, self.chunks.n_units)
        rates = self.schedule.rates(epoch, start, stop)  # the kernel interpolates between the two
        return Job(ChunkPlace(self.n_epochs_before + epoch, start, stop), rates, seed)

    def train_chunk(self, epoch: int, chunk: int, seed: int) -> Tally:
        """Train one chunk and return its sums."""
        job = self.job(epoch, chunk, seed)
        _, start, stop = job.place
        loss, n_examples, n_kept = train_chunk(self.objective, self.chunks, *job)
        self.divergence.check_some_rows(chunk, self._position(epoch, stop))
        return Tally(stop - start, n_kept, n_examples, loss)

    def _hot_rows(self, objective: Objective) -> HotRows | None:
        """Return the frequent rows of which each worker has a copy, if any."""
        if self.row_counts is None or self.rounds is not None:
            return None
        n_tokens = self.starts.step * self.chunks.tokens_per_unit
        n_workers = min(self.n_workers, len(self.starts))
        return hotrows.choose(objective, self.row_counts, n_workers, n_tokens)

    def _bounded_subwords(self, objective: Objective) -> Subwords | None:
        """Return the subwords of an objective, with bounds on the updates of private rows."""
        if self.row_counts is None:
            return objective.subwords
        n_workers = 1 if self.rounds is not None else min(self.n_workers, len(self.starts))
        return subwords.bounded(objective, self.row_counts[0], n_workers)

    def _train_epoch(self, epoch: int, report: Callable[[], None]) -> Generator[Pause, None, None]:
        """Train the chunks that are left of an epoch."""
        if self.rounds is not None:
            yield from self._train_rounds(epoch, self.rounds, report)
            return

        def train(_thread: int, job: tuple[int, int]) -> Tally:
            return self.train_chunk(epoch, *job)

        jobs = list(enumerate(self.chunk_seeds(epoch)))[self.progress.n_chunks :]
        yield from train_chunks(
            jobs, self.progress, train, self.n_workers, report, self.objective.stop_flag,
            self.is_due,
        )  # fmt: skip

    def _train_rounds(
        self, epoch: int, rounds: Rounds, report: Callable[[], None]
    ) -> Generator[Pause, None, None]:
        """Train the rounds that are left of an epoch. One that is interrupted changes nothing."""
        seeds = self.chunk_seeds(epoch)
        is_first = self.n_epochs_before + epoch == 0
        n_done = self.progress.n_chunks
        for number, start in enumerate(rounds.starts(n_done, is_first)):
            shards = [
                [self.job(epoch, chunk, seeds[chunk]) for chunk in chunks]
                for chunks in rounds.shards(start, is_first)
            ]
            commit = self._run_round(self.objective, self.chunks, shards, report)
            uninterrupted(partial(self._end_round, commit, start))
            stop = shards[-1][-1].place.stop
            self.divergence.check_some_rows(number, self._position(epoch, stop))
            report()
            if self.is_due is not None and self.is_due():
                yield PAUSE

    def _end_round(self, commit: Callable[[], list[Tally]], start: int) -> None:
        """Merge a round that begins with chunk `start`, and note that it was trained."""
        for chunk, tally in enumerate(commit(), start):
            self.progress.add(chunk, tally)

    def _position(self, epoch: int, position: int) -> TrainingPosition:
        rate = self.schedule.rate(epoch, position)
        n_units, unit = self.chunks.n_units, self.chunks.unit
        return TrainingPosition(epoch + 1, self.schedule.n_epochs, position, n_units, unit, rate)

    def _report_progress(self, bar: Bar, epoch: int, tally: Tally) -> None:
        fields: dict[str, Fact] = {"epoch": (epoch + 1, self.schedule.n_epochs)}
        fields["alpha"] = self.schedule.rate(epoch, tally.n_units)
        if self.objective.compute_loss and tally.n_examples:
            fields["loss"] = tally.mean_loss
        bar.update_to(self.total.n_units + tally.n_units, **fields)
        if self.on_progress is not None:
            self.on_progress(epoch, tally, self.total)

    def _log(self, epoch: int, tally: Tally, seconds: float) -> None:
        rate, unit = self.schedule.rate(epoch, self.schedule.n_units), self.chunks.unit
        loss = f", loss {tally.mean_loss:.5f}" if self.objective.compute_loss else ""
        speed = self.total.n_units / max(seconds, 1e-9)
        logger.info(
            "epoch %d of %d: %d %s, %d trained on, alpha now %.5f, %.0f %s/s%s", epoch + 1,
            self.schedule.n_epochs, tally.n_units, unit, tally.n_kept, rate, speed, unit, loss,
        )  # fmt: skip


def for_the_rest(objective: Objective, progress: EpochProgress) -> Objective:
    """Return an objective for the rest of an epoch: without a loss, if a part of it has none."""
    has_none = progress.tally.n_examples > 0 and not progress.tally.loss
    return replace(objective, compute_loss=objective.compute_loss and not has_none)


def trained_arrays(objective: Objective) -> dict[str, np.ndarray]:
    """Return the arrays that an objective trains, by the names used in error messages."""
    has_bias = objective.bias in ("word", "both")
    arrays = {
        **vectors_and_biases("input", objective.input, objective.n_dimensions, has_bias),
        "output vectors": None if objective.output is objective.input else objective.output,
        "vectors of negatives": objective.negative_output,
        "vectors of the Huffman tree": objective.tree,
        BIAS: objective.scalar_bias,
    }
    return {name: array for name, array in arrays.items() if array is not None}
