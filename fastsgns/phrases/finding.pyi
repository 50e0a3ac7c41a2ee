from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer

class Finder:
    def __init__(
        self, n_words: int, connectors: Sequence[int], phrases: Sequence[tuple[int, ...]]
    ) -> None: ...
    @property
    def n_words(self) -> int: ...
    @property
    def n_phrases(self) -> int: ...
    def join(
        self,
        ids: npt.NDArray[np.int32],
        offsets: npt.NDArray[np.int64],
        phrase_ids: npt.NDArray[np.int32],
        out: npt.NDArray[np.int32],
    ) -> tuple[int, npt.NDArray[np.int64]]: ...

def number_ids(
    ids: npt.NDArray[np.int32],
    numbers: npt.NDArray[np.int32],
    counts: npt.NDArray[np.int64],
    n_numbered: int,
    out: npt.NDArray[np.int32],
) -> int: ...

class TextJoiner:
    def __init__(
        self, finder: Finder, words: Sequence[bytes], delimiter: bytes, seed: int
    ) -> None: ...
    def join(self, data: Buffer, is_complete: bool) -> tuple[bytes, int]: ...
