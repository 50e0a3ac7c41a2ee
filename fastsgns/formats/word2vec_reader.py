"""Rows of a word2vec file, block by block: never more memory than the file has bytes for."""

import logging
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns import rules
from fastsgns.errors import FormatError, NotUTF8Error, TruncatedError
from fastsgns.formats import files, rows, sniffing

logger = logging.getLogger(__name__)

BLOCK = 1 << 22
LONGEST_HEADER = 200
LONGEST_WORD = 1 << 24
LONGEST_NUMBER = 32
MAX_COLUMNS = 1 << 20
N_SAMPLED = 100
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

Block = tuple[list[bytes], np.ndarray]


@contextmanager
def opened(path: Any, **options: Any) -> Iterator["Reader"]:
    """Open a word2vec file; parameters and exceptions are those of `Reader`.

    Raises
    ------
    EOFError, OSError
        If a compressed file is cut or damaged.
    """
    name = files.name_of(path)
    with files.naming(name), files.open_binary(path) as file:
        yield Reader(file, name, files.plain_size(path), **options)


def decoded(reader: "Reader", words: Sequence[bytes], encoding: str, errors: str) -> list[str]:
    """Decode the words of the block that `reader` yielded last.

    Raises
    ------
    NotUTF8Error
        (a UnicodeDecodeError) that names the file and the line, or the row of a binary file.
    """
    try:
        return [str(word, encoding, errors) for word in words]
    except UnicodeDecodeError as error:
        place = reader.place(words.index(error.object), len(words))
        problem = f"{reader.name}, {place}: the word {error.object[:40]!r} is not {encoding}"
        raise NotUTF8Error.of(error, problem, NOT_DECODED) from None


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
        limit = LIMIT("limit", limit)
        self.name, self.n_read, self.capacity = name, 0, 0
        self._file, self._binary, self._dtype = file, binary, np.dtype(dtype)
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer known to hold no end of a line, or of a word
        self._no_header, self._limit = no_header, limit
        self._is_last = False  # what follows in the buffer is the end of the file
        self._cut = False
        self._text, self._first_line = b"", 0  # the block of text that was read last
        self._line = 1 if no_header else 2
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
        """Return how many numbers most of the first lines end in; their words may have spaces."""
        while b"\n" not in self._buffer and self._read_block():
            self._check_first_line()
        self._buffer = bytearray(sniffing.without_mark(self._buffer))
        lines = self._buffer[: self._buffer.rfind(b"\n") + 1 or None].split(b"\n", N_SAMPLED)
        widths = Counter(
            sniffing.n_numbers(bytes(line), MAX_COLUMNS + 1)
            for line in lines[:N_SAMPLED]
            if line.strip()
        )
        most = max(widths.values(), default=0)
        width = min((width for width, n_lines in widths.items() if n_lines == most), default=0)
        if not width:
            raise self._unknown(bytes(self._buffer[:LONGEST_HEADER]), "a word and its numbers")
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
        line = bytes(self._buffer[: self._buffer.find(b"\n") + 1])
        if line and sniffing.split_row(line, self.n_columns):
            raise self._error(f"{self.name}, line 2 is {line[:60]!r}...", sniffing.TEXT)

    def _read_block(self) -> bool:
        """Add a block of the file to the buffer; False at the end of the file."""
        block = self._file.read(BLOCK)
        self._buffer += block
        self._is_last = not block
        return bool(block)

    def blocks(self) -> Iterator[Block]:
        """Yield lists of k words and arrays of shape (k, d)."""
        n_left = sys.maxsize if self.n_rows is None else self.n_rows
        while n_left > 0:
            if not self._read_block() and not self._buffer.strip(b"\r\n"):
                break
            words, block = (self._split if self._binary else self._parse)(n_left)
            self.n_read += len(words)
            n_left -= len(words)
            if words:
                yield words, block
            elif self._is_last:
                break
        if n_left and not self._no_header:
            raise self._error(
                f"{self.name} ends after {self.n_read:,} of the {self.n_rows:,} rows to read",
                sniffing.CUT,
                TruncatedError,
            )
        if n_left == 0 and self._limit is None and self._has_more():
            more = "%s has more rows than the %d that its header names; they are not read"
            logger.warning(more, self.name, self.n_rows)

    def place(self, index: int, n_words: int) -> str:
        """Return where a word of the last block of so many words is: its line, or its row."""
        if self._binary:
            return f"row {self.n_read - n_words + index + 1}"
        numbers = (n for n, line in enumerate(self._text.split(b"\n")) if line.strip())
        return f"line {self._first_line + next(islice(numbers, index, None))}"

    def _has_more(self) -> bool:
        while not self._buffer or self._buffer.isspace():
            self._buffer.clear()
            if not self._read_block():
                return False
        return True

    def _split(self, n_left: int) -> Block:
        size, buffer = 4 * self.n_columns, self._buffer
        words: list[bytes] = []
        vectors: list[bytearray] = []
        position = 0
        while len(words) != n_left:
            start = buffer.find(b" ", max(position, self._searched)) + 1
            if start == 0 or start + size > len(buffer):
                self._searched = (start - 1 if start else len(buffer)) - position
                break
            word = bytes(buffer[position : start - 1])
            words.append(word.removeprefix(b"\r\n").lstrip(b"\n"))
            vectors.append(buffer[start : start + size])
            position, self._searched = start + size, 0
        block = np.frombuffer(b"".join(vectors), "<f4").reshape(-1, self.n_columns)
        del buffer[:position]
        self._check_length(LONGEST_WORD, self.n_read + len(words) + 1)
        return words, block

    def _check_length(self, limit: int, number: int) -> None:
        """Refuse what has no end: a text that is read as binary, a bomb."""
        if self._searched > limit:
            raise self._endless(f"{'row' if self._binary else 'line'} {number}", limit)

    def _endless(self, place: str, limit: int) -> FormatError:
        return FormatError(
            f"{self.name}, {place} begins with {bytes(self._buffer[:60])!r}... and has no end "
            f"within {limit:,} bytes; the file is of another format, or damaged"
        )

    def _parse(self, n_left: int) -> Block:
        text = self._whole_lines()
        self._text, self._first_line = text, self._line
        n_rows = min(text.count(b"\n"), len(text) // (2 * self.n_columns + 1), n_left)
        block = np.empty((n_rows, self.n_columns), self._dtype)
        spans = np.empty((n_rows, 2), np.int64)
        words: list[bytes] = []
        at = 0
        while at < len(text) and len(words) != n_left:
            done = len(words)
            n_parsed, at = rows.parse(text, at, block[done:], spans[done:])
            words += [text[start:end] for start, end in spans[done : done + n_parsed].tolist()]
            if at < len(text) and len(words) != n_left:
                end = text.index(b"\n", at) + 1
                word, block[len(words)] = self._odd_row(text, at, end)
                words.append(word)
                at = end
        self._line += text.count(b"\n", 0, at)
        self._buffer[:0] = text[at:]  # beyond the last row to read
        return words, block[: len(words)]

    def _whole_lines(self) -> bytes:
        if self._is_last and not self._buffer.endswith(b"\n"):
            self._cut = True
            self._buffer += b"\n"
            logger.warning("the last line of %s has no newline; is the file whole?", self.name)
        end = self._buffer.rfind(b"\n", self._searched) + 1
        text = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._searched = len(self._buffer)
        number = self._line + text.count(b"\n")
        self._check_length(LONGEST_WORD + LONGEST_NUMBER * self.n_columns, number)
        return text

    def _odd_row(self, text: bytes, start: int, end: int) -> tuple[bytes, list[float]]:
        """Read a row whose word holds spaces, or that has other blanks between its numbers."""
        line = text[start:end]
        if row := sniffing.split_row(line, self.n_columns):
            return row
        number = self._line + text.count(b"\n", 0, start)
        fault = sniffing.ROW
        if sniffing.has_control_characters(line):
            fault = sniffing.BINARY
        elif self._no_header and number == 1 and sniffing.sizes(line):
            fault = sniffing.HEADER
        raise self._error(
            f"{self.name}, line {number} is {line.rstrip()[:60]!r}, not a word and "
            f"{self.n_columns} numbers",
            fault,
            TruncatedError if self._cut and end == len(text) else FormatError,
        )
