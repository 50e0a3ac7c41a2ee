"""Recommendation: how many held-out targets of each source are among the first recommended ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.links import check_named
from fastsgns.graph.evaluation.splits import LinkSplit
from fastsgns.rules import integer, takes

MOST_POPULAR = "most popular"


class Recommender(Protocol):
    """A model that recommends targets."""

    def recommend(self, u: Any, topn: int) -> Any:
        """Return a list of (target, score) for each name of the list `u`, best first.

        Known links of the source are left out.
        """


@dataclass(frozen=True)
class Recall:
    """How well a model recommends.

    Attributes
    ----------
    model : str
        Name of the model.
    k : int
        Number of recommended targets per source.
    recall : float
        The share of the held-out targets of a source that are recommended, as a mean over sources.
    hit_rate : float
        The share of sources with at least one held-out target among those recommended.
    n_sources : int
        Number of sources with held-out targets.
    """

    model: str
    k: int
    recall: float
    hit_rate: float
    n_sources: int


class MostPopular:
    """Recommends the targets with the highest in-degree that are not known: the baseline.

    Parameters
    ----------
    graph : DirectedGraph
        The graph to train on.

    Examples
    --------
    >>> MostPopular(DirectedGraph.from_edges(list("abc"), list("ddb"))).recommend(["a"], topn=1)
    [[('b', 1.0)]]
    """

    def __init__(self, graph: DirectedGraph) -> None:
        self.graph = graph
        self.order = np.argsort(-graph.in_degrees, kind="stable")

    def recommend(self, u: list[Any], topn: int) -> list[list[tuple[Any, float]]]:
        """Return the `topn` most popular targets of each source."""
        return [self._of(self.graph.ids[name], topn) for name in u]

    def _of(self, source: int, topn: int) -> list[tuple[Any, float]]:
        graph = self.graph
        start, stop = graph.out_offsets[source : source + 2]
        known = np.append(graph.out_targets[start:stop], source)
        first = self.order[: topn + len(known)]
        best = first[~np.isin(first, known)][:topn]
        return [(graph.names[i], float(graph.in_degrees[i])) for i in best]


@takes(k=integer(1, 2**62))
def evaluate_recommendations(
    models: Mapping[str, Recommender], split: LinkSplit, k: int = 10
) -> list[Recall]:
    """Evaluate recommendations on held-out edges, along with the baseline `MostPopular`.

    The models must have been trained on ``split.train`` only, and must not recommend its links. An
    undirected edge is a target of both of its nodes.

    Parameters
    ----------
    models : mapping of str to object with ``recommend(sources, topn)``
    split : LinkSplit
    k : int
        Number of targets to recommend.

    Returns
    -------
    list of Recall
        The baseline is the first.

    Raises
    ------
    ValueError
        If `k` is below 1.

    Examples
    --------
    >>> graph = DirectedGraph.from_edges(list("aabbcc"), list("dedede"))
    >>> split = LinkSplit.of(graph, share=0.3, seed=2)
    >>> [(row.model, row.recall) for row in evaluate_recommendations({}, split, k=1)]
    [('most popular', 1.0)]
    """
    held_out = _targets_by_source(split)
    sources = list(held_out)
    check_named(models, [MOST_POPULAR])
    recommenders = {MOST_POPULAR: MostPopular(split.train)} | dict(models)
    rows = []
    for name, model in recommenders.items():
        found = [
            len(held_out[source].intersection(target for target, _ in best))
            for source, best in zip(sources, model.recommend(sources, topn=k))
        ]
        shares = [n / len(held_out[source]) for n, source in zip(found, sources)]
        hits = float(np.mean(np.array(found) > 0))
        rows.append(Recall(name, k, float(np.mean(shares)), hits, len(sources)))
    return rows


def _targets_by_source(split: LinkSplit) -> dict[Any, set[Any]]:
    ends = [(split.sources, split.targets)]
    if not split.graph.is_directed:
        ends.append((split.targets, split.sources))
    found: dict[Any, set[Any]] = {}
    names = split.graph.names
    for sources, targets in ends:
        for source, target in zip(sources.tolist(), targets.tolist()):
            found.setdefault(names[source], set()).add(names[target])
    return found
