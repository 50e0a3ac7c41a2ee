"""HOPE and STRAP: source and target vectors by factorising a proximity of the nodes."""

from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.formats import kinds, saving
from fastsgns.formats.keys import warn_of_unsavable
from fastsgns.formats.schema import REAL, Array, Content, Schema, Value, Words, check_values
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.proximity import adjacency, default_beta, katz, pagerank_rows
from fastsgns.matrices import Matrices
from fastsgns.models.exclusive import exclusive
from fastsgns.models.links.base import (
    LinkModel,
    Parametrized,
    check_edges,
    role_vectors,
)
from fastsgns.models.links.storage import fault_of_known
from fastsgns.models.ppmi.factorization import truncated_svd
from fastsgns.runtime.progress import reading_bar

DROPPED = 0.1
BETWEEN = rules.real("numbers between 0 and 1", lambda value: 0 < value < 1)
RULES: dict[str, rules.Rule] = {
    "dimensions": rules.integer(1, 2**20),
    "seed": rules.integer(0, 2**128),
    "progress": rules.PROGRESS,
    "beta": rules.real("numbers above 0 and below 1 / rho(A)", lambda value: value > 0, none=None),
    "alpha": BETWEEN,
    "error": BETWEEN,
}


class Factorized(Parametrized, LinkModel):
    """A proximity M of nodes as S T^T: the best of rank d, shared out as S = U D^1/2, T = V D^1/2.

    Nothing is learnt by steps, and there are no negatives: the reference of the learnt models, with
    their interface.

    Attributes
    ----------
    source, target : KeyedVectors
        Float32, shape (n, d), a row for each node, in the order of the graph's ids.
    values : ndarray, shape (d,)
        Singular values of M, descending.
    """

    values: np.ndarray

    def __init__(self, dimensions: int, seed: int, progress: bool | None) -> None:
        self.dimensions, self.seed, self.progress = dimensions, seed, progress

    def _check(self) -> None:
        """Refuse parameters out of their range; make them plain Python values."""
        self.__dict__.update(rules.checked(RULES, self.__dict__))

    @exclusive
    def fit(self, graph: Any, y: Any = None) -> Any:
        """Factorise the proximity of a graph's nodes.

        Parameters
        ----------
        graph : DirectedGraph, or what `DirectedGraph.of` takes
        y
            Not looked at; scikit-learn's pipelines pass it.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If there are more dimensions than nodes.
        """
        self._check()
        graph = DirectedGraph.of(graph)
        if self.dimensions > graph.n_nodes:
            raise ValueError(
                f"{self.dimensions} dimensions of {graph.n_nodes} nodes; take at most as many"
            )
        check_edges(graph)
        warn_of_unsavable(graph.names)
        matrix = self._proximity(graph)
        with reading_bar(self.progress, "products", "factorising") as report:
            factors = truncated_svd(matrix, self.dimensions, seed=self.seed, progress=report)
        self.values = factors.values
        roots = np.sqrt(factors.values)
        arrays = [
            np.multiply(part, roots, dtype=np.float32) for part in (factors.left, factors.right)
        ]
        self.known = graph.out_offsets, graph.out_targets
        self._set(list(graph.names), *arrays)
        return self

    def _set(self, names: list[Any], source: np.ndarray, target: np.ndarray) -> None:
        arrays = map(np.ascontiguousarray, (source, target))
        matrices = Matrices(dict(zip(("input", "output"), arrays)))
        self.source, self.target = role_vectors(matrices, names, names)

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if hasattr(self, "source"):  # copied as vectors that stand alone
            self._set(self.source.index_to_key, self.source.array, self.target.array)

    def _proximity(self, graph: DirectedGraph) -> Any:
        raise NotImplementedError

    def save(self, path: Any) -> None:
        """Write vectors, names, known edges and settings to one file, atomically.

        Raises
        ------
        TypeError
            If a name has no portable form: `fastsgns.formats.keys` lists those that have one.
        ValueError
            If it was not fitted.
        """
        self._check_learned()
        self._check()
        self._check_roles()
        saving.save(path, SCHEMA, self)

    @classmethod
    def load(cls, path: Any) -> Any:
        """Read what `save` wrote.

        Raises
        ------
        FormatError
            If it is another file, or damaged.
        """
        model = kinds.load_as(cls, SCHEMA, path)
        if not isinstance(model, cls):
            name = type(model).__name__
            raise kinds.other_object(path, f"a {name}", f"a {cls.__name__}", f"{__name__}.{name}")
        return model


class HOPE(Factorized):
    """Source and target vectors whose product is near Katz proximity, sum_k (beta A)^k.

    Katz counts all walks from u to v, of each edge by beta: it is not symmetric where A is not, and
    neither is S T^T.

    Parameters
    ----------
    dimensions : int
        d, at most the number of nodes.
    beta : float, optional
        Above 0, below 1 / rho(A); by default 0.5 / rho(A) (where a graph has no cycle, so that rho
        is 0 and any beta will do, 0.5 over the largest degree).
    seed : int
        Of the random start of the factorisation.
    progress : bool, optional
        Show progress; by default on a terminal and in a notebook.

    References
    ----------
    Ou, Cui, Pei, Zhang, Zhu: Asymmetric transitivity preserving graph embedding, 2016, equation 1
    and section 3.1 (Katz; M_g = 1 - beta A, M_l = beta A). Its generalised SVD is replaced by that
    of an operator: products with S are sums of products with A.

    Examples
    --------
    >>> model = HOPE(dimensions=2).fit(DirectedGraph.from_edges(list("aabc"), list("bccd")))
    >>> model.score("a", "c") > 0.1, abs(model.score("c", "a")) < 1e-6
    (True, True)
    >>> model.recommend("a", topn=1)[0][0]  # b and c are known already
    'd'
    """

    def __init__(
        self,
        dimensions: int = 128,
        beta: float | None = None,
        *,
        seed: int = 1,
        progress: bool | None = None,
    ) -> None:
        super().__init__(dimensions, seed, progress)
        self.beta = beta
        self._check()

    def _proximity(self, graph: DirectedGraph) -> Any:
        matrix = adjacency(graph)
        return katz(matrix, default_beta(matrix) if self.beta is None else self.beta)


class STRAP(Factorized):
    """Source and target vectors whose product is near the logarithm of personalised PageRank.

    M_uv = log(p / e) where p = pi_u(v) + pi'_v(u) is above e, 0 elsewhere: pi is the PageRank of
    walks from u, pi' that of walks from v on the reversed edges, e the `error`. M is sparse.

    Parameters
    ----------
    dimensions : int
        d, at most the number of nodes.
    alpha : float
        Chance that a walk stops, before each step.
    error : float
        e. The smaller, the more cells: at 1e-5 a graph of ten thousand nodes may fill M.
    seed : int
        Of the random start of the factorisation.
    progress : bool, optional
        Show progress; by default on a terminal and in a notebook.

    References
    ----------
    Yin, Wei: Scalable graph embeddings via sparse transpose proximities, 2019, section 3 (the
    transpose proximity) and algorithm 1, with its alpha = 0.5 and 1e-5.

    Examples
    --------
    >>> model = STRAP(dimensions=2).fit(DirectedGraph.from_edges(list("aabc"), list("bccd")))
    >>> model.score("a", "c") > model.score("c", "a")
    True
    """

    def __init__(
        self,
        dimensions: int = 128,
        alpha: float = 0.5,
        error: float = 1e-5,
        *,
        seed: int = 1,
        progress: bool | None = None,
    ) -> None:
        super().__init__(dimensions, seed, progress)
        self.alpha, self.error = alpha, error
        self._check()

    def _proximity(self, graph: DirectedGraph) -> Any:
        return transpose_proximity(graph, self.alpha, self.error, self.progress)


def transpose_proximity(
    graph: DirectedGraph, alpha: float, error: float, progress: bool | None = False
) -> Any:
    """M of `STRAP`, csr_array of float32, shape (n, n).

    What PageRank drops at each step is a tenth of `error`, so that few cells above it are missed.
    """
    edges, dropped = adjacency(graph), DROPPED * error
    with reading_bar(progress, "nodes", "walking") as report:
        backward = forward = pagerank_rows(edges, alpha, dropped, report)
    if graph.is_directed:
        with reading_bar(progress, "nodes", "walking back") as report:
            backward = pagerank_rows(edges.T.tocsr(), alpha, dropped, report)
    both = (forward + backward.T).tocsr()
    both.data[both.data <= error] = error
    both.data = np.log(both.data / error).astype(np.float32)
    both.eliminate_zeros()
    return both


MODELS: dict[str, Any] = {"HOPE": HOPE, "STRAP": STRAP}


DIMENSIONS, SEED, REAL_NUMBER = Value(int), Value(int), Value(REAL)
SETTINGS = {
    "HOPE": {"dimensions": DIMENSIONS, "beta": Value((*REAL, type(None))), "seed": SEED},
    "STRAP": {
        "dimensions": DIMENSIONS, "alpha": REAL_NUMBER, "error": REAL_NUMBER, "seed": SEED,
    },
}  # fmt: skip


def _model(cls: type) -> str:
    """Return which of the models a class is, or is derived from."""
    return next(base.__name__ for base in cls.__mro__ if base.__name__ in MODELS)


def _settings(model: Factorized) -> dict[str, Any]:
    return {name: getattr(model, name) for name in SETTINGS[_model(type(model))]}


def _make(cls: type, values: dict[str, Any]) -> Factorized:
    name = values["model"]
    if name not in MODELS:
        raise ValueError(f"it holds a model {name!r:.60}; known are {sorted(MODELS)}")
    base = MODELS[name]
    model: Factorized = base.__new__(cls if issubclass(cls, base) else base)
    base.__init__(model, **check_values("settings", values["settings"], SETTINGS[name]))
    return model


def _build(cls: type, content: Content) -> Factorized:
    model, arrays = content.made, content.arrays
    model.values, model.known = arrays["values"], (arrays["known_offsets"], arrays["known_targets"])
    model._set(content.words[""], arrays["source"], arrays["target"])
    return model


SCHEMA = Schema(
    "node factors",
    arrays={
        "source": Array("float32", "nodes, dimensions", "source.array"),
        "target": Array("float32", "nodes, dimensions", "target.array"),
        "values": Array("float", "dimensions"),
        "known_offsets": Array("int64", "nodes + 1", lambda model: model.known[0]),
        "known_targets": Array("int32", "links", lambda model: model.known[1]),
    },
    values={
        "model": Value(str, source=lambda model: _model(type(model))),
        "settings": Value(dict, source=_settings),
    },
    build=_build,
    words={"": Words("nodes", "source.index_to_key")},
    make=_make,
    fault=lambda content: fault_of_known(content, content.sizes["nodes"]),
    shown=("source", "target", "values", "known"),
)
