import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

_Bytes = Buffer | npt.NDArray[np.uint8]  # numpy's arrays are not known as buffers

def decoded(
    content: _Bytes, spans: npt.NDArray[np.int64], encoding: str, errors: str
) -> list[str]: ...
def add_new(words: list[str], ids: dict[str, int]) -> list[int] | None: ...
