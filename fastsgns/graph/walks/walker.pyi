import numpy as np

from fastsgns.graph.walks.neighbours import Neighbours

def write_walks(
    neighbours: Neighbours,
    starts: np.ndarray,
    length: int,
    p: float,
    q: float,
    stream: int,
    ids: np.ndarray,
    offsets: np.ndarray,
) -> tuple[int, int]: ...
def write_rooted_pairs(
    neighbours: Neighbours,
    starts: np.ndarray,
    stop: float,
    longest: int,
    stream: int,
    sources: np.ndarray,
    targets: np.ndarray,
) -> tuple[int, int]: ...
def write_alternating_pairs(
    there: Neighbours,
    back: Neighbours,
    starts: np.ndarray,
    length: int,
    stream: int,
    inputs: np.ndarray,
    outputs: np.ndarray,
    same_role: bool = False,
) -> tuple[int, int]: ...
def draw_nodes(table: np.ndarray, stream: int, nodes: np.ndarray) -> int: ...
