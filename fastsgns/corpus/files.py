"""Checks of the paths of a corpus."""

import os
import stat
from collections.abc import Iterable
from typing import Any

from fastsgns.errors import CorpusFileError
from fastsgns.formats.files import decompressor, existing_file, is_open, is_path, is_url

BOM = b"\xef\xbb\xbf"
Path = str | bytes | os.PathLike[Any]


def check_paths(paths: Path | Iterable[Path]) -> list[str]:
    """Return one path or several as a list of strings, each of a file that exists.

    Raises
    ------
    CorpusFileError
        (a FileNotFoundError and a TypeError) if a file does not exist.
    IsADirectoryError
        If a path is a directory.
    TypeError
        If one is not a path.
    ValueError
        If there are no paths.

    Examples
    --------
    >>> check_paths([])
    Traceback (most recent call last):
    ...
    ValueError: the list of corpus files is empty; give at least one path
    """
    several = [paths] if is_path(paths) else paths
    if isinstance(several, bytearray) or is_open(several) or not isinstance(several, Iterable):
        raise TypeError(_not_a_path(paths))
    names = [check_path(path) for path in several]
    if not names:
        raise ValueError("the list of corpus files is empty; give at least one path")
    return names


def check_path(path: Any) -> str:
    """Return one path as a string; exceptions as of `check_paths`."""
    if not is_path(path):
        raise TypeError(_not_a_path(path))
    try:
        return existing_file(path, "the corpus file")
    except FileNotFoundError as error:
        raise CorpusFileError(*error.args, error.filename) from None
    except IsADirectoryError as error:
        hint = f"{error.strerror}; PathLineSentences reads all files of one"
        raise IsADirectoryError(error.errno, hint, error.filename) from None


def _not_a_path(path: object) -> str:
    seen = "an open file" if is_open(path) else f"a {type(path).__name__}"
    return (
        f"a corpus file is {seen}, {path!r:.60}, where a path is wanted: "
        "a str, an os.PathLike, or a list of them. Lists of words are `sentences`."
    )


def can_reread(path: str) -> bool:
    """Return whether a file can be opened and read again, as all but pipes and URLs can."""
    return decompressor(path) is not None or not is_stream(path)


def is_stream(path: str) -> bool:
    """Return whether a file can only be read from its beginning: compressed, a pipe or remote."""
    return decompressor(path) is not None or is_url(path) or not stat.S_ISREG(os.stat(path).st_mode)
