import numpy as np
import numpy.typing as npt

LONGEST_NUMERAL: int

def lines(
    rows: npt.NDArray[np.float64],
    n_digits: int,
    text: npt.NDArray[np.uint8],
    ends: npt.NDArray[np.int64],
) -> None: ...
