"""KeyedVectors: vectors by key, their nearest keys, their evaluation, and their files."""

import logging
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Literal, NoReturn, Self

import numpy as np
import numpy.typing as npt

from fastsgns.formats import columns as arrow_columns
from fastsgns.formats import kinds, saving, word2vec, word2vec_reader
from fastsgns.formats.keys import check_keys, key_list, plain, plain_all
from fastsgns.formats.tables import VectorTable
from fastsgns.matrices import Composition
from fastsgns.rules import (
    COUNT,
    DRAW_SEED,
    PROGRESS,
    WORKERS,
    integer,
    real,
    takes,
    takes_flags,
)
from fastsgns.runtime.progress import ShowProgress
from fastsgns.vectors import (
    aliases,
    comparisons,
    encoding,
    evaluation,
    exchange,
    frames,
    gensim_vectors,
    queries,
    second,
    storage,
    weighting,
)
from fastsgns.vectors.attributes import Attributes
from fastsgns.vectors.keys import Key, KeyTable, as_key_list, moved
from fastsgns.vectors.lookup import has_vector, positions_of, vectors_at, vectors_of
from fastsgns.vectors.norms import divide, unit
from fastsgns.vectors.queries import Similar
from fastsgns.vectors.rows import ComputedRows, OwnRows, Rows
from fastsgns.vectors.spaces import RoleLink, Space, Unseen, require_link

logger = logging.getLogger(__name__)

SIZE = integer(0, 2**62)
OUTPUT = "second output"  # in the state of a copy; no attribute can have this name
LOCK_FACTOR = real(
    "numbers from 0, which holds the vectors fast, to 1, which trains them",
    lambda value: 0 <= value <= 1,
)


def _table_attribute(name: str, doc: str) -> Any:
    """Return a property of a KeyedVectors that reads and sets an attribute of its `key_table`."""
    return property(
        attrgetter(f"key_table.{name}"), lambda kv, new: setattr(kv.key_table, name, new), doc=doc
    )


class KeyedVectors:
    """Vectors by key: of words, of nodes, or of anything hashable.

    The class has the name, the methods and the behavior of gensim's KeyedVectors. These are the
    differences:

    - ``norms`` always match ``vectors``, even if ``vectors`` was changed in place. `fill_norms` is
      never needed. Queries compute norms while they read the vectors (docs/queries.md).
    - `most_similar_batch` and `most_similar_ids` answer many queries at once, which is faster.
    - ``model.wv.output`` are the output vectors of a model, and the argument ``space`` of queries
      searches them.
    - `save` writes a single file, and no pickle.
    - With ``strict = True``, an int that is not a key raises a KeyError instead of being used as a
      position.

    Parameters
    ----------
    vector_size : int
        Dimensions d of a vector.
    count : int
        Number of rows to allocate without keys. `add_vectors` uses these rows first.
    dtype : dtype
        The type of the vectors: float32, float64 or float16.
    mapfile_path
        Accepted as gensim does, and stored as an attribute, without effect.

    Attributes
    ----------
    vectors : ndarray, shape (V, d)
        One row per key. It may be written in place or replaced.
    index_to_key : list of length V
        The key of each row.
    key_to_index : dict
        The position, which is the row number, of each key.
    vector_size : int
        Dimensions d of a vector.
    norms : ndarray, shape (V,)
        Euclidean norms of the current vectors.
    expandos : dict of str to ndarray, shape (V,)
        Attributes of the keys, such as ``count``.
    vectors_lockf : ndarray of float32, shape (1,) or (V,)
        The factor by which training multiplies the updates of each vector, or of all vectors. A
        vector with the factor 0 does not change.
    strict : bool
        Whether an int that is not a key raises a KeyError. By default it is the position of a row,
        as in gensim. Set it to True if the keys are numbers, such as ids of items, so that an
        unknown id does not get the vector of another item. The file of `save` contains this
        setting.

    Examples
    --------
    >>> kv = KeyedVectors(2)
    >>> kv["king"], kv["queen"], kv["cabbage"] = [3, 1], [3, 2], [-1, 1]
    >>> "king" in kv, len(kv), kv["queen"].tolist()
    (True, 3, [3.0, 2.0])
    >>> kv.most_similar("king", topn=1)[0][0]
    'queen'
    """

    # Models, and the functions that query vectors, use what is not part of the API: the methods at
    # the end of the class, `key_table` (the keys, their positions and attributes), `rows` (where
    # the vectors are stored) and these, which a model or a derived class sets:
    role_link: RoleLink["KeyedVectors"] | None = None  # leads to the model's other matrices
    add_keys_advice: str | None = None  # how to add keys to the model that owns them
    unseen: Unseen | None = None  # infers the vectors of keys that are not present
    subwords: Composition | None = None  # the rows that the vectors are made of, with subwords

    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: npt.DTypeLike = np.float32,
        mapfile_path: Any = None,
    ) -> None:
        vector_size, count = SIZE("vector_size", vector_size), SIZE("count", count)
        self.key_table = KeyTable([None] * count, {})
        self.key_table.next_index = 0  # the slots have no keys yet
        self.rows: Rows = OwnRows(np.zeros((count, vector_size), dtype))
        self.vectors_lockf = np.ones(1, np.float32)
        self.mapfile_path = mapfile_path

    @classmethod
    def from_arrays(
        cls,
        words: Iterable[Key],
        vectors: npt.ArrayLike,
        counts: npt.ArrayLike | None = None,
        ids: dict[Any, int] | None = None,
        *,
        output: npt.ArrayLike | None = None,
    ) -> Self:
        """Make a KeyedVectors of keys and vectors, without copying them.

        Parameters
        ----------
        words : iterable of V keys
        vectors : array_like of float, shape (V, d)
            Copied only if it is not C-contiguous. The caller may write to the array later.
        counts : array_like of int, shape (V,), optional
            Becomes the attribute ``count``.
        ids : dict, optional
            The position of each key, if the caller has them. Used only if `words` is a list of str
            and int, which is used as it is.
        output : array_like of float, shape (V, e), optional
            A second matrix: the vectors of ``kv.output``.

        Raises
        ------
        ValueError
            If the shapes disagree, or a key is given twice or is a missing value (None or NaN).
        TypeError
            If a key can't be hashed.

        Examples
        --------
        >>> KeyedVectors.from_arrays(["a"], np.ones((1, 3), np.float32))
        KeyedVectors<vector_size=3, 1 keys>
        """
        names, rows = key_list(words), np.asarray(vectors)
        if rows.ndim != 2 or len(rows) != len(names):
            raise ValueError(f"{len(names)} words with vectors of shape {rows.shape}")
        kv = cls(rows.shape[1], dtype=rows.dtype)
        kv.set_items(names, rows, ids if names is words else None)
        kv.vectors = rows  # converts integers, and marks the array as shared with the caller
        if len(kv.key_to_index) != len(names):
            raise ValueError(f"{len(names)} words, but {len(kv.key_to_index)} different ones")
        if counts is not None:
            if np.shape(counts) != (len(names),):
                raise ValueError(f"{len(names)} words, counts of shape {np.shape(counts)}")
            kv.expandos["count"] = np.asarray(counts)
        if output is not None:
            matrix = np.ascontiguousarray(output)
            if matrix.ndim != 2 or len(matrix) != len(names) or matrix.dtype.kind != "f":
                raise ValueError(
                    f"{len(names)} words, output vectors of {matrix.dtype} and shape "
                    f"{matrix.shape}; expected is a float matrix with a row per word"
                )
            second.link_output(kv, matrix)
        return kv

    @classmethod
    def from_dict(cls, vectors: Mapping[Any, npt.ArrayLike]) -> Self:
        """Make a KeyedVectors of a mapping of keys to vectors of one length.

        Raises
        ------
        ValueError
            If there are no vectors, or they have different lengths.
        TypeError
            If it is not a mapping.

        Examples
        --------
        >>> KeyedVectors.from_dict({"king": [3.0, 1.0], "queen": [3.0, 2.0]})
        KeyedVectors<vector_size=2, 2 keys>
        """
        if not isinstance(vectors, Mapping):
            raise TypeError(
                f"vectors is a {type(vectors).__name__}; expected is a mapping of keys to vectors. "
                "from_arrays(keys, vectors) takes both apart, and from_dict(dict(pairs)) pairs"
            )
        lengths = sorted({np.size(vector) for vector in vectors.values()})
        if len(lengths) != 1:
            raise ValueError(
                f"the vectors have {' or '.join(map(str, lengths)) or 'no'} numbers each; expected "
                "are one or more vectors of one length"
            )
        return cls.from_arrays(vectors, np.array([*map(np.ravel, vectors.values())]))

    @classmethod
    def from_table(cls, table: VectorTable) -> Self:
        """Make a KeyedVectors of what was read from a file; see `fastsgns.formats.tables`."""
        kv = cls(table.vectors.shape[1], dtype=table.vectors.dtype)
        kv.set_items(list(table.keys), table.vectors)
        kv.expandos = table.attributes
        if table.output is not None:
            second.link_output(kv, table.output)
        return kv

    # Keys

    @property
    def index_to_key(self) -> list[Any]:
        """The key of each row, in order.

        It may be replaced by any iterable of keys. `key_to_index` must then be set as well.
        """
        return self.key_table.index_to_key

    @index_to_key.setter
    def index_to_key(self, keys: Iterable[Key]) -> None:
        self.key_table.index_to_key = keys if isinstance(keys, list) else plain_all(keys)

    key_to_index: dict[Any, int] = _table_attribute("key_to_index", "The position of each key.")
    next_index: int = _table_attribute("next_index", "The position of the first row without a key.")
    expandos: dict[str, np.ndarray] = _table_attribute(
        "expandos", "Attributes of the keys: arrays of length V by name."
    )
    strict: bool = _table_attribute(
        "strict", "Whether an int that is not a key raises a KeyError instead of being a position."
    )

    def __len__(self) -> int:
        return len(self.key_table)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def is_key(self, item: object) -> bool:
        """Return whether `item` is a single key or position, not a list of keys or a vector."""
        return self.key_table.is_key(item)

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Return the position of a key.

        An int that is not a key is itself a position, as in gensim, unless `strict` is True.

        Raises
        ------
        KeyError
            If `key` is absent and there is no default.
        """
        return self.key_table.get_index(key, default)

    def has_index_for(self, key: Key) -> bool:
        """Return whether `key` is a key or a valid position."""
        return key in self.key_table

    def __contains__(self, key: Key) -> bool:
        return has_vector(self, key)

    # Vectors

    @property
    def vectors(self) -> np.ndarray:
        """The matrix, shape (V, d), C-contiguous, to read, write or replace.

        Integers become float32 when the matrix is replaced.

        Who has read this attribute can write to the array at any time. Afterwards ``norms`` are
        therefore computed at each access, unless the array is read-only. Queries are as fast as
        before.
        """
        return self.rows.expose()

    @vectors.setter
    def vectors(self, vectors: npt.ArrayLike) -> None:
        self.rows.replace(vectors)

    @property
    def vector_size(self) -> int:
        """Dimensions d of a vector."""
        return self.rows.vector_size

    @vector_size.setter
    def vector_size(self, vector_size: int) -> None:
        self.rows.vector_size = vector_size

    @property
    def norms(self) -> np.ndarray:
        """Euclidean norm of each vector, shape (V,), read-only.

        Programs that change vectors may set it, also to None. That is not needed: norms are always
        those of the vectors.

        Raises
        ------
        ValueError
            If it is set to an array of another shape.

        Warns
        -----
        UserWarning
            If it is set to other norms than those of the vectors, which is without effect.
        """
        return self.rows.norms

    @norms.setter
    def norms(self, norms: npt.ArrayLike | None) -> None:
        self.rows.forget_norms()
        if norms is None:
            return
        given, needed = np.asarray(norms), self.norms
        if given.shape != needed.shape:
            raise ValueError(f"norms of shape {given.shape}; needed is {needed.shape}")
        if not np.allclose(given, needed, rtol=1e-3, equal_nan=True):
            warnings.warn(
                "the norms that were set are not those of the vectors, and are not used; for other "
                "norms, scale the vectors", stacklevel=2,
            )  # fmt: skip

    get_vector = queries.get_vector
    get_mean_vector = queries.get_mean_vector

    def __getitem__(self, key_or_keys: Any) -> np.ndarray:
        if type(key_or_keys) is str or self.key_table.is_key(key_or_keys):
            return self.get_vector(key_or_keys)
        keys = as_key_list(key_or_keys, "keys", allow_mapping=True)
        return vectors_of(self, keys)

    @takes_flags
    def fill_norms(self, force: bool = False) -> None:
        """Compute the norms now, and cache them unless the array of `vectors` can be written to.

        Queries compute missing norms themselves; the method is here for gensim's sake.
        """
        if force:
            self.rows.forget_norms()
        _ = self.norms

    def get_normed_vectors(self) -> np.ndarray:
        """Return a copy of all vectors with length 1, shape (V, d); zero stays zero."""
        return unit(self.rows.array)

    def unit_normalize_all(self) -> None:
        """Scale all vectors to length 1, in place."""
        norms = self.norms
        divide(self.rows.writable(), norms[:, None])

    @takes_flags
    def vectors_for_all(
        self, keys: Iterable[Key], allow_inference: bool = True, copy_vecattrs: bool = False
    ) -> "KeyedVectors":
        """Return a new KeyedVectors with those of `keys` that are present.

        Parameters
        ----------
        keys : iterable of keys
            Or a mapping, such as a Counter of words, of which the keys are used.
        allow_inference : bool
            Whether vectors are inferred of keys that are not present: of words by their n-grams,
            where there are such. An int that is not a key is the position of a vector, unless
            `strict` is True.
        copy_vecattrs : bool
            Copy the attributes as well. Otherwise, the attribute ``count`` counts down from the
            number of keys to 1, as in gensim.
        """
        listed = plain_all(as_key_list(keys, "keys", allow_mapping=True))
        present = self if allow_inference else self.key_to_index
        names = [key for key in dict.fromkeys(listed) if key in present]
        ids = positions_of(self, names)
        chosen = KeyedVectors(self.vector_size)
        chosen.set_items(names, vectors_at(self, ids, names))
        chosen.strict = self.strict
        chosen.expandos["count"] = np.arange(len(names), 0, -1)
        is_made_up = True
        if copy_vecattrs:
            attributes = self.expandos.items()
            chosen.expandos |= {name: moved(values, ids) for name, values in attributes}
            is_made_up = "count" not in self.expandos or self._attributes.has_made_up_counts
        chosen._attributes.mark_made_up(is_made_up)
        return chosen

    # Vectors of texts

    @takes_flags
    @takes(workers=WORKERS, progress=PROGRESS)
    def encode(
        self,
        texts: str | Iterable[str] | Iterable[Sequence[Key]],
        weighting: str = "mean",
        *,
        normalize: bool = False,
        remove_components: int | npt.ArrayLike = 0,
        a: float = encoding.SIF_A,
        return_known: bool = False,
        workers: int | None = None,
        progress: ShowProgress = False,
    ) -> Any:
        """Return the vectors of texts: weighted means of the vectors of their words.

        Parameters
        ----------
        texts : iterable of n texts, or one text
            A text is a str, or a list of keys. A str is split at white space, as `LineSentence`
            splits lines: nothing is done to letters, so that texts must be written like the corpus,
            for example in lower case. A list, a column of a data frame, a generator or a file that
            is open for text are iterables of texts. A single str is one text.
        weighting : {"mean", "sif", "zipf"}
            "mean": each word has the same weight. "sif": a word of probability p has the weight
            ``a / (a + p)``. "zipf": the mean of the vectors of `whitened`. The last two need the
            attribute ``count``.
        normalize : bool
            Scale each result to length 1.
        remove_components : int or array_like, shape (k, d)
            How many of the first principal components of all texts to subtract from each text; 1
            with "sif" is the method of Arora et al. An array has the components of other texts; see
            `fastsgns.vectors.weighting.principal_components`.
        a : float
            Of "sif"; the paper's range is 0.0001 to 0.001.
        return_known : bool
            Return the number of known words of each text as well.
        workers : int, optional
            Number of threads; by default, and with -1, all processors. The result does not depend
            on it.
        progress : bool, callable or None
            Show a progress bar; None shows it on a terminal, for more than a second of work. A
            callable is called with a `ProgressReport`.

        Returns
        -------
        vectors : ndarray of float32, shape (n, d); (d,) for a single str
            Words that are not present are left out, or inferred from their n-grams where these
            vectors have such. A text without known words has a row of zeros.
        n_known : ndarray of int64, shape (n,); int for a single str
            How many words of each text have a vector, only with `return_known`. A text for which
            it is 0 has the row of zeros.

        Raises
        ------
        ValueError
            If `weighting` needs counts, and there are none or made-up ones, or if a text is a
            missing value.
        TypeError
            If `texts` are not texts.

        Warns
        -----
        UserWarning
            If a text has no known word, without `return_known`.

        References
        ----------
        Arora, Liang, Ma (2017): A simple but tough-to-beat baseline for sentence embeddings.
        Yokoi, Bao, Kurita, Shimodaira (2024): Zipfian whitening, arXiv:2411.00680.

        Examples
        --------
        >>> kv = KeyedVectors.from_dict({"to": [3.0, 0.0], "be": [1.0, 2.0]})
        >>> kv.encode(["to be or not to be", "be"]).tolist()
        [[2.0, 1.0], [1.0, 2.0]]
        >>> kv.encode("to be").tolist()
        [2.0, 1.0]
        >>> vectors, n_known = kv.encode(["", "to go"], return_known=True)
        >>> vectors.tolist(), n_known.tolist()
        ([[0.0, 0.0], [3.0, 0.0]], [0, 1])
        """
        return encoding.encode(
            self, texts, weighting, a, remove_components, normalize, workers, progress,
            return_known,
        )  # fmt: skip

    def whitened(self) -> "KeyedVectors":
        """Return a KeyedVectors whose vectors have the mean 0 and the covariance 1.

        Both are expectations under the probabilities of the words: ``count`` divided by its sum
        (Zipfian whitening). Frequent words become short and rare words long, which helps to compare
        texts. Directions in which the vectors do not differ become 0. Attributes of the keys are
        copied.

        Raises
        ------
        ValueError
            If there is no attribute ``count``, or it is made up, or a vector is not finite.

        References
        ----------
        Yokoi, Bao, Kurita, Shimodaira (2024): Zipfian whitening, arXiv:2411.00680.

        Examples
        --------
        >>> vectors = np.array([[0, 0], [4, 0], [0, 2]], np.float32)
        >>> kv = KeyedVectors.from_arrays(["the", "a", "of"], vectors, counts=[2, 1, 1])
        >>> shares, white = np.array([0.5, 0.25, 0.25]), kv.whitened().vectors
        >>> np.allclose(shares @ white, 0, atol=1e-6)
        True
        >>> np.allclose((white.T * shares) @ white, np.eye(2), atol=1e-6)
        True
        """
        return weighting.whitened(KeyedVectors, self)  # type: ignore[no-any-return]

    # Changes

    def __setitem__(self, keys: Any, weights: npt.ArrayLike) -> None:
        # a tuple with one vector is a key, even if it is not present yet
        if self.is_key(keys) or (isinstance(keys, tuple) and np.ndim(weights) == 1):
            keys, weights = [keys], np.asarray(weights)[None]
        self.add_vectors(keys, weights, replace=True)

    def add_vector(self, key: Key, vector: npt.ArrayLike) -> int:
        """Add a key with its vector unless the key is present; return the position of the key."""
        self.add_vectors([key], np.asarray(vector)[None])
        return self.key_to_index[plain(key)]

    @takes_flags
    def add_vectors(
        self,
        keys: Sequence[Key] | Key,
        weights: npt.ArrayLike,
        extras: Mapping[str, np.ndarray] | None = None,
        replace: bool = False,
    ) -> None:
        """Add keys with their vectors. Allocated rows that have no key yet are used first.

        Parameters
        ----------
        keys : list of n keys, or one key
        weights : array_like, shape (n, d)
            The vectors, which are cast to the type of ``vectors``.
        extras : mapping of str to array of length n, optional
            Attributes of the keys.
        replace : bool
            Overwrite the vectors and attributes of keys that are present. By default these keys
            keep their vectors and attributes.

        Raises
        ------
        ValueError
            If the shapes disagree.

        Examples
        --------
        >>> kv = KeyedVectors(2)
        >>> kv.add_vectors(["a", "b"], [[1, 0], [0, 1]], extras={"count": np.array([7, 3])})
        >>> kv, kv.get_vecattr("a", "count").item()
        (KeyedVectors<vector_size=2, 2 keys>, 7)
        """
        if self.is_key(keys):
            keys, weights = [keys], np.asarray(weights).reshape(1, -1)
        names = check_keys(as_key_list(keys, "keys"))
        rows = self._as_rows(names, weights)
        columns = {attr: np.asarray(values) for attr, values in (extras or {}).items()}
        for attr, values in columns.items():
            if len(values) != len(names):
                raise ValueError(f"{len(values)} values of {attr!r} for {len(names)} keys")
        known = {key for key in names if key in self.key_to_index}
        # Of a key that is given twice, the first row is used if the key is new, else the last.
        first_row = {key: row for row, key in reversed(list(enumerate(names)))}
        new = sorted(row for key, row in first_row.items() if key not in known)
        replaced = [row for row, key in enumerate(names) if key in known] if replace else []
        self._append([names[row] for row in new], rows[new])
        ids = self.key_table.indices(names[row] for row in replaced + new)
        if replaced:
            self.rows.writable()[ids[: len(replaced)]] = rows[replaced]
        self.allocate_vecattrs(list(columns), [values.dtype for values in columns.values()])
        for attr, values in columns.items():
            self.expandos[attr][ids] = values[replaced + new]
            self._note_set(attr, [names[row] for row in replaced + new])

    @property
    def _attributes(self) -> Attributes:
        return self.key_table.expandos

    def _note_set(self, attr: str, keys: list[Any]) -> None:
        """Note that the values of some keys have been set."""
        if attr == "count":
            self._attributes.mark_counted(keys)

    def _as_rows(self, names: list[Any], weights: npt.ArrayLike) -> np.ndarray:
        """Return vectors as an array of shape (len(names), d), or raise a ValueError."""
        rows = np.asarray(weights)
        if rows.ndim == 1 and len(names) == 1:
            rows = rows[None]
        if rows.shape != (len(names), self.vector_size) and (names or rows.size):
            raise ValueError(
                f"vectors of shape {rows.shape} for {len(names)} keys; "
                f"needed is shape ({len(names)}, {self.vector_size})"
            )
        return rows.reshape(len(names), self.vector_size)

    def _append(self, names: list[Any], vectors: np.ndarray) -> None:
        """Add keys that are not present."""
        if not names:
            return
        self._check_keys_not_owned()
        start = self.key_table.free_position()
        end = start + len(names)
        vectors = np.asarray(vectors, self.rows.array.dtype)
        if end > len(self.rows.array):
            self.rows.grow(end)
        self.rows.writable()[start:end] = vectors
        self.key_table.add(names, start)
        self._resize_lockf()

    def _check_keys_not_owned(self) -> None:
        """Raise a ValueError if the keys and their order belong to a model."""
        if self.add_keys_advice is not None:
            raise ValueError(
                "the keys of these vectors, and their order, are the model's: "
                f"{self.add_keys_advice}, or change a copy, copy.deepcopy(vectors)"
            )

    def _resize_lockf(self) -> None:
        """Set the factor of new keys to 1, if there is one factor per key.

        A single factor counts as one for all keys, even if there is a single key.
        """
        if len(self.vectors_lockf) > 1:
            new = np.ones(max(0, len(self) - len(self.vectors_lockf)), np.float32)
            self.vectors_lockf = np.append(self.vectors_lockf[: len(self)], new).astype(np.float32)

    @takes(seed=DRAW_SEED)
    def resize_vectors(self, seed: int = 0) -> None:
        """Drop rows, or append small random rows, until there is one row per key."""
        if len(self.rows.array) != len(self):
            self.rows.resize(len(self), seed)
            self.allocate_vecattrs()
            self._resize_lockf()

    def sort_by_descending_frequency(self) -> None:
        """Reorder keys, vectors and attributes by the attribute ``count``, if there is one."""
        if "count" not in self.expandos:
            return
        order = np.argsort(-self.expandos["count"], kind="stable")
        if np.array_equal(order, np.arange(len(self))):
            return
        self._check_keys_not_owned()
        if self.role_link is not None:
            # a change of index_to_key must reach the other matrices before the order changes
            self.role_link.sync(self)
        self.key_table.reorder(order)
        self.rows = OwnRows(self.rows.array[order])
        if len(self.vectors_lockf) > 1:
            self.vectors_lockf = self.vectors_lockf[order]

    # Attributes of keys

    def get_vecattr(self, key: Key, attr: str) -> Any:
        """Return an attribute of a key, such as ``get_vecattr("house", "count")``.

        Raises
        ------
        KeyError
            If there is no such key or attribute.
        """
        index = self.get_index(key)
        if attr not in self.expandos:
            raise KeyError(f"no attribute {attr!r}; there are {sorted(self.expandos)}")
        return self.expandos[attr][index]

    def set_vecattr(self, key: Key, attr: str, val: Any) -> None:
        """Set an attribute of a key; the first value of an attribute decides its type."""
        index = self.get_index(key)
        self.allocate_vecattrs([attr], [type(val)])
        self.expandos[attr][index] = val
        self._note_set(attr, [self.index_to_key[index]])

    def allocate_vecattrs(
        self, attrs: Sequence[str] | None = None, types: Sequence[Any] | None = None
    ) -> None:
        """Allocate one value per key for new attributes, and for new keys of old attributes.

        The new values are 0.

        Parameters
        ----------
        attrs : list of str, optional
            By default all attributes that are present.
        types : list of types or dtypes, optional
            The types of `attrs`.

        Raises
        ------
        TypeError
            If an attribute is present with a type to which the new type can't be cast.
        """
        self.key_table.allocate_attributes(attrs, types)

    # Nearest keys: the functions are in fastsgns/vectors/queries.py

    most_similar = queries.most_similar
    most_similar_cosmul = queries.most_similar_cosmul
    most_similar_ids = queries.most_similar_ids

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Similar | np.ndarray:
        """Return the keys nearest to a key; see `most_similar`."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Similar | np.ndarray:
        """Return the keys nearest to a word; the same as `similar_by_key`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Similar | np.ndarray:
        """Return the keys nearest to a vector, shape (d,); see `most_similar`."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    @takes_flags
    def most_similar_batch(
        self,
        queries: Any,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
        exclude: bool = True,
        *,
        space: Space = "in-in",
    ) -> list[Similar]:
        """Return the keys nearest to each of many queries, as `most_similar` does for one query.

        One matrix product answers a block of queries, which is much faster than one by one.

        Parameters
        ----------
        queries : list of Q keys, or ndarray of shape (Q, d)
        topn : int or None
            Number of keys per query; None returns all.
        restrict_vocab : int, optional
            Search only the first `restrict_vocab` keys, which are the most frequent.
        exclude : bool
            Leave the key of a query out of the answer.
        space : str
            As for `most_similar`.

        Returns
        -------
        list of Q lists of (key, float)

        Examples
        --------
        >>> kv = KeyedVectors(2)
        >>> kv.add_vectors(["one", "two", "far"], [[1, 0], [1, 0], [-1, 0]])
        >>> kv.most_similar_batch(["one", "two"], topn=1)
        [[('two', 1.0)], [('one', 1.0)]]
        """
        # the name of the argument, which is public, hides the module `queries` here
        answers = self.most_similar_ids(queries, topn, restrict_vocab, exclude, space=space)
        keys = self.index_to_key
        return [
            [(keys[i], similarity) for i, similarity in zip(*answer)]
            for answer in zip(answers.ids.tolist(), answers.similarities.tolist())
        ]

    # Comparisons: the functions are in fastsgns/vectors/comparisons.py

    cosine_similarities = staticmethod(comparisons.cosine_similarities)
    similarity = comparisons.similarity
    distances = comparisons.distances
    n_similarity = comparisons.n_similarity
    rank_by_centrality = comparisons.rank_by_centrality
    most_similar_to_given = comparisons.most_similar_to_given
    closer_than = comparisons.closer_than
    relative_cosine_similarity = comparisons.relative_cosine_similarity
    wmdistance = comparisons.wmdistance

    def distance(self, w1: Key, w2: Key) -> np.floating:
        """Return 1 - `similarity`."""
        return 1 - self.similarity(w1, w2)

    def doesnt_match(self, words: Iterable[Key]) -> Any:
        """Return the key that is farthest from the mean of `words`."""
        return self.rank_by_centrality(words)[-1][1]

    def rank(self, key1: Key, key2: Key) -> int:
        """Return the rank of `key2` among the keys nearest to `key1`, from 1."""
        return len(self.closer_than(key1, key2)) + 1

    # Evaluation: the functions are in fastsgns/vectors/evaluation.py

    evaluate_word_pairs = evaluation.evaluate_word_pairs
    evaluate_word_analogies = evaluation.evaluate_word_analogies
    pair_cosines = evaluation.pair_cosines
    cosines_to = evaluation.cosines_to

    # Files

    def save(
        self,
        fname: Any,
        separately: Any = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Any = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Write everything to one file, atomically; `load` reads it.

        The vectors of a model are saved without its other matrices, which ``model.save`` and
        ``export("native", fname)`` keep. A second matrix of vectors without a model is saved.

        Parameters
        ----------
        fname : str, os.PathLike or binary file object
        ignore : str or iterable of str
            Attributes of your own that the file shall not hold. By default it holds all that are
            plain values, lists and dicts of these, and arrays; a warning names the others.
        separately, sep_limit, pickle_protocol
            Accepted as gensim does, without effect: the result is always one file without pickle.

        Raises
        ------
        TypeError
            If a key or attribute has a type that a file can't hold.
        ValueError
            If `load` would refuse the file. A file that exists already is not changed.

        Warns
        -----
        UserWarning
            If a vector is not finite; it is saved as it is.
        """
        storage.save(self, fname, ignore)

    @classmethod
    def load(cls, fname: Any, mmap: str | None = None) -> Self:
        """Read what `save` wrote; `fastsgns.load` reads the files of models as well.

        Parameters
        ----------
        fname : str, os.PathLike or binary file object
        mmap : {None, "r"}
            With ``"r"`` the vectors are mapped, read-only, and use memory only as they are read.
            While they are mapped, no other program may change the file in place or truncate it,
            which can end the process (SIGBUS). Replacing it by a new file, as `save` does, is
            safe.

        Raises
        ------
        KindError
            If the file holds something other than vectors. It is also a FormatError and an
            AttributeError.
        FormatError
            If the file is of another format or damaged.
        """
        return kinds.load_as(cls, storage.SCHEMA, fname, mmap)

    @takes(total_vec=COUNT)
    @takes_flags
    def save_word2vec_format(
        self,
        fname: Any,
        fvocab: Any = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write a file in the format of the word2vec tool.

        Parameters
        ----------
        fname, fvocab, binary, write_header, prefix, append
            As for `fastsgns.formats.word2vec.write`.
        total_vec : int, optional
            The number of rows to write to the header; by default the number of keys.
        sort_attr : str
            Write in descending order of this attribute, if it is present.

        Warns
        -----
        UserWarning
            If a vector is not finite; it is written as it is.
        """
        saving.check_finite("vectors", self.rows.array, refuse=False)
        words, vectors = self.index_to_key, self.rows.array
        counts = self.expandos.get("count", np.zeros(len(self), int))
        by = self.expandos.get(sort_attr)
        if by is not None and np.any(by[:-1] < by[1:]):
            order = np.argsort(-by, kind="stable")
            words = [words[index] for index in order.tolist()]
            vectors, counts = vectors[order], counts[order]
        word2vec.write(
            fname, words, vectors, counts=counts, binary=binary, write_header=write_header,
            prefix=prefix, fvocab=fvocab, append=append, total=total_vec,
        )  # fmt: skip

    @classmethod
    @takes_flags
    def load_word2vec_format(
        cls,
        fname: Any,
        fvocab: Any = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: npt.DTypeLike = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Read a file in the format of the word2vec tool; see `fastsgns.formats.word2vec.read`.

        The attribute ``count`` counts down from n to 1, unless `fvocab` contains the counts.
        Functions that need real counts refuse it, and exported files do not have it.
        """
        ids, vectors, counts = word2vec.read_ids(
            fname, binary=binary, limit=limit, encoding=encoding, unicode_errors=unicode_errors,
            no_header=no_header, datatype=datatype, fvocab=fvocab,
        )  # fmt: skip
        kv = cls(vectors.shape[1], dtype=datatype)
        kv.set_items(list(ids), vectors, ids)
        kv.expandos["count"] = counts
        kv._attributes.mark_made_up(fvocab is None)
        return kv

    @takes_flags
    @takes(lockf=LOCK_FACTOR)
    def intersect_word2vec_format(
        self,
        fname: Any,
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        """Replace the vectors of keys that are also words of a word2vec file.

        Other words of the file are ignored.

        Parameters
        ----------
        fname, binary, encoding, unicode_errors
            As for `load_word2vec_format`.
        lockf : float
            The new ``vectors_lockf`` of these keys, from 0 to 1: with 0 training does not change
            their vectors, with 1 it changes them as those of other keys, and with 0.1 by a tenth of
            that.

        Raises
        ------
        ValueError
            If the file's vectors are of another size, or `lockf` is not between 0 and 1.
        """
        n_found = 0
        with word2vec_reader.opened(fname, binary=binary) as reader:
            if reader.n_columns != self.vector_size:
                raise ValueError(
                    f"{fname} has vectors of {reader.n_columns}; needed is {self.vector_size}"
                )
            if len(self.vectors_lockf) != len(self):
                self.vectors_lockf = np.full(len(self), self.vectors_lockf[0], np.float32)
            for block in reader.blocks():
                words = reader.words(block, encoding, unicode_errors)
                rows = [row for row, word in enumerate(words) if word in self.key_to_index]
                ids = [self.key_to_index[words[row]] for row in rows]
                self.rows.writable()[ids] = block.rows[rows]
                self.vectors_lockf[ids] = lockf
                n_found += len(rows)
        logger.info("took %d vectors of %s for %d keys", n_found, fname, len(self))

    # Files and objects of other programs; the table of formats is fastsgns/vectors/exchange.py

    def export(
        self,
        kind: str,
        path: Any,
        *,
        output: "KeyedVectors | Literal[False] | None" = None,
        dtype: npt.DTypeLike | None = None,
        **options: Any,
    ) -> None:
        """Write the keys, vectors and attributes to a file that other programs read, atomically.

        Parameters
        ----------
        kind : str
            The format: "native", "text", "binary", "glove", "vec", "safetensors", "npz", "parquet",
            "arrow", "fasttext", "floret", "tsv" or "static-embedding"; docs/files.md has a page per
            format.
        path : str, os.PathLike or binary file object
            Of "static-embedding", the path of a folder.
        output : KeyedVectors with the same keys, or False, optional
            The vectors of the second matrix; by default ``kv.output`` if these vectors have such.
            Formats with room for one matrix leave the default out. False leaves it out of all.
        dtype : {"float16", "float32", "float64", "int8"}, optional
            The type of the numbers in the file; by default that of the vectors. int8 has a scale
            per row, which `from_file` multiplies into the vectors (float32) again. For
            "safetensors", "npz", "parquet", "arrow" and "static-embedding".
        **options
            Of "static-embedding": ``lowercase=True`` puts texts into lower case before their words
            are looked up, and ``weights``, an array of shape (V,) or "sif" (as of `encode`),
            multiplies the vectors.

        Raises
        ------
        ValueError
            If there is no such format, a key can't be written to it, it can't hold `output` or
            `dtype`, or a number is too large for `dtype`.
        TypeError
            If a key has a type that the format can't hold.
        ImportError
            If the format needs a package that is not installed.

        Warns
        -----
        UserWarning
            If the format can't hold an attribute, which is left out; if it holds both matrices, but
            not the bias of the model; or if a vector is not finite, which is written as it is.

        Examples
        --------
        >>> kv = KeyedVectors.from_dict({"king": [3.0, 1.0], "queen": [3.0, 2.0]})
        >>> kv.export("npz", "vectors.npz")
        >>> np.load("vectors.npz")["words"].tolist()
        ['king', 'queen']
        """
        exchange.write(self, kind, path, output, dtype, **options)

    @classmethod
    def from_file(cls, path: Any, kind: str | None = None, **options: Any) -> Self:
        """Read a file of vectors in any format that `export` writes.

        Parameters
        ----------
        path : str, os.PathLike or binary file object
            Of "static-embedding", the path of a folder.
        kind : str, optional
            The format, as for `export`. By default it is recognized by the content of the file, or
            else by its suffix; "glove" must be given.
        **options
            Of the reader: of `load_word2vec_format` for "text", "binary", "glove" and "vec", of
            `load` for "native", and otherwise of ``from_npz``, ``from_parquet`` and so on.

        Raises
        ------
        FormatError
            If the file is of another format or damaged, or its format is not known.
        ValueError
            If there is no such format.

        Examples
        --------
        >>> KeyedVectors.from_dict({"king": [3.0, 1.0]}).export("npz", "vectors.npz")
        >>> KeyedVectors.from_file("vectors.npz")
        KeyedVectors<vector_size=2, 1 keys>
        """
        vectors: Self = exchange.read(cls, path, kind, **options)
        return vectors

    @classmethod
    def from_npz(cls, path: Any) -> Self:
        """Read an archive of numpy with the arrays ``vectors`` and ``words``, without pickle."""
        return cls.from_file(path, "npz")

    @classmethod
    def from_safetensors(cls, path: Any, words: Any = None) -> Self:
        """Read plain safetensors: the matrix ``embedding``, and ``output`` if it is there.

        Parameters
        ----------
        path : str, os.PathLike or binary file object
        words : iterable of keys, str or os.PathLike, optional
            The words, or a text file with a word per line, if the file itself has none.
        """
        return cls.from_file(path, "safetensors", words=words)

    @classmethod
    def from_parquet(cls, path: Any, key: str = "key", vector: str = "vector") -> Self:
        """Read Parquet with a column of keys and one of lists of numbers; needs pyarrow."""
        return cls.from_file(path, "parquet", key=key, vector=vector)

    @classmethod
    def from_arrow(cls, source: Any, key: str = "key", vector: str = "vector") -> Self:
        """Take a pyarrow.Table, or read an IPC file, as `from_parquet`; needs pyarrow."""
        if hasattr(source, "column_names"):
            return cls.from_table(arrow_columns.from_arrow(source, key, vector))
        return cls.from_file(source, "arrow", key=key, vector=vector)

    @classmethod
    def from_tsv(
        cls, path: Any, metadata: Any = None, datatype: npt.DTypeLike = np.float32
    ) -> Self:
        """Read the two files of the TensorBoard projector.

        Parameters
        ----------
        path : str or os.PathLike
            NAME.tsv for NAME_tensor.tsv and NAME_metadata.tsv; the former, if `metadata` is given.
        metadata : str or os.PathLike, optional
            The file of the keys.
        datatype : dtype
            Of the vectors.
        """
        return cls.from_file(path, "tsv", metadata=metadata, datatype=datatype)

    @classmethod
    def from_vec(cls, path: Any, **options: Any) -> Self:
        """Read fastText's text; the options are those of `load_word2vec_format`."""
        return cls.from_file(path, "vec", **options)

    def to_arrow(self) -> Any:
        """Return a pyarrow.Table with the columns of `export("parquet", path)`; needs pyarrow."""
        return arrow_columns.to_arrow(exchange.table_of(self))

    def to_pandas(self, attributes: Iterable[str] | bool = False) -> Any:
        """Return a pandas.DataFrame: a row per key, indexed by key, and a column per dimension.

        Parameters
        ----------
        attributes : iterable of str or bool
            Names of attributes to add as columns, such as ``["count"]``; True adds all.
        """
        return frames.to_pandas(self, attributes)

    @classmethod
    def from_dataframe(
        cls,
        frame: Any,
        key: str | None = None,
        vector: str | None = None,
        attributes: Iterable[str] = (),
    ) -> Self:
        """Make a KeyedVectors of a data frame of pandas or polars, or of a pyarrow.Table.

        Parameters
        ----------
        frame : DataFrame or Table
        key : str, optional
            The column of keys; by default the index of pandas, and else the column ``key``.
        vector : str, optional
            The column of vectors, each a list or an array; by default ``vector`` if there is one.
            Without such a column, each column that is left is a dimension.
        attributes : iterable of str
            Columns that are attributes of the keys.

        Raises
        ------
        ValueError
            If a column is missing, repeated or does not hold numbers, or keys are missing or
            repeated.
        TypeError
            If it is not a data frame, or a key is of a type that no file holds.

        Examples
        --------
        >>> kv = KeyedVectors.from_dict({"king": [3.0, 1.0], "queen": [3.0, 2.0]})
        >>> KeyedVectors.from_pandas(kv.to_pandas())["queen"].tolist()
        [3.0, 2.0]
        """
        return cls.from_table(frames.table_of(frame, key, vector, attributes))

    from_pandas = from_dataframe

    @classmethod
    @takes_flags
    def from_gensim(cls, vectors: Any, copy: bool = True) -> Self:
        """Make a KeyedVectors of one of gensim 4, or of the ``wv`` of a model of gensim.

        Counts, other attributes of keys, ``vectors_lockf`` and attributes that users have set come
        along. Empty slots are left out. Of FastText these are the vectors of the words in the
        vocabulary.

        Parameters
        ----------
        vectors : gensim.models.KeyedVectors, or a model with a ``wv``
        copy : bool
            Copy the vectors; otherwise both objects use the same array.

        Raises
        ------
        TypeError
            If it is not an object of gensim 4.
        """
        kv: Self = gensim_vectors.from_gensim(cls, vectors, copy)
        return kv

    def to_gensim(self) -> Any:
        """Return a gensim.models.KeyedVectors with copies of the keys, vectors and attributes."""
        return gensim_vectors.to_gensim(self)

    # The matrices of the model whose wv this is; an AttributeError for vectors without a model

    @property
    def input(self) -> "KeyedVectors":
        """The input vectors of the model, which are these vectors."""
        vectors: KeyedVectors = require_link(self).role(self, "input")
        return vectors

    @property
    def output(self) -> "KeyedVectors":
        """The output vectors of the model (docs/roles.md)."""
        vectors: KeyedVectors = require_link(self).role(self, "output")
        return vectors

    @property
    def negative(self) -> "KeyedVectors":
        """The vectors of negative samples, in a model of three matrices."""
        vectors: KeyedVectors = require_link(self).role(self, "negative")
        return vectors

    @property
    def bias(self) -> np.ndarray | None:
        """The bias of the model, shape (1,) or (V,), or None if the model has no bias."""
        return require_link(self).bias(self)

    # Names of gensim 3. The error for a name that is gone (fastsgns/vectors/aliases.py) says what
    # replaces it. Python calls `__getattr__` also if a property such as `output` raised an
    # AttributeError, whose message is then lost; `missing_attribute` makes it again.

    def __getattr__(self, name: str) -> NoReturn:
        raise aliases.missing_attribute(self, name, self.role_link is not None)

    log_accuracy = staticmethod(aliases.log_accuracy)
    log_evaluate_word_pairs = staticmethod(aliases.log_evaluate_word_pairs)

    @takes_flags
    def word_vec(self, key: Key, norm: bool = False) -> np.ndarray:
        """Return the vector of a key; the old name of `get_vector`."""
        return self.get_vector(key, norm)

    def words_closer_than(self, word1: Key, word2: Key) -> list[Any]:
        """Return the keys nearer to a word than another; the old name of `closer_than`."""
        return self.closer_than(word1, word2)

    @takes_flags
    def init_sims(self, replace: bool = False) -> None:
        """Call `unit_normalize_all` if `replace` is True, else `fill_norms`; deprecated."""
        successor = "unit_normalize_all()" if replace else "fill_norms()"
        warnings.warn(f"init_sims is deprecated; use {successor}", DeprecationWarning, 2)
        if replace:
            self.unit_normalize_all()
        else:
            self.fill_norms()

    # Not part of the API: for the models that own these vectors, and the functions that query them

    @classmethod
    def from_parts(cls, keys: KeyTable, rows: Rows, add_keys_advice: str | None = None) -> Self:
        """Make a KeyedVectors of keys and rows that other objects may use as well."""
        kv = cls(0)
        kv.key_table, kv.rows = keys, rows
        if add_keys_advice is not None:
            kv.add_keys_advice = add_keys_advice
        return kv

    @property
    def array(self) -> np.ndarray:
        """The same array as `vectors`, only to read; norms are still cached afterwards."""
        return self.rows.array

    def use_array(
        self,
        array: np.ndarray,
        derived_from: str | None = None,
        settle: Callable[[], None] | None = None,
    ) -> None:
        """Use the array of a model without copying it; the model may keep writing to it.

        Parameters
        ----------
        array : ndarray, shape (V, d)
        derived_from : str, optional
            If the vectors are computed from others: what the user can change instead, such as
            "model.vectors". It is for error messages.
        settle : callable, optional
            Computes the array before it is read, if it is outdated.
        """
        if settle is None:
            self.rows = OwnRows(array, exposed=True, derived_from=derived_from)
        else:
            self.rows = ComputedRows(array, settle)

    def set_items(
        self, keys: list[Any], vectors: np.ndarray, ids: dict[Any, int] | None = None
    ) -> None:
        """Replace all keys and vectors.

        Parameters
        ----------
        keys : list of n keys
        vectors : ndarray, shape (n, d)
        ids : dict, optional
            The position of each key; made from `keys` if not given.
        """
        self.key_table.replace(keys, ids)
        self.rows = OwnRows(vectors)

    def extend_keys(self, keys: list[Any], vectors: np.ndarray) -> None:
        """Append keys of a model whose vocabulary grew.

        Parameters
        ----------
        keys : list of m keys
            Only the new keys.
        vectors : ndarray, shape (n + m, d)
            One row per key, old and new.
        """
        self.key_table.add(keys, len(self))
        self.vectors = vectors
        self._resize_lockf()

    def with_rows(self, rows: Rows, add_keys_advice: str) -> "KeyedVectors":
        """Return vectors that use the table of these keys, and other rows."""
        return KeyedVectors.from_parts(self.key_table, rows, add_keys_advice)

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes of a copy, which is independent of a model."""
        parts = {"key_table": self.key_table.shallow_copy(), "rows": self.rows.detached()}
        of_model = ("role_link", "add_keys_advice")
        state = {k: v for k, v in (self.__dict__ | parts).items() if k not in of_model}
        output = second.own_output(self)
        return state if output is None else state | {OUTPUT: output}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({k: v for k, v in state.items() if k != OUTPUT})
        if OUTPUT in state:
            second.link_output(self, state[OUTPUT])

    def __copy__(self) -> Self:
        copied = type(self).__new__(type(self))
        copied.__setstate__(self.__getstate__())
        for kv in (self, copied):  # each can write to the array, which they share
            kv.rows.expose()
        return copied
