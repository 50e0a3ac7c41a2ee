"""``fastsgns convert`` and ``info`` with the formats of other programs."""

import io
import re
import types

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors, NodeEmbedding, Word2Vec
from fastsgns.cli import main
from fastsgns.vectors.exchange import FORMATS

ANY = [kind for kind, form in FORMATS.items() if not form.is_hashed]


@pytest.fixture
def model(tmp_path):
    made = Word2Vec([["to", "be", "or"], ["not", "to", "be"]] * 9, vector_size=4, min_count=1)
    made.save(tmp_path / "model.fastsgns")
    return made


def name_of(tmp_path, kind):
    if kind in ("parquet", "arrow"):
        need("pyarrow")
    return str(tmp_path / f"out{(FORMATS[kind].suffixes or ('.txt',))[0]}")


@pytest.mark.parametrize("kind", [kind for kind in ANY if kind != "native"])
def test_convert_to_each_format_and_back(tmp_path, model, kind):
    path, back = name_of(tmp_path, kind), str(tmp_path / "back.fastsgns")
    form = [] if FORMATS[kind].suffixes else ["--to", kind]
    assert main(["convert", str(tmp_path / "model.fastsgns"), path, *form]) == 0
    for given in ([], ["--from", kind]):
        header = ["--no-header"] if kind == "glove" and not given else []
        assert main(["convert", path, back, *given, *header, "--limit", "3"]) == 0
        loaded = KeyedVectors.load(back)
        assert loaded.index_to_key == model.wv.index_to_key[:3]
        np.testing.assert_array_equal(loaded.vectors, model.wv.vectors[:3])


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if FORMATS[kind].holds_output])
def test_both_matrices_are_converted(tmp_path, model, kind):
    path, other = name_of(tmp_path, kind), str(tmp_path / "other.npz")
    assert main(["convert", str(tmp_path / "model.fastsgns"), path]) == 0
    assert main(["convert", path, other]) == 0
    np.testing.assert_array_equal(KeyedVectors.from_npz(other).output.vectors, model.syn1neg)
    assert main(["convert", path, other, "--limit", "2"]) == 0
    np.testing.assert_array_equal(KeyedVectors.from_npz(other).output.vectors, model.syn1neg[:2])


@pytest.mark.parametrize("kind", ANY)
def test_a_matrix_that_is_left_out_is_named(tmp_path, model, kind, capsys):
    path, pair = name_of(tmp_path, kind), str(tmp_path / "pair.npz")
    model.wv.export("npz", pair)
    for source in (str(tmp_path / "model.fastsgns"), pair):
        assert main(["convert", source, path, "--to", kind]) == 0
        said = capsys.readouterr().err
        if FORMATS[kind].holds_output:
            assert not said
        else:
            assert said.count("\n") == 1 and f"{path} is without the output vectors" in said
            assert "--role output" in said
        for role in ("output", "input", "sum"):
            assert main(["convert", source, path, "--to", kind, "--role", role]) == 0
            loaded = KeyedVectors.from_file(path, kind)
            expected = model.roles.combined(role) if role == "sum" else model.roles[role]
            np.testing.assert_allclose(loaded.array, expected.array, rtol=1e-6)
            assert not hasattr(loaded, "output") and not capsys.readouterr().err


def test_vectors_of_one_matrix_are_converted_silently(tmp_path, model, capsys):
    model.wv.save(tmp_path / "v.fastsgns")
    assert main(["convert", str(tmp_path / "v.fastsgns"), str(tmp_path / "v.tsv")]) == 0
    assert not capsys.readouterr().err
    assert main(["nn", str(tmp_path / "v.fastsgns"), "to", "--role", "output"]) == 1
    assert "holds vectors alone" in capsys.readouterr().err


def test_info_shows_a_second_matrix(tmp_path, model, capsys):
    model.wv.export("native", tmp_path / "v.fastsgns")
    assert main(["info", str(tmp_path / "v.fastsgns")]) == 0
    assert re.search(r"arrays.output +\d+ x 4 float32", capsys.readouterr().out)


def test_sources_and_targets_are_two_matrices(tmp_path):
    nodes = NodeEmbedding(dimensions=4, num_walks=2).fit([("a", "b"), ("b", "c"), ("c", "a")])
    nodes.save(tmp_path / "nodes.fastsgns")
    path = tmp_path / "nodes.npz"
    assert main(["convert", str(tmp_path / "nodes.fastsgns"), str(path)]) == 0
    loaded = KeyedVectors.from_npz(path)
    np.testing.assert_array_equal(loaded.vectors, nodes.source.vectors)
    np.testing.assert_array_equal(loaded.output.vectors, nodes.target.vectors)


@pytest.mark.parametrize(
    "kind", ["safetensors", "npz", "parquet", "arrow", "tsv", "static-embedding"]
)
def test_info_describes_each_format(tmp_path, model, kind, capsys):
    path = name_of(tmp_path, kind)
    model.wv.export(kind, path)
    assert main(["info", path if kind != "tsv" else str(tmp_path / "out_tensor.tsv")]) == 0
    shown = capsys.readouterr().out
    assert f"vectors ({kind})" in shown and re.search(rf"words +{len(model.wv)}\n", shown)
    arrays = [model.wv.vectors, model.wv.expandos["count"]]
    assert f"arrays.vectors  {len(model.wv)} x 4 float32" in re.sub(" {3,}", "  ", shown)
    assert f"arrays.count  {len(model.wv)} int64" in re.sub(" {3,}", "  ", shown)
    if FORMATS[kind].holds_output:
        arrays.append(model.syn1neg)
        assert f"arrays.output  {len(model.wv)} x 4 float32" in re.sub(" {3,}", "  ", shown)
    assert f"{sum(array.nbytes for array in arrays):,} (" in shown
    if kind == "tsv":
        assert main(["info", path]) == 0  # neither of the two files has this name
        assert "bytes on disk" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["safetensors", "npz", "parquet", "arrow"])
def test_a_pipe_of_each_format(tmp_path, model, kind, monkeypatch):
    path, back = name_of(tmp_path, kind), tmp_path / "back.fastsgns"
    model.wv.export(kind, path)
    content = (tmp_path / path).read_bytes()
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(content)))
    assert main(["convert", "-", str(back)]) == 0
    np.testing.assert_array_equal(KeyedVectors.load(back).vectors, model.wv.vectors)


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if FORMATS[kind].has_dtypes])
@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_numbers_of_another_type(tmp_path, model, kind, dtype):
    path, source = name_of(tmp_path, kind), str(tmp_path / "model.fastsgns")
    assert main(["convert", source, path, "--to", kind, "--dtype", dtype]) == 0
    loaded = KeyedVectors.from_file(path)
    assert loaded.vectors.dtype == ("float16" if dtype == "float16" else "float32")
    largest = np.abs(model.wv.vectors).max()
    np.testing.assert_allclose(loaded.vectors, model.wv.vectors, atol=largest / 200)
    assert (loaded.vectors != model.wv.vectors).any()


def test_a_folder_of_something_else_is_refused_at_once(tmp_path, model, capsys):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").touch()
    paths = [str(tmp_path / "model.fastsgns"), str(tmp_path / "folder")]
    assert main(["convert", *paths, "--to", "static-embedding"]) == 1
    assert "has files of something else" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "options", "match"),
    [
        ("v.npz.gz", [], "npz is not compressed"),
        ("-", ["--to", "tsv"], "tsv is two files"),
        ("-", ["--to", "static-embedding"], "static-embedding is a folder"),
        ("v.txt", ["--dtype", "int8"], "--dtype is for safetensors, npz, parquet, arrow, static-"),
        ("v.csv", [], "Known are .fastsgns, .model and no suffix (native)"),
    ],
)
def test_outputs_that_cannot_be_are_refused_at_once(
    tmp_path, model, capsys, output, options, match
):
    output = output if output == "-" else str(tmp_path / output)
    with pytest.raises(SystemExit):
        main(["convert", str(tmp_path / "model.fastsgns"), output, *options])
    assert match in capsys.readouterr().err
