"""FastRP: vectors of sources and targets from a random projection of powers of transitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.formats.schema import REAL, Value
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.proximity import adjacency, double_cover, transitions
from fastsgns.models.links.factors import ProximityFactorization
from fastsgns.runtime.progress import ShowProgress

WEIGHTS = (0.0, 0.0, 0.0, 1.0, 1.0)
SIDES = 6  # of the die that draws R: 1 gives +3^1/2, 2 gives -3^1/2, the others 0


@dataclass(frozen=True)
class Weights(rules.Rule):
    """Finite numbers, of which one is not 0; stored as a tuple of float."""

    def _typed(self, value: Any) -> tuple[float, ...] | None:
        if type(value) is tuple and all(type(weight) is float for weight in value):
            return value  # scikit-learn's clone() asks for the same object
        if isinstance(value, str) or not hasattr(value, "__iter__"):
            return None
        found = [rules.number(weight) for weight in value]
        return None if None in found else tuple(map(float, found))  # type: ignore[arg-type]

    def _in_range(self, value: tuple[float, ...]) -> bool:
        return bool(np.isfinite(value).all()) and any(value)


class FastRP(ProximityFactorization):
    """Vectors of nodes from a very sparse random projection, without a factorization.

    Let P = D^-1 A be the transition probabilities of walks, and L a diagonal matrix with
    L_vv = (degree of v / sum of all)^b. The vectors are

        N = F R, F = sum over k of w_k P^k L,

    where R, shape (n, d), has independent entries, 3^1/2 or -3^1/2 with a probability of 1/6 each,
    and otherwise 0. The dot product of the vectors of u and v estimates d (F F^T)_uv: how likely
    walks from u and from v meet.

    In an undirected graph each node has one vector, as in the paper: T = S = N. In a directed
    graph A is that of the graph of roles (`fastsgns.graph.proximity.double_cover`), in which each
    node is once a source and once a target. The 2 n rows of N are S and T.

    Parameters
    ----------
    dimensions : int
        Length d of each vector, at most the number of nodes. `vector_size` is another name.
    weights : sequence of float
        w_0, w_1, and so on: the weights of walks of 0, 1, ... steps. The default gives those below
        three steps no weight, as in the paper, which tunes the last weight on labels.
    beta : float
        b, the exponent of degrees, which the paper tunes between -1 and 0. Below 0, neighbours
        with high degrees count less.
    seed : int
        Seed of R.
    progress : bool, optional
        Has no effect: the projection is fast.

    Attributes
    ----------
    source, target : KeyedVectors
        The vectors of the n nodes as sources and as targets, float32.
    values : ndarray, shape (d,)
        The norm of column j of S times that of column j of T, descending. For models with an SVD,
        these products are the singular values.

    References
    ----------
    Chen, Sultan, Tian, Chen, Skiena (2019), "Fast and Accurate Network Embeddings via Very Sparse
    Random Projection", section 3 and algorithm 1. Achlioptas (2003), "Database-friendly Random
    Projections", theorem 1.1, for R.

    Examples
    --------
    >>> graph = DirectedGraph.from_edges(list("abcdde"), list("bcaefd"), directed=False)
    >>> model = FastRP(dimensions=6).fit(graph)
    >>> bool(model.source.similarity("a", "b") > model.source.similarity("a", "e"))
    True
    """

    RULES = ProximityFactorization.RULES | {
        "weights": Weights("sequences of finite numbers, of which one is not 0"),
        "beta": rules.ANY_NUMBER,
    }
    SETTINGS = ProximityFactorization.SETTINGS | {"weights": Value(list), "beta": Value(REAL)}

    def __init__(
        self,
        dimensions: int = 128,
        weights: Sequence[float] = WEIGHTS,
        beta: float = 0.0,
        *,
        seed: int = 1,
        progress: ShowProgress = None,
    ) -> None:
        self.dimensions, self.weights, self.beta = dimensions, weights, beta
        self.seed, self.progress = seed, progress
        self._check_parameters()

    def proximity(self, graph: DirectedGraph) -> Any:
        """Return F F^T of sources and targets, a LinearOperator of shape (n_nodes, n_nodes)."""
        from scipy.sparse.linalg import LinearOperator

        steps, scale = self._walks(graph)
        n, size = graph.n_nodes, len(scale)
        sources, targets = np.arange(n), np.arange(size - n, size)

        def product(rows: np.ndarray, columns: np.ndarray, vectors: np.ndarray) -> np.ndarray:
            padded = np.zeros((size, *vectors.shape[1:]))
            padded[columns] = vectors
            inner = _transposed_powers(steps, scale, self.weights, padded)
            found: np.ndarray = _weighted_powers(steps, scale, self.weights, inner)[rows]
            return found

        forward = partial(product, sources, targets)
        backward = partial(product, targets, sources)
        return LinearOperator(
            (n, n), matvec=forward, rmatvec=backward, matmat=forward, rmatmat=backward, dtype=float
        )

    def factorize(self, graph: DirectedGraph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return S, T, both of shape (n_nodes, d), and `values`."""
        steps, scale = self._walks(graph)
        projection = random_projection(len(scale), self.dimensions, self.seed)
        vectors = _weighted_powers(steps, scale, self.weights, projection)
        source, target = vectors[: graph.n_nodes], vectors[-graph.n_nodes :]
        values = np.linalg.norm(source, axis=0) * np.linalg.norm(target, axis=0)
        order = np.argsort(-values, kind="stable")
        return source[:, order], target[:, order], values[order]

    def _walks(self, graph: DirectedGraph) -> tuple[Any, np.ndarray]:
        """Return P and the diagonal of L, of the graph or of its roles."""
        matrix = adjacency(graph)
        if graph.is_directed:
            matrix = double_cover(matrix)
        return transitions(matrix), _scaled_degrees(matrix.sum(0), self.beta)


def random_projection(n: int, dimensions: int, seed: int) -> np.ndarray:
    """Return R, float32 of shape (n, dimensions), whose entries have mean 0 and variance 1."""
    values = np.zeros(SIDES, np.float32)
    values[:2] = 3**0.5, -(3**0.5)
    rng = np.random.default_rng(seed)
    return values[rng.integers(SIDES, size=(n, dimensions), dtype=np.int8)]


def _scaled_degrees(degrees: np.ndarray, exponent: float) -> np.ndarray:
    """Return (degree / sum)^exponent; nodes without edges count as if they had a degree of 1."""
    shares = np.where(degrees > 0, degrees, 1) / degrees.sum()
    scaled: np.ndarray = shares**exponent
    return scaled


def _weighted_powers(
    steps: Any, scale: np.ndarray, weights: Sequence[float], vectors: np.ndarray
) -> np.ndarray:
    """Return F X, the sum over k of w_k P^k L X, in the type of X."""
    steps = steps.astype(vectors.dtype)
    power = (scale * vectors.T).T.astype(vectors.dtype)
    total: np.ndarray = weights[0] * power
    for weight in weights[1:]:
        power = steps @ power
        total += weight * power
    return total


def _transposed_powers(
    steps: Any, scale: np.ndarray, weights: Sequence[float], vectors: np.ndarray
) -> np.ndarray:
    """Return F^T X, in the type of X."""
    powers = _weighted_powers(steps.T.tocsr(), np.ones_like(scale), weights, vectors)
    transposed: np.ndarray = (scale * powers.T).T
    return transposed
