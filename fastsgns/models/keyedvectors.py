"""Names of gensim's module ``models.keyedvectors``."""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns.vectors.fasttext import FastTextKeyedVectors
from fastsgns.vectors.keyedvectors import KeyedVectors

Word2VecKeyedVectors = Doc2VecKeyedVectors = EuclideanKeyedVectors = KeyedVectors
REAL = np.float32

__all__ = [
    "REAL",
    "CompatVocab",
    "Doc2VecKeyedVectors",
    "EuclideanKeyedVectors",
    "FastTextKeyedVectors",
    "KeyedVectors",
    "Vocab",
    "Word2VecKeyedVectors",
    "load_word2vec_format",
    "prep_vectors",
    "pseudorandom_weak_vector",
]


def load_word2vec_format(*args: Any, **kwargs: Any) -> KeyedVectors:
    """See `KeyedVectors.load_word2vec_format`."""
    return KeyedVectors.load_word2vec_format(*args, **kwargs)


def prep_vectors(
    target_shape: tuple[int, int],
    prior_vectors: np.ndarray | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = REAL,
) -> np.ndarray:
    """Return `prior_vectors` with small random rows appended, from which training can start.

    Parameters
    ----------
    target_shape : (n, d)
    prior_vectors : ndarray, shape (m, d), optional
        The first rows. If there are n of them, the array itself is returned.
    seed : int
    dtype : dtype

    Returns
    -------
    ndarray, shape (n, d)
        The new values are uniform between -1/d and 1/d.

    Examples
    --------
    >>> prep_vectors((2, 3), np.ones((1, 3), np.float32))[0].tolist()
    [1.0, 1.0, 1.0]
    """
    prior = np.zeros((0, 0)) if prior_vectors is None else prior_vectors
    if prior.shape == tuple(target_shape):
        return prior
    draws = np.random.default_rng(seed).random(target_shape)
    vectors = ((2 * draws - 1) / target_shape[1]).astype(dtype)
    vectors[: len(prior), : prior.shape[1]] = prior
    return vectors


def pseudorandom_weak_vector(
    size: int, seed_string: str | None = None, hashfxn: Callable[[str], int] | None = None
) -> np.ndarray:
    """Draw a small random vector.

    Parameters
    ----------
    size : int
    seed_string : str, optional
        The same string gives the same vector. If not given, the operating system gives a seed.
    hashfxn : callable, optional
        Returns an int for `seed_string`; by default a CRC.

    Returns
    -------
    ndarray of float32, shape (size,)
        The values are uniform between -1/(2 size) and 1/(2 size).
    """
    seed = None
    if seed_string is not None:
        seed = (hashfxn or _hash)(seed_string) & 0xFFFFFFFF
    return ((np.random.default_rng(seed).random(size) - 0.5) / size).astype(REAL)


def _hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))


class CompatVocab:
    """The count of a word, and other values, as attributes; gensim 3 had one per word.

    Examples
    --------
    >>> CompatVocab(count=2, index=0) < CompatVocab(count=3)
    True
    """

    def __init__(self, **attributes: Any) -> None:
        self.count = 0
        for name, value in attributes.items():
            setattr(self, name, value)

    def __lt__(self, other: "CompatVocab") -> bool:
        return self.count < other.count

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in sorted(vars(self).items()))
        return f"{type(self).__name__}<{values}>"


Vocab = CompatVocab
