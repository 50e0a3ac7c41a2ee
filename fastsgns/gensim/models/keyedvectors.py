"""KeyedVectors, for the same reason as `fastsgns.gensim.models.word2vec`."""

from fastsgns.vectors.keyedvectors import KeyedVectors

__all__ = ["KeyedVectors"]
