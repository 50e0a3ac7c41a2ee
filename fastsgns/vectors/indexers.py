"""Indexers: approximate search for the nearest keys, for the argument ``indexer=`` of queries."""

import os
from typing import Any, Literal, get_args

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats.kinds import check_mmap
from fastsgns.formats.writing import atomic
from fastsgns.rules import COUNT, WORKERS, integer
from fastsgns.runtime import packages
from fastsgns.vectors.norms import as_real, cosines, row_blocks, unit
from fastsgns.vectors.queries import Similar, checked_vector, require_finite
from fastsgns.vectors.spaces import COMBINATIONS, Searchable, Space, in_space

Storage = Literal["float16", "float32"]
NUMBERS: dict[str, str] = {"float16": "f16", "float32": "f32"}  # usearch's names of types
# By how much a cosine of an index may differ from that of the vectors. float16 has 11 bits, so that
# a component is wrong by up to 2^-12 of itself.
TOLERANCE = 2e-3
N_COMPARED = 100  # rows that `load` compares with those of the vectors
EXPANSION = integer(1, 2**20)
STALE = "the vectors have changed since the index was made: make a new UsearchIndexer"


class UsearchIndexer:
    """An index of vectors that finds almost all nearest keys in a small part of the time (HNSW).

    ``kv.most_similar(key, indexer=indexer)`` answers by the index instead of a search of all
    vectors. As with gensim's AnnoyIndexer, the answer contains the key itself. The index keeps a
    copy of the vectors.

    Parameters
    ----------
    vectors : KeyedVectors, or a model with the attribute ``wv``
        The index holds its vectors by position, and takes keys and similarities from it. Vectors
        that are zero or not finite are left out.
    space : {"in-in", "in-out", "out-in", "out-out"}
        As for `most_similar`: with "in-out" and "out-out" the index is one of the output vectors.
        Give the same `space` to the query.
    storage : {"float16", "float32"}
        The type of the numbers in the index.
    connectivity : int
        Neighbors per vector in the graph of the index; more need more memory and find more.
    expansion_add, expansion_search : int
        Candidates that are compared when a vector is added, and when the index is searched; more
        take more time and find more.
    workers : int, optional
        Threads that make the index; by default one per core.

    Raises
    ------
    ImportError
        If the package usearch is missing.
    ValueError
        If an argument is not allowed.

    Notes
    -----
    Answers have the exact cosines of the current vectors, and are sorted by these. If an exact
    cosine is not that of the index, or the number of vectors is another one, the vectors have
    changed, and the query raises a ValueError. Vectors that have changed elsewhere, and should be
    among the answers, are not noticed.

    References
    ----------
    Malkov, Yashunin: Efficient and robust approximate nearest neighbor search using Hierarchical
    Navigable Small World graphs, 2018.
    """

    def __init__(
        self,
        vectors: Any,
        *,
        space: Space = "in-in",
        storage: Storage = "float16",
        connectivity: int = 16,
        expansion_add: int = 128,
        expansion_search: int = 64,
        workers: int | None = None,
    ) -> None:
        if storage not in get_args(Storage):
            raise ValueError(f"storage is {storage!r}; allowed are {get_args(Storage)}")
        self._set_vectors(vectors, space)
        array = self._rows().array
        self._index = _usearch().Index(
            ndim=array.shape[1], metric="cos", dtype=NUMBERS[storage],
            connectivity=EXPANSION("connectivity", connectivity),
            expansion_add=EXPANSION("expansion_add", expansion_add),
            expansion_search=EXPANSION("expansion_search", expansion_search),
        )  # fmt: skip
        threads = WORKERS("workers", workers) or 0
        for start, rows in row_blocks(array):
            ids = start + _indexable(rows)
            self._index.add(ids.astype(np.uint64), as_real(array[ids]), threads=threads)
        self._n_rows = len(array)

    def _set_vectors(self, vectors: Any, space: Space) -> None:
        if space in COMBINATIONS:
            raise ValueError(
                f"space {space!r} has no fixed vectors: index those of "
                f"model.roles.combined({space!r})"
            )
        self._kv: Searchable = getattr(vectors, "wv", vectors)
        self._space: Space = space

    def _rows(self) -> Any:
        return in_space(self._kv, self._space)[1].rows

    def __len__(self) -> int:
        return len(self._index)

    def __repr__(self) -> str:
        return f"UsearchIndexer<{len(self)} of {self._n_rows} vectors of {self._index.ndim}>"

    def most_similar(self, vector: np.ndarray, num_neighbors: int) -> Similar:
        """Return the keys nearest to a vector, and their cosines.

        Parameters
        ----------
        vector : ndarray, shape (d,)
        num_neighbors : int

        Returns
        -------
        list of (key, float)
            Nearest first.

        Raises
        ------
        ValueError
            If `vector` has another shape or is not finite, or if the vectors have changed since the
            index was made.
        """
        n, rows = COUNT("num_neighbors", num_neighbors), self._rows()
        direction = unit(checked_vector(self._kv, vector)).astype(np.float32)
        require_finite(self._kv, direction, [])
        n_keys = len(self._kv.key_table)
        if n_keys != self._n_rows:
            raise ValueError(f"there are {n_keys} vectors, and were {self._n_rows}: {STALE}")
        if not n or not len(self):
            return []
        found = self._index.search(direction, min(n, len(self)))
        ids = found.keys.astype(np.intp)
        exact = cosines(rows.at(ids), direction)
        if direction.any() and not np.allclose(exact, 1 - found.distances, atol=TOLERANCE, rtol=0):
            raise ValueError(STALE)
        keys = self._kv.key_table.index_to_key
        order = np.lexsort((ids, -exact))
        return [(keys[i], cosine) for i, cosine in zip(ids[order].tolist(), exact[order].tolist())]

    def save(self, fname: str | os.PathLike[str]) -> None:
        """Write the index to a file; `load` reads it. The keys are not part of the file."""
        with atomic(fname) as temporary:
            self._index.save(temporary)

    @classmethod
    def load(
        cls,
        fname: str | os.PathLike[str],
        vectors: Any,
        *,
        space: Space = "in-in",
        mmap: Any = None,
    ) -> "UsearchIndexer":
        """Read the index of vectors from a file that `save` wrote.

        Parameters
        ----------
        fname : str or os.PathLike
        vectors, space
            As they were when the index was made.
        mmap : {None, "r"}
            With "r" the index is mapped, and uses memory only as it is read.

        Raises
        ------
        FormatError
            If the file does not hold an index.
        ValueError
            If the index is not one of `vectors`. Their number and some of them are compared.
        """
        indexer = cls.__new__(cls)
        indexer._set_vectors(vectors, space)
        restore = _usearch().Index.restore
        if not os.path.exists(fname):
            raise FileNotFoundError(f"there is no file {os.fspath(fname)!r}")
        try:
            index = restore(os.fspath(fname), view=check_mmap(mmap))
        except (RuntimeError, ValueError) as error:
            raise FormatError(f"{fname} is not an index of usearch: {error}") from error
        if index is None:
            raise FormatError(f"{fname} is not an index of usearch")
        array = indexer._rows().array
        n_indexable = sum(len(_indexable(rows)) for _, rows in row_blocks(array))
        if index.ndim != array.shape[1] or len(index) != n_indexable:
            raise ValueError(
                f"{fname} is an index of {len(index)} vectors of {index.ndim}, and not of "
                f"{n_indexable} of {array.shape[1]}: {STALE}"
            )
        indexer._index, indexer._n_rows = index, len(array)
        indexer._compare(array)
        return indexer

    def _compare(self, array: np.ndarray) -> None:
        """Raise a ValueError unless some vectors of the index are those of an array."""
        some = np.unique(np.linspace(0, max(0, len(array) - 1), N_COMPARED).astype(int))
        ids = some[_indexable(as_real(array[some]))] if len(array) else some[:0]
        stored = [self._index.get(int(i)) for i in ids]
        if any(row is None for row in stored):
            raise ValueError(STALE)
        if len(ids):
            indexed, current = np.array(stored, np.float32), as_real(array[ids])
            similar = (unit(indexed) * unit(current)).sum(1)
            if (similar < 1 - TOLERANCE).any():
                raise ValueError(STALE)


def _indexable(rows: np.ndarray) -> np.ndarray:
    """Return the positions of the rows that are finite and not zero."""
    with np.errstate(all="ignore"):
        squares = np.einsum("ij,ij->i", rows, rows)
    return np.flatnonzero((squares > 0) & np.isfinite(squares))


def _usearch() -> Any:
    """Return the package usearch, or raise an ImportError that says how to install it."""
    return packages.need("usearch.index", "UsearchIndexer needs usearch: pip install fastsgns[ann]")
