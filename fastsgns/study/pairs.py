"""Pairs of words in a window: expected counts, their PMI, and a random sample."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.models.ppmi.pmi import pmi, pmi_of_cells
from fastsgns.study.judgements import Judgements
from fastsgns.vectors.norms import unit

N_JUDGED = 20_000


def distances(corpus: EncodedCorpus, window: int) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Yield each distance s up to the window: its weight and the two words of its pairs.

    Skip-gram draws the window of each focus word uniformly from 1 .. w. The weight is the
    probability that a window includes distance s: ``(w - s + 1) / w``.

    Yields
    ------
    weight : float
    left, right : ndarray of int32
        Ids of the words at positions t and t + s of the same sentence.
    """
    ids = np.asarray(corpus.ids)
    sentence = np.repeat(np.arange(len(corpus)), np.diff(corpus.offsets))
    for s in range(1, min(window, len(ids) - 1) + 1):
        same = sentence[s:] == sentence[:-s]
        yield (window - s + 1) / window, ids[:-s][same], ids[s:][same]


def count_pairs(corpus: EncodedCorpus, window: int, workers: int) -> Cooccurrences:
    """Count the pairs of a corpus as skip-gram is expected to train on them: see `distances`."""
    return Cooccurrences.from_corpus(corpus, window, "linear", workers=workers)


def frequent_block(counts: Cooccurrences, n_words: int) -> np.ndarray:
    """Return the counts among the `n_words` most frequent words, dense float64, shape (n, n).

    n is V, the number of words, if that is less than `n_words`. The ids of `counts` must be in
    order of descending frequency.
    """
    n = min(n_words, len(counts.vocabulary))
    return _exact(counts.to_scipy()[:n, :n].toarray(), counts)


def _exact(weights: np.ndarray, counts: Cooccurrences) -> np.ndarray:
    """Return the float64 values that float32 rounded: multiples of 1 / window ("linear")."""
    scaled = weights.astype(np.float64) * counts.window
    rounded: np.ndarray = np.rint(scaled)
    return rounded / counts.window


def nonempty(block: np.ndarray) -> np.ndarray:
    """Return the rows and columns of the words that have a pair within a symmetric block."""
    words = np.flatnonzero(block.sum(axis=1))
    return block[np.ix_(words, words)]


@dataclass(frozen=True)
class PairCounts:
    """Expected counts of pairs per epoch, in both directions, among the most frequent words.

    Attributes
    ----------
    counts : ndarray of float64, shape (n, n)
        ``counts[i, j]``: how often context word j is expected in the window of focus word i.
    row_sums : ndarray of float64, shape (n,)
        Expected number of context words of focus word i, less frequent words included.
    """

    counts: np.ndarray
    row_sums: np.ndarray

    @classmethod
    def of(cls, counts: Cooccurrences, n_words: int) -> "PairCounts":
        """Return the counts of the `n_words` most frequent words."""
        block = frequent_block(counts, n_words)
        return cls(block, _exact(counts.row_sums[: len(block)], counts))

    def pmi(self, noise: np.ndarray) -> np.ndarray:
        """Return the pointwise mutual information relative to the noise distribution.

        ``log(n_ij / (n_i p_j))`` with n_i the sum of row i and p the noise distribution. With the
        unigram distribution as p it is the usual PMI. With word2vec's exponent 0.75 it is what
        skip-gram with k negative samples factorizes, ``w_i . c_j = PMI_ij - log k`` (Levy and
        Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization", equation 7; the
        derivation holds for a smoothed noise distribution too).

        Parameters
        ----------
        noise : ndarray of float, shape (V,)
            Probabilities of negative samples.

        Returns
        -------
        ndarray of float64, shape (n, n)
            -inf where a pair never occurs.
        """
        with np.errstate(divide="ignore"):
            log_sums, log_noise = np.log(self.row_sums), np.log(noise[: len(self.counts)])
        values = pmi_of_cells(self.counts, log_sums[:, None], log_noise)
        return np.where(self.counts > 0, values, -np.inf)

    @cached_property
    def ppmi(self) -> np.ndarray:
        """Positive PMI without smoothing, float64, shape (n, n)."""
        from scipy.sparse import csr_array

        dense: np.ndarray = pmi(csr_array(self.counts), smoothing=1).toarray()
        return dense.astype(np.float64)

    def judgements(self, seed: int = 0) -> dict[str, Judgements]:
        """Score random pairs of words by PPMI, and by the cosine of PPMI rows; see `Material`."""
        n = len(self.counts)
        rng = np.random.default_rng(seed)
        pairs = rng.integers(n, size=(N_JUDGED, 2))
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        rows = unit(self.ppmi)
        second = (rows @ rows.T)[pairs[:, 0], pairs[:, 1]]
        first = self.ppmi[pairs[:, 0], pairs[:, 1]]
        return {
            "second order": Judgements("proxy: cosine of PPMI rows", pairs, second),
            "first order": Judgements("proxy: PPMI of the pair", pairs, first),
        }


def sample_pairs(
    corpus: EncodedCorpus, window: int, n_pairs: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw pairs (focus, context) with the probabilities that skip-gram trains on them.

    Returns
    -------
    ndarray of int64, shape (n_pairs, 2)
    """
    mass = np.array([weight * len(left) for weight, left, _ in distances(corpus, window)])
    n_each = rng.multinomial(n_pairs, mass / mass.sum())
    drawn = []
    for n, (_, left, right) in zip(n_each, distances(corpus, window)):
        at = rng.integers(len(left), size=n) if n else np.zeros(0, np.int64)
        drawn.append(np.stack([left[at], right[at]], axis=1))
    pairs = np.concatenate(drawn).astype(np.int64)
    turned = rng.random(len(pairs)) < 0.5
    pairs[turned] = pairs[turned, ::-1]
    return pairs
