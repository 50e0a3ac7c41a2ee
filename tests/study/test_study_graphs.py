"""The material of C9: graphs made and read, and what depends on them."""

import numpy as np
import pytest

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.links import evaluate_links
from fastsgns.graph.evaluation.splits import LinkSplit
from fastsgns.models.links import HOPE
from fastsgns.study import graphs
from fastsgns.study.graphs import GraphMaterial
from fastsgns.study.settings import Settings


def test_a_made_graph_has_roles_beyond_degrees():
    graph = graphs.made(300, 3000, 8)
    assert (graph.n_nodes, graph.n_edges) == (300, 3000)
    assert not np.any(graph.out_sources == graph.out_targets)
    split = LinkSplit.of(graph, 0.3)
    hope = HOPE(16, progress=False).fit(split.train)
    *baselines, found = evaluate_links({"HOPE": hope}, split, ["degree"])
    assert found.auc > max(baseline.auc for baseline in baselines) + 0.2
    assert found.direction > 0.7


def test_graphs_are_read_by_name_from_files_and_folders(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.edges").write_text("a b\nb c\n")
    assert list(graphs.load(tmp_path)) == ["one", "two"]
    found = graphs.load(tmp_path / "two.edges")
    assert list(found) == ["two"]
    assert found["two"].names == ["b", "a", "c"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no file"):
        graphs.load(tmp_path / "empty")
    (tmp_path / "mutual.edges").write_text("a b\nb a\n")
    with pytest.raises(ValueError, match="mutual: the reverse of each edge is an edge"):
        graphs.load(tmp_path)


def test_one_way_edges_are_those_without_a_reverse():
    graph = DirectedGraph.from_edges([0, 1, 1, 2], [1, 0, 2, 3])
    assert graphs.one_way(graph) == 0.5
    assert GraphMaterial({"g": graph}, Settings()).facts["graphs"]["g"]["one_way"] == 0.5


def test_results_belong_to_graphs_and_sizes():
    one, other = graphs.made(30, 60, 3), graphs.made(30, 60, 3, seed=1)
    sizes = Settings(dimensions=4)
    identity = GraphMaterial({"g": one}, sizes).identity
    assert GraphMaterial({"g": one}, sizes, workers=1).identity == identity
    assert GraphMaterial({"g": other}, sizes).identity != identity
    assert GraphMaterial({"h": one}, sizes).identity != identity
    ring = [DirectedGraph.from_edges([0, 1, 2], [1, 2, 0], w) for w in ([1, 2, 3], [1, 2, 4])]
    signed = DirectedGraph.from_edges([0, 1, 2], [1, 2, 0], [1, 2, -3])
    by_weight = [str(GraphMaterial({"g": g}, sizes).identity) for g in (*ring, signed)]
    assert len(set(by_weight)) == 3
