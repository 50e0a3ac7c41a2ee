"""The native file of FastText: that of Word2Vec, with the rows of subwords for the input vectors.

The input vectors are not in the file, because they are computed from the rows. Without subwords
(``max_n=0``) the file has them, as that of Word2Vec.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import kinds
from fastsgns.formats.schema import Array, Content, Value, When
from fastsgns.models import parameters
from fastsgns.models.words import storage, training
from fastsgns.vectors import storage as vectors_storage
from fastsgns.vectors.fasttext_storage import fault_of_buckets
from fastsgns.vectors.subword_rows import SubwordRows


def _scheme(model: Any) -> Any:
    return parameters.normalize(model).scheme


def _rows(model: Any) -> SubwordRows | None:
    """Return the rows of subwords, with what was written to the input vectors.

    Raises
    ------
    ValueError
        If the model's parameters are no longer those that the rows were made with, so that a file
        of both could not be read.
    """
    training.check_scheme(model, parameters.normalize(model))
    matrices = model.current_arrays()
    matrices.pass_on()
    rows: SubwordRows | None = matrices.subwords
    return rows


def _part(function: Callable[[SubwordRows], np.ndarray | None]) -> Any:
    """Return a function of a model that reads a part of its rows of subwords, or None."""

    def read(model: Any) -> np.ndarray | None:
        rows = _rows(model)
        return None if rows is None else function(rows)

    return read


def _factors(name: str) -> Any:
    """Return a function of a model that reads lock factors, or None if all are one 1."""

    def read(model: Any) -> np.ndarray | None:
        factors = np.asarray(getattr(model.wv, name), np.float32)
        return None if factors.shape == (1,) and factors[0] == 1 else factors

    return read


def _row_biases(model: Any) -> np.ndarray | None:
    """Return the bias of each row, or None if rows have none of their own."""
    rows = _rows(model)
    if rows is None or not model.layout.has_word_bias:
        return None
    if not len(rows.array):  # without a vocabulary, rows have no column of biases yet
        return np.zeros(0, np.float32)
    return rows.columns[:, 0]


def _input(model: Any) -> np.ndarray | None:
    """Return the input vectors, or None if they are made of subwords."""
    if _rows(model) is not None:
        return None
    return storage.input_of(model)


def _bias(model: Any) -> np.ndarray | None:
    """Return the biases, or None if they are made of those of subwords."""
    is_made = _rows(model) is not None and model.layout.has_word_bias
    return None if is_made else model.current_arrays().newest_bias


def _fault(content: Content) -> str | None:
    """Return what is wrong with the arrays together, or None."""
    scheme = _scheme(content.model)
    if scheme is None:
        return storage.fault(content)
    n_own, n_rows = scheme.n_own_rows(content.sizes["words"]), content.sizes["n_rows"]
    if fault := fault_of_buckets(content.arrays["buckets"], scheme.bucket, n_own, n_rows):
        return fault
    has_biases = content.model.layout.has_word_bias
    return storage.fault(content, "subword_biases" if has_biases else "bias")


def _build(cls: Any, content: Content) -> Any:
    model, arrays = content.model, content.arrays
    scheme, wv = _scheme(model), model.wv
    if scheme is None:
        vectors_storage.fill(wv, arrays["input"], content)
        return storage.with_arrays(content, wv, arrays.get("bias"))
    words = content.words[""]
    try:
        rows = SubwordRows.of(scheme, words, arrays["subwords"], arrays["buckets"])
    except (TypeError, ValueError) as error:
        raise FormatError(str(error)) from None
    rows.set_columns(_columns(content, len(rows.array)))
    vectors_storage.fill(wv, np.empty((len(words), model.vector_size), np.float32), content)
    bias = np.empty(len(words), np.float32) if model.layout.has_word_bias else None
    rows.compose(wv.array, bias)
    wv.subwords = rows
    for name in FACTORS:
        setattr(wv, name, np.array(arrays.get(name, np.ones(1, np.float32))))
    return storage.with_arrays(content, wv, arrays.get("bias") if bias is None else bias)


def _columns(content: Content, n_rows: int) -> np.ndarray:
    """Return the numbers after each row, shape (n rows, k)."""
    layout = content.model.layout
    columns = np.zeros((n_rows, layout.n_bias_columns), np.float32)
    if layout.has_word_bias:
        columns[:, 0] = content.arrays["subword_biases"]
    if layout.ones_column is not None:
        columns[:, layout.ones_column] = 1
    return columns


FACTORS = {"vectors_vocab_lockf": "words", "vectors_ngrams_lockf": "n_buckets"}
HAS_SUBWORDS = When("bucket", lambda content: _scheme(content.model) is not None)
HAS_NONE = When("bucket", lambda content: _scheme(content.model) is None)
HAS_BIASES = When(
    "matrices",
    lambda content: content.model.layout.has_word_bias and _scheme(content.model) is not None,
)
HAS_WORD_BIAS = When(
    "matrices",
    lambda content: content.model.layout.has_word_bias and _scheme(content.model) is None,
)
INPUT, BIAS = storage.SCHEMA.arrays["input"], storage.SCHEMA.arrays["bias"]
assert isinstance(INPUT, Array)
assert isinstance(BIAS, list)
SCHEMA = replace(
    storage.SCHEMA,
    kind="fasttext",
    arrays=dict(storage.SCHEMA.arrays)
    | {
        "input": INPUT._replace(source=_input, when=HAS_NONE),
        "bias": [BIAS[0]._replace(source=_bias, when=HAS_WORD_BIAS), BIAS[1]],
        "subwords": Array("float32", "n_rows, vector_size", _part(lambda r: r.array), HAS_SUBWORDS),
        "subword_biases": Array("float32", "n_rows", _row_biases, HAS_BIASES),
        "buckets": Array(
            "int32", "n_buckets", _part(lambda r: r.table.buckets), HAS_SUBWORDS
        ),
        **{
            name: [
                Array("float32", size, _factors(name), HAS_SUBWORDS, is_optional=True)
                for size in ("1", sizes)
            ]
            for name, sizes in FACTORS.items()
        },
    },
    values=dict(storage.SCHEMA.values) | {
        "parameters": storage.PARAMETERS
        | dict.fromkeys(("min_n", "max_n", "bucket", "word_ngrams", "hash_count"), Value(int)),
    },
    build=_build,
    construct=kinds.constructor("fasttext"),
    fault=_fault,
)  # fmt: skip
