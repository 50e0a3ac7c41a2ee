"""Pairs of TSV files for the TensorBoard projector: numbers in one, keys and counts in the other.

``NAME_tensor.tsv`` has the numbers of a vector per line, and ``NAME_metadata.tsv`` its key. The
projector expects a header in the second file if and only if it has more than one column.
"""

import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns.errors import FormatError, warn
from fastsgns.formats import files, numerals
from fastsgns.formats.sniffing import number
from fastsgns.formats.tables import ELSEWHERE, VectorTable, as_texts, check, exportable, is_utf8
from fastsgns.formats.writing import destination, write_slices

WHAT = "a file of TSV"
BLOCK_ROWS = 1024
BLANK_BYTES = 1 << 16  # a longer file is not looked through for numbers before it is read
KEY = "word"
PARTS = ("_tensor", "_metadata")
SEPARATORS = "\t\n\r"
INTEGER = re.compile("[+-]?[0-9]{1,20}")


def paths_of(path: Any) -> tuple[str, str]:
    """Return the names of both files.

    Examples
    --------
    >>> paths_of("words.tsv")
    ('words_tensor.tsv', 'words_metadata.tsv')
    """
    if not files.is_path(path):
        raise TypeError(
            f"TSV for the projector is two files; give a path and not {type(path).__name__}"
        )
    stem = files.local_path(path).removesuffix(".tsv")
    stem = stem.removesuffix(next(filter(stem.endswith, PARTS), ""))
    return f"{stem}_tensor.tsv", f"{stem}_metadata.tsv"


def is_pair(path: Any) -> bool:
    """Return whether a path names the two files: one of them, or what both begin with.

    Examples
    --------
    >>> is_pair("words_tensor.tsv"), is_pair("absent.tsv"), is_pair("words.txt")
    (True, True, False)
    """
    name = files.local_path(path)
    is_part = name.removesuffix(".tsv").endswith(PARTS)
    return name.endswith(".tsv") and (is_part or not os.path.exists(name))


def write(path: Any, table: VectorTable) -> None:
    """Write both files, each atomically: first the numbers, then the keys.

    Parameters
    ----------
    path : str or os.PathLike
        See `paths_of`.
    table : VectorTable
        Attributes with a number or a str per key become columns of the metadata.

    Raises
    ------
    TypeError
        If a key is neither a str nor an int.
    ValueError
        If a key is blank or contains a tab or a newline, or if the first one looks like the
        beginning of a file that is not text.

    Warns
    -----
    UserWarning
        If attributes are left out, or there are no vectors.
    """
    tensor, metadata = paths_of(path)
    columns = {KEY: as_texts(table.keys, SEPARATORS, WHAT)} | _columns(table.attributes)
    _check_keys(columns)
    if not table.vectors.size:
        if len(table.vectors):
            raise ValueError(f"vectors without numbers can't be written to {WHAT}. {ELSEWHERE}")
        warn(f"there are no vectors, and {WHAT} does not say how many numbers they would have")
    write_pair(tensor, metadata, table.vectors, columns)


def _columns(attributes: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the texts of the attributes that fit; warn of the others."""
    columns, lost = {}, []
    for name, values in exportable(attributes, (KEY,)).items():
        texts = [name, *map(str, values.tolist())] if values.ndim == 1 else []
        if values.ndim != 1:
            lost.append(f"{name!r} (of shape {values.shape})")
        elif any(separator in text for text in texts for separator in SEPARATORS):
            lost.append(f"{name!r} (contains a tab or the end of a line)")
        elif not all(map(is_utf8, texts)):
            lost.append(f"{name!r} (has no form in UTF-8)")
        else:
            columns[name] = texts[1:]
    if lost:
        warn(
            f"the file does not hold the attributes {', '.join(lost)} of the keys: allowed are "
            "numbers and str of shape (V,), without tabs and newlines"
        )
    return columns


def _check_keys(columns: dict[str, list[str]]) -> None:
    """Raise a ValueError if `read` would not find the keys in the file as they are."""
    keys = columns[KEY]
    blank = next((key for key in keys if not key.strip()), None)
    if blank is not None:
        raise ValueError(
            f"the key {blank!r:.60} is blank, and {WHAT} has no blank lines; rename it. {ELSEWHERE}"
        )
    begin = "\n".join(keys[: files.HEAD_BYTES]) if len(columns) == 1 else ""
    try:
        files.check_text(begin.encode(), "it")
        if begin.startswith("\ufeff"):
            raise FormatError("it begins with a byte order mark")
    except FormatError as error:
        raise ValueError(
            f"{WHAT} can't begin with the key {keys[0]!r:.60}: for a reader, {error}. Rename it, "
            f"or put another key first; {ELSEWHERE}"
        ) from None


def write_pair(
    tensor: Any, metadata: Any, vectors: np.ndarray, columns: dict[str, list[str]]
) -> None:
    """Write the numbers to one file, and columns of texts to the other."""
    with destination(tensor) as file:
        for start in range(0, len(vectors), BLOCK_ROWS):
            write_slices(file, _lines(vectors[start : start + BLOCK_ROWS]))
    with destination(metadata) as file:
        if len(columns) > 1:
            file.write("\t".join(columns).encode() + b"\n")
        for start in range(0, len(vectors), BLOCK_ROWS):
            cells = zip(*(column[start : start + BLOCK_ROWS] for column in columns.values()))
            write_slices(file, "".join(["\t".join(row) + "\n" for row in cells]).encode())


def _lines(vectors: np.ndarray) -> bytes:
    r"""Return a line of numbers, with all their digits, per vector.

    Examples
    --------
    >>> _lines(np.array([[1.0, 0.5], [0.0, -2.0]]))
    b'1\t0.5\n0\t-2\n'
    """
    dense = np.ascontiguousarray(vectors, np.float64)
    text = np.empty(len(dense) * (numerals.LONGEST_NUMERAL * dense.shape[1] + 1), np.uint8)
    ends = np.zeros(len(dense), np.int64)
    numerals.lines(dense, 17 if vectors.dtype.itemsize > 4 else 9, text, ends)
    content = text[: ends[-1]].tobytes()  # each number follows a space
    return content[1:].replace(b"\n ", b"\n").replace(b" ", b"\t")


def read(path: Any, metadata: Any = None, datatype: npt.DTypeLike = np.float32) -> VectorTable:
    """Read both files.

    Parameters
    ----------
    path : str or os.PathLike
        As for `write`; or, if `metadata` is given, the file of the numbers.
    metadata : str, os.PathLike or binary file object, optional
        The file of the keys. Its first column has the keys. It has a header if it has one line
        more than the other file.
    datatype : dtype
        Of the vectors.

    Raises
    ------
    FormatError
        If a line is not of this format, or the files have different numbers of lines.
    """
    tensor = path
    if metadata is None:
        tensor, metadata = paths_of(path)
    vectors = _vectors(tensor, datatype)
    keys, attributes = _metadata(metadata, len(vectors), files.name_of(tensor))
    return check(VectorTable(keys, vectors, None, attributes), files.name_of(tensor))


def _vectors(source: Any, datatype: npt.DTypeLike) -> np.ndarray:
    """Read the numbers by numpy, or line by line if that fails, for an error that names the line.

    Both read the same numbers. What is read of a pipe is gone, so it is read once, line by line.
    """
    if files.is_path(source) and (files.is_url(source) or os.path.isfile(files.local_path(source))):
        with files.open_binary(source) as file, suppress(ValueError, EOFError, OSError):
            head = file.read(BLANK_BYTES)
            if len(head) < BLANK_BYTES and not head.strip():  # numpy would warn
                return np.zeros((0, 0), datatype)
            file.seek(0)
            numbers = np.loadtxt(
                file, datatype, delimiter="\t", comments=None, ndmin=2, encoding="utf-8"
            )
            return numbers if len(numbers) else numbers.reshape(0, 0)
    return _line_by_line(source, datatype)


def _line_by_line(source: Any, datatype: npt.DTypeLike) -> np.ndarray:
    name, width = files.name_of(source), 0
    rows: list[list[float]] = []
    for at, line in files.lines(source):
        cells = line.encode().split(b"\t")
        width = width or len(cells)
        try:
            row = [number(cell) for cell in cells]
        except ValueError:
            row = []
        if len(row) != width:
            raise FormatError(
                f"{name}, line {at} is {line!r:.60}; expected are {width} numbers between tabs"
            )
        rows.append(row)
    with np.errstate(over="ignore"):  # as numpy reads numbers that are too large: infinite
        return np.array(rows, datatype).reshape(len(rows), width)


def _metadata(source: Any, n: int, tensor: str) -> tuple[list[str], dict[str, np.ndarray]]:
    name = files.name_of(source)
    lines = [line.rstrip("\r").split("\t") for _, line in files.lines(source)]
    has_header = len(lines) == n + 1
    if not has_header and len(lines) != n:
        raise FormatError(
            f"{tensor} has {n} lines, and {name} {len(lines)}; expected are as many, or one more "
            "for a header"
        )
    names = lines.pop(0) if has_header else [KEY, *map(str, range(1, len(lines[0]) if n else 1))]
    wrong = next((row for row in lines if len(row) != len(names)), None)
    if wrong is not None:
        raise FormatError(f"{name} has a line of {len(wrong)} columns; expected are {len(names)}")
    columns = list(zip(*lines)) or [()] * len(names)
    return list(columns[0]), {key: _column(cells) for key, cells in zip(names[1:], columns[1:])}


def _column(cells: Sequence[str]) -> np.ndarray:
    """Return numbers as an array of int64, uint64 or float64, and other texts as dtype object.

    Integers of more than 64 bits stay texts, as float64 has not all their digits.
    """
    if all(INTEGER.fullmatch(cell) for cell in cells):
        numbers = [int(cell) for cell in cells]
        for dtype in (np.int64, np.uint64):
            with suppress(OverflowError):
                return np.array(numbers, dtype)
    elif not any("_" in cell for cell in cells):
        with suppress(ValueError):
            return np.array([float(cell) for cell in cells])
    return np.array(cells, object)
