"""The two files of the TensorBoard projector: one rule for what is written and what is read."""

import os
import threading
import warnings

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from fastsgns import KeyedVectors
from fastsgns.formats import tsv

ODD = [
    "\x1c",
    "\x1f",
    "\x85",
    "\0",
    "a\0",
    "\u2028",
    "\xa0",
    "\x0b",
    " ",
    "PAR1",
    "\x1f\x8b",
    "PK\3\4",
]
ODD += ["\ufeff", "\ufeffa", "a\x1cb", "a\u2028b", "%PDF-1.4", "\x89HDF"]


def vectors(keys=("a", "b"), **attributes):
    kv = KeyedVectors.from_arrays(list(keys), np.arange(len(keys) * 2.0).reshape(-1, 2))
    kv.expandos |= attributes
    return kv


def check(path, keys, **attributes):
    try:
        vectors(keys, **attributes).export("tsv", path)
    except ValueError as error:
        assert 'export("npz", path)' in str(error)
        return False
    assert KeyedVectors.from_tsv(path).index_to_key == list(keys)
    return True


@pytest.mark.parametrize("attributes", [{}, {"count": np.array([2, 1])}])
@pytest.mark.parametrize("key", ODD)
def test_what_is_written_is_read(tmp_path, key, attributes):
    check(tmp_path / "v.tsv", [key, "b"], **attributes)
    check(tmp_path / "v.tsv", ["b", key], **attributes)


@hypothesis.settings(max_examples=200, deadline=None)
@hypothesis.given(
    keys=st.lists(
        st.text(st.sampled_from("ab \x1c\x1f\x85\0\ufeff\u2028\x1f\x8b\x93P"), max_size=3),
        min_size=1,
        max_size=4,
        unique=True,
    )
)
def test_any_odd_keys_are_read_or_refused(tmp_path_factory, keys):
    check(tmp_path_factory.mktemp("tsv") / "v.tsv", keys)


def test_few_keys_are_refused(tmp_path):
    assert check(tmp_path / "v.tsv", ["b", "\ufeffa"])
    assert not check(tmp_path / "v.tsv", ["\ufeffa", "b"])
    assert check(tmp_path / "v.tsv", ["\ufeffa", "b"], count=np.array([2, 1]))


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.zeros((2, 3)), r"of shape \(2, 3\)"),
        (np.array(["a\tb", "c"], object), "contains a tab"),
        (np.array(["a", "\ud800"], object), "no form in UTF-8"),
    ],
)
def test_an_attribute_that_fits_no_column_is_named(tmp_path, values, why):
    with pytest.warns(UserWarning, match=f"attributes 'own' .*{why}.* of the keys"):
        vectors(own=values, other=np.arange(2)).export("tsv", tmp_path / "v.tsv")
    assert list(KeyedVectors.from_tsv(tmp_path / "v.tsv").expandos) == ["other"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, -2], np.int64),
        ([2**64 - 1, 1], np.uint64),
        ([0.1, 1e300], np.float64),
        (["a", "1"], object),
        ([str(2**64), "1"], object),
        (["1_0", "2"], object),
    ],
)
def test_numbers_of_attributes_keep_their_digits(tmp_path, values, expected):
    vectors(own=np.array(values, expected)).export("tsv", tmp_path / "v.tsv")
    found = KeyedVectors.from_tsv(tmp_path / "v.tsv").expandos["own"]
    assert found.dtype == expected and found.tolist() == values


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("end", ["", "_tensor", "_metadata"])
def test_either_file_names_the_pair(tmp_path, n, end):
    kv = KeyedVectors.from_arrays(["a", "b"], np.ones((2, n)))
    kv.export("tsv", tmp_path / "v.tsv")
    loaded = KeyedVectors.from_file(tmp_path / f"v{end}.tsv")
    assert loaded.index_to_key == ["a", "b"] and loaded.vectors.shape == (2, n)
    (tmp_path / "v_metadata.tsv").unlink()
    with pytest.raises(FileNotFoundError, match=r"v_metadata\.tsv"):
        KeyedVectors.from_file(tmp_path / f"v{end}.tsv")


def test_paths_lose_one_suffix():
    assert tsv.paths_of("a_tensor_metadata.tsv")[0] == "a_tensor_tensor.tsv"


def test_vectors_without_keys_or_numbers(tmp_path):
    with pytest.warns(UserWarning, match="does not say how many numbers"):
        KeyedVectors(3).export("tsv", tmp_path / "v.tsv")
    assert KeyedVectors.from_tsv(tmp_path / "v.tsv").vectors.shape == (0, 0)
    with pytest.raises(ValueError, match="vectors without numbers"):
        KeyedVectors.from_arrays(["a"], np.zeros((1, 0))).export("tsv", tmp_path / "v.tsv")


def test_text_without_a_header_begins_with_a_key(tmp_path):
    with pytest.warns(UserWarning, match="glove.txt is empty: without a header"):
        KeyedVectors(3).export("glove", tmp_path / "glove.txt")
    with pytest.raises(ValueError, match="byte order mark"):
        vectors(["\ufeffa", "b"]).export("glove", tmp_path / "v.txt")
    vectors(["b", "\ufeffa"]).export("glove", tmp_path / "v.txt")
    assert KeyedVectors.from_file(tmp_path / "v.txt", "glove").index_to_key == ["b", "\ufeffa"]


@pytest.mark.parametrize("text", ["", "\n", " \n\n"])
def test_a_file_without_numbers_is_read_without_a_change_of_filters(tmp_path, text):
    """Filters of warnings are of the process: other threads may use them."""
    (tmp_path / "a_tensor.tsv").write_text(text)
    (tmp_path / "a_metadata.tsv").write_text("")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(KeyedVectors.from_tsv(tmp_path / "a.tsv")) == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
@pytest.mark.parametrize("n_rows", [1, 20_000])  # less than a block of a pipe, and many
@pytest.mark.parametrize("has_pipe", ["tensor", "metadata"])
def test_a_pipe_is_read_to_its_end(tmp_path, n_rows, has_pipe):
    rows = np.arange(2 * n_rows, dtype=np.float32).reshape(n_rows, 2)
    kv = KeyedVectors.from_arrays([f"k{i}" for i in range(n_rows)], rows)
    kv.export("tsv", tmp_path / "kv.tsv")
    paths = {part: tmp_path / f"kv_{part}.tsv" for part in ("tensor", "metadata")}
    pipe, content = tmp_path / "pipe", paths[has_pipe].read_bytes()
    os.mkfifo(pipe)
    paths[has_pipe] = pipe
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    read = tsv.read(paths["tensor"], paths["metadata"])
    writer.join()
    assert (read.vectors == rows).all() and list(read.keys) == list(kv.index_to_key)
