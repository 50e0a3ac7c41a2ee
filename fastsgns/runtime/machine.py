"""What this process may use of the machine: cores and memory, within the limits of a container."""

import ctypes
import errno
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

CGROUP = "/sys/fs/cgroup"
OWN_CGROUPS = "/proc/self/cgroup"
MEMORY = "/proc/meminfo"
OWN_SIZES = "/proc/self/statm"


def n_cores() -> int:
    """Cores that this process may use.

    Examples
    --------
    >>> n_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int | None:
    """Bytes that can be allocated without swapping, or None where the system does not say.

    The least of what the machine has free, of what the control groups (version 1 or 2) of this
    process leave, and of what its limit of address space (``ulimit -v``) leaves. Files that are
    merely cached count as free.
    """
    rooms = (_machine_room(), _address_room(), *_cgroup_rooms())
    return min((room for room in rooms if room is not None), default=None)


@contextmanager
def memory_errors(n_bytes: int, what: str) -> Iterator[None]:
    """Raise a MemoryError that names `what` and its bytes if the system has no memory for them."""
    try:
        yield
    except OSError as error:
        if error.errno != errno.ENOMEM:
            raise
        free = available_memory()
        left = "" if free is None else f"; about {free:,} bytes are free"
        raise MemoryError(f"no memory for the {n_bytes:,} bytes of {what}{left}") from error


def anonymous_memory(n_bytes: int, what: str) -> mmap.mmap:
    """Return zeroed pages of this process alone, huge ones where there are any.

    Raises
    ------
    MemoryError
        If the system refuses them; it names `what`.
    """
    with memory_errors(n_bytes, what):
        pages = mmap.mmap(-1, n_bytes, access=mmap.ACCESS_COPY)  # a shared mapping has small pages
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


def release_memory() -> None:
    """Return memory that is free to the system; the C library may keep it (glibc) for later."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _machine_room() -> int | None:
    with suppress(OSError, KeyError, ValueError):
        return _table(MEMORY)["MemAvailable:"] * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _address_room() -> int | None:
    """Return what the limit of address space leaves; None without a limit."""
    if resource is None or not hasattr(resource, "RLIMIT_AS"):
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    with suppress(OSError, ValueError), open(OWN_SIZES, encoding="ascii") as file:
        return max(0, limit - int(file.read().split()[0]) * mmap.PAGESIZE)
    return limit


def _cgroup_rooms() -> Iterator[int]:
    """What each control group of this process, and each above it, leaves of its memory."""
    try:
        with open(OWN_CGROUPS, encoding="utf-8") as file:
            groups = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return
    for _, controllers, group in groups:
        if controllers == "":
            yield from _rooms(CGROUP, group, "memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"
            yield from _rooms(os.path.join(CGROUP, "memory"), group, *names)


def _rooms(root: str, group: str, limit: str, usage: str, prefix: str) -> Iterator[int]:
    parts = [part for part in group.split("/") if part not in ("", "..")]
    for n_parts in range(len(parts) + 1):
        folder = os.path.join(root, *parts[:n_parts])
        with suppress(OSError, KeyError, ValueError):
            most, used = (_number(os.path.join(folder, name)) for name in (limit, usage))
            cached = _table(os.path.join(folder, "memory.stat"))
            files = cached[f"{prefix}active_file"] + cached[f"{prefix}inactive_file"]
            yield max(0, most - max(0, used - files))


def _number(path: str) -> int:
    with open(path, encoding="ascii") as file:
        return int(file.read())


def _table(path: str) -> dict[str, int]:
    """The first two columns of a file, a name and a number."""
    with open(path, encoding="ascii") as file:
        return {name: int(number) for name, number, *_ in map(str.split, file)}
