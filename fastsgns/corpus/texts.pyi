from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt

def join_texts(texts: list[str]) -> tuple[bytes, npt.NDArray[np.int64]]: ...
def ids_of_tokens(
    texts: list[list[Any]],
    table: dict[Hashable, int],
    first: int,
    unknown: list[Any] | None = None,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]: ...
