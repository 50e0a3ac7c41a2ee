"""Nearest keys: most_similar and its relatives, for one query or for many at once."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns.rules import LIMIT, number, takes_flags
from fastsgns.vectors.keys import as_key_list
from fastsgns.vectors.norms import as_real, divide, largest, products, unit
from fastsgns.vectors.spaces import Spaces
from fastsgns.vectors.table import Key

Similar = list[tuple[Key, float]]

BATCH_BYTES = 1 << 26
EPSILON = 1e-6


class Queries(Spaces):
    """The part of KeyedVectors that ranks all keys against a query."""

    @takes_flags
    def get_mean_vector(
        self,
        keys: Iterable[Any],
        weights: npt.ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> np.ndarray:
        """Weighted mean of vectors.

        Parameters
        ----------
        keys : list of n keys or vectors
            Vectors are taken as they are. Of a mapping the keys are taken; one whose values are
            numbers is refused, as these may be meant as weights.
        weights : array_like, shape (n,), optional
            1 each if not given; the sum is divided by their absolute sum.
        pre_normalize, post_normalize : bool
            Scale the keys' vectors, or the mean, to length 1.
        ignore_missing : bool
            Pass over absent keys instead of raising KeyError.

        Returns
        -------
        ndarray, shape (d,)
            Zero if no key is present.
        """
        items = as_key_list(keys, "keys", of_mapping=not _holds_numbers(keys))
        if not items:
            raise ValueError("cannot compute mean with no input")
        factors = np.ones(len(items)) if weights is None else np.asarray(weights, np.float64)
        if factors.shape != (len(items),):
            raise ValueError(f"{len(items)} keys with weights of shape {factors.shape}")
        mean, total = np.zeros(self.vector_size), 0.0
        for item, factor in zip(items, factors.tolist()):
            if self.is_key(item):
                if item not in self:
                    if ignore_missing:
                        continue
                    raise KeyError(self._absence(item))
                mean += factor * as_real(self.get_vector(item, norm=pre_normalize))
            else:
                mean += factor * self._checked(item)
            total += abs(factor)
        mean /= total or 1.0
        return (unit(mean) if post_normalize else mean).astype(as_real(self._at(slice(0))).dtype)

    def _checked(self, vector: npt.ArrayLike) -> np.ndarray:
        array = np.asarray(vector)
        if array.shape != (self.vector_size,):
            raise ValueError(f"a vector of shape {array.shape}; needed is ({self.vector_size},)")
        return array

    def _listed(self, given: Any) -> list[Any]:
        if given is None:
            return []
        if self.is_key(given) or (isinstance(given, np.ndarray) and given.ndim == 1):
            return [given]
        return as_key_list(given, "positive or negative")

    def _weighted(self, positive: Any, negative: Any) -> tuple[list[Any], np.ndarray]:
        """Keys or vectors, and their weights: 1, -1, or what a pair says."""
        plus, minus = self._listed(positive), self._listed(negative)
        if not plus and not minus:
            raise ValueError("cannot compute similarity with no input: give a key or a vector")
        weights = np.concatenate([np.ones(len(plus)), -np.ones(len(minus))])
        items = plus + minus
        for row, item in enumerate(items):
            if isinstance(item, (tuple, list)) and len(item) == 2 and not self.is_key(item):
                items[row], weights[row] = item[0], _weight(item)
        return items, weights

    def _known_ids(self, items: Iterable[Any]) -> list[int]:
        return [self.get_index(item) for item in items if self.is_key(item) and item in self]

    def most_similar(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
        indexer: Any = None,
        *,
        space: str = "in-in",
    ) -> Any:
        """Keys nearest to the mean of `positive` minus `negative` by cosine (3CosAdd).

        Parameters
        ----------
        positive, negative : key, vector, or list of keys, vectors and (key, weight) pairs
            The weight of a pair is taken as it is, among `negative` too.
        topn : int or None
            How many; with None the similarities themselves are returned.
        clip_start, clip_end : int
            Search only these positions; a `clip_end` of 0 or None is the end.
        restrict_vocab : int, optional
            Search only the first so many, the most frequent; 0 and None search all.
        indexer : object, optional
            Has ``most_similar(vector, topn)``, which answers in place of the full search.
        space : {"in-in", "in-out", "out-in", "out-out", "sum", "concat"}
            Of the vectors of a model: whether keys are asked with their input or output vectors,
            and which of these are searched; or both with the sum of the two or the two end to end.
            "in-in" gives words of the same kind, "in-out" words of the same topic
            (docs/roles.md).

        Returns
        -------
        list of (key, float)
            Nearest first, without the keys that were asked with; or a float array over the
            positions searched if `topn` is None.

        Raises
        ------
        KeyError
            If a key is absent.
        ValueError
            If nothing was asked; if the space is another, or needs a matrix that is not there.

        References
        ----------
        Mikolov, Yih, Zweig: Linguistic regularities in continuous space word representations, 2013.

        Examples
        --------
        >>> from fastsgns.vectors.keyedvectors import KeyedVectors
        >>> kv = KeyedVectors(2)
        >>> kv.add_vectors(["one", "two", "far"], [[1, 0], [1, 0], [0, 1]])
        >>> kv.most_similar("one", topn=1)
        [('two', 1.0)]
        """
        topn = LIMIT("topn", topn)
        if topn is not None and topn < 1:
            return []
        clip = _clip(clip_start, clip_end, restrict_vocab)
        asked, searched = self._in_space(space)
        items, weights = self._weighted(positive, negative)
        mean = asked.get_mean_vector(items, weights, post_normalize=True, ignore_missing=False)
        require_finite(asked, mean, items)
        if indexer is not None and topn is not None:
            return indexer.most_similar(mean, topn)
        similarities = divide(products(searched._at(clip), mean), searched._norms_of(clip))
        return self._ranked(similarities, topn, clip.start, set(self._known_ids(items)))

    def _ranked(
        self, scores: np.ndarray, topn: int | None, start: int, excluded: set[int]
    ) -> np.ndarray | Similar:
        if topn is None:
            return scores
        ids = largest(scores, topn + len(excluded)) + start
        answers = [i for i in ids.tolist() if i not in excluded][:topn]
        return [(self.index_to_key[i], float(scores[i - start])) for i in answers]

    def most_similar_cosmul(
        self,
        positive: Any = None,
        negative: Any = None,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Keys ranked by the product of their closeness to each `positive` over `negative`.

        With cosines shifted to 0..1, as 3CosMul: prod(positive) / (prod(negative) + 1e-6).
        Parameters and result as in `most_similar`; pairs with weights are not allowed.

        References
        ----------
        Levy, Goldberg: Linguistic regularities in sparse and explicit word representations, 2014.
        """
        plus, minus = self._listed(positive), self._listed(negative)
        if not plus and not minus:
            raise ValueError("cannot compute similarity with no input: give a key or a vector")
        topn = LIMIT("topn", topn)
        if topn is not None and topn < 1:
            return []
        clip = _clip(restrict_vocab=restrict_vocab)
        norms = self._norms_of(clip)
        shifted = [self._shifted_cosines(item, self._at(clip), norms) for item in plus + minus]
        dtype = as_real(self._at(slice(0))).dtype
        above = np.prod(shifted[: len(plus)], axis=0, dtype=dtype)
        below = np.prod(shifted[len(plus) :], axis=0, dtype=dtype) + dtype.type(EPSILON)
        return self._ranked(above / below, topn, 0, set(self._known_ids(plus + minus)))

    def _shifted_cosines(self, item: Any, rows: np.ndarray, norms: np.ndarray) -> np.ndarray:
        real = as_real(self._at(slice(0))).dtype
        vector = self.get_vector(item) if self.is_key(item) else self._checked(item)
        direction = unit(vector).astype(real)
        require_finite(self, direction, [item])
        return (1 + divide(products(rows, direction), norms)) / 2

    def similar_by_key(
        self, key: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Keys nearest to a key; see `most_similar`."""
        return self.most_similar([key], topn=topn, restrict_vocab=restrict_vocab)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Keys nearest to a word; the same as `similar_by_key`."""
        return self.similar_by_key(word, topn, restrict_vocab)

    def similar_by_vector(
        self, vector: npt.ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Keys nearest to a vector, shape (d,); see `most_similar`."""
        return self.most_similar([np.asarray(vector)], topn=topn, restrict_vocab=restrict_vocab)

    @takes_flags
    def most_similar_batch(
        self,
        queries: Any,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
        exclude: bool = True,
        *,
        space: str = "in-in",
    ) -> list[Similar]:
        """Answer many queries at once: as `most_similar` of each, by one matrix product a block.

        Parameters
        ----------
        queries : list of Q keys, or ndarray of shape (Q, d)
        topn : int or None
            How many keys for each; with None all.
        restrict_vocab : int, optional
            Search only the first so many, the most frequent.
        exclude : bool
            Leave the key that was asked with out of its answer.
        space : str
            As in `most_similar`.

        Returns
        -------
        list of Q lists of (key, float)

        Examples
        --------
        >>> from fastsgns.vectors.keyedvectors import KeyedVectors
        >>> kv = KeyedVectors(2)
        >>> kv.add_vectors(["one", "two", "far"], [[1, 0], [1, 0], [-1, 0]])
        >>> kv.most_similar_batch(["one", "two"], topn=1)
        [[('two', 1.0)], [('one', 1.0)]]
        """
        ids, similarities = self.most_similar_ids(
            queries, topn, restrict_vocab, exclude, space=space
        )
        keys = self.index_to_key
        return [
            [(keys[i], similarity) for i, similarity in zip(*answer)]
            for answer in zip(ids.tolist(), similarities.tolist())
        ]

    @takes_flags
    def most_similar_ids(
        self,
        queries: Any,
        topn: int | None = 10,
        restrict_vocab: int | None = None,
        exclude: bool = True,
        *,
        space: str = "in-in",
    ) -> tuple[np.ndarray, np.ndarray]:
        """Answer many queries as arrays; parameters as in `most_similar_batch`.

        Returns
        -------
        ids : ndarray of int64, shape (Q, k)
            Positions, nearest first; k is `topn`, or less where there are not so many keys with
            a finite vector.
        similarities : ndarray of float32, shape (Q, k)
        """
        source, searched = self._in_space(space)
        asked, directions = source._directions(queries, exclude)
        clip = _clip(restrict_vocab=restrict_vocab)
        vectors, norms = searched._at(clip), searched._norms_of(clip)
        real = as_real(vectors[:0]).dtype
        not_finite = np.flatnonzero(np.isnan(norms))
        n_finite = len(vectors) - len(not_finite)
        n_answers = max(0, n_finite - (asked is not None))
        if (limit := LIMIT("topn", topn)) is not None:
            n_answers = max(0, min(limit, n_answers))
        ids = np.empty((len(directions), n_answers), np.int64)
        similarities = np.empty(ids.shape, real)
        n_block = max(1, BATCH_BYTES // (real.itemsize * max(1, len(vectors))))
        for start in range(0, len(directions), n_block):
            block = slice(start, start + n_block)
            units = unit(directions[block]).astype(real)
            source._require_finite_rows(units, queries, start)
            scores = divide(products(vectors, units), norms)
            if len(not_finite):
                scores[:, not_finite] = -np.inf
            if asked is not None:
                rows = np.flatnonzero(asked[block] < len(vectors))
                scores[rows, asked[block][rows]] = -np.inf
            ids[block] = largest(scores, n_answers)[:, :n_answers]
            similarities[block] = np.take_along_axis(scores, ids[block], 1)
        return ids, similarities

    def _require_finite_rows(self, units: np.ndarray, queries: Any, start: int) -> None:
        """Apply `require_finite` to each row; the first row is the query at `start`."""
        finite = np.isfinite(units).all(axis=1)
        if not finite.all():
            row = int(finite.argmin())
            keys = [queries] if self.is_key(queries) else list(queries)
            require_finite(self, units[row], [keys[start + row]])

    def _directions(self, queries: Any, exclude: bool) -> tuple[np.ndarray | None, np.ndarray]:
        """Positions of the keys asked with, if they are to be left out; and the vectors."""
        if isinstance(queries, np.ndarray) and queries.dtype.kind == "f":
            if queries.ndim != 2 or queries.shape[1] != self.vector_size:
                raise ValueError(
                    f"queries of shape {queries.shape}; needed is (Q, {self.vector_size})"
                )
            return None, queries
        ids = self._ids([queries] if self.is_key(queries) else queries)
        return (ids if exclude else None), self._at(ids)

    def pair_cosines(self, pairs: np.ndarray, space: str) -> np.ndarray:
        """Cosines of pairs of positions, shape (n, 2): what evaluation asks for."""
        sides = zip(self._in_space(space), pairs.T)
        first, second = (unit(kv._at(column)) for kv, column in sides)
        return np.einsum("ij,ij->i", first, second)

    def cosines_to(self, ids: np.ndarray, restrict_vocab: int | None) -> np.ndarray:
        """Cosines of the first `restrict_vocab` keys with each of `ids`: shape (n, keys)."""
        clip = slice(restrict_vocab)
        cosines = products(self._at(clip), unit(self._at(ids)))
        return divide(cosines, self._norms_of(clip))


def require_finite(kv: Any, direction: np.ndarray, items: Iterable[Any]) -> None:
    """Refuse to search near `direction`, which comes from `items`, if it is not finite.

    Raises
    ------
    ValueError
        It names the key whose vector is to blame.
    """
    if math.isfinite(direction @ direction) or np.isfinite(direction).all():
        return
    keys = [item for item in items if kv.is_key(item)]
    bad = [key for key in keys if not np.isfinite(unit(kv.get_vector(key))).all()]
    what = f"the vector of {bad[0]!r}" if bad else "the vector that was asked with"
    raise ValueError(
        f"{what} is not finite (or too long), so that nothing is near it; leave it out, or "
        "replace it"
    )


def _clip(clip_start: Any = 0, clip_end: Any = None, restrict_vocab: Any = None) -> slice:
    """Return the positions to search; a limit of 0 is none, as in gensim."""
    limit = LIMIT("restrict_vocab", restrict_vocab)
    start, end = LIMIT("clip_start", clip_start), LIMIT("clip_end", clip_end)
    return slice(0, limit) if limit else slice(start or 0, end or None)


def _holds_numbers(given: Any) -> bool:
    return isinstance(given, Mapping) and any(number(x) is not None for x in given.values())


def _weight(pair: Any) -> float:
    weight = number(pair[1])
    if weight is None:
        raise TypeError(
            f"{pair!r:.60} is not a (key, weight) pair: {pair[1]!r:.40} is not a number. Keys are "
            "given in one list, and not in lists inside it"
        )
    return weight
