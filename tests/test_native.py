import io
import json
import os

import numpy as np
import pytest
from safetensors.numpy import load_file

from fastsgns.errors import FormatError
from fastsgns.formats import native

WORDS = ["zwei", 2, "", "</s>", "👩‍👩‍👧", "a b\nc", -7, "\ud800"]


@pytest.fixture
def tensors():
    return {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "b": np.arange(4, dtype=np.int64),
        "e": np.empty((0, 3), np.float32),
        **native.pack_words(WORDS),
    }


@pytest.mark.parametrize("mmap", [False, True])
def test_round_trip(tmp_path, tensors, mmap):
    path = tmp_path / "file"
    native.write(path, "thing", tensors, {"x": [1, None]})
    kind, read, metadata = native.read(path, mmap)
    assert kind == "thing"
    assert metadata["x"] == [1, None]
    assert read.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_array_equal(read[name], array)
        assert read[name].dtype == array.dtype
        assert read[name].flags.writeable != mmap or array.size == 0
    assert native.unpack_words(read) == WORDS


def test_round_trip_through_a_file_object(tensors):
    file = io.BytesIO()
    native.write(file, "thing", tensors, {})
    file.seek(0)
    kind, read, _ = native.read(file)
    assert kind == "thing"
    np.testing.assert_array_equal(read["a"], tensors["a"])


def test_rows_that_lie_apart_are_written_dense(tmp_path):
    padded = np.arange(32, dtype=np.float32).reshape(2, 16)[:, :5]
    native.write(tmp_path / "f", "thing", {"a": padded}, {})
    np.testing.assert_array_equal(native.read(tmp_path / "f")[1]["a"], padded)


def test_every_cut_is_refused(tmp_path, tensors):
    native.write(tmp_path / "whole", "thing", tensors, {})
    whole = (tmp_path / "whole").read_bytes()
    path = tmp_path / "cut"
    for n_bytes in range(len(whole)):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(FormatError):
            native.read(path)
        with pytest.raises(FormatError):
            native.read(path, mmap=True)
        with pytest.raises(FormatError):
            native.read(io.BytesIO(whole[:n_bytes]))


@pytest.mark.parametrize("change", [{"format": 99}, {"format": None}, None])
def test_other_versions_are_refused(tmp_path, change, monkeypatch):
    if change is None:
        from safetensors.numpy import save_file

        save_file({"a": np.zeros(1)}, tmp_path / "f")
    else:
        native.write(tmp_path / "f", "thing", {"a": np.zeros(1)}, change)
    with pytest.raises(FormatError):
        native.read(tmp_path / "f")


def test_a_pickle_is_refused_with_advice(tmp_path):
    (tmp_path / "f").write_bytes(b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00}q\x00.")
    with pytest.raises(FormatError, match="save_word2vec_format"):
        native.read(tmp_path / "f")


def test_words_of_other_types_are_refused():
    with pytest.raises(TypeError, match="frozenset"):
        native.pack_words([frozenset("ab")])


def test_contradicting_words_are_refused():
    packed = native.pack_words(["ab", "c"])
    for name, damaged in [
        ("word_ends", np.array([2, 9])),
        ("word_ends", np.array([3, 2])),
        ("word_ends", np.array([-1, 3])),
        ("words", np.array([255, 255, 255], np.uint8)),
    ]:
        with pytest.raises(FormatError):
            native.unpack_words(packed | {name: damaged})
    with pytest.raises(FormatError, match="word_ends"):
        native.unpack_words({"words": packed["words"]})


def three_ways(path):
    yield lambda: native.read(path)
    yield lambda: native.read(path, mmap=True)
    yield lambda: native.read(io.BytesIO(path.read_bytes()))


def assert_refused(path, match):
    for read in three_ways(path):
        with pytest.raises(FormatError, match=match):
            read()


def container(header, data=b""):
    encoded = json.dumps(header).encode()
    return len(encoded).to_bytes(8, "little") + encoded + data


def test_safetensors_reads_what_is_written(tmp_path, tensors):
    padded = np.arange(64, dtype=np.float16).reshape(4, 16)[:, :5]
    foreign = np.arange(3, dtype=">f8")
    tensors |= {"padded": padded, "foreign": foreign, "none": np.empty((3, 0), np.float32)}
    native.write(tmp_path / "f", "thing", tensors, {})
    read = load_file(tmp_path / "f")
    assert read.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_array_equal(read[name], array)


def test_rows_are_written_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr(native, "BLOCK_BYTES", 50)
    padded = np.arange(160, dtype=np.float32).reshape(10, 16)[:, :5]
    native.write(tmp_path / "f", "thing", {"a": padded}, {})
    np.testing.assert_array_equal(native.read(tmp_path / "f")[1]["a"], padded)


def test_arrays_of_other_types_are_refused(tmp_path):
    with pytest.raises(TypeError, match="int8"):
        native.write(tmp_path / "f", "thing", {"a": np.zeros(1, np.int8)}, {})
    assert os.listdir(tmp_path) == []


def test_types_that_numpy_lacks_are_refused_on_every_path(tmp_path):
    entry = {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}
    metadata = {"fastsgns": json.dumps({"format": 1, "kind": "thing"})}
    (tmp_path / "f").write_bytes(container({"__metadata__": metadata, "a": entry}, bytes(4)))
    assert_refused(tmp_path / "f", "BF16")


@pytest.mark.parametrize(
    "content",
    [
        '{"format": 1, "kind": ["thing"]}',
        '{"format": 1, "kind": null}',
        "[" * 100_000,
        '{"format": 1, "kind": ' + "[" * 100_000,
    ],
)
def test_hostile_metadata_is_refused_on_every_path(tmp_path, content):
    (tmp_path / "f").write_bytes(container({"__metadata__": {"fastsgns": content}}))
    assert_refused(tmp_path / "f", "fastsgns|damaged")


def test_words_that_are_no_lists_are_refused():
    packed = native.pack_words(["ab", "c"])
    for name, damaged in [
        ("word_ends", np.array(3)),
        ("words", np.zeros((3, 1), np.uint8)),
        ("word_types", np.zeros((2, 0), np.uint8)),
    ]:
        with pytest.raises(FormatError):
            native.unpack_words(packed | {name: damaged})
