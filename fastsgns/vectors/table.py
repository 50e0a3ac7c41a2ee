"""VectorTable: keys, their vectors and their attributes; look-up and edit."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastsgns.formats.keys import check_keys, plain, plain_all
from fastsgns.rules import FLAG, takes_flags
from fastsgns.vectors.attributes import Attributes
from fastsgns.vectors.keys import TEXT, as_key_list
from fastsgns.vectors.norms import as_real, can_be_written, divide, row_norms, unit

Key = Any
KEY_TYPES = (*TEXT, int, np.integer)
NO_KEYS = "there are no keys yet; a model gets them from its corpus by build_vocab() or train()"


class VectorTable(Attributes):
    """Keys with a vector each; the base of KeyedVectors, which documents the public face."""

    add_keys_advice: str | None = None  # set if a model owns the keys: how to add keys to the model

    derived_from: str | None = None  # set if vectors are computed from others: which to change

    strict = False  # whether an int that is not a key is a KeyError rather than a position

    if TYPE_CHECKING:
        index_to_key: list[Key]
    else:

        @property
        def index_to_key(self) -> list[Key]:
            """The keys in the order of their rows; may be replaced by any iterable of keys."""
            try:
                return self.__dict__["index_to_key"]
            except KeyError:
                raise AttributeError("index_to_key") from None

        @index_to_key.setter
        def index_to_key(self, keys: Iterable[Key]) -> None:
            self.__dict__["index_to_key"] = keys if isinstance(keys, list) else plain_all(keys)

    def __init__(
        self,
        vector_size: int,
        count: int = 0,
        dtype: npt.DTypeLike = np.float32,
        mapfile_path: Any = None,
    ) -> None:
        self.vector_size = int(vector_size)
        self.index_to_key = [None] * count
        self.key_to_index: dict[Key, int] = {}
        self.next_index = 0
        self.expandos: dict[str, np.ndarray] = {}
        self.vectors_lockf = np.ones(1, np.float32)
        self.mapfile_path = mapfile_path
        self._borrowed = False
        self._order = object()  # another one whenever keys change places
        self._own(np.zeros((count, self.vector_size), dtype))

    # The vectors and their norms

    def _own(self, vectors: np.ndarray) -> None:
        """Take an array that nobody outside can write, as a C-contiguous one."""
        is_whole = vectors.flags.c_contiguous
        self._vectors = vectors if is_whole else np.ascontiguousarray(vectors)
        self._shared = False
        self._norms: np.ndarray | None = None
        self._room: np.ndarray | None = None  # what the array is the start of, while it grows

    # For the models that own these vectors

    @property
    def array(self) -> np.ndarray:
        """The same array as `vectors`, only to read.

        Reading `vectors` hands the array out for writing, so that norms are computed anew for each
        query from then on. Reading `array` does not.
        """
        return self._vectors

    def use_array(self, array: np.ndarray) -> None:
        """Use an array of a model, which may go on writing to the array."""
        self._vectors, self._shared = array, can_be_written(array)
        self._norms = self._room = None

    @property
    def key_order(self) -> object:
        """An object that is replaced by another one whenever keys change places."""
        return self._order

    def set_items(
        self, keys: list[Key], vectors: np.ndarray, ids: dict[Key, int] | None = None
    ) -> None:
        """Replace all keys and vectors.

        Parameters
        ----------
        keys : list of n keys
        vectors : ndarray, shape (n, d)
        ids : dict, optional
            The position of each key; made from `keys` if not given.
        """
        self.index_to_key = keys
        self.key_to_index = ids if ids is not None else {key: i for i, key in enumerate(keys)}
        self.next_index = len(keys)
        self._borrowed = True
        self._order = object()
        self.vector_size = vectors.shape[1]
        self._own(vectors)

    def extend_keys(self, keys: list[Key], vectors: np.ndarray) -> None:
        """Append keys of a model whose vocabulary grew.

        Parameters
        ----------
        keys : list of m keys
            Only the new keys.
        vectors : ndarray, shape (n + m, d)
            One row for each old and new key.
        """
        self._own_keys()
        self.key_to_index.update(zip(keys, range(len(self), len(self) + len(keys))))
        self.index_to_key.extend(keys)
        self.next_index = len(self)
        self.vectors = vectors
        self._resize_attributes()

    @property
    def vectors(self) -> np.ndarray:
        """The matrix, shape (V, d), C-contiguous, to read, write or replace.

        Whole numbers that it is replaced by become float32.

        Once handed out it may be written at any time, so that norms are computed anew for each
        query; a read-only array keeps them.
        """
        self._shared = self._shared or can_be_written(self._vectors)
        return self._vectors

    @vectors.setter
    def vectors(self, vectors: npt.ArrayLike) -> None:
        self._refuse_if_derived()
        array = np.asarray(vectors)
        if array.dtype.kind in "iub":
            array = array.astype(np.float32)
        if array.ndim != 2 or array.dtype.kind != "f":
            raise ValueError(
                f"vectors must be a float matrix; got shape {array.shape} of {array.dtype}"
            )
        self._own(array)
        self._shared = can_be_written(self._vectors)
        self.vector_size = array.shape[1]

    @property
    def norms(self) -> np.ndarray:
        """Euclidean length of each vector, shape (V,), read-only; never stale."""
        if self._norms is None or self._shared:
            self._norms = row_norms(self._vectors)
            self._norms.flags.writeable = False
        return self._norms

    def _norms_of(self, rows: slice) -> np.ndarray:
        """Norms of some rows: only of them, where those of all would not be kept."""
        return row_norms(self._at(rows)) if self._shared else self.norms[rows]

    @takes_flags
    def fill_norms(self, force: bool = False) -> None:
        """Compute the norms now rather than at the next query."""
        if force:
            self._norms = None
        _ = self.norms

    def get_normed_vectors(self) -> np.ndarray:
        """Give a copy of all vectors with length 1, shape (V, d); zero stays zero."""
        return divide(as_real(self._vectors).copy(), self.norms[:, None])

    def unit_normalize_all(self) -> None:
        """Scale all vectors to length 1, in place."""
        divide(self._writable(), self.norms[:, None])
        self._norms = None

    def _refuse_if_derived(self) -> None:
        """Raise a ValueError if the vectors follow from others, so that a change would be lost."""
        if self.derived_from is not None:
            raise ValueError(
                f"these vectors are computed from others: change {self.derived_from}, "
                "or change a copy, copy.deepcopy(vectors)"
            )

    def _writable(self) -> np.ndarray:
        self._refuse_if_derived()
        if not self._vectors.flags.writeable:
            raise ValueError(
                "the vectors are read-only (mapped from a file?); load without mmap, "
                "or set kv.vectors = kv.vectors.copy()"
            )
        return self._vectors

    # Look-up

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def is_key(self, item: object) -> bool:
        """Whether `item` is one key (or position) rather than a list of them or a vector."""
        if isinstance(item, KEY_TYPES) or getattr(item, "ndim", None) == 0:
            return True
        try:
            if isinstance(item, Hashable) and item in self.key_to_index:
                return True
        except TypeError:  # a tuple of something unhashable
            return False
        return not hasattr(item, "__iter__")

    def get_index(self, key: Key, default: int | None = None) -> int:
        """Position of a key.

        An int that is not a key is a position itself, as in gensim, unless `strict` is true.

        Raises
        ------
        KeyError
            If `key` is absent and there is no default.
        """
        try:
            index = self.key_to_index.get(key, -1)
        except TypeError:  # such as an array without dimensions, which stands for what it holds
            key, index = check_keys([key], "key")[0], -1
        if index >= 0:
            return index
        found = self._find(plain(key))
        if found is not None:
            return found
        if default is not None:
            return default
        raise KeyError(self._absence(key))

    def _find(self, key: Key) -> int | None:
        index = self.key_to_index.get(key)
        if index is None and not self.strict and _is_position(key):
            return int(key) if 0 <= key < len(self) else None
        return index

    def _absence(self, key: Key) -> str:
        """Say that a key is absent, and what it was mistaken for where that can be told."""
        key, hint = plain(key), ""
        twin = _of_other_type(key)
        if not len(self):
            hint = NO_KEYS
        elif twin is not None and twin in self.key_to_index:
            hint = f"there is {twin!r}, a {type(twin).__name__}"
        elif isinstance(key, int) and self.strict:
            hint = "a number that is not a key does not stand for a row here"
        elif isinstance(key, float):
            hint = "to ask with a vector, give a numpy array"
        return f"Key '{key}' not present" + (f": {hint}" if hint else "")

    def has_index_for(self, key: Key) -> bool:
        """Whether `key` is a key or a valid position."""
        return self.get_index(key, -1) >= 0

    def __contains__(self, key: Key) -> bool:
        return self.has_index_for(key)

    def get_vector(self, key: Key, norm: bool = False) -> np.ndarray:
        """Vector of a key, shape (d,), read-only; with `norm`, scaled to length 1.

        Raises
        ------
        KeyError
            If `key` is absent.
        """
        row = self._at(self.get_index(key))
        vector = unit(row) if norm is not False and FLAG("norm", norm) else row.view()
        vector.flags.writeable = False
        return vector

    def __getitem__(self, key_or_keys: Any) -> np.ndarray:
        if self.is_key(key_or_keys):
            return self.get_vector(key_or_keys)
        return self._at(self._ids(as_key_list(key_or_keys, "keys", of_mapping=True)))

    def _at(self, ids: Any) -> np.ndarray:
        """The vectors at one position, or at several."""
        return self._vectors[ids]

    def _ids(self, keys: Iterable[Key]) -> np.ndarray:
        return np.array([self.get_index(key) for key in keys], np.intp)

    # Edit

    def __setitem__(self, keys: Any, weights: npt.ArrayLike) -> None:
        single = self.is_key(keys) or (isinstance(keys, tuple) and np.ndim(weights) == 1)
        names = check_keys([keys] if single else as_key_list(keys, "keys"))
        rows = self._rows(names, np.asarray(weights)[None] if single else weights)
        known = np.array([key in self.key_to_index for key in names], bool)
        if known.any():
            self._writable()[self._ids([key for key, old in zip(names, known) if old])] = rows[
                known
            ]
            self._norms = None
        self.add_vectors([key for key, old in zip(names, known) if not old], rows[~known])

    def add_vector(self, key: Key, vector: npt.ArrayLike) -> int:
        """Add one key, or do nothing if it is there; return its position."""
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
        """Add keys with their vectors; free slots, if any, are filled first.

        Parameters
        ----------
        keys : list of n keys, or one key
        weights : array_like, shape (n, d)
            Cast to the type of the vectors.
        extras : mapping of str to array of length n, optional
            Attributes of the keys.
        replace : bool
            Overwrite vectors and attributes of keys that are there; else those keep theirs.

        Raises
        ------
        ValueError
            If the shapes disagree.

        Examples
        --------
        >>> from fastsgns.vectors.keyedvectors import KeyedVectors
        >>> kv = KeyedVectors(2)
        >>> kv.add_vectors(["a", "b"], [[1, 0], [0, 1]], extras={"count": np.array([7, 3])})
        >>> kv, kv.get_vecattr("a", "count").item()
        (KeyedVectors<vector_size=2, 2 keys>, 7)
        """
        if self.is_key(keys):
            keys, weights = [keys], np.asarray(weights).reshape(1, -1)
        names, extras = check_keys(as_key_list(keys, "keys")), dict(extras or {})
        rows = self._rows(names, weights)
        for attr, values in extras.items():
            if len(values) != len(names):
                raise ValueError(f"{len(values)} values of {attr!r} for {len(names)} keys")
        known = {key for key in names if key in self.key_to_index}
        first = {key: row for row, key in reversed(list(enumerate(names)))}
        fresh = [row for key, row in sorted(first.items(), key=lambda x: x[1]) if key not in known]
        self._append([names[row] for row in fresh], rows[fresh])
        chosen = [row for row, key in enumerate(names) if key in known] if replace else []
        ids = np.array([self.key_to_index[names[row]] for row in chosen], np.intp)
        if chosen:
            self._writable()[ids] = rows[chosen]
            self._norms = None
        written = np.concatenate([ids, self._ids(names[row] for row in fresh)])
        self.allocate_vecattrs(list(extras), [np.asarray(extras[a]).dtype for a in extras])
        for attr, values in extras.items():
            self.expandos[attr][written] = np.asarray(values)[chosen + fresh]

    def _rows(self, names: list[Key], weights: npt.ArrayLike) -> np.ndarray:
        rows = np.asarray(weights)
        if rows.ndim == 1 and len(names) == 1:
            rows = rows[None]
        if rows.shape != (len(names), self.vector_size) and (names or rows.size):
            raise ValueError(
                f"vectors of shape {rows.shape} for {len(names)} keys; "
                f"needed is shape ({len(names)}, {self.vector_size})"
            )
        return rows.reshape(len(names), self.vector_size)

    def _own_keys(self) -> None:
        """Copy the keys before a change, if somebody else may hold the same list and dict."""
        if self._borrowed:
            self.index_to_key, self.key_to_index = list(self.index_to_key), dict(self.key_to_index)
            self._borrowed = False

    def _refuse_if_owned(self) -> None:
        """Raise a ValueError if keys and their order belong to a model."""
        if self.add_keys_advice is not None:
            raise ValueError(
                f"the keys of these vectors, and their order, are the model's: "
                f"{self.add_keys_advice}, or change a copy, copy.deepcopy(vectors)"
            )

    def _append(self, names: list[Key], rows: np.ndarray) -> None:
        if not names:
            return
        self._refuse_if_owned()
        self._own_keys()
        has_slots = self.next_index < len(self) and self.index_to_key[self.next_index] is None
        free = self.next_index if has_slots else len(self)
        end = free + len(names)
        rows = np.asarray(rows, self._vectors.dtype)
        if end > len(self._vectors):
            self._grow(end)
        self._norms = None
        self._writable()[free:end] = rows
        for index, key in enumerate(names, free):
            self.key_to_index[key] = index
        self.index_to_key[free:end] = names
        self.next_index = end
        self._resize_attributes()

    def _resize_attributes(self) -> None:
        """Give attributes, and factors of updates where keys have their own, a value per key."""
        self.allocate_vecattrs()
        if len(self.vectors_lockf) > 1:
            factors = np.ones(len(self), np.float32)
            n_kept = min(len(factors), len(self.vectors_lockf))
            factors[:n_kept] = self.vectors_lockf[:n_kept]
            self.vectors_lockf = factors

    def _grow(self, n_rows: int) -> None:
        """Make room; the array grows by half, so that adding one by one stays cheap."""
        old, room = self._vectors, self._room
        if room is None or len(room) < n_rows:
            room = np.empty((n_rows + (n_rows // 2 if len(old) else 0), old.shape[1]), old.dtype)
            room[: len(old)] = old
            self._own(room[:n_rows])
            self._room = room
        else:
            self._vectors = room[:n_rows]

    def __getstate__(self) -> dict[str, Any]:
        self._borrowed = True  # a shallow copy has the same list
        state = self.__dict__ | {"_room": None, "_norms": None}
        state.pop("role_link", None)
        state.pop("add_keys_advice", None)
        state.pop("derived_from", None)
        return state

    def resize_vectors(self, seed: int = 0) -> None:
        """Give the vectors as many rows as there are keys; new rows are small and random."""
        old = self._vectors
        if len(old) == len(self):
            return
        rows = np.empty((len(self), self.vector_size), old.dtype)
        n_kept = min(len(old), len(self))
        rows[:n_kept] = old[:n_kept]
        fresh = np.random.default_rng(seed).random((len(self) - n_kept, self.vector_size))
        rows[n_kept:] = (2 * fresh - 1) / self.vector_size
        self._own(rows)
        self._resize_attributes()


def _is_position(key: Key) -> bool:
    return isinstance(key, int) and not isinstance(key, bool)


def _of_other_type(key: Key) -> Key | None:
    """What a key of text would be as a number or as text of another type, and the reverse."""
    if isinstance(key, (bytes, bytearray)):
        return bytes(key).decode("utf-8", "replace")
    if isinstance(key, str):
        return int(key) if key.isdecimal() and len(key) < 20 else key.encode("utf-8", "replace")
    return str(key) if isinstance(key, int) else None
