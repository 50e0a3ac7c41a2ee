"""One vector a node against source and target vectors, on edges taken out of directed graphs."""

from typing import Any, cast

from fastsgns.graph.evaluation.links import BASELINE, LinkScores, evaluate_links
from fastsgns.graph.evaluation.splits import DEGREE, LinkSplit
from fastsgns.matrices import MatricesMode
from fastsgns.models.links.joint import JointScore
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.study.graphs import GraphMaterial, one_way

SHARE = 0.3
KINDS = (0.0, 0.5, 1.0, DEGREE)
TRAINING: dict[str, Any] = {
    "walks": "nerd", "walk_length": 4, "num_walks": 400, "dimensions": 64
}  # fmt: skip
RAW, JOINT = "raw", "with degrees"


def direction(material: GraphMaterial, seed: int, matrices: str) -> dict[str, Any]:
    """Take 30 % of the edges out of each graph, learn from the others and score them.

    Parameters
    ----------
    material : GraphMaterial
    seed : int
        Of the split, the negatives and the training.
    matrices : str
        As of `NodeEmbedding`; or "degree product", which learns nothing.

    Returns
    -------
    dict
        By graph, for the raw scores and those with degrees (`JointScore`): ``auc`` and ``hits``
        (Hits@100) by kind of negatives, ``mrr``, ``direction``, and ``one_way``, the share of the
        graph's edges whose reverse is no edge.
    """
    found = {}
    for name, graph in material.graphs.items():
        split = LinkSplit.of(graph, SHARE, seed)
        models: dict[str, Any] = {}
        if matrices != BASELINE:
            model = NodeEmbedding(
                matrices=cast(MatricesMode, matrices), seed=seed, workers=material.workers,
                progress=False, **TRAINING,
            )  # fmt: skip
            models[RAW] = model.fit(split.train)
            models[JOINT] = JointScore(model, split.train)
        rows = evaluate_links(models, split, KINDS, (100,), seed)
        wanted = models or {BASELINE: None}
        found[name] = {
            label: summary([row for row in rows if row.model == label])
            | {"one_way": one_way(graph)}
            for label in wanted
        }
    return found


def summary(rows: list[LinkScores]) -> dict[str, Any]:
    """What of one model's rows goes into a result."""
    return {
        "auc": {row.negatives: row.auc for row in rows},
        "hits": {row.negatives: row.hits[100] for row in rows},
        "mrr": rows[0].mrr,
        "direction": rows[0].direction,
    }
