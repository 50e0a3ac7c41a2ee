"""The command line asks, judges and converts any matrix of a model."""

import json
from pathlib import Path

import numpy as np
import pytest
import toy

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.cli import main

PAIRS = "fruit1\tfruit2\t9\nmetal1\tmetal2\t8\nfruit1\tmetal1\t1\nriver1\tmetal2\t2\n"


@pytest.fixture(scope="module")
def model() -> Word2Vec:
    return Word2Vec(toy.sentences(100), sg=1, vector_size=12, min_count=1, workers=1, epochs=3)


@pytest.fixture
def path(model: Word2Vec, tmp_path: Path) -> str:
    model.save(tmp_path / "model")
    (tmp_path / "pairs.tsv").write_text(PAIRS)
    return str(tmp_path / "model")


def answers(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines()]


@pytest.mark.parametrize("space", ["in-out", "out-out", "sum", "concat"])
def test_nn_and_analogy_in_a_space(
    space: str, model: Word2Vec, path: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["nn", path, "fruit1", "--space", space, "-n", "4"]) == 0
    expected = model.wv.most_similar("fruit1", topn=4, space=space)
    assert answers(capsys.readouterr().out) == [word for word, _ in expected]
    assert main(["analogy", path, "fruit1", "fruit2", "metal1", "--space", space, "-n", "4"]) == 0
    expected = model.wv.most_similar(["fruit2", "metal1"], ["fruit1"], topn=4, space=space)
    assert answers(capsys.readouterr().out) == [word for word, _ in expected]


def of_role(model: Word2Vec, role: str) -> KeyedVectors:
    return model.roles.combined(role) if role in ("sum", "concat") else model.roles[role]


@pytest.mark.parametrize("space", ["in-out", "out-in", "sum"])
def test_eval_in_a_space(
    space: str, model: Word2Vec, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    pairs = str(tmp_path / "pairs.tsv")
    assert main(["eval", path, pairs, "--space", space, "--json"]) == 0
    (judged,) = json.loads(capsys.readouterr().out)["word_pairs"]
    rows = [line.split("\t") for line in PAIRS.splitlines()]
    cosines = [model.wv.similarity(a, b, space=space) for a, b, _ in rows]
    scores = [float(score) for _, _, score in rows]
    assert judged["pearson"] == pytest.approx(np.corrcoef(cosines, scores)[0, 1], abs=1e-5)
    (tmp_path / "analogies").write_text(": a\nfruit1 fruit2 metal1 metal2\n")
    assert main(["eval", path, str(tmp_path / "analogies"), "--space", space]) == 1
    assert "--role" in capsys.readouterr().err


@pytest.mark.parametrize("role", ["input", "output", "sum", "concat"])
def test_each_role(
    role: str, model: Word2Vec, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    vectors = of_role(model, role)
    assert main(["nn", path, "fruit1", "--role", role, "-n", "4"]) == 0
    found = answers(capsys.readouterr().out)
    assert found == [word for word, _ in vectors.most_similar("fruit1", topn=4)]
    assert main(["eval", path, str(tmp_path / "pairs.tsv"), "--role", role, "--json"]) == 0
    (judged,) = json.loads(capsys.readouterr().out)["word_pairs"]
    pearson = vectors.evaluate_word_pairs(tmp_path / "pairs.tsv")[0]
    assert judged["pearson"] == pytest.approx(pearson[0])
    for target, more in (("native", []), ("some.txt", ["--limit", "5"])):
        assert main(["convert", path, str(tmp_path / target), "--role", role, *more]) == 0
    native = KeyedVectors.load(tmp_path / "native")
    assert type(native) is KeyedVectors
    np.testing.assert_array_equal(native.vectors, vectors.vectors)
    text = KeyedVectors.load_word2vec_format(tmp_path / "some.txt")
    assert text.index_to_key == vectors.index_to_key[:5]
    np.testing.assert_array_equal(text.vectors, vectors.vectors[:5])


def test_what_is_not_there_is_one_line(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    alone = str(tmp_path / "alone")
    assert main(["convert", path, alone, "--role", "input"]) == 0
    for command, problem in (
        (["nn", alone, "fruit1", "--role", "output"], "holds vectors alone"),
        (["nn", alone, "fruit1", "--space", "in-out"], "separate from a model"),
        (["nn", path, "fruit1", "--role", "negative"], "no matrix for negative samples"),
    ):
        assert main(command) == 1
        shown = capsys.readouterr().err
        assert problem in shown
        assert shown.count("\n") == 1


@pytest.mark.parametrize(
    "more",
    [["nn", "--role", "sum", "--space", "in-out"], ["analogy", "--mul", "--space", "sum"]],
)
def test_options_that_exclude_each_other(
    more: list[str], path: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as stop:
        main([more[0], path, *more[1:]])
    assert stop.value.code == 2
    assert "--role" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given, message",
    [
        (["--bias", "word"], "--matrices tied+bias"),
        (["--matrices", "tied", "--coupling", "10"], "--matrices three"),
    ],
)
def test_options_without_their_matrices_are_wrong_usage(
    given: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    text = tmp_path / "text"
    text.write_text("a b c\n" * 9)
    with pytest.raises(SystemExit, match="2"):
        main(["train", str(text), "-o", str(tmp_path / "out"), *given])
    assert message in capsys.readouterr().err


def test_warnings_are_said_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    text = tmp_path / "text"
    text.write_text("a b c\n" * 9)
    options = ["-q", "--matrices", "tied", "--sample", "0"]
    assert main(["train", str(text), "-o", str(tmp_path / "out"), *options]) == 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("fastsgns: --matrices tied: scores")
