"""Chunks: what an epoch trains on, in pieces that a thread takes one at a time."""

from typing import Protocol

import numpy as np

from fastsgns import kernels
from fastsgns.arrays import check_mapped, check_offsets, integers
from fastsgns.kernels.objective import Objective

CHUNKS_PER_EPOCH = 64
CHUNK_TOKENS = 1_000, 65_536

Trained = tuple[float, int, int]


class Chunks(Protocol):
    """What a Trainer asks of the source of its examples.

    Attributes
    ----------
    unit : str
        What an epoch is counted in: words, walks, pairs.
    n_units : int
        How many of them an epoch has.
    starts : range
        The first unit of each chunk; the same for any number of workers.
    longest : int
        No sentence is longer than this.
    """

    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def n_units(self) -> int: ...  # noqa: D102
    @property
    def starts(self) -> range: ...  # noqa: D102
    @property
    def longest(self) -> int: ...  # noqa: D102

    def train(
        self,
        objective: Objective,
        place: tuple[int, int, int],
        rates: tuple[float, float],
        stream: int,
    ) -> Trained:
        """Train on the units of a place, (epoch, start, stop), at rates falling between two.

        All that is random follows from the place and the stream. Returns the loss, and the numbers
        of examples and of focus words.
        """


def cut(n_units: int, tokens_per_unit: int = 1) -> range:
    """The first units of chunks of some ten thousand tokens.

    Examples
    --------
    >>> cut(10_000, 80)[:3]
    range(0, 468, 156)
    """
    n_tokens = int(np.clip(n_units * tokens_per_unit // CHUNKS_PER_EPOCH, *CHUNK_TOKENS))
    return range(0, n_units, max(1, n_tokens // tokens_per_unit))


class TokenChunks:
    """Ranges of positions in a corpus.

    Parameters
    ----------
    ids, offsets : ndarray of int
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``; none is empty.
    """

    unit = "words"

    def __init__(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        self.ids = integers(ids, np.int32, "ids")
        self.offsets = integers(offsets, np.int64, "offsets")
        check_mapped(self.ids, self.offsets)
        check_offsets(self.offsets, len(ids), "offsets")
        self.n_units, self.starts = len(ids), cut(len(ids))
        self.longest = int(np.diff(self.offsets).max())

    def train(  # noqa: D102
        self,
        objective: Objective,
        place: tuple[int, int, int],
        rates: tuple[float, float],
        stream: int,
    ) -> Trained:
        _, start, stop = place
        check_mapped(self.ids, self.offsets)
        return kernels.train_chunk(objective, self.ids, self.offsets, start, stop, *rates, stream)


class PairChunks:
    """Ranges of a list of pairs.

    Parameters
    ----------
    sources, targets : ndarray of int, shape (n,)
        Input and output rows.
    """

    unit = "pairs"
    longest = 1

    def __init__(self, sources: np.ndarray, targets: np.ndarray) -> None:
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources)} sources and {len(targets)} targets make no pairs")
        self.sources = integers(sources, np.int32, "sources")
        self.targets = integers(targets, np.int32, "targets")
        self.n_units, self.starts = len(sources), cut(len(sources))

    def train(  # noqa: D102
        self,
        objective: Objective,
        place: tuple[int, int, int],
        rates: tuple[float, float],
        stream: int,
    ) -> Trained:
        _, start, stop = place
        return kernels.train_pairs_chunk(
            objective, self.sources, self.targets, start, stop, *rates, stream
        )
