"""HOPE: vectors of sources and targets from the factorization of Katz proximity."""

from typing import Any

from fastsgns import rules
from fastsgns.formats.schema import REAL, Value
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.proximity import adjacency, default_beta, katz
from fastsgns.models.links.factors import ProximityFactorization
from fastsgns.runtime.progress import ShowProgress


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

    RULES = ProximityFactorization.RULES | {
        "beta": rules.real(
            "numbers above 0 and below 1 / rho(A)", lambda value: value > 0, none=None
        )
    }
    SETTINGS = ProximityFactorization.SETTINGS | {"beta": Value((*REAL, type(None)))}

    def __init__(
        self,
        dimensions: int = 128,
        beta: float | None = None,
        *,
        seed: int = 1,
        progress: ShowProgress = None,
    ) -> None:
        self.dimensions, self.beta = dimensions, beta
        self.seed, self.progress = seed, progress
        self._check_parameters()

    def proximity(self, graph: DirectedGraph) -> Any:
        """Return the Katz proximity of the nodes, a LinearOperator of shape (n_nodes, n_nodes)."""
        matrix = adjacency(graph)
        return katz(matrix, default_beta(matrix) if self.beta is None else self.beta)
