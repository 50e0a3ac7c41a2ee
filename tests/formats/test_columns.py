"""Parquet and Arrow: types of columns, memory, and a pyarrow that does not work."""

import sys

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors
from fastsgns.errors import FormatError
from fastsgns.formats import columns
from fastsgns.runtime import machine

KINDS = ("parquet", "arrow")


def vectors(**attributes):
    kv = KeyedVectors.from_arrays(["a", "b", "c"], np.eye(3, dtype=np.float32))
    kv.expandos |= attributes
    return kv


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["<i4", ">i4", ">f8", "uint64", "bool", "<f4"])
@pytest.mark.parametrize("shape", [(3,), (3, 2), (3, 1)])
def test_attributes_of_numbers_come_back(tmp_path, kind, dtype, shape):
    need("pyarrow")
    values = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    vectors(own=values).export(kind, tmp_path / "v")
    found = KeyedVectors.from_file(tmp_path / "v", kind).expandos["own"]
    assert found.dtype == values.dtype.newbyteorder("=")
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.zeros((3, 2, 2)), r"float64 and shape \(3, 2, 2\)"),
        (np.zeros((3, 0)), r"float64 and shape \(3, 0\)"),
        (np.array(["a", "\ud800", "c"], object), "no form in UTF-8"),
        (np.array([["a", "b"]] * 3), r"shape \(3, 2\)"),
    ],
)
def test_an_attribute_that_fits_no_column_is_left_out_with_a_reason(tmp_path, kind, values, why):
    need("pyarrow")
    kv = vectors(own=values, other=np.arange(3))
    with pytest.warns(UserWarning, match=f"'own' .*{why}"):
        kv.export(kind, tmp_path / "v")
    assert list(KeyedVectors.from_file(tmp_path / "v", kind).expandos) == ["other"]


@pytest.mark.parametrize("of", ["list", "large_list", "list_view", "large_list_view", "fixed"])
@pytest.mark.parametrize("number", ["int64", "uint8", "float32"])
def test_vectors_are_lists_of_any_kind(of, number):
    pa = need("pyarrow")
    item = getattr(pa, number)()
    made = {"list": pa.list_, "fixed": lambda item: pa.list_(item, 2)}
    of = (made.get(of) or getattr(pa, of))(item)
    table = pa.table({"key": ["a", "b"], "vector": pa.array([[1, 2], [3, 4]], of)})
    kv = KeyedVectors.from_arrow(table.slice(1))
    assert kv["b"].tolist() == [3, 4] and kv.vectors.dtype == np.float32
    check = KeyedVectors.from_dataframe(table)
    np.testing.assert_array_equal(check.vectors, KeyedVectors.from_arrow(table).vectors)


def test_vectors_are_tensors():
    pa = need("pyarrow")
    array = pa.FixedShapeTensorArray.from_numpy_ndarray(np.array([[1, 2], [3, 4]], np.float32))
    kv = KeyedVectors.from_arrow(pa.table({"key": ["a", "b"], "vector": array}))
    assert kv["b"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("column", "match"),
    [([[1, None]], "1 missing values"), ([["a"]], "list<.*string>; expected are lists of floats")],
)
def test_an_error_says_what_is_wrong_with_a_column(column, match):
    pa = need("pyarrow")
    with pytest.raises(FormatError, match=match):
        KeyedVectors.from_arrow(pa.table({"key": ["a"], "vector": column}))


def test_numbers_that_need_more_memory_than_is_free_are_not_read(tmp_path, monkeypatch):
    pa, pq = need("pyarrow"), need("pyarrow.parquet")
    rows = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(2**20, np.float32)), 2**10)
    pq.write_table(pa.table({"key": range(2**10), "vector": rows}), tmp_path / "v")
    assert (tmp_path / "v").stat().st_size < 2**16
    monkeypatch.setattr(machine, "available_memory", lambda: 2**23)
    with pytest.raises(MemoryError, match=r"the columns of .*v need 8,\d*,\d* bytes"):
        KeyedVectors.from_parquet(tmp_path / "v")
    monkeypatch.setattr(machine, "available_memory", lambda: 2**24)
    assert len(KeyedVectors.from_parquet(tmp_path / "v")) == 2**10


def test_lists_of_several_lengths_are_counted_by_the_bytes_that_a_file_states(
    tmp_path, monkeypatch
):
    pa, pq = need("pyarrow"), need("pyarrow.parquet")
    rows = pa.array(list(np.zeros((2**10, 2**10), np.float32)), pa.list_(pa.float32()))
    table = pa.table({"key": range(2**10), "vector": rows})
    pq.write_table(table, tmp_path / "v", use_dictionary=False, compression="zstd")
    monkeypatch.setattr(machine, "available_memory", lambda: 2**23)
    with pytest.raises(MemoryError, match=r"need 8,\d*,\d* bytes"):
        KeyedVectors.from_parquet(tmp_path / "v")


@pytest.mark.parametrize("kind", KINDS)
def test_no_memory_is_not_damage(tmp_path, monkeypatch, kind):
    pa = need("pyarrow")
    vectors().export(kind, tmp_path / "v")

    def fail(*args):
        raise pa.ArrowMemoryError("realloc of size 1 failed")

    monkeypatch.setattr(columns, "from_arrow", fail)
    with pytest.raises(MemoryError, match="realloc"):
        KeyedVectors.from_file(tmp_path / "v", kind)


def test_an_error_says_how_to_install_pyarrow(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match="pip install 'fastsgns"):
        columns.pyarrow()
