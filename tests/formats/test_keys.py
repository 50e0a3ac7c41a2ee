"""Keys of every kind: trained on, saved, loaded, found."""

import datetime
import enum
import math
import uuid
import warnings

import numpy as np
import pytest

from fastsgns import (
    DirectedGraph,
    EncodedCorpus,
    GloVe,
    KeyedVectors,
    NodeEmbedding,
    PairEmbedding,
    Word2Vec,
)
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import FormatError
from fastsgns.formats import keys, native
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE
from fastsgns.models.links.joint import JointScore
from fastsgns.models.ppmi.model import PPMI

SMALL = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 1, "progress": False}
SAVABLE = [
    ["a", "b\ud800", ""],
    [1, -7, 10**30],
    [1.5, -0.1, 1e308, math.inf],
    [True, False],
    [b"king", b"", b"\xff\x00"],
    [("user", 7), ("item", 7), (), (1.5, (b"x", True, None), "a\ud800")],
    ["1", 1, 1.5, b"1", ("1",)],
]


@pytest.mark.parametrize("words", SAVABLE)
def test_words_come_back_of_the_same_type(words):
    found = native.unpack_words(native.pack_words(words))
    assert found == words and list(map(type, found)) == list(map(type, words))


def test_scalars_of_numpy_come_back_as_those_of_python():
    words = [np.float32(0.1), np.int8(3), np.bool_(True), np.str_("a"), np.bytes_(b"b")]
    found = native.unpack_words(native.pack_words(words))
    assert list(map(type, found)) == [float, int, bool, str, bytes] and found == words


@pytest.mark.parametrize(
    "key",
    [None, math.nan, datetime.date(2026, 1, 2), uuid.uuid4(), ("a", math.nan)],
)
def test_what_has_no_portable_form_is_refused(key):
    with pytest.raises(TypeError, match="can't be saved; allowed are str, int, float"):
        keys.encode(key)


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (1, b"1_0"), (1, b" 1"), (1, b"+1"), (1, b"01"), (1, b""), (1, "١".encode()),
        (2, b"1.5"), (2, b"nan"), (2, b"0X1p+1"), (4, b"true"), (4, b"1"), (4, b""),
        (5, b"[]x"), (5, b"[[0, 5]]"), (5, b"[[0,\"a\"]]"), (5, b"{}"), (5, b"7"), (5, b"null"),
        (5, b"[[9, \"a\"]]"), (5, b"[[[], \"a\"]]"), (5, b"[[1, \"a\", 3]]"), (5, b"[" * 100_000),
        (6, b""), (7, b"a"), (255, b"a"),
    ],
)  # fmt: skip
def test_what_no_key_writes_is_damage(kind, content):
    with pytest.raises(ValueError, match=r"is not a key of type|ascii"):
        keys.decode(kind, content)
    tensors = {
        "words": np.frombuffer(content, np.uint8),
        "word_ends": np.array([len(content)]),
        "word_types": np.array([kind], np.uint8),
    }
    with pytest.raises(FormatError, match="damaged"):
        native.unpack_words(tensors)


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


TRAIN = {
    "Word2Vec": lambda words: Word2Vec([words] * 5, sample=0, **SMALL),
    "GloVe": lambda words: GloVe([words] * 5, **SMALL),
    "PPMI": lambda words: PPMI([words] * 5, min_count=1),
    "NodeEmbedding": lambda words: NodeEmbedding(dimensions=4, workers=1).fit([words[:2]]),
    "PairEmbedding": lambda words: PairEmbedding(dimensions=4, workers=1).fit(
        [words[:2], words[1:]]
    ),
    "HOPE": lambda words: HOPE(2).fit([words[:2]]),
    "STRAP": lambda words: STRAP(2).fit([words[:2]]),
    "FastRP": lambda words: FastRP(2).fit([words[:2]]),
    "ProNE": lambda words: ProNE(2).fit([words[:2]]),
}


@pytest.mark.parametrize("name", TRAIN)
def test_training_says_before_it_starts_that_keys_cannot_be_saved(name, tmp_path):
    with pytest.warns(UserWarning, match="type Color .* can't be saved.*convert the keys"):
        model = TRAIN[name]([Color.RED, Color.BLUE, Color.RED])
    with pytest.raises(TypeError, match="Color"):
        model.save(tmp_path / "model")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        TRAIN[name]([("a", 1), 2.5, "c"]).save(tmp_path / "model")


@pytest.mark.parametrize("words", [words for words in SAVABLE if len(set(words)) > 1])
def test_every_class_trains_saves_and_finds_them(words, tmp_path):
    pairs = [(words[0], words[1]), (words[1], words[0])] * 3
    models = [
        (Word2Vec([words] * 5, **SMALL), lambda m: m.wv),
        (NodeEmbedding(dimensions=4, workers=1).fit(pairs), lambda m: m.source),
        (PairEmbedding(dimensions=4, workers=1).fit(pairs), lambda m: m.target),
    ]
    for model, vectors in models:
        model.save(tmp_path / "model")
        loaded = vectors(type(model).load(tmp_path / "model"))
        assert loaded.index_to_key == vectors(model).index_to_key
        for word in vectors(model).index_to_key:
            assert np.array_equal(loaded[word], vectors(model)[word])
    corpus = EncodedCorpus.from_iterable([words])
    corpus.save(tmp_path / "corpus")
    assert list(EncodedCorpus.load(tmp_path / "corpus")) == [words]


def test_keyed_vectors_save_them(tmp_path):
    kv = KeyedVectors(2)
    for row, key in enumerate([1.5, ("a", 1), b"b", "c"]):
        kv.add_vector(key, [row, 1])
    kv.save(tmp_path / "vectors")
    assert KeyedVectors.load(tmp_path / "vectors").index_to_key == [1.5, ("a", 1), b"b", "c"]


# Where keys enter, each from a list of two of them; gives the keys as they are kept.
ENTRANCES = {
    "Word2Vec": lambda two: sorted(Word2Vec([two] * 9, **SMALL).wv.index_to_key, key=str),
    "EncodedCorpus": lambda two: EncodedCorpus.from_iterable([two]).vocabulary.words,
    "EncodedCorpus, array": lambda two: (
        EncodedCorpus.from_iterable([np.array(two, object)]).vocabulary.words
    ),
    "PPMI": lambda two: sorted(PPMI([two] * 9, min_count=1).index_to_key, key=str),
    "PairEmbedding": lambda two: (
        PairEmbedding(dimensions=2).fit([two]).source.index_to_key
        + PairEmbedding(dimensions=2).fit([two]).target.index_to_key
    ),
    "PairEmbedding, columns": lambda two: (
        PairEmbedding(dimensions=2).fit((two, two)).source.index_to_key
    ),
    "NodeEmbedding": lambda two: NodeEmbedding(dimensions=2).fit([two]).source.index_to_key,
    "DirectedGraph, columns": lambda two: DirectedGraph.from_edges(two, two[::-1]).names,
    "DirectedGraph, names": lambda two: DirectedGraph.from_edges([0, 1], [1, 0], names=two).names,
    "KeyedVectors, add": lambda two: added(two).index_to_key,
    "Vocabulary": lambda two: Vocabulary.from_counts(dict.fromkeys(two, 1)).words,
}
UNHASHED = ENTRANCES.keys() - {"Vocabulary"}  # whose mapping has hashed them


def added(two):
    kv = KeyedVectors(2)
    kv.add_vectors(two, np.eye(2))
    return kv


@pytest.mark.parametrize("name", sorted(UNHASHED))
def test_an_array_without_dimensions_is_the_key_that_it_holds(name):
    found = ENTRANCES[name]([np.array("a"), np.array("b")])
    assert sorted(found) == ["a", "b"] and set(map(type, found)) == {str}
    assert sorted(ENTRANCES[name]([np.array(7), np.array(3)])) == [3, 7]


@pytest.mark.parametrize("name", sorted(UNHASHED))
@pytest.mark.parametrize("wrong", [["x"], {"x": 1}, ("a", ["x"])], ids=repr)
def test_what_cannot_be_hashed_is_refused_in_the_same_words(name, wrong):
    with pytest.raises(TypeError) as caught:
        ENTRANCES[name](["b", wrong])
    told = f"is {wrong!r}, a {type(wrong).__name__}, which can't be hashed; allowed are str, int"
    assert told in str(caught.value)


@pytest.mark.parametrize("name", ENTRANCES)
@pytest.mark.parametrize("missing", [None, math.nan], ids=repr)
def test_what_is_missing_is_refused_in_the_same_words(name, missing):
    with pytest.raises(ValueError, match=rf" is {missing}, a missing value: leave it out, or"):
        ENTRANCES[name](["b", missing])


@pytest.mark.parametrize("name", ENTRANCES)
@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        ("2026-01-02", datetime.date(2026, 1, 2)),
        ("2026-01-02T03:04:05", datetime.datetime(2026, 1, 2, 3, 4, 5)),
        ("2026-01-02T03:04:05.000000006", np.datetime64("2026-01-02T03:04:05.000000006")),
    ],
)
@pytest.mark.filterwarnings("ignore:a key of type")
def test_moments_of_numpy_are_those_of_python_unless_they_are_finer(name, moment, kept):
    found = ENTRANCES[name]([np.datetime64(moment), "x"])
    assert kept in found and type(kept) in set(map(type, found))


@pytest.mark.filterwarnings("ignore:a key of type")
def test_columns_and_sentences_of_moments_keep_nanoseconds():
    moments = np.array(["2026-01-02T00:00:00.000000001", "2026-01-03"], "datetime64[ns]")
    model = PairEmbedding(dimensions=2).fit((moments, ["a", "b"]))
    assert model.source.index_to_key == list(moments)
    assert EncodedCorpus.from_iterable([moments]).vocabulary.words == list(moments)
    assert DirectedGraph.from_edges(moments, moments[::-1]).names == list(moments)
    days = moments.astype("datetime64[D]")
    assert EncodedCorpus.from_iterable([days]).vocabulary.words == days.tolist()


def test_an_array_without_dimensions_asks_as_the_key_that_it_holds():
    kv, key = added(["a", "b"]), np.array("a")
    model = NodeEmbedding(dimensions=2, workers=1).fit([("a", "b"), ("b", "a"), ("b", "c")])
    joint = JointScore(model, DirectedGraph.of([("a", "b"), ("b", "a"), ("b", "c")]))
    ppmi = PPMI([["a", "b"], ["b", "c"]] * 5, min_count=1)
    assert key in kv and kv.get_index(key) == 0 and kv.is_key(key)
    assert kv[key].tolist() == kv["a"].tolist() and kv[np.array(1)].tolist() == kv["b"].tolist()
    assert kv[[key, "b"]].tolist() == kv[["a", "b"]].tolist()
    assert kv.most_similar(key) == kv.most_similar("a")
    assert kv.most_similar([(key, 0.5)]) == kv.most_similar([("a", 0.5)])
    assert kv.vectors_for_all([key]).index_to_key == ["a"]
    kv[key] = [5, 6]
    assert kv["a"].tolist() == [5, 6] and len(kv) == 2
    assert kv.add_vector(np.array("c"), [1, 1]) == 2 and kv.index_to_key[2] == "c"
    for scorer in (model, joint):
        assert scorer.score(key, "b") == scorer.score("a", "b")
        assert type(scorer.score(key, np.array("b"))) is float
        assert scorer.score(key, ["b", "c"]).shape == (2,)
    assert model.recommend(key, topn=1) == model.recommend("a", topn=1)
    assert ppmi.most_similar(key) == ppmi.most_similar("a")
    for ask in (kv.get_index, kv.get_vector, ppmi.most_similar, lambda k: model.score(k, "b")):
        with pytest.raises(TypeError, match=r"is \{'x': 1\}, a dict, which can't be hashed"):
            ask({"x": 1})
