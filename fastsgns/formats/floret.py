"""floret's text of vectors: one table of hashed words and n-grams, which spaCy reads.

The first line has the sizes: buckets, dimensions, the smallest and the largest n-gram, the number
of hashes, the seed, and the two brackets around a word. Each further line is a row: its number,
then its values. The format: floret 0.10, README and fasttext.cc (`saveFloretVectors`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, NotUTF8Error
from fastsgns.formats import files, sniffing, word2vec
from fastsgns.formats.writing import destination

SEED = 2166136261  # floret's default, and that of `fastsgns.corpus.ngrams`
BRACKETS = ["<", ">"]
N_SIZES = 8
LONGEST_LINE = 1 << 10
STEP = 1 << 14  # rows that are written at once
LONGEST_NGRAM = 2**31 - 1  # that the hashes take
NO_NGRAMS = 1 << 30  # characters, which no word has; spaCy needs a length


@dataclass
class FloretTable:
    """The table of a file.

    Attributes
    ----------
    min_n, max_n, hash_count : int
    bucket : int
        Number of rows of the file.
    rows : ndarray of float32, shape (B, d)
    buckets : ndarray of int32, shape (B,)
        The number of each row, ascending; others are zeros.
    """

    min_n: int
    max_n: int
    hash_count: int
    bucket: int
    rows: np.ndarray
    buckets: np.ndarray


def write(path: Any, table: FloretTable) -> None:
    """Write a file, atomically.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    table : FloretTable
    """
    dimensions = table.rows.shape[1]
    lengths = (max(table.min_n, 1), table.max_n)
    if lengths[0] > lengths[1]:
        lengths = (NO_NGRAMS, NO_NGRAMS)
    sizes = [table.bucket, dimensions, *lengths, table.hash_count, SEED, *BRACKETS]
    with destination(path) as file:
        file.write((" ".join(map(str, sizes)) + "\n").encode())
        for start in range(0, table.bucket, STEP):
            block = np.zeros((min(STEP, table.bucket - start), dimensions), np.float32)
            first, last = np.searchsorted(table.buckets, [start, start + len(block)])
            block[table.buckets[first:last] - start] = table.rows[first:last]
            names = list(map(str, range(start, start + len(block))))
            word2vec.write(file, names, block, write_header=False)


def is_floret(head: bytes) -> bool:
    r"""Return whether a file begins like one of floret.

    Examples
    --------
    >>> is_floret(b"50000 300 4 5 2 2166136261 < >\n0 0.1"), is_floret(b"2 3\na 1 2 3\n")
    (True, False)
    """
    sizes = head.partition(b"\n")[0].split()
    return len(sizes) == N_SIZES and all(size.isdigit() for size in sizes[:6])


def read(path: Any) -> FloretTable:
    """Read a file.

    Parameters
    ----------
    path : str, os.PathLike or binary file object

    Raises
    ------
    FormatError
        If it is not of this format, is cut, or was hashed with another seed or other brackets.
    """
    name = files.name_of(path)
    with files.naming(name), files.open_binary(path) as file:
        head = bytes(sniffing.without_mark(file.readline(LONGEST_LINE)))
        sizes = head.decode("utf-8", "replace").split()
        if not is_floret(head):
            raise FormatError(
                f"{name} does not begin like a file of floret, with eight sizes, but with "
                f"{head!r:.60}"
            )
        bucket, dimensions, min_n, max_n, hash_count, seed = map(int, sizes[:6])
        if (seed, sizes[6:]) != (SEED, BRACKETS):
            raise FormatError(
                f"{name} has the seed {seed} and the brackets {sizes[6:]}; known are {SEED} and "
                f"{BRACKETS}"
            )
        is_possible = 1 <= hash_count <= 4 and bucket > 0 and dimensions > 0
        if not is_possible or max(min_n, max_n) > LONGEST_NGRAM:
            raise FormatError(f"{name} begins with sizes that are impossible: {sizes}")
        try:
            words, rows, _ = word2vec.read(file, no_header=True)
        except NotUTF8Error:
            raise FormatError(f"{name} has a row that does not begin with its number") from None
    if rows.shape != (bucket, dimensions) or words != list(map(str, range(bucket))):
        raise FormatError(
            f"{name} has {len(words)} rows of {rows.shape[1]} numbers; expected are {bucket} rows "
            f"of {dimensions}, numbered from 0"
        )
    return FloretTable(min_n, max_n, hash_count, bucket, rows, np.arange(bucket, dtype=np.int32))
