"""The table of the formats of files of vectors, `FORMATS`, and what reads and writes each.

The functions call methods of KeyedVectors, which get the keys and matrices of other formats as a
`VectorTable` (fastsgns/formats/tables.py).
"""

import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from fastsgns.errors import FormatError, warn
from fastsgns.formats import (
    columns,
    facebook,
    files,
    floret,
    folders,
    header,
    npz,
    plain,
    saving,
    sniffing,
    static_embedding,
    tsv,
)
from fastsgns.formats.tables import DTYPES, VectorTable, in_dtype
from fastsgns.vectors import facebook as facebook_vectors
from fastsgns.vectors.attributes import COUNT
from fastsgns.vectors.encoding import SIF_A
from fastsgns.vectors.second import link_output, own_output
from fastsgns.vectors.spaces import NoRoleError
from fastsgns.vectors.storage import check_in_step
from fastsgns.vectors.weighting import probabilities, sif_weights

HEAD_BYTES = 1 << 16
# A key of the metadata, which writers of safetensors put first. In strings, such as those of words,
# JSON has a backslash before a quote. A tensor of this name would be followed by an object.
OWN_KEY = re.compile(rb'[{,]\s*"%s"\s*:\s*"' % header.KEY.encode())


class Format(NamedTuple):
    """One format of files of vectors.

    Attributes
    ----------
    description : str
    suffixes : tuple of str
        The suffixes that mean this format. The first one is the usual one.
    write : callable
        ``write(path, table)``, or for a format that a method of KeyedVectors writes
        ``write(kv, path)``.
    read : callable
        ``read(path, **options)`` returns a `VectorTable`, or for a format that a method reads
        ``read(cls, path, **options)`` an instance of `cls`.
    by_method : bool
        Whether methods of KeyedVectors write and read.
    holds_output : bool
        Whether it holds a second matrix.
    is_compressed_too : bool
        Whether the suffixes .gz, .bz2 and .xz may follow.
    is_hashed : bool
        Whether it holds only vectors in floret's scheme, without keys.
    has_dtypes : bool
        Whether it holds numbers of each type of `fastsgns.formats.tables.DTYPES`.
    options : tuple of str
        Names of further parameters of `write`.
    check_folder : callable, optional
        ``check_folder(path)`` raises an error if a folder of this format can't be written. None
        for formats that are files.
    """

    description: str
    suffixes: tuple[str, ...]
    write: Callable[..., None]
    read: Callable[..., Any]
    by_method: bool = False
    holds_output: bool = False
    is_compressed_too: bool = False
    is_hashed: bool = False
    has_dtypes: bool = False
    options: tuple[str, ...] = ()
    check_folder: Callable[[Any], Any] | None = None


def _word2vec(**form: Any) -> dict[str, Any]:
    """Return the functions of a form of word2vec's format."""
    header = not form.get("no_header", False)
    binary = form.get("binary", False)

    def write(kv: Any, path: Any) -> None:
        kv.save_word2vec_format(path, binary=binary, write_header=header)

    def read(cls: Any, path: Any, **options: Any) -> Any:
        return cls.load_word2vec_format(path, **form | options)

    return {"write": write, "read": read, "by_method": True, "is_compressed_too": True}


def _write_vec(kv: Any, path: Any) -> None:
    """Write fastText's text, after checking that no key has white space, at which it splits."""
    blank = next((key for key in map(str, kv.index_to_key) if len(key.split()) != 1), None)
    if blank is not None:
        raise ValueError(
            f"the key {blank!r:.60} can't be written to a .vec file: fastText splits it at white "
            'space. Rename it, or export("text", path)'
        )
    kv.save_word2vec_format(path)


def _write_facebook(kv: Any, path: Any) -> None:
    facebook_vectors.write_vectors(kv, path)


def _read_facebook(cls: Any, path: Any, **options: Any) -> Any:
    return facebook_vectors.load_facebook_vectors(path, cls=cls, **options)


def _write_floret(kv: Any, path: Any) -> None:
    facebook_vectors.write_floret(kv, path)


def _read_floret(cls: Any, path: Any) -> Any:
    return facebook_vectors.load_floret_vectors(path, cls=cls)


FORMATS = {
    "native": Format(
        "the file that save() writes",
        (".fastsgns", ".model", ""),
        lambda kv, path: kv.save(path),
        lambda cls, path, **options: cls.load(path, **options),
        by_method=True,
        holds_output=True,
        is_compressed_too=True,
    ),
    "text": Format("word2vec's text, with a header", (".txt",), **_word2vec()),
    "binary": Format("word2vec's binary", (".bin",), **_word2vec(binary=True)),
    "glove": Format("text without a header", (), **_word2vec(no_header=True)),
    "vec": Format("fastText's text", (".vec",), **_word2vec() | {"write": _write_vec}),
    "safetensors": Format(
        "plain safetensors",
        (".safetensors",),
        plain.write,
        plain.read,
        holds_output=True,
        has_dtypes=True,
    ),
    "npz": Format(
        "an archive of numpy", (".npz",), npz.write, npz.read, holds_output=True, has_dtypes=True
    ),
    "parquet": Format(
        "Parquet, by pyarrow",
        (".parquet",),
        columns.write_parquet,
        columns.read_parquet,
        holds_output=True,
        has_dtypes=True,
    ),
    "arrow": Format(
        "Arrow IPC, by pyarrow",
        (".arrow", ".feather"),
        columns.write_arrow,
        columns.read_arrow,
        holds_output=True,
        has_dtypes=True,
    ),
    "fasttext": Format(
        "a model of Facebook's fastText (.bin)", (), _write_facebook, _read_facebook, by_method=True
    ),
    "floret": Format(
        "floret's text, of a model with hash_count",
        (".floret",),
        _write_floret,
        _read_floret,
        by_method=True,
        is_compressed_too=True,
        is_hashed=True,
    ),
    "tsv": Format("two files for the TensorBoard projector", (".tsv",), tsv.write, tsv.read),
    "static-embedding": Format(
        "a folder for sentence-transformers and model2vec",
        (),
        static_embedding.write,
        static_embedding.read,
        has_dtypes=True,
        options=("lowercase", "weights"),
        check_folder=lambda path: folders.check_writable(path, static_embedding.is_ours),
    ),
}
SUFFIXES = {suffix: kind for kind, form in FORMATS.items() for suffix in form.suffixes}
MAGIC = {facebook.HEAD: "fasttext", b"PK\x03\x04": "npz", b"PAR1": "parquet", b"ARROW1": "arrow"}


def format_of(kind: str) -> Format:
    """Return a format by its name.

    Raises
    ------
    ValueError
        If there is none; it lists all.
    """
    if kind not in FORMATS:
        listed = ", ".join(f"{name} ({form.description})" for name, form in FORMATS.items())
        raise ValueError(f"there is no format {kind!r}; allowed are {listed}")
    return FORMATS[kind]


def write(
    kv: Any, kind: str, path: Any, output: Any = None, dtype: Any = None, **options: Any
) -> None:
    """Write `kv` (a KeyedVectors) in a format; see `KeyedVectors.export`.

    Vectors that are not finite are written as they are, with a warning, as `save` does.
    """
    form = format_of(kind)
    name_of_dtype = _check_dtype(kind, form, dtype)
    if unknown := sorted(set(options) - set(form.options)):
        allowed = ", ".join(("output", "dtype", *form.options))
        raise TypeError(f"{kind} has no parameter {unknown[0]!r}; allowed are {allowed}")
    if not form.is_compressed_too and files.is_path(path) and files.decompressor(path):
        raise ValueError(
            f"{files.name_of(path)}: programs that read {kind} expect a file that is not "
            "compressed; leave out the last suffix"
        )
    if output is True:
        raise TypeError("output is True; allowed are vectors with the same keys, None and False")
    if output is not None and output is not False and not form.holds_output:
        both = ", ".join(name for name, other in FORMATS.items() if other.holds_output)
        raise ValueError(
            f"{kind} holds one matrix: export the output vectors to a file of their own, "
            f'kv.output.export("{kind}", path), or choose {both}'
        )
    if form.holds_output and output is None:
        _warn_of_bias(kv)
    if form.by_method:
        form.write(_with_output(kv, output) if form.holds_output else kv, path)
    else:
        table = table_of(kv, output, form.holds_output)
        if name_of_dtype is not None:
            table = in_dtype(table, name_of_dtype)
        if name_of_dtype != "int8":  # which is an error if it is not finite
            saving.check_finite("vectors", kv.array, refuse=False)
        if isinstance(weights := options.get("weights"), str):
            options["weights"] = _weights(kv, weights)
        form.write(path, table, **options)


def _weights(kv: Any, name: str) -> np.ndarray:
    if name != "sif":
        raise ValueError(
            f"weights are {name!r:.60}; allowed are 'sif' and an array of one number per key. For "
            "'zipf', export wv.whitened()"
        )
    return sif_weights(probabilities(kv, "weights='sif'"), SIF_A)


def _check_dtype(kind: str, form: Format, dtype: Any) -> str | None:
    """Return the name of a type of numbers; raise a ValueError if a format does not hold it."""
    if dtype is None:
        return None
    try:
        name: str = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in DTYPES:
        raise ValueError(f"dtype is {dtype!r:.60}; allowed are {', '.join(DTYPES)}")
    if not form.has_dtypes:
        able = ", ".join(other for other, form in FORMATS.items() if form.has_dtypes)
        raise ValueError(
            f"{kind} has a type of numbers of its own; leave out dtype={name!r}, or choose {able}"
        )
    return name


def _warn_of_bias(kv: Any) -> None:
    if kv.role_link is not None and kv.role_link.bias(kv) is not None:
        warn(
            "the file does not hold the bias, which the model adds to the scores of pairs; save "
            "the model, model.save(path), or leave the output vectors out as well, output=False"
        )


def _with_output(kv: Any, output: Any) -> Any:
    """Return `kv`, or one of the same arrays with another second matrix, whose file holds it."""
    second = table_of(kv, output).output
    if second is None and own_output(kv) is None:
        return kv
    cls: Any = type(kv)
    other = cls.__new__(cls)
    other.__setstate__(kv.__getstate__())
    other.role_link = None
    if second is not None:
        link_output(other, second)
    return other


def table_of(kv: Any, output: Any = None, holds_output: bool = True) -> VectorTable:
    """Return the keys, vectors and attributes of `kv`, and its output vectors if there are any.

    Parameters
    ----------
    kv : KeyedVectors
    output : KeyedVectors with the same keys, optional
        Instead of ``kv.output``; False for none.
    holds_output : bool
        Whether the output vectors are wanted.
    """
    check_in_step(kv)
    if output is False:
        output = None
    elif output is None and holds_output and kv.role_link is not None:
        with suppress(NoRoleError):
            output = kv.role_link.role(kv, "output")
    elif output is not None and list(output.index_to_key) != list(kv.index_to_key):
        raise ValueError(
            "the output vectors have other keys, or the same in another order: export both to "
            "files of their own"
        )
    second = None if output is None or not holds_output else np.asarray(output.array)
    attributes = dict(kv.expandos)
    if kv.key_table.expandos.has_made_up_counts:
        del attributes[COUNT]  # the file could not say what they are
    return VectorTable(kv.index_to_key, np.asarray(kv.array), second, attributes)


def suffix_of(path: str) -> str:
    """Return the suffix in lower case, without .gz, .bz2 or .xz.

    Examples
    --------
    >>> suffix_of("vectors.TXT.gz"), suffix_of("model")
    ('.txt', '')
    """
    stem, suffix = os.path.splitext(path)
    if files.decompressor(path):
        suffix = os.path.splitext(stem)[1]
    return suffix.lower()


def form_of(head: bytes) -> str | None:
    r"""Return the format of a file by its first bytes, a key of `FORMATS`; None if it is not known.

    Text without a header is not known, as any text looks like that.

    Examples
    --------
    >>> form_of(b"2 3\na 1 2 3\n"), form_of(b"PAR1"), form_of(b"a 1 2 3\n")
    ('text', 'parquet', None)
    """
    for magic, kind in MAGIC.items():
        if head.startswith(magic):
            return kind
    if floret.is_floret(head):
        return "floret"
    if sniffing.is_native(head):
        text = head[8 : 8 + int.from_bytes(head[:8], "little")]  # and no words or numbers
        return "safetensors" if b'"dtype"' in text and not OWN_KEY.search(text) else "native"
    return sniffing.form_of(head)


def kind_of(path: Any) -> str:
    """Return the format of a file by its first bytes, or else by its suffix.

    Raises
    ------
    FormatError
        If neither is known, or it is a file of another kind, such as a pickle.
    ValueError
        If it is a pipe, whose first bytes can be read only once.
    """
    name = files.name_of(path)
    if static_embedding.is_folder(path):
        return "static-embedding"
    named = SUFFIXES.get(suffix_of(name))
    if named == "tsv" and files.is_path(path) and tsv.is_pair(path):
        return named  # whose numbers look like a header of word2vec if there are two of them
    with files.naming(name), files.open_binary(path) as file:
        if not (_can_be_opened_again(path) or file.seekable()):
            raise ValueError(
                f"{name} is a pipe or the like, whose format can't be seen before it is read; give "
                f"it, kind=, one of {', '.join(FORMATS)}"
            )
        head = file.read(HEAD_BYTES)
        if files.is_open(path):
            file.seek(-len(head), 1)
    seen = form_of(head)
    if seen is not None:
        return "vec" if seen == "text" and named == "vec" else seen
    if named == "tsv":
        return named
    if problem := sniffing.what_it_is(head)[0]:
        raise FormatError(f"{name} is {problem}")
    if named is None or named in ("native", *MAGIC.values(), "safetensors"):
        raise FormatError(
            f"{name} does not begin like a file of vectors; give its format, kind=, one of "
            f"{', '.join(FORMATS)}"
        )
    return named


def _can_be_opened_again(path: Any) -> bool:
    return files.is_path(path) and (files.is_url(path) or os.path.isfile(files.local_path(path)))


def read(cls: Any, path: Any, kind: str | None = None, **options: Any) -> Any:
    """Read a file as an instance of `cls`; see `KeyedVectors.from_file`."""
    form = format_of(kind_of(path) if kind is None else kind)
    if form.by_method:
        return form.read(cls, path, **options)
    return cls.from_table(form.read(path, **options))
