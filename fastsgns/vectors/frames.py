"""Data frames of pandas and polars, and tables of Arrow, with a row per key."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from fastsgns.formats.columns import KEY, OUTPUT, VECTOR
from fastsgns.formats.keys import check_keys, encode
from fastsgns.formats.tables import VectorTable, check
from fastsgns.runtime import packages
from fastsgns.vectors.keys import as_key_list
from fastsgns.vectors.storage import check_in_step

WHAT = "the data frame"


def to_pandas(kv: Any, attributes: Iterable[str] | bool = False) -> Any:
    """Return a DataFrame of the vectors of `kv`; see `KeyedVectors.to_pandas`."""
    pd = packages.need("pandas", "a DataFrame needs the package pandas: pip install pandas")
    check_in_step(kv)
    index = pd.Index(kv.index_to_key, name=KEY, tupleize_cols=False)
    frame = pd.DataFrame(kv.array, index=index, copy=True)
    if isinstance(attributes, bool):
        attributes = list(kv.expandos) if attributes else []
    for name in as_key_list(attributes, "attributes"):
        if name not in kv.expandos:
            raise ValueError(f"no attribute {name!r}; there are {sorted(kv.expandos)}")
        frame[name] = list(kv.expandos[name]) if kv.expandos[name].ndim > 1 else kv.expandos[name]
    return frame


def table_of(
    frame: Any, key: str | None = None, vector: str | None = None, attributes: Iterable[str] = ()
) -> VectorTable:
    """Return the keys, vectors and attributes of a data frame; see `KeyedVectors.from_dataframe`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"key": ["a", "b"], "x": [1.0, 0.0], "y": [0.5, 1.0]})
    >>> table_of(frame, key="key").vectors.tolist()
    [[1.0, 0.5], [0.0, 1.0]]
    """
    is_pandas = hasattr(frame, "iloc")
    if not hasattr(frame, "columns"):
        raise TypeError(
            f"a {type(frame).__name__} is not a data frame; allowed are those of pandas and "
            "polars, and tables of pyarrow"
        )
    names = list(getattr(frame, "column_names", frame.columns))
    key = KEY if key is None and not is_pandas else key
    vector = VECTOR if vector is None and VECTOR in names else vector
    attributes = as_key_list(attributes, "attributes")
    for name in [*(name for name in (key, vector) if name is not None), *attributes]:
        if names.count(name) != 1:
            raise ValueError(
                f"{WHAT} has {names.count(name)} columns {name!r}; there are {names!s:.200}"
            )
    keys = check_keys(frame.index.tolist() if key is None else _list(frame[key]))
    _check_savable(keys)
    output = None
    if vector is None:
        dimensions = [name for name in names if name != key and name not in attributes]
        repeated = [name for name, n in Counter(dimensions).items() if n > 1]
        if repeated:
            raise ValueError(
                f"{WHAT} has the columns {repeated!s:.200} more than once; give each column a name "
                "of its own"
            )
        columns = [_numbers(frame[name], name) for name in dimensions]
        vectors = np.column_stack(columns) if columns else np.zeros((len(keys), 0), np.float32)
    else:
        vectors = _rows(frame[vector], vector)
        if OUTPUT in names and OUTPUT not in (key, vector, *attributes):
            output = _rows(frame[OUTPUT], OUTPUT)
    own = {name: _attribute(frame[name]) for name in attributes}
    return check(VectorTable(keys, vectors, output, own), WHAT)


def _check_savable(keys: list[Any]) -> None:
    """Raise a TypeError if a key is of a type that no file holds, such as pandas.Timestamp."""
    for key in {type(key): key for key in keys}.values():
        try:
            encode(key)
        except TypeError as error:
            raise TypeError(
                f"{WHAT}: {error}. Convert the column, column.astype(str), or the index, "
                "frame.set_axis(frame.index.astype(str))"
            ) from None


def _list(column: Any) -> list[Any]:
    to_list = getattr(column, "to_pylist", None) or column.to_list
    listed: list[Any] = to_list()
    return listed


def _numbers(column: Any, name: Any) -> np.ndarray:
    """Return a column of numbers; integers become float32, as in KeyedVectors."""
    numbers = np.asarray(column)
    if numbers.dtype.kind in "iub":
        return numbers.astype(np.float32)
    if numbers.dtype.kind != "f" or numbers.ndim != 1:
        raise ValueError(
            f"the column {name!r} of {WHAT} is of {numbers.dtype}; expected are numbers. Name the "
            "column of keys, key=, and those of attributes, attributes="
        )
    return numbers


def _rows(column: Any, name: Any) -> np.ndarray:
    """Return a column of lists as a matrix."""
    listed = _list(column)
    rows = [np.asarray(row) for row in listed]
    if any(
        row.ndim != 1 or row.dtype.kind not in "fiub" or len(row) != len(rows[0]) for row in rows
    ):
        raise ValueError(
            f"the column {name!r} of {WHAT} does not hold lists of numbers of one length"
        )
    matrix = np.array(rows) if rows else np.zeros((0, 0), np.float32)
    return matrix if matrix.dtype.kind == "f" else matrix.astype(np.float32)


def _attribute(column: Any) -> np.ndarray:
    values = np.asarray(column)
    return values if values.dtype.kind in "biuf" else np.array(_list(column), object)
