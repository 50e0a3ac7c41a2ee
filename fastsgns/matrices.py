"""Matrices: the arrays that a model's roles point to, and their memory."""

import mmap
import os
from dataclasses import dataclass

import numpy as np

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
    free = available_memory()
    if free is not None and n_bytes > free:
        raise MemoryError(
            f"{n_rows} rows of {dimensions} dimensions need {n_bytes:,} bytes, "
            f"{free:,} are free; {free // (width * 4):,} rows would fit. "
            "Raise min_count, set max_final_vocab or lower vector_size."
        )
    memory = np.frombuffer(_anonymous_memory(n_bytes + HUGE_PAGE), np.uint8)
    start = -memory.ctypes.data % HUGE_PAGE
    return memory[start : start + n_bytes].view(np.float32).reshape(n_rows, width)


def _anonymous_memory(n_bytes: int) -> mmap.mmap:
    if not hasattr(mmap, "MAP_PRIVATE"):
        return mmap.mmap(-1, n_bytes)
    buffer = mmap.mmap(-1, n_bytes, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        buffer.madvise(mmap.MADV_HUGEPAGE)  # shared mappings would not get any
    return buffer


def available_memory() -> int | None:
    """Bytes that can be allocated without swapping, or None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def initial_rows(n_rows: int, dimensions: int, rng: np.random.Generator) -> np.ndarray:
    """Rows drawn uniformly from [-1/(2d), 1/(2d)), as the word2vec program starts.

    Each row depends on the generator and on its own position alone, block by block, so memory
    stays at one matrix.
    """
    rows = allocate_rows(n_rows, dimensions)
    block = max(1, (1 << 20) // dimensions)
    for start in range(0, n_rows, block):
        part = rows[start : start + block, :dimensions]
        part[:] = (rng.random(part.shape, np.float32) - np.float32(0.5)) / np.float32(dimensions)
    return rows


def adopt_rows(vectors: np.ndarray) -> np.ndarray:
    """A padded float32 copy of any 2-D array of numbers."""
    rows = allocate_rows(*vectors.shape)
    rows[:, : vectors.shape[1]] = vectors
    return rows


@dataclass
class Matrices:
    """The shared rows of a model, by role.

    Attributes
    ----------
    dimensions : int
        Length of a vector; rows are stored with `padded` length.
    input : ndarray of float32, shape (V, padded(dimensions))
        Rows of the words as contexts that predict.
    output : ndarray, the same shape, or None
        Rows of the words as targets of negative sampling.
    tree : ndarray, shape (V - 1, padded(dimensions)), or None
        Rows of the inner nodes of hierarchical softmax.
    """

    dimensions: int
    input: np.ndarray
    output: np.ndarray | None = None
    tree: np.ndarray | None = None

    @classmethod
    def create(
        cls, n_words: int, dimensions: int, rng: np.random.Generator, output: bool, tree: bool
    ) -> "Matrices":
        """Random input rows; output rows and tree, where wanted, start at zero."""
        return cls(
            dimensions,
            initial_rows(n_words, dimensions, rng),
            allocate_rows(n_words, dimensions) if output else None,
            allocate_rows(max(n_words - 1, 0), dimensions) if tree else None,
        )

    def vectors(self, role: str) -> np.ndarray | None:
        """The rows of a role without their padding: a view, shape (V, dimensions)."""
        rows: np.ndarray | None = getattr(self, role)
        return None if rows is None else rows[:, : self.dimensions]

    def replace(self, role: str, vectors: np.ndarray | None) -> None:
        """Make `vectors` the rows of a role; the present view is kept as it is, others are copied."""
        current = self.vectors(role)
        if vectors is None:
            setattr(self, role, None)
        elif current is None or not same_memory(current, vectors):
            setattr(self, role, adopt_rows(vectors))

    def grow(self, n_words: int, rng: np.random.Generator) -> None:
        """Append random input rows and zero output rows up to `n_words`; old rows keep their bytes.

        A Huffman tree has no old nodes to keep once the counts change, so its rows start over.
        """
        n_old = len(self.input)
        fresh = initial_rows(n_words - n_old, self.dimensions, rng)
        self.input = _stacked(self.input, fresh)
        if self.output is not None:
            self.output = _stacked(self.output, np.zeros_like(fresh))
        if self.tree is not None:
            self.tree = allocate_rows(n_words - 1, self.dimensions)


def same_memory(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether two arrays are the same view of the same memory."""
    return bool(
        left.__array_interface__["data"] == right.__array_interface__["data"]
        and left.strides == right.strides
        and left.shape == right.shape
        and left.dtype == right.dtype
    )


def _stacked(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    rows = allocate_rows(len(upper) + len(lower), upper.shape[1])
    rows[: len(upper)] = upper
    rows[len(upper) :] = lower
    return rows


def estimate_bytes(n_words: int, dimensions: int, output: bool, tree: bool) -> dict[str, int]:
    """Bytes of each matrix of a model with `n_words` words; the keys are the roles."""
    row = padded(dimensions) * 4
    return {
        "input": n_words * row,
        "output": n_words * row if output else 0,
        "tree": max(n_words - 1, 0) * row if tree else 0,
    }
