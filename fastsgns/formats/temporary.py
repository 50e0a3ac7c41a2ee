"""Temporary files and folders beside their target, and what killed processes have left of them.

The name of a temporary is that of its target, 16 random hexadecimal digits and ``.tmp``. A process
that is killed while it writes leaves it behind, and the next one that writes to the same target
removes it. It must not remove the temporary of another process that is writing at that moment:
each process therefore holds a lock on its temporary (``flock``), which the system releases when the
process ends, however it does. Processes in different containers have locks in common, as they have
the file. Windows has no such locks, and does not remove a file that is open. Where a file system
has none, a temporary is removed if it was last written to a day before the new one.
"""

import contextlib
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
OLD_SECONDS = 24 * 60 * 60
IS_WINDOWS = fcntl is None
LOCKED = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


def _stem(target: str) -> str:
    """Return how the names of the temporaries of a target begin, cut if it is very long."""
    room = MOST_BYTES - len(f".{'00' * TOKEN_BYTES}{REPLACED}")
    return os.fsencode(os.path.basename(target))[:room].decode(errors="ignore")


def _leftovers(target: str, suffix: str) -> Iterator[str]:
    """Yield the paths of the temporaries of a target that there are."""
    folder = os.path.dirname(target)
    pattern = re.compile(f"{re.escape(_stem(target))}\\.[0-9a-f]{{{2 * TOKEN_BYTES}}}{suffix}")
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


def _is_at(path: str, descriptor: int) -> bool:
    """Return whether a path still names an open file."""
    with suppress(OSError):
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    return False


class Held:
    """A temporary that this process holds, so that no other removes it.

    Attributes
    ----------
    path : str
    """

    def __init__(self, path: str, descriptors: list[int]) -> None:
        self.path, self._descriptors = path, descriptors

    def hold(self, path: str) -> None:
        """Also hold another file or folder."""
        with suppress(OSError):
            descriptor = _open(path)
            self._descriptors.append(descriptor)
            _lock(descriptor)

    def close(self) -> None:
        """Release all."""
        while self._descriptors:
            os.close(self._descriptors.pop())


@contextmanager
def held(target: str, create: Callable[[str], None]) -> Iterator[Held]:
    """Create a temporary file or folder for a target, and hold it; remove leftovers of others.

    Parameters
    ----------
    target : str
        A real path.
    create : callable
        ``create(path)`` creates the temporary, and raises a FileExistsError if there is one.

    Raises
    ------
    OSError
        As of `create`.
    """
    made = None
    while made is None:
        path = f"{os.path.join(os.path.dirname(target), _stem(target))}.{_token()}{SUFFIX}"
        create(path)
        # Another process, or thread, may take it for a leftover and remove it until it is locked.
        try:
            descriptor = _open(path)
        except FileNotFoundError:
            continue
        if _lock(descriptor) is False or not _is_at(path, descriptor):
            os.close(descriptor)
            continue
        made = Held(path, [descriptor])
    try:
        remove_leftovers(target, path, SUFFIX)
        yield made
    finally:
        made.close()


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
    descriptor = _open(path)
    with contextlib.ExitStack() as stack:
        stack.callback(os.close, descriptor)
        is_locked = _lock(descriptor)
        if is_locked is None and fcntl is not None:
            is_locked = os.stat(own).st_mtime - os.fstat(descriptor).st_mtime > OLD_SECONDS
        if is_locked is None:  # Windows removes no file that is open
            stack.close()
        elif not is_locked:
            return
        (shutil.rmtree if os.path.isdir(path) else os.unlink)(path)
