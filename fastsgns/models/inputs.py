"""Inputs: the rows that a model trains behind the vectors that its user sees."""

import numpy as np

from fastsgns.matrices import Matrices
from fastsgns.vectors.keyedvectors import KeyedVectors


def input_rows(wv: KeyedVectors, matrices: Matrices) -> np.ndarray:
    """The padded rows of the input vectors, which `wv` shares from now on."""
    matrices.vectors["input"] = wv._vectors
    rows = matrices.rows("input")
    assert rows is not None
    if wv._vectors is not matrices.vectors["input"]:
        wv.vectors = matrices.vectors["input"]
    return rows
