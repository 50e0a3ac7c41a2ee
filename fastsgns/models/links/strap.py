"""STRAP: vectors of sources and targets from the logarithm of personalized PageRank."""

from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.formats.schema import REAL, Value
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.proximity import adjacency, pagerank_rows
from fastsgns.models.links.factors import ProximityFactorization
from fastsgns.runtime.progress import ShowProgress, reading_bar

LOWEST = float(np.finfo(np.float64).tiny)  # of residuals; divided by less, they overflow
DROPPED_SHARE = 0.1  # of `error`: what each step of PageRank may drop
BETWEEN_0_AND_1 = rules.real("numbers between 0 and 1", lambda value: 0 < value < 1)


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
    progress : bool, callable or None
        Whether to show progress bars, or what to call instead, as in `Word2Vec`.

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

    RULES = ProximityFactorization.RULES | {"alpha": BETWEEN_0_AND_1, "error": BETWEEN_0_AND_1}
    SETTINGS = ProximityFactorization.SETTINGS | {"alpha": Value(REAL), "error": Value(REAL)}

    def __init__(
        self,
        dimensions: int = 128,
        alpha: float = 0.5,
        error: float = 1e-5,
        *,
        seed: int = 1,
        progress: ShowProgress = None,
    ) -> None:
        self.dimensions, self.alpha, self.error = dimensions, alpha, error
        self.seed, self.progress = seed, progress
        self._check_parameters()

    def proximity(self, graph: DirectedGraph) -> Any:
        """Return the transpose proximity of the nodes, csr_array of shape (n_nodes, n_nodes)."""
        return transpose_proximity(graph, self.alpha, self.error, self.progress)


def transpose_proximity(
    graph: DirectedGraph, alpha: float, error: float, progress: ShowProgress = False
) -> Any:
    """Return the proximity of `STRAP`, csr_array of float32, shape (n_nodes, n_nodes).

    PageRank drops residuals below a tenth of `error`, so that few entries above `error` are missed.
    """
    error = max(error, LOWEST)
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
