"""How many cores and how much memory this process may use, within the limits of a container."""

import ctypes
import errno
import mmap
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from fastsgns.runtime import environment

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

CGROUP = "/sys/fs/cgroup"
OWN_CGROUPS = "/proc/self/cgroup"
MEMORY = "/proc/meminfo"
OWN_SIZES = "/proc/self/statm"


def n_cores() -> int:
    """Return the number of cores that this process may use.

    Examples
    --------
    >>> n_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def n_blas_threads() -> int:
    """Return how many threads a product of matrices may use.

    This is the number of cores, or less if a variable of the environment that limits numpy's BLAS
    says so: ``OMP_NUM_THREADS``, ``OPENBLAS_NUM_THREADS`` or ``MKL_NUM_THREADS``.
    """
    return min([n_cores(), *environment.blas_threads()])


def available_memory() -> int | None:
    """Return how many bytes can be allocated without swapping, or None if it is unknown.

    This is the smallest of the free memory of the machine, the rest of the limit of each control
    group (version 1 or 2) of this process, and the rest of its limit of address space
    (``ulimit -v``). Cached files count as free.
    """
    free = (_machine_free(), _address_free(), *_cgroup_free())
    return min((n_bytes for n_bytes in free if n_bytes is not None), default=None)


def require_memory(n_bytes: int, what: str, advice: str = "Fewer dimensions need less.") -> None:
    """Raise a MemoryError if `what` needs more bytes than are free."""
    free = available_memory()
    if free is not None and n_bytes > free:
        raise MemoryError(
            f"{what} need {n_bytes:,} bytes, {free:,} are free: {free / n_bytes:.0%} of them would "
            f"fit. {advice}"
        )


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
    """Return private pages of zeros, huge pages if the system has them.

    Raises
    ------
    MemoryError
        If the system refuses them; it names `what`.
    """
    with memory_errors(n_bytes, what):
        # shared pages would be small; Windows has no private ones
        access = mmap.ACCESS_COPY if os.name == "posix" else mmap.ACCESS_WRITE
        pages = mmap.mmap(-1, n_bytes, access=access)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return pages


def free_pages(array: Any) -> None:
    """Return the memory of a part of an array of `anonymous_memory` to the system.

    The part must be contiguous. Afterwards it is undefined. On systems other than Linux nothing is
    done.
    """
    if not sys.platform.startswith("linux"):
        return
    start = -(-array.ctypes.data // mmap.PAGESIZE) * mmap.PAGESIZE
    n_bytes = (array.ctypes.data + array.nbytes) // mmap.PAGESIZE * mmap.PAGESIZE - start
    if n_bytes > 0:
        with suppress(AttributeError, OSError):
            ctypes.CDLL(None).madvise(
                ctypes.c_void_p(start), ctypes.c_size_t(n_bytes), mmap.MADV_DONTNEED
            )


def release_memory() -> None:
    """Return freed memory to the system, which glibc otherwise keeps for later allocations."""
    if os.name != "posix":
        return
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _machine_free() -> int | None:
    with suppress(OSError, KeyError, ValueError):
        return _table(MEMORY)["MemAvailable:"] * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _address_free() -> int | None:
    """Return the rest of the limit of address space; None without a limit."""
    if resource is None or not hasattr(resource, "RLIMIT_AS"):
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    with suppress(OSError, ValueError), open(OWN_SIZES, encoding="ascii") as file:
        return max(0, limit - int(file.read().split()[0]) * mmap.PAGESIZE)
    return limit


def _cgroup_free() -> Iterator[int]:
    """Yield the rest of the memory limit of each control group of this process and its parents."""
    try:
        with open(OWN_CGROUPS, encoding="utf-8") as file:
            groups = [line.rstrip("\n").split(":", 2) for line in file]
    except OSError:
        return
    for _, controllers, group in groups:
        if controllers == "":
            yield from _group_free(CGROUP, group, "memory.max", "memory.current", "")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"
            yield from _group_free(os.path.join(CGROUP, "memory"), group, *names)


def _group_free(root: str, group: str, limit: str, usage: str, prefix: str) -> Iterator[int]:
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
    """Return the first two columns of a file: a name and a number."""
    with open(path, encoding="ascii") as file:
        return {name: int(number) for name, number, *_ in map(str.split, file)}
