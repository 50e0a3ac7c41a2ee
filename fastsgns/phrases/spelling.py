"""Phrases as strings: the words of a phrase, joined by a delimiter.

Two phrases, or a phrase and a word, can be the same string if a word has the delimiter in it: new +
york_city and new_york + city. Counts and scores are those of strings, so they are added up.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, ItemsView, Iterator, Mapping, ValuesView
from functools import cached_property
from itertools import islice
from math import inf
from typing import Any

import numpy as np

from fastsgns.phrases.counting import MAX_CONNECTORS
from fastsgns.phrases.counts import PhraseCounts, Words

MOST_PARSES = 10_000
"""Ways to read one string that are listed; strings of text have a few."""


class SpelledCounts:
    """How often each string was counted, as a word or as a phrase.

    Parameters
    ----------
    counts : PhraseCounts
    delimiter : str
        Not empty.
    connector_words : collection of str
        These are not counted as words.

    Attributes
    ----------
    words, pairs : ndarray of int64
        The count of the string of each word and of each pair.
    n_strings : int
        Number of different strings.
    ambiguous : dict of str to int
        The counts of the strings that are a word with the delimiter in it, or a phrase of one.
    """

    def __init__(
        self, counts: PhraseCounts, delimiter: str, connector_words: Collection[str]
    ) -> None:
        self._counts, self._delimiter = counts, delimiter
        words = counts.words
        self.words = counts.vocabulary.counts.copy()
        is_connector = np.fromiter((word in connector_words for word in words), bool, len(words))
        self.words[is_connector] = 0
        self.pairs = np.array(counts.pairs.counts)
        self.n_strings = int(np.count_nonzero(self.words)) + len(self.pairs)
        self.ambiguous: dict[str, int] = {}
        has_delimiter = re.compile(f"[{re.escape(delimiter)}]").search  # any character of it
        self._has_delimiter = np.fromiter((bool(has_delimiter(w)) for w in words), bool, len(words))
        if self._has_delimiter.any():
            self._add_up()

    @cached_property
    def _ids(self) -> dict[Any, int]:
        return self._counts.vocabulary.ids

    @cached_property
    def _link_has_delimiter(self) -> np.ndarray:
        """Whether a connector word of each link has the delimiter in it."""
        links, ids = self._counts.between, self._ids
        return np.array([any(self._has_delimiter[ids[word]] for word in link) for link in links])

    def parts(self, pairs: np.ndarray) -> Iterator[Words]:
        """Yield the words of pairs."""
        counts, words, between = self._counts, self._counts.words, self._counts.between
        columns = (ids[pairs].tolist() for ids in counts.pairs[:3])
        for first, last, link in zip(*columns):
            yield (words[first], *between[link], words[last])

    def count(self, string: str) -> int:
        """Return how often a string was counted."""
        if string in self.ambiguous:
            return self.ambiguous[string]
        word = self._ids.get(string, -1)
        if word >= 0 and self.words[word]:
            return int(self.words[word])
        pair = self._plain_pair(string)
        return int(self.pairs[pair]) if pair >= 0 else 0

    def _add_up(self) -> None:
        """Add up the counts of the words and pairs that are the same string."""
        pairs, is_ambiguous = self._counts.pairs, self._has_delimiter
        has_ambiguous = is_ambiguous[pairs.firsts] | is_ambiguous[pairs.lasts]
        has_ambiguous |= self._link_has_delimiter[pairs.links]
        words_of: dict[str, list[int]] = {}
        pairs_of: dict[str, list[int]] = {}
        for word in np.flatnonzero(is_ambiguous & (self.words > 0)).tolist():
            words_of[self._counts.words[word]] = [word]
        positions = np.flatnonzero(has_ambiguous)
        for pair, parts in zip(positions.tolist(), self.parts(positions)):
            pairs_of.setdefault(self._delimiter.join(parts), []).append(pair)
        for string in words_of.keys() | pairs_of.keys():
            same_words = words_of.get(string, [])
            same_pairs = pairs_of.get(string, [])
            if (plain := self._plain_pair(string)) >= 0:
                same_pairs = [*same_pairs, plain]
            total = int(self.words[same_words].sum() + self.pairs[same_pairs].sum())
            self.words[same_words] = self.pairs[same_pairs] = self.ambiguous[string] = total
            self.n_strings -= len(same_words) + len(same_pairs) - 1

    def items(self) -> Iterator[tuple[str, int]]:
        """Yield all strings with their counts, words first, and pairs in the order of their ids.

        Some may be yielded twice: words with the delimiter in them.
        """
        counts, words = self._counts, self._counts.words
        for word in np.flatnonzero(self.words).tolist():
            yield words[word], int(self.words[word])
        order = counts.order
        strings = map(self._delimiter.join, self.parts(order))
        yield from zip(strings, self.pairs[order].tolist())

    def _plain_pair(self, string: str) -> int:
        """Return the pair of words without the delimiter in them that is a string, or -1."""
        parts = string.split(self._delimiter, MAX_CONNECTORS + 2)  # a pair has no more words
        if len(parts) < 2:
            return -1
        link = self._counts.link_of.get(tuple(parts[1:-1]))
        first, last = (self._ids.get(parts[end], -1) for end in (0, -1))
        if link is None or first < 0 or last < 0:
            return -1
        if self._has_delimiter[[first, last]].any() or self._link_has_delimiter[link]:
            return -1
        return self._counts.find(first, last, link)


class StringCounts(Mapping[str, int]):
    """A read-only mapping of the strings of `SpelledCounts` to their counts.

    Parameters
    ----------
    counted : SpelledCounts
    """

    def __init__(self, counted: SpelledCounts) -> None:
        self._counted = counted

    def __getitem__(self, string: str) -> int:
        count = self._counted.count(string) if isinstance(string, str) else 0
        if not count:
            raise KeyError(string)
        return count

    def __len__(self) -> int:
        return self._counted.n_strings

    def __iter__(self) -> Iterator[str]:
        return iter(self.copy())

    def items(self) -> ItemsView[str, int]:
        """Return the strings with their counts, as those of a dict."""
        return self.copy().items()

    def values(self) -> ValuesView[int]:
        """Return the counts, as those of a dict."""
        return self.copy().values()

    def copy(self) -> dict[str, int]:
        """Return a dict of all strings."""
        return dict(self._counted.items())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self):,} words and pairs of words>"


def parses(
    string: str,
    delimiter: str,
    connector_words: Collection[str],
    occurs: Callable[[str], object] | None = None,
) -> Iterator[Words]:
    """Yield all ways in which a string can be a phrase: its first word, connector words, last word.

    Parameters
    ----------
    string, delimiter : str
    connector_words : collection of str
    occurs : callable, optional
        Returns whether a string can be the first or the last word. By default each one can; the
        empty one can't be the first.

    Yields
    ------
    tuple of str
        At most `MOST_PARSES`: there may be exponentially many if a connector word has the delimiter
        in it.

    Examples
    --------
    >>> list(parses("new_york_city", "_", ()))
    [('new', 'york_city'), ('new_york', 'city')]
    >>> list(parses("bank_of_america", "_", {"of"}))
    [('bank', 'of_america'), ('bank', 'of', 'america'), ('bank_of', 'america')]
    """
    ends = [match.start() for match in re.finditer(f"(?={re.escape(delimiter)})", string)]
    return islice(_Parser(string, delimiter, connector_words, ends, occurs).phrases(), MOST_PARSES)


class _Parser:
    def __init__(
        self,
        string: str,
        delimiter: str,
        connector_words: Collection[str],
        ends: list[int],  # where delimiters begin, ascending
        occurs: Callable[[str], object] | None,
    ) -> None:
        self.string, self.connector_words, self.ends = string, connector_words, ends
        self.n_delimiter, self.occurs = len(delimiter), occurs
        self.longest = max(map(len, connector_words), default=0)

    def phrases(self) -> Iterator[Words]:
        for end in self.ends:
            first = self.string[:end]
            if first and first not in self.connector_words and self.may_be(first):
                yield from self.continued((first,), end + self.n_delimiter)

    def continued(self, words: Words, start: int) -> Iterator[Words]:
        """Yield `words`, connector words and a last word, for the rest of the string."""
        if self.n_needed[start] == 0:
            yield (*words, self.string[start:])
        n_left = MAX_CONNECTORS - len(words)
        for end in self.connectors(start):
            if self.n_needed[end + self.n_delimiter] <= n_left:
                word = self.string[start:end]
                yield from self.continued((*words, word), end + self.n_delimiter)

    @cached_property
    def n_needed(self) -> dict[int, float]:
        """How many connector words are needed at least from where a word begins to a last word."""
        needed: dict[int, float] = {}
        for end in reversed(self.ends):
            start = end + self.n_delimiter
            last = self.string[start:]
            if last not in self.connector_words and self.may_be(last):
                needed[start] = 0
            else:
                following = (needed[each + self.n_delimiter] for each in self.connectors(start))
                needed[start] = 1 + min(following, default=inf)
        return needed

    def may_be(self, word: str) -> bool:
        return self.occurs is None or bool(self.occurs(word))

    def connectors(self, start: int) -> Iterator[int]:
        """Yield where the connector words end that begin at a position."""
        ends = self.ends
        for end in ends[bisect_left(ends, start) : bisect_right(ends, start + self.longest)]:
            if self.string[start:end] in self.connector_words:
                yield end
