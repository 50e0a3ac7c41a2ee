"""What a reader of files must do with any bytes, and the function that checks it.

A reader either returns a value that is consistent, or raises one of a few documented exceptions
with a message that names the file. Anything else is a finding.
"""

import contextlib
import io
import re
import resource
import sys
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import fastsgns
from fastsgns import KeyedVectors
from fastsgns.runtime.console import printable

from .mutators import Mutator, as_bytes

STEM = "fuzzed"  # is in the name of each file, so a message that names it contains this
DOCUMENTED = (ValueError, OSError, EOFError, MemoryError)
REFUSED_QUERY = (ValueError, FloatingPointError, MemoryError)
SAVABLE = (str, int, float, bytes, tuple)  # other keys have no form in a native file
LONGEST_MESSAGE = 2000
# The readers allocate blocks of a few MB whatever the size of a file; the rest is in proportion.
ROOM, PER_BYTE = 300 << 20, 2000
UNIT = {"darwin": 1}.get(sys.platform, 1024)


class Finding(AssertionError):
    """A reader did something that it must not do."""


@dataclass(frozen=True)
class Reader:
    """A function that reads files, and what is known about these.

    Attributes
    ----------
    read : callable
        ``read(path)`` reads the file, or for several the path that the user would give.
    seeds : callable
        Returns valid files as bytes; `mutators.join` makes one of several.
    suffix : str
        Of the file.
    write : callable
        ``write(path, data)`` makes the files; by default one file with these bytes.
    mutate : callable
        Changes an input; see `tests.fuzz.mutators`.
    check : callable
        ``check(value, path)`` raises an exception if a value that was read is not right.
    allowed : tuple of exceptions
        Further ones that the reader documents.
    """

    read: Callable[[Path], Any]
    seeds: Callable[[], Iterable[bytes]]
    suffix: str = ""
    write: Callable[[Path, bytes], None] = Path.write_bytes
    mutate: Mutator = as_bytes
    check: Callable[[Any, Path], None] = lambda value, path: None
    allowed: tuple[type[Exception], ...] = ()


def judge(reader: Reader, data: bytes, folder: Path) -> str:
    """Read an input, and raise an exception if the reader does something that it must not do.

    Returns
    -------
    str
        "read", or the name of the documented exception.
    """
    path = folder / f"{STEM}{reader.suffix}"
    reader.write(path, data)
    forget_peak()
    before = peak()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", UserWarning)
        try:
            value = reader.read(path)
        except (*DOCUMENTED, *reader.allowed) as error:
            check_message(error)
            outcome = type(error).__name__
        else:
            reader.check(value, path)
            outcome = "read"
    if (grown := peak() - before) > ROOM + PER_BYTE * len(data):
        raise Finding(f"{len(data)} bytes took {grown >> 20} MB of memory")
    return outcome


def forget_peak() -> None:
    """Make `peak` begin anew, where the system can (Linux)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak() -> int:
    """Return the largest resident memory in bytes: on Linux since `forget_peak`, else ever."""
    with contextlib.suppress(OSError):
        if found := re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.M):
            return int(found[1]) << 10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT


def check_message(error: BaseException) -> None:
    """Raise a Finding unless the message of an error names the file and can be printed."""
    message = str(error)
    if message != printable(message) or message.encode("utf-8", "replace") != message.encode(
        "utf-8", "surrogatepass"
    ):
        raise Finding(f"a message can't be printed: {message!r}") from error
    if len(message) > LONGEST_MESSAGE:
        raise Finding(f"a message has {len(message)} characters: {message:.300}") from error
    if STEM not in message and not isinstance(error, MemoryError):
        raise Finding(f"a message does not name the file: {message}") from error


def saved(thing: Any) -> bytes:
    """Return the native file of an object."""
    file = io.BytesIO()
    thing.save(file)
    return file.getvalue()


def check_saving(thing: Any) -> None:
    """Check that what was read can be saved, and that its file is read as the same."""
    first = saved(thing)
    again = saved(fastsgns.load(io.BytesIO(first)))
    if first != again:
        place = next((i for i, pair in enumerate(zip(first, again)) if len(set(pair)) > 1), -1)
        near = slice(max(0, place - 40), place + 40)
        raise Finding(f"saved, loaded and saved differs: {first[near]!r} and {again[near]!r}")


def check_vectors(kv: Any, path: Path | None = None) -> None:
    """Check the vectors that were read: shapes, keys, queries, and their native file."""
    keys, n = kv.index_to_key, len(kv)
    if not (kv.vectors.shape == (n, kv.vector_size) and len(set(keys)) == len(keys) == n):
        raise Finding(f"{n} keys, {len(set(keys))} of them unique, with vectors of "
                      f"{kv.vectors.shape}, vector_size {kv.vector_size}")  # fmt: skip
    if kv.vectors.dtype.kind != "f":
        raise Finding(f"vectors are of {kv.vectors.dtype}")
    for name, values in kv.expandos.items():
        if len(values) != n:
            raise Finding(f"the attribute {name!r} has {len(values)} values for {n} keys")
    ask_vectors(kv)
    if type(kv) is KeyedVectors and all(isinstance(key, SAVABLE) for key in keys):
        check_saving(kv)


def ask_vectors(kv: Any) -> None:
    """Ask vectors what users ask; errors about the values of a vector are allowed."""
    texts = [key for key in (*kv.index_to_key[:2], *kv.index_to_key[-1:]) if isinstance(key, str)]
    for key in texts:
        if key not in kv or not np.array_equal(kv[key], kv.vectors[kv.key_to_index[key]], True):
            raise Finding(f"the vector of {key!r} is not the row of its index")
        try:
            for near, score in kv.most_similar(key, topn=3):
                if near not in kv or not np.isfinite(score):
                    raise Finding(f"{near!r} is near {key!r} by {score}")
            kv.similarity(key, texts[0])
        except REFUSED_QUERY:
            pass
