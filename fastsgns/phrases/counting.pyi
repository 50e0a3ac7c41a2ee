import numpy as np
import numpy.typing as npt

N_BUCKETS: int
MAX_LINKS: int
MAX_CONNECTORS: int

class Links:
    @property
    def n_links(self) -> int: ...
    def add(
        self, parents: npt.NDArray[np.int32], connectors: npt.NDArray[np.int32]
    ) -> npt.NDArray[np.int32]: ...
    def parents(self) -> npt.NDArray[np.int32]: ...
    def connectors(self) -> npt.NDArray[np.int32]: ...

def collect_pairs(
    ids: npt.NDArray[np.int32],
    offsets: npt.NDArray[np.int64],
    start: int,
    stop: int,
    connectors: npt.NDArray[np.int32] | None,
    seed: int,
) -> tuple[
    npt.NDArray[np.uint64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int64],
    npt.NDArray[np.int32],
    npt.NDArray[np.int32],
]: ...

class PairCounter:
    @property
    def seed(self) -> int: ...
    @property
    def n_entries(self) -> int: ...
    def add(
        self,
        bucket: int,
        pairs: npt.NDArray[np.uint64],
        links: npt.NDArray[np.int32],
        bounds: npt.NDArray[np.int64],
        numbers: npt.NDArray[np.int32],
    ) -> None: ...
    def reserve(self, n: int) -> None: ...
    def prune(self, least: int) -> None: ...
    def entries(
        self,
    ) -> tuple[
        npt.NDArray[np.int32],
        npt.NDArray[np.int32],
        npt.NDArray[np.int32],
        npt.NDArray[np.int64],
    ]: ...
