"""Start a model from the vectors of another one: the parameter `init_from` of models of words."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from fastsgns.arrays import first_not_finite
from fastsgns.errors import warn
from fastsgns.vectors.subword_rows import SubwordRows

logger = logging.getLogger(__name__)

Arrays = Mapping[str, np.ndarray]
"""Arrays by role: ``input``, and perhaps ``output`` and ``negative``."""


def check_source(source: Any, vector_size: int) -> None:
    """Check that vectors can be taken from `source`, before a corpus is read.

    Raises
    ------
    TypeError
        If it is neither a KeyedVectors nor a model with such vectors.
    ValueError
        If its vectors are of another size.

    Examples
    --------
    >>> from fastsgns import KeyedVectors
    >>> check_source(KeyedVectors(5), vector_size=6)
    Traceback (most recent call last):
    ValueError: init_from has vectors of 5 dimensions, and vector_size is 6; set vector_size=5
    """
    for array in arrays_of(source)[1].values():
        if array.shape[1] != vector_size:
            raise ValueError(
                f"init_from has vectors of {array.shape[1]} dimensions, and vector_size is "
                f"{vector_size}; set vector_size={array.shape[1]}"
            )


def arrays_of(source: Any) -> tuple[Mapping[Any, int], Arrays]:
    """Return the position of each key of a source, and its arrays by role.

    Parameters
    ----------
    source : KeyedVectors or model
        Of this package or of gensim. Only `wv` of a model, or the object itself, must have the
        attributes ``key_to_index`` and ``vectors``.

    Raises
    ------
    TypeError
        If it is something else.
    """
    vectors = getattr(source, "wv", source)
    if not (hasattr(vectors, "key_to_index") and hasattr(vectors, "vectors")):
        raise TypeError(
            f"init_from is of type {type(source).__name__}; allowed are a KeyedVectors "
            "and a model with vectors of words, also of gensim"
        )
    roles = getattr(source, "roles", None)
    if isinstance(roles, Mapping):
        return vectors.key_to_index, {role: np.asarray(roles[role].array) for role in roles}
    own = getattr(vectors, "array", None)  # of this package: to read it does not expose it
    arrays = {"input": np.asarray(vectors.vectors if own is None else own)}
    output = getattr(vectors, "output", None)  # of the wv of a model
    if output is None:
        output = getattr(source, "syn1neg", None)  # of a model of gensim
    array = getattr(output, "array", output)
    if isinstance(array, np.ndarray) and array.shape == arrays["input"].shape:
        arrays["output"] = array
    return vectors.key_to_index, arrays


def subwords_of(source: Any) -> SubwordRows | None:
    """Return the rows that the vectors of a source are made of; None if they are not."""
    rows = getattr(getattr(source, "wv", source), "subwords", None)
    return rows if isinstance(rows, SubwordRows) else None


def start_from(source: Any, words: Iterable[Any], arrays: Arrays, first: int = 0) -> None:
    """Copy the vectors of those words that a source has, in each role that both have.

    Parameters
    ----------
    source : KeyedVectors or model
    words : iterable of words
        Those of the new rows.
    arrays : mapping of str to ndarray of float32
        The new arrays by role, which are changed in place.
    first : int
        The row of the first word.

    Raises
    ------
    ValueError
        If the vector of one of the words is not finite.

    Warns
    -----
    UserWarning
        If the source has none of the words.

    Examples
    --------
    >>> from fastsgns import KeyedVectors
    >>> kv = KeyedVectors(2)
    >>> kv["a"] = [1, 2]
    >>> new = np.zeros((3, 2), np.float32)
    >>> start_from(kv, ["b", "a", "c"], {"input": new})
    >>> new.tolist()
    [[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]
    """
    ids, given = arrays_of(source)
    listed = list(words)
    places = np.array([ids.get(word, -1) for word in listed], np.intp)
    rows = np.flatnonzero(places >= 0)
    roles = [role for role in arrays if role in given]
    for role in roles:
        chosen = given[role][places[rows]]
        if (row := first_not_finite(chosen)) is not None:
            raise ValueError(
                f"the {role} vector of {listed[rows[row]]!r:.60} in init_from holds NaN or "
                "infinity; replace it"
            )
        arrays[role][first + rows] = chosen
    logger.info(
        "%d of %d words start from the %s vectors of init_from", len(rows), len(listed),
        " and ".join(roles),
    )  # fmt: skip
    if listed and not len(rows):
        warn(f"init_from has none of the {len(listed)} words, such as {listed[0]!r:.60}")
