"""Read files of edges by several threads: ranges of plain files, compressed files as streams."""

import csv
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
from fastsgns.corpus.ranges import FileRange, check_whole, fill_buffer, read_stream, split_files
from fastsgns.corpus.utf8words import Utf8Words
from fastsgns.errors import FormatError
from fastsgns.formats.files import existing_file, is_open, is_path, naming, open_binary
from fastsgns.graph import lines
from fastsgns.graph.readers import TIME_COLUMN
from fastsgns.rules import COUNT, FLAG, flag
from fastsgns.runtime.progress import Progress

BLOCK_BYTES = 1 << 20
LONGEST_LINE = 1 << 24
WEIGHTED = flag(none=None)
# Faults that `EdgeParser` does not report.
HEADER, LONG, UNCLEAR, LONE_CR, INDEX, TWO_DELIMITERS, ROW_NAMES = range(20, 27)
DELIMITERS = ",;\t|"
NAMES_OF_DELIMITERS = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar"}
DELIMITER_OF_SUFFIX = {".csv": ",", ".tsv": "\t"}
COMPRESSED = re.compile(r"\.(gz|bz2|xz)$")
JSON_LINE = re.compile(r'\s*(\{\s*"|\[.*\]\s*$)')
# With a delimiter or in quotes, names may contain white space, which separates words for the
# scanner. The parser therefore writes such characters as control characters that names must not
# contain.
HIDDEN = {27: "\t", 28: "\v", 29: "\f", 30: "\r", 31: " "}
REVEALED = bytes(ord(HIDDEN.get(byte, chr(byte))) for byte in range(256))
MATRIX_MARKET = re.compile(rb"%%MatrixMarket\b", re.IGNORECASE)
MARKUP = re.compile(rb"\s*<(\?xml|!doctype|html|graphml|gexf)\b", re.IGNORECASE)
NOT_EDGES = "{} is {}, not a list of edges: in Python {}"
MTX = "a Matrix Market file", "read it with scipy.io.mmread and DirectedGraph.from_scipy"
XML = "XML or HTML", "read a graph with networkx.read_graphml or read_gexf, and pass it"
TABLE = "a table of another format", "read it with pandas, and pass the table"
OTHER_SUFFIXES = {  # of files that are not text, or whose lines are not edges
    ".npy": ("an array of numpy", "read it with numpy.load, and pass the array"),
    ".npz": ("an archive of numpy or scipy", "read it with scipy.sparse.load_npz or numpy.load"),
    ".graphml": XML,
    ".gexf": XML,
    ".gml": ("a graph in GML", "read it with networkx.read_gml, and pass the graph"),
    ".parquet": TABLE,
    ".feather": TABLE,
    ".xlsx": TABLE,
    ".json": ("JSON", "read it with pandas or networkx, and pass the table or the graph"),
}
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
    lines.MIXED_COLUMNS: "there are {n_columns} columns, but {n_others} in {place}",
    lines.NOT_A_NUMBER: "the third column is empty or not a number",
    lines.NOT_FINITE: "the weight is not finite, or too large for float32",
    lines.NOT_A_TIME: "the column of times has something other than a finite number",
    lines.RESERVED_CHARACTER: "a name contains a control character from 27 to 31",
    lines.STRAY_SEPARATOR: "a name ends, or the target begins, with a comma or a semicolon",
    lines.QUOTED_NAME: "a quote opens a column, and none ends it",
    lines.BYTE_ORDER_MARK: "the line begins with a byte order mark, which is allowed only at the "
    "start of a file",
    lines.JSON_VALUE: "the line is a JSON object or list",
    LONE_CR: "the line contains a carriage return other than in a CR LF line end",
    UNCLEAR: "the columns are unclear",
    HEADER: "the line looks like a header",
    ROW_NAMES: "there is one column more than titles in {place}: the first one may have the names "
    "of rows, as R writes them",
    INDEX: "the first column is empty, as above an index that pandas or R has written",
    TWO_DELIMITERS: "the file's name means that {delimiter} separates columns, and the line also "
    "contains {other}",
    LONG: f"the line is longer than {LONGEST_LINE:,} bytes",
}
OF = "DirectedGraph.of(path, {})".format
ADVICE = {
    lines.TOO_FEW_COLUMNS: f"pass the character between the columns, {OF('delimiter={python}')}",
    UNCLEAR: "repair or remove this line",
    lines.TOO_MANY_COLUMNS: f"{OF('weighted=True')} ignores the columns after the third, "
    "weighted=False those after the second",
    lines.MIXED_COLUMNS: "give a weight to all edges or to none; "
    f"{OF('weighted=False')} ignores the weights",
    lines.NOT_A_NUMBER: f"{OF('weighted=False')} ignores this column, skip_lines=1 skips a header",
    lines.NOT_FINITE: f"{OF('weighted=False')} ignores the weights",
    lines.NOT_A_TIME: "times=3 reads the third column, times=4 the fourth; skip_lines=1 skips a "
    "header; a file with dates can be read with pandas and passed as a table",
    lines.RESERVED_CHARACTER: "remove the character from this line",
    lines.STRAY_SEPARATOR: f"{OF('delimiter={python}')} reads this character as the end of "
    'a column, delimiter=" " as part of the name',
    lines.QUOTED_NAME: f"{OF('quotes=False')} reads quotes as part of the name. If the column goes "
    "on in the next line, read the file with pandas.read_csv and pass the table",
    lines.BYTE_ORDER_MARK: "remove the mark from this line",
    lines.JSON_VALUE: "read the file with pandas.read_json(path, lines=True) and pass the table",
    LONE_CR: "convert the line ends to newlines",
    HEADER: f"{OF('skip_lines=1')} skips this line, skip_lines=0 reads it as an edge",
    ROW_NAMES: "write the file without them, such as write.table(frame, path, row.names=FALSE), or "
    f"pass {OF('weighted=True')} if the third column has the weights",
    INDEX: "write the file without it, such as frame.to_csv(path, index=False), or read it with "
    "pandas.read_csv(path, index_col=0) and pass the table",
    TWO_DELIMITERS: f"{OF('delimiter={python}')} reads it in this way, or give the other character",
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
    facts: Mapping[str, object] = {}

    @classmethod
    def of(
        cls,
        path: str,
        number: int,
        fault: int,
        line: str,
        seen: Mapping[int, str] = SEEN,
        advice: Mapping[int, str] = ADVICE,
        facts: Mapping[str, object] | None = None,
    ) -> "EdgeError":
        """Make the exception. The command line and `PairEmbedding` have other texts for faults.

        The texts may refer to `facts`, and advice to the delimiter that the line seems to have.
        """
        facts = facts or {}
        delimiter = str(facts.get("delimiter") or delimiter_of(line))
        if fault == lines.TOO_FEW_COLUMNS and not any(mark in line for mark in DELIMITERS):
            delimiter = " " if 2 <= len(line.split(" ")) <= 3 else ""
        is_clear = delimiter or fault not in (lines.TOO_FEW_COLUMNS, lines.STRAY_SEPARATOR)
        remedy = advice[fault if is_clear else UNCLEAR]
        option = shlex.quote(delimiter.replace("\t", "\\t"))
        remedy = remedy.format(python=json.dumps(delimiter), shell=option)
        shown = {name: _shown(fact) for name, fact in facts.items()}
        problem = seen[fault].format(**shown)
        error = cls(f"{path}, line {number}: {problem}; {remedy}. The line is {line!r:.80}")
        error.path, error.number, error.fault, error.line = path, number, fault, line
        error.facts = facts
        return error

    def worded(
        self, seen: Mapping[int, str] = SEEN, advice: Mapping[int, str] = ADVICE
    ) -> "EdgeError":
        """Return this error with other texts."""
        return EdgeError.of(self.path, self.number, self.fault, self.line, seen, advice, self.facts)


def _shown(fact: object) -> str:
    return NAMES_OF_DELIMITERS.get(fact, str(fact)) if isinstance(fact, str) else str(fact)


def delimiter_of(line: str) -> str:
    """Return the delimiter that separates a line into two or three columns, or "".

    Examples
    --------
    >>> delimiter_of("1;2"), delimiter_of("1, 2, 0.5"), delimiter_of("1 2,")
    (';', ',', '')
    """
    for delimiter in DELIMITERS:
        columns = columns_of(line, delimiter)
        if 2 <= len(columns) <= 3 and all(map(str.strip, columns)):
            return delimiter
    return ""


def columns_of(line: str, delimiter: str) -> list[str]:
    """Return the columns of a line, without quotes around them.

    Examples
    --------
    >>> columns_of('"Lee, A",b', ",")
    ['Lee, A', 'b']
    """
    row = line.replace("\r", " ")  # of which csv makes an error
    return next(csv.reader([row], delimiter=delimiter, skipinitialspace=delimiter != " "), [])


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
    quotes: bool = True
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
        self.quotes = FLAG("quotes", self.quotes)

    def delimiter_in(self, path: str) -> str | None:
        """Return the delimiter of a file: the one given, or else that of the suffix of its name.

        Examples
        --------
        >>> Syntax().delimiter_in("edges.csv.gz"), Syntax(";").delimiter_in("edges.csv")
        (',', ';')
        """
        if self.delimiter is not None:
            return self.delimiter
        suffix = os.path.splitext(COMPRESSED.sub("", path.lower()))[1]
        return DELIMITER_OF_SUFFIX.get(suffix)

    def parser(self, path: str) -> lines.EdgeParser:
        """Return a parser of the lines of a file."""
        delimiter = self.delimiter_in(path)
        weighted = -1 if self.weighted is None else int(self.weighted)
        return lines.EdgeParser(
            self.comments.encode(),
            -1 if delimiter is None else ord(delimiter),
            weighted if self.max_columns > 2 else -2,
            self.time_column or 0,
            self.quotes,
        )

    def columns(self, path: str, line: str) -> list[str]:
        """Return the columns of a line of a file, without quotes around them."""
        delimiter = self.delimiter_in(path)
        if delimiter is not None:
            return [column.strip() for column in columns_of(line, delimiter)]
        return [word.strip('"') for word in line.split()]

    def titles(self, path: str, line: str) -> int:
        """Return the number of columns of a line if the first two are titles, and otherwise 0."""
        columns = self.columns(path, line)
        return len(columns) if len(columns) > 1 and all(map(TITLE.fullmatch, columns[:2])) else 0

    def check_first_line(self, path: str, number: int, line: str) -> None:
        """Raise an EdgeError if the first edge of a file, or its header, shows another format."""
        if (delimiter := self.delimiter_in(path)) is None:
            return
        columns = columns_of(line, delimiter)
        if len(columns) > 2 and re.fullmatch(r"\s*(Unnamed: 0)?\s*", columns[0]):
            raise EdgeError.of(path, number, INDEX, line)
        other = next((mark for mark in ";\t" if mark in line), "")
        if self.delimiter is None and other and delimiter == "," and "," in line:
            facts = {"delimiter": delimiter, "other": other}
            raise EdgeError.of(path, number, TWO_DELIMITERS, line, facts=facts)


class Edge(NamedTuple):
    """A line: its number in the file or range, its text, and how many columns it has."""

    number: int
    text: bytes
    n_columns: int


@dataclass
class RangeEdges:
    """The edges of a range of a file: blocks of (ids in pairs, weights or None, times or None)."""

    blocks: list[tuple[np.ndarray, np.ndarray | None, np.ndarray | None]] = field(
        default_factory=list
    )
    first: Edge | None = None
    odd: Edge | None = None  # which has another number of columns; the scan of the range ends there


class EdgeScan:
    """A scan of files of edges, each cut into ranges. A line belongs to the range it begins in.

    Parameters
    ----------
    paths : list of str
    workers : int or None
    syntax : Syntax
    """

    def __init__(self, paths: list[str], workers: int | None, syntax: Syntax) -> None:
        self._files = FileScanner(split_files(paths), workers)
        self._syntax = syntax
        self._edges = {id(file_range): RangeEdges() for file_range in self._files.ranges}
        self._places = {id(file_range): at for at, file_range in enumerate(self._files.ranges)}
        self._first_odd = len(self._places)  # the first range with a line of other columns

    def run(self, progress: Progress | None) -> None:
        """Scan all files."""
        self._files.run(self._scan_range, progress)

    def _scan_range(self, thread: int, file_range: FileRange) -> None:
        scanner, path = self._files.scanners[thread], file_range.path
        parser, edges = self._syntax.parser(path), self._edges[id(file_range)]
        place = self._places[id(file_range)]
        n_to_skip = (self._syntax.skip_lines or 0) if file_range.is_first else 0
        n_skipped, titles = 0, 0
        with naming(path), open_binary(path, buffering=0) as file:
            for block in _whole_lines(file, file_range):
                if self._files.is_stopping or self._first_odd < place:
                    return
                if file_range.is_first and not edges.blocks:
                    _check_format(path, block)
                if len(block) > LONGEST_LINE and block.find(b"\n", 0, LONGEST_LINE + 1) < 0:
                    number = _lines_before(file_range) + n_skipped + parser.n_lines + 1
                    raise _error(path, number, LONG, block)
                text, n_now, header = _without_lines(block, n_to_skip - n_skipped)
                n_skipped += n_now
                titles = self._syntax.titles(path, _decoded(header)) or titles
                if header:
                    self._syntax.check_first_line(path, n_skipped, _decoded(header))
                n_before = parser.n_lines + n_skipped
                names, weights, times = _parser_buffers(len(text))
                n_bytes, n_edges, fault, at = parser.parse(text, names, weights, times)
                number = n_before + text.count(b"\n", 0, at) + 1  # of the line at `at`
                if edges.first is None and (n_edges or fault):
                    first = self._first_edge(path, text, at) if fault and n_edges else at
                    first_number = n_before + text.count(b"\n", 0, first) + 1
                    edges.first = Edge(first_number, _first_line(text[first:]), parser.n_columns)
                    if file_range.is_first:
                        fault = self._check_first_edge(path, edges.first, n_skipped, titles, fault)
                if fault == lines.MIXED_COLUMNS:
                    edges.odd = Edge(number, _first_line(text[at:]), 5 - parser.n_columns)
                    with self._files.lock:
                        self._first_odd = min(self._first_odd, place)
                    return
                if fault:
                    raise _error(path, number + _lines_before(file_range), fault, text[at:])
                ids = scanner.feed(names[:n_bytes])[0].copy()
                has_weights, has_times = parser.n_columns == 3, self._syntax.time_column
                edges.blocks.append(
                    (
                        ids,
                        weights[:n_edges].copy() if has_weights else None,
                        times[:n_edges].copy() if has_times else None,
                    )
                )
                self._files.add_progress(len(block))

    def _check_first_edge(
        self, path: str, first: Edge, n_skipped: int, n_titles: int, fault: int
    ) -> int:
        """Raise an EdgeError if the first edge of a file shows another format; return the fault."""
        line = _decoded(first.text)
        self._syntax.check_first_line(path, first.number, line)
        is_open = self._syntax.weighted is None  # True and False say what the third column is
        if is_open and n_titles and len(self._syntax.columns(path, line)) == n_titles + 1:
            facts = {"place": f"line {n_skipped}"}
            raise _error(path, first.number, ROW_NAMES, first.text, facts)
        is_header = fault == lines.NOT_A_NUMBER and self._syntax.titles(path, line)
        return HEADER if is_header and self._syntax.skip_lines is None else fault

    def _first_edge(self, path: str, text: bytes, stop: int) -> int:
        """Return where the first edge of a text begins, which is before `stop`."""
        parser = self._syntax.parser(path)
        return parser.parse(text[:stop], *_parser_buffers(stop))[3]

    def _check_columns(self) -> int:
        """Return the number of columns of all edges; 0 if there are none.

        Raises
        ------
        EdgeError
            If one has another number; it names the first one that differs from the first edge.
        """
        expected, place = 0, ""
        for file_range in self._files.ranges:
            edges, path = self._edges[id(file_range)], file_range.path
            if edges.first is None:
                continue
            if not expected:
                number = edges.first.number + _lines_before(file_range)
                expected, place = edges.first.n_columns, f"{path}, line {number}"
            for edge in (edges.first, edges.odd):
                if edge is not None and edge.n_columns != expected:
                    number = edge.number + _lines_before(file_range)
                    n_titles = self._syntax.titles(path, _decoded(edges.first.text))
                    has_row_names = edge is edges.odd and n_titles == edge.n_columns - 1
                    fault = ROW_NAMES if has_row_names else lines.MIXED_COLUMNS
                    facts = {"n_columns": edge.n_columns, "n_others": expected, "place": place}
                    raise _error(path, number, fault, edge.text, facts)
        return expected

    def edges(self, errors: str) -> EdgeList:
        """Number the nodes in first-seen order, for any number of threads; return all edges."""
        n_columns = self._check_columns()
        types = merge_types(self._files, errors, REMEDY, self._as_written)
        words = types.words.decoded if isinstance(types.words, Utf8Words) else types.words
        words = _revealed(words)
        all_ids, all_weights, all_times = [np.empty(0, np.int32)], [], [np.empty(0)]
        first_edges: list[tuple[str, Edge, list[int]]] = []
        for file_range in self._files.ranges:
            edges, ids_of = self._edges[id(file_range)], types.vocabulary_ids[file_range.scanner]
            for ids, weights, times in edges.blocks:
                all_ids.append(ids_of[ids])
                all_weights += [] if weights is None else [weights]
                all_times += [] if times is None else [times]
            if edges.first is not None and file_range.is_first:
                pair = ids_of[next(ids for ids, *_ in edges.blocks if len(ids))[:2]].tolist()
                first_edges.append((file_range.path, edges.first, pair))
        if self._syntax.skip_lines is None:
            _check_headers(first_edges, words, types.counts)
        ends = np.concatenate(all_ids).reshape(-1, 2)
        weights = np.concatenate(all_weights) if n_columns == 3 else None
        times = None if self._syntax.time_column is None else np.concatenate(all_times)
        return EdgeList(ends[:, 0].copy(), ends[:, 1].copy(), weights, list(words), times)

    def _as_written(self, token: bytes) -> bytes:
        """Return the bytes of a name in its file."""
        return token.translate(REVEALED)


def _check_headers(
    first_edges: list[tuple[str, Edge, list[int]]], words: list[Any], counts: np.ndarray
) -> None:
    """Raise an EdgeError if the first line of a file holds titles of columns, not an edge."""
    n_first = Counter(node for _, _, pair in first_edges for node in pair)
    for path, first, pair in first_edges:
        is_nowhere_else = all(counts[node] == n_first[node] for node in pair)
        if is_nowhere_else and _are_titles(pair, words):
            raise _error(path, first.number, HEADER, first.text)


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
        raise ValueError(NOT_EDGES.format(name, *MTX))
    suffix = os.path.splitext(name.lower())[1]
    if suffix in OTHER_SUFFIXES:
        raise ValueError(NOT_EDGES.format(name, *OTHER_SUFFIXES[suffix]))
    return name


def _check_format(path: str, head: bytes) -> None:
    """Raise a ValueError if a file begins as one of another format."""
    for pattern, what in ((MATRIX_MARKET, MTX), (MARKUP, XML)):
        if pattern.match(head):
            raise ValueError(NOT_EDGES.format(path, *what))


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
    check_whole(file_range, position)


def _without_lines(text: bytes, n_lines: int) -> tuple[bytes, int, bytes]:
    """Return a text without its first `n_lines`, how many were removed, and the last of them."""
    at, last = 0, b""
    for skipped in range(n_lines):
        if at == len(text):
            return b"", skipped, last
        stop = (text.find(b"\n", at) + 1) or len(text)
        at, last = stop, text[at:stop]
    return text[at:], n_lines, last


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


def _error(
    path: str, number: int, fault: int, text: bytes, facts: Mapping[str, object] | None = None
) -> EdgeError:
    line = _decoded(text)
    return EdgeError.of(path, number, _cause(fault, line), line, facts=facts)


def _decoded(text: bytes) -> str:
    """Return the first line of a text for messages."""
    return _first_line(text).decode("utf-8", "replace").rstrip("\r\n")


def _revealed(words: list[Any]) -> list[str]:
    """Return names with the white space that `EdgeParser` has replaced."""
    joined = "\n".join(words)
    if any(chr(byte) in joined for byte in HIDDEN):
        return joined.translate(HIDDEN).split("\n")
    return list(words)


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
