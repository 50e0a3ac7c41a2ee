"""Names of gensim 3: each is in the table of docs/from-gensim-3.md, and its error says the new."""

import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.gensim import gensim3
from fastsgns.models import aliases as of_models
from fastsgns.models.fasttext import save_facebook_model
from fastsgns.vectors import aliases as of_vectors

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "from-gensim-3.md"
NAME = re.compile(r"^(model|wv|Word2Vec)\.([a-z_0-9]+)(\(replace=True\))?$")
needs_page = pytest.mark.skipif(not PAGE.exists(), reason="the docs are not part of this copy")


def table() -> dict[str, str]:
    """Return the second column of the table by the old names of the first."""
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|$", PAGE.read_text(encoding="utf-8"), re.M)
    return {old: new for olds, new in rows for old in re.findall(r"`(.*?)`", olds)}


def old_names() -> list[tuple[str, str, str]]:
    """Return the attributes of the table: what they were on, their name, and the new one."""
    if not PAGE.exists():
        return []
    found = ((NAME.match(old), new) for old, new in table().items())
    return [(match[1], match[2], new) for match, new in found if match and not match[3]]


@pytest.fixture
def model() -> Word2Vec:
    return Word2Vec([["a", "b"]] * 9, vector_size=4, min_count=1, workers=1, sample=0)


@pytest.fixture
def kv() -> KeyedVectors:
    kv = KeyedVectors(2)
    kv.add_vectors(["a", "b"], np.eye(2))
    return kv


@pytest.mark.parametrize(("owner", "name", "new"), old_names())
def test_an_attribute_that_is_gone_names_its_successor(owner, name, new, model, kv):
    target = {"model": model, "wv": kv, "Word2Vec": Word2Vec}[owner]
    with pytest.raises(AttributeError) as caught:
        getattr(target, name)()
    successor = "KeyedVectors itself" if name == "wv" else re.search(r"\.?(\w+)(\(\))?`", new)[1]
    if new.startswith("the same of"):
        successor = f"model.wv.{name}"
    assert successor in str(caught.value)
    assert name == "load_word2vec_format" or not hasattr(target, name)


@needs_page
def test_every_old_name_that_has_a_message_is_in_the_table():
    listed = {(owner, name) for owner, name, _ in old_names()}
    models = {("Word2Vec" if name == "load_word2vec_format" else "model", name)
              for name in of_models.SUCCESSORS}  # fmt: skip
    vectors = {("wv", name) for name in of_vectors.SUCCESSORS}
    assert (models | vectors) - listed - {("model", "distance"), ("model", "distances")} == set()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: Word2Vec(size=5), TypeError, "renamed vector_size"),
        (lambda m: Word2Vec(iter=5), TypeError, "renamed epochs"),
        (lambda m: m.train(sentences=[["a"]]), TypeError, "renamed corpus_iterable"),
        (lambda m: m.build_vocab(sentences=[["a"]]), TypeError, "renamed corpus_iterable"),
        (lambda m: m["a"], TypeError, r"model\.wv\['a'\]"),
        (lambda m: "a" in m, TypeError, r"'a' in model\.wv"),
        (lambda m: m.wv.vocab["a"].count, AttributeError, r"get_vecattr\(key, 'count'\)"),
        (lambda m: m.wv.vocab["a"].index, AttributeError, "key_to_index"),
        (lambda m: Word2Vec.load_word2vec_format("x"), AttributeError, "KeyedVectors.load_word2"),
    ],
)
def test_a_call_of_gensim_3_says_how_it_is_written_now(call, error, message, model):
    with pytest.raises(error, match=message):
        call(model)


def test_init_sims_works_and_is_deprecated(model):
    with pytest.warns(DeprecationWarning, match="init_sims"):
        model.init_sims(replace=True)
    np.testing.assert_allclose(np.linalg.norm(model.wv.vectors, axis=1), 1, rtol=1e-6)


def test_methods_of_batches_are_not_called():
    class Old:
        calls = 0

        def on_batch_end(self, model):
            raise AssertionError("gensim 4 has no such event")

        def on_epoch_end(self, model):
            self.calls += 1

    old = Old()
    Word2Vec([["a", "b"]] * 9, vector_size=4, min_count=1, epochs=2, sample=0, callbacks=[old])
    assert old.calls == 2


@pytest.mark.parametrize(("owner", "name", "new"), old_names())
def test_a_program_for_gensim_3_finds_the_attribute(owner, name, new):
    model = gensim3.Word2Vec([["a", "b"]] * 9, size=4, min_count=1, sample=0, workers=1, hs=1)
    target = {"model": model, "wv": model.wv, "Word2Vec": gensim3.Word2Vec}[owner]
    assert hasattr(target, name)


def test_parts_of_a_model_of_gensim_3_are_those_of_the_model():
    model = gensim3.Word2Vec([["a", "b"]] * 9, size=4, min_count=1, sample=0, workers=1, hs=1)
    for owner, names in gensim3.PARTS.items():
        part = getattr(model, owner)
        for name in names:
            assert hasattr(part, name), name
        assert not hasattr(part, "nothing")
    np.testing.assert_array_equal(model.trainables.syn1neg, model.syn1neg)
    model.vocabulary.min_count = 3
    model.trainables.vectors_lockf = np.full(2, 0.5, np.float32)
    assert model.min_count == 3 and model.wv.vectors_lockf.tolist() == [0.5, 0.5]


def test_vectors_of_unit_length_that_are_set_are_those_of_the_vectors():
    model = gensim3.Word2Vec([["a", "b"]] * 9, size=4, min_count=1, sample=0, workers=1)
    model.wv.vectors_norm = model.wv.syn0norm = None
    np.testing.assert_array_equal(model.wv.vectors_norm, model.wv.get_normed_vectors())
    before = model.wv.vectors.copy()
    model.delete_temporary_training_data()
    np.testing.assert_array_equal(model.wv.vectors, before)
    model.delete_temporary_training_data(replace_word_vectors_with_normalized=True)
    np.testing.assert_allclose(np.linalg.norm(model.wv.vectors, axis=1), 1, rtol=1e-6)


def test_vectors_become_a_layer_of_keras(monkeypatch):
    layers = types.SimpleNamespace(Embedding=lambda *sizes, **options: (sizes, options))
    monkeypatch.setitem(sys.modules, "keras", types.ModuleType("keras"))
    monkeypatch.setitem(sys.modules, "keras.layers", layers)
    wv = gensim3.KeyedVectors(2)
    wv.add(["a", "b", "c"], np.ones((3, 2)))
    sizes, options = wv.get_keras_embedding()
    assert sizes == (3, 2) and not options["trainable"]
    assert options["weights"][0] is wv.vectors


def test_a_class_derived_from_that_of_gensim_3_can_use_its_names_for_others():
    class Own(gensim3.Word2Vec):
        def __init__(self, **parameters):
            super().__init__(**parameters)
            self.size, self.vocabulary = 7, {}

    model = Own(size=4)
    assert (model.size, model.vocabulary, model.vector_size) == (7, {}, 4)


def test_phrases_of_gensim_3_have_common_terms_and_bytes():
    cities = [["bank", "of", "america"], ["bank", "of", "america"]]
    options = {"min_count": 1, "threshold": 0.1, "delimiter": b"+", "common_terms": ["of"]}
    phrases = gensim3.Phrases(cities, **options)
    assert phrases.common_terms == {"of"} and phrases.delimiter == "+"
    assert phrases[["bank", "of", "america"]] == ["bank+of+america"]
    assert dict(phrases.export_phrases(cities)).keys() == {b"bank of america"}
    found = dict(phrases.export_phrases(cities, as_tuples=True))
    assert found.keys() == {(b"bank", b"of", b"america")}
    assert list(found.values()) == list(phrases.export_phrases().values())
    assert gensim3.Phraser(phrases)[["bank", "of", "america"]] == ["bank+of+america"]


def test_files_of_fasttext_have_the_names_of_gensim_3(tmp_path):
    model = gensim3.FastText([["cat", "b"]] * 9, size=4, min_count=1, sample=0, bucket=99)
    save_facebook_model(model, tmp_path / "m.bin")
    with pytest.warns(DeprecationWarning, match="load_facebook_model"):
        loaded = gensim3.FastText.load_fasttext_format(tmp_path / "m.bin")
    for other in (loaded, gensim3.load_facebook_model(tmp_path / "m.bin")):
        assert isinstance(other, gensim3.FastText)
        np.testing.assert_allclose(other["cats"], model["cats"], atol=1e-6)
    vectors = gensim3.load_facebook_vectors(tmp_path / "m.bin")
    assert vectors.vocab["cat"].count == 9 and vectors.index2word == model.wv.index2word


def test_fasttext_of_gensim_3():
    model = gensim3.FastText([["a", "b"]] * 9, size=4, iter=2, min_count=1, sample=0, workers=1)
    assert (model.size, model.iter) == (4, 2) and model["ab"].shape == (4,)
    assert isinstance(model, gensim3.Word2Vec) and isinstance(model.wv, gensim3.KeyedVectors)
    assert model.wv.num_ngram_vectors == len(model.wv.vectors_ngrams)
    assert model.wv.vocab["a"].count == 9 and set(model.wv.index2word) == {"a", "b"}
