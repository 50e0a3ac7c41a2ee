"""What must hold after every step, whatever was done."""

import gc
import hashlib
import io
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from fastsgns.formats import native


class Failed(AssertionError):
    """An invariant does not hold."""


def check(condition: Any, message: str) -> None:
    if not condition:
        raise Failed(message)


# Arrays


def arrays_of(thing: Any, depth: int = 5, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays that an object refers to, through objects of this package, with names."""
    if isinstance(thing, np.ndarray):
        yield name, thing
    elif depth:
        for key, part in _parts(thing):
            yield from arrays_of(part, depth - 1, f"{name}.{key}")


def _parts(thing: Any) -> list[tuple[Any, Any]]:
    if isinstance(thing, dict):
        return list(thing.items())
    if isinstance(thing, (tuple, list)):
        return list(enumerate(thing[:20]))
    is_ours = type(thing).__module__.startswith("fastsgns")
    return list(vars(thing).items()) if is_ours and hasattr(thing, "__dict__") else []


def check_finite(thing: Any) -> None:
    """Check that every array of real numbers is finite."""
    for name, array in arrays_of(thing):
        if array.dtype.kind in "fc" and not name.endswith("._room"):  # which no one has written
            check(np.isfinite(array).all(), f"{type(thing).__name__}{name} is not finite")


# Content


def content(thing: Any) -> bytes:
    """Return all that a file holds of an object but for times; or else what its attributes are."""
    if hasattr(thing, "total_train_time"):
        thing.total_train_time, thing.lifecycle_events = 0.0, None
        thing.train_count = 0  # of calls, of which `resume` is one
    if hasattr(thing, "save"):
        file = io.BytesIO()
        try:
            thing.save(file)
        except ValueError as error:  # not fitted yet
            return f"{type(error).__name__}: {error}\n{_described(thing)}".encode()
        return file.getvalue()
    return _described(thing).encode()


def _described(thing: Any) -> str:
    parameters = thing.get_params() if hasattr(thing, "get_params") else {}
    arrays = {name: hashlib.sha256(a.tobytes()).hexdigest() for name, a in arrays_of(thing)}
    return repr((type(thing).__name__, sorted(parameters.items(), key=str), arrays))


def difference(one: bytes, other: bytes) -> str:
    """Return which arrays and values of two files differ."""
    if one == other:
        return "nothing"
    try:
        (_, arrays, values), (_, other_arrays, other_values) = map(_read, (one, other))
    except ValueError:
        return f"{one[:300]!r} and {other[:300]!r}"
    found = _differences(values, other_values)
    for name in sorted(arrays.keys() | other_arrays.keys()):
        pair = arrays.get(name), other_arrays.get(name)
        if None in map(type, pair) or any(array is None for array in pair):
            found.append(f"array {name} is in one only")
        elif pair[0].tobytes() != pair[1].tobytes() or pair[0].shape != pair[1].shape:
            found.append(f"array {name}: {_unlike(*pair)}")
    return "; ".join(found)[:1000] or "the order or the header"


def _read(file: bytes) -> Any:
    return native.read(io.BytesIO(file))


def _differences(one: dict[str, Any], other: dict[str, Any], name: str = "") -> list[str]:
    found = []
    for key in sorted(one.keys() | other.keys()):
        pair = one.get(key, "absent"), other.get(key, "absent")
        if all(isinstance(value, dict) for value in pair):
            found += _differences(*pair, f"{name}{key}.")
        elif repr(pair[0]) != repr(pair[1]):
            found.append(f"{name}{key}: {pair[0]!r:.200}, {pair[1]!r:.200}")
    return found


def _unlike(one: np.ndarray, other: np.ndarray) -> str:
    if one.shape != other.shape or one.dtype.kind not in "fiub":
        return f"shapes {one.shape} and {other.shape}"
    rows = np.flatnonzero((one != other).reshape(len(one), -1).any(1))
    return f"{len(rows)} rows of {len(one)}, such as {rows[:3].tolist()}"


def check_named(error: Exception, name: str, value: Any, rule: Any) -> None:
    """Check that an error names a parameter and its value, which may be written as an integer."""
    seen = {repr(value)[:20]}
    with suppress(ValueError, OverflowError):
        seen.add(repr(rule.typed(name, value))[:20])
    text = str(error)
    check(name in text and any(form in text for form in seen), f"{name}={value!r}: {text}")


def check_same(found: bytes, expected: bytes, message: str) -> None:
    """Check that two files have the same bytes."""
    check(found == expected, f"{message}: {difference(found, expected)}")


def digest(thing: Any) -> str:
    return hashlib.sha256(content(thing)).hexdigest()[:16]


def plain(answer: Any) -> Any:
    """Return an answer as something that == compares, with NaN equal to itself."""
    if isinstance(answer, np.ndarray):
        return answer.shape, str(answer.dtype), repr(answer.tolist())
    if isinstance(answer, (list, tuple)):
        return [plain(part) for part in answer]
    if isinstance(answer, dict):
        return [(repr(key), plain(value)) for key, value in answer.items()]
    return repr(answer)


# What a process has open


def open_files() -> set[str]:
    """Return what this process has open: file descriptors that lead to a file or a socket."""
    found = set()
    for number in os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else ():
        try:
            found.add(f"{number} -> {os.readlink(f'/proc/self/fd/{number}')}")
        except OSError:  # the listing itself
            continue
    return found


def mapped_files(folder: Path) -> list[str]:
    """Return the files of a folder that are mapped into memory."""
    maps = Path("/proc/self/maps")
    lines = maps.read_text().splitlines() if maps.exists() else []
    return [line.split(maxsplit=5)[5] for line in lines if str(folder) in line]


def resident_bytes() -> int:
    """Return the resident memory of this process; 0 where it is unknown."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else 0


class Held:
    """What the process holds at the beginning, which it must still hold at the end, and no more."""

    def __init__(self) -> None:
        gc.collect()
        self.threads = set(threading.enumerate())
        self.files = open_files()

    def check(self, folder: Path) -> None:
        """Check that no thread, file or mapping is left, and no temporary file in `folder`."""
        gc.collect()
        threads = set(threading.enumerate()) - self.threads
        check(not threads, f"threads are left: {threads}")
        files = open_files() - self.files
        check(not files, f"files are left open: {files}")
        check(not mapped_files(folder), f"files are left mapped: {mapped_files(folder)}")
