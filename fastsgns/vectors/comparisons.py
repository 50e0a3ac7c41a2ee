"""Comparing keys, lists of keys and documents with each other."""

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns.rules import takes_flags
from fastsgns.vectors.keys import as_key_list
from fastsgns.vectors.norms import as_real, divide, products, row_norms, unit
from fastsgns.vectors.queries import Queries, require_finite
from fastsgns.vectors.table import Key

logger = logging.getLogger(__name__)


class Comparisons(Queries):
    """The part of KeyedVectors that compares given things."""

    @staticmethod
    def cosine_similarities(vector_1: np.ndarray, vectors_all: np.ndarray) -> np.ndarray:
        """Cosines between a vector, shape (d,), and each row of a matrix (n, d); 0 with zero."""
        vector, rows = as_real(np.asarray(vector_1)), as_real(np.asarray(vectors_all))
        return divide(products(rows, unit(vector)), row_norms(rows))

    def similarity(self, w1: Key, w2: Key, *, space: str = "in-in") -> np.floating:
        """Cosine between the vectors of two keys; `space` as in `most_similar`.

        With "in-out" it is that between the input vector of `w1` and the output vector of `w2`.
        """
        first, second = self._in_space(space)
        return unit(first.get_vector(w1)) @ unit(second.get_vector(w2))

    def distance(self, w1: Key, w2: Key) -> np.floating:
        """1 - `similarity`."""
        return 1 - self.similarity(w1, w2)

    def distances(self, word_or_vector: Any, other_words: Sequence[Key] = ()) -> np.ndarray:
        """Cosine distances of a key or vector to other keys, or to all.

        Returns
        -------
        ndarray, shape (len(other_words),) or (V,)
        """
        if self.is_key(word_or_vector):
            vector = self.get_vector(word_or_vector)
        else:
            vector = self._checked(word_or_vector)
        others = as_key_list(other_words, "other_words", of_mapping=True)
        if others:
            return 1 - self.cosine_similarities(vector, self._at(self._ids(others)))
        direction = unit(vector).astype(as_real(self._at(slice(0))).dtype)
        return 1 - divide(products(self._vectors, direction), self.norms)

    def n_similarity(self, ws1: Sequence[Key], ws2: Sequence[Key]) -> np.floating:
        """Cosine between the means of two lists of keys; absent keys are passed over.

        Raises
        ------
        ZeroDivisionError
            If a list is empty.
        """
        lists = [as_key_list(ws, name, True) for ws, name in ((ws1, "ws1"), (ws2, "ws2"))]
        if not all(lists):
            raise ZeroDivisionError("n_similarity needs two lists with at least one key each")
        means = [unit(self.get_mean_vector(keys, pre_normalize=False)) for keys in lists]
        return means[0] @ means[1]

    @takes_flags
    def rank_by_centrality(
        self, words: Iterable[Key], use_norm: bool = True
    ) -> list[tuple[np.floating, Key]]:
        """Sort keys by how near they are to the mean of all of them, nearest first.

        Returns
        -------
        list of (closeness, key)

        Raises
        ------
        ValueError
            If none is present.
        """
        given = as_key_list(words, "words", of_mapping=True)
        known = [word for word in given if word in self]
        if len(known) < len(given):
            absent = [word for word in given if word not in self]
            logger.warning("passed over, as they have no vectors: %s", absent)
        rows = as_real(self._at(self._ids(known)))
        finite = np.isfinite(row_norms(rows)).tolist()
        if not all(finite):
            bad = [word for word, is_finite in zip(known, finite) if not is_finite]
            logger.warning("passed over, as their vectors are not finite: %s", bad)
            known, rows = list(compress(known, finite)), rows[finite]
        if not known:
            raise ValueError(
                f"cannot select a word from an empty list: none of {given} has a finite vector"
            )
        mean = unit(unit(rows).mean(0) if use_norm else rows.mean(0))
        closeness = (unit(rows) if use_norm else rows) @ mean
        return sorted(zip(closeness, known), key=lambda pair: (pair[0], str(pair[1])), reverse=True)

    def doesnt_match(self, words: Iterable[Key]) -> Key:
        """Give the key farthest from the mean of all of them."""
        return self.rank_by_centrality(words)[-1][1]

    def most_similar_to_given(self, key1: Key, keys_list: Sequence[Key]) -> Key:
        """Give the key of a list that is nearest to `key1`.

        Raises
        ------
        ValueError
            If `key1` or all keys of the list have vectors that are not finite.
        """
        keys_list = as_key_list(keys_list, "keys_list")
        require_finite(self, unit(self.get_vector(key1)), [key1])
        similarities = np.array([self.similarity(key1, key) for key in keys_list])
        if np.isnan(similarities).all():
            require_finite(self, similarities, keys_list)
        return keys_list[int(np.nanargmax(similarities))]

    def closer_than(self, key1: Key, key2: Key) -> list[Key]:
        """Keys that are nearer to `key1` than `key2` is.

        Raises
        ------
        ValueError
            If the vector of either key is not finite.
        """
        for key in (key1, key2):
            require_finite(self, unit(self.get_vector(key)), [key])
        distances = self.distances(key1)
        itself, other = self.get_index(key1), self.get_index(key2)
        closer = np.flatnonzero(distances < distances[other]).tolist()
        return [self.index_to_key[index] for index in closer if index != itself]

    def rank(self, key1: Key, key2: Key) -> int:
        """Rank of `key2` among the neighbours of `key1`, from 1."""
        return len(self.closer_than(key1, key2)) + 1

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Cosine between two keys as a share of the sum over the `topn` nearest of the first.

        References
        ----------
        Leeuwenberg et al.: A minimally supervised approach for synonym extraction, 2016.
        """
        total = sum(similarity for _, similarity in self.similar_by_key(wa, topn))
        return float(self.similarity(wa, wb)) / total

    @takes_flags
    def wmdistance(
        self, document1: Iterable[Key], document2: Iterable[Key], norm: bool = True
    ) -> float:
        """Word mover's distance between two documents, lists of keys.

        Parameters
        ----------
        document1, document2 : list of keys
            Absent keys are passed over.
        norm : bool
            Compare vectors of length 1.

        Returns
        -------
        float
            Infinite if a document has no key that is present.

        Raises
        ------
        ImportError
            If the package POT is missing.

        References
        ----------
        Kusner et al.: From word embeddings to document distances, 2015.
        """
        try:
            from ot import emd2
        except ImportError as error:
            raise ImportError("wmdistance needs POT: pip install fastsgns[wmd]") from error
        bags = [
            Counter(self.get_index(key) for key in document if key in self)
            for document in (
                as_key_list(document1, "document1"),
                as_key_list(document2, "document2"),
            )
        ]
        if not all(bags):
            logger.warning("a document holds no key that has a vector: the distance is infinite")
            return float("inf")
        ids = sorted(set().union(*bags))
        if len(ids) == 1:
            return 0.0
        points = as_real(self._at(ids)).astype(np.float64)
        return float(emd2(*(_shares(bag, ids) for bag in bags), _gaps(points, norm)))


def _shares(bag: Counter[int], ids: list[int]) -> npt.NDArray[np.float64]:
    return np.array([bag[index] for index in ids]) / bag.total()


def _gaps(points: np.ndarray, norm: bool) -> np.ndarray:
    rows = unit(points) if norm else points
    return np.sqrt(((rows[:, None] - rows[None]) ** 2).sum(-1))
