"""Prediction: which words a trained Word2Vec expects in a context."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np

from fastsgns import kernels
from fastsgns.corpus.tokens import keys_of
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import MatrixLayout
from fastsgns.rules import LIMIT
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.lookup import vectors_of
from fastsgns.vectors.norms import largest, products, row_norms
from fastsgns.vectors.queries import require_finite


@dataclass(frozen=True)
class OutputLayer:
    """The scores and probabilities of all words of a model as targets.

    Parameters
    ----------
    wv : KeyedVectors
        The words, with their input vectors.
    vectors : ndarray of float32, shape (V, d)
        The output vectors as they enter scores.
    bias : ndarray or None
        Shape (1,) or (V,): what is added to the score of each target.
    layout : MatrixLayout
    """

    wv: KeyedVectors
    vectors: np.ndarray
    bias: np.ndarray | None
    layout: MatrixLayout

    def scores(self, hidden: np.ndarray) -> np.ndarray:
        """Return the score of each word for a hidden vector, shape (V,)."""
        scores: np.ndarray = products(self.vectors, hidden)
        if self.bias is not None:
            scores = scores + self.bias.astype(scores.dtype)
        return scores

    def context_scores(self, word: Any) -> np.ndarray:
        """Return the score of each word as a context of `word`, shape (V,)."""
        index = self.wv.get_index(word)
        scores = self.scores(self.wv.array[index])
        if self.bias is not None and self.layout.bias == "both":
            scores += self.bias[index]
        return scores

    def focus_probabilities(self, contexts: list[Any], uses_mean: bool) -> np.ndarray:
        """Return the softmax of the scores for the mean, or the sum, of some words' vectors."""
        hidden = vectors_of(self.wv, contexts).sum(axis=0)
        if uses_mean:
            hidden /= len(contexts)
        require_finite(self.wv, hidden, contexts)
        return _softmax(self.scores(hidden))

    def context_probabilities(self, word: Any, expected: np.ndarray | None) -> np.ndarray:
        """Return ``p(context | word)`` of each word, float64 of shape (V,).

        Parameters
        ----------
        word : word or id
        expected : ndarray of float64, shape (V,), or None
            Expected number of negatives that are this word, per positive pair; None of a model
            with full softmax. `Word2Vec.predict_contexts` has the derivation.
        """
        require_finite(self.wv, self.wv.get_vector(word), [word])
        scores = self.context_scores(word).astype(np.float64)
        if expected is None:
            return _softmax(scores)
        with np.errstate(divide="ignore"):
            scores += np.log(expected)
        if self.layout.shares_one_matrix:
            scores[self.wv.get_index(word)] = -np.inf
        likely: np.ndarray = np.exp(-np.logaddexp(0, -_finite_or_minus_infinity(scores)))
        likely /= likely.sum() or 1  # the only word of one matrix has no context
        return likely

    def most_likely(self, probabilities: np.ndarray, topn: int | None) -> list[tuple[Any, float]]:
        """Return the `topn` most probable words with their probabilities; None returns all."""
        limit = LIMIT("topn", topn)
        n = len(probabilities) if limit is None else max(0, limit)
        ranked = probabilities
        if not probabilities.all():
            ranked = np.where(self._is_finite(), probabilities, np.nan)
        best = largest(ranked, n)
        words = self.wv.index_to_key
        return [(words[index], float(probabilities[index])) for index in best.tolist()]

    def _is_finite(self) -> np.ndarray:
        """Return whether the output vector and the bias of each word are finite."""
        is_finite: np.ndarray = np.isfinite(row_norms(self.vectors))
        return is_finite if self.bias is None else is_finite & np.isfinite(self.bias)


def score_sentences(
    objective: Objective, ids: Mapping[Any, int], sentences: Iterable[Any], limit: int
) -> np.ndarray:
    """Return the log-probability of each sentence, float32, by `make_tree_objective`.

    Parameters
    ----------
    objective : Objective
    ids : mapping of word to int
        Other words are left out.
    sentences : iterable of sequences of words
    limit : int
        Sentences to score at most.
    """
    scores = []
    for number, sentence in enumerate(islice(sentences, limit)):
        known = [ids[word] for word in keys_of(sentence, number) if word in ids]
        scores.append(_score(objective, np.array(known, np.int32)) if known else 0.0)
    return np.array(scores, np.float32)


def _score(objective: Objective, ids: np.ndarray) -> float:
    offsets = np.array([0, len(ids)])
    objective = replace(objective, longest_sentence=len(ids))  # by which buffers are sized
    return -float(kernels.train_chunk(objective, ids, offsets, 0, len(ids), 0.0, 0.0, 0)[0])


def _softmax(scores: np.ndarray) -> np.ndarray:
    finite = _finite_or_minus_infinity(scores)
    likely: np.ndarray = np.exp(finite - finite.max())
    likely /= likely.sum()
    return likely


def _finite_or_minus_infinity(scores: np.ndarray) -> np.ndarray:
    """Return scores with minus infinity, a probability of 0, in place of NaN and infinity."""
    return np.where(np.isfinite(scores), scores, -np.inf)
