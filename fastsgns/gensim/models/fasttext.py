"""FastText and its vectors, for the same reason as `fastsgns.gensim.models.word2vec`."""

from fastsgns.models.fasttext import FastText
from fastsgns.vectors.fasttext import FastTextKeyedVectors

__all__ = ["FastText", "FastTextKeyedVectors"]
