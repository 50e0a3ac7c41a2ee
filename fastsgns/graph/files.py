"""Edge-list files read in parallel: byte ranges of plain files, compressed ones as streams."""

import os
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from fastsgns.corpus.files import Path, naming
from fastsgns.corpus.merging import merge
from fastsgns.corpus.packed import PackedWords
from fastsgns.corpus.ranges import FileScan, Range, fill, stream
from fastsgns.errors import FormatError
from fastsgns.formats.files import existing_file, is_open, is_path, open_binary
from fastsgns.graph.lines import FEW, MANY, MIXED, NO_NUMBER, NOT_FINITE, RESERVED, Lines

BLOCK_BYTES = 1 << 20
HIDDEN = {27: "\t", 28: "\v", 29: "\f", 30: "\r", 31: " "}
FAULTS = {
    FEW: "it lacks a column: a line is `source target` or `source target weight`",
    MANY: "it has more than three columns; weighted=True or False ignores those after the "
    "weight or the target, delimiter= says what stands between columns",
    MIXED: "other lines have another number of columns; weighted=False ignores the weights",
    NO_NUMBER: "its third column is no number; weighted=False ignores it, skip_lines=1 a header",
    NOT_FINITE: "its weight is not finite, or more than a float32 holds",
    RESERVED: "one of its names holds a control character from 27 to 31",
}
Progress = Callable[[int, int | None], object]
Edges = tuple[np.ndarray, np.ndarray, np.ndarray | None, list[Hashable]]


@dataclass
class Syntax:
    """What `DirectedGraph.from_file` says of its parameters of the same names."""

    delimiter: str | None = None
    comments: str = "#%"
    weighted: bool | None = None
    skip_lines: int = 0

    def __post_init__(self) -> None:
        delimiter = self.delimiter
        if delimiter is not None and (
            len(delimiter) != 1 or delimiter in "\n\r\x00" or not delimiter.isascii()
        ):
            raise ValueError(
                f"the delimiter is {delimiter!r}; allowed are one ASCII character, or None for "
                "any white space"
            )
        if not self.comments.isascii():
            raise ValueError(f"comments are {self.comments!r}; allowed are ASCII characters")
        if self.skip_lines < 0:
            raise ValueError(f"skip_lines is {self.skip_lines}; allowed are 0, 1, ...")

    def lines(self) -> Lines:
        """Make a parser."""
        delimiter = -1 if self.delimiter is None else ord(self.delimiter)
        weighted = -1 if self.weighted is None else int(self.weighted)
        return Lines(self.comments.encode(), delimiter, weighted)


class EdgeScan(FileScan):
    """A scan of edge lists: a line belongs to the range it begins in.

    Parameters
    ----------
    paths : list of str
    workers : int or None
    syntax : Syntax
    """

    def __init__(self, paths: list[str], workers: int | None, syntax: Syntax) -> None:
        super().__init__(paths, workers, None)
        self._syntax = syntax
        self._found: dict[int, list[tuple[np.ndarray, np.ndarray | None]]] = {}
        self._n_columns = 0

    def _scan(self, thread: int, part: Range) -> None:
        scanner, lines = self.scanners[thread], self._syntax.lines()
        part.scanner, part.first_token = thread, scanner.n_tokens
        found = self._found[id(part)] = []
        with naming(part.path), open_binary(part.path, buffering=0) as file:
            skip = self._syntax.skip_lines if part.is_first else 0
            for block in _stream_lines(file) if part.stop is None else _range_lines(file, part):
                if self._crew.stop.is_set():
                    return
                text, skipped = _without_lines(block, skip)
                skip -= skipped
                n_before = lines.n_lines
                names, weights = _room(len(text))
                n_bytes, n_edges, fault, at = lines.parse(text, names, weights)
                if fault or (n_edges and not self._same_columns(lines.n_columns)):
                    n_lines = _lines_before(part) + self._syntax.skip_lines * part.is_first
                    n_lines += lines.n_lines if fault else n_before + text[:at].count(b"\n")
                    raise _error(part.path, n_lines + 1, fault or MIXED, text[at:])
                ids, _ = scanner.feed(names[:n_bytes])
                kept = weights[:n_edges].copy() if lines.n_columns == 3 else None
                found.append((ids.copy(), kept))
                with self._lock:
                    self._done_bytes += len(block)
        part.n_tokens = scanner.n_tokens - part.first_token

    def _same_columns(self, n_columns: int) -> bool:
        with self._lock:
            self._n_columns = self._n_columns or n_columns
            return self._n_columns == n_columns

    def edges(self, errors: str) -> Edges:
        """Number the nodes in first-seen order, whichever thread saw them."""
        types = merge(self, errors)
        blocks = [(part, *block) for part in self.ranges for block in self._found[id(part)]]
        ids = [types.tables[part.scanner][local] for part, local, _ in blocks]
        ends = np.concatenate([*ids, np.empty(0, np.int32)]).reshape(-1, 2)
        weights = None
        if self._n_columns == 3:
            weights = np.concatenate([block[2] for block in blocks if block[2] is not None])
        words = types.words.unpacked if isinstance(types.words, PackedWords) else types.words
        if self._syntax.delimiter is not None:
            words = "\n".join(words).translate(HIDDEN).split("\n") if words else []
        return ends[:, 0].copy(), ends[:, 1].copy(), weights, list(words)


def read_edges(
    paths: Path | Iterable[Path],
    syntax: Syntax,
    workers: int | None = None,
    errors: str = "strict",
    progress: Progress | None = None,
) -> Edges:
    """Read edge lists; parameters and exceptions as of `DirectedGraph.from_file`.

    Returns
    -------
    sources, targets : ndarray of int32, shape (E,)
    weights : ndarray of float64, shape (E,), or None
    names : list of str
        In first-seen order.
    """
    if errors == "ignore":
        raise ValueError('errors is "ignore", which may leave nothing of a name; use "replace"')
    scan = EdgeScan(_checked(paths), workers, syntax)
    scan.run(progress)
    return scan.edges(errors)


def _checked(paths: Path | Iterable[Path]) -> list[str]:
    several: Iterable[Any] = paths  # type: ignore[assignment]
    if is_path(paths) or is_open(paths):
        several = [paths]
    if names := [_check(path) for path in several]:
        return names
    raise ValueError("the list of files of edges is empty; give at least one path")


def _check(path: Any) -> str:
    if not is_path(path):
        seen = "an open file, " if is_open(path) else ""
        raise TypeError(f"a file of edges is {seen}{path!r:.60}, where a path is wanted")
    name = existing_file(path, "the file of edges")
    if ".mtx" in os.path.basename(name).lower():
        raise ValueError(f"{name} is a Matrix Market file: use scipy.io.mmread and from_scipy")
    return name


def _room(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty(n + 2, np.uint8), np.empty(n // 3 + 1)


def _range_lines(file: BinaryIO, part: Range) -> Iterator[bytes]:
    """Yield the lines that begin in a range, at once."""
    assert part.stop is not None
    begin = part.start - (not part.is_first)
    file.seek(begin)
    buffer = memoryview(bytearray(part.stop - begin))
    data = bytes(fill(file, buffer))
    start = 0 if part.is_first else data.find(b"\n") + 1
    if start == 0 and not part.is_first:
        return  # a line that began earlier goes through
    pieces = [data[start:]]
    while pieces[-1] and not pieces[-1].endswith(b"\n") and (more := file.read(BLOCK_BYTES)):
        pieces.append(more[: more.find(b"\n") + 1] or more)
    yield b"".join(pieces)


def _stream_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a stream, some at a time."""
    rest: list[bytes] = []
    for view in stream(file, memoryview(bytearray(BLOCK_BYTES))):
        piece = bytes(view)
        if stop := piece.rfind(b"\n") + 1:
            yield b"".join([*rest, piece[:stop]])
            rest.clear()
        rest.append(piece[stop:])
    yield b"".join(rest)


def _without_lines(text: bytes, n_lines: int) -> tuple[bytes, int]:
    """Leave out the first lines; also tell how many there were to leave out."""
    at = 0
    for skipped in range(n_lines):
        if at == len(text):
            return b"", skipped
        at = (text.find(b"\n", at) + 1) or len(text)
    return text[at:], n_lines


def _lines_before(part: Range) -> int:
    """Count the lines that begin before a range; of a stream, none does."""
    if part.is_first:
        return 0
    with open(part.path, "rb") as file:
        left, n_lines = part.start - 1, 1
        while left and (piece := file.read(min(left, BLOCK_BYTES))):
            left -= len(piece)
            n_lines += piece.count(b"\n")
    return n_lines


def _error(path: str, number: int, fault: int, text: bytes) -> FormatError:
    line = text[: text.find(b"\n") % (len(text) + 1)].decode("utf-8", "replace")
    return FormatError(f"{path}, line {number}: {FAULTS[fault]}. It is {line.rstrip()!r:.80}")
