"""Files scanned in parallel: byte ranges of plain files, compressed ones as whole streams.

A token belongs to the range it starts in, and a sentence goes on over a border; so the ranges'
tokens, one after the other, are exactly those of the files, however they are cut.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from fastsgns.corpus.files import BOM, is_stream, naming
from fastsgns.corpus.scan import Scanner, token_length
from fastsgns.corpus.storage import Spool, Stored, distinct, n_stored
from fastsgns.formats.files import open_binary
from fastsgns.machine import n_cores

BLOCK_BYTES = 1 << 20
RANGE_BYTES = 8 << 20
POLL_SECONDS = 0.1
STOP_SECONDS = 0.3  # a thread may hang in the read of a pipe; it owns all it touches
Progress = Callable[[int, int | None], object]


@dataclass
class Range:
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
    blocks: list[tuple[Stored, np.ndarray]] = field(default_factory=list)
    """Local ids, as the spool keeps them, and sentence ends, position in the block."""


def cut(path: str) -> list[Range]:
    """Cut one file into ranges, without the byte order mark it may begin with."""
    if is_stream(path):
        return [Range(path)]
    with open(path, "rb") as file:
        start = len(BOM) if file.read(len(BOM)) == BOM else 0
    size = os.path.getsize(path)
    starts = list(range(start, max(size, start + 1), RANGE_BYTES))
    return [
        Range(path, at, min(at + RANGE_BYTES, size), at == start, at == starts[-1]) for at in starts
    ]


def pieces(file: BinaryIO, part: Range, buffer: memoryview, scanner: Scanner) -> Iterator:
    """Yield the bytes of the tokens that start in a range of a plain file, to feed to `scanner`."""
    assert part.stop is not None
    skipping = not part.is_first
    position = part.start - skipping
    file.seek(position)
    while len(piece := fill(file, buffer)):
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
            if end < len(rest) or not len(rest := fill(file, buffer)):
                return
        return


def stream(file: BinaryIO, buffer: memoryview) -> Iterator:
    """Yield the bytes of a stream, without the byte order mark it may begin with."""
    skip = len(BOM)
    while len(piece := fill(file, buffer)):
        yield piece[skip:] if piece[:skip] == BOM[:skip] else piece
        skip = 0


def fill(file: BinaryIO, buffer: memoryview) -> memoryview:
    """Read as much of the file as fits the buffer; less only at its end."""
    n = 0
    while n < len(buffer) and (got := file.readinto(buffer[n:])):  # type: ignore[attr-defined]
        n += got
    return buffer[:n]


class FileScan:
    """A scan of several files by several threads, each with a `Scanner` of its own.

    Every thread takes the ranges in ascending order, so the ids of its scanner are in the order
    in which its types stand in the files.

    Parameters
    ----------
    paths : list of str
    workers : int or None
    spool : Spool or None
        Keeps the ids; without one they are only counted.

    Attributes
    ----------
    ranges : list of Range
        In the order of the files.
    scanners : list of Scanner
    """

    def __init__(self, paths: list[str], workers: int | None, spool: Spool | None) -> None:
        self.ranges = [part for path in paths for part in cut(path)]
        self.scanners: list[Scanner] = []
        self._spool = spool
        self._n_workers = min(check_workers(workers), len(self.ranges))
        self._waiting = iter(self.ranges)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._errors: list[BaseException] = []
        self._done_bytes = 0
        stops = [part.stop for part in self.ranges if part.is_last]
        self._total = None if None in stops else sum(stop for stop in stops if stop)

    def run(self, progress: Progress | None = None) -> None:
        """Scan; the first exception of any thread stops the others and is raised here."""
        self.scanners = [Scanner() for _ in range(self._n_workers)]
        done: list[threading.Event] = []
        try:
            for index in range(self._n_workers):
                event = threading.Event()
                threading.Thread(target=self._work, args=(index, event), daemon=True).start()
                done.append(event)
            for event in done:
                while not event.wait(POLL_SECONDS):
                    if progress:
                        progress(self._done_bytes, self._total)
        finally:
            self._stop.set()
            deadline = time.monotonic() + STOP_SECONDS
            for event in done:
                event.wait(max(0.0, deadline - time.monotonic()))
        if self._errors:
            raise self._errors[0]
        if progress:
            progress(self._done_bytes, self._total)

    def _work(self, index: int, done: threading.Event) -> None:
        try:
            buffer = memoryview(bytearray(BLOCK_BYTES))
            while not self._stop.is_set():
                with self._lock:
                    part = next(self._waiting, None)
                if part is None:
                    return
                part.scanner = index
                with naming(part.path):
                    self._scan(part, buffer)
        except BaseException as error:  # handed to the thread that waits
            self._errors.append(error)
            self._stop.set()
        finally:
            done.set()

    def _scan(self, part: Range, buffer: memoryview) -> None:
        scanner = self.scanners[part.scanner]
        part.first_token = scanner.n_tokens
        with open_binary(part.path, buffering=0) as file:
            whole = part.stop is None
            for piece in stream(file, buffer) if whole else pieces(file, part, buffer, scanner):
                if self._stop.is_set():
                    return
                self._keep(part, *scanner.feed(piece))
                with self._lock:
                    self._done_bytes += len(piece)
        self._keep(part, *scanner.finish())
        part.n_tokens = scanner.n_tokens - part.first_token

    def _keep(self, part: Range, ids: np.ndarray, ends: np.ndarray) -> None:
        if len(ids) or len(ends):
            stored = (0, len(ids)) if self._spool is None else self._spool.put(ids)
            part.blocks.append((stored, ends))

    @property
    def n_tokens(self) -> int:
        """The number of tokens that were read."""
        return sum(part.n_tokens for part in self.ranges)

    def count_sentences(self) -> int:
        """Count the lines that are not blank, before the blocks are taken."""
        n_before = 0
        all_ends = []
        for part in self.ranges:
            for stored, ends in part.blocks:
                all_ends.append(ends + n_before)
                n_before += n_stored(stored)
            if part.is_last:
                all_ends.append(np.array([n_before], np.int64))
        return len(distinct(all_ends)) - 1


def check_workers(workers: int | None) -> int:
    """`workers`, or for None the number of cores this process may use.

    Raises
    ------
    ValueError
        If it is less than 1.
    """
    if workers is None:
        return n_cores()
    if workers < 1:
        raise ValueError(f"workers is {workers}; allowed are 1, 2, ... or None for all cores")
    return workers
