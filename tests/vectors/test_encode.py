"""Vectors of texts equal those of a few lines of numpy."""

import copy
import io
import itertools
import pickle
import warnings

import numpy as np
import pytest
from optional import need

from fastsgns import EncodedCorpus, KeyedVectors, LineSentence, Word2Vec
from fastsgns.errors import StopTraining
from fastsgns.vectors import encoding
from fastsgns.vectors.weighting import principal_components

WORDS = [f"w{i}" for i in range(60)] + ["é", "😀"]
COUNTS = np.random.default_rng(3).integers(1, 1000, len(WORDS))


def make(d=10, counts=COUNTS, dtype=np.float32):
    vectors = np.random.default_rng(1).normal(size=(len(WORDS), d)).astype(dtype)
    return KeyedVectors.from_arrays(WORDS, vectors, counts)


def make_texts(n=300, seed=2):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice([*WORDS, "unknown"], rng.integers(0, 30))) for _ in range(n)]


def expected(kv, texts, weighting="mean", a=1e-3):
    """The definitions, text by text, in float64."""
    shares = kv.expandos["count"] / kv.expandos["count"].sum()
    vectors = kv.vectors.astype(np.float64)
    weights = np.ones(len(kv))
    if weighting == "sif":
        weights = a / (a + shares)
    if weighting == "zipf":
        centered = vectors - shares @ vectors
        _, sizes, axes = np.linalg.svd(np.sqrt(shares)[:, None] * centered, full_matrices=False)
        axes *= np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(1)])[:, None]
        vectors = centered @ axes.T / sizes
    rows = []
    for text in texts:
        ids = [kv.key_to_index[word] for word in text.split() if word in kv.key_to_index]
        total = sum((weights[i] * vectors[i] for i in ids), np.zeros(kv.vector_size))
        rows.append(total / max(1, len(ids)))
    return np.array(rows)


def quiet(kv, *args, **options):
    return kv.encode(*args, return_known=True, **options)[0]


@pytest.mark.parametrize("weighting", encoding.WEIGHTINGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_each_weighting_equals_its_definition(weighting, dtype):
    kv, texts = make(dtype=dtype), make_texts()
    vectors, n_known = kv.encode(texts, weighting, return_known=True)
    assert vectors.dtype == np.float32 and vectors.shape == (300, 10)
    np.testing.assert_allclose(vectors, expected(kv, texts, weighting), rtol=1e-4, atol=1e-5)
    assert n_known.tolist() == [sum(w in kv for w in text.split()) for text in texts]
    assert not vectors[n_known == 0].any()


def test_sif_takes_its_parameter():
    kv, texts = make(), make_texts()
    for a in (1e-4, 0.1):
        np.testing.assert_allclose(
            quiet(kv, texts, "sif", a=a), expected(kv, texts, "sif", a), rtol=1e-4, atol=1e-6
        )
    for bad in (0, -1, float("nan"), "x"):
        for weighting in encoding.WEIGHTINGS:
            with pytest.raises(ValueError, match=r"a is .*; allowed are positive numbers"):
                kv.encode(texts, weighting, a=bad)


@pytest.mark.parametrize("n", [1, 3])
def test_components_are_the_first_singular_vectors(n):
    kv, texts = make(), make_texts()
    plain = expected(kv, texts, "sif")
    axes = np.linalg.svd(plain, full_matrices=False)[2][:n]
    found = quiet(kv, texts, "sif", remove_components=n)
    np.testing.assert_allclose(found, plain - plain @ axes.T @ axes, atol=1e-5)
    components = principal_components(quiet(kv, texts, "sif"), n)
    np.testing.assert_allclose(np.abs(np.sum(components * axes, 1)), 1, atol=1e-5)
    again = quiet(kv, texts, "sif", remove_components=components)
    np.testing.assert_allclose(again, found, atol=1e-6)


def test_components_of_one_set_apply_to_another():
    kv, train, test = make(), make_texts(), make_texts(20, seed=9)
    component = principal_components(quiet(kv, train, "sif"))
    vectors = quiet(kv, test, "sif", remove_components=component)
    np.testing.assert_allclose(vectors @ component.T, 0, atol=1e-6)
    np.testing.assert_array_equal(
        kv.encode("w1 w2", "sif", remove_components=component[0]),
        kv.encode(["w1 w2"], "sif", remove_components=component)[0],
    )


@pytest.mark.parametrize(
    ("components", "message"),
    [
        (-1, "remove_components is -1; allowed are integers from 0"),
        (1.5, "remove_components is 1.5"),
        (11, "remove_components is 11; the vectors have 10 dimensions"),
        (np.ones((1, 10)), "not orthonormal"),
        (np.eye(10)[[0, 0]], "not orthonormal"),
        (np.ones(3), r"components of shape \(1, 3\); expected is \(n, 10\)"),
    ],
)
def test_bad_components(components, message):
    with pytest.raises(ValueError, match=message):
        make().encode(["w1", "w2"], remove_components=components)


def test_a_single_text_has_no_components_of_its_own():
    with pytest.raises(ValueError, match="remove_components of a single text"):
        make().encode("w1 w2", remove_components=1)


def test_normalized_vectors_have_length_1():
    kv = make()
    vectors, n_known = kv.encode(make_texts(), normalize=True, return_known=True)
    lengths = np.linalg.norm(vectors, axis=1)
    np.testing.assert_allclose(lengths, n_known > 0, atol=1e-6)


def test_a_str_is_one_text():
    kv = make()
    vector = kv.encode("w1 w2")
    assert vector.shape == (10,)
    np.testing.assert_array_equal(vector, kv.encode(["w1 w2"])[0])
    for text in (np.str_("w1 w2"), np.array("w1 w2")):
        np.testing.assert_array_equal(kv.encode(text), vector)
    vector, n_known = kv.encode("w1 w2 and", return_known=True)
    assert type(n_known) is int and n_known == 2


class Lazy:
    """An iterable without a length."""

    def __init__(self, items):
        self.items = items

    def __iter__(self):
        return iter(self.items)


def test_iterables_of_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "BLOCK_TEXTS", 7)
    kv = make()
    texts = [text or "w1" for text in make_texts(100)]
    vectors = quiet(kv, texts)
    lists = [text.split() for text in texts]
    mixed = [text if i % 2 else text.split() for i, text in enumerate(texts)]
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts), "utf-8")
    for given in (
        tuple(texts), iter(texts), Lazy(texts), np.array(texts), np.array(texts, object), lists,
        iter(lists), [tuple(x) for x in lists], [np.array(x) for x in lists], mixed,
        io.StringIO("\n".join(texts)), LineSentence(path), EncodedCorpus.from_files([path]),
    ):  # fmt: skip
        np.testing.assert_array_equal(quiet(kv, given), vectors)
    with open(path, encoding="utf-8") as file:
        np.testing.assert_array_equal(quiet(kv, file), vectors)


def test_columns_of_data_frames():
    kv, texts = make(), ["w1 w2", "w3", ""]
    vectors = quiet(kv, texts)
    pandas = need("pandas")
    series = pandas.Series(texts, index=[5, 6, 7])
    np.testing.assert_array_equal(quiet(kv, series), vectors)
    np.testing.assert_array_equal(quiet(kv, series.astype("string")), vectors)
    for missing in (None, float("nan"), pandas.NA):
        with pytest.raises(ValueError, match=r"text 1 is .*, where a str .*fillna"):
            kv.encode(pandas.Series(["w1", missing]))
    with pytest.raises(TypeError, match="texts is a DataFrame of 2 dimensions; give one column"):
        kv.encode(pandas.DataFrame({"text": texts}))
    arrow = need("pyarrow")
    np.testing.assert_array_equal(quiet(kv, arrow.array(texts)), vectors)
    np.testing.assert_array_equal(quiet(kv, arrow.chunked_array([texts])), vectors)
    with pytest.raises(TypeError, match="give one column"):
        kv.encode(arrow.table({"text": texts}))
    polars = need("polars")
    np.testing.assert_array_equal(quiet(kv, polars.Series(texts)), vectors)
    with pytest.raises(TypeError, match="give one column"):
        kv.encode(polars.DataFrame({"text": texts}))


@pytest.mark.parametrize(
    ("texts", "error", "message"),
    [
        (b"w1", TypeError, "decode it to a str"),
        ([b"w1"], TypeError, "text 0 is of bytes"),
        (["w1", None], ValueError, "text 1 is None"),
        (["w1", 7], TypeError, "text 1 is a int"),
        ({"a": "w1"}, TypeError, "texts is a dict"),
        ({"w1"}, TypeError, "texts is a set"),
        (7, TypeError, "texts is a int"),
        (None, TypeError, "texts is a NoneType"),
        (np.array(7), TypeError, "texts is a int"),
        (np.array([["w1"]]), TypeError, "texts is a ndarray of 2 dimensions"),
        ([["w1", None]], ValueError, "a token of text 0"),
        ([["w1", ["w2"]]], TypeError, "a token of text 0"),
        ([{"text": "w1"}], TypeError, "give one field of each row"),
    ],
)
def test_what_is_no_text_is_refused(texts, error, message):
    with pytest.raises(error, match=message):
        make().encode(texts)


def test_a_list_of_words_is_a_list_of_texts():
    kv = make()
    np.testing.assert_array_equal(kv.encode(["w1", "w2"]), kv[["w1", "w2"]])


def test_texts_without_known_words_are_never_silent():
    kv = make()
    with pytest.warns(UserWarning, match=r"2 of 3 texts \(the first is text 1\) have no word"):
        vectors = kv.encode(["w1", "", "nothing known"])
    assert not vectors[1:].any()
    with pytest.warns(UserWarning, match="the text has no word .* return_known=True"):
        assert not kv.encode("  ").any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert kv.encode(["", "w1 w1"], return_known=True)[1].tolist() == [0, 2]
        assert kv.encode([]).shape == (0, 10)
        assert kv.encode(iter([]), return_known=True)[1].tolist() == []


@pytest.mark.parametrize("weighting", encoding.WEIGHTINGS)
def test_workers_give_the_same_bytes(weighting, monkeypatch):
    kv, texts = make(), make_texts(1000)
    whole = quiet(kv, texts, weighting, workers=1)
    monkeypatch.setattr(encoding, "BLOCK_TEXTS", 30)
    for workers in (1, 2, 5, -1, None):
        part = quiet(kv, iter(texts), weighting, workers=workers)
        assert part.tobytes() == quiet(kv, texts, weighting, workers=1).tobytes()
        np.testing.assert_allclose(part, whole, atol=1e-6)
    for bad in (0, -2, 1.5, "x"):
        with pytest.raises(ValueError, match="workers is"):
            kv.encode(texts, workers=bad)


def test_the_dict_and_the_table_find_the_same_words(monkeypatch):
    texts, vectors, tables = make_texts(100), [], []
    make_table = encoding._table_of
    monkeypatch.setattr(encoding, "_table_of", lambda ids: tables.append(1) or make_table(ids))
    monkeypatch.setattr(encoding, "BLOCK_TEXTS", 10)
    for letters, given, has_table in ((1e9, texts, 0), (1, texts, 1), (1e9, iter(texts), 1)):
        monkeypatch.setattr(encoding, "WORD_LETTERS", letters)
        tables.clear()
        vectors.append(quiet(make(), given))
        assert len(tables) == has_table
    assert vectors[0].tobytes() == vectors[1].tobytes() == vectors[2].tobytes()


def test_keys_that_are_no_words():
    """Only tokens of a text can be found in it; lists find all keys."""
    keys = ["b", "New York", 7, "", "a", "c\n", ("d", 1), "York"]
    kv = KeyedVectors.from_arrays(keys, np.eye(8, dtype=np.float32))
    texts = ["a b New York 7 c d"] * 9000
    vectors, n_known = kv.encode(texts, return_known=True)
    assert set(n_known) == {3}
    np.testing.assert_allclose(vectors[-1] * 3, [1, 0, 0, 0, 1, 0, 0, 1], atol=1e-6)
    np.testing.assert_array_equal(kv.encode("a b New York 7 c d"), vectors[0])
    lists = [["New York", 7, ("d", 1), "", "c\n", 0]]
    np.testing.assert_allclose(kv.encode(lists)[0] * 5, [0, 1, 1, 1, 0, 1, 1, 0], atol=1e-6)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (None, "these vectors have none; set them with"),
        (np.zeros(len(WORDS)), "finite and not negative, and one above 0"),
        (np.full(len(WORDS), -1), "finite and not negative"),
        (np.full(len(WORDS), np.nan), "finite and not negative"),
    ],
)
def test_weights_need_counts(counts, message):
    kv = make(counts=counts)
    for call in (
        lambda: kv.encode(["w1"], "sif"), lambda: kv.encode(["w1"], "zipf"), kv.whitened,
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            call()
    assert kv.encode(["w1"]).any()


def from_word2vec(tmp_path, n=30):
    """Vectors of a file without counts."""
    words = [f"w{i}" for i in range(n)]
    rows = np.random.default_rng(0).normal(size=(n, 4)).astype(np.float32)
    KeyedVectors.from_arrays(words, rows).save_word2vec_format(tmp_path / "v.txt")
    return KeyedVectors.load_word2vec_format(tmp_path / "v.txt")


def added(kv, path):
    kv.add_vector("new", [1, 2, 3, 4])
    return kv


def saved(kv, path):
    kv.save(path / "saved")
    return KeyedVectors.load(path / "saved")


def exported(kv, path):
    kv.export("safetensors", path / "v.safetensors")
    return KeyedVectors.from_file(path / "v.safetensors")


def in_bin(kv, path):
    kv.export("fasttext", path / "v.bin")
    return KeyedVectors.from_file(path / "v.bin")


def by_gensim(kv, path):
    need("gensim")
    return KeyedVectors.from_gensim(kv.to_gensim())


def sorted_by(kv, path):
    kv.sort_by_descending_frequency()
    return kv


def partly_counted(kv, path):
    kv.set_vecattr("w3", "count", 70)
    kv.add_vectors(["w1", "new1"], np.ones((2, 4)), {"count": [5, 6]})
    return kv


CHANGES = {
    "none": lambda kv, path: kv,
    "added": added,
    "saved": saved,
    "exported": exported,
    "bin": in_bin,
    "gensim": by_gensim,
    "pickled": lambda kv, path: pickle.loads(pickle.dumps(kv)),
    "copied": lambda kv, path: copy.deepcopy(copy.copy(kv)),
    "chosen": lambda kv, path: kv.vectors_for_all(WORDS[:20]),
    "chosen, copied": lambda kv, path: kv.vectors_for_all(WORDS[:20], copy_vecattrs=True),
    "sorted": sorted_by,
    "partly counted": partly_counted,
}


# gensim has no mark, and some counts of which not all are known look real.
WITHOUT_MARK = [
    ("partly counted", "gensim"),
    ("chosen, copied", "gensim"),
    ("exported", "partly counted"),
]


@pytest.mark.parametrize(
    ("change", "more"),
    [pair for pair in itertools.product(CHANGES, CHANGES) if pair not in WITHOUT_MARK],
)
def test_made_up_counts_stay_made_up(tmp_path, change, more):
    kv = added(from_word2vec(tmp_path), tmp_path)
    for name in (change, more):
        kv = CHANGES[name](kv, tmp_path)
    for call in (kv.whitened, lambda: kv.encode(["w1"], "sif"), lambda: kv.encode(["w1"], "zipf")):
        with pytest.raises(ValueError, match=r"made up, as for files|these vectors have none"):
            call()


def test_counts_that_are_set_are_not_made_up(tmp_path):
    def set_all(kv):
        for i, word in enumerate(kv.index_to_key):
            kv.set_vecattr(word, "count", len(kv) - i)

    def replace(kv):
        kv.expandos = {"count": np.arange(30, 0, -1)}

    for n, counted in enumerate((
        set_all,
        replace,
        lambda kv: kv.expandos.update(count=np.arange(30, 0, -1)),
        lambda kv: kv.expandos.__ior__({"count": np.arange(30, 0, -1)}),
        lambda kv: kv.expandos.__setitem__("count", np.arange(30, 0, -1)),
        lambda kv: kv.add_vectors(
            kv.index_to_key, kv.vectors, {"count": np.arange(30, 0, -1)}, replace=True
        ),
    )):  # fmt: skip
        kv = from_word2vec(tmp_path)
        counted(kv)
        assert kv.encode(["w1"], "sif").any(), n
        assert saved(kv, tmp_path).whitened().vectors.any()
    real = make(counts=np.arange(len(WORDS), 0, -1))
    for vectors in (real, saved(real, tmp_path), exported(real, tmp_path)):
        assert vectors.encode(["w1"], "sif").any()
    few = from_word2vec(tmp_path, n=2)
    with pytest.raises(ValueError, match="made up"):
        few.encode(["w1"], "sif")
    KeyedVectors.from_arrays(["w0"], np.ones((1, 4), np.float32), [3]).save_word2vec_format(
        tmp_path / "v.txt", tmp_path / "vocab"
    )
    read = KeyedVectors.load_word2vec_format(tmp_path / "v.txt", tmp_path / "vocab")
    assert read.encode(["w0"], "sif").any()


def test_bad_options():
    for weighting in ("tfidf", None, 1):
        with pytest.raises(ValueError, match=r"weighting is .*; allowed are"):
            make().encode(["w1"], weighting)
    with pytest.raises(ValueError, match="normalize is 'maybe'"):
        make().encode(["w1"], normalize="maybe")


def test_progress(monkeypatch):
    monkeypatch.setattr(encoding, "BLOCK_TEXTS", 10)
    kv, texts, seen = make(), ["w1"] * 35, []
    kv.encode(texts, progress=seen.append)
    assert [(r.step, r.done, r.total, r.unit) for r in seen] == [
        ("encoding", done, 35, "texts") for done in (10, 20, 30, 35)
    ]
    with pytest.raises(StopTraining):
        kv.encode(texts, progress=lambda report: True)


def test_an_error_of_an_iterator_comes_through():
    def texts():
        yield from ["w1"] * 20000
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        make().encode(texts(), workers=2)


class Inferred:
    """Vectors of words that end in "s", all ones; those of "less" and "loss" are zero."""

    def knows(self, key):
        return isinstance(key, str) and key.endswith("s")

    def vectors(self, keys):
        rows = [[float(self.knows(key) and "ss" not in key)] * 10 for key in keys]
        return np.array(rows, np.float32).reshape(-1, 10)

    def explain_absence(self, key):
        return None


@pytest.mark.parametrize("weighting", encoding.WEIGHTINGS)
def test_unknown_words_are_inferred_where_vectors_can(weighting):
    kv = make()
    kv.unseen = Inferred()
    texts = ["w1 trees w2 xyz birds less", "trees", "xyz loss", "", "w3"] * 2000
    vectors, n_known = kv.encode(texts, weighting, return_known=True)
    assert n_known[:5].tolist() == [4, 1, 0, 0, 1]
    with_more = make()
    with_more.add_vectors(["trees", "birds"], np.ones((2, 10)))  # their counts are 0
    np.testing.assert_allclose(vectors, expected(with_more, texts, weighting), rtol=1e-4, atol=1e-5)
    lists = [text.split() for text in texts]
    np.testing.assert_array_equal(quiet(kv, lists, weighting), vectors)
    np.testing.assert_array_equal(
        quiet(kv, texts[0], weighting), quiet(kv, texts[:1], weighting)[0]
    )


def test_inferred_vectors_are_kept_and_do_not_depend_on_it(monkeypatch):
    seen = []

    class Counting(Inferred):
        def vectors(self, keys):
            seen.extend(keys)
            return super().vectors(keys)

    kv = make()
    kv.unseen = Counting()
    texts = [f"w1 trees w2 xyz a{i % 90}s b{i}s é{i % 7}s" for i in range(600)] * 2
    monkeypatch.setattr(encoding, "BLOCK_TEXTS", 100)
    vectors = quiet(kv, texts, workers=1)
    assert len(seen) == len(set(seen)) == 2 + 90 + 600 + 7
    for n_rows in (0, 1, 50):  # as many vectors are kept
        seen.clear()
        monkeypatch.setattr(encoding, "CACHE_BYTES", 40 * n_rows)
        for workers in (1, 2, 5):
            assert quiet(kv, texts, workers=workers).tobytes() == vectors.tobytes()
        assert len(seen) > 3 * 700
    lists = [text.split() for text in texts]
    assert quiet(kv, lists, workers=2).tobytes() == vectors.tobytes()


def test_a_saved_corpus_has_the_vectors_of_its_texts(monkeypatch, tmp_path):
    texts = [text for text in make_texts(200) if text]
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(texts), "utf-8")
    EncodedCorpus.from_files([path]).save(tmp_path / "corpus")
    corpus = EncodedCorpus.load(tmp_path / "corpus", mmap="r")
    kv = make()
    for unseen in (None, Inferred()):
        kv.unseen = unseen
        expected = kv.encode(texts, return_known=True)
        for n_texts, n_letters in ((10, 1 << 18), (8192, 600), (8192, 1 << 18)):
            monkeypatch.setattr(encoding, "BLOCK_TEXTS", n_texts)
            monkeypatch.setattr(encoding, "BLOCK_LETTERS", n_letters)
            for found, wanted in zip(kv.encode(corpus, return_known=True), expected):
                np.testing.assert_array_equal(found, wanted)
            blocks = zip(encoding.blocks_of(corpus), encoding.blocks_of(list(corpus)), strict=True)
            assert all((a.first, a.n_texts, a.n_letters) == (b.first, b.n_texts, b.n_letters)
                       for a, b in blocks)  # fmt: skip
    corpus = EncodedCorpus.from_iterable([["w1", 7], [("d", 1)]])
    kv = KeyedVectors.from_arrays([7, "w1"], np.eye(2, dtype=np.float32))
    assert quiet(kv, corpus).tolist() == [[0.5, 0.5], [0, 0]]


def test_vectors_that_float32_does_not_hold():
    kv = make(dtype=np.float64)
    kv.vectors[3, 2] = 1e39
    with pytest.raises(ValueError, match=r"row 3 of the vectors .* too large for float32"):
        kv.encode(["w1"])
    kv.vectors[3, 2] = np.inf
    assert np.isinf(kv.encode(["w3"])[0, 2])


def test_roles_of_a_model_are_encoded():
    sentences = [["to", "be", "or", "not"]] * 50
    for matrices in ("two", "tied+reflect"):
        model = Word2Vec(sentences, vector_size=8, min_count=1, matrices=matrices, workers=1)
        output = model.wv.output
        np.testing.assert_allclose(
            output.encode("to be"), (output["to"] + output["be"]) / 2, atol=1e-6
        )
        assert output.encode(["to be"], "sif").shape == (1, 8)


# Whitening


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_whitened_vectors_have_mean_0_and_covariance_1(dtype):
    kv = make(dtype=dtype)
    kv.expandos["note"] = np.arange(len(kv))
    before = copy.deepcopy(kv)
    white = kv.whitened()
    shares = COUNTS / COUNTS.sum()
    vectors = white.vectors.astype(np.float64)
    assert white.vectors.dtype == dtype and white.index_to_key == kv.index_to_key
    np.testing.assert_allclose(shares @ vectors, 0, atol=1e-6)
    np.testing.assert_allclose((vectors.T * shares) @ vectors, np.eye(10), atol=1e-5)
    assert white.expandos["note"].tolist() == kv.expandos["note"].tolist()
    white.expandos["count"][0] = white.vectors[0] = 0
    assert kv.expandos["count"].tolist() == COUNTS.tolist()
    np.testing.assert_array_equal(kv.vectors, before.vectors)


def test_zipf_is_the_mean_of_whitened_vectors():
    kv, texts = make(), make_texts()
    assert quiet(kv, texts, "zipf").tobytes() == quiet(kv.whitened(), texts).tobytes()


@pytest.mark.parametrize(("mean", "noise"), [(0, 1e-4), (5, 1e-4), (50, 1e-5)])
def test_zipf_is_exact_where_a_direction_has_little_variance(mean, noise):
    kv, texts = make(d=5), make_texts()
    rng = np.random.default_rng(4)
    kv.vectors[:] += mean
    kv.vectors[:, 4] = kv.vectors[:, 0] + noise * rng.normal(size=len(kv))
    shares = COUNTS / COUNTS.sum()
    white = kv.whitened()
    covariance = (white.vectors.astype(float).T * shares) @ white.vectors
    np.testing.assert_allclose(np.diag(covariance), 1, rtol=0.01)  # the direction was not dropped
    centered = kv.vectors.astype(float) - shares @ kv.vectors.astype(float)
    values, axes = np.linalg.eigh((centered.T * shares) @ centered)
    rows = centered @ axes[:, ::-1] / np.sqrt(values[::-1])
    rows *= np.sign(np.sum(rows * white.vectors, axis=0))  # a direction has either sign
    exact = KeyedVectors.from_arrays(WORDS, rows)
    for found in (quiet(kv, texts, "zipf"), quiet(white, texts)):
        np.testing.assert_allclose(found, quiet(exact, texts), atol=1e-4)


def test_directions_without_variance_become_0():
    kv = make()
    kv.vectors[:, 3] = 5
    kv.vectors[:, 4] = kv.vectors[:, 2]
    white = kv.whitened().vectors.astype(np.float64)
    shares = COUNTS / COUNTS.sum()
    covariance = np.diag([1.0] * 8 + [0.0] * 2)
    np.testing.assert_allclose((white.T * shares) @ white, covariance, atol=1e-5)
    one = KeyedVectors.from_arrays(["a"], np.ones((1, 3), np.float32), [1])
    assert not one.whitened().vectors.any()


def test_whitening_needs_finite_vectors():
    kv = make()
    kv.vectors[3, 0] = np.nan
    with pytest.raises(ValueError, match="whitening needs finite vectors"):
        kv.whitened()
    with pytest.raises(ValueError, match="components need finite vectors"):
        principal_components([[1.0, np.inf]])


def test_numbers_of_components():
    for vectors, n in (([[1.0, 2.0]], 3), ([[1.0, 2.0]], -1), ([1.0], 1)):
        with pytest.raises(ValueError, match="components of vectors of shape"):
            principal_components(vectors, n)
    assert principal_components(np.empty((0, 4)), 0).shape == (0, 4)
