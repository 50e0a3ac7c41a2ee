"""Read files of edges by several threads: ranges of plain files, compressed files as streams."""

import json
import os
import re
import shlex
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from fastsgns.corpus.files import Path
from fastsgns.corpus.filescanner import FileScanner
from fastsgns.corpus.merging import merge_types
from fastsgns.corpus.ranges import FileRange, fill_buffer, read_stream
from fastsgns.corpus.utf8words import Utf8Words
from fastsgns.errors import FormatError
from fastsgns.formats.files import existing_file, is_open, is_path, naming, open_binary
from fastsgns.graph import lines
from fastsgns.graph.readers import TIME_COLUMN
from fastsgns.rules import COUNT, flag
from fastsgns.runtime.progress import Progress

BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 24
WEIGHTED = flag(none=None)
HEADER, LONG, UNCLEAR, LONE_CR = range(20, 24)  # faults that `EdgeParser` does not report
DELIMITERS = ",;\t|"
JSON_LINE = re.compile(r'\s*(\{\s*"|\[.*\]\s*$)')
# With a delimiter, names may contain white space, which separates words for the scanner. The parser
# therefore writes such characters as control characters that names must not contain.
HIDDEN = {27: "\t", 28: "\v", 29: "\f", 30: "\r", 31: " "}
REVEALED = bytes(ord(HIDDEN.get(byte, chr(byte))) for byte in range(256))
MATRIX_MARKET = re.compile(rb"%%MatrixMarket\b", re.IGNORECASE)
NOT_EDGES = (
    "{} is a Matrix Market file, not a list of edges: in Python read it with scipy.io.mmread and "
    "DirectedGraph.from_scipy"
)
NUMBER = re.compile(r"[-+]?[0-9.]+")
TITLE = re.compile(  # of a column, such as source, FromNodeId, node_1, "user id"
    "(source|target|src|dst|dest|destination|origin|from|to|head|tail|node|user|item|follower|"
    "followee|subject|object|parent|child|sender|receiver|citing|cited|id)"
    "[ _]?(node)?[ _]?(id|name)?[ _]?[12]?",
    re.IGNORECASE,
)
SEEN = {
    lines.TOO_FEW_COLUMNS: "a column is missing; expected `source target` or "
    "`source target weight`",
    lines.TOO_MANY_COLUMNS: "there are more than three columns",
    lines.MIXED_COLUMNS: "other lines have a different number of columns",
    lines.NOT_A_NUMBER: "the third column is not a number",
    lines.NOT_FINITE: "the weight is not finite, or too large for float32",
    lines.NOT_A_TIME: "the column of times has something other than a finite number",
    lines.RESERVED_CHARACTER: "a name contains a control character from 27 to 31",
    lines.STRAY_SEPARATOR: "a name ends, or the target begins, with a comma or a semicolon",
    lines.QUOTED_NAME: "a name is in quotes, which are not supported in lists of edges",
    lines.BYTE_ORDER_MARK: "the line begins with a byte order mark, which is allowed only at the "
    "start of a file",
    lines.JSON_VALUE: "the line is a JSON object or list",
    LONE_CR: "the line contains a carriage return other than in a CR LF line end",
    UNCLEAR: "the columns are unclear",
    HEADER: "the line looks like a header, and no other line contains its names",
    LONG: f"the line is longer than {LONGEST_LINE:,} bytes",
}
OF = "DirectedGraph.of(path, {})".format
ADVICE = {
    lines.TOO_FEW_COLUMNS: f"pass the character between the columns, {OF('delimiter={python}')}",
    UNCLEAR: "repair or remove this line",
    lines.TOO_MANY_COLUMNS: f"{OF('weighted=True')} ignores the columns after the third, "
    "weighted=False those after the second",
    lines.MIXED_COLUMNS: f"{OF('weighted=False')} ignores the weights",
    lines.NOT_A_NUMBER: f"{OF('weighted=False')} ignores this column, skip_lines=1 skips a header",
    lines.NOT_FINITE: f"{OF('weighted=False')} ignores the weights",
    lines.NOT_A_TIME: "times=3 reads the third column, times=4 the fourth; skip_lines=1 skips a "
    "header; a file with dates can be read with pandas and passed as a table",
    lines.RESERVED_CHARACTER: "remove the character from this line",
    lines.STRAY_SEPARATOR: f"{OF('delimiter={python}')} reads this character as the end of "
    'a column, delimiter=" " as part of the name',
    lines.QUOTED_NAME: "read the file with pandas.read_csv and pass the table",
    lines.BYTE_ORDER_MARK: "remove the mark from this line",
    lines.JSON_VALUE: "read the file with pandas.read_json(path, lines=True) and pass the table",
    LONE_CR: "convert the line ends to newlines",
    HEADER: f"{OF('skip_lines=1')} skips this line, skip_lines=0 reads it as an edge",
    LONG: "pass a text file with one edge per line",
}
REMEDY = "errors='replace' keeps a character for each invalid byte; or convert the file to UTF-8"


class EdgeList(NamedTuple):
    """The edges of files, by the numbers of their nodes.

    Attributes
    ----------
    sources, targets : ndarray of int32, shape (E,)
    weights : ndarray of float64, shape (E,), or None
    names : list of str
        The name of each number, in first-seen order.
    times : ndarray of float64, shape (E,), or None
    """

    sources: np.ndarray
    targets: np.ndarray
    weights: np.ndarray | None
    names: list[Hashable]
    times: np.ndarray | None = None


class EdgeError(FormatError):
    """A line of a file is not an edge or a pair.

    Attributes
    ----------
    path : str
    number : int
        Number of the line, from 1.
    fault : int
        The problem with the line: a key of `SEEN` and `ADVICE`.
    line : str
    """

    path, number, fault, line = "", 0, 0, ""

    @classmethod
    def of(
        cls,
        path: str,
        number: int,
        fault: int,
        line: str,
        seen: Mapping[int, str] = SEEN,
        advice: Mapping[int, str] = ADVICE,
    ) -> "EdgeError":
        """Make the exception. The command line and `PairEmbedding` have other texts for faults."""
        delimiter = delimiter_of(line)
        is_clear = delimiter or fault not in (lines.TOO_FEW_COLUMNS, lines.STRAY_SEPARATOR)
        remedy = advice[fault if is_clear else UNCLEAR]
        option = shlex.quote(delimiter.replace("\t", "\\t"))
        remedy = remedy.format(python=json.dumps(delimiter), shell=option)
        error = cls(f"{path}, line {number}: {seen[fault]}; {remedy}. The line is {line!r:.80}")
        error.path, error.number, error.fault, error.line = path, number, fault, line
        return error

    def worded(
        self, seen: Mapping[int, str] = SEEN, advice: Mapping[int, str] = ADVICE
    ) -> "EdgeError":
        """Return this error with other texts."""
        return EdgeError.of(self.path, self.number, self.fault, self.line, seen, advice)


def delimiter_of(line: str) -> str:
    """Return the delimiter that separates a line into two or three columns, or "".

    Examples
    --------
    >>> delimiter_of("1;2"), delimiter_of("1, 2, 0.5"), delimiter_of("1 2,")
    (';', ',', '')
    """
    for delimiter in DELIMITERS:
        columns = line.split(delimiter)
        if 2 <= len(columns) <= 3 and all(map(str.strip, columns)):
            return delimiter
    return ""


def _cause(fault: int, line: str) -> int:
    """Return the cause of a fault: JSON or lone carriage returns, if the line shows them."""
    if fault not in (lines.NOT_FINITE, lines.BYTE_ORDER_MARK, lines.JSON_VALUE, LONG, HEADER):
        if JSON_LINE.match(line):
            return lines.JSON_VALUE
        if "\r" in line.strip():
            return LONE_CR
    return fault


@dataclass
class Syntax:
    """The format of the lines of a file; `DirectedGraph.from_file` explains the parameters.

    With ``max_columns=2`` a third column is an error, and `weighted` has no effect.
    """

    delimiter: str | None = None
    comments: str = "#%"
    weighted: bool | None = None
    skip_lines: int | None = None
    max_columns: int = 3
    time_column: int | None = None

    def __post_init__(self) -> None:
        delimiter = self.delimiter
        self.time_column = TIME_COLUMN("times", self.time_column)
        if self.time_column == 3 and self.weighted:
            raise ValueError(
                "times=3 and weighted=True both need the third column; with times=4 it has the "
                "weight, and the fourth column the time"
            )
        if delimiter is not None and (
            len(delimiter) != 1 or delimiter in "\n\r\x00" or not delimiter.isascii()
        ):
            raise ValueError(
                f"the delimiter is {delimiter!r}; allowed are one ASCII character, or None for "
                "any white space"
            )
        if not self.comments.isascii():
            raise ValueError(f"comments are {self.comments!r}; allowed are ASCII characters")
        self.skip_lines = COUNT("skip_lines", self.skip_lines)
        self.weighted = WEIGHTED("weighted", self.weighted)

    def parser(self) -> lines.EdgeParser:
        """Return a parser of lines."""
        delimiter = -1 if self.delimiter is None else ord(self.delimiter)
        weighted = -1 if self.weighted is None else int(self.weighted)
        return lines.EdgeParser(
            self.comments.encode(),
            delimiter,
            weighted if self.max_columns > 2 else -2,
            self.time_column or 0,
        )


class FirstEdge(NamedTuple):
    """The first edge of a file: line number, line, and the scanner's ids of the two nodes."""

    number: int
    line: bytes
    ids: np.ndarray


@dataclass
class RangeEdges:
    """The edges of a range of a file: blocks of (ids in pairs, weights or None, times or None)."""

    blocks: list[tuple[np.ndarray, np.ndarray | None, np.ndarray | None]] = field(
        default_factory=list
    )
    first: FirstEdge | None = None  # if the range is the first one of its file


class EdgeScan:
    """A scan of files of edges, each cut into ranges. A line belongs to the range it begins in.

    Parameters
    ----------
    paths : list of str
    workers : int or None
    syntax : Syntax
    """

    def __init__(self, paths: list[str], workers: int | None, syntax: Syntax) -> None:
        self._files = FileScanner(paths, workers)
        self._syntax = syntax
        self._edges = {id(file_range): RangeEdges() for file_range in self._files.ranges}
        self._n_columns = 0

    def run(self, progress: Progress | None) -> None:
        """Scan all files."""
        self._files.run(self._scan_range, progress)

    def _scan_range(self, thread: int, file_range: FileRange) -> None:
        scanner, parser = self._files.scanners[thread], self._syntax.parser()
        edges, path = self._edges[id(file_range)], file_range.path
        n_to_skip = (self._syntax.skip_lines or 0) if file_range.is_first else 0
        n_skipped = 0
        with naming(path), open_binary(path, buffering=0) as file:
            for block in _whole_lines(file, file_range):
                if self._files.is_stopping:
                    return
                if file_range.is_first and not edges.blocks and MATRIX_MARKET.match(block):
                    raise ValueError(NOT_EDGES.format(path))
                if len(block) > LONGEST_LINE and block.find(b"\n", 0, LONGEST_LINE + 1) < 0:
                    number = _lines_before(file_range) + n_skipped + parser.n_lines + 1
                    raise _error(path, number, LONG, block)
                text, n_now = _without_lines(block, n_to_skip - n_skipped)
                n_skipped += n_now
                n_before = parser.n_lines + n_skipped
                names, weights, times = _parser_buffers(len(text))
                n_bytes, n_edges, fault, at = parser.parse(text, names, weights, times)
                number = n_before + text.count(b"\n", 0, at) + 1  # of the line at `at`
                if fault or (n_edges and not self._same_columns(parser.n_columns)):
                    number += _lines_before(file_range)
                    raise _error(path, number, fault or lines.MIXED_COLUMNS, text[at:])
                ids = scanner.feed(names[:n_bytes])[0].copy()
                if n_edges and file_range.is_first and edges.first is None:
                    edges.first = FirstEdge(number, _first_line(text[at:]), ids[:2])
                has_weights, has_times = parser.n_columns == 3, self._syntax.time_column
                edges.blocks.append(
                    (
                        ids,
                        weights[:n_edges].copy() if has_weights else None,
                        times[:n_edges].copy() if has_times else None,
                    )
                )
                self._files.add_progress(len(block))

    def _same_columns(self, n_columns: int) -> bool:
        with self._files.lock:
            self._n_columns = self._n_columns or n_columns
            return self._n_columns == n_columns

    def edges(self, errors: str) -> EdgeList:
        """Number the nodes in first-seen order, for any number of threads; return all edges."""
        types = merge_types(self._files, errors, REMEDY, self._as_written)
        words = types.words.decoded if isinstance(types.words, Utf8Words) else types.words
        if self._syntax.delimiter is not None:
            words = "\n".join(words).translate(HIDDEN).split("\n") if words else []
        all_ids, all_weights, all_times = [np.empty(0, np.int32)], [], [np.empty(0)]
        first_edges: list[tuple[str, FirstEdge, list[int]]] = []
        for file_range in self._files.ranges:
            edges, ids_of = self._edges[id(file_range)], types.vocabulary_ids[file_range.scanner]
            for ids, weights, times in edges.blocks:
                all_ids.append(ids_of[ids])
                all_weights += [] if weights is None else [weights]
                all_times += [] if times is None else [times]
            if edges.first is not None:
                pair = ids_of[edges.first.ids].tolist()
                first_edges.append((file_range.path, edges.first, pair))
        if self._syntax.skip_lines is None:
            _check_headers(first_edges, words, types.counts)
        ends = np.concatenate(all_ids).reshape(-1, 2)
        weights = np.concatenate(all_weights) if self._n_columns == 3 else None
        times = None if self._syntax.time_column is None else np.concatenate(all_times)
        return EdgeList(ends[:, 0].copy(), ends[:, 1].copy(), weights, list(words), times)

    def _as_written(self, token: bytes) -> bytes:
        """Return the bytes of a name in its file."""
        return token if self._syntax.delimiter is None else token.translate(REVEALED)


def _check_headers(
    first_edges: list[tuple[str, FirstEdge, list[int]]], words: list[Any], counts: np.ndarray
) -> None:
    """Raise an EdgeError if the first line of a file holds titles of columns, not an edge."""
    n_first = Counter(node for _, _, pair in first_edges for node in pair)
    for path, first, pair in first_edges:
        is_nowhere_else = all(counts[node] == n_first[node] for node in pair)
        if is_nowhere_else and _are_titles(pair, words):
            raise _error(path, first.number, HEADER, first.line)


def read_edges(
    paths: Path | Iterable[Path],
    syntax: Syntax,
    workers: int | None = None,
    errors: str = "strict",
    progress: Progress | None = None,
) -> EdgeList:
    """Read files of edges; parameters and exceptions are those of `DirectedGraph.from_file`.

    Raises
    ------
    EdgeError
        If a line is not an edge.
    """
    if errors == "ignore":
        raise ValueError(
            'errors="ignore" may leave nothing of a name; errors="replace" keeps a character per '
            "invalid byte"
        )
    scan = EdgeScan(_check_paths(paths), workers, syntax)
    scan.run(progress)
    return scan.edges(errors)


def _check_paths(paths: Path | Iterable[Path]) -> list[str]:
    several: Iterable[Any] = paths  # type: ignore[assignment]
    if is_path(paths) or is_open(paths):
        several = [paths]
    if names := [_check_path(path) for path in several]:
        return names
    raise ValueError("the list of files of edges is empty; give at least one path")


def _check_path(path: Any) -> str:
    if not is_path(path):
        seen = "an open file, " if is_open(path) else ""
        raise TypeError(f"a file of edges must be a path, not {seen}{path!r:.60}")
    name = existing_file(path, "the file of edges")
    if ".mtx" in os.path.basename(name).lower():
        raise ValueError(NOT_EDGES.format(name))
    return name


def _parser_buffers(n_bytes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    most_edges = n_bytes // 3 + 1
    return np.empty(n_bytes + 2, np.uint8), np.empty(most_edges), np.empty(most_edges)


def _whole_lines(file: BinaryIO, file_range: FileRange) -> Iterator[bytes]:
    """Yield blocks of the lines that begin in a range, or of all lines of a stream.

    A line that is too long is cut after `LONGEST_LINE` bytes.
    """
    buffer = memoryview(bytearray(BLOCK_BYTES))
    pieces = (
        read_stream(file, buffer, file_range.path)
        if file_range.stop is None
        else _read_range(file, file_range, buffer)
    )
    rest, length = [b""], 0
    for view in pieces:
        piece = bytes(view)
        if stop := piece.rfind(b"\n") + 1:
            yield b"".join([*rest, piece[:stop]])
            rest, length = [], 0
        rest.append(piece[stop:])
        length += len(rest[-1])
        if length > LONGEST_LINE:
            break
    yield b"".join(rest)


def _read_range(file: BinaryIO, file_range: FileRange, buffer: memoryview) -> Iterator[bytes]:
    """Yield the bytes of the lines that begin in a range of a plain file."""
    assert file_range.stop is not None
    skipping = not file_range.is_first
    position = file_range.start - skipping
    file.seek(position)
    inside = False  # a line that began in the range and ends after it
    while (position < file_range.stop or inside) and len(view := fill_buffer(file, buffer)):
        piece, room = bytes(view), file_range.stop - position
        position += len(piece)
        begin = piece.find(b"\n") + 1 if skipping else 0
        if skipping and not begin:
            continue  # inside a line that began earlier
        skipping = False
        if begin >= room and not inside:
            return
        end = len(piece)
        if room < end:
            end = piece.find(b"\n", max(begin, room - 1)) + 1 or end
        yield piece[begin:end]
        inside = not piece[:end].endswith(b"\n")
        if end < len(piece):
            return


def _without_lines(text: bytes, n_lines: int) -> tuple[bytes, int]:
    """Return a text without its first `n_lines`, and the number of lines removed."""
    at = 0
    for skipped in range(n_lines):
        if at == len(text):
            return b"", skipped
        at = (text.find(b"\n", at) + 1) or len(text)
    return text[at:], n_lines


def _lines_before(file_range: FileRange) -> int:
    """Count the lines that begin before a range; a stream is a single range."""
    if file_range.is_first:
        return 0
    with open(file_range.path, "rb") as file:
        left, n_lines = file_range.start - 1, 1
        while left and (piece := file.read(min(left, BLOCK_BYTES))):
            left -= len(piece)
            n_lines += piece.count(b"\n")
    return n_lines


def _error(path: str, number: int, fault: int, text: bytes) -> EdgeError:
    line = _first_line(text).decode("utf-8", "replace").rstrip()
    return EdgeError.of(path, number, _cause(fault, line), line)


def _first_line(text: bytes) -> bytes:
    """Return the first line of a text, cut to 400 bytes; messages show 80 characters."""
    return text[:400].partition(b"\n")[0]


def _are_titles(pair: list[int], words: list[Any]) -> bool:
    """Return whether two names are well-known titles of columns, or words among numbers."""
    names = [words[node] for node in pair]
    if all(map(TITLE.fullmatch, names)):
        return True
    if any(map(NUMBER.fullmatch, names)) or len(words) <= len(set(pair)):
        return False
    return all(NUMBER.fullmatch(word) for node, word in enumerate(words) if node not in pair)
