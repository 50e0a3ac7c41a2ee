"""Archives of numpy: ``vectors``, ``words``, ``output`` and attributes, without pickle.

`numpy.load` reads all arrays with ``allow_pickle=False``. Here the sizes that a header states are
compared with those of the archive before memory is allocated, which `numpy.load` does not do.
"""

import errno
import io
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import files, native, raw, sniffing
from fastsgns.formats.tables import VectorTable, check, exportable, type_of_keys
from fastsgns.formats.writing import destination

RESERVED = ("vectors", "output", *native.PACKED)
# A numpy array of str takes 4 bytes per character of its longest word, for every word.
LONGEST_WORD = 64
SMALL = 1 << 24
INT64 = np.iinfo(np.int64)
# What numpy writes. Others, of which LZMA allocates what the archive says, are not opened.
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError,
    RuntimeError, ValueError, TypeError, OverflowError, IndexError,
)  # fmt: skip
# What numpy's reader of a header raises: it parses the text of a dict.
UNREADABLE = (
    ValueError, KeyError, TypeError, SyntaxError, tokenize.TokenError, RecursionError, MemoryError,
)  # fmt: skip


def write(path: Any, table: VectorTable) -> None:
    r"""Write an archive, atomically.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    table : VectorTable
        Keys of type str become an array of str, and of type int one of int64. Other keys, several
        types of keys, and very long words become ``words`` (bytes), ``word_ends`` and
        ``word_types``; see `fastsgns.formats.native.pack_words`.

    Raises
    ------
    TypeError
        If a key has no portable form.

    Examples
    --------
    >>> file = io.BytesIO()
    >>> write(file, VectorTable(["a", "b"], np.eye(2)))
    >>> _ = file.seek(0)
    >>> arrays = np.load(file, allow_pickle=False)
    >>> arrays["words"].tolist(), arrays["vectors"].tolist()
    (['a', 'b'], [[1.0, 0.0], [0.0, 1.0]])
    """
    arrays = {"vectors": table.vectors, **_words(table.keys)}
    if table.output is not None:
        arrays["output"] = table.output
    for name, values in exportable(table.attributes, RESERVED).items():
        arrays[name] = values.astype(str) if values.dtype == object else values
    with destination(path) as file, zipfile.ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            # ZipInfo has a date of its own, so that equal vectors make equal files
            with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)


def _words(keys: Sequence[Hashable]) -> dict[str, np.ndarray]:
    of: Any = type_of_keys(keys)
    texts: Any = keys
    if of is int and len(keys) and INT64.min <= min(texts) and max(texts) <= INT64.max:
        return {"words": np.array(texts, np.int64)}
    if of is str and not any(text.endswith("\0") for text in texts):  # which numpy drops
        longest = max(map(len, texts), default=0)
        if longest <= LONGEST_WORD or 4 * longest * len(texts) <= SMALL:
            return {"words": np.array(texts, str)}
    return native.pack_words(keys)


def read(path: Any) -> VectorTable:
    """Read what `write` wrote, or another archive with ``vectors`` and ``words``.

    Raises
    ------
    FormatError
        If it is not such an archive, is damaged, or has an array of Python objects.
    """
    name = files.name_of(path)
    with files.naming(name), files.open_binary(path) as file:
        seekable = file if file.seekable() else io.BytesIO(file.read())
        with _naming_damage(name), zipfile.ZipFile(seekable) as archive:
            arrays = _arrays(archive, name)
    missing = [needed for needed in ("vectors", "words") if needed not in arrays]
    if missing:
        raise FormatError(
            f"{name} has the arrays {sorted(arrays)!s:.200} and not {' or '.join(missing)}; make "
            "the vectors with KeyedVectors.from_arrays(words, vectors)"
        )
    words = arrays["words"]
    if words.dtype == np.uint8 and "word_ends" in arrays:
        try:
            keys: Any = native.unpack_words(arrays)
        except FormatError as error:
            raise FormatError(f"{name}: {error}") from None
    elif words.dtype.kind in "USiu" and words.ndim == 1:  # no bytes can be many empty lists
        keys = words.tolist()
    else:
        raise FormatError(
            f"{name}: the words are of {words.dtype} and shape {words.shape}; allowed are lists of "
            "str, bytes and int"
        )
    own = {key: values for key, values in arrays.items() if key not in RESERVED}
    return check(VectorTable(keys, arrays["vectors"], arrays.get("output"), own), name)


@contextmanager
def _naming_damage(name: str) -> Iterator[None]:
    """Raise a FormatError for what zipfile raises if an archive is damaged."""
    try:
        yield
    except FormatError:
        raise
    except DAMAGED as error:
        # a place before the start of a file is an error of the system
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise FormatError(
            f"{name} is not an npz archive, or it is damaged: {error!s:.200}"
        ) from None


def _arrays(archive: zipfile.ZipFile, name: str) -> dict[str, np.ndarray]:
    arrays: dict[str, np.ndarray] = {}
    for info in archive.infolist():
        member = info.filename.removesuffix(".npy")
        if member == info.filename:
            if member.endswith("/data.pkl"):
                raise FormatError(f"{name} is {sniffing.TORCH}")
            raise FormatError(
                f"{name} is not an npz archive: it contains {member!r:.60}, where arrays in .npy "
                "files are expected"
            )
        if info.flag_bits & 1 or member in arrays:
            raise FormatError(f"{name}: its array {member!r:.60} is encrypted, or there twice")
        if info.compress_type not in COMPRESSIONS:
            raise FormatError(
                f"{name}: its array {member!r:.60} is compressed by another method than numpy's; "
                "write it with numpy.savez_compressed"
            )
        with archive.open(info) as file:
            try:
                arrays[member] = _array(file, info.file_size)
            except ValueError as error:
                raise FormatError(f"{name}: its array {member!r:.60} {error}") from None
    return arrays


def _array(file: Any, size: int) -> np.ndarray:
    """Read one array from a file of `size` bytes."""
    try:
        version = np.lib.format.read_magic(file)
        readers: dict[Any, Any] = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }
        shape, is_fortran, dtype = readers[version](file)
    except UNREADABLE as error:
        raise ValueError(f"has a header that can't be read: {error!s:.100}") from None
    if dtype.hasobject:
        raise ValueError(
            "holds Python objects, which only pickle can read, and pickle can run code; write "
            "words as np.array(words, dtype=str)"
        )
    if dtype.kind not in "biufUS":
        raise ValueError(f"is of {dtype}; allowed are numbers, str and bytes")
    n_bytes = size - file.tell()
    raw.check_size(dtype, shape, n_bytes)
    content = native.take(file, n_bytes)
    if len(content) < n_bytes:
        raise ValueError(f"ends {n_bytes - len(content):,} bytes too early")
    return raw.array_of(content, dtype, shape, order="F" if is_fortran else "C")
