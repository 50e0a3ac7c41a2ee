"""The corpus of a distributed training: which node has which part, and what the driver knows."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.distributed.cluster import Cluster, Member, NodeLost, nothing
from fastsgns.distributed.node import PairSlice, join_slices
from fastsgns.distributed.parts import Part, Sentences, Slice
from fastsgns.distributed.text import PartSize
from fastsgns.distributed.words import WordIds, join_tables
from fastsgns.errors import FormatError
from fastsgns.training.examples import ChunkPlace, Chunks, Examples, PairChunks, TokenChunks, cut
from fastsgns.training.examples import Sentences as Tokens

Report = Callable[[], object]


class Data(Protocol):
    """The data of an epoch, which the driver divides among the nodes."""

    def pieces(self, start: int, stop: int, edge: int) -> list[Any]:
        """Return what a node needs to train the units ``start .. stop - 1``: data, or references.

        Up to `edge` tokens before and after them may be contexts of them.
        """

    def prepare(self) -> None:
        """Have nodes read again what a lost node had."""


@dataclass
class DriverTokens:
    """Sentences that the driver has."""

    chunks: TokenChunks

    def pieces(self, start: int, stop: int, edge: int) -> list[Any]:
        """Return the sentences; see `Data.pieces`."""
        return [Sentences(self.chunks.ids, self.chunks.offsets).around(start, stop, edge)]

    def prepare(self) -> None:
        """Do nothing: the driver is not lost."""


@dataclass
class DriverPairs:
    """Pairs that the driver has."""

    chunks: PairChunks

    def pieces(self, start: int, stop: int, edge: int) -> list[Any]:
        """Return the pairs; see `Data.pieces`."""
        part = slice(start, stop)
        return [PairSlice(self.chunks.sources[part], self.chunks.targets[part], start)]

    def prepare(self) -> None:
        """Do nothing: the driver is not lost."""


class TextChunks:
    """The chunks of a corpus whose tokens the nodes have; see `fastsgns.training.examples.Chunks`.

    Parameters
    ----------
    text : TextCorpus
        After `TextCorpus.encode`.
    """

    unit, tokens_per_unit, is_recorded = "words", 1, False

    def __init__(self, text: "TextCorpus") -> None:
        self.text = text
        self.n_units, self.longest = text.n_tokens, text.longest
        self.starts = cut(self.n_units)

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Examples]:
        """Fetch what a chunk trains, of a corpus that is too small to be trained in rounds."""
        ids, offsets, first = self.text.fetch(place.start, place.stop)
        return [Tokens(ids, offsets, place.start - first, place.stop - first, stream)]

    def record(self, examples: Sequence[Examples]) -> None:
        """Do nothing; see `Chunks.record`."""


@dataclass
class TextCorpus:
    """Text files that the nodes read, each some parts.

    What the methods return does not depend on the number of nodes, nor on which of them are lost.

    Parameters
    ----------
    cluster : Cluster
    parts : sequence of Part
    """

    cluster: Cluster
    parts: Sequence[Part]
    sizes: dict[int, PartSize] = field(default_factory=dict)
    raw_sizes: dict[int, PartSize] = field(default_factory=dict)
    _owners: dict[int, int] = field(default_factory=dict)  # the number of a member, by part
    _batches: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    _n_batches: int = 0
    _words: WordIds | None = None
    _is_encoded: bool = False

    def count(self, report: Report = nothing) -> Vocabulary:
        """Return all words in the order in which they occur, with their counts."""
        while True:
            try:
                self._scan(report)
                return self._add_counts(report)
            except NodeLost:
                self.cluster.admit()

    def _scan(self, report: Report) -> None:
        """Have the nodes read the parts that none of them has."""
        divided = self._divide()
        self._n_batches += 1
        batch = self._n_batches
        calls = [(member, member.call("scan", batch, parts)) for member, parts in divided]
        for (member, _), sizes in zip(calls, self.cluster.results(calls, report)):
            self._check_sizes(sizes)
            self.raw_sizes |= sizes
            self._owners |= dict.fromkeys(sizes, member.number)
            self._batches[member.number].append(batch)

    def _check_sizes(self, sizes: Mapping[int, PartSize]) -> None:
        """Raise a FormatError if a part that is read again is not what it was."""
        for number, size in sizes.items():
            before, part = self.raw_sizes.get(number, size), self.parts[number]
            if size != before:
                raise FormatError(
                    f"{part.path} had {before.n_tokens:,} words from byte {part.start:,} on, and "
                    f"has {size.n_tokens:,} now: it has changed, or nodes see different files "
                    "under one path. Give all nodes the same files, and train again"
                )

    def _divide(self) -> list[tuple[Member, list[tuple[int, Part]]]]:
        """Divide the parts that no node has among the nodes, which have equally many then."""
        members = {member.number: member for member in self.cluster.members}
        load = dict.fromkeys(members, 0)
        missing = []
        for number in range(len(self.parts)):
            owner = self._owners.get(number)
            if owner in load:
                load[owner] += 1
            else:
                missing.append(number)
        divided: dict[int, list[tuple[int, Part]]] = defaultdict(list)
        for number in missing:
            owner = min(load, key=lambda each: load[each])
            load[owner] += 1
            divided[owner].append((number, self.parts[number]))
        return [(members[owner], parts) for owner, parts in divided.items()]

    def _add_counts(self, report: Report) -> Vocabulary:
        """Add the counts of all nodes: each node those of the words with one remainder."""
        members = self.cluster.members
        n, batches = len(members), [self._batches[member.number] for member in members]
        if n == 1:
            calls = [(members[0], members[0].call("tables", batches[0], n))]
            return join_tables(*self.cluster.results(calls, report)).vocabulary()
        tables = [
            member.call("tables", numbers, n, n_returns=n)
            for member, numbers in zip(members, batches)
        ]
        calls = [
            (member, member.call("add_tables", *column))
            for member, column in zip(members, zip(*tables))
        ]
        return join_tables(self.cluster.results(calls, report)).vocabulary()

    @property
    def n_raw_tokens(self) -> int:
        """Tokens that were read."""
        return sum(size.n_tokens for size in self.raw_sizes.values())

    @property
    def n_raw_sentences(self) -> int:
        """Lines that are not blank."""
        return sum(size.n_sentences for size in self.raw_sizes.values())

    def encode(self, vocabulary: Vocabulary, report: Report = nothing) -> None:
        """Have the nodes encode all parts in the ids of a vocabulary."""
        self._words, self._is_encoded = WordIds.of(vocabulary), False
        self.prepare(report)

    def prepare(self, report: Report = nothing) -> None:
        """Have nodes encode the parts that none of them has encoded; see `Data.prepare`."""
        while not self._is_encoded or self._divide():
            try:
                self._is_encoded = False
                self._scan(report)
                self._encode(report)
            except NodeLost:
                self.cluster.admit()

    def _encode(self, report: Report) -> None:
        words = self.cluster.ray.put(self._words)
        calls = [(m, m.call("encode", words)) for m in self.cluster.members]
        for sizes in self.cluster.results(calls, report):
            self.sizes |= sizes
        self._is_encoded = True

    @property
    def n_tokens(self) -> int:
        """Tokens of the vocabulary."""
        return sum(size.n_tokens for size in self.sizes.values())

    @property
    def n_sentences(self) -> int:
        """Sentences that have a token of the vocabulary."""
        return sum(size.n_sentences for size in self.sizes.values())

    @property
    def longest(self) -> int:
        """Tokens of the longest sentence."""
        return max((size.longest for size in self.sizes.values()), default=0)

    def fetch(self, start: int, stop: int) -> Slice:
        """Return the sentences of some tokens."""
        while True:
            self.prepare()
            try:
                calls = [
                    (self.cluster.members[0], piece)
                    for piece in self.pieces(start, stop, self.n_tokens)
                ]
                return join_slices(self.cluster.results(calls))
            except NodeLost:
                self.cluster.admit()

    def pieces(self, start: int, stop: int, edge: int) -> list[Any]:
        """Return references of the sentences of some tokens; see `Data.pieces`."""
        members = {member.number: member for member in self.cluster.members}
        lengths = [self.sizes[number].n_tokens for number in range(len(self.parts))]
        starts = np.append(0, np.cumsum(lengths)).tolist()
        first, last = bisect_right(starts, start) - 1, bisect_left(starts, stop)
        calls = []
        for number in range(first, last):
            if lengths[number]:
                bounds = max(0, start - starts[number]), min(lengths[number], stop - starts[number])
                owner = members[self._owners[number]]
                calls.append(owner.call("around", number, starts[number], *bounds, edge))
        return calls


def data_of(chunks: Chunks) -> Data | None:
    """Return the data of chunks that the driver can divide; None if each node needs all of it."""
    if isinstance(chunks, TextChunks):
        return chunks.text
    if type(chunks) is TokenChunks:
        return DriverTokens(chunks)
    if type(chunks) is PairChunks:  # a derived class may draw other pairs
        return DriverPairs(chunks)
    return None
