"""The result of reading a corpus once: its words, their counts, and its tokens.

A corpus is read once, in three steps::

    with scan(source) as scanned:                    # fastsgns/corpus/encoded.py
        chosen = select(scanned.vocabulary, 5)       # fastsgns/corpus/selection.py
        corpus = encode(scanned, chosen.vocabulary)  # fastsgns/corpus/encoded.py

A scan stores tokens under provisional ids, which it gives to words as it meets them. `encode` maps
them to the ids of the chosen words and drops the other tokens.

`scan` calls `scan_files` or `scan_sentences` of this module. For files the work is done by
`scan_text` (textscan.py) in the threads of a `FileScanner` (filescanner.py), each with a compiled
`Scanner` (scan.pyx).
"""

import codecs
from collections.abc import Hashable, Iterable, Sized
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from fastsgns.corpus.blocks import BlockJoiner, SentenceBlock, sentence_offsets, take_blocks
from fastsgns.corpus.files import Path, check_paths
from fastsgns.corpus.filescanner import FileScanner
from fastsgns.corpus.merging import merge_types
from fastsgns.corpus.ranges import FileRange, count_sentences, split_files
from fastsgns.corpus.scan import count_ids, count_known, encode_sentences
from fastsgns.corpus.sentences import check_corpus
from fastsgns.corpus.spill import BlockWriter, SpillBuffer, allocate_int32, check_budget
from fastsgns.corpus.textscan import scan_text
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.runtime.machine import release_memory
from fastsgns.runtime.progress import Progress
from fastsgns.runtime.threads import WorkerPool

INITIAL_CAPACITY = 1 << 16
MANY_WORDS = 10_000  # tables over fewer words are too small for a call of release_memory


@dataclass
class StoredTokens:
    """The tokens of a scan, under provisional ids.

    A provisional id is an id of the `Scanner` (`fastsgns.corpus.scan`) of one thread. The scan of
    an iterable counts as one scanner.

    Parameters
    ----------
    ranges : list of FileRange
        The ranges of the files, each with its blocks of ids. An iterable is a single range.
    vocabulary_ids : list of ndarray of int32
        ``vocabulary_ids[s][i]`` is the id in the scan's vocabulary of provisional id i of scanner
        s, or -1 for a token that is dropped.
    spill : SpillBuffer
        Where the blocks are stored.
    n_workers : int
        Number of threads.
    """

    ranges: list[FileRange]
    vocabulary_ids: list[np.ndarray]
    spill: SpillBuffer
    n_workers: int

    def join(self, new_ids: np.ndarray, n_kept: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the `ids` and `offsets` of an `EncodedCorpus`; this consumes the stored tokens.

        Ranges are written in parallel; a first pass counts the kept ids of each, to find where the
        next one begins. If blocks are in a file, one thread reads it once, sequentially.

        Parameters
        ----------
        new_ids : ndarray of int32
            For each id of the scan's vocabulary the new one, or -1 to drop its tokens.
        n_kept : int
            Number of tokens that are kept.
        """
        table = np.append(new_ids, np.int32(-1))  # index -1 reads this entry, so that -1 stays -1
        tables = [table[ids] for ids in self.vocabulary_ids]
        # One thread writes one group: all ranges in order, or one range.
        groups = [self.ranges] if self.spill.uses_file else [[part] for part in self.ranges]
        ids = allocate_int32(n_kept, self.spill.budget)
        joiners = [BlockJoiner(ids, start) for start in self._starts(groups, tables)]

        def write(_thread: int, group: int) -> None:
            for part in groups[group]:
                for block_ids, ends in take_blocks(part.blocks, self.spill):  # frees the blocks
                    joiners[group].append(block_ids, ends, tables[part.scanner])
                if part.is_last:  # a file may end without a newline
                    joiners[group].end_sentence()

        WorkerPool(self.n_workers, range(len(groups)), write).run()
        return ids, sentence_offsets([ends for joiner in joiners for ends in joiner.ends])

    def _starts(self, groups: list[list[FileRange]], tables: list[np.ndarray]) -> list[int]:
        """Return how many ids are kept before each group of ranges; the blocks stay."""
        n_kept = [0] * len(groups)

        def count(_thread: int, group: int) -> None:
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
    """Result of scanning a corpus.

    Attributes
    ----------
    vocabulary : Vocabulary
        All words in first-seen order, with their counts.
    n_tokens : int
        Tokens that were read.
    n_sentences : int
        Sentences that were read: for files, the non-blank lines; for iterables, all sentences.
    tokens : StoredTokens or None
        The stored tokens, which `encode` consumes. None if words were only counted.
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
    codecs.lookup_error(errors)  # raises a LookupError before anything is read
    budget = check_budget(memory_budget)
    files = FileScanner(split_files(check_paths(paths)), workers)
    with ExitStack() as on_error:  # closes the spill if scanning fails; else the Scan owns it
        spill = on_error.enter_context(SpillBuffer(budget)) if keep_tokens else None
        scan_text(files, spill, progress)
        merged = merge_types(files, errors)
        on_error.pop_all()
    vocabulary = Vocabulary(merged.words, merged.counts)
    if len(vocabulary) >= MANY_WORDS:
        release_memory()  # that of the scanners
    n_sentences = count_sentences(files.ranges)
    tokens = None
    if spill is not None:
        tokens = StoredTokens(files.ranges, merged.vocabulary_ids, spill, files.n_workers)
    return Scan(vocabulary, files.n_tokens, n_sentences, tokens)


def scan_sentences(
    sentences: Iterable[Iterable[Hashable]],
    vocabulary: Vocabulary | None = None,
    memory_budget: int | None = None,
    progress: Progress | None = None,
    keep_tokens: bool = True,
) -> Scan:
    """Scan sequences of hashable tokens; exceptions as of `EncodedCorpus.from_iterable`.

    Tokens that are not in a given `vocabulary` count only towards `n_tokens`. Without
    `keep_tokens` words are only counted.
    """
    check_corpus(sentences)
    budget = check_budget(memory_budget)
    n_total = len(sentences) if isinstance(sentences, Sized) else None
    add_words = vocabulary is None
    ids_by_word: dict[Hashable, int] = {} if vocabulary is None else vocabulary.ids
    counts = np.zeros(INITIAL_CAPACITY, np.int64)
    stored = FileRange("", scanner=0)
    with ExitStack() as on_error:  # closes the spill if scanning fails; else the Scan owns it
        spill = on_error.enter_context(SpillBuffer(budget)) if keep_tokens else None
        writer = BlockWriter(spill)

        def take_block(ids: np.ndarray, ends: np.ndarray, n_sentences: int) -> None:
            nonlocal counts
            if len(ids_by_word) > len(counts):  # grow a lot at a time, as each growth copies
                counts = np.append(counts, np.zeros(2 * len(ids_by_word), np.int64))
            count_ids(ids, counts)
            if keep_tokens:
                stored.blocks.append(SentenceBlock(writer.store_copy(ids), ends))
            if progress:
                progress(n_sentences, n_total)

        n_tokens, n_sentences = encode_sentences(sentences, ids_by_word, add_words, take_block)
        on_error.pop_all()
    n_words = len(ids_by_word)
    counts = counts[:n_words].copy()
    if vocabulary is None:
        counted = Vocabulary(list(ids_by_word), counts)
    else:
        counted = vocabulary.recounted(counts)
    same_ids = np.arange(n_words, dtype=np.int32)  # the one scanner has the ids of the vocabulary
    tokens = None if spill is None else StoredTokens([stored], [same_ids], spill, n_workers=1)
    return Scan(counted, n_tokens, n_sentences, tokens)
