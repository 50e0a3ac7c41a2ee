"""Raw arrays: a type, a shape and bytes that a file states, checked before memory is allocated."""

import math
import re
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

KINDS = "biufcSU"  # bool, numbers, bytes and str
# A portable name of such a type: numpy also reads names of records and of Python objects.
NAME = re.compile(r"[|<](?:b1|[iu][1248]|f(?:2|4|8|12|16)|c(?:8|16|24|32)|[SU][0-9]{1,10})")
MAX_DIMENSIONS = 32  # of numpy 1
MAX_CODE_POINT = 0x10FFFF


def type_named(name: Any) -> np.dtype:
    """Return the type of a name in a file.

    Raises
    ------
    ValueError
        If it is not the name of a bool, of a number, of bytes or of str.

    Examples
    --------
    >>> type_named("<U3")
    dtype('<U3')
    """
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise ValueError(f"is of type {name!r:.60}; allowed are numbers, bool, str and bytes")
    return np.dtype(name)


def check_size(dtype: np.dtype, shape: Any, n_bytes: int) -> None:
    """Check that an array of this type and shape takes so many bytes.

    Raises
    ------
    ValueError
        If it does not, if the shape is none, or if values take no bytes: an array of them could
        have any shape in a file of any length.

    Examples
    --------
    >>> check_size(np.dtype("<f4"), (2, 3), 24)
    >>> check_size(np.dtype("<U0"), (2**40,), 0)
    Traceback (most recent call last):
    ValueError: of shape (1099511627776,) has values of 0 bytes
    """
    is_shape = isinstance(shape, Sequence) and len(shape) <= MAX_DIMENSIONS
    if not is_shape or not all(type(n) is int and n >= 0 for n in shape):  # True is not a size
        raise ValueError(f"has the impossible shape {shape!r:.60}")
    if not dtype.itemsize and math.prod(shape):
        raise ValueError(f"of shape {shape!r:.60} has values of 0 bytes")
    expected = math.prod(shape) * dtype.itemsize
    if expected != n_bytes or math.prod(n for n in shape if n) >= 2**63:
        raise ValueError(f"of shape {shape!r:.60} takes {expected:,} bytes; there are {n_bytes:,}")


def array_of(
    content: Any, dtype: np.dtype, shape: Sequence[int], order: Literal["C", "F"] = "C"
) -> np.ndarray:
    r"""Return the array of some bytes, in their memory, after `check_size`.

    Raises
    ------
    ValueError
        If str contain what is not a character; Python would fail to read it later.

    Examples
    --------
    >>> array_of(bytearray(b"a\0\0\0b\0\0\0"), np.dtype("<U1"), (2,)).tolist()
    ['a', 'b']
    """
    if not len(content):
        return np.zeros(shape, dtype)
    array = np.frombuffer(content, dtype)
    if dtype.kind == "U" and array.view(dtype.str[0] + "u4").max() > MAX_CODE_POINT:
        raise ValueError("contains numbers that are not characters")
    return array.reshape(shape, order=order)
