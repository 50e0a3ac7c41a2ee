"""Prediction: what a trained Word2Vec says of words in context."""

import logging
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy as np

from fastsgns import kernels, sampling
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import Matrices
from fastsgns.models.inputs import input_rows
from fastsgns.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)


class Prediction:
    """The part of Word2Vec that uses the output matrices for prediction."""

    wv: KeyedVectors
    sg: int
    hs: int
    negative: int
    window: int
    cbow_mean: int
    _matrices: Matrices
    _current: Callable[[], Matrices]

    def predict_output_word(
        self, context_words_list: Iterable[Any], topn: int = 10
    ) -> list[tuple[Any, float]] | None:
        """Words likely to stand amid the given ones.

        ``p(w | contexts) = exp(c_w . h) / sum_v exp(c_v . h)``, with h the mean (or, with
        ``cbow_mean=0``, the sum) of the contexts' input vectors and c_w the output vectors; if
        words have biases, c_w . h + b_w instead of c_w . h.

        Parameters
        ----------
        context_words_list : iterable of words or ids
            Unknown ones are left out.
        topn : int
            How many to give.

        Returns
        -------
        list of (word, float), or None
            None if no context is known.

        Raises
        ------
        RuntimeError
            If the model was not trained with negative sampling.
        """
        output = self._current().in_role("output")
        if not self.negative or output is None:
            raise RuntimeError("prediction needs output vectors; train with negative > 0")
        found = [self.wv.get_index(word) for word in context_words_list if word in self.wv]
        if not found:
            logger.warning("none of the context words is in the vocabulary")
            return None
        hidden = self.wv._vectors[found].sum(axis=0)
        if self.cbow_mean:
            hidden /= len(found)
        scores = output @ hidden
        if self._matrices.tying.has_column:
            scores += self._matrices.bias
        likely = np.exp(scores - scores.max())
        likely /= likely.sum()
        best = np.argsort(-likely, kind="stable")[:topn]
        return [(self.wv.index_to_key[word], float(likely[word])) for word in best.tolist()]

    def score(
        self,
        sentences: Iterable[Iterable[Any]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: float = 1,
    ) -> np.ndarray:
        """Log-probability of each sentence under hierarchical softmax (Taddy 2015).

        The sum over all pairs of a focus and a context within the full window (skip-gram), or over
        all windows (CBOW), of the log-probability of the focus. It is the training loss, negated,
        at a learning rate of 0.

        Parameters
        ----------
        sentences : iterable of sequences of words
        total_sentences : int
            Score at most so many.
        chunksize, queue_factor, report_delay
            Accepted as gensim does, without effect.

        Returns
        -------
        ndarray of float32

        Raises
        ------
        RuntimeError
            If the model was not trained with ``hs=1``.
        """
        if not self.hs or "tree" not in self._matrices.vectors:
            raise RuntimeError("scores need a model trained with hs=1")
        objective = self._scoring()
        return np.array(
            [
                self._score(objective, sentence)
                for sentence in islice(sentences, int(total_sentences))
            ],
            np.float32,
        )

    def _scoring(self) -> Objective:
        matrices = self._matrices
        return Objective(
            input=input_rows(self.wv, matrices), output=None, noise=None,
            tree=matrices.rows("tree"), keep=None, lock=None,
            paths=sampling.huffman_paths(self.wv.expandos["count"]),
            window=self.window, shrink=False, negative=0, cbow=not self.sg,
            mean_hidden=bool(self.cbow_mean), mean_gradient=True, want_loss=True,
        )  # fmt: skip

    def _score(self, objective: Objective, sentence: Iterable[Any]) -> float:
        known = [self.wv.key_to_index[w] for w in sentence if w in self.wv.key_to_index]
        if not known:
            return 0.0
        ids, offsets = np.array(known, np.int32), np.array([0, len(known)])
        return -kernels.train_chunk(objective, ids, offsets, 0, len(ids), 0.0, 0.0, 0)[0]
