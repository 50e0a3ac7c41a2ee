"""Keys whose vectors are inferred: every query takes them as it takes keys that are present."""

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors

WORDS = ["one", "two", "three", "four", "five"]
LETTERS = np.random.default_rng(5).normal(size=(256, 4)).astype(np.float32)


class Spelling:
    """Infer the vector of a word as the mean of the vectors of its letters."""

    def knows(self, key):
        return isinstance(key, str) and len(key) > 1

    def vectors(self, keys):
        return np.array([LETTERS[list(key.encode())].mean(0) for key in keys])

    def explain_absence(self, key):
        return f"{key!r} is a single letter" if isinstance(key, str) and len(key) == 1 else None


def spelled(present):
    """Return vectors of some words, where those of other words are inferred."""
    kv = KeyedVectors.from_arrays(present, Spelling().vectors(present), np.arange(len(present)))
    kv.unseen = Spelling()
    return kv


@pytest.fixture
def pair():
    """Return vectors without the word "two", and vectors where it is the last key."""
    others = [word for word in WORDS if word != "two"]
    return spelled(others), spelled([*others, "two"])


QUERIES = {
    "getitem": lambda kv: kv["two"],
    "getitem of several": lambda kv: kv[["one", "two"]],
    "get_vector": lambda kv: kv.get_vector("two"),
    "get_vector of length 1": lambda kv: kv.get_vector("two", norm=True),
    "word_vec": lambda kv: kv.word_vec("two"),
    "contains": lambda kv: "two" in kv,
    "get_mean_vector": lambda kv: kv.get_mean_vector(["two", "one", "two"]),
    "mean with weights": lambda kv: kv.get_mean_vector(["one", "two"], [3, -1]),
    "mean with an absent key": lambda kv: kv.get_mean_vector(["one", "two", "x"]),
    "mean with a vector": lambda kv: kv.get_mean_vector(["two", np.ones(4)]),
    "most_similar": lambda kv: kv.most_similar("two", restrict_vocab=4),
    "most_similar, several": lambda kv: kv.most_similar(["one", "two"], ["four"], restrict_vocab=4),
    "most_similar, weighted": lambda kv: kv.most_similar([("two", 0.5), "one"], restrict_vocab=4),
    "most_similar_cosmul": lambda kv: kv.most_similar_cosmul(["two"], ["one"], restrict_vocab=4),
    "similar_by_word": lambda kv: kv.similar_by_word("two", restrict_vocab=4),
    "similar_by_key": lambda kv: kv.similar_by_key("two", restrict_vocab=4),
    "most_similar_batch": lambda kv: kv.most_similar_batch(["two", "one"], 2, restrict_vocab=4),
    "similarity": lambda kv: kv.similarity("two", "one"),
    "distance": lambda kv: kv.distance("two", "one"),
    "distances": lambda kv: kv.distances("two", ["one", "two"]),
    "distances to all": lambda kv: kv.distances("two")[:4],
    "distances from a key": lambda kv: kv.distances("one", ["two", "one"]),
    "n_similarity": lambda kv: kv.n_similarity(["two", "one"], ["three"]),
    "rank_by_centrality": lambda kv: kv.rank_by_centrality(["two", "one", "three"]),
    "doesnt_match": lambda kv: kv.doesnt_match(["two", "one", "three"]),
    "most_similar_to_given": lambda kv: kv.most_similar_to_given("two", ["three", "two", "one"]),
    "closer_than": lambda kv: kv.closer_than("one", "two"),
    "closer_than, reversed": lambda kv: [k for k in kv.closer_than("two", "one") if k != "two"],
    "rank": lambda kv: kv.rank("one", "two"),
    "vectors_for_all": lambda kv: kv.vectors_for_all(["two", "x", "one"]).vectors,
    "evaluate_word_pairs": lambda kv: kv.evaluate_word_pairs(
        ["one\ttwo\t1", "TWO\tthree\t3", "four\tfive\t2", "x\tone\t4"], allow_inference=True,
        case_insensitive=False,
    ),
}  # fmt: skip


def same(first, second):
    """Check that two answers are equal up to rounding."""
    if isinstance(first, (list, tuple)):
        assert len(first) == len(second)
        for left, right in zip(first, second):
            same(left, right)
    elif isinstance(first, str):
        assert first == second
    else:
        assert np.allclose(first, second, atol=1e-5)


@pytest.mark.parametrize("ask", QUERIES.values(), ids=QUERIES)
def test_an_inferred_key_is_asked_like_one_that_is_present(pair, ask):
    inferred, present = pair
    same(ask(inferred), ask(present))


def test_word_movers_distance_of_inferred_keys(pair):
    need("ot")
    for documents in [(["two", "one"], ["three"]), (["two"], ["two"]), (["two"], ["nine", "two"])]:
        same(*(kv.wmdistance(*documents) for kv in pair))


def test_the_answers_to_an_inferred_key_are_as_many_as_to_others(pair):
    inferred, _ = pair
    answers = inferred.most_similar_batch(["two", "one"], topn=4)
    assert [len(answer) for answer in answers] == [3, 3] and "one" not in dict(answers[1])
    ids = inferred.most_similar_ids(["two"], topn=4, exclude=False).ids
    assert ids.shape == (1, 4)


def test_an_inferred_key_has_no_position(pair):
    inferred, _ = pair
    assert not inferred.has_index_for("two") and inferred.get_index("two", -1) == -1
    with pytest.raises(KeyError):
        inferred.get_index("two")
    with pytest.raises(KeyError):
        inferred.get_vecattr("two", "count")
    copied = inferred.vectors_for_all(["two", "four"], copy_vecattrs=True)
    assert copied.expandos["count"].tolist() == [0, 2]
    assert len(inferred.vectors_for_all(["two", "four"], allow_inference=False)) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda kv: kv["x"],
        lambda kv: kv[["one", "x"]],
        lambda kv: kv.most_similar("x"),
        lambda kv: kv.most_similar_batch(["x", "two"]),
        lambda kv: kv.similarity("one", "x"),
        lambda kv: kv.distances("one", ["two", "x"]),
        lambda kv: kv.closer_than("one", "x"),
        lambda kv: kv.get_mean_vector(["two", "x"], ignore_missing=False),
    ],
)
def test_a_key_that_cannot_be_inferred(pair, ask):
    inferred, _ = pair
    with pytest.raises(KeyError, match="'x' is a single letter"):
        ask(inferred)
    assert "x" not in inferred and 7 not in inferred


def test_evaluation_infers_vectors_only_if_asked_to(pair):
    inferred, _ = pair
    lines = ["one\ttwo\t1", "one\tthree\t3", "four\tfive\t2", "x\tone\t4"]
    assert inferred.evaluate_word_pairs(lines).oov == 50
    assert inferred.evaluate_word_pairs(lines, allow_inference=True).oov == 25
