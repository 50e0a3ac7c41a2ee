"""The check of a fit: whether the scores rank held-out edges better than degrees do."""

from typing import NamedTuple

import numpy as np

from fastsgns.errors import warn
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.links import degree_product, score_by_id
from fastsgns.graph.evaluation.ranking import shares_below
from fastsgns.graph.evaluation.splits import LinkSplit
from fastsgns.models.links.base import LinkModel

SHARE = 0.01  # of the edges
FEWEST_EDGES, MOST_EDGES = 50, 1000
NEGATIVES_PER_EDGE = 10
STANDARD_ERRORS = 3.0  # a warning by chance in one of 700 fits


class LinkCheck(NamedTuple):
    """How the scores of a model and the degrees rank held-out edges among random pairs of nodes.

    Attributes
    ----------
    n_edges : int
        Number of held-out edges.
    auc : float
        Area under the ROC curve of the scores of the model.
    degree_auc : float
        That of out-degree(u) * in-degree(v).
    standard_error : float
        Of the difference of the two.
    """

    n_edges: int
    auc: float
    degree_auc: float
    standard_error: float

    @property
    def is_worse(self) -> bool:
        """Whether the scores are worse than the degrees by more than chance explains."""
        return self.degree_auc - self.auc > STANDARD_ERRORS * self.standard_error


def hold_out(graph: DirectedGraph, seed: int) -> LinkSplit | None:
    """Hold out a hundredth of the edges, but at most 1,000; None if that is less than 50.

    Both nodes of each of these edges keep another edge in the same role. Edges with times are not
    held out, because one at another time may join the same nodes. Nothing is held out of a graph in
    which more than half of all pairs are edges, because there are too few pairs to compare with.

    Examples
    --------
    >>> sources = np.repeat(np.arange(3000), 2)
    >>> graph = DirectedGraph.from_edges(sources, (2 * sources + np.tile([1, 2], 3000)) % 3000)
    >>> split = hold_out(graph, seed=1)
    >>> split, split.train.n_edges, int(split.train.out_degrees.min())
    (<LinkSplit: 60 test edges of <DirectedGraph: 3000 nodes, 6000 edges>>, 5940, 1)
    """
    size = min(MOST_EDGES, int(SHARE * graph.n_edges / (1 if graph.is_directed else 2)))
    is_dense = 2 * graph.n_edges > graph.n_nodes**2
    if size < FEWEST_EDGES or graph.times is not None or is_dense:
        return None
    rng = np.random.default_rng(seed)
    drawn = np.unique(rng.integers(graph.n_edges, size=8 * size))
    sources = (np.searchsorted(graph.out_offsets, drawn, "right") - 1).astype(np.int32)
    targets = graph.out_targets[drawn]
    order = rng.permutation(len(drawn))
    chosen = np.array(_spared(graph, drawn, sources, targets, order.tolist(), size), np.int64)
    if len(chosen) < FEWEST_EDGES:
        return None
    chosen.sort()
    sources, targets, positions = sources[chosen], targets[chosen], drawn[chosen]
    if not graph.is_directed:
        positions = np.sort(np.append(positions, graph.find(targets, sources)))
    return LinkSplit(graph, graph.without(positions), sources, targets)


def _spared(
    graph: DirectedGraph, edges: np.ndarray, sources: np.ndarray, targets: np.ndarray,
    order: list[int], size: int,
) -> list[int]:  # fmt: skip
    """Return the first `size` of some edges that leave their nodes another edge in the same role.

    They are positions in `edges`, which are tried in the given order. Another edge is there if the
    degree exceeds the weight of this one by half, which no rounding error does.
    """
    out_left = {node: graph.out_degrees[node] for node in sources.tolist()}
    in_left = {node: graph.in_degrees[node] for node in targets.tolist()}
    if not graph.is_directed:
        out_left |= in_left
        in_left = out_left
    spared: list[int] = []
    for i in order:
        u, v = int(sources[i]), int(targets[i])
        weight = 1.0 if graph.out_weights is None else float(graph.out_weights[edges[i]])
        is_one = u != v if graph.is_directed else u < v
        if is_one and out_left[u] > 1.5 * weight and in_left[v] > 1.5 * weight:
            out_left[u] -= weight
            in_left[v] -= weight
            spared.append(i)
            if len(spared) == size:
                break
    return spared


def check_links(model: LinkModel, split: LinkSplit, seed: int) -> LinkCheck:
    """Score the held-out edges and random pairs, and warn if degrees rank them better.

    The area under the ROC curve is a mean over the edges: that of the share of the random pairs
    with a lower score. The standard error of the difference to the degrees follows from the
    differences edge by edge.
    """
    pairs = split.negatives(0.0, NEGATIVES_PER_EDGE * len(split.sources), seed)
    own, degrees = (
        shares_below(score(split.sources, split.targets), score(*pairs))
        for score in (score_by_id(model, split.graph), degree_product(split.train))
    )
    error = float((own - degrees).std(ddof=1) / len(own) ** 0.5)
    check = LinkCheck(len(own), float(own.mean()), float(degrees.mean()), error)
    if check.is_worse:
        warn(
            f"on {check.n_edges} held-out edges and random pairs, the scores of the model have an "
            f"AUC of {check.auc:.2f}, the product of the degrees {check.degree_auc:.2f}: the "
            "vectors have not learned the links; try the default walks, more epochs, a lower alpha "
            "or fewer dimensions (check=False turns this check off)"
        )
    return check
