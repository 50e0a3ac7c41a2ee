"""Binary files are little-endian: a big-endian machine refuses them, and so are swapped numbers."""

import io
import os

import numpy as np
import pytest
from classes import SAVABLE

import fastsgns
from fastsgns import DirectedGraph, EncodedCorpus, FastText, KeyedVectors, Word2Vec
from fastsgns.formats import byteorder
from fastsgns.models.fasttext import load_facebook_model, save_facebook_model
from fastsgns.vectors.exchange import FORMATS
from fastsgns.vectors.facebook import load_facebook_vectors

TEXTS = ("text", "glove", "vec", "floret", "tsv")
BY_NUMPY = ("npz",)  # numpy writes, reads and converts the order
BY_PYARROW = ("parquet", "arrow")  # pyarrow reads and writes
BINARY = sorted(set(FORMATS) - {*TEXTS, *BY_NUMPY, *BY_PYARROW})
REFUSED = "hold little-endian numbers, and this processor is big-endian"


@pytest.fixture
def big(monkeypatch):
    """Return a function after which the package takes this processor for a big-endian one."""
    return lambda: monkeypatch.setattr(byteorder, "ORDER", "big")


def vectors():
    kv = KeyedVectors(3)
    kv.add_vectors(["a", "b"], np.array([[0.1, -0.2, 3], [0, 0.5, -1.5]], np.float32))
    return kv


def model(**options):
    few = {"vector_size": 3, "min_count": 1, "epochs": 1, "workers": 1, "sample": 0} | options
    return FastText([["a", "b"] * 5], bucket=50, **few)


@pytest.mark.parametrize("name", SAVABLE)
def test_native_files_are_refused(name, big, tmp_path):
    thing = SAVABLE[name]()
    path = tmp_path / "thing.fastsgns"
    thing.save(path)
    before = path.read_bytes()
    big()
    with pytest.raises(NotImplementedError, match=REFUSED):
        thing.save(path)
    for load in (fastsgns.load, type(thing).load):
        with pytest.raises(NotImplementedError, match=REFUSED):
            load(path)
        with pytest.raises(NotImplementedError, match=REFUSED):
            load(io.BytesIO(before))
    assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("name", [name for name in BINARY if name not in ("native", "fasttext")])
def test_binary_exports_are_refused(name, big, tmp_path):
    kv, path = vectors(), tmp_path / "v"
    kv.export(name, path)
    big()
    with pytest.raises(NotImplementedError, match=REFUSED):
        kv.export(name, tmp_path / "w")
    with pytest.raises(NotImplementedError, match=REFUSED):
        KeyedVectors.from_file(path, name)
    assert os.listdir(tmp_path) == ["v"]


def test_files_of_fasttext_are_refused(big, tmp_path):
    trained, path = model(), tmp_path / "model.bin"
    save_facebook_model(trained, path)
    big()
    with pytest.raises(NotImplementedError, match=REFUSED):
        save_facebook_model(trained, tmp_path / "other.bin")
    for load in (load_facebook_model, load_facebook_vectors):
        with pytest.raises(NotImplementedError, match=REFUSED):
            load(path)
    assert os.listdir(tmp_path) == ["model.bin"]


@pytest.mark.parametrize("name", ["text", "glove", "vec", "tsv", *BY_NUMPY])
def test_other_formats_work_on_a_big_endian_machine(name, big, tmp_path):
    big()
    kv, path = (
        vectors(),
        tmp_path / f"v{FORMATS[name].suffixes[0] if FORMATS[name].suffixes else ''}",
    )
    kv.export(name, path)
    read = KeyedVectors.from_file(path, name)
    assert np.array_equal(read.vectors, kv.vectors) and read.index_to_key == ["a", "b"]


def test_training_works_on_a_big_endian_machine(big):
    big()
    assert np.isfinite(model().wv.vectors).all()
    assert (
        len(Word2Vec([["a", "b"] * 5], min_count=1, vector_size=3, sample=0).wv.most_similar("a"))
        == 1
    )


@pytest.mark.parametrize("limit", [None, 1])
def test_a_word2vec_file_of_a_big_endian_machine_is_refused(limit, tmp_path):
    """The format has no mark of the order, but in the wrong one most numbers are absurd."""
    rng, path = np.random.default_rng(0), tmp_path / "v.bin"
    rows = rng.normal(0, 0.1, (20, 50)).astype(np.float32)
    for dtype, is_refused in (("<f4", False), (">f4", True)):
        content = b"".join(
            b"w%d %s\n" % (i, row.astype(dtype).tobytes()) for i, row in enumerate(rows)
        )
        path.write_bytes(b"20 50\n" + content)
        if is_refused:
            with pytest.raises(fastsgns.errors.FormatError, match="big-endian machine"):
                KeyedVectors.load_word2vec_format(path, binary=True, limit=limit)
        else:
            kv = KeyedVectors.load_word2vec_format(path, binary=True, limit=limit)
            assert np.array_equal(kv.vectors, rows[:limit])


@pytest.mark.parametrize("row", [[3e38, 0, 0], [np.inf, 0.1], [np.nan, 1, 2], [1e-30, 1e-38], [0]])
def test_odd_numbers_are_no_swapped_ones(row):
    assert not byteorder.is_swapped(np.resize(row, 16).astype(np.float32))


def test_swapped_numbers_are_told_from_others():
    rng = np.random.default_rng(1)
    for scale in (1e-4, 0.01, 1, 100):
        for row in rng.normal(0, scale, (200, 32)).astype(np.float32):
            assert not byteorder.is_swapped(row)
            assert byteorder.is_swapped(row.byteswap())


def test_arrays_in_the_other_order_are_converted():
    rows = np.array([[0.1, -0.2, 3], [0, 0.5, -1.5]], np.float32)
    kv = KeyedVectors(3)
    kv.add_vectors(["a", "b"], rows.astype(">f4"))
    assert np.array_equal(kv.vectors, rows) and kv.vectors.dtype.isnative
    assert kv.most_similar([rows[0].astype(">f4")]) == kv.most_similar([rows[0]])
    kv.set_vecattr("a", "count", np.array(5, ">i4"))
    assert kv.get_vecattr("a", "count") == 5
    kv.vectors = rows[::-1].astype(">f4")
    assert kv.most_similar([rows[1].astype(">f8")]) == kv.most_similar([rows[1]])


def test_ids_and_edges_in_the_other_order_are_converted():
    ids, offsets = np.array([0, 1, 1, 0]), np.array([0, 2, 4])
    vocabulary = EncodedCorpus.from_iterable([["x", "y"]]).vocabulary
    corpora = [
        EncodedCorpus(ids.astype(a), offsets.astype(b), vocabulary)
        for a, b in (("<i4", "<i8"), (">i4", ">i8"))
    ]
    assert list(corpora[0]) == list(corpora[1])
    sources, targets, weights = np.array([0, 1]), np.array([1, 2]), np.array([0.5, 2.5])
    graphs = [
        DirectedGraph.from_edges(sources.astype(a), targets.astype(a), weights.astype(b))
        for a, b in (("<i4", "<f8"), (">i4", ">f8"))
    ]
    assert list(graphs[0].edges()) == list(graphs[1].edges())
