"""Edge-list files read in parallel: byte ranges of plain files, compressed ones as streams."""

import json
import os
import re
import shlex
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from fastsgns.corpus.files import Path
from fastsgns.corpus.filescanner import FileScanner
from fastsgns.corpus.merging import merge_types
from fastsgns.corpus.ranges import FileRange, fill_buffer, read_stream
from fastsgns.corpus.utf8words import Utf8Words
from fastsgns.errors import FormatError
from fastsgns.formats.files import existing_file, is_open, is_path, naming, open_binary
from fastsgns.graph.lines import (
    BYTE_ORDER_MARK,
    JSON_VALUE,
    MIXED_COLUMNS,
    NOT_A_NUMBER,
    NOT_FINITE,
    QUOTED_NAME,
    RESERVED_CHARACTER,
    STRAY_SEPARATOR,
    TOO_FEW_COLUMNS,
    TOO_MANY_COLUMNS,
    EdgeParser,
)
from fastsgns.runtime.progress import Progress

BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 24
HEADER, LONG, UNCLEAR, LONE_CR = range(20, 24)  # faults that the parser of lines does not tell
DELIMITERS = ",;\t|"
JSON_LINE = re.compile(r'\s*(\{\s*"|\[.*\]\s*$)')
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
    TOO_FEW_COLUMNS: "it lacks a column: a line is `source target` or `source target weight`",
    TOO_MANY_COLUMNS: "it has more than three columns",
    MIXED_COLUMNS: "other lines have another number of columns",
    NOT_A_NUMBER: "its third column is not a number",
    NOT_FINITE: "its weight is not finite, or more than a float32 holds",
    RESERVED_CHARACTER: "one of its names holds a control character from 27 to 31",
    STRAY_SEPARATOR: "one of its names ends, or its target begins, with a comma or a semicolon",
    QUOTED_NAME: "one of its names is in quotes, which edge lists do not have",
    BYTE_ORDER_MARK: "it begins with a byte order mark, which belongs at the beginning of a file",
    JSON_VALUE: "it is an object or a list of JSON",
    LONE_CR: "it holds a carriage return, which ends no line",
    UNCLEAR: "its columns are not clear",
    HEADER: "it looks like a header, as no other line has these names",
    LONG: f"it is longer than {LONGEST_LINE:,} bytes, which no edge is",
}
OF = "DirectedGraph.of(path, {})".format
ADVICE = {
    TOO_FEW_COLUMNS: f"give the character between columns: {OF('delimiter={python}')}",
    UNCLEAR: "repair or remove that line",
    TOO_MANY_COLUMNS: f"{OF('weighted=True')} ignores those after the third, "
    "weighted=False those after the second",
    MIXED_COLUMNS: f"{OF('weighted=False')} ignores the weights",
    NOT_A_NUMBER: f"{OF('weighted=False')} ignores it, skip_lines=1 leaves out a header",
    NOT_FINITE: f"{OF('weighted=False')} ignores the weights",
    RESERVED_CHARACTER: "remove it from the file",
    STRAY_SEPARATOR: f"{OF('delimiter={python}')} takes it as the end of a column, "
    'delimiter=" " as a part of the name',
    QUOTED_NAME: "read the file with pandas.read_csv and give the table",
    BYTE_ORDER_MARK: "remove it from the file",
    JSON_VALUE: "read the file with pandas.read_json(path, lines=True) and give the table",
    LONE_CR: "convert the ends of the lines to newlines",
    HEADER: f"{OF('skip_lines=1')} leaves it out, skip_lines=0 takes it for an edge",
    LONG: "give a text file with an edge per line",
}
REMEDY = "errors='replace' keeps a character for each invalid byte; or convert the file to UTF-8"
Edges = tuple[np.ndarray, np.ndarray, np.ndarray | None, list[Hashable]]


class EdgeError(FormatError):
    """A line of a file of edges or pairs cannot be read as such.

    Attributes
    ----------
    path : str
    number : int
        Of the line, from 1.
    fault : int
        What is wrong; a key of `SEEN` and `ADVICE`.
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
        """Make the exception; `seen` and `advice` are in the words of the interface used."""
        delimiter = delimiter_of(line)
        is_clear = delimiter or fault not in (TOO_FEW_COLUMNS, STRAY_SEPARATOR)
        remedy = advice[fault if is_clear else UNCLEAR]
        option = shlex.quote(delimiter.replace("\t", "\\t"))
        remedy = remedy.format(python=json.dumps(delimiter), shell=option)
        made = cls(f"{path}, line {number}: {seen[fault]}; {remedy}. It is {line!r:.80}")
        made.path, made.number, made.fault, made.line = path, number, fault, line
        return made

    def worded(
        self, seen: Mapping[int, str] = SEEN, advice: Mapping[int, str] = ADVICE
    ) -> "EdgeError":
        """Return the error in other words."""
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
    """Return what explains a fault: the form of the file, where its line shows that."""
    if fault in (
        TOO_FEW_COLUMNS,
        TOO_MANY_COLUMNS,
        MIXED_COLUMNS,
        NOT_A_NUMBER,
        STRAY_SEPARATOR,
        QUOTED_NAME,
        RESERVED_CHARACTER,
    ):
        if JSON_LINE.match(line):
            return JSON_VALUE
        if "\r" in line.strip():
            return LONE_CR
    return fault


@dataclass
class Syntax:
    """What `DirectedGraph.from_file` says of its parameters of the same names.

    With `max_columns` 2 a third column is an error; `weighted` has no effect then.
    """

    delimiter: str | None = None
    comments: str = "#%"
    weighted: bool | None = None
    skip_lines: int | None = None
    max_columns: int = 3

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
        if self.skip_lines is not None and self.skip_lines < 0:
            raise ValueError(f"skip_lines is {self.skip_lines}; allowed are 0, 1, ... and None")

    def lines(self) -> EdgeParser:
        """Make a parser."""
        delimiter = -1 if self.delimiter is None else ord(self.delimiter)
        weighted = -1 if self.weighted is None else int(self.weighted)
        return EdgeParser(
            self.comments.encode(), delimiter, weighted if self.max_columns > 2 else -2
        )


class EdgeScan:
    """A scan of edge lists: a line belongs to the range it begins in.

    Parameters
    ----------
    paths : list of str
    workers : int or None
    syntax : Syntax
    """

    def __init__(self, paths: list[str], workers: int | None, syntax: Syntax) -> None:
        self._files = FileScanner(paths, workers)
        self._syntax = syntax
        self._found: dict[int, list[tuple[np.ndarray, np.ndarray | None]]] = {}
        self._first_lines: dict[int, tuple[int, bytes]] = {}
        self._n_columns = 0

    def run(self, progress: Progress | None) -> None:
        """Scan all files."""
        self._files.run(self._scan_range, progress)

    def _scan_range(self, thread: int, part: FileRange) -> None:
        scanner, lines = self._files.scanners[thread], self._syntax.lines()
        found = self._found[id(part)] = []
        skip = (self._syntax.skip_lines or 0) if part.is_first else 0
        n_skipped = 0
        with naming(part.path), open_binary(part.path, buffering=0) as file:
            for block in _whole_lines(file, part):
                if self._files.is_stopping:
                    return
                if part.is_first and not found and MATRIX_MARKET.match(block):
                    raise ValueError(NOT_EDGES.format(part.path))
                if len(block) > LONGEST_LINE and block.find(b"\n", 0, LONGEST_LINE + 1) < 0:
                    number = _lines_before(part) + n_skipped + lines.n_lines + 1
                    raise _error(part.path, number, LONG, block)
                text, skipped = _without_lines(block, skip - n_skipped)
                n_skipped += skipped
                n_before = lines.n_lines + n_skipped
                names, weights = _room(len(text))
                n_bytes, n_edges, fault, at = lines.parse(text, names, weights)
                if fault or (n_edges and not self._same_columns(lines.n_columns)):
                    n_lines = lines.n_lines + n_skipped if fault else n_before + _n_lines(text[:at])
                    number = _lines_before(part) + n_lines + 1
                    raise _error(part.path, number, fault or MIXED_COLUMNS, text[at:])
                if n_edges and part.is_first and id(part) not in self._first_lines:
                    number = n_before + _n_lines(text[:at]) + 1
                    self._first_lines[id(part)] = number, _line(text[at:])
                ids, _ = scanner.feed(names[:n_bytes])
                kept = weights[:n_edges].copy() if lines.n_columns == 3 else None
                found.append((ids.copy(), kept))
                self._files.add_progress(len(block))

    def _same_columns(self, n_columns: int) -> bool:
        with self._files.lock:
            self._n_columns = self._n_columns or n_columns
            return self._n_columns == n_columns

    def edges(self, errors: str) -> Edges:
        """Number the nodes in first-seen order, whichever thread saw them."""
        types = merge_types(self._files, errors, REMEDY, self._as_written)
        blocks = [(part, *block) for part in self._files.ranges for block in self._found[id(part)]]
        ids = [types.vocabulary_ids[part.scanner][local] for part, local, _ in blocks]
        ends = np.concatenate([*ids, np.empty(0, np.int32)]).reshape(-1, 2)
        weights = None
        if self._n_columns == 3:
            weights = np.concatenate([block[2] for block in blocks if block[2] is not None])
        words = types.words.decoded if isinstance(types.words, Utf8Words) else types.words
        if self._syntax.delimiter is not None:
            words = "\n".join(words).translate(HIDDEN).split("\n") if words else []
        if self._syntax.skip_lines is None:
            self._check_headers([block[0] for block in blocks], ids, words, types.counts)
        return ends[:, 0].copy(), ends[:, 1].copy(), weights, list(words)

    def _check_headers(
        self, parts: list[FileRange], ids: list[np.ndarray], words: list[Any], counts: np.ndarray
    ) -> None:
        """Refuse a file whose first line has the titles of columns in place of an edge."""
        firsts: dict[int, list[int]] = {}
        for part, local in zip(parts, ids):
            if id(part) in self._first_lines and len(local):
                firsts.setdefault(id(part), local[:2].tolist())
        n_first = Counter(node for pair in firsts.values() for node in pair)
        for part in self._files.ranges:
            pair = firsts.get(id(part), [])
            is_alone = pair and all(counts[node] == n_first[node] for node in pair)
            if is_alone and _are_titles(pair, words):
                number, line = self._first_lines[id(part)]
                raise _error(part.path, number, HEADER, line)

    def _as_written(self, token: bytes) -> bytes:
        """Return the bytes of a name in its file."""
        return token if self._syntax.delimiter is None else token.translate(REVEALED)


def read_edges(
    paths: Path | Iterable[Path],
    syntax: Syntax,
    workers: int | None = None,
    errors: str = "strict",
    progress: Progress | None = None,
) -> Edges:
    """Read edge lists; parameters and exceptions as of `DirectedGraph.from_file`.

    Raises
    ------
    EdgeError
        If a line is not an edge.

    Returns
    -------
    sources, targets : ndarray of int32, shape (E,)
    weights : ndarray of float64, shape (E,), or None
    names : list of str
        In first-seen order.
    """
    if errors == "ignore":
        raise ValueError(
            'errors is "ignore", which may leave nothing of a name; "replace" keeps a character '
            "for what is not UTF-8"
        )
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
        raise ValueError(NOT_EDGES.format(name))
    return name


def _room(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.empty(n + 2, np.uint8), np.empty(n // 3 + 1)


def _whole_lines(file: BinaryIO, part: FileRange) -> Iterator[bytes]:
    """Yield the lines that begin in a range, or all of a stream, some at a time.

    Of a line that is too long only so much is yielded that this shows.
    """
    buffer = memoryview(bytearray(BLOCK_BYTES))
    pieces = (
        read_stream(file, buffer, part.path)
        if part.stop is None
        else _range_pieces(file, part, buffer)
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


def _range_pieces(file: BinaryIO, part: FileRange, buffer: memoryview) -> Iterator[bytes]:
    """Yield the bytes of the lines that begin in a range of a plain file."""
    assert part.stop is not None
    skipping = not part.is_first
    position = part.start - skipping
    file.seek(position)
    inside = False
    while (position < part.stop or inside) and len(view := fill_buffer(file, buffer)):
        piece, room = bytes(view), part.stop - position
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
    """Leave out the first lines; also tell how many there were to leave out."""
    at = 0
    for skipped in range(n_lines):
        if at == len(text):
            return b"", skipped
        at = (text.find(b"\n", at) + 1) or len(text)
    return text[at:], n_lines


def _lines_before(part: FileRange) -> int:
    """Count the lines that begin before a range; of a stream, none does."""
    if part.is_first:
        return 0
    with open(part.path, "rb") as file:
        left, n_lines = part.start - 1, 1
        while left and (piece := file.read(min(left, BLOCK_BYTES))):
            left -= len(piece)
            n_lines += piece.count(b"\n")
    return n_lines


def _error(path: str, number: int, fault: int, text: bytes) -> EdgeError:
    line = _line(text).decode("utf-8", "replace").rstrip()
    return EdgeError.of(path, number, _cause(fault, line), line)


def _line(text: bytes) -> bytes:
    """Return the first line of a text, cut where a message would cut it."""
    return text[:400].partition(b"\n")[0]


def _n_lines(text: bytes) -> int:
    return text.count(b"\n")


def _are_titles(pair: list[int], words: list[Any]) -> bool:
    """Whether two names are titles of columns: well-known ones, or words among numbers."""
    names = [words[node] for node in pair]
    if all(map(TITLE.fullmatch, names)):
        return True
    if any(map(NUMBER.fullmatch, names)) or len(words) <= len(set(pair)):
        return False
    return all(NUMBER.fullmatch(word) for node, word in enumerate(words) if node not in pair)
