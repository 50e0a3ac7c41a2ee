"""Words as UTF-8 bytes: most words of a text are rare, and never needed as strings."""

from functools import cached_property
from typing import Any

import numpy as np

from fastsgns.corpus.scan import join_slices

UTF8_MOST = 4  # bytes of a character


class Utf8Words:
    r"""Words in UTF-8, decoded when they are asked for.

    Parameters
    ----------
    data : bytes
        The words in any order, each followed by a newline.
    starts, stops : ndarray of int64, shape (n,)
        Word i and its newline are ``data[starts[i]:stops[i]]``.

    Examples
    --------
    >>> words = Utf8Words(b"to\nbe\n", np.array([3, 0]), np.array([6, 3]))
    >>> words.decoded, words.decode(np.array([1])), len(words)
    (['be', 'to'], ['to'], 2)
    """

    def __init__(self, data: bytes, starts: np.ndarray, stops: np.ndarray) -> None:
        self._data, self._starts, self._stops = data, starts, stops

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def n_bytes(self) -> int:
        """The size of all words and their newlines."""
        return len(self._data)

    def shorter_than(self, n: int) -> np.ndarray:
        """Return the indices of the words that may have less than n characters: int64."""
        return np.flatnonzero(self._stops - self._starts <= UTF8_MOST * (n - 1) + 1)

    @cached_property
    def decoded(self) -> list[Any]:
        """All words as strings; kept once they are decoded."""
        return self.decode(np.arange(len(self)))

    def decode(self, indices: np.ndarray) -> list[Any]:
        """Return the words with these indices as strings."""
        words = join_slices(self._data, self._starts[indices], self._stops[indices])
        return words.decode("utf-8").split("\n")[:-1]
