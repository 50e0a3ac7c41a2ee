import numpy as np
import numpy.typing as npt

from fastsgns.graph.walks.neighbours import Neighbours

def write_walks(
    neighbours: Neighbours,
    starts: npt.NDArray[np.int32],
    length: int,
    p: float,
    q: float,
    stream: int,
    ids: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    stop_flag: npt.NDArray[np.int32] | None = None,
) -> tuple[int, int]: ...
def write_rooted_pairs(
    neighbours: Neighbours,
    starts: npt.NDArray[np.int32],
    stop_probability: float,
    max_steps: int,
    stream: int,
    sources: npt.NDArray[np.int32],
    targets: npt.NDArray[np.int32],
    stop_flag: npt.NDArray[np.int32] | None = None,
) -> tuple[int, int]: ...
def write_alternating_pairs(
    forward: Neighbours,
    backward: Neighbours,
    starts: npt.NDArray[np.int32],
    length: int,
    stream: int,
    inputs: npt.NDArray[np.int32],
    outputs: npt.NDArray[np.int32],
    same_role: bool = False,
) -> tuple[int, int]: ...
def draw_nodes(table: npt.NDArray[np.uint32], stream: int, nodes: npt.NDArray[np.int32]) -> int: ...
