"""GloVeArrays: the arrays that GloVe trains, and how kernels and users see them."""

from collections.abc import Sequence

import numpy as np

from fastsgns.matrices import Matrices, MatrixLayout, RowStore, allocate_rows
from fastsgns.training.divergence import DivergenceCheck, vectors_and_biases

ROLES = ("input", "output")
BLOCK_ROWS = 1 << 13


class GloVeArrays:
    """Vectors, biases and AdaGrad's sums of squares: one set per matrix.

    A model with two matrices has a set for each role. In a tied model, one set has both roles.

    Parameters
    ----------
    stores : sequence of one or two RowStore
        Vectors of d dimensions, each with its bias.
    squares : sequence of as many ndarray of float32, shape (V, at least d + 1)
        Sums of squares of the d components and of the bias. Columns from d + 1 on are padding.
    """

    are_saved_as_rows = False

    def __init__(self, stores: Sequence[RowStore], squares: Sequence[np.ndarray]) -> None:
        self.stores, self.squares = stores, squares

    @classmethod
    def drawn(
        cls, n_words: int, dimensions: int, n_matrices: int, rng: np.random.Generator
    ) -> "GloVeArrays":
        """Return arrays before training.

        As in the authors' program, vectors and biases are uniform in [-1/2d, 1/2d), and sums of
        squares are 1.
        """
        stores, squares = [], []
        for _ in range(n_matrices):
            store = RowStore.zeros(n_words, dimensions, 1)
            for start in range(0, n_words, BLOCK_ROWS):
                rows = slice(start, min(start + BLOCK_ROWS, n_words))
                values = rng.random((rows.stop - start, dimensions + 1), np.float32)
                values -= 0.5
                values /= dimensions
                store.vectors[rows], store.columns[0, rows] = values[:, :-1], values[:, -1]
            stores.append(store)
            squares.append(padded_squares(n_words, dimensions))
        return cls(stores, squares)

    @property
    def is_tied(self) -> bool:
        """Whether one matrix has both roles."""
        return len(self.stores) == 1

    def vectors(self, role: str) -> np.ndarray:
        """Return the vectors of a role, shape (V, d), as users see them."""
        return self._store(role).vectors

    def biases(self, role: str) -> np.ndarray:
        """Return the biases of a role, shape (V,), as users see them."""
        biases: np.ndarray = self._store(role).columns[0]
        return biases

    def _store(self, role: str) -> RowStore:
        return self.stores[min(ROLES.index(role), len(self.stores) - 1)]

    def matrices(self) -> Matrices:
        """Return the matrices by role. A tied model adds the biases of both words to a score."""
        vectors = {"input": self.vectors("input")}
        if self.is_tied:
            return Matrices(vectors, MatrixLayout("tied+bias", "both"), self.biases("input"))
        return Matrices(vectors | {"output": self.vectors("output")})

    def spread(self) -> None:
        """Copy vectors and biases to the rows that kernels train; see `RowStore`."""
        for store in self.stores:
            store.spread()

    def collect(self) -> None:
        """Copy what the kernels have trained back to vectors and biases."""
        for store in self.stores:
            store.collect()

    def release(self) -> None:
        """Collect, and free the rows of the kernels."""
        for store in self.stores:
            store.release()

    def kernel_rows(self) -> list[np.ndarray]:
        """Return the rows of each matrix that kernels train, between `spread` and `release`."""
        return [store.spread() for store in self.stores]

    def divergence_check(self) -> DivergenceCheck:
        """Return the check that the rows stay within bounds and the squares finite."""
        checked: dict[str, np.ndarray] = {}
        for role, rows in zip(ROLES, self.kernel_rows()):
            checked |= vectors_and_biases(role, rows, self.vectors(role).shape[1], has_bias=True)
        names = (f"sums of squares of the {role} vectors" for role in ROLES)
        return DivergenceCheck(checked, dict(zip(names, self.squares)))


def padded_squares(n_words: int, dimensions: int) -> np.ndarray:
    """Return sums of squares of 1, with rows padded as kernels need them."""
    squares = allocate_rows(n_words, dimensions + 1)
    squares[:] = 1
    return squares
