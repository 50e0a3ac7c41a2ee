from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Reals = TypeVar("_Reals", npt.NDArray[np.float32], npt.NDArray[np.float64])

def cbow(
    w: _Reals,
    c: _Reals,
    dw: _Reals,
    dc: _Reals,
    bias: npt.NDArray[np.float64],
    words: npt.NDArray[np.int32],
    contexts: npt.NDArray[np.int32],
    batch: int,
    rate: float,
    bias_rate: float,
    scratch: _Reals,
) -> float: ...
