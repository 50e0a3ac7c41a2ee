"""WordTable: counted words as bytes, which nodes divide among each other and add up.

Each node counts the words of its parts of the corpus. Then each word belongs to the node that the
hash of the word names. That node gets the counts of the word from all nodes, and adds them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from zlib import crc32

import numpy as np

from fastsgns.corpus.scan import Scanner, join_slices
from fastsgns.corpus.utf8words import Utf8Words
from fastsgns.corpus.vocabulary import Vocabulary

PART_SHIFT = 40  # a place is (number of the part << 40) + the token in it


class WordTable(NamedTuple):
    """Distinct words, with their counts.

    Attributes
    ----------
    words : bytes
        Each is followed by a newline.
    counts : ndarray of int64, shape (n,)
    first : ndarray of int64, shape (n,)
        The place of the first occurrence of each word. Places ascend in the order of the corpus.
    """

    words: bytes
    counts: np.ndarray
    first: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """Where each word starts in `words`, and the length of `words`: int64."""
        newlines = np.flatnonzero(np.frombuffer(self.words, np.uint8) == ord("\n"))
        return np.append(0, newlines + 1).astype(np.int64)

    def divided(self, n_parts: int) -> list["WordTable"]:
        r"""Return a table for each remainder of the hashes of the words.

        Examples
        --------
        >>> table = WordTable(b"to\nbe\nor\n", np.array([2, 2, 1]), np.array([0, 1, 2]))
        >>> [part.words for part in table.divided(2)]
        [b'to\n', b'be\nor\n']
        """
        words = self.words.split(b"\n")[:-1]
        owners = np.fromiter((crc32(word) % n_parts for word in words), np.int64, len(words))
        return [self._at(np.flatnonzero(owners == part)) for part in range(n_parts)]

    def sorted(self) -> "WordTable":
        """Return the same words, in the order of their first occurrences."""
        return self._at(np.argsort(self.first, kind="stable"))

    def _at(self, indices: np.ndarray) -> "WordTable":
        starts = self.starts
        words = join_slices(self.words, starts[indices], starts[indices + 1])
        return WordTable(words, self.counts[indices], self.first[indices])

    def vocabulary(self) -> Vocabulary:
        """Return the words, which must be UTF-8, and their counts."""
        starts = self.starts
        return Vocabulary(Utf8Words(self.words, starts[:-1], starts[1:]), self.counts)


def add_tables(tables: Iterable[WordTable]) -> WordTable:
    r"""Return all words of several tables, with the sums of their counts.

    Examples
    --------
    >>> tables = [WordTable(b"to\n", np.array([2]), np.array([7]))] * 2
    >>> add_tables(tables).counts.tolist()
    [4]
    """
    scanner = Scanner()
    counts = first = np.zeros(0, np.int64)
    for table in tables:
        ids = scanner.feed(table.words)[0]
        n_new = scanner.n_types - len(counts)
        counts = np.append(counts, np.zeros(n_new, np.int64))
        first = np.append(first, np.full(n_new, np.iinfo(np.int64).max))
        counts[ids] += table.counts  # a table has each word once
        first[ids] = np.minimum(first[ids], table.first)
    return WordTable(scanner.types()[0], counts, first)


def join_tables(tables: Sequence[WordTable]) -> WordTable:
    """Return the words of several tables that have no word in common, ordered by `first`."""
    return WordTable(
        b"".join(table.words for table in tables),
        np.concatenate([table.counts for table in tables]),
        np.concatenate([table.first for table in tables]),
    ).sorted()


class WordIds(NamedTuple):
    """The words of a vocabulary that a text file can have, and their ids."""

    words: bytes
    ids: np.ndarray

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> "WordIds":
        r"""Return those words that are strings without white space; no text has others.

        Examples
        --------
        >>> WordIds.of(Vocabulary(["to", 7, "new york"], [2, 1, 1]))
        WordIds(words=b'to\n', ids=array([0], dtype=int32))
        """
        encoded = [_as_token(word) for word in vocabulary.words]
        ids = np.array([i for i, word in enumerate(encoded) if word], np.int32)
        return cls(b"".join(word + b"\n" for word in encoded if word), ids)

    def find(self, words: bytes, n_words: int) -> np.ndarray:
        """Return the id of each of some words, each followed by a newline, or -1: int32."""
        scanner = Scanner()
        scanner.feed(self.words)
        bounds = np.array([0, len(words)], np.int64)
        found, _, _ = scanner.look_up(words, bounds, keep_unknown=True)
        assert len(found) == n_words
        return np.append(self.ids, np.int32(-1))[found]


def _as_token(word: object) -> bytes:
    """Return a word as a text file has it; nothing if no file can have it."""
    if not isinstance(word, str):
        return b""
    token = word.encode("utf-8", "surrogatepass")
    return token if token.split() == [token] else b""
