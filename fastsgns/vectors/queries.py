"""Queries: the keys nearest to a query vector.

The functions are methods of `KeyedVectors`; their first parameter `kv` is ``self``.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import repeat
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from fastsgns import kernels
from fastsgns.kernels.cosines import add_rows
from fastsgns.rules import FLAG, LIMIT, number, takes_flags
from fastsgns.vectors.keys import Key, as_key_list
from fastsgns.vectors.lookup import (
    explain_absence,
    has_vector,
    positions_of,
    vectors_at,
    vectors_of,
)
from fastsgns.vectors.nearest import nearest_rows
from fastsgns.vectors.norms import as_real, cosines, largest, unit
from fastsgns.vectors.spaces import Searchable, Space, in_space

Similar: TypeAlias = list[tuple[Any, float]]
Query: TypeAlias = Key | np.ndarray
Weighted: TypeAlias = Query | tuple[Query, float]
Queries: TypeAlias = Weighted | Iterable[Weighted] | None

BLOCK = 4096  # vectors that are added at once
N_QUERIES = 1024  # that are answered at once; the vectors are read once for all of them
EPSILON = 1e-6  # keeps the divisor of 3CosMul positive; gensim's value (the paper's is 0.001)
NO_INPUT = "cannot compute similarity with no input: give a key or a vector"


class Indexer(Protocol):
    """An index of the vectors, such as gensim's AnnoyIndexer, which answers instead of a search."""

    def most_similar(self, vector: np.ndarray, num_neighbors: int) -> Similar:
        """Return the nearest keys with their similarities."""


class SimilarIds(NamedTuple):
    """Answers to many queries as arrays.

    Attributes
    ----------
    ids : ndarray of int64, shape (Q, k)
        Positions of the nearest keys, nearest first.
    similarities : ndarray of float32 or float64, shape (Q, k)
    """

    ids: np.ndarray
    similarities: np.ndarray


def get_vector(kv: Searchable, key: Key, norm: bool = False) -> np.ndarray:
    """Return the vector of a key, shape (d,), read-only; scaled to length 1 if `norm` is True.

    Raises
    ------
    KeyError
        If `key` is absent, and its vector can't be inferred.
    """
    try:
        vector = kv.rows.at(kv.key_table.key_to_index[key])  # as `vectors_of` does, but faster
    except (KeyError, TypeError):
        vector = vectors_of(kv, [key])[0]
    if norm is not False and (norm is True or FLAG("norm", norm)):  # `takes_flags` would be slow
        vector = unit(vector)
    vector.setflags(False)  # type: ignore[call-arg]  # by position, which is faster
    return vector


@takes_flags
def get_mean_vector(
    kv: Searchable,
    keys: Iterable[Query],
    weights: npt.ArrayLike | None = None,
    pre_normalize: bool = True,
    post_normalize: bool = False,
    ignore_missing: bool = True,
) -> np.ndarray:
    """Return the weighted mean of vectors.

    Parameters
    ----------
    keys : list of n keys or vectors
        Vectors are used as they are. If it is a mapping, its keys are used. A mapping whose values
        are numbers is refused, because the numbers may be meant as weights.
    weights : array_like, shape (n,), optional
        By default each weight is 1. The weighted sum is divided by the sum of the absolute weights.
    pre_normalize : bool
        Scale the vector of each key to length 1 first; not those given as vectors.
    post_normalize : bool
        Scale the mean to length 1.
    ignore_missing : bool
        Skip absent keys instead of raising KeyError.

    Returns
    -------
    ndarray, shape (d,)
        Zero if no key is present.
    """
    has_weights = (
        type(keys) is not list  # faster than the next test
        and isinstance(keys, Mapping)
        and any(number(x) is not None for x in keys.values())
    )
    items = as_key_list(keys, "keys", allow_mapping=not has_weights)
    if not items:
        raise ValueError("cannot compute mean with no input")
    factors = None if weights is None else np.asarray(weights, np.float64)
    if factors is not None and factors.shape != (len(items),):
        raise ValueError(f"{len(items)} keys with weights of shape {factors.shape}")
    mean, total = _weighted_sum(kv, items, factors, pre_normalize, ignore_missing)
    if total not in (0.0, 1.0):
        mean /= total
    return (unit(mean) if post_normalize else mean).astype(query_type(kv))


def _weighted_sum(
    kv: Searchable, items: list[Any], factors: np.ndarray | None, norm: bool, ignore_missing: bool
) -> tuple[np.ndarray, float]:
    """Return the weighted sum of vectors as float64, and the sum of the absolute weights.

    Without `factors` all weights are 1.
    """
    table, is_derived = kv.key_table, type(kv).get_vector is not get_vector
    total = np.zeros(kv.rows.vector_size)
    ids = None if is_derived else table.known(items)
    if ids is not None:
        return total, _add_rows(kv, np.array(ids), items, factors, norm, total)
    keys, of_keys = [], []
    sum_of_weights = 0.0
    for item, factor in zip(items, repeat(1.0) if factors is None else factors.tolist()):
        if not table.is_key(item):
            total += factor * checked_vector(kv, item)
        elif not has_vector(kv, item):
            if ignore_missing:
                continue
            raise KeyError(explain_absence(kv, item))
        elif is_derived:
            total += factor * as_real(kv.get_vector(item, norm=norm))
        else:
            keys.append(item)
            of_keys.append(factor)
            continue
        sum_of_weights += abs(factor)
    positions = positions_of(kv, keys)
    total_of_keys = _add_rows(kv, positions, keys, np.array(of_keys), norm, total)
    return total, sum_of_weights + total_of_keys


def _add_rows(
    kv: Searchable,
    positions: np.ndarray,
    keys: list[Any],
    factors: np.ndarray | None,
    norm: bool,
    total: np.ndarray,
) -> float:
    """Add the vectors of keys, times factors, and return the sum of these without signs.

    The vectors are scaled to length 1 first if `norm` is True.
    """
    sum_of_factors, variant = 0.0, kernels.variant()
    for start in range(0, len(keys), BLOCK):
        block = slice(start, start + BLOCK)
        rows = as_real(vectors_at(kv, positions[block], keys[block]))
        some = None if factors is None else factors[block]
        sum_of_factors += add_rows(rows, some, norm, total, variant)
    return sum_of_factors


def query_type(kv: Searchable) -> np.dtype[Any]:
    """Return the type that queries are computed in: float64 of float64 vectors, else float32."""
    return as_real(kv.rows.at(slice(0))).dtype


def checked_vector(kv: Searchable, vector: npt.ArrayLike) -> np.ndarray:
    """Return a query vector as an array; a ValueError if it has another shape than (d,)."""
    array = np.asarray(vector)
    if array.shape != (kv.rows.vector_size,):
        raise ValueError(f"a vector of shape {array.shape}; needed is ({kv.rows.vector_size},)")
    return array


def query_vector(kv: Searchable, query: Any) -> np.ndarray:
    """Return the vector of a key, or a vector itself."""
    return kv.get_vector(query) if kv.key_table.is_key(query) else checked_vector(kv, query)


def _as_queries(kv: Searchable, queries: Any) -> list[Any]:
    """Return one query, or several, as a list of keys, vectors and pairs with a weight."""
    if queries is None:
        return []
    if kv.key_table.is_key(queries) or (isinstance(queries, np.ndarray) and queries.ndim == 1):
        return [queries]
    return as_key_list(queries, "positive or negative")


def _with_weights(
    kv: Searchable, positive: Queries, negative: Queries
) -> tuple[list[Any], list[float]]:
    """Return all keys and vectors, and the weight of each: 1, -1, or the weight of a pair."""
    plus, minus = _as_queries(kv, positive), _as_queries(kv, negative)
    if not plus and not minus:
        raise ValueError(NO_INPUT)
    weights, items = [1.0] * len(plus) + [-1.0] * len(minus), plus + minus
    for row, item in enumerate(items):
        is_pair = isinstance(item, (tuple, list)) and len(item) == 2
        if is_pair and not kv.key_table.is_key(item):
            items[row], weights[row] = item[0], _weight(item)
    return items, weights


def _known_ids(kv: Searchable, items: Iterable[Any]) -> set[int]:
    """Return the positions of those queries that are keys; answers do not contain them."""
    table = kv.key_table
    return {table.get_index(item) for item in items if table.is_key(item) and item in table}


def most_similar(
    kv: Searchable,
    positive: "Queries" = None,
    negative: "Queries" = None,
    topn: int | None = 10,
    clip_start: int = 0,
    clip_end: int | None = None,
    restrict_vocab: int | None = None,
    indexer: Indexer | None = None,
    *,
    space: Space = "in-in",
) -> Similar | np.ndarray:
    """Return the keys most similar to `positive` and least similar to `negative` (3CosAdd).

    Similarity is the cosine with the weighted mean of `positive` and `negative`.

    Parameters
    ----------
    positive, negative : key, vector, or list of keys, vectors and (key, weight) pairs
        Keys in `negative` have the weight -1. The weight of a pair is used as it is, in `negative`
        too: ``("a", 1)`` in `negative` is added.
    topn : int or None
        Number of keys; None returns the similarities themselves.
    clip_start, clip_end : int
        Search only the positions from `clip_start` to `clip_end`. If `clip_end` is 0 or None,
        search up to the last position.
    restrict_vocab : int, optional
        Search only the first `restrict_vocab` keys, which are the most frequent. `clip_start` and
        `clip_end` are then ignored. 0 and None search all keys.
    indexer : object, optional
        Answer by ``indexer.most_similar(vector, topn)`` instead of the full search: by a
        `fastsgns.vectors.indexers.UsearchIndexer`, or gensim's AnnoyIndexer. As in gensim, the
        answer is that of the index, with the keys of the query, and `clip_start`, `clip_end` and
        `restrict_vocab` are ignored.
    space : {"in-in", "in-out", "out-in", "out-out", "sum", "concat"}
        Which vectors of a model make the query, and which are searched; only for the `wv` of a
        model. "in-out" makes the query of input vectors and searches output vectors, and so on.
        "sum" and "concat" use the sums, or the concatenations, of input and output vectors for
        both. "in-in" finds words of the same kind, "in-out" words of the same topic
        (docs/roles.md).

    Returns
    -------
    list of (key, float)
        Nearest first, without the keys of the query. If `topn` is None, a float array with the
        similarity of each position that was searched.

    Raises
    ------
    KeyError
        If a key is absent.
    ValueError
        If there is no key or vector, if `space` is not allowed, or if it needs a matrix that
        is missing.

    References
    ----------
    Mikolov, Yih, Zweig: Linguistic regularities in continuous space word representations, 2013.

    Examples
    --------
    >>> from fastsgns import KeyedVectors
    >>> kv = KeyedVectors(2)
    >>> kv.add_vectors(["one", "two", "far"], [[1, 0], [1, 0], [0, 1]])
    >>> kv.most_similar("one", topn=1)
    [('two', 1.0)]
    """
    topn = LIMIT("topn", topn)
    if topn is not None and topn < 1:
        return []
    clip = _search_range(clip_start, clip_end, restrict_vocab)
    asked, searched = in_space(kv, space)
    items, weights = _with_weights(kv, positive, negative)
    mean = asked.get_mean_vector(items, weights, post_normalize=True, ignore_missing=False)
    require_finite(asked, mean, items)
    if indexer is not None and topn is not None:
        return indexer.most_similar(mean, topn)
    similarities = cosines(searched.rows.at(clip), mean)
    return _ranked(kv, similarities, topn, clip.start, _known_ids(kv, items))


def require_finite(kv: Searchable, direction: np.ndarray, items: Iterable[Any]) -> None:
    """Raise a ValueError unless `direction`, a query vector made of `items`, is finite.

    The message names the key whose vector is not finite.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        square = direction @ direction
    if math.isfinite(square) or np.isfinite(direction).all():
        return  # the first test is faster, and right unless the product overflows
    keys = [item for item in items if kv.key_table.is_key(item)]
    bad = [key for key in keys if not np.isfinite(unit(kv.get_vector(key))).all()]
    what = f"the vector of {bad[0]!r}" if bad else "the vector that was asked with"
    raise ValueError(
        f"{what} is not finite (or too long), so that nothing is near it; leave it out, or "
        "replace it"
    )


def _ranked(
    kv: Searchable, scores: np.ndarray, topn: int | None, start: int, excluded: set[int]
) -> np.ndarray | Similar:
    """Return the keys of the largest scores; the score at i belongs to position ``start + i``."""
    if topn is None:
        return scores
    ids = largest(scores, topn + len(excluded)) + start
    answers = [i for i in ids.tolist() if i not in excluded][:topn]
    keys = kv.key_table.index_to_key
    return [(keys[i], float(scores[i - start])) for i in answers]


def most_similar_cosmul(
    kv: Searchable,
    positive: "Queries" = None,
    negative: "Queries" = None,
    topn: int | None = 10,
    restrict_vocab: int | None = None,
) -> Similar | np.ndarray:
    """Return the keys most similar to `positive` and least similar to `negative` (3CosMul).

    The score of a key is prod(p) / (prod(n) + 1e-6). The p are the cosines with each of `positive`,
    and the n the cosines with each of `negative`; both are shifted from -1..1 to 0..1. Parameters
    and result are those of `most_similar`, but pairs with weights are not allowed.

    References
    ----------
    Levy, Goldberg: Linguistic regularities in sparse and explicit word representations, 2014.
    """
    plus, minus = _as_queries(kv, positive), _as_queries(kv, negative)
    if not plus and not minus:
        raise ValueError(NO_INPUT)
    topn = LIMIT("topn", topn)
    if topn is not None and topn < 1:
        return []
    clip = _search_range(restrict_vocab=restrict_vocab)
    rows, dtype = kv.rows.at(clip), query_type(kv)
    shifted = []  # cosines with each query, shifted to 0..1
    for item in plus + minus:
        direction = unit(query_vector(kv, item)).astype(dtype)
        require_finite(kv, direction, [item])
        shifted.append((1 + cosines(rows, direction)) / 2)
    above = np.prod(shifted[: len(plus)], axis=0, dtype=dtype)
    below = np.prod(shifted[len(plus) :], axis=0, dtype=dtype) + dtype.type(EPSILON)
    return _ranked(kv, above / below, topn, 0, _known_ids(kv, plus + minus))


@takes_flags
def most_similar_ids(
    kv: Searchable,
    queries: Any,
    topn: int | None = 10,
    restrict_vocab: int | None = None,
    exclude: bool = True,
    *,
    space: Space = "in-in",
) -> SimilarIds:
    """Return the positions of the keys nearest to each of many queries, as arrays.

    The parameters are those of `most_similar_batch`.

    Returns
    -------
    ids : ndarray of int64, shape (Q, k)
        Positions, nearest first. k is `topn`, or less if fewer keys have a finite vector.
    similarities : ndarray of float32, or of float64 if the vectors are, shape (Q, k)
        The cosine of each answer.
    """
    asked, searched = in_space(kv, space)
    excluded, directions = _directions(asked, queries, exclude)
    clip, limit = _search_range(restrict_vocab=restrict_vocab), LIMIT("topn", topn)
    vectors, norms_of = searched.rows.at(clip), searched.rows.norms_of
    n_wanted = len(vectors) if limit is None else max(0, min(limit, len(vectors)))
    n_finite, omitted = 0, np.full(len(directions), -1) if excluded is None else excluded
    ids = np.empty((len(directions), n_wanted), np.int64)
    similarities = np.empty(ids.shape, as_real(vectors[:0]).dtype)
    for start in range(0, len(directions) or 1, N_QUERIES):
        block = slice(start, start + N_QUERIES)
        units = unit(directions[block]).astype(similarities.dtype, copy=False)
        _require_finite_rows(asked, units, queries, start)
        found = nearest_rows(vectors, norms_of, units, n_wanted, omitted[block])
        ids[block], similarities[block], n_finite = found
    n_answers = max(0, n_finite - (0 if excluded is None else 1))  # all answers are equally long
    return SimilarIds(ids[:, :n_answers], similarities[:, :n_answers])


def _require_finite_rows(kv: Searchable, units: np.ndarray, queries: Any, start: int) -> None:
    """Apply `require_finite` to each row; `start` is the index of the query in the first row."""
    finite = np.isfinite(units).all(axis=1)
    if not finite.all():
        row = int(finite.argmin())
        keys = [queries] if kv.key_table.is_key(queries) else list(queries)
        require_finite(kv, units[row], [keys[start + row]])


def _directions(
    kv: Searchable, queries: Any, exclude: bool
) -> tuple[np.ndarray | None, np.ndarray]:
    """Return the positions that each answer leaves out, or None, and the query vectors."""
    if isinstance(queries, np.ndarray) and queries.dtype.kind == "f":
        size = kv.rows.vector_size
        if queries.ndim != 2 or queries.shape[1] != size:
            raise ValueError(f"queries of shape {queries.shape}; needed is (Q, {size})")
        return None, queries
    keys = [queries] if kv.key_table.is_key(queries) else list(queries)
    ids = positions_of(kv, keys)
    return (ids if exclude else None), vectors_at(kv, ids, keys)


def _search_range(clip_start: Any = 0, clip_end: Any = None, restrict_vocab: Any = None) -> slice:
    """Return the positions to search; a limit of 0 is none, as in gensim."""
    limit = LIMIT("restrict_vocab", restrict_vocab)
    start, end = LIMIT("clip_start", clip_start), LIMIT("clip_end", clip_end)
    return slice(0, limit) if limit else slice(start or 0, end or None)


def _weight(pair: Any) -> float:
    """Return the weight of a (key, weight) pair, or raise a TypeError."""
    weight = number(pair[1])
    if weight is None:
        raise TypeError(
            f"{pair!r:.60} is not a (key, weight) pair: {pair[1]!r:.40} is not a number. Keys are "
            "given in one list, and not in lists inside it"
        )
    return weight
