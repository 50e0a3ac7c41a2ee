"""LinkModel: vectors in the roles of source and of target, and the links they predict."""

import inspect
from collections.abc import Hashable
from typing import Any, NoReturn

import numpy as np

from fastsgns.errors import FormatError, NotFittedError, warn
from fastsgns.formats import saving
from fastsgns.formats.keys import check_keys, plain_all
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.matrices import Matrices
from fastsgns.rules import integer, takes_flags
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.norms import products
from fastsgns.vectors.roles import matrix_view, shown_matrices
from fastsgns.vectors.spaces import Role
from fastsgns.vectors.storage import check_in_step

COUNT = integer(0, 2**62)
OWNER = "call fit() on data that has them"
Recommended = list[tuple[Hashable, float]]


LEARNED = {
    "source", "target", "values", "epoch_losses", "epochs_trained", "epochs_begun", "_matrices",
}  # fmt: skip
CALL_FIT = "has learned nothing yet; call fit() first"
UNSHOWN = ("graph", "pairs", "progress")


class Parametrized:
    """Parameters by name, the way scikit-learn asks for them: those of the constructor."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Give the parameters by name; `deep` changes nothing."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Any:
        """Change parameters; they count from the next `fit` on. Returns the model.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        for name, value in params.items():
            if name not in self.get_params():
                raise ValueError(f"no parameter {name!r}; there are {', '.join(self.get_params())}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        known = inspect.signature(type(self)).parameters
        own = {n: v for n, v in self.get_params().items() if n not in UNSHOWN}
        given = [f"{n}={v!r}" for n, v in own.items() if v != known[n].default]
        return f"{type(self).__name__}({', '.join(given)})"


class LinkModel:
    """What is asked of a model of directed links, whatever it was learned by.

    A subclass sets the attributes.

    Attributes
    ----------
    source, target : KeyedVectors
        Vectors by name in either role. In the models of one matrix they share it.
    target_bias : ndarray of float, shape (n_targets,), or None
        Added to the scores of each target.
    target_prior : ndarray of float32, shape (n_targets,), or None
        Log of the probability that a negative is this target, log q(v).
    names_are_shared : bool
        Whether the same name means the same node in either role.
    known : tuple of ndarray, or None
        The links learned from, as compressed rows: the targets of source i are
        ``known[1][known[0][i]:known[0][i + 1]]``.
    """

    source: KeyedVectors
    target: KeyedVectors
    names_are_shared = True
    target_bias: np.ndarray | None = None
    target_prior: np.ndarray | None = None
    known: tuple[np.ndarray, np.ndarray] | None = None

    @takes_flags
    def score(self, u: Any, v: Any, popularity: bool = False) -> Any:
        """How well v fits as a target of u: ``source[u] . target[v] + bias[v]``; not symmetric.

        A model trained on k negatives from the distribution q approaches log p(v | u) - log k q(v)
        (Levy, Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization"): how much
        more often v is a target of u than by chance. To rank targets by how probable they are,
        `popularity` adds log q(v), which leaves log p(v | u) up to a constant.

        Parameters
        ----------
        u, v : name, or list or array of n names
            A source and a target; n of each; or one against n.
        popularity : bool
            Add log q(v). Of "tied" models it breaks the symmetry.

        Returns
        -------
        float, or ndarray of float32, shape (n,)

        Raises
        ------
        KeyError
            If a name is unknown.
        ValueError
            If there are two lists of different lengths, or `popularity` is not known.
        """
        self._check_learned()
        sources, targets = _ids(self.source, u), _ids(self.target, v)
        if len(sources) != len(targets) and _is_many(u) and _is_many(v):
            raise ValueError(f"{len(sources)} sources and {len(targets)} targets make no pairs")
        left, right = self._scored(self.source.array[sources]), self._targets()[targets]
        scores = np.einsum("id,id->i", *np.broadcast_arrays(left, right))
        for added in self._added(popularity):
            scores = scores + added[targets].astype(scores.dtype)
        return scores if _is_many(u) or _is_many(v) else float(scores[0])

    @takes_flags
    def recommend(
        self, u: Any, topn: int = 10, exclude_known: bool = True, popularity: bool = False
    ) -> Recommended | list[Recommended]:
        """The targets that fit a source best, by `score`, the best first.

        Parameters
        ----------
        u : name, or list or array of names
        topn : int
        exclude_known : bool
            Leave out the targets that u is known to have, and u itself if it is one.
        popularity : bool
            As for `score`.

        Returns
        -------
        list of (name, score), or a list of such lists
            Shorter than `topn` if there are not as many.

        Raises
        ------
        KeyError
            If a name is unknown.
        ValueError
            If `topn` is negative, or known links are to be left out and none are.
        """
        self._check_learned()
        topn = COUNT("topn", topn)
        if exclude_known and self.known is None:
            raise ValueError("this model knows no links; give exclude_known=False")
        added = self._added(popularity)
        found = [self._best(i, topn, exclude_known, added) for i in _ids(self.source, u).tolist()]
        return found if _is_many(u) else found[0]

    def _check_roles(self) -> None:
        """Refuse to save a `source` or `target` that is not the model's."""
        owners = [shown_matrices(vectors) for vectors in (self.source, self.target)]
        if owners[0] is None or owners[0] is not owners[1]:
            raise ValueError(
                "source or target was replaced by other vectors; set source.vectors and "
                "target.vectors instead, or save the others alone, vectors.save(path)"
            )
        for name, vectors in (("model.source", self.source), ("model.target", self.target)):
            check_in_step(vectors, name)
            saving.warn_of_attributes(vectors, name)
        if self.names_are_shared and self.source.index_to_key != self.target.index_to_key:
            raise ValueError(
                "the names of model.source are not those of model.target; rename both in the same "
                "way, or save them alone, vectors.save(path)"
            )

    def _scored(self, rows: np.ndarray) -> np.ndarray:
        """Rows of sources as they enter scores."""
        return rows

    def _targets(self) -> np.ndarray:
        """The matrix that they are multiplied with."""
        return self.target.array

    def __getattr__(self, name: str) -> NoReturn:
        if name in LEARNED:
            raise NotFittedError(f"this {type(self).__name__} has no {name}: it {CALL_FIT}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _check_learned(self) -> None:
        if not hasattr(self, "source"):
            raise NotFittedError(f"this {type(self).__name__} {CALL_FIT}")

    def _added(self, popularity: bool) -> list[np.ndarray]:
        """What is added to scores, by target."""
        if popularity and self.target_prior is None:
            raise ValueError("this model has no negatives; give popularity=False")
        chosen = (self.target_bias, self.target_prior if popularity else None)
        return [added for added in chosen if added is not None]

    def _best(self, i: int, topn: int, exclude_known: bool, added: list[np.ndarray]) -> Recommended:
        row = self.source.array[i]
        if not np.isfinite(row).all():
            raise ValueError(
                f"the source vector of {self.source.index_to_key[i]!r} is not finite, so that no "
                "target fits it; fit() the model again with a lower alpha"
            )
        scores = products(self._targets(), self._scored(row))
        for by_target in added:
            scores = scores + by_target.astype(scores.dtype)
        scores[~np.isfinite(scores)] = -np.inf
        if exclude_known and self.known is not None:
            offsets, targets = self.known
            scores[targets[offsets[i] : offsets[i + 1]]] = -np.inf
            scores[self._own_target(i)] = -np.inf
        n = min(topn, int(np.count_nonzero(scores > -np.inf)))
        if n <= 0:
            return []
        best = np.argpartition(-scores, n - 1)[:n]
        best = best[np.lexsort((best, -scores[best]))]
        names = self.target.index_to_key
        return [(names[j], float(scores[j])) for j in best.tolist()]

    def _own_target(self, i: int) -> np.ndarray:
        """The source i as a target, if it is one."""
        name = self.source.index_to_key[i]
        j = self.target.key_to_index.get(name) if self.names_are_shared else None
        return np.array([] if j is None else [j], np.int64)


def role_vectors(
    matrices: Matrices, sources: list[Any], targets: list[Any]
) -> tuple[KeyedVectors, KeyedVectors]:
    """Make the `source` and `target` of a model, in the memory of its matrices.

    Raises
    ------
    ValueError
        If a name comes twice.
    """
    made: list[KeyedVectors] = []
    sides: tuple[tuple[list[Any], Role], ...] = ((sources, "input"), (targets, "output"))
    for names, role in sides:
        ids = made[0].key_to_index if made and targets is sources else _places(names)
        made.append(matrix_view(names, ids, matrices, role, OWNER))
    return made[0], made[1]


def _places(names: list[Any]) -> dict[Any, int]:
    ids = dict(zip(names, range(len(names))))
    if len(ids) != len(names):
        raise ValueError(f"{len(names)} names, but {len(ids)} different ones")
    return ids


def check_edges(graph: DirectedGraph) -> None:
    """Refuse a graph without edges; warn of one whose edges are all loops.

    Raises
    ------
    ValueError
        If there is no edge.
    """
    if not graph.n_edges:
        raise ValueError(f"{graph} has no edges to learn from")
    if np.array_equal(graph.out_sources, graph.out_targets):
        warn(
            f"all edges of {graph} are loops, from a node to itself: there is nothing to learn "
            "about other nodes"
        )


def _is_many(given: Any) -> bool:
    return isinstance(given, list) or (isinstance(given, np.ndarray) and given.ndim > 0)


def _ids(vectors: KeyedVectors, given: Any) -> np.ndarray:
    names = plain_all(given if _is_many(given) else [given])
    try:
        return np.array([vectors.key_to_index[name] for name in names], np.int64)
    except TypeError:
        check_keys(names, "name")
        raise
    except KeyError as missing:
        raise KeyError(f"{missing.args[0]!r} is not among the {len(vectors)} names") from None


def check_known(offsets: np.ndarray, targets: np.ndarray, n_sources: int, n_targets: int) -> None:
    """Check known links that come from a file: source i has ``targets[offsets[i]:offsets[i + 1]]``.

    Raises
    ------
    FormatError
        If they do not fit the numbers of sources and targets.
    """
    if offsets.dtype != np.int64 or targets.dtype != np.int32 or targets.ndim != 1:
        raise FormatError(f"its known links are of {offsets.dtype} and {targets.dtype}")
    if (
        offsets.shape != (n_sources + 1,)
        or offsets[0] != 0
        or offsets[-1] != len(targets)
        or np.any(np.diff(offsets) < 0)
        or (len(targets) and not 0 <= targets.min() <= targets.max() < n_targets)
    ):
        raise FormatError(f"its known links do not fit {n_sources} sources and {n_targets} targets")
