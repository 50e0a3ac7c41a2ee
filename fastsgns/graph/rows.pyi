from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

_Weights = TypeVar("_Weights", bound=npt.NDArray[np.floating[Any]] | None)

def add_reverses(
    sources: npt.NDArray[np.int32], targets: npt.NDArray[np.int32], weights: _Weights
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], _Weights]: ...
def compress(
    keys: npt.NDArray[np.int32],
    others: npt.NDArray[np.int32],
    weights: _Weights,
    n: int,
    rank: npt.NDArray[np.int32] | None = None,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], _Weights]: ...
def transpose(
    offsets: npt.NDArray[np.int64],
    others: npt.NDArray[np.int32],
    weights: _Weights,
    n: int,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], _Weights]: ...
def check_rows(offsets: npt.NDArray[np.int64], n_edges: int) -> None: ...
def sum_duplicates(
    offsets: npt.NDArray[np.int64],
    others: npt.NDArray[np.int32],
    weights: npt.NDArray[np.float64],
) -> int: ...
def count_duplicates(
    offsets: npt.NDArray[np.int64], others: npt.NDArray[np.int32]
) -> npt.NDArray[np.float32] | None: ...
def sums_by_node(
    nodes: npt.NDArray[np.int32], weights: npt.NDArray[np.float32] | None, n: int
) -> npt.NDArray[np.float64]: ...
def sums_of_rows(
    offsets: npt.NDArray[np.int64], weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]: ...
def descending_order(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]: ...
def find_edges(
    offsets: npt.NDArray[np.int64],
    others: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int32],
    neighbours: npt.NDArray[np.int32],
) -> npt.NDArray[np.int64]: ...
