import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

_Bytes = Buffer | npt.NDArray[np.uint8]  # numpy's arrays are not known as buffers

def parse(
    text: _Bytes,
    start: int,
    rows: npt.NDArray[np.float32] | npt.NDArray[np.float64],
    words: npt.NDArray[np.int64],
) -> tuple[int, int]: ...
def split(content: _Bytes, n_bytes: int, words: npt.NDArray[np.int64]) -> tuple[int, int]: ...
def gather(content: _Bytes, words: npt.NDArray[np.int64], rows: npt.NDArray[np.uint8]) -> None: ...
