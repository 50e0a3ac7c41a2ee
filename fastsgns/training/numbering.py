"""Numbering: the numbers that a replica gives to the rows of a matrix that it uses."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastsgns.kernels import replicas

ALIGNMENT = 64  # bytes of a cache line
MOST_TABLES = 2  # alias tables of one objective: for each role of targets


class Scratch:
    """Memory that a thread, or a shard, keeps from one replica to the next."""

    def __init__(self) -> None:
        self._numbers: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._rows: dict[str, np.ndarray] = {}
        self._cumulated: dict[int, tuple[np.ndarray, np.ndarray]] = {}

    def numbers(self, kind: str, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return n numbers that are -1, and room for n ids. Whoever sets numbers resets them."""
        arrays = self._numbers.get(kind)
        if arrays is None or len(arrays[0]) != n:
            arrays = self._numbers[kind] = np.full(n, -1, np.int32), np.empty(n, np.int32)
        return arrays

    def rows(self, kind: str, shape: tuple[int, int], dtype: np.dtype[Any]) -> np.ndarray:
        """Return an array with undefined contents, aligned to cache lines."""
        n_bytes = shape[0] * shape[1] * dtype.itemsize
        memory = self._rows.get(kind)
        if memory is None or len(memory) < n_bytes + ALIGNMENT:
            memory = self._rows[kind] = np.empty(n_bytes + n_bytes // 8 + ALIGNMENT, np.uint8)
        start = -memory.ctypes.data % ALIGNMENT
        return memory[start : start + n_bytes].view(dtype).reshape(shape)

    def cumulated(self, table: np.ndarray) -> np.ndarray:
        """Return the cumulated probabilities of an alias table, which is computed once."""
        known = self._cumulated.get(id(table))
        if known is None or known[0] is not table:
            if len(self._cumulated) == MOST_TABLES:  # those of an earlier epoch
                self._cumulated.clear()
            known = self._cumulated[id(table)] = table, cumulate(table)
        return known[1]


class Pool(NamedTuple):
    """A pool that is to be drawn: `size` words from an alias table, by random numbers."""

    table: np.ndarray
    size: int
    stream: int


class Numbering:
    """The numbers that a replica gives to rows: first to those of its data, then to its pools.

    Parameters
    ----------
    n_rows : int
        Rows of the model.
    scratch : Scratch
    kind : str
        The memory of `scratch` that is used.
    is_whole : bool
        Whether rows keep their numbers, so that the replica has all of them.

    Attributes
    ----------
    used : ndarray of int32
        The rows of the data, ascending.
    drawn : ndarray of int32
        The rows of pools that are not among them, ascending.

    Examples
    --------
    >>> numbering = Numbering(9, Scratch(), "words")
    >>> numbering.use([np.array([7, 3, 7], np.int32)])
    >>> numbering.used.tolist(), numbering.local(np.array([3, 3, 7], np.int32)).tolist()
    ([3, 7], [0, 0, 1])
    >>> numbering.close()
    """

    def __init__(self, n_rows: int, scratch: Scratch, kind: str, is_whole: bool = False) -> None:
        self.n_rows, self.is_whole, self._scratch = n_rows, is_whole, scratch
        self._numbers, self._found = scratch.numbers(kind, n_rows)
        self.used = self.drawn = np.empty(0, np.int32)

    def use(self, parts: Sequence[np.ndarray]) -> None:
        """Number the rows of the data.

        Raises
        ------
        ValueError
            If an id is none of a row.
        """
        self.used = self._collect(parts)
        replicas.number(self.used, self._numbers, 0)

    def draw(self, pools: Sequence[Pool]) -> list[np.ndarray]:
        """Draw pools, number the rows that have no number yet, and return the numbers of each."""
        words = [np.empty(pool.size, np.int32) for pool in pools]
        for pool, ids in zip(pools, words):
            replicas.draw(self._scratch.cumulated(pool.table), pool.stream, ids)
        self.drawn = self._collect(words)
        replicas.number(self.drawn, self._numbers, len(self.used))
        return [self.local(ids) for ids in words]

    def _collect(self, parts: Sequence[np.ndarray]) -> np.ndarray:
        """Return the distinct ids without a number, ascending."""
        n = 0
        try:
            for ids in parts:
                n = replicas.collect(ids, self._numbers, self._found, n)
        except ValueError:
            replicas.forget(self._found[:n], self._numbers)
            raise
        return np.sort(self._found[:n])

    def local(self, ids: np.ndarray) -> np.ndarray:
        """Return the numbers of rows."""
        if self.is_whole:
            return ids
        numbers = np.empty(len(ids), np.int32)
        replicas.renumber(ids, self._numbers, numbers)
        return numbers

    def close(self) -> None:
        """Reset the numbers in the scratch memory."""
        replicas.forget(self.used, self._numbers)
        replicas.forget(self.drawn, self._numbers)

    @property
    def n_local(self) -> int:
        """Rows of the replica."""
        return self.n_rows if self.is_whole else len(self.used) + len(self.drawn)

    @property
    def lists(self) -> list[np.ndarray]:
        """The rows of the replica, in the order of their numbers: one or two ascending lists."""
        if self.is_whole:
            return [np.arange(self.n_rows, dtype=np.int32)]
        return [self.used, self.drawn] if len(self.drawn) else [self.used]

    def of_rows(self, table: np.ndarray | None) -> np.ndarray | None:
        """Return the entries of a table for the rows of the replica."""
        return table if table is None or self.is_whole else table[np.concatenate(self.lists)]


def cumulate(table: np.ndarray) -> np.ndarray:
    """Return the probability of each row of an alias table and of those before it.

    Examples
    --------
    >>> from fastsgns.sampling import alias_table
    >>> cumulate(alias_table(np.array([0.5, 0.0, 0.375, 0.125]))).round(6)
    array([0.5  , 0.5  , 0.875, 1.   ])
    """
    stays = table[:, 0] / 2.0**32
    mass = stays + np.bincount(table[:, 1], 1.0 - stays, len(table))
    cumulated: np.ndarray = np.cumsum(mass)
    cumulated /= cumulated[-1]
    return cumulated


def noise_table(pool: np.ndarray) -> np.ndarray:
    """Return an alias table by which each place of a pool is equally probable.

    Examples
    --------
    >>> noise_table(np.array([4, 0, 4], np.int32)).tolist()
    [[0, 4], [0, 0], [0, 4]]
    """
    table = np.zeros((len(pool), 2), np.uint32)  # no number is below 0: the alias is taken
    table[:, 1] = pool
    return table
