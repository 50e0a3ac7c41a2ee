"""Attributes of keys, such as their counts: one array an attribute."""

from collections.abc import Sequence
from typing import Any

import numpy as np

TYPES: dict[Any, Any] = {int: np.int64, float: np.float64, str: object}


class Attributes:
    """The part of KeyedVectors that keeps ``expandos``: attribute name -> array of length V."""

    expandos: dict[str, np.ndarray]
    index_to_key: list[Any]

    def get_index(self, key: Any, default: int | None = None) -> int:
        """Position of a key."""
        raise NotImplementedError

    def get_vecattr(self, key: Any, attr: str) -> Any:
        """Value of an attribute of a key, such as ``get_vecattr("house", "count")``.

        Raises
        ------
        KeyError
            If there is no such key or attribute.
        """
        index = self.get_index(key)
        if attr not in self.expandos:
            raise KeyError(f"no attribute {attr!r}; there are {sorted(self.expandos)}")
        return self.expandos[attr][index]

    def set_vecattr(self, key: Any, attr: str, val: Any) -> None:
        """Set an attribute of a key; the first value of an attribute decides its type."""
        index = self.get_index(key)
        self.allocate_vecattrs([attr], [type(val)])
        self.expandos[attr][index] = val

    def allocate_vecattrs(
        self, attrs: Sequence[str] | None = None, types: Sequence[Any] | None = None
    ) -> None:
        """Make room for a value of each key in attributes, old ones or new ones.

        Parameters
        ----------
        attrs : list of str, optional
            All there are, if not given.
        types : list of types or dtypes, optional
            Of `attrs`.

        Raises
        ------
        TypeError
            If an attribute has another type already that can't hold the new one.
        """
        names = list(self.expandos) if attrs is None else list(attrs)
        wanted = [self.expandos[name].dtype for name in names] if types is None else list(types)
        for name, kind in zip(names, wanted):
            dtype = np.dtype(TYPES.get(kind, kind))
            dtype = np.dtype(object) if dtype.kind in "SU" else dtype
            old = self.expandos.get(name, np.zeros(0, dtype))
            if not np.can_cast(dtype, old.dtype, "same_kind"):
                raise TypeError(f"attribute {name!r} is of type {old.dtype}; {dtype} does not fit")
            if len(old) != len(self.index_to_key) or name not in self.expandos:
                values = np.zeros(len(self.index_to_key), old.dtype)
                n_kept = min(len(old), len(values))
                values[:n_kept] = old[:n_kept]
                self.expandos[name] = values
