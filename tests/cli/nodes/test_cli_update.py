"""fastsgns nodes update: a saved model and the edges as they are now."""

from pathlib import Path

import numpy as np
import pytest

from fastsgns import load
from fastsgns.cli import main
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.study.graphs import made


def run(*arguments: object) -> int:
    return main(["nodes", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = "".join(f"n{source} n{target}\n" for source, target, _ in made(60, 400, 4).edges())
    (tmp_path / "edges").write_text(text)
    (tmp_path / "new").write_text("new n1\nn2 new\n")
    few = ["--dim", 8, "--workers", 1, "--num-walks", 4, "--quiet"]
    assert run("train", tmp_path / "edges", "-o", tmp_path / "m", *few) == 0
    return tmp_path


def update(folder: Path, *arguments: object, output: str = "m2") -> int:
    edges = folder / "edges", folder / "new"
    return run("update", folder / "m", *edges, "-o", folder / output, "--workers", 1, *arguments)


def test_new_nodes_get_vectors(folder: Path, capsys):
    before = NodeEmbedding.load(folder / "m")
    assert update(folder, "--old-rows", "frozen", "--epochs", 2) == 0
    assert "1 new nodes, 0 removed" in capsys.readouterr().err
    after = NodeEmbedding.load(folder / "m2")
    assert set(after.source.index_to_key) == {*before.source.index_to_key, "new"}
    assert after.epochs_trained == before.epochs_trained + 2
    for name in before.source.index_to_key:
        assert np.array_equal(after.source[name], before.source[name])
    assert run("recommend", folder / "m2", "new", "-n", 3) == 0
    assert update(folder, "--old-rows", 0.5, "--quiet", output="m") == 0, "in place"
    assert "new" in NodeEmbedding.load(folder / "m").source


def test_missing_nodes_are_removed_only_on_demand(folder: Path, capsys):
    few = ["-o", folder / "m2", "--workers", 1]
    assert run("update", folder / "m", folder / "new", *few) == 1
    assert "or --remove-missing" in capsys.readouterr().err
    assert not (folder / "m2").exists()
    assert run("update", folder / "m", folder / "new", *few, "--remove-missing") == 0
    assert "1 new nodes, " in capsys.readouterr().err
    assert set(NodeEmbedding.load(folder / "m2").source.index_to_key) == {"n1", "n2", "new"}


def test_other_models_and_wrong_factors_are_wrong_usage(folder: Path, capsys):
    with pytest.raises(SystemExit):
        update(folder, "--old-rows", "lazy")
    assert "allowed are 'free', 'damped', 'frozen'" in capsys.readouterr().err
    hope = ["-o", folder / "m", "--model", "HOPE", "--dim", 4, "--quiet"]
    assert run("train", folder / "edges", *hope) == 0
    with pytest.raises(SystemExit):
        update(folder)
    assert "is a HOPE, which cannot be updated" in capsys.readouterr().err


def test_an_undirected_model_is_updated_without_direction(tmp_path, capsys):
    edges, model = tmp_path / "edges", tmp_path / "model.fastsgns"
    edges.write_text("a b\nb c\nc a\n")
    train = ["nodes", "train", str(edges), "-o", str(model), "--undirected", "--dim", "4", "-q"]
    assert main(train) == 0
    update = ["nodes", "update", str(model), str(edges), "-o", str(tmp_path / "new.fastsgns"), "-q"]
    with pytest.raises(SystemExit):
        main(update)
    assert "give it here, too" in capsys.readouterr().err
    assert main([*update, "--undirected"]) == 0


def test_errors_of_walks_and_updates_speak_of_options(tmp_path, capsys):
    edges, types, model = tmp_path / "edges", tmp_path / "types", tmp_path / "model.fastsgns"
    edges.write_text("a b\nb c\nc a\n")
    types.write_text("node type\na x\nb y\nc x\n")
    train = ["train", edges, "-o", model, "--dim", 4, "-q"]
    metapath = ["--walks", "metapath", "--metapath", "x", "y", "x"]
    for options, words in (
        (metapath, "give --types FILE"),
        (["--metapath", "x", "y", "x"], "--metapath needs --walks metapath"),
        (["--walks", "metapath"], "needs --metapath"),
        (["--walks", "temporal"], "give --times COLUMN"),
    ):
        try:
            code = run(*train, *options)
        except SystemExit as error:  # of arguments, whatever the graph is
            code = error.code
        assert code in (1, 2) and words in capsys.readouterr().err
    assert run(*train, "--types", types, *metapath) == 1
    assert "--types-skip-lines 1" in capsys.readouterr().err
    assert run(*train, "--types", types, "--types-skip-lines", 1, *metapath) == 0
    edges.write_text("a b\n")
    assert run(*train) == 0
    edges.write_text("b c\n")
    update = ["update", model, edges, "-q", "-o"]
    assert run(*update, tmp_path / "new.fastsgns") == 1
    assert "or --remove-missing" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        run(*update, tmp_path / "new.txt")
    assert "native format" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "parameters"),
    [
        (["FastRP", "--weights", 0, 1, 2, "--beta", -0.5], {"weights": (0, 1, 2), "beta": -0.5}),
        (["ProNE", "--order", 0, "--mu", 0.3, "--theta", 0.4], {"order": 0, "mu": 0.3}),
        (["STRAP", "--alpha", 0.3, "--error", 1e-3], {"alpha": 0.3, "error": 1e-3}),
        (["HOPE", "--beta", 0.1], {"beta": 0.1}),
        (["two", "--min-alpha", 0.01, "--walks", "nerd"], {"min_alpha": 0.01}),
    ],
)
def test_options_are_the_parameters_of_the_model(tmp_path, capsys, options, parameters):
    edges, model = tmp_path / "edges", tmp_path / "model.fastsgns"
    edges.write_text("a b\nb c\nc a\na c\n")
    train = ["train", edges, "-o", model, "--dim", 2, "-q", "--model"]
    assert run(*train, *options) == 0
    found = load(model).get_params()
    assert {name: found[name] for name in parameters} == parameters
    with pytest.raises(SystemExit):
        run(*train, *options, "--theta" if options[0] != "ProNE" else "--error", 1)
    assert f"--model {options[0]} does not have" in capsys.readouterr().err
