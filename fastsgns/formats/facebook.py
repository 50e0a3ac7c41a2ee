"""Models of Facebook's fastText: .bin files, and the smaller .ftz files, whose rows are quantized.

The file has the parameters, the dictionary (words, then labels), the input matrix (a row per word,
then one per bucket of n-grams) and the output matrix. All numbers are little-endian.

The format: fasttext.cc, args.cc, dictionary.cc, densematrix.cc, quantmatrix.cc and
productquantizer.cc of fastText 0.9; quantization: Joulin et al., FastText.zip, 2016.
"""

import os
import stat
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, TruncatedError
from fastsgns.formats import byteorder, files
from fastsgns.formats.native import write_array
from fastsgns.formats.writing import destination
from fastsgns.runtime.machine import require_memory

MAGIC, VERSION = 793712314, 12
FILES = "files of fastText"
HEAD = struct.pack("<i", MAGIC)
NO_SUBWORDS_VERSION = 11  # supervised models of this version do not use n-grams
MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}
LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}
N_CENTROIDS = 256  # a code is one byte
WORD, LABEL = 0, 1
LARGEST = 2**31 - 1
LONGEST_WORD = 1 << 20
BLOCK_BYTES = 1 << 22
ENTRY = np.dtype([("count", "<i8"), ("kind", "i1")])  # follows the word and its zero byte
ENTRY_BYTES = ENTRY.itemsize
PARAMETERS = (
    "dim", "ws", "epoch", "min_count", "neg", "word_ngrams", "loss", "model", "bucket", "minn",
    "maxn", "lr_update_rate",
)  # fmt: skip


@dataclass
class FacebookModel:
    """What a file of fastText has.

    Attributes
    ----------
    parameters : dict of str to int or float
        Those of `PARAMETERS`, and ``t``, the subsampling threshold; ``model`` is a key of `MODELS`
        and ``loss`` one of `LOSSES`.
    words : list of V bytes
    counts : ndarray of int64, shape (V,)
    buckets : ndarray of int32, shape (B,)
        The buckets that have a row, ascending.
    input : ndarray of float32, shape (V + B, dim)
        A row per word, then one per bucket.
    output : ndarray of float32, shape (V, dim), or None
        The output matrix, if it was read. In a supervised model it has a row per label.
    n_tokens : int
        Number of tokens that the model was trained on.
    labels : list of bytes
        Labels of a supervised model.
    label_counts : ndarray of int64
    is_pruned : bool
        Whether n-grams of other buckets are left out, as in pruned .ftz files.
    """

    parameters: dict[str, Any]
    words: list[bytes]
    counts: np.ndarray
    buckets: np.ndarray
    input: np.ndarray
    output: np.ndarray | None
    n_tokens: int
    labels: list[bytes]
    label_counts: np.ndarray
    is_pruned: bool = False

    @property
    def is_supervised(self) -> bool:
        """Whether the model predicts labels."""
        return bool(MODELS[self.parameters["model"]] == "supervised")


Wanted = Callable[[list[bytes], dict[str, Any]], np.ndarray | None]


def read(path: Any, with_output: bool = True, wanted: Wanted | None = None) -> FacebookModel:
    """Read a file of fastText.

    Every size is compared with the length of the file before memory is allocated. The length of
    compressed files, and of open ones, is not known; memory is then allocated as they are read.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    with_output : bool
        Read the output matrix; otherwise it is skipped.
    wanted : callable, optional
        ``wanted(words, parameters)`` returns the buckets whose rows are read, ascending. By default
        all are read.

    Raises
    ------
    FormatError
        If it is not a file of fastText, is damaged, or was written by a newer version.
    TruncatedError
        If it is cut. It is a FormatError and an EOFError.
    MemoryError
        If the matrices of a .ftz file do not fit into memory.
    """
    with _opened(path) as source:
        return _read(source, with_output, wanted)


class _Source:
    """A file that is read from start to end; what is left of it is known if its size is."""

    def __init__(self, file: Any, size: int | None) -> None:
        self._file, self._left = file, size
        self._pushed = b""  # was read already, and comes first

    def check(self, n_bytes: int) -> None:
        """Raise a TruncatedError if the file is known to have less than `n_bytes` left."""
        if self._left is not None and n_bytes > self._left:
            raise TruncatedError("it ends too early, it was cut, or says something impossible")

    def take(self, n_bytes: int) -> bytes:
        """Read some bytes, a few MB at most."""
        self.check(n_bytes)
        parts: list[bytes] = []
        wanted = n_bytes
        while wanted:
            part = self._next(wanted)
            if not part:
                raise TruncatedError("it ends too early, it was cut")
            parts.append(part)
            wanted -= len(part)
        if self._left is not None:
            self._left -= n_bytes
        return b"".join(parts)

    def some(self) -> bytes:
        """Read what is there, up to a few MB; nothing at the end of the file."""
        data = self._next(BLOCK_BYTES)
        if self._left is not None:
            self._left -= len(data)
        return data

    def _next(self, n_bytes: int) -> bytes:
        if self._pushed:
            data, self._pushed = self._pushed[:n_bytes], self._pushed[n_bytes:]
            return data
        # Buffered files allocate what is asked for before they know how much there is.
        read: bytes = self._file.read(min(n_bytes, BLOCK_BYTES))
        return read

    def push_back(self, data: bytes) -> None:
        """Put what was read last back; it is read again."""
        self._pushed = data + self._pushed
        if self._left is not None:
            self._left += len(data)

    def numbers(self, form: str) -> tuple[Any, ...]:
        """Read numbers as `struct` does."""
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))

    def flag(self) -> bool:
        """Read a bool."""
        (value,) = self.take(1)
        if value > 1:
            raise FormatError(f"a flag is {value}; allowed are 0 and 1")
        return bool(value)

    def blocks(self, n_rows: int, n_columns: int, dtype: str) -> Iterator[np.ndarray]:
        """Read a matrix, and yield some MB of rows at a time."""
        row_bytes = n_columns * np.dtype(dtype).itemsize
        self.check(n_rows * row_bytes)
        step = max(1, BLOCK_BYTES // max(1, row_bytes))
        for start in range(0, n_rows, step):
            n = min(step, n_rows - start)
            yield np.frombuffer(self.take(n * row_bytes), dtype).reshape(n, n_columns)

    def array(self, n_rows: int, n_columns: int, dtype: str) -> np.ndarray:
        """Read a matrix."""
        return self.chosen(n_rows, n_columns, dtype, None)

    def chosen(
        self, n_rows: int, n_columns: int, dtype: str, rows: np.ndarray | None
    ) -> np.ndarray:
        """Read a matrix, of which only some rows are returned; `rows` ascend."""
        self.check(n_rows * n_columns * np.dtype(dtype).itemsize)
        n_wanted = n_rows if rows is None else len(rows)
        is_sure = self._left is not None
        native = np.dtype(dtype).newbyteorder("=")
        if is_sure:
            require_memory(n_wanted * n_columns * native.itemsize, f"{n_wanted} rows")
        out = np.empty((n_wanted if is_sure else 0, n_columns), native)
        start = n_done = 0
        for block in self.blocks(n_rows, n_columns, dtype):
            if rows is not None:
                first, last = np.searchsorted(rows, [start, start + len(block)])
                start += len(block)
                block = block[rows[first:last] - start + len(block)]
            if len(out) < n_done + len(block):  # grows by doubling, as the file goes on
                n_room = min(n_wanted, max(n_done + len(block), 2 * n_done))
                out.resize((n_room, n_columns), refcheck=False)
            out[n_done : n_done + len(block)] = block
            n_done += len(block)
        return out


@contextmanager
def _opened(path: Any) -> Iterator[_Source]:
    """Open a file, and name it in errors."""
    name = files.name_of(path)
    byteorder.check(FILES)
    try:
        with files.naming(name), files.open_binary(path) as file:
            yield _Source(file, _size(path, file))
    except FormatError as error:
        raise type(error)(f"{name}: {error}") from None


def _size(path: Any, file: Any) -> int | None:
    """Return the size of a plain file that is opened by its path; None if it is not known."""
    if not files.is_path(path) or files.is_url(path) or files.decompressor(files.local_path(path)):
        return None
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _read(source: _Source, with_output: bool, wanted: Wanted | None) -> FacebookModel:
    parameters = _parameters(source)
    size, n_words, n_labels = source.numbers("3i")
    n_tokens, n_pruned = source.numbers("2q")
    if not (0 <= n_words <= size and n_labels == size - n_words):
        raise FormatError(f"it has {size} entries, {n_words} words and {n_labels} labels")
    names, entries = _dictionary(source, size)
    if (entries["kind"] != np.repeat([WORD, LABEL], [n_words, n_labels])).any():
        raise FormatError("its entries are not words, then labels")
    counts = entries["count"].astype(np.int64)
    if (counts < 0).any():
        raise FormatError("a count is negative")
    words, labels = names[:n_words], names[n_words:]
    if len(set(words)) < n_words:
        raise FormatError("a word is there twice")
    is_pruned = n_pruned >= 0
    places = _pruned_places(source, n_pruned, parameters["bucket"]) if is_pruned else None
    is_quantized = source.flag()
    if is_pruned and not is_quantized:
        raise FormatError("it is pruned, but not quantized: a model that fastText refuses too")
    n_buckets = n_pruned if is_pruned else parameters["bucket"]
    chosen = None if wanted is None else wanted(words, parameters)
    chosen = None if is_pruned else chosen  # whose rows are few
    rows, dim = None, parameters["dim"]
    if chosen is not None:
        rows = np.concatenate([np.arange(n_words), n_words + chosen.astype(np.int64)])
    matrix = _matrix(source, is_quantized, n_words + n_buckets, dim, rows)
    buckets = np.arange(n_buckets, dtype=np.int32) if chosen is None else chosen
    if places is not None:
        buckets, order = places
        matrix = np.concatenate([matrix[:n_words], matrix[n_words:][order]])
    n_outputs = n_labels if MODELS[parameters["model"]] == "supervised" else n_words
    is_output_quantized = source.flag() and is_quantized
    output = None
    if with_output:
        output = _matrix(source, is_output_quantized, n_outputs, dim, None)
    else:
        _skip(source, is_output_quantized, n_outputs, dim)
    return FacebookModel(
        parameters, words, counts[:n_words], buckets, matrix, output, n_tokens, labels,
        counts[n_words:], is_pruned,
    )  # fmt: skip


def _parameters(source: _Source) -> dict[str, Any]:
    try:
        magic, version = source.numbers("2i")
    except TruncatedError:
        magic = version = 0
    if magic != MAGIC:
        raise FormatError(
            "it does not begin like a model of fastText 0.9 (.bin or .ftz); fastsgns.load(path) "
            "recognizes files of vectors, and gensim reads models of fastText from before 2017"
        )
    if not 1 <= version <= VERSION:
        raise FormatError(f"it is of version {version}; known are those up to {VERSION}")
    parameters: dict[str, Any] = dict(zip(PARAMETERS, source.numbers("12i")))
    (parameters["t"],) = source.numbers("d")
    for name, known in (("model", MODELS), ("loss", LOSSES)):
        if parameters[name] not in known:
            raise FormatError(f"{name} is {parameters[name]}; allowed are {known}")
    for name, least in {"dim": 1, "bucket": 0, "minn": 0, "maxn": 0}.items():
        if parameters[name] < least:
            raise FormatError(f"{name} is {parameters[name]}; allowed are integers from {least}")
    if version == NO_SUBWORDS_VERSION and MODELS[parameters["model"]] == "supervised":
        parameters["maxn"] = 0
    return parameters


def _dictionary(source: _Source, size: int) -> tuple[list[bytes], np.ndarray]:
    """Return the words and labels, and the count and the kind of each."""
    source.check(size * (ENTRY_BYTES + 1))
    names: list[bytes] = []
    tails: list[bytes] = []
    data, position = b"", 0
    while len(names) < size:
        end = data.find(b"\0", position)
        if end < 0 or end + 1 + ENTRY_BYTES > len(data):
            if end < 0 and len(data) - position > LONGEST_WORD:
                raise FormatError(f"a word is longer than {LONGEST_WORD:,} bytes")
            more = source.some()
            if not more:
                raise TruncatedError("it ends too early, it was cut")
            data, position = data[position:] + more, 0
            continue
        names.append(data[position:end])
        tails.append(data[end + 1 : end + 1 + ENTRY_BYTES])
        position = end + 1 + ENTRY_BYTES
    source.push_back(data[position:])
    return names, np.frombuffer(b"".join(tails), ENTRY)


def _pruned_places(source: _Source, n: int, bucket: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the buckets that were kept, ascending, and the row of each, after those of words."""
    pairs = source.array(n, 2, "<i4")
    order = np.argsort(pairs[:, 0])
    buckets, rows = pairs[order].T
    if n and (buckets[0] < 0 or buckets[-1] >= bucket or (buckets[1:] == buckets[:-1]).any()):
        raise FormatError(f"its pruned buckets are not distinct numbers from 0 to {bucket - 1}")
    if not np.array_equal(np.sort(rows), np.arange(n)):
        raise FormatError("its pruned buckets do not have a row each")
    return np.ascontiguousarray(buckets), rows


def _sizes(source: _Source, n_rows: int, dim: int) -> None:
    """Read the shape of a matrix, and check it."""
    shape = source.numbers("2q")
    if shape != (n_rows, dim):
        raise FormatError(f"a matrix is of shape {shape}; expected is {(n_rows, dim)}")


def _matrix(
    source: _Source, is_quantized: bool, n_rows: int, dim: int, rows: np.ndarray | None
) -> np.ndarray:
    """Read a matrix as float32; only some rows if `rows` has their numbers, ascending."""
    if is_quantized:
        codes, centroids, norms = _quantized(source, n_rows, dim)
        if rows is not None:
            codes, norms = codes[rows], None if norms is None else norms[rows]
        return _decoded(codes, centroids, norms, dim)
    _sizes(source, n_rows, dim)
    return source.chosen(n_rows, dim, "<f4", rows)


def _skip(source: _Source, is_quantized: bool, n_rows: int, dim: int) -> None:
    """Read past a matrix."""
    if is_quantized:
        _quantized(source, n_rows, dim)
        return
    _sizes(source, n_rows, dim)
    for _ in source.blocks(n_rows, dim, "<f4"):
        pass


def _quantized(
    source: _Source, n_rows: int, dim: int
) -> tuple[np.ndarray, list[np.ndarray], np.ndarray | None]:
    """Read a quantized matrix.

    Returns
    -------
    codes : ndarray of uint8, shape (n_rows, n_parts)
    centroids : list of n_parts arrays of float32, shape (256, columns of the part)
    norms : ndarray of float32, shape (n_rows,), or None
        The factor of each row.
    """
    has_norms = source.flag()
    _sizes(source, n_rows, dim)
    (n_codes,) = source.numbers("i")
    if n_codes < 0 or n_codes % max(1, n_rows):
        raise FormatError(f"it has {n_codes} codes for {n_rows} rows")
    n_parts = n_codes // max(1, n_rows)
    codes = source.array(n_rows, n_parts, "u1")
    centroids = _centroids(source, dim)
    if n_rows and len(centroids) != n_parts:
        raise FormatError(f"it has {n_parts} codes per row; expected are {len(centroids)}")
    if not has_norms:
        return codes, centroids, None
    norm_codes = source.array(n_rows, 1, "u1")[:, 0]
    return codes, centroids, _centroids(source, 1)[0][norm_codes, 0]


def _centroids(source: _Source, dim: int) -> list[np.ndarray]:
    """Read a product quantizer: the centroids of each part of the columns."""
    sizes = source.numbers("4i")
    stated, n_parts, width, last = sizes
    is_right = stated == dim and width > 0 and n_parts == -(-dim // width)
    if not is_right or last != dim - (n_parts - 1) * width:
        raise FormatError(f"it divides {dim} columns into parts as {sizes}, which is impossible")
    numbers = source.array(1, N_CENTROIDS * dim, "<f4")[0]
    starts = range(0, dim, width)
    return [
        numbers[N_CENTROIDS * start : N_CENTROIDS * min(start + width, dim)].reshape(
            N_CENTROIDS, -1
        )
        for start in starts
    ]


def _decoded(
    codes: np.ndarray, centroids: list[np.ndarray], norms: np.ndarray | None, dim: int
) -> np.ndarray:
    """Return the rows of which `_quantized` has read the codes, float32."""
    require_memory(4 * len(codes) * dim, f"{len(codes)} rows of {dim} dimensions")
    rows = np.empty((len(codes), dim), np.float32)
    start = 0
    for part, choice in enumerate(centroids):
        end = start + choice.shape[1]
        rows[:, start:end] = choice[codes[:, part]]
        start = end
    if norms is not None:
        with np.errstate(all="ignore"):  # of a file with infinite numbers
            rows *= norms[:, None]
    return rows


def write(path: Any, model: FacebookModel) -> None:
    """Write a .bin file that fastText reads, atomically. Buckets without a row get zeros.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    model : FacebookModel
        Not supervised, and not pruned.

    Raises
    ------
    ValueError
        If a word has a zero byte, or a number does not fit.
    """
    byteorder.check(FILES)
    parameters, n_words = model.parameters, len(model.words)
    bad = next((word for word in model.words if b"\0" in word), None)
    if bad is not None:
        raise ValueError(f"the word {bad!r:.60} has a zero byte, which ends a word in fastText")
    try:
        head = struct.pack("<2i", MAGIC, VERSION)
        head += struct.pack("<12i", *(parameters[name] for name in PARAMETERS))
        head += struct.pack("<d", parameters["t"])
        head += struct.pack("<3i2q", n_words, n_words, 0, model.n_tokens, -1)
    except struct.error as error:
        raise ValueError(f"a number does not fit a .bin file ({error}): {parameters}") from None
    entries = np.zeros(n_words, ENTRY)
    entries["count"] = model.counts
    tails = entries.tobytes()
    with destination(path) as file:
        file.write(head)
        for start in range(0, n_words, 1 << 14):
            part = enumerate(model.words[start : start + (1 << 14)], start)
            file.write(
                b"".join(
                    word + b"\0" + tails[row * ENTRY_BYTES : (row + 1) * ENTRY_BYTES]
                    for row, word in part
                )
            )
        n_rows, dim = n_words + parameters["bucket"], parameters["dim"]
        file.write(b"\0" + struct.pack("<2q", n_rows, dim))
        write_array(file, model.input[:n_words])
        _write_buckets(file, model.buckets, model.input[n_words:], parameters["bucket"])
        file.write(b"\0" + struct.pack("<2q", n_words, dim))
        zeros = np.broadcast_to(np.float32(0), (n_words, dim))
        write_array(file, zeros if model.output is None else model.output)


def _write_buckets(file: Any, buckets: np.ndarray, rows: np.ndarray, bucket: int) -> None:
    """Write a row for each of `bucket` buckets."""
    step = max(1, BLOCK_BYTES // max(1, 4 * rows.shape[1]))
    for start in range(0, bucket, step):
        block = np.zeros((min(step, bucket - start), rows.shape[1]), np.float32)
        first, last = np.searchsorted(buckets, [start, start + len(block)])
        block[buckets[first:last] - start] = rows[first:last]
        write_array(file, block)
