"""Rows: where the vectors of a KeyedVectors are, and how they are read and changed."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fastsgns.vectors.norms import can_be_written, row_norms


class Rows(Protocol):
    """The vectors of a `KeyedVectors`: an array of its own, or one role of a model's matrices.

    Attributes
    ----------
    vector_size : int
        Dimensions d of a vector.
    """

    vector_size: int

    @property
    def array(self) -> np.ndarray:
        """All vectors, shape (V, d), only to read."""

    @property
    def norms(self) -> np.ndarray:
        """Euclidean norm of each vector, shape (V,), read-only."""

    def norms_of(self, rows: slice) -> np.ndarray:
        """Return the norms of some vectors."""

    def at(self, ids: Any) -> np.ndarray:
        """Return the vector at one position, or the vectors at several; a view where it can be."""

    def expose(self) -> np.ndarray:
        """Return all vectors to somebody who may keep the array and write to it."""

    def replace(self, vectors: npt.ArrayLike) -> None:
        """Replace all vectors."""

    def writable(self) -> np.ndarray:
        """Return all vectors to be changed at once; a ValueError if they can't be changed."""

    def forget_norms(self) -> None:
        """Compute the norms anew when they are needed next."""

    def grow(self, n_rows: int) -> None:
        """Append rows, whose values are undefined, up to `n_rows`."""

    def resize(self, n_rows: int, seed: int) -> None:
        """Drop rows, or append small random ones, until there are `n_rows`."""

    def detached(self) -> "OwnRows":
        """Return the same vectors apart from any model."""


class OwnRows:
    """An array of vectors with a cache of their norms.

    The norms are kept as long as nobody outside can write to the array. Once the array was handed
    out (`expose`), they are computed for each query.

    Parameters
    ----------
    array : ndarray, shape (V, d)
        Copied only if it is not C-contiguous.
    exposed : bool
        Whether somebody else holds the array and may write to it.
    derived_from : str, optional
        Set if the vectors are computed from others: what the user can change instead.
    """

    def __init__(
        self, array: np.ndarray, exposed: bool = False, derived_from: str | None = None
    ) -> None:
        self.vector_size: int = array.shape[1]
        self._derived_from = derived_from
        self._set(array, exposed)

    def _set(self, array: np.ndarray, exposed: bool) -> None:
        is_contiguous = array.flags.c_contiguous
        self._array = array if is_contiguous else np.ascontiguousarray(array)
        self._is_exposed = exposed and can_be_written(self._array)
        self._norms: np.ndarray | None = None
        self._room: np.ndarray | None = None  # the larger array that `_array` is the start of

    @property
    def array(self) -> np.ndarray:
        """All vectors, shape (V, d), only to read."""
        return self._array

    @property
    def norms(self) -> np.ndarray:
        """Euclidean norm of each vector, shape (V,), read-only."""
        if self._norms is None or self._is_exposed:
            self._norms = row_norms(self._array)
            self._norms.flags.writeable = False
        return self._norms

    def norms_of(self, rows: slice) -> np.ndarray:
        """Return the norms of some vectors; computes only these if norms are not kept."""
        return row_norms(self._array[rows]) if self._is_exposed else self.norms[rows]

    def at(self, ids: Any) -> np.ndarray:
        """Return the vector at one position, or the vectors at several."""
        chosen: np.ndarray = self._array[ids]
        return chosen

    def expose(self) -> np.ndarray:
        """Return all vectors to somebody who may keep the array and write to it."""
        self._is_exposed = self._is_exposed or can_be_written(self._array)
        return self._array

    def replace(self, vectors: npt.ArrayLike) -> None:
        """Replace all vectors; integers become float32."""
        self._check_not_derived()
        array = np.asarray(vectors)
        if array.dtype.kind in "iub":
            array = array.astype(np.float32)
        if array.ndim != 2 or array.dtype.kind != "f":
            raise ValueError(
                f"vectors must be a float matrix; got shape {array.shape} of {array.dtype}"
            )
        self._set(array, exposed=True)
        self.vector_size = array.shape[1]

    def writable(self) -> np.ndarray:
        """Return all vectors to be changed at once."""
        self._check_not_derived()
        self._norms = None
        return require_writable(self._array)

    def _check_not_derived(self) -> None:
        if self._derived_from is not None:
            raise ValueError(
                f"these vectors are computed from others: change {self._derived_from}, "
                "or change a copy, copy.deepcopy(vectors)"
            )

    def forget_norms(self) -> None:
        """Compute the norms anew when they are needed next."""
        self._norms = None

    def grow(self, n_rows: int) -> None:
        """Append rows, whose values are undefined, up to `n_rows`.

        Memory grows by half, so that adding vectors one by one takes linear time.
        """
        old, room = self._array, self._room
        if room is None or len(room) < n_rows:
            room = np.empty((n_rows + (n_rows // 2 if len(old) else 0), old.shape[1]), old.dtype)
            room[: len(old)] = old
            self._set(room[:n_rows], exposed=False)
            self._room = room
        else:
            self._array = room[:n_rows]
        self._norms = None

    def resize(self, n_rows: int, seed: int) -> None:
        """Drop rows, or append small random ones, until there are `n_rows`."""
        rows = np.empty((n_rows, self.vector_size), self._array.dtype)
        n_kept = min(len(self._array), n_rows)
        rows[:n_kept] = self._array[:n_kept]
        draws = np.random.default_rng(seed).random((n_rows - n_kept, self.vector_size))
        rows[n_kept:] = (2 * draws - 1) / self.vector_size
        self._set(rows, exposed=False)

    def detached(self) -> "OwnRows":
        """Return the same array, without the room to grow that only one of the two can use."""
        rows = OwnRows(self._array, self._is_exposed)
        rows.vector_size = self.vector_size
        return rows


def require_writable(array: np.ndarray) -> np.ndarray:
    """Return an array of vectors; a ValueError if it is read-only."""
    if not array.flags.writeable:
        raise ValueError(
            "the vectors are read-only (mapped from a file?); load without mmap, "
            "or set kv.vectors = kv.vectors.copy()"
        )
    return array
