"""Files scanned in parallel: byte ranges of plain files, compressed ones as whole streams.

A token belongs to the range it starts in, and a sentence goes on over a border; so the ranges'
tokens, one after the other, are exactly those of the files, however they are cut.
"""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from fastsgns.corpus.files import BOM, is_stream
from fastsgns.corpus.scan import LONGEST_TOKEN, Scanner, token_length
from fastsgns.corpus.spill import BlockWriter, SpillBuffer, StoredBlock, block_length, distinct
from fastsgns.errors import LongTokenError
from fastsgns.formats.files import HEAD_BYTES, check_text, decompressor, naming, open_binary
from fastsgns.rules import WORKERS
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.threads import WorkerPool

BLOCK_BYTES = 1 << 18
RANGE_BYTES = 8 << 20
Progress = Callable[[int, int | None], object]


@dataclass
class FileRange:
    """Bytes `start` to `stop` of a file (a stream to its end: None), and what was found there."""

    path: str
    start: int = 0
    stop: int | None = None
    is_first: bool = True
    is_last: bool = True
    scanner: int = -1
    first_token: int = 0
    """How many tokens the scanner had read before."""
    n_tokens: int = 0
    blocks: list[tuple[StoredBlock, np.ndarray]] = field(default_factory=list)
    """Local ids, as the spill keeps them, and sentence ends, position in the block."""


def split_file(path: str) -> list[FileRange]:
    """Cut one file into ranges, without the byte order mark it may begin with."""
    if is_stream(path):
        return [FileRange(path)]
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    check_text(head, path)
    start = len(BOM) if head.startswith(BOM) else 0
    size = os.path.getsize(path)
    starts = list(range(start, max(size, start + 1), RANGE_BYTES))
    return [
        FileRange(path, at, min(at + RANGE_BYTES, size), at == start, at == starts[-1])
        for at in starts
    ]


def read_range(file: BinaryIO, part: FileRange, buffer: memoryview, scanner: Scanner) -> Iterator:
    """Yield the bytes of the tokens that start in a range of a plain file, to feed to `scanner`."""
    assert part.stop is not None
    skipping = not part.is_first
    position = part.start - skipping
    file.seek(position)
    while len(piece := fill_buffer(file, buffer)):
        begin = token_length(piece) if skipping else 0
        room = part.stop - position
        position += len(piece)
        skipping = skipping and begin == len(piece)
        if room > len(piece):
            yield piece[begin:]
            continue
        if begin < room:
            yield piece[begin:room]
        rest = piece[room:]
        while scanner.inside_token:
            end = token_length(rest)
            yield rest[:end]
            if end < len(rest) or not len(rest := fill_buffer(file, buffer)):
                return
        return


def read_stream(file: BinaryIO, buffer: memoryview, name: str) -> Iterator:
    """Yield the bytes of a stream, without the byte order mark it may begin with."""
    first = fill_buffer(file, buffer)
    check_text(bytes(first[:HEAD_BYTES]), name)
    yield first[len(BOM) :] if first[: len(BOM)] == BOM else first
    while len(piece := fill_buffer(file, buffer)):
        yield piece


def fill_buffer(file: BinaryIO, buffer: memoryview) -> memoryview:
    """Read as much of the file as fits the buffer; less only at its end."""
    n = 0
    while n < len(buffer) and (got := file.readinto(buffer[n:])):  # type: ignore[attr-defined]
        n += got
    return buffer[:n]


class FileScanner:
    """A scan of several files by several threads, each with a `Scanner` of its own.

    Every thread takes the ranges in ascending order, so the ids of its scanner are in the order
    in which its types stand in the files.

    Parameters
    ----------
    paths : list of str
    workers : int or None
    spill : SpillBuffer or None
        Keeps the ids; without one they are only counted.

    Attributes
    ----------
    ranges : list of FileRange
        In the order of the files.
    scanners : list of Scanner
    n_workers : int
        Threads, no more than there are ranges.
    remedy : str
        What to do about a file that is not UTF-8.
    """

    remedy = "read it with LineSentence(path, errors='replace'), or convert the file to UTF-8"

    def __init__(self, paths: list[str], workers: int | None, spill: SpillBuffer | None) -> None:
        self.ranges = [part for path in paths for part in split_file(path)]
        self.n_workers = min(check_workers(workers), len(self.ranges))
        self.scanners = [Scanner() for _ in range(self.n_workers)]
        self._writers = [BlockWriter(spill) for _ in range(self.n_workers)]
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._done_bytes = 0
        stops = [part.stop for part in self.ranges if part.is_last]
        self._total = None if None in stops else sum(stop for stop in stops if stop)

    def run(self, progress: Progress | None = None) -> None:
        """Scan; the first exception of any thread stops the others and is raised here."""

        def report() -> None:
            if progress:
                progress(self._done_bytes, self._total)

        pool = WorkerPool(
            self.n_workers, self.ranges, self._scan
        )  # not kept, as it refers to the scan
        self._stop = pool.stopping
        pool.run(report)
        self._writers.clear()
        report()

    def _scan(self, thread: int, part: FileRange) -> None:
        scanner, writer = self.scanners[thread], self._writers[thread]
        part.scanner, part.first_token = thread, scanner.n_tokens
        buffer = memoryview(bytearray(BLOCK_BYTES))
        with naming(part.path), open_binary(part.path, buffering=0) as file:
            whole = part.stop is None
            found = (
                read_stream(file, buffer, part.path)
                if whole
                else read_range(file, part, buffer, scanner)
            )
            for piece in found:
                if self._stop.is_set():
                    return
                try:
                    ids, ends = scanner.feed(piece, writer.buffer(len(piece) // 2 + 2))
                except LongTokenError:
                    raise _long_token(part.path) from None
                _keep(part, writer, ids, ends)
                with self._lock:
                    self._done_bytes += len(piece)
        _keep(part, writer, *scanner.finish(writer.buffer(1)))
        part.n_tokens = scanner.n_tokens - part.first_token

    @property
    def n_tokens(self) -> int:
        """The number of tokens that were read."""
        return sum(part.n_tokens for part in self.ranges)

    def as_written(self, token: bytes) -> bytes:
        """Return the bytes that a token has in its file."""
        return token

    def count_sentences(self) -> int:
        """Count the lines that are not blank, before the blocks are taken."""
        n_before = 0
        all_ends = []
        for part in self.ranges:
            for stored, ends in part.blocks:
                all_ends.append(ends + n_before)
                n_before += block_length(stored)
            if part.is_last:
                all_ends.append(np.array([n_before], np.int64))
        return len(distinct(all_ends)) - 1


def _long_token(path: str) -> LongTokenError:
    number = None if is_stream(path) and not decompressor(path) else _line_of_long_token(path)
    return LongTokenError.at(path, number, LONGEST_TOKEN)


def _line_of_long_token(path: str) -> int:
    """Find the number of the first line with a token that is too long."""
    n_lines, length = 1, 0
    with open_binary(path) as file:
        while block := file.read(BLOCK_BYTES):
            head = token_length(block)
            if length + head > LONGEST_TOKEN:
                break
            length = length + head if head == len(block) else token_length(block[::-1])
            n_lines += block.count(b"\n")
    return n_lines


def _keep(part: FileRange, writer: BlockWriter, ids: np.ndarray, ends: np.ndarray) -> None:
    if len(ids) or len(ends):
        part.blocks.append((writer.store(len(ids)), ends))


def check_workers(workers: int | None) -> int:
    """`workers`, or for None the number of cores this process may use.

    Raises
    ------
    ValueError
        If it is less than 1.
    """
    return WORKERS("workers", workers) or n_cores()
