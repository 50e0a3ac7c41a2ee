"""Vectors in files of arrays: safetensors, archives of numpy, and static embeddings."""

import io
from collections.abc import Iterable
from pathlib import Path

import classes
import numpy as np

from fastsgns import KeyedVectors

from . import mutators
from .mutators import archive, json_text, several, tensors, text
from .reading import Reader, check_vectors

FOLDER = ("model.safetensors", "tokenizer.json")


def samples() -> list[KeyedVectors]:
    """Return vectors with attributes, with keys that are numbers, and none at all."""
    kv = classes.vectors()
    kv.set_vecattr("a", "tag", "x")
    return [kv, KeyedVectors.from_dict({7: [1.0, 2.0, 3.0], -1: [0.5, 0.25, 0.0]}), KeyedVectors(2)]


def exported(kind: str, **options: object) -> list[bytes]:
    files = []
    for kv in samples():
        file = io.BytesIO()
        kv.export(kind, file, **options)
        files.append(file.getvalue())
    return files


def safetensors() -> Iterable[bytes]:
    model = classes.word2vec()
    file = io.BytesIO()
    model.wv.export("safetensors", file)
    return [*exported("safetensors"), *exported("safetensors", dtype="int8"), file.getvalue()]


def npz() -> Iterable[bytes]:
    odd = KeyedVectors(2)
    odd.add_vectors(["a", 7, b"\xff"], np.eye(3, 2))
    file = io.BytesIO()
    odd.export("npz", file)
    return [*exported("npz"), *exported("npz", dtype="float16"), file.getvalue()]


def folders() -> Iterable[bytes]:
    import tempfile

    made = []
    for options in ({}, {"dtype": "int8"}, {"lowercase": True}):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "static"
            classes.vectors().export("static-embedding", path, **options)
            made.append(mutators.join(*((path / name).read_bytes() for name in FOLDER)))
    return made


def write_folder(path: Path, data: bytes) -> None:
    path.mkdir(exist_ok=True)
    for name, part in zip(FOLDER, mutators.split(data, 2)):
        (path / name).write_bytes(part)


def write_with_words(path: Path, data: bytes) -> None:
    matrix, words = mutators.split(data, 2)
    path.write_bytes(matrix)
    path.with_suffix(".words").write_bytes(words)


def with_words(path: Path) -> KeyedVectors:
    return KeyedVectors.from_safetensors(path, words=path.with_suffix(".words"))


def matrices() -> Iterable[bytes]:
    return [mutators.join(data, b"a\nb\nc\n") for data in safetensors()]


READERS = {
    "safetensors": Reader(
        KeyedVectors.from_safetensors, safetensors, ".safetensors",
        mutate=tensors, check=check_vectors,
    ),
    "safetensors-words": Reader(
        with_words, matrices, ".safetensors", write_with_words, several(tensors, text),
        check_vectors,
    ),
    "npz": Reader(KeyedVectors.from_npz, npz, ".npz", mutate=archive, check=check_vectors),
    "static-embedding": Reader(
        KeyedVectors.from_file, folders, "", write_folder, several(tensors, json_text),
        check_vectors,
    ),
}  # fmt: skip
