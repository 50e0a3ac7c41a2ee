"""Matrices: the arrays that a model's roles point to, and their memory."""

import mmap

import numpy as np

from fastsgns.machine import available_memory

LANE_REALS = 16
HUGE_PAGE = 2 << 20


def padded(dimensions: int) -> int:
    """Length of a stored row: `dimensions` rounded up to whole cache lines of float32.

    Examples
    --------
    >>> padded(100)
    112
    """
    return -(-dimensions // LANE_REALS) * LANE_REALS


def allocate_rows(n_rows: int, dimensions: int) -> np.ndarray:
    """Zeroed float32 rows, padded and aligned to cache lines, on huge pages where there are any.

    Returns
    -------
    ndarray of float32, shape (n_rows, padded(dimensions))

    Raises
    ------
    MemoryError
        If the rows would not fit the memory that is free, naming both.
    """
    width = padded(dimensions)
    n_bytes = n_rows * width * 4
    require_memory(n_bytes, f"{n_rows} rows of {dimensions} dimensions")
    memory = np.frombuffer(_anonymous_memory(n_bytes + HUGE_PAGE), np.uint8)
    start = -memory.ctypes.data % HUGE_PAGE
    return memory[start : start + n_bytes].view(np.float32).reshape(n_rows, width)


def require_memory(n_bytes: int, what: str) -> None:
    """Raise a MemoryError if `what` takes more bytes than are free, naming both."""
    free = available_memory()
    if free is not None and n_bytes > free:
        raise MemoryError(
            f"{what} need {n_bytes:,} bytes, {free:,} are free: {free / n_bytes:.0%} of them would "
            "fit. Raise min_count, set max_final_vocab or lower vector_size."
        )


def _anonymous_memory(n_bytes: int) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, n_bytes)
    buffer = mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        buffer.madvise(mmap.MADV_HUGEPAGE)  # shared mappings would not get any
    return buffer


class Matrices:
    """The matrices of a model by role: what users see, and the padded rows that kernels train.

    Roles are ``input`` (words as contexts that predict), ``output`` (words as targets of negative
    sampling) and ``tree`` (inner nodes of hierarchical softmax).

    Attributes
    ----------
    vectors : dict of str to ndarray, shape (n, dimensions)
        One matrix a role; may be replaced by any other array.
    bias : ndarray or None
        What is added to scores.
    """

    bias: np.ndarray | None = None

    def __init__(self, vectors: dict[str, np.ndarray] | None = None) -> None:
        self.vectors = dict(vectors or {})
        self._rows: dict[str, np.ndarray] = {}

    def create(self, role: str, n_rows: int, dimensions: int) -> None:
        """Make the matrix of a role, all zero."""
        self._rows[role] = allocate_rows(n_rows, dimensions)
        self.vectors[role] = self._rows[role][:, :dimensions]

    def grow(self, role: str, n_rows: int) -> None:
        """Append zero rows up to `n_rows`; the old keep their bytes."""
        old = self.vectors[role]
        self.create(role, n_rows, old.shape[1])
        self.vectors[role][: len(old)] = old

    def rows(self, role: str) -> np.ndarray | None:
        """The float32 rows of a role with their padding, shape (n, padded(dimensions)).

        If ``vectors[role]`` is not a view of such rows (it was loaded, or replaced by the user),
        it is copied into new ones and becomes a view of them. None if there is no such role.
        """
        vectors = self.vectors.get(role)
        if vectors is None:
            return None
        rows = self._rows.get(role)
        if rows is None or not _same_memory(rows[:, : vectors.shape[1]], vectors):
            self.create(role, *vectors.shape)
            self.vectors[role][:] = vectors
        return self._rows[role]

    def in_role(self, role: str) -> np.ndarray | None:
        """The matrix of a role as it enters scores, shape (n, dimensions), or None."""
        return self.vectors.get(role)

    def __getstate__(self) -> dict:
        return {"vectors": self.vectors, "_rows": {}}


def randomize(vectors: np.ndarray, rng: np.random.Generator) -> None:
    """Fill with uniform numbers from [-1/d, 1/d), as gensim does; half of that scored lower.

    Block by block, so that no second matrix is needed.
    """
    n_rows, dimensions = vectors.shape
    block = max(1, (1 << 20) // dimensions)
    for start in range(0, n_rows, block):
        part = vectors[start : start + block]
        part[:] = (2 * rng.random(part.shape, np.float32) - np.float32(1)) / np.float32(dimensions)


def _same_memory(left: np.ndarray, right: np.ndarray) -> bool:
    return bool(
        left.__array_interface__["data"] == right.__array_interface__["data"]
        and left.strides == right.strides
        and left.shape == right.shape
        and left.dtype == right.dtype
    )


def estimate_bytes(n_words: int, dimensions: int, output: bool, tree: bool) -> dict[str, int]:
    """Bytes of each matrix of a model with `n_words` words; the keys are the roles."""
    row = padded(dimensions) * 4
    return {
        "input": n_words * row,
        "output": n_words * row if output else 0,
        "tree": max(n_words - 1, 0) * row if tree else 0,
    }
