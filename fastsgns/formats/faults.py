"""Faults: what can be wrong with arrays of a file that refer to each other.

Each function returns what is wrong, in words, or None.
"""

import numpy as np

BLOCK = 1 << 20


def of_offsets(name: str, offsets: np.ndarray, end: int, is_strict: bool = False) -> str | None:
    """Check offsets of rows: from 0 to `end`, ascending; with `is_strict` no row is empty.

    Examples
    --------
    >>> of_offsets("offsets", np.array([0, 2, 1, 3]), 3)
    'offsets do not ascend'
    """
    if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != end:
        return f"{name} do not go from 0 to {end}"
    order = np.less_equal if is_strict else np.less
    return f"{name} do not ascend" if order(offsets[1:], offsets[:-1]).any() else None


def of_ids(name: str, ids: np.ndarray, n: int) -> str | None:
    """Check that ids are at least 0 and less than `n`.

    Examples
    --------
    >>> of_ids("columns", np.array([0, 3]), 3)
    'columns are not all between 0 and 2'
    """
    if len(ids) and not 0 <= ids.min() <= ids.max() < n:
        return f"{name} are not all between 0 and {n - 1}"
    return None


def of_rows(name: str, ids: np.ndarray, offsets: np.ndarray) -> str | None:
    """Check that ids ascend within each row, and no id is in a row twice.

    `offsets` are sound. Works on a block of ids at a time, so that it needs little memory.

    Examples
    --------
    >>> of_rows("columns", np.array([0, 3, 1, 1]), np.array([0, 2, 4]))
    'columns do not ascend in each row'
    """
    for start in range(0, len(ids), BLOCK):
        block = ids[start : start + BLOCK + 1]
        starts = offsets[slice(*np.searchsorted(offsets, (start + 1, start + len(block)), "left"))]
        ascends = block[1:] > block[:-1]
        ascends[starts - start - 1] = True
        if not ascends.all():
            return f"{name} do not ascend in each row"
    return None


def of_numbers(name: str, values: np.ndarray, allows_zero: bool = True) -> str | None:
    """Check that numbers are finite and positive, or 0 where that is allowed.

    Examples
    --------
    >>> of_numbers("weights", np.array([1.0, 0.0]), allows_zero=False)
    'weights are not all positive and finite'
    """
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        least = block.min()
        if not (np.isfinite(block).all() and (least >= 0 if allows_zero else least > 0)):
            return f"{name} are not all {'at least 0' if allows_zero else 'positive'} and finite"
    return None
