r"""Plain safetensors: the tensors ``embedding``, ``output`` and ``words``, as other programs read.

``words`` are the bytes of the words in UTF-8, separated by newlines, so that
``bytes(tensors["words"]).decode().split("\n")`` are the words. They are a tensor and not metadata,
because the parser of safetensors takes many times the size of the metadata in memory.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import files, header, native
from fastsgns.formats.tables import VectorTable, as_texts, check, exportable, type_of_keys
from fastsgns.formats.writing import destination

WHAT = "a file of plain safetensors"
# The names that this package, torch.nn.Embedding in sentence-transformers, and model2vec use
EMBEDDING = ("embedding", "embedding.weight", "embeddings")
RESERVED = ("output", "words", header.OWN, *EMBEDDING)


def write(path: Any, table: VectorTable) -> None:
    """Write a file, atomically.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    table : VectorTable
        All keys are str or all are int; attributes that are numbers become tensors.

    Raises
    ------
    TypeError
        If keys are of other types.
    ValueError
        If a key contains a newline.

    Warns
    -----
    UserWarning
        If other attributes are left out.
    """
    texts = as_texts(table.keys, "\n", WHAT)
    tensors = {"embedding": table.vectors}
    if table.output is not None:
        tensors["output"] = table.output
    tensors["words"] = np.frombuffer("\n".join(texts).encode(), np.uint8)
    tensors |= exportable(table.attributes, RESERVED, texts=False)
    key_type = "int" if type_of_keys(table.keys) is int else "str"
    write_tensors(path, tensors, {"format": "np", "key_type": key_type})


def write_tensors(path: Any, tensors: native.Tensors, metadata: dict[str, str]) -> None:
    """Write a file of tensors by name, atomically; the widest numbers first, so all are aligned."""
    names = sorted(tensors, key=lambda name: -tensors[name].itemsize)
    ordered = {name: tensors[name] for name in names}
    with destination(path) as file:
        file.write(header.pack_plain(ordered, metadata))
        for array in ordered.values():
            native.write_array(file, array)


def read(path: Any, words: Any = None) -> VectorTable:
    """Read what `write` wrote, or the matrix of another file of safetensors.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    words : iterable of keys, str or os.PathLike, optional
        The words, or a text file with a word per line, where the file itself has none.

    Raises
    ------
    FormatError
        If the file is of another format, is damaged, or has no words.
    """
    name = files.name_of(path)
    metadata, tensors = read_tensors(path)
    embedding = name_of_embedding(tensors, name)
    vectors, output = tensors[embedding], tensors.get("output")
    if words is not None:
        keys = _given(words)
    elif "words" in tensors and tensors["words"].dtype == np.uint8:
        keys = _split(tensors["words"], metadata.get("key_type"), len(vectors), name)
    else:
        raise FormatError(
            f"{name} has vectors and no words; give them, words=[...], or a text file with a word "
            "per line, words=path"
        )
    attributes = {k: v for k, v in tensors.items() if k not in RESERVED and k != embedding}
    return check(VectorTable(keys, vectors, output, attributes), name)


def read_tensors(path: Any) -> tuple[dict[str, str], native.Tensors]:
    """Return the metadata and the tensors of a file.

    Raises
    ------
    FormatError
        If the file is of another format, or is damaged.
    """
    try:
        with _opened(path) as (file, size):
            return _contents(file, size)
    except FormatError as error:
        raise type(error)(f"{files.name_of(path)}: {error.problem or error}") from None


@contextmanager
def _opened(path: Any) -> Iterator[tuple[Any, int | None]]:
    with files.naming(files.name_of(path)), files.open_binary(path) as file:
        yield file, files.plain_size(path)


def _contents(file: Any, size: int | None) -> tuple[dict[str, str], native.Tensors]:
    """Return the metadata and the tensors of a file."""
    length = header.check_length(native.take(file, 8), size)
    raw = native.take(file, length)
    seen = header.parse_plain(raw, size, 0 if size is not None else native.bytes_left(file))
    if seen.kind:
        raise FormatError("it is a file of fastsgns; load it with fastsgns.load(path)")
    # the length is known only of plain files, and of others each tensor grows as it is read
    tensors = {key: native.read_array(file, entry, size) for key, entry in seen.entries.items()}
    return seen.metadata, {key: _plain(array) for key, array in tensors.items()}


def _plain(array: np.ndarray) -> np.ndarray:
    """Return bfloat16, the upper half of a float32, as float32; other arrays as they are."""
    if array.dtype != header.BF16:
        return array
    return (array.view("<u2").astype("<u4") << 16).view("<f4")


def name_of_embedding(tensors: native.Tensors, name: str) -> str:
    """Return the name of the matrix of vectors; `name` is that of the file, for messages."""
    matrices = [key for key, array in tensors.items() if array.ndim == 2 and key != "output"]
    known = [key for key in EMBEDDING if key in matrices] or matrices
    if len(known) != 1 and not (known and known[0] in EMBEDDING):
        raise FormatError(
            f"{name} has the tensors {sorted(tensors)!s:.200}; expected is a matrix, "
            f"{', '.join(EMBEDDING)} or the only one"
        )
    return known[0]


def _given(words: Any) -> list[Hashable]:
    if not files.is_path(words):
        return list(words)
    return [line for _, line in files.lines(words)]


def _split(words: np.ndarray, key_type: str | None, n: int, name: str) -> list[Hashable]:
    try:
        texts = words.tobytes().decode().split("\n") if n else []
        return [*map(int, texts)] if key_type == "int" else [*texts]
    except ValueError as error:
        raise FormatError(f"{name}: its words are damaged: {error}") from None
