"""JointScore: what a model of links learnt, put back on the degrees that its negatives took out."""

from typing import Any

import numpy as np

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.links.base import LinkModel, _ids
from fastsgns.rules import takes_flags

SMOOTHING = 0.1


class JointScore(LinkModel):
    """Score by how likely a link is, not by how much likelier than its ends' degrees make it.

    With negatives of a distribution q, skip-gram's scores approach

        s_u . t_v = log P(u, v) / (P(u) q(v)) - log k,

    so popular targets are marked down and active sources are not marked up: against arbitrary pairs
    the raw score may do worse than a coin. What a link needs is the joint probability,

        log P(u, v) = s_u . t_v + log P(u) + log q(v) + log k,

    and with P(u) in proportion to out-degree + e, q(v) to (in-degree + e)^a, up to a constant

        score(u, v) = s_u . t_v + log(out(u) + e) + a log(in(v) + e).

    The degrees of the graph are a prior put back; e, smaller than the 1 that training adds, makes
    it surer that what was no source will be none. Models of "undirected" walks draw negatives by
    both degrees together: there this adds what their negatives did not take out.

    `recommend` ranks targets by it too, whatever `popularity`; there P(u) plays no part.

    Parameters
    ----------
    model : LinkModel
        Learnt with negatives by in-degree^a, such as `NodeEmbedding`.
    graph : DirectedGraph
        What it was fitted to, whose degrees count.
    exponent : float, optional
        a; by default the model's `ns_exponent`, or 0.75.
    smoothing : float
        e, above 0. The smaller, the surer that what was no source will be none.

    References
    ----------
    Levy, Goldberg: Neural word embedding as implicit matrix factorization, 2014, equation 7.

    Examples
    --------
    >>> from fastsgns.models.links.nodes import NodeEmbedding
    >>> graph = DirectedGraph.from_edges(list("aabbcd"), list("bcacaa"))
    >>> model = NodeEmbedding(dimensions=4, workers=1).fit(graph)
    >>> joint = JointScore(model, graph)
    >>> added = joint.score("a", "b") - model.score("a", "b")
    >>> bool(np.isclose(added, np.log(2.1) + 0.75 * np.log(1.1)))
    True
    """

    def __init__(
        self,
        model: LinkModel,
        graph: DirectedGraph,
        exponent: float | None = None,
        smoothing: float = SMOOTHING,
    ) -> None:
        if not smoothing > 0:
            raise ValueError(f"smoothing is {smoothing}; allowed are numbers above 0")
        power = getattr(model, "ns_exponent", 0.75) if exponent is None else exponent
        self.source, self.target, self.known = model.source, model.target, model.known
        self.names_are_shared = model.names_are_shared
        bias = power * self._log_degrees(graph, graph.in_degrees, self.target, smoothing)
        self.target_bias = bias if model.target_bias is None else bias + model.target_bias
        self.source_bias = self._log_degrees(graph, graph.out_degrees, self.source, smoothing)

    @staticmethod
    def _log_degrees(
        graph: DirectedGraph, degrees: np.ndarray, vectors: Any, smoothing: float
    ) -> np.ndarray:
        ids = graph.ids
        return np.log(degrees[[ids[name] for name in vectors.index_to_key]] + smoothing)

    def _added(self, popularity: bool) -> list[np.ndarray]:
        return super()._added(False)

    @takes_flags
    def score(self, u: Any, v: Any, popularity: bool = True) -> Any:
        """As of `LinkModel`, with the logarithms of both degrees added, whatever `popularity`."""
        found = super().score(u, v)
        added = self.source_bias[_ids(self.source, u)]
        if isinstance(found, np.ndarray):
            return found + added
        return found + float(added[0])
