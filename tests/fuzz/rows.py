"""Vectors in one row per key: text and binary of word2vec, text of GloVe and fastText, TSV."""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import classes
import numpy as np

from fastsgns import KeyedVectors
from fastsgns.formats import word2vec

from . import mutators
from .arrays import samples
from .mutators import as_bytes, several, text
from .reading import Finding, Reader, check_vectors

SUFFIXES: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress,
}  # fmt: skip


def exported(kind: str) -> list[bytes]:
    files = []
    for kv in samples()[:2]:
        file = io.BytesIO()
        kv.export(kind, file)
        files.append(file.getvalue())
    return files


def texts() -> Iterable[bytes]:
    return [
        *exported("text"),
        b"2 3\na 1 -2.5e-3 nan\nb b 0x 1 2 3\n",
        b"\xef\xbb\xbf3 1\r\na 1\r\n b 2\r\nc 123456789012345678901234567890\r\n",
        b"1 2\n\xff\xfe 1 2\n",
    ]


def binaries() -> Iterable[bytes]:
    return [*exported("binary"), b"2 1\na 1234\nb 5678\n", b"2 1\na 1234b 5678"]


def without_header() -> Iterable[bytes]:
    return [*exported("glove"), b"a 1 2\nb c 3 4\n. . . 5 6\n"]


def same_by_slow_reader(kv: KeyedVectors, path: Path, **options: Any) -> None:
    """Check that float64 and float32, a file and an open one, give the same vectors."""
    check_vectors(kv)
    with open(path, "rb") as file:
        other = KeyedVectors.load_word2vec_format(file, datatype=np.float64, **options)
    if other.index_to_key != kv.index_to_key:
        raise Finding("an open file has other words than the file of this name")
    with np.errstate(all="ignore"):
        narrow = other.vectors.astype(np.float32)
    # a number is rounded once from its digits, or twice by way of float64
    if not np.allclose(narrow, kv.vectors, rtol=1e-6, atol=1e-44, equal_nan=True):
        raise Finding("the numbers of float64 are others than those of float32")


def checked(**options: Any) -> Callable[[KeyedVectors, Path], None]:
    return lambda kv, path: same_by_slow_reader(kv, path, **options)


def loader(**options: Any) -> Callable[[Path], KeyedVectors]:
    return lambda path: KeyedVectors.load_word2vec_format(path, **options)


def of(suffix: str) -> Reader:
    """Return a reader of a compressed text that gives the same as one of the plain text."""

    def check(kv: KeyedVectors, path: Path) -> None:
        module = mutators.COMPRESSIONS[suffix]
        plain = KeyedVectors.load_word2vec_format(io.BytesIO(module.decompress(path.read_bytes())))
        if plain.index_to_key != kv.index_to_key or not np.array_equal(
            plain.vectors, kv.vectors, equal_nan=True
        ):
            raise Finding("a compressed file has other vectors than the same file unpacked")

    return Reader(
        KeyedVectors.load_word2vec_format, lambda: [SUFFIXES[suffix](data) for data in texts()],
        ".txt" + suffix, mutate=mutators.compressed(suffix, text), check=check,
    )  # fmt: skip


def write_with_counts(path: Path, data: bytes) -> None:
    vectors, counts = mutators.split(data, 2)
    path.write_bytes(vectors)
    path.with_suffix(".counts").write_bytes(counts)


def with_counts(path: Path) -> KeyedVectors:
    return KeyedVectors.load_word2vec_format(path, fvocab=path.with_suffix(".counts"))


def counted() -> Iterable[bytes]:
    vectors, counts = io.BytesIO(), io.BytesIO()
    classes.vectors().save_word2vec_format(vectors, fvocab=counts)
    return [mutators.join(vectors.getvalue(), counts.getvalue())]


def write_pair(path: Path, data: bytes) -> None:
    for part, content in zip(("tensor", "metadata"), mutators.split(data, 2)):
        path.with_name(f"{path.stem}_{part}.tsv").write_bytes(content)


def pairs() -> Iterable[bytes]:
    return [
        mutators.join(b"1\t2\n3\t4\n", b"a\nb\n"),
        mutators.join(b"1\t2\n3\t4\n", b"word\tcount\tx\na\t3\ty\nb\t1\tz\n"),
        mutators.join(b"1\n", b"word\tcount\na\t18446744073709551616\n"),
    ]


def florets() -> Iterable[bytes]:
    made = []
    for n in (1, 4):
        file = io.BytesIO()
        classes.fasttext(hash_count=n, bucket=7, vector_size=2).wv.export("floret", file)
        made.append(file.getvalue())
    return made


def intersected(path: Path) -> KeyedVectors:
    kv = classes.vectors()
    kv.intersect_word2vec_format(path, lockf=0.5)
    return kv


def limited(path: Path) -> KeyedVectors:
    return KeyedVectors.load_word2vec_format(path, limit=2, unicode_errors="replace")


def read_words(path: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    return word2vec.read(path, encoding="latin-1")


def any_format() -> Iterable[bytes]:
    return [*texts(), *binaries(), *without_header(), *florets()]


READERS = {
    "text": Reader(loader(), texts, ".txt", mutate=text, check=checked()),
    "binary": Reader(loader(binary=True), binaries, ".bin", mutate=as_bytes,
                     check=checked(binary=True)),
    "glove": Reader(loader(no_header=True), without_header, ".txt", mutate=text,
                    check=checked(no_header=True)),
    "vec": Reader(KeyedVectors.from_vec, texts, ".vec", mutate=text, check=check_vectors),
    "counts": Reader(with_counts, counted, ".txt", write_with_counts, several(text, text),
                     check_vectors),
    "limit": Reader(limited, texts, ".txt", mutate=text, check=check_vectors),
    "latin-1": Reader(read_words, texts, ".txt", mutate=text),
    "intersect": Reader(intersected, texts, ".txt", mutate=text, check=check_vectors),
    "gz": of(".gz"),
    "bz2": of(".bz2"),
    "xz": of(".xz"),
    "floret": Reader(KeyedVectors.from_file, florets, ".floret", mutate=text, check=check_vectors),
    "tsv": Reader(KeyedVectors.from_tsv, pairs, ".tsv", write_pair, several(text, text),
                  check_vectors),
    "any": Reader(KeyedVectors.from_file, any_format, "", mutate=text, check=check_vectors),
}  # fmt: skip
