"""Inputs: `wv` and the rows that are trained in its place."""

import numpy as np

from fastsgns.matrices import Matrices
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import sync_matrices


def input_rows(wv: KeyedVectors, matrices: Matrices) -> np.ndarray:
    """Return padded copies of the input vectors, for the kernels to train (`Matrices.rows`)."""
    sync_matrices(wv, matrices)
    rows = matrices.rows("input")
    assert rows is not None
    if wv.array is not matrices.vectors["input"]:  # they could not be trained as they were
        wv.use_array(matrices.vectors["input"])
    return rows
