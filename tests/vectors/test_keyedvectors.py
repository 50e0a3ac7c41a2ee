import copy
import io
import pickle
import sys
import tracemalloc
import types

import numpy as np
import pytest

from fastsgns.errors import FormatError
from fastsgns.formats import native, word2vec_reader
from fastsgns.models import keyedvectors as gensim_names
from fastsgns.vectors import nearest, rows
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.norms import largest, row_norms

WORDS = ["the", "of", "straße", "</s>", "👩‍👩‍👧", "dog", "cat", "zebra"]


@pytest.fixture
def vectors():
    return np.random.default_rng(3).standard_normal((len(WORDS), 5)).astype(np.float32)


@pytest.fixture
def kv(vectors):
    made = KeyedVectors(5)
    made.add_vectors(WORDS, vectors, extras={"count": np.arange(len(WORDS), 0, -1)})
    return made


def true_cosines(kv, vector):
    rows = np.array(kv[kv.index_to_key], np.float64)
    return rows @ vector / np.linalg.norm(rows, axis=1) / np.linalg.norm(vector)


def assert_fresh(kv):
    """Similarities are those of the vectors as they are."""
    key = kv.index_to_key[0]
    expected = true_cosines(kv, np.array(kv[key], np.float64))
    np.testing.assert_allclose(kv.most_similar(key, topn=None), expected, atol=1e-5)


def test_look_up(kv, vectors):
    assert str(kv) == "KeyedVectors<vector_size=5, 8 keys>"
    np.testing.assert_array_equal(kv["dog"], vectors[5])
    np.testing.assert_array_equal(kv[np.int64(5)], vectors[5])
    np.testing.assert_array_equal(kv[["dog", 0]], vectors[[5, 0]])
    assert kv[[]].shape == (0, 5)
    with pytest.raises(ValueError):
        kv["dog"][0] = 1
    kv[["dog"]][0, 0] = 1
    assert "dog" in kv and 7 in kv and 8 not in kv and "DOG" not in kv
    assert kv.get_index("DOG", default=-1) == -1
    for lookup in (kv.get_vector, kv.get_index, kv.__getitem__):
        with pytest.raises(KeyError, match="Key 'DOG' not present"):
            lookup("DOG")


def test_int_keys_win_over_positions(vectors):
    kv = KeyedVectors.from_arrays([2, 0, 9], vectors[:3])
    np.testing.assert_array_equal(kv[2], vectors[0])
    np.testing.assert_array_equal(kv[1], vectors[1])
    kv.add_vector(1, vectors[4])
    np.testing.assert_array_equal(kv[1], vectors[4])
    assert len(kv) == 4


def test_tuples_may_be_keys():
    kv = KeyedVectors(2)
    kv.add_vectors([("a", "b"), "c"], [[1, 0], [0, 1]])
    assert kv[("a", "b")].tolist() == [1, 0]
    assert kv[("c", "c")].shape == (2, 2)


WRITES = {
    "setitem": lambda kv: kv.__setitem__("the", np.full(5, 9)),
    "setitem of many": lambda kv: kv.__setitem__(["the", "new"], np.full((2, 5), 9)),
    "add_vector": lambda kv: kv.add_vector("new", np.full(5, 100)),
    "add_vectors": lambda kv: kv.add_vectors(["n1", "n2"], np.full((2, 5), 100)),
    "add_vector into room that is left": lambda kv: (
        kv.add_vector("n1", np.full(5, 100)),
        kv.fill_norms(),
        kv.add_vector("n2", np.full(5, 100)),
    ),
    "replace alone": lambda kv: kv.add_vectors(["the"], np.full((1, 5), 100), replace=True),
    "behind the back": lambda kv: (kv.array.__imul__([[9]] * 7 + [[1]]), kv.fill_norms(True)),
    "replace": lambda kv: kv.add_vectors(["the", "n2"], np.full((2, 5), 100), replace=True),
    "in place": lambda kv: kv.vectors.__setitem__((slice(0, 3), 0), 50),
    "assignment": lambda kv: setattr(kv, "vectors", kv.vectors[::-1] * 3),
    "unit_normalize_all": lambda kv: kv.unit_normalize_all(),
    "sort": lambda kv: (
        kv.expandos.update(count=np.arange(len(kv))),
        kv.sort_by_descending_frequency(),
    ),
    "resize": lambda kv: (
        kv.index_to_key.append("n"),
        kv.key_to_index.update(n=8),
        kv.resize_vectors(),
    ),
    "intersect": lambda kv: kv.intersect_word2vec_format(io.BytesIO(b"1 5\nthe 7 7 7 7 0\n")),
}


@pytest.mark.parametrize("write", WRITES)
def test_norms_are_never_stale(kv, write):
    kv.fill_norms()
    before = kv[kv.index_to_key]  # not kv.vectors, after which nothing is cached
    WRITES[write](kv)
    after = kv[list(range(len(kv)))]
    assert before.shape != after.shape or not np.array_equal(before, after)
    assert_fresh(kv)


def test_a_view_taken_long_ago_may_be_written(kv):
    view = kv.vectors
    assert_fresh(kv)
    view[0] *= -10
    view[1] *= 10
    assert_fresh(kv)


def test_the_array_given_may_be_written(vectors):
    kv = KeyedVectors.from_arrays(list(WORDS), vectors)
    assert_fresh(kv)
    vectors[3] *= 100
    assert_fresh(kv)
    assert np.shares_memory(kv.vectors, vectors)


def test_growing_one_by_one(vectors):
    kv = KeyedVectors(5)
    for index, (word, vector) in enumerate(zip(WORDS, vectors)):
        assert kv.add_vector(word, vector) == index
        kv.set_vecattr(word, "length", len(word))
    np.testing.assert_array_equal(kv.vectors, vectors)
    assert kv.expandos["length"].tolist() == [len(word) for word in WORDS]
    assert kv.add_vector("dog", np.zeros(5)) == 5
    np.testing.assert_array_equal(kv["dog"], vectors[5])


def test_free_slots_are_filled_first(vectors):
    kv = KeyedVectors(5, count=3)
    kv.add_vector("a", vectors[0])
    kv.add_vectors(["b", "c", "d", "d"], vectors[1:5])
    assert kv.index_to_key == ["a", "b", "c", "d"]
    np.testing.assert_array_equal(kv.vectors, vectors[:4])


@pytest.mark.parametrize(
    "call",
    [
        lambda kv: kv.add_vectors(["a", "b"], np.zeros((2, 4))),
        lambda kv: kv.add_vectors(["a"], np.zeros((2, 5))),
        lambda kv: kv.add_vector("a", np.zeros(6)),
        lambda kv: kv.__setitem__("the", np.zeros(3)),
        lambda kv: kv.similar_by_vector(np.zeros(3)),
        lambda kv: kv.most_similar_batch(np.zeros((2, 3), np.float32)),
        lambda kv: setattr(kv, "vectors", np.zeros(5)),
    ],
)
def test_wrong_shapes_are_named(kv, call):
    with pytest.raises(ValueError, match=r"\(.*\)"):
        call(kv)


def test_attributes(kv):
    assert kv.get_vecattr("dog", "count") == 3
    kv.set_vecattr("dog", "tag", "animal")
    assert kv.get_vecattr("dog", "tag") == "animal"
    kv.set_vecattr("dog", "n", 1)
    with pytest.raises(TypeError, match="int64"):
        kv.set_vecattr("dog", "n", 1.5)
    with pytest.raises(KeyError, match="count"):
        kv.get_vecattr("dog", "color")


def test_most_similar_is_the_sorted_cosine(kv):
    cosines = true_cosines(kv, np.array(kv["dog"], np.float64))
    expected = [i for i in np.argsort(-cosines) if i != 5]
    answer = kv.most_similar("dog", topn=100)
    assert [key for key, _ in answer] == [WORDS[i] for i in expected]
    assert all(type(value) is float for _, value in answer)
    np.testing.assert_allclose([value for _, value in answer], cosines[expected], atol=1e-6)
    assert kv.most_similar("dog", topn=2) == answer[:2]
    assert kv.most_similar("dog", topn=0) == []
    assert {key for key, _ in kv.most_similar("dog", restrict_vocab=3)} == set(WORDS[:3])
    assert {key for key, _ in kv.most_similar("dog", clip_start=2, clip_end=4)} == set(WORDS[2:4])
    assert kv.similar_by_vector(kv["dog"], topn=1)[0][0] == "dog"
    with pytest.raises(ValueError, match="no input"):
        kv.most_similar()
    with pytest.raises(KeyError):
        kv.most_similar("DOG")


def test_pairs_give_weights(kv):
    mean = 2 * kv.get_vector("dog", norm=True) - 0.5 * kv.get_vector("cat", norm=True)
    np.testing.assert_allclose(
        kv.most_similar([("dog", 2.0), ("cat", -0.5)], topn=None), true_cosines(kv, mean), atol=1e-5
    )


def test_cosmul_honors_restrict_vocab(kv):
    assert {key for key, _ in kv.most_similar_cosmul("dog", "cat", restrict_vocab=3)} == set(
        WORDS[:3]
    )
    a, b, c = (
        (1 + true_cosines(kv, np.array(kv[w], np.float64))) / 2 for w in ("the", "dog", "cat")
    )
    scores = kv.most_similar_cosmul(["dog", "cat"], ["the"], topn=None)
    np.testing.assert_allclose(scores, b * c / (a + 1e-6), rtol=1e-4)


@pytest.mark.parametrize("exclude", [True, False])
@pytest.mark.parametrize("topn", [0, 1, 3, 50])
@pytest.mark.parametrize("restrict", [None, 6])
def test_batch_equals_a_loop(kv, topn, exclude, restrict, monkeypatch):
    monkeypatch.setattr("fastsgns.vectors.queries.N_QUERIES", 3)
    monkeypatch.setattr("fastsgns.vectors.nearest.ROW_BYTES", 60)
    monkeypatch.setattr("fastsgns.vectors.nearest.SHARED_ROW_BYTES", 80)
    answers = kv.most_similar_batch(WORDS[:5], topn, restrict, exclude)
    for word, answer in zip(WORDS, answers):
        asked = word if exclude else kv[word]
        expected = kv.most_similar(asked, topn=topn, restrict_vocab=restrict)
        assert [key for key, _ in answer] == [key for key, _ in expected]
        np.testing.assert_allclose([v for _, v in answer], [v for _, v in expected], atol=1e-6)


@pytest.mark.parametrize("n", [1, 3, 40, 65, 67, 1000])
@pytest.mark.parametrize("d", [1, 3, 8, 15, 30, 300])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_equal_cosines_the_lower_position_is_first(n, d, dtype, monkeypatch):
    monkeypatch.setattr("fastsgns.vectors.nearest.ROW_BYTES", 1 << 16)
    monkeypatch.setattr("fastsgns.vectors.nearest.SHARED_ROW_BYTES", 1 << 17)
    row, query = np.random.default_rng(d).standard_normal((2, d)).astype(dtype)
    kv = KeyedVectors(d, dtype=dtype)
    kv.add_vectors(list(range(n)), np.tile(row, (n, 1)))
    for topn in (1, 2, 30, n):
        first = list(range(min(topn, n)))
        batch = kv.most_similar_ids(np.tile(query, (7, 1)), topn=topn).ids
        assert batch.tolist() == [first] * 7
        for answer in (
            kv.most_similar(query, topn=topn),
            kv.most_similar_batch(query[np.newaxis], topn=topn)[0],
            kv.most_similar_cosmul(query, topn=topn),
        ):
            assert [key for key, _ in answer] == first


def test_the_products_of_a_batch_take_little_memory():
    kv = KeyedVectors(2)
    kv.add_vectors(list(range(1100)), np.random.default_rng(1).standard_normal((1100, 2)))
    kv.most_similar_ids(range(1024), topn=1)
    tracemalloc.start()
    try:
        kv.most_similar_ids(range(1024), topn=1)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10 << 20


@pytest.mark.parametrize("n_most", [1, 63, 64, 1000, 10**9])
@pytest.mark.parametrize("n", [0, 1, 63, 64, 65, 127, 128, 130, 1000, 12345])
def test_each_row_is_in_one_of_equally_long_blocks(n, n_most):
    length, starts = nearest.blocks(n, n_most)
    assert length % 64 == 0 and length < min(n, n_most) + 64
    assert [row for start in starts for row in range(start, min(start + length, n))] == [*range(n)]


def test_zero_vectors_are_similar_to_nothing(kv):
    kv["of"] = np.zeros(5)
    assert kv.similarity("of", "dog") == 0
    assert dict(kv.most_similar("dog"))["of"] == 0
    assert {value for _, value in kv.most_similar("of")} == {0.0}
    assert dict(kv.most_similar_batch(["dog"])[0])["of"] == 0
    assert kv.distances("dog", ["of"]).tolist() == [1]
    assert not np.isnan(kv.get_normed_vectors()).any()
    assert kv.n_similarity(["of"], ["dog"]) == 0
    kv.unit_normalize_all()
    assert not kv["of"].any()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_padded_rows_and_other_types(vectors, dtype):
    room = np.full((len(WORDS), 16), np.nan, dtype)
    room[:, :5] = vectors
    kv = KeyedVectors.from_arrays(list(WORDS), room[:, :5])
    assert_fresh(kv)
    assert kv.most_similar_batch(["dog"], topn=2)[0][0][0] == kv.most_similar("dog")[0][0]
    kv.unit_normalize_all()
    np.testing.assert_allclose(kv.norms, 1, rtol=1e-2)


def test_comparisons(kv):
    assert kv.similarity("dog", "cat").dtype == np.float32
    assert kv.distance("dog", "cat") == 1 - kv.similarity("dog", "cat")
    np.testing.assert_allclose(kv.distances("dog")[6], kv.distance("dog", "cat"), atol=1e-6)
    similar = kv.most_similar("dog")
    assert kv.rank("dog", similar[2][0]) == 3
    assert set(kv.closer_than("dog", similar[2][0])) == {key for key, _ in similar[:2]}
    assert kv.most_similar_to_given("dog", WORDS[:5]) in WORDS[:5]
    assert kv.doesnt_match(["the", "dog", "unknown"]) in ("the", "dog")
    with pytest.raises(ValueError):
        kv.doesnt_match(["unknown"])
    with pytest.raises(ZeroDivisionError):
        kv.n_similarity([], ["dog"])
    with pytest.raises(KeyError):
        kv.get_mean_vector(["dog", "unknown"], ignore_missing=False)


def test_wmdistance(kv, monkeypatch):
    monkeypatch.setitem(sys.modules, "ot", None)
    with pytest.raises(ImportError, match=r"fastsgns\[wmd\]"):
        kv.wmdistance(["dog"], ["cat"])
    fake = types.SimpleNamespace(emd2=lambda a, b, gaps: a @ gaps @ b)
    monkeypatch.setitem(sys.modules, "ot", fake)
    gap = np.linalg.norm(kv.get_vector("dog", norm=True) - kv.get_vector("cat", norm=True))
    assert kv.wmdistance(["dog", "dog"], ["cat"]) == pytest.approx(gap, abs=1e-6)
    assert kv.wmdistance(["unknown"], ["cat"]) == float("inf")
    assert kv.wmdistance(["cat"], ["cat"]) == 0


def test_vectors_for_all(kv):
    some = kv.vectors_for_all(["cat", "unknown", "dog", "cat"], copy_vecattrs=True)
    assert some.index_to_key == ["cat", "dog"]
    assert some.expandos["count"].tolist() == [2, 3]
    np.testing.assert_array_equal(some["dog"], kv["dog"])
    counted = kv.vectors_for_all(["cat", "unknown", "dog", 5], allow_inference=False)
    assert counted.index_to_key == ["cat", "dog"]
    assert counted.expandos["count"].tolist() == [2, 1]  # as in gensim
    assert kv.vectors_for_all(["cat", 5]).index_to_key == ["cat", 5]


def test_a_key_is_at_the_distance_0_of_itself(kv):
    for key in WORDS:
        assert kv.similarity(key, key) == 1 and kv.distance(key, key) == 0
        assert kv.distances(key)[kv.get_index(key)] == 0
        assert kv.distances(key, ["dog", key, key]).tolist()[1:] == [0, 0]
    kv["of"] = np.zeros(5)
    assert kv.distance("of", "of") == kv.distances("of")[kv.get_index("of")] == 1


@pytest.mark.parametrize("shared", [False, True])
def test_norms_may_be_set_and_are_those_of_the_vectors(kv, shared):
    if shared:
        kv.vectors[1] *= 2
    expected = np.linalg.norm(kv.array, axis=1)
    for norms in (None, expected, expected.tolist(), expected.astype(np.float16)):
        kv.norms = norms
        np.testing.assert_allclose(kv.norms, expected, rtol=1e-6)
    with pytest.warns(UserWarning, match="are not used"):
        kv.norms = np.ones(len(kv))
    np.testing.assert_allclose(kv.norms, expected, rtol=1e-6)
    for wrong in (np.ones(3), np.ones((len(kv), 1)), 1.0):
        with pytest.raises(ValueError, match="norms of shape"):
            kv.norms = wrong


@pytest.mark.parametrize("binary", [False, True])
def test_intersect(kv, tmp_path, binary):
    other = KeyedVectors.from_arrays(["new", "dog"], np.ones((2, 5), np.float32))
    other.save_word2vec_format(tmp_path / "v", binary=binary)
    kv.intersect_word2vec_format(tmp_path / "v", binary=binary, lockf=0.25)
    assert kv["dog"].tolist() == [1] * 5
    assert "new" not in kv
    assert kv.vectors_lockf.tolist() == [1, 1, 1, 1, 1, 0.25, 1, 1]
    kv.add_vector("more", np.ones(5))
    assert kv.vectors_lockf.shape == (9,)
    with pytest.raises(ValueError, match="needed is 5"):
        kv.intersect_word2vec_format(io.BytesIO(b"1 2\na 1 1\n"))


@pytest.mark.parametrize("name", ["vocab", "index2word", "vectors_norm", "syn0", "wv", "accuracy"])
def test_old_names_say_what_to_use(kv, name):
    with pytest.raises(AttributeError, match="gensim 3; use"):
        getattr(kv, name)
    assert not hasattr(kv, "no_such_name")


def test_init_sims_still_works(kv):
    with pytest.warns(DeprecationWarning):
        kv.init_sims(replace=True)
    np.testing.assert_allclose(np.linalg.norm(kv.vectors, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda kv: pickle.loads(pickle.dumps(kv))])
def test_copies_stand_alone(kv, clone):
    kv.fill_norms()
    other = clone(kv)
    kv.vectors[:] = 0
    assert other.index_to_key == WORDS
    assert_fresh(other)
    other.add_vector("new", np.ones(5))
    assert_fresh(other)


@pytest.mark.parametrize("mmap", [None, "r"])
@pytest.mark.parametrize("as_path", [str, lambda path: path])
def test_save_and_load(kv, tmp_path, mmap, as_path):
    kv.set_vecattr("dog", "tag", "animal")
    kv.set_vecattr("dog", "weight", 2.5)
    kv.set_vecattr("dog", "flag", True)
    path = as_path(tmp_path / "kv")
    kv.save(path, separately=["x"], ignore=["y"])
    read = KeyedVectors.load(path, mmap=mmap)
    assert read.index_to_key == WORDS
    np.testing.assert_array_equal(read.vectors, kv.vectors)
    assert read.expandos.keys() == kv.expandos.keys()
    for name, values in kv.expandos.items():
        np.testing.assert_array_equal(read.expandos[name], values)
        assert read.expandos[name].dtype == values.dtype
    assert_fresh(read)
    assert read.vectors.flags.writeable is (mmap is None)
    if mmap:
        with pytest.raises(ValueError, match="read-only"):
            read["dog"] = np.zeros(5)
        read.add_vector("new", np.ones(5))
        assert len(read) == 9
    assert [p.name for p in tmp_path.iterdir()] == ["kv"]


def test_save_of_int_keys_and_to_a_file_object(vectors):
    file = io.BytesIO()
    KeyedVectors.from_arrays([5, "5", -1], vectors[:3]).save(file)
    file.seek(0)
    assert KeyedVectors.load(file).index_to_key == [5, "5", -1]


def test_what_cannot_be_saved(kv, tmp_path):
    kv.set_vecattr("dog", "thing", object())
    with pytest.raises(TypeError, match="thing"):
        kv.save(tmp_path / "kv")
    with pytest.raises(ValueError, match="empty slots"):
        KeyedVectors(2, count=3).save(tmp_path / "kv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "damage",
    [
        {"vectors": np.zeros((2, 5), np.float32)},
        {"vectors": np.zeros(8, np.float32)},
        {"vectors": np.zeros((8, 5), np.int64)},
        {"attr:count": np.zeros(3)},
        {"vectors": None},
        native.pack_words(["a"] * 8),
    ],
)
def test_contradicting_files_are_refused(tmp_path, vectors, damage):
    tensors = {"vectors": vectors, **native.pack_words(WORDS), **damage}
    tensors = {name: array for name, array in tensors.items() if array is not None}
    native.write(tmp_path / "kv", "vectors", tensors, {})
    with pytest.raises(FormatError, match="damaged"):
        KeyedVectors.load(tmp_path / "kv")


def test_a_file_of_an_unknown_kind_is_refused(tmp_path):
    native.write(tmp_path / "f", "thing", {"a": np.zeros(1)}, {"x": 3})
    with pytest.raises(FormatError, match="'thing'"):
        KeyedVectors.load(tmp_path / "f")


def test_gensims_names():
    assert gensim_names.Word2VecKeyedVectors is gensim_names.KeyedVectors
    assert gensim_names.EuclideanKeyedVectors is KeyedVectors


def test_norms_are_right_after_an_intersection_that_failed(kv, monkeypatch):
    monkeypatch.setattr(word2vec_reader, "BLOCK", 16)
    kv.fill_norms()
    with pytest.raises(FormatError):
        kv.intersect_word2vec_format(io.BytesIO(b"2 5\ndog 9 9 9 9 9\ncat 9 x 9 9 9\n"))
    assert kv["dog"].tolist() == [9] * 5
    np.testing.assert_allclose(kv.norms, np.linalg.norm(kv.array, axis=1), rtol=1e-5)


def test_keys_that_were_not_added_are_not_there(kv):
    slots = KeyedVectors(5, count=2)
    slots.array.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        slots.add_vector("new", np.ones(5))
    assert "new" not in slots.key_to_index and slots.index_to_key == [None, None]
    with pytest.raises(ValueError, match="convert"):
        kv.add_vector("new", ["x"] * 5)
    assert "new" not in kv and len(kv.array) == len(kv)


@pytest.mark.parametrize("shared", [False, True])
def test_restricted_queries_look_at_the_norms_of_no_other_rows(kv, shared, monkeypatch):
    full = kv.most_similar("dog", topn=None)[:4], kv.most_similar_cosmul("dog", topn=None)[:4]
    seen = []
    monkeypatch.setattr(rows, "row_norms", lambda rows: seen.append(len(rows)) or row_norms(rows))
    if shared:
        _ = kv.vectors
    kv.rows.forget_norms()
    restricted = (
        kv.most_similar("dog", topn=None, restrict_vocab=4),
        kv.most_similar_cosmul(["dog"], topn=None, restrict_vocab=4),
    )
    np.testing.assert_allclose(restricted, full, rtol=1e-6)
    kv.most_similar_cosmul(["dog", "cat"], restrict_vocab=4)
    kv.most_similar_batch(["dog", "cat"], restrict_vocab=4)
    assert seen == ([4] if shared else [len(kv)])  # only a batch uses norms


@pytest.mark.parametrize("shape", [(5,), (1000,), (3, 1000), (2, 0)])
@pytest.mark.parametrize("n_kinds", [2, 30, 10**6])
def test_largest_is_what_sorting_gives(shape, n_kinds):
    values = np.random.default_rng(3).integers(0, n_kinds, shape).astype(np.float32)
    for n in (0, 1, 10, 70, 2000):
        found = np.take_along_axis(values, largest(values, n), -1)
        assert np.array_equal(found, -np.sort(-values, -1)[..., :n])
        assert all(len(set(row)) == len(row) for row in np.atleast_2d(largest(values, n)).tolist())


def test_largest_of_what_is_not_a_number():
    assert len(largest(np.full(100, np.nan), 3)) == 0


@pytest.mark.parametrize("none", [0, None, "0", False])
def test_a_limit_of_0_is_none_as_in_gensim(kv, none):
    everything = kv.most_similar("dog", topn=99)
    assert len(everything) == len(WORDS) - 1
    assert kv.most_similar("dog", topn=99, restrict_vocab=none) == everything
    assert kv.most_similar("dog", topn=99, clip_end=none) == everything
    assert len(kv.most_similar("dog", topn=99, clip_start=2, restrict_vocab=none)) == 5
    assert kv.similar_by_word("dog", 99, none) == kv.similar_by_key("dog", 99, none) == everything
    assert len(kv.similar_by_vector(kv["dog"], 99, none)) == len(WORDS)
    assert len(kv.most_similar_cosmul("dog", topn=99, restrict_vocab=none)) == len(WORDS) - 1
    assert len(kv.most_similar_batch(["dog"], 99, none)[0]) == len(WORDS) - 1
    assert len(kv.most_similar("dog", topn=99, clip_start=3, restrict_vocab=2)) == 2


@pytest.mark.parametrize("kind", ["int64", "uint8", "bool"])
def test_vectors_may_be_replaced_by_whole_numbers(kv, kind):
    rows = np.eye(len(WORDS), 3).astype(kind)
    kv.vectors = rows
    assert kv.vectors.dtype == np.float32 and kv.vector_size == 3
    assert np.array_equal(kv.vectors, rows) and kv.most_similar("the")[0][1] == 0
    kv.vectors = rows.astype(int).tolist()
    assert np.array_equal(kv.vectors, rows)
    for wrong in (rows.astype(str), rows.astype(complex), rows.astype(object)):
        with pytest.raises(ValueError, match="vectors must be a float matrix"):
            kv.vectors = wrong
