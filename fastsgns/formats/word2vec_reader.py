"""Rows of a word2vec file, block by block: never more memory than the file has bytes for."""

import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, TruncatedError
from fastsgns.formats import rows

logger = logging.getLogger(__name__)

BLOCK = 1 << 22
LONGEST_HEADER = 200
LONGEST_WORD = 1 << 24
LONGEST_NUMBER = 64
MOST_COLUMNS = 1 << 31

Block = tuple[list[bytes], np.ndarray]


class Reader:
    """Rows of an open word2vec file, block by block.

    Parameters
    ----------
    file : binary file object
        At its start.
    size : int or None
        Its length, against which the header is checked, where that is known.
    binary, limit, no_header
        As for `fastsgns.formats.word2vec.read`.

    Attributes
    ----------
    n_rows : int or None
        Rows to come; None if nothing says.
    n_columns : int
        Numbers a row.
    capacity : int
        Rows that are safe to allocate: `n_rows` where the file is long enough for them, else 0.

    Raises
    ------
    FormatError, TruncatedError
        If the first line is no header, or promises more than the file has room for.
    NotImplementedError
        For a binary file without a header.
    """

    def __init__(
        self,
        file: Any,
        size: int | None = None,
        *,
        binary: bool = False,
        limit: int | None = None,
        no_header: bool = False,
    ) -> None:
        if binary and no_header:
            raise NotImplementedError("no_header is for text files; a binary file has a header")
        self._file = file
        self._binary = binary
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer known to hold no end of a line, or of a word
        self._exact = not no_header
        self._cut = False
        self._line = 1 if no_header else 2
        if no_header:
            self._buffer += file.readline()
            self.n_rows, self.n_columns = limit, len(self._buffer.split()) - 1
        else:
            self.n_rows, self.n_columns = self._header(file.readline(LONGEST_HEADER), limit)
        self.capacity = 0
        if not 0 < self.n_columns < MOST_COLUMNS:
            raise FormatError(
                f"the first line promises {self.n_columns} numbers; a row has from 1 to 2^31"
            )
        if size is not None and self.n_rows is not None and not no_header:
            self.capacity = self._check(size - file.tell())

    def _header(self, line: bytes, limit: int | None) -> tuple[int, int]:
        parts = line.split()
        if len(parts) != 2 or not all(part.isdigit() for part in parts) or line[-1:] != b"\n":
            raise FormatError(
                f"the file starts with {line[:60]!r}, not with a header 'n d'. "
                "Use no_header=True for text without one (GloVe)."
            )
        n_rows, n_columns = map(int, parts)
        return n_rows if limit is None else min(n_rows, limit), n_columns

    def _check(self, size: int) -> int:
        assert self.n_rows is not None
        shortest = self.n_rows * (
            4 * self.n_columns + 1 if self._binary else 2 * self.n_columns + 1
        )
        if shortest - 1 > size:
            raise TruncatedError(
                f"{self.n_rows} rows of {self.n_columns} numbers take {shortest} bytes or more; "
                f"the file has {size} left. It is cut, or its header is wrong"
                + ("." if self._binary else ", or it is binary (binary=True).")
            )
        return self.n_rows

    def blocks(self) -> Iterator[Block]:
        """Yield lists of k words and float32 arrays of shape (k, d)."""
        n_left = self.n_rows
        while n_left is None or n_left > 0:
            chunk = self._file.read(BLOCK)
            if not chunk and not self._buffer.strip(b"\r\n"):
                break
            self._buffer += chunk
            words, block = (self._split if self._binary else self._parse)(n_left, not chunk)
            if n_left is not None:
                n_left -= len(words)
            if words:
                yield words, block
            elif not chunk:
                break
        if n_left and self._exact:
            raise TruncatedError(
                f"the file ends {n_left} rows before the {self.n_rows} it promises"
            )

    def _split(self, n_left: int | None, last: bool) -> Block:
        size, buffer = 4 * self.n_columns, self._buffer
        words: list[bytes] = []
        starts: list[int] = []
        position = 0
        while len(words) != n_left:
            start = buffer.find(b" ", max(position, self._searched)) + 1
            if start == 0 or start + size > len(buffer):
                self._searched = (start - 1 if start else len(buffer)) - position
                break
            words.append(bytes(buffer[position : start - 1]).lstrip(b"\n"))
            starts.append(start)
            position, self._searched = start + size, 0
        block = np.empty((len(words), self.n_columns), "<f4")
        if words:
            target = block.data.cast("B")
            with memoryview(buffer) as source:
                for row, start in enumerate(starts):
                    target[row * size : (row + 1) * size] = source[start : start + size]
        del buffer[:position]
        self._check_length(LONGEST_WORD)
        return words, block

    def _check_length(self, limit: int) -> None:
        """Refuse what has no end: a text that is read as binary, a bomb."""
        if self._searched > limit:
            raise FormatError(
                f"a row starts with {bytes(self._buffer[:60])!r}... and has no end within "
                f"{limit:,} bytes; the file is of another format, or damaged"
            )

    def _parse(self, n_left: int | None, last: bool) -> Block:
        text = self._whole_lines(last)
        n_rows = min(text.count(b"\n"), len(text) // (2 * self.n_columns + 1))
        if n_left is not None:
            n_rows = min(n_rows, n_left)
        block = np.empty((n_rows, self.n_columns), np.float32)
        spans = np.empty((n_rows, 2), np.int64)
        words: list[bytes] = []
        at = 0
        while at < len(text) and len(words) != n_left:
            done = len(words)
            n_parsed, at = rows.parse(text, at, block[done:], spans[done:])
            words += [text[start:end] for start, end in spans[done : done + n_parsed].tolist()]
            if at < len(text) and len(words) != n_left:
                end = text.index(b"\n", at) + 1
                if text[at:end].strip():
                    word, block[len(words)] = self._odd_row(text, at, end)
                    words.append(word)
                at = end
        self._line += text.count(b"\n")
        return words, block[: len(words)]

    def _whole_lines(self, last: bool) -> bytes:
        if last and not self._buffer.endswith(b"\n"):
            self._cut = True
            self._buffer += b"\n"
            logger.warning("the last line has no newline; is the file whole?")
        end = self._buffer.rfind(b"\n", self._searched) + 1
        text = bytes(self._buffer[:end])
        del self._buffer[:end]
        self._searched = len(self._buffer)
        self._check_length(LONGEST_WORD + LONGEST_NUMBER * self.n_columns)
        return text

    def _odd_row(self, text: bytes, start: int, end: int) -> tuple[bytes, list[float]]:
        """Read a row whose word holds spaces, or that has other blanks between its numbers."""
        line = text[start:end].rstrip()
        for separator in (b" ", None):
            word, *numbers = line.rsplit(separator, self.n_columns)
            if len(numbers) == self.n_columns and not _ends_in_number(word):
                with suppress(ValueError):
                    return word, [float(number) for number in numbers]
        line_no = self._line + text.count(b"\n", 0, start)
        kind = TruncatedError if self._cut and end == len(text) else FormatError
        raise kind(
            f"line {line_no} ({line[:60]!r}...) is not a word "
            f"and {self.n_columns} numbers, which the first line promises"
        )


def _ends_in_number(word: bytes) -> bool:
    """Whether a word of several pieces ends in a number: then its row has too many of them."""
    if b" " not in word:
        return False
    try:
        float(word.split(b" ")[-1])
    except ValueError:
        return False
    return True
