"""Parquet and Arrow IPC, by pyarrow: the columns ``key``, ``vector``, ``output`` and attributes."""

import io
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, warn
from fastsgns.formats import files
from fastsgns.formats.tables import (
    ELSEWHERE,
    VectorTable,
    check,
    check_utf8,
    exportable,
    is_utf8,
    type_of_keys,
)
from fastsgns.formats.writing import destination
from fastsgns.runtime import packages
from fastsgns.runtime.console import printable
from fastsgns.runtime.machine import require_memory

KEY, VECTOR, OUTPUT = "key", "vector", "output"
LISTS = ("fixed_size_list", "list", "large_list", "list_view", "large_list_view")
GROUP_BYTES = 1 << 26  # of a row group of Parquet, which readers take into memory one at a time


def pyarrow() -> Any:
    """Import pyarrow.

    Raises
    ------
    ImportError
        If it is not installed, or fails.
    """
    return packages.need(
        "pyarrow",
        "Parquet and Arrow need the package pyarrow: pip install 'fastsgns[arrow]', or use another "
        "format, such as npz",
    )


def to_arrow(table: VectorTable) -> Any:
    """Return a pyarrow.Table; vectors are fixed-size lists, in the memory of the matrices.

    Raises
    ------
    TypeError
        If the keys are not all str, all int, all float, all bytes or all bool.

    Warns
    -----
    UserWarning
        If attributes are left out, because a column does not hold them.
    """
    pa = pyarrow()
    arrays = {KEY: _keys(pa, table.keys)}
    attributes = exportable(_fitting(table.attributes), (KEY, VECTOR, OUTPUT))
    for name, values in attributes.items():
        arrays[name] = pa.array(_native(values)) if values.ndim == 1 else _lists(pa, values)
    arrays[VECTOR] = _lists(pa, table.vectors)
    if table.output is not None:
        arrays[OUTPUT] = _lists(pa, table.output)
    return pa.table(arrays)


def _fitting(attributes: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Return the attributes that fit a column by shape and text; warn of the others.

    `exportable` checks their types and names.
    """
    fitting, lost = {}, []
    for name, given in attributes.items():
        values = np.asarray(given)
        if values.ndim == 1 or (
            values.ndim == 2 and values.shape[1] and values.dtype.kind in "biuf"
        ):
            if all(is_utf8(value) for value in values.flat if isinstance(value, str)):
                fitting[name] = values
                continue
            lost.append(f"{name!r} (has no form in UTF-8)")
        else:
            lost.append(f"{name!r} (of {values.dtype} and shape {values.shape})")
    if lost:
        warn(
            f"the file does not hold the attributes {', '.join(lost)} of the keys: allowed are "
            "numbers of shape (V,) or (V, k) and str of shape (V,)"
        )
    return fitting


def _native(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("="))


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
    rows = _native(matrix)
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
    MemoryError
        If its columns do not fit into memory.
    """
    pyarrow()
    from pyarrow import parquet

    def read(file: Any) -> Any:
        with parquet.ParquetFile(file) as opened:
            _require_memory(opened, path)
            return opened.read()

    return _read(path, "Parquet", read, key, vector)


def _require_memory(opened: Any, path: Any) -> None:
    """Raise a MemoryError if the numbers that a file of Parquet states do not fit into memory.

    Compressed numbers can take a thousandth of their size. Arrow holds them, and then numpy. The
    sizes of the columns in row groups are not read, as pyarrow ends the process if these are bad.
    """
    metadata = opened.metadata
    groups = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
    if sum(group.num_rows for group in groups) != metadata.num_rows:
        raise FormatError(
            f"{files.name_of(path)} is damaged: it states {metadata.num_rows:,} rows, and its row "
            "groups have others"
        )
    n_bits = sum(_n_bits(field.type) for field in opened.schema_arrow) * metadata.num_rows
    n_bytes = max(n_bits // 8, sum(group.total_byte_size for group in groups))
    require_memory(2 * n_bytes, f"the columns of {files.name_of(path)}", "Read a part with pyarrow")


def _n_bits(of: Any) -> int:
    """Return the bits of a value of a type of columns; 0 if values have several sizes."""
    if pyarrow().types.is_fixed_size_list(of):
        return int(of.list_size) * _n_bits(of.value_type)
    return int(of.bit_width) if _is_number(of) else 0


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
        except (FormatError, MemoryError):
            raise
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            problem = printable(" ".join(str(error).split()))  # it has several lines, and bytes
            raise FormatError(f"{name} is not {what}, or it is damaged: {problem:.300}") from None


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
            listed = printable(", ".join(columns))
            raise FormatError(
                f"{name} has the columns {listed:.200}; expected are {key} (keys) "
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
    types = pyarrow().types
    lists = _as_lists(column)
    if lists is None:
        raise FormatError(
            f"{name}: the column {label} is of {column.type}; expected are lists of numbers"
        )
    values = lists.flatten()
    if missing := lists.null_count + values.null_count:
        raise FormatError(
            f"{name}: the column {label} has {missing} missing values; expected are lists of "
            "numbers without missing values"
        )
    if not (types.is_floating(values.type) or types.is_integer(values.type)):
        raise FormatError(
            f"{name}: the column {label} is of {column.type}; expected are lists of floats, or of "
            "integers"
        )
    rows = _rows(lists, values)
    if rows is None:
        lengths = _lengths(lists)
        raise FormatError(
            f"{name}: the lists of the column {label} have between {lengths[0]} and {lengths[-1]} "
            "numbers; expected is one length"
        )
    return rows


def _as_lists(column: Any) -> Any:
    """Return a column of lists as one array of them; None for other columns."""
    pa = pyarrow()
    of = column.type
    if isinstance(of, pa.BaseExtensionType):  # such as tensors
        of = of.storage_type
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], of)
    lists = pa.concat_arrays(column.chunks) if column.chunks else pa.array([], of)
    return lists if any(getattr(pa.types, f"is_{kind}")(of) for kind in LISTS) else None


def _lengths(lists: Any) -> np.ndarray:
    """Return the lengths that the lists have, in ascending order."""
    from pyarrow import compute

    return np.unique(compute.list_value_length(lists).to_numpy(zero_copy_only=False))


def _rows(lists: Any, values: Any) -> np.ndarray | None:
    """Return the numbers of lists as a matrix; None if the lists have several lengths."""
    numbers = np.array(values.to_numpy(zero_copy_only=False))
    if not len(lists):
        return numbers.reshape(0, getattr(lists.type, "list_size", 0))
    lengths = _lengths(lists)
    return numbers.reshape(len(lists), int(lengths[0])) if len(lengths) == 1 else None


def _attribute(column: Any) -> np.ndarray | None:
    """Return a column of numbers, texts or lists of numbers as an array; None for others."""
    types = pyarrow().types
    if column.null_count:
        return None
    if _is_number(column.type):
        return np.array(column.to_numpy())
    if types.is_string(column.type) or types.is_large_string(column.type):
        return np.array(column.to_pylist(), object)
    lists = _as_lists(column)
    if lists is None or not _is_number(lists.type.value_type):
        return None
    values = lists.flatten()
    return None if lists.null_count or values.null_count else _rows(lists, values)


def _is_number(of: Any) -> bool:
    types = pyarrow().types
    return bool(types.is_boolean(of) or types.is_integer(of) or types.is_floating(of))
