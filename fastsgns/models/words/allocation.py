"""The arrays of a Word2Vec: their first values, and their growth with the vocabulary."""

import numpy as np

from fastsgns.matrices import Matrices, randomize
from fastsgns.models.parameters import Parameters

SEED_MASK = 2**64 - 1


def allocate(parameters: Parameters, n_words: int) -> Matrices:
    """Return new arrays: random input vectors, output vectors of zeros, biases at -log(negative).

    Examples
    --------
    >>> from fastsgns import Word2Vec
    >>> from fastsgns.models.parameters import check
    >>> arrays = allocate(check(Word2Vec(vector_size=4)), n_words=3)
    >>> {role: vectors.shape for role, vectors in arrays.vectors.items()}
    {'input': (3, 4), 'output': (3, 4)}
    """
    layout, dimensions = parameters.layout, parameters.vector_size
    matrices = Matrices(layout=layout)
    matrices.create("input", n_words, dimensions)
    matrices.start_bias(layout.initial_bias(parameters.negative))
    randomize(matrices.vectors["input"], _generator(parameters))
    for role in parameters.target_roles:
        matrices.create(role, n_words, dimensions)
    if parameters.hs:
        matrices.create("tree", n_words - 1, dimensions)
    return matrices


def grow_input(parameters: Parameters, matrices: Matrices, n_words: int) -> None:
    """Append random input vectors up to `n_words` words; the old ones stay as they are.

    Targets get their rows when the matrices follow the words (`Matrices.follow`).
    """
    n_old = len(matrices.vectors["input"])
    matrices.grow("input", n_words)
    matrices.start_bias(matrices.layout.initial_bias(parameters.negative), n_old)
    randomize(matrices.vectors["input"][n_old:], _generator(parameters, n_old))


def _generator(parameters: Parameters, *stream: int) -> np.random.Generator:
    """Return a generator from the seed; without one, the operating system seeds it."""
    seed = parameters.seed
    return np.random.default_rng(None if seed is None else [seed & SEED_MASK, *stream])
