"""Vectors by key for all queries, of keys that are present and of keys that are inferred.

A KeyedVectors may infer the vector of a key without a position: of a word from its n-grams. Queries
get vectors only by the functions of this module, so that every query takes such keys.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastsgns.vectors.spaces import Searchable


def has_vector(kv: Searchable, key: Any) -> bool:
    """Return whether `key` is present, is a position, or has a vector that can be inferred."""
    return key in kv.key_table or (kv.unseen is not None and kv.unseen.knows(key))


def positions_of(kv: Searchable, keys: Sequence[Any]) -> np.ndarray:
    """Return the position of each key, -1 if its vector is inferred; shape (n,).

    Raises
    ------
    KeyError
        If a key has no vector.
    """
    table, unseen = kv.key_table, kv.unseen
    ids = table.known(list(keys))
    if ids is not None:
        return np.array(ids, np.intp)
    if unseen is None:
        return table.indices(keys)
    positions = np.array([table.get_index(key, -1) for key in keys], np.intp)
    for row in np.flatnonzero(positions < 0).tolist():
        if not unseen.knows(keys[row]):
            raise KeyError(explain_absence(kv, keys[row]))
    return positions


def vectors_of(kv: Searchable, keys: Sequence[Any]) -> np.ndarray:
    """Return the vector of each key, shape (n, d).

    Raises
    ------
    KeyError
        If a key has no vector.
    """
    return vectors_at(kv, positions_of(kv, keys), keys)


def vectors_at(kv: Searchable, positions: np.ndarray, keys: Sequence[Any]) -> np.ndarray:
    """Return the vectors of keys whose positions `positions_of` has returned, shape (n, d)."""
    unseen = np.flatnonzero(positions < 0)
    if not len(unseen) or kv.unseen is None:
        return kv.rows.at(positions)
    inferred = kv.unseen.vectors([keys[row] for row in unseen.tolist()])
    seen = np.flatnonzero(positions >= 0)
    vectors = np.empty((len(positions), kv.rows.vector_size), inferred.dtype)
    vectors[unseen], vectors[seen] = inferred, kv.rows.at(positions[seen])
    return vectors


def explain_absence(kv: Searchable, key: Any) -> str:
    """Return the message of a KeyError for a key without a vector."""
    why = kv.unseen.explain_absence(key) if kv.unseen is not None else None
    return why or kv.key_table.explain_absence(key)
