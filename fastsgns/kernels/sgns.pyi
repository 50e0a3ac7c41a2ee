import numpy as np
import numpy.typing as npt

from fastsgns.kernels.objective import Objective

def train_chunk(
    objective: Objective,
    ids: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    start: int,
    stop: int,
    rate_start: float,
    rate_stop: float,
    stream: int,
) -> tuple[float, int, int]: ...
def simulate_workers(
    objective: Objective,
    ids: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    n_workers: int,
    turn: int,
    rate_start: float,
    rate_stop: float,
    stream: int,
) -> tuple[float, int, int]: ...
def trace_workers(
    objective: Objective,
    ids: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    n_workers: int,
    turn: int,
    rate_start: float,
    rate_stop: float,
    stream: int,
    n_cached: int,
) -> dict[str, int]: ...
def train_pairs_chunk(
    objective: Objective,
    sources: npt.NDArray[np.int32],
    targets: npt.NDArray[np.int32],
    start: int,
    stop: int,
    rate_start: float,
    rate_stop: float,
    stream: int,
) -> tuple[float, int, int]: ...
def use_variant(name: str) -> bool: ...
def is_available(name: str) -> bool: ...
def load_blas() -> bool: ...
def load_softmax() -> None: ...
