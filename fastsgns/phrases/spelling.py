"""Phrases as strings: the words of a phrase, joined by a delimiter.

Two phrases, or a phrase and a word, can be the same string if a word has the delimiter in it: new +
york_city and new_york + city. Counts and scores are those of strings, so they are added up.
"""

import re
from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Any

import numpy as np

from fastsgns.phrases.counting import MAX_CONNECTORS
from fastsgns.phrases.counts import PhraseCounts, Words


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

    def _plain_pair(self, string: str) -> int:
        """Return the pair of words without the delimiter in them that is a string, or -1."""
        parts = string.split(self._delimiter)
        if len(parts) < 2:
            return -1
        link = self._counts.link_of.get(tuple(parts[1:-1]))
        first, last = (self._ids.get(parts[end], -1) for end in (0, -1))
        if link is None or first < 0 or last < 0:
            return -1
        if self._has_delimiter[[first, last]].any() or self._link_has_delimiter[link]:
            return -1
        return self._counts.find(first, last, link)


def parses(string: str, delimiter: str, connector_words: Collection[str]) -> Iterator[Words]:
    """Yield all ways in which a string can be a phrase: its first word, connector words, last word.

    Examples
    --------
    >>> list(parses("new_york_city", "_", ()))
    [('new', 'york_city'), ('new_york', 'city')]
    >>> list(parses("bank_of_america", "_", {"of"}))
    [('bank', 'of_america'), ('bank', 'of', 'america'), ('bank_of', 'america')]
    """
    ends = [match.start() for match in re.finditer(f"(?={re.escape(delimiter)})", string)]
    longest = max(map(len, connector_words), default=0)
    for end in ends:
        first = string[:end]
        if first and first not in connector_words:
            rest = end + len(delimiter)
            yield from _continued((first,), string, rest, ends, delimiter, connector_words, longest)


def _continued(
    words: Words,
    string: str,
    start: int,
    ends: list[int],
    delimiter: str,
    connector_words: Collection[str],
    longest: int,
) -> Iterator[Words]:
    """Yield `words`, connector words and a last word, for the rest of a string from `start`."""
    last = string[start:]
    if last not in connector_words:
        yield (*words, last)
    if len(words) > MAX_CONNECTORS:
        return
    for end in ends:
        if start <= end <= start + longest and string[start:end] in connector_words:
            yield from _continued(
                (*words, string[start:end]), string, end + len(delimiter), ends, delimiter,
                connector_words, longest,
            )  # fmt: skip
