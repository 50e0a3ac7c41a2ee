"""PhraseCounts: how often each word and each pair of neighbouring words occurs in a corpus."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from fastsgns.arrays import check_mapped, check_offsets
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.scan import count_ids
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.phrases.counting import N_BUCKETS, Links, PairCounter, collect_pairs
from fastsgns.runtime.threads import WorkerPool

CHUNK_TOKENS = 1 << 18
SEGMENT_TOKENS = 1 << 22
"""The pairs of so many tokens are in memory at a time: 8 bytes each, or 12 with connector words."""
TOKENS_PER_PAIR = 4
"""In so many tokens there is at least one new pair, as a rule; tables have room for these."""

Words = tuple[str, ...]


class Pairs(NamedTuple):
    """Counted pairs: a first word, a link of connector words, and a last word.

    Attributes
    ----------
    firsts, lasts : ndarray of int32
        Ids of words.
    links : ndarray of int32
        Numbers of links; 0 has no connector words.
    counts : ndarray of int64
    """

    firsts: np.ndarray
    lasts: np.ndarray
    links: np.ndarray
    counts: np.ndarray

    def take(self, positions: np.ndarray) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(*(array[positions] for array in self))


@dataclass(eq=False)
class PhraseCounts:
    """Counts of words and of pairs of words.

    Attributes
    ----------
    vocabulary : Vocabulary
        All words of the corpus, connector words included.
    pairs : Pairs
        In no particular order, unless they are sorted.
    parents, connectors : ndarray of int32
        The links: link i has the connector words of link ``parents[i]``, and then the word
        ``connectors[i]``. Link 0 is the empty one.
    n_tokens : int
        The tokens that were read.
    is_sorted : bool
        Whether the pairs ascend by first word, last word and link.
    """

    vocabulary: Vocabulary
    pairs: Pairs
    parents: np.ndarray
    connectors: np.ndarray
    n_tokens: int
    is_sorted: bool = False

    @classmethod
    def empty(cls) -> "PhraseCounts":
        """Return the counts of nothing."""
        no_ids = np.empty(0, np.int32)
        pairs = Pairs(no_ids, no_ids, no_ids, np.empty(0, np.int64))
        root = np.zeros(1, np.int32)
        return cls(Vocabulary([], np.empty(0, np.int64)), pairs, root, root, 0, is_sorted=True)

    @property
    def words(self) -> list[Any]:
        """The words in the order of their ids."""
        return self.vocabulary.words

    @cached_property
    def between(self) -> list[Words]:
        """The connector words of each link."""
        words, links = self.words, list[Words]([()])
        for parent, connector in zip(self.parents[1:].tolist(), self.connectors[1:].tolist()):
            links.append((*links[parent], words[connector]))
        return links

    @cached_property
    def link_of(self) -> dict[Words, int]:
        """The link of some connector words."""
        return {words: link for link, words in enumerate(self.between)}

    @cached_property
    def _index(self) -> tuple[np.ndarray, np.ndarray]:
        """The keys first << 32 | last of the pairs, ascending, and the pair of each."""
        firsts, lasts = (ids.astype(np.uint64) for ids in self.pairs[:2])
        keys = firsts << np.uint64(32) | lasts
        order = np.argsort(keys)
        return keys[order], order

    def find(self, first: int, last: int, link: int) -> int:
        """Return the position of a pair, or -1."""
        keys, order = self._index
        key = np.uint64(first << 32 | last)
        same = slice(*(int(np.searchsorted(keys, key, side)) for side in ("left", "right")))
        positions = order[same]
        positions = positions[self.pairs.links[positions] == link]
        return int(positions[0]) if len(positions) else -1

    def ordered(self) -> "PhraseCounts":
        """Return the counts with pairs in the order of first word, last word and link."""
        if self.is_sorted:
            return self
        return replace(self, pairs=self.pairs.take(self.order), is_sorted=True)

    @property
    def order(self) -> np.ndarray:
        """The positions of the pairs in the order of first word, last word and link."""
        firsts, lasts, links, _ = self.pairs
        return np.lexsort((links, lasts, firsts))

    def merged(self, other: "PhraseCounts") -> "PhraseCounts":
        """Return the sums of two counts. Words that only `other` has are appended."""
        vocabulary = self.vocabulary.merged(other.vocabulary)
        new_ids = vocabulary.find(other.vocabulary)
        links = Links()
        links.add(self.parents, self.connectors)
        root_and_words = new_ids[other.connectors] if len(new_ids) else other.connectors
        new_links = links.add(other.parents, root_and_words)
        added = other.pairs
        joined = Pairs(
            np.concatenate([self.pairs.firsts, new_ids[added.firsts]]),
            np.concatenate([self.pairs.lasts, new_ids[added.lasts]]),
            np.concatenate([self.pairs.links, new_links[added.links]]),
            np.concatenate([self.pairs.counts, added.counts]),
        )
        ordered = joined.take(np.lexsort((joined.links, joined.lasts, joined.firsts)))
        is_new = np.ones(len(ordered.counts), bool)
        is_new[1:] = False
        for ids in ordered[:3]:
            is_new[1:] |= ids[1:] != ids[:-1]
        starts = np.flatnonzero(is_new)
        summed = np.add.reduceat(ordered.counts, starts) if len(starts) else ordered.counts
        pairs = ordered.take(starts)._replace(counts=summed)
        return PhraseCounts(
            vocabulary, pairs, links.parents(), links.connectors(),
            self.n_tokens + other.n_tokens, is_sorted=True,
        )  # fmt: skip

    def pruned(self, least: int) -> "PhraseCounts":
        """Return the counts without the pairs that occur less often."""
        kept = self.pairs.take(np.flatnonzero(self.pairs.counts >= least))
        return replace(self, pairs=kept)


class Chunk(NamedTuple):
    """The pairs of a range of tokens, as `collect_pairs` returns them, with `numbers` of links."""

    pairs: np.ndarray
    links: np.ndarray
    bounds: np.ndarray
    numbers: np.ndarray


def count_pairs(
    corpus: EncodedCorpus,
    connector_words: Collection[Hashable],
    max_size: int,
    workers: int,
    is_counted: bool = False,
) -> tuple[PhraseCounts, int]:
    """Count the words and the pairs of a corpus; the result is the same for any `workers`.

    Parameters
    ----------
    corpus : EncodedCorpus
    connector_words : collection of str
        The words that may be between the two words of a pair, and are not counted.
    max_size : int
        If there are more words and different pairs than this after `SEGMENT_TOKENS` tokens, those
        pairs are dropped that have occurred once so far; the next time twice, and so on.
    workers : int
        Threads.
    is_counted : bool
        Whether the counts of the vocabulary are known to be those of the corpus, and its ids to be
        in the vocabulary.

    Returns
    -------
    counts : PhraseCounts
    n_pruned : int
        How many times pairs were dropped.

    Raises
    ------
    ValueError
        If the offsets of the corpus do not ascend.
    IndexError
        If an id is not in its vocabulary.
    """
    check_mapped(corpus.ids, corpus.offsets)
    check_offsets(corpus.offsets, corpus.n_tokens, "offsets")
    vocabulary = corpus.vocabulary
    if not is_counted:
        counts = np.zeros(len(vocabulary), np.int64)
        count_ids(corpus.ids, counts)  # raises if an id is out of range
        vocabulary = vocabulary.recounted(counts)
    connectors = np.sort(vocabulary.ids_among(connector_words))
    numbers = None
    if len(connectors):
        numbers = np.full(len(vocabulary), -1, np.int32)
        numbers[connectors] = np.arange(len(connectors), dtype=np.int32)
    counter, links, n_pruned = PairCounter(), Links(), 0
    counter.reserve(min(corpus.n_tokens, SEGMENT_TOKENS) // TOKENS_PER_PAIR)
    for start in range(0, corpus.n_tokens, SEGMENT_TOKENS):
        _count_segment(corpus, start, numbers, counter, links, workers)
        if counter.n_entries + len(vocabulary) > max_size:
            n_pruned += 1
            counter.prune(n_pruned + 1)
    firsts, lasts, pair_links, pair_counts = counter.entries()
    pairs = Pairs(firsts, lasts, pair_links, pair_counts)
    last_words = links.connectors()
    link_words = connectors[last_words] if len(connectors) else last_words
    counted = PhraseCounts(vocabulary, pairs, links.parents(), link_words, corpus.n_raw_tokens)
    return counted, n_pruned


def _count_segment(
    corpus: EncodedCorpus,
    start: int,
    connectors: np.ndarray | None,
    counter: PairCounter,
    links: Links,
    workers: int,
) -> None:
    """Count the pairs that end in a segment of a corpus."""
    stop = min(start + SEGMENT_TOKENS, corpus.n_tokens)
    starts = range(start, stop, CHUNK_TOKENS)
    collected: list[Any] = [None] * len(starts)

    def collect(_thread: int, chunk: int) -> None:
        first = starts[chunk]
        last = min(first + CHUNK_TOKENS, stop)
        collected[chunk] = collect_pairs(
            corpus.ids, corpus.offsets, first, last, connectors, counter.seed
        )

    WorkerPool(workers, range(len(starts)), collect).run()
    chunks = [Chunk(p, k, b, links.add(*tree)) for p, k, b, *tree in collected]

    def count(_thread: int, bucket: int) -> None:
        for chunk in chunks:
            counter.add(bucket, chunk.pairs, chunk.links, chunk.bounds, chunk.numbers)

    WorkerPool(workers, range(N_BUCKETS), count).run()
