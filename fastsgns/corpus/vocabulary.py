"""Vocabulary: words, their counts and their ids."""

import operator
from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from itertools import repeat
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fastsgns.arrays import integers
from fastsgns.corpus.utf8words import Utf8Words
from fastsgns.formats import keys
from fastsgns.rules import Whole

COUNT = Whole("integers")


class Subset(NamedTuple):
    """Which words of another vocabulary a vocabulary consists of."""

    words: list[Hashable] | Utf8Words
    """All words of the other vocabulary, in the order of their ids."""
    ids: np.ndarray
    """Ids in the other vocabulary, in the order of the ids in this one."""


class Vocabulary:
    """Words (any hashable keys) with their counts; the index of a word is its id.

    Parameters
    ----------
    words : sequence of hashable, or Utf8Words
        All different.
    counts : array_like of int, shape (n,)
        How often each word occurs.
    ids : dict, optional
        The id of each word, if the caller has it. By default it is made when first needed.

    Raises
    ------
    ValueError
        If the two differ in length, a count is negative, a word is a missing value (None or NaN),
        or (when `ids` is first used) a word is given twice.
    TypeError
        If a word can't be hashed.

    Examples
    --------
    >>> vocabulary = Vocabulary(["to", "be", "or"], [2, 2, 1])
    >>> vocabulary.ids["or"], "not" in vocabulary, vocabulary.total
    (2, False, 5)
    """

    def __init__(
        self,
        words: Sequence[Hashable] | Utf8Words,
        counts: ArrayLike,
        ids: dict[Hashable, int] | None = None,
    ) -> None:
        self._words = words if isinstance(words, Utf8Words) else keys.key_list(words, "word")
        self._ids = ids
        self._subset: Subset | None = None
        self.counts = integers(counts, np.int64, "counts")
        if self.counts.shape != (len(self._words),):
            raise ValueError(
                f"{len(self._words)} words have counts of shape {self.counts.shape}; "
                "give one count for each word"
            )
        if len(self.counts) and self.counts.min() < 0:
            word = self.words[int(self.counts.argmin())]
            raise ValueError(f"the count of {word!r} is {self.counts.min()}; allowed are 0, 1, ...")

    @classmethod
    def from_counts(cls, counts: Mapping[Hashable, int]) -> "Vocabulary":
        """Make a vocabulary from a mapping of words to counts, in the order of the mapping.

        Raises
        ------
        TypeError
            If it is not a mapping, or a count is not a whole number.
        ValueError
            If a count is negative, or a word is a missing value, None or NaN.

        Examples
        --------
        >>> Vocabulary.from_counts({"a": 3, "b": 1})
        <Vocabulary of 2 words, 4 tokens>
        """
        if not isinstance(counts, Mapping):
            raise TypeError(
                f"counts are a {type(counts).__name__}; wanted is a mapping of words to integers"
            )
        words = list(counts)
        return cls(words, [_integer(word, count) for word, count in counts.items()])

    @property
    def words(self) -> list[Hashable]:
        """The words in the order of their ids."""
        return self._words.decoded if isinstance(self._words, Utf8Words) else self._words

    @property
    def utf8_bytes(self) -> int:
        """The size in bytes of words that are kept as UTF-8; 0 if they are Python objects."""
        return self._words.n_bytes if isinstance(self._words, Utf8Words) else 0

    @property
    def ids(self) -> dict[Hashable, int]:
        """The id of each word; made when first used."""
        if self._ids is None:
            words = self.words
            ids = dict(zip(words, range(len(words))))
            if len(ids) < len(words):
                word = Counter(words).most_common(1)[0][0]
                raise ValueError(
                    f"the word {word!r} is given twice; a vocabulary holds each word once"
                )
            self._ids = ids
        return self._ids

    @property
    def total(self) -> int:
        """The sum of the counts."""
        return int(self.counts.sum())

    def words_at(self, ids: np.ndarray) -> list[Hashable]:
        """Return the words with these ids, in this order."""
        if isinstance(self._words, Utf8Words):
            return self._words.decode(ids)
        return list(map(self._words.__getitem__, ids.tolist()))

    def ids_among(self, words: Collection[Hashable]) -> np.ndarray:
        """Return the ids of those of a few words that are in the vocabulary: int32, in any order.

        Words that are kept as UTF-8 are decoded only if they are as short as one of the few.
        """
        if self._ids is None and isinstance(self._words, Utf8Words):
            candidates = self._words.shorter_than(max(map(len, map(str, words)), default=0) + 1)
            found = [
                word_id
                for word_id, word in zip(candidates.tolist(), self.words_at(candidates))
                if word in words
            ]
        else:
            found = [self.ids[word] for word in words if word in self.ids]
        return np.array(found, np.int32)

    def subset(self, ids: np.ndarray) -> "Vocabulary":
        """Return the words with these ids, in this order, and their counts.

        Words that are kept as UTF-8 are decoded only if they are in the subset.
        """
        subset = Vocabulary(self.words_at(ids), self.counts[ids])
        subset._subset = Subset(self._words, ids)
        return subset

    def recounted(self, counts: np.ndarray) -> "Vocabulary":
        """Return a vocabulary of the same words, with the same ids, and other counts."""
        return Vocabulary(self._words, counts, self._ids)

    def merged(self, other: "Vocabulary") -> "Vocabulary":
        """Return both vocabularies as one, with the sums of their counts.

        Words keep their ids. Words that only `other` has are appended by descending count.

        Examples
        --------
        >>> old, new = Vocabulary(["a", "b"], [2, 1]), Vocabulary(["c", "b", "d"], [1, 5, 3])
        >>> merged = old.merged(new)
        >>> merged.words, merged.counts.tolist()
        (['a', 'b', 'd', 'c'], [2, 6, 3, 1])
        """
        ids = self.find(other)
        counts = self.counts.copy()
        counts[ids[ids >= 0]] += other.counts[ids >= 0]
        is_new = np.flatnonzero(ids < 0)
        added = other.subset(is_new[np.argsort(-other.counts[is_new], kind="stable")])
        return Vocabulary(self.words + added.words, np.concatenate([counts, added.counts]))

    def find(self, other: "Vocabulary") -> np.ndarray:
        """Return the id of each word of another vocabulary, -1 if it is missing here: int32.

        This is fast, and decodes no word, if the two have the same words or if this one was made
        by `other.subset`.
        """
        if other._words is self._words:
            return np.arange(len(other), dtype=np.int32)
        if self._subset is not None and self._subset.words is other._words:
            found = np.full(len(other), -1, np.int32)
            found[self._subset.ids] = np.arange(len(self), dtype=np.int32)
            return found
        return np.fromiter(map(self.ids.get, other.words, repeat(-1)), np.int32, len(other))

    def warn_of_unsavable(self) -> None:
        """Warn if there is a word that no file can hold."""
        if not isinstance(self._words, Utf8Words):
            keys.warn_of_unsavable(self._words)

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: Hashable) -> bool:
        return word in self.ids

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self):,} words, {self.total:,} tokens>"


def _integer(word: Hashable, count: object) -> int:
    try:
        return operator.index(count)  # type: ignore[arg-type]
    except TypeError:
        pass
    try:
        return int(COUNT(f"the count of {word!r}", count))
    except ValueError as error:
        raise TypeError(str(error)) from None
