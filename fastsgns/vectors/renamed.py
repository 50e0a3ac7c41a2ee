"""Names of gensim 3 and their successors: some still work, the others say what to use."""

import logging
import warnings
from typing import Any, NoReturn

import numpy as np

from fastsgns.rules import takes_flags
from fastsgns.vectors.comparisons import Comparisons
from fastsgns.vectors.spaces import STANDS_ALONE, WHY_MISSING
from fastsgns.vectors.table import Key

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
    "similarity_unseen_docs": "kv.n_similarity(words1, words2)",
}
ROLE_NAMES = ("input", "output", "negative", "bias")


class Renamed(Comparisons):
    """The part of KeyedVectors that old programs lean on."""

    def __getattr__(self, name: str) -> NoReturn:
        if name in ROLE_NAMES:
            why = STANDS_ALONE if self.role_link is None else WHY_MISSING[name]
            raise AttributeError(f"no {name} vectors: {why}", name=name, obj=self)
        successor = SUCCESSORS.get(name)
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}"
            + (f", a name of gensim 3; use {successor}" if successor else "")
        )

    @takes_flags
    def word_vec(self, key: Key, norm: bool = False) -> np.ndarray:
        """Old name of `get_vector`."""
        return self.get_vector(key, norm)

    def words_closer_than(self, word1: Key, word2: Key) -> list[Key]:
        """Old name of `closer_than`."""
        return self.closer_than(word1, word2)

    @takes_flags
    def init_sims(self, replace: bool = False) -> None:
        """Do what `fill_norms` or, with `replace`, `unit_normalize_all` does; deprecated."""
        successor = "unit_normalize_all()" if replace else "fill_norms()"
        warnings.warn(f"init_sims is deprecated; use {successor}", DeprecationWarning, 2)
        if replace:
            self.unit_normalize_all()
        else:
            self.fill_norms()

    @staticmethod
    def log_accuracy(section: dict[str, Any]) -> float:
        """Log a section of `evaluate_word_analogies`; return its share of right answers."""
        n_right, n_wrong = len(section["correct"]), len(section["incorrect"])
        score = n_right / (n_right + n_wrong) if n_right + n_wrong else 0.0
        logger.info("%s: %.1f%% of %d", section["section"], 100 * score, n_right + n_wrong)
        return score

    @staticmethod
    def log_evaluate_word_pairs(pearson: Any, spearman: Any, oov: float, pairs: Any) -> None:
        """Log the result of `evaluate_word_pairs`."""
        logger.info(
            "%s: Pearson %.4f, Spearman %.4f, %.1f%% unknown", pairs, pearson[0], spearman[0], oov
        )
