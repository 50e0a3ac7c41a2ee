"""select: which of the words that were counted a model keeps."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np

from fastsgns.corpus.tokens import keys_of
from fastsgns.corpus.vocabulary import Vocabulary

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2
TrimRule = Callable[[Any, int, int], int | None]


@dataclass(frozen=True)
class Selection:
    """The words that `select` kept, and how many there were.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words kept.
    min_count : int
        As asked for.
    effective_min_count : int
        `min_count`, or what `max_final_vocab` raised it to.
    n_raw_words, n_raw_tokens : int
        Words and tokens (occurrences of words) before.
    n_tokens : int
        Tokens of the words kept.
    """

    vocabulary: Vocabulary
    min_count: int
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
        In first-seen order. Words with equal counts keep this order.
    min_count : int
        Words with a lower count are dropped.
    max_final_vocab : int, optional
        Raise min_count as little as needed for at most this many words to have it.
    trim_rule : callable, optional
        ``trim_rule(word, count, min_count)`` returns RULE_KEEP or RULE_DISCARD, whatever the
        count, or RULE_DEFAULT or None to let the count decide. True and False are refused, as
        True would equal RULE_DISCARD.
    sort : bool
        Sort by descending count; otherwise the order of `raw` is kept.

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
    vocabulary = raw.subset(kept)
    return Selection(vocabulary, min_count, effective, len(raw), raw.total, vocabulary.total)


def check_trim_rule(trim_rule: TrimRule | None) -> None:
    """Raise a TypeError unless `trim_rule` is None or can be called."""
    if trim_rule is not None and not callable(trim_rule):
        raise TypeError(
            f"trim_rule is a {type(trim_rule).__name__}; wanted is a function of "
            "(word, count, min_count), or None"
        )


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


def _apply(rule: TrimRule, raw: Vocabulary, default: np.ndarray, min_count: int) -> np.ndarray:
    """Return whether to keep each word, a bool array; `default` is what min_count says."""
    rows = zip(raw.words, raw.counts.tolist(), default.tolist())
    return np.array(
        [_keeps(rule, word, count, min_count, keep) for word, count, keep in rows], bool
    )


def _keeps(rule: TrimRule, word: Hashable, count: int, min_count: int, default: bool) -> bool:
    verdict = rule(word, count, min_count)
    if verdict is None:
        return default
    if isinstance(verdict, (bool, np.bool_)):  # True equals RULE_DISCARD
        hint = ", and not True or False; write RULE_KEEP if keep else RULE_DISCARD"
    elif verdict in (RULE_DEFAULT, RULE_DISCARD, RULE_KEEP):
        return default if verdict == RULE_DEFAULT else verdict == RULE_KEEP
    else:
        hint = ""
    raise ValueError(
        f"trim_rule returned {verdict!r} for {word!r}; allowed are RULE_DEFAULT (0), "
        f"RULE_DISCARD (1) and RULE_KEEP (2){hint}"
    )


def grow(old: Vocabulary, new: Vocabulary) -> Vocabulary:
    """Return `old` with the counts of `new` added and its new words appended by descending count.

    The words of `old` keep their ids.

    Examples
    --------
    >>> grown = grow(Vocabulary(["a", "b"], [2, 1]), Vocabulary(["c", "b", "d"], [1, 5, 3]))
    >>> grown.words, grown.counts.tolist()
    (['a', 'b', 'd', 'c'], [2, 6, 3, 1])
    """
    ids = old.find(new)
    is_new = ids < 0
    counts = old.counts.copy()
    counts[ids[~is_new]] += new.counts[~is_new]
    new_words = Vocabulary(list(compress(new.words, is_new.tolist())), new.counts[is_new])
    added = select(new_words, min_count=0).vocabulary
    return Vocabulary(old.words + added.words, np.concatenate([counts, added.counts]))


def count_bounded(
    sentences: Iterable[Iterable[Hashable]],
    max_vocab_size: int,
    trim_rule: TrimRule | None = None,
) -> Vocabulary:
    """Count words with a bound on memory: rare words are forgotten while sentences are read.

    Whenever a sentence ends with more than `max_vocab_size` words known, those with a count below
    1 are dropped; the next time those below 2, and so on, as in gensim. The counts of rare words
    are therefore too low. `fastsgns.corpus.encoded.scan` counts exactly and is faster.

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
    >>> count_bounded([["a", "b"], ["a", "c"], ["a", "d"]], max_vocab_size=2)
    <Vocabulary of 1 words, 3 tokens>
    """
    if max_vocab_size < 1:
        raise ValueError(f"max_vocab_size is {max_vocab_size}; allowed are 1, 2, ... or None")
    check_trim_rule(trim_rule)
    counts: Counter[Hashable] = Counter()
    min_count = 1
    for number, sentence in enumerate(sentences):
        counts.update(keys_of(sentence, number))
        if len(counts) > max_vocab_size:
            raw = Vocabulary.from_counts(counts)
            kept = select(raw, min_count, trim_rule=trim_rule, sort=False).vocabulary
            counts = Counter(dict(zip(kept.words, kept.counts.tolist())))
            min_count += 1
    return Vocabulary.from_counts(counts)
