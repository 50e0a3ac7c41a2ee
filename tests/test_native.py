import io
import os

import numpy as np
import pytest

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
    with pytest.raises(TypeError, match="tuple"):
        native.pack_words([("a", "b")])


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


def test_an_exception_leaves_the_old_file(tmp_path):
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(RuntimeError), native.atomic(path) as temporary:
        with open(temporary, "w") as file:
            file.write("new")
        raise RuntimeError
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_symbolic_link_is_followed(tmp_path):
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    native.write(link, "thing", {"a": np.zeros(1)}, {})
    assert link.is_symlink()
    assert native.read(target)[0] == "thing"


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
def test_permissions_follow_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        native.write(tmp_path / "f", "thing", {"a": np.zeros(1)}, {})
    finally:
        os.umask(old)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o640
