"""Material: the thinned corpus that every experiment sees, its counts and its judgements."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from functools import cached_property

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
    """A corpus made ready: rare words left out, frequent ones thinned once, ids by frequency.

    Training draws a new subsample an epoch; here it is drawn once, so that counts, exact losses
    and trained models speak of the same text (models are trained with ``sample=0``).

    Parameters
    ----------
    corpus : EncodedCorpus
    settings : Settings
    judgements : sequence of Judgements, optional
        Human judgements; without any, experiments fall back on `proxies`.
    workers : int, optional
        Threads of a training; by default one for each core.

    Raises
    ------
    ValueError
        If fewer than 20 words occur `min_count` times, or no sentence has two of them.

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
        self.corpus = thin(prune(corpus, settings.min_count), settings.sample)
        if not np.any(np.diff(self.corpus.offsets) > 1):
            raise ValueError("no sentence of the corpus has two words; a study needs pairs of them")
        self.given = [j for j in (j.known(self.ids) for j in judgements) if len(j.pairs) > 1]

    @property
    def words(self) -> list:
        """The words by id."""
        return self.corpus.vocabulary.words

    @property
    def ids(self) -> dict:
        """The id of each word."""
        return self.corpus.vocabulary.ids

    @cached_property
    def noise(self) -> np.ndarray:
        """Probabilities of the negatives, shape (V,)."""
        return noise_distribution(self.corpus.vocabulary.counts)

    @cached_property
    def pairs(self) -> PairCounts:
        """Expected counts of pairs of the `n_frequent` most frequent words."""
        counts = count_pairs(self.corpus, self.settings.window, self.workers)
        return PairCounts.of(counts, self.settings.n_frequent)

    @cached_property
    def sample(self) -> np.ndarray:
        """Pairs that the losses of trained models are taken on, shape (50,000, 2)."""
        rng = np.random.default_rng(0)
        return sample_pairs(self.corpus, self.settings.window, N_SAMPLED, rng)

    @cached_property
    def proxies(self) -> dict[str, Judgements]:
        """Judgements made of the corpus's own counts: a substitute for those of people.

        ``second order`` is the cosine of the rows of positive PMI: words that occur in like
        contexts. ``first order`` is the positive PMI of the two words: words that occur together.
        """
        return self.pairs.judgements()

    @property
    def scored(self) -> list[Judgements]:
        """What vectors are scored on: judgements of people if given, the proxy otherwise."""
        return self.given or [self.proxies["second order"]]

    @property
    def facts(self) -> dict[str, dict]:
        """What a report says of it."""
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
        found = hashlib.sha256(self.corpus.ids.tobytes())
        found.update(self.corpus.offsets.tobytes())
        found.update("\n".join(map(str, self.words)).encode())
        for judgements in self.given:
            found.update(judgements.name.encode() + judgements.pairs.tobytes())
        return {"corpus": found.hexdigest()[:24], **asdict(self.settings), "n_seeds": None}


def prune(corpus: EncodedCorpus, min_count: int) -> EncodedCorpus:
    """Leave out words seen less often; ids in order of descending frequency."""
    counts = corpus.vocabulary.counts
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] >= max(min_count, 1)]
    if len(order) < LEAST_WORDS:
        raise ValueError(
            f"only {len(order)} words of the corpus occur {min_count} times; "
            f"a study needs at least {LEAST_WORDS}"
        )
    return corpus.restrict(Vocabulary(corpus.vocabulary.words_at(order), counts[order]))


def thin(corpus: EncodedCorpus, sample: float) -> EncodedCorpus:
    """Drop occurrences of frequent words at random, as one epoch of training would."""
    counts = corpus.vocabulary.counts
    keep = keep_probabilities(counts, sample)
    rng = np.random.default_rng(0)
    kept = rng.random(corpus.n_tokens, np.float32) < keep[corpus.ids]
    kept |= ~_seen(corpus.ids, kept, len(counts))[corpus.ids]  # no word vanishes
    ends = np.concatenate([[0], np.cumsum(kept)])[corpus.offsets]
    ids = corpus.ids[kept]
    vocabulary = corpus.vocabulary.recounted(np.bincount(ids, minlength=len(counts)))
    return EncodedCorpus(ids, np.unique(ends), vocabulary)


def _seen(ids: np.ndarray, kept: np.ndarray, n_words: int) -> np.ndarray:
    return np.bincount(ids[kept], minlength=n_words) > 0
