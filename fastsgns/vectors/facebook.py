"""Vectors of Facebook's fastText and of floret: FastTextKeyedVectors of their files, and back.

This module does not need FastTextKeyedVectors, whose formats it is a part of.
"""

import codecs
import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from fastsgns.corpus.subwords import (
    SubwordScheme,
    fault_of_lengths,
    make_table,
    used_buckets,
    utf8,
)
from fastsgns.errors import FormatError
from fastsgns.formats import facebook, files, floret, kinds, saving
from fastsgns.formats.facebook import FacebookModel
from fastsgns.formats.floret import FloretTable
from fastsgns.matrices import PaddedRows
from fastsgns.vectors.attributes import COUNT, look_made_up
from fastsgns.vectors.storage import check_in_step
from fastsgns.vectors.subword_rows import SubwordRows

logger = logging.getLogger(__name__)

DEFAULTS = {  # of fastText, for vectors without a model
    "ws": 5, "epoch": 5, "min_count": 1, "neg": 5, "word_ngrams": 1, "loss": 2, "model": 2,
    "lr_update_rate": 100, "t": 1e-4,
}  # fmt: skip


def load_facebook_vectors(
    path: Any, encoding: str = "utf-8", *, all_buckets: bool = True, cls: Any = None
) -> Any:
    """Read the vectors of words and n-grams of a model of Facebook's fastText.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
        A .bin or .ftz file, supervised or not; it may be compressed (.gz, .bz2, .xz).
    encoding : str
        Of the words. Bytes that are not UTF-8 become surrogates ("surrogateescape"), so that the
        n-grams are those of the file. In another encoding, they are escaped with backslashes.
    all_buckets : bool
        Keep the rows of all buckets, so that words that were never seen have the vectors that
        fastText computes. Otherwise only the rows of buckets that the words use are read, which
        needs less memory: n-grams of other buckets count as zeros.
    cls : type, optional
        FastTextKeyedVectors, or a class that is derived from it.

    Returns
    -------
    FastTextKeyedVectors
        With the attribute ``count`` of the keys. Labels of a supervised model are not words;
        `fastsgns.formats.facebook.read` returns them, and the output matrix.

    Raises
    ------
    FormatError
        If it is not such a file, or is damaged. Sizes are compared with the length of the file
        before memory is allocated.
    TruncatedError
        If it is cut. It is a FormatError and an EOFError.

    Examples
    --------
    >>> from fastsgns.vectors.fasttext import FastTextKeyedVectors
    >>> kv = FastTextKeyedVectors(2, min_n=3, max_n=3, bucket=100)
    >>> kv["cat"] = [4, 8]
    >>> kv.export("fasttext", "cat.bin")
    >>> load_facebook_vectors("cat.bin")["cat"].tolist()
    [4.0, 8.0]
    """
    model = read(path, all_buckets, with_output=False)
    return vectors_of(model, encoding, files.name_of(path), cls)


def read(path: Any, all_buckets: bool = True, with_output: bool = True) -> FacebookModel:
    """Read a model, without rows that no word can use; see `load_facebook_vectors`."""

    def wanted(words: list[bytes], parameters: dict[str, Any]) -> np.ndarray | None:
        scheme, raw = _scheme(parameters), _raw(words)
        if not scheme.has_buckets:
            return np.zeros(0, np.int32)
        if fault := fault_of_lengths(raw, scheme):
            raise FormatError(fault)
        return None if all_buckets else used_buckets(raw, scheme)

    return facebook.read(path, with_output, wanted)


def _scheme(parameters: dict[str, Any], is_pruned: bool = False) -> SubwordScheme:
    lengths = parameters["minn"], parameters["maxn"]
    return SubwordScheme(*lengths, parameters["bucket"], is_pruned=is_pruned)


def _raw(words: list[bytes]) -> list[str]:
    """Return words that have the bytes of the file, and so its n-grams."""
    return [word.decode("utf-8", "surrogateescape") for word in words]


def _decoded(words: list[bytes], encoding: str, name: str) -> list[str]:
    """Return words as keys.

    Raises
    ------
    FormatError
        If two words are the same in this encoding.
    """
    errors = "surrogateescape" if codecs.lookup(encoding).name == "utf-8" else "backslashreplace"
    keys = [word.decode(encoding, errors) for word in words]
    if len(set(keys)) < len(keys):
        raise FormatError(f"{name}: words are the same in {encoding}; give another encoding")
    n_odd = sum(1 for key in keys if not key.isascii() and not _is_encodable(key))
    if n_odd:
        logger.warning("%d words of %s are not %s", n_odd, name, encoding)
    return keys


def _is_encodable(key: str) -> bool:
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def vectors_of(model: FacebookModel, encoding: str, name: str, cls: Any = None) -> Any:
    """Return the FastTextKeyedVectors of a model; `name` is that of its file, for messages."""
    scheme = _scheme(model.parameters, model.is_pruned)
    keys = _decoded(model.words, encoding, name)
    kv = _empty(cls, model.input.shape[1], scheme)
    if not scheme.has_buckets:
        kv.set_items(keys, model.input[: len(keys)])  # the rest are rows of pairs of words
    else:
        kv.set_items(keys, np.zeros((len(keys), model.input.shape[1]), np.float32))
        table = make_table(_raw(model.words), scheme, model.buckets)
        order = kv.key_table.order
        kv.subwords = SubwordRows(scheme, table, PaddedRows(model.input), keys, order)
        kv.adjust_vectors()
    kv.expandos[COUNT] = model.counts
    kv.key_table.expandos.mark_made_up(look_made_up(model.counts))
    return kv


def _empty(cls: Any, dimensions: int, scheme: SubwordScheme) -> Any:
    """Return vectors without keys, of FastTextKeyedVectors or `cls`, which is derived from it."""
    made_class = kinds.class_of("subword vectors")
    is_derived = isinstance(cls, type) and issubclass(cls, made_class)
    kv = object.__new__(cls if is_derived else made_class)  # which may take other arguments
    bucket = scheme.bucket if scheme.has_buckets else 0
    lengths = (scheme.min_n, scheme.max_n)
    made_class.__init__(kv, dimensions, *lengths, bucket, hash_count=scheme.hash_count)
    if scheme.has_buckets:
        kv.scheme = scheme
    return kv


def write_vectors(kv: Any, path: Any) -> None:
    """Write vectors as a .bin file of fastText; see `KeyedVectors.export`.

    The file has the parameters of a skip-gram model with fastText's defaults, and an output matrix
    of zeros.

    Raises
    ------
    ValueError, TypeError
        If fastText can't have such vectors; see `model_of`.
    """
    facebook.write(path, model_of(kv))


def model_of(
    kv: Any,
    parameters: Mapping[str, Any] | None = None,
    output: np.ndarray | None = None,
    n_tokens: int | None = None,
    encoding: str = "utf-8",
) -> FacebookModel:
    """Return the model of fastText that has some vectors.

    Parameters
    ----------
    kv : KeyedVectors
        Without n-grams, words are their own rows.
    parameters : dict, optional
        Of training: those of `fastsgns.formats.facebook.PARAMETERS` that differ from fastText's
        defaults.
    output : ndarray of float32, shape (V, d), optional
        Zeros by default.
    n_tokens : int, optional
        By default the sum of the counts.
    encoding : str
        Of the words.

    Raises
    ------
    ValueError
        If fastText has no such scheme: floret's, or that of a pruned model. Or if a word has no
        form in the encoding.
    TypeError
        If a key is not a str.
    """
    check_in_step(kv)
    saving.check_finite("vectors", kv.array, refuse=False)
    subwords = _rows_of(kv)
    scheme = SubwordScheme(0, 0, 0) if subwords is None else subwords.scheme
    if scheme.hash_count or scheme.is_pruned:
        what = "floret's scheme (hash_count)" if scheme.hash_count else "pruned models"
        advice = '; export("floret", path) writes them' if scheme.hash_count else ""
        raise ValueError(f"a .bin file of fastText does not hold {what}{advice}")
    words = [_encoded(key, encoding) for key in kv.index_to_key]
    made_up = np.arange(len(words), 0, -1)
    has_none = kv.key_table.expandos.has_made_up_counts
    counts = np.asarray(made_up if has_none else kv.expandos.get(COUNT, made_up), np.int64)
    sizes = {"dim": kv.vector_size, "bucket": scheme.bucket, "minn": scheme.min_n}
    return FacebookModel(
        parameters=DEFAULTS | sizes | {"maxn": scheme.max_n} | dict(parameters or {}),
        words=words,
        counts=counts,
        buckets=np.zeros(0, np.int32) if subwords is None else subwords.table.buckets,
        input=np.asarray(kv.array, np.float32) if subwords is None else subwords.array,
        output=output,
        n_tokens=int(counts.sum()) if n_tokens is None else n_tokens,
        labels=[],
        label_counts=np.zeros(0, np.int64),
    )


def _rows_of(kv: Any) -> SubwordRows | None:
    """Return the rows of words and n-grams that the vectors are made of; None without n-grams.

    What was set in the vectors is in the rows of the words.
    """
    if not isinstance(kv.subwords, SubwordRows):
        return None
    kv.recalc_char_ngram_buckets()
    kv.subwords.absorb(np.asarray(kv.array, np.float32))
    return kv.subwords


def _encoded(key: Any, encoding: str) -> bytes:
    """Return the bytes of a key in a file."""
    if not isinstance(key, str):
        raise TypeError(
            f"key {key!r:.60} is a {type(key).__name__}; a file of fastText holds words, str"
        )
    if codecs.lookup(encoding).name == "utf-8":
        return utf8(key)
    try:
        return key.encode(encoding)
    except UnicodeEncodeError as error:
        raise ValueError(f"the word {key!r:.60} has no form in {encoding} ({error})") from None


def load_floret_vectors(path: Any, *, cls: Any = None) -> Any:
    """Read floret's text as FastTextKeyedVectors without keys, where each word has a vector.

    ``kv.vectors_for_all(words)`` makes vectors of some words, which can be searched.

    Parameters
    ----------
    path : str, os.PathLike or binary file object
    cls : type, optional
        As for `load_facebook_vectors`.

    Raises
    ------
    FormatError
        If it is not of this format, is cut, or was hashed with another seed.
    """
    table = floret.read(path)
    scheme = SubwordScheme(table.min_n, table.max_n, table.bucket, table.hash_count)
    kv = _empty(cls, table.rows.shape[1], scheme)
    order = kv.key_table.order
    kv.subwords = SubwordRows.of(scheme, kv.index_to_key, table.rows, table.buckets, order)
    return kv


def write_floret(kv: Any, path: Any) -> None:
    """Write the table of vectors in floret's scheme as text, which spaCy reads.

    Raises
    ------
    ValueError
        If the vectors are of another scheme, or a vector was set.
    """
    check_in_step(kv)
    subwords = _rows_of(kv)
    if subwords is None or subwords.scheme.has_own_rows:
        raise ValueError(
            "floret's text holds one table of hashed words and n-grams; train with hash_count=1 "
            "to 4 to have such"
        )
    scheme = subwords.scheme
    sizes = scheme.min_n, scheme.max_n, scheme.hash_count, scheme.bucket
    floret.write(path, FloretTable(*sizes, subwords.ngram_rows, subwords.table.buckets))
