"""The public classes, under gensim's module names."""

from fastsgns.models.keyedvectors import KeyedVectors
from fastsgns.models.word2vec import Word2Vec

__all__ = ["KeyedVectors", "Word2Vec"]
