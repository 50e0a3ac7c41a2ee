"""A save that succeeds can be loaded, and gives an equal object; one that fails changes no file."""

import copy
import os
import re
import warnings

import numpy as np
import pytest
from classes import SAVABLE, SENTENCES

from fastsgns import (
    GloVe,
    KeyedVectors,
    NodeEmbedding,
    PairEmbedding,
    Word2Vec,
)
from fastsgns.models.ppmi.svd import SVDVectors

NOT_SAVED = {
    "callbacks", "hashfxn", "progress", "graph", "pairs", "walks_file", "link_check",  # by design
    "mapfile_path", "next_index", "norms",  # follow from the rest, or from the file
}  # fmt: skip
ODD_VALUES = [
    None, "1", "x", 1.0, 2.5, -1, 0, 1, 5, float("nan"), float("inf"), -0.001, 10**30, True, False,
    b"x", object(), [], {}, (1,), np.int64(3), np.float32(0.5), np.float64(-0.001), np.bool_(True),
    np.array([1, 2]), np.zeros((2, 3)),
]  # fmt: skip


@pytest.fixture(autouse=True)
def without_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def same(one, other):
    """Whether two values are equal, of whatever type, also arrays and NaN."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    if isinstance(one, (int, float, str, type(None), np.generic)):
        return bool(one == other) or (one != one and other != other)
    return True  # compared through the bytes of the file


def check(thing, path, name=None):
    """Hold the contract; returns what was raised."""
    path.write_bytes(b"old")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            thing.save(path)
    except Exception as error:
        assert path.read_bytes() == b"old"
        assert [p.name for p in path.parent.iterdir()] == [path.name]
        return error
    loaded, content = type(thing).load(path), path.read_bytes()
    if name is not None and name not in NOT_SAVED:
        assert same(getattr(thing, name), getattr(loaded, name)), name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded.save(path)
    assert path.read_bytes() == content, "what was loaded is what was saved"
    return None


@pytest.mark.parametrize("kind", SAVABLE)
def test_whatever_an_attribute_is_set_to(kind, tmp_path):
    original = SAVABLE[kind]()
    assert check(original, tmp_path / "f") is None
    names = [name for name in vars(original) if not name.startswith("_")]
    if isinstance(original, (NodeEmbedding, PairEmbedding)):
        names.append("target_bias")
    n_saved = 0
    for name in names:
        for value in ODD_VALUES:
            thing = copy.deepcopy(original)
            try:
                setattr(thing, name, value)
            except (TypeError, ValueError, AttributeError):
                continue  # refused at once
            n_saved += check(thing, tmp_path / "f", name) is None
    assert n_saved or kind in ("DirectedGraph", "SVDVectors")


# what gensim's users do


def fall(model):
    """The loop of many tutorials, which ends below 0."""
    for _ in range(14):
        model.alpha -= 0.002
        model.min_alpha = model.alpha
    assert model.alpha < 0


def add_word(model):
    model.wv["new"] = np.ones(8)


def add_many(model):
    model.wv.add_vectors([f"x{i}" for i in range(9)], np.ones((9, 8)))


def add_counted(model):
    model.wv.add_vectors(["x"], np.ones((1, 8)), {"count": np.array([3])})


def assign(model):
    kv = KeyedVectors(8)
    kv.add_vectors(model.wv.index_to_key[::-1], model.wv.vectors[::-1])
    model.wv = kv


def assign_others(model):
    kv = KeyedVectors(8)
    kv.add_vectors(["p", "q", "river1"], np.eye(3, 8))
    model.wv = kv


def assign_wide(model):
    model.wv.vectors = model.wv.vectors.astype(np.float64)


def sort(model):
    model.wv.set_vecattr("river1", "count", 10**6)
    model.wv.sort_by_descending_frequency()


def grow(model):
    model.build_vocab([["new", "river1"]], update=True)


def annotate(model):
    model.wv.set_vecattr("river1", "tag", "wet")
    model.wv.expandos["share"] = list(np.linspace(0, 1, len(model.wv)))


def freeze(model):
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)


def setter(**values):
    def change(model):
        for name, value in values.items():
            setattr(model, name, value)

    change.__name__ = ", ".join(f"{name}={value!r}" for name, value in values.items())
    return change


EDITS = [
    fall, add_word, add_many, add_counted, assign, assign_others, assign_wide, sort, grow, annotate,
    freeze, lambda model: setter(callbacks=[print])(model), setter(sg=None), setter(sg="1"),
    setter(min_alpha=0.0), setter(min_alpha=1), setter(alpha=np.float32(0.01)), setter(window=9),
    setter(seed=np.int64(7)), setter(seed=None), setter(workers=np.int32(2)), setter(epochs=10.0),
    setter(min_count=True), setter(comment="ünï"), setter(running_training_loss=0),
    setter(compute_loss=None), setter(hs=1.0), setter(shrink_windows=None), setter(sample=0),
    setter(negative=7), setter(batch_words=None), setter(total_train_time=np.float64(3)),
]  # fmt: skip
REFUSED = {"sg=None": "sg"}


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
@pytest.mark.parametrize("kind", ["Word2Vec", "Word2Vec, tree", "Word2Vec, one matrix"])
def test_what_gensims_users_do_is_saved(kind, edit, tmp_path):
    model = SAVABLE[kind]()
    edit(model)
    error = check(model, tmp_path / "f")
    if edit.__name__ in REFUSED:
        assert re.search(f"^{REFUSED[edit.__name__]} is .*allowed are", str(error))
        return
    if kind == "Word2Vec, tree" and "count" not in model.wv.expandos:
        assert "has no counts, which the Huffman tree" in str(error)
        return
    assert error is None, error
    loaded = Word2Vec.load(tmp_path / "f")
    assert loaded.wv.index_to_key == model.wv.index_to_key
    np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)
    if kind == "Word2Vec":
        np.testing.assert_array_equal(loaded.syn1neg, model.syn1neg)
    if "count" not in loaded.wv.expandos:
        return
    if kind == "Word2Vec, one matrix" and edit.__name__ in ("freeze", "hs=1.0"):
        return  # train() refuses both
    rates = {"start_alpha": 0.01, "end_alpha": 0.01}
    for one in (model, loaded):
        one.callbacks = ()
        one.train(SENTENCES, total_examples=len(SENTENCES), epochs=1, **rates)
    if model.seed is not None and model.workers == 1:
        np.testing.assert_array_equal(loaded.wv.vectors, model.wv.vectors)


# what can't be saved is said


def spoil(change):
    def spoiled(thing):
        change(thing)
        return thing

    return spoiled


TAUGHT = {
    "window": ("Word2Vec", setter(window=0), "window is 0; allowed are integers from 1"),
    "vector_size": ("Word2Vec", setter(vector_size=9), "vector_size=9"),
    "matrices": ("Word2Vec", setter(matrices="one"), "matrices is 'one'; allowed are"),
    "losses": ("Word2Vec", setter(epoch_losses=None), "epoch_losses"),
    "alpha": ("Word2Vec", setter(alpha=float("nan")), "alpha is nan; allowed are finite"),
    "lockf": (
        "KeyedVectors", setter(vectors_lockf=np.ones(5)), r"lockf is of shape \(5,\)",
    ),
    "index": ("KeyedVectors", lambda kv: kv.key_to_index.pop("a"), "key_to_index of kv does not"),
    "twice": ("KeyedVectors", setter(index_to_key=["a", "a", "c"]), "key_to_index"),
    "size": ("KeyedVectors", setter(vector_size=5), "vector_size is 5, but the vectors have 2"),
    "attribute": (
        "KeyedVectors", lambda kv: kv.expandos.update(x=np.ones(4)), "attr:x is of shape",
    ),
    "name": ("KeyedVectors", lambda kv: kv.expandos.update({1: np.ones(2)}), "attribute is 1"),
    "glove": ("GloVe", setter(vector_size=9), "vector_size=9"),
    "nodes": ("NodeEmbedding", setter(dimensions=9), "dimensions=9"),
    "kind": ("NodeEmbedding", setter(matrices="tied"), "matrices='tied'"),
    "source": (
        "NodeEmbedding", lambda m: setattr(m, "source", KeyedVectors(8)), "set source.vectors",
    ),
    "counts": ("PairEmbedding", setter(target_counts=np.ones(3)), r"target_counts is of shape"),
    "hope": ("HOPE", setter(dimensions=9), "dimensions=9"),
    "weight": ("SVDVectors", setter(weight=0.3), r"weighted\(\)"),
    "ids": ("EncodedCorpus", setter(ids=np.array([1, 2])), "ids"),
    "offsets": ("EncodedCorpus", lambda c: setattr(c, "offsets", c.offsets[:-1]), "offsets"),
    "edges": ("DirectedGraph", lambda g: setattr(g, "out_targets", g.out_targets[::-1]), "ascend"),
    "names": ("DirectedGraph", lambda g: g.names.append("n1"), "twice"),
    "weights": ("Cooccurrences", lambda c: setattr(c, "weights", -c.weights), "weights"),
    "cells": ("PPMI", lambda p: p.matrix.data.__setitem__(0, -1), "cells are not all at least 0"),
}  # fmt: skip


@pytest.mark.parametrize("name", TAUGHT)
def test_what_cannot_be_loaded_is_not_saved(name, tmp_path):
    kind, change, message = TAUGHT[name]
    thing = copy.deepcopy(SAVABLE[kind]())
    change(thing)
    error = check(thing, tmp_path / "f")
    assert isinstance(error, (ValueError, TypeError)), error
    assert re.search(message, str(error)), error


# what is not finite


def arrays_of(thing):
    """Arrays whose NaN would be saved."""
    if isinstance(thing, Word2Vec):
        return [
            *thing.current_arrays().vectors.values(),
            *([] if thing.wv.bias is None else [thing.wv.bias]),
        ]
    if isinstance(thing, GloVe):
        return [
            thing.input.vectors,
            thing.output.vectors,
            thing.input_biases,
            thing.arrays.squares[0],
        ]
    if isinstance(thing, SVDVectors):
        return [thing._factors.left, thing._factors.values]
    return [thing.source.vectors, thing.target.vectors]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    "kind",
    [
        "Word2Vec", "Word2Vec, tree", "Word2Vec, one matrix", "GloVe", "NodeEmbedding",
        "PairEmbedding", "HOPE", "STRAP", "FastRP", "ProNE", "SVDVectors",
    ],
)  # fmt: skip
def test_models_that_are_not_finite_are_not_saved(kind, value, tmp_path):
    original = SAVABLE[kind]()
    for index in range(len(arrays_of(original))):
        thing = copy.deepcopy(original)
        arrays_of(thing)[index][3 if kind != "SVDVectors" or index == 0 else 2] = value
        error = check(thing, tmp_path / "f")
        assert isinstance(error, ValueError), (kind, index)
        is_squares = kind == "GloVe" and index == 3 and not value > 0
        assert "not finite" in str(error) or kind == "SVDVectors" or is_squares


def test_vectors_that_are_not_finite_are_saved_with_a_warning(tmp_path):
    kv = SAVABLE["KeyedVectors"]()
    kv.vectors[1, 1] = np.nan
    with pytest.warns(UserWarning, match="'vectors' is not finite: row 1 of 3"):
        kv.save(tmp_path / "f")
    np.testing.assert_array_equal(KeyedVectors.load(tmp_path / "f").vectors, kv.vectors)
    with pytest.warns(UserWarning, match="'vectors' is not finite: row 1 of 3"):
        kv.save_word2vec_format(tmp_path / "f", binary=True)


def test_attributes_that_are_not_finite_are_what_users_want(tmp_path):
    kv = SAVABLE["KeyedVectors"]()
    kv.expandos["score"] = np.array([np.nan, 1.0, 2.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kv.save(tmp_path / "f")
    assert np.isnan(KeyedVectors.load(tmp_path / "f").get_vecattr("a", "score"))
