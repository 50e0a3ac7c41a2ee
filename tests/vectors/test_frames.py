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
