"""Parquet and Arrow IPC, by pyarrow: the columns ``key``, ``vector``, ``output`` and attributes."""

import io
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import files
from fastsgns.formats.tables import (
    ELSEWHERE,
    VectorTable,
    check,
    check_utf8,
    exportable,
    type_of_keys,
)
from fastsgns.formats.writing import destination

KEY, VECTOR, OUTPUT = "key", "vector", "output"
GROUP_BYTES = 1 << 26  # of a row group of Parquet, which readers take into memory one at a time


def pyarrow() -> Any:
    """Import pyarrow.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        import pyarrow
    except ImportError:
        raise ImportError(
            "Parquet and Arrow need the package pyarrow: pip install 'fastsgns[arrow]', or use "
            "another format, such as npz"
        ) from None
    return pyarrow


def to_arrow(table: VectorTable) -> Any:
    """Return a pyarrow.Table; vectors are fixed-size lists, in the memory of the matrices.

    Raises
    ------
    TypeError
        If the keys are not all str, all int, all float, all bytes or all bool.
    """
    pa = pyarrow()
    arrays = {KEY: _keys(pa, table.keys)}
    for name, values in exportable(table.attributes, (KEY, VECTOR, OUTPUT)).items():
        arrays[name] = pa.array(values) if values.ndim == 1 else _lists(pa, values)
    arrays[VECTOR] = _lists(pa, table.vectors)
    if table.output is not None:
        arrays[OUTPUT] = _lists(pa, table.output)
    return pa.table(arrays)


def _keys(pa: Any, keys: Sequence[Hashable]) -> Any:
    of = type_of_keys(keys)
    if of is None:
        types = sorted({type(key).__name__ for key in keys})
        raise TypeError(
            f"the keys are of types {', '.join(types)}; a column has one type: str, int, float, "
            f"bytes or bool. {ELSEWHERE}"
        )
    if of is str:
        check_utf8(list(map(str, keys)), "Parquet or Arrow")
    try:
        column = {str: pa.string(), int: pa.int64(), float: pa.float64(), bytes: pa.binary()}
        return pa.array(keys, column.get(of, pa.bool_()))
    except (OverflowError, pa.ArrowException) as error:
        raise TypeError(f"the keys don't fit a column: {error}; {ELSEWHERE}") from None


def _lists(pa: Any, matrix: np.ndarray) -> Any:
    rows = np.ascontiguousarray(matrix)
    if rows.ndim != 2 or not rows.shape[1]:
        raise ValueError(
            f"an array of shape {rows.shape} can't be a column of Parquet or Arrow; allowed are "
            "(V,) and (V, d)"
        )
    return pa.FixedSizeListArray.from_arrays(pa.array(rows.reshape(-1)), rows.shape[1])


def write_parquet(path: Any, table: VectorTable) -> None:
    """Write Parquet, atomically, with row groups of some MB; exceptions as of `to_arrow`.

    Numbers are neither compressed nor put into dictionaries: vectors hardly repeat a number.
    """
    pyarrow()
    from pyarrow import parquet

    content = to_arrow(table)
    n_rows = max(1, GROUP_BYTES * len(table.keys) // max(1, content.nbytes))
    with destination(path) as file:
        parquet.write_table(
            content, file, row_group_size=n_rows, use_dictionary=False, compression="none"
        )


def write_arrow(path: Any, table: VectorTable) -> None:
    """Write an IPC file (Feather version 2), atomically; exceptions as of `to_arrow`."""
    pa = pyarrow()
    content = to_arrow(table)
    with destination(path) as file, pa.ipc.new_file(file, content.schema) as writer:
        writer.write_table(content)


def read_parquet(path: Any, key: str = KEY, vector: str = VECTOR) -> VectorTable:
    """Read Parquet; see `from_arrow`.

    Raises
    ------
    FormatError
        If it is not a file of Parquet, is damaged, or lacks a column.
    """
    pyarrow()
    from pyarrow import parquet

    return _read(path, "Parquet", parquet.read_table, key, vector)


def read_arrow(path: Any, key: str = KEY, vector: str = VECTOR) -> VectorTable:
    """Read an IPC file or an IPC stream; see `from_arrow`.

    Raises
    ------
    FormatError
        If it is not a file of Arrow, is damaged, or lacks a column.
    """
    ipc = pyarrow().ipc

    def read(file: Any) -> Any:
        is_file = file.read(6) == b"ARROW1"
        file.seek(0)
        return (ipc.open_file if is_file else ipc.open_stream)(file).read_all()

    return _read(path, "Arrow IPC", read, key, vector)


def _read(path: Any, what: str, read: Any, key: str, vector: str) -> VectorTable:
    pa, name = pyarrow(), files.name_of(path)
    with files.naming(name), files.open_binary(path) as file:
        seekable = file if file.seekable() else io.BytesIO(file.read())
        try:
            content = read(seekable)
            content.validate(full=True)  # offsets of strings and lists are within their buffers
            return from_arrow(content, key, vector, name)
        except FormatError:
            raise
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise FormatError(f"{name} is not {what}, or it is damaged: {error}") from None


def from_arrow(content: Any, key: str = KEY, vector: str = VECTOR, name: str = "") -> VectorTable:
    """Return the vectors of a pyarrow.Table.

    Parameters
    ----------
    content : pyarrow.Table
    key, vector : str
        The columns of keys, and of lists of numbers. A column ``output`` of lists is the second
        matrix. Other columns of numbers or texts become attributes.
    name : str
        What messages call the table.

    Raises
    ------
    FormatError
        If a column is missing, of another type, or has missing values or lists of several lengths.
    """
    name = name or "the table"
    columns = content.column_names
    for needed in (key, vector):
        if columns.count(needed) != 1:
            raise FormatError(
                f"{name} has the columns {', '.join(columns)!s:.200}; expected are {key} (keys) "
                f"and {vector} (lists of numbers). Give their names, key= and vector="
            )
    output = OUTPUT if OUTPUT in columns and OUTPUT not in (key, vector) else None
    attributes = {
        column: values
        for column in columns
        if column not in (key, vector, output)
        and (values := _attribute(content.column(column))) is not None
    }
    return check(
        VectorTable(
            content.column(key).to_pylist(),
            _matrix(content.column(vector), vector, name),
            None if output is None else _matrix(content.column(output), output, name),
            attributes,
        ),
        name,
    )


def _matrix(column: Any, label: str, name: str) -> np.ndarray:
    pa = pyarrow()
    lists = pa.concat_arrays(column.chunks) if column.chunks else pa.array([], column.type)
    is_list = [pa.types.is_fixed_size_list, pa.types.is_list, pa.types.is_large_list]
    if not any(holds(lists.type) for holds in is_list):
        raise FormatError(
            f"{name}: the column {label} is of {lists.type}; expected are lists of numbers"
        )
    values = lists.flatten()
    is_float = pa.types.is_floating(values.type)
    if not is_float or lists.null_count or values.null_count:
        raise FormatError(
            f"{name}: the column {label} has {lists.null_count + values.null_count} missing values "
            f"and is of {lists.type}; expected are lists of float16, float32 or float64 without "
            "missing values"
        )
    numbers = np.array(values.to_numpy(zero_copy_only=False))
    if not len(lists):
        return numbers.reshape(0, getattr(lists.type, "list_size", 0))
    from pyarrow import compute

    lengths = np.unique(compute.list_value_length(lists).to_numpy(zero_copy_only=False))
    if len(lengths) > 1:
        raise FormatError(
            f"{name}: the lists of the column {label} have between {lengths[0]} and {lengths[-1]} "
            "numbers; expected is one length"
        )
    return numbers.reshape(len(lists), int(lengths[0]))


def _attribute(column: Any) -> np.ndarray | None:
    """Return a column of numbers or texts as an array; None for others."""
    types = pyarrow().types
    if column.null_count:
        return None
    if types.is_boolean(column.type) or types.is_integer(column.type):
        return np.array(column.to_numpy())
    if types.is_floating(column.type):
        return np.array(column.to_numpy())
    if types.is_string(column.type) or types.is_large_string(column.type):
        return np.array(column.to_pylist(), object)
    return None
