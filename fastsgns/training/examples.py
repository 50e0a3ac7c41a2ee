"""Chunks: the data of an epoch, in parts that a worker trains one at a time."""

from typing import NamedTuple, Protocol

import numpy as np

from fastsgns import kernels
from fastsgns.arrays import check_mapped, check_offsets, integers
from fastsgns.kernels.objective import Objective

CHUNKS_PER_EPOCH = 64
CHUNK_TOKENS = 1_000, 65_536  # least and most tokens of a chunk

Rates = tuple[float, float]  # learning rate at the start and at the end of a chunk
Trained = tuple[float, int, int]  # loss, examples and focus words of a chunk


class ChunkPlace(NamedTuple):
    """The units ``start .. stop - 1`` of an epoch."""

    epoch: int
    start: int
    stop: int


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

    def train(self, objective: Objective, place: ChunkPlace, rates: Rates, stream: int) -> Trained:
        """Train a chunk, and return its loss and its numbers of examples and of focus words.

        Parameters
        ----------
        objective : Objective
        place : ChunkPlace
        rates : (float, float)
            Learning rate at the start and at the end of the chunk; it is linear between them.
        stream : int
            Seed of the random numbers of the chunk, 64 bits.
        """


def cut(n_units: int, tokens_per_unit: int = 1) -> range:
    """Return the first unit of each chunk, of some ten thousand tokens.

    Examples
    --------
    >>> cut(10_000, 80)[:3]
    range(0, 468, 156)
    """
    n_tokens = int(np.clip(n_units * tokens_per_unit // CHUNKS_PER_EPOCH, *CHUNK_TOKENS))
    return range(0, n_units, max(1, n_tokens // tokens_per_unit))


class TokenChunks:
    """Chunks of a corpus: ranges of its tokens.

    Parameters
    ----------
    ids, offsets : ndarray of int
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``; none is empty.
    """

    unit, tokens_per_unit = "words", 1

    def __init__(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        self.ids = integers(ids, np.int32, "ids")
        self.offsets = integers(offsets, np.int64, "offsets")
        check_mapped(self.ids, self.offsets)
        check_offsets(self.offsets, len(ids), "offsets")
        self.n_units, self.starts = len(ids), cut(len(ids))
        self.longest = int(np.diff(self.offsets).max())

    def train(self, objective: Objective, place: ChunkPlace, rates: Rates, stream: int) -> Trained:
        """Train a chunk; see `Chunks.train`."""
        _, start, stop = place
        check_mapped(self.ids, self.offsets)
        trained: Trained = kernels.train_chunk(
            objective, self.ids, self.offsets, start, stop, *rates, stream
        )
        return trained


class PairChunks:
    """Chunks of a list of pairs.

    Parameters
    ----------
    sources, targets : ndarray of int, shape (n,)
        The input row and the output row of each pair.
    """

    unit = "pairs"
    longest = tokens_per_unit = 1

    def __init__(self, sources: np.ndarray, targets: np.ndarray) -> None:
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources)} sources and {len(targets)} targets make no pairs")
        self.sources = integers(sources, np.int32, "sources")
        self.targets = integers(targets, np.int32, "targets")
        self.n_units, self.starts = len(sources), cut(len(sources))

    def train(self, objective: Objective, place: ChunkPlace, rates: Rates, stream: int) -> Trained:
        """Train a chunk; see `Chunks.train`."""
        _, start, stop = place
        trained: Trained = kernels.train_pairs_chunk(
            objective, self.sources, self.targets, start, stop, *rates, stream
        )
        return trained
