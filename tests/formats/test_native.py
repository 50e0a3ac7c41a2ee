import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import load_file

from fastsgns.errors import FormatError
from fastsgns.formats import header, keys, native

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


def test_names_of_open_files_and_of_files_are_in_the_message(tmp_path):
    path = tmp_path / "cut"
    path.write_bytes(b"x" * 100)
    with pytest.raises(FormatError, match=str(path)):
        native.read(path)
    with open(path, "rb") as file, pytest.raises(FormatError, match=str(path)):
        native.read(file)
    with pytest.raises(FormatError, match="the open file is not a fastsgns file"):
        native.read(io.BytesIO(path.read_bytes()))


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX")
@pytest.mark.parametrize("mmap", [False, True])
def test_a_file_that_may_not_be_read_is_a_permission_error(tmp_path, tensors, mmap):
    path = tmp_path / "f"
    native.write(path, "thing", tensors, {})
    path.chmod(0)
    code = (
        "import os, sys\n"
        "from fastsgns.formats import native\n"
        "if os.geteuid() == 0: os.seteuid(65534)\n"
        "try:\n    native.read(sys.argv[1], bool(int(sys.argv[2])))\n"
        "except PermissionError as error:\n    print(error.filename)\n"
    )
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    command = [sys.executable, "-c", code, str(path), str(int(mmap))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == f"{path}\n", done.stderr


def entry(dtype="F32", shape=(1,), begin=0, end=4):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


OWN = {"fastsgns": json.dumps({"format": 1, "kind": "thing"})}


@pytest.mark.parametrize(
    "arrays, match",
    [
        ({"a": entry(begin=4, end=8)}, "does not begin where"),
        ({"a": entry(), "b": entry()}, "does not begin where"),
        ({"a": entry(shape=[2])}, "has 4 bytes"),
        ({"a": entry(shape=[-1])}, "impossible"),
        ({"a": entry(shape=[True])}, "impossible"),
        ({"a": entry(shape=[1.0])}, "impossible"),
        ({"a": entry(shape=[1] * 40)}, "impossible"),
        ({"a": entry(shape=[2**62, 4])}, "has 4 bytes"),
        ({"a": entry(shape=[0, 2**62, 2**62], end=0), "b": entry()}, "bytes"),
        ({"a": entry(begin=0, end=2**70)}, "impossible"),
        ({"a": entry(dtype="Q8")}, "is of type 'Q8'"),
        ({"a": entry(dtype=["F32"])}, "is of type"),
        ({"a": {"dtype": "F32", "shape": [1]}}, "no type, shape or place"),
        ({"a": []}, "no type, shape or place"),
        ({"a": {**entry(), "data_offsets": [0]}}, "no type, shape or place"),
        ({}, "end at byte"),
        ({"a": entry(shape=[2], end=8)}, "end"),
    ],
)
def test_arrays_that_contradict_the_file_are_refused_on_every_path(tmp_path, arrays, match):
    (tmp_path / "f").write_bytes(container({"__metadata__": OWN, **arrays}, bytes(4)))
    for read in three_ways(tmp_path / "f"):
        with pytest.raises(FormatError, match=rf"{match}|goes on|before the end"):
            read()


def test_arrays_that_lie_askew_are_read(tmp_path):
    arrays = {"a": entry("U8", [1], 0, 1), "b": entry("F32", [1], 1, 5)}
    data = struct.pack("<Bf", 7, 0.5)
    (tmp_path / "f").write_bytes(container({"__metadata__": OWN, **arrays}, data))
    for read in three_ways(tmp_path / "f"):
        _, tensors, _ = read()
        assert (tensors["a"].tolist(), tensors["b"].tolist()) == ([7], [0.5])


def own(more):
    content = '{"format": 1, "kind": "thing", "x": ' + more + "}"
    return json.dumps({"__metadata__": {"fastsgns": content}}).encode()


ARRAY = b'"a":' + json.dumps(entry("F32", [0], 0, 0)).encode() + b","
LARGE_HEADERS = {
    "arrays": lambda n: b"{" + ARRAY * (n // len(ARRAY)) + ARRAY[:-1] + b"}",
    "lists": lambda n: own("[" + "[]," * (n // 3) + "[]]"),
    "objects": lambda n: own("[" + '{"":0},' * (n // 9) + "{}]"),
    "texts": lambda n: own("[" + '"ab",' * (n // 7) + '""]'),
    "numbers": lambda n: own("[" + "300," * (n // 4) + "0]"),
    "one text": lambda n: (
        b'{"__metadata__":{"fastsgns":"' + "\U0001f600".encode() * (n // 4) + b'"}}'
    ),
    "nested": lambda n: b"[" * n,
}


@pytest.mark.parametrize("form", LARGE_HEADERS)
def test_a_large_header_is_refused_before_it_takes_memory(tmp_path, form):
    header = LARGE_HEADERS[form](1 << 23)
    assert len(header) > 1 << 20
    (tmp_path / "f").write_bytes(len(header).to_bytes(8, "little") + header)
    for read in three_ways(tmp_path / "f"):
        tracemalloc.start()
        try:
            with pytest.raises(FormatError):
                read()
            assert tracemalloc.get_traced_memory()[1] < 7 * len(header)
        finally:
            tracemalloc.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="the limit of address space is Linux's")
@pytest.mark.parametrize("form", LARGE_HEADERS)
def test_a_large_header_does_not_end_the_process_where_memory_is_short(tmp_path, form):
    header = LARGE_HEADERS[form](40_000_000)
    (tmp_path / "f").write_bytes(len(header).to_bytes(8, "little") + header)
    code = (
        "import resource, sys\n"
        "from fastsgns.errors import FormatError\n"
        "from fastsgns.formats import native\n"
        "size = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (size + 100_000_000,) * 2)\n"
        "try:\n    native.read(sys.argv[1])\n"
        "except (FormatError, MemoryError) as error:\n    print('refused')\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "f")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == "refused\n", done.stderr


def test_what_a_reader_would_refuse_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="lists"):
        native.write(tmp_path / "f", "thing", {}, {"x": [[]] * 100_000})
    native.write(tmp_path / "f", "thing", {}, {"x": list(range(1_000_000))})
    assert len(native.read(tmp_path / "f")[2]["x"]) == 1_000_000


@pytest.mark.parametrize("name", ["f", "f.gz", None])
def test_more_values_than_usual_need_as_many_bytes_of_arrays(tmp_path, monkeypatch, name):
    monkeypatch.setattr(header, "MAX_VALUES", 10)
    target = io.BytesIO() if name is None else tmp_path / name
    content = {"a": np.zeros(100, np.uint8)}, {"x": list(range(50))}
    if name == "f.gz":
        with pytest.raises(ValueError, match="lists of"):
            native.write(target, "thing", *content)
        return
    native.write(target, "thing", *content)
    if name is None:
        target.seek(0)
    assert native.read(target)[2]["x"] == list(range(50))


@pytest.mark.parametrize("open_file", [gzip.open, open, tempfile.NamedTemporaryFile])
def test_an_open_file_holds_what_its_reader_takes(tmp_path, monkeypatch, open_file):
    monkeypatch.setattr(header, "MAX_VALUES", 10)
    content = {"a": np.zeros(100, np.uint8)}, {"x": list(range(50))}
    given = () if open_file is tempfile.NamedTemporaryFile else (tmp_path / "f",)
    with open_file(*given, mode="wb" if given else "w+b") as file:
        if open_file is gzip.open:
            with pytest.raises(ValueError, match=r"lists of .*; a file that is not compressed"):
                native.write(file, "thing", *content)
            return
        native.write(file, "thing", *content)
        file.flush()
        with open(given[0] if given else file.name, "rb") as again:
            assert native.read(again)[2]["x"] == list(range(50))


@pytest.mark.parametrize("words", [["a", "", "zwei"], ["ü", "a", "", "👩‍👩‍👧"], []])
def test_words_that_are_strings_are_coded_all_at_once(monkeypatch, words):
    monkeypatch.setattr(keys, "encode", None)
    monkeypatch.setattr(keys, "decode", None)
    packed = native.pack_words(words)
    assert native.unpack_words(packed) == words and "word_types" not in packed


def test_a_surrogate_in_two_halves_stays_two_characters():
    words = ["a\ud83d", "\ude00b"]  # joined they would be one
    packed = native.pack_words(words)
    assert packed["word_ends"].tolist() == [4, 8] and len(packed["words"]) == 8
    assert native.unpack_words(packed) == words
