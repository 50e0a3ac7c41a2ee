"""Material: the subsampled corpus of all experiments, its counts and its judgements."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any

import numpy as np

from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.runtime.machine import n_cores
from fastsgns.sampling import keep_probabilities, noise_distribution
from fastsgns.study.judgements import Judgements
from fastsgns.study.pairs import PairCounts, count_pairs, sample_pairs
from fastsgns.study.settings import Settings

LEAST_WORDS = 20
N_SAMPLED = 50_000


class Material:
    """A corpus without rare words, with frequent words subsampled, and ids by frequency.

    Usually training draws a new subsample per epoch. Here it is drawn once, so that counts, exact
    losses and trained models refer to the same text. Models are trained with ``sample=0``.

    Parameters
    ----------
    corpus : EncodedCorpus
    settings : Settings
    judgements : sequence of Judgements, optional
        Human judgements. Without any, experiments use `proxies`.
    workers : int, optional
        Threads for counting and training; by default one per core.

    Raises
    ------
    ValueError
        If fewer than 20 words occur `min_count` times, or if no sentence has two of them.

    Examples
    --------
    >>> corpus = EncodedCorpus.from_iterable([[str(i), str(i + 1)] for i in range(30)] * 9)
    >>> material = Material(corpus, Settings(min_count=5, sample=0, window=1))
    >>> len(material.corpus.vocabulary), int(material.pairs.counts.sum())
    (31, 540)
    """

    def __init__(
        self,
        corpus: EncodedCorpus,
        settings: Settings,
        judgements: Sequence[Judgements] = (),
        workers: int | None = None,
    ) -> None:
        self.settings = settings
        self.workers = workers or n_cores()
        self.corpus = subsample(prune(corpus, settings.min_count), settings.sample)
        if not np.any(np.diff(self.corpus.offsets) > 1):
            raise ValueError("no sentence of the corpus has two words; a study needs pairs of them")
        self.given = [j for j in (j.known(self.ids) for j in judgements) if len(j.pairs) > 1]

    @property
    def words(self) -> list[Any]:
        """The words by id."""
        return self.corpus.vocabulary.words

    @property
    def ids(self) -> dict[Any, int]:
        """The id of each word."""
        return self.corpus.vocabulary.ids

    @cached_property
    def noise(self) -> np.ndarray:
        """The noise distribution of the negative samples, shape (V,)."""
        return noise_distribution(self.corpus.vocabulary.counts)

    @cached_property
    def pairs(self) -> PairCounts:
        """Expected counts of the pairs of the `n_frequent` most frequent words."""
        counts = count_pairs(self.corpus, self.settings.window, self.workers)
        return PairCounts.of(counts, self.settings.n_frequent)

    @cached_property
    def sample(self) -> np.ndarray:
        """The pairs on which losses of trained models are computed, shape (50,000, 2)."""
        rng = np.random.default_rng(0)
        return sample_pairs(self.corpus, self.settings.window, N_SAMPLED, rng)

    @cached_property
    def proxies(self) -> dict[str, Judgements]:
        """Judgements from the corpus's own counts, in place of human judgements.

        ``second order`` is the cosine of the two words' rows of positive PMI, which is high for
        words in similar contexts. ``first order`` is the positive PMI of the two words, which is
        high for words that occur together.
        """
        return self.pairs.judgements()

    @property
    def scored(self) -> list[Judgements]:
        """The judgements that score vectors: human ones if there are any, otherwise a proxy."""
        return self.given or [self.proxies["second order"]]

    @property
    def facts(self) -> dict[str, dict[str, Any]]:
        """What the report states about the corpus."""
        corpus = {
            "tokens": self.corpus.n_tokens,
            "sentences": len(self.corpus),
            "words": len(self.corpus.vocabulary),
            "digest": self.identity["corpus"],
        }
        return {"corpus": corpus, "judgements": {j.name: len(j.pairs) for j in self.scored}}

    @cached_property
    def identity(self) -> dict[str, object]:
        """Everything about the material that a result depends on."""
        digest = hashlib.sha256(self.corpus.ids.tobytes())
        digest.update(self.corpus.offsets.tobytes())
        digest.update("\n".join(map(str, self.words)).encode())
        for judgements in self.given:
            digest.update(judgements.name.encode() + judgements.pairs.tobytes())
        return {"corpus": digest.hexdigest()[:24], **asdict(self.settings), "n_seeds": None}


def prune(corpus: EncodedCorpus, min_count: int) -> EncodedCorpus:
    """Remove words that occur less often; number the others by descending frequency."""
    counts = corpus.vocabulary.counts
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] >= max(min_count, 1)]
    if len(order) < LEAST_WORDS:
        raise ValueError(
            f"only {len(order)} words of the corpus occur {min_count} times; "
            f"a study needs at least {LEAST_WORDS}"
        )
    return corpus.restrict(Vocabulary(corpus.vocabulary.words_at(order), counts[order]))


def subsample(corpus: EncodedCorpus, sample: float) -> EncodedCorpus:
    """Drop occurrences of frequent words at random, as an epoch of training does."""
    counts = corpus.vocabulary.counts
    keep = keep_probabilities(counts, sample)
    rng = np.random.default_rng(0)
    kept = rng.random(corpus.n_tokens, np.float32) < keep[corpus.ids]
    kept |= ~_seen(corpus.ids, kept, len(counts))[corpus.ids]  # keep words that would vanish
    ends = np.concatenate([[0], np.cumsum(kept)])[corpus.offsets]
    ids = corpus.ids[kept]
    vocabulary = corpus.vocabulary.recounted(np.bincount(ids, minlength=len(counts)))
    return EncodedCorpus(ids, np.unique(ends), vocabulary)


def _seen(ids: np.ndarray, kept: np.ndarray, n_words: int) -> np.ndarray:
    return np.bincount(ids[kept], minlength=n_words) > 0
