"""`from_gensim`: any object of gensim that this package has a class for."""

from typing import Any

from fastsgns.models.word2vec import Word2Vec
from fastsgns.vectors.keyedvectors import KeyedVectors


def from_gensim(thing: Any) -> Word2Vec | KeyedVectors:
    """Make a model or vectors of a live object of gensim 4.

    Parameters
    ----------
    thing : gensim.models.Word2Vec or gensim.models.KeyedVectors

    Returns
    -------
    Word2Vec or KeyedVectors
        With copies of all arrays. Files of gensim are pickles, which run code when they are loaded;
        so gensim itself must load them.

    Raises
    ------
    TypeError
        If it is something else. The message says what can be taken of a FastText or a Doc2Vec.
    """
    if hasattr(thing, "wv"):
        return Word2Vec.from_gensim(thing)
    return KeyedVectors.from_gensim(thing)
