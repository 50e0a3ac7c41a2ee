"""Names of gensim 3 and what replaces them; some old methods are still in `KeyedVectors`."""

import logging
from typing import Any

from fastsgns.vectors.evaluation import Section, share_correct
from fastsgns.vectors.spaces import HAS_NO_MODEL, WHY_MISSING

logger = logging.getLogger(__name__)

SUCCESSORS = {
    "vocab": "kv.key_to_index (a dict of positions) and kv.get_vecattr(key, 'count')",
    "index2word": "kv.index_to_key",
    "index2entity": "kv.index_to_key",
    "vectors_norm": "kv.get_normed_vectors()",
    "syn0": "kv.vectors",
    "syn0norm": "kv.get_normed_vectors()",
    "wv": "the KeyedVectors itself",
    "add": "kv.add_vectors(keys, vectors)",
    "accuracy": "kv.evaluate_word_analogies(path)",
    "get_keras_embedding": "keras.layers.Embedding(*kv.vectors.shape, weights=[kv.vectors])",
    "similarity_unseen_docs": "kv.n_similarity(words1, words2)",
}
ROLE_NAMES = ("input", "output", "negative", "bias")


def missing_attribute(kv: Any, name: str, is_linked: bool) -> AttributeError:
    """Return the error for an attribute that `kv` lacks, with what to use instead if known.

    Parameters
    ----------
    kv : KeyedVectors
    name : str
    is_linked : bool
        Whether `kv` belongs to a model, which may have matrices in other roles.
    """
    if name in ROLE_NAMES:
        why = WHY_MISSING[name] if is_linked else HAS_NO_MODEL
        return AttributeError(f"no {name} vectors: {why}", name=name, obj=kv)
    successor = SUCCESSORS.get(name)
    return AttributeError(
        f"{type(kv).__name__!r} object has no attribute {name!r}"
        + (f", a name of gensim 3; use {successor}" if successor else "")
    )


def log_accuracy(section: Section) -> float:
    """Log a section of `evaluate_word_analogies`; return its share of right answers."""
    score, n = share_correct(section), len(section["correct"]) + len(section["incorrect"])
    logger.info("%s: %.1f%% of %d", section["section"], 100 * score, n)
    return score


def log_evaluate_word_pairs(pearson: Any, spearman: Any, oov: float, pairs: Any) -> None:
    """Log the result of `evaluate_word_pairs`."""
    logger.info(
        "%s: Pearson %.4f, Spearman %.4f, %.1f%% unknown", pairs, pearson[0], spearman[0], oov
    )
