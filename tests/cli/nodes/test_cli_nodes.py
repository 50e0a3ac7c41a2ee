"""fastsgns nodes: train, update, recommend, eval, classify."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from fastsgns import DirectedGraph, KeyedVectors
from fastsgns.cli import main
from fastsgns.cli.nodes import graphs, models
from fastsgns.graph import files
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.pairs import PairEmbedding
from fastsgns.study.graphs import made

FEW = ["--dim", 8, "--workers", 1, "--quiet"]
SHORT = ["--num-walks", 4, "--walk-length", 10]


def run(*arguments: object) -> int:
    return main(["nodes", *map(str, arguments)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("nodes")
    graph = made(80, 600, 4)
    text = "".join(f"n{source} n{target}\n" for source, target, _ in graph.edges())
    (path / "edges").write_text("# made\n" + text)
    (path / "labels").write_text("".join(f"n{i} {'ab'[i % 2]}\n" for i in range(90)))
    for name, walks in (("two", SHORT), ("HOPE", [])):
        given = [path / "edges", "-o", path / name, "--model", name]
        assert run("train", *given, *FEW, *walks) == 0
    return path


@pytest.mark.parametrize("command", ["", "train", "update", "recommend", "eval", "classify"])
def test_help_teaches_by_example(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        run(*filter(None, [command]), "--help")
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert "examples:" in shown
    assert f"fastsgns nodes {command}".strip() in shown


@pytest.mark.parametrize("name", ["two", "HOPE"])
def test_recommend_prints_new_targets(folder: Path, name: str, capsys):
    known = {line.split()[1] for line in (folder / "edges").read_text().splitlines()
             if line.split()[0] == "n3"}  # fmt: skip
    assert run("recommend", folder / name, "n3", "nobody", "-n", 5) == 0
    shown = capsys.readouterr()
    found = [line.split()[0] for line in shown.out.splitlines()[1:]]
    assert len(found) == 5
    assert not known & set(found)
    assert "'nobody' is not among the" in shown.err
    assert run("recommend", folder / name, "nobody") == 1
    capsys.readouterr()
    assert run("recommend", folder / name, "n3", "-n", 1000, "--all") == 0
    assert known <= {line.split()[0] for line in capsys.readouterr().out.splitlines()}


def test_eval_prints_the_baseline_with_the_models(folder: Path, capsys):
    given = [folder / "edges", "--models", "two", "tied", "STRAP", "--seeds", 2, *FEW, *SHORT]
    assert run("eval", *given, "--negatives", 100, "degree") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:4] == ["negatives", "model", "AUC", "AP"]
    assert len(lines) == 1 + 2 * 7
    assert "degree product" in lines[1] and "±" in lines[1]
    assert "log degrees" in lines[2]
    assert run("eval", *given, "--json") == 0
    seeds = json.loads(capsys.readouterr().out)
    assert len(seeds) == 2
    assert len(seeds[0]) == 4 * 7
    one = {(row["model"], row["negatives"]): row for row in seeds[0]}
    assert one["tied, raw", "0 % reversed"]["direction"] == pytest.approx(0.5, abs=0.01)


def test_classify_prints_f1_by_share(folder: Path, capsys):
    given = [folder / "two", folder / "labels", "--seeds", 2]
    assert run("classify", *given, "--shares", 20, 50) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("nodes, 2 labels; 10 labeled nodes are not in the model")
    assert [line.split()[0] for line in lines[1:]] == ["trained", "20%", "50%"]
    assert run("classify", *given, "--json", "--vectors", "target") == 0
    assert len(json.loads(capsys.readouterr().out)) == 18


def test_one_role_goes_to_word2vec_text(folder: Path, capsys):
    texts = []
    for role in ("source", "target"):
        out = folder / f"{role}.txt"
        given = ["--vectors", role, "--model", "HOPE", *FEW]
        assert run("train", folder / "edges", "-o", out, *given) == 0
        texts.append(out.read_text())
    assert texts[0] != texts[1]
    n, d = map(int, texts[0].split("\n")[0].split())
    assert d == 8
    assert n == len(texts[0].splitlines()) - 1


def test_undirected_and_delimited_edges_are_read(tmp_path: Path):
    (tmp_path / "friends.csv").write_text("ann lee,bob,2\nbob,cid,1\ncid,ann lee,1\n")
    given = ["--undirected", "--delimiter", ",", "-o", tmp_path / "model", "--p", 0.5, "--q", 2]
    assert run("train", tmp_path / "friends.csv", *given, *FEW, *SHORT) == 0
    assert run("recommend", tmp_path / "model", "ann lee", "--all") == 0


@pytest.mark.parametrize(
    "given",
    [
        [],
        ["fly"],
        ["train", "edges"],
        ["eval", "edges", "--negatives", "120"],
        ["eval", "edges", "--test", "2"],
        ["eval", "edges", "--models", "three"],
        ["classify", "two", "labels", "--shares", "0"],
        ["train", "edges", "-o", "edges"],
        ["train", "edges", "-o", "new", "--errors", "ignore"],
    ],
)
def test_wrong_usage_exits_with_2(folder: Path, given, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    with pytest.raises(SystemExit) as stop:
        run(*given)
    assert stop.value.code == 2
    assert "usage: fastsgns nodes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [
        ["train", "none", "-o", "new"],
        ["recommend", "edges", "n1"],
        ["recommend", "source-vectors", "n1"],
        ["classify", "two", "none"],
        ["train", "edges", "-o", "new", "--dim", "1000", "--model", "HOPE"],
    ],
)
def test_failures_are_one_line(folder: Path, given, monkeypatch, capsys):
    from fastsgns import KeyedVectors

    monkeypatch.chdir(folder)
    vectors = KeyedVectors.from_arrays(["n1"], np.ones((1, 2), np.float32))
    vectors.save("source-vectors")
    assert run(*given) == 1
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == 1
    assert shown[0].startswith("fastsgns: ")


def test_options_that_the_model_does_not_know_are_wrong_usage(folder: Path, capsys):
    given = ["train", folder / "edges", "-o", folder / "odd", "--model"]
    for options, message in (
        (["HOPE", "--p", 3, "--walks", "nerd"], "--model HOPE does not have --walks, --p"),
        (["two", "--beta", 0.1], "--model two does not have --beta"),
    ):
        with pytest.raises(SystemExit) as stop:
            run(*given, *options)
        assert stop.value.code == 2
        assert message in capsys.readouterr().err


def test_every_setting_of_walks_reaches_the_model(folder: Path, tmp_path: Path):
    given = ["train", folder / "edges", "-o", tmp_path / "model", *FEW, *SHORT]
    settings = ["--ns-exponent", 0, "--sample", 0.1, "--full-windows", "--sharing", "pair"]
    assert run(*given, *settings, "--window", 3, "--alpha", 0.03) == 0
    wanted = {"ns_exponent": 0, "sample": 0.1, "shrink_windows": False, "window_size": 3,
              "negative_sharing": "pair", "alpha": 0.03, "num_walks": 4}  # fmt: skip
    found = NodeEmbedding.load(tmp_path / "model").get_params()
    assert {name: found[name] for name in wanted} == wanted
    assert run(*given, "--walks", "nerd", "--joint") == 0
    assert NodeEmbedding.load(tmp_path / "model").joint is True
    assert run(*given, "--walks", "app", "--stop", 0.5) == 0
    assert NodeEmbedding.load(tmp_path / "model").stop == 0.5


def test_names_that_look_alike_are_refused():
    assert models.by_text([7, "a"]) == {"7": 7, "a": "a"}
    with pytest.raises(ValueError, match="look alike"):
        models.by_text([7, "7"])


def test_json_knows_no_nan(folder: Path, capsys):
    given = [folder / "edges", "--undirected", "--models", "HOPE", "--dim", 4, "--seeds", 1]
    assert run("eval", *given, "--json", "-q") == 0
    rows = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert all(row["direction"] is None for row in rows[0])
    with pytest.raises(SystemExit):
        run("eval", *given, "--negatives", 50, 100)
    assert "no reversed edges" in capsys.readouterr().err


def test_sources_of_pairs_can_be_classified(folder: Path, tmp_path: Path, capsys):
    pairs = [(f"u{i}", f"item{(i * 7 + j) % 9}") for i in range(40) for j in range(5)]
    model = PairEmbedding(dimensions=4, workers=1, progress=False).fit(pairs)
    model.save(tmp_path / "pairs")
    (tmp_path / "labels").write_text("".join(f"u{i} {'ab'[i % 2]}\n" for i in range(40)))
    given = [tmp_path / "pairs", tmp_path / "labels", "--seeds", 1, "--shares", 50]
    assert run("classify", *given) == 0
    assert capsys.readouterr().out.startswith("40 nodes, 2 labels\n")


def test_a_saved_graph_stands_alone(folder: Path, tmp_path: Path, capsys):
    made(30, 90, 3).save(tmp_path / "graph")
    assert run("eval", tmp_path / "graph", "--models", "HOPE", "--dim", 4, "--seeds", 1, "-q") == 0
    for more in (["--undirected"], [folder / "edges"]):
        with pytest.raises(SystemExit) as stop:
            run("eval", tmp_path / "graph", *more)
        assert stop.value.code == 2
        assert "is a saved graph" in capsys.readouterr().err


def test_vectors_of_nodes_are_asked_and_converted_like_words(folder: Path, tmp_path: Path, capsys):
    model = NodeEmbedding.load(folder / "two")
    node = model.source.index_to_key[0]
    for role, vectors in (("input", model.source), ("output", model.target)):
        assert main(["nn", str(folder / "two"), node, "-n", "1", "--role", role]) == 0
        assert vectors.most_similar(node, topn=1)[0][0] in capsys.readouterr().out
        out = tmp_path / f"{role}.txt"
        assert main(["convert", str(folder / "two"), str(out), "--role", role]) == 0
        read = KeyedVectors.load_word2vec_format(out)
        np.testing.assert_allclose(read[node], vectors[node], rtol=1e-5)
    assert main(["nn", str(folder / "HOPE"), node, "-n", "1"]) == 0
    assert main(["nn", str(folder / "two"), node, "--role", "sum"]) == 1
    assert "roles are input (sources) and output" in capsys.readouterr().err


def test_every_fault_of_a_line_has_advice_in_options(capsys):
    with pytest.raises(SystemExit):
        run("train", "--help")
    known = set(re.findall(r"--[a-z-]+", capsys.readouterr().out))
    assert set(graphs.ADVICE) == set(files.ADVICE) == set(files.SEEN)
    for advice in graphs.ADVICE.values():
        assert set(re.findall(r"--[a-z-]+", advice)) <= known
        assert "=" not in advice


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (b"1, 2\n2, 3\n", 1, "--delimiter ,"),
        (b"1,2\n", 1, "--delimiter"),
        (b"source target\n1 2\n", 1, "--skip-lines 1"),
        (b"1 2\n1 2 x\n", 2, "--unweighted"),
        (b"a b w\n1 2 3\n", 1, "--skip-lines 1"),
        (b"1 2 3 4\n", 1, "--weighted"),
        (b"1 2\ncaf\xe9 2\n", 2, "--errors replace"),
    ],
)
def test_errors_of_edges_speak_of_options(text, line, words, tmp_path: Path, capsys):
    edges = tmp_path / "edges.txt"
    edges.write_bytes(text)
    for given in (["train", edges, "-o", tmp_path / "new"], ["eval", edges, "--seeds", 1]):
        assert run(*given, "-q", "--workers", 1) == 1
        shown = capsys.readouterr().err
        assert f"edges.txt, line {line}: " in shown
        assert words in shown
        assert not re.search(r"\w=", shown)


def test_the_advice_about_edges_can_be_followed(tmp_path: Path, capsys):
    edges = tmp_path / "edges.txt"
    edges.write_text("source,target,km,note\n1,2,3,x\n2,3,4,y\n3,1,5,z\n")
    given = ["train", edges, "-o", tmp_path / "new", *FEW, *SHORT, "--delimiter", ",", "-q"]
    assert run(*given, "--skip-lines", 1, "--weighted") == 0
    assert run(*given, "--skip-lines", 0, "--unweighted") == 0
    assert "source" in NodeEmbedding.load(tmp_path / "new").source
    edges.write_text("a\tb\nb\tc\n")
    assert run("train", edges, "-o", tmp_path / "new", *FEW, *SHORT, "--delimiter", r"\t") == 0
    for wrong in (["--delimiter", "ab"], ["--skip-lines", -1], ["--weighted", "--unweighted"]):
        with pytest.raises(SystemExit):
            run(*given, *wrong)
        assert "usage: fastsgns nodes train" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--walks", "nerd", "--model", "tied+bias"], "--walks nerd also predicts"),
        (["--joint", "--walks", "forward"], "requires --walks nerd"),
        (["--walks", "app", "--stop", 2], "--stop is 2.0"),
        (["--window", 9999999], "--window is 9999999"),
        (["--dim", 10**8], "--dim is 100000000"),
        (["--model", "STRAP", "--error", 0], "--error is 0.0"),
        (["--p", 0], "--p is 0.0"),
        (["--ns-exponent", "nan"], "--ns-exponent is nan"),
    ],
)
def test_errors_of_parameters_name_options(options, words, folder: Path, tmp_path: Path, capsys):
    assert run("train", folder / "edges", "-o", tmp_path / "new", *options, "-q") == 1
    shown = capsys.readouterr().err
    assert words in shown
    assert not re.search(r"\w=", shown)


def test_walks_along_metapaths_and_in_time(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    edges = [(f"a{i}", f"p{(i + step) % 8}", i + step) for i in range(8) for step in range(3)]
    Path("edges").write_text("".join(f"{u} {v} {time}\n" for u, v, time in edges))
    Path("weighted").write_text("".join(f"{u},{v},2,{time}\n" for u, v, time in edges))
    Path("types").write_text("".join(f"a{i} author\np{i} paper\n" for i in range(8)))
    common = ["-o", "model", *FEW, *SHORT]
    along = ["--types", "types", "--walks", "metapath", "--metapath", "author", "paper", "author"]
    assert run("train", "edges", "--times", 3, *common, *along) == 0
    assert NodeEmbedding.load("model").metapath == [["author", "paper", "author"]]
    several = [*along, "--metapath", "paper", "author", "paper"]
    assert run("train", "edges", "--unweighted", *common, *several) == 0
    assert len(NodeEmbedding.load("model").metapath) == 2
    in_time = ["--walks", "temporal", "--strict-times"]
    assert run("train", "weighted", "--delimiter", ",", "--times", 4, *common, *in_time) == 0
    assert NodeEmbedding.load("model").strict_times is True
    DirectedGraph.of("edges", times=3).save("graph")
    assert run("train", "graph", *common, *along) == 0
    capsys.readouterr()
    for given, message in (
        (["edges", "--times", 4], "a column is missing"),
        (["edges", *in_time], "needs times of the edges"),
        (["edges", "--walks", "metapath"], "needs --metapath"),
        (["edges", *along[:-1]], "ends with another type"),
        (["edges", "--types", "edges"], "a line is `node type`"),
        (["weighted", "--delimiter", ",", "--types", "types"], "`node type`, separated by ','"),
    ):
        assert run("train", *given, *common) != 0
        assert message in capsys.readouterr().err


def test_labels_of_a_table(folder: Path, tmp_path: Path, capsys):
    model = NodeEmbedding.load(folder / "two")
    names = [str(name) for name in model.source.index_to_key]
    labels = tmp_path / "labels.csv"
    rows = [f'"{name}",{"ab"[i % 2]}' for i, name in enumerate(names)]
    labels.write_text("\n".join(["node,label", *rows]) + "\n")
    given = ["classify", folder / "two", labels, "--shares", 50, "--seeds", 1]
    assert run(*given) == 1
    assert "labels.csv, line 1: 'node,label' looks like" in (shown := capsys.readouterr().err)
    assert "--skip-lines 1" in shown and "=" not in shown
    assert run(*given, "--skip-lines", 1) == 0
    assert f"{len(names)} nodes, 2 labels\n" in capsys.readouterr().out
    assert run(*given, "--skip-lines", 1, "--delimiter", ";") == 1
    assert "a quote opens a column" in capsys.readouterr().err
