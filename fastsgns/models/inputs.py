"""Inputs: `wv` follows its matrix between the layout of users and that of kernels."""

import numpy as np

from fastsgns.matrices import Matrices
from fastsgns.vectors.keyedvectors import KeyedVectors


def input_rows(wv: KeyedVectors, matrices: Matrices) -> np.ndarray:
    """Return the padded rows of the input vectors, of which `wv` is a view until `compact`."""
    wv._lead(matrices)
    rows = matrices.rows("input")
    assert rows is not None
    wv._show(matrices.vectors["input"])
    return rows


def compact(wv: KeyedVectors, matrices: Matrices) -> None:
    """Make all matrices, and the vectors of `wv`, contiguous again after training."""
    wv._lead(matrices)
    matrices.compact()
    if wv._vectors is not matrices.vectors["input"]:
        wv._show(matrices.vectors["input"])
