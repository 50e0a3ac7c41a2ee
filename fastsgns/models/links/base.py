"""LinkModel: the base class of models of directed links."""

import inspect
from collections.abc import Hashable, Mapping
from typing import Any, NoReturn, Self

import numpy as np

from fastsgns.errors import NotFittedError, warn
from fastsgns.formats import saving
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.matrices import Matrices
from fastsgns.models.exclusive import not_during
from fastsgns.models.links.aliases import aliases_of, renamed, takes_aliases
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.scoring import LinkScorer, Recommended
from fastsgns.rules import takes_flags
from fastsgns.runtime.progress import picklable
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import matrix_view, shown_matrices
from fastsgns.vectors.storage import check_in_step

ADD_NAMES_ADVICE = "call fit() on data that has them"
NOT_FITTED = "has learned nothing yet; call fit() first"
SET_BY_FIT = {  # attributes that exist only after `fit`; factorizations have "values"
    "source", "target", "values", "arrays", "epoch_losses", "epochs_trained", "epochs_begun",
}  # fmt: skip
NOT_IN_REPR = ("graph", "pairs", "progress")  # data, and what does not affect results


class LinkModel:
    """A model of directed links with a vector for each source and each target.

    `fastsgns.models.links.nodes.NodeEmbedding`, `fastsgns.models.links.pairs.PairEmbedding` and the
    subclasses of `fastsgns.models.links.factors.ProximityFactorization` differ in how they learn
    the vectors. This class provides scores, scikit-learn's `get_params` and
    `set_params`, copying and pickling. The `fit` of a subclass calls `set_arrays`, and sets `known`
    and, if it trains with negative samples, the priors.

    Attributes
    ----------
    source, target : KeyedVectors
        The vectors of sources and of targets by name: views of `arrays`.
    arrays : Matrices
        The memory of all vectors and biases.
    source_counts, target_counts : ndarray of float64, shape (n,), or None
        How often each source and each target occurs in the links: the degrees of nodes. None if
        the model was not trained with negative samples.
    source_prior, target_prior : ndarray of float32, shape (n,), or None
        log(count of the source + e) and ``ns_exponent`` log(count of the target + e), where e is a
        tenth of the count of one link.
    balance : ndarray of float32, shape (n,), or None
        log(out-degree + e) - log(in-degree + e) of each node, if `direction_weight` is not 0.
    direction_weight : float
        The share of the dimensions whose walks follow edges in either direction.
    is_directed : bool or None
        Whether the graph that the model was fitted to was directed; None if it is unknown, or the
        model was not fitted to a graph.
    known : KnownLinks or None
        The links that the model has learned from.
    names_are_shared : bool
        Whether the same name means the same node as a source and as a target.
    """

    source: KeyedVectors
    target: KeyedVectors
    arrays: Matrices
    names_are_shared = True
    source_counts: np.ndarray | None = None
    target_counts: np.ndarray | None = None
    source_prior: np.ndarray | None = None
    target_prior: np.ndarray | None = None
    balance: np.ndarray | None = None
    direction_weight: float = 0.0
    is_directed: bool | None = None
    known: KnownLinks | None = None

    # Parameters

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        takes_aliases(cls)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor by name; `deep` has no effect."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> Self:
        """Change parameters, and return the model. The next `fit` uses them.

        Raises
        ------
        ValueError
            If there is no such parameter.
        TypeError
            If a parameter is given by two of its names, such as `dimensions` and `vector_size`.
        """
        names = inspect.signature(type(self)).parameters
        for name, value in renamed(aliases_of(names), params).items():
            if name not in names:
                raise ValueError(f"no parameter {name!r}; there are {', '.join(names)}")
            setattr(self, name, value)
        return self

    def replace_parameters(self, values: Mapping[str, Any]) -> None:
        """Store parameters that `fastsgns.rules` has checked or converted."""
        for name, value in values.items():
            setattr(self, name, value)

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if name not in NOT_IN_REPR and value != defaults[name].default
        ]
        return f"{type(self).__name__}({', '.join(changed)})"

    # Scores

    @takes_flags
    def score(self, u: Any, v: Any, popularity: bool = True) -> float | np.ndarray:
        """Return how likely a link from u to v is, as a logarithm up to a constant.

        The score is ``source[u] . target[v] + target_bias[v]``. With `popularity`, a model that was
        trained with negative samples adds ``source_prior[u] + target_prior[v]``: the logarithms of
        how active u and how popular v is.

        With k negative samples from the distribution q, skip-gram approaches
        log P(u, v) / (P(u) q(v)) - log k (Levy, Goldberg 2014, "Neural Word Embedding as Implicit
        Matrix Factorization", equation 7). Without `popularity`, the score thus measures how much
        more often than by chance v is a target of u, and a popular target has no advantage. With
        it, the score estimates log P(u, v), by which links are predicted.

        Walks that follow edges in either direction tell which nodes are linked, but not in which
        direction. With `popularity`, models of such walks on a directed graph add
        ``direction_weight * log(sigmoid(balance[u] - balance[v]))``, the logarithm of the
        probability that a link between u and v leads to v if it depended on the degrees alone.

        Models without negative samples (HOPE, STRAP, FastRP, ProNE) learn the popularity in their
        vectors, and `popularity` has no effect.

        Parameters
        ----------
        u, v : name, or list or array of n names
            One source and one target, n of each, or one against n.
        popularity : bool

        Returns
        -------
        float, or ndarray of float32, shape (n,)

        Raises
        ------
        KeyError
            If a name is unknown.
        ValueError
            If two lists have different lengths.
        """
        return self.scorer(popularity).score(u, v)

    @takes_flags
    def recommend(
        self, u: Any, topn: int = 10, exclude_known: bool = True, popularity: bool = True
    ) -> Recommended | list[Recommended]:
        """Return the targets with the highest `score` for a source, best first.

        Parameters
        ----------
        u : name, or list or array of names
        topn : int
            Number of targets.
        exclude_known : bool
            Leave out the known targets of u, and u itself.
        popularity : bool
            Rank by how likely a link is, as explained in `score`. Without it, targets rank by how
            much likelier than by chance a link to them is, so that rare targets come first. The
            shown scores omit ``source_prior[u]``, which does not change the order.

        Returns
        -------
        list of (name, score), or a list of such lists
            Shorter than `topn` if fewer targets have a finite score and are not left out.

        Raises
        ------
        KeyError
            If a name is unknown.
        ValueError
            If `topn` is negative, or if `exclude_known` is true and the model has no known links.
        """
        return self.scorer(popularity).recommend(u, topn, exclude_known)

    @takes_flags
    def scorer(self, popularity: bool = True) -> LinkScorer:
        """Return a `LinkScorer` for the current vectors.

        Raises
        ------
        NotFittedError
            Before `fit`.
        """
        self.check_fitted()
        biases = (self.target_bias, self.target_prior if popularity else None)
        signs, rows = self.arrays.signs("output"), self.arrays.stored("output")
        if signs is None or rows is None:
            rows = self.target.array
        return LinkScorer(
            self.source,
            self.target,
            rows,
            # s . (t * signs) is (s * signs) . t, which needs no copy of all targets
            source_signs=signs,
            source_bias=self.source_prior if popularity else None,
            target_biases=tuple(bias for bias in biases if bias is not None),
            balance=self.balance if popularity and self.names_are_shared else None,
            direction_weight=self.direction_weight,
            known=self.known,
            names_are_shared=self.names_are_shared,
        )

    @property
    def target_bias(self) -> np.ndarray | None:
        """The bias of each target, float32 of shape (n_targets,); None if the model has none."""
        return self.arrays.bias if "arrays" in self.__dict__ else None

    @target_bias.setter
    def target_bias(self, bias: Any) -> None:
        old, new = self.target_bias, np.asarray(bias, np.float32)
        if old is None:
            raise ValueError("this model has no target_bias")
        if new.shape != old.shape:
            raise ValueError(f"target_bias must have shape {old.shape}, and has {new.shape}")
        self.arrays.bias = new

    def known_pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the ids of the known links as (sources, targets), int32, without duplicates."""
        self.check_fitted()
        if self.known is None:
            return np.empty(0, np.int32), np.empty(0, np.int32)
        return self.known.sources, self.known.targets

    # State

    def set_arrays(
        self, arrays: Matrices, sources: list[Hashable], targets: list[Hashable]
    ) -> None:
        """Set the matrices, and create `source` and `target` as views of them.

        Parameters
        ----------
        arrays : Matrices
            The role "input" has the vectors of sources, "output" those of targets.
        sources, targets : list of hashable
            The names of the rows. The same list if sources and targets are the same nodes.

        Raises
        ------
        ValueError
            If two names are equal.
        """
        source_ids = _ids_by_name(sources)
        target_ids = source_ids if targets is sources else _ids_by_name(targets)
        self.arrays = arrays
        self.source = matrix_view(sources, source_ids, arrays, "input", ADD_NAMES_ADVICE)
        self.target = matrix_view(targets, target_ids, arrays, "output", ADD_NAMES_ADVICE)

    def check_fitted(self) -> None:
        """Raise a NotFittedError before `fit`."""
        if not hasattr(self, "source"):
            raise NotFittedError(f"this {type(self).__name__} {NOT_FITTED}")

    def __getattr__(self, name: str) -> NoReturn:
        if name in SET_BY_FIT:  # a NotFittedError is an AttributeError, so that hasattr() works
            raise NotFittedError(f"this {type(self).__name__} has no {name}: it {NOT_FITTED}")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @not_during
    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes, with `source` and `target` replaced by lists of their names.

        `__setstate__` creates the views again.
        """
        state = self.__dict__.copy()
        if "progress" in state:
            state["progress"] = picklable(state["progress"])
        if hasattr(self, "source"):
            state["source"], state["target"] = self.source.index_to_key, self.target.index_to_key
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "source" in state:
            self.set_arrays(self.arrays, state["source"], state["target"])


def _ids_by_name(names: list[Hashable]) -> dict[Hashable, int]:
    """Return the position of each name, and raise a ValueError if two names are equal."""
    ids = dict(zip(names, range(len(names))))
    if len(ids) != len(names):
        repeated = next(name for i, name in enumerate(names) if ids[name] != i)
        raise ValueError(f"duplicate name {repeated!r:.60}")
    return ids


def require_edges(graph: DirectedGraph) -> None:
    """Raise a ValueError if a graph has no edge."""
    if not graph.n_edges:
        raise ValueError(f"{graph} has no edges to learn from")


def check_edges(graph: DirectedGraph) -> None:
    """Check that a graph has edges, and warn if all of them are loops.

    Raises
    ------
    ValueError
        If there is no edge.
    """
    require_edges(graph)
    may_be_loops = graph.n_edges <= graph.n_nodes or graph.times is not None
    if may_be_loops and np.array_equal(graph.out_sources, graph.out_targets):
        warn(
            f"all edges of {graph} are loops, from a node to itself: there is nothing to learn "
            "about other nodes"
        )


def check_savable(model: LinkModel) -> None:
    """Check that the file of a model can hold its `source` and `target`.

    Raises
    ------
    NotFittedError
        Before `fit`.
    ValueError
        If `source` or `target` was replaced by other vectors, or if their names were changed so
        that they no longer match.
    """
    model.check_fitted()
    if any(shown_matrices(kv) is not model.arrays for kv in (model.source, model.target)):
        raise ValueError(
            "source or target was replaced by other vectors; set source.vectors and "
            "target.vectors instead, or save the others alone, vectors.save(path)"
        )
    for name, vectors in (("model.source", model.source), ("model.target", model.target)):
        check_in_step(vectors, name)
        saving.warn_of_attributes(vectors, name)
    if model.names_are_shared and model.source.index_to_key != model.target.index_to_key:
        raise ValueError(
            "model.source and model.target have different names; rename both in the same way, or "
            "save them alone, vectors.save(path)"
        )
