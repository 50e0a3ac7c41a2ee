"""Parameters that no longer fit the arrays of a model, and arrays that were deleted."""

import copy
import io
import pickle
import warnings

import numpy as np
import pytest
import toy
from optional import need

from fastsgns import GloVe, KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.models.words.storage import PARAMETERS, STATE_OF_TRAINING

SENTENCES = toy.sentences(60)
SMALL = {"vector_size": 8, "min_count": 1, "workers": 1, "epochs": 1}
EDGES = [(f"n{i}", f"n{(3 * i + k) % 20}") for i in range(20) for k in (1, 2)]
ODD = (
    0, 1, -1, 2, 9, True, None, "x", "5", 1.5, float("nan"), 2**70, [], {}, object(), (1, 2),
    "tied", "tied+bias", "three", "word", "both", b"x", [object()],
)  # fmt: skip


class Unread(list):
    def __iter__(self):
        raise AssertionError("was read")


class Own(Word2Vec):
    def _raw_word_count(self, job):
        return sum(map(len, job))


def words(kind=Word2Vec, **options):
    return kind(SENTENCES, **SMALL | options)


def train(model, sentences=SENTENCES):
    return model.train(sentences, total_examples=60, epochs=1)


def saved(model):
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    return file


CHANGES = {
    "vector_size": (9, r"vector_size is 9, and model.wv has vectors of 8 dimensions \(was it"),
    "layer1_size": (9, r"vector_size is 9, and model.wv has vectors of 8 dimensions \(was it"),
    "matrices": ("tied+reflect", r"matrices is 'tied\+reflect' with bias 'scalar', for which the"),
}


@pytest.mark.parametrize("kind", [Word2Vec, Own])
@pytest.mark.parametrize("name", CHANGES)
def test_parameters_that_do_not_fit_the_arrays_are_refused_before_anything_is_read(kind, name):
    model = words(kind)
    before, (value, said) = saved(model).getvalue(), CHANGES[name]
    old = getattr(model, name)
    setattr(model, name, value)
    with pytest.raises(ValueError, match=said):
        model.train(Unread(), total_examples=60, epochs=7, start_alpha=1)
    with pytest.raises(ValueError, match=said):
        model.build_vocab(Unread(), update=True)
    setattr(model, name, old)
    assert saved(model).getvalue() == before
    setattr(model, name, value)
    model.build_vocab(SENTENCES)  # makes new arrays
    train(model)
    assert Word2Vec.load(saved(model)).vector_size == model.wv.vector_size == model.vector_size


def test_a_call_that_stopped_is_not_resumed_with_another_size():
    model = words(progress=lambda report: report.step == "training")
    model.progress, model.vector_size = None, 9
    with pytest.raises(ValueError, match="vector_size is 9"):
        model.resume(Unread())


def test_new_weights_may_have_another_size():
    model = words()
    model.vector_size = 9
    model.init_weights()
    train(model)
    assert Word2Vec.load(saved(model)).wv.vectors.shape == (len(model.wv), 9)


@pytest.mark.parametrize("name", [*PARAMETERS, *STATE_OF_TRAINING])
@pytest.mark.filterwarnings("ignore")
def test_what_a_file_can_not_hold_is_said_before_training(name):
    model = words(epochs=1)
    plain = pickle.dumps(model)
    for value in ODD:
        model = pickle.loads(plain)
        try:
            setattr(model, name, value)
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always")
                train(model)
        except (ValueError, TypeError, AttributeError, RuntimeError, ArithmeticError):
            continue  # refused before the training, or by its first step
        try:
            model.save(io.BytesIO())
        except (ValueError, TypeError):
            warned = [str(each.message) for each in said]
            assert any("model.save() would refuse this model:" in text for text in warned), value


def test_other_classes_refuse_what_does_not_fit_too():
    glove = GloVe(SENTENCES, vector_size=8, min_count=1, epochs=1)
    counts = glove.count(SENTENCES)
    for name, value in (("vector_size", 9), ("matrices", "tied")):
        changed = copy.deepcopy(glove)
        setattr(changed, name, value)
        with pytest.raises(ValueError, match="but the model was made with 8 and 'two'; set"):
            changed.train(counts)
    for kind in (NodeEmbedding, PairEmbedding):
        for method in ("partial_fit", "update"):
            model = kind(dimensions=8, workers=1, epochs=1).fit(EDGES)
            model.dimensions = 9
            with pytest.raises(ValueError, match="dimensions is 9, and the model was fitted with"):
                getattr(model, method)(EDGES)
            assert model.fit(EDGES).source.vector_size == 9


# Arrays that were deleted

KINDS = {
    "syn1neg": {"sg": 1},
    "syn1": {"hs": 1, "negative": 0},
    "softmax": {"softmax": 1, "negative": 0},
    "three": {"matrices": "three", "coupling": 10},
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("kind", [Word2Vec, Own])
def test_a_deleted_array_is_missed_only_by_what_needs_it(name, kind):
    model = words(kind, **KINDS[name])
    attribute = name if name.startswith("syn1") else "syn1neg"
    array, answer = getattr(model, attribute).copy(), model.wv.most_similar("river1")
    delattr(model, attribute)
    loaded = kind.load(saved(model))
    for each in (model, copy.deepcopy(model), loaded):
        assert each.wv.most_similar("river1") == answer
        with pytest.raises(AttributeError, match=f"no attribute '{attribute}'; .* it was deleted"):
            getattr(each, attribute)
        with pytest.raises(AttributeError):
            delattr(each, attribute)
        with pytest.raises(RuntimeError, match=f"training needs model.{attribute}, which was del"):
            train(each, Unread())
        asked = each.score if attribute == "syn1" else each.predict_output_word
        with pytest.raises(RuntimeError, match=f"needs model.{attribute}, which was deleted; set"):
            asked([["river1"]] if attribute == "syn1" else ["river1"])
        setattr(each, attribute, array)
        train(each)
        assert attribute != "syn1neg" or each.predict_output_word(["river1"])
        saved(each)


@pytest.mark.parametrize("name", ["syn1neg", "syn1"])
def test_new_weights_and_vocabularies_have_all_arrays(name):
    for renew in (Word2Vec.init_weights, lambda model: model.build_vocab(SENTENCES)):
        model = words(**KINDS[name])
        delattr(model, name)
        renew(model)
        train(model)
        assert getattr(model, name).any()


def test_the_other_objective_can_be_trained_without_what_was_deleted():
    model = words(hs=1, negative=5)
    del model.syn1neg
    model.negative = 0
    train(model)
    model.build_vocab([["new"] * 3], update=True)
    train(model)
    assert "output" not in model.current_arrays().vectors
    assert Word2Vec.load(saved(model)).hs == 1


def test_one_matrix_can_not_be_deleted_and_none_can_be_twice():
    with pytest.raises(ValueError, match="there is no output matrix to delete"):
        del words(matrices="tied+bias").syn1neg
    with pytest.raises(AttributeError):
        del words().syn1
    with pytest.raises(AttributeError):
        del Word2Vec().syn1neg


def test_a_model_goes_to_gensim_without_what_was_deleted():
    need("gensim")
    model = words()
    del model.syn1neg
    theirs = model.to_gensim()
    assert not hasattr(theirs, "syn1neg")
    again = Word2Vec.from_gensim(theirs)
    np.testing.assert_array_equal(again.wv.vectors, model.wv.vectors)


def test_the_memory_is_freed():
    model = words()
    del model.syn1neg
    matrices = model.current_arrays()
    assert list(matrices.vectors) == ["input"]


# intersect_word2vec_format


@pytest.mark.parametrize("lockf", [float("nan"), None, 1e30, -5, 1.0001, -1e-9, "x", [0], 2])
def test_a_lock_factor_is_a_number_from_0_to_1(tmp_path, lockf):
    kv = KeyedVectors.from_dict({"a": [1.0, 2.0]})
    kv.save_word2vec_format(tmp_path / "v")
    with pytest.raises(ValueError, match=r"lockf is .*; allowed are numbers from 0, which holds"):
        kv.intersect_word2vec_format(tmp_path / "v", lockf=lockf)
    assert kv.vectors_lockf.tolist() == [1]


@pytest.mark.parametrize("lockf", [0, 1, 0.5, "0.25", np.float32(0.5), True, np.int64(0)])
def test_lock_factors_that_are_allowed(tmp_path, lockf):
    kv = KeyedVectors.from_dict({"a": [1.0, 2.0], "b": [0.0, 1.0]})
    kv.save_word2vec_format(tmp_path / "v")
    kv.intersect_word2vec_format(tmp_path / "v", lockf)
    assert kv.vectors_lockf.tolist() == [float(lockf)] * 2
