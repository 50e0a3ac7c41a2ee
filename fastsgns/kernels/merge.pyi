from typing import Any

import numpy as np
import numpy.typing as npt

RULES: tuple[str, ...]

def are_ascending(rows: npt.NDArray[np.int32], n_rows: int) -> bool: ...
def merge_rows(
    matrix: npt.NDArray[Any],
    parts: list[tuple[npt.NDArray[np.int32], npt.NDArray[Any], npt.NDArray[np.float32]]],
    first: int,
    stop: int,
    direction: npt.NDArray[np.float32],
    along: float,
    across: float,
    rule: str,
) -> int: ...
