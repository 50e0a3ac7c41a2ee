"""The vocabulary of a Word2Vec: which of the words that were counted it keeps."""

import logging

import numpy as np

from fastsgns import sampling
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.selection import Selection
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import EmptyCorpusError
from fastsgns.vectors.keyedvectors import KeyedVectors

logger = logging.getLogger(__name__)


def vocabulary_of(wv: KeyedVectors) -> Vocabulary:
    """Return the words of `wv` with their counts.

    Raises
    ------
    RuntimeError
        If `wv` has no counts.
    """
    counts = wv.expandos.get("count")
    if counts is None:
        raise RuntimeError(
            "model.wv has no counts, which training needs; set them with "
            "model.wv.set_vecattr(word, 'count', n), or call build_vocab"
        )
    return Vocabulary(wv.index_to_key, counts, wv.key_to_index)


def check_not_empty(chosen: Selection, raw: Vocabulary | None) -> None:
    """Raise an EmptyCorpusError if no word is left."""
    if len(chosen.vocabulary):
        return
    most = int(raw.counts.max()) if raw is not None and len(raw) else 0
    raise EmptyCorpusError(
        f"no word is left of {chosen.n_raw_words}: the most frequent occurs {most} times, "
        f"and min_count is {chosen.effective_min_count}; lower min_count"
    )


def log_selection(chosen: Selection) -> None:
    """Log what was kept, and warn of words that a file can't hold."""
    logger.info(
        "kept %d of %d words (min_count %d), %d of %d occurrences", len(chosen.vocabulary),
        chosen.n_raw_words, chosen.effective_min_count, chosen.n_tokens, chosen.n_raw_tokens,
    )  # fmt: skip
    chosen.vocabulary.warn_of_unsavable()


def selection_report(chosen: Selection, sample: float) -> dict[str, float]:
    """Return the report of `Word2Vec.prepare_vocab`."""
    counts = chosen.vocabulary.counts
    kept = sampling.keep_probabilities(counts, sample) if len(counts) else np.ones(0)
    return {
        "drop_unique": chosen.n_dropped,
        "retain_total": chosen.n_tokens,
        "downsample_unique": int((kept < 1).sum()),
        "downsample_total": int((kept * counts).sum()),
        "num_retained_words": len(counts),
    }


def explain_no_pairs(corpus: EncodedCorpus) -> str | None:
    """Return why a corpus has no pair of different words, or None if it has one."""
    if len(corpus) == corpus.n_tokens:
        example = corpus.vocabulary.words_at(corpus.ids[:1])[0]
        return (
            f"each of the {len(corpus)} sentences has one token of the vocabulary, such as "
            f"{example!r:.60}, so that there is no pair to learn from. Are sentences split into "
            "tokens? Are words too rare to be kept?"
        )
    if len(corpus.vocabulary) == 1:
        return (
            f"the vocabulary is one word, {corpus.vocabulary.words[0]!r:.60}: there is no other to "
            "tell it from, and nothing to learn"
        )
    return None
