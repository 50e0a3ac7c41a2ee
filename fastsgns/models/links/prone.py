"""ProNE: vectors of sources and targets from a sparse factorization and a spectral filter."""

from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.formats.schema import REAL, Value
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.proximity import adjacency, double_cover, transitions
from fastsgns.models.links.factors import ProximityFactorization, rooted
from fastsgns.models.ppmi.factorization import product_svd
from fastsgns.runtime.progress import ShowProgress


class ProNE(ProximityFactorization):
    """Vectors of nodes from a factorization of edges that a spectral filter then propagates.

    Step 1. Let p_uv = A_uv / (sum of row u of A), and q(v) in proportion to (sum over u of p_uv)^a.
    The proximity of an edge u -> v is log p_uv - log(k q(v)), that of other pairs is 0. The sparse
    matrix of these is factorized: S = U D^1/2, T = V D^1/2.

    Step 2. Let P = D^-1 (A + I), L = I - P, and g(x) = exp(-theta ((x - mu)^2 - 1) / 2). The
    vectors X become P (I - g(L)) X, which changes components of X by their frequency in the graph.
    g(L) is expanded in Chebyshev polynomials of ((L - mu)^2 - I) / 2. At last, an SVD of S T^T
    makes the dimensions orthogonal and keeps all scores.

    In an undirected graph S and T go through step 2 in turn. The paper has S alone. In a directed
    graph X has the 2 n rows of S and T, and A is that of the graph of roles
    (`fastsgns.graph.proximity.double_cover`), in which each node is once a source and once a
    target. As in the program of the authors, A + I has a loop at each node. Without it, P would be
    0 for nodes without edges.

    Parameters
    ----------
    dimensions : int
        Length d of each vector, at most the number of nodes. `vector_size` is another name.
    order : int
        Number of Chebyshev polynomials. 0 leaves out step 2, which gives better scores of links.
    mu, theta : float
        Center and steepness of the filter.
    negative : float
        k, the ratio of negative samples.
    ns_exponent : float
        a, the exponent of the noise distribution q.
    seed : int
        Seed of the random start of the factorization.
    progress : bool, callable or None
        Whether to show progress bars, or what to call instead, as in `Word2Vec`.

    Attributes
    ----------
    source, target : KeyedVectors
        The vectors of the n nodes as sources and as targets, float32.
    values : ndarray, shape (d,)
        Singular values of S T^T, descending.

    References
    ----------
    Zhang, Dong, Wang, Tang, Ding (2019), "ProNE: Fast and Scalable Network Representation
    Learning", sections 3.1 (step 1) and 3.2 (step 2), with its a = 0.75, k = 1, mu = 0.2,
    theta = 0.5 and 10 polynomials.

    Examples
    --------
    >>> model = ProNE(dimensions=4, order=0).fit(
    ...     DirectedGraph.from_edges(list("aabc"), list("bccd"))
    ... )
    >>> model.score("a", "c") > model.score("c", "a")
    True
    """

    RULES = ProximityFactorization.RULES | {
        "order": rules.integer(0, 1000),
        "mu": rules.ANY_NUMBER,
        "theta": rules.NOT_NEGATIVE,
        "negative": rules.POSITIVE,
        "ns_exponent": rules.ANY_NUMBER,
    }
    SETTINGS = ProximityFactorization.SETTINGS | {
        "order": Value(int), "mu": Value(REAL), "theta": Value(REAL), "negative": Value(REAL),
        "ns_exponent": Value(REAL),
    }  # fmt: skip

    def __init__(
        self,
        dimensions: int = 128,
        order: int = 10,
        mu: float = 0.2,
        theta: float = 0.5,
        *,
        negative: float = 1.0,
        ns_exponent: float = 0.75,
        seed: int = 1,
        progress: ShowProgress = None,
    ) -> None:
        self.dimensions, self.order, self.mu, self.theta = dimensions, order, mu, theta
        self.negative, self.ns_exponent = negative, ns_exponent
        self.seed, self.progress = seed, progress
        self._check_parameters()

    def proximity(self, graph: DirectedGraph) -> Any:
        """Return the matrix of step 1, csr_array of shape (n_nodes, n_nodes)."""
        matrix = transitions(adjacency(graph)).tocsr()
        matrix.sum_duplicates()  # a graph with times may have parallel edges
        sums = matrix.sum(0)
        noise = np.zeros_like(sums)
        noise[sums > 0] = sums[sums > 0] ** self.ns_exponent
        noise *= self.negative / noise.sum()
        matrix.data = np.log(matrix.data) - np.log(noise[matrix.indices])
        return matrix

    def factorize(self, graph: DirectedGraph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return S, T, both of shape (n_nodes, d), and the singular values of S T^T."""
        source, target, values = super().factorize(graph)
        if self.order == 0:
            return source, target, values
        matrix, n = adjacency(graph), graph.n_nodes
        if graph.is_directed:
            both = self._propagated(double_cover(matrix), np.vstack([source, target]))
            source, target = both[:n], both[n:]
        else:
            source, target = (self._propagated(matrix, side) for side in (source, target))
        factors = product_svd(source, target)
        return *rooted(factors), factors.values

    def _propagated(self, matrix: Any, vectors: np.ndarray) -> np.ndarray:
        return propagated(matrix, vectors, self.order, self.mu, self.theta)


def propagated(matrix: Any, vectors: np.ndarray, order: int, mu: float, theta: float) -> np.ndarray:
    """Return P (I - g(L)) X: vectors after step 2 of `ProNE`.

    With x = ((L - mu)^2 - I) / 2, g(L) = exp(-theta x) is the sum over i of c_i T_i(x), where c_0
    is I_0(theta), c_i = 2 (-1)^i I_i(theta), T_i are Chebyshev polynomials and I_i modified Bessel
    functions. T_i = 2 x T_(i-1) - T_(i-2).
    """
    from scipy.sparse import eye_array
    from scipy.special import iv

    steps = transitions(matrix + eye_array(matrix.shape[0])).tocsr()

    def times_2x(old: np.ndarray) -> np.ndarray:
        shifted = (1 - mu) * old - steps @ old
        product: np.ndarray = (1 - mu) * shifted - steps @ shifted - old
        return product

    before, now = vectors, times_2x(vectors) / 2
    total = iv(0, theta) * vectors
    for i in range(1, order):
        total += 2 * (-1) ** i * iv(i, theta) * now
        before, now = now, times_2x(now) - before
    product: np.ndarray = steps @ (vectors - total)
    return product
