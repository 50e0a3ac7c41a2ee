"""The rows of words and of their n-grams, of which vectors are made in models with subwords."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from fastsgns.corpus.subwords import SubwordScheme, SubwordTable, make_table, positions
from fastsgns.kernels.objective import Subwords
from fastsgns.kernels.sums import sum_rows
from fastsgns.matrices import KeyTracker, PaddedRows

BLOCK = 1 << 12  # rows at a time, so that no second matrix is made
Fill = Callable[[np.ndarray], None]  # writes the first values of new rows


def marks_of(vectors: np.ndarray, biases: np.ndarray | None = None) -> np.ndarray:
    """Return a number for each vector, uint64, by which a change of the vector is noticed.

    It is a sum of the bits of the coordinates as float32, each times an odd random number.

    Examples
    --------
    >>> vectors = np.ones((2, 3), np.float32)
    >>> before = marks_of(vectors)
    >>> vectors[1, 2] = 1.5
    >>> (marks_of(vectors) == before).tolist()
    [True, False]
    """
    factors = np.random.default_rng(0).integers(2**63, size=vectors.shape[1] + 1, dtype=np.uint64)
    factors = 2 * factors + np.uint64(1)
    marks = np.zeros(len(vectors), np.uint64)
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        marks[part] = _bits(vectors[part]) @ factors[:-1]
        if biases is not None:
            marks[part] += _bits(biases[part]) * factors[-1]
    return marks


def _bits(numbers: np.ndarray) -> np.ndarray:
    dense = np.ascontiguousarray(numbers, np.float32)
    return dense.view(np.uint32).astype(np.uint64)


class SubwordRows:
    """The rows of words and n-grams, and which of them each word is made of.

    The vector of word i is the mean of the rows that the table has for it: its own row, which
    floret's scheme does not have, and a row for each n-gram.

    Parameters
    ----------
    scheme : SubwordScheme
    table : SubwordTable
        Of V words.
    stored : PaddedRows
        The rows of words, then those of buckets. They are not copied.
    keys : list of V keys
    order : object
        Another object whenever the order of the keys has changed (`KeyTable.order`).

    Attributes
    ----------
    scheme, table

    Examples
    --------
    >>> scheme = SubwordScheme(3, 3, bucket=1000)
    >>> subwords = SubwordRows.zeros(scheme, ["cat", "mat"], dimensions=2)
    >>> subwords.word_rows.shape, subwords.ngram_rows.shape
    ((2, 2), (5, 2))
    >>> subwords.word_rows[0] = 4
    >>> subwords.composed().tolist()
    [[1.0, 1.0], [0.0, 0.0]]
    """

    def __init__(
        self, scheme: SubwordScheme, table: SubwordTable, stored: PaddedRows, keys: list[Any],
        order: object = None,
    ) -> None:  # fmt: skip
        if len(stored.vectors) != table.n_rows:
            raise ValueError(
                f"{len(keys)} words and {len(table.buckets)} buckets need {table.n_rows} rows; got "
                f"{len(stored.vectors)}"
            )
        self.scheme, self.table, self._stored = scheme, table, stored
        self._tracker = KeyTracker()
        self._tracker.follow(keys, object() if order is None else order)
        self._marks = np.zeros(len(table.starts) - 1, np.uint64)  # of what `compose` wrote

    @classmethod
    def zeros(
        cls, scheme: SubwordScheme, keys: list[Any], dimensions: int, n_columns: int = 0,
        table: SubwordTable | None = None, order: object = None,
    ) -> "SubwordRows":  # fmt: skip
        """Return rows of zeros for some keys and, by default, for their n-grams."""
        made = make_table(keys, scheme) if table is None else table
        stored = PaddedRows.zeros(made.n_rows, dimensions, n_columns)
        return cls(scheme, made, stored, keys, order)

    @classmethod
    def of(
        cls, scheme: SubwordScheme, keys: list[Any], vectors: np.ndarray, buckets: np.ndarray,
        order: object = None,
    ) -> "SubwordRows":  # fmt: skip
        """Return given rows: those of the keys, then those of the buckets, ascending.

        Parameters
        ----------
        scheme : SubwordScheme
        keys : list of V keys
        vectors : ndarray of float32, shape (n rows, d)
            It is not copied.
        buckets : ndarray of int32, shape (B,)
        order : object

        Raises
        ------
        ValueError
            If the keys have n-grams of other buckets, or the number of rows does not fit.
        """
        table = make_table(keys, scheme, buckets)
        if len(table.buckets) != len(buckets):
            raise ValueError(
                f"the words have n-grams of {len(table.buckets)} buckets, "
                f"{len(table.buckets) - len(buckets)} of which have no row"
            )
        return cls(scheme, table, PaddedRows(vectors), keys, order)

    # Rows

    @property
    def array(self) -> np.ndarray:
        """All rows, shape (n rows, d): those of words, then those of buckets."""
        return self._stored.vectors

    @property
    def word_rows(self) -> np.ndarray:
        """The rows of words, shape (V, d), or (0, d) in floret's scheme."""
        return self.array[: self.table.n_own_rows]

    @property
    def ngram_rows(self) -> np.ndarray:
        """The rows of buckets, shape (B, d), in the order of ``table.buckets``."""
        return self.array[self.table.n_own_rows :]

    @property
    def columns(self) -> np.ndarray:
        """The numbers after each row, such as its bias, shape (n rows, k)."""
        return self._stored.columns

    def set_columns(self, columns: np.ndarray) -> None:
        """Replace the numbers after each row, shape (n rows, k)."""
        self._stored = PaddedRows(self.array, columns)

    def trainable(self) -> np.ndarray:
        """Return the rows in the layout of the kernels, in the memory of `array`."""
        return self._stored.trainable()

    def lists(self, factors: np.ndarray | None = None) -> Subwords:
        """Return the rows of each word as kernels take them.

        Parameters
        ----------
        factors : ndarray of float32, shape (n rows,), or None
            By which the update of each row is multiplied.
        """
        starts = self.table.starts
        return Subwords(starts, self.table.rows, int(np.diff(starts).max(initial=0)), factors)

    # Vectors of words

    def compose(self, vectors: np.ndarray, biases: np.ndarray | None = None) -> None:
        """Write the vector of each word, and its bias if it has one.

        `absorb` later finds out which of them were changed since.

        Parameters
        ----------
        vectors : ndarray of float32, shape (V, d)
        biases : ndarray of float32, shape (V,), or None
        """
        self._compose(vectors, biases, 0)
        self._marks = marks_of(vectors, biases)

    def composed(self) -> np.ndarray:
        """Return the vector of each word, float32 of shape (V, d)."""
        vectors = np.zeros((len(self.table.starts) - 1, self.array.shape[1]), np.float32)
        self._compose(vectors, None, 0)
        return vectors

    def _compose(self, vectors: np.ndarray, biases: np.ndarray | None, first: int) -> None:
        """Write the vectors of ``len(vectors)`` words from `first` on."""
        starts, ids = self.table.starts[first : first + len(vectors) + 1], self.table.rows
        sum_rows(starts, ids, self.array, vectors, mean=True)
        if biases is not None:
            column = np.empty((len(vectors), 1), np.float32)
            sum_rows(starts, ids, self.columns[:, :1], column, mean=True)
            biases[:] = column[:, 0]

    def absorb(self, vectors: np.ndarray, biases: np.ndarray | None = None) -> None:
        """Change the own row of each word so that the rows make these vectors and biases.

        Words whose vector is the one that `compose` wrote are left as they are, also if their rows
        were changed since.

        Parameters
        ----------
        vectors : ndarray of float32, shape (V, d)
        biases : ndarray of float32, shape (V,), or None

        Raises
        ------
        ValueError
            In floret's scheme, where words have no rows of their own.
        """
        marks = marks_of(vectors, biases)
        for first in range(0, len(vectors), BLOCK):
            part = slice(first, first + BLOCK)
            if not np.array_equal(marks[part], self._marks[part]):
                is_set = marks[part] != self._marks[part]
                self._absorb(vectors[part], None if biases is None else biases[part], first, is_set)
        self._marks = marks

    def _absorb(
        self, vectors: np.ndarray, biases: np.ndarray | None, first: int, is_set: np.ndarray
    ) -> None:
        """Make the vectors of words from `first` on, where `is_set`."""
        made = np.empty(vectors.shape, np.float32)
        made_biases = None if biases is None else np.empty(len(vectors), np.float32)
        self._compose(made, made_biases, first)
        is_other = (made != vectors).any(axis=1)
        if biases is not None:
            is_other |= made_biases != biases
        chosen = np.flatnonzero(is_set & is_other)
        if not len(chosen):
            return
        self._check_own_rows(first + chosen[0])
        self.trainable()  # rows that can be written to
        n_rows = np.diff(self.table.starts)[first + chosen]
        self.word_rows[first + chosen] += n_rows[:, None] * (vectors[chosen] - made[chosen])
        if biases is not None and made_biases is not None:
            self.columns[first + chosen, 0] += n_rows * (biases[chosen] - made_biases[chosen])

    def _check_own_rows(self, word: int) -> None:
        if not self.scheme.has_own_rows:
            raise ValueError(
                f"the vector of {self._tracker.keys[word]!r:.60} was set, but with "
                f"hash_count={self.scheme.hash_count} a word has no row of its own: its vector is "
                "the mean of rows that other words share. Set wv.vectors_ngrams instead"
            )

    # Changes of the words

    def follow(self, keys: list[Any], order: object, thorough: bool = False) -> None:
        """Bring the rows into the order of `keys`; see `fastsgns.matrices.KeyTracker.follow`.

        New words and new n-grams get rows of zeros. The rows of n-grams stay, even if no word is
        left that has them.
        """
        origin = self._tracker.follow(keys, order, thorough)
        if origin is not None:
            self._rearrange(keys, origin)

    def extend(self, keys: list[Any], fill: Fill) -> None:
        """Add rows for the words after the first V ones and for their n-grams.

        Parameters
        ----------
        keys : list of hashable
            All keys; it begins with the present ones.
        fill : callable
            ``fill(rows)`` writes the first values of new rows, shape (n, d + k).
        """
        origin = np.arange(len(keys))
        origin[len(self.table.starts) - 1 :] = -1
        self._rearrange(keys, origin, fill)
        self._tracker.keys = list(keys)

    def _rearrange(self, keys: list[Any], origin: np.ndarray, fill: Fill | None = None) -> None:
        """Make rows for other keys; word i gets the old row ``origin[i]``, or a new one for -1."""
        old, n_columns = self.table, self.columns.shape[1]
        table = make_table(keys, self.scheme, old.buckets)
        new = SubwordRows.zeros(self.scheme, keys, self.array.shape[1], n_columns, table)
        kept = np.flatnonzero(origin[: table.n_own_rows] >= 0)
        places = table.n_own_rows + positions(old.buckets, table.buckets)
        new._copy(kept, self, origin[kept])
        new._copy(places, self, np.arange(old.n_own_rows, old.n_rows))
        if fill is not None:
            is_new = np.ones(table.n_rows, bool)
            is_new[kept] = is_new[places] = False
            new.fill(fill, np.flatnonzero(is_new))
        marks = np.zeros(len(keys), np.uint64)
        marks[origin >= 0] = self._marks[origin[origin >= 0]]
        self.table, self._stored, self._marks = table, new._stored, marks

    def _copy(self, targets: np.ndarray, source: "SubwordRows", rows: np.ndarray) -> None:
        for start in range(0, len(targets), BLOCK):
            part = slice(start, start + BLOCK)
            self.array[targets[part]] = source.array[rows[part]]
            self.columns[targets[part]] = source.columns[rows[part]]

    def fill(self, fill: Fill, rows: np.ndarray | None = None) -> None:
        """Write the first values of all rows, or of some rows, block by block."""
        chosen = np.arange(len(self.array)) if rows is None else rows
        width = self.array.shape[1] + self.columns.shape[1]
        for start in range(0, len(chosen), BLOCK):
            part = chosen[start : start + BLOCK]
            values = np.zeros((len(part), width), np.float32)
            fill(values)
            self.array[part] = values[:, : self.array.shape[1]]
            self.columns[part] = values[:, self.array.shape[1] :]

    def take_ngrams(self, other: "SubwordRows") -> None:
        """Copy the rows of the buckets that another object with the same scheme has, too."""
        places = positions(other.table.buckets, self.table.buckets)
        common = np.flatnonzero(places >= 0)
        self.trainable()
        targets, sources = self.table.n_own_rows + places, other.table.n_own_rows
        for start in range(0, len(common), BLOCK):
            part = common[start : start + BLOCK]
            self.array[targets[part]] = other.array[sources + part]

    def shallow_copy(self) -> "SubwordRows":
        """Return rows in the same memory, of which either can follow other keys."""
        copied = copy.copy(self)
        copied._tracker = copy.copy(self._tracker)
        copied._stored = copy.copy(self._stored)
        return copied
