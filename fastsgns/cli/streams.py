"""Standard input, pipes and outputs as bytes."""

import codecs
import contextlib
import errno
import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from fastsgns.formats.files import by_magic, naming
from fastsgns.formats.writing import destination
from fastsgns.runtime.console import printable

STDIO = "-"


class Closed(io.TextIOBase):
    """A standard stream that the caller has closed: each use of it raises an error.

    Parameters
    ----------
    name : str
        The name of the stream, for the message.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self, *_: Any) -> Any:
        raise OSError(errno.EBADF, "it is closed; open it or name a file", self._name)

    read = readline = write = _refuse
    buffer = property(_refuse)


def replace_closed() -> None:
    """Replace missing standard streams by `Closed`, as after ``<&-`` and ``>&-``."""
    if sys.stdin is None:
        sys.stdin = Closed("standard input")
    if sys.stdout is None:
        sys.stdout = Closed("standard output")


def use_utf8() -> None:
    """Set the standard streams to UTF-8, whatever the locale is, with no character as an error."""
    for stream, errors in (
        (sys.stdin, "replace"),
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(io.UnsupportedOperation):  # something has been read already
                stream.reconfigure(encoding="utf-8", errors=errors)


def is_stream(path: str) -> bool:
    """Return whether `path` can be read only once: standard input, a pipe or a device."""
    if path == STDIO:
        return True
    mode = os.stat(path).st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextlib.contextmanager
def opened(path: str) -> Iterator[io.BufferedReader]:
    """Open standard input (`-`) or a pipe for bytes; decompress it if its first bytes require it.

    Raises
    ------
    TruncatedError, DamagedError
        If compressed data is truncated or damaged.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(naming("standard input" if path == STDIO else path))
        raw: Any = sys.stdin.buffer if path == STDIO else stack.enter_context(open(path, "rb"))
        file = io.BufferedReader(raw)
        stack.callback(file.detach)
        if decompress := by_magic(file.peek(1)):
            file = io.BufferedReader(stack.enter_context(decompress(file)))
        yield file


class Terminal:
    r"""A terminal that bytes are written to; their control characters are escaped.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> Terminal(file).write(b"a\x1b[31m 1\n")
    9
    >>> file.getvalue()
    b'a\\x1b[31m 1\n'
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def write(self, content: bytes | memoryview) -> int:
        """Write UTF-8 bytes."""
        lines = self._decoder.decode(bytes(content)).split("\n")
        self._file.write("\n".join(map(printable, lines)).encode())
        return len(content)

    def writelines(self, lines: Iterable[bytes]) -> None:
        """Write several lines."""
        for line in lines:
            self.write(line)


@contextlib.contextmanager
def output(path: str) -> Iterator[Any]:
    """Open for writing bytes: `-` is standard output. A file is written completely or not at all.

    The suffixes .gz, .bz2 and .xz compress.
    """
    if path == STDIO:
        sys.stdout.flush()
        yield Terminal(sys.stdout.buffer) if sys.stdout.isatty() else sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with destination(path) as file:
            yield file
