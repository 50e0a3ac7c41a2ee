"""Faults of numbers in the arrays of a file.

Each function returns what is wrong in words, or None.
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
    is_wrong = np.less_equal if is_strict else np.less
    return f"{name} do not ascend" if is_wrong(offsets[1:], offsets[:-1]).any() else None


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


def of_rows(
    names: tuple[str, str], offsets: np.ndarray, ids: np.ndarray, n: int, may_repeat: bool = False
) -> str | None:
    """Check compressed rows: the offsets, and that ids are less than `n` and ascend in each row.

    With `may_repeat`, an id may follow itself.

    Works on a block of ids at a time, so that it needs little memory.

    Examples
    --------
    >>> of_rows(("offsets", "columns"), np.array([0, 2, 4]), np.array([0, 3, 1, 1]), 4)
    'columns do not ascend in each row'
    """
    fault = of_offsets(names[0], offsets, len(ids)) or of_ids(names[1], ids, n)
    for start in range(0, 0 if fault else len(ids), BLOCK):
        block = ids[start : start + BLOCK + 1]
        starts = offsets[slice(*np.searchsorted(offsets, (start + 1, start + len(block)), "left"))]
        ascends = block[1:] >= block[:-1] if may_repeat else block[1:] > block[:-1]
        ascends[starts - start - 1] = True
        if not ascends.all():
            return f"{names[1]} do not ascend in each row"
    return fault


def not_positive(name: str, values: np.ndarray) -> str | None:
    """Check that numbers are positive and finite.

    Examples
    --------
    >>> not_positive("weights", np.array([1.0, 0.0]))
    'weights are not all positive and finite'
    """
    is_positive = values.min(initial=np.inf if values.dtype.kind == "f" else 1) > 0
    return None if is_positive and _is_finite(values) else f"{name} are not all positive and finite"


def negative(name: str, values: np.ndarray) -> str | None:
    """Check that numbers are at least 0 and finite."""
    is_right = values.min(initial=0) >= 0 and _is_finite(values)
    return None if is_right else f"{name} are not all at least 0 and finite"


def not_finite(name: str, values: np.ndarray) -> str | None:
    """Check that numbers are finite."""
    is_right = _is_finite(values) and np.isfinite(values.min(initial=0))
    return None if is_right else f"{name} are not all finite"


def _is_finite(values: np.ndarray) -> bool:
    """Return whether numbers are finite; a NaN makes the maximum NaN, too."""
    return bool(np.isfinite(values.max(initial=0)))
