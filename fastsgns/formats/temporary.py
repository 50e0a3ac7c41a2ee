"""Temporary files and folders beside their target, and what killed processes have left of them.

The name of a temporary is that of its target, 16 random hexadecimal digits and ``.tmp``. A process
that is killed while it writes leaves it behind, and the next one that writes to the same target
removes it. It must not remove the temporary of another process that is writing at that moment:
each process therefore holds a lock on its temporary (``flock``), which the system releases when the
process ends, however it does. Processes in different containers have locks in common, as they have
the file. Where there are no such locks, on Windows and on some network file systems, a temporary is
removed if it was last written to a day before the new one.
"""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType

fcntl: ModuleType | None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

SUFFIX = ".tmp"
REPLACED = f"{SUFFIX}.old"  # the folder that a temporary folder takes the place of
TOKEN_BYTES, MOST_BYTES = 8, 255  # of the name of a file
TOKEN = f"[0-9a-f]{{{2 * TOKEN_BYTES}}}"
OLD_SECONDS = 24 * 60 * 60
LOCKED = (errno.EWOULDBLOCK, errno.EAGAIN)
MOST_ATTEMPTS = 100  # others take a new temporary for a leftover now and then, but not each time


@contextmanager
def naming_target(target: str, temporary: str | None = None) -> Iterator[None]:
    """Make errors of the system name `target`, if they name no file or the temporary one.

    The temporary one may be a folder; a file in it is not named either.
    """
    try:
        yield
    except OSError as error:
        named = error.filename
        is_ours = named is None or (temporary and f"{named}{os.sep}".startswith(temporary + os.sep))
        if error.errno is None or not is_ours:
            raise
        raise OSError(error.errno, error.strerror, target) from error


def _stem(target: str) -> str:
    """Return how the names of the temporaries of a target begin, cut if it is very long."""
    room = MOST_BYTES - len(f".{'00' * TOKEN_BYTES}{REPLACED}")
    return os.fsencode(os.path.basename(target))[:room].decode(errors="ignore")


def _leftovers(target: str, suffix: str) -> Iterator[str]:
    """Yield the paths of the temporaries of a target that there are."""
    folder = os.path.dirname(target)
    pattern = re.compile(f"{re.escape(_stem(target))}\\.{TOKEN}{suffix}")
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if pattern.fullmatch(entry.name)]
    yield from (os.path.join(folder, name) for name in names)


def _open(path: str) -> int:
    """Open a file or a folder for a lock."""
    is_folder = os.path.isdir(path)
    return os.open(path, (os.O_RDONLY if is_folder else os.O_RDWR) | getattr(os, "O_CLOEXEC", 0))


def _lock(descriptor: int) -> bool | None:
    """Lock an open file; return whether that succeeded, or None if there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in LOCKED else None
    return True


@contextmanager
def locked(path: str, problem: str) -> Iterator[None]:
    """Hold a lock on a file or a folder, where there are locks.

    Raises
    ------
    BlockingIOError
        If another process, or thread, holds it; `problem` is its message.
    """
    descriptor = None if fcntl is None else _open(path)
    try:
        if descriptor is not None and _lock(descriptor) is False:
            raise BlockingIOError(errno.EAGAIN, problem, path)
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _is_at(path: str, descriptor: int) -> bool:
    """Return whether a path still names an open file."""
    with suppress(OSError):
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    return False


def _remove(path: str) -> None:
    if os.path.isdir(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


class Held:
    """A temporary that this process holds, so that no other removes it.

    Nothing is opened where there are no locks: Windows opens no folders, and neither renames nor
    removes what is open.

    Attributes
    ----------
    path : str
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptors: list[int] = []

    def take(self) -> bool:
        """Lock the new temporary; return False if another process took it for a leftover."""
        if fcntl is None:
            return True
        try:
            self._descriptors.append(_open(self.path))
        except FileNotFoundError:
            return False
        return _lock(self._descriptors[-1]) is not False and _is_at(
            self.path, self._descriptors[-1]
        )

    def hold(self, path: str) -> None:
        """Also hold another file or folder."""
        if fcntl is not None:
            with suppress(OSError):
                self._descriptors.append(_open(path))
                _lock(self._descriptors[-1])

    def end(self) -> None:
        """Remove the temporary, unless it has taken the place of its target; then release all."""
        try:
            with suppress(OSError):  # it would hide the error for which the temporary is removed
                _remove(self.path)
        finally:
            while self._descriptors:
                os.close(self._descriptors.pop())


@contextmanager
def held(target: str, create: Callable[[str], None]) -> Iterator[Held]:
    """Create a temporary file or folder for a target, and hold it; remove leftovers of others.

    At the end it is removed, if it still has its name.

    Parameters
    ----------
    target : str
        A real path.
    create : callable
        ``create(path)`` creates the temporary, and raises a FileExistsError if there is one.

    Raises
    ------
    OSError
        As of `create`, or if the temporary cannot be opened; it names the target.
    """
    for _ in range(MOST_ATTEMPTS):
        path = f"{os.path.join(os.path.dirname(target), _stem(target))}.{_token()}{SUFFIX}"
        with naming_target(target, path):
            create(path)
        made = Held(path)
        try:
            # Another process, or thread, may take it for a leftover and remove it until it is held.
            with naming_target(target, path):
                is_taken = made.take()
            if is_taken:
                remove_leftovers(target, path, SUFFIX)
                yield made
                return
        finally:
            made.end()
    raise OSError(
        errno.EBUSY,
        f"another program locks or removes each new temporary file beside it, {MOST_ATTEMPTS} "
        "times so far; end that program, or choose another folder",
        target,
    )


def _token() -> str:
    return secrets.token_hex(TOKEN_BYTES)


def remove_leftovers(target: str, own: str, suffix: str) -> None:
    """Remove the temporaries of a target that no process holds.

    Parameters
    ----------
    target : str
        A real path.
    own : str
        The new temporary of this process, by whose time the age of others is measured.
    suffix : str
        `SUFFIX` or `REPLACED`.
    """
    with suppress(OSError):  # a folder that cannot be listed has leftovers that cannot be seen
        for path in _leftovers(target, suffix):
            if path != own:
                with suppress(OSError):  # another process has removed it, or may write to it
                    _remove_unless_held(path, own)


def _remove_unless_held(path: str, own: str) -> None:
    descriptor = None if fcntl is None else _open(path)
    try:
        is_left = None if descriptor is None else _lock(descriptor)
        if is_left is None:
            is_left = os.stat(own).st_mtime - os.lstat(path).st_mtime > OLD_SECONDS
        if is_left:
            _remove(path)
    finally:
        if descriptor is not None:
            os.close(descriptor)
