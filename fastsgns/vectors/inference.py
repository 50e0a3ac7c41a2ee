"""Vectors of words that a vocabulary does not have, made of the rows of their n-grams."""

from typing import Any

import numpy as np

from fastsgns.corpus.subwords import BucketPositions, bucket_lists, chunks, count_buckets
from fastsgns.formats.keys import plain
from fastsgns.kernels.sums import sum_rows
from fastsgns.vectors.subword_rows import SubwordRows


class SubwordInference:
    """The vectors of words by their n-grams: the mean of the rows of the buckets.

    An n-gram whose bucket has no row counts as a row of zeros, as it does in fastText where a file
    has zeros for such buckets. In a pruned model, it does not count.

    Parameters
    ----------
    subwords : SubwordRows

    Examples
    --------
    >>> from fastsgns.corpus.subwords import SubwordScheme
    >>> rows = SubwordRows.zeros(SubwordScheme(3, 3, bucket=1000), ["cat"], dimensions=1)
    >>> rows.ngram_rows[:] = 6
    >>> inference = SubwordInference(rows)
    >>> inference.vectors(["cats"]).tolist()  # <ca and cat have a row, ats and ts> do not
    [[3.0]]
    """

    def __init__(self, subwords: SubwordRows) -> None:
        self._subwords = subwords
        self._positions = BucketPositions(subwords.scheme, subwords.table.buckets)

    def knows(self, key: object) -> bool:
        """Return whether a word has n-grams; in a pruned model one of them must have a row."""
        scheme = self._subwords.scheme
        word = plain(key)
        if not isinstance(word, str) or not count_buckets([word], scheme)[0]:
            return False
        return not scheme.is_pruned or bool(self._rows_of([word])[2][0])

    def vectors(self, keys: list[Any]) -> np.ndarray:
        """Return the vectors of keys, float32 of shape (n, d); those that are not known get 0."""
        rows = self._subwords.ngram_rows
        vectors = np.zeros((len(keys), rows.shape[1]), np.float32)
        words = [plain(key) for key in keys]
        for chunk in chunks(words):
            starts, ids, counts = self._rows_of(words[chunk])
            sum_rows(starts, ids, rows, vectors[chunk])
            vectors[chunk] /= np.maximum(counts, 1)[:, None]
        return vectors

    def _rows_of(self, words: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the rows of each word, as starts and ids, and the number to divide by."""
        starts, buckets = bucket_lists(words, self._subwords.scheme)
        found = self._positions.of(buckets)
        n_found = np.concatenate([np.zeros(1, np.int64), np.cumsum(found >= 0)])[starts]
        is_pruned = self._subwords.scheme.is_pruned
        counts = np.diff(n_found if is_pruned else starts).astype(np.float32)
        return n_found, found[found >= 0], counts

    def explain_absence(self, key: object) -> str | None:
        """Return why a word has no vector."""
        scheme = self._subwords.scheme
        if not isinstance(key, str):
            return None
        if scheme.is_pruned:
            why = "none of its n-grams is in the pruned model"
        else:
            why = f"'<{key:.60}>' has no n-grams of {scheme.min_n} to {scheme.max_n} characters"
        return f"Key '{key}' not present: it is not in the vocabulary, and {why}"
