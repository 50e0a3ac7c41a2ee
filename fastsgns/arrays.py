"""Arrays that users give brought to the types that kernels take."""

from typing import Any

import numpy as np


def integers(
    given: Any, dtype: type[np.integer], name: str, below: int | None = None
) -> np.ndarray:
    """Return whole numbers as a contiguous array of `dtype`; one of just that type as it is.

    Parameters
    ----------
    given : array_like of any integer type, shape (n,)
    dtype : type
        Of the result.
    name : str
        What the numbers are, for errors.
    below : int, optional
        Converted numbers must lie from 0 to ``below - 1``; by default they must fit `dtype`.

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
