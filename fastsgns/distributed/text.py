"""NodeText: the parts of a corpus of text files that one node has read."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from fastsgns.corpus.blocks import BlockJoiner, sentence_offsets, take_blocks
from fastsgns.corpus.filescanner import FileScanner
from fastsgns.corpus.merging import REMEDY, JoinedTypes, is_utf8, join_types, not_utf8
from fastsgns.corpus.ranges import FileRange, count_sentences
from fastsgns.corpus.scan import count_known
from fastsgns.corpus.spill import SpillBuffer, allocate_int32, check_budget
from fastsgns.corpus.textscan import scan_text
from fastsgns.distributed.parts import Part, Sentences, Slice
from fastsgns.distributed.words import PART_SHIFT, WordIds, WordTable, add_tables

Numbered = Sequence[tuple[int, Part]]


class PartSize(NamedTuple):
    """What a part has: all tokens and sentences; after encoding those of the vocabulary."""

    n_tokens: int
    n_sentences: int
    longest: int = 0


class _Batch(NamedTuple):
    """Parts that were scanned at once, by threads that number the types for themselves."""

    ranges: dict[int, FileRange]
    types: JoinedTypes
    spill: SpillBuffer


class NodeText:
    """Scans, counts and encodes parts of a corpus, and keeps the ids.

    Parameters
    ----------
    workers : int
        Threads.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._batches: dict[int, _Batch] = {}
        self._encoded: dict[int, Sentences] = {}

    def scan(self, batch: int, parts: Numbered) -> dict[int, PartSize]:
        """Read parts, and return how many tokens and sentences each has, by number.

        Parameters
        ----------
        batch : int
            A number for these parts together.
        parts : sequence of (int, Part)

        Raises
        ------
        NotUTF8Error
            If a word is not UTF-8.
        FormatError, OSError
            As of `Part.check`.
        """
        for _, part in parts:
            part.check()
        ranges = {number: FileRange(*part[:3]) for number, part in parts}
        files = FileScanner(list(ranges.values()), self._workers)
        spill = SpillBuffer(check_budget(None))
        scan_text(files, spill)
        types = join_types(files)
        _check_utf8(types, files.ranges)
        self._batches[batch] = _Batch(ranges, types, spill)
        return {
            number: PartSize(each.n_tokens, count_sentences([each]))
            for number, each in ranges.items()
        }

    def table(self, batches: Collection[int]) -> WordTable:
        """Return the words of these batches, with their counts.

        Other batches are forgotten: another node has their parts, because nobody knew that this one
        has read them.
        """
        for number in self._batches.keys() - set(batches):
            self._batches.pop(number).spill.close()
        return add_tables(map(_table_of, self._batches.values()))

    def encode(self, words: WordIds) -> dict[int, PartSize]:
        """Encode all parts that were scanned; return what each part has, by number."""
        while self._batches:
            self._encode_batch(self._batches.popitem()[1], words)
        return {number: _size_of(sentences) for number, sentences in self._encoded.items()}

    def _encode_batch(self, batch: _Batch, words: WordIds) -> None:
        types = batch.types
        ids = words.find(types.arena, len(types.counts))
        tables = [ids[of_scanner] for of_scanner in types.scanner_ids]
        for number, file_range in batch.ranges.items():
            self._encoded[number] = _encode(file_range, tables[file_range.scanner], batch.spill)
        batch.spill.close()

    def around(self, number: int, start: int, stop: int, edge: int) -> Slice:
        """Return sentences of a part; see `Sentences.around`."""
        return self._encoded[number].around(start, stop, edge)


def _check_utf8(types: JoinedTypes, ranges: Sequence[FileRange]) -> None:
    if is_utf8(types.arena):
        return
    starts = np.cumsum([0, *(each.n_tokens for each in ranges)])
    for i in np.argsort(types.first):
        token = types.arena[types.starts[i] : types.starts[i + 1] - 1]
        if not is_utf8(token):
            at = np.searchsorted(starts, types.first[i], "right") - 1
            raise not_utf8(ranges[at].path, token, REMEDY)


def _table_of(batch: _Batch) -> WordTable:
    """Return the words of a batch, with places in the whole corpus instead of in the batch."""
    numbers = np.array([*batch.ranges], np.int64)
    n_tokens = [file_range.n_tokens for file_range in batch.ranges.values()]
    starts = np.cumsum([0, *n_tokens[:-1]], dtype=np.int64)
    at = np.searchsorted(starts, batch.types.first, "right") - 1
    first = (numbers[at] << PART_SHIFT) + batch.types.first - starts[at]
    return WordTable(batch.types.arena, batch.types.counts, first)


def _encode(file_range: FileRange, table: np.ndarray, spill: SpillBuffer) -> Sentences:
    """Return the tokens of a part that was scanned, in the ids of a table; its blocks are freed."""
    n_kept = sum(count_known(spill.read(block.ids), table) for block in file_range.blocks)
    joiner = BlockJoiner(allocate_int32(n_kept, spill.budget))
    for ids, ends in take_blocks(file_range.blocks, spill):
        joiner.append(ids, ends, table)
    joiner.end_sentence()  # a file may end without a newline
    return Sentences(joiner.ids, sentence_offsets(joiner.ends))


def _size_of(sentences: Sentences) -> PartSize:
    longest = int(np.diff(sentences.offsets).max(initial=0))
    return PartSize(len(sentences.ids), len(sentences.offsets) - 1, longest)
