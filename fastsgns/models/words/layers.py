"""Layers: the matrices of a Word2Vec under the names that gensim gives them."""

from collections.abc import Callable

import numpy as np

from fastsgns.matrices import Matrices, MatricesMode
from fastsgns.vectors.keyedvectors import KeyedVectors


class Layers:
    """The part of Word2Vec that shows and replaces its output matrices."""

    wv: KeyedVectors
    vector_size: int
    matrices: MatricesMode
    _matrices: Matrices
    _current: Callable[[], Matrices]

    @property
    def syn1neg(self) -> np.ndarray:
        """Output vectors by word, shape (V, vector_size); may be replaced.

        Of a single matrix, that matrix in its output role.
        """
        return self._role("output", "syn1neg")

    @syn1neg.setter
    def syn1neg(self, vectors: np.ndarray) -> None:
        self._set_role("output", vectors)

    @property
    def syn1(self) -> np.ndarray:
        """Output vectors of hierarchical softmax, shape (V - 1, vector_size); may be replaced."""
        return self._role("tree", "syn1")

    @syn1.setter
    def syn1(self, vectors: np.ndarray) -> None:
        self._set_role("tree", vectors)

    def _role(self, role: str, name: str) -> np.ndarray:
        vectors = self._current().in_role(role)
        if vectors is None:
            raise AttributeError(name)  # of which Renamed.__getattr__ makes a message
        return vectors

    def _set_role(self, role: str, vectors: np.ndarray) -> None:
        matrices = self._current()
        if role == "output" and matrices.layout.shares_one_matrix:
            raise ValueError(
                f"with matrices={self.matrices!r} there is no output matrix to replace; "
                "set model.wv.vectors"
            )
        array = np.asarray(vectors, np.float32)
        wanted = len(self.wv) - (role == "tree"), self.wv.vector_size
        if array.shape != wanted:
            raise ValueError(f"the {role} matrix must be of shape {wanted}; got {array.shape}")
        matrices.vectors[role] = array

    @property
    def layer1_size(self) -> int:
        """Dimensions of the hidden layer, which are those of a vector."""
        return self.vector_size
