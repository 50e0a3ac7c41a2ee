import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

_Bytes = Buffer | npt.NDArray[np.uint8]  # numpy's arrays are not known as buffers

def count(
    text: _Bytes,
    starts: npt.NDArray[np.int64],
    min_n: int,
    max_n: int,
    n_hashes: int,
    out: npt.NDArray[np.int64],
) -> None: ...
def hash_words(
    text: _Bytes,
    starts: npt.NDArray[np.int64],
    min_n: int,
    max_n: int,
    bucket: int,
    n_hashes: int,
    out_starts: npt.NDArray[np.int64],
    out: npt.NDArray[np.int32],
) -> None: ...
def murmur(data: _Bytes) -> tuple[int, int, int, int]: ...
