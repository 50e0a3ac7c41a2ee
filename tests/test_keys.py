"""Keys of every kind: trained on, saved, loaded, found."""

import datetime
import enum
import math
import uuid
import warnings

import numpy as np
import pytest

from fastsgns import EncodedCorpus, GloVe, KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.errors import FormatError
from fastsgns.formats import keys, native
from fastsgns.models.factors import HOPE, STRAP
from fastsgns.models.ppmi import PPMI

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


class Colour(enum.Enum):
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
}


@pytest.mark.parametrize("name", TRAIN)
def test_training_says_before_it_starts_that_keys_cannot_be_saved(name, tmp_path):
    with pytest.warns(UserWarning, match="type Colour .* can't be saved.*convert the keys"):
        model = TRAIN[name]([Colour.RED, Colour.BLUE, Colour.RED])
    with pytest.raises(TypeError, match="Colour"):
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
