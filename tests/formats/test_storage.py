"""A model and its file: everything comes back, and training goes on as if nothing had been."""

import copy
import io
import json
import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import toy

import fastsgns
from fastsgns import KeyedVectors, Word2Vec
from fastsgns.errors import FormatError
from fastsgns.formats import native
from fastsgns.models.callbacks import CallbackAny2Vec
from fastsgns.models.words import storage

SENTENCES = toy.sentences(60)
MODES = [{"sg": 1}, {"sg": 0}, {"sg": 1, "hs": 1}, {"hs": 1, "negative": 0}]


def made(**options):
    return Word2Vec(
        SENTENCES, **{"vector_size": 12, "min_count": 1, "workers": 1, "epochs": 2} | options
    )


def train_on(model):
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=2)
    return model


def content(model):
    return {"input": model.wv.vectors, **model.current_arrays().vectors}


def assert_same(one, other):
    left, right = content(one), content(other)
    assert left.keys() == right.keys() and len(left) >= 2
    for role in left:
        np.testing.assert_array_equal(left[role], right[role])
    assert one.wv.index_to_key == other.wv.index_to_key
    np.testing.assert_array_equal(one.wv.expandos["count"], other.wv.expandos["count"])


def through_file(model, path):
    model.save(path)
    return type(model).load(path)


def saved_names(part):
    return list(storage.SCHEMA.values[part])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model"


def test_everything_comes_back_from_one_file(path):
    model = made(
        sg=1, hs=1, alpha=0.03, min_alpha=0.001, window=3, sample=0.01, seed=7, negative=3,
        ns_exponent=-0.5, cbow_mean=0, compute_loss=True, comment="naïve", max_final_vocab=20,
        shrink_windows=False, cbow_gradient="exact", sorted_vocab=0, max_vocab_size=10**6,
        null_word=1, batch_words=4,
    )  # fmt: skip
    loaded = through_file(model, path)
    assert os.listdir(path.parent) == ["model"]
    assert_same(loaded, model)
    for name in (*saved_names("parameters"), *saved_names("state")):
        assert getattr(loaded, name) == getattr(model, name), name
    assert len(loaded.epoch_losses) == 2 and loaded.epochs_trained == 2
    assert str(loaded) == str(model)


def test_parameters_of_the_file_are_all_those_of_the_constructor():
    import inspect

    transient = {"self", "sentences", "corpus_file", "hashfxn", "trim_rule", "callbacks"}
    transient |= {"progress", "unknown", "init_from", "checkpoint", "every"}
    parameters = set(inspect.signature(Word2Vec.__init__).parameters)
    assert set(saved_names("parameters")) == parameters - transient


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("how", ["file", "map", "pickle", "deepcopy"])
def test_training_goes_on_as_if_never_saved(path, mode, how):
    model = made(**mode)
    if how == "file":
        restored = through_file(model, path)
    elif how == "map":
        model.save(path)
        restored = Word2Vec.load(path, mmap="r")
    else:
        restored = pickle.loads(pickle.dumps(model)) if how == "pickle" else copy.deepcopy(model)
    assert_same(restored, model)
    first = {role: array.copy() for role, array in content(model).items()}
    assert_same(train_on(restored), train_on(model))
    assert all((first[role] != array).any() for role, array in content(model).items())


def test_a_mapped_model_is_read_only_until_it_trains(path):
    made().save(path)
    model = Word2Vec.load(path, mmap="r")
    assert isinstance(model.wv.vectors, np.memmap) and not model.wv.vectors.flags.writeable
    before = path.read_bytes()
    train_on(model)
    assert model.wv.vectors.flags.writeable
    assert path.read_bytes() == before
    with pytest.raises(ValueError, match="mmap='w'"):
        Word2Vec.load(path, mmap="w")


def test_a_path_may_be_any_and_a_file_object_will_do(tmp_path):
    model, stream = made(), io.BytesIO()
    model.save(stream)
    stream.seek(0)
    assert_same(Word2Vec.load(stream), model)
    for path in (str(tmp_path / "a"), Path(tmp_path / "b")):
        assert_same(through_file(model, path), model)
    with open(tmp_path / "c", "wb") as file:
        model.save(file)
    with open(tmp_path / "c", "rb") as file:
        assert_same(Word2Vec.load(file), model)


def test_arguments_of_gensim_are_accepted(path):
    made().save(path, separately=["syn1neg"], sep_limit=1, ignore=["x"], pickle_protocol=2)
    assert os.listdir(path.parent) == ["model"]


def test_keys_that_are_not_strings(path):
    numbers = Word2Vec([[1, 2, "three"]] * 9, vector_size=4, min_count=1, workers=1)
    assert through_file(numbers, path).wv.index_to_key == numbers.wv.index_to_key
    before = path.read_bytes()
    sets = [[frozenset("ab"), frozenset("cd")]] * 9
    with pytest.warns(UserWarning, match="can't be saved"):
        odd = Word2Vec(sets, vector_size=4, min_count=1, workers=1)
    with pytest.raises(TypeError, match=r"key of type frozenset .*allowed are str, int, float"):
        odd.save(path)
    assert path.read_bytes() == before


def test_the_kind_of_a_file_decides(path):
    model = made()
    model.wv.save(path)
    with pytest.raises(AttributeError, match=r"load it with .* fastsgns\.KeyedVectors\.load"):
        Word2Vec.load(path)
    model.save(path)
    assert_same(fastsgns.load(path), model)
    with pytest.raises(AttributeError, match=r"fastsgns\.Word2Vec\.load.*attribute 'wv'"):
        KeyedVectors.load(path)
    with pytest.raises(AttributeError, match=r"Word2Vec\.load\(path\)"):
        model.load(path)
    with pytest.raises(FileNotFoundError):
        Word2Vec.load(path.parent / "nowhere")


def test_cut_and_foreign_files_are_refused(path):
    made().save(path)
    whole = path.read_bytes()
    for kept in (0, 5, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:kept])
        for mmap in (None, "r"):
            with pytest.raises(FormatError, match="model"):
                Word2Vec.load(path, mmap=mmap)
    for foreign in (pickle.dumps({"wv": 1}), b"2 2\na 1 2\nb 1 2\n", b"\xff" * 999):
        path.write_bytes(foreign)
        with pytest.raises(FormatError, match="not a fastsgns file"):
            Word2Vec.load(path)


def tampered(path, change):
    kind, tensors, metadata = native.read(path)
    change(tensors, metadata)
    native.write(path, kind, tensors, metadata)


@pytest.mark.parametrize(
    "change",
    [
        lambda t, m: t.pop("input"),
        lambda t, m: t.pop("words"),
        lambda t, m: t.update(output=t["output"][:-1]),
        lambda t, m: t.update(output=t["output"].astype(np.float64)),
        lambda t, m: t.update(output=t["output"].ravel()),
        lambda t, m: t.update(input=t["input"][:, :3]),
        lambda t, m: t.update(input=t["input"][1:]),
        lambda t, m: t.update(input=t["input"].astype(np.int32)),
        lambda t, m: t.update({"attr:count": t["attr:count"][1:]}),
        lambda t, m: t.update(word_ends=t["word_ends"][::-1]),
        lambda t, m: t.update(lockf=np.ones(5, np.float32)),
        lambda t, m: m.pop("parameters"),
        lambda t, m: m.pop("state"),
        lambda t, m: m.update(parameters=[]),
        lambda t, m: m.update(state=3),
        lambda t, m: m["parameters"].pop("window"),
        lambda t, m: m["parameters"].update(window="5"),
        lambda t, m: m["parameters"].update(negative=-1),
        lambda t, m: m["parameters"].update(alpha="fast"),
        lambda t, m: m["parameters"].update(seed="s"),
        lambda t, m: m["state"].pop("epochs_trained"),
        lambda t, m: m["state"].update(epochs_trained="2"),
        lambda t, m: m["state"].update(epochs_begun=-1),
        lambda t, m: m["state"].update(epoch_losses=3),
        lambda t, m: m["state"].update(epoch_losses=["low"]),
        lambda t, m: m["state"].update(lifecycle_events={}),
        lambda t, m: m["state"].update(total_train_time=None),
        lambda t, m: m["parameters"].update(window=[5]),
        lambda t, m: m["parameters"].update(window=2.5),
        lambda t, m: m["parameters"].update(vector_size=13),
        lambda t, m: m["parameters"].update(vector_size=10**30),
        lambda t, m: m["parameters"].update(alpha=10**400),
        lambda t, m: m["parameters"].update(max_final_vocab="9"),
        lambda t, m: m["parameters"].update(sg={}),
        lambda t, m: t.update(input=t["input"].astype(np.float64)),
        lambda t, m: t.update(input=t["input"][:, :0], output=t["output"][:, :0]),
        lambda t, m: t.update(lockf=np.ones(1)),
        lambda t, m: m.update(attributes={"tag": {"dtype": "<U1000000000", "values": ["a"]}}),
    ],
)
def test_contradictions_in_a_file_are_refused(path, change):
    made().save(path)
    tampered(path, change)
    with pytest.raises(FormatError, match="is damaged"):
        Word2Vec.load(path)


def test_a_failed_save_leaves_the_old_file(path, monkeypatch):
    model = made()
    model.save(path)
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, fail)
            with pytest.raises(OSError, match="disk full"):
                train_on(model).save(path)
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == ["model"]


class Tuned(Word2Vec):
    """A subclass with a constructor of its own."""

    kept = "a class attribute"

    def __init__(self, corpus, dimensions):
        self.corpus = len(corpus)
        super().__init__(corpus, vector_size=dimensions, min_count=1, workers=1)


def test_subclasses_train_copy_save_and_load(path):
    model = Tuned(SENTENCES, 6)
    for other in (through_file(model, path), pickle.loads(pickle.dumps(model))):
        assert type(other) is Tuned and other.kept == "a class attribute"
        assert_same(other, model)
    assert copy.deepcopy(model).corpus == len(SENTENCES)
    assert_same(train_on(Tuned.load(path)), train_on(model))


def test_callbacks_and_rules_are_not_saved(path):
    model = made(callbacks=[CallbackAny2Vec()], trim_rule=lambda word, count, least: 0)
    for other in (through_file(model, path), pickle.loads(pickle.dumps(model))):
        assert other.callbacks == () and other._trim_rule is None
    assert len(model.callbacks) == 1


def test_a_hash_function_is_no_obstacle(path):
    model = made(hashfxn=lambda word: 1)
    assert_same(through_file(model, path), model)
    assert_same(pickle.loads(pickle.dumps(model)), model)


def test_locks_and_untrained_models_are_kept(path):
    model = made()
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)
    assert not through_file(model, path).wv.vectors_lockf.any()
    empty = through_file(Word2Vec(vector_size=9), path)
    assert len(empty.wv) == 0 and empty.vector_size == 9
    with pytest.raises(RuntimeError, match="call build_vocab first"):
        train_on(empty)


def test_numbers_of_numpy_are_saved_as_numbers(path):
    model = made(vector_size=np.int64(4), alpha=np.float32(0.05), seed=np.int64(3))
    loaded = through_file(model, path)
    assert (loaded.vector_size, loaded.seed) == (4, 3)
    assert json.dumps(loaded.alpha)
    assert_same(train_on(loaded), train_on(model))


def test_a_model_that_could_not_be_loaded_is_not_saved(path):
    model = made()
    model.save(path)
    before = path.read_bytes()
    model.wv = KeyedVectors.from_arrays(["a"], np.ones((1, 5), np.float32), [1])
    with pytest.raises(ValueError, match="vector_size=12"):
        model.save(path)
    assert path.read_bytes() == before


def test_vectors_of_another_type_are_saved_as_the_model_trains_them(path):
    model = made()
    model.wv.vectors = model.wv.vectors.astype(np.float64)
    assert_same(through_file(model, path), model)


@pytest.mark.parametrize(
    "change",
    [
        lambda t, m: t.update(lockf=np.ones(5, np.float32)),
        lambda t, m: t.update(lockf=np.ones((1, 1), np.float32)),
        *(
            lambda t, m, d=dtype, v=values: m.update(attributes={"x": {"dtype": d, "values": v}})
            for dtype, values in [
                ("<U1000000000", ["a", "b"]),
                ("S999999999", ["a", "b"]),
                ("V999999999", [1, 2]),
                ("<M8[s]", [1, 2]),
                ("<f8,<f8", [1, 2]),
                (["<f8"], [1, 2]),
                ("<f99", [1, 2]),
                ("<f8", 3),
                ("<f8", ["a", "b"]),
                ("|O", [{}, {}]),
                ("|O", [[1], [2]]),
                ("<i2", [10**9, 1]),
                ("<i8", [1]),
            ]
        ),
    ],
)
def test_contradictions_in_a_file_of_vectors_are_refused(path, change):
    KeyedVectors.from_arrays(["a", "b"], np.eye(2, dtype=np.float32), [2, 1]).save(path)
    tampered(path, change)
    with pytest.raises(FormatError, match="is damaged"):
        KeyedVectors.load(path)


def test_attributes_of_any_plain_type_come_back(path):
    kv = KeyedVectors.from_arrays(["a", "b"], np.eye(2, dtype=np.float32), [2, 1])
    kv.expandos |= {
        "flag": np.array([True, False]),
        "small": np.array([1, 2], np.int16),
        "mixed": np.array(["x", None], object),
        "tag": np.array(["x", "yy"]),
    }
    kv.vectors_lockf = np.zeros(1, np.float32)
    kv.save(path)
    loaded = KeyedVectors.load(path)
    for name, values in kv.expandos.items():
        np.testing.assert_array_equal(loaded.expandos[name], values)
    assert loaded.expandos["small"].dtype == np.int16
    assert loaded.vectors_lockf.tolist() == [0]
    kv.expandos["when"] = np.array([1, 2], "M8[ns]")
    with pytest.raises(TypeError, match="when"):
        kv.save(path)


@pytest.mark.parametrize(
    "dtype", ["int8", "uint16", "int16", "uint32", "uint64", "bool", "float32"]
)
def test_attributes_of_several_numbers_per_key_come_back(path, dtype):
    kv = KeyedVectors.from_dict({"a": [1.0], "b": [2.0]})
    kv.expandos["pairs"] = np.arange(4).reshape(2, 2).astype(dtype)
    kv.save(path)
    pairs = KeyedVectors.load(path).expandos["pairs"]
    assert pairs.dtype == dtype and pairs.tolist() == kv.expandos["pairs"].tolist()


@pytest.mark.parametrize("shape", [[3, 2], [-1, 2], [2, "2"], "22", [2.0, 2], [4]])
def test_attributes_of_another_shape_are_refused(path, shape):
    kv = KeyedVectors.from_dict({"a": [1.0], "b": [2.0]})
    kv.expandos["pairs"] = np.zeros((2, 2), np.int8)
    kv.save(path)
    kind, tensors, metadata = native.read(path)
    metadata["attributes"]["pairs"]["shape"] = shape
    del metadata["kind"], metadata["format"]
    native.write(path, kind, tensors, metadata)
    with pytest.raises(FormatError, match=r"shape|attributes"):
        KeyedVectors.load(path)
