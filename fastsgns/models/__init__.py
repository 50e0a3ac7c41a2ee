"""The public classes, under gensim's module names."""

from typing import TYPE_CHECKING

from fastsgns._submodules import submodules_of
from fastsgns.models.fasttext import FastText
from fastsgns.models.keyedvectors import KeyedVectors
from fastsgns.models.phrases import FrozenPhrases, Phrases
from fastsgns.models.word2vec import FAST_VERSION, Word2Vec  # noqa: F401

__all__ = ["FastText", "FrozenPhrases", "KeyedVectors", "Phrases", "Word2Vec"]

if not TYPE_CHECKING:
    __getattr__ = submodules_of(__name__)
