"""Where ids lie: in memory up to a budget, beyond it in temporary files that no exit leaves behind.

The files are nameless (`tempfile.TemporaryFile`; ``TMPDIR`` says where): the operating system
takes them back when the last reference goes, also after a crash.
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from fastsgns.corpus.scan import remap
from fastsgns.runtime.machine import anonymous_memory, available_memory, memory_errors

BUDGET_SHARE = 4
BUFFER_IDS = 1 << 21
StoredBlock = np.ndarray | tuple[int, int]


def default_budget() -> int:
    """Bytes of ids to keep in memory by default: a quarter of what is free, or 1 GiB.

    Examples
    --------
    >>> default_budget() > 0
    True
    """
    free = available_memory()
    return (4 << 30 if free is None else free) // BUDGET_SHARE


def check_budget(budget: int | None) -> int:
    """`budget`, or the default for None.

    Raises
    ------
    ValueError
        If it is negative.
    """
    if budget is None:
        return default_budget()
    if budget < 0:
        raise ValueError(f"memory_budget is {budget}; allowed are bytes from 0 on, or None")
    return int(budget)


def allocate_int32(n: int, budget: int) -> np.ndarray:
    """Make an int32 array (n) of arbitrary content: in memory if `budget` bytes hold it.

    Raises
    ------
    OSError
        If the disk of the temporary files has no room for it.
    """
    if n == 0 or 4 * n <= budget:
        return np.empty(n, np.int32)
    with tempfile.TemporaryFile(prefix="fastsgns-") as file:
        _reserve(file, 4 * n)
        with memory_errors(4 * n, "ids"):
            return np.memmap(file, np.int32, "r+", shape=(n,))


def _reserve(file: BinaryIO, size: int) -> None:
    """Take the disk blocks at once: a full disk is an OSError here, but a crash once mapped."""
    with disk_errors(f"{size:,} bytes of ids"):
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
            return
        zeros = bytes(1 << 20)
        for start in range(0, size, len(zeros)):
            file.write(zeros[: size - start])
        file.flush()


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Let the error of writing a temporary file name its directory and say what to do.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    try:
        yield
    except OSError as error:
        raise OSError(
            error.errno,
            f"no room for {what} in {tempfile.gettempdir()} ({error.strerror}); "
            "set the environment variable TMPDIR to a directory on a larger disk",
        ) from error


def block_length(stored: StoredBlock) -> int:
    """Count the ids that were kept."""
    return len(stored) if isinstance(stored, np.ndarray) else stored[1]


class SpillBuffer:
    """Blocks of int32 ids: in memory until `budget` bytes are full, then in a temporary file.

    Examples
    --------
    >>> with SpillBuffer(budget=0) as spill:
    ...     spill.read(spill.store(np.arange(3, dtype=np.int32))).tolist()
    [0, 1, 2]
    """

    def __init__(self, budget: int) -> None:
        self._room = budget
        self._file: BinaryIO | None = None
        self._end = 0
        self._lock = threading.Lock()
        self._writer = BlockWriter(self)

    @property
    def uses_file(self) -> bool:
        """Whether some of the blocks lie in a file."""
        return self._file is not None

    def store(self, ids: np.ndarray) -> StoredBlock:
        """Keep a copy of `ids`; return what `read` takes. Threads use a `BlockWriter` each."""
        self._writer.buffer(len(ids))[: len(ids)] = ids
        return self._writer.store(len(ids))

    def reserve(self, size: int) -> bool:
        """Whether so many bytes may stay in memory; they are taken off the budget."""
        with self._lock:
            fits = size <= self._room
            self._room -= size if fits else 0
            return fits

    def write(self, ids: np.ndarray) -> StoredBlock:
        """Write `ids` to the file; return what `read` takes."""
        with self._lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="fastsgns-")  # noqa: SIM115
            start = self._end
            with disk_errors(f"{start + ids.nbytes:,} bytes of ids"):
                self._file.seek(start)
                self._file.write(ids.data)
                self._file.flush()
            self._end += ids.nbytes
            return start, len(ids)

    def read(self, stored: StoredBlock) -> np.ndarray:
        """Return the ids that `put` kept."""
        if isinstance(stored, np.ndarray):
            return stored
        start, n = stored
        with self._lock:
            assert self._file is not None
            self._file.seek(start)
            return np.frombuffer(self._file.read(4 * n), np.int32)

    def close(self) -> None:
        """Give the memory of the last block and the temporary file back."""
        self._writer = BlockWriter(None)  # it refers to this object
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> "SpillBuffer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BlockWriter:
    """Where one thread writes its blocks, in arrays whose memory goes back with their last block.

    Parameters
    ----------
    spill : SpillBuffer or None
        Decides what stays; without one nothing does.
    """

    def __init__(self, spill: SpillBuffer | None) -> None:
        self._spill = spill
        self._buffer = np.empty(0, np.int32)

    def buffer(self, n: int) -> np.ndarray:
        """Give an array to write up to n ids to."""
        if n > len(self._buffer):
            n_ids = max(n, BUFFER_IDS)
            self._buffer = np.frombuffer(anonymous_memory(4 * n_ids, "ids"), np.int32)
        return self._buffer

    def store(self, n: int) -> StoredBlock:
        """Keep the first n ids of the room; return what `SpillBuffer.read` takes."""
        if self._spill is None:
            return 0, n
        ids = self._buffer[:n]
        if not self._spill.reserve(ids.nbytes):
            return self._spill.write(ids)
        self._buffer = self._buffer[n:]
        return ids


class BlockJoiner:
    """Blocks of ids and sentence ends joined to one array and its offsets, renumbered on the way.

    Parameters
    ----------
    ids : ndarray of int32
        Receives the ids.
    start : int
        Where the first of them goes.

    Attributes
    ----------
    ends : list of ndarray of int64
        Positions in `ids` where a sentence ends, ascending; some of them more than once.
    """

    def __init__(self, ids: np.ndarray, start: int = 0) -> None:
        self.ids = ids
        self.ends: list[np.ndarray] = []
        self._stop = start

    def append(self, ids: np.ndarray, ends: np.ndarray, table: np.ndarray) -> None:
        """Add ``table[ids]`` without its negative ids; `ends` are positions in this block."""
        new_ends = np.empty(len(ends), np.int64)
        kept = remap(ids, ends, table, self.ids[self._stop :], new_ends)
        new_ends += self._stop
        self.ends.append(new_ends)
        self._stop += kept

    def end_sentence(self) -> None:
        """End the sentence here, if it has begun."""
        self.ends.append(np.array([self._stop], np.int64))


def distinct(ends: list[np.ndarray]) -> np.ndarray:
    """0 and every ascending end that is greater than the one before it: the sentences' offsets."""
    joined = np.concatenate([np.zeros(1, np.int64), *ends])
    return joined[np.concatenate([[True], joined[1:] > joined[:-1]])]
