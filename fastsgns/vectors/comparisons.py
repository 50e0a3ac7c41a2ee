"""Comparisons of given keys, lists of keys and documents; they are methods of `KeyedVectors`."""

import logging
from collections import Counter
from collections.abc import Iterable
from itertools import chain, compress
from typing import Any

import numpy as np

from fastsgns.formats.keys import plain
from fastsgns.rules import takes_flags
from fastsgns.runtime import packages
from fastsgns.vectors import queries
from fastsgns.vectors.keys import Key, as_key_list
from fastsgns.vectors.lookup import has_vector, positions_of, vectors_at, vectors_of
from fastsgns.vectors.norms import as_real, cosine, cosines, divide, products, row_norms, unit
from fastsgns.vectors.spaces import Searchable, Space, in_space

logger = logging.getLogger(__name__)


def cosine_similarities(vector_1: np.ndarray, vectors_all: np.ndarray) -> np.ndarray:
    """Return cosines between a vector, shape (d,), and each row of a matrix, shape (n, d).

    The cosine with a zero vector is 0.
    """
    direction, rows = unit(vector_1), as_real(np.asarray(vectors_all))
    if direction.dtype == rows.dtype:
        return cosines(rows, direction)
    return divide(products(rows, direction), row_norms(rows))


def similarity(kv: Searchable, w1: Key, w2: Key, *, space: Space = "in-in") -> np.floating:
    """Return the cosine between the vectors of two keys; `space` is as for `most_similar`.

    With "in-out" it is the cosine between the input vector of `w1` and the output vector of
    `w2`.
    """
    first, second = in_space(kv, space)
    return cosine(first.get_vector(w1), second.get_vector(w2))


def distances(
    kv: Searchable, word_or_vector: queries.Query, other_words: Iterable[Key] = ()
) -> np.ndarray:
    """Return the cosine distances of a key or vector to other keys, or to all keys.

    Returns
    -------
    ndarray, shape (len(other_words),) or (V,)
    """
    table, vector = kv.key_table, queries.query_vector(kv, word_or_vector)
    others = as_key_list(other_words, "other_words", allow_mapping=True)
    ids = positions_of(kv, others) if others else np.arange(len(table))
    rows = vectors_at(kv, ids, others) if others else kv.rows.at(slice(None))
    found: np.ndarray = 1 - cosine_similarities(vector, rows)
    if table.is_key(word_or_vector):
        itself = table.get_index(word_or_vector, -1)
        at = np.flatnonzero(ids == itself)
        if itself < 0:  # inferred
            at = np.array([row for row in at if plain(others[row]) == plain(word_or_vector)], int)
        if len(at) and type(kv).get_vector is queries.get_vector:
            found[at] = 1 - cosine(vector, vector)  # exactly 0, not about 1e-8
    return found


def n_similarity(kv: Searchable, ws1: Iterable[Key], ws2: Iterable[Key]) -> np.floating:
    """Return the cosine between the means of two lists of keys; absent keys are skipped.

    Raises
    ------
    ZeroDivisionError
        If a list is empty.
    """
    lists = [as_key_list(ws, name, True) for ws, name in ((ws1, "ws1"), (ws2, "ws2"))]
    if not all(lists):
        raise ZeroDivisionError("n_similarity needs two lists with at least one key each")
    means = [kv.get_mean_vector(keys, pre_normalize=False) for keys in lists]
    return cosine(*means)


@takes_flags
def rank_by_centrality(
    kv: Searchable, words: Iterable[Key], use_norm: bool = True
) -> list[tuple[np.floating, Any]]:
    """Sort keys by how close they are to the mean of all of them, closest first.

    Parameters
    ----------
    words : iterable of keys
        Keys that are absent, or whose vector is not finite, are skipped with a warning.
    use_norm : bool
        Scale the vectors to length 1 first.

    Returns
    -------
    list of (closeness, key)

    Raises
    ------
    ValueError
        If no key is left.
    """
    words = given = as_key_list(words, "words", allow_mapping=True)
    if kv.key_table.known(words) is None:
        absent = [word for word in words if not has_vector(kv, word)]
        if absent:
            logger.warning("passed over, as they have no vectors: %s", absent)
        words = [word for word in words if has_vector(kv, word)]
    rows = as_real(vectors_of(kv, words))
    units = unit(rows)
    finite = ~np.isnan(units).any(1)
    if not finite.all():
        bad = [word for word, is_finite in zip(words, finite) if not is_finite]
        logger.warning("passed over, as their vectors are not finite: %s", bad)
        words, rows, units = list(compress(words, finite)), rows[finite], units[finite]
    if not words:
        raise ValueError(
            f"cannot select a word from an empty list: none of {given} has a finite vector"
        )
    rows = units if use_norm else rows
    closeness = rows @ unit(rows.mean(0))
    return sorted(zip(closeness, words), key=lambda pair: (pair[0], str(pair[1])), reverse=True)


def most_similar_to_given(kv: Searchable, key1: Key, keys_list: Iterable[Key]) -> Any:
    """Return the key of a list that is nearest to `key1`.

    Raises
    ------
    ValueError
        If the vector of `key1`, or of every key of the list, is not finite.
    """
    keys = as_key_list(keys_list, "keys_list")
    queries.require_finite(kv, unit(kv.get_vector(key1)), [key1])
    similarities = np.array([kv.similarity(key1, key) for key in keys])
    if np.isnan(similarities).all():
        queries.require_finite(kv, similarities, keys)
    return keys[int(np.nanargmax(similarities))]


def closer_than(kv: Searchable, key1: Key, key2: Key) -> list[Any]:
    """Return the keys that are nearer to `key1` than `key2` is.

    Raises
    ------
    ValueError
        If the vector of either key is not finite.
    """
    for key in (key1, key2):
        queries.require_finite(kv, unit(kv.get_vector(key)), [key])
    from_key1 = kv.distances(key1)
    itself, other = positions_of(kv, [key1, key2]).tolist()
    limit = distances(kv, key1, [key2])[0] if other < 0 else from_key1[other]
    closer = np.flatnonzero(from_key1 < limit).tolist()
    return [kv.key_table.index_to_key[index] for index in closer if index != itself]


def relative_cosine_similarity(kv: Searchable, wa: Key, wb: Key, topn: int = 10) -> float:
    """Return the cosine of two keys divided by the sum of the cosines of the `topn` nearest keys.

    The nearest keys are those of `wa`.

    References
    ----------
    Leeuwenberg et al.: A minimally supervised approach for synonym extraction, 2016.
    """
    total: float = sum(similarity for _, similarity in kv.similar_by_key(wa, topn))
    return float(kv.similarity(wa, wb)) / total


@takes_flags
def wmdistance(
    kv: Searchable, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True
) -> float:
    """Return the word mover's distance between two documents, lists of keys.

    Parameters
    ----------
    document1, document2 : list of keys
        Absent keys are skipped.
    norm : bool
        Scale the vectors to length 1 first.

    Returns
    -------
    float
        Infinity if no key of a document is present.

    Raises
    ------
    ImportError
        If the package POT is missing.

    References
    ----------
    Kusner et al.: From word embeddings to document distances, 2015.
    """
    emd2 = packages.need("ot", "wmdistance needs POT: pip install fastsgns[wmd]").emd2
    given = as_key_list(document1, "document1"), as_key_list(document2, "document2")
    documents = [[key for key in keys if has_vector(kv, key)] for keys in given]
    bags = [Counter(_identities(kv, keys)) for keys in documents]
    if not all(bags):
        logger.warning("a document holds no key that has a vector: the distance is infinite")
        return float("inf")
    identities = sorted(set().union(*bags))
    if len(identities) == 1:
        return 0.0
    keys = dict(zip(chain(*(_identities(kv, keys) for keys in documents)), chain(*documents)))
    points = as_real(vectors_of(kv, [keys[identity] for identity in identities]))
    points = points.astype(np.float64)
    points = unit(points) if norm else points
    costs = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    shares = [np.array([bag[identity] for identity in identities]) / bag.total() for bag in bags]
    return float(emd2(*shares, costs))


def _identities(kv: Searchable, keys: list[Any]) -> list[tuple[int, str]]:
    """Return what is equal for keys of one vector: the position, or else an inferred key."""
    positions = positions_of(kv, keys).tolist()
    return [(i, "" if i >= 0 else str(plain(key))) for i, key in zip(positions, keys)]
