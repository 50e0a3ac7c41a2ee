import numpy as np
import numpy.typing as npt

def principal(
    rows: npt.NDArray[np.float32], n_steps: int
) -> tuple[npt.NDArray[np.float32], float, float]: ...
def mean_slope(left: npt.NDArray[np.float32], right: npt.NDArray[np.float32]) -> float: ...
