from typing import TypeVar

import numpy as np
import numpy.typing as npt

_Reals = TypeVar("_Reals", npt.NDArray[np.float32], npt.NDArray[np.float64])

def norms_of_rows(rows: _Reals, norms: _Reals, variant: str) -> None: ...
def cosines_of_rows(rows: _Reals, query: _Reals, cosines: _Reals, variant: str) -> None: ...
def collect_largest(
    scores: _Reals,
    scales: _Reals | None,
    first: int,
    excluded: npt.NDArray[np.int64],
    cosines: _Reals,
    positions: npt.NDArray[np.int64],
    variant: str,
) -> None: ...
def sort_answers(cosines: _Reals, positions: npt.NDArray[np.int64], variant: str) -> None: ...
def largest_values(
    values: _Reals, best: _Reals, positions: npt.NDArray[np.int64], variant: str
) -> int: ...
def add_rows(
    rows: _Reals,
    factors: npt.NDArray[np.float64] | None,
    normalized: bool,
    total: npt.NDArray[np.float64],
    variant: str,
) -> float: ...
def units_of_rows(rows: _Reals, units: _Reals, variant: str) -> None: ...
def cosine_of(first: _Reals, second: _Reals) -> float: ...
def unit_vector(vector: _Reals, result: _Reals, variant: str) -> None: ...
