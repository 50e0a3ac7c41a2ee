"""scan_text: the white-space separated tokens of files, as ids."""

import numpy as np

from fastsgns.corpus.blocks import SentenceBlock
from fastsgns.corpus.files import can_reread
from fastsgns.corpus.filescanner import FileScanner
from fastsgns.corpus.ranges import FileRange, read_range, read_stream
from fastsgns.corpus.scan import LONGEST_TOKEN, token_length
from fastsgns.corpus.spill import BlockWriter, SpillBuffer
from fastsgns.errors import LongTokenError
from fastsgns.formats.files import naming, open_binary
from fastsgns.runtime.progress import Progress

BLOCK_BYTES = 1 << 18


def scan_text(
    files: FileScanner, spill: SpillBuffer | None, progress: Progress | None = None
) -> None:
    """Scan files and append the blocks of ids to their ranges.

    Parameters
    ----------
    files : FileScanner
    spill : SpillBuffer or None
        Stores the ids. With None only the numbers of tokens and sentences are kept.
    progress : callable, optional
        As of `FileScanner.run`.

    Raises
    ------
    LongTokenError
        If a token is longer than `LONGEST_TOKEN`.
    """
    writers = [BlockWriter(spill) for _ in range(files.n_workers)]

    def scan_range(thread: int, file_range: FileRange) -> None:
        scanner, writer = files.scanners[thread], writers[thread]

        def store(ids: np.ndarray, ends: np.ndarray) -> None:
            if len(ids) or len(ends):
                file_range.blocks.append(SentenceBlock(writer.store(len(ids)), ends))

        buffer = memoryview(bytearray(BLOCK_BYTES))
        path = file_range.path
        with naming(path), open_binary(path, buffering=0) as file:
            if file_range.stop is None:
                blocks = read_stream(file, buffer, path)
            else:
                blocks = read_range(file, file_range, buffer, scanner)
            for data in blocks:
                if files.is_stopping:
                    return
                try:
                    store(*scanner.feed(data, writer.reserve(len(data) // 2 + 2)))
                except LongTokenError:
                    line = _line_of_long_token(path) if can_reread(path) else None
                    raise LongTokenError.at(path, line, LONGEST_TOKEN) from None
                files.add_progress(len(data))
        store(*scanner.finish(writer.reserve(1)))

    files.run(scan_range, progress)


def _line_of_long_token(path: str) -> int:
    """Return the number of the first line with a token that is too long, from 1."""
    n_lines, length = 1, 0
    with open_binary(path) as file:
        while data := file.read(BLOCK_BYTES):
            head = token_length(data)
            if length + head > LONGEST_TOKEN:
                break
            length = length + head if head == len(data) else token_length(data[::-1])
            n_lines += data.count(b"\n")
    return n_lines
