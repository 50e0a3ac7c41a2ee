"""JointScore: the scores of a model plus the logarithms of the degrees that they leave out."""

from typing import Any

import numpy as np

from fastsgns.graph.degrees import SMOOTHING, LogDegrees
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.scoring import LinkScorer, Recommended
from fastsgns.rules import takes_flags
from fastsgns.vectors.keyedvectors import KeyedVectors


class JointScore:
    """Scores links by their joint probability P(u, v), with the vectors of another model.

    With negative samples from a distribution q, the scores of skip-gram approach

        s_u . t_v = log P(u, v) / (P(u) q(v)) - log k.

    They tell how much likelier a link is than the degrees of its ends make it. Popular targets and
    active sources thus have no advantage, and the score of a link may be lower than that of a
    random pair. The joint probability is

        log P(u, v) = s_u . t_v + log P(u) + log q(v) + log k.

    With P(u) in proportion to out-degree(u) + e, and q(v) in proportion to (in-degree(v) + e)^a,
    it is up to a constant

        score(u, v) = s_u . t_v + log(out-degree(u) + e) + a log(in-degree(v) + e).

    e is smaller than the 1 that training adds to degrees, so that a node without out-edges is a
    less likely source. Models of "undirected" walks draw negative samples by the sum of both
    degrees. For them the score adds degrees that their negative samples did not take out.

    `recommend` ranks targets by the same score without log P(u), which does not change the order.

    ``LinkModel.score(popularity=True)``, the default, is this score for the graph that the model
    was fitted to, if its walks follow the direction of edges. This class serves other exponents,
    and models without negative samples.

    Parameters
    ----------
    model : LinkModel
        A model trained with negative samples by in-degree^a, such as `NodeEmbedding`.
    graph : DirectedGraph
        The graph that the model was fitted to.
    exponent : float, optional
        a; by default the model's `ns_exponent`, or 0.75 if it has none.
    smoothing : float
        e, above 0, as a share of the mean weight of an edge.

    Attributes
    ----------
    source, target : KeyedVectors
        The vectors of the model.
    known : KnownLinks or None
        The known links of the model.
    source_bias : ndarray of float64, shape (n_sources,)
        log(out-degree + e).
    target_bias : ndarray of float64, shape (n_targets,)
        a log(in-degree + e), plus the bias of the model if it has one.

    References
    ----------
    Levy, Goldberg: Neural word embedding as implicit matrix factorization, 2014, equation 7.

    Examples
    --------
    >>> from fastsgns.models.links.nodes import NodeEmbedding
    >>> graph = DirectedGraph.from_edges(list("aabbcd"), list("bcacaa"))
    >>> model = NodeEmbedding(dimensions=4, workers=1).fit(graph)
    >>> joint = JointScore(model, graph)
    >>> added = joint.score("a", "b") - model.score("a", "b", popularity=False)
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
        if exponent is None:
            exponent = getattr(model, "ns_exponent", 0.75)
        self.source, self.target, self.known = model.source, model.target, model.known
        self.names_are_shared = model.names_are_shared
        degrees = LogDegrees.of(graph, exponent, smoothing)
        self.source_bias = degrees.source[_ids(graph, self.source)]
        bias = degrees.target[_ids(graph, self.target)]
        self.target_bias = bias if model.target_bias is None else bias + model.target_bias

    def __repr__(self) -> str:
        return f"<JointScore of {len(self.source)} sources and {len(self.target)} targets>"

    @takes_flags
    def score(self, u: Any, v: Any, popularity: bool = True) -> float | np.ndarray:
        """Return scores as `LinkModel.score` does; `popularity` has no effect."""
        return self._scorer().score(u, v)

    @takes_flags
    def recommend(
        self, u: Any, topn: int = 10, exclude_known: bool = True, popularity: bool = True
    ) -> Recommended | list[Recommended]:
        """Return targets as `LinkModel.recommend` does; `popularity` has no effect."""
        return self._scorer().recommend(u, topn, exclude_known)

    def _scorer(self) -> LinkScorer:
        return LinkScorer(
            self.source,
            self.target,
            self.target.array,
            source_bias=self.source_bias,
            target_biases=(self.target_bias,),
            known=self.known,
            names_are_shared=self.names_are_shared,
        )


def _ids(graph: DirectedGraph, vectors: KeyedVectors) -> list[int]:
    return [graph.ids[name] for name in vectors.index_to_key]
