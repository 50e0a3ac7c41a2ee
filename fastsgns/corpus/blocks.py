"""Blocks of ids: what a scan stores, and what is joined to the arrays of a corpus."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from fastsgns.corpus.scan import remap
from fastsgns.corpus.spill import SpillBuffer, StoredBlock


class SentenceBlock(NamedTuple):
    """Tokens that follow each other in a corpus, some ten thousand."""

    ids: StoredBlock
    ends: np.ndarray
    """int64: how many ids of the block there are before each end of a sentence, ascending."""


def take_blocks(
    blocks: list[SentenceBlock], spill: SpillBuffer
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the ids and ends of each block in order, and free each block once it was used."""
    blocks.reverse()
    while blocks:
        block = blocks.pop()
        yield spill.read(block.ids), block.ends


class BlockJoiner:
    """Writes blocks one after the other to an array, with new ids.

    Parameters
    ----------
    ids : ndarray of int32
        Receives the ids.
    start : int
        Where the first of them is written.

    Attributes
    ----------
    ends : list of ndarray of int64
        Positions in `ids` where a sentence ends, ascending; some of them more than once.
    """

    def __init__(self, ids: np.ndarray, start: int = 0) -> None:
        self.ids = ids
        self.ends: list[np.ndarray] = []
        self._stop = start

    def append(self, ids: np.ndarray, ends: np.ndarray, new_ids: np.ndarray) -> None:
        """Append ``new_ids[ids]`` without its negative ids; `ends` are positions in this block."""
        new_ends = np.empty(len(ends), np.int64)
        n_kept = remap(ids, ends, new_ids, self.ids[self._stop :], new_ends)
        new_ends += self._stop
        self.ends.append(new_ends)
        self._stop += n_kept

    def end_sentence(self) -> None:
        """End the sentence after the last id that was appended."""
        self.ends.append(np.array([self._stop], np.int64))


def sentence_offsets(ends: Sequence[np.ndarray]) -> np.ndarray:
    """Return 0 and the distinct positive ends: the offsets of the sentences that are not empty.

    Parameters
    ----------
    ends : sequence of ndarray of int64
        Ascending if they are joined.
    """
    joined = np.concatenate([np.zeros(1, np.int64), *ends])
    offsets: np.ndarray = joined[np.concatenate([[True], joined[1:] > joined[:-1]])]
    return offsets
