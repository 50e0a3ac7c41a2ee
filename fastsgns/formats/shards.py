"""Models in a folder: files with some rows of each matrix, *shards*, and a manifest.

Several processes, on several machines, can write the shards of one model at the same time. Each
save has an id, which is in the names of its shards, so that no file of the save before is touched.
The manifest is written last, and takes the place of the one before at once. It is a native file
that has the id, the shapes and the checksums of the matrices, and all of the model but these.
Files of former saves are removed after that. A process that is killed at any moment therefore
leaves the whole model of the last save, or the one before.

The manifest names no file: the names of the shards follow from the id, which is checked, and their
sizes from the shapes, which are compared with the files before memory is allocated.
"""

import errno
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, NamedTuple
from zlib import crc32

import numpy as np

from fastsgns.errors import FormatError, TruncatedError
from fastsgns.formats import files, header, native, temporary, writing
from fastsgns.formats.files import name_of
from fastsgns.formats.native import Tensors

MANIFEST = "manifest.fastsgns"
KEY = "shards"  # of the metadata of the manifest
KIND = "rows"
MOST_SHARDS = 1 << 16  # has five digits
ID_BYTES = 8
ID = re.compile(f"[0-9a-f]{{{2 * ID_BYTES}}}")
TEMPORARY = rf"\.{temporary.TOKEN}{re.escape(temporary.SUFFIX)}"
# A shard, a temporary file of one, or a mark; the temporaries of the manifest are not of an id
OF_ID = re.compile(rf"({ID.pattern})(-[0-9]{{5}}-of-[0-9]{{5}}\.{KIND}({TEMPORARY})?|\.saving)")
LEFT = re.compile(rf"{OF_ID.pattern}|{re.escape(MANIFEST)}{TEMPORARY}")
FIELDS = {"id", "n_shards", "arrays"}
FIELDS_OF_ARRAYS = {"dtype", "shape", "crc32"}
MOST_ATTEMPTS = 100  # to read a folder to which another process saves in the meantime

Checksums = dict[str, int]


class Shard(NamedTuple):
    """A shard of a save.

    Attributes
    ----------
    id : str
        That of the save.
    number, n_shards : int
        Row i of n rows is in the shard ``i * n_shards // n``, but for rounding.
    """

    id: str
    number: int
    n_shards: int

    def rows(self, n_rows: int) -> slice:
        """Return which rows of a matrix of so many are in the shard.

        Examples
        --------
        >>> [Shard("", number, 3).rows(5) for number in range(3)]
        [slice(0, 1, None), slice(1, 3, None), slice(3, 5, None)]
        """
        start, stop = (n_rows * i // self.n_shards for i in (self.number, self.number + 1))
        return slice(start, stop)

    def path(self, folder: str) -> str:
        """Return the path of the file.

        The name has the number of shards: a save is repeated with fewer if a machine is lost, and
        what that machine still writes must not replace a shard of the others.

        Examples
        --------
        >>> Shard("0f9a7c3e21d4b658", 2, 3).path("part") == os.path.join(
        ...     "part", "0f9a7c3e21d4b658-00002-of-00003.rows"
        ... )
        True
        """
        return os.path.join(folder, f"{self.id}-{self.number:05}-of-{self.n_shards:05}.{KIND}")


WriteShards = Callable[[str, str, Tensors], list[Checksums]]
"""``write(folder, id, matrices)`` writes all shards, and returns the checksums of each."""


def write_here(folder: str, id: str, matrices: Tensors) -> list[Checksums]:
    """Write one shard, by this process."""
    return [write_shard(folder, Shard(id, 0, 1), matrices)]


_write_shards: ContextVar[WriteShards] = ContextVar("write_shards", default=write_here)


@contextmanager
def written_by(write_shards: WriteShards) -> Iterator[None]:
    """Have a function write the shards of all models that this thread saves in the block."""
    token = _write_shards.set(write_shards)
    try:
        yield
    finally:
        _write_shards.reset(token)


# Paths


def is_folder(path: Any) -> bool:
    """Return whether a path to save to names a folder: it ends with a slash, or there is one.

    Examples
    --------
    >>> is_folder("part/"), is_folder("part.fastsgns"), is_folder(".")
    (True, False, True)
    """
    if not files.is_path(path) or files.is_url(path):
        return False
    name = files.local_path(path)
    return name.endswith((os.sep, os.altsep or os.sep)) or os.path.isdir(name)


def check_writable(path: Any) -> str:
    """Return the absolute path of a folder that a model can be saved to; it need not exist.

    Links are not resolved, as other machines may have other ones.

    Raises
    ------
    IsADirectoryError
        If it has files, and none of them is of a model.
    OSError
        As for `fastsgns.formats.writing.check_writable`.
    """
    folder = os.path.abspath(files.local_path(path))
    if not os.path.isdir(folder):
        if os.path.lexists(folder):
            raise FileExistsError(errno.EEXIST, "it is a file; give the name of a folder", folder)
        writing.check_writable(folder)
        return folder
    names = os.listdir(folder)
    if MANIFEST not in names and not all(map(LEFT.fullmatch, names)):
        raise writing.is_a_directory(
            "the directory has other files, and no model; give the name of a file, or a new name "
            "that ends with a slash",
            folder,
        )
    writing.check_writable(os.path.join(folder, MANIFEST))
    return folder


@contextmanager
def marked(folder: str) -> Iterator[str]:
    """Yield a new id; within the block, a file of this id shows others that they see the folder.

    The folder is made if there is none.

    Raises
    ------
    BlockingIOError
        If another process saves to the folder.
    """
    os.makedirs(folder, exist_ok=True)
    with temporary.locked(folder, "another process saves to this folder; give each its own"):
        id = secrets.token_hex(ID_BYTES)
        mark = _mark(folder, id)
        os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield id
        finally:
            with suppress(OSError):
                os.unlink(mark)


def is_seen(folder: str, id: str) -> bool:
    """Return whether this machine sees a folder that another one has `marked`."""
    return os.path.exists(_mark(folder, id))


def _mark(folder: str, id: str) -> str:
    return os.path.join(folder, f"{id}.saving")


# Writing


def write(path: Any, kind: str, tensors: Tensors, metadata: Mapping[str, Any]) -> None:
    """Write a model to a folder; its matrices are in shards, all else in the manifest.

    Parameters
    ----------
    path : str, bytes or os.PathLike
    kind, tensors, metadata
        As for `fastsgns.formats.native.write`.

    Raises
    ------
    BlockingIOError
        If another process saves to the folder.
    OSError
        As for `check_writable`, or if a file cannot be written. The model that was there before
        is left as it was.
    """
    folder = check_writable(path)
    matrices = {name: a for name, a in tensors.items() if a.ndim == 2 and ":" not in name}
    rest = {name: array for name, array in tensors.items() if name not in matrices}
    with marked(folder) as id:
        _remove_others(folder, id)  # what was left by a process that was killed
        try:
            checksums = _write_shards.get()(folder, id, matrices)
            stored = {KEY: _stored(id, matrices, checksums)}
            native.write(os.path.join(folder, MANIFEST), kind, rest, {**metadata, **stored})
        finally:
            _remove_others(folder)


def write_shard(folder: str, shard: Shard, matrices: Mapping[str, np.ndarray]) -> Checksums:
    """Write a shard of some matrices, all rows of which are given; return its checksums."""
    blocks = {name: matrix[shard.rows(len(matrix))] for name, matrix in matrices.items()}
    native.write(shard.path(folder), KIND, blocks, shard._asdict())
    return checksums_of(shard, matrices)


def checksums_of(shard: Shard, matrices: Mapping[str, np.ndarray]) -> Checksums:
    """Return the checksum of the rows of each matrix that are in a shard."""
    return {name: checksum(matrix[shard.rows(len(matrix))]) for name, matrix in matrices.items()}


def checksum(rows: np.ndarray) -> int:
    """Return the CRC-32 of the bytes of an array, in the byte order of a file.

    Examples
    --------
    >>> checksum(np.zeros((2, 3), np.float32)[:, :2])
    3971697493
    """
    total, step = 0, max(1, native.BLOCK_BYTES * len(rows) // max(1, rows.nbytes))
    for start in range(0, len(rows) if rows.size else 0, step):
        block = rows[start : start + step]
        dense = np.ascontiguousarray(block, block.dtype.newbyteorder("<"))
        total = crc32(dense.data.cast("B"), total)
    return total


def _stored(id: str, matrices: Tensors, checksums: Sequence[Checksums]) -> dict[str, Any]:
    """Return what the manifest says about the shards."""
    arrays = {
        name: {
            "dtype": header.NAMES[matrix.dtype.newbyteorder("<")],
            "shape": list(matrix.shape),
            "crc32": [of_shard[name] for of_shard in checksums],
        }
        for name, matrix in matrices.items()
    }
    return {"id": id, "n_shards": len(checksums), "arrays": arrays}


def _remove_others(folder: str, id: str = "") -> None:
    """Remove files of saves, but for the one that the manifest names and the one with this id.

    If that cannot be read, nothing is removed.
    """
    kept, manifest = {id}, os.path.join(folder, MANIFEST)
    with suppress(OSError, FormatError):
        if os.path.lexists(manifest):
            kept.add(_Layout.of(native.metadata_of(manifest).get(KEY)).id)
        for name in os.listdir(folder):
            match = OF_ID.fullmatch(name)
            if match and match[1] not in kept:
                with suppress(OSError):
                    os.unlink(os.path.join(folder, name))


# Reading


def read(
    path: Any, mmap: bool | Callable[[str], bool] = False
) -> tuple[str, Tensors, dict[str, Any]]:
    """Read a native file, or what `write` wrote to a folder.

    Parameters
    ----------
    path, mmap
        As for `fastsgns.formats.native.read`. Matrices of a folder are not mapped.

    Raises
    ------
    FormatError
        As for `fastsgns.formats.native.read`; or if a shard is missing, damaged, or of another
        save, or the manifest says something impossible.
    """
    if not is_saved(path):
        kind, tensors, metadata = native.read(path, mmap)
        if kind == KIND or KEY in metadata:
            raise FormatError(
                f"{name_of(path)} is a part of a model; load the folder that it is in"
            )
        return kind, tensors, metadata
    id = ""
    for _ in range(MOST_ATTEMPTS):
        kind, tensors, metadata = native.read(_manifest(path), mmap)
        try:
            layout = _Layout.of(metadata.pop(KEY, None))
            if both := tensors.keys() & layout.arrays.keys():
                raise FormatError(f"its manifest and its shards have an array {min(both)!r:.60}")
            return kind, tensors | layout.read(files.local_path(path)), metadata
        except FileNotFoundError as error:  # a save in the meantime has removed the file
            if layout.id == id:
                missing = os.path.basename(error.filename)
                raise FormatError(_damage(path, f"there is no file {missing}")) from None
            id = layout.id
        except FormatError as error:
            raise type(error)(_damage(path, error.problem or error)) from None
    raise FormatError(_damage(path, "another process replaces its files again and again"))


def kind_of(path: Any) -> str:
    """Return what a native file, or a folder, holds; see `fastsgns.formats.native.kind_of`."""
    return native.kind_of(_manifest(path) if is_saved(path) else path)


def is_saved(path: Any) -> bool:
    """Return whether a path is a folder that a model was saved to."""
    return files.is_path(path) and not files.is_url(path) and os.path.lexists(_manifest(path))


def size(path: Any) -> int:
    """Return how many bytes the files of a folder have."""
    with os.scandir(files.local_path(path)) as entries:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)


def _manifest(path: Any) -> str:
    """Return the path of a manifest, unless it is a link, which may lead to other folders."""
    manifest = os.path.join(files.local_path(path), MANIFEST)
    with suppress(OSError):
        _length(manifest)
    return manifest


def _length(path: str) -> int:
    """Return the length of a file in a folder; refuse links, pipes and devices."""
    status = os.lstat(path)
    if not stat.S_ISREG(status.st_mode):
        raise FormatError(f"{path} is not an ordinary file")
    length: int = status.st_size
    return length


def _damage(path: Any, why: object) -> str:
    return f"{name_of(path)} is damaged: {why}"


class _Matrix(NamedTuple):
    """A matrix of a folder, as the manifest describes it, with the checksum of each shard."""

    dtype: np.dtype
    shape: tuple[int, int]
    checksums: list[int]

    @classmethod
    def of(cls, name: str, stored: Any, n_shards: int) -> "_Matrix":
        """Check what a manifest says about a matrix."""
        if not isinstance(stored, dict) or stored.keys() != FIELDS_OF_ARRAYS:
            raise FormatError(f"its matrix {name!r:.60} is {stored!r:.60}")
        dtype, shape, checksums = (stored[field] for field in ("dtype", "shape", "crc32"))
        if not isinstance(dtype, str) or dtype not in header.DTYPES:
            raise FormatError(f"its matrix {name!r:.60} is of type {dtype!r:.60}")
        if not _are_counts(shape, 2**31) or len(shape) != 2:
            raise FormatError(f"its matrix {name!r:.60} has the impossible shape {shape!r:.60}")
        if not _are_counts(checksums, 2**32) or len(checksums) != n_shards:
            raise FormatError(f"its matrix {name!r:.60} has other than {n_shards} checksums")
        return cls(np.dtype(header.DTYPES[dtype]), (shape[0], shape[1]), checksums)

    def n_bytes(self, shard: Shard) -> int:
        """Return how many bytes of a shard are of this matrix."""
        rows = shard.rows(self.shape[0])
        return int(rows.stop - rows.start) * self.shape[1] * self.dtype.itemsize


def _are_counts(values: Any, end: int) -> bool:
    return isinstance(values, list) and all(type(n) is int and 0 <= n < end for n in values)


class _Layout(NamedTuple):
    """What a manifest says about the shards."""

    id: str
    n_shards: int
    arrays: dict[str, _Matrix]

    @classmethod
    def of(cls, stored: Any) -> "_Layout":
        """Check what a manifest says."""
        if not isinstance(stored, dict) or stored.keys() != FIELDS:
            raise FormatError(f"its shards are {stored!r:.60}")
        id, n_shards, arrays = stored["id"], stored["n_shards"], stored["arrays"]
        if not isinstance(id, str) or not ID.fullmatch(id):
            raise FormatError(f"the id of its shards is {id!r:.60}")
        if type(n_shards) is not int or not 1 <= n_shards <= MOST_SHARDS:
            raise FormatError(f"it has {n_shards!r:.60} shards; allowed are 1 to {MOST_SHARDS}")
        if not isinstance(arrays, dict):
            raise FormatError(f"its matrices are {arrays!r:.60}")
        matrices = {name: _Matrix.of(name, each, n_shards) for name, each in arrays.items()}
        return cls(id, n_shards, matrices)

    def read(self, folder: str) -> Tensors:
        """Return the matrices.

        Raises
        ------
        FileNotFoundError
            If a shard is missing.
        FormatError
            If a shard is not what the manifest says.
        """
        shards = [Shard(self.id, number, self.n_shards) for number in range(self.n_shards)]
        for shard in shards:
            n_bytes = sum(matrix.n_bytes(shard) for matrix in self.arrays.values())
            if _length(path := shard.path(folder)) < n_bytes:
                raise TruncatedError(f"{path} has less than {n_bytes:,} bytes")
        matrices = {name: np.empty(each.shape, each.dtype) for name, each in self.arrays.items()}
        for shard in shards:
            self._read_shard(folder, shard, matrices)
        return matrices

    def _read_shard(self, folder: str, shard: Shard, matrices: Tensors) -> None:
        """Read a shard into its place in the matrices."""
        path = shard.path(folder)
        blocks = {name: matrix[shard.rows(len(matrix))] for name, matrix in matrices.items()}
        kind, metadata = native.read_into(path, blocks)
        if (kind, metadata) != (KIND, metadata | shard._asdict()):
            raise FormatError(f"{path} is of another save")
        for name, found in checksums_of(shard, matrices).items():
            if found != self.arrays[name].checksums[shard.number]:
                raise FormatError(f"the rows of {name!r:.60} in {path} have another checksum")
