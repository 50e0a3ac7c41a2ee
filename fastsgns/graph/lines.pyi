import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

_Bytes = Buffer | npt.NDArray[np.uint8]  # numpy's arrays are not known as buffers

NO_FAULT: int
TOO_FEW_COLUMNS: int
TOO_MANY_COLUMNS: int
MIXED_COLUMNS: int
NOT_A_NUMBER: int
NOT_FINITE: int
RESERVED_CHARACTER: int
STRAY_SEPARATOR: int
QUOTED_NAME: int
BYTE_ORDER_MARK: int
JSON_VALUE: int
NOT_A_TIME: int

class EdgeParser:
    def __init__(
        self,
        comments: bytes,
        delimiter: int,
        weighted: int,
        time_column: int = 0,
        quotes: bool = ...,
    ) -> None: ...
    @property
    def n_columns(self) -> int: ...
    @property
    def n_lines(self) -> int: ...
    def parse(
        self,
        text: _Bytes,
        names: npt.NDArray[np.uint8],
        weights: npt.NDArray[np.float64],
        times: npt.NDArray[np.float64],
    ) -> tuple[int, int, int, int]: ...
