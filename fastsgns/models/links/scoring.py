"""LinkScorer: scores of links and recommendations, from the vectors of sources and targets."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.formats.keys import check_keys, plain_all
from fastsgns.models.links.known import KnownLinks
from fastsgns.rules import integer
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.norms import largest, products

check_topn = integer(0, 2**62)
Recommended = list[tuple[Hashable, float]]


@dataclass(frozen=True)
class LinkScorer:
    """Scores links: ``source[i] . target[j] + source_bias[i] + target_bias[j]``.

    A scorer holds references to the current arrays. Models create a scorer for each query.

    Parameters
    ----------
    source, target : KeyedVectors
        The names of sources and targets, and the vectors of sources.
    target_rows : ndarray, shape (n_targets, d)
        The vectors of targets.
    source_signs : ndarray of float32, shape (d,), or None
        Multiplies the vectors of sources elementwise, where the target vectors have the opposite
        signs.
    source_bias : ndarray of float, shape (n_sources,), or None
        Added by `score`. `recommend` does not add it, because it does not change the order of
        targets; its scores then differ from those of `score`.
    target_biases : tuple of ndarray of float, shape (n_targets,)
        Each is added to the scores of the targets.
    balance : ndarray of float32, shape (n,), or None
        Of the same nodes as sources and as targets: how much more they are the former. Then
        ``direction_weight * log(sigmoid(balance[i] - balance[j]))`` is added.
    direction_weight : float
    known : KnownLinks or None
        Links that are not recommended.
    names_are_shared : bool
        Whether the same name means the same node as a source and as a target. A node is then not
        recommended to itself.

    Examples
    --------
    >>> names, vectors = ["a", "b"], np.eye(2, dtype=np.float32)
    >>> source = KeyedVectors.from_arrays(names, vectors)
    >>> target = KeyedVectors.from_arrays(names, vectors[::-1])
    >>> scorer = LinkScorer(source, target, target.array, target_biases=(np.array([0, 0.5]),))
    >>> scorer.score("a", ["a", "b"]).tolist()
    [0.0, 1.5]
    >>> scorer.recommend("a", topn=1, exclude_known=False)
    [('b', 1.5)]
    """

    source: KeyedVectors
    target: KeyedVectors
    target_rows: np.ndarray
    source_signs: np.ndarray | None = None
    source_bias: np.ndarray | None = None
    target_biases: tuple[np.ndarray, ...] = ()
    balance: np.ndarray | None = None
    direction_weight: float = 0.0
    known: KnownLinks | None = None
    names_are_shared: bool = True

    def score(self, u: Any, v: Any) -> float | np.ndarray:
        """Return the scores of links; parameters and exceptions are those of `LinkModel.score`."""
        sources, targets = ids_of(self.source, u), ids_of(self.target, v)
        if len(sources) != len(targets) and is_many(u) and is_many(v):
            raise ValueError(f"{len(sources)} sources and {len(targets)} targets are not pairs")
        left, right = self._signed(self.source.array[sources]), self.target_rows[targets]
        # unlike (left * right).sum(1), einsum does not allocate the products
        scores = np.einsum("id,id->i", *np.broadcast_arrays(left, right))
        for bias in self.target_biases:
            scores = scores + bias[targets].astype(scores.dtype)
        if self.source_bias is not None:
            scores = scores + self.source_bias[sources]
        if self.balance is not None:
            scores = scores + self._direction(self.balance[sources] - self.balance[targets])
        return scores if is_many(u) or is_many(v) else float(scores[0])

    def recommend(
        self, u: Any, topn: int = 10, exclude_known: bool = True
    ) -> Recommended | list[Recommended]:
        """Return the best targets; parameters and exceptions are those of `LinkModel.recommend`."""
        topn = check_topn("topn", topn)
        if exclude_known and self.known is None:
            raise ValueError("this model knows no links; give exclude_known=False")
        ids = ids_of(self.source, u).tolist()
        best = [self._best_targets(i, topn, exclude_known) for i in ids]
        return best if is_many(u) else best[0]

    def _signed(self, rows: np.ndarray) -> np.ndarray:
        return rows if self.source_signs is None else rows * self.source_signs

    def _direction(self, difference: np.ndarray) -> np.ndarray:
        """Return the weighted log sigmoid of differences of balances."""
        added: np.ndarray = np.logaddexp(np.float32(0), -difference)
        return np.float32(-self.direction_weight) * added

    def _best_targets(self, source: int, topn: int, exclude_known: bool) -> Recommended:
        row, name = self.source.array[source], self.source.index_to_key[source]
        if not np.isfinite(row).all():
            raise ValueError(
                f"the source vector of {name!r} is not finite; fit() the model again with a lower "
                "learning rate"
            )
        scores = products(self.target_rows, self._signed(row))
        for bias in self.target_biases:
            scores = scores + bias.astype(scores.dtype)
        if self.balance is not None:
            scores = scores + self._direction(self.balance[source] - self.balance)
        scores[~np.isfinite(scores)] = -np.inf  # targets without a finite score are left out
        if exclude_known and self.known is not None:
            scores[self.known.targets_of(source)] = -np.inf
            if self.names_are_shared and name in self.target.key_to_index:
                scores[self.target.key_to_index[name]] = -np.inf
        best = largest(scores, topn)
        names = self.target.index_to_key
        return [(names[target], float(scores[target])) for target in best.tolist()]


def is_many(names: Any) -> bool:
    """Return whether `names` is a list or array of names. A tuple is one name."""
    return isinstance(names, list) or (isinstance(names, np.ndarray) and names.ndim > 0)


def ids_of(vectors: KeyedVectors, names: Any) -> np.ndarray:
    """Return the ids of one name or of several, int64.

    Raises
    ------
    KeyError
        If a name is unknown.
    """
    listed = plain_all(names if is_many(names) else [names])
    try:
        return np.array([vectors.key_to_index[name] for name in listed], np.int64)
    except TypeError:
        check_keys(listed, "name")  # raises an error that describes the name
        raise
    except KeyError as missing:
        name = missing.args[0]
        hint = "; a tuple is one name, give a list of names" if isinstance(name, tuple) else ""
        raise KeyError(f"{name!r} is not among the {len(vectors)} names{hint}") from None
