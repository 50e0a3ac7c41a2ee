"""Graphs: construction from many sources, walks, and evaluation of link predictions and labels."""

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.classification import F1, Labels, classify, read_labels
from fastsgns.graph.evaluation.links import LinkScores, evaluate_links
from fastsgns.graph.evaluation.recommendation import Recall, evaluate_recommendations
from fastsgns.graph.evaluation.splits import LinkSplit
from fastsgns.graph.signed import four_roles, pair_features, role_name
from fastsgns.graph.types import read_types

__all__ = [
    "F1", "DirectedGraph", "Labels", "LinkScores", "LinkSplit", "Recall", "classify",
    "evaluate_links", "evaluate_recommendations", "four_roles", "pair_features", "read_labels",
    "read_types", "role_name",
]  # fmt: skip
