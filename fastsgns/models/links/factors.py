"""HOPE and STRAP: vectors of sources and targets from the factorization of a proximity of nodes."""

from typing import Any, Self

import numpy as np

from fastsgns import rules
from fastsgns.formats import kinds, saving
from fastsgns.formats.keys import warn_of_unsavable
from fastsgns.formats.schema import REAL, Array, Content, Schema, Value, Words, check_values
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.proximity import adjacency, default_beta, katz, pagerank_rows
from fastsgns.matrices import Matrices
from fastsgns.models.exclusive import exclusive
from fastsgns.models.links.base import LinkModel, check_edges, check_savable
from fastsgns.models.links.known import KnownLinks
from fastsgns.models.links.storage import fault_of_known
from fastsgns.models.ppmi.factorization import truncated_svd
from fastsgns.runtime.progress import reading_bar

DROPPED_SHARE = 0.1  # of STRAP's `error`: what each step of PageRank may drop
BETWEEN_0_AND_1 = rules.real("numbers between 0 and 1", lambda value: 0 < value < 1)
RULES: dict[str, rules.Rule] = {
    "dimensions": rules.integer(1, 2**20),
    "seed": rules.integer(0, 2**128),
    "progress": rules.PROGRESS,
    "beta": rules.real("numbers above 0 and below 1 / rho(A)", lambda value: value > 0, none=None),
    "alpha": BETWEEN_0_AND_1,
    "error": BETWEEN_0_AND_1,
}


class ProximityFactorization(LinkModel):
    """The base class of `HOPE` and `STRAP`: M of a subclass is factorized as S T^T.

    M, shape (n, n), holds a proximity of each pair of nodes. Its truncated singular value
    decomposition U D V^T gives the best approximation of rank d. The vectors of sources are
    S = U D^1/2, and those of targets T = V D^1/2, both of shape (n, d).

    Attributes
    ----------
    source, target : KeyedVectors
        The rows of S and T, float32, in the order of the graph's ids.
    values : ndarray, shape (d,)
        Singular values of M, descending.
    """

    dimensions: int
    seed: int
    progress: bool | None
    values: np.ndarray

    def proximity(self, graph: DirectedGraph) -> Any:
        """Return M as a sparse array or a scipy LinearOperator, shape (n_nodes, n_nodes)."""
        raise NotImplementedError

    @exclusive
    def fit(self, graph: Any, y: Any = None) -> Self:
        """Factorize the proximity of the nodes of a graph.

        Parameters
        ----------
        graph : DirectedGraph, or anything that `DirectedGraph.of` accepts
        y
            Ignored; scikit-learn's pipelines pass it.

        Returns
        -------
        HOPE or STRAP
            The model itself.

        Raises
        ------
        ValueError
            If a parameter is out of its range, the graph has no edges, or there are more dimensions
            than nodes.
        """
        self._check_parameters()
        graph = DirectedGraph.of(graph)
        if self.dimensions > graph.n_nodes:
            raise ValueError(
                f"{self.dimensions} dimensions of {graph.n_nodes} nodes; take at most as many"
            )
        check_edges(graph)
        warn_of_unsavable(graph.names)
        matrix = self.proximity(graph)
        with reading_bar(self.progress, "products", "factorizing") as report:
            factors = truncated_svd(matrix, self.dimensions, seed=self.seed, progress=report)
        roots = np.sqrt(factors.values)
        source, target = (
            np.multiply(side, roots, dtype=np.float32) for side in (factors.left, factors.right)
        )
        self.values = factors.values
        self.known = KnownLinks.of_graph(graph)
        self.set_factors(list(graph.names), source, target)
        return self

    def set_factors(self, names: list[Any], source: np.ndarray, target: np.ndarray) -> None:
        """Use these vectors of the nodes, float32 of shape (n, d)."""
        vectors = {"input": np.ascontiguousarray(source), "output": np.ascontiguousarray(target)}
        self.set_arrays(Matrices(vectors), names, names)

    def _check_parameters(self) -> None:
        """Check the parameters, and replace them by plain Python values."""
        self.replace_parameters(rules.checked(RULES, vars(self)))

    def save(self, path: Any) -> None:
        """Write the vectors, names, known links and parameters to one file, atomically.

        Raises
        ------
        TypeError
            If a name has no portable form: `fastsgns.formats.keys` lists those that have one.
        ValueError
            Before `fit`.
        """
        check_savable(self)
        self._check_parameters()
        saving.save(path, SCHEMA, self)

    @classmethod
    def load(cls, path: Any, mmap: str | None = None) -> Self:
        """Read what `save` wrote; with ``mmap="r"`` the arrays are mapped instead of read.

        `fastsgns.load` explains what may happen to a file that is mapped.

        Raises
        ------
        FormatError
            If the file holds something else, or is damaged.
        """
        model = kinds.load_as(cls, SCHEMA, path, mmap)
        if not isinstance(model, cls):
            name = type(model).__name__
            raise kinds.wrong_kind(
                path, f"a {name}", f"a {cls.__name__}", f"fastsgns.models.links.{name}"
            )
        return model


class HOPE(ProximityFactorization):
    """Vectors of nodes from Katz proximity, the sum over k >= 1 of (beta A)^k.

    A is the weighted adjacency matrix. The Katz proximity of u and v sums over all walks from u to
    v, each with the weight beta^(number of edges) times the weights of its edges. It is not
    symmetric if A is not, and neither are the scores of the model.

    Parameters
    ----------
    dimensions : int
        Length d of each vector, at most the number of nodes. `vector_size` is another name.
    beta : float, optional
        The attenuation per edge, above 0 and below 1 / rho(A), where rho(A) is the spectral radius.
        The default is 0.5 / rho(A). In a graph without cycles rho(A) is 0, any beta is allowed,
        and the default is 0.5 / (largest degree).
    seed : int
        Seed of the random start of the factorization.
    progress : bool, optional
        Whether to show progress. None shows it on a terminal and in a notebook.

    Attributes
    ----------
    source, target : KeyedVectors
        The vectors of the n nodes as sources and as targets, float32.
    values : ndarray, shape (d,)
        Singular values of the proximity, descending.

    References
    ----------
    Ou, Cui, Pei, Zhang, Zhu (2016), "Asymmetric Transitivity Preserving Graph Embedding", equation
    1 and section 3.1 (Katz: M_g = I - beta A, M_l = beta A). The paper uses a generalized SVD. Here
    an SVD of a linear operator is computed, whose products are sums of products with A.

    Examples
    --------
    >>> model = HOPE(dimensions=2).fit(DirectedGraph.from_edges(list("aabc"), list("bccd")))
    >>> model.score("a", "c") > 0.1, abs(model.score("c", "a")) < 1e-6
    (True, True)
    >>> model.recommend("a", topn=1)[0][0]  # b and c are known targets
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
        self.dimensions, self.beta = dimensions, beta
        self.seed, self.progress = seed, progress
        self._check_parameters()

    def proximity(self, graph: DirectedGraph) -> Any:
        """Return the Katz proximity of the nodes, a LinearOperator of shape (n_nodes, n_nodes)."""
        matrix = adjacency(graph)
        return katz(matrix, default_beta(matrix) if self.beta is None else self.beta)


class STRAP(ProximityFactorization):
    """Vectors of nodes from the logarithm of personalized PageRank.

    Let pi_u(v) be the personalized PageRank of v for walks from u, pi'_v(u) that of u for walks
    from v along reversed edges, and p = pi_u(v) + pi'_v(u). The proximity of u and v is
    log(p / error) if p is above `error`, and otherwise 0, so that M is sparse.

    Parameters
    ----------
    dimensions : int
        Length d of each vector, at most the number of nodes. `vector_size` is another name.
    alpha : float
        Probability that a walk stops before each step.
    error : float
        The lowest PageRank that counts. M has more entries the smaller it is: at 1e-5, M may be
        full for a graph of ten thousand nodes.
    seed : int
        Seed of the random start of the factorization.
    progress : bool, optional
        Whether to show progress. None shows it on a terminal and in a notebook.

    Attributes
    ----------
    source, target : KeyedVectors
        The vectors of the n nodes as sources and as targets, float32.
    values : ndarray, shape (d,)
        Singular values of the proximity, descending.

    References
    ----------
    Yin, Wei (2019), "Scalable Graph Embeddings via Sparse Transpose Proximities", section 3 (the
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
        self.dimensions, self.alpha, self.error = dimensions, alpha, error
        self.seed, self.progress = seed, progress
        self._check_parameters()

    def proximity(self, graph: DirectedGraph) -> Any:
        """Return the transpose proximity of the nodes, csr_array of shape (n_nodes, n_nodes)."""
        return transpose_proximity(graph, self.alpha, self.error, self.progress)


def transpose_proximity(
    graph: DirectedGraph, alpha: float, error: float, progress: bool | None = False
) -> Any:
    """Return the proximity of `STRAP`, csr_array of float32, shape (n_nodes, n_nodes).

    PageRank drops residuals below a tenth of `error`, so that few entries above `error` are missed.
    """
    edges, dropped = adjacency(graph), DROPPED_SHARE * error
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


def _settings(model: ProximityFactorization) -> dict[str, Any]:
    return {name: getattr(model, name) for name in SETTINGS[_model(type(model))]}


def _construct(cls: type, values: dict[str, Any]) -> ProximityFactorization:
    name = values["model"]
    if name not in MODELS:
        raise ValueError(f"it holds a model {name!r:.60}; known are {sorted(MODELS)}")
    base = MODELS[name]
    model: ProximityFactorization = base.__new__(cls if issubclass(cls, base) else base)
    base.__init__(model, **check_values("settings", values["settings"], SETTINGS[name]))
    return model


def _build(cls: type, content: Content) -> ProximityFactorization:
    model: ProximityFactorization = content.model
    arrays = content.arrays
    model.values = arrays["values"]
    model.known = KnownLinks(arrays["known_offsets"], arrays["known_targets"])
    model.set_factors(content.words[""], arrays["source"], arrays["target"])
    return model


SCHEMA = Schema(
    "node factors",
    arrays={
        "source": Array("float32", "nodes, dimensions", "source.array"),
        "target": Array("float32", "nodes, dimensions", "target.array"),
        "values": Array("float", "dimensions"),
        "known_offsets": Array("int64", "nodes + 1", "known.offsets"),
        "known_targets": Array("int32", "links", "known.targets"),
    },
    values={
        "model": Value(str, source=lambda model: _model(type(model))),
        "settings": Value(dict, source=_settings),
    },
    build=_build,
    words={"": Words("nodes", "source.index_to_key")},
    construct=_construct,
    fault=lambda content: fault_of_known(content, content.sizes["nodes"]),
    set_by_build=("source", "target", "arrays", "values", "known"),
)
