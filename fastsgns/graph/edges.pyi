import numpy as np

def check_neighbours(offsets: np.ndarray, targets: np.ndarray) -> None: ...
def merge_neighbours(
    left_offsets: np.ndarray,
    left: np.ndarray,
    left_weights: np.ndarray | None,
    right_offsets: np.ndarray,
    right: np.ndarray,
    right_weights: np.ndarray | None,
    targets: np.ndarray,
    weights: np.ndarray | None,
) -> None: ...
def alias_rows(
    offsets: np.ndarray, weights: np.ndarray, slots: np.ndarray, totals: np.ndarray
) -> None: ...
