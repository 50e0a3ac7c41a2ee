"""The files of a corpus: names checked, plain and compressed ones opened alike."""

import bz2
import gzip
import io
import lzma
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from fastsgns.errors import CorpusFileError

COMPRESSED = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
BOM = b"\xef\xbb\xbf"
Path = str | os.PathLike[str]


def is_path(source: object) -> bool:
    """Whether `source` names one file."""
    return isinstance(source, (str, os.PathLike))


def is_url(path: str) -> bool:
    """Whether `path` is for smart_open, such as ``s3://bucket/text``."""
    return "://" in path and not os.path.exists(path)


def check_paths(paths: Path | Iterable[Path]) -> list[str]:
    """One path or several as a list of strings, each a file that exists.

    Raises
    ------
    CorpusFileError
        (a FileNotFoundError and a TypeError) if a file does not exist.
    IsADirectoryError
        If a path is a directory.
    TypeError
        If it is no path.
    ValueError
        If there is none.

    Examples
    --------
    >>> check_paths([])
    Traceback (most recent call last):
    ...
    ValueError: the list of corpus files is empty; give at least one path
    """
    several = [paths] if is_path(paths) else paths
    if isinstance(several, (bytes, bytearray)) or not isinstance(several, Iterable):
        raise TypeError(_not_a_path(paths))
    names = [check_path(path) for path in several]
    if not names:
        raise ValueError("the list of corpus files is empty; give at least one path")
    return names


def check_path(path: Any) -> str:
    """One path as a string; the exceptions are those of `check_paths`."""
    if not is_path(path) or not isinstance(name := os.fspath(path), str):
        raise TypeError(_not_a_path(path))
    if is_url(name):
        return name
    if not os.path.exists(name):
        raise CorpusFileError(2, "the corpus file does not exist", name)
    if os.path.isdir(name):
        raise IsADirectoryError(
            21, "the corpus file is a directory; PathLineSentences reads all files of one", name
        )
    return name


def _not_a_path(path: object) -> str:
    return (
        f"a corpus file is a {type(path).__name__}, {path!r:.60}, where a path is wanted: "
        "a str, an os.PathLike, or a list of them. Lists of words are `sentences`."
    )


def is_stream(path: str) -> bool:
    """Whether a file can only be read from its beginning on: compressed, a pipe, or remote."""
    return (
        os.path.splitext(path)[1] in COMPRESSED
        or is_url(path)
        or not stat.S_ISREG(os.stat(path).st_mode)
    )


def open_binary(path: str, buffering: int = io.DEFAULT_BUFFER_SIZE) -> BinaryIO:
    """Open a file for reading bytes, decompressed by its suffix (.gz, .bz2, .xz).

    Raises
    ------
    ImportError
        For a URL, if smart_open is not installed.
    """
    if is_url(path):
        try:
            from smart_open import open as smart_open
        except ImportError:
            raise ImportError(
                f"{path} is a URL; reading one takes the package smart_open: "
                "pip install smart_open, or copy the file to a disk"
            ) from None
        return smart_open(path, "rb")
    opener = COMPRESSED.get(os.path.splitext(path)[1])
    return opener(path, "rb") if opener else open(path, "rb", buffering)  # type: ignore[operator]


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Let the errors of a cut or damaged compressed file say which file.

    Raises
    ------
    EOFError
        If the file is cut.
    OSError
        If it is damaged.
    """
    try:
        yield
    except EOFError as error:
        raise EOFError(f"{path} ends too early, it was cut: {error}") from error
    except (gzip.BadGzipFile, lzma.LZMAError, zlib.error) as error:
        raise OSError(f"{path} is damaged, or not what its suffix says: {error}") from error
    except OSError as error:
        if error.errno is None:
            raise OSError(f"{path} is damaged, or not what its suffix says: {error}") from error
        raise
