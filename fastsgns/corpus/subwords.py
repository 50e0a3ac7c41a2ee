"""Subwords: the buckets of the character n-grams of words, and the rows of the buckets in use.

A word is made of rows of a matrix: its own row, then one row per n-gram. Facebook's fastText hashes
n-grams to two million buckets; here only the buckets that the vocabulary uses have a row.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from fastsgns.corpus import ngrams
from fastsgns.rules import integer
from fastsgns.runtime.machine import require_memory

CHUNK_WORDS = 1 << 13  # words that are hashed at once,
CHUNK_CHARACTERS = 1 << 18  # unless they have more characters than this
LARGEST_TABLE = 1 << 26  # buckets of which an array has an entry each, for speed,
TABLE_SHARE = 16  # where there are at most so many per n-gram
MOST_PER_BYTE = 100  # n-grams per byte of the words of a file,
FEW_NGRAMS = 1 << 24  # unless there are at most so many, which need some 0.5 GB
NGRAM_BYTES = 32  # that a table needs for each n-gram while it is made, if a word has most of them
MAX_BUCKET = 2**31 - 1  # what 32 bits with a sign hold, as in Facebook's files
RULES = {
    "min_n": integer(0, 2**31 - 1),
    "max_n": integer(0, 2**31 - 1),
    "bucket": integer(0, MAX_BUCKET),
    "hash_count": integer(0, 4),
}


@dataclass(frozen=True)
class SubwordScheme:
    """Which n-grams of a word count, and how they are hashed to buckets.

    Keys that are not str have no n-grams.

    Attributes
    ----------
    min_n, max_n : int
        Lengths of n-grams, in characters of "<word>". There are none if `max_n` is 0, or less than
        `min_n`.
    bucket : int
        Number of buckets; with 0 there are no n-grams.
    hash_count : int
        0 is fastText's scheme: a word has its own row, and each n-gram has the bucket that FNV-1a
        gives. 1 to 4 is floret's scheme: "<word>" and each n-gram have that many buckets of
        MurmurHash3, and a word has no row of its own.
    is_pruned : bool
        Whether an n-gram whose bucket has no row is left out, as in a pruned model of fastText.
        Otherwise it counts as a row of zeros.

    Raises
    ------
    ValueError
        If a value is not allowed, or there are no buckets for floret's scheme.

    Examples
    --------
    >>> scheme = SubwordScheme(min_n=3, max_n=3, bucket=1000)
    >>> bucket_lists(["cat"], scheme)[1].tolist()  # of <ca, cat and at>
    [747, 31, 106]
    """

    min_n: int = 3
    max_n: int = 6
    bucket: int = 2_000_000
    hash_count: int = 0
    is_pruned: bool = False

    def __post_init__(self) -> None:
        for name, rule in RULES.items():
            object.__setattr__(self, name, rule(name, getattr(self, name)))
        if self.hash_count and not self.bucket:
            raise ValueError("bucket is 0; hash_count, floret's scheme, needs at least one bucket")

    @property
    def has_buckets(self) -> bool:
        """Whether a word can have a bucket."""
        return self.bucket > 0 and (self.hash_count > 0 or self.max_n >= max(self.min_n, 1))

    @property
    def has_own_rows(self) -> bool:
        """Whether each word has a row of its own, before the rows of the buckets."""
        return self.hash_count == 0

    def n_own_rows(self, n_words: int) -> int:
        """Return the number of rows before those of the buckets."""
        return n_words if self.has_own_rows else 0


def utf8(word: str) -> bytes:
    """Return a word in UTF-8.

    The word may have been decoded with "surrogateescape"; any other half of a surrogate pair
    becomes three bytes.
    """
    for errors in ("strict", "surrogateescape"):
        try:
            return word.encode("utf-8", errors)
        except UnicodeEncodeError:
            pass
    return word.encode("utf-8", "surrogatepass")


def _bracketed(keys: Sequence[Hashable]) -> tuple[bytes, np.ndarray]:
    """Return the text and the starts that `ngrams.count` takes."""
    starts = np.zeros(len(keys) + 1, np.int64)
    words = [key for key in keys if isinstance(key, str)]
    joined = "".join([f"<{word}>" for word in words])
    if len(words) == len(keys) and joined.isascii():
        np.cumsum(np.fromiter(map(len, words), np.int64, len(words)) + 2, out=starts[1:])
        return joined.encode(), starts
    parts = [b"<%b>" % utf8(key) if isinstance(key, str) else b"" for key in keys]
    np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)), out=starts[1:])
    return b"".join(parts), starts


def chunks(keys: Sequence[Hashable]) -> Iterator[slice]:
    """Yield ranges of keys that are short enough to be hashed at once."""
    start = n_characters = 0
    for position, key in enumerate(keys):
        n_characters += len(key) if isinstance(key, str) else 0
        n_words = position + 1 - start
        if n_words == CHUNK_WORDS or n_characters > CHUNK_CHARACTERS:
            yield slice(start, position + 1)
            start, n_characters = position + 1, 0
    if start < len(keys):
        yield slice(start, len(keys))


def bucket_lists(keys: Sequence[Hashable], scheme: SubwordScheme) -> tuple[np.ndarray, np.ndarray]:
    """Return the buckets of each key.

    Returns
    -------
    starts : ndarray of int64, shape (n + 1,)
        The buckets of key i are ``buckets[starts[i]:starts[i + 1]]``.
    buckets : ndarray of int32
        By the start of the n-gram, then by its length; repeated ones stay repeated.
    """
    starts = np.zeros(len(keys) + 1, np.int64)
    if not scheme.has_buckets:
        return starts, np.zeros(0, np.int32)
    text, text_starts = _bracketed(keys)
    lengths = scheme.min_n, scheme.max_n
    ngrams.count(text, text_starts, *lengths, scheme.hash_count, starts[1:])
    np.cumsum(starts, out=starts)
    buckets = np.empty(int(starts[-1]), np.int32)
    ngrams.hash_words(
        text, text_starts, *lengths, scheme.bucket, scheme.hash_count, starts, buckets
    )
    return starts, buckets


def count_buckets(keys: Sequence[Hashable], scheme: SubwordScheme) -> np.ndarray:
    """Return the number of buckets of each key, int64, shape (n,), without hashing n-grams."""
    counts = np.zeros(len(keys), np.int64)
    if scheme.has_buckets:
        for chunk in chunks(keys):
            text, starts = _bracketed(keys[chunk])
            ngrams.count(text, starts, scheme.min_n, scheme.max_n, scheme.hash_count, counts[chunk])
    return counts


def fault_of_lengths(keys: Sequence[Hashable], scheme: SubwordScheme) -> str | None:
    """Return why the lengths of n-grams of a file are not believed; None if they are.

    A word of n characters has up to n**2 / 2 n-grams, so that a small file could need any amount of
    memory. Up to 100 lengths, and words of up to 200 characters, are always believed.

    Examples
    --------
    >>> fault_of_lengths(["cat"], SubwordScheme(1, 10**6, bucket=9))
    >>> fault = fault_of_lengths(["cat", 5000 * "cat"], SubwordScheme(1, 10**6, bucket=9))
    >>> fault.partition(";")[0]
    'its words of 15,007 bytes have 112,537,514 n-grams of 1 to 1000000 characters'
    """
    n_ngrams = 0 if _has_few_lengths(scheme) else int(count_buckets(keys, scheme).sum())
    n_bytes = sum(len(utf8(key)) + 2 for key in keys if isinstance(key, str)) if n_ngrams else 0
    if n_ngrams <= max(MOST_PER_BYTE * n_bytes, FEW_NGRAMS):
        return None
    return (
        f"its words of {n_bytes:,} bytes have {n_ngrams:,} n-grams of {scheme.min_n} to "
        f"{scheme.max_n} characters; {MOST_PER_BYTE} n-grams per byte are allowed"
    )


def _has_few_lengths(scheme: SubwordScheme) -> bool:
    """Return whether there are at most `MOST_PER_BYTE` n-grams per byte of any words."""
    return scheme.max_n - max(scheme.min_n, 1) < MOST_PER_BYTE


def _require_memory(keys: Sequence[Hashable], scheme: SubwordScheme) -> None:
    """Raise a MemoryError if the n-grams of long words do not fit into memory."""
    if not _has_few_lengths(scheme):
        n_ngrams = int(count_buckets(keys, scheme).sum())
        what = f"{n_ngrams:,} n-grams of {scheme.min_n} to {scheme.max_n} characters"
        require_memory(
            NGRAM_BYTES * n_ngrams, what, "A smaller max_n, or shorter words, need less."
        )


def used_buckets(keys: Sequence[Hashable], scheme: SubwordScheme) -> np.ndarray:
    """Return the buckets that at least one key has, ascending, int32, shape (B,).

    Examples
    --------
    >>> used_buckets(["cat", "cat's"], SubwordScheme(3, 3, bucket=1000)).tolist()
    [31, 51, 101, 106, 747, 773]
    """
    if not scheme.has_buckets:
        return np.zeros(0, np.int32)
    lists = (bucket_lists(keys[chunk], scheme)[1] for chunk in chunks(keys))
    if not _has_table(scheme, int(count_buckets(keys, scheme).sum())):
        distinct = [np.unique(buckets) for buckets in lists]
        return np.unique(np.concatenate([np.zeros(0, np.int32), *distinct]))
    is_used = np.zeros(scheme.bucket, bool)
    for buckets in lists:
        is_used[buckets] = True
    return np.flatnonzero(is_used).astype(np.int32)


def positions(buckets: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Return the position of each bucket in `used`, -1 if it is not there, int32.

    Parameters
    ----------
    buckets : ndarray of int32
    used : ndarray of int32, shape (B,)
        Ascending.
    """
    if not len(used):
        return np.full(len(buckets), -1, np.int32)
    found = np.searchsorted(used, buckets)
    found[found == len(used)] = 0
    return np.where(used[found] == buckets, found, -1).astype(np.int32)


class BucketPositions:
    """Finds buckets among those that are used; makes a table once it pays.

    Parameters
    ----------
    scheme : SubwordScheme
    used : ndarray of int32, shape (B,)
        Ascending.
    """

    def __init__(self, scheme: SubwordScheme, used: np.ndarray) -> None:
        self._scheme, self._used = scheme, used
        self._n_found = 0
        self._table: np.ndarray | None = None

    def of(self, buckets: np.ndarray) -> np.ndarray:
        """Return what `positions` returns."""
        if self._table is None:
            self._n_found += len(buckets)
            if not _has_table(self._scheme, self._n_found):
                return positions(buckets, self._used)
            self._table = _table(self._scheme, self._used)
        found: np.ndarray = self._table[buckets]
        return found


def row_lists(
    keys: Sequence[Hashable], scheme: SubwordScheme, used: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that each key of a vocabulary is made of, for `kernels.objective.Subwords`.

    The matrix has V own rows (none in floret's scheme), then a row per bucket in `used`.

    Parameters
    ----------
    keys : sequence of V keys
    scheme : SubwordScheme
    used : ndarray of int32, shape (B,)
        Ascending; buckets that are not in it are left out.

    Returns
    -------
    starts : ndarray of int64, shape (V + 1,)
    rows : ndarray of int32
        The rows of key i are ``rows[starts[i]:starts[i + 1]]``: its own row first.

    Raises
    ------
    TypeError
        If a key is not a str in floret's scheme, where it would have no row.

    Examples
    --------
    >>> scheme = SubwordScheme(3, 3, bucket=1000)
    >>> starts, rows = row_lists(["cat", 7], scheme, used_buckets(["cat"], scheme))
    >>> starts.tolist(), rows.tolist()
    ([0, 4, 5], [0, 4, 2, 3, 1])
    """
    n_own = scheme.n_own_rows(len(keys))
    if not n_own:
        _require_str(keys)
    counts = count_buckets(keys, scheme) + (n_own > 0)
    rows = np.empty(int(counts.sum()), np.int32)
    table = _table(scheme, used) if _has_table(scheme, len(rows)) else None
    n_rows = 0
    for chunk in chunks(keys):
        starts, buckets = bucket_lists(keys[chunk], scheme)
        found = positions(buckets, used) if table is None else table[buckets]
        ids = np.where(found < 0, -1, found + np.int32(n_own))
        if n_own:
            own = np.arange(chunk.start, chunk.stop, dtype=np.int32)
            ids = np.insert(ids, starts[:-1], own)
        is_row = ids >= 0
        if not is_row.all():
            n_buckets = counts[chunk].copy()
            ends = np.cumsum(n_buckets)
            n_kept = np.concatenate([[0], np.cumsum(is_row)])
            counts[chunk] = n_kept[ends] - n_kept[ends - n_buckets]
            ids = ids[is_row]
        rows[n_rows : n_rows + len(ids)] = ids
        n_rows += len(ids)
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)]), rows[:n_rows]


@dataclass(frozen=True)
class SubwordTable:
    """The rows that each word of a vocabulary is made of.

    Attributes
    ----------
    starts : ndarray of int64, shape (V + 1,)
    rows : ndarray of int32
        Word i is made of ``rows[starts[i]:starts[i + 1]]``: its own row, which floret's scheme does
        not have, and one row per n-gram.
    buckets : ndarray of int32, shape (B,)
        The buckets that have a row, ascending.
    n_own_rows : int
        Number of rows before those of the buckets: V, or 0 in floret's scheme.
    """

    starts: np.ndarray
    rows: np.ndarray
    buckets: np.ndarray
    n_own_rows: int

    @property
    def n_rows(self) -> int:
        """Number of rows of the matrix."""
        return self.n_own_rows + len(self.buckets)


def make_table(
    keys: Sequence[Hashable], scheme: SubwordScheme, known_buckets: np.ndarray | None = None
) -> SubwordTable:
    """Return the rows of each key, where `known_buckets` and the buckets of the keys have rows.

    In a pruned scheme, only `known_buckets` have rows.

    Raises
    ------
    TypeError
        If a key is not a str in floret's scheme, where it would have no row.
    MemoryError
        If the n-grams do not fit into memory.

    Examples
    --------
    >>> table = make_table(["cat"], SubwordScheme(3, 3, bucket=1000))
    >>> table.n_rows, table.buckets.tolist(), table.rows.tolist()
    (4, [31, 106, 747], [0, 3, 1, 2])
    """
    _require_memory(keys, scheme)
    none = np.zeros(0, np.int32)
    buckets = none if scheme.is_pruned else used_buckets(keys, scheme)
    if known_buckets is not None:
        buckets = np.union1d(buckets, known_buckets).astype(np.int32)
    starts, rows = row_lists(keys, scheme, buckets)
    return SubwordTable(starts, rows, buckets, scheme.n_own_rows(len(keys)))


def _has_table(scheme: SubwordScheme, n_ngrams: int) -> bool:
    """Return whether an array with an entry per bucket is used for so many n-grams."""
    return scheme.bucket <= min(LARGEST_TABLE, TABLE_SHARE * n_ngrams)


def _table(scheme: SubwordScheme, used: np.ndarray) -> np.ndarray:
    """Return the position in `used` of every bucket, -1 if it is not there."""
    table = np.full(scheme.bucket, -1, np.int32)
    table[used] = np.arange(len(used), dtype=np.int32)
    return table


def _require_str(keys: Sequence[Hashable]) -> None:
    """Raise a TypeError unless all keys are str."""
    for key in keys:
        if not isinstance(key, str):
            raise TypeError(
                f"key {key!r:.60} is a {type(key).__name__}; in floret's scheme (hash_count) words "
                "are made of the hashes of their characters, so that all keys must be str"
            )
