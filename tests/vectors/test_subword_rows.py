"""The rows of words and n-grams: the vectors that they make, and how they follow the words."""

import copy
import pickle

import numpy as np
import pytest

from fastsgns.corpus.subwords import SubwordScheme, bucket_lists, make_table
from fastsgns.matrices import PaddedRows, padded
from fastsgns.vectors.subword_rows import SubwordRows

SCHEME = SubwordScheme(3, 4, bucket=1000)
FLORET = SubwordScheme(2, 3, bucket=50, hash_count=2)
KEYS = ["cat", "mat", "carpet", 7]


def random_rows(scheme=SCHEME, keys=KEYS, n_columns=0, order=None, seed=0):
    rng = np.random.default_rng(seed)
    made = SubwordRows.zeros(scheme, list(keys), 5, n_columns, order=order)
    made.fill(lambda rows: rng.random(out=rows, dtype=np.float32))
    return made


def simple_vector(subwords, keys, index):
    """Compute the vector of a key by the definition: the mean of its own row and its n-grams'."""
    place = {int(bucket): row for row, bucket in enumerate(subwords.table.buckets)}
    buckets = bucket_lists([keys[index]], subwords.scheme)[1]
    rows = [subwords.ngram_rows[place[int(bucket)]] for bucket in buckets]
    if subwords.scheme.has_own_rows:
        rows.insert(0, subwords.word_rows[index])
    return np.mean(rows, axis=0)


@pytest.mark.parametrize("scheme", [SCHEME, FLORET], ids=["fasttext", "floret"])
def test_vectors_are_means_of_rows(scheme):
    keys = KEYS[:3]
    subwords = random_rows(scheme, keys)
    for index, vector in enumerate(subwords.composed()):
        np.testing.assert_allclose(vector, simple_vector(subwords, keys, index), rtol=1e-5)


def test_rows_are_in_the_layout_of_the_kernels_and_never_copied():
    subwords = random_rows(n_columns=2)
    whole = subwords.trainable()
    assert whole.shape == (subwords.table.n_rows, padded(7))
    assert whole.ctypes.data % 64 == 0
    assert np.shares_memory(whole, subwords.array)
    assert np.shares_memory(whole, subwords.columns)
    assert subwords.trainable() is whole
    assert not whole[:, 7:].any()


def test_a_read_only_array_is_copied_when_it_is_trained():
    keys = KEYS[:2]
    array = random_rows(keys=keys).array.copy()
    array.flags.writeable = False
    buckets = make_table(keys, SCHEME).buckets
    subwords = SubwordRows.of(SCHEME, keys, array, buckets)
    assert subwords.array is array
    before = subwords.composed()
    subwords.trainable()[0, 0] += 9
    assert subwords.composed()[0, 0] > before[0, 0]
    assert not np.shares_memory(subwords.array, array)


def test_vectors_that_are_set_change_the_rows_of_words_alone():
    subwords = random_rows(n_columns=1)
    ngrams, words = subwords.ngram_rows.copy(), subwords.word_rows.copy()
    vectors, biases = subwords.composed(), np.zeros(4, np.float32)
    subwords.compose(vectors, biases)
    vectors[2], biases[1] = 3, -2
    subwords.absorb(vectors, biases)
    made, made_biases = np.zeros_like(vectors), np.zeros(4, np.float32)
    subwords.compose(made, made_biases)
    np.testing.assert_allclose(made, vectors, rtol=1e-5)
    np.testing.assert_allclose(made_biases, biases, rtol=1e-5)
    np.testing.assert_array_equal(subwords.ngram_rows, ngrams)
    np.testing.assert_array_equal(subwords.word_rows[[0, 1, 3]], words[[0, 1, 3]])


def test_floret_has_no_rows_to_set_vectors_of_words_with():
    subwords = random_rows(FLORET, KEYS[:3])
    vectors = subwords.composed()
    subwords.absorb(vectors)
    vectors[1] = 0
    with pytest.raises(ValueError, match=r"'mat'.*no row of its own"):
        subwords.absorb(vectors)


def test_rows_follow_the_words():
    order, keys = object(), list(KEYS)
    subwords = random_rows(order=order)
    subwords.follow(keys, order)
    before = subwords.composed()
    keys.append("catalogue")
    subwords.follow(keys, order)
    np.testing.assert_array_equal(subwords.composed()[:4], before)
    assert not subwords.word_rows[4].any()
    moved = ["catalogue", 7, "mat"]
    subwords.follow(moved, object())
    np.testing.assert_array_equal(subwords.composed()[1:], before[[3, 1]])


def test_a_renamed_word_keeps_its_row_and_has_other_n_grams():
    order, keys = object(), list(KEYS)
    subwords = random_rows(order=order)
    subwords.follow(keys, order)
    row = subwords.word_rows[0].copy()
    keys[0] = "carpets"
    subwords.follow(keys, order, thorough=True)
    np.testing.assert_array_equal(subwords.word_rows[0], row)
    vector = simple_vector(subwords, keys, 0)
    np.testing.assert_allclose(subwords.composed()[0], vector, rtol=1e-5)


@pytest.mark.parametrize("scheme", [SCHEME, FLORET], ids=["fasttext", "floret"])
def test_old_rows_keep_their_bytes_and_new_ones_are_filled(scheme):
    subwords = random_rows(scheme, KEYS[:3], n_columns=1)
    before, old = subwords.composed(), subwords.table
    rows = {int(b): row.tobytes() for b, row in zip(old.buckets, subwords.ngram_rows)}
    subwords.extend(["cat", "mat", "carpet", "dog"], lambda rows: rows.fill(9))
    np.testing.assert_array_equal(subwords.composed()[:3], before)
    for bucket, row in zip(subwords.table.buckets, subwords.ngram_rows):
        expected = rows.get(int(bucket))
        assert np.all(row == 9) if expected is None else row.tobytes() == expected
    assert subwords.table.n_rows > old.n_rows
    assert np.all(subwords.word_rows[3:] == 9)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_is_equal_and_apart(copied):
    subwords = random_rows(n_columns=1)
    twin = copied(subwords)
    np.testing.assert_array_equal(twin.array, subwords.array)
    np.testing.assert_array_equal(twin.trainable(), subwords.trainable())
    twin.trainable()[:] = 0
    assert subwords.array.any()


def test_a_shallow_copy_shares_the_rows_and_has_its_own_words():
    subwords = random_rows(keys=KEYS[:3])
    twin = subwords.shallow_copy()
    assert np.shares_memory(twin.array, subwords.array)
    twin.follow(["mat"], object())
    assert len(subwords.composed()) == 3


def test_rows_that_do_not_fit_are_refused():
    buckets = make_table(["cat"], SCHEME).buckets
    with pytest.raises(ValueError, match=r"need \d+ rows; got 2"):
        SubwordRows.of(SCHEME, ["cat"], np.zeros((2, 5), np.float32), buckets)
    with pytest.raises(ValueError, match="1 of which have no row"):
        SubwordRows.of(SCHEME, ["cat"], np.zeros((5, 5), np.float32), buckets[1:])
    assert PaddedRows.zeros(0, 3).trainable().shape == (0, 16)


def test_rows_that_were_changed_are_not_undone_by_vectors_that_were_not():
    subwords = random_rows(keys=KEYS[:3])
    vectors = np.zeros((3, 5), np.float32)
    subwords.compose(vectors)
    subwords.ngram_rows[:] = 2
    vectors[1] = 0.5
    subwords.absorb(vectors)
    assert np.all(subwords.ngram_rows == 2)
    made = subwords.composed()
    np.testing.assert_allclose(made[1], 0.5, rtol=1e-5)
    assert not np.allclose(made[0], vectors[0])
