"""Folders for sentence-transformers and model2vec: what both compute, and what comes back."""

import json
import os
import shutil

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors
from fastsgns.errors import FormatError
from fastsgns.formats import folders

WORDS = ["the", "cat", "a", "▁x", "x", "sat.", "[UNK]", "日本", "new\u3000york", "ü", "THE"]
TEXTS = [
    "the cat  sat.",
    "  the\tcat\n\v\f\r x ▁x  ",
    "the unknown cat azz za",
    "unknown",
    "",
    "   ",
    "[UNK] 日本 new\u3000york ü u\u0308 \u00a0 new york 日 本",
    "The THE the",
    "a " * 2000,
]
BLANKS = " \t\n\v\f\r"


def vectors(keys=WORDS, dtype=np.float32):
    numbers = np.random.default_rng(1).standard_normal((len(keys), 6)).astype(dtype)
    return KeyedVectors.from_arrays(list(keys), numbers, np.arange(len(keys), 0, -1))


def means(kv, texts=TEXTS):
    """The mean of the vectors of the known words of each text; zeros if there are none."""
    table = str.maketrans(dict.fromkeys(BLANKS, " "))
    found = np.zeros((len(texts), kv.vector_size))
    for row, text in zip(found, texts):
        if known := [kv[word] for word in text.translate(table).split(" ") if word in kv]:
            row[:] = np.mean(known, axis=0, dtype=float)
    return found


@pytest.fixture
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def by_model2vec(folder):
    return need("model2vec").StaticModel.from_pretrained(folder).encode(TEXTS)


def by_sentence_transformers(folder):
    return (
        need("sentence_transformers").SentenceTransformer(str(folder), device="cpu").encode(TEXTS)
    )


CONSUMERS = pytest.mark.parametrize("encode", [by_model2vec, by_sentence_transformers])


@CONSUMERS
@pytest.mark.parametrize("dtype", [None, "float16", "float32", "int8"])
def test_texts_have_the_means_of_their_known_words(tmp_path, offline, encode, dtype):
    kv, folder = vectors(), tmp_path / "folder"
    kv.export("static-embedding", folder, dtype=dtype)
    found = encode(folder)
    assert found.dtype == (np.float16 if dtype == "float16" else np.float32)
    # A mean of float16 is rounded to 11 bits; of others, the order of the additions differs.
    tolerance = 2e-3 if dtype == "float16" else 1e-5
    np.testing.assert_allclose(found, means(KeyedVectors.from_file(folder)), atol=tolerance)
    scale = np.abs(kv.vectors).max(axis=1).max() / 127
    np.testing.assert_allclose(found, means(kv), atol=scale if dtype == "int8" else tolerance)


@CONSUMERS
def test_texts_are_put_into_lower_case(tmp_path, offline, encode):
    kv = vectors(["the", "cat", "ü"])
    kv.export("static-embedding", tmp_path / "folder", lowercase=True)
    expected = means(kv, [text.lower() for text in TEXTS])
    np.testing.assert_allclose(encode(tmp_path / "folder"), expected, rtol=1e-4, atol=1e-4)


@CONSUMERS
@pytest.mark.parametrize("dtype", [None, "int8"])
def test_weights_are_multiplied_into_the_vectors(tmp_path, offline, encode, dtype):
    kv, weights = vectors(), np.linspace(0.1, 2, len(WORDS))
    kv.export("static-embedding", tmp_path / "folder", weights=weights, dtype=dtype)
    weighted = KeyedVectors.from_arrays(WORDS, kv.vectors * weights[:, None])
    tolerance = 0.05 if dtype else 1e-5
    np.testing.assert_allclose(encode(tmp_path / "folder"), means(weighted), atol=tolerance)
    loaded = KeyedVectors.from_file(tmp_path / "folder")
    np.testing.assert_allclose(loaded.vectors, weighted.vectors, atol=tolerance)


@CONSUMERS
@pytest.mark.parametrize("weighting", ["mean", "sif", "zipf"])
def test_texts_have_the_vectors_of_encode(tmp_path, offline, encode, weighting):
    kv = vectors()
    kv.expandos["count"] = np.arange(len(kv), 0, -1) ** 2
    exported = kv.whitened() if weighting == "zipf" else kv
    weights = {"weights": "sif"} if weighting == "sif" else {}
    exported.export("static-embedding", tmp_path / "folder", **weights)
    with pytest.warns(UserWarning):  # of texts without known words
        expected = kv.encode(TEXTS, weighting=weighting)  # 2,000 words are added in another order
    np.testing.assert_allclose(encode(tmp_path / "folder"), expected, rtol=1e-4, atol=1e-4)


def test_another_tokenizer_and_special_tokens_are_read(tmp_path, offline):
    tokenizers, model2vec = need("tokenizers"), need("model2vec")
    tokens = {"[PAD]": 0, "[UNK]": 1, "the": 2, "##s": 3}
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    for model in (
        tokenizers.models.WordPiece(tokens, unk_token="[UNK]"),
        tokenizers.models.Unigram([(token, -1.0) for token in tokens], unk_id=1),
    ):
        tokenizer = tokenizers.Tokenizer(model)
        tokenizer.add_special_tokens(["[PAD]", "[CLS]"])
        mapping, weights = np.array([0, 1, 2, 3, 0]), np.array([1, 1, 0.5, 2, 3], np.float32)
        static = model2vec.StaticModel(rows, tokenizer, token_mapping=mapping, weights=weights)
        static.save_pretrained(tmp_path / "folder")
        loaded = KeyedVectors.from_file(tmp_path / "folder")
        assert loaded.index_to_key == [*tokens, "[CLS]"]
        np.testing.assert_array_equal(loaded.vectors, rows[mapping] * weights[:, None])


def test_the_folder_of_a_module_is_read(tmp_path):
    vectors().export("static-embedding", tmp_path / "folder")
    shutil.copytree(tmp_path / "folder", tmp_path / "other" / "0_StaticEmbedding")
    assert KeyedVectors.from_file(tmp_path / "other").index_to_key == WORDS


@pytest.mark.parametrize("key", ["new york", "a\tb", "a\v", ""])
def test_a_word_that_no_text_has_is_refused(tmp_path, key):
    with pytest.raises(ValueError, match=r"can't be written to a static embedding.*npz"):
        vectors(["a", key]).export("static-embedding", tmp_path / "folder")
    assert not list(tmp_path.iterdir())


def test_words_in_upper_case_are_named(tmp_path):
    with pytest.warns(UserWarning, match="2 words such as '.UNK.' have upper case"):
        vectors().export("static-embedding", tmp_path / "folder", lowercase=True)


def test_wrong_parameters_are_refused(tmp_path):
    kv = vectors()
    with pytest.raises(TypeError, match="no parameter 'lower'; allowed are output, dtype, lowerc"):
        kv.export("static-embedding", tmp_path / "folder", lower=True)
    with pytest.raises(TypeError, match="npz has no parameter 'lowercase'; allowed are output, d"):
        kv.export("npz", tmp_path / "v.npz", lowercase=True)
    for weights in ([1.0], np.ones((11, 2)), ["a"] * 11):
        with pytest.raises(ValueError, match=r"expected is one number per key, \(11,\)"):
            kv.export("static-embedding", tmp_path / "folder", weights=weights)
    with pytest.raises(ValueError, match=r"allowed are 'sif' and an array.*wv.whitened"):
        kv.export("static-embedding", tmp_path / "folder", weights="zipf")
    with open(tmp_path / "file", "wb") as file, pytest.raises(TypeError, match="give a path"):
        kv.export("static-embedding", file)
    with pytest.raises(ValueError, match="is a URL"):
        kv.export("static-embedding", "s3://bucket/folder")
    with pytest.raises(TypeError, match="give a path"):
        KeyedVectors.from_file(object(), "static-embedding")


def test_a_folder_of_something_else_is_kept(tmp_path):
    kv, folder = vectors(), tmp_path / "folder"
    folder.mkdir()
    kv.export("static-embedding", folder)  # an empty one is taken
    for name in ("README.md", "model.txt"):
        (folder / name).write_text("text")
        with pytest.raises(FileExistsError, match="has files of something else"):
            kv.export("static-embedding", folder)
        assert (folder / name).read_text() == "text"
        (folder / name).unlink()
    (folder / "config.json").write_text('{"model_type": "model2vec"}')
    with pytest.raises(FileExistsError, match="has files of something else"):
        kv.export("static-embedding", folder)
    with pytest.raises(FileExistsError, match="it is a file"):
        kv.export("static-embedding", folder / "config.json")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        kv.export("static-embedding", tmp_path / "absent" / "folder")


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    kv, folder = vectors(), tmp_path / "folder"
    kv.export("static-embedding", folder)
    before = {name: (folder / name).read_bytes() for name in os.listdir(folder)}
    rename, failures = os.rename, [None, "new"]

    def failing(source, target):
        if target == str(folder) and failures and failures.pop():
            raise OSError(28, "full", target)
        rename(source, target)

    monkeypatch.setattr(folders.os, "rename", failing)
    with pytest.raises(OSError, match="full"):
        vectors(["other"]).export("static-embedding", folder)
    assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before
    assert os.listdir(tmp_path) == ["folder"]
    monkeypatch.undo()
    monkeypatch.setattr(json, "dumps", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        vectors(["other"]).export("static-embedding", folder)
    assert {name: (folder / name).read_bytes() for name in os.listdir(folder)} == before
    assert os.listdir(tmp_path) == ["folder"]
    monkeypatch.undo()
    vectors(["other"]).export("static-embedding", folder)
    assert KeyedVectors.from_file(folder).index_to_key == ["other"]
    assert os.listdir(tmp_path) == ["folder"]


def tokenizer(**model):
    return json.dumps({"model": {"vocab": {"a": 0, "b": 1}} | model})


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "damaged"),
        ("[]", "damaged"),
        ("{}", "damaged"),
        ("[" * 60_000, "damaged"),
        (tokenizer(vocab={"a": 0}), "1 tokens, and there are 2 vectors"),
        (tokenizer(vocab={"a": 0, "b": 2}), "ids from 0"),
        (tokenizer(vocab={"a": 0, "b": 0}), "ids from 0"),
        (tokenizer(vocab={"a": 0, "b": 1.0}), "not an integer"),
        (tokenizer(vocab={"a": 0, "b": []}), "not an integer"),
        (tokenizer(vocab=[["a", 1], ["b"]]), "damaged"),
        (tokenizer(vocab="ab"), "damaged"),
        (tokenizer(merges=[[]] * 100_000), "100,004 objects and lists of"),
        (tokenizer(merges=[1] * 100_000), "lists of 100,001 values for 2 vectors"),
        (b"\xff", "damaged"),
    ],
)
def test_a_damaged_tokenizer_is_refused(tmp_path, text, match):
    folder = tmp_path / "folder"
    vectors(["a", "b"]).export("static-embedding", folder)
    (folder / "tokenizer.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(FormatError, match=match):
        KeyedVectors.from_file(folder)


def test_a_tokenizer_of_any_size_is_refused_before_it_is_read(tmp_path, monkeypatch):
    folder = tmp_path / "folder"
    vectors(["a", "b"]).export("static-embedding", folder)
    os.truncate(folder / "tokenizer.json", 1 << 36)  # takes no room on the disk
    with pytest.raises(FormatError, match="68,719,476,736 bytes for 2 vectors; allowed are"):
        KeyedVectors.from_file(folder)
    vectors(["a", "b"]).export("static-embedding", folder)
    monkeypatch.setattr("fastsgns.runtime.machine.available_memory", lambda: 100)
    with pytest.raises(MemoryError, match="the tokens of"):
        KeyedVectors.from_file(folder)


@pytest.mark.parametrize(
    ("dtype", "number", "weights", "message"),
    [
        (None, 1, [1, np.nan], r"weights\[1\] is nan; expected are finite numbers"),
        ("int8", 1, [np.inf, 1], r"weights\[0\] is inf"),
        ("float16", 60_000, [1, 100], r"key 1 times weights\[1\], 100, .* too large for float16"),
        (None, 1, [1e300, 1], r"key 0 times .* too large for float32"),
        ("int8", 1, [1, 1e300], r"key 1 times .* too large for float32"),
        ("float64", 1e10, [1e300, 1], r"key 0 times .* too large for float64"),
    ],
)
def test_weights_that_give_no_finite_numbers(tmp_path, dtype, number, weights, message):
    numbers = np.full((2, 3), number, np.float64 if dtype == "float64" else np.float32)
    kv = KeyedVectors.from_arrays(["a", "b"], numbers)
    options = {} if dtype == "float64" else {"dtype": dtype}
    with pytest.raises(ValueError, match=message):
        kv.export("static-embedding", tmp_path / "folder", weights=weights, **options)
    assert not os.listdir(tmp_path)


def test_what_no_program_could_use_is_never_silent(tmp_path):
    with pytest.warns(UserWarning, match="there are no keys; model2vec can't encode"):
        KeyedVectors(3).export("static-embedding", tmp_path / "empty")
    with pytest.raises(ValueError, match="lowercase is 'no'; allowed are"):
        vectors().export("static-embedding", tmp_path / "folder", lowercase="no")
    missing = tmp_path / "none" / "folder"
    with pytest.raises(FileNotFoundError) as raised:
        vectors().export("static-embedding", missing)
    assert ".tmp" not in str(raised.value)


@pytest.mark.parametrize(
    ("tensors", "match"),
    [
        ({"mapping": np.array([0, 2])}, "'mapping' has not a row"),
        ({"mapping": np.array([0, -1])}, "'mapping' has not a row"),
        ({"mapping": np.array([0.0, 1.0])}, "'mapping' has not a row"),
        ({"mapping": np.zeros((2, 2), int)}, "'mapping' has not a row"),
        ({"weights": np.ones(3)}, "'weights' has not a factor"),
        ({"weights": np.array([1, 2])}, "'weights' has not a factor"),
        ({"embeddings": np.ones((2, 0), np.float32)}, "without numbers"),
        ({"embeddings": np.ones(2, np.float32)}, "expected is a matrix"),
    ],
)
def test_damaged_tensors_are_refused(tmp_path, tensors, match):
    from safetensors.numpy import save_file

    folder = tmp_path / "folder"
    vectors(["a", "b"]).export("static-embedding", folder)
    save_file({"embeddings": np.eye(2)} | tensors, folder / "model.safetensors")
    with pytest.raises(FormatError, match=match):
        KeyedVectors.from_file(folder)


def test_a_folder_of_something_else_is_not_read(tmp_path):
    with pytest.raises(IsADirectoryError):
        KeyedVectors.from_file(tmp_path)
    with pytest.raises(FormatError, match=r"a folder with model.safetensors and tokenizer.json"):
        KeyedVectors.from_file(tmp_path, "static-embedding")
