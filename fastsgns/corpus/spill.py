"""Memory for ids: RAM up to a budget, temporary files beyond it.

The files have no name (`tempfile.TemporaryFile`; the environment variable TMPDIR sets their
directory). The operating system deletes them when they are closed, also after a crash.
"""

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

import numpy as np

from fastsgns.rules import COUNT
from fastsgns.runtime.machine import anonymous_memory, available_memory, memory_errors

BUDGET_DIVISOR = 4
"""By default this part of the free memory may be used: a quarter."""
FREE_IF_UNKNOWN = 4 << 30
BUFFER_IDS = 1 << 21
ID_BYTES = 4


def check_budget(budget: int | None) -> int:
    """Return `budget`, or for None a quarter of the free memory: 1 GiB if that is not known.

    Raises
    ------
    ValueError
        If it is negative or not a whole number.

    Examples
    --------
    >>> check_budget(1000), check_budget(None) > 0
    (1000, True)
    """
    if budget is None:
        free = available_memory()
        return (FREE_IF_UNKNOWN if free is None else free) // BUDGET_DIVISOR
    return int(COUNT("memory_budget", budget))


def allocate_int32(n: int, budget: int) -> np.ndarray:
    """Return an uninitialized int32 array, shape (n,); it is in RAM if it fits `budget` bytes.

    A larger array is mapped from a temporary file.

    Raises
    ------
    OSError
        If the disk of the temporary files has not enough room.
    """
    size = ID_BYTES * n
    if n == 0 or size <= budget:
        return np.empty(n, np.int32)
    with tempfile.TemporaryFile(prefix="fastsgns-") as file:
        _allocate_on_disk(file, size)
        with memory_errors(size, "ids"):
            return np.memmap(file, np.int32, "r+", shape=(n,))


def _allocate_on_disk(file: BinaryIO, size: int) -> None:
    """Allocate all disk blocks now, as a full disk would later end the process."""
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
    """Add the directory and advice to an error of writing a temporary file.

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


class FileBlock(NamedTuple):
    """Where in the temporary file of a `SpillBuffer` a block of ids is."""

    start: int
    n_ids: int


StoredBlock = np.ndarray | FileBlock


def block_length(block: StoredBlock) -> int:
    """Return the number of ids of a stored block."""
    return block.n_ids if isinstance(block, FileBlock) else len(block)


class SpillBuffer:
    """Blocks of int32 ids: in RAM until `budget` bytes are used, then in a temporary file.

    Each thread writes its blocks with a `BlockWriter` of its own.

    Parameters
    ----------
    budget : int
        Bytes.

    Examples
    --------
    >>> with SpillBuffer(budget=0) as spill:
    ...     block = BlockWriter(spill).store_copy(np.arange(3, dtype=np.int32))
    ...     spill.read(block).tolist()
    [0, 1, 2]
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._unused = budget
        self._file: BinaryIO | None = None
        self._file_size = 0
        self._lock = threading.Lock()

    @property
    def uses_file(self) -> bool:
        """Whether some of the blocks are in a file."""
        return self._file is not None

    def keep_in_memory(self, n_bytes: int) -> bool:
        """Return whether so many bytes may stay in RAM, and take them off the budget if so."""
        with self._lock:
            fits = n_bytes <= self._unused
            self._unused -= n_bytes if fits else 0
            return fits

    def write(self, ids: np.ndarray) -> FileBlock:
        """Append `ids` to the file."""
        with self._lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="fastsgns-")  # noqa: SIM115
            start = self._file_size
            with disk_errors(f"{start + ids.nbytes:,} bytes of ids"):
                self._file.seek(start)
                self._file.write(ids.data)
                self._file.flush()
            self._file_size += ids.nbytes
            return FileBlock(start, len(ids))

    def read(self, block: StoredBlock) -> np.ndarray:
        """Return the ids of a block."""
        if not isinstance(block, FileBlock):
            return block
        with self._lock:
            assert self._file is not None
            self._file.seek(block.start)
            return np.frombuffer(self._file.read(ID_BYTES * block.n_ids), np.int32)

    def close(self) -> None:
        """Delete the temporary file."""
        if self._file is not None:
            self._file.close()

    def __enter__(self) -> "SpillBuffer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class BlockWriter:
    """Writes the blocks of one thread.

    Blocks that stay in RAM are slices of large buffers. The memory of a buffer is freed with the
    last of its blocks.

    Parameters
    ----------
    spill : SpillBuffer or None
        Receives the blocks. With None they are discarded.
    """

    def __init__(self, spill: SpillBuffer | None) -> None:
        self._spill = spill
        self._buffer = np.empty(0, np.int32)

    def reserve(self, n: int) -> np.ndarray:
        """Return an array with room for n ids or more, to be written to before `store`."""
        if n > len(self._buffer):
            n_ids = max(n, BUFFER_IDS)
            self._buffer = np.frombuffer(anonymous_memory(ID_BYTES * n_ids, "ids"), np.int32)
        return self._buffer

    def store(self, n: int) -> StoredBlock:
        """Store the first n ids of the array that `reserve` returned."""
        if self._spill is None:
            return FileBlock(0, n)
        ids = self._buffer[:n]
        if not self._spill.keep_in_memory(ids.nbytes):
            return self._spill.write(ids)
        self._buffer = self._buffer[n:]
        return ids

    def store_copy(self, ids: np.ndarray) -> StoredBlock:
        """Store a copy of `ids`."""
        self.reserve(len(ids))[: len(ids)] = ids
        return self.store(len(ids))
