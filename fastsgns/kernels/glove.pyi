from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_Reals = npt.NDArray[np.float32] | npt.NDArray[np.float64]
STATE_STEP: int
CELL_INTS: int

def count_block_sizes(start: int, stop: int, seed: int, sizes: npt.NDArray[np.int64]) -> None: ...
def fill_blocks(
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float32],
    start: int,
    stop: int,
    seed: int,
    x_max: float,
    exponent: float,
    cursors: npt.NDArray[np.int64],
    cells: npt.NDArray[np.int32],
) -> None: ...
def shuffle_block(
    cells: npt.NDArray[np.int32], stream: int, shuffled: npt.NDArray[np.int32]
) -> None: ...
def train_cells(
    rows: Sequence[_Reals],
    squares: Sequence[_Reals],
    cells: npt.NDArray[np.int32],
    dimensions: int,
    rate: float,
    variant: str,
) -> float: ...
