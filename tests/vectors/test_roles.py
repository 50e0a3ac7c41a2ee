"""Both matrices by word: what is shared, what follows the model, and the spaces of queries."""

import copy
import pickle
from pathlib import Path

import numpy as np
import pytest
import toy

from fastsgns import KeyedVectors, Word2Vec
from fastsgns.vectors.spaces import SPACES

SETTINGS = {"vector_size": 12, "min_count": 1, "workers": 1, "sg": 1, "epochs": 2}


@pytest.fixture
def model() -> Word2Vec:
    return Word2Vec(toy.sentences(100), **SETTINGS)


# sharing


def test_roles_share_words_counts_and_memory(model: Word2Vec):
    roles = model.roles
    assert list(roles) == ["input", "output"]
    assert len(roles) == 2
    assert "negative" not in roles
    assert roles["input"] is roles.input is model.wv is model.wv.input
    output = model.wv.output
    assert isinstance(output, KeyedVectors)
    assert output.vectors is model.syn1neg
    assert output.index_to_key is model.wv.index_to_key
    assert output.key_to_index is model.wv.key_to_index
    assert output.get_vecattr("fruit1", "count") == model.wv.get_vecattr("fruit1", "count")
    np.testing.assert_array_equal(output["fruit1"], model.syn1neg[model.wv.get_index("fruit1")])
    assert roles.bias is model.wv.bias is None


def test_a_model_without_negative_sampling_says_what_it_lacks():
    model = Word2Vec(toy.sentences(20), **SETTINGS, negative=0, hs=1)
    assert list(model.roles) == ["input"]
    with pytest.raises(KeyError, match=r"no role 'output'; there are \['input'\]"):
        _ = model.roles["output"]
    for ask in (lambda: model.wv.output, lambda: model.roles.output):
        with pytest.raises(AttributeError, match="negative > 0"):
            ask()
    with pytest.raises(ValueError, match=r"in-out.*negative > 0"):
        model.wv.most_similar("fruit1", space="in-out")


def test_vectors_alone_say_where_to_ask(model: Word2Vec, tmp_path: Path):
    model.wv.save(tmp_path / "vectors")
    alone = [
        KeyedVectors.load(tmp_path / "vectors"),
        copy.copy(model.wv),
        copy.deepcopy(model.wv),
        pickle.loads(pickle.dumps(model.wv)),
        model.wv.output,
        KeyedVectors(3),
    ]
    for vectors in alone:
        for name in ("output", "negative", "bias", "input"):
            with pytest.raises(AttributeError, match=r"Word2Vec\.load"):
                getattr(vectors, name)
        with pytest.raises(ValueError, match=r"in-out.*Word2Vec.load"):
            vectors.most_similar("fruit1", space="in-out")
    assert not hasattr(alone[0], "output")


# following the model


def test_roles_held_on_to_follow_training_growth_and_replacement(model: Word2Vec):
    output, before = model.wv.output, model.syn1neg.copy()
    model.train(toy.sentences(100), total_examples=100, epochs=1)
    assert not np.array_equal(output.vectors, before)
    model.build_vocab([["fruit1", "new"]] * 3, update=True)
    assert len(output) == len(output.vectors) == 25
    assert output["new"].tolist() == [0] * 12
    model.train([["fruit1", "new"]] * 30, total_examples=30, epochs=1)
    assert np.any(output["new"])
    np.testing.assert_array_equal(output["new"], model.syn1neg[-1])
    model.syn1neg = np.full((25, 12), 2)
    assert output["new"].tolist() == [2] * 12
    model.wv.vectors = np.full((25, 12), 3, np.float32)
    assert model.wv.output["new"].tolist() == [2] * 12
    assert model.roles.combined("sum")["new"].tolist() == [5] * 12


def test_what_is_written_to_a_role_is_trained_on(model: Word2Vec):
    twin = copy.deepcopy(model)
    fresh = np.random.default_rng(0).normal(size=(24, 12)) / 12
    model.wv.output.vectors = fresh
    twin.wv.output["fruit1"] = np.zeros(12)
    twin.wv.output.vectors[:] = fresh
    for one in (model, twin):
        assert one.current_arrays().vectors["output"] is one.syn1neg
        one.train(toy.sentences(100), total_examples=100, epochs=1)
    np.testing.assert_array_equal(model.syn1neg, twin.syn1neg)
    assert not np.array_equal(model.syn1neg, fresh)
    model.wv.output.unit_normalize_all()
    np.testing.assert_allclose(np.linalg.norm(model.syn1neg, axis=1), 1, rtol=1e-6)


def test_the_words_of_a_role_are_the_models(model: Word2Vec):
    output = model.wv.output
    output.sort_by_descending_frequency()  # is sorted
    model.wv.set_vecattr("river7", "count", 10**6)
    for change in (
        lambda: output.add_vector("new", np.ones(12)),
        lambda: output.__setitem__("new", np.ones(12)),
        output.sort_by_descending_frequency,
    ):
        with pytest.raises(ValueError, match="build_vocab"):
            change()
    assert len(model.wv) == len(model.wv.vectors) == 24
    with pytest.raises(ValueError, match=r"output matrix must be of shape \(24, 12\)"):
        output.vectors = np.ones((24, 3))


@pytest.mark.parametrize("how", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_a_model_have_roles_of_their_own(how, model: Word2Vec):
    twin = how(model)
    np.testing.assert_array_equal(twin.wv.output.vectors, model.syn1neg)
    assert twin.wv.output.vectors is twin.syn1neg
    alone = how(model.wv.output)
    assert type(alone) is KeyedVectors
    np.testing.assert_array_equal(alone.vectors, model.syn1neg)
    alone.add_vector("new", np.ones(12))
    assert "new" not in model.wv


@pytest.mark.parametrize("mmap", [None, "r"])
def test_a_loaded_model_has_them_too(mmap: str | None, model: Word2Vec, tmp_path: Path):
    model.save(tmp_path / "model")
    wv = Word2Vec.load(tmp_path / "model", mmap=mmap).wv  # the model itself is gone
    np.testing.assert_array_equal(wv.output.vectors, model.syn1neg)
    assert wv.output.vectors.flags.writeable == (mmap is None)
    for space in SPACES:
        assert wv.most_similar("fruit1", space=space) == model.wv.most_similar(
            "fruit1", space=space
        )
    if mmap:
        with pytest.raises(ValueError, match="read-only"):
            wv.output["fruit1"] = np.ones(12)


def test_replaced_wv_is_linked(model: Word2Vec):
    model.wv = copy.copy(model.wv)
    assert model.wv.output.vectors is model.syn1neg


def test_a_role_is_no_wv(model: Word2Vec):
    with pytest.raises(TypeError, match="deepcopy"):
        model.wv = model.wv.output
    expected = model.syn1neg.copy()
    model.wv = copy.deepcopy(model.wv.output)
    np.testing.assert_array_equal(model.wv.vectors, expected)
    model.train(toy.sentences(100), total_examples=100, epochs=1)
    assert not np.array_equal(model.wv.vectors, model.syn1neg)


def test_the_files_of_a_role(model: Word2Vec, tmp_path: Path):
    output = model.wv.output
    output.save(tmp_path / "native")
    output.save_word2vec_format(tmp_path / "bin", binary=True)
    for found in (
        KeyedVectors.load(tmp_path / "native"),
        KeyedVectors.load_word2vec_format(tmp_path / "bin", binary=True),
    ):
        assert found.index_to_key == model.wv.index_to_key
        np.testing.assert_array_equal(found.vectors, model.syn1neg)


# combinations


def test_combinations(model: Word2Vec):
    w, c = model.wv.vectors, model.syn1neg
    units = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (w, c)]
    roles = model.roles
    np.testing.assert_array_equal(roles.combined("sum").vectors, w + c)
    np.testing.assert_array_equal(roles.combined("concat").vectors, np.hstack([w, c]))
    np.testing.assert_allclose(
        roles.combined("sum", normalize=True).vectors, units[0] + units[1], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        roles.combined("concat", normalize=True).vectors, np.hstack(units), rtol=1e-5, atol=1e-6
    )
    with pytest.raises(ValueError, match=r"'mean'; allowed are \('sum', 'concat'\)"):
        roles.combined("mean")


def test_a_combination_stands_alone(model: Word2Vec):
    both = model.roles.combined("concat")
    assert both.get_vecattr("fruit1", "count") == model.wv.get_vecattr("fruit1", "count")
    both.add_vector("new", np.ones(24))
    both.set_vecattr("fruit1", "count", 0)
    assert "new" not in model.wv
    assert model.wv.get_vecattr("fruit1", "count") > 0


# spaces


def cosines(model: Word2Vec, space: str, weights: np.ndarray) -> np.ndarray:
    """Cosines of each word with the weighted mean of unit vectors: textbook 3CosAdd."""
    w, c = model.wv.vectors.astype(float), model.syn1neg.astype(float)
    if space in ("sum", "concat"):
        asked = searched = w + c if space == "sum" else np.hstack([w, c])
    else:
        first, second = space.split("-")
        asked, searched = {"in": w, "out": c}[first], {"in": w, "out": c}[second]
    query = weights @ (asked / np.linalg.norm(asked, axis=1, keepdims=True))
    return searched @ query / np.linalg.norm(searched, axis=1) / np.linalg.norm(query)


@pytest.mark.parametrize("space", SPACES)
def test_each_space_against_the_textbook(space: str, model: Word2Vec):
    wv, weights = model.wv, np.zeros(24)
    words = ["fruit1", "metal2", "river3"]
    weights[[wv.get_index(word) for word in words]] = 1, 1, -1
    expected = cosines(model, space, weights)
    found = wv.most_similar(words[:2], words[2:], topn=24, space=space)
    assert len(found) == 21
    assert not set(words) & {word for word, _ in found}
    for word, value in found:
        assert value == pytest.approx(expected[wv.get_index(word)], abs=1e-5)
    assert [value for _, value in found] == sorted((v for _, v in found), reverse=True)
    clipped = wv.most_similar(words[:2], words[2:], topn=None, restrict_vocab=7, space=space)
    np.testing.assert_allclose(clipped, expected[:7], atol=1e-5)
    one = cosines(model, space, np.eye(24)[wv.get_index("fruit1")])
    other = wv.get_index("metal2")
    assert wv.similarity("fruit1", "metal2", space=space) == pytest.approx(one[other], abs=1e-5)
    assert wv.most_similar_batch(["fruit1"], topn=5, space=space)[0] == [
        (word, pytest.approx(value, abs=1e-5))
        for word, value in wv.most_similar("fruit1", topn=5, space=space)
    ]


def test_the_default_is_that_of_vectors_alone(model: Word2Vec):
    alone = copy.copy(model.wv)
    for wv in (model.wv, alone):
        assert wv.most_similar("fruit1") == wv.most_similar("fruit1", space="in-in")
    assert model.wv.most_similar("fruit1") == alone.most_similar("fruit1")
    assert model.wv.most_similar("fruit1", space="out-out") == model.wv.output.most_similar(
        "fruit1"
    )


def test_an_unknown_space_names_those_there_are(model: Word2Vec):
    for ask in (
        lambda: model.wv.most_similar("fruit1", space="IN-OUT"),
        lambda: model.wv.similarity("fruit1", "fruit2", space="IN-OUT"),
        lambda: model.wv.most_similar_batch(["fruit1"], space="IN-OUT"),
    ):
        with pytest.raises(ValueError, match=r"'IN-OUT'; allowed are .*'in-out'.*'concat'"):
            ask()


# one or three matrices


def test_one_matrix_in_both_roles():
    model = Word2Vec(toy.sentences(100), **SETTINGS, matrices="tied+bias", bias="word")
    assert list(model.roles) == ["input", "output"]
    assert model.wv.output.vectors is model.wv.vectors
    assert model.wv.bias.shape == (24,)
    assert model.wv.bias is model.roles.bias
    model.wv.vectors = np.random.default_rng(0).normal(size=(24, 12)).astype(np.float32)
    assert model.wv.output.vectors is model.wv.vectors
    assert model.wv.most_similar("fruit1", space="in-out") == model.wv.most_similar("fruit1")
    model.wv.output.vectors = np.eye(24, 12)
    assert model.wv.vectors.tolist() == np.eye(24, 12).tolist()
    model.train(toy.sentences(100), total_examples=100, epochs=1)
    assert model.wv.output.vectors is model.wv.vectors


def test_a_reflected_role_is_a_copy_to_read():
    model = Word2Vec(toy.sentences(100), **SETTINGS, matrices="tied+reflect")
    signs = np.where(np.arange(12) < 6, -1, 1)
    output = model.wv.output
    np.testing.assert_array_equal(output.vectors, model.wv.vectors * signs)
    assert model.wv.bias is None
    with pytest.raises(ValueError, match="follow from the input vectors"):
        output.vectors = np.ones((24, 12))
    with pytest.raises(ValueError, match="read-only"):
        output["fruit1"] = np.ones(12)
    np.testing.assert_array_equal(copy.copy(output).vectors, output.vectors)
    index = model.wv.get_index("fruit1")
    expected = (model.wv.vectors * signs) @ model.wv.vectors[index]
    np.testing.assert_allclose(model.context_scores("fruit1"), expected, atol=1e-6)


def test_three_matrices_are_three_roles(tmp_path: Path):
    model = Word2Vec(toy.sentences(100), **SETTINGS, matrices="three", coupling=0.1)
    assert list(model.roles) == ["input", "output", "negative"]
    negative = model.wv.negative
    assert negative.vectors is model.current_arrays().vectors["negative"]
    assert not np.array_equal(negative.vectors, model.syn1neg)
    model.build_vocab([["fruit1", "new"]] * 3, update=True)
    assert len(negative.vectors) == len(negative) == 25
    model.save(tmp_path / "model")
    found = Word2Vec.load(tmp_path / "model").wv.negative
    np.testing.assert_array_equal(found.vectors, negative.vectors)


def test_an_error_within_a_link_is_not_taken_for_a_missing_matrix():
    class Broken:
        def role(self, wv, role):
            return wv.no_such_name

    kv = KeyedVectors.from_arrays(["a"], np.eye(1, dtype=np.float32))
    kv.role_link = Broken()
    with pytest.raises(AttributeError, match="no_such_name"):
        kv.most_similar("a", space="in-out")
    kv.role_link = None
    with pytest.raises(ValueError, match="separate from a model"):
        kv.most_similar("a", space="in-out")
