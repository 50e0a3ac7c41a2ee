"""Folders written whole or not at all: a temporary folder beside the target takes its place."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastsgns.formats import files, temporary, writing


def check_writable(path: Any, is_ours: Callable[[str], bool]) -> str:
    """Return the real path of a folder that can be written, or replaced.

    Parameters
    ----------
    path : str, bytes or os.PathLike
    is_ours : callable
        Whether a folder holds what the caller writes, and nothing else.

    Raises
    ------
    TypeError, ValueError
        If it is not a path, or is a URL.
    FileExistsError
        If there is a file of this name, or a folder with something else.
    OSError
        As for `fastsgns.formats.writing.check_writable`.
    """
    if not files.is_path(path):
        raise TypeError(f"a folder is written; give a path and not {type(path).__name__}")
    name = files.local_path(path)
    if files.is_url(name):
        raise ValueError(f"{name} is a URL; a folder is written to a disk. Copy it from there")
    target = os.path.realpath(name)
    if os.path.lexists(target):
        if not os.path.isdir(target):
            raise FileExistsError(errno.EEXIST, "it is a file; give the name of a folder", target)
        if os.listdir(target) and not is_ours(target):
            raise FileExistsError(
                errno.EEXIST,
                "the folder has files of something else, which would be lost; give a new name",
                target,
            )
    writing.check_writable(os.path.join(os.path.dirname(target), secrets.token_hex(8)))
    return target


@contextmanager
def atomic(path: Any, is_ours: Callable[[str], bool]) -> Iterator[str]:
    """Yield the path of an empty temporary folder; on success it takes the place of `path`.

    After an exception the folder at `path` is as it was, and the temporary one is removed. No
    system call that Python has replaces a folder that is not empty. An old folder is therefore
    renamed first, and removed when the new one has its name.

    Raises
    ------
    TypeError, ValueError, OSError
        As for `check_writable`.
    """
    target = check_writable(path, is_ours)

    with (
        temporary.held(target, os.mkdir) as held,
        temporary.naming_target(target, held.path),
    ):
        yield held.path
        writing.flush(held.path)
        _replace(held, target)
    temporary.remove_leftovers(target, target, temporary.REPLACED)
    writing.flush(os.path.dirname(target))


def _replace(held: temporary.Held, target: str) -> None:
    old = held.path.removesuffix(temporary.SUFFIX) + temporary.REPLACED
    is_replaced = os.path.isdir(target) and bool(os.listdir(target))
    if is_replaced:
        held.hold(target)
    if not is_replaced:
        os.rename(held.path, target)
        return
    os.rename(target, old)
    try:
        os.rename(held.path, target)
    except BaseException:
        os.rename(old, target)
        raise
    shutil.rmtree(old)
