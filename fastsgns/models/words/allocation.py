"""The arrays of a Word2Vec or a FastText: their first values, and their growth with the words."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fastsgns.corpus.subwords import SubwordTable
from fastsgns.matrices import Matrices, MatrixLayout, randomize
from fastsgns.models.parameters import Parameters
from fastsgns.vectors.subword_rows import SubwordRows

SEED_MASK = 2**64 - 1


def allocate(
    parameters: Parameters, words: list[Any], table: SubwordTable | None = None
) -> Matrices:
    """Return new arrays: random input vectors, output vectors of zeros, biases at -log(negative).

    With subwords the rows that make the input vectors are random.

    Parameters
    ----------
    parameters : Parameters
    words : list of hashable
    table : SubwordTable, optional
        The rows of the words, if ``parameters.scheme`` is not None.

    Examples
    --------
    >>> from fastsgns import Word2Vec
    >>> from fastsgns.models.parameters import check
    >>> arrays = allocate(check(Word2Vec(vector_size=4)), ["a", "b", "c"])
    >>> {role: vectors.shape for role, vectors in arrays.vectors.items()}
    {'input': (3, 4), 'output': (3, 4)}
    """
    layout, dimensions, n_words = parameters.layout, parameters.vector_size, len(words)
    matrices = Matrices(layout=layout)
    if parameters.scheme is not None:
        subwords = SubwordRows.zeros(
            parameters.scheme, words, dimensions, layout.n_bias_columns, table
        )
        subwords.fill(_first_values(parameters))
        matrices.subwords = subwords
    matrices.create("input", n_words, dimensions)
    matrices.start_bias(layout.initial_bias(parameters.negative))
    if matrices.subwords is None:
        randomize(matrices.vectors["input"], _generator(parameters))
    matrices.outdate()
    for role in parameters.target_roles:
        matrices.create(role, n_words, dimensions)
    if parameters.hs:
        matrices.create("tree", n_words - 1, dimensions)
    return matrices


def grow_input(parameters: Parameters, matrices: Matrices, words: list[Any]) -> None:
    """Append random input vectors up to those of `words`; the old ones stay as they are.

    Targets get their rows when the matrices follow the words (`Matrices.follow`).
    """
    n_old = len(matrices.vectors["input"])
    if isinstance(matrices.subwords, SubwordRows):
        matrices.absorb()
        matrices.subwords.extend(words, _first_values(parameters, n_old))
    matrices.grow("input", len(words))
    matrices.start_bias(matrices.layout.initial_bias(parameters.negative), n_old)
    if matrices.subwords is None:
        randomize(matrices.vectors["input"][n_old:], _generator(parameters, n_old))
    matrices.outdate()


def _first_values(parameters: Parameters, *stream: int) -> Callable[[np.ndarray], None]:
    """Return a function that writes the first values of rows of subwords, with their biases."""
    generator, layout = _generator(parameters, *stream), parameters.layout
    bias = layout.initial_bias(parameters.negative)
    return partial(_fill, layout, bias, parameters.vector_size, generator)


def _fill(
    layout: MatrixLayout, bias: float, dimensions: int, generator: np.random.Generator,
    rows: np.ndarray,
) -> None:  # fmt: skip
    randomize(rows[:, :dimensions], generator)
    columns = rows[:, dimensions:]
    if layout.has_word_bias:
        columns[:, 0] = bias
    if layout.ones_column is not None:
        columns[:, layout.ones_column] = 1


def _generator(parameters: Parameters, *stream: int) -> np.random.Generator:
    """Return a generator from the seed; without one, the operating system seeds it."""
    seed = parameters.seed
    return np.random.default_rng(None if seed is None else [seed & SEED_MASK, *stream])
