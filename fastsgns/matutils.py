"""Names of gensim's module ``matutils`` that programs use on vectors."""

from typing import Any

import numpy as np

from fastsgns.rules import takes_flags

__all__ = ["unitvec"]


@takes_flags
def unitvec(vec: np.ndarray, norm: str = "l2", return_norm: bool = False) -> Any:
    """Scale an array to norm 1; zeros stay zeros.

    Parameters
    ----------
    vec : ndarray
        An array of integers gives float64.
    norm : {"l2", "l1"}
        Euclidean norm, or sum of absolute values.
    return_norm : bool
        Return the pair of the scaled array and its norm.

    Raises
    ------
    ValueError
        If `vec` is not an array, or `norm` has another value.

    Examples
    --------
    >>> unitvec(np.array([3.0, 4.0]))
    array([0.6, 0.8])
    """
    if not isinstance(vec, np.ndarray):
        raise ValueError(f"vec is a {type(vec).__name__}; give an array: np.asarray(vec)")
    if norm not in ("l1", "l2"):
        raise ValueError(f'norm is {norm!r}; it must be "l1" or "l2"')
    values = vec if np.issubdtype(vec.dtype, np.inexact) else vec.astype(np.float64)
    length = np.linalg.norm(values.ravel(), 1 if norm == "l1" else 2)
    scaled = (values / length if length > 0 else values.copy()).astype(values.dtype)
    return (scaled, float(length)) if return_norm else scaled
