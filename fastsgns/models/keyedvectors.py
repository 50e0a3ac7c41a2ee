"""gensim's names for KeyedVectors."""

from typing import Any

import numpy as np

from fastsgns.vectors.keyedvectors import KeyedVectors

Word2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors
REAL = np.float32

__all__ = [
    "REAL",
    "EuclideanKeyedVectors",
    "KeyedVectors",
    "Word2VecKeyedVectors",
    "load_word2vec_format",
]


def load_word2vec_format(*args: Any, **kwargs: Any) -> KeyedVectors:
    """See `KeyedVectors.load_word2vec_format`."""
    return KeyedVectors.load_word2vec_format(*args, **kwargs)
