"""Live objects of gensim 4: their KeyedVectors become ours, and ours become theirs.

gensim is imported only to make an object of gensim.
"""

import logging
from typing import Any, NamedTuple

import numpy as np

from fastsgns.formats.tables import DERIVED
from fastsgns.runtime import packages

logger = logging.getLogger(__name__)

# Attributes of keys that gensim computes from the counts: paths in the tree, and subsampling
COMPUTED = (*DERIVED, "sample_int")
NEEDED = ("index_to_key", "key_to_index", "vectors", "expandos")


class Gensim(NamedTuple):
    """The classes of gensim, also where those of this package have their names."""

    Word2Vec: Any
    KeyedVectors: Any


def import_gensim() -> Gensim:
    """Import gensim, and return its classes.

    Raises
    ------
    ImportError
        If gensim is not installed or fails, or is left out of this process.
    """
    models = packages.need(
        "gensim.models",
        "an object of gensim needs the package gensim: pip install gensim, or write a file with "
        "save_word2vec_format",
    )
    # `install_as_gensim` replaces the attributes of the module, and not what is in its dict.
    classes = Gensim(*(vars(models)[name] for name in Gensim._fields))
    if any(cls.__module__.startswith("fastsgns.") for cls in classes.Word2Vec.__mro__):
        raise ImportError(
            "gensim is replaced by fastsgns in this process, and is not installed, or left out by "
            "alone=True or --alone; make objects of gensim in a process that has it"
        )
    return classes


def fill(kv: Any, theirs: Any, copy: bool = True) -> None:
    """Set the keys, vectors and attributes of an empty `kv` to those of gensim's KeyedVectors.

    Parameters
    ----------
    kv : KeyedVectors
    theirs : gensim.models.KeyedVectors
    copy : bool
        Copy the vectors; otherwise both objects use the same array.

    Raises
    ------
    TypeError
        If `theirs` is not such an object.
    """
    check_vectors(theirs)
    if hasattr(theirs, "vectors_ngrams"):
        logger.info("vectors of n-grams are left out: only the words of the vocabulary are known")
    keys = list(theirs.index_to_key)
    kv.key_table.replace(keys, dict(theirs.key_to_index))
    if copy:
        kv.set_items(keys, np.array(theirs.vectors, order="C"), dict(theirs.key_to_index))
    else:
        kv.vectors = theirs.vectors
    kv.next_index = getattr(theirs, "next_index", len(keys))
    kv.expandos = {
        name: np.array(values) for name, values in theirs.expandos.items() if name not in COMPUTED
    }
    factors = getattr(theirs, "vectors_lockf", np.ones(1))
    kv.vectors_lockf = np.array(factors, np.float32)


def check_vectors(theirs: Any) -> None:
    """Raise a TypeError unless an object is a KeyedVectors of gensim 4, by its attributes."""
    if all(hasattr(theirs, name) for name in NEEDED):
        return
    cls = type(theirs)
    if hasattr(theirs, "index2word") or hasattr(theirs, "vocab"):
        raise TypeError(
            f"{cls.__module__}.{cls.__name__} is of gensim 3; load and save it with gensim 4 first"
        )
    raise TypeError(
        f"a {cls.__module__}.{cls.__name__} is not a KeyedVectors or a Word2Vec of gensim 4; to "
        'load a file of gensim: fastsgns.from_gensim(gensim.models.Word2Vec.load("model"))'
    )


def from_gensim(cls: Any, theirs: Any, copy: bool = True) -> Any:
    """Return an instance of `cls`; see `KeyedVectors.from_gensim`."""
    vectors = theirs.wv if hasattr(theirs, "wv") else theirs
    check_vectors(vectors)
    kv = cls(vectors.vectors.shape[1], dtype=vectors.vectors.dtype)
    fill(kv, vectors, copy)
    return kv


def to_gensim(kv: Any) -> Any:
    """Return a gensim.models.KeyedVectors with copies of all of `kv`; see `KeyedVectors`."""
    theirs = import_gensim().KeyedVectors(kv.vector_size, dtype=kv.array.dtype)
    theirs.index_to_key = list(kv.index_to_key)
    theirs.key_to_index = dict(kv.key_to_index)
    theirs.next_index = kv.next_index
    theirs.vectors = np.array(kv.array)
    theirs.expandos = {
        name: np.array(values) for name, values in kv.expandos.items() if name not in COMPUTED
    }
    theirs.vectors_lockf = np.array(kv.vectors_lockf, np.float32)
    return theirs
