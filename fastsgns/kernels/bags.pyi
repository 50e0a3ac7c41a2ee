import numpy as np
import numpy.typing as npt

def sum_bags(
    starts: npt.NDArray[np.int64],
    ids: npt.NDArray[np.int32],
    rows: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float32] | None,
    out: npt.NDArray[np.float32],
    add: bool,
    mean: bool,
    variant: str,
) -> None: ...
