from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_Reals = npt.NDArray[np.float32] | npt.NDArray[np.float64]
STATE_STEP: int
CELL_INTS: int

def draw_blocks(start: int, seed: int, n_blocks: int, blocks: npt.NDArray[np.int32]) -> None: ...
def grid_blocks(
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    start: int,
    parts: npt.NDArray[np.int32],
    table: npt.NDArray[np.int32],
    blocks: npt.NDArray[np.int32],
) -> None: ...
def fill_blocks(
    offsets: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float32],
    start: int,
    blocks: npt.NDArray[np.int32],
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
