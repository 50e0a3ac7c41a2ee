"""Attributes of keys: those that are computed, and those that do not fit the keys."""

import copy
import pickle

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.errors import FormatError
from fastsgns.formats import native

SENTENCES = [["a", "b", "c", "d"], ["b", "c"], ["c"]] * 20


@pytest.fixture
def model():
    return Word2Vec(SENTENCES, hs=1, negative=0, min_count=1, vector_size=4, workers=1)


def test_computed_attributes_are_among_the_items(model):
    attributes = model.wv.expandos
    names = ["count", "code", "point"]
    assert len(attributes) == 3 and all(name in attributes for name in names)
    for listed in (attributes, attributes.keys(), dict(attributes), {**attributes}):
        assert list(listed) == names
    for name, values in attributes.items():
        assert values is attributes[name]
    assert len(list(attributes.values())) == 3 and "point" in repr(attributes)
    assert list(attributes.stored()) == ["count"]


def test_computed_attributes_follow_the_counts(model):
    kv = model.wv
    kv.expandos = dict(kv.expandos)
    for vectors in (kv, copy.deepcopy(kv), pickle.loads(pickle.dumps(kv))):
        assert list(vectors.expandos.stored()) == ["count"]
        vectors.set_vecattr("a", "count", 10**6)
        vectors.sort_by_descending_frequency()
        assert vectors.index_to_key[0] == "a" and len(vectors.get_vecattr("a", "code")) == 1


def test_a_tree_of_another_program_stays_when_attributes_are_replaced(model):
    gensim = need("gensim")
    theirs = gensim.models.Word2Vec(SENTENCES, hs=1, negative=0, min_count=1, vector_size=4)
    kv = Word2Vec.from_gensim(theirs).wv  # no model reads `wv` below
    kv.expandos = dict(kv.expandos)
    for word in "abcd":
        np.testing.assert_array_equal(
            kv.expandos["point"][kv.key_to_index[word]], theirs.wv.get_vecattr(word, "point")
        )


def test_paths_of_vectors_give_way_to_the_tree_of_a_model(model):
    kv = model.wv.vectors_for_all(model.wv.index_to_key, copy_vecattrs=True)
    kv.set_vecattr("a", "count", 10**6)
    model.wv = kv
    assert list(model.wv.expandos.stored()) == ["count"]
    assert len(model.wv.get_vecattr("a", "code")) == 1


def test_paths_that_are_not_of_each_key_are_left_out_of_a_file_with_a_warning(model, tmp_path):
    kv = model.wv.vectors_for_all(model.wv.index_to_key, copy_vecattrs=True)
    kv.add_vector("new", np.ones(4))
    with pytest.warns(UserWarning, match=r"\['code', 'point'\]: not each key has a path"):
        kv.save(tmp_path / "v")
    assert list(KeyedVectors.load(tmp_path / "v").expandos) == ["count"]


def test_a_number_named_code_is_saved(tmp_path):
    kv = KeyedVectors.from_arrays(["a", "b"], np.eye(2))
    kv.expandos["code"] = np.array([5, 6])
    kv.save(tmp_path / "v")
    assert KeyedVectors.load(tmp_path / "v").expandos["code"].tolist() == [5, 6]


@pytest.mark.parametrize("name", ["labels", "nodes", "starts"])
def test_damaged_paths_are_refused(model, tmp_path, name):
    model.wv.save(tmp_path / "v")
    kind, tensors, metadata = native.read(tmp_path / "v")
    metadata = {key: value for key, value in metadata.items() if key not in ("format", "kind")}
    changed = tensors[f"path_{name}"].copy()
    changed[0] = 2 if name != "nodes" else -1
    for arrays in (
        tensors | {f"path_{name}": changed},
        {key: values for key, values in tensors.items() if key != f"path_{name}"},
    ):
        native.write(tmp_path / "v", kind, arrays, metadata)
        with pytest.raises(FormatError, match="path"):
            KeyedVectors.load(tmp_path / "v")


def test_the_advice_about_slots_and_rows_works(tmp_path):
    kv = KeyedVectors(2, count=3)
    kv.add_vector("a", [1.0, 2.0])
    with pytest.raises(ValueError, match=r"2 of them empty slots.*vectors_for_all") as error:
        kv.save(tmp_path / "v")
    advice = str(error.value).rpartition(": ")[2]
    eval(advice, {"kv": kv}).save(tmp_path / "v")
    assert KeyedVectors.load(tmp_path / "v")["a"].tolist() == [1, 2]
    kv = KeyedVectors.from_arrays(["a", "b"], np.eye(2))
    kv.vectors = np.eye(3, 2)
    with pytest.raises(ValueError, match=r"2 keys and 3 vectors; call kv.resize_vectors\(\)"):
        kv.save(tmp_path / "v")
    kv.resize_vectors()
    kv.save(tmp_path / "v")


@pytest.mark.parametrize("values", [np.arange(3), [1, 2, 3], np.zeros((3, 2)), 7])
def test_an_attribute_of_another_length_is_refused_at_once(values):
    kv = KeyedVectors.from_arrays(list("abcd"), np.eye(4))
    with pytest.raises(ValueError, match=r"'x' has (3|one) values?, and there are 4 keys"):
        kv.expandos["x"] = values
    assert not kv.expandos


def test_attributes_may_be_set_before_the_keys():
    kv = KeyedVectors(2)
    kv.expandos["x"] = np.arange(3)
    kv.vectors, kv.index_to_key = np.eye(3, 2), ["a", "b", "c"]
    kv.key_to_index = {"a": 0, "b": 1, "c": 2}
    kv.expandos["y"] = np.arange(3)
    kv.expandos["z"] = np.zeros((3, 2))
    kv.add_vector("d", [1.0, 2.0])
    kv.expandos["y"] = np.arange(4)
    kv.expandos["y"] = np.arange(3)  # as programs do that remove a key afterwards
    kv.expandos["y"], kv.expandos["count"] = np.arange(4), np.arange(4)
    kv.sort_by_descending_frequency()
    assert kv.expandos["y"].tolist() == [3, 2, 1, 0] and kv.expandos["z"].shape == (4, 2)
