"""Arrays of any integer type are taken wherever ids, offsets and counts are."""

import os
from functools import partial

import numpy as np
import pytest

from fastsgns import EncodedCorpus, GloVe, Word2Vec
from fastsgns.arrays import check_mapped, check_offsets, integers
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.spill import allocate_int32
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import TruncatedError
from fastsgns.graph.building import Rows
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.links.pairs import PairEmbedding
from fastsgns.training.examples import PairChunks, TokenChunks

TYPES = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, ">i4"]
FEW = {"min_count": 1, "vector_size": 4, "workers": 1, "progress": False}
WORDS = ["a", "b", "c"]


def counts() -> Cooccurrences:
    return Cooccurrences.from_corpus([WORDS * 20], window=2)


def of_corpus(kind):
    corpus = EncodedCorpus(
        np.array([0, 1, 2] * 20).astype(kind), np.array([0, 60]).astype(kind),
        Vocabulary(WORDS, np.array([20] * 3).astype(kind)),
    )  # fmt: skip
    return Word2Vec(corpus, epochs=2, **FEW).wv.vectors


def of_counts(kind):
    found = counts()
    small = kind if np.iinfo(np.dtype(kind)).max >= found.offsets[-1] else np.int16
    again = Cooccurrences(
        found.vocabulary, found.offsets.astype(small), found.columns.astype(kind),
        found.weights.astype(np.float64), window=2,
    )  # fmt: skip
    return GloVe(cooccurrences=again, vector_size=4, workers=1, epochs=2, progress=False).wv.vectors


def of_graph(kind):
    rows = Rows(np.array([0, 1, 2]).astype(kind), np.array([1, 0]).astype(kind), None, None)
    return DirectedGraph(rows, ["a", "b"]).in_sources


def of_pairs(kind):
    pairs = np.array([0, 1, 2] * 9).astype(kind), np.array([2, 0, 1] * 9).astype(kind)
    model = PairEmbedding(dimensions=4, workers=1, progress=False).fit(pairs)
    return model.source.vectors


@pytest.mark.parametrize("make", [of_corpus, of_counts, of_graph, of_pairs])
@pytest.mark.parametrize("kind", TYPES)
def test_integers_of_any_type_give_the_same(make, kind):
    np.testing.assert_array_equal(make(kind), make(np.int32))


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda v: EncodedCorpus([0.0, 1.0], [0, 2], v), TypeError, "ids are of float64"),
        (lambda v: EncodedCorpus(["a"], [0, 1], v), TypeError, "ids are of <U1"),
        (lambda v: EncodedCorpus([[0, 1]], [0, 2], v), ValueError, r"shape \(1, 2\)"),
        (lambda v: EncodedCorpus([0, 3], [0, 2], v), ValueError, "0 to 2; number 1 is 3"),
        (lambda v: EncodedCorpus([0, -1], [0, 2], v), ValueError, "0 to 2; number 1 is -1"),
        (lambda v: EncodedCorpus([0, 2**32], [0, 2], v), ValueError, "number 1 is 4294967296"),
        (lambda v: EncodedCorpus([0, 1], [0, 1], v), ValueError, "0 to the number of ids, 2"),
        (lambda v: EncodedCorpus([0, 1], [], v), ValueError, "there are none"),
        (lambda v: EncodedCorpus([0, 1], [0, 1, 1, 2], v), ValueError, r"np\.unique\(offsets\)"),
        (lambda v: EncodedCorpus([0, 1], [0.0, 2.0], v), TypeError, "offsets are of float64"),
        (lambda v: Vocabulary(["a"], [2.5]), TypeError, "counts are of float64"),
        (lambda v: TokenChunks([0], [1]), ValueError, "offsets must go from 0"),
        (lambda v: PairChunks([0.5], [1]), TypeError, "sources are of float64"),
        (lambda v: Cooccurrences(v, [0] * 4, [7], [1.0], window=1), ValueError, "columns go"),
    ],
)
def test_what_is_not_integers_is_refused(make, error, words):
    with pytest.raises(error, match=words):
        make(Vocabulary(WORDS, [1, 1, 1]))


def test_an_array_of_the_right_type_is_not_copied():
    ids = np.arange(6, dtype=np.int32)
    assert integers(ids, np.int32, "ids") is ids
    assert integers(ids[::2], np.int32, "ids").flags.c_contiguous
    assert integers([], np.int32, "ids").dtype == np.int32
    check_offsets(np.zeros(1, np.int64), 0, "offsets")


def glove_of(path):
    counts = Cooccurrences.load(path)
    return partial(GloVe, cooccurrences=counts, vector_size=4, workers=1, progress=False)


def use_of_corpus(use):
    def load(path):
        corpus = EncodedCorpus.load(path)
        return lambda: use(corpus)

    return load


@pytest.mark.parametrize(
    "load",
    [
        pytest.param(use_of_corpus(lambda corpus: Word2Vec(corpus, **FEW)), id="Word2Vec"),
        pytest.param(use_of_corpus(Cooccurrences.from_corpus), id="count"),
        pytest.param(use_of_corpus(list), id="iterate"),
        pytest.param(use_of_corpus(lambda c: c.restrict(Vocabulary(["a"], [1]))), id="restrict"),
        pytest.param(use_of_corpus(lambda corpus: corpus.save("again")), id="save"),
        pytest.param(glove_of, id="GloVe"),
    ],
)
def test_a_mapped_file_that_was_cut_is_an_error(load, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "file"
    if load is glove_of:
        Cooccurrences.from_corpus([[str(i) for i in range(500)]] * 2, window=9).save(path)
    else:
        EncodedCorpus.from_iterable([[f"w{i}" for i in range(1000)]] * 200).save(path)
    use = load(path)
    os.truncate(path, 200)
    with pytest.raises(TruncatedError, match=r"file was cut to 200 bytes .*mmap=False"):
        use()


def test_a_file_that_is_cut_during_training_is_an_error(tmp_path):
    path = tmp_path / "file"
    EncodedCorpus.from_iterable([[f"w{i}" for i in range(1000)]] * 200).save(path)
    corpus = EncodedCorpus.load(path)
    model = Word2Vec(**FEW)
    model.build_vocab(corpus)
    with pytest.raises(TruncatedError, match="was cut"):
        model.train(
            corpus, total_examples=len(corpus), epochs=2,
            callbacks=[Cutter(path)],
        )  # fmt: skip


class Cutter:
    """Cuts a file at the end of an epoch."""

    def __init__(self, path):
        self.path = path

    def on_epoch_end(self, model):
        os.truncate(self.path, 200)


def test_a_mapped_file_that_was_replaced_stays_whole(tmp_path):
    path = tmp_path / "file"
    corpus = EncodedCorpus.from_iterable([["a", "b"]] * 9)
    corpus.save(path)
    mapped = EncodedCorpus.load(path)
    EncodedCorpus.from_iterable([["c"]]).save(path)
    assert list(mapped) == list(corpus)
    check_mapped(mapped.ids, allocate_int32(9, budget=0), np.arange(3))
