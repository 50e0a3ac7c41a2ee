"""Words as bytes that become strings when they are asked for: most of a text's types never are."""

from functools import cached_property
from typing import Any

import numpy as np

from fastsgns.corpus.scan import join_slices


class Utf8Words:
    r"""Words in UTF-8, each followed by a newline, in an order of their own.

    Parameters
    ----------
    data : bytes
    starts, stops : ndarray of int64, shape (n,)
        Word i with its newline is ``data[starts[i]:stops[i]]``.

    Examples
    --------
    >>> words = Utf8Words(b"to\nbe\n", np.array([3, 0]), np.array([6, 3]))
    >>> words.decoded, words.at(np.array([1])), len(words)
    (['be', 'to'], ['to'], 2)
    """

    def __init__(self, data: bytes, starts: np.ndarray, stops: np.ndarray) -> None:
        self._data, self._starts, self._stops = data, starts, stops

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def n_bytes(self) -> int:
        """The bytes of all words and their newlines."""
        return len(self._data)

    @cached_property
    def decoded(self) -> list[Any]:
        """All words."""
        return self.at(np.arange(len(self)))

    def at(self, positions: np.ndarray) -> list[Any]:
        """Give the words at these positions."""
        chosen = join_slices(self._data, self._starts[positions], self._stops[positions])
        return chosen.decode("utf-8").split("\n")[:-1]
