"""Data frames of pandas, polars and Arrow, and dicts."""

import numpy as np
import pytest
from optional import need

from fastsgns import KeyedVectors


@pytest.fixture
def kv():
    made = KeyedVectors.from_dict({"king": [3.0, 1.0], "queen": [3.0, 2.0]})
    made.expandos["count"] = np.array([7, 5])
    return made


def test_a_data_frame_has_a_row_per_key(kv):
    pd = need("pandas")
    frame = kv.to_pandas()
    assert frame.index.tolist() == ["king", "queen"] and frame.columns.tolist() == [0, 1]
    np.testing.assert_array_equal(frame.to_numpy(), kv.vectors)
    frame.loc["king", 0] = 9
    assert kv["king"][0] == 3
    assert kv.to_pandas(True)["count"].tolist() == kv.to_pandas(["count"])["count"].tolist()
    loaded = KeyedVectors.from_pandas(kv.to_pandas(True), attributes=["count"])
    assert loaded.index_to_key == kv.index_to_key and loaded.expandos["count"].tolist() == [7, 5]
    assert isinstance(frame, pd.DataFrame)
    with pytest.raises(ValueError, match="no attribute 'x'"):
        kv.to_pandas(["x"])


def test_keys_of_other_types_come_back():
    need("pandas")
    for keys in ([7, 8], [("a", 1), ("b", 2)], ["a", 1]):
        kv = KeyedVectors.from_arrays(keys, np.eye(2))
        assert KeyedVectors.from_pandas(kv.to_pandas()).index_to_key == keys


def test_columns_of_vectors_and_of_keys():
    pd = need("pandas")
    frame = pd.DataFrame({"id": [4, 5], "emb": [[1.0, 2.0], np.array([3.0, 4.0])], "n": [1, 2]})
    kv = KeyedVectors.from_pandas(frame, key="id", vector="emb", attributes=["n"])
    assert kv[5].tolist() == [3, 4] and kv.get_vecattr(5, "n") == 2
    wide = pd.DataFrame({"id": ["a", "b"], "x": [1, 2], "y": [0.5, 1.5]})
    assert KeyedVectors.from_pandas(wide, key="id")["b"].tolist() == [2, 1.5]


@pytest.mark.parametrize(
    ("columns", "options", "match"),
    [
        ({"x": [1.0, 2.0]}, {"key": "id"}, r"0 columns 'id'; there are \['x'\]"),
        ({"w": ["a", "b"], "x": [1.0, 2.0]}, {}, "column 'w' of the data frame is of"),
        ({"vector": [[1.0], [1.0, 2.0]]}, {}, "lists of numbers of one length"),
        ({"vector": ["a", "b"]}, {}, "lists of numbers"),
        ({"k": ["a", "a"], "x": [1.0, 2.0]}, {"key": "k"}, "'a' twice"),
        ({"k": ["a", None], "x": [1.0, 2.0]}, {"key": "k"}, "missing value"),
    ],
)
def test_frames_that_hold_no_vectors_are_refused(columns, options, match):
    pd = need("pandas")
    with pytest.raises(ValueError, match=match):
        KeyedVectors.from_pandas(pd.DataFrame(columns), **options)


def test_other_things_are_refused():
    with pytest.raises(TypeError, match="a list is not a data frame"):
        KeyedVectors.from_dataframe([1])
    with pytest.raises(ValueError, match="1 or 2 numbers each"):
        KeyedVectors.from_dict({"a": [1.0], "b": [1.0, 2.0]})
    with pytest.raises(ValueError, match="no numbers each"):
        KeyedVectors.from_dict({})


def test_polars_and_arrow(kv):
    pl = need("polars")
    frame = pl.DataFrame({"key": ["a", "b"], "x": [1.0, 2.0], "y": [3, 4]})
    assert KeyedVectors.from_dataframe(frame)["b"].tolist() == [2, 4]
    lists = pl.DataFrame({"key": ["a", "b"], "vector": [[1.0, 2.0], [3.0, 4.0]]})
    assert KeyedVectors.from_dataframe(lists)["b"].tolist() == [3, 4]
    need("pyarrow")
    loaded = KeyedVectors.from_dataframe(kv.to_arrow(), attributes=["count"])
    assert loaded["queen"].tolist() == [3, 2] and loaded.expandos["count"].tolist() == [7, 5]


def test_a_repeated_column_is_named():
    pd = need("pandas")
    with pytest.raises(ValueError, match=r"columns \['x'\] more than once"):
        KeyedVectors.from_pandas(pd.DataFrame(np.eye(3), columns=["x", "x", "y"]))


def test_one_attribute_is_a_list_of_one(kv):
    need("pandas")
    with pytest.raises(TypeError, match=r"attributes is 'count', .*pass \['count'\]"):
        kv.to_pandas(attributes="count")
    with pytest.raises(TypeError, match=r"attributes is 'count', .*pass \['count'\]"):
        KeyedVectors.from_pandas(kv.to_pandas(True), attributes="count")


@pytest.mark.parametrize("index", ["date_range", "period_range", "timedelta_range"])
def test_keys_that_no_file_holds_are_refused_at_once(index):
    pd = need("pandas")
    start = pd.Timedelta(0) if index == "timedelta_range" else "2020-01-01"
    frame = pd.DataFrame(np.eye(2), index=getattr(pd, index)(start, periods=2))
    with pytest.raises(TypeError, match=r"can't be saved.*index.astype\(str\)"):
        KeyedVectors.from_pandas(frame)
    assert len(KeyedVectors.from_pandas(frame.set_axis(frame.index.astype(str)))) == 2


@pytest.mark.parametrize("given", [3, None, 1.5, [1], [("a", [1.0])]])
def test_errors_of_other_objects_say_what_is_allowed(kv, given):
    need("pyarrow")
    for read in ("npz", "safetensors", "parquet", "arrow", "file", "vec"):
        with pytest.raises(TypeError, match=r"is not a file; allowed are a path"):
            getattr(KeyedVectors, f"from_{read}")(given)
    with pytest.raises(TypeError, match=r"is not a file; allowed are a path"):
        KeyedVectors.load_word2vec_format(given)
    with pytest.raises(TypeError, match="give a path and not"):
        KeyedVectors.from_tsv(given)
    with pytest.raises(TypeError, match="expected is a mapping of keys"):
        KeyedVectors.from_dict(given)
    with pytest.raises(TypeError, match="is not a data frame"):
        KeyedVectors.from_pandas(given)
    for kind in ("npz", "safetensors", "parquet", "arrow", "native", "text", "binary", "vec"):
        with pytest.raises(TypeError, match=r"is not a file; allowed are.*write\(\)"):
            kv.export(kind, given)


def test_a_series_is_no_data_frame():
    pd = need("pandas")
    with pytest.raises(TypeError, match="a Series is not a data frame"):
        KeyedVectors.from_pandas(pd.Series([1.0, 2.0]))
