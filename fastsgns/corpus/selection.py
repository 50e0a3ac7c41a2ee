"""Choose which counted words to keep in the vocabulary."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.corpus.scanning import Scan
from fastsgns.corpus.tokens import keys_of
from fastsgns.corpus.vocabulary import Vocabulary

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2  # the values of gensim
TrimRule = Callable[[Any, int, int], int | None]


@dataclass(frozen=True)
class Selection:
    """The words that `select` kept, and the numbers of words and tokens before and after.

    Attributes
    ----------
    vocabulary : Vocabulary
        The words kept.
    min_count : int
        The requested minimum.
    effective_min_count : int
        `min_count`, or what `max_final_vocab` raised it to.
    n_raw_words, n_raw_tokens : int
        Words and tokens (occurrences of words) before selection.
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
        All words, with their counts. Ties are broken by their order, usually first-seen order.
    min_count : int
        Words with a lower count are dropped.
    max_final_vocab : int, optional
        Raise min_count to the smallest value that keeps at most this many words. If words tie at
        the limit, all of them are dropped. Words that trim_rule keeps may exceed the limit.
    trim_rule : callable, optional
        ``trim_rule(word, count, min_count)`` returns RULE_KEEP or RULE_DISCARD, whatever the
        count, or RULE_DEFAULT or None to let the count decide. True and False are refused, as
        True would equal RULE_DISCARD. The rule gets the raised min_count.
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
        If min_count or max_final_vocab is negative, or trim_rule returns any other value.

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
        keep = _apply_rule(trim_rule, raw, keep, effective)
    kept = np.flatnonzero(keep)
    if sort:
        kept = kept[np.argsort(-raw.counts[kept], kind="stable")]
    vocabulary = raw.subset(kept)
    return Selection(vocabulary, min_count, effective, len(raw), raw.total, vocabulary.total)


def check_trim_rule(trim_rule: TrimRule | None) -> None:
    """Raise a TypeError unless `trim_rule` is None or can be called."""
    if trim_rule is not None and not callable(trim_rule):
        raise TypeError(
            f"trim_rule is a {type(trim_rule).__name__}; expected a function of "
            "(word, count, min_count), or None"
        )


def _effective_min_count(counts: np.ndarray, min_count: int, limit: int | None) -> int:
    """Return the smallest minimum, from `min_count` on, that at most `limit` counts reach."""
    if min_count < 0:
        raise ValueError(f"min_count is {min_count}; allowed are 0, 1, 2, ... (0 keeps all)")
    if limit is None:
        return min_count
    if limit < 0:
        raise ValueError(f"max_final_vocab is {limit}; allowed are 0, 1, 2, ... or None")
    if limit >= len(counts):
        return min_count
    k = len(counts) - limit - 1
    largest_dropped = np.partition(counts, k)[k]  # the (limit + 1)-th largest count
    return max(min_count, int(largest_dropped) + 1)


def _apply_rule(rule: TrimRule, raw: Vocabulary, default: np.ndarray, min_count: int) -> np.ndarray:
    """Return a boolean mask of the words to keep; `default` is the mask by min_count alone."""
    rows = zip(raw.words, raw.counts.tolist(), default.tolist())
    return np.array(
        [_rule_keeps(rule, word, count, min_count, keep) for word, count, keep in rows], bool
    )


def _rule_keeps(rule: TrimRule, word: Hashable, count: int, min_count: int, default: bool) -> bool:
    """Return whether a rule keeps a word; `default` is what min_count alone decides."""
    verdict = rule(word, count, min_count)
    is_bool = isinstance(verdict, (bool, np.bool_))
    if verdict is None or (not is_bool and verdict == RULE_DEFAULT):
        return default
    if not is_bool and verdict in (RULE_DISCARD, RULE_KEEP):
        return verdict == RULE_KEEP
    hint = "; a bool is ambiguous (True == RULE_DISCARD), return RULE_KEEP or RULE_DISCARD"
    raise ValueError(
        f"trim_rule returned {verdict!r} for {word!r}; allowed are RULE_DEFAULT (0), "
        f"RULE_DISCARD (1) and RULE_KEEP (2){hint if is_bool else ''}"
    )


def count_bounded(
    sentences: Iterable[Iterable[Hashable]], max_vocab_size: int, trim_rule: TrimRule | None = None
) -> Scan:
    """Count words with a bound on memory: rare words are forgotten while sentences are read.

    Whenever a sentence ends with more than `max_vocab_size` words known, the words whose count is
    below a threshold are dropped. The threshold starts at 1, so that the first time drops nothing,
    and rises by 1 each time, as in gensim. The counts of words that were dropped and seen again
    are too low. `fastsgns.corpus.encoded.scan` counts exactly and is faster.

    Parameters
    ----------
    sentences : iterable of sequences of hashable
        The corpus. It is read once.
    max_vocab_size : int
        Number of distinct words that are kept while counting, at least 1.
    trim_rule : callable, optional
        As in `select`; words that it keeps are not forgotten.

    Returns
    -------
    Scan
        The words that are left with their counts, and the numbers of all tokens and sentences. No
        tokens are stored.

    Raises
    ------
    ValueError
        If max_vocab_size is less than 1, or a token is a missing value, None or NaN.
    TypeError
        If a sentence is a string, a mapping or not iterable, or a token can't be hashed.

    Examples
    --------
    >>> scanned = count_bounded([["a", "b"], ["a", "c"], ["a", "d"]], max_vocab_size=2)
    >>> counted = scanned.vocabulary
    >>> counted.words, counted.counts.tolist()  # the third word, c, raises the threshold to 2
    (['a'], [3])
    """
    if max_vocab_size < 1:
        raise ValueError(f"max_vocab_size is {max_vocab_size}; it must be at least 1")
    check_trim_rule(trim_rule)
    counts: Counter[Hashable] = Counter()
    threshold, n_tokens, n_sentences = 1, 0, 0
    for sentence in sentences:
        tokens = keys_of(sentence, n_sentences)
        counts.update(tokens)
        n_tokens, n_sentences = n_tokens + len(tokens), n_sentences + 1
        if len(counts) > max_vocab_size:
            raw = Vocabulary.from_counts(counts)  # for `select`, which applies the trim_rule
            kept = select(raw, threshold, trim_rule=trim_rule, sort=False).vocabulary
            counts = Counter(dict(zip(kept.words, kept.counts.tolist())))
            threshold += 1
    return Scan(Vocabulary.from_counts(counts), n_tokens, n_sentences)
