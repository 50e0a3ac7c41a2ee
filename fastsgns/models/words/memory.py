"""How much memory a Word2Vec takes, from the first sentence that is read to the end of training."""

import sys
from collections.abc import Hashable, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.matrices import HUGE_PAGE

WORD_BYTES = 178  # of a word that is not known: string, dict, list, counts and tables
SAMPLED_WORDS = 1000
FIRST_SLOTS, SLOT_BYTES = 1 << 14, 32  # as in scan_table.c
SLAB_BYTES = 8 << 20  # as of fastsgns.corpus.spill
SLAB_REST = 450_000
INT_BYTES = 32
STRING_BYTES = 64


@dataclass(frozen=True)
class Reading:
    """What the reading of a corpus found, as far as it takes memory.

    Attributes
    ----------
    n_types : int
        Words before pruning.
    type_bytes : int
        Their UTF-8, with a newline each; 0 if they were Python objects from the beginning.
    n_tokens, n_sentences : int
        As read.
    n_workers : int
        Threads that read.
    owns_words : bool
        Whether the strings were made by the reading, and not by the caller.
    is_encoded : bool
        Whether it was an `EncodedCorpus`, whose ids are the caller's.
    reads_again : bool
        Whether training reads the same files again, as ids were not kept, or looks up all words of
        the same `EncodedCorpus`, which become strings.
    """

    n_types: int
    type_bytes: int
    n_tokens: int
    n_sentences: int
    n_workers: int = 1
    owns_words: bool = True
    is_encoded: bool = False
    reads_again: bool = False

    @property
    def is_encoded_again(self) -> bool:
        """Whether all words of an `EncodedCorpus` are looked up."""
        return self.is_encoded and self.reads_again

    @classmethod
    def of(
        cls,
        source: Any,
        raw: Vocabulary,
        n_sentences: int = 0,
        n_workers: int = 1,
        reads_again: bool = False,
    ) -> "Reading":
        """Describe the reading of a source of sentences, or of a file (None), that gave `raw`."""
        is_encoded = isinstance(source, EncodedCorpus)
        is_packed = raw.utf8_bytes > 0  # strings are made when the words are chosen
        owns_words = is_packed or not isinstance(source, Sized)
        counts = len(raw), raw.utf8_bytes, raw.total, n_sentences
        reads_again = reads_again and is_packed
        return cls(*counts, n_workers if is_packed else 1, owns_words, is_encoded, reads_again)


@dataclass(frozen=True)
class Needs:
    """Bytes of a model and of its training.

    Parameters
    ----------
    matrices : dict of str to int
        Bytes by role.
    copies : dict of str to int
        Bytes of the copies of the matrices that kernels train, by role.
    words : int
        Of the vocabulary: strings, dict, list and counts.
    tables : int
        Of the words, made for training.
    making_tables : int
        Beside `tables`, while they are made.
    n_kept : int
        Tokens to train on.
    scratch : int
        Of the workers.
    reading : Reading or None
    """

    matrices: dict[str, int]
    copies: dict[str, int]
    words: int
    tables: int
    making_tables: int
    n_kept: int
    scratch: int
    reading: Reading | None = None

    @property
    def corpus(self) -> int:
        """The encoded corpus."""
        read = self.reading
        if read is None:
            return 0
        return 4 * self.n_kept + 8 * (read.n_sentences + 1)

    @property
    def training(self) -> int:
        """While the model is trained."""
        parts = (*self.matrices.values(), *self.copies.values())
        read = self.reading
        looked_up = STRING_BYTES * read.n_types if read and read.is_encoded_again else 0
        words = self.words + self.tables + looked_up
        return sum(map(in_pages, parts)) + words + self.corpus + self.scratch

    @property
    def starting(self) -> int:
        """While the tables are made: only the input matrix has been written to."""
        first = in_pages(self.matrices["input"])
        return first + self.words + self.tables + self.making_tables + self.corpus

    @property
    def peak(self) -> int:
        """The most that a whole fit takes at any time."""
        read = self.reading
        if read is None:
            return self.training
        reading = _scanning(read)
        if read.reads_again:
            reading += in_pages(self.matrices["input"]) + self.words
        return max(self.training, self.starting, self.joining(read), reading)

    def joining(self, read: Reading) -> int:
        """While the ids as read become those of the words: memory is freed by the slab."""
        first = in_pages(self.matrices["input"])
        half_used = read.n_workers * (SLAB_BYTES + HUGE_PAGE)
        moved = min(half_used, 4 * self.n_kept)
        ids = _blocks(read) + moved + 8 * (read.n_sentences + 1)
        return first + self.words + _types(read) + ids


def in_pages(n_bytes: int) -> int:
    """Round up to huge pages what is large enough to get any."""
    return -(-n_bytes // HUGE_PAGE) * HUGE_PAGE if n_bytes >= HUGE_PAGE else n_bytes


def word_bytes(words: Sequence[Hashable], owned: bool = True) -> int:
    """Bytes of a vocabulary: the words if they are `owned`, their list, their ids and two counts.

    Examples
    --------
    >>> word_bytes([]) < 1000
    True
    """
    n = len(words)
    step = max(1, n // SAMPLED_WORDS)
    sizes = [-(-sys.getsizeof(words[i]) // 16) * 16 for i in range(0, n, step)]
    strings = n * sum(sizes) // max(1, len(sizes)) if owned else 0
    return strings + 8 * n + dict_bytes(n) + INT_BYTES * n + 16 * n


def dict_bytes(n: int) -> int:
    """Bytes of a dict of n strings: a table of 2^k indices, and entries for two thirds of them.

    Examples
    --------
    >>> dict_bytes(100_000) == sys.getsizeof({str(i): i for i in range(100_000)}) - 64
    True
    """
    n_slots = 8
    while n_slots * 2 // 3 < n:
        n_slots *= 2
    index = 1 if n_slots <= 1 << 8 else 2 if n_slots <= 1 << 16 else 4 if n_slots <= 1 << 32 else 8
    return n_slots * index + n_slots * 2 // 3 * 16 + 32


def path_bytes(counts: np.ndarray) -> int:
    """Bytes of the Huffman paths of words: a path is as long as the word is rare."""
    counts = np.maximum(counts, 1)
    n_nodes = float(np.log2(counts.sum() / counts).sum()) + len(counts) / 2
    return round(n_nodes) * 8 + 8 * len(counts)


def _blocks(read: Reading) -> int:
    """The ids as read, in slabs of each thread: of files a block may not fit the end of a slab."""
    if read.is_encoded:
        return 0
    ids = 4 * read.n_tokens
    unused = ids // SLAB_BYTES * SLAB_REST if read.type_bytes else 0
    return ids + unused + min(ids, HUGE_PAGE) * read.n_workers


def _types(read: Reading) -> int:
    """All types while the words are chosen: packed, or as a dict and a list."""
    if read.is_encoded:
        return 4 * read.n_types
    if read.type_bytes:
        return read.type_bytes + (16 + 8 + 4) * read.n_types
    strings = STRING_BYTES * read.n_types if read.owns_words else 0
    return strings + dict_bytes(read.n_types) + (INT_BYTES + 36) * read.n_types


def _scanning(read: Reading) -> int:
    """At the end of the reading, and while the types of several threads are merged."""
    ids = _blocks(read) + 8 * read.n_sentences
    if not read.type_bytes:
        return ids + _types(read)
    n_slots = FIRST_SLOTS
    while n_slots // 4 * 3 < read.n_types:
        n_slots *= 2
    tables = n_slots * SLOT_BYTES + 16 * read.n_types + read.type_bytes
    merging = 2 * read.type_bytes + 60 * read.n_types
    return ids + read.n_workers * tables + merging
