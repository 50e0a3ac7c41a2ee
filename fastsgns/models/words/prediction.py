"""Prediction: what a trained Word2Vec says of words in context."""

import logging
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy as np

from fastsgns import kernels, sampling
from fastsgns.corpus.sentences import check_corpus
from fastsgns.corpus.tokens import keys_of
from fastsgns.errors import NotFittedError
from fastsgns.kernels.objective import Objective
from fastsgns.matrices import Matrices, pad
from fastsgns.rules import LIMIT
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.keys import as_key_list
from fastsgns.vectors.norms import largest, products, row_norms
from fastsgns.vectors.queries import require_finite

logger = logging.getLogger(__name__)


class Prediction:
    """The part of Word2Vec that uses the output matrices for prediction."""

    wv: KeyedVectors
    sg: int
    hs: int
    negative: int
    softmax: int
    ns_exponent: float
    window: int
    cbow_mean: int
    _matrices: Matrices
    _current: Callable[[], Matrices]

    def predict_output_word(
        self, context_words_list: Iterable[Any], topn: int | None = 10
    ) -> list[tuple[Any, float]] | None:
        """Words likely to stand amid the given ones.

        ``p(w | contexts) = exp(c_w . h) / sum_v exp(c_v . h)``, with h the mean (or, with
        ``cbow_mean=0``, the sum) of the contexts' input vectors and c_w the output vectors; if
        words have biases, c_w . h + b_w instead of c_w . h. With ``softmax=1`` that is what was
        trained.

        Parameters
        ----------
        context_words_list : iterable of words or ids
            Unknown ones are left out.
        topn : int or None
            How many to give; with None all.

        Returns
        -------
        list of (word, float), or None
            None if no context is known.

        Raises
        ------
        RuntimeError
            If the model was trained with neither negative sampling nor full softmax.
        """
        output = self._output()
        given = as_key_list(context_words_list, "context_words_list", of_mapping=True)
        found = [self.wv.get_index(word) for word in given if word in self.wv]
        if not found:
            logger.warning("none of the context words is in the vocabulary")
            return None
        hidden = self.wv.array[found].sum(axis=0)
        if self.cbow_mean:
            hidden /= len(found)
        require_finite(self.wv, hidden, map(self.wv.index_to_key.__getitem__, found))
        return self._likeliest(
            _softmax(_biased(products(output, hidden), self._matrices.bias)), topn
        )

    def context_scores(self, word: Any) -> np.ndarray:
        """Scores s(word -> c) of all words c as contexts of a word, as training has them.

        ``s(i -> j) = input_i . output_j``, plus the bias of j (and, with ``bias="both"``, of i)
        where the model has biases.

        Parameters
        ----------
        word : word or id

        Returns
        -------
        ndarray of float32, shape (V,)

        Raises
        ------
        KeyError
            If the word is unknown.
        RuntimeError
            If the model was trained with neither negative sampling nor full softmax.
        """
        output = self._output()
        index, bias = self.wv.get_index(word), self._current().bias
        scores = _biased(products(output, self.wv.array[index]), bias)
        if bias is not None and self._matrices.layout.bias == "both":
            scores += bias[index]
        return scores

    def predict_contexts(self, word: Any, topn: int | None = 10) -> Any:
        """Words most likely to stand in the window of a word, with ``p(context | word)``.

        Parameters
        ----------
        word : word or id
        topn : int or None
            How many; with None the probabilities themselves are returned.

        Returns
        -------
        list of (word, float)
            Most likely first; or an array of float64, shape (V,), that sums to 1, if `topn` is
            None.

        Raises
        ------
        KeyError
            If the word is unknown.
        RuntimeError
            If the model was trained with neither negative sampling nor full softmax.

        Notes
        -----
        Let #(w, c) be the pairs of a word and a context, #(w) those of the word, k the negatives a
        pair and P their distribution. A negative that equals the positive is left out, so that c is
        a negative of w at #(w) - #(w, c) pairs, and the expected loss of skip-gram has of (w, c)

            -#(w, c) log sigmoid(s) - k P(c) (#(w) - #(w, c)) log sigmoid(-s).

        Its derivative by s, ``-#(w, c) sigmoid(-s) + k P(c) (#(w) - #(w, c)) sigmoid(s)``, is 0 at

            exp(s) = sigmoid(s) / sigmoid(-s) = p(c | w) / (1 - p(c | w)) / (k P(c)).

        Where p(c | w) is small and P the unigram distribution, that is s = PMI(w, c) - log k (Levy,
        Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization", eq. 7 to 12, who
        leave no negative out); for any p and P

            p(c | w) = sigmoid(s(w -> c) + log(k P(c))),

        which, as trained scores are only near the optimum, is scaled to sum to 1 over c.

        `predict_output_word` leaves the noise out, and so makes frequent words less likely than
        they are. The pairs are those that were trained on: within drawn windows, and thinned by
        `sample`. A single matrix never meets a word as its own negative, so that s(w -> w) means
        nothing: p(w | w) is given as 0, and the others are those of contexts other than w. Of CBOW,
        which learns what stands amid several words, it is an approximation; with
        ``matrices="three"`` it does not hold, as negatives have vectors of their own. With
        ``softmax=1`` p is the model's own, exp(s) scaled to sum to 1.

        Examples
        --------
        >>> from fastsgns import Word2Vec
        >>> pairs = [["salt", "pepper"]] * 300 + [["salt", "water"]] * 100
        >>> settings = {"vector_size": 4, "min_count": 1, "sample": 0, "workers": 1, "epochs": 50}
        >>> model = Word2Vec(pairs, sg=1, **settings)
        >>> [(word, round(p, 1)) for word, p in model.predict_contexts("salt", topn=2)]
        [('pepper', 0.7), ('water', 0.3)]
        """
        likely = self._context_probabilities(word)
        return likely if topn is None else self._likeliest(likely, topn)

    def context_probability(self, context: Any, word: Any) -> float:
        """``p(context | word)``: how likely one word is to stand in the window of another.

        It is not symmetric; see `predict_contexts` for what it means and what it raises.
        """
        return float(self._context_probabilities(word)[self.wv.get_index(context)])

    def _context_probabilities(self, word: Any) -> np.ndarray:
        self._check_vocabulary()
        require_finite(self.wv, self.wv.get_vector(word), [word])
        scores = self.context_scores(word).astype(np.float64)
        if self.softmax:
            return _softmax(scores)
        counts = self.wv.expandos.get("count")
        if counts is None:
            raise RuntimeError("model.wv has no counts, from which the noise follows")
        noise = self.negative * sampling.noise_distribution(counts, self.ns_exponent)
        with np.errstate(divide="ignore"):
            scores += np.log(noise)
        if self._matrices.layout.shares_one_matrix:
            scores[self.wv.get_index(word)] = -np.inf
        likely = np.exp(-np.logaddexp(0, -_only_finite(scores)))
        likely /= likely.sum()
        return likely

    def _check_vocabulary(self) -> None:
        if not len(self.wv):
            raise NotFittedError(
                "the model has no vocabulary yet; call build_vocab() and train() first"
            )

    def _output(self) -> np.ndarray:
        """The output vectors as they enter scores."""
        self._check_vocabulary()
        output = self._current().in_role("output")
        if not (self.negative or self.softmax) or output is None:
            raise RuntimeError(
                "prediction needs output vectors; train with negative > 0 or softmax=1"
            )
        return output

    def _likeliest(self, likely: np.ndarray, topn: int | None) -> list[tuple[Any, float]]:
        limit = LIMIT("topn", topn)
        topn = len(likely) if limit is None else max(0, limit)
        best = largest(likely if likely.all() else self._of_finite_rows(likely), topn)
        return [(self.wv.index_to_key[word], float(likely[word])) for word in best.tolist()]

    def _of_finite_rows(self, likely: np.ndarray) -> np.ndarray:
        """Probabilities, with NaN for words whose output row or bias is not finite."""
        is_finite, bias = np.isfinite(row_norms(self._output())), self._matrices.bias
        if bias is not None:
            is_finite &= np.isfinite(bias)
        return np.where(is_finite, likely, np.nan)

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
        self._check_vocabulary()
        if not self.hs or "tree" not in self._matrices.vectors:
            raise RuntimeError("scores need a model trained with hs=1")
        objective = self._scoring()
        check_corpus(sentences)
        chosen = enumerate(islice(sentences, int(total_sentences)))
        return np.array(
            [self._score(objective, keys_of(sentence, number)) for number, sentence in chosen],
            np.float32,
        )

    def _scoring(self) -> Objective:
        matrices = self._current()
        return Objective(
            input=pad(self.wv.array), output=None, noise=None,
            tree=pad(matrices.vectors["tree"]), keep_thresholds=None, lock_factors=None,
            paths=sampling.huffman_paths(self.wv.expandos["count"]),
            window=self.window, shrink_windows=False, negative=0, cbow=not self.sg,
            mean_hidden=bool(self.cbow_mean), mean_gradient=True, compute_loss=True,
        )  # fmt: skip

    def _score(self, objective: Objective, sentence: list[Any]) -> float:
        known = [self.wv.key_to_index[w] for w in sentence if w in self.wv.key_to_index]
        if not known:
            return 0.0
        ids, offsets = np.array(known, np.int32), np.array([0, len(known)])
        return -kernels.train_chunk(objective, ids, offsets, 0, len(ids), 0.0, 0.0, 0)[0]


def _biased(scores: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    return scores if bias is None else scores + bias.astype(scores.dtype)


def _softmax(scores: np.ndarray) -> np.ndarray:
    finite = _only_finite(scores)
    likely = np.exp(finite - finite.max())
    likely /= likely.sum()
    return likely


def _only_finite(scores: np.ndarray) -> np.ndarray:
    """Scores with minus infinity, which is a probability of 0, in place of what is not finite."""
    return np.where(np.isfinite(scores), scores, -np.inf)
