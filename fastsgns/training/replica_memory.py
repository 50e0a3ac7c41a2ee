"""Memory of the replicas that rounds train, before there are any."""

import numpy as np

from fastsgns.training.replicas import pool_size
from fastsgns.training.rounds import Rounds

SPARE = 1.125  # memory of rows per row, see `fastsgns.training.numbering.Scratch`
TOKEN_BYTES = 16  # ids as they are and as they are numbered, and the tables of words, per token
NODES_PER_WORD = 2  # inner nodes of the Huffman tree on the paths of some words, at most about


class ReplicaRows:
    """How many rows the replicas of a round have, as expected from the counts of words.

    Parameters
    ----------
    counts : ndarray of int, shape (V,)
    noise : ndarray of float, shape (V,), or None
        The noise distribution, if there are negative samples.
    n_units, tokens_per_unit : int
        Of an epoch: tokens, walks or pairs.
    negative : int
        Negative samples per pair.
    is_tied : bool
        Whether there is one matrix.

    Attributes
    ----------
    n_shards : int
        Shards of a round; 0 if one thread trains all chunks on the model itself.
    n_tokens : int
        Tokens of a shard.

    Examples
    --------
    >>> rows = ReplicaRows(np.full(1000, 5000), None, n_units=5_000_000)
    >>> rows.n_shards, rows.n_tokens, rows.used
    (4, 19531, 1000)
    """

    def __init__(
        self, counts: np.ndarray, noise: np.ndarray | None, n_units: int, tokens_per_unit: int = 1,
        negative: int = 5, is_tied: bool = False,
    ) -> None:  # fmt: skip
        rounds = Rounds.of(n_units, tokens_per_unit)
        self.n_shards = rounds.n_shards if rounds.n_shards > 1 else 0
        self.n_tokens = rounds.chunks.step * tokens_per_unit
        self._uses = counts * (self.n_tokens / max(counts.sum(), 1))
        self._draws = np.zeros(len(counts))
        if noise is not None:
            self._draws = noise * pool_size(self.n_tokens, negative, is_tied)

    @property
    def used(self) -> int:
        """Distinct words of a shard."""
        return _distinct(self._uses)

    @property
    def used_or_drawn(self) -> int:
        """Distinct words of a shard and of its pool of negative samples."""
        return _distinct(self._uses, self._draws)

    @property
    def nodes(self) -> int:
        """Inner nodes of the Huffman tree, at most about."""
        return min(NODES_PER_WORD * self.used, len(self._uses))

    def subwords(self, starts: np.ndarray, rows: np.ndarray, n_rows: int, is_tied: bool) -> int:
        """Return the number of rows that the words are made of (`Subwords`)."""
        uses = self._uses + self._draws if is_tied else self._uses
        of_rows = np.bincount(rows, np.repeat(uses, np.diff(starts)), n_rows)
        return _distinct(of_rows)

    def total(self, row_bytes: int, n_numbered: int, n_threads: int) -> int:
        """Return the bytes of all replicas of a round.

        Parameters
        ----------
        row_bytes : int
            Of all rows of a replica together.
        n_numbered : int
            Rows of the model that get numbers: each thread has two numbers for each.
        n_threads : int
        """
        if not self.n_shards:
            return 0
        n_threads = min(n_threads, self.n_shards)
        replicas = self.n_shards * (SPARE * row_bytes + TOKEN_BYTES * self.n_tokens)
        return round(replicas) + 8 * n_numbered * n_threads


def _distinct(expected: np.ndarray, drawn: np.ndarray | float = 0.0) -> int:
    """Return the expected number of entries that occur, from the expected numbers of each.

    Those of `drawn` are drawn systematically: one that is expected once is there.
    """
    return round(float((1 - np.exp(-expected) * np.maximum(1 - drawn, 0)).sum()))
