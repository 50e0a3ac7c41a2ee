"""VectorTable: what files of vectors hold that other programs read, and its checks."""

import logging
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, warn
from fastsgns.formats import keys as key_types
from fastsgns.formats.quantized import dequantize, quantize

logger = logging.getLogger(__name__)

FLOATS = ("float16", "float32", "float64")
DTYPES = (*FLOATS, "int8")
# The attributes with the scales of int8 rows: of the vectors, and of the output vectors
VECTOR_SCALE, OUTPUT_SCALE = "vector_scale", "output_scale"
DERIVED = ("code", "point")  # attributes that follow from the counts: paths in the Huffman tree
ELSEWHERE = 'export("npz", path) and save(path) hold every key'


@dataclass
class VectorTable:
    """Keys, one or two vectors per key, and attributes of the keys.

    Attributes
    ----------
    keys : list of V keys
    vectors : ndarray of float, shape (V, d)
    output : ndarray of float, shape (V, e), or None
        The vectors of a second matrix.
    attributes : dict of str to ndarray, shape (V, ...)
        Arrays of numbers or, of dtype object, of str.
    """

    keys: Sequence[Hashable]
    vectors: np.ndarray
    output: np.ndarray | None = None
    attributes: dict[str, np.ndarray] = field(default_factory=dict)


def in_dtype(table: VectorTable, dtype: str) -> VectorTable:
    """Return a table whose matrices are of another type; int8 adds attributes with the scales.

    Parameters
    ----------
    table : VectorTable
    dtype : str
        One of `DTYPES`.

    Raises
    ------
    ValueError
        If a number is too large for the type, or int8 is asked for numbers that are not finite.

    Examples
    --------
    >>> table = in_dtype(VectorTable(["a"], np.array([[2.54, -1.27]])), "int8")
    >>> table.vectors.tolist(), round(float(table.attributes["vector_scale"][0]), 4)
    ([[127, -64]], 0.02)
    """
    attributes = dict(table.attributes)

    def converted(matrix: np.ndarray, name: str) -> np.ndarray:
        if matrix.dtype == dtype:
            return matrix
        if dtype != "int8":
            return narrowed(matrix, dtype, ", or leave out dtype=")
        if name in attributes:
            warn(f"the file holds the scales of int8 rows instead of your attribute {name!r}")
        codes, attributes[name] = quantize(matrix)
        return codes

    vectors = converted(table.vectors, VECTOR_SCALE)
    output = None if table.output is None else converted(table.output, OUTPUT_SCALE)
    return VectorTable(table.keys, vectors, output, attributes)


def narrowed(matrix: np.ndarray, dtype: str, advice: str = "") -> np.ndarray:
    """Return vectors as another type of floating point numbers.

    Raises
    ------
    ValueError
        If a number is too large for the type.
    """
    if matrix.dtype == dtype:
        return matrix
    with np.errstate(over="ignore"):
        narrow = matrix.astype(dtype)
    lost = np.isinf(narrow) & np.isfinite(matrix)
    if lost.any():
        row = int(np.flatnonzero(lost.any(axis=1))[0])
        raise ValueError(
            f"row {row} of the vectors has a number that is too large for {dtype}, whose largest "
            f"is {np.finfo(dtype).max:g}; scale the vectors{advice}"
        )
    return narrow


def exportable(
    attributes: Mapping[str, Any], reserved: Sequence[str], texts: bool = True
) -> dict[str, Any]:
    """Return those attributes of keys that files hold: arrays of numbers, and of str.

    Parameters
    ----------
    attributes : mapping of str to array_like
    reserved : sequence of str
        Names that a format uses for something else.
    texts : bool
        Whether the format holds str.

    Warns
    -----
    UserWarning
        If others are left out.

    Examples
    --------
    >>> exportable({"count": np.array([2, 1])}, reserved=["key"])
    {'count': array([2, 1])}
    """
    held, lost = {}, {}
    for name, given in attributes.items():
        values = np.asarray(given)
        if name in reserved or not _is_name(name):
            lost[name] = "the format does not take this name"
        elif values.dtype.kind in "biuf" and values.dtype.itemsize <= 8:
            held[name] = _native(values)
        elif texts and all(isinstance(value, str) for value in values.flat):
            held[name] = values.astype(object)
        elif name not in DERIVED:
            lost[name] = _why_lost(values, texts)
    if lost:
        reasons = "; ".join(f"{name!r:.60}: {reason}" for name, reason in lost.items())
        warn(
            f"the file does not hold the attributes {list(lost)} of the keys: allowed are arrays "
            f"of numbers{' or str' * texts} by other names than {', '.join(reserved)}. {reasons}"
        )
    return held


def _why_lost(values: np.ndarray, texts: bool) -> str:
    """Return why a file does not hold an attribute."""
    plain = values.ravel().tolist()
    kinds = sorted({type(value).__name__ for value in plain})
    if values.dtype.kind not in "OU":
        return f"it is of {values.dtype}"
    if kinds == ["str"]:
        return "the format holds no str"
    where = ""
    if texts and "str" in kinds:
        index = next(i for i, value in enumerate(plain) if not isinstance(value, str))
        where = (
            f", such as {plain[index]!r:.60} of key {index}; a key that it was not set for "
            "has 0, set it to a str"
        )
    return f"it has values of type {', '.join(kinds)}{where}"


def _native(values: np.ndarray) -> np.ndarray:
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def _is_name(name: object) -> bool:
    """Return whether an attribute may have this name in files: UTF-8 without the NUL of C."""
    return isinstance(name, str) and is_utf8(name) and "\0" not in name


def type_of_keys(keys: Sequence[Hashable]) -> type | None:
    """Return the type that all keys have; None if there are several, or another one.

    Examples
    --------
    >>> type_of_keys(["a", "b"]), type_of_keys([1, 2]), type_of_keys([1, "a"])
    (<class 'str'>, <class 'int'>, None)
    """
    types = set(map(type, keys)) or {str}
    only = types.pop()
    return None if types or only not in (str, int, float, bytes, bool) else only


def as_texts(keys: Sequence[Hashable], separators: str, what: str) -> list[str]:
    """Return keys as texts, an int in digits, for a file that separates them.

    Parameters
    ----------
    keys : sequence of keys
    separators : str
        The characters that a key may not contain.
    what : str
        The kind of file, for messages.

    Raises
    ------
    TypeError
        If the keys are neither all str nor all int.
    ValueError
        If a key contains a separator, or has no form in UTF-8.
    """
    if type_of_keys(keys) not in (str, int):
        types = ", ".join(sorted({type(key).__name__ for key in keys}))
        raise TypeError(
            f"the keys are of type {types}; {what} holds keys that are all str, or all int. "
            f"{ELSEWHERE}"
        )
    texts = list(map(str, keys))
    joined = "".join(texts)
    wrong = next((character for character in separators if character in joined), None)
    if wrong is not None:
        key = next(text for text in texts if wrong in text)
        raise ValueError(
            f"the key {key!r:.60} can't be written to {what}: {wrong!r} separates keys there. "
            f"Rename it; {ELSEWHERE}"
        )
    check_utf8(texts, what)
    return texts


def check_utf8(texts: Sequence[str], what: str) -> None:
    """Raise a ValueError if a key has no form in UTF-8."""
    if not is_utf8("".join(texts)):
        text = next(text for text in texts if not is_utf8(text))
        raise ValueError(
            f"the key {text!r:.60} can't be written to {what}: it has no form in UTF-8. "
            f"Rename it; {ELSEWHERE}"
        )


def is_utf8(text: str) -> bool:
    """Return whether a text has a form in UTF-8, which half a surrogate pair has not."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def check(table: VectorTable, name: str) -> VectorTable:
    """Check what was read from a file; return it with keys as a list and native byte order.

    int8 rows with scales become float32; see `in_dtype`. Attributes whose length is another one are
    left out, with a warning in the log.

    Raises
    ------
    FormatError
        If the number of keys, the shapes or types of the matrices, or a key is wrong.
    """
    try:
        table.keys = key_types.check_keys(table.keys)
    except (TypeError, ValueError) as error:
        raise FormatError(f"{name}: {error}") from None
    if len(set(table.keys)) != len(table.keys):
        seen: set[Hashable] = set()
        twice = next(key for key in table.keys if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise FormatError(f"{name} has the key {twice!r:.60} twice; each key must be there once")
    table.vectors = _in_floats(table.vectors, table.attributes, VECTOR_SCALE)
    table.vectors = _matrix(table.vectors, "vectors", len(table.keys), name)
    if table.output is not None:
        table.output = _in_floats(table.output, table.attributes, OUTPUT_SCALE)
        table.output = _matrix(table.output, "output vectors", len(table.keys), name)
    for attribute, values in list(table.attributes.items()):
        if values.shape[:1] != (len(table.keys),):
            logger.warning(
                "%s: %r, of shape %s, has no value per key, and is left out", name, attribute,
                values.shape,
            )  # fmt: skip
            del table.attributes[attribute]
        elif values.dtype.kind == "U":
            table.attributes[attribute] = values.astype(object)
        else:
            table.attributes[attribute] = _native(values)
    return table


def _in_floats(matrix: np.ndarray, attributes: dict[str, np.ndarray], scale: str) -> np.ndarray:
    """Return int8 rows times their scales, which leave the attributes; others as they are."""
    scales = attributes.get(scale)
    if (
        matrix.dtype != np.int8
        or matrix.ndim != 2
        or scales is None
        or scales.dtype.kind != "f"
        or scales.shape != matrix.shape[:1]
    ):
        return matrix
    return dequantize(matrix, attributes.pop(scale))


def _matrix(matrix: np.ndarray, what: str, n_keys: int, name: str) -> np.ndarray:
    if matrix.dtype.kind in "iu":  # as everywhere where vectors are set
        matrix = matrix.astype(np.float32)
    if matrix.dtype.newbyteorder("=").name not in FLOATS or matrix.ndim != 2:
        raise FormatError(
            f"{name}: the {what} are of {matrix.dtype} and shape {matrix.shape}; expected is a "
            f"matrix of {', '.join(FLOATS)} or integers"
        )
    if len(matrix) != n_keys:
        raise FormatError(
            f"{name} has {n_keys} keys and {len(matrix)} {what}; as many are expected"
        )
    return np.ascontiguousarray(matrix, matrix.dtype.newbyteorder("="))
