"""FileRange: the part of a file that one thread reads at a time.

Plain files are split into ranges of bytes; a compressed file or a pipe is one range. A token
belongs to the range in which it starts, and a sentence may continue over a border. The tokens of
all ranges, in order, are therefore exactly those of the files, wherever the files are split.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np

from fastsgns.corpus.blocks import SentenceBlock, sentence_offsets
from fastsgns.corpus.files import BOM, is_stream
from fastsgns.corpus.scan import Scanner, token_length
from fastsgns.corpus.spill import block_length
from fastsgns.errors import TruncatedError
from fastsgns.formats.files import HEAD_BYTES, check_text

RANGE_BYTES = 8 << 20


@dataclass
class FileRange:
    """Bytes `start` to `stop` of a file, and what was read from them.

    Attributes
    ----------
    path : str
    start : int
    stop : int or None
        None: to the end of a stream, which can only be read from its beginning.
    is_first, is_last : bool
        Whether it is the first or the last range of its file.
    scanner : int
        The index of the thread, and of its `Scanner`, that read the range.
    first_token : int
        How many tokens that scanner had read before.
    n_tokens : int
    blocks : list of SentenceBlock
        In the order of the file; ids are those of the scanner.
    """

    path: str
    start: int = 0
    stop: int | None = None
    is_first: bool = True
    is_last: bool = True
    scanner: int = -1
    first_token: int = 0
    n_tokens: int = 0
    blocks: list[SentenceBlock] = field(default_factory=list)


def split_files(paths: list[str]) -> list[FileRange]:
    """Split files into ranges, without the byte order marks that they may begin with."""
    return [file_range for path in paths for file_range in split_file(path)]


def split_file(path: str) -> list[FileRange]:
    """Split one file into ranges, without the byte order mark that it may begin with."""
    if is_stream(path):
        return [FileRange(path)]
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    check_text(head, path)
    first = len(BOM) if head.startswith(BOM) else 0
    size = os.path.getsize(path)
    starts = list(range(first, max(size, first + 1), RANGE_BYTES))
    return [
        FileRange(path, start, min(start + RANGE_BYTES, size), start == first, start == starts[-1])
        for start in starts
    ]


def read_range(
    file: BinaryIO, file_range: FileRange, buffer: memoryview, scanner: Scanner
) -> Iterator[memoryview]:
    """Yield the bytes of the tokens that start in a range of a plain file.

    The bytes must be fed to `scanner` before the next ones are asked for: its state shows whether
    the last token is complete. They are valid until then, as they are in `buffer`.
    """
    assert file_range.stop is not None
    # The byte before the range shows whether the range begins inside a token of the one before.
    skipping = not file_range.is_first
    position = file_range.start - skipping
    file.seek(position)
    while len(data := fill_buffer(file, buffer)):
        begin = token_length(data) if skipping else 0
        n_left = file_range.stop - position
        position += len(data)
        skipping = skipping and begin == len(data)
        if n_left > len(data):
            yield data[begin:]
            continue
        if begin < n_left:
            yield data[begin:n_left]
        yield from _rest_of_token(file, data[n_left:], buffer, scanner)
        return
    check_whole(file_range, position)


def check_whole(file_range: FileRange, position: int) -> None:
    """Raise a TruncatedError if a file that has no more bytes ends inside a range.

    Then another program has made it shorter since its length was asked for.
    """
    if file_range.stop is not None and position < file_range.stop:
        raise TruncatedError(
            f"{file_range.path} became shorter while it was read: it had {file_range.stop:,} bytes "
            f"or more, and has {position:,}. Read it again when no other program writes to it"
        )


def _rest_of_token(
    file: BinaryIO, data: memoryview, buffer: memoryview, scanner: Scanner
) -> Iterator[memoryview]:
    """Yield the rest of the token that starts in a range and ends behind it, if there is one."""
    while scanner.inside_token:
        end = token_length(data)
        yield data[:end]
        if end < len(data) or not len(data := fill_buffer(file, buffer)):
            return


def read_stream(file: BinaryIO, buffer: memoryview, name: str) -> Iterator[memoryview]:
    """Yield the bytes of a stream, without the byte order mark that it may begin with."""
    first = fill_buffer(file, buffer)
    check_text(bytes(first[:HEAD_BYTES]), name)
    yield first[len(BOM) :] if first[: len(BOM)] == BOM else first
    while len(data := fill_buffer(file, buffer)):
        yield data


def fill_buffer(file: Any, buffer: memoryview) -> memoryview:
    """Read as much of the file as fits the buffer; less only at the end of the file."""
    n = 0
    while n < len(buffer) and (n_read := file.readinto(buffer[n:])):
        n += n_read
    return buffer[:n]


def count_sentences(ranges: list[FileRange]) -> int:
    """Count the lines that are not blank."""
    n_before = 0
    all_ends = []
    for file_range in ranges:
        for block in file_range.blocks:
            all_ends.append(block.ends + n_before)
            n_before += block_length(block.ids)
        if file_range.is_last:
            all_ends.append(np.array([n_before], np.int64))
    return len(sentence_offsets(all_ends)) - 1
