"""`from_gensim`: any object of gensim that this package has a class for."""

from typing import Any

from fastsgns.models.fasttext import FastText
from fastsgns.models.word2vec import Word2Vec
from fastsgns.vectors.fasttext import FastTextKeyedVectors
from fastsgns.vectors.keyedvectors import KeyedVectors


def from_gensim(thing: Any) -> Word2Vec | KeyedVectors:
    """Make a model or vectors of a live object of gensim 4.

    Parameters
    ----------
    thing : gensim.models.Word2Vec, FastText or KeyedVectors

    Returns
    -------
    Word2Vec, FastText, KeyedVectors or FastTextKeyedVectors
        With copies of all arrays. Files of gensim are pickles, which run code when they are loaded;
        so gensim itself must load them.

    Raises
    ------
    TypeError
        If it is something else. The message says what can be taken of a Doc2Vec.
    """
    if hasattr(thing, "wv"):
        has_ngrams = hasattr(thing.wv, "vectors_ngrams") and not hasattr(thing, "dv")
        return (FastText if has_ngrams else Word2Vec).from_gensim(thing)
    has_ngrams = hasattr(thing, "vectors_ngrams")
    return (FastTextKeyedVectors if has_ngrams else KeyedVectors).from_gensim(thing)
