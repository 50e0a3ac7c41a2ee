"""Rounds: the chunks of an epoch in groups, whose parts are trained on replicas of their own.

A round is at most `MOST_SHARDS` shards of consecutive chunks. Each shard is trained on a replica
(`fastsgns.training.replicas`) by one thread, and a merge ends the round. Which chunks a shard has
depends on the data alone, so that the result does not depend on the number of threads.

More shards keep more threads busy. Longer shards use the rows that they copy more often. But what a
shard has learned is seen by the others only after the merge, so that an epoch should have many
rounds (docs/deterministic.md has measurements).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fastsgns.kernels.objective import Objective
from fastsgns.runtime.threads import WorkerPool
from fastsgns.training.epoch import Tally
from fastsgns.training.examples import Chunks
from fastsgns.training.numbering import Scratch
from fastsgns.training.replicas import Job
from fastsgns.training.shards import ShardResult, apply, train_shard

Commit = Callable[[], list[Tally]]  # merges what was trained; returns the sums of each chunk
RunItems = Callable[[Callable[[Any], Any], Sequence[Any], Callable[[], object]], list[Any]]
RunRound = Callable[[Objective, Chunks, Sequence[Sequence[Job]], Callable[[], object]], Commit]

MOST_SHARDS = 16
ROUNDS_PER_EPOCH = 64
LEAST_ROUNDS = 24  # of an epoch that has two shards per round; one of fewer has no rounds
SHARD_TOKENS = 1 << 13, 1 << 16  # least and most tokens of a shard
USUAL_SHARD = 1 << 14  # tokens of a shard for which an epoch of fewer shards gets more of them


@dataclass(frozen=True)
class Rounds:
    """The rounds of an epoch.

    Parameters
    ----------
    chunks : range
        The first unit of each chunk of the epoch.
    n_shards : int
        Shards of a round, the last one excepted.
    shard_chunks : int
        Chunks of a shard, the last one excepted.
    """

    chunks: range
    n_shards: int
    shard_chunks: int = 1

    @classmethod
    def of(cls, n_units: int, tokens_per_unit: int = 1) -> "Rounds":
        """Choose the size of shards and their number for an epoch of so many units.

        The number is a power of 2, so that 2, 4, 8 or 16 threads have shards alike.

        Examples
        --------
        >>> for n_tokens in (300_000, 1_000_000, 5_000_000, 20_000_000, 1_000_000_000):
        ...     rounds = Rounds.of(n_tokens)
        ...     print(rounds.n_shards, rounds.chunks.step)
        1 8192
        2 8192
        4 19531
        16 19531
        16 65536
        """
        n_tokens = n_units * tokens_per_unit
        least, usual = (max(n, tokens_per_unit) for n in (SHARD_TOKENS[0], USUAL_SHARD))
        n_shards = min(MOST_SHARDS, n_tokens // (ROUNDS_PER_EPOCH * usual))
        if n_shards < 2:
            n_shards = 2 if n_tokens >= 2 * LEAST_ROUNDS * least else 1
        n_shards = 1 << (n_shards.bit_length() - 1)
        shard_tokens = int(np.clip(n_tokens // (n_shards * ROUNDS_PER_EPOCH), *SHARD_TOKENS))
        return cls(range(0, n_units, max(1, shard_tokens // tokens_per_unit)), n_shards)

    @property
    def n_chunks(self) -> int:
        """Chunks of the epoch."""
        return len(self.chunks)

    def starts(self, n_done: int = 0, is_first: bool = False) -> Iterator[int]:
        """Yield the first chunk of each round that is left after `n_done` chunks.

        Parameters
        ----------
        n_done : int
        is_first : bool
            As for `shards`.

        Examples
        --------
        >>> list(Rounds(range(20), n_shards=4).starts(is_first=True))
        [0, 1, 2, 4, 8, 12, 16]
        """
        while n_done < self.n_chunks:
            yield n_done
            n_done = self.shards(n_done, is_first)[-1].stop

    def shards(self, start: int, is_first: bool = False) -> list[range]:
        """Return the chunks of each shard of the round that begins with chunk `start`.

        Parameters
        ----------
        start : int
        is_first : bool
            Whether it is the first epoch of a model. A round of it has at most as many shards as
            all rounds before it together: while all output vectors are near zero, the sum of the
            changes of many shards, which all learn the same, would be too long.

        Examples
        --------
        >>> Rounds(range(10), n_shards=3, shard_chunks=2).shards(6)
        [range(6, 8), range(8, 10)]
        """
        step, n_shards = self.shard_chunks, self.n_shards
        if is_first:
            n_shards = min(n_shards, max(1, start // step))
        stop = min(start + n_shards * step, self.n_chunks)
        return [range(first, min(first + step, stop)) for first in range(start, stop, step)]


class Elsewhere(NamedTuple):
    """What trains the rounds of all models, in place of threads of this process."""

    run_round: RunRound
    layout: Callable[[range], Rounds]
    """The rounds of some chunks, where they need not be reproducible."""
    run_items: RunItems
    """``run_items(function, items, report)`` returns ``function(item)`` for each item."""


_elsewhere: ContextVar[Elsewhere | None] = ContextVar("elsewhere", default=None)


@contextmanager
def runs_rounds(elsewhere: Elsewhere | None) -> Iterator[None]:
    """Have `elsewhere` train the rounds of all models that this thread trains in the block.

    None: threads of this process train them.
    """
    token = _elsewhere.set(elsewhere)
    try:
        yield
    finally:
        _elsewhere.reset(token)


def rounds_elsewhere() -> Elsewhere | None:
    """Return what `runs_rounds` has set."""
    return _elsewhere.get()


class LocalRounds:
    """Trains the shards of rounds in threads of this process: a `RunRound`.

    Parameters
    ----------
    n_threads : int
        The result does not depend on it.
    """

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads
        self._scratch = [Scratch() for _ in range(min(n_threads, MOST_SHARDS))]
        self._buffers = [Scratch() for _ in range(MOST_SHARDS)]

    def __call__(
        self, objective: Objective, chunks: Chunks, shards: Sequence[Sequence[Job]],
        report: Callable[[], object],
    ) -> Commit:  # fmt: skip
        """Train the shards of a round, and return what merges them.

        Until then, the matrices of `objective` are as they were.

        Parameters
        ----------
        objective : Objective
        chunks : Chunks
        shards : sequence of sequence of Job
            The chunks of each shard.
        report : callable
            Called ten times per second.

        Raises
        ------
        KeyboardInterrupt
            On Ctrl-C, when all threads have ended.
        """
        results: list[Any] = [None] * len(shards)

        def work(thread: int, shard: int) -> None:
            results[shard] = train_shard(
                objective, chunks, shards[shard], scratch=self._scratch[thread],
                buffers=self._buffers[shard],
            )  # fmt: skip

        n_threads = min(self.n_threads, len(shards))
        WorkerPool(
            n_threads, range(len(shards)), work, stop_flag=objective.stop_flag, stop_timeout=None
        ).run(report)

        def commit() -> list[Tally]:
            done: list[ShardResult] = results
            apply(objective, done, self.n_threads)
            for result in done:
                for examples in result.drawn:
                    chunks.record(examples)
            return [tally for result in done for tally in result.tallies]

        return commit
