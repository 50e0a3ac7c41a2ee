"""Files by name or already open, plain or compressed."""

import bz2
import gzip
import lzma
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def is_path(source: object) -> bool:
    """Whether `source` names a file."""
    return isinstance(source, (str, os.PathLike))


def open_binary(
    source: Any, mode: str = "rb", suffix_of: str | os.PathLike[str] | None = None
) -> AbstractContextManager[Any]:
    """Open for bytes, through the decompressor that the suffix asks for.

    Parameters
    ----------
    source : str, os.PathLike or binary file object
        An open file passes through and is left open.
    mode : {"rb", "wb", "ab"}
        How.
    suffix_of : str or os.PathLike, optional
        The name whose suffix decides, if not `source`'s own.

    Examples
    --------
    >>> import io
    >>> with open_binary(io.BytesIO(b"a b")) as file:
    ...     file.read()
    b'a b'
    """
    if not is_path(source):
        return nullcontext(source)
    suffix = os.path.splitext(os.fspath(suffix_of or source))[1].lower()
    return OPENERS.get(suffix, open)(source, mode)


def plain_size(source: Any) -> int | None:
    """Return the length of a plain file; None for what has none: compressed, open, a pipe."""
    if not is_path(source) or os.path.splitext(os.fspath(source))[1].lower() in OPENERS:
        return None
    status = os.stat(source)
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def lines(
    source: str | os.PathLike[str] | Iterable[str | bytes], encoding: str = "utf8"
) -> Iterator[str]:
    """Lines of a file, or of any iterable of str or bytes."""
    if isinstance(source, (str, os.PathLike)):
        with open_binary(source) as file:
            yield from lines(file, encoding)
        return
    for line in source:
        yield line.decode(encoding) if isinstance(line, bytes) else line
