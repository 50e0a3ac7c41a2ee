"""Rows of a word2vec file, block by block: never more memory than the file has bytes for."""

import io
import logging
import sys
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastsgns import rules
from fastsgns.errors import FormatError, NotUTF8Error, TruncatedError
from fastsgns.formats import byteorder, files, rows, sniffing, words
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.threads import in_order

logger = logging.getLogger(__name__)

BLOCK = 1 << 22
LONGEST_HEADER = 200
LONGEST_WORD = 1 << 24
LONGEST_NUMBER = 32
MAX_COLUMNS = 1 << 20
N_SAMPLED = 100
MAX_THREADS = 8  # one thread reads, at some GB/s; these parse about half a GB/s each
NEWLINE = b"\n"
NOWHERE = np.empty((0, 2), np.int64)
LIMIT = rules.integer(0, 2**62, none=None)

ADVICE = {
    sniffing.NO_HEADER: "pass no_header=True to read text without a header, such as GloVe's",
    sniffing.HEADER: "the first line may be a header: pass no_header=False",
    sniffing.BINARY: "the file looks binary: pass binary=True",
    sniffing.TEXT: "the file is text: pass binary=False",
    sniffing.NATIVE: "read it with fastsgns.load",
    sniffing.ROW: "repair or remove that line",
    sniffing.CUT: "the file is cut or its header is wrong; limit= reads only the first rows",
}
NOT_DECODED = 'pass unicode_errors="replace" or "ignore", or the encoding= of the file'


class Part(NamedTuple):
    """Whole rows of a file, not parsed yet.

    Attributes
    ----------
    content : bytes, or array of uint8 for a binary file
        The rows; after them, in a binary file, there may be others.
    n_lines : int
        Lines of a text.
    is_cut : bool
        Whether the last line of a text has no newline in the file.
    spans : ndarray of int64, shape (k, 2)
        Where the words of a binary file start and end.
    start : int
        How many rows are before them in a binary file.
    """

    content: Any
    n_lines: int = 0
    is_cut: bool = False
    spans: np.ndarray = NOWHERE
    start: int = 0


class Block(NamedTuple):
    """Rows that follow each other.

    Attributes
    ----------
    content : bytes, or array of uint8 for a binary file
        Has the words. The memory of an array is used again for later blocks.
    spans : ndarray of int64, shape (k, 2)
        Where each word starts and ends in `content`.
    rows : ndarray, shape (k, d)
    place : int or None
        The first of the rows of the array given to `blocks` that `rows` is a part of.
    fault : int or None
        Where in `content` the first line begins that is not a row.
    padded : int or None
        The first row whose word begins or ends with a space.
    """

    content: Any
    spans: np.ndarray
    rows: np.ndarray
    place: int | None = None
    fault: int | None = None
    padded: int | None = None

    def cut(self, n_rows: int) -> "Block":
        """Return the first rows."""
        return self._replace(spans=self.spans[:n_rows], rows=self.rows[:n_rows])

    def after(self) -> bytes:
        """Return the text after the last row."""
        rest: bytes = self.content[self.content.index(NEWLINE, self.spans[-1, 1]) + 1 :]
        return rest


@contextmanager
def opened(path: Any, **options: Any) -> Iterator["Reader"]:
    """Open a word2vec file; parameters and exceptions are those of `Reader`.

    Raises
    ------
    TruncatedError, DamagedError
        If a compressed file is cut or damaged.
    """
    name = files.name_of(path)
    with files.naming(name), files.open_binary(path) as file:
        reader = Reader(file, name, files.plain_size(path), **options)
        try:
            yield reader
        finally:
            reader.close()


class Reader:
    """Rows of an open word2vec file, block by block.

    Parameters
    ----------
    file : binary file object
        At its start.
    name : str
        For messages.
    size : int or None
        Its length, against which the header is checked, where that is known.
    binary, limit, no_header
        As for `fastsgns.formats.word2vec.read`.
    dtype : dtype
        float32, or float64 to keep all digits of a text.

    Attributes
    ----------
    n_rows : int or None
        Rows to come; None if nothing says.
    n_columns : int
        Numbers per row.
    n_read : int
        Rows read until now.
    capacity : int
        Rows that are safe to allocate: `n_rows` where the file is long enough for them, else 0.

    Raises
    ------
    FormatError, TruncatedError
        If the first line is not a header, or promises more than the file has room for.
    NotImplementedError
        For a binary file without a header.
    """

    def __init__(
        self,
        file: Any,
        name: str,
        size: int | None = None,
        *,
        binary: bool = False,
        limit: int | None = None,
        no_header: bool = False,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        if binary and no_header:
            raise NotImplementedError("no_header is for text files; a binary file has a header")
        if binary:
            byteorder.check("binary files of word2vec")
        limit = LIMIT("limit", limit)
        self.name, self.n_read, self.capacity = name, 0, 0
        self._file, self._binary, self._dtype = file, binary, np.dtype(dtype)
        self._buffer = b""  # what was read and belongs to no part yet
        self._ahead: deque[Part] = deque()  # texts that were read and are not parsed yet
        self._running: Any = None
        self._done: list[np.ndarray] = []  # memory of blocks of a binary file, to be used again
        self._no_header, self._limit = no_header, limit
        self._has_padded = False  # whether a word was found that begins or ends with a space
        self._line = 1 if no_header else 2  # the first of the block that was read last
        if no_header:
            self.n_rows, self.n_columns = limit, self._width_of_first_lines()
        else:
            n_rows, self.n_columns = self._header()
            self.n_rows = n_rows if limit is None else min(n_rows, limit)
        if not 0 < self.n_columns <= MAX_COLUMNS:
            raise FormatError(
                f"{name} has rows of {self.n_columns:,} numbers, says line 1; allowed are 1 to "
                f"{MAX_COLUMNS:,}"
            )
        n_bytes = None if size is None or no_header else size - file.tell()
        if binary:
            self._check_binary()
        if n_bytes is not None:
            self.capacity = self._check_size(n_bytes)

    def _error(self, problem: str, fault: str, kind: type[FormatError] = FormatError) -> Exception:
        return kind.advising(problem, fault, ADVICE)

    def _header(self) -> tuple[int, int]:
        line = self._file.readline(LONGEST_HEADER)
        if sizes := sniffing.sizes(line):
            return sizes
        raise self._unknown(line, "a header of two numbers")

    def _width_of_first_lines(self) -> int:
        """Return how many numbers most of the first lines end in; their words may have spaces.

        Of two widths that are equally frequent it is the larger one: a line is more often cut than
        too long.
        """
        while b"\n" not in self._buffer and self._read_block():
            self._check_first_line()
        self._buffer = bytes(sniffing.without_mark(self._buffer))
        lines = self._buffer[: self._buffer.rfind(b"\n") + 1 or None].split(b"\n", N_SAMPLED)
        widths = Counter(
            sniffing.n_numbers(line, MAX_COLUMNS + 1) for line in lines[:N_SAMPLED] if line.strip()
        )
        most = max(widths.values(), default=0)
        width = max((width for width, n_lines in widths.items() if n_lines == most), default=0)
        if not width:
            raise self._unknown(self._buffer[:LONGEST_HEADER], "a word and its numbers")
        return width

    def _check_first_line(self) -> None:
        is_wide = self._buffer.count(b" ") > 2 * MAX_COLUMNS
        longest = LONGEST_WORD + LONGEST_NUMBER * MAX_COLUMNS
        if b"\n" not in self._buffer and (is_wide or len(self._buffer) > longest):
            raise self._endless("line 1", len(self._buffer))

    def _unknown(self, head: bytes, expected: str) -> Exception:
        seen, fault = sniffing.what_it_is(head)
        if seen:
            return self._error(f"{self.name} is {seen}", fault)
        fault = sniffing.ROW if self._no_header else fault
        return self._error(f"{self.name}, line 1 is {head[:60]!r}, not {expected}", fault)

    def _check_size(self, size: int) -> int:
        assert self.n_rows is not None
        shortest = self.n_rows * ((4 if self._binary else 2) * self.n_columns + 1)
        if shortest - 1 > size:
            raise self._error(
                f"{self.name} has {size:,} bytes for {self.n_rows:,} rows of {self.n_columns:,} "
                f"numbers, which take {shortest:,} or more",
                sniffing.CUT,
                TruncatedError,
            )
        return self.n_rows

    def _check_binary(self) -> None:
        """Refuse a text: its numbers would be taken for the bytes of others."""
        self._read_block()
        line = self._buffer[: self._buffer.find(b"\n") + 1]
        row = sniffing.split_row(line, self.n_columns) if line else None
        if row and not sniffing.holds_rows(row[0]):
            raise self._error(f"{self.name}, line 2 is {line[:60]!r}...", sniffing.TEXT)

    def _read_block(self) -> bool:
        """Add a block of the file to the buffer; False at the end of the file.

        Blocks grow with the buffer, so that a long row is not copied for each of many blocks.
        """
        block = self._file.read(max(BLOCK, len(self._buffer)))
        self._buffer = self._buffer + block if self._buffer else bytes(block)
        return bool(block)

    def close(self) -> None:
        """Wait for the threads that still parse rows; the file stays open."""
        if self._running is not None:
            self._running.close()

    def blocks(self, into: np.ndarray | None = None) -> Iterator[Block]:
        """Yield the rows in order, while threads parse or copy the next ones.

        Parameters
        ----------
        into : ndarray, shape (n, d), optional
            Receives the rows of a binary file, where it has room: the first row is written to its
            first row, and so on.
        """
        n_wanted = sys.maxsize if self.n_rows is None else self.n_rows
        parts = self._binary_parts(n_wanted) if self._binary else self._text_parts()
        work = partial(self._gather, into) if self._binary else self._parse
        has_enough = partial(self._has_lines_ahead, n_wanted)
        self._running = in_order(min(MAX_THREADS, n_cores()), parts, work, has_enough)
        rest = b""
        for part, parsed in self._running if n_wanted else ():
            if not self._binary:
                self._ahead.popleft()
            if part.is_cut:
                logger.warning("the last line of %s has no newline; is the file whole?", self.name)
            n_left = n_wanted - self.n_read
            if parsed.fault is not None and len(parsed.rows) < n_left:
                raise self._bad_line(part, parsed.fault)
            block = parsed.cut(n_left)
            self.n_read += len(block.rows)
            if block.padded is not None and block.padded < len(block.rows):
                self._warn_of_padded(block, block.padded)
            if len(block.rows):
                yield block
            if self._binary:
                self._done.append(part.content.base)
            self._line += part.n_lines
            if self.n_read == n_wanted:
                rest = b"" if self._binary else block.after()
                break
        self._check_end(n_wanted - self.n_read, rest)

    def _warn_of_padded(self, block: Block, row: int) -> None:
        """Log the first word of the file that begins or ends with a space."""
        if self._has_padded:
            return
        self._has_padded = True
        start, end = block.spans[row].tolist()
        logger.warning(
            "%s, %s: the word %r begins or ends with a space, which belongs to it; if that's wrong "
            "(two spaces before the numbers?), put one space there, in this line and others",
            self.name, self._place(block, row), block.content[start:end][:40],
        )  # fmt: skip

    def _check_end(self, n_left: int, rest: bytes) -> None:
        if n_left and not self._no_header:
            raise self._error(
                f"{self.name} ends after {self.n_read:,} of the {self.n_rows:,} rows to read",
                sniffing.CUT,
                TruncatedError,
            )
        if n_left == 0 and self._limit is None and self._has_more(rest):
            more = "%s has more rows than the %d that its header names; they are not read"
            logger.warning(more, self.name, self.n_rows)

    def words(self, block: Block, encoding: str, errors: str) -> list[str]:
        """Decode the words of the block that was yielded last.

        Raises
        ------
        NotUTF8Error
            (a UnicodeDecodeError) that names the file and the line, or the row of a binary file.
        """
        try:
            return words.decoded(block.content, block.spans, encoding, errors)
        except UnicodeDecodeError as error:
            encoded = (bytes(block.content[start:end]) for start, end in block.spans.tolist())
            index = next((i for i, word in enumerate(encoded) if word == error.object), 0)
            place = self._place(block, index)
            problem = f"{self.name}, {place}: the word {error.object[:40]!r} is not {encoding}"
            raise NotUTF8Error.of(error, problem, NOT_DECODED) from None

    def _place(self, block: Block, index: int) -> str:
        """Return where a word of the last block is: its line, or its row."""
        if self._binary:
            return f"row {self.n_read - len(block.rows) + index + 1}"
        return f"line {self._line + block.content.count(NEWLINE, 0, block.spans[index, 0])}"

    def _has_lines_ahead(self, n_rows: int) -> bool:
        """Return whether the texts that were read may have all the rows."""
        return sum(part.n_lines for part in self._ahead) >= n_rows - self.n_read

    def _has_more(self, rest: bytes) -> bool:
        while not rest or rest.isspace():
            if self._ahead:
                rest = self._ahead.popleft().content
            elif self._buffer:
                rest, self._buffer = self._buffer, b""
            elif not self._read_block():
                return False
        return True

    def _binary_parts(self, n_left: int) -> Iterator[Part]:
        size, start, rest = 4 * self.n_columns, 0, self._buffer
        while n_left > start:
            content = self._rest_and_block(rest)
            is_last = len(content) == len(rest)
            if is_last and not rest.strip(b"\r\n"):
                break
            spans = np.empty((min(n_left - start, len(content) // (size + 1)), 2), np.int64)
            n_rows, stop = rows.split(content, size, spans)
            rest = content[stop:].tobytes()
            self._buffer = rest
            if n_rows:
                yield Part(content, spans=spans[:n_rows], start=start)
                start += n_rows
            elif is_last:
                break
            space = rest.find(b" ")
            self._check_length(len(rest) if space < 0 else space, LONGEST_WORD, start + 1)

    def _rest_and_block(self, rest: bytes) -> np.ndarray:
        """Return a part of a row and the next block, in memory of blocks that are done.

        New memory for each block would cost more time than the reading.
        """
        size, n_bytes = len(rest), len(rest) + max(BLOCK, len(rest))
        memory = self._done.pop() if self._done else np.empty(0, np.uint8)
        if len(memory) < n_bytes:
            memory = np.empty(n_bytes + BLOCK // 8, np.uint8)
        memory[:size] = np.frombuffer(rest, np.uint8)
        if isinstance(self._file, io.BufferedReader):
            return memory[: size + self._file.readinto(memory[size:n_bytes].data)]
        block = self._file.read(n_bytes - size)
        memory[size : size + len(block)] = np.frombuffer(block, np.uint8)
        return memory[: size + len(block)]

    def _gather(self, into: np.ndarray | None, part: Part) -> Block:
        """Copy the vectors of a binary file, to their place if they are of its type."""
        shape = len(part.spans), self.n_columns
        if into is not None:
            target = into[part.start : part.start + shape[0]]
            if target.dtype == "<f4" and target.shape == shape:
                rows.gather(part.content, part.spans, target.view(np.uint8))
                self._check_order(target, part)
                return Block(part.content, part.spans, target, part.start)
        vectors = np.empty(shape, "<f4")
        rows.gather(part.content, part.spans, vectors.view(np.uint8))
        self._check_order(vectors, part)
        return Block(part.content, part.spans, vectors)

    def _check_order(self, vectors: np.ndarray, part: Part) -> None:
        """Refuse big-endian numbers, which the format can't express: the first row shows them."""
        if not part.start and any(map(byteorder.is_swapped, vectors[:1])):
            raise FormatError(
                f"{self.name}: the first vector has impossible numbers, and usual ones if their "
                "bytes are reversed, so it was written on a big-endian machine. Write it again as "
                "text (-binary 0)"
            )

    def _check_length(self, length: int, limit: int, number: int) -> None:
        """Refuse what has no end: a text that is read as binary, a bomb."""
        if length > limit:
            raise self._endless(f"{'row' if self._binary else 'line'} {number}", limit)

    def _endless(self, place: str, limit: int) -> FormatError:
        return FormatError(
            f"{self.name}, {place} begins with {self._buffer[:60]!r}... and has no end "
            f"within {limit:,} bytes; the file is of another format, or damaged"
        )

    def _text_parts(self) -> Iterator[Part]:
        line, longest = self._line, LONGEST_WORD + LONGEST_NUMBER * self.n_columns
        while True:
            is_last = not self._read_block()
            if is_last:
                if not self._buffer.strip(b"\r\n"):
                    return
                is_cut = not self._buffer.endswith(NEWLINE)
                end, content = len(self._buffer), self._buffer + NEWLINE * is_cut
            else:
                end = self._buffer.rfind(NEWLINE) + 1
                is_cut, content = False, self._buffer[:end]
            if content:
                part = Part(content, content.count(NEWLINE), is_cut)
                self._buffer = self._buffer[end:]
                line += part.n_lines
                self._ahead.append(part)
                yield part
            self._check_length(len(self._buffer), longest, line)

    def _parse(self, part: Part) -> Block:
        """Parse a text; a line of another form is read by Python, or it is where this stops."""
        text = part.content
        n_most = min(part.n_lines, len(text) // (2 * self.n_columns + 1))
        block = np.empty((n_most, self.n_columns), self._dtype)
        spans = np.empty((n_most, 2), np.int64)
        n_rows, at = rows.parse(text, 0, block, spans)
        padded = None
        while at < len(text):
            # A word that holds spaces, or other blanks between the numbers.
            end = text.index(NEWLINE, at) + 1
            row = sniffing.split_row(text[at:end], self.n_columns)
            if not row:
                return Block(text, spans, block, fault=at, padded=padded).cut(n_rows)
            word, numbers = row
            with np.errstate(over="ignore"):  # a number that is too large becomes infinite
                block[n_rows] = numbers
            if padded is None and word != word.strip(b" "):
                padded = n_rows
            spans[n_rows] = at, at + len(word)
            n_parsed, at = rows.parse(text, end, block[n_rows + 1 :], spans[n_rows + 1 :])
            n_rows += 1 + n_parsed
        return Block(text, spans, block, padded=padded).cut(n_rows)

    def _bad_line(self, part: Part, start: int) -> Exception:
        text = part.content
        end = text.index(NEWLINE, start) + 1
        line, number = text[start:end], self._line + text.count(NEWLINE, 0, start)
        fault = sniffing.ROW
        if sniffing.has_control_characters(line):
            fault = sniffing.BINARY
        elif self._no_header and number == 1 and sniffing.sizes(line):
            fault = sniffing.HEADER
        return self._error(
            f"{self.name}, line {number} is {line.rstrip()[:60]!r}, not a word and "
            f"{self.n_columns} numbers",
            fault,
            TruncatedError if part.is_cut and end == len(text) else FormatError,
        )
