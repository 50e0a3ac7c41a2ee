"""CompactBlock: a block of cells with a copy of only the rows that it trains, to train elsewhere.

The cells are in the order of the block and have the same values, so that training the copy gives
the same bytes as training the matrices.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.glove import shuffle_block, train_cells


class CompactBlock(NamedTuple):
    """A block of cells and the rows that it trains.

    Attributes
    ----------
    cells : ndarray of int32, shape (n, 4)
        As in `ShuffledCells`, with the numbers of `rows`.
    ids : list of one or two ndarray
        The row of the model of each of `rows`. One array each has both roles.
    rows, squares : list of one or two ndarray of float32
    dimensions : int
    rate : float
    stream : int
        Seed of the order of the cells, 64 bits.
    """

    cells: np.ndarray
    ids: list[np.ndarray]
    rows: list[np.ndarray]
    squares: list[np.ndarray]
    dimensions: int
    rate: float
    stream: int

    @classmethod
    def of(
        cls, cells: np.ndarray, rows: Sequence[np.ndarray], squares: Sequence[np.ndarray],
        dimensions: int, rate: float, stream: int,
    ) -> "CompactBlock":  # fmt: skip
        """Copy the rows of a block.

        Examples
        --------
        >>> cells = np.array([[5, 2, 0, 0], [5, 5, 0, 0]], np.int32)
        >>> rows = [np.zeros((9, 16), np.float32)] * 2
        >>> block = CompactBlock.of(cells, rows[:1], rows[:1], 8, 0.1, stream=1)
        >>> block.cells[:, :2].tolist(), block.ids[0].tolist()
        ([[1, 0], [1, 1]], [2, 5])
        """
        local = cells.copy()
        if len(rows) == 1:
            found, numbers = np.unique(cells[:, :2], return_inverse=True)
            local[:, :2], ids = numbers.reshape(-1, 2), [found]
        else:
            ids = []
            for column in (0, 1):
                found, local[:, column] = np.unique(cells[:, column], return_inverse=True)
                ids.append(found)
        copies = [array[of] for array, of in zip(rows, ids)]
        sums = [array[of] for array, of in zip(squares, ids)]
        return cls(local, ids, copies, sums, dimensions, rate, stream)


class TrainedBlock(NamedTuple):
    """What a block has become, and the sum of f(x) error^2 of its cells."""

    rows: list[np.ndarray]
    squares: list[np.ndarray]
    loss: float


def train_block(block: CompactBlock) -> TrainedBlock:
    """Train a block, whose arrays stay as they are."""
    rows, squares = _padded(block.rows), _padded(block.squares)
    cells = np.empty_like(block.cells)
    shuffle_block(block.cells, block.stream, cells)
    loss = train_cells(
        (rows[0], rows[-1]), (squares[0], squares[-1]), cells, block.dimensions, block.rate,
        kernels.variant(),
    )  # fmt: skip
    return TrainedBlock(_cut(rows, block.ids), _cut(squares, block.ids), float(loss))


def _padded(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return copies that have equally many rows, as the kernel wants; those added are not used."""
    n = max(map(len, arrays))
    return [np.pad(array, ((0, n - len(array)), (0, 0))) for array in arrays]


def _cut(arrays: Sequence[np.ndarray], ids: Sequence[np.ndarray]) -> list[np.ndarray]:
    return [array[: len(of)] for array, of in zip(arrays, ids)]
