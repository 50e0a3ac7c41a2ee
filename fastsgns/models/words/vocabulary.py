"""The vocabulary of a Word2Vec: which of the words that were counted it keeps."""

import logging
from collections.abc import Sized
from typing import Any

import numpy as np

from fastsgns import sampling
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.selection import Selection
from fastsgns.corpus.sentences import LineSentence
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


def explain_nothing(sentences: Any, n_sentences: int, n_words: int, n_known: int) -> str:
    """Return why a call of `train` changes nothing: no word of the corpus is in the vocabulary.

    Parameters
    ----------
    sentences : iterable
        What the user gave.
    n_sentences, n_words : int
        How many were read.
    n_known : int
        Words of the vocabulary.

    Examples
    --------
    >>> explain_nothing([[], []], 2, 0, 9)
    'train() changed nothing: none of the 2 sentences has a token'
    """
    if n_words:
        why = (
            f"none of the {n_words} tokens of the corpus is in the vocabulary of {n_known} words; "
            "to add words, call build_vocab(..., update=True)"
        )
    elif isinstance(sentences, LineSentence):
        why = f"there is not a single token in {sentences.source!r:.80}"
    elif n_sentences:
        why = f"none of the {n_sentences} sentences has a token"
    elif isinstance(sentences, Sized):
        why = f"the corpus, a {type(sentences).__name__}, has no sentences"
    else:
        why = (  # in the words of gensim
            "it was called with an empty iterator. An iterator that was read before is empty; give "
            "a list, or an object whose __iter__ starts anew"
        )
    return f"train() changed nothing: {why}"


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
