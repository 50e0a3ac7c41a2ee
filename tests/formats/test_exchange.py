"""Files that other programs read: what is written comes back, and damaged files are refused."""

import contextlib
import copy
import io
import itertools
import os
import pickle
import re
import struct
import warnings
import zipfile

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from classes import CLASSES
from optional import has, need

import fastsgns
from fastsgns import KeyedVectors, Word2Vec
from fastsgns.cli import main
from fastsgns.errors import FormatError
from fastsgns.vectors.exchange import FORMATS, SUFFIXES, kind_of

SENTENCES = [["to", "be", "or", "not"], ["to", "be"]] * 20
OWN = ("safetensors", "npz", "parquet", "arrow", "tsv", "static-embedding")
AS_TEXT = ("tsv", "static-embedding")  # which hold an int as its digits
ANY = [kind for kind, form in FORMATS.items() if not form.is_hashed]
TWO = [kind for kind, form in FORMATS.items() if form.holds_output]
TYPED = ("safetensors", "npz", "parquet", "arrow")  # which keep the type of keys and numbers
KEYS = {
    "plain": ["a", "b", "c"],
    "unicode": ["ü", "日本", "\U0001f600"],
    "spaces": ["new york", " ", "\u3000"],
    "newline": ["a\nb", "c", "d"],
    "tab": ["a\tb", "c", "d"],
    "return": ["a\rb", "c\r", "d"],
    "empty": ["", "a", "b"],
    "null": ["a\0", "b\0c", "\0"],
    "mark": ["\ufeff", "\ufeffa", "b"],
    "long": ["a" * 100, "b", "c"],
    "surrogate": ["\ud800", "a", "b"],
    "int": [7, -1, 2**40],
    "large int": [2**70, 1, 2],
    "float": [0.5, 2.0, -1.0],
    "bytes": [b"a", b"\xff", b"b\0"],
    "bool": [True, False],
    "tuple": [("a", 1), ("b", 2), ("c",)],
    "mixed": ["1", 1, 2],
}


@pytest.fixture
def model():
    return Word2Vec(SENTENCES, vector_size=4, min_count=1, workers=1)


def needs(kind):
    if kind in ("parquet", "arrow"):
        need("pyarrow")


def vectors(keys=("a", "b", "c"), dtype=np.float32):
    numbers = np.random.default_rng(1).standard_normal((len(keys), 3)).astype(dtype)
    return KeyedVectors.from_arrays(list(keys), numbers, np.arange(len(keys), 0, -1))


def path_of(tmp_path, kind):
    return tmp_path / f"vectors{(FORMATS[kind].suffixes or ('.txt',))[0]}"


def round_trip(kv, kind, path, **options):
    needs(kind)
    kv.export(kind, path, **options)
    return KeyedVectors.from_file(path, kind)


def check_equal(loaded, kv):
    assert loaded.index_to_key == list(kv.index_to_key)
    assert list(map(type, loaded.index_to_key)) == list(map(type, kv.index_to_key))
    assert loaded.array.dtype == kv.array.dtype
    np.testing.assert_array_equal(loaded.array, kv.array)


@pytest.mark.parametrize("kind", ANY)
def test_words_and_numbers_come_back(tmp_path, model, kind):
    check_equal(round_trip(model.wv, kind, path_of(tmp_path, kind)), model.wv)


@pytest.mark.parametrize("kind", TWO)
def test_both_matrices_come_back(tmp_path, model, kind):
    loaded = round_trip(model.wv, kind, path_of(tmp_path, kind))
    np.testing.assert_array_equal(loaded.output.vectors, model.syn1neg)
    assert loaded.most_similar("to", space="in-out") == model.wv.most_similar("to", space="in-out")
    loaded.add_vector("new", np.ones(4))
    assert loaded.output["new"].tolist() == [0, 0, 0, 0]
    assert loaded.output["be"].tolist() == model.wv.output["be"].tolist()


def keyed(thing):
    """The KeyedVectors of an object of a public class, each with a second matrix or None."""
    if isinstance(thing, KeyedVectors):
        return [(thing, None)]
    if hasattr(thing, "source"):
        same = list(thing.source.index_to_key) == list(thing.target.index_to_key)
        return [(thing.source, thing.target if same else None), (thing.target, None)]
    return [(thing.wv, None)] if hasattr(thing, "wv") else []


HOLDERS = [name for name, case in CLASSES.items() if case.is_savable and keyed(case.make())]


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("name", HOLDERS)
def test_the_vectors_of_each_public_class_come_back(tmp_path, name, kind):
    assert len(HOLDERS) >= 10
    for kv, second in keyed(CLASSES[name].make()):
        second = second if kind in TWO else None
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="the file does not hold the bias")
            loaded = round_trip(kv, kind, path_of(tmp_path, kind), output=second)
        check_equal(loaded, kv)
        if second is None and kind in TWO and hasattr(kv, "output"):
            second = kv.output
        if second is not None:
            np.testing.assert_array_equal(loaded.output.array, second.array)


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("keys", KEYS)
def test_a_key_comes_back_with_its_type_or_is_refused(tmp_path, kind, keys):
    needs(kind)
    kv, path = vectors(KEYS[keys]), path_of(tmp_path, kind)
    try:
        kv.export(kind, path)
    except (TypeError, ValueError) as error:
        assert kind != "npz" and keys not in ("plain", "unicode", "long")
        assert 'export("npz", path)' in str(error)
        assert not list(tmp_path.iterdir())
        return
    loaded = KeyedVectors.from_file(path)
    if kind in AS_TEXT and all(isinstance(key, int) for key in kv.index_to_key):
        assert loaded.index_to_key == list(map(str, kv.index_to_key))  # it is text
    else:
        check_equal(loaded, kv)


@pytest.mark.parametrize("kind", OWN)
@hypothesis.settings(max_examples=60, deadline=None)
@hypothesis.given(
    keys=st.one_of(
        st.lists(st.text(st.characters(codec=None)), min_size=1, max_size=5, unique=True),
        st.lists(st.integers(), min_size=1, max_size=5, unique=True),
    )
)
def test_any_key_comes_back_or_is_refused(tmp_path_factory, kind, keys):
    needs(kind)
    path = path_of(tmp_path_factory.mktemp("keys"), kind)
    kv = vectors(keys)
    try:
        kv.export(kind, path)
    except (TypeError, ValueError):
        assert kind != "npz"
        return
    found = KeyedVectors.from_file(path).index_to_key
    assert found == (list(map(str, keys)) if kind in AS_TEXT else keys)


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_keep_their_digits(tmp_path, kind, dtype):
    kv = vectors(dtype=dtype)
    if kind == "tsv":
        path = path_of(tmp_path, kind)
        kv.export(kind, path)
        loaded = KeyedVectors.from_tsv(path, datatype=dtype)
    else:
        loaded = round_trip(kv, kind, path_of(tmp_path, kind))
    check_equal(loaded, kv)


@pytest.mark.parametrize("kind", OWN)
def test_attributes_come_back_or_are_named(tmp_path, kind):
    kv = vectors()
    kv.expandos |= {"part": np.array(["n", "v", "n"], object), "odd": np.array([1, "a", None])}
    kv.expandos |= {
        "share": np.array([0.5, 0.25, 0.25]),
        "code": np.array([[0], [1, 0], []], object),
    }
    lost = ["part", "odd"] if kind in ("safetensors", "static-embedding") else ["odd"]
    needs(kind)
    with pytest.warns(UserWarning, match=f"does not hold the attributes {re.escape(str(lost))}"):
        loaded = round_trip(kv, kind, path_of(tmp_path, kind))
    expected = {"count", "share", "part"} - set(lost)
    assert loaded.expandos.keys() == expected
    for name in expected:
        assert loaded.expandos[name].dtype.kind == kv.expandos[name].dtype.kind
        assert loaded.expandos[name].tolist() == kv.expandos[name].tolist()


def test_the_reason_of_each_attribute_that_is_left_out_is_given(tmp_path):
    kv = vectors()
    kv.set_vecattr("b", "part", "noun")
    kv.expandos |= {"day": np.zeros(3, "M8[D]"), "vectors": np.zeros(3)}
    with pytest.warns(UserWarning, match="does not hold the attributes") as seen:
        kv.export("npz", tmp_path / "v.npz")
    text = str(seen[0].message)
    assert "'part': it has values of type int, str, such as 0 of key 0; a key that" in text
    assert "'day': it is of datetime64[D]" in text
    assert "'vectors': the format does not take this name" in text
    kv = vectors()
    kv.expandos["part"] = np.array(["a", "b", "c"])
    with pytest.warns(UserWarning, match="'part': the format holds no str"):
        kv.export("safetensors", tmp_path / "v.safetensors")


@pytest.mark.parametrize("kind", OWN)
def test_an_attribute_of_a_reserved_name_is_named(tmp_path, kind):
    kv = vectors()
    reserved = {"tsv": "word", "parquet": "key", "arrow": "vector", "npz": "vectors"}
    kv.expandos[reserved.get(kind, "embedding")] = np.zeros(3)
    needs(kind)
    with pytest.warns(UserWarning, match="by other names"):
        check_equal(round_trip(kv, kind, path_of(tmp_path, kind)), kv)


@pytest.mark.parametrize("kind", TYPED)
def test_numbers_of_attributes_keep_their_type(tmp_path, kind):
    needs(kind)
    kv, types = vectors(), [*"bBhHiIqQefd?", ">i4", ">f8", ">u8"]
    for name in types:
        kv.expandos[name] = np.array([0, 1, 1], name)
    kv.expandos["large"] = np.array([2**63 + 5, 0, 1], np.uint64)
    loaded = round_trip(kv, kind, path_of(tmp_path, kind))
    for name in [*types, "large"]:
        found, expected = loaded.expandos[name], kv.expandos[name]
        assert found.dtype == expected.dtype.newbyteorder("=") and found.dtype.isnative
        assert found.tolist() == expected.tolist()


@pytest.mark.parametrize("kind", OWN)
@pytest.mark.parametrize("name", ["__metadata__", "vectors\0more", "\ud800", "", "a/b", "x.npy", 7])
def test_an_attribute_of_an_odd_name_comes_back_or_is_named(tmp_path, kind, name):
    needs(kind)
    kv = vectors()
    kv.expandos[name] = np.array([4, 5, 6])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = round_trip(kv, kind, path_of(tmp_path, kind))
    check_equal(loaded, kv)
    assert loaded.expandos["count"].tolist() == [3, 2, 1]
    if name in loaded.expandos:
        assert loaded.expandos[name].tolist() == [4, 5, 6] and not caught
    else:
        assert repr(name) in str(caught[0].message)


@pytest.mark.parametrize("kind", ANY)
def test_vectors_that_are_not_finite_are_written_with_a_warning(tmp_path, kind):
    kv = vectors()
    kv.vectors[1, 1] = np.nan
    needs(kind)
    with pytest.warns(UserWarning, match="not finite: row 1"):
        loaded = round_trip(kv, kind, path_of(tmp_path, kind))
    np.testing.assert_array_equal(loaded.array, kv.array)


@pytest.mark.parametrize("name", HOLDERS)
def test_the_vectors_of_each_public_class_convert_to_other_objects(name):
    for kv, _ in keyed(CLASSES[name].make()):
        if has("pandas"):
            check_equal(KeyedVectors.from_pandas(kv.to_pandas()), kv)
        if has("pyarrow"):
            check_equal(KeyedVectors.from_arrow(kv.to_arrow()), kv)
        if has("gensim") and not getattr(kv, "hash_count", 0):
            check_equal(KeyedVectors.from_gensim(kv.to_gensim()), kv)
        check_equal(KeyedVectors.from_dict(dict(zip(kv.index_to_key, kv.array))), kv)


@pytest.mark.parametrize("kind", OWN)
def test_vectors_without_keys(tmp_path, kind):
    kv = KeyedVectors(3)
    if kind == "tsv":  # there is no line, so that the size of vectors is not known
        assert len(round_trip(kv, kind, path_of(tmp_path, kind))) == 0
    else:
        check_equal(round_trip(kv, kind, path_of(tmp_path, kind)), kv)


@pytest.mark.parametrize("kind", [kind for kind in ANY if kind not in AS_TEXT])
def test_an_open_file_is_read_and_written(model, kind):
    needs(kind)
    file = io.BytesIO()
    model.wv.export(kind, file)
    file.seek(0)
    given = kind if kind in ("glove", "vec") else None
    check_equal(KeyedVectors.from_file(file, given), model.wv)


@pytest.mark.parametrize("kind", ANY)
def test_the_kind_is_recognized(tmp_path, model, kind):
    needs(kind)
    model.wv.export(kind, path_of(tmp_path, kind))
    if kind == "glove":
        assert kind_of(path_of(tmp_path, kind)) == "text"
    else:
        assert kind_of(path_of(tmp_path, kind)) == kind


def test_the_table_of_formats_is_listed_in_errors(tmp_path):
    with pytest.raises(ValueError, match=r"no format 'csv'; allowed are native.*npz.*parquet"):
        vectors().export("csv", tmp_path / "v.csv")
    with pytest.raises(ValueError, match="no format 'csv'"):
        KeyedVectors.from_file(tmp_path / "v.csv", "csv")
    (tmp_path / "v.csv").write_text("a,1,2\n")
    with pytest.raises(FormatError, match=r"v.csv does not begin like.*kind="):
        KeyedVectors.from_file(tmp_path / "v.csv")


def test_no_two_formats_have_one_suffix():
    assert len(SUFFIXES) == sum(len(form.suffixes) for form in FORMATS.values())


@pytest.mark.parametrize("kind", OWN)
def test_a_compressed_name_is_refused(tmp_path, kind):
    with pytest.raises(ValueError, match="leave out the last suffix"):
        vectors().export(kind, tmp_path / "vectors.gz")


@pytest.mark.parametrize("kind", [kind for kind in FORMATS if kind not in TWO])
def test_one_matrix_means_one_matrix(tmp_path, model, kind):
    with pytest.raises(ValueError, match=r"holds one matrix: export.*safetensors, npz"):
        model.wv.export(kind, tmp_path / "v", output=model.wv.output)


@pytest.mark.parametrize("kind", ANY)
def test_the_second_matrix_can_be_left_out(tmp_path, model, kind):
    for kv in (model.wv, KeyedVectors.from_arrays(["a"], np.eye(1), output=np.eye(1))):
        loaded = round_trip(kv, kind, path_of(tmp_path, kind), output=False)
        assert not hasattr(loaded, "output")
        check_equal(loaded, kv) if kind in TYPED else None
    with pytest.raises(TypeError, match="output is True; allowed"):
        model.wv.export(kind, tmp_path / "v", output=True)


@pytest.mark.parametrize("kind", TWO)
def test_a_bias_that_is_left_out_is_named(tmp_path, kind):
    needs(kind)
    model = CLASSES["Word2Vec, one matrix"].make()
    with pytest.warns(UserWarning, match="does not hold the bias"):
        model.wv.export(kind, path_of(tmp_path, kind))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.wv.export(kind, path_of(tmp_path, kind), output=False)


def two_matrices(dtype=np.float32):
    first, second = np.arange(6, dtype=dtype).reshape(3, 2), np.eye(3, 4, dtype=dtype)
    return KeyedVectors.from_arrays(["a", "b", "c"], first, [3, 5, 4], output=second)


def by_save(kv, tmp_path):
    kv.save(tmp_path / "v")
    return KeyedVectors.load(tmp_path / "v")


def by_mapped_save(kv, tmp_path):
    kv.save(tmp_path / "v")
    return KeyedVectors.load(tmp_path / "v", mmap="r")


def by_pickle(kv, tmp_path):
    return pickle.loads(pickle.dumps(kv))


WAYS = {
    "save": by_save,
    "mapped": by_mapped_save,
    "pickle": by_pickle,
    "copy": lambda kv, _: copy.copy(kv),
    "deepcopy": lambda kv, _: copy.deepcopy(kv),
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("way", WAYS)
def test_a_second_matrix_is_kept(tmp_path, way, dtype):
    kv = two_matrices(dtype)
    kv.sort_by_descending_frequency()
    assert kv.index_to_key == ["b", "c", "a"]
    loaded = WAYS[way](kv, tmp_path)
    check_equal(loaded, kv)
    assert loaded.output.index_to_key == kv.index_to_key and "second output" not in vars(loaded)
    for key in "abc":
        assert loaded.output[key].tolist() == kv.output[key].tolist()
    if way != "mapped":
        loaded.add_vector("d", np.ones(2))
        assert loaded.output["c"].tolist() == kv.output["c"].tolist() and len(loaded.output) == 4
        assert len(kv.output) == len(kv) == 3
    with pytest.raises(ValueError, match="add them to the vectors whose output"):
        loaded.output.add_vector("e", np.ones(4))


def test_the_file_of_a_models_vectors_has_one_matrix(tmp_path, model):
    for way in WAYS:
        assert not hasattr(WAYS[way](model.wv, tmp_path), "output")
    model.wv.note, model.wv.strict = "mine", True
    loaded = round_trip(model.wv, "native", tmp_path / "v")
    np.testing.assert_array_equal(loaded.output.array, model.syn1neg)
    assert loaded.note == "mine" and loaded.strict and hasattr(model.wv, "output")
    given = vectors(model.wv.index_to_key)
    loaded = round_trip(model.wv, "native", tmp_path / "v", output=given)
    np.testing.assert_array_equal(loaded.output.array, given.array)


def test_queries_use_a_second_matrix_of_ones_own(model):
    pair = KeyedVectors.from_arrays(model.wv.index_to_key, model.wv.array, output=model.syn1neg)
    for space in ("in-out", "out-in", "out-out", "sum", "concat"):
        expected = model.wv.most_similar("to", space=space)
        assert pair.most_similar("to", space=space) == expected
    assert pair.bias is None and not hasattr(pair, "negative")


def test_output_has_the_same_keys(tmp_path, model):
    with pytest.raises(ValueError, match="have other keys"):
        model.wv.export("npz", tmp_path / "v.npz", output=vectors())


@pytest.mark.parametrize("kind", OWN)
def test_a_file_that_was_there_is_kept_if_writing_fails(tmp_path, kind):
    needs(kind)
    path = tmp_path / "vectors.tsv" if kind == "tsv" else path_of(tmp_path, kind)
    vectors().export(kind, path)
    before = contents(tmp_path)
    with pytest.raises((TypeError, ValueError)):
        vectors([("a", object), "b", "c"]).export(kind, path)
    assert contents(tmp_path) == before


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# What others read and write


def test_numpy_reads_npz_without_pickle(tmp_path, model):
    model.wv.export("npz", tmp_path / "v.npz")
    with np.load(tmp_path / "v.npz", allow_pickle=False) as arrays:
        assert sorted(arrays) == ["count", "output", "vectors", "words"]
        assert arrays["words"].tolist() == model.wv.index_to_key
        np.testing.assert_array_equal(arrays["output"], model.syn1neg)


def test_long_words_in_npz_are_packed(tmp_path):
    words = ["a" * 20_000, *map(str, range(999))]
    kv = KeyedVectors.from_arrays(words, np.ones((1000, 2), np.float32))
    kv.export("npz", tmp_path / "v.npz")
    with np.load(tmp_path / "v.npz", allow_pickle=False) as arrays:
        assert arrays["words"].dtype == np.uint8 and len(arrays["word_ends"]) == 1000
    check_equal(KeyedVectors.from_npz(tmp_path / "v.npz"), kv)


def test_npz_of_numpy_is_read(tmp_path):
    matrix = np.asfortranarray(np.arange(6, dtype=">f4").reshape(2, 3))
    np.savez_compressed(tmp_path / "v.npz", words=["a", "b"], vectors=matrix, more=np.zeros(7))
    loaded = KeyedVectors.from_npz(tmp_path / "v.npz")
    assert loaded["b"].tolist() == [3, 4, 5] and loaded.array.dtype == np.float32
    assert not loaded.expandos


def test_integers_are_read_as_float32(tmp_path):
    np.savez(tmp_path / "v.npz", words=["a", "b"], vectors=np.array([[1, 2], [3, 4]], ">i2"))
    loaded = KeyedVectors.from_npz(tmp_path / "v.npz")
    assert loaded.array.dtype == np.float32 and loaded["b"].tolist() == [3, 4]


def test_safetensors_are_read_by_their_package(tmp_path, model):
    load_file = need("safetensors.numpy").load_file
    model.wv.export("safetensors", tmp_path / "v.safetensors")
    tensors = load_file(tmp_path / "v.safetensors")
    assert bytes(tensors["words"]).decode().split("\n") == model.wv.index_to_key
    np.testing.assert_array_equal(tensors["embedding"], model.wv.vectors)
    np.testing.assert_array_equal(tensors["output"], model.syn1neg)
    assert tensors["count"].tolist() == model.wv.expandos["count"].tolist()


@pytest.mark.parametrize("name", ["embedding.weight", "embeddings", "wte"])
def test_safetensors_of_others_are_read_with_words(tmp_path, name):
    save_file = need("safetensors.numpy").save_file
    save_file({name: np.eye(2, dtype=np.float32)}, tmp_path / "model.safetensors")
    with pytest.raises(FormatError, match="no words; give them"):
        KeyedVectors.from_safetensors(tmp_path / "model.safetensors")
    (tmp_path / "words.txt").write_text("a\nnew york\n")
    for words in (["a", "new york"], tmp_path / "words.txt"):
        loaded = KeyedVectors.from_safetensors(tmp_path / "model.safetensors", words)
        assert loaded["new york"].tolist() == [0, 1]
    with pytest.raises(FormatError, match="1 keys and 2 vectors"):
        KeyedVectors.from_safetensors(tmp_path / "model.safetensors", ["a"])


def test_bfloat16_is_read_as_float32(tmp_path):
    content = struct.pack(
        "<4H", *(n >> 16 for n in struct.unpack("<4I", struct.pack("<4f", 1, -2, 0.5, 0)))
    )
    head = b'{"embedding":{"dtype":"BF16","shape":[2,2],"data_offsets":[0,8]}}'
    path = tmp_path / "v.safetensors"
    path.write_bytes(struct.pack("<Q", len(head)) + head + content)
    assert KeyedVectors.from_safetensors(path, ["a", "b"]).vectors.tolist() == [[1, -2], [0.5, 0]]


def test_native_and_plain_safetensors_name_each_other(tmp_path):
    vectors().save(tmp_path / "v.fastsgns")
    with pytest.raises(FormatError, match=r"fastsgns.load\(path\)"):
        KeyedVectors.from_safetensors(tmp_path / "v.fastsgns")
    vectors().export("safetensors", tmp_path / "v.safetensors")
    with pytest.raises(FormatError, match=r"KeyedVectors.from_safetensors\(path\)"):
        KeyedVectors.load(tmp_path / "v.safetensors")


@pytest.mark.parametrize("word", ['"fastsgns"', '"fastsgns": "', '{"__metadata__":{"fastsgns":"'])
def test_plain_safetensors_are_told_from_native_ones_by_the_header(tmp_path, word):
    kv = vectors([word, "b", "c"])
    kv.expandos[word] = np.arange(3)
    kv.expandos["fastsgns"] = np.arange(3)
    kv.export("safetensors", tmp_path / "v")
    assert kind_of(tmp_path / "v") == "safetensors"
    check_equal(KeyedVectors.from_file(tmp_path / "v"), kv)
    del kv.expandos[word], kv.expandos["fastsgns"]
    kv.save(tmp_path / "v")
    assert kind_of(tmp_path / "v") == "native"


@pytest.mark.parametrize("is_named", [True, False])
def test_a_pipe_needs_its_format(tmp_path, is_named):
    content = io.BytesIO()
    vectors().export("npz", content)
    for kind in (None, "npz"):
        readable, writable = os.pipe()
        with open(writable, "wb") as file:
            file.write(content.getvalue())
        with open(readable, "rb") as file:
            source = f"/dev/fd/{readable}" if is_named else file
            if kind is None:
                with pytest.raises(ValueError, match=r"is a pipe.*give it, kind=, one of"):
                    KeyedVectors.from_file(source)
            else:
                check_equal(KeyedVectors.from_file(source, kind), vectors())


def test_the_projector_gets_a_header_only_with_columns(tmp_path):
    kv = vectors(["a b", "c"])
    kv.export("tsv", tmp_path / "v.tsv")
    assert (tmp_path / "v_metadata.tsv").read_text() == "word\tcount\na b\t2\nc\t1\n"
    assert len((tmp_path / "v_tensor.tsv").read_text().splitlines()) == 2
    del kv.expandos["count"]
    kv.export("tsv", tmp_path / "v.tsv")
    assert (tmp_path / "v_metadata.tsv").read_text() == "a b\nc\n"
    assert KeyedVectors.from_tsv(tmp_path / "v").index_to_key == ["a b", "c"]
    pair = tmp_path / "v_tensor.tsv", tmp_path / "v_metadata.tsv"
    check_equal(KeyedVectors.from_tsv(*pair), kv)


def test_vec_is_what_fasttext_splits(tmp_path):
    with pytest.raises(ValueError, match="fastText splits it"):
        vectors(["new york", "b", "c"]).export("vec", tmp_path / "v.vec")
    (tmp_path / "v.vec").write_text("2 3\n</s> 0.1 0.2 0.3 \nder 1 2 3 \n")  # as fastText writes
    assert KeyedVectors.from_vec(tmp_path / "v.vec")["der"].tolist() == [1, 2, 3]


def test_parquet_of_others_is_read(tmp_path):
    pa, pq = need("pyarrow"), need("pyarrow.parquet")
    for of in (pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.float16(), 2)):
        lists = pa.array([np.array([1, 2], of.value_type.to_pandas_dtype())] * 2, of)
        table = pa.table({"id": pa.array([5, 6]), "emb": lists, "x": pa.array([[1], None])})
        pq.write_table(table, tmp_path / "v.parquet")
        loaded = KeyedVectors.from_parquet(tmp_path / "v.parquet", key="id", vector="emb")
        assert loaded.index_to_key == [5, 6] and loaded.vectors.tolist() == [[1, 2], [1, 2]]
        with pytest.raises(FormatError, match=r"columns id, emb, x; expected are key"):
            KeyedVectors.from_parquet(tmp_path / "v.parquet")
    assert KeyedVectors.from_arrow(table, "id", "emb").index_to_key == [5, 6]
    with pa.ipc.new_stream(tmp_path / "v.arrows", table.schema) as writer:
        writer.write_table(table)
    assert len(KeyedVectors.from_arrow(tmp_path / "v.arrows", "id", "emb")) == 2


@pytest.mark.parametrize(
    ("column", "match"),
    [
        ([[1.0, 2.0], [1.0]], "between 1 and 2 numbers"),
        ([[1.0, 2.0], None], "1 missing values"),
        ([[1.0, None], [1.0, 2.0]], "1 missing values"),
        ([1.0, 2.0], "expected are lists"),
        ([["a"], ["b"]], "expected are lists of float"),
    ],
)
def test_columns_that_are_no_vectors_are_refused(column, match):
    pa = need("pyarrow")
    with pytest.raises(FormatError, match=match):
        KeyedVectors.from_arrow(pa.table({"key": ["a", "b"], "vector": column}))


# Damaged and hostile files


@pytest.mark.parametrize("kind", ["safetensors", "npz", "parquet", "arrow"])
def test_a_file_that_is_cut_is_refused(tmp_path, kind):
    needs(kind)
    kv, path = vectors(), path_of(tmp_path, kind)
    kv.export(kind, path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 1 if kind == "safetensors" else 7):
        path.write_bytes(whole[:length])
        with pytest.raises(FormatError):
            KeyedVectors.from_file(path, kind)


@pytest.mark.parametrize("kind", ["safetensors", "npz", "parquet", "arrow"])
def test_a_file_with_a_changed_byte_is_refused_or_read(tmp_path, kind):
    needs(kind)
    path = path_of(tmp_path, kind)
    vectors().export(kind, path)
    whole = path.read_bytes()
    for at, value in itertools.product(range(len(whole)), (0, 0x80, 0xFF)):
        changed = whole[:at] + bytes([value]) + whole[at + 1 :]
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            with contextlib.suppress(FormatError, MemoryError):
                KeyedVectors.from_file(io.BytesIO(changed), kind)


def archive_of(compression, name="words.npy"):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for member, array in ((name, np.array(["a", "b"])), ("vectors.npy", np.eye(2))):
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(member, content.getvalue())
    return file.getvalue()


@pytest.mark.parametrize("value", [0x01, 0x0C, 0x0E, 0x7F, 0x80, 0xFF])
@pytest.mark.parametrize("name", ["words.npy", "w\u00f6rds.npy"])
def test_an_archive_with_a_changed_byte_is_refused_or_read(tmp_path, value, name):
    whole = archive_of(zipfile.ZIP_DEFLATED, name)
    path = tmp_path / "v.npz"
    for at in range(len(whole)):
        changed = whole[:at] + bytes([value]) + whole[at + 1 :]
        path.write_bytes(changed)
        for source in (io.BytesIO(changed), path):
            with warnings.catch_warnings(), contextlib.suppress(FormatError):
                warnings.simplefilter("ignore")
                KeyedVectors.from_npz(source)


@hypothesis.settings(max_examples=300, deadline=None)
@hypothesis.given(changes=st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=4))
def test_an_archive_with_changed_bytes_is_refused_or_read(changes):
    whole = bytearray(archive_of(zipfile.ZIP_STORED))
    for at, value in changes:
        whole[at % len(whole)] = value
    with warnings.catch_warnings(), contextlib.suppress(FormatError):
        warnings.simplefilter("ignore")
        KeyedVectors.from_npz(io.BytesIO(whole))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_archive_that_numpy_does_not_write_is_refused(compression):
    with pytest.raises(FormatError, match="another method than numpy's"):
        KeyedVectors.from_npz(io.BytesIO(archive_of(compression)))


def npy(header, data=b""):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    ("member", "match"),
    [
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 1000)}"), "takes"),
        (npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 1)}"), "header|impossible"),
        (npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", b"x"), "pickle can run"),
        (npy("{'descr': '<M8[D]', 'fortran_order': False, 'shape': (1,)}", b"x" * 8), "allowed"),
        (npy("{'descr': '<U0', 'fortran_order': False, 'shape': (268435456,)}"), "of 0 bytes"),
        (npy("{'descr': '|S0', 'fortran_order': False, 'shape': (134217728,)}"), "of 0 bytes"),
        (npy("{'descr': '|S0', 'fortran_order': False, 'shape': ()}"), "of 0 bytes"),
        (npy("{'descr': '|u1', 'fortran_order': False, 'shape': (True, 2)}", b"ab"), "impossible"),
        (npy("{'descr': '<f8,<f8', 'fortran_order': False, 'shape': (1,)}", b"x" * 16), "allowed"),
        (npy("{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}", b"\xff" * 4), "not char"),
        (npy("{'descr': '>U1', 'fortran_order': False, 'shape': (1,)}", b"a\0\0\0"), "not char"),
        (npy("__import__('os').system('true')"), "header"),
        (b"nothing", "header"),
    ],
)
def test_hostile_arrays_of_npz_are_refused(tmp_path, member, match):
    with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive:
        archive.writestr("vectors.npy", member)
    with pytest.raises(FormatError, match=match):
        KeyedVectors.from_npz(tmp_path / "v.npz")


def test_an_archive_of_another_program_is_named(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    with pytest.raises(FormatError, match=r"torch.load\(path, weights_only=True\)"):
        KeyedVectors.from_file(tmp_path / "model.pt")
    np.savez(tmp_path / "v.npz", arr_0=np.eye(2))
    with pytest.raises(FormatError, match=r"arrays \['arr_0'\] and not vectors or words"):
        KeyedVectors.from_npz(tmp_path / "v.npz")


GENSIM = b"\x80\x04\x95" + bytes(range(1, 90))
FOREIGN = {
    "gensim.model": (GENSIM, r"from_gensim\(gensim.models.Word2Vec.load\(path\)\).*format"),
    "old.kv": (b"\x80\x02cgensim.models.keyedvectors\n", r"from_gensim\(gensim.models.Word2Vec"),
    "old.pt": (b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", r"torch.load\(path, weights_only"),
    "m.npy": (b"\x93NUMPY\x01\x00v\x00{'descr': '<f4'}", r"from_arrays\(words, numpy.load\(path\)"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_files_that_are_not_read_say_what_does(tmp_path, name, capsys):
    content, match = FOREIGN[name]
    path = tmp_path / name
    path.write_bytes(content)
    loads = (Word2Vec.load, KeyedVectors.load, fastsgns.load, KeyedVectors.from_file)
    for load in (*loads, KeyedVectors.load_word2vec_format):
        with pytest.raises(FormatError, match=f"{name}.* is .*{match}"):
            load(path)
    assert main(["nn", str(path), "a"]) == 1
    assert re.search(match, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("words", "matrix", "match"),
    [
        (["a", "a"], np.eye(2), "'a' twice"),
        (["a"], np.eye(2), "1 keys and 2 vectors"),
        (["a", "b"], np.eye(2, dtype=bool), "expected is a matrix of float16"),
        (["a", "b"], np.ones(2), "expected is a matrix"),
        ([0.5, 1.5], np.eye(2), "allowed are lists of str, bytes and int"),
        (np.empty((1 << 28, 0), "U1"), np.eye(2), "allowed are lists of str"),
        (np.empty((1 << 28, 0), int), np.eye(2), "allowed are lists of str"),
        (np.array("a"), np.eye(1), "allowed are lists of str"),
    ],
)
def test_contents_that_contradict_each_other_are_refused(tmp_path, words, matrix, match):
    np.savez(tmp_path / "v.npz", words=words, vectors=matrix)
    with pytest.raises(FormatError, match=match):
        KeyedVectors.from_npz(tmp_path / "v.npz")


@pytest.mark.parametrize(
    ("tensor", "metadata", "match"),
    [
        ("1\t2\n3\tx\n", "a\nb\n", "line 2 is.*expected are 2 numbers"),
        ("1\t2\n3\n", "a\nb\n", "line 2 is"),
        ("1\t2\n3\t1_0\n", "a\nb\n", "line 2 is"),
        ("1\t2\n3\t4\n", "a\n", "2 lines, and.* 1;"),
        ("1\t2\n3\t4\n", "word\tn\na\t1\nb\n", "line of 1 columns; expected are 2"),
        ("1\t2\n3\t4\n", "a\na\n", "'a' twice"),
    ],
)
def test_damaged_tsv_is_refused(tmp_path, tensor, metadata, match):
    (tmp_path / "v_tensor.tsv").write_text(tensor)
    (tmp_path / "v_metadata.tsv").write_text(metadata)
    with pytest.raises(FormatError, match=match):
        KeyedVectors.from_tsv(tmp_path / "v.tsv")
