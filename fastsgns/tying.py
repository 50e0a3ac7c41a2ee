"""Tying: how many matrices a model has, and how a single one plays both roles."""

from typing import NamedTuple

import numpy as np

MATRICES = ("two", "tied", "tied+bias", "tied+reflect", "three")
BIASES = ("scalar", "word", "both")


class Tying(NamedTuple):
    """The parameters `matrices` and `bias` of a model, and what follows from them for its arrays.

    The score of the word i in the input role and j in the output role is

        two, three     w_i . c_j     (three: n_j instead of c_j where j is a negative)
        tied           w_i . w_j
        tied+bias      w_i . w_j + b,   + b_j,   or  + b_i + b_j     ("scalar", "word", "both")
        tied+reflect   (w_i * sign) . w_j,   sign = -1 in the first half of the dimensions, else 1

    With g_ij = y - sigmoid(s_ij), y = 1 for a positive and 0 for a negative, minus the derivatives
    of the logistic loss by what one pair touches, of the values before the step, are

        w_i   g_ij sign * w_j  (two: g_ij c_j)        w_j   g_ij sign * w_i  (two: c_j  g_ij w_i)
        b     g_ij,  at a hundredth of the rate       b_j   g_ij,   and b_i  g_ij with "both"

    and where i and j are one word, or a word stands in several pairs of a step, they add up.

    A tied score is a positive semi-definite function of i and j, so that its mean over any
    weights of the words is >= 0, whereas that of SGNS's optimum, PMI - log k (Levy, Goldberg
    2014, "Neural Word Embedding as Implicit Matrix Factorization"), is negative. A bias repairs
    the mean; the signs allow negative eigenvalues as well (Assylbekov, Takhanov 2019, "Context
    Vectors are Reflections of Word Vectors in Half the Dimensions").

    Examples
    --------
    >>> Tying("tied+reflect").signs(4)
    array([-1., -1.,  1.,  1.], dtype=float32)
    """

    matrices: str = "two"
    bias_kind: str = "scalar"

    @property
    def is_one(self) -> bool:
        """Whether a single matrix plays both roles."""
        return self.matrices.startswith("tied")

    @property
    def is_apart(self) -> bool:
        """Whether negative targets have a matrix of their own."""
        return self.matrices == "three"

    @property
    def bias(self) -> str | None:
        """Which bias is added to the scores."""
        return self.bias_kind if self.matrices == "tied+bias" else None

    @property
    def has_column(self) -> bool:
        """Whether each word has a bias, the first column beyond the dimensions of its row."""
        return self.bias in ("word", "both")

    @property
    def n_columns(self) -> int:
        """Columns of a row beyond the dimensions (`fastsgns.kernels.roles`)."""
        return {None: 0, "scalar": 1, "word": 1, "both": 2}[self.bias]

    @property
    def column_of_one(self) -> int | None:
        """Which of these columns is 1 in every row."""
        return {"scalar": 0, "both": 1}.get(self.bias or "")

    def n_flipped(self, dimensions: int) -> int:
        """How many leading coordinates have the other sign in the input role."""
        return dimensions // 2 if self.matrices == "tied+reflect" else 0

    def signs(self, dimensions: int) -> np.ndarray:
        """+1 and -1 by coordinate, shape (dimensions,)."""
        signs = np.ones(dimensions, np.float32)
        signs[: self.n_flipped(dimensions)] = -1
        return signs


TWO = Tying()
