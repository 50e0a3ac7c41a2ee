"""Word2Vec, for pickles of a process in which fastsgns is installed as gensim.

There the class says that it is from this module, so that ``str(type(model))`` contains "gensim",
and a pickle of a model loads in every process.
"""

from fastsgns.models.word2vec import Word2Vec

__all__ = ["Word2Vec"]
