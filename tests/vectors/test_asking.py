"""What a query may be: a key, a list of keys, a vector; and nothing that is mistaken for them."""

import copy
from collections import Counter

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE

RNG = np.random.default_rng(0)
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = [f"w{i}" for i in range(300)] + [*LETTERS, "king", "breakfast", "7", "é"]
TEXT = ["king", b"king", bytearray(b"king"), memoryview(b"king")]
# Methods that take lists of keys, each with one place of a list.
TAKE_LISTS = {
    "get_mean_vector": lambda kv, given: kv.get_mean_vector(given),
    "n_similarity, first": lambda kv, given: kv.n_similarity(given, ["king"]),
    "n_similarity, second": lambda kv, given: kv.n_similarity(["king"], given),
    "rank_by_centrality": lambda kv, given: kv.rank_by_centrality(given),
    "doesnt_match": lambda kv, given: kv.doesnt_match(given),
    "distances": lambda kv, given: kv.distances("king", given),
    "most_similar_to_given": lambda kv, given: kv.most_similar_to_given("king", given),
    "vectors_for_all": lambda kv, given: kv.vectors_for_all(given),
}
# Methods that take one key.
TAKE_KEYS = {
    "[]": lambda kv, key: kv[key],
    "get_vector": lambda kv, key: kv.get_vector(key),
    "get_index": lambda kv, key: kv.get_index(key),
    "most_similar": lambda kv, key: kv.most_similar(key),
    "most_similar, negative": lambda kv, key: kv.most_similar("king", negative=key),
    "most_similar, list": lambda kv, key: kv.most_similar([key]),
    "most_similar, weighted": lambda kv, key: kv.most_similar([(key, 0.5)]),
    "most_similar_cosmul": lambda kv, key: kv.most_similar_cosmul(key),
    "most_similar_batch": lambda kv, key: kv.most_similar_batch(key),
    "most_similar_batch, list": lambda kv, key: kv.most_similar_batch([key]),
    "most_similar_ids": lambda kv, key: kv.most_similar_ids([key]),
    "similar_by_key": lambda kv, key: kv.similar_by_key(key),
    "similarity": lambda kv, key: kv.similarity("king", key),
    "distance": lambda kv, key: kv.distance(key, "king"),
    "distances": lambda kv, key: kv.distances(key),
    "distances, others": lambda kv, key: kv.distances("king", [key]),
    "closer_than": lambda kv, key: kv.closer_than("king", key),
    "rank": lambda kv, key: kv.rank(key, "king"),
    "relative_cosine_similarity": lambda kv, key: kv.relative_cosine_similarity(key, "king"),
    "get_vecattr": lambda kv, key: kv.get_vecattr(key, "count"),
}


@pytest.fixture
def kv():
    return KeyedVectors.from_arrays(
        list(WORDS), RNG.normal(size=(len(WORDS), 8)), range(len(WORDS))
    )


@pytest.mark.parametrize("ask", TAKE_LISTS.values(), ids=TAKE_LISTS)
@pytest.mark.parametrize("text", TEXT)
def test_a_string_is_not_a_list_of_its_letters(kv, ask, text):
    with pytest.raises(TypeError, match=r"is .*, a single .*, where a list of keys"):
        ask(kv, text)


def test_word_movers_distance_takes_lists(kv):
    need("ot")
    for documents in (("king", ["a"]), (["a"], "king")):
        with pytest.raises(TypeError, match="where a list of keys is wanted"):
            kv.wmdistance(*documents)


@pytest.mark.parametrize("ask", TAKE_LISTS.values(), ids=TAKE_LISTS)
@pytest.mark.parametrize(
    "kind", [list, tuple, lambda keys: dict.fromkeys(keys).keys(), np.array, iter]
)
def test_any_iterable_of_keys_is_a_list(kv, ask, kind):
    expected, found = (
        ask(kv, list(kind(["king", "breakfast"]))),
        ask(kv, kind(["king", "breakfast"])),
    )
    if isinstance(found, KeyedVectors):
        expected, found = expected.vectors, found.vectors
    assert np.array_equal(np.array(found, object), np.array(expected, object))


@pytest.mark.parametrize("ask", TAKE_KEYS.values(), ids=TAKE_KEYS)
@pytest.mark.parametrize("text", [b"king", b"no", bytearray(b"king"), memoryview(b"king")])
def test_bytes_are_not_rows(kv, ask, text):
    with pytest.raises((KeyError, TypeError), match=r"not present|can't be hashed"):
        ask(kv, text)


@pytest.mark.parametrize("ask", TAKE_KEYS.values(), ids=TAKE_KEYS)
@pytest.mark.parametrize("absent", ["nobody", 10**6, -1, 1.5, None, True, np.True_])
def test_what_is_no_key_is_a_key_error_that_names_it(kv, ask, absent):
    if absent is None and ask is TAKE_KEYS["most_similar"]:
        return  # nothing is asked
    if absent is None and ask is TAKE_KEYS["most_similar, negative"]:
        return
    with pytest.raises((KeyError, ValueError), match=r"Key '.*' not present|no input"):
        ask(kv, absent)


@pytest.mark.parametrize("ask", TAKE_KEYS.values(), ids=TAKE_KEYS)
def test_a_number_is_a_position_unless_the_vectors_are_strict(kv, ask):
    expected = ask(kv, "w5")
    for number in (5, np.int64(5), np.uint8(5)):
        assert str(ask(kv, number)) == str(expected)
    kv.strict = True
    for number in (5, np.int64(5)):
        with pytest.raises(KeyError, match="Key '5' not present: a number that is not a key"):
            ask(kv, number)
    assert 5 not in kv and "w5" in kv


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        (b"king", "there is 'king', a str"),
        (7, "there is '7', a str"),
        ("é".encode(), "there is 'é', a str"),
        (0.5, "give a numpy array"),
    ],
)
def test_the_error_says_what_it_was_mistaken_for(kv, asked, hint):
    kv.strict = True
    with pytest.raises(KeyError, match=hint):
        kv.most_similar(asked)


def test_a_number_given_as_text_is_told_from_the_number():
    kv = KeyedVectors(2)
    kv.add_vectors([10, 20, b"x"], np.eye(3, 2))
    with pytest.raises(KeyError, match="there is 10, a int"):
        kv["10"]
    with pytest.raises(KeyError, match="there is b'x', a bytes"):
        kv["x"]
    with pytest.raises(KeyError, match=r"there are no keys yet.*build_vocab"):
        KeyedVectors(2)["x"]


def test_strictness_is_kept(kv, tmp_path):
    kv.strict = True
    kv.save(tmp_path / "kv")
    others = [KeyedVectors.load(tmp_path / "kv"), copy.deepcopy(kv), kv.vectors_for_all(["king"])]
    assert all(other.strict for other in others)
    model = Word2Vec(vector_size=4, min_count=1, workers=1)
    model.wv.strict = True
    model.build_vocab([["a", "b"]] * 3)
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    for vectors in (loaded.wv, loaded.wv.output, loaded.roles.combined("sum")):
        assert vectors.strict and 0 not in vectors
    loaded.build_vocab([["c"]], update=True)
    assert loaded.wv.strict
    assert not Word2Vec([["a", "b"]] * 3, vector_size=4, min_count=1, workers=1).wv.strict


EDGES = [("a", "b"), ("b", "c"), ("c", "a"), (70, "a"), ("a", 70)]


@pytest.mark.parametrize(
    "model",
    [
        NodeEmbedding(dimensions=4, workers=1),
        NodeEmbedding(dimensions=4, workers=1, matrices="tied+reflect"),
        PairEmbedding(dimensions=4, workers=1),
        HOPE(2),
        STRAP(2),
        FastRP(2),
        ProNE(2),
    ],
)
def test_a_number_is_never_the_position_of_a_node(model, tmp_path):
    model.fit(EDGES).save(tmp_path / "model")
    for known in (model, type(model).load(tmp_path / "model")):
        for vectors in (known.source, known.target, copy.deepcopy(known.source)):
            assert 70 in vectors and np.int64(70) in vectors and 0 not in vectors
            for ask in (vectors.most_similar, vectors.get_vector, vectors.__getitem__):
                with pytest.raises(KeyError, match="Key '0' not present"):
                    ask(0)
        for ask in (known.recommend, lambda node, by=known: by.score(node, "a")):
            with pytest.raises(KeyError):
                ask(0)


def test_the_words_around_a_gap_are_a_list():
    model = Word2Vec([["a", "b", "c"]] * 9, vector_size=4, min_count=1, workers=1)
    with pytest.raises(TypeError, match=r"context_words_list is 'ab', a single str"):
        model.predict_output_word("ab")
    assert model.predict_output_word(("a", "b"))


def test_keys_of_numpy_become_those_of_python():
    kv = KeyedVectors(2)
    kv.add_vectors(np.array(["x", "y"]), np.eye(2))
    kv.add_vector(np.int64(900), [1, 1])
    kv[np.float32(0.5)] = [2, 2]
    kv[b"z"] = [3, 3]
    assert [type(key) for key in kv.index_to_key] == [str, str, int, float, bytes]
    assert kv[b"z"].tolist() == [3, 3] and kv[0.5].tolist() == [2, 2]
    for missing in (None, float("nan"), np.float64("nan")):
        with pytest.raises(ValueError, match="a missing value: leave it out, or give it a name"):
            kv[missing] = [1, 1]
    with pytest.raises(TypeError, match=r"key 0 is .*can't be hashed"):
        kv.add_vectors([["nested"]], [[1, 1]])
    assert len(kv) == 5


@pytest.mark.parametrize("ask", TAKE_LISTS.values(), ids=TAKE_LISTS)
def test_a_mapping_stands_for_its_keys_as_in_gensim(kv, ask):
    if ask is TAKE_LISTS["most_similar_to_given"]:  # which gensim can't do, either
        with pytest.raises(TypeError, match="is a dict, where a list of keys is wanted"):
            ask(kv, {"king": None})
        return
    expected = ask(kv, ["breakfast", "a"])
    for given in ({"breakfast": None, "a": "x"}, Counter({"breakfast": 2, "a": 1})):
        if ask is TAKE_LISTS["get_mean_vector"] and isinstance(given, Counter):
            with pytest.raises(TypeError, match=r"is a Counter, where .*\.items\(\)"):
                ask(kv, given)
            continue
        found = ask(kv, given)
        if isinstance(found, KeyedVectors):
            assert found.index_to_key == expected.index_to_key
        else:
            assert str(found) == str(expected)


def test_a_mapping_whose_values_would_be_lost_is_refused(kv):
    for ask_with in (kv.most_similar, kv.most_similar_cosmul):
        with pytest.raises(TypeError, match="is a dict"):
            ask_with(positive={"king": 1})
        with pytest.raises(TypeError, match="is a dict"):
            ask_with("a", negative={"king": 1})


def test_writing_to_a_number_that_is_no_key_adds_it(kv):
    first = kv["w0"].copy()
    kv[0] = np.ones(8)
    assert kv.index_to_key[len(WORDS) :] == [0] and kv[0].tolist() == [1] * 8
    assert np.array_equal(kv["w0"], first)
    kv[("user", 3)] = np.ones(8)
    assert kv[("user", 3)].tolist() == [1] * 8 and ("user", 3) in kv.key_to_index
    kv[("x", "y")] = np.eye(2, 8)
    assert kv["y"].tolist() == np.eye(2, 8)[1].tolist()


def test_lists_in_a_list_are_not_pairs_with_weights(kv):
    for wrong in ([["king", "a"]], [("king", None)], [("king", [1])]):
        with pytest.raises(TypeError, match=r"is not a \(key, weight\) pair"):
            kv.most_similar(wrong)
    expected = kv.most_similar([("king", 0.5), ("a", 2)])
    assert kv.most_similar([["king", np.float32(0.5)], ("a", np.int64(2))]) == expected


def test_a_mapping_is_no_list_of_keys_to_write(kv):
    for ask in (
        lambda: kv.__setitem__({"x": 1}, np.ones((1, 8))),
        lambda: kv.add_vectors({"x": 1}, np.ones((1, 8))),
    ):
        with pytest.raises(TypeError, match="keys is a dict, where a list of keys is wanted"):
            ask()
    assert "x" in kv and len(kv) == len(WORDS)
    assert np.array_equal(kv[{"king": 1, "x": 2}], kv[["king", "x"]])


def test_queries_call_the_methods_of_a_derived_class():
    class LowerCase(KeyedVectors):
        def get_vector(self, key, norm=False):
            return super().get_vector(key.lower(), norm)

        def similarity(self, w1, w2, **options):
            return -super().similarity(w1, w2, **options)

    kv = LowerCase.from_arrays(["a", "b", "c"], np.array([[1, 0], [1, 1], [0, 1]], np.float32))
    kv.add_vectors(["A", "B"], [[0, 1], [0, 1]])
    plain = KeyedVectors.from_arrays(kv.index_to_key, kv.vectors)
    np.testing.assert_array_equal(kv["A"], plain["a"])
    np.testing.assert_array_equal(kv.get_mean_vector(["A"]), plain["a"])
    assert kv.most_similar("A", topn=None).tolist() == plain.most_similar("a", topn=None).tolist()
    np.testing.assert_array_equal(kv.distances("A"), plain.distances("a"))
    assert kv.n_similarity(["A"], ["b"]) == plain.n_similarity(["a"], ["b"])
    assert kv.most_similar_cosmul("A", topn=None)[0] == plain.most_similar_cosmul("a", topn=None)[0]
    assert kv.most_similar_to_given("a", ["b", "c"]) == "c"
    assert kv.relative_cosine_similarity("a", "b") < 0 < plain.relative_cosine_similarity("a", "b")
