"""``fastsgns encode``: each line of text becomes a row of numbers."""

import gzip
import io
import sys

import numpy as np
import pytest

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.cli import main
from fastsgns.vectors import encoding

TEXTS = ["to be or not to be", "", "be", "nothing known", "not\tto\u00a0be to"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sentences = [["to", "be", "or", "not"]] * 50 + [["to", "go", "go"]] * 20
    Word2Vec(sentences, vector_size=6, min_count=1, workers=1).save("model")
    (tmp_path / "texts.txt").write_text("\n".join(TEXTS) + "\n", "utf-8")
    return tmp_path


def expected(**options):
    return Word2Vec.load("model").wv.encode(TEXTS, return_known=True, **options)[0]


@pytest.mark.parametrize("weighting", encoding.WEIGHTINGS)
@pytest.mark.parametrize("output", ["out.npy", "out.txt", "out", "out.tsv.gz"])
def test_rows_are_those_of_encode(folder, capsys, weighting, output):
    line = ["encode", "model", "--text", "texts.txt", "-o", output, "--weighting", weighting]
    assert main(line) == 0
    assert "2 of 5 texts have no word" in capsys.readouterr().err
    rows = np.load(output) if output == "out.npy" else np.loadtxt(output)
    np.testing.assert_allclose(rows, expected(weighting=weighting), rtol=1e-6)


def test_options(folder, capsys):
    line = ["encode", "model", "--text", "texts.txt", "-o", "out.npy", "--quiet"]
    for more, options in (
        (["--normalize"], {"normalize": True}),
        (["--remove-components", "1", "--normalize"], {"remove_components": 1, "normalize": True}),
        (["--weighting", "sif", "--a", "0.1", "--workers", "2"], {"weighting": "sif", "a": 0.1}),
    ):
        assert main([*line, *more]) == 0
        np.testing.assert_allclose(np.load("out.npy"), expected(**options), atol=1e-6)
    assert capsys.readouterr().err == ""
    assert main([*line, "--role", "output"]) == 0
    output = Word2Vec.load("model").wv.output
    np.testing.assert_array_equal(np.load("out.npy")[2], output["be"])


def test_standard_streams(folder, monkeypatch, capsysbinary):
    data = ("\ufeff" + "\r\n".join(TEXTS)).encode()
    for given in (data, gzip.compress(data)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
        assert main(["encode", "model"]) == 0
        lines = capsysbinary.readouterr().out.decode().splitlines()
        rows = [[*map(float, line.split(" "))] for line in lines]
        np.testing.assert_allclose(rows, expected(), rtol=1e-6)


def test_blocks_are_written_one_after_the_other(folder, monkeypatch):
    monkeypatch.setattr(encoding, "BLOCK_TEXTS", 2)
    assert main(["encode", "model", "--text", "texts.txt", "-o", "out.npy", "-q"]) == 0
    np.testing.assert_array_equal(np.load("out.npy"), expected())
    (folder / "none.txt").write_text("")
    assert main(["encode", "model", "--text", "none.txt", "-o", "out.npy"]) == 0
    assert np.load("out.npy").shape == (0, 6)


def test_errors(folder, capsys):
    (folder / "bad.txt").write_bytes(b"to be\n\xff\n")
    line = ["encode", "model", "-o", "out.npy", "--text"]
    assert main([*line, "bad.txt"]) == 1
    assert "bad.txt, line 2 is not UTF-8: b'\\xff\\n'; give --errors" in capsys.readouterr().err
    assert not (folder / "out.npy").exists()
    assert main([*line, "bad.txt", "--errors", "replace", "-q"]) == 0
    assert main([*line, "none.txt"]) == 1
    assert main([*line, "texts.txt", "-o", "no/such/out.npy"]) == 1
    KeyedVectors.from_dict({"to": [1.0]}).export("text", "vectors.txt")
    assert main(["encode", "vectors.txt", "--text", "texts.txt", "--weighting", "zipf"]) == 1
    assert "are made up" in capsys.readouterr().err
    kv = KeyedVectors.from_arrays(["to"], np.ones((1, 1), np.float32))
    kv.save("vectors")
    assert main(["encode", "vectors", "--text", "texts.txt", "--weighting", "sif"]) == 1
    assert "--weighting sif needs the counts of words" in capsys.readouterr().err
