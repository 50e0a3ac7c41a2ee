import numpy as np
import numpy.typing as npt

MAX_WINDOW: int

def collect_occurrences(
    ids: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    first: int,
    cursors: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    n_before: int,
    n_after: int,
    occurrences: npt.NDArray[np.uint64],
) -> int: ...
def count_rows(
    ids: npt.NDArray[np.int32],
    occurrences: npt.NDArray[np.uint64],
    starts: npt.NDArray[np.int64],
    distance_units: npt.NDArray[np.int64],
    units_per_count: float,
    sums: npt.NDArray[np.int64],
    bitmap: npt.NDArray[np.uint64],
    both_sides: bool,
    columns: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float32],
    n_cells: npt.NDArray[np.int64],
) -> tuple[int, int]: ...
def bitmap_size(n_words: int) -> int: ...
