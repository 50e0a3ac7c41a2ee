"""Approximate search: the protocol of indexers, and the index of usearch."""

import subprocess
import sys

import numpy as np
import pytest
import toy
from optional import need

from fastsgns import KeyedVectors, NodeEmbedding, Word2Vec
from fastsgns.errors import FormatError
from fastsgns.vectors.indexers import UsearchIndexer

RNG = np.random.default_rng(2)
N, D = 400, 16
KEYS = [f"w{i}" for i in range(N)]


class Recorder:
    """An object with the protocol of gensim's AnnoyIndexer."""

    def __init__(self):
        self.calls = []

    def most_similar(self, vector, num_neighbors):
        self.calls.append((vector, num_neighbors))
        return [("answer", 0.5)]


@pytest.fixture
def kv():
    return KeyedVectors.from_arrays(list(KEYS), RNG.normal(size=(N, D)).astype(np.float32))


@pytest.fixture
def usearch():
    return need("usearch")


def test_an_indexer_gets_the_unit_vector_of_the_query_and_gives_the_answer(kv):
    indexer = Recorder()
    expected = kv.get_mean_vector(["w1", "w2"], [1, -1], post_normalize=True)
    for answer in (
        kv.most_similar("w1", "w2", topn=np.uint8(3), indexer=indexer),
        kv.most_similar(kv["w1"], [kv["w2"]], topn=3.0, restrict_vocab=5, indexer=indexer),
    ):
        assert answer == [("answer", 0.5)]
    assert [type(n) for _, n in indexer.calls] == [int, int] and indexer.calls[0][1] == 3
    np.testing.assert_allclose(indexer.calls[0][0], expected, rtol=1e-5)
    assert kv.most_similar("w1", topn=0, indexer=indexer) == [] and len(indexer.calls) == 2
    assert len(kv.most_similar("w1", topn=None, indexer=indexer)) == N  # as in gensim


def test_without_usearch_the_error_says_how_to_install_it(kv, monkeypatch):
    for name in ("usearch", "usearch.index"):  # other tests may have imported it
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install fastsgns\[ann\]"):
        UsearchIndexer(kv)


@pytest.mark.parametrize("storage", ["float16", "float32"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_index_finds_what_a_search_finds(usearch, kv, storage, dtype):
    kv.vectors = kv.vectors.astype(dtype)
    indexer = UsearchIndexer(kv, storage=storage, expansion_search=200, workers=1)
    found = [kv.most_similar(key, topn=11, indexer=indexer) for key in KEYS[:50]]
    expected = [kv.most_similar(key, topn=10) for key in KEYS[:50]]
    assert [answer[0][0] for answer in found] == KEYS[:50]
    shared = [len(dict(a).keys() & dict(b).keys()) for a, b in zip(found, expected)]
    assert np.mean(shared) > 9.8
    for answer, key in zip(found, KEYS):
        exact = [kv.similarity(key, other) for other, _ in answer]
        np.testing.assert_allclose([value for _, value in answer], exact, atol=1e-6)
        assert [value for _, value in answer] == sorted(dict(answer).values(), reverse=True)
    assert len(kv.most_similar("w0", topn=10**6, indexer=indexer)) <= N
    assert kv.most_similar("w0", topn=0, indexer=indexer) == []


def test_rows_without_a_direction_are_left_out(usearch, kv):
    kv.vectors[3], kv.vectors[4, 1], kv.vectors[5, 2] = 0, np.nan, np.inf
    indexer = UsearchIndexer(kv)
    assert len(indexer) == N - 3 and repr(indexer) == "UsearchIndexer<397 of 400 vectors of 16>"
    found = dict(kv.most_similar("w0", topn=N, indexer=indexer))
    assert not found.keys() & {"w3", "w4", "w5"}
    with pytest.raises(ValueError, match="not finite"):
        kv.most_similar("w4", indexer=indexer)
    with pytest.raises(ValueError, match=r"shape \(3,\)"):
        indexer.most_similar(np.ones(3), 2)
    empty = KeyedVectors(D)
    assert UsearchIndexer(empty).most_similar(np.ones(D), 3) == []


def test_the_output_vectors_are_indexed_by_their_space(usearch):
    model = Word2Vec(toy.sentences(200), vector_size=8, min_count=1, workers=1)
    word, indexer = model.wv.index_to_key[0], UsearchIndexer(model, space="in-out")
    found = model.wv.most_similar(word, topn=5, space="in-out", indexer=indexer)
    exact = model.wv.most_similar(word, topn=None, space="in-out")
    for key, value in found:
        assert value == pytest.approx(exact[model.wv.get_index(key)], abs=1e-6)
    with pytest.raises(ValueError, match=r"index those of model.roles.combined\('sum'\)"):
        UsearchIndexer(model, space="sum")
    sums = model.roles.combined("sum")
    assert sums.most_similar(word, indexer=UsearchIndexer(sums))[0][0] == word
    nodes = NodeEmbedding(dimensions=4, workers=1, matrices="tied+reflect").fit([("a", "b")])
    assert nodes.source.most_similar("a", indexer=UsearchIndexer(nodes.source))[0][0] == "a"


def test_an_index_of_vectors_that_have_changed_is_refused(usearch, kv, tmp_path):
    indexer = UsearchIndexer(kv)
    indexer.save(tmp_path / "index")
    kv.vectors[:] *= 2  # which leaves all cosines as they are
    assert kv.most_similar("w1", indexer=indexer)[0][0] == "w1"
    kv.vectors[1:3] = kv.vectors[2:0:-1].copy()
    with pytest.raises(ValueError, match="make a new UsearchIndexer"):
        kv.most_similar("w1", indexer=indexer)
    kv.vectors[1:3] = kv.vectors[2:0:-1].copy()
    assert kv.most_similar("w1", indexer=indexer)[0][0] == "w1"
    kv.add_vector("new", np.ones(D))
    with pytest.raises(ValueError, match="there are 401 vectors, and were 400"):
        kv.most_similar("w1", indexer=indexer)
    with pytest.raises(ValueError, match="an index of 400 vectors of 16, and not of 401"):
        UsearchIndexer.load(tmp_path / "index", kv)


@pytest.mark.parametrize("mmap", [None, "r"])
def test_an_index_is_saved_and_loaded(usearch, kv, tmp_path, mmap):
    indexer = UsearchIndexer(kv)
    for _ in range(2):
        indexer.save(tmp_path / "index")
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    loaded = UsearchIndexer.load(tmp_path / "index", kv, mmap=mmap)
    for key in KEYS[:20]:
        assert kv.most_similar(key, indexer=loaded) == kv.most_similar(key, indexer=indexer)
    other = KeyedVectors.from_arrays(list(KEYS), RNG.normal(size=(N, D)))
    for wrong in (other, kv.vectors_for_all(KEYS[:7])):
        with pytest.raises(ValueError, match="make a new UsearchIndexer"):
            UsearchIndexer.load(tmp_path / "index", wrong, mmap=mmap)
    (tmp_path / "cut").write_bytes((tmp_path / "index").read_bytes()[:5000])
    (tmp_path / "other").write_bytes(b"something else" * 100)
    for name in ("cut", "other"):
        with pytest.raises(FormatError, match="is not an index of usearch"):
            UsearchIndexer.load(tmp_path / name, kv, mmap=mmap)
    with pytest.raises(FileNotFoundError, match="nothing"):
        UsearchIndexer.load(tmp_path / "nothing", kv, mmap=mmap)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("storage", "int8"),
        ("space", "out"),
        ("connectivity", 0),
        ("workers", 0),
        ("expansion_add", 1.5),
    ],
)
def test_what_is_no_setting_is_refused(usearch, kv, name, value):
    with pytest.raises(ValueError, match=f"{name} .*allowed are"):
        UsearchIndexer(kv, **{name: value})


PROGRAM = """
import fastsgns
fastsgns.install_as_gensim()
from gensim.models import Word2Vec
from gensim.similarities.annoy import AnnoyIndexer
model = Word2Vec([["a", "b", "c", "d"]] * 20, vector_size=4, min_count=1, workers=1)
for vectors in (model, model.wv):
    found = model.wv.most_similar("a", topn=3, indexer=AnnoyIndexer(vectors, 5))
    assert found[0][0] == "a" and len(found) == 3, found
"""


def test_gensims_indexer_takes_models_and_vectors():
    need("annoy")
    need("gensim")
    subprocess.run([sys.executable, "-c", PROGRAM], check=True)
