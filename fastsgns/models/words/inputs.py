"""Inputs: `wv` and the rows that are trained in its place."""

import numpy as np

from fastsgns.matrices import Matrices
from fastsgns.vectors.keyedvectors import KeyedVectors


def input_rows(wv: KeyedVectors, matrices: Matrices) -> np.ndarray:
    """Return padded copies of the input vectors, for the kernels to train (`Matrices.rows`)."""
    wv._lead(matrices)
    rows = matrices.rows("input")
    assert rows is not None
    if wv._vectors is not matrices.vectors["input"]:  # they could not be trained as they were
        wv._show(matrices.vectors["input"])
    return rows
