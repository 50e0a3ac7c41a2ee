"""Standard input, pipes and outputs as bytes; what comes in is told by its first bytes."""

import bz2
import contextlib
import gzip
import io
import lzma
import os
import stat
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from fastsgns.formats.files import naming
from fastsgns.formats.writing import destination

STDIO = "-"
MAGIC: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
}
LONGEST_HEADER = 1 << 32


def speak_utf8() -> None:
    """Let the standard streams be UTF-8 whatever the locale says, and never stop at a character."""
    for stream, errors in (
        (sys.stdin, "replace"),
        (sys.stdout, "backslashreplace"),
        (sys.stderr, "backslashreplace"),
    ):
        if isinstance(stream, io.TextIOWrapper):
            with contextlib.suppress(io.UnsupportedOperation):  # something was read already
                stream.reconfigure(encoding="utf-8", errors=errors)


def is_stream(path: str) -> bool:
    """Whether `path` can be read only once: standard input, a pipe, a device."""
    if path == STDIO:
        return True
    mode = os.stat(path).st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


@contextlib.contextmanager
def opened(path: str) -> Iterator[io.BufferedReader]:
    """Open standard input (`-`) or a pipe for bytes, decompressed if its first bytes say so.

    Raises
    ------
    EOFError, OSError
        If what is compressed is cut or damaged.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(naming("standard input" if path == STDIO else path))
        raw: Any = sys.stdin.buffer if path == STDIO else stack.enter_context(open(path, "rb"))
        file = io.BufferedReader(raw)
        stack.callback(file.detach)
        head = file.peek(max(map(len, MAGIC)))
        for magic, decompress in MAGIC.items():
            if head.startswith(magic):
                file = io.BufferedReader(stack.enter_context(decompress(file)))
                break
        yield file


def is_native(file: io.BufferedReader) -> bool:
    """Whether what comes next is a native file: the length of a header, and a brace."""
    head = file.peek(9)[:9]
    return head[8:] == b"{" and int.from_bytes(head[:8], "little") < LONGEST_HEADER


@contextlib.contextmanager
def output(path: str) -> Iterator[BinaryIO]:
    """Open for writing bytes: `-` is standard output; a file appears whole or not at all.

    The suffixes .gz, .bz2 and .xz compress.
    """
    if path == STDIO:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with destination(path) as file:
            yield file
