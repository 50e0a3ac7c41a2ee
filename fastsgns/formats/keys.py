"""Keys: what may name a word, a node or a side of a pair, and how a file writes it.

A key is hashable and equal to itself. Scalars of other libraries (numpy, Arrow, torch) are
replaced by the Python object that they contain, so that every type of scalar finds the same key.
"""

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, count
from typing import Any

import numpy as np

from fastsgns.errors import warn
from fastsgns.formats import words

STR, INT, FLOAT, BYTES, BOOL, TUPLE, NONE = range(7)
NUMPY = (np.str_, np.bytes_, np.bool_, np.integer, np.floating)
MOMENTS = (np.datetime64, np.timedelta64)
COMMON = {str, int}
SLICE = 1 << 16  # words that are decoded at once
SAVABLE = "str, int, float, bool, bytes and tuples of these"


def plain(key: Any) -> Any:
    """Return the Python object that a scalar of another library holds, and any other key as it is.

    Examples
    --------
    >>> plain(np.int64(7)), plain(np.str_("a")), plain(("a", 1))
    (7, 'a', ('a', 1))
    """
    if type(key) in COMMON:
        return key
    if isinstance(key, np.generic):
        if isinstance(key, MOMENTS):
            return _moment(key)
        return key.item() if isinstance(key, NUMPY) else key
    if isinstance(key, np.ndarray) and key.ndim == 0:
        return plain(key[()])
    if hasattr(key, "as_py"):  # Arrow
        return key.as_py()
    if getattr(key, "ndim", None) == 0 and hasattr(key, "item"):  # arrays and tensors
        return key.item()
    return key


def _moment(key: np.generic) -> Any:
    """Return the date, time or duration that numpy's holds; itself if it is finer than Python's."""
    moment = key.item()
    return key if isinstance(moment, int) else moment


def plain_all(keys: Iterable[Any]) -> list[Any]:
    """Return keys as a list, each as `plain` has it."""
    is_array = isinstance(keys, np.ndarray) and keys.dtype.kind not in "mMO"
    listed = keys.tolist() if is_array else list(keys)  # type: ignore[attr-defined]
    return listed if set(map(type, listed)) <= COMMON else [plain(key) for key in listed]


def unified(keys: Iterable[Any]) -> tuple[list[Any], np.ndarray | None]:
    """Return keys as `plain` has them, each once.

    Returns
    -------
    keys : list
        In the order of their first appearance.
    positions : ndarray of int64, or None
        Where each of the keys that were given is now; None if all are where they were.

    Examples
    --------
    >>> unified(["a", np.array("a"), "b"])
    (['a', 'b'], array([0, 0, 1]))
    """
    listed = plain_all(keys)
    positions_by_key: dict[Any, int] = {}
    for key in listed:
        positions_by_key.setdefault(key, len(positions_by_key))
    if len(positions_by_key) == len(listed):
        return listed, None
    return list(positions_by_key), np.array([positions_by_key[key] for key in listed], np.int64)


def is_missing(key: Any) -> bool:
    """Return whether a key is None, NaN or another object not equal to itself, such as NA.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing("nan")
    (True, True, False)
    """
    if type(key) in COMMON:
        return False
    try:
        return key is None or bool(key != key)
    except (TypeError, ValueError):
        return True


def check_keys(keys: Iterable[Any], what: str = "key") -> list[Any]:
    """Return the keys as a list, each as `plain` has it.

    Raises
    ------
    ValueError
        If one is missing (None or NaN).
    TypeError
        If one can't be hashed.
    """
    listed = plain_all(keys)
    if not set(map(type, listed)) <= COMMON:
        for row, key in enumerate(listed):
            check_key(key, f"{what} {row}")
    return listed


def key_list(keys: Iterable[Any], what: str = "key") -> list[Any]:
    """Return what `check_keys` returns; the list itself if it holds str and int alone."""
    if isinstance(keys, list) and set(map(type, keys)) <= COMMON:
        return keys
    return check_keys(keys, what)


def check_hash(key: Any, what: str) -> None:
    """Raise a TypeError unless `key`, which is `plain`, can be hashed."""
    try:
        hash(key)
    except TypeError:
        raise TypeError(
            f"{what} is {key!r:.60}, a {type(key).__name__}, which can't be hashed; "
            f"allowed are {SAVABLE}, and other hashable objects"
        ) from None


def check_key(key: Any, what: str) -> None:
    """Raise what `check_keys` raises unless `key`, which is `plain`, can be a key."""
    check_hash(key, what)
    if is_missing(key):
        raise ValueError(f"{what} is {key!r}, a missing value: leave it out, or give it a name")


class Numbering:
    """Numbers of keys in order of their first appearance.

    Parameters
    ----------
    *what : str
        What the keys of each column are, for errors; the number of the row follows.

    Examples
    --------
    >>> numbering = Numbering("the source of edge", "the target of edge")
    >>> ids = numbering.add(["a", np.array("b")], ["b", "c"])
    >>> ids, keys = numbering.finish(ids)
    >>> ids.tolist(), keys
    ([[0, 1], [1, 2]], ['a', 'b', 'c'])
    """

    def __init__(self, *what: str) -> None:
        self._what = what
        self._numbers: dict[Any, int] = defaultdict(count().__next__)
        self._n_rows = 0

    def add(self, *columns: Sequence[Any]) -> np.ndarray:
        """Return the numbers of the keys of more rows, int64, shape (rows, columns).

        Raises
        ------
        TypeError
            If a key can't be hashed.
        """
        try:
            ids = self._look_up(columns)
        except TypeError:
            ids = self._look_up([*map(self._hashable, columns, self._what)])
        self._n_rows += len(ids)
        return ids

    def _hashable(self, column: Sequence[Any], what: str) -> list[Any]:
        keys = list(map(plain, column))
        for row, key in enumerate(keys, self._n_rows):
            check_hash(key, f"{what} {row}")
        return keys

    def _look_up(self, columns: Sequence[Sequence[Any]]) -> np.ndarray:
        flat = chain.from_iterable(zip(*columns, strict=True))
        n_rows, n_columns = len(columns[0]), len(columns)
        ids = np.fromiter(map(self._numbers.__getitem__, flat), np.int64, n_rows * n_columns)
        return ids.reshape(n_rows, n_columns)

    def finish(self, ids: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        """Return the numbers of all rows, and the keys in the order of the numbers.

        Keys that are the same as `plain` has them have become one.

        Raises
        ------
        ValueError
            If a key is missing (None or NaN).
        """
        keys, positions = unified(self._numbers)
        ids = ids if positions is None else positions[ids]
        if not set(map(type, keys)) <= COMMON:
            for place, key in enumerate(keys):
                if type(key) not in COMMON and is_missing(key):
                    row, column = divmod(int(np.argmax(ids.ravel() == place)), len(self._what))
                    check_key(key, f"{self._what[column]} {row}")
        return ids, keys


def warn_of_unsavable(keys: Iterable[Any]) -> None:
    """Warn, before any training, of keys that no file can hold."""
    if set(map(type, keys)) <= COMMON:
        return
    for key in keys:
        try:
            encode(key)
        except TypeError as error:
            warn(f"{error}; convert the keys first if the model is to be saved")
            return


def encode(key: Hashable) -> tuple[int, bytes]:
    """Return the type of a key and its bytes in a file.

    Raises
    ------
    TypeError
        If there is no portable way to write it.

    Examples
    --------
    >>> encode("zwei"), encode(2), encode(("a", 0.5))
    ((0, b'zwei'), (1, b'2'), (5, b'[[0, "a"], [2, "0x1.0000000000000p-1"]]'))
    """
    if isinstance(key, str):
        return STR, key.encode("utf-8", "surrogatepass")
    if isinstance(key, bytes):
        return BYTES, bytes(key)
    kind, content = _described(key)
    if kind == NONE:
        raise _unsavable(key)
    return kind, content.encode() if isinstance(content, str) else json.dumps(content).encode()


def encode_all(keys: Sequence[Hashable]) -> tuple[bytes, np.ndarray, np.ndarray]:
    """Return what `encode` returns for each key: all bytes, their numbers, and the types.

    Examples
    --------
    >>> content, lengths, types = encode_all(["zwei", 2])
    >>> content, lengths.tolist(), types.tolist()
    (b'zwei2', [4, 1], [0, 1])
    """
    types = np.zeros(len(keys), np.uint8)
    parts: Any = keys
    if set(map(type, keys)) <= {str}:
        content = "".join(parts).encode("utf-8", "surrogatepass")
        if not content.isascii():
            parts = [key.encode("utf-8", "surrogatepass") for key in parts]
    elif set(map(type, keys)) <= {int}:
        types[:] = INT
        parts = list(map(str, keys))
        content = "".join(parts).encode()
    else:
        pairs = [encode(key) for key in keys]
        types[:] = [kind for kind, _ in pairs]
        parts = [part for _, part in pairs]
        content = b"".join(parts)
    return content, np.fromiter(map(len, parts), np.int64, len(keys)), types


def _described(key: Any) -> tuple[int, Any]:
    """Return the type of a key, and its content for JSON: a text, or a list of its parts."""
    key = plain(key)
    if isinstance(key, str):
        return STR, str(key)
    if isinstance(key, bool):
        return BOOL, str(key)
    if isinstance(key, int):
        return INT, str(int(key))
    if isinstance(key, float) and key == key:
        return FLOAT, float(key).hex()
    if isinstance(key, bytes):
        return BYTES, key.hex()
    if isinstance(key, tuple):
        return TUPLE, [_described(part) for part in key]
    if key is None:
        return NONE, ""
    raise _unsavable(key)


def _unsavable(key: Any) -> TypeError:
    return TypeError(
        f"a key of type {type(key).__name__} ({key!r:.60}) can't be saved; allowed are {SAVABLE}"
    )


def decode(kind: int, content: bytes) -> Hashable:
    """Return the key of which `encode` made the bytes; nothing is evaluated.

    Raises
    ------
    ValueError
        If `encode` can't have written it.

    Examples
    --------
    >>> decode(TUPLE, b'[[0, "a"], [1, "7"]]')
    ('a', 7)
    """
    if kind == STR:
        return content.decode("utf-8", "surrogatepass")
    if kind == BYTES:
        return content
    text = content.decode("ascii")
    try:
        key = _rebuilt(kind, json.loads(text) if kind == TUPLE else text)
        if encode(key) == (kind, content):
            return key
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        pass
    raise ValueError(f"{text!r:.60} is not a key of type {kind}")


def decode_all(
    content: bytes, starts: np.ndarray, ends: np.ndarray, types: np.ndarray
) -> list[Hashable]:
    """Return what `decode` makes of each part of `content`.

    Raises
    ------
    ValueError
        If `encode` can't have written one of them.

    Examples
    --------
    >>> decode_all(b"zwei2", np.array([0, 4]), np.array([4, 5]), np.array([0, 1]))
    ['zwei', 2]
    """
    if types.any():
        numbers = _numbers(content, starts, ends) if (types == INT).all() else None
        if numbers is not None:
            return numbers
        spans = zip(starts.tolist(), ends.tolist())
        return [decode(kind, content[i:j]) for (i, j), kind in zip(spans, types.tolist())]
    keys: list[Hashable] = []
    for first in range(0, len(starts), SLICE):  # Ctrl-C has an effect between two slices
        part = slice(first, first + SLICE)
        parts = np.stack([starts[part], ends[part]], axis=1)
        keys += words.decoded(content, parts, "utf-8", "surrogatepass")
    return keys


def _numbers(content: bytes, starts: np.ndarray, ends: np.ndarray) -> list[Hashable] | None:
    """Return whole numbers, or None if a part is not what `encode` writes for one."""
    if not content.isascii():
        return None
    text = content.decode("ascii")
    parts = [text[i:j] for i, j in zip(starts.tolist(), ends.tolist())]
    try:
        numbers: list[Hashable] = list(map(int, parts))
        return numbers if list(map(str, numbers)) == parts else None
    except ValueError:
        return None


def _rebuilt(kind: int, content: Any) -> Hashable:
    if kind == TUPLE:
        return tuple(_rebuilt(*part) for part in content)
    key: Hashable = _READERS[kind](content)
    return key


_READERS: dict[int, Any] = {
    STR: str,
    INT: int,
    FLOAT: float.fromhex,
    BYTES: bytes.fromhex,
    BOOL: "True".__eq__,
    NONE: lambda text: None,
}
