"""One vector per node, or a source and a target vector, on held-out edges of directed graphs."""

from typing import Any, Literal

from fastsgns.graph.evaluation.links import BASELINES, LinkScores, evaluate_links
from fastsgns.graph.evaluation.splits import DEGREE, LinkSplit
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.training import LinkMatrices
from fastsgns.study.graphs import GraphMaterial, one_way

TEST_SHARE = 0.3
NEGATIVES = (0.0, 0.5, 1.0, DEGREE)
TRAINING: dict[str, Any] = {
    "walks": "nerd", "walk_length": 4, "num_walks": 400, "dimensions": 64, "check": False
}  # fmt: skip
RAW, JOINT = "raw", "with degrees"


def direction(
    material: GraphMaterial, seed: int, matrices: LinkMatrices | Literal["none"]
) -> dict[str, Any]:
    """Hold out 30 % of the edges of each graph, train on the others and score the held-out ones.

    Parameters
    ----------
    material : GraphMaterial
    seed : int
        Of the split, the negative edges and the training.
    matrices : str
        A value of the parameter of `NodeEmbedding`, or "none" for the baselines, which learn
        nothing (`fastsgns.graph.evaluation.links.BASELINES`).

    Returns
    -------
    dict
        By graph, for the raw scores and for the scores with degrees, or for each baseline: ``auc``
        and ``hits`` (Hits@100) by kind of negatives, ``mrr``, ``direction``, and ``one_way``, the
        share of the graph's edges whose reverse is not an edge.
    """
    scores = {}
    for name, graph in material.graphs.items():
        split = LinkSplit.of(graph, TEST_SHARE, seed)
        models: dict[str, Any] = {}
        if matrices != "none":
            model = NodeEmbedding(
                matrices=matrices, seed=seed, workers=material.workers, progress=False, **TRAINING
            )
            models[JOINT] = model.fit(split.train)
            models[RAW] = model.scorer(popularity=False)
        rows = evaluate_links(models, split, NEGATIVES, (100,), seed)
        scores[name] = {
            label: summary([row for row in rows if row.model == label])
            | {"one_way": one_way(graph)}
            for label in models or BASELINES
        }
    return scores


def summary(rows: list[LinkScores]) -> dict[str, Any]:
    """Return the scores of one model that a result contains."""
    return {
        "auc": {row.negatives: row.auc for row in rows},
        "hits": {row.negatives: row.hits[100] for row in rows},
        "mrr": rows[0].mrr,
        "direction": rows[0].direction,
    }
