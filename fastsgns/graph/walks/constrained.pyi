import numpy as np
import numpy.typing as npt

from fastsgns.graph.walks.timed import TimedNeighbours
from fastsgns.graph.walks.typed import TypedNeighbours

_Ids = npt.NDArray[np.int32]
_Offsets = npt.NDArray[np.int64]

def count_groups(offsets: _Offsets, targets: _Ids, types: _Ids, n_types: int) -> _Offsets: ...
def group_by_type(
    offsets: _Offsets,
    targets: _Ids,
    weights: npt.NDArray[np.float32] | None,
    types: _Ids,
    n_types: int,
    group_offsets: _Offsets,
    group_types: _Ids,
    edge_offsets: _Offsets,
    new_targets: _Ids,
    new_weights: npt.NDArray[np.float32] | None,
) -> None: ...
def write_metapath_walks(
    neighbours: TypedNeighbours,
    cycles: _Ids,
    cycle_offsets: _Offsets,
    starts: _Ids,
    paths: _Ids,
    length: int,
    stream: int,
    ids: _Ids,
    offsets: _Offsets,
) -> tuple[int, int]: ...
def running_sums(
    offsets: _Offsets, weights: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]: ...
def write_temporal_walks(
    neighbours: TimedNeighbours,
    starts: _Ids,
    length: int,
    is_strict: bool,
    stream: int,
    ids: _Ids,
    offsets: _Offsets,
) -> tuple[int, int]: ...
