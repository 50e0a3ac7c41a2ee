"""The bench of nodes and links on tiny graphs, with what is installed here."""

import json
from pathlib import Path

import numpy as np
import pytest

from fastsgns.study.graphs import made

pytestmark = pytest.mark.usefixtures("bench_importable")
SMALL = ["--dim", "8", "--walk-length", "5", "--workers", "1"]


def main(arguments: list[str]) -> int:
    from bench.__main__ import main

    return main(arguments)


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    edges = "".join(f"{source} {target}\n" for source, target, _ in made(60, 300, 4).edges())
    (tmp_path / "tiny.edges").write_text(edges)
    (tmp_path / "tiny.labels").write_text("".join(f"{i} {'ab'[i % 2]}\n" for i in range(60)))
    return tmp_path / "tiny.edges"


def test_packages_are_judged_and_missing_ones_left_out(graph: Path, tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    packages = ["fastsgns", "fastsgns:epochs=2", "fastsgns:model=FastRP,dimensions=4"]
    packages.append("no_such_package")
    given = ["--packages", *packages, "--num-walks", "2", "--shares", "0.5"]
    assert main(["nodes", str(graph), *given, *SMALL, "--output", str(out)]) == 0
    shown = capsys.readouterr()
    assert "no_such_package is not installed" in shown.err
    assert "micro 50%" in shown.out
    results = json.loads(out.read_text())["results"]
    assert [result["package"] for result in results] == packages[:3]
    for result in results:
        assert set(result["seconds"]) == {"read", "walk and train"}
        assert result["cpu_seconds"] > 0 and result["peak_bytes"] > 1e6
        assert len(result["f1"]["raw"]) == len(result["f1"]["standardized"]) == 5


def test_packages_predict_held_out_edges_beside_the_baselines(graph: Path, tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    packages = ["fastsgns", "fastsgns:model=ProNE,dimensions=4"]
    given = ["--tasks", "links", "labels", "--recommended", "--packages", *packages]
    assert main(["nodes", str(graph), *given, "--workers", "1", "--output", str(out)]) == 0
    results = [r for r in json.loads(out.read_text())["results"] if r["task"] == "links"]
    baselines = ["degree product", "log degrees"]
    assert [r["package"] for r in results] == [*baselines, *packages]
    kinds = {"0 % reversed", "50 % reversed", "100 % reversed"}
    assert all(set(r["auc"]) == set(r["hits"]) == kinds for r in results)
    assert results[2]["settings"]["recommended"]
    shown = capsys.readouterr().out
    assert main(["nodes", "--table", "--output", str(out)]) == 0
    again = capsys.readouterr().out
    assert again.strip() in shown and "Hits@100" in again and "macro 90%" in again


def test_the_time_of_a_written_random_graph(tmp_path: Path, capsys):
    edges, out = tmp_path / "random.edges", tmp_path / "out.json"
    size = ["--nodes", "50", "--edges", "300"]
    assert main(["nodes", "--synthetic", *size, "--save-edges", str(edges)]) == 0
    lines = edges.read_text().splitlines()
    assert len(lines) == 300 and max(int(end) for line in lines for end in line.split()) < 50
    given = ["--tasks", "speed", "--packages", "fastsgns:model=FastRP,dimensions=4"]
    assert main(["nodes", str(edges), *given, "--output", str(out)]) == 0
    (result,) = json.loads(out.read_text())["results"]
    assert result["cpu_seconds"] > 0 and "f1" not in result
    assert "random" in capsys.readouterr().out


def test_peers_score_by_the_cosine():
    from bench.packages import CosineScorer

    scorer = CosineScorer(["a", "b", "c"], np.array([[3.0, 4.0], [0.0, 2.0], [0.0, 0.0]]))
    assert scorer.score(list("aabz"), list("bcaa")).tolist() == pytest.approx([0.8, 0, 0.8, 0])


def test_a_large_graph_is_made_and_its_memory_noted(tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    given = ["--synthetic", "--nodes", "300", "--edges", "2000", "--output", str(out)]
    assert main(["nodes", *given, *SMALL]) == 0
    assert "peak" in capsys.readouterr().out
    (result,) = json.loads(out.read_text())["results"]
    assert result["settings"]["num_walks"] == 1
    assert set(result["seconds"]) == {"build", "walk and train", "save"}
    assert set(result["step_peaks"]) == {"arrays of edges", *result["seconds"]}
    assert result["peak_bytes"] >= max(result["step_peaks"].values()) > 1e6


def test_a_star_is_walked_for_each_q(tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    assert main(["nodes", "--star", "300", "--output", str(out), *SMALL]) == 0
    assert "a star of 300 leaves, CPU time: q = 1: " in capsys.readouterr().out
    (result,) = json.loads(out.read_text())["results"]
    assert list(result["seconds"]) == ["q = 1", "q = 4", "q = 64", "q = 1000"]


def test_links_are_judged_by_graph_and_model(graph: Path, tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    given = ["--models", "joint", "hope", "--dim", "4", "--seeds", "2", "--output", str(out)]
    assert main(["links", str(graph), *given, "--fastsgns", "num_walks=2"]) == 0
    baselines = ["degree product", "log degrees"]
    models = [*baselines, "two, nerd, joint", "two, nerd, joint, degrees", "HOPE"]
    results = json.loads(out.read_text())["results"]
    assert [(r["seed"], r["model"]) for r in results] == [(s, m) for s in (1, 2) for m in models]
    assert all(len(r["scores"]) == 9 and min(r["scores"]) >= 0 for r in results)
    shown = capsys.readouterr().out
    assert all(model in shown for model in models)


def test_updates_are_compared_with_a_fit(graph: Path, tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    given = ["--dim", "4", "--seeds", "2", "--output", str(out), "--fastsgns", "num_walks=2"]
    assert main(["update", str(graph), *given]) == 0
    models = ["fit of the whole graph", "update, means alone"]
    models += [f"update, {how}" for how in ("free", "damped", "frozen")]
    results = json.loads(out.read_text())["results"]
    assert [(r["seed"], r["model"]) for r in results] == [(s, m) for s in (1, 2) for m in models]
    assert all(0 <= score <= 1 for r in results for score in r["scores"][:4])
    assert "recall@10 new" in capsys.readouterr().out


def test_tiny_graphs_are_learned_with_two_learning_rates(tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    assert main(["tiny", "--seeds", "1", "--output", str(out)]) == 0
    results = json.loads(out.read_text())["results"]
    sides = {result["side"] for result in results}
    assert sides - {"gensim"} == {"linear", "steps"}
    assert len(results) == len(sides) * 2 * 4 * 2, "graphs, kinds of models, numbers of epochs"
    assert all(0 < result["agreement"][0] < 1 for result in results)
    assert "les miserables" in capsys.readouterr().out
