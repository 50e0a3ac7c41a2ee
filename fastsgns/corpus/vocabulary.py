"""Words, their counts and their ids; which of them to keep."""

import operator
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import compress, repeat
from typing import Any

import numpy as np

from fastsgns.arrays import integers
from fastsgns.corpus.tokens import keys_of
from fastsgns.corpus.utf8words import Utf8Words
from fastsgns.formats import keys
from fastsgns.rules import Whole

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
COUNT = Whole("integers")
TrimRule = Callable[[Any, int, int], int | None]


class Vocabulary:
    """Words (any hashable keys) with their counts; the index of a word is its id.

    Parameters
    ----------
    words : sequence of hashable, or Utf8Words
        No two alike.
    counts : array_like of int, shape (n,)
        How often each occurs.

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

    origin: "tuple[Vocabulary, np.ndarray] | None" = None  # selected from it: at these ids

    def __init__(self, words: Sequence[Hashable] | Utf8Words, counts: Any) -> None:
        self._words = words if isinstance(words, Utf8Words) else keys.key_list(words, "word")
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
        """Make the vocabulary of a mapping from words to counts, in its order.

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
        """The bytes of words that are not strings yet; 0 for words that are Python objects."""
        return self._words.n_bytes if isinstance(self._words, Utf8Words) else 0

    def words_at(self, ids: np.ndarray) -> list[Hashable]:
        """Give the words of some ids."""
        if isinstance(self._words, Utf8Words):
            return self._words.at(ids)
        return list(map(self._words.__getitem__, ids.tolist()))

    @cached_property
    def ids(self) -> dict[Hashable, int]:
        """The id of each word."""
        ids = dict(zip(self.words, range(len(self.words))))
        if len(ids) < len(self.words):
            word = Counter(self.words).most_common(1)[0][0]
            raise ValueError(f"the word {word!r} is given twice; a vocabulary holds each word once")
        return ids

    def warn_of_unsavable(self) -> None:
        """Warn if there is a word that no file can hold."""
        if not isinstance(self._words, Utf8Words):
            keys.warn_of_unsavable(self._words)

    @property
    def total(self) -> int:
        """The sum of the counts."""
        return int(self.counts.sum())

    def recounted(self, counts: np.ndarray) -> "Vocabulary":
        """Give the same words, with the same ids, other counts."""
        other = Vocabulary(self._words, counts)
        if "ids" in self.__dict__:
            other.__dict__["ids"] = self.ids
        return other

    def __len__(self) -> int:
        return len(self._words)

    def __contains__(self, word: Hashable) -> bool:
        return word in self.ids

    def __repr__(self) -> str:
        return f"<Vocabulary of {len(self):,} words, {self.total:,} tokens>"


def _integer(word: Hashable, count: Any) -> int:
    try:
        return operator.index(count)
    except TypeError:
        pass
    try:
        return COUNT(f"the count of {word!r}", count)
    except ValueError as error:
        raise TypeError(str(error)) from None


@dataclass(frozen=True)
class Selection:
    """What `select` kept of a raw vocabulary.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words kept.
    effective_min_count : int
        `min_count`, or what max_final_vocab raised it to.
    n_raw_words, n_raw_tokens : int
        Words and occurrences before.
    n_tokens : int
        Occurrences of the words kept.
    """

    vocabulary: Vocabulary
    effective_min_count: int
    n_raw_words: int
    n_raw_tokens: int
    n_tokens: int

    @property
    def n_dropped(self) -> int:
        """The number of words dropped."""
        return self.n_raw_words - len(self.vocabulary)


def select(
    raw: Vocabulary,
    min_count: int = 5,
    max_final_vocab: int | None = None,
    trim_rule: TrimRule | None = None,
    sort: bool = True,
) -> Selection:
    """Keep the words that are frequent enough.

    Parameters
    ----------
    raw : Vocabulary
        In first-seen order, which is the order of words of equal counts in the result.
    min_count : int
        Words with a lower count are dropped.
    max_final_vocab : int, optional
        Raise min_count as little as needed for at most this many words to have it.
    trim_rule : callable, optional
        ``trim_rule(word, count, min_count)`` returns RULE_KEEP or RULE_DISCARD, whatever the
        count, or RULE_DEFAULT (also None). It does not return True or False: True would equal
        RULE_DISCARD.
    sort : bool
        By descending count; otherwise the order stays.

    Returns
    -------
    Selection

    Raises
    ------
    TypeError
        If trim_rule can't be called.
    ValueError
        If min_count or max_final_vocab is negative, or the rule returns something else.

    Examples
    --------
    >>> raw = Vocabulary(["rare", "often", "never"], [2, 9, 0])
    >>> select(raw, min_count=2).vocabulary.words
    ['often', 'rare']
    """
    check_trim_rule(trim_rule)
    effective = _effective_min_count(raw.counts, min_count, max_final_vocab)
    keep = raw.counts >= effective
    if trim_rule is not None:
        keep = _apply(trim_rule, raw, keep, effective)
    kept = np.flatnonzero(keep)
    if sort:
        kept = kept[np.argsort(-raw.counts[kept], kind="stable")]
    vocabulary = Vocabulary(raw.words_at(kept), raw.counts[kept])
    vocabulary.origin = raw, kept
    return Selection(vocabulary, effective, len(raw), raw.total, vocabulary.total)


def _effective_min_count(counts: np.ndarray, min_count: int, limit: int | None) -> int:
    if min_count < 0:
        raise ValueError(f"min_count is {min_count}; allowed are 0, 1, 2, ... (0 and 1 keep all)")
    if limit is None:
        return min_count
    if limit < 0:
        raise ValueError(f"max_final_vocab is {limit}; allowed are 0, 1, 2, ... or None")
    if limit >= len(counts):
        return min_count
    first_dropped = np.partition(counts, len(counts) - limit - 1)[len(counts) - limit - 1]
    return max(min_count, int(first_dropped) + 1)


def check_trim_rule(trim_rule: TrimRule | None) -> None:
    """Raise a TypeError unless `trim_rule` is None or can be called."""
    if trim_rule is not None and not callable(trim_rule):
        raise TypeError(
            f"trim_rule is a {type(trim_rule).__name__}; wanted is a function of "
            "(word, count, min_count), or None"
        )


def _apply(rule: TrimRule, raw: Vocabulary, default: np.ndarray, min_count: int) -> np.ndarray:
    rows = zip(raw.words, raw.counts.tolist(), default.tolist())
    return np.array(
        [_verdict(rule, word, count, min_count, keep) for word, count, keep in rows], bool
    )


def _verdict(rule: TrimRule, word: Hashable, count: int, min_count: int, default: bool) -> bool:
    verdict = rule(word, count, min_count)
    if isinstance(verdict, (bool, np.bool_)):  # True equals RULE_DISCARD
        raise _unknown_verdict(verdict, word)
    if verdict is None or verdict == RULE_DEFAULT:
        return default
    if verdict not in (RULE_DISCARD, RULE_KEEP):
        raise _unknown_verdict(verdict, word)
    return verdict == RULE_KEEP


def _unknown_verdict(verdict: Any, word: Hashable) -> ValueError:
    hint = ""
    if isinstance(verdict, (bool, np.bool_)):
        hint = ", and not True or False; write RULE_KEEP if keep else RULE_DISCARD"
    return ValueError(
        f"trim_rule returned {verdict!r} for {word!r}; allowed are RULE_DEFAULT (0), "
        f"RULE_DISCARD (1) and RULE_KEEP (2){hint}"
    )


def grow(old: Vocabulary, new: Vocabulary) -> Vocabulary:
    """`old` with the counts of `new` added, and its new words appended by descending count.

    Ids of old words stay what they are.

    Examples
    --------
    >>> grown = grow(Vocabulary(["a", "b"], [2, 1]), Vocabulary(["c", "b", "d"], [1, 5, 3]))
    >>> grown.words, grown.counts.tolist()
    (['a', 'b', 'd', 'c'], [2, 6, 3, 1])
    """
    ids = np.array([old.ids.get(word, -1) for word in new.words], np.int64)
    counts = old.counts.copy()
    counts[ids[ids >= 0]] += new.counts[ids >= 0]
    added = select(
        Vocabulary(list(compress(new.words, (ids < 0).tolist())), new.counts[ids < 0]), min_count=0
    ).vocabulary
    return Vocabulary(old.words + added.words, np.concatenate([counts, added.counts]))


def look_up(raw: Vocabulary, vocabulary: Vocabulary) -> np.ndarray:
    """Find the id in `vocabulary` of each word of `raw`, or -1: int32."""
    if raw._words is vocabulary._words:
        return np.arange(len(raw), dtype=np.int32)
    if vocabulary.origin is not None and vocabulary.origin[0]._words is raw._words:
        table = np.full(len(raw), -1, np.int32)
        table[vocabulary.origin[1]] = np.arange(len(vocabulary), dtype=np.int32)
        return table
    return np.fromiter(map(vocabulary.ids.get, raw.words, repeat(-1)), np.int32, len(raw))


def count(
    sentences: Iterable[Iterable[Hashable]],
    max_vocab_size: int,
    trim_rule: TrimRule | None = None,
) -> Vocabulary:
    """Count words into a vocabulary of bounded size: rare words are forgotten during the scan.

    Whenever there are more than `max_vocab_size` words after a sentence, those with a count below
    1 are dropped, the next time those below 2, and so on, as in gensim: counts of rare words are
    too low then. Without such a bound, the vocabulary of an `EncodedCorpus` is exact and faster.

    Parameters
    ----------
    sentences : iterable of sequences of hashable
        Read once.
    max_vocab_size : int
        At least 1.
    trim_rule : callable, optional
        As in `select`; words that it keeps are not forgotten.

    Raises
    ------
    ValueError
        If max_vocab_size is less than 1, or a token is a missing value, None or NaN.
    TypeError
        If a sentence is a string, a mapping or not iterable, or a token can't be hashed.

    Examples
    --------
    >>> count([["a", "b"], ["a", "c"], ["a", "d"]], max_vocab_size=2)
    <Vocabulary of 1 words, 3 tokens>
    """
    if max_vocab_size < 1:
        raise ValueError(f"max_vocab_size is {max_vocab_size}; allowed are 1, 2, ... or None")
    check_trim_rule(trim_rule)
    counts: Counter[Hashable] = Counter()
    least = 1
    for number, sentence in enumerate(sentences):
        counts.update(keys_of(sentence, number))
        if len(counts) > max_vocab_size:
            raw = Vocabulary.from_counts(counts)
            kept = select(raw, least, trim_rule=trim_rule, sort=False).vocabulary
            counts = Counter(dict(zip(kept.words, kept.counts.tolist())))
            least += 1
    return Vocabulary.from_counts(counts)
