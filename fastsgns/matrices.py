"""Matrices: the arrays that a model's roles point to, and their memory."""

import numpy as np

from fastsgns.machine import anonymous_memory, available_memory
from fastsgns.tying import TWO, Tying

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
    pages = anonymous_memory(n_bytes + HUGE_PAGE, f"{n_rows} rows of {dimensions} dimensions")
    memory = np.frombuffer(pages, np.uint8)
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


class Matrices:
    """The matrices of a model by role: what users see, and the padded rows that kernels train.

    Roles are ``input`` (words as contexts that predict), ``output`` (words as targets of negative
    sampling), ``negative`` (as negative targets, where these have rows of their own) and ``tree``
    (inner nodes of hierarchical softmax).

    Attributes
    ----------
    vectors : dict of str to ndarray, shape (n, dimensions)
        One matrix a role; may be replaced by any other array. A single matrix is ``input``.
    tying : Tying
        Whether a single matrix plays the roles of input and output, and how.
    bias : ndarray or None
        Of a single matrix: shape (1,) of float64, or (n,) of float32, as `tying` says.
    """

    def __init__(
        self,
        vectors: dict[str, np.ndarray] | None = None,
        tying: Tying = TWO,
        bias: np.ndarray | None = None,
    ) -> None:
        self.vectors = dict(vectors or {})
        self.tying, self.bias = tying, bias
        self._rows: dict[str, np.ndarray] = {}

    def create(self, role: str, n_rows: int, dimensions: int) -> None:
        """Make the matrix of a role, all zero, and with it the biases it holds."""
        n_columns = self.tying.n_columns if role == "input" else 0
        rows = allocate_rows(n_rows, dimensions + n_columns)
        self._rows[role], self.vectors[role] = rows, rows[:, :dimensions]
        if not n_columns:
            return
        if self.tying.has_column:
            self.bias = rows[:, dimensions]
        if self.tying.column_of_one is not None:
            rows[:, dimensions + self.tying.column_of_one] = 1

    def start_bias(self, value: float, n_old: int = 0) -> None:
        """Let the biases, of the words from `n_old` on, start at `value`."""
        if self.tying.has_column and self.bias is not None:
            self.bias[n_old:] = value
        elif self.tying.bias and not n_old:
            self.bias = np.array([value])

    def grow(self, role: str, n_rows: int) -> None:
        """Append zero rows up to `n_rows`; the old keep their bytes."""
        old = self.vectors[role]
        self._renew(role, n_rows, old)

    def _renew(self, role: str, n_rows: int, old: np.ndarray) -> None:
        old_bias = self.bias
        self.create(role, n_rows, old.shape[1])
        self.vectors[role][: len(old)] = old
        if role == "input" and self.tying.has_column and old_bias is not None:
            assert self.bias is not None
            self.bias[: len(old)] = old_bias

    def in_role(self, role: str) -> np.ndarray | None:
        """The vectors of a role as they enter scores, shape (n, dimensions).

        A single matrix is its own output; with flipped signs that is a copy, read-only.
        """
        if role != "output" or not self.tying.is_one:
            return self.vectors.get(role)
        vectors = self.vectors.get("input")
        if vectors is None or not self.tying.n_flipped(vectors.shape[1]):
            return vectors
        flipped = vectors * self.tying.signs(vectors.shape[1])
        flipped.flags.writeable = False
        return flipped

    def rows(self, role: str) -> np.ndarray | None:
        """The float32 rows of a role with their biases and padding; (n, a multiple of 16).

        If ``vectors[role]`` is not a view of such rows (it was loaded, or replaced by the user),
        it is copied into new ones and becomes a view of them. None if there is no such role.
        """
        if role == "output" and self.tying.is_one:
            role = "input"
        vectors = self.vectors.get(role)
        if vectors is None:
            return None
        rows = self._rows.get(role)
        if rows is None or not self._is_view_of(rows, role):
            self._renew(role, len(vectors), vectors)
        return self._rows[role]

    def _is_view_of(self, rows: np.ndarray, role: str) -> bool:
        n = self.vectors[role].shape[1]
        if not _same_memory(rows[:, :n], self.vectors[role]):
            return False
        if role != "input" or not self.tying.has_column or self.bias is None:
            return True
        return _same_memory(rows[:, n], self.bias)

    def __getstate__(self) -> dict:
        return self.__dict__ | {"_rows": {}}


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


def estimate_bytes(
    n_words: int, dimensions: int, output: bool, tree: bool, tying: Tying = TWO
) -> dict[str, int]:
    """Bytes of each matrix of a model with `n_words` words; the keys are the roles."""
    row = padded(dimensions) * 4
    return {
        "input": n_words * padded(dimensions + tying.n_columns) * 4,
        "output": n_words * row if output and not tying.is_one else 0,
        "negative": n_words * row if tying.is_apart else 0,
        "tree": max(n_words - 1, 0) * row if tree else 0,
    }
