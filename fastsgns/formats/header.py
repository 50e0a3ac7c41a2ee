"""The header of a native file: what the file is, and which arrays it holds where.

It is written and checked here, and not by the package safetensors, whose parser takes 25 times the
size of a header in memory and ends the process where memory is short.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, TruncatedError
from fastsgns.formats import byteorder, sniffing

ADVICE = {sniffing.NOT_NATIVE: "KeyedVectors.from_file(path) reads files of other formats"}
FORMAT = 1
FILES = "native files and safetensors"
KEY = "fastsgns"
OWN = "__metadata__"
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1"}
BF16 = np.dtype("V2")  # numpy has no bfloat16
PLAIN_DTYPES = DTYPES | {
    "BF16": "V2", "I16": "<i2", "I8": "i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "BOOL": "?",
}  # fmt: skip
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
PLAIN_NAMES = {np.dtype(dtype): name for name, dtype in PLAIN_DTYPES.items() if name != "BF16"}
MAX_BYTES = 100_000_000  # the limit of safetensors
MAX_OBJECTS = 1 << 16
MAX_VALUES = 1 << 20
MAX_DIMENSIONS = 32
BLOCK = 1 << 20


@dataclass(frozen=True)
class Entry:
    """One array: its type, its shape, and where in the file its bytes start and end."""

    dtype: np.dtype
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Header:
    """What the header of a native file says.

    Attributes
    ----------
    kind : str
    metadata : dict
        With ``format`` and ``kind``.
    entries : dict of str to Entry
        In the order of their bytes, which follow each other without a gap.
    """

    kind: str
    metadata: dict[str, Any]
    entries: dict[str, Entry]


def pack(
    kind: str,
    tensors: Mapping[str, np.ndarray],
    metadata: dict[str, Any],
    is_compressed: bool = False,
) -> bytes:
    """Return the bytes of a header, its length in front, for arrays in the order of `tensors`.

    Of a compressed file, a reader does not know in advance how many bytes of arrays there are, and
    takes fewer values for that reason.

    Raises
    ------
    TypeError
        If an array is of a type that a file cannot hold.
    ValueError
        If the metadata are more than `parse` takes.
    """
    own = json.dumps({"format": FORMAT, "kind": kind, **metadata})
    packed = _pack(tensors, {KEY: own}, NAMES)
    if len(packed) - 8 > MAX_BYTES:
        raise ValueError(
            f"the attributes and parameters take {len(packed) - 8:,} bytes; a file holds up to "
            f"{MAX_BYTES:,}. Store large attributes as arrays of numbers."
        )
    n_data = 0 if is_compressed else sum(array.nbytes for array in tensors.values())
    try:
        for text in (packed[8:], own.encode()):
            _check_parts(text, n_data)
    except FormatError as error:
        remedy = "; a file that is not compressed holds more" if is_compressed else ""
        raise ValueError(f"{error}. Store large attributes as arrays of numbers{remedy}") from None
    return packed


def pack_plain(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """Return the bytes of a header of safetensors, its length in front.

    Raises
    ------
    TypeError
        If an array is of a type that a file cannot hold, or has the name of the metadata.
    """
    return _pack(tensors, metadata, PLAIN_NAMES)


def _pack(
    tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str], names: Mapping[np.dtype, str]
) -> bytes:
    byteorder.check(FILES)
    header: dict[str, Any] = {OWN: dict(metadata)}
    end = 0
    for name, array in tensors.items():
        start, end = end, end + array.nbytes
        dtype = names.get(array.dtype.newbyteorder("<"))
        if dtype is None or name == OWN:
            held = ", ".join(names.values())
            raise TypeError(f"{name} is of {array.dtype}; a file holds {held}, by other names")
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": (start, end)}
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    return len(encoded).to_bytes(8, "little") + encoded


def check_length(head: bytes | bytearray, size: int | None) -> int:
    """Return the length of the header from the first 8 bytes of a file of `size` bytes.

    Raises
    ------
    FormatError
        If a native file does not begin like this.
    """
    length = int.from_bytes(head, "little")
    room = MAX_BYTES if size is None else min(MAX_BYTES, size - 8)
    if any(head[2:]) and (seen := sniffing.what_it_is(bytes(head))[0]):
        raise FormatError.advising(f"it is {seen}", "", ADVICE)
    if len(head) < 8 or not 2 <= length <= room:
        raise FormatError.advising(
            "its first 8 bytes are not the length of a header", sniffing.NOT_NATIVE, ADVICE
        )
    byteorder.check(FILES)
    return length


def parse(raw: bytes | bytearray, size: int | None, n_left: int = 0) -> Header:
    """Parse and check a header.

    Parameters
    ----------
    raw : bytes
        Without the length in front of it.
    size : int or None
        Bytes of the whole file, if that is known.
    n_left : int
        Bytes after the header, where `size` is not known but that is.

    Raises
    ------
    FormatError
        If anything in it is wrong, or contradicts the size of the file.
    """
    own, tensors = _own_and_tensors(raw, size, n_left, "ascii")
    metadata = _metadata(own, n_left if size is None else size - 8 - len(raw))
    return Header(metadata["kind"], metadata, _entries(tensors, 8 + len(raw), size, DTYPES))


def parse_plain(raw: bytes | bytearray, size: int | None, n_left: int = 0) -> Header:
    """Parse and check the header of a file of safetensors that other programs wrote.

    Returns
    -------
    Header
        With the kind "", unless it is a native file, and the strings of the metadata.

    Raises
    ------
    FormatError
        As `parse`.
    """
    own, tensors = _own_and_tensors(raw, size, n_left, "utf-8")
    texts = {name: text for name, text in own.items() if isinstance(text, str)}
    entries = _entries(tensors, 8 + len(raw), size, PLAIN_DTYPES)
    return Header("native" if KEY in own else "", texts, entries)


def _own_and_tensors(
    raw: bytes | bytearray, size: int | None, n_left: int, encoding: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metadata of a header, and what it says of each tensor."""
    try:
        _check_parts(raw, n_left if size is None else size - 8 - len(raw))
        header = json.loads(raw.decode(encoding))
        own = header.pop(OWN, {}) if isinstance(header, dict) else None
        if not isinstance(own, dict):
            raise ValueError("its header is not an object")
    except (ValueError, RecursionError) as error:
        raise FormatError(f"its header cannot be read: {error}") from None
    return own, header


def _entries(
    tensors: dict[str, Any], start: int, size: int | None, dtypes: Mapping[str, str]
) -> dict[str, Entry]:
    """Return where each tensor is, in the order of their bytes, which start at `start`."""
    entries = {name: _entry(name, entry, start, dtypes) for name, entry in tensors.items()}
    entries = dict(sorted(entries.items(), key=lambda item: (item[1].start, item[1].stop)))
    end = start
    for name, entry in entries.items():
        if entry.start != end:
            raise FormatError(f"its array {name!r:.60} does not begin where the one before ends")
        end = entry.stop
    if size is not None and end != size:
        kind = TruncatedError if end > size else FormatError
        raise kind(f"its arrays end at byte {end:,}, and the file at byte {size:,}")
    return entries


def _check_parts(text: bytes | bytearray, n_data: int) -> None:
    """Refuse JSON of more objects than a file has use for: each costs far more than its text."""
    counts = count_outside_strings(text, b"{[,")
    n_objects, n_values = counts[0] + counts[1], counts[2]
    if n_objects > MAX_OBJECTS or n_values > MAX_VALUES + n_data:
        raise FormatError(
            f"the metadata have {n_objects:,} objects and lists of {n_values:,} values; allowed "
            f"are {MAX_OBJECTS:,} of {MAX_VALUES + n_data:,}"
        )


def count_outside_strings(text: bytes | bytearray, marks: bytes) -> list[int]:
    r"""Count each of `marks` in JSON, without those in strings, in little memory.

    Examples
    --------
    >>> count_outside_strings(rb'{"a, b": [1, 2], "\\", ": 3}', b"{,")
    [1, 3]
    """
    plain = np.frombuffer(text.replace(b"\\\\", b"").replace(b'\\"', b""), np.uint8)
    counts, is_inside = [0] * len(marks), 0
    for start in range(0, len(plain), BLOCK):
        block = plain[start : start + BLOCK]
        n_quotes = np.cumsum(block == ord('"'), dtype=np.uint8) + np.uint8(is_inside)
        is_inside = int(n_quotes[-1]) % 2
        outside = block[n_quotes % 2 == 0]
        for index, mark in enumerate(marks):
            counts[index] += int(np.count_nonzero(outside == mark))
    return counts


def _metadata(own: dict[str, Any], n_data: int) -> dict[str, Any]:
    try:
        _check_parts(own[KEY].encode("ascii"), n_data)
        metadata: dict[str, Any] = json.loads(own[KEY])
        version, kind = metadata["format"], metadata["kind"]
    except FormatError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise FormatError(
            "it is a safetensors file, but not one of fastsgns; "
            "KeyedVectors.from_safetensors(path) reads vectors from it"
        ) from None
    if version != FORMAT:
        raise FormatError(
            f"it has format version {version!r:.60}, and this release reads {FORMAT}; upgrade "
            "fastsgns to read it"
        )
    if not isinstance(kind, str):
        raise FormatError(f"its kind is {kind!r:.60}, where a name is expected")
    return metadata


def _entry(name: str, entry: Any, start: int, dtypes: Mapping[str, str]) -> Entry:
    try:
        dtype, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
    except (KeyError, TypeError, ValueError):
        raise FormatError(f"its array {name!r:.60} has no type, shape or place") from None
    if not isinstance(dtype, str) or dtype not in dtypes:
        known = ", ".join(dtypes)
        raise FormatError(f"its array {name!r:.60} is of type {dtype!r:.60}; known are {known}")
    numbers = (*shape, begin, end)
    if len(shape) > MAX_DIMENSIONS or not all(type(n) is int and 0 <= n < 2**63 for n in numbers):
        raise FormatError(f"its array {name!r:.60} has an impossible shape or place")
    of = np.dtype(dtypes[dtype])
    if math.prod(n for n in shape if n) >= 2**63 or end - begin != math.prod(shape) * of.itemsize:
        raise FormatError(
            f"its array {name!r:.60} of {dtype} and shape {list(shape)!r:.60} has {end - begin:,} "
            "bytes"
        )
    return Entry(of, shape, start + begin, start + end)
