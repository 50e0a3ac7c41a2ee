"""The bench of nodes on tiny graphs, with what is installed here."""

import json
from pathlib import Path

import pytest

from fastsgns.study.graphs import made

pytest.importorskip("bench", reason="the bench is not part of this installation")
from bench.__main__ import main

SMALL = ["--dim", "8", "--walk-length", "5", "--workers", "1"]


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    edges = "".join(f"{source} {target}\n" for source, target, _ in made(60, 300, 4).edges())
    (tmp_path / "tiny.edges").write_text(edges)
    (tmp_path / "tiny.labels").write_text("".join(f"{i} {'ab'[i % 2]}\n" for i in range(60)))
    return tmp_path / "tiny.edges"


def test_packages_are_judged_and_missing_ones_left_out(graph: Path, tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    given = ["--packages", "fastsgns", "node2vec", "--num-walks", "2", "--shares", "0.5"]
    assert main(["nodes", str(graph), *given, *SMALL, "--output", str(out)]) == 0
    shown = capsys.readouterr()
    assert "node2vec is not installed" in shown.err
    assert "micro 50%" in shown.out
    (result,) = json.loads(out.read_text())["results"]
    assert set(result["seconds"]) == {"read", "walk and train"}
    assert len(result["f1"]) == 5


def test_a_large_graph_is_made_and_its_memory_noted(tmp_path: Path, capsys):
    out = tmp_path / "out.json"
    given = ["--synthetic", "--nodes", "300", "--edges", "2000", "--output", str(out)]
    assert main(["nodes", *given, *SMALL]) == 0
    assert "peak" in capsys.readouterr().out
    (result,) = json.loads(out.read_text())["results"]
    assert result["settings"]["num_walks"] == 1
    assert result["peak_bytes"] > 1e6
