"""Scan: the words of a corpus and how often each occurs, after one reading.

A corpus is read once, in three steps::

    with scan(source) as scanned:                    # fastsgns/corpus/encoded.py
        chosen = select(scanned.vocabulary, 5)       # fastsgns/corpus/selection.py
        corpus = encode(scanned, chosen.vocabulary)  # fastsgns/corpus/encoded.py

The scan stores each token as an id that it gives out itself. `encode` replaces these ids by those
of the words that were chosen and leaves out the other tokens.
"""

import codecs
from collections.abc import Hashable, Iterable, Sized
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from fastsgns.corpus.blocks import (
    BlockJoiner,
    JoinedIds,
    SentenceBlock,
    sentence_offsets,
    take_blocks,
)
from fastsgns.corpus.files import Path, check_paths
from fastsgns.corpus.filescanner import FileScanner
from fastsgns.corpus.merging import merge_types
from fastsgns.corpus.ranges import FileRange, count_sentences
from fastsgns.corpus.scan import count_ids, count_known, encode_sentences
from fastsgns.corpus.sentences import check_corpus
from fastsgns.corpus.spill import BlockWriter, SpillBuffer, allocate_int32, check_budget
from fastsgns.corpus.textscan import scan_text
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.runtime.machine import release_memory
from fastsgns.runtime.progress import Progress
from fastsgns.runtime.threads import WorkerPool

FIRST_COUNTS = 1 << 16
MANY_WORDS = 10_000
"""From so many words on, freed memory is returned to the system before a model is allocated."""


@dataclass
class StoredTokens:
    """The tokens of a scan, as ids that each `Scanner` has given out.

    Parameters
    ----------
    ranges : list of FileRange
        With their blocks of ids. The sentences of an iterable are one range.
    vocabulary_ids : list of ndarray of int32
        For each scanner, the id in the scan's vocabulary of each of its ids; -1: left out.
    spill : SpillBuffer
        Where the blocks are stored.
    n_workers : int
        Threads.
    """

    ranges: list[FileRange]
    vocabulary_ids: list[np.ndarray]
    spill: SpillBuffer
    n_workers: int

    def join(self, new_ids: np.ndarray, n_kept: int) -> JoinedIds:
        """Return all tokens as one array of new ids; the stored tokens are used up.

        Ranges are joined by several threads: where each begins is known once the ids to keep of
        those before it are counted. If blocks are in a file, one thread reads them once, in order.

        Parameters
        ----------
        new_ids : ndarray of int32
            For each id of the scan's vocabulary the new one, or -1: left out.
        n_kept : int
            How many tokens are not left out.
        """
        table = np.append(new_ids, np.int32(-1))  # the last entry is that of -1
        tables = [table[ids] for ids in self.vocabulary_ids]
        groups = [self.ranges] if self.spill.uses_file else [[part] for part in self.ranges]
        ids = allocate_int32(n_kept, self.spill.budget)
        joiners = [BlockJoiner(ids, start) for start in self._starts(groups, tables)]

        def write(_: int, group: int) -> None:
            for part in groups[group]:
                for block_ids, ends in take_blocks(part.blocks, self.spill):
                    joiners[group].append(block_ids, ends, tables[part.scanner])
                if part.is_last:
                    joiners[group].end_sentence()

        WorkerPool(self.n_workers, range(len(groups)), write).run()
        return JoinedIds(ids, sentence_offsets([e for joiner in joiners for e in joiner.ends]))

    def _starts(self, groups: list[list[FileRange]], tables: list[np.ndarray]) -> list[int]:
        """Return how many ids are kept before each group of ranges."""
        n_kept = [0] * len(groups)

        def count(_: int, group: int) -> None:
            n_kept[group] = sum(
                count_known(self.spill.read(block.ids), tables[part.scanner])
                for part in groups[group]
                for block in part.blocks
            )

        if len(groups) > 1:
            WorkerPool(self.n_workers, range(len(groups)), count).run()
        return [0, *accumulate(n_kept[:-1])]

    def close(self) -> None:
        """Free the memory and delete the temporary file."""
        self.ranges.clear()
        self.spill.close()


@dataclass
class Scan:
    """What the reading of a corpus has found.

    Attributes
    ----------
    vocabulary : Vocabulary
        All words in first-seen order, with their counts.
    n_tokens : int
        Tokens that were read.
    n_sentences : int
        Sentences that were read: of files the lines that are not blank, of iterables all.
    tokens : StoredTokens or None
        What `encode` uses up. None if words were only counted.
    """

    vocabulary: Vocabulary
    n_tokens: int
    n_sentences: int
    tokens: StoredTokens | None = None

    def __enter__(self) -> "Scan":
        return self

    def __exit__(self, *_: object) -> None:
        if self.tokens is not None:
            self.tokens.close()


def scan_files(
    paths: Path | Iterable[Path],
    workers: int | None = None,
    errors: str = "strict",
    memory_budget: int | None = None,
    progress: Progress | None = None,
    keep_tokens: bool = True,
) -> Scan:
    """Scan text files; parameters and exceptions as of `EncodedCorpus.from_files`.

    Without `keep_tokens` words are only counted.
    """
    codecs.lookup_error(errors)
    budget = check_budget(memory_budget)
    files = FileScanner(check_paths(paths), workers)
    with ExitStack() as on_error:
        spill = on_error.enter_context(SpillBuffer(budget)) if keep_tokens else None
        scan_text(files, spill, progress)
        types = merge_types(files, errors)
        on_error.pop_all()
    vocabulary = Vocabulary(types.words, types.counts)
    if len(vocabulary) >= MANY_WORDS:
        release_memory()
    n_sentences = count_sentences(files.ranges)
    tokens = None
    if spill is not None:
        tokens = StoredTokens(files.ranges, types.vocabulary_ids, spill, files.n_workers)
    return Scan(vocabulary, files.n_tokens, n_sentences, tokens)


def scan_sentences(
    sentences: Iterable[Iterable[Hashable]],
    vocabulary: Vocabulary | None = None,
    memory_budget: int | None = None,
    progress: Progress | None = None,
    keep_tokens: bool = True,
) -> Scan:
    """Scan sequences of hashable tokens; exceptions as of `EncodedCorpus.from_iterable`.

    With `vocabulary`, tokens that it lacks are not stored and not counted by word. Without
    `keep_tokens` words are only counted.
    """
    check_corpus(sentences)
    budget = check_budget(memory_budget)
    n_total = len(sentences) if isinstance(sentences, Sized) else None
    ids_by_word: dict[Hashable, int] = {} if vocabulary is None else vocabulary.ids
    counts = np.zeros(FIRST_COUNTS, np.int64)
    stored = FileRange("", scanner=0)
    with ExitStack() as on_error:
        spill = on_error.enter_context(SpillBuffer(budget))
        writer = BlockWriter(spill)

        def store(ids: np.ndarray, ends: np.ndarray, n_sentences: int) -> None:
            nonlocal counts
            if len(ids_by_word) > len(counts):
                counts = np.append(counts, np.zeros(2 * len(ids_by_word), np.int64))
            count_ids(ids, counts)
            if keep_tokens:
                stored.blocks.append(SentenceBlock(writer.store_copy(ids), ends))
            if progress:
                progress(n_sentences, n_total)

        n_tokens, n_sentences = encode_sentences(sentences, ids_by_word, vocabulary is None, store)
        on_error.pop_all()
    n_words = len(ids_by_word)
    counts = counts[:n_words].copy()
    if vocabulary is None:
        counted = Vocabulary(list(ids_by_word), counts)
    else:
        counted = vocabulary.recounted(counts)
    tokens = StoredTokens([stored], [np.arange(n_words, dtype=np.int32)], spill, 1)
    return Scan(counted, n_tokens, n_sentences, tokens if keep_tokens else None)
