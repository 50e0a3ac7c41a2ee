"""Keys of vectors: KeyTable, which knows the position of each key, and checks of arguments."""

import copy
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from fastsgns.formats.keys import check_keys, plain
from fastsgns.vectors.attributes import Attributes

Key: TypeAlias = Hashable
TEXT = (str, bytes, bytearray, memoryview)
KEY_TYPES = (*TEXT, int, np.integer)
ATTRIBUTE_TYPES: dict[Any, Any] = {int: np.int64, float: np.float64, str: object}
NO_KEYS = "there are no keys yet; a model gets them from its corpus by build_vocab() or train()"


class KeyTable:
    """Keys, the position of each key, and the attributes of the keys.

    Several `KeyedVectors` can use one table: the vectors of all roles of a model use the table of
    the model's `wv`.

    Parameters
    ----------
    keys : list of V keys
        Not copied before the first change.
    ids : dict, optional
        The position of each key; made from `keys` if not given.

    Attributes
    ----------
    index_to_key : list of V keys
        None marks a slot: a position that has no key yet.
    key_to_index : dict
        The position of each key.
    next_index : int
        The position of the first slot without a key.
    expandos : Attributes of str to ndarray, shape (V,)
        Attributes of the keys, such as ``count``.
    strict : bool
        Whether an int that is not a key is refused instead of being taken for a position.
    order : object
        Replaced by a new object whenever a method changes the order of the keys. Matrices compare
        it to know whether their rows must be moved (`Matrices.follow`). Setting ``index_to_key``
        does not change it.
    """

    def __init__(self, keys: list[Any], ids: dict[Any, int] | None = None) -> None:
        self._expandos = Attributes()
        self.strict = False
        self.replace(keys, ids)

    def replace(self, keys: list[Any], ids: dict[Any, int] | None = None) -> None:
        """Replace all keys; the attributes stay as they are."""
        self.index_to_key = keys
        self.key_to_index = ids if ids is not None else {key: i for i, key in enumerate(keys)}
        self.next_index = len(keys)
        self.order = object()
        self._is_shared = True  # the list and the dict may be used elsewhere

    def __len__(self) -> int:
        return len(self.index_to_key)

    @property
    def expandos(self) -> Attributes:
        """Attributes of the keys by name."""
        self._expandos.n_keys = len(self)
        return self._expandos

    @expandos.setter
    def expandos(self, items: Mapping[str, np.ndarray]) -> None:
        if not isinstance(items, Attributes):
            items = self._expandos.with_items(items)
        self._expandos = items

    # Look-up

    def is_key(self, item: object) -> bool:
        """Return whether `item` is a single key or position, not a list of keys or a vector.

        Whatever cannot be iterated is one.
        """
        if isinstance(item, KEY_TYPES) or getattr(item, "ndim", None) == 0:
            return True
        try:
            if isinstance(item, Hashable) and item in self.key_to_index:
                return True
        except TypeError:  # a tuple that holds something unhashable
            return False
        return not hasattr(item, "__iter__")

    def get_index(self, key: Any, default: int | None = None) -> int:
        """Return the position of a key; see `KeyedVectors.get_index`."""
        try:
            index = self.key_to_index.get(key, -1)
        except TypeError:  # not hashable: an array without dimensions is a key, a list is not
            key, index = check_keys([key], "key")[0], -1
        if index < 0:
            key = plain(key)
            index = self.key_to_index.get(key, -1)
        if index >= 0:
            return index
        is_position = isinstance(key, int) and not isinstance(key, bool) and not self.strict
        if is_position and 0 <= key < len(self):
            return int(key)
        if default is not None:
            return default
        raise KeyError(self.explain_absence(key))

    def __contains__(self, key: object) -> bool:
        try:
            return key in self.key_to_index or self.get_index(key, -1) >= 0
        except TypeError:  # not hashable
            return self.get_index(key, -1) >= 0

    def indices(self, keys: Iterable[Any]) -> np.ndarray:
        """Return the positions of keys, shape (n,)."""
        keys = keys if isinstance(keys, list) else list(keys)
        ids = self.known(keys)
        return np.array([self.get_index(key) for key in keys] if ids is None else ids, np.intp)

    def known(self, items: list[Any]) -> list[int] | None:
        """Return the positions of items if all are in `key_to_index`, else None; fast."""
        lookup = self.key_to_index
        try:
            return [lookup[item] for item in items]
        except (KeyError, TypeError):  # a position, an absent key, or a vector
            return None

    def explain_absence(self, key: Any) -> str:
        """Return the message of a KeyError, with the likely mistake if there is one."""
        key, hint = plain(key), ""
        twin = _in_other_type(key)
        if not len(self):
            hint = NO_KEYS
        elif twin is not None and twin in self.key_to_index:
            hint = f"there is {twin!r}, a {type(twin).__name__}"
        elif isinstance(key, int) and self.strict:
            hint = "a number that is not a key is not used as a position, as strict is True"
        elif isinstance(key, float):
            hint = "to query by a vector, give a numpy array"
        return f"Key '{key}' not present" + (f": {hint}" if hint else "")

    # Changes

    def add(self, keys: list[Any], start: int) -> None:
        """Add new keys at the positions from `start`: `free_position`, or the number of keys."""
        self.copy_if_shared()
        self.next_index = start + len(keys)
        self.key_to_index.update(zip(keys, range(start, self.next_index)))
        self.index_to_key[start : self.next_index] = keys
        self.allocate_attributes()

    def copy_if_shared(self) -> None:
        """Copy the list and the dict of keys if another object may use them as well."""
        if self._is_shared:
            self.index_to_key, self.key_to_index = list(self.index_to_key), dict(self.key_to_index)
            self._is_shared = False

    def free_position(self) -> int:
        """Return the position that the next key will get: of a slot, or after the last key."""
        has_slots = self.next_index < len(self) and self.index_to_key[self.next_index] is None
        return self.next_index if has_slots else len(self)

    def reorder(
        self, order: np.ndarray, keys: list[Any] | None = None, ids: dict[Any, int] | None = None
    ) -> None:
        """Move the key and the attributes at position ``order[i]`` to position i.

        Parameters
        ----------
        order : ndarray of int
            -1 where `keys` has a new key, whose attributes are 0. Keys that are not in `order` are
            removed.
        keys, ids : list and dict, optional
            The keys in the new order, and their positions. Required if there are new ones.
        """
        new_keys = [self.index_to_key[i] for i in order.tolist()] if keys is None else keys
        for name, values in self.expandos.stored().items():
            self._expandos.rearrange(name, moved(values, order))
        self.replace(new_keys, ids)

    def shallow_copy(self) -> "KeyTable":
        """Return a table of the same keys and attributes.

        Adding keys or attributes to one of the tables does not change the other.
        """
        self._is_shared = True
        copied = copy.copy(self)
        copied.expandos = self.expandos.copy()
        return copied

    # Attributes

    def allocate_attributes(
        self, names: Sequence[str] | None = None, types: Sequence[Any] | None = None
    ) -> None:
        """Allocate one value per key for attributes; see `KeyedVectors.allocate_vecattrs`."""
        names = list(self.expandos.stored()) if names is None else list(names)
        types = [self.expandos[name].dtype for name in names] if types is None else list(types)
        for name, kind in zip(names, types):
            dtype = np.dtype(ATTRIBUTE_TYPES.get(kind, kind))
            dtype = np.dtype(object) if dtype.kind in "SU" else dtype
            old = self.expandos.setdefault(name, np.zeros(0, dtype))
            if not np.can_cast(dtype, old.dtype, "same_kind"):
                raise TypeError(f"attribute {name!r} is of type {old.dtype}; {dtype} does not fit")
            if len(old) != len(self):
                values = np.zeros((len(self), *old.shape[1:]), old.dtype)
                n_kept = min(len(old), len(values))
                values[:n_kept] = old[:n_kept]
                self.expandos.rearrange(name, values)


def moved(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the values at some positions, and 0 where the position is -1.

    Examples
    --------
    >>> moved(np.array([5, 6, 7]), np.array([2, -1])).tolist()
    [7, 0]
    """
    chosen = np.zeros((len(order), *values.shape[1:]), values.dtype)
    is_there = order >= 0
    chosen[is_there] = values[order[is_there]]
    return chosen


def _in_other_type(key: Any) -> Any:
    """Return the key of another type that may be meant, or None.

    It is 7 for "7", b"a" for "a", and "7" for 7 and b"7".
    """
    if isinstance(key, (bytes, bytearray)):
        return bytes(key).decode("utf-8", "replace")
    if isinstance(key, str):
        is_int = key.isdecimal() and len(key) < 20  # int() refuses very long strings
        return int(key) if is_int else key.encode("utf-8", "replace")
    return str(key) if isinstance(key, int) else None


def as_key_list(keys: Any, name: str, allow_mapping: bool = False) -> list[Any]:
    """Return a list of keys or vectors that an argument holds.

    Parameters
    ----------
    keys : iterable of keys or vectors
    name : str
        The name of the argument, for error messages.
    allow_mapping : bool
        Accept a mapping and return its keys.

    Raises
    ------
    TypeError
        If `keys` is a single string, whose letters would be taken for keys, or a mapping whose
        values would be ignored.
    """
    if type(keys) is list:
        return list(keys)
    if isinstance(keys, Mapping) and not allow_mapping:
        raise TypeError(
            f"{name} is a {type(keys).__name__}, where a list of keys is wanted: pass "
            f"list({name}), or where weights are allowed list({name}.items())"
        )
    if isinstance(keys, TEXT):
        raise TypeError(
            f"{name} is {keys!r:.60}, a single {type(keys).__name__}, where a list of keys "
            f"is wanted: pass [{keys!r:.20}], or its parts, such as {name}.split()"
        )
    return list(keys)
