"""Memory of a Word2Vec, from the first sentence that is read to the end of training."""

import sys
from collections.abc import Hashable, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.subwords import SubwordTable
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.matrices import HUGE_PAGE, array_bytes, copy_bytes, padded
from fastsgns.models.parameters import Parameters
from fastsgns.models.words.objective import softmax_batch
from fastsgns.sampling import noise_distribution
from fastsgns.training.hotrows import copies_bytes
from fastsgns.training.replica_memory import ReplicaRows

WORD_BYTES = 178  # per unknown word: string, dict, list, counts and tables
SAMPLED_WORDS = 1000
FIRST_SLOTS, SLOT_BYTES = 1 << 14, 32  # as in scan_table.c
SLAB_BYTES = 8 << 20  # as in fastsgns.corpus.spill
SLAB_REST = 450_000  # unused bytes at the end of a slab, at most
INT_BYTES = 32
STRING_BYTES = 64
NOISE_BYTES, TREE_BYTES = 56, 220  # per word, while the noise table or the tree is computed
NGRAMS, NGRAM_GROWTH = 8.0, 0.83  # V words have NGRAMS * V ** NGRAM_GROWTH n-grams of a length
MAX_WINDOW, SHARED_ROWS = 4096, 64  # rows of the scratch memory of a worker


@dataclass(frozen=True)
class Reading:
    """What was read from a corpus, as far as memory depends on it.

    Attributes
    ----------
    n_types : int
        Distinct words before pruning.
    type_bytes : int
        Bytes of their UTF-8, with a newline each; 0 if they were Python objects from the start.
    n_tokens, n_sentences : int
        Tokens and sentences that were read.
    n_workers : int
        Threads that read.
    owns_words : bool
        Whether reading made the strings; otherwise they belong to the caller.
    is_encoded : bool
        Whether the source was an `EncodedCorpus`, whose ids belong to the caller.
    reads_again : bool
        Whether training reads the same files again because no ids were kept, or looks up all words
        of the same `EncodedCorpus`, which makes strings of them.
    """

    n_types: int
    type_bytes: int
    n_tokens: int
    n_sentences: int
    n_workers: int = 1
    owns_words: bool = True
    is_encoded: bool = False
    reads_again: bool = False

    @classmethod
    def of(
        cls,
        source: Any,
        raw: Vocabulary,
        n_sentences: int = 0,
        n_workers: int = 1,
        reads_again: bool = False,
    ) -> "Reading":
        """Describe the reading of a source of sentences, whose words `raw` has counted."""
        is_encoded = isinstance(source, EncodedCorpus)
        is_packed = raw.utf8_bytes > 0  # strings are made when the words are chosen
        owns_words = is_packed or not isinstance(source, Sized)
        counts = len(raw), raw.utf8_bytes, raw.total, n_sentences
        reads_again = reads_again and is_packed
        return cls(*counts, n_workers if is_packed else 1, owns_words, is_encoded, reads_again)


@dataclass(frozen=True)
class MemoryEstimate:
    """The bytes of a model and of its training, by part.

    Parameters
    ----------
    matrices : dict of str to int
        The matrix of each role.
    copies : dict of str to int
        The copy of each matrix that kernels train.
    words : int
        The vocabulary: strings, dict, list and counts.
    tables : int
        The tables over the words that training needs.
    making_tables : int
        What is needed in addition to `tables` while they are computed.
    n_kept : int
        Number of tokens to train on.
    scratch : int
        Scratch memory of the workers.
    reading : Reading or None
        The corpus that was read.
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
        """Bytes of the encoded corpus."""
        read = self.reading
        return 0 if read is None else 4 * self.n_kept + 8 * (read.n_sentences + 1)

    @property
    def training(self) -> int:
        """Bytes while the model is trained, with subwords without callbacks.

        With subwords, input vectors are computed after the training, and the memory of the arrays
        of other roles is used only as their copies are freed (`Matrices.release`).
        """
        parts = [*self.matrices.values(), *self.copies.values()]
        if "subwords" in self.matrices:
            sizes = {role: size for role, size in self.matrices.items() if role != "input"}
            parts = [max(size, self.copies.get(role, 0)) for role, size in sizes.items()]
        read = self.reading
        looks_up = read and read.is_encoded and read.reads_again  # all words of the corpus
        looked_up = STRING_BYTES * read.n_types if read and looks_up else 0
        words = self.words + self.tables + looked_up
        return sum(map(in_pages, parts)) + words + self.corpus + self.scratch

    @property
    def starting(self) -> int:
        """Bytes while the tables are computed, when only the input matrix has been written to."""
        return self._first + self.words + self.tables + self.making_tables + self.corpus

    @property
    def peak(self) -> int:
        """The most bytes that a whole fit takes at any time."""
        read = self.reading
        if read is None:
            return self.training
        reading = _scanning(read)
        if read.reads_again:
            reading += self._first + self.words
        return max(self.training, self.trained, self.starting, self.joining(read), reading)

    @property
    def trained(self) -> int:
        """Bytes of the trained model."""
        return sum(map(in_pages, self.matrices.values())) + self.words + self.tables

    def joining(self, read: Reading) -> int:
        """Bytes while ids as read become ids of the vocabulary; slabs are freed one by one.

        The matrices are made after that, unless a corpus is read to train a model that has them.
        """
        half_used = read.n_workers * (SLAB_BYTES + HUGE_PAGE)
        moved = min(half_used, 4 * self.n_kept)
        ids = _blocks(read) + moved + 8 * (read.n_sentences + 1)
        matrices = self._first if read.reads_again else 0
        return matrices + self.words + self.tables + _types(read) + ids

    @property
    def _first(self) -> int:
        """Bytes of the matrix that is written to when it is allocated."""
        return in_pages(self.matrices.get("subwords", self.matrices["input"]))


def in_pages(n_bytes: int) -> int:
    """Return a number of bytes, rounded up to huge pages if it is large enough to use them."""
    return -(-n_bytes // HUGE_PAGE) * HUGE_PAGE if n_bytes >= HUGE_PAGE else n_bytes


def word_bytes(words: Sequence[Hashable], owned: bool = True) -> int:
    """Return the bytes of a vocabulary: words if `owned`, their list, their ids and two counts.

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
    """Return the bytes of a dict of n strings: 2^k slots, and entries for two thirds of them.

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
    """Return the bytes of the Huffman paths of all words; rare words have long paths."""
    counts = np.maximum(counts, 1)
    n_nodes = float(np.log2(counts.sum() / counts).sum()) + len(counts) / 2
    return round(n_nodes) * 8 + 8 * len(counts)


def _blocks(read: Reading) -> int:
    """Return the bytes of ids as read, in slabs per thread, with their unused ends for files."""
    if read.is_encoded:
        return 0
    ids = 4 * read.n_tokens
    unused = ids // SLAB_BYTES * SLAB_REST if read.type_bytes else 0
    return ids + unused + min(ids, HUGE_PAGE) * read.n_workers


def _types(read: Reading) -> int:
    """Return the bytes of all distinct words while words are selected: as UTF-8, or as objects."""
    if read.is_encoded:
        return 4 * read.n_types
    if read.type_bytes:
        return read.type_bytes + (16 + 8 + 4) * read.n_types
    strings = STRING_BYTES * read.n_types if read.owns_words else 0
    return strings + dict_bytes(read.n_types) + (INT_BYTES + 36) * read.n_types


def _scanning(read: Reading) -> int:
    """Return the bytes at the end of reading, while the words of several threads are merged."""
    ids = _blocks(read) + 8 * read.n_sentences
    if not read.type_bytes:
        return ids + _types(read)
    n_slots = FIRST_SLOTS
    while n_slots // 4 * 3 < read.n_types:
        n_slots *= 2
    tables = n_slots * SLOT_BYTES + 16 * read.n_types + read.type_bytes
    merging = 2 * read.type_bytes + 60 * read.n_types
    return ids + read.n_workers * tables + merging


def matrix_bytes(parameters: Parameters, n_words: int, n_rows: int = 0) -> dict[str, int]:
    """Return the bytes of each matrix by role; `n_rows` of subwords are ``subwords``."""
    dimensions, n_columns = parameters.vector_size, parameters.layout.n_bias_columns
    bytes_of = {"input": n_words * array_bytes(dimensions, n_columns)}
    if n_rows:
        bytes_of["subwords"] = n_rows * 4 * padded(dimensions + n_columns)
    bytes_of |= dict.fromkeys(parameters.target_roles, n_words * array_bytes(dimensions))
    if parameters.hs:
        bytes_of["tree"] = n_words * array_bytes(dimensions)
    return bytes_of


def copied_bytes(parameters: Parameters, n_words: int) -> dict[str, int]:
    """Return the bytes of the copy of each matrix that kernels train, by role.

    Rows of subwords are trained in place, and input vectors are computed from them.
    """
    dimensions, n_columns = parameters.vector_size, parameters.layout.n_bias_columns
    bytes_of: dict[str, int] = {}
    bytes_of |= dict.fromkeys(parameters.target_roles, n_words * copy_bytes(dimensions))
    if parameters.scheme is None:
        bytes_of["input"] = n_words * copy_bytes(dimensions, n_columns)
    if parameters.hs:
        bytes_of["tree"] = n_words * copy_bytes(dimensions)
    return bytes_of


def guessed_rows(parameters: Parameters, n_words: int) -> int:
    """Return about how many rows the words of a vocabulary that is not known yet will have.

    The more words, the more of their n-grams are those of other words. The power law was fitted to
    the 1,000 to 60,000 most frequent words of the English Wikipedia, with n-grams of 3 to 6
    characters.
    """
    scheme = parameters.scheme
    if scheme is None:
        return 0
    n_ngrams = NGRAMS * n_words**NGRAM_GROWTH * (scheme.max_n - scheme.min_n + 1)
    if not scheme.has_own_rows:
        n_ngrams = (n_ngrams + n_words) * scheme.hash_count
    # How many of the buckets are not empty if so many balls are thrown into them
    n_buckets = -scheme.bucket * np.expm1(-n_ngrams / scheme.bucket)
    return scheme.n_own_rows(n_words) + round(float(n_buckets))


def estimate_fit(
    parameters: Parameters,
    words: Sequence[Hashable],
    counts: np.ndarray,
    reading: Reading | None = None,
    table: SubwordTable | None = None,
) -> MemoryEstimate:
    """Return the memory that a fit of these words takes.

    Parameters
    ----------
    parameters : Parameters
    words : sequence of V words
    counts : ndarray of int, shape (V,)
    reading : Reading or None
        The corpus that was read.
    table : SubwordTable or None
        The rows of the words, if they are made of subwords.
    """
    n_words, negative = len(words), parameters.negative > 0
    tables = 8 * n_words * negative + 4 * n_words * bool(parameters.sample)
    making = NOISE_BYTES * n_words * negative
    if parameters.hs:
        tables, making = tables + path_bytes(counts), TREE_BYTES * n_words
    row_bytes = 8 * padded(parameters.vector_size)  # a value and its change
    scratch = (2 * min(parameters.window, MAX_WINDOW) + SHARED_ROWS) * row_bytes
    if table is not None:
        scratch += _subword_scratch(parameters) * row_bytes
        tables += table.starts.nbytes + table.rows.nbytes + table.buckets.nbytes
    if parameters.softmax:
        scratch += n_words * (4 * softmax_batch(n_words) + 12)
    return MemoryEstimate(
        matrix_bytes(parameters, n_words, 0 if table is None else table.n_rows),
        copied_bytes(parameters, n_words),
        word_bytes(words, reading is None or reading.owns_words), tables, making,
        int(counts.sum()), parameters.workers * scratch + _copied_rows(parameters, counts, table),
        reading,
    )  # fmt: skip


def _subword_scratch(parameters: Parameters) -> int:
    """Return about how many means of rows each worker stores (kernels/subwords.pxd)."""
    return 2 * min(parameters.window, MAX_WINDOW) + 9 * (parameters.negative + 3)


def _copied_rows(parameters: Parameters, counts: np.ndarray, table: SubwordTable | None) -> int:
    """Return the bytes of the rows that threads copy: replicas, or copies of frequent rows."""
    if not parameters.deterministic:
        return _hot_bytes(parameters)
    noise = None
    if parameters.negative and counts.any():
        noise = noise_distribution(counts, parameters.ns_exponent)
    n_columns, is_tied = parameters.layout.n_bias_columns, parameters.layout.shares_one_matrix
    rows = ReplicaRows(
        counts, noise, int(counts.sum()), negative=parameters.negative, is_tied=is_tied
    )
    output_bytes = 4 * padded(parameters.vector_size)
    input_bytes, n_words = 4 * padded(parameters.vector_size + n_columns), len(counts)
    n_inputs, n_numbered = rows.used_or_drawn if is_tied else rows.used, n_words
    if table is not None:
        n_inputs = rows.subwords(table.starts, table.rows, table.n_rows, is_tied)
        n_numbered += table.n_rows
    n_outputs = n_words if parameters.softmax else rows.used_or_drawn
    size = n_inputs * input_bytes + len(parameters.target_roles) * n_outputs * output_bytes
    if parameters.hs:
        size, n_numbered = size + rows.nodes * output_bytes, n_numbered + n_words
    if parameters.softmax:  # all input rows have a place
        size += (n_words - rows.used) * input_bytes * (table is None)
    return rows.total(size, n_numbered, parameters.workers)


def _hot_bytes(parameters: Parameters) -> int:
    """Return the bytes of the workers' copies of frequent rows, at most."""
    if parameters.softmax:
        return 0
    row_bytes = 4 * padded(parameters.vector_size + parameters.layout.n_bias_columns)
    n_matrices = len({"input", *parameters.target_roles})
    return copies_bytes(row_bytes, n_matrices, parameters.workers)


def report(
    parameters: Parameters, n_words: int, needs: MemoryEstimate | None, result: dict[str, int]
) -> dict[str, int]:
    """Fill `result` as `Word2Vec.estimate_memory` documents it.

    Parameters
    ----------
    n_words : int
    needs : MemoryEstimate or None
        The estimate for the words and the corpus of a model; None for words not known yet.
    """
    n_rows = guessed_rows(parameters, n_words)
    sizes = matrix_bytes(parameters, n_words, n_rows) if needs is None else needs.matrices
    result["vocab"] = n_words * WORD_BYTES if needs is None else needs.words + needs.tables
    result["vectors"] = sizes["input"]
    result["syn1"] = sizes.get("tree", 0)
    result["syn1neg"] = sum(sizes.get(role, 0) for role in ("output", "negative"))
    result["training"] = sum(copied_bytes(parameters, n_words).values())
    names = ["vocab", "vectors", "syn1", "syn1neg", "training"]
    if parameters.scheme is not None:
        result["subwords"] = sizes["subwords"]
        names.append("subwords")
        if needs is not None:  # the copies use memory that the arrays get later
            result["training"] = 0
    if needs is not None:
        result["corpus"] = max(0, needs.peak - sum(result[name] for name in names))
        names.append("corpus")
    result["total"] = sum(result[name] for name in names)
    return result
