"""Rows: where the vectors of a KeyedVectors are stored, and how they are read and changed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns.vectors.norms import can_be_written, row_norms


class Rows:
    """Base class for the storage of the vectors of a `KeyedVectors`.

    `OwnRows` holds an array. `fastsgns.vectors.role_rows.RoleRows` reads one matrix of a model. The
    base class does not cache norms.

    Attributes
    ----------
    vector_size : int
        Dimensions d of a vector.
    """

    vector_size: int

    @property
    def array(self) -> np.ndarray:
        """All vectors, shape (V, d), only to read."""
        raise NotImplementedError

    @property
    def memory(self) -> np.ndarray:
        """The array of all vectors; a model may still have to compute its values."""
        return self.array

    def is_computed_by(self, settle: Callable[[], None]) -> bool:
        """Return whether this function computes the values of the array."""
        return False

    def at(self, ids: Any) -> np.ndarray:
        """Return the vector at one position, or the vectors at several."""
        chosen: np.ndarray = self.array[ids]
        return chosen

    @property
    def norms(self) -> np.ndarray:
        """Euclidean norm of each vector, shape (V,), read-only."""
        norms = row_norms(self.array)
        norms.flags.writeable = False
        return norms

    def norms_of(self, ids: slice) -> np.ndarray:
        """Return the norms of the vectors at some positions."""
        return row_norms(self.at(ids))

    def forget_norms(self) -> None:
        """Discard the cached norms, if there are any."""

    def expose(self) -> np.ndarray:
        """Return all vectors to a caller who may write to them later; norms are not cached then."""
        return self.array

    def writable(self) -> np.ndarray:
        """Return all vectors to a caller who writes to them now; cached norms are discarded.

        Raises
        ------
        ValueError
            If the vectors can't be changed.
        """
        if not self.array.flags.writeable:
            raise ValueError(
                "the vectors are read-only (mapped from a file?); load without mmap, "
                "or set kv.vectors = kv.vectors.copy()"
            )
        return self.array

    def replace(self, vectors: npt.ArrayLike) -> None:
        """Replace all vectors, or raise a ValueError."""
        raise NotImplementedError

    def grow(self, n_rows: int) -> None:
        """Append rows up to `n_rows`; the new values are undefined."""
        raise NotImplementedError

    def resize(self, n_rows: int, seed: int) -> None:
        """Drop rows, or append small random rows, until there are `n_rows`.

        The vectors of a model are not changed, because the keys decide their number.
        """

    def detached(self) -> "OwnRows":
        """Return the same vectors as an array that does not belong to a model."""
        return OwnRows(self.array, exposed=True)


class OwnRows(Rows):
    """An array of vectors with a cache of their norms.

    The norms are cached as long as nobody outside can write to the array. After `expose` they are
    computed for each query.

    Parameters
    ----------
    array : ndarray, shape (V, d)
        Copied only if it is not C-contiguous.
    exposed : bool
        Whether somebody else holds the array and may write to it.
    derived_from : str, optional
        If the vectors are computed from others: what the user can change instead, for messages.
    """

    def __init__(
        self, array: np.ndarray, exposed: bool = False, derived_from: str | None = None
    ) -> None:
        self.vector_size = array.shape[1]
        self._derived_from = derived_from
        self._set(array, exposed)

    def _set(self, array: np.ndarray, exposed: bool) -> None:
        is_shared = array.flags.c_contiguous  # ascontiguousarray would change the class of a memmap
        self._array = array if is_shared else np.ascontiguousarray(array)
        self._is_exposed = exposed and is_shared and can_be_written(array)
        self._norms: np.ndarray | None = None
        self._room: np.ndarray | None = None  # a larger array whose first rows are `_array`

    @property
    def array(self) -> np.ndarray:
        """All vectors, shape (V, d), only to read."""
        return self._array

    def at(self, ids: Any) -> np.ndarray:
        """Return the vector at one position, or the vectors at several."""
        chosen: np.ndarray = self._array[ids]  # faster than `array`, a property
        return chosen

    @property
    def norms(self) -> np.ndarray:
        """Euclidean norm of each vector, shape (V,), read-only."""
        norms = self._norms  # another thread may discard them
        if norms is None or self._is_exposed:
            norms = self._norms = super().norms
        return norms

    def norms_of(self, ids: slice) -> np.ndarray:
        """Return the norms at some positions; only these are computed if norms are not cached."""
        return super().norms_of(ids) if self._is_exposed else self.norms[ids]

    def forget_norms(self) -> None:
        """Discard the cached norms."""
        self._norms = None

    def expose(self) -> np.ndarray:
        """Return all vectors to a caller who may write to them later; norms are not cached then."""
        self._is_exposed = self._is_exposed or can_be_written(self._array)
        return self._array

    def writable(self) -> np.ndarray:
        """Return all vectors to a caller who writes to them now; cached norms are discarded."""
        self._check_not_derived()
        self._norms = None
        return super().writable()

    def _check_not_derived(self) -> None:
        if self._derived_from is not None:
            raise ValueError(
                f"these vectors are computed from others: change {self._derived_from}, "
                "or change a copy, copy.deepcopy(vectors)"
            )

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

    def grow(self, n_rows: int) -> None:
        """Append rows up to `n_rows`; the new values are undefined.

        The memory grows by half, so that adding n vectors one by one copies O(n) rows in all. The
        first allocation has no spare rows, as all vectors are often added at once.
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
        """Drop rows, or append small random rows, until there are `n_rows`."""
        rows = np.empty((n_rows, self.vector_size), self._array.dtype)
        n_kept = min(len(self._array), n_rows)
        rows[:n_kept] = self._array[:n_kept]
        draws = np.random.default_rng(seed).random((n_rows - n_kept, self.vector_size))
        rows[n_kept:] = (2 * draws - 1) / self.vector_size
        self._set(rows, exposed=False)

    def detached(self) -> "OwnRows":
        """Return rows that share the array until either of the two changes its length."""
        rows = OwnRows(self._array, self._is_exposed)
        rows.vector_size = self.vector_size  # users may have set it to another number
        return rows


class ComputedRows(OwnRows):
    """The array of a model that computes its values when they are first read.

    Parameters
    ----------
    array : ndarray, shape (V, d), C-contiguous
    settle : callable
        Computes the values, unless they are current.
    """

    def __init__(self, array: np.ndarray, settle: Callable[[], None]) -> None:
        super().__init__(array, exposed=True)
        self._settle = settle

    @property
    def array(self) -> np.ndarray:
        """All vectors, shape (V, d), only to read."""
        self._settle()
        return self._array

    @property
    def memory(self) -> np.ndarray:
        """The array of all vectors; the model may still have to compute its values."""
        return self._array

    def at(self, ids: Any) -> np.ndarray:
        """Return the vector at one position, or the vectors at several."""
        chosen: np.ndarray = self.array[ids]
        return chosen

    def is_computed_by(self, settle: Callable[[], None]) -> bool:
        """Return whether this function computes the values of the array."""
        return self._settle == settle

    def expose(self) -> np.ndarray:
        """Return all vectors to a caller who may write to them later."""
        self._settle()
        return super().expose()

    def grow(self, n_rows: int) -> None:
        """Append rows up to `n_rows`; the new values are undefined."""
        self._settle()
        super().grow(n_rows)

    def resize(self, n_rows: int, seed: int) -> None:
        """Drop rows, or append small random rows, until there are `n_rows`."""
        self._settle()
        super().resize(n_rows, seed)

    def detached(self) -> OwnRows:
        """Return rows that share the array until either of the two changes its length."""
        self._settle()
        return super().detached()
