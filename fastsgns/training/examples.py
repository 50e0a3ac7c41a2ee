"""Chunks: the data of an epoch, in parts that a worker trains one at a time."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np

from fastsgns import kernels
from fastsgns.arrays import check_mapped, check_offsets, integers
from fastsgns.kernels.objective import Objective

CHUNKS_PER_EPOCH = 64
FINE_CHUNKS_PER_EPOCH = 2048
CHUNK_TOKENS = 1_000, 65_536  # least and most tokens of a chunk
FINE_CHUNK_TOKENS = 1_500, 8_192  # not as above: a place in an epoch tells one cut from the other

Rates = tuple[float, float]  # learning rate at the start and at the end of a chunk
Trained = tuple[float, int, int]  # loss, examples and focus words of a chunk
PairRole = Literal["input", "output"]


class ChunkPlace(NamedTuple):
    """The units ``start .. stop - 1`` of an epoch."""

    epoch: int
    start: int
    stop: int


class Sentences(NamedTuple):
    """Sentences of a chunk, whose tokens ``start .. stop - 1`` are focus words.

    Attributes
    ----------
    ids, offsets : ndarray of int
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``.
    start, stop : int
    stream : int
        Seed of the random numbers, 64 bits.
    """

    ids: np.ndarray
    offsets: np.ndarray
    start: int
    stop: int
    stream: int

    def train(self, objective: Objective, rates: Rates) -> Trained:
        """Train them, and return their loss and their numbers of examples and of focus words."""
        return kernels.train_chunk(objective, *self[:4], *rates, self.stream)


class Pairs(NamedTuple):
    """Pairs of a chunk: the row of each source learns to predict the row of its target.

    Attributes
    ----------
    sources, targets : ndarray of int32, shape (n,)
    stream : int
        Seed of the random numbers, 64 bits.
    roles : (str, str)
        The matrix that has the rows of the sources, and that of the targets.
    input_noise : ndarray of uint32, shape (V, 2), or None
        Alias table of the noise distribution over the rows of the input matrix, for pairs whose
        targets are rows of it.
    part : (float, float)
        The part of the learning rates of a chunk at which they are trained: 0 is that at its
        start, and 1 is that at its end.
    """

    sources: np.ndarray
    targets: np.ndarray
    stream: int
    roles: tuple[PairRole, PairRole] = ("input", "output")
    input_noise: np.ndarray | None = None
    part: tuple[float, float] = (0.0, 1.0)

    def train(self, objective: Objective, rates: Rates) -> Trained:
        """Train them, and return their loss and their numbers of examples and of focus words."""
        if self.part != (0.0, 1.0):
            middle = sum(rates) / 2
            rates = (rates[0], middle) if self.part[0] == 0 else (middle, rates[1])
        return kernels.train_pairs_chunk(
            self._view(objective), self.sources, self.targets, 0, len(self.sources), *rates,
            self.stream,
        )  # fmt: skip

    def _view(self, objective: Objective) -> Objective:
        """Return the objective of these roles: rows of one matrix predict rows of the other.

        No sign is flipped between two rows of one role.
        """
        if self.roles == ("input", "output"):
            return objective
        matrices: dict[PairRole, Any] = {"input": objective.input, "output": objective.output}
        noise = {"input": self.input_noise, "output": objective.noise}
        factors = {"input": objective.lock_factors, "output": objective.output_lock_factors}
        source, target = self.roles
        changes: dict[str, Any] = {"n_flipped": 0} if source == target else {}
        return replace(
            objective, input=matrices[source], output=matrices[target], noise=noise[target],
            lock_factors=factors[source], output_lock_factors=factors[target], **changes,
        )  # fmt: skip


Examples = Sentences | Pairs


class Chunks(Protocol):
    """The data of an epoch, as a Trainer uses it.

    Attributes
    ----------
    unit : str
        What is counted: words, walks, pairs.
    n_units : int
        Units per epoch.
    starts : range
        The first unit of each chunk; the same for any number of workers.
    longest : int
        Length of the longest sentence, or a bound on it.
    tokens_per_unit : int
        Tokens of a walk; 1 if units are tokens or pairs.
    is_recorded : bool
        Whether `record` keeps what is trained, so that it must be called.
    """

    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def n_units(self) -> int: ...  # noqa: D102
    @property
    def starts(self) -> range: ...  # noqa: D102
    @property
    def longest(self) -> int: ...  # noqa: D102
    @property
    def tokens_per_unit(self) -> int: ...  # noqa: D102
    @property
    def is_recorded(self) -> bool: ...  # noqa: D102

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> Sequence[Examples]:
        """Return what a chunk trains, in order.

        Parameters
        ----------
        place : ChunkPlace
        stream : int
            Seed of the random numbers of the chunk, 64 bits.
        stop_flag : ndarray of int32, shape (1,)
            Another thread sets it to 1 to make the call return early.
        """

    def record(self, examples: Sequence[Examples]) -> None:
        """Write what a chunk trains to a file, if there is one. Several threads may call this."""


def train_chunk(
    objective: Objective, chunks: Chunks, place: ChunkPlace, rates: Rates, stream: int
) -> Trained:
    """Train a chunk, and return its loss and its numbers of examples and of focus words.

    Parameters
    ----------
    objective : Objective
    chunks : Chunks
    place : ChunkPlace
    rates : (float, float)
        Learning rate at the start and at the end of the chunk; it is linear between them.
    stream : int
        Seed of the random numbers of the chunk, 64 bits.
    """
    examples = chunks.examples(place, stream, objective.stop_flag)
    chunks.record(examples)
    return train_examples(objective, examples, rates)


def train_examples(objective: Objective, examples: Sequence[Examples], rates: Rates) -> Trained:
    """Train the examples of a chunk, and return what `train_chunk` returns."""
    losses, n_examples, n_kept = zip(*(part.train(objective, rates) for part in examples))
    return sum(losses), sum(n_examples), sum(n_kept)


def cut(n_units: int, tokens_per_unit: int = 1, is_fine: bool = False) -> range:
    """Return the first unit of each chunk, of some ten thousand tokens, or some thousand.

    Examples
    --------
    >>> cut(10_000, 80)[:3]
    range(0, 468, 156)
    """
    n_chunks, least_and_most = CHUNKS_PER_EPOCH, CHUNK_TOKENS
    if is_fine:
        n_chunks, least_and_most = FINE_CHUNKS_PER_EPOCH, FINE_CHUNK_TOKENS
    n_tokens = int(np.clip(n_units * tokens_per_unit // n_chunks, *least_and_most))
    return range(0, n_units, max(1, n_tokens // tokens_per_unit))


class TokenChunks:
    """Chunks of a corpus: ranges of its tokens.

    Parameters
    ----------
    ids, offsets : ndarray of int
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``; none is empty.
    """

    unit, tokens_per_unit, is_recorded = "words", 1, False

    def __init__(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        self.ids = integers(ids, np.int32, "ids")
        self.offsets = integers(offsets, np.int64, "offsets")
        check_mapped(self.ids, self.offsets)
        check_offsets(self.offsets, len(ids), "offsets")
        self.n_units, self.starts = len(ids), cut(len(ids))
        self.longest = int(np.diff(self.offsets).max())

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Sentences]:
        """Return what a chunk trains; see `Chunks.examples`."""
        check_mapped(self.ids, self.offsets)
        return [Sentences(self.ids, self.offsets, place.start, place.stop, stream)]

    def record(self, examples: Sequence[Examples]) -> None:
        """Do nothing; see `Chunks.record`."""


class PairChunks:
    """Chunks of a list of pairs.

    Parameters
    ----------
    sources, targets : ndarray of int, shape (n,)
        The input row and the output row of each pair.
    """

    unit = "pairs"
    longest = tokens_per_unit = 1
    is_recorded = False

    def __init__(self, sources: np.ndarray, targets: np.ndarray) -> None:
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources)} sources and {len(targets)} targets make no pairs")
        self.sources = integers(sources, np.int32, "sources")
        self.targets = integers(targets, np.int32, "targets")
        self.n_units, self.starts = len(sources), cut(len(sources))

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Pairs]:
        """Return what a chunk trains; see `Chunks.examples`."""
        part = slice(place.start, place.stop)
        return [Pairs(self.sources[part], self.targets[part], stream)]

    def record(self, examples: Sequence[Examples]) -> None:
        """Do nothing; see `Chunks.record`."""
