"""Pairs of words in a window: expected counts, PMI, and a sample of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.study.judgements import Judgements

N_JUDGED = 20_000


def distances(corpus: EncodedCorpus, window: int) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
    """Yield, for each distance s up to the window, its weight and the two ends of its pairs.

    Skip-gram draws the window of each focus uniformly from 1 .. w, so a pair at distance s is
    met with probability ``(w - s + 1) / w``: its weight.

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


@dataclass(frozen=True)
class PairCounts:
    """Expected counts of pairs in one epoch, both directions, among the most frequent words.

    Attributes
    ----------
    counts : ndarray of float64, shape (n, n)
        ``counts[i, j]``: how often focus i meets context j; symmetric.
    margin : ndarray of float64, shape (n,)
        How often focus i meets any context, the less frequent words included.
    """

    counts: np.ndarray
    margin: np.ndarray

    @classmethod
    def of(cls, corpus: EncodedCorpus, window: int, n_words: int) -> "PairCounts":
        """Count the pairs of the `n_words` most frequent words."""
        n = min(n_words, len(corpus.vocabulary))
        flat, margin = np.zeros(n * n), np.zeros(len(corpus.vocabulary))
        for weight, left, right in distances(corpus, window):
            for ends in (left, right):
                margin += weight * np.bincount(ends, minlength=len(margin))
            both = (left < n) & (right < n)
            cells = left[both].astype(np.int64) * n + right[both]
            flat += weight * np.bincount(cells, minlength=n * n)
        counts = flat.reshape(n, n)
        return cls(counts + counts.T, margin[:n])

    def first(self, n_words: int) -> "PairCounts":
        """Those of the first `n_words` words, as if there were no others."""
        counts = self.counts[:n_words, :n_words]
        return PairCounts(counts, counts.sum(axis=1))

    def pmi(self, noise: np.ndarray) -> np.ndarray:
        """Pointwise mutual information against the noise that negatives are drawn from.

        ``log(n_ij / (n_i p_j))`` with n_i the margin of row i and p the noise distribution: with
        ``p_j = n_j / n`` the ordinary PMI, with word2vec's exponent 0.75 what SGNS with k negatives
        factorises, ``w_i . c_j = PMI_ij - log k`` (Levy and Goldberg 2014, "Neural Word Embedding
        as Implicit Matrix Factorization", equation 7; for a smoothed noise the same derivation
        holds cell by cell).

        Parameters
        ----------
        noise : ndarray of float, shape (V,)
            Probabilities of negatives.

        Returns
        -------
        ndarray of float64, shape (n, n)
            -inf where a pair never occurs.
        """
        n = len(self.counts)
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.log(self.counts) - np.log(self.margin[:, None]) - np.log(noise[:n])
        return np.where(self.counts > 0, found, -np.inf)

    @cached_property
    def ppmi(self) -> np.ndarray:
        """Positive PMI, ``max(0, log(n_ij n / (n_i n_j)))``, shape (n, n)."""
        own = self.first(len(self.counts))
        return np.maximum(own.pmi(own.margin / max(own.margin.sum(), 1e-300)), 0)

    def judgements(self, seed: int = 0) -> dict[str, Judgements]:
        """Judge random pairs by first and by second order: see `Material.proxies`."""
        n = len(self.counts)
        rng = np.random.default_rng(seed)
        pairs = rng.integers(n, size=(N_JUDGED, 2))
        pairs = pairs[pairs[:, 0] != pairs[:, 1]]
        rows = self.ppmi / np.maximum(np.linalg.norm(self.ppmi, axis=1, keepdims=True), 1e-300)
        second = (rows @ rows.T)[pairs[:, 0], pairs[:, 1]]
        first = self.ppmi[pairs[:, 0], pairs[:, 1]]
        return {
            "second order": Judgements("proxy: cosine of PPMI rows", pairs, second),
            "first order": Judgements("proxy: PPMI of the pair", pairs, first),
        }


def sample_pairs(
    corpus: EncodedCorpus, window: int, n_pairs: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw pairs (focus, context) as skip-gram with a shrinking window meets them.

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
