"""The word2vec tool's file, text and binary: a header ``n d``, then each word and its numbers.

Text: ``word 0.1 0.2`` a line. Binary: the word, a space, d little-endian float32; the C tool puts a
newline after each vector, gensim none; both are read. A name ending in .gz, .bz2 or .xz is
compressed.
"""

import logging
from collections.abc import Hashable, Iterator, Sequence
from contextlib import closing
from itertools import chain, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastsgns.errors import FormatError, warn
from fastsgns.formats import byteorder, files, numerals, sniffing
from fastsgns.formats import words as words_in_bytes
from fastsgns.formats.sniffing import ends_in_number
from fastsgns.formats.word2vec_reader import BLOCK, MAX_THREADS, opened
from fastsgns.formats.writing import destination, write_slices
from fastsgns.runtime.machine import n_cores
from fastsgns.runtime.threads import in_order

logger = logging.getLogger(__name__)

MOST_PENDING = 1 << 20  # words
SLICE = 1 << 14  # words; Ctrl-C has an effect between two slices
CANNOT = "can't be written to a word2vec file"
DO = "Rename it, or use save()."


def write(
    path: Any,
    words: Sequence[Hashable],
    vectors: np.ndarray,
    *,
    counts: npt.ArrayLike | None = None,
    binary: bool = False,
    write_header: bool = True,
    prefix: str = "",
    fvocab: Any = None,
    append: bool = False,
    total: int | None = None,
) -> None:
    r"""Write words and vectors in the order given; text numbers read back exactly.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        Where to. A file appears whole or not at all, unless `append`.
    words : sequence of length n
        What is not a str is written as its `str`.
    vectors : ndarray, shape (n, d)
        Binary files hold them as float32.
    counts : array_like, shape (n,), optional
        For `fvocab`.
    binary, write_header : bool
        The form, and whether it starts with ``n d``.
    prefix : str
        Put before each word.
    fvocab : str, os.PathLike or binary file object, optional
        Where to write ``word count`` lines as well.
    append : bool
        Add to the end of an existing file.
    total : int, optional
        The number of rows that the header names, where other calls append the rest.

    Raises
    ------
    ValueError
        If a word contains a newline or, in binary, a space, or if it has several pieces and ends in
        a number in text; or if the shapes disagree.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO()
    >>> write(file, ["a", "b"], np.array([[1, 0.5], [0, -2]], np.float32))
    >>> file.getvalue()
    b'2 2\na 1 0.5\nb 0 -2\n'
    """
    if vectors.ndim != 2 or len(words) != len(vectors):
        raise ValueError(
            f"{len(words)} words with vectors of shape {vectors.shape}; "
            f"needed is shape ({len(words)}, d)"
        )
    if binary:
        byteorder.check("binary files of word2vec")
    encoded = [_encode(word, prefix, binary) for word in words]
    if not write_header and not append:
        _check_beginning(encoded, files.name_of(path))
    if fvocab is not None:
        _write_counts(fvocab, encoded, counts, append)
    with destination(path, append) as file:
        if write_header:
            file.write(b"%d %d\n" % (len(words) if total is None else total, vectors.shape[1]))
        n_rows = max(1, BLOCK // (16 * vectors.shape[1] + 16))
        rows_of = _binary_rows if binary else _text_rows

        def content_of(start: int) -> bytes:
            block = slice(start, start + n_rows)
            return rows_of(encoded[block], vectors[block])

        starts = range(0, len(words), n_rows)
        with closing(in_order(min(MAX_THREADS, n_cores()), starts, content_of)) as contents:
            for _, content in contents:
                write_slices(file, content)


def _check_beginning(words: list[bytes], name: str) -> None:
    """Check that a reader finds the first word, and the number of dimensions, without a header."""
    if not words:
        warn(f"{name} is empty: without a header it does not say how many numbers vectors have")
    elif words[0].startswith(sniffing.MARK):
        raise ValueError(
            f"the word {words[0].decode()!r:.60} {CANNOT} without a header: readers take its "
            f"beginning for a byte order mark. {DO}"
        )


def _encode(word: Hashable, prefix: str, binary: bool) -> bytes:
    text = f"{prefix}{word}"
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"the word {word!r} {CANNOT}: it has no form in UTF-8. {DO}") from None
    if b"\n" in encoded or (binary and b" " in encoded):
        raise ValueError(
            f"the word {word!r} {CANNOT}: it contains a newline or, in the binary form, a space, "
            f"which separate words there. {DO}"
        )
    if not binary and ends_in_number(encoded):
        raise ValueError(
            f"the word {word!r} {CANNOT} as text: no reader could tell the number in which it ends "
            f"from those of its vector. {DO}"
        )
    return encoded


def _write_counts(fvocab: Any, words: list[bytes], counts: Any, append: bool) -> None:
    if counts is None or len(counts) != len(words):
        raise ValueError(f"fvocab needs {len(words)} counts; got {counts!r}")
    with destination(fvocab, append) as file:
        for word, count in zip(words, np.asarray(counts).tolist()):
            file.write(b"%s %d\n" % (word, count))


def _binary_rows(words: list[bytes], vectors: np.ndarray) -> bytes:
    dense = np.ascontiguousarray(vectors, "<f4")
    return b"".join(b"%s %s" % (word, row.tobytes()) for word, row in zip(words, dense))


def _text_rows(words: list[bytes], vectors: np.ndarray) -> bytes:
    return b"".join(chain.from_iterable(zip(words, number_lines(vectors))))


def number_lines(vectors: np.ndarray) -> Iterator[memoryview]:
    r"""Yield a line per vector: a space before each number, and a newline.

    Examples
    --------
    >>> [bytes(line) for line in number_lines(np.array([[1, 0.5], [0, -2]], np.float32))]
    [b' 1 0.5\n', b' 0 -2\n']
    """
    dense = np.ascontiguousarray(vectors, np.float64)
    text = np.empty(len(dense) * (numerals.LONGEST_NUMERAL * dense.shape[1] + 1), np.uint8)
    ends = np.empty(len(dense), np.int64)
    numerals.lines(dense, 17 if vectors.dtype.itemsize > 4 else 9, text, ends)
    content = text.data
    for start, stop in pairwise([0, *ends.tolist()]):
        yield content[start:stop]


def read(
    path: Any,
    *,
    binary: bool = False,
    limit: int | None = None,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    no_header: bool = False,
    datatype: npt.DTypeLike = np.float32,
    fvocab: Any = None,
) -> tuple[list[str], np.ndarray, np.ndarray]:
    r"""Read what `write`, word2vec.c, gensim, GloVe or fastText (text) wrote.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        Where from.
    binary, no_header : bool
        The form. Without a header, rows have as many numbers as most of the first 100 end in.
    limit : int, optional
        Read only so many rows.
    encoding, unicode_errors : str
        As for `bytes.decode`.
    datatype : dtype
        Of the vectors returned, of floating point. With float64 the numbers of a text keep all
        their digits.
    fvocab : str, os.PathLike or iterable of lines, optional
        ``word count`` lines; without it counts are made up, n down to 1.

    Returns
    -------
    words : list of str
        Of words that come twice, the first one stays.
    vectors : ndarray, shape (n, d)
    counts : ndarray of int64, shape (n,)

    Raises
    ------
    TruncatedError
        If there are fewer rows than the header promises. It is an EOFError and a FormatError.
    FormatError
        If the header or a row is not of this format, or the file is text and not binary or the
        other way round. It names the file, the line and what to do.
    UnicodeDecodeError
        If a word is not in `encoding`, unless `unicode_errors` forgives that.

    Notes
    -----
    A byte order mark is dropped, and rows may end in CR LF. A warning is logged where the file has
    more rows than its header names, and for the first word of a text that begins or ends with a
    space: two spaces before the numbers are one in the word and one after it.

    Examples
    --------
    >>> import io
    >>> words, vectors, counts = read(io.BytesIO(b"2 2\na 1 0.5\nb 0 -2\n"))
    >>> words, vectors[0].tolist(), counts.tolist()
    (['a', 'b'], [1.0, 0.5], [2, 1])
    """
    ids, vectors, counts = read_ids(
        path, binary=binary, limit=limit, encoding=encoding, unicode_errors=unicode_errors,
        no_header=no_header, datatype=datatype, fvocab=fvocab,
    )  # fmt: skip
    return list(ids), vectors, counts


def read_ids(
    path: Any,
    *,
    encoding: str = "utf8",
    unicode_errors: str = "strict",
    datatype: npt.DTypeLike = np.float32,
    fvocab: Any = None,
    **options: Any,
) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    """Read what `read` reads; instead of the words, return a dict of the row of each word."""
    dtype = np.dtype(datatype)
    if dtype.kind != "f":
        raise ValueError(
            f"datatype is {dtype}, which does not hold the numbers of vectors; "
            "allowed are types of floating point, such as numpy.float32, float64 and float16"
        )
    ids: dict[str, int] = {}
    # All other types get the numbers of a text from float64, so that they are rounded once.
    parsed = np.float32 if dtype == np.float32 else np.float64
    # A number that is too large becomes infinite, and a NaN stays NaN, both without a warning.
    quiet = np.errstate(over="ignore", invalid="ignore")
    with quiet, opened(path, dtype=parsed, **options) as reader:
        vectors = np.empty((reader.capacity, reader.n_columns), dtype)
        # Adding to a dict reads memory at random, which is slow while threads copy vectors. So
        # where the vectors have their room, many words are added at once.
        n_pending = MOST_PENDING if reader.capacity else 0
        words: list[str] = []
        # Threads may write to `vectors` until the reader is closed; it must not be resized before.
        # With a capacity it has all rows from the start, and without one it is not given to them.
        for block in reader.blocks(vectors if reader.capacity else None):
            start = reader.n_read - len(block.rows) if n_pending else len(ids)
            if len(vectors) < start + len(block.rows):
                n_rows = max(start + len(block.rows), 2 * start)
                vectors.resize((n_rows, reader.n_columns), refcheck=False)
            if block.place != start:
                vectors[start : start + len(block.rows)] = block.rows
            words += reader.words(block, encoding, unicode_errors)
            if len(words) > n_pending:
                _add(words, ids, vectors, start + len(block.rows) - len(words))
                words.clear()
        _add(words, ids, vectors, reader.n_read - len(words))
    if n_repeated := reader.n_read - len(ids):
        logger.warning("%d rows of %s repeat a word; its first stays", n_repeated, reader.name)
    vectors.resize((len(ids), reader.n_columns), refcheck=False)
    return ids, vectors, _counts(ids, fvocab, encoding, unicode_errors)


def _add(words: list[str], ids: dict[str, int], vectors: np.ndarray, first: int) -> None:
    """Add words, whose vectors begin at row `first`; move those of new words to their rows."""
    for begin in range(0, len(words), SLICE):
        part, at, start = words[begin : begin + SLICE], first + begin, len(ids)
        new = words_in_bytes.add_new(part, ids)
        if new is not None:
            vectors[start : len(ids)] = vectors[at : at + len(part)][new]
        elif start != at:
            vectors[start : len(ids)] = vectors[at : at + len(part)]


def _counts(ids: dict[str, int], fvocab: Any, encoding: str, errors: str) -> np.ndarray:
    if fvocab is None:
        return np.arange(len(ids), 0, -1, dtype=np.int64)
    counts = np.zeros(len(ids), np.int64)
    n_missing = len(ids)
    for number, line in files.lines(fvocab, encoding, errors):
        word, _, text = line.rstrip().rpartition(" ")
        if word in ids:
            count = files.count_in(text)
            if count is None:
                raise FormatError(
                    f"{files.name_of(fvocab)}, line {number} is {line.rstrip()!r:.60}, not a word "
                    "and its count"
                )
            counts[ids[word]] = count
            n_missing -= 1
    if n_missing:
        logger.warning("%s has no count for %d words; they get 0", fvocab, n_missing)
    return counts
