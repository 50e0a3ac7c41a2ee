"""The package's own file: one safetensors container of arrays, words and JSON metadata.

Layout: safetensors (8 bytes of header length, a JSON header, raw little-endian arrays). Under
the header's free-form metadata, the key ``fastsgns`` holds JSON with ``format`` (a version),
``kind`` (what the file is: a model, vectors, a corpus) and whatever the writer of that kind needs.
Nothing in it is ever executed, and the header is checked against the length of the file before
any array is allocated. Other readers of safetensors can open it.
"""

import json
import os
import stat
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize, safe_open

from fastsgns.errors import FormatError
from fastsgns.formats import keys
from fastsgns.formats.files import local_path
from fastsgns.formats.writing import destination
from fastsgns.machine import memory_errors

FORMAT = 1
KEY = "fastsgns"
DTYPES = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "U8": "u1"}
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}
BLOCK_BYTES = 1 << 22

Tensors = dict[str, np.ndarray]


def write(path: Any, kind: str, tensors: Mapping[str, np.ndarray], metadata: dict) -> None:
    """Write `tensors` and `metadata` to one file, atomically.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        Where to. A file object is written to directly.
    kind : str
        What the file is; `read` returns it.
    tensors : mapping of str to ndarray
        Arrays of float64, float32, float16, int64, int32 or uint8.
    metadata : dict
        Anything JSON can say.

    Raises
    ------
    TypeError
        If an array is of another type.
    OSError
        If it can't be written whole; a file that was there before is left as it was.
    """
    header = {KEY: json.dumps({"format": FORMAT, "kind": kind, **metadata})}
    with destination(path) as file:
        _write(file, tensors, header)


def _write(file: Any, tensors: Mapping[str, np.ndarray], metadata: dict[str, str]) -> None:
    """Write the container: header and arrays, large items first, so that all are aligned."""
    header: dict[str, Any] = {"__metadata__": metadata}
    names = sorted(tensors, key=lambda name: (-tensors[name].itemsize, name))
    end = 0
    for name in names:
        array = tensors[name]
        start, end = end, end + array.nbytes
        kind = NAMES.get(array.dtype.newbyteorder("<"))
        if kind is None:
            raise TypeError(f"{name} is of {array.dtype}; a file holds {', '.join(DTYPES)}")
        header[name] = {"dtype": kind, "shape": array.shape, "data_offsets": (start, end)}
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)
    file.write(len(encoded).to_bytes(8, "little") + encoded)
    for name in names:
        _write_array(file, tensors[name])


def _write_array(file: Any, array: np.ndarray) -> None:
    """Write some MB at a time: a matrix with padded rows needs no dense copy of the whole."""
    rows = np.atleast_1d(array)
    n_rows = max(1, BLOCK_BYTES * len(rows) // max(1, rows.nbytes))
    for start in range(0, len(rows) if rows.size else 0, n_rows):
        block = rows[start : start + n_rows]
        file.write(np.ascontiguousarray(block, block.dtype.newbyteorder("<")).data.cast("B"))


def read(path: Any, mmap: bool = False) -> tuple[str, Tensors, dict]:
    """Read what `write` wrote.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        Where from. A file object is read whole.
    mmap : bool
        Map the arrays read-only instead of reading them; they cost memory as they are touched.

    Returns
    -------
    kind : str
        As given to `write`.
    tensors : dict of str to ndarray
        The arrays.
    metadata : dict
        As given to `write`, with ``format`` and ``kind``.

    Raises
    ------
    FormatError
        If the file is not of this format, is cut, or says something impossible.
    FileNotFoundError, IsADirectoryError
        If there is no such file, or it is a directory.
    """
    try:
        if hasattr(path, "read"):
            return _parse(path.read())
        return _open(local_path(path), mmap)
    except SafetensorError as error:
        raise FormatError(
            f"{_name(path)} is not a fastsgns file, or is damaged ({error}). "
            "Files of other formats load with KeyedVectors.load_word2vec_format; a gensim pickle "
            "must first be exported from gensim with save_word2vec_format."
        ) from None


def _open(path: str, mmap: bool) -> tuple[str, Tensors, dict]:
    if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe or a device can't be mapped
        with open(path, "rb") as special:
            return _parse(special.read())
    with safe_open(path, framework="numpy") as file, open(path, "rb") as raw:
        metadata = _metadata(path, file.metadata())
        length = int.from_bytes(raw.read(8), "little")
        header = json.loads(raw.read(length))
        header.pop("__metadata__", None)
        dtypes = {name: _dtype(path, entry["dtype"]) for name, entry in header.items()}
        if not mmap:
            return metadata["kind"], {name: file.get_tensor(name) for name in header}, metadata
    tensors = {name: _map(path, 8 + length, entry, dtypes[name]) for name, entry in header.items()}
    return metadata["kind"], tensors, metadata


def _map(path: str, start: int, entry: dict, dtype: np.dtype) -> np.ndarray:
    shape = tuple(entry["shape"])
    if 0 in shape:
        return np.empty(shape, dtype)
    begin, end = entry["data_offsets"]
    with memory_errors(end - begin, path):
        return np.memmap(path, dtype, "r", start + begin, shape)


def _parse(content: bytes) -> tuple[str, Tensors, dict]:
    entries = deserialize(content)
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    metadata = _metadata("the file object", header.get("__metadata__"))
    tensors = {
        name: np.frombuffer(entry["data"], _dtype("the file object", entry["dtype"]))
        .reshape(entry["shape"])
        .copy()
        for name, entry in entries
    }
    return metadata["kind"], tensors, metadata


def _metadata(path: str, metadata: dict[str, str] | None) -> dict:
    try:
        content = json.loads((metadata or {})[KEY])
        version, kind = content["format"], content["kind"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise FormatError(f"{path} is a safetensors file, but not one of fastsgns") from None
    if version != FORMAT:
        raise FormatError(
            f"{path} has format version {version!r}; this release reads {FORMAT}. "
            "Upgrade fastsgns to read it."
        )
    if not isinstance(kind, str):
        raise FormatError(f"{path} is of kind {kind!r:.60}, where a name is wanted: it is damaged")
    return content


def _dtype(path: str, name: str) -> np.dtype:
    if name not in DTYPES:
        raise FormatError(f"{path} holds an array of type {name}; known: {', '.join(DTYPES)}")
    return np.dtype(DTYPES[name])


def _name(path: Any) -> str:
    return "the file object" if hasattr(path, "read") else os.fspath(path)


def pack_words(words: Sequence[Hashable]) -> Tensors:
    """Words as arrays: ``words``, their ``word_ends``, and ``word_types`` unless all are str.

    How each type of word is written is said in `fastsgns.formats.keys`.

    Raises
    ------
    TypeError
        For a key that is none of str, int, float, bool, bytes and tuples of these: there is no
        portable way to write it.

    Examples
    --------
    >>> unpack_words(pack_words(["zwei", 2]))
    ['zwei', 2]
    """
    coded = [keys.encode(word) for word in words]
    types = np.fromiter((kind for kind, _ in coded), np.uint8, len(coded))
    tensors: Tensors = {
        "words": np.frombuffer(b"".join(content for _, content in coded), np.uint8),
        "word_ends": np.cumsum([len(content) for _, content in coded], dtype=np.int64),
    }
    if types.any():
        tensors["word_types"] = types
    return tensors


def unpack_words(tensors: Mapping[str, np.ndarray]) -> list[Hashable]:
    """Inverse of `pack_words`.

    Raises
    ------
    FormatError
        If an array is missing or their sizes contradict each other.
    """
    try:
        data, ends = tensors["words"], tensors["word_ends"]
        types = tensors.get("word_types", np.zeros(ends.shape, np.uint8))
        if not data.ndim == ends.ndim == types.ndim == 1:
            raise FormatError("the words of the file are no lists: it is damaged")
        starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        if (
            data.dtype != np.uint8
            or ends.dtype != np.int64
            or len(types) != len(ends)
            or np.any(starts > ends)
            or (ends[-1] if len(ends) else 0) != len(data)
        ):
            raise FormatError("the words of the file contradict their offsets: it is damaged")
        content = data.tobytes()
        return [
            keys.decode(kind, content[start:end])
            for start, end, kind in zip(starts.tolist(), ends.tolist(), types.tolist())
        ]
    except KeyError as missing:
        raise FormatError(f"the file holds no array {missing}: it is damaged") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise FormatError(f"the words of the file are damaged: {error}") from None
