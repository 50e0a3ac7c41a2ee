"""The package's own file: one safetensors container of arrays, words and JSON metadata.

Layout: safetensors (8 bytes of header length, a JSON header, raw little-endian arrays). Under
the header's free-form metadata, the key ``fastsgns`` holds JSON with ``format`` (a version),
``kind`` (what the file is: a model, vectors, a corpus) and whatever the writer of that kind needs.
Nothing in it is ever executed, and the header is checked against the length of the file before
any array is allocated. Other readers of safetensors can open it.
"""

import io
import os
import stat
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, TruncatedError
from fastsgns.formats import files, header, keys, sniffing
from fastsgns.formats.writing import destination, write_slices
from fastsgns.runtime.machine import memory_errors

BLOCK_BYTES = 1 << 22
STEP_BYTES = 1 << 26

PACKED = ("words", "word_ends", "word_types")  # the arrays that `pack_words` makes

Tensors = dict[str, np.ndarray]


def write(
    path: Any, kind: str, tensors: Mapping[str, np.ndarray], metadata: dict[str, Any]
) -> None:
    """Write `tensors` and `metadata` to one file, atomically.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        Where to. A file object is written to directly.
    kind : str
        What the file is; `read` returns it.
    tensors : mapping of str to ndarray
        Arrays of float64, float32, float16, int64, int32 or uint8.
    metadata : dict
        Anything JSON can say.

    Raises
    ------
    TypeError
        If an array is of another type.
    OSError
        If it can't be written whole; a file that was there before is left as it was.
    """
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))  # all are aligned
    ordered = {name: tensors[name] for name in names}
    packed = header.pack(kind, ordered, metadata, is_compressed=not is_plain(path))
    with destination(path, any_suffix=True) as file:
        file.write(packed)
        for array in ordered.values():
            write_array(file, array)


def write_array(file: Any, array: np.ndarray) -> None:
    """Write some MB at a time: an array in another byte order or layout is never copied whole."""
    rows = np.atleast_1d(array)
    n_rows = max(1, BLOCK_BYTES * len(rows) // max(1, rows.nbytes))
    for start in range(0, len(rows) if rows.size else 0, n_rows):
        block = rows[start : start + n_rows]
        dense = np.ascontiguousarray(block, block.dtype.newbyteorder("<"))
        write_slices(file, dense.data.cast("B"))


def read(
    path: Any, mmap: bool | Callable[[str], bool] = False
) -> tuple[str, Tensors, dict[str, Any]]:
    """Read what `write` wrote.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        Where from. A file object is read whole.
    mmap : bool or callable
        Map the arrays read-only instead of reading them; they cost memory as they are touched.
        ``mmap(kind)`` decides by the kind of the file.

    Returns
    -------
    kind : str
        As given to `write`.
    tensors : dict of str to ndarray
        The arrays.
    metadata : dict
        As given to `write`, with ``format`` and ``kind``.

    Raises
    ------
    FormatError
        If the file is not of this format, is cut, or says something impossible.
    FileNotFoundError, IsADirectoryError
        If there is no such file, or it is a directory.
    """
    with _opened(path) as (file, size):
        contents = _header(file, size)
        is_mapped = mmap(contents.kind) if callable(mmap) else mmap
        read_one = _map if is_mapped and size is not None else read_array
        tensors = {name: read_one(file, entry, size) for name, entry in contents.entries.items()}
        if size is None and file.read(1):
            raise FormatError("it goes on after its last array")
        return contents.kind, tensors, contents.metadata


def read_into(path: str, arrays: Mapping[str, np.ndarray]) -> tuple[str, dict[str, Any]]:
    """Read a file that is not compressed into memory that there is.

    Parameters
    ----------
    path : str
    arrays : mapping of str to ndarray, C-contiguous
        One for each array of the file, of its type and shape.

    Returns
    -------
    kind : str
    metadata : dict

    Raises
    ------
    FormatError
        As for `read`, or if the file has other arrays.
    """
    with _opened(path) as (file, size):
        contents = _header(file, size)
        found = {name: (each.dtype, each.shape) for name, each in contents.entries.items()}
        if size is None or found != {name: (a.dtype, a.shape) for name, a in arrays.items()}:
            raise FormatError("it has other arrays, or is compressed")
        for name, entry in contents.entries.items():
            read_array(file, entry, size, arrays[name].reshape(-1).view(np.uint8))
        return contents.kind, contents.metadata


def kind_of(path: Any) -> str:
    """Return what a file is, by its header alone; exceptions as for `read`."""
    kind: str = metadata_of(path)["kind"]
    return kind


def metadata_of(path: Any) -> dict[str, Any]:
    """Return the metadata of a file, as `read` does, by its header alone."""
    with _opened(path) as (file, size):
        return _header(file, size).metadata


@contextmanager
def _opened(path: Any) -> Iterator[tuple[Any, int | None]]:
    """Yield a file of bytes, and its size if it can be mapped; name it in the errors."""
    name = files.name_of(path)
    try:
        if files.is_open(path):
            with files.naming(name):
                yield files.binary(path), None
            return
        if files.is_url(path):
            with files.naming(name), files.open_binary(path) as file:
                yield file, None
            return
        with files.naming(name), open(files.local_path(path), "rb") as file:
            head = file.peek(9)
            decompress = None if sniffing.is_native(head) else files.by_magic(head)
            if decompress:
                with decompress(file) as inner:
                    yield inner, None
                return
            status = os.fstat(file.fileno())
            yield file, status.st_size if stat.S_ISREG(status.st_mode) else None
    except FormatError as error:
        if str(error).startswith(name):  # of a decompressor
            raise
        problem = f"{name} is not a fastsgns file, or it is damaged: {error.problem or error}"
        raise type(error).advising(problem, error.fault, header.ADVICE) from None


def _header(file: Any, size: int | None) -> header.Header:
    length = header.check_length(take(file, 8), size)
    raw = take(file, length)
    return header.parse(raw, size, 0 if size is not None else bytes_left(file))


def is_plain(target: Any) -> bool:
    """Return whether a path or an open file is of a kind whose size a reader knows."""
    if files.is_path(target):
        return files.decompressor(target) is None
    file = files.binary(target) if files.is_text(target) and hasattr(target, "buffer") else target
    file = getattr(file, "file", file)  # of tempfile
    return isinstance(file, io.BytesIO) or isinstance(getattr(file, "raw", file), io.FileIO)


def bytes_left(file: Any) -> int:
    """Return how many bytes follow in an open file of a disk or of memory; 0 if that is unknown."""
    if not is_plain(file):
        return 0
    try:
        here: int = file.tell()
        end: int = file.seek(0, os.SEEK_END)
        file.seek(here)
    except OSError:  # a pipe
        return 0
    return end - here


def take(file: Any, n_bytes: int) -> bytearray:
    """Read so many bytes, or as many as there are; memory grows with what is really there."""
    content = bytearray()
    while len(content) < n_bytes and (block := file.read(min(BLOCK_BYTES, n_bytes - len(content)))):
        if isinstance(block, str):
            raise TypeError('the file is open as text; open it in binary mode, open(path, "rb")')
        content += block
    return content


def read_array(
    file: Any, entry: header.Entry, size: int | None, memory: np.ndarray | None = None
) -> np.ndarray:
    """Read one array; the file is at its first byte. `size` is None for a file of unknown length.

    `memory` has the bytes to read to, where they are allocated already.

    Raises
    ------
    TruncatedError
        If the file ends before the array.
    """
    n_bytes = entry.stop - entry.start
    if size is None:
        content: Any = take(file, n_bytes)
        n_read = len(content)
    else:
        content, n_read = np.empty(n_bytes, np.uint8) if memory is None else memory, 0
        # Ctrl-C has an effect between two calls.
        while n_read < n_bytes and (n := file.readinto(content[n_read : n_read + STEP_BYTES])):
            n_read += n
    if n_read < n_bytes:
        raise TruncatedError(f"it ends {n_bytes - n_read:,} bytes before the end of an array")
    return np.frombuffer(content, entry.dtype).reshape(entry.shape)


def _map(file: Any, entry: header.Entry, size: int | None) -> np.ndarray:
    n_bytes = entry.stop - entry.start
    if not n_bytes or entry.start % entry.dtype.itemsize:
        file.seek(entry.start)
        return read_array(file, entry, size)
    if os.fstat(file.fileno()).st_size < entry.stop:
        raise TruncatedError("it became shorter while it was read")
    with memory_errors(n_bytes, file.name):
        return np.memmap(file, entry.dtype, "r", entry.start, entry.shape)


def pack_words(words: Sequence[Hashable]) -> Tensors:
    """Return words as arrays: ``words``, ``word_ends``, and ``word_types`` unless all are str.

    `fastsgns.formats.keys` says how each type of word is written.

    Raises
    ------
    TypeError
        For a key that is none of str, int, float, bool, bytes and tuples of these: there is no
        portable way to write it.

    Examples
    --------
    >>> unpack_words(pack_words(["zwei", 2]))
    ['zwei', 2]
    """
    content, lengths, types = keys.encode_all(words)
    ends = np.cumsum(lengths, dtype=np.int64)
    tensors: Tensors = {"words": np.frombuffer(content, np.uint8), "word_ends": ends}
    if types.any():
        tensors["word_types"] = types
    return tensors


def unpack_words(tensors: Mapping[str, np.ndarray]) -> list[Hashable]:
    """Return the words that `pack_words` made arrays of.

    Raises
    ------
    FormatError
        If an array is missing or their sizes contradict each other.
    """
    try:
        data, ends = tensors["words"], tensors["word_ends"]
        types = tensors.get("word_types", np.zeros(ends.shape, np.uint8))
        if not data.ndim == ends.ndim == types.ndim == 1:
            raise FormatError("the words of the file are not lists: it is damaged")
        starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        if (
            data.dtype != np.uint8
            or ends.dtype != np.int64
            or len(types) != len(ends)
            or np.any(starts > ends)
            or (ends[-1] if len(ends) else 0) != len(data)
        ):
            raise FormatError("the words of the file contradict their offsets: it is damaged")
        return keys.decode_all(data.tobytes(), starts, ends, types)
    except KeyError as missing:
        raise FormatError(f"the file holds no array {missing}: it is damaged") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise FormatError(f"the words of the file are damaged: {error}") from None
