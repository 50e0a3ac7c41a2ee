"""Checks and conversions of arrays."""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np

from fastsgns.errors import TruncatedError

BLOCK_REALS = 1 << 20


def integers(
    given: Any, dtype: type[np.integer], name: str, below: int | None = None
) -> np.ndarray:
    """Return whole numbers as a contiguous array of `dtype`, without a copy if they are one.

    Parameters
    ----------
    given : array_like of any integer type, shape (n,)
    dtype : type
        The type of the result.
    name : str
        What the numbers are, for error messages.
    below : int, optional
        Converted numbers must be from 0 to ``below - 1``; by default they must fit `dtype`.

    Raises
    ------
    TypeError
        If they are not whole numbers.
    ValueError
        If they have more than one dimension, or one is out of range.

    Examples
    --------
    >>> integers([0, 2], np.int32, "ids", below=3)
    array([0, 2], dtype=int32)
    """
    array = np.asarray(given) if not isinstance(given, np.ndarray) else given
    if array.ndim != 1:
        raise ValueError(f"{name} are of shape {array.shape}; one dimension is needed")
    if array.dtype == dtype:
        return array if array.flags.c_contiguous else np.ascontiguousarray(array)
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} are of {array.dtype}; whole numbers are needed")
    info = np.iinfo(dtype)
    low, high = (info.min, info.max) if below is None else (0, below - 1)
    if array.size and not low <= int(array.min()) <= int(array.max()) <= high:
        at = int(np.argmax((array < low) | (array > high)))
        raise ValueError(f"{name} go from {low} to {high}; number {at} is {array[at]}")
    return array.astype(dtype)


def check_offsets(offsets: np.ndarray, n: int, name: str) -> None:
    """Raise a ValueError unless `offsets` ascend from 0 to n without a repetition.

    Examples
    --------
    >>> check_offsets(np.array([0, 2, 3]), 3, "offsets of sentences")
    """
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != n:
        seen = (
            "there are none" if not len(offsets) else f"they go from {offsets[0]} to {offsets[-1]}"
        )
        raise ValueError(f"{name} must go from 0 to the number of ids, {n}; {seen}")
    if np.any(offsets[1:] <= offsets[:-1]):
        at = int(np.argmax(offsets[1:] <= offsets[:-1])) + 1
        raise ValueError(
            f"{name} must ascend, as no sentence is empty; number {at} is {offsets[at]} after "
            f"{offsets[at - 1]}. np.unique(offsets) leaves out empty sentences"
        )


def check_mapped(*arrays: np.ndarray) -> None:
    """Raise an error if an array is mapped from a file that has become too short for it.

    Reading such an array would end the process (SIGBUS). A mapping of a file that was replaced by
    a new file of the same name is still valid.

    Raises
    ------
    TruncatedError
        (a ValueError and an EOFError) if another program has cut the file.
    """
    for array in arrays:
        owner: Any = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        if not (isinstance(owner, np.memmap) and isinstance(owner.base, mmap.mmap)):
            continue
        needed, size = owner.offset + owner.nbytes, owner.base.size()
        if size < needed:
            raise TruncatedError(
                f"{owner.filename or 'a temporary file'} was cut to {size:,} bytes while it was "
                f"mapped, and {needed:,} are needed; restore it and load it again. "
                "To be safe from changes of a file, load it with mmap=False"
            )


def blocks(array: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (start, rows) of an array, some MB at a time."""
    n_rows = max(1, BLOCK_REALS * len(array) // max(1, array.size))
    for start in range(0, len(array), n_rows):
        yield start, array[start : start + n_rows]


def magnitude(rows: np.ndarray) -> float:
    """Return the largest absolute value of some rows; NaN if one is NaN, 0 if there are none."""
    return float(np.maximum(rows.max(initial=0), -rows.min(initial=0)))


def largest_magnitude(array: np.ndarray) -> float:
    """Return the largest absolute value of an array, NaN if one is NaN; 0 if it is empty.

    Examples
    --------
    >>> largest_magnitude(np.array([[1.0, -3.0], [2.0, 0.0]]))
    3.0
    """
    return float(np.max([0.0, *(magnitude(rows) for _, rows in blocks(array))]))


def first_not_finite(array: np.ndarray) -> int | None:
    """Return the first row that holds NaN or infinity, None if there is none."""
    for start, rows in blocks(array):
        if not np.isfinite(magnitude(rows)):
            finite = np.isfinite(rows).reshape(len(rows), -1).all(axis=1)
            return start + int(finite.argmin())
    return None
