"""Names of gensim 3: each is in the table of docs/from-gensim-3.md, and its error says the new."""

import re
from pathlib import Path

import numpy as np
import pytest

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.models import aliases as of_models
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
