"""Phrases joined in encoded corpora and in files of text."""

import os
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from fastsgns.arrays import check_mapped, check_offsets
from fastsgns.corpus.blocks import SentenceBlock, sentence_offsets, take_blocks
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.files import BOM
from fastsgns.corpus.scan import LONGEST_TOKEN
from fastsgns.corpus.spill import (
    BlockWriter,
    SpillBuffer,
    allocate_int32,
    block_length,
    check_budget,
)
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import LongTokenError
from fastsgns.formats.files import HEAD_BYTES, check_text, naming, open_binary
from fastsgns.phrases.counts import Words
from fastsgns.phrases.finding import Finder, TextJoiner, number_ids
from fastsgns.runtime.threads import WorkerPool, in_order

CHUNK_TOKENS = 1 << 18
BLOCK_BYTES = 1 << 20


class Found(NamedTuple):
    """The phrases to join.

    Attributes
    ----------
    phrases : list of tuple of str
        The words of each phrase: the first, connector words, and the last.
    connector_words : collection of str
    delimiter : str
    """

    phrases: Sequence[Words]
    connector_words: Collection[str]
    delimiter: str


def join_corpus(
    corpus: EncodedCorpus, found: Found, workers: int, memory_budget: int | None = None
) -> EncodedCorpus:
    """Return a corpus in which each phrase is one word.

    Parameters
    ----------
    corpus : EncodedCorpus
    found : Found
    workers : int
        Threads; the result does not depend on them.
    memory_budget : int, optional
        As for `EncodedCorpus.from_files`.

    Returns
    -------
    EncodedCorpus
        Its words are in the order in which they occur.
    """
    check_mapped(corpus.ids, corpus.offsets)
    check_offsets(corpus.offsets, corpus.n_tokens, "offsets")
    ids: dict[Any, int] = corpus.vocabulary.ids
    phrases = [words for words in found.phrases if all(word in ids for word in words)]
    connectors = [ids[word] for word in found.connector_words if word in ids]
    finder = Finder(len(ids), connectors, [tuple(map(ids.__getitem__, each)) for each in phrases])
    words = list(corpus.vocabulary.words)
    id_of_phrase = _ids_of_phrases([found.delimiter.join(each) for each in phrases], ids, words)
    ranges = _sentence_ranges(corpus)
    blocks: list[list[SentenceBlock]] = [[] for _ in ranges]
    budget = check_budget(memory_budget)
    with SpillBuffer(budget) as spill:
        writers = [BlockWriter(spill) for _ in range(workers)]

        def join(thread: int, chunk: int) -> None:
            first, last = ranges[chunk]
            offsets = corpus.offsets[first : last + 1]
            block = corpus.ids[offsets[0] : offsets[-1]]
            out = writers[thread].reserve(len(block))
            n, ends = finder.join(block, offsets, id_of_phrase, out)
            blocks[chunk].append(SentenceBlock(writers[thread].store(n), ends))

        WorkerPool(workers, range(len(ranges)), join).run()
        return _in_order_of_appearance(corpus, words, blocks, spill)


def _ids_of_phrases(strings: list[str], ids: dict[Any, int], words: list[Any]) -> np.ndarray:
    """Return the id of each phrase, and append those to `words` that are not there yet: int32."""
    new_ids: dict[str, int] = {}
    for string in strings:
        if string not in ids and string not in new_ids:
            new_ids[string] = len(words)
            words.append(string)
    return np.array([ids.get(string, new_ids.get(string)) for string in strings], np.int32)


def _sentence_ranges(corpus: EncodedCorpus) -> list[tuple[int, int]]:
    """Return ranges of sentences with about `CHUNK_TOKENS` tokens each."""
    starts = np.searchsorted(corpus.offsets[:-1], np.arange(0, corpus.n_tokens, CHUNK_TOKENS))
    borders = np.unique(np.append(starts, corpus.n_sentences)).tolist()
    return list(pairwise(borders))


def _in_order_of_appearance(
    corpus: EncodedCorpus, words: list[Any], blocks: list[list[SentenceBlock]], spill: SpillBuffer
) -> EncodedCorpus:
    """Return a corpus of joined blocks, with ids in the order in which words occur."""
    n_tokens = sum(block_length(block.ids) for chunk in blocks for block in chunk)
    ids = allocate_int32(n_tokens, spill.budget)
    numbers, counts = np.full(len(words), -1, np.int32), np.zeros(len(words), np.int64)
    position, n_numbered, all_ends = 0, 0, list[np.ndarray]()
    for chunk in blocks:
        for old_ids, ends in take_blocks(chunk, spill):  # frees the blocks
            n_numbered = number_ids(old_ids, numbers, counts, n_numbered, ids[position:])
            all_ends.append(ends + position)
            position += len(old_ids)
    order = np.empty(n_numbered, np.int64)
    is_seen = numbers >= 0
    order[numbers[is_seen]] = np.flatnonzero(is_seen)
    vocabulary = Vocabulary(list(map(words.__getitem__, order.tolist())), counts[:n_numbered])
    n_raw = corpus.n_raw_tokens - (corpus.n_tokens - n_tokens)
    return EncodedCorpus(ids, sentence_offsets(all_ends), vocabulary, n_raw, corpus.n_raw_sentences)


def join_files(sources: Sequence[str], target: Any, found: Found, workers: int) -> None:
    """Write the text of files with each phrase joined.

    Lines stay lines, with one space between their tokens. A file ends its last line, whether there
    is a newline or not. Bytes that are not UTF-8 are copied.

    Parameters
    ----------
    sources : sequence of str
        Paths. The text is read block by block, so that its length does not matter.
    target : binary file
    found : Found
    workers : int
        Threads.

    Raises
    ------
    LongTokenError
        If a token is longer than `LONGEST_TOKEN`.
    """
    joiner = _text_joiner(found)

    def joined(block: _Block) -> bytes:
        return joiner.join(block.text, True)[0] if block.is_whole else block.text

    lacks_newline = False
    for source in sources:
        needs_newline = lacks_newline
        with naming(source), open_binary(source) as file:
            for _, text in in_order(workers, _blocks(file, source, joiner), joined):
                if text and needs_newline:
                    target.write(b"\n")
                    needs_newline = False
                target.write(text)
                lacks_newline = not text.endswith(b"\n") if text else lacks_newline


def _text_joiner(found: Found) -> TextJoiner:
    numbers: dict[str, int] = {}
    for words in (*found.phrases, found.connector_words):
        for word in words:
            numbers.setdefault(word, len(numbers))
    finder = Finder(
        len(numbers),
        [numbers[word] for word in found.connector_words],
        [tuple(map(numbers.__getitem__, words)) for words in found.phrases],
    )
    encoded = [word.encode("utf-8", "surrogatepass") for word in numbers]
    seed = int.from_bytes(os.urandom(8), "little")
    return TextJoiner(finder, encoded, found.delimiter.encode("utf-8", "surrogatepass"), seed)


class _Block(NamedTuple):
    text: bytes
    is_whole: bool
    """Whether it consists of whole lines, which are still to be joined."""


def _blocks(file: Any, path: str, joiner: TextJoiner) -> Iterator[_Block]:
    """Yield the whole lines of a text; of a line longer than a block, parts that are joined."""
    head = file.read(HEAD_BYTES)
    check_text(head, path)
    rest = head.removeprefix(BOM)
    continues = False  # whether a part of the line has been yielded
    while data := file.read(BLOCK_BYTES):
        rest += data
        if continues:
            end = rest.find(b"\n") + 1
            if end:
                yield _continued(joiner.join(rest[:end], True)[0])
                rest, continues = rest[end:], False
        end = rest.rfind(b"\n") + 1
        if end and not continues:
            yield _Block(rest[:end], True)
            rest = rest[end:]
        if len(rest) > BLOCK_BYTES:
            end = _last_space(rest)
            if not end and len(rest) > LONGEST_TOKEN:
                raise LongTokenError.at(path, None, LONGEST_TOKEN)
            text, n_read = joiner.join(rest[:end], False)
            if text:
                yield _continued(text) if continues else _Block(text, False)
            rest, continues = rest[n_read:], continues or bool(text)
    if rest:
        text = joiner.join(rest, True)[0]
        yield _continued(text) if continues else _Block(text, False)


def _continued(text: bytes) -> _Block:
    """Return a further part of a line, with the space before it."""
    return _Block(b" " + text if text.strip() else text, False)


def _last_space(text: bytes) -> int:
    """Return the number of bytes up to the last white space; 0 if there is none."""
    return max(text.rfind(space) for space in (b" ", b"\t", b"\r", b"\v", b"\f")) + 1
