import numpy as np
import numpy.typing as npt

def check_neighbours(offsets: npt.NDArray[np.int64], targets: npt.NDArray[np.int32]) -> int: ...
def count_loops(offsets: npt.NDArray[np.int64], targets: npt.NDArray[np.int32]) -> int: ...
def merge_neighbours(
    left_offsets: npt.NDArray[np.int64],
    left: npt.NDArray[np.int32],
    left_weights: npt.NDArray[np.float32] | None,
    right_offsets: npt.NDArray[np.int64],
    right: npt.NDArray[np.int32],
    right_weights: npt.NDArray[np.float32] | None,
    offsets: npt.NDArray[np.int64],
    targets: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float32] | None,
) -> None: ...
def alias_rows(
    offsets: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float32],
    slots: npt.NDArray[np.uint32],
    totals: npt.NDArray[np.float64],
    largest: npt.NDArray[np.float32] | None = None,
) -> None: ...
