"""FastTextKeyedVectors: rows, unseen words, changes, files and objects of gensim."""

import copy
import itertools
import pickle

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors, load
from fastsgns.corpus.subwords import SubwordScheme, bucket_lists
from fastsgns.vectors.fasttext import FastTextKeyedVectors

WORDS = ["night", "nights", "nightly", "Straße", "日本", "a"]


def made(words=WORDS, vector_size=5, **options):
    """Return vectors of some words, with random rows."""
    options = {"min_n": 3, "max_n": 5, "bucket": 5000} | options
    kv = FastTextKeyedVectors(vector_size, **options)
    kv.add_vectors(words, np.zeros((len(words), vector_size)))
    rng = np.random.default_rng(1)
    for rows in (kv.vectors_vocab, kv.vectors_ngrams):
        rows[:] = rng.normal(size=rows.shape)
    kv.adjust_vectors()
    return kv


def twin(kv, word):
    """Return the vector of a word, computed row by row."""
    buckets = bucket_lists([word], kv.scheme)[1]
    places = {bucket: row for row, bucket in enumerate(kv.subwords.table.buckets.tolist())}
    zeros = np.zeros(kv.vector_size)
    rows = [kv.vectors_ngrams[places[b]] if b in places else zeros for b in buckets.tolist()]
    if word in kv.key_to_index and kv.scheme.has_own_rows:
        rows.append(kv.vectors_vocab[kv.key_to_index[word]])
    if kv.scheme.is_pruned:
        rows = [row for row in rows if row is not zeros]
    return np.mean(rows, axis=0)


@pytest.mark.parametrize("options", [{}, {"bucket": 7}, {"hash_count": 2}, {"min_n": 1}])
@pytest.mark.parametrize("word", [*WORDS, "knight", "日本語", "xyz", "</s>", "z" * 300])
def test_a_vector_is_the_mean_of_the_rows(options, word):
    kv = made(**options)
    if word == "</s>" and kv.scheme.has_own_rows:
        assert word not in kv
    else:
        assert np.allclose(kv[word], twin(kv, word), atol=1e-5) and word in kv
        assert np.allclose(kv.get_vector(word, norm=True) @ kv[word], np.linalg.norm(kv[word]))


def test_only_buckets_that_words_use_have_rows():
    kv = made()
    assert len(kv.vectors_ngrams) == len(set(bucket_lists(WORDS, kv.scheme)[1].tolist())) < 5000
    assert kv.vectors_vocab.shape == kv.vectors.shape == (6, 5)
    rows = kv.buckets_word[kv.get_index("nights")]
    mean = np.vstack([kv.vectors_vocab[1], kv.vectors_ngrams[rows]]).mean(0)
    assert np.allclose(mean, kv["nights"], atol=1e-6)


@pytest.mark.parametrize("options", [{"bucket": 0}, {"max_n": 2}, {"max_n": 0}])
def test_without_n_grams_words_are_their_own_rows(options):
    kv = FastTextKeyedVectors(2, **({"min_n": 3, "max_n": 5, "bucket": 100} | options))
    kv["a"] = [1, 2]
    kv.adjust_vectors()
    assert kv.vectors_vocab is kv.vectors and kv.vectors_ngrams.shape == (0, 2)
    assert "b" not in kv and kv.buckets_word[0].tolist() == []
    kv.vectors_vocab = np.array([[3, 4]], np.float32)
    assert kv["a"].tolist() == [3, 4]
    with pytest.raises(KeyError, match="Key 'b' not present"):
        kv["b"]


def test_a_word_that_is_too_short_has_no_vector():
    kv = made(["house"], min_n=4)
    with pytest.raises(KeyError, match="'<a>' has no n-grams of 4 to 5 characters"):
        kv["a"]
    assert "a" not in kv and "ab" in kv and "" not in kv
    assert kv.get_mean_vector(["a"]).tolist() == [0] * 5  # absent keys are left out


def test_keys_that_are_not_words():
    kv = made([7, ("a", "b"), "word"])
    assert "words" in kv and 7 in kv and 2 in kv and 9 not in kv and b"words" not in kv
    with pytest.raises(KeyError, match="9"):
        kv[9]
    with pytest.raises(TypeError, match="all keys must be str"):
        made([7], hash_count=1)


def test_most_similar_of_an_unseen_word():
    kv = made()
    answers = dict(kv.most_similar("nightlys", topn=6))
    assert set(answers) == set(WORDS)
    assert np.isclose(answers["night"], kv.similarity("nightlys", "night"))
    nearest = kv.most_similar("nightlys", topn=1)[0][0]
    assert kv.most_similar_batch(["nightlys"], 1)[0][0][0] == nearest


def test_added_words_have_n_grams():
    kv = made()
    before = kv["knight"]
    kv["knight"] = np.ones(5)
    assert kv["knight"].tolist() == [1] * 5 and len(kv.vectors_vocab) == 7
    assert not kv.vectors_vocab[6].any()
    kv.adjust_vectors()
    n_rows = len(bucket_lists(["knight"], kv.scheme)[1])
    assert np.allclose(kv["knight"], before * n_rows / (n_rows + 1), atol=1e-6)


def test_a_new_order_of_the_keys():
    kv = made()
    before = {word: kv[word].tolist() for word in [*WORDS, "knight"]}
    for word, count in zip(WORDS, range(6)):
        kv.set_vecattr(word, "count", count)
    kv.sort_by_descending_frequency()
    kv.adjust_vectors()
    assert {word: kv[word].tolist() for word in before} == before
    assert kv.index_to_key == WORDS[::-1]


def test_resizing_makes_random_rows():
    kv = FastTextKeyedVectors(4, 3, 5, 100)
    kv.index_to_key, kv.key_to_index = ["night", "day"], {"night": 0, "day": 1}
    kv.resize_vectors(seed=3)
    assert kv.vectors_vocab.all() and kv.vectors_ngrams.all() and abs(kv.vectors).max() <= 0.25
    assert np.allclose(kv["night"], twin(kv, "night"), atol=1e-6)


def test_rows_for_all_buckets():
    kv = made(bucket=50)
    rows = np.random.default_rng(2).normal(size=(56, 5)).astype(np.float32)
    kv.init_post_load(rows)
    buckets = bucket_lists(["unseen"], kv.scheme)[1]
    assert np.allclose(kv["unseen"], rows[6 + buckets].mean(0), atol=1e-6)
    kv.vectors_ngrams = rows[:50]
    assert np.allclose(kv["unseen"], rows[buckets].mean(0), atol=1e-6)
    assert np.array_equal(kv.vectors_vocab, rows[:6])
    for name in ("vectors_ngrams", "vectors_vocab"):
        with pytest.raises(ValueError, match=f"{name} of shape"):
            setattr(kv, name, rows[:3])


def test_a_pruned_scheme_leaves_n_grams_without_rows_out():
    kv = made()
    kv.scheme = SubwordScheme(3, 5, 5000, is_pruned=True)
    kv.subwords.scheme = kv.scheme
    assert np.allclose(kv["knight"], twin(kv, "knight"), atol=1e-6)
    assert "xyz" not in kv
    with pytest.raises(KeyError, match="none of its n-grams is in the pruned model"):
        kv["xyz"]


@pytest.mark.parametrize("options", [{}, {"hash_count": 3}, {"bucket": 0}])
def test_files_and_copies(tmp_path, options):
    kv = made(**options)
    kv["night"] = np.arange(5)  # not what its rows make
    words = [*WORDS, *(["knight"] if kv.unseen else [])]
    kv.vectors_ngrams_lockf = np.full(len(kv.vectors_ngrams), 0.5, np.float32)
    kv.save(tmp_path / "kv")
    loads = (FastTextKeyedVectors.load, KeyedVectors.load, load)
    copies = [pickle.loads(pickle.dumps(kv)), copy.deepcopy(kv), copy.copy(kv)]
    files = [each(tmp_path / "kv", mmap=mmap) for each in loads for mmap in (None, "r")]
    for other in [*files, *copies]:
        assert type(other) is FastTextKeyedVectors and other.scheme == kv.scheme
        assert np.array_equal(other[words], kv[words])
        assert np.array_equal(other.vectors_ngrams_lockf, kv.vectors_ngrams_lockf)
    for other in copies[:2]:
        other.vectors_ngrams[:] = 0
        assert options.get("bucket") == 0 or kv.vectors_ngrams.any()


def test_exported_vectors_are_those_of_the_words(tmp_path):
    kv = made()
    for kind in ("text", "npz", "safetensors"):
        kv.export(kind, tmp_path / kind)
        plain = KeyedVectors.from_file(tmp_path / kind, kind)
        assert type(plain) is KeyedVectors and np.allclose(plain[WORDS], kv[WORDS], atol=1e-6)
    assert FastTextKeyedVectors.from_file(tmp_path / "npz").unseen is None


def test_objects_of_gensim_and_back():
    need("gensim")
    from gensim.models.fasttext import FastText

    words = [f"word{i}" for i in range(9)]
    model = FastText([words, words[::-1]] * 3, min_count=1, vector_size=6, bucket=500, seed=1)
    theirs = model.wv
    kv = FastTextKeyedVectors.from_gensim(model)
    asked = [*words, "unseen", "wörd", "x"]
    assert np.allclose(kv[asked], [theirs[word] for word in asked], atol=1e-6)
    assert kv.vectors_ngrams.shape == (500, 6) and kv.min_n == 3 and kv.max_n == 6
    back = kv.to_gensim()
    assert np.allclose([back[word] for word in asked], kv[asked], atol=1e-6)
    for mine, other in itertools.zip_longest(kv.buckets_word, back.buckets_word):
        assert sorted(mine.tolist()) == sorted(other.tolist())
    used = made().to_gensim()
    assert np.allclose(used["knight"], made()["knight"], atol=1e-6)
    with pytest.raises(ValueError, match="neither floret's scheme"):
        made(hash_count=1).to_gensim()


@pytest.mark.parametrize("name", ["min_n", "max_n", "bucket"])
def test_the_scheme_is_fixed(name):
    kv = FastTextKeyedVectors(4, 3, 6, 100)
    with pytest.raises(AttributeError, match=f"{name} is fixed when the vectors are made"):
        setattr(kv, name, 5)
    assert (kv.min_n, kv.max_n, kv.bucket) == (3, 6, 100)


def test_rows_are_not_made_in_advance_where_keys_have_none():
    with pytest.raises(ValueError, match="count is 5, and with hash_count=2"):
        FastTextKeyedVectors(2, bucket=100, count=5, hash_count=2)
