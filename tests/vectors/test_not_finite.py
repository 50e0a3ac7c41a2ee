"""A row that is not finite is never an answer, and asking with it is an error that names it."""

from itertools import chain

import numpy as np
import pytest
import toy

from fastsgns import GloVe, KeyedVectors, NodeEmbedding, PairEmbedding, Word2Vec
from fastsgns.models.links import HOPE
from fastsgns.vectors.norms import largest

WORDS = [f"w{i}" for i in range(50)]
VECTORS = np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32)
BAD = {"nan": np.nan, "inf": np.inf, "-inf": -np.inf}
EDGES = [(f"n{i}", f"n{(3 * i + k) % 20}") for i in range(20) for k in (1, 2)]


def good(dtype=np.float32):
    return KeyedVectors.from_arrays(list(WORDS), VECTORS.astype(dtype))


def with_bad_row(value, whole, dtype=np.float32):
    """The same vectors with a row that is not finite in their midst."""
    row = np.full((1, 8), value if whole else 0.5)
    row[0, 2] = value
    vectors = np.vstack([VECTORS[:20], row, VECTORS[20:]]).astype(dtype)
    return KeyedVectors.from_arrays([*WORDS[:20], "bad", *WORDS[20:]], vectors)


QUERIES = {
    "most_similar": lambda kv: kv.most_similar("w0", topn=60),
    "most_similar, few": lambda kv: kv.most_similar("w0", topn=3),
    "negative": lambda kv: kv.most_similar(["w0", "w1"], ["w2"], topn=4),
    "vector": lambda kv: kv.similar_by_vector(VECTORS[3], topn=5),
    "key": lambda kv: kv.similar_by_key("w3", topn=5),
    "cosmul": lambda kv: kv.most_similar_cosmul(["w0", "w1"], ["w2"], topn=60),
    "batch": lambda kv: kv.most_similar_batch(["w0", "w7"], topn=60),
    "batch, few": lambda kv: kv.most_similar_batch(["w0", "w7"], topn=4),
    "batch of vectors": lambda kv: kv.most_similar_batch(VECTORS[:3], topn=60),
    "closer_than": lambda kv: [(key, 0.0) for key in kv.closer_than("w0", "w1")],
    "given": lambda kv: [(kv.most_similar_to_given("w0", ["w5", *kv.index_to_key[15:25]]), 0.0)],
    "relative": lambda kv: [("w1", kv.relative_cosine_similarity("w0", "w1"))],
}


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_answers_are_those_without_the_row(query, value, whole, dtype):
    ask = QUERIES[query]
    found, expected = ask(with_bad_row(BAD[value], whole, dtype)), ask(good(dtype))
    if isinstance(expected[0], list):
        found, expected = list(chain(*found)), list(chain(*expected))
    assert [key for key, _ in found] == [key for key, _ in expected]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], rtol=1e-4)


LONG = {np.float32: 1e30, np.float64: 1e200, np.float16: 6e4}  # inf in float16


@pytest.mark.parametrize("dtype", LONG)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_vector_that_is_too_long_is_one_that_is_not_finite(dtype):
    kv = good(dtype)
    with np.errstate(over="ignore"):
        kv.vectors[3] *= 100 * LONG[dtype]
    for ask in (
        lambda: kv.most_similar("w3"),
        lambda: kv.most_similar(["w0", "w3"]),
        lambda: kv.most_similar_cosmul("w3"),
        lambda: kv.most_similar_batch(["w0", "w3"]),
        lambda: kv.closer_than("w3", "w0"),
        lambda: kv.rank("w0", "w3"),
        lambda: kv.most_similar_to_given("w3", ["w0"]),
        lambda: kv.relative_cosine_similarity("w3", "w0"),
    ):
        with pytest.raises(ValueError, match="vector of 'w3' is not finite"):
            ask()
    assert np.isnan([kv.similarity("w3", "w3"), kv.similarity("w0", "w3"), kv.norms[3]]).all()
    assert np.isnan([kv.distance("w0", "w3"), kv.distances("w0")[3]]).all()
    assert np.isnan(kv.get_vector("w3", norm=True)).all()
    assert np.isnan(kv.get_normed_vectors()[3]).all()
    assert "w3" not in dict(kv.most_similar("w0", topn=60))
    for answer in kv.most_similar_batch(["w0", "w7"], topn=60):
        assert "w3" not in dict(answer)
    kv.unit_normalize_all()
    assert np.isnan(kv.vectors[3]).all()


def test_similarities_to_all_tell_which_row_is_not_finite():
    kv = with_bad_row(np.inf, False)
    for scores in (kv.most_similar("w0", topn=None), kv.most_similar_cosmul("w0", topn=None)):
        assert np.flatnonzero(np.isnan(scores)).tolist() == [20]
    assert np.flatnonzero(np.isnan(kv.norms)).tolist() == [20]


@pytest.mark.parametrize("value", BAD)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_asking_with_the_row_names_it(value):
    kv = with_bad_row(BAD[value], False)
    for ask in (
        lambda: kv.most_similar("bad"),
        lambda: kv.most_similar(["w0", "bad"]),
        lambda: kv.most_similar(["w0"], negative=["bad"]),
        lambda: kv.most_similar_cosmul(["w0", "bad"]),
        lambda: kv.most_similar_batch(["w0", "bad"]),
        lambda: kv.most_similar_ids("bad"),
        lambda: kv.closer_than("w0", "bad"),
        lambda: kv.rank("bad", "w0"),
        lambda: kv.most_similar_to_given("bad", ["w0"]),
        lambda: kv.most_similar_to_given("w0", ["bad"]),
        lambda: kv.relative_cosine_similarity("bad", "w0"),
    ):
        with pytest.raises(ValueError, match="the vector of 'bad' is not finite"):
            ask()
    queries = np.stack([VECTORS[0], kv["bad"]])
    for ask in (lambda: kv.most_similar_batch(queries), lambda: kv.most_similar(queries[1])):
        with pytest.raises(ValueError, match="the vector that was asked with is not finite"):
            ask()


def test_the_odd_one_out_is_a_word_with_a_vector(caplog):
    kv = with_bad_row(np.nan, True)
    words = ["w0", "w1", "w2", "bad"]
    assert kv.doesnt_match(words) == good().doesnt_match(words[:3])
    assert "not finite: ['bad']" in caplog.text
    with pytest.raises(ValueError, match=r"none of .* has a finite vector"):
        kv.doesnt_match(["bad"])


def test_evaluation_takes_the_row_for_an_unknown_word():
    lines = [f"w{i}\tw{i + 1}\t{i % 7}" for i in range(30)]
    kv = with_bad_row(np.nan, False)
    found = kv.evaluate_word_pairs([*lines, "w0\tbad\t3"])
    expected = good().evaluate_word_pairs(lines)
    assert found[0].statistic == pytest.approx(expected[0].statistic)
    assert found[2] == pytest.approx(100 / 31)
    questions = [": all", *(f"w{i} w{i + 1} w{i + 2} w{i + 3}" for i in range(30))]
    for method in ("most_similar", "most_similar_cosmul"):
        scores = [
            each.evaluate_word_analogies(questions, similarity_function=method)[1][-1]
            for each in (kv, good())
        ]
        assert scores[0] == scores[1]


SENTENCES = toy.sentences(60)
ONE = {"matrices": "tied+bias", "bias": "word"}


@pytest.mark.parametrize("options", [{"sg": 1}, {"sg": 1, "softmax": 1, "negative": 0}])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_prediction_leaves_the_row_out(options):
    model = Word2Vec(SENTENCES, vector_size=8, min_count=1, workers=1, **options)
    bad = model.wv.index_to_key[3]
    model.syn1neg[3, 2] = np.nan
    context = [model.wv.index_to_key[i] for i in (0, 1)]
    for found in (
        model.predict_output_word(context, topn=30),
        model.predict_contexts(context[0], topn=30),
    ):
        assert len(found) == len(model.wv) - 1 and bad not in dict(found)
        assert sum(p for _, p in found) == pytest.approx(1, abs=1e-5)
    model.wv.vectors[3, 2] = np.inf
    for ask in (
        lambda: model.predict_output_word([bad]),
        lambda: model.predict_contexts(bad),
        lambda: model.wv.most_similar(bad, space="in-out"),
    ):
        with pytest.raises(ValueError, match=f"the vector of '{bad}' is not finite"):
            ask()
    found = model.wv.most_similar(context[0], topn=30, space="in-out")
    assert bad not in dict(found) and len(found) == len(model.wv) - 2


def test_words_of_probability_zero_are_answers():
    model = Word2Vec(SENTENCES, vector_size=8, min_count=1, workers=1, sg=1, **ONE)
    asked = model.wv.index_to_key[0]
    model.wv["new"] = np.full(8, -1000)
    found = model.predict_contexts(asked, topn=30)
    assert len(found) == len(model.wv) and dict(found)["new"] == dict(found)[asked] == 0
    model.wv.bias[4] = np.nan
    found = dict(model.predict_contexts(asked, topn=30))
    assert len(found) == len(model.wv) - 1 and model.wv.index_to_key[4] not in found


def test_roles_and_combinations_leave_the_row_out():
    model = GloVe(SENTENCES, vector_size=8, min_count=1, workers=1)
    model.output.vectors[3] = np.nan
    bad, asked = model.wv.index_to_key[3], model.wv.index_to_key[0]
    for kv in (model.output, model.roles.combined("concat"), model.wv):
        assert bad not in dict(kv.most_similar(asked, topn=30))


@pytest.mark.parametrize(
    "make",
    [
        lambda: NodeEmbedding(dimensions=8, num_walks=2, workers=1).fit(EDGES),
        lambda: NodeEmbedding(dimensions=8, num_walks=2, matrices="tied+bias", workers=1).fit(
            EDGES
        ),
        lambda: PairEmbedding(dimensions=8, workers=1).fit(EDGES),
        lambda: HOPE(4, progress=False).fit(EDGES),
    ],
)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_recommendations_leave_the_row_out(make):
    model = make()
    bad = model.target.index_to_key[4]
    before = [name for name, _ in model.recommend("n1", topn=30) if name != bad]
    model.target.vectors[4, 1] = np.nan
    assert [name for name, _ in model.recommend("n1", topn=30)] == before
    every = model.recommend("n1", topn=30, exclude_known=False)
    assert bad not in dict(every) and len(every) == 19
    model.source.vectors[model.source.key_to_index["n1"], 0] = np.inf
    with pytest.raises(ValueError, match="the source vector of 'n1' is not finite"):
        model.recommend("n1")


def test_the_largest_are_numbers():
    values = np.array([2.0, np.nan, 5.0, -np.inf, 3.0])
    assert largest(values, 2).tolist() == [2, 4]
    assert largest(values, 5).tolist() == largest(values, 4).tolist() == [2, 4, 0]
    many = np.random.default_rng(0).normal(size=5000)
    many[::7] = np.nan
    order = np.argsort(-many, kind="stable")
    assert largest(many, 9).tolist() == order[:9].tolist()
    assert largest(np.full(3, np.nan), 2).tolist() == []
