"""Phrases, for the same reason as `fastsgns.gensim.models.word2vec`."""

from fastsgns.models.phrases import FrozenPhrases, Phrases

__all__ = ["FrozenPhrases", "Phrases"]
