"""Live objects of gensim 4: their KeyedVectors become ours, and ours become theirs.

gensim is imported only to make an object of gensim.
"""

import logging
from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from fastsgns.errors import warn
from fastsgns.formats.keys import plain_all
from fastsgns.formats.saving import KEYED
from fastsgns.runtime import packages
from fastsgns.vectors.attributes import COUNT, look_made_up

logger = logging.getLogger(__name__)

COMPUTED = ("sample_int",)  # of subsampling, which gensim computes from the counts
NEEDED = ("index_to_key", "key_to_index", "vectors", "expandos")
THEIRS = {  # attributes of gensim's KeyedVectors
    *NEEDED, "vector_size", "next_index", "norms", "mapfile_path", "vectors_lockf",
    "lifecycle_events",
}  # fmt: skip
OF_FASTTEXT = {
    "vectors_vocab", "vectors_ngrams", "vectors_vocab_lockf", "vectors_ngrams_lockf", "min_n",
    "max_n", "bucket", "buckets_word", "hash2index", "compatible_hash", "vectors_vocab_norms",
    "vectors_ngrams_norms",
}  # fmt: skip


class Gensim(NamedTuple):
    """The classes of gensim, also where those of this package have their names."""

    Word2Vec: Any
    KeyedVectors: Any
    FastText: Any


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
    if hasattr(theirs, "vectors_ngrams") and not hasattr(type(kv), "vectors_ngrams"):
        logger.info("vectors of n-grams are left out: only the words of the vocabulary are known")
    keys, kept = without_slots(theirs)
    ids = dict(zip(plain_all(theirs.key_to_index), theirs.key_to_index.values()))
    if len(keys) < len(theirs.index_to_key):
        ids = {key: place for place, key in enumerate(keys)}
    vectors = theirs.vectors[kept]
    kv.key_table.replace(keys, ids)
    if copy:
        kv.set_items(keys, np.array(vectors, order="C"), ids)
    else:
        kv.vectors = vectors
    kv.expandos = {
        name: np.array(np.asarray(values)[kept])
        for name, values in theirs.expandos.items()
        if name not in COMPUTED
    }
    kv.key_table.expandos.mark_made_up(look_made_up(kv.expandos.get(COUNT, np.zeros(0))))
    factors = np.array(getattr(theirs, "vectors_lockf", np.ones(1)), np.float32)
    kv.vectors_lockf = factors if len(factors) == 1 else factors[kept]
    copy_own(theirs, kv, THEIRS | (OF_FASTTEXT if hasattr(theirs, "vectors_ngrams") else set()))


def without_slots(theirs: Any) -> tuple[list[Any], Any]:
    """Return the keys, and which rows they have: a slice unless empty slots are between the keys.

    gensim has empty slots at the end after it has read a file in which keys are repeated.
    """
    listed = list(theirs.index_to_key)
    n_keys = len(listed) - listed.count(None)
    if None not in listed[:n_keys]:
        return plain_all(listed[:n_keys]), slice(0, n_keys if n_keys < len(listed) else None)
    places = [place for place, key in enumerate(listed) if key is not None]
    return plain_all(listed[place] for place in places), np.array(places)


def copy_own(source: Any, target: Any, known: Collection[str]) -> None:
    """Set the attributes that a user has set on `source` on `target` too: the same objects.

    Parameters
    ----------
    source, target : object
    known : collection of str
        The attributes of the class of `source`.

    Warns
    -----
    UserWarning
        If the class of `target` itself uses a name.
    """
    own = {
        name: value
        for name, value in vars(source).items()
        if name not in known and not name.startswith("__")
    }
    taken = sorted(name for name in own if name in vars(target) or hasattr(type(target), name))
    if taken:
        warn(
            f"the attributes {taken} were not copied, because {type(target).__module__}."
            f"{type(target).__name__} itself uses these names"
        )
    vars(target).update((name, value) for name, value in own.items() if name not in taken)


def check_vectors(theirs: Any) -> None:
    """Raise a TypeError unless an object is a KeyedVectors of gensim 4, by its attributes."""
    if all(hasattr(theirs, name) for name in NEEDED):
        return
    cls = type(theirs)
    if hasattr(theirs, "connector_words") or hasattr(theirs, "phrasegrams"):
        raise TypeError(
            f"a {cls.__module__}.{cls.__name__} has counts of strings, and can't be converted; "
            "learn the phrases again: fastsgns.Phrases(sentences, ...), with the same parameters"
        )
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
    copy_own(kv, theirs, KEYED)
    return theirs
