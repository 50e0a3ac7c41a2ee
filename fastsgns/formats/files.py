"""Files by name or already open, plain or compressed, on a disk or behind a URL."""

import bz2
import errno
import gzip
import io
import lzma
import os
import re
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from fastsgns.errors import DamagedError, FormatError, NotUTF8Error, TruncatedError
from fastsgns.formats import sniffing
from fastsgns.runtime import packages

AnyPath = str | bytes | os.PathLike[Any]
Numbered = tuple[int, str]
LONGEST_LINE = 1 << 20
LARGEST_COUNT = 2**63 - 1
LONGEST_COUNT = len(str(LARGEST_COUNT))
BLANKS = " \t\n\v\f\r"  # white space of ASCII; other white space belongs to words and names
WORD = re.compile(f"[^{BLANKS}]+")
OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
MAGIC: dict[bytes, Any] = {
    sniffing.GZIP: gzip.open,
    **dict.fromkeys(sniffing.BZIP2, bz2.open),
    sniffing.XZ: lzma.open,
}
HEAD_BYTES = 512
UNKNOWN = {
    ".zip", ".zst", ".zstd", ".lz4", ".lzma", ".7z", ".rar", ".tar", ".tgz", ".tbz2", ".txz",
}  # fmt: skip


def is_path(source: object) -> bool:
    """Return whether `source` is a path: a str, bytes or an os.PathLike."""
    return isinstance(source, (str, bytes, os.PathLike))


def is_text(file: object) -> bool:
    r"""Return whether an open file is one of text, also behind a wrapper such as tempfile's.

    Examples
    --------
    >>> is_text(io.StringIO()), is_text(io.BytesIO())
    (True, False)
    """
    return isinstance(file, io.TextIOBase) or isinstance(getattr(file, "encoding", None), str)


def is_open(source: object) -> bool:
    """Return whether `source` is an open file, to read or to write."""
    return hasattr(source, "read") or hasattr(source, "write")


class NamedLines(list[Numbered]):
    """What `lines` yielded, and the name of the file for messages."""

    name = ""


def name_of(source: Any, unnamed: str = "the open file") -> str:
    """Return what an error message calls a file: its path, or the name of an open file.

    Examples
    --------
    >>> import io
    >>> name_of("vectors.txt"), name_of(io.BytesIO())
    ('vectors.txt', 'the open file')
    """
    if is_path(source):
        return os.fsdecode(source)
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else unnamed


def local_path(path: AnyPath) -> str:
    """Return a path as a string, with a leading ``~`` replaced by the home directory.

    Every function of the package that opens a file by its path passes the path through here.

    Raises
    ------
    TypeError
        If `path` is not a path.

    Examples
    --------
    >>> local_path("~/vectors.txt") == os.path.expanduser("~/vectors.txt")
    True
    >>> local_path("vectors.txt")
    'vectors.txt'
    """
    return os.path.expanduser(os.fsdecode(path))


def existing_file(path: AnyPath, what: str) -> str:
    """Return `local_path` of a file to read, after checking that it exists; a URL is not checked.

    Parameters
    ----------
    path : str, bytes or os.PathLike
    what : str
        What the file is, for the message of an error, such as ``"the corpus file"``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    IsADirectoryError
        If it is a directory.
    PermissionError
        If a directory on the way to it cannot be searched.
    """
    name = local_path(path)
    if is_url(name):
        return name
    try:
        mode = os.stat(name).st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(errno.ENOENT, f"{what} does not exist", name) from None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, f"{what} is a directory", name)
    return name


def is_url(path: AnyPath) -> bool:
    """Return whether `path` is for smart_open, such as ``s3://bucket/text``."""
    return "://" in os.fsdecode(path) and not os.path.exists(path)


def decompressor(path: AnyPath) -> Any:
    """Return the opener of a compressed file, by its suffix in any case; None for a plain one.

    Examples
    --------
    >>> decompressor("TEXT.GZ") is gzip.open, decompressor("text.txt")
    (True, None)
    """
    return OPENERS.get(os.path.splitext(os.fsdecode(path))[1].lower())


def by_magic(head: bytes) -> Any:
    """Return the opener of a compressed file, by its first bytes; None for a plain one."""
    return next((opener for magic, opener in MAGIC.items() if head.startswith(magic)), None)


def check_text(head: bytes | str, name: str) -> None:
    """Refuse a file that is not text; every reader of text calls this with its first bytes.

    What was decoded already is text.

    Raises
    ------
    FormatError
        If it is compressed, an archive, binary, or text in UTF-16.
    """
    if isinstance(head, bytes) and (seen := sniffing.not_text(head[:HEAD_BYTES])):
        raise FormatError(f"{name} is {seen}")


def check_file(source: Any, method: str) -> None:
    """Raise a TypeError unless an object has a method of files, ``"read"`` or ``"write"``."""
    if not hasattr(source, method):
        raise TypeError(
            f"{source!r:.60}, a {type(source).__name__}, is not a file; allowed are a path (str, "
            f"bytes, os.PathLike) and a file object with {method}()"
        )


def check_suffix(path: AnyPath) -> None:
    """Refuse the suffix of an archive or of a compression that can be neither read nor written.

    Raises
    ------
    ValueError
        If it is one; otherwise it would be plain text, in words that nobody wrote.
    """
    name = os.fsdecode(path)
    stem, suffix = os.path.splitext(name.lower())
    if suffix in OPENERS and stem.endswith(".tar"):
        suffix = ".tar" + suffix
    if suffix in UNKNOWN or suffix.startswith(".tar."):
        raise ValueError(
            f"{name}: {suffix} is not supported; allowed are plain files, .gz, .bz2 and "
            ".xz. Unpack or name it accordingly"
        )


def open_binary(
    source: Any, mode: str = "rb", suffix_of: AnyPath | None = None, buffering: int = -1
) -> AbstractContextManager[Any]:
    """Open for bytes, through the decompressor that the suffix asks for.

    Parameters
    ----------
    source : str, os.PathLike or file object
        An open file passes through and is left open; one of text to read gives its bytes.
    mode : {"rb", "wb", "ab"}
        How.
    suffix_of : str or os.PathLike, optional
        The name whose suffix decides, if not `source`'s own.
    buffering : int
        Of a plain file, as for `open`.

    Raises
    ------
    ImportError
        For a URL, if smart_open is not installed.
    TypeError
        If it is neither a path nor a file object.

    Examples
    --------
    >>> import io
    >>> with open_binary(io.BytesIO(b"a b")) as file:
    ...     file.read()
    b'a b'
    """
    if not is_path(source):
        check_file(source, "read" if mode == "rb" else "write")
        return nullcontext(binary(source) if mode == "rb" else source)
    path = local_path(source)
    if is_url(path):
        return _open_url(path, mode)
    if mode == "rb":
        check_suffix(path)
    opener = decompressor(suffix_of or path)
    return opener(path, mode) if opener else open(path, mode, buffering)


def _open_url(url: str, mode: str) -> AbstractContextManager[Any]:
    advice = (
        f"{url} is a URL; opening one takes the package smart_open: pip install smart_open, or "
        "copy the file to a disk"
    )
    file: AbstractContextManager[Any] = packages.need("smart_open", advice).open(url, mode)
    return file


def plain_size(source: Any) -> int | None:
    """Return the length of a plain file; None for others: compressed, open, a pipe, a URL."""
    if not is_path(source) or decompressor(source) or is_url(source):
        return None
    status = os.stat(local_path(source))
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Add the name of the file to the errors of a cut or damaged compressed file.

    Raises
    ------
    TruncatedError
        (a FormatError and EOFError) if the file is cut.
    DamagedError
        (a FormatError and OSError) if it is damaged.
    """
    try:
        yield
    except (FormatError, io.UnsupportedOperation):  # names the file already; is open to write
        raise
    except EOFError as error:
        raise TruncatedError(f"{path} ends too early, it was cut: {error}") from error
    except (OSError, lzma.LZMAError, zlib.error) as error:
        if getattr(error, "errno", None) is not None:  # of the system, not of a decompressor
            raise
        raise DamagedError(f"{path} is damaged, or not what its suffix says: {error}") from error


def binary(source: Any) -> Any:
    """Return an open file as one of bytes, at the same place; a file of bytes as it is.

    Examples
    --------
    >>> import io
    >>> binary(io.StringIO("a b")).read()
    b'a b'
    """
    if not is_text(source):
        return source
    if hasattr(source, "buffer"):
        with suppress(OSError):  # what was decoded in advance is read again, where that can be
            source.seek(source.tell())
        return source.buffer
    return io.BytesIO(source.read().encode("utf-8", "surrogatepass"))


def lines(source: Any, encoding: str = "utf8", errors: str = "strict") -> Iterator[Numbered]:
    r"""Yield the lines of a file that are not blank, and their numbers from 1.

    The byte order mark and the newlines are left out.

    Parameters
    ----------
    source : str, bytes, os.PathLike, file object or iterable of lines
    encoding, errors : str
        As for `bytes.decode`.

    Raises
    ------
    NotUTF8Error
        (a UnicodeDecodeError) that names the file and the line.
    FormatError
        If it is not text, see `check_text`, or a line of a file has no end within 1 MB.

    Examples
    --------
    >>> list(lines(io.BytesIO(b"a b\n\nc\n")))
    [(1, 'a b'), (3, 'c')]
    """
    name = name_of(source)
    if isinstance(source, NamedLines):
        yield from source
    elif is_path(source):
        with naming(name), open_binary(source) as file:
            yield from _decoded(_lines_of(file, name), name, encoding, errors)
    elif hasattr(source, "read"):
        with naming(name):
            yield from _decoded(_lines_of(source, name), name, encoding, errors)
    else:
        yield from _decoded(enumerate(source, 1), name, encoding, errors)


def words_of(line: str) -> list[str]:
    r"""Split a line at white space of ASCII, as corpora are; other white space belongs to words.

    Examples
    --------
    >>> words_of("New\u3000York  a\tb\n")
    ['New\u3000York', 'a', 'b']
    """
    return WORD.findall(line)


def count_in(text: str) -> int | None:
    """Return the whole number of a count in a file, of at most 64 bits; None for other texts.

    Examples
    --------
    >>> count_in("12"), count_in("1.5"), count_in("99999999999999999999")
    (12, None, None)
    """
    is_number = text.isascii() and text.isdecimal() and len(text) <= LONGEST_COUNT
    return count if is_number and (count := int(text)) <= LARGEST_COUNT else None


def _lines_of(file: Any, name: str) -> Iterator[tuple[int, str | bytes]]:
    """Yield the lines of an open file and their numbers, from blocks that are bounded."""
    number, rest = 1, None
    while block := file.read(LONGEST_LINE):
        if rest is None:
            rest = block[:0]
            check_text(block, name)
        split_lines = (rest + block).split("\n" if isinstance(block, str) else b"\n")
        for index in (0, len(split_lines) - 1):  # the others are within the block
            if len(split_lines[index]) > LONGEST_LINE:
                raise FormatError(
                    f"{name}, line {number + index} has no end within {LONGEST_LINE:,} bytes; it "
                    "is not a file of lines"
                )
        rest = split_lines.pop()
        yield from [(at, line) for at, line in enumerate(split_lines, number) if line]
        number += len(split_lines)
    if rest:
        yield number, rest


def _decoded(
    numbered: Iterable[tuple[int, str | bytes]], name: str, encoding: str, errors: str
) -> Iterator[Numbered]:
    for number, line in numbered:
        if not line or line.isspace():
            continue
        try:
            text = line.decode(encoding, errors) if isinstance(line, bytes) else line
        except UnicodeDecodeError as error:
            problem = f"{name}, line {number} is not {encoding}: {error.object[:60]!r}"
            raise NotUTF8Error.of(error, problem, "convert the file to UTF-8") from None
        text = text.removeprefix("\ufeff") if number == 1 else text
        if text.strip():
            yield number, text
