"""Files written whole or not at all: a temporary file beside the target takes its place."""

import bz2
import errno
import gzip
import lzma
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from fastsgns.formats import files, temporary

SLICE = 1 << 14
COMPRESSORS = (gzip.GzipFile, bz2.BZ2File, lzma.LZMAFile)
WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


def check_writable(path: Any) -> None:
    """Raise an OSError if `path` cannot be written or replaced; a URL is not checked.

    Raises
    ------
    IsADirectoryError
        If it is a directory.
    FileNotFoundError
        If the directory of the file does not exist.
    PermissionError
        If the file is read-only, also for root, its directory cannot be written to, or lets nobody
        else replace the file (the sticky bit, as of /tmp).
    """
    name = files.local_path(path)
    if files.is_url(name):
        return
    name = os.path.realpath(name)
    folder, mode = os.path.dirname(name), _mode(name)
    if mode is not None and stat.S_ISDIR(mode):
        raise is_a_directory("it is a directory; give the name of a file", name)
    if mode is not None and not (mode & WRITABLE and _is_allowed(name)):
        raise PermissionError(
            errno.EACCES, "the file is read-only; make it writable or choose another name", name
        )
    if _is_special(mode):
        return
    if not os.path.isdir(folder):
        raise FileNotFoundError(
            errno.ENOENT, "the directory of the file does not exist; make it first", folder
        )
    if not _is_allowed(folder):
        raise PermissionError(
            errno.EACCES, "the directory of the file cannot be written to", folder
        )
    if mode is not None and not _is_replaceable(name, folder):
        raise PermissionError(
            errno.EPERM,
            "the file belongs to another user, and its directory is sticky, so that only the owner "
            "can replace it; choose another name",
            name,
        )


def is_a_directory(problem: str, path: str) -> IsADirectoryError:
    """Return the error that a directory is where a file, or another directory, is needed."""
    return IsADirectoryError(errno.EISDIR, problem, path)


def is_same_file(path: str, other: str) -> bool:
    """Return whether two paths name the same file or folder, which may not exist yet."""
    if os.path.exists(path) and os.path.exists(other):
        is_replaced = os.path.isfile(path) or os.path.isdir(path)
        return is_replaced and os.path.samefile(path, other)
    return os.path.realpath(path) == os.path.realpath(other)


def _mode(name: str) -> int | None:
    """Return the mode of a file, None if there is none."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.stat(name).st_mode
    return None


def _is_allowed(name: str) -> bool:
    effective = {"effective_ids": True} if os.access in os.supports_effective_ids else {}
    return os.access(name, os.W_OK, **effective)


def _is_replaceable(name: str, folder: str) -> bool:
    """Return whether the sticky bit of the folder, where it is set, lets this user replace it."""
    parent = os.stat(folder)
    if os.name != "posix" or not parent.st_mode & stat.S_ISVTX:
        return True
    return os.geteuid() in (0, parent.st_uid, os.stat(name).st_uid)


def _is_special(mode: int | None) -> bool:
    """Return whether it is a pipe or a device, which is written to in place."""
    return mode is not None and not stat.S_ISREG(mode)


@contextmanager
def atomic(path: Any) -> Iterator[str]:
    """Yield the name of an empty temporary file; on success it takes the place of `path`.

    The temporary file is beside `path`, and has its name with more at the end. It is flushed to the
    disk first. If the process is killed, it is left there, and the next call for the same path
    removes it (`fastsgns.formats.temporary`). It gets the mode and, where the system allows
    it, the owner of the file that it replaces, and nobody else can read it before. After an
    exception the file at `path` is as it was, and the temporary file is removed. A symbolic link
    is followed, so its target is replaced.

    Raises
    ------
    OSError
        If the file cannot be written or replaced, see `check_writable`, or the disk is full; it
        names `path`.
    """
    check_writable(path)
    target = os.path.realpath(files.local_path(path))
    old = os.stat(target) if os.path.exists(target) else None
    folder = os.path.dirname(target)
    mode = 0o666 if old is None else stat.S_IRUSR | stat.S_IWUSR
    with (
        temporary.held(target, partial(_create, mode)) as held,
        temporary.naming_target(target, held.path),
    ):
        yield held.path
        if old is not None:
            _set_owner_and_mode(held.path, old)
        flush(held.path)
        os.replace(held.path, target)
    flush(folder)


def _create(mode: int, path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode))


def _set_owner_and_mode(path: str, status: os.stat_result) -> None:
    if hasattr(os, "chown"):
        for owner in (status.st_uid, -1):  # the group can often be kept where the owner cannot
            with suppress(PermissionError):
                os.chown(path, owner, status.st_gid)
                break
    os.chmod(path, stat.S_IMODE(status.st_mode))


def flush(path: str) -> None:
    """Write what the system holds of a file or folder to the disk.

    Windows opens no folders, and flushes only a file that is open for writing.
    """
    if os.name != "posix" and os.path.isdir(path):
        return
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def destination(target: Any, append: bool = False, any_suffix: bool = False) -> Iterator[Any]:
    """Open for writing bytes; a file appears whole or not at all, unless `append`.

    Parameters
    ----------
    target : str, os.PathLike or binary file object
        The suffixes .gz, .bz2 and .xz compress. A pipe, a device, a URL and an open file are
        written to directly.
    append : bool
        Add to the end of an existing file.
    any_suffix : bool
        Whether the suffix of an archive is just a part of the name: a reader of the file looks at
        its content alone.

    Raises
    ------
    OSError
        As for `atomic`.
    ValueError
        As for `fastsgns.formats.files.check_suffix`, unless `any_suffix`.
    TypeError
        If it is neither a path nor a file object for bytes.
    """
    if files.is_text(target):
        if hasattr(target, "buffer"):
            target.flush()
            yield target.buffer
            target.buffer.flush()
            return
        raise TypeError("the file is open as text; give a file in binary mode, or a path")
    if not files.is_path(target):
        files.check_file(target, "write")
        yield target
        return
    path = files.local_path(target)
    if not any_suffix:
        files.check_suffix(path)
    if append or files.is_url(path) or _is_special(_mode(path)):
        with (
            temporary.naming_target(path),
            files.open_binary(path, "ab" if append else "wb") as file,
        ):
            yield file
        return
    with atomic(path) as new, files.open_binary(new, "wb", suffix_of=path) as file:
        yield file


def write_slices(file: Any, content: bytes | memoryview) -> None:
    """Write to a compressor some kB at a time: it does not look up for Ctrl-C within a call."""
    step = SLICE if isinstance(file, COMPRESSORS) else max(1, len(content))
    for start in range(0, len(content), step):
        file.write(memoryview(content)[start : start + step])
