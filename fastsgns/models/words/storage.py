"""The native file of Word2Vec: its matrices, words, parameters and the state of its training."""

from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.errors import warn
from fastsgns.formats import kinds, saving
from fastsgns.formats.schema import (
    NUMBER_OR_NONE,
    PLAIN,
    REAL,
    Array,
    Content,
    Schema,
    Value,
    When,
    Words,
    numbers,
)
from fastsgns.matrices import Matrices, MatrixLayout
from fastsgns.models.words import unfinished
from fastsgns.vectors import storage as vectors_storage
from fastsgns.vectors.keyedvectors import KeyedVectors

INT = (int, bool)  # flags may be True and False, as gensim's users give them
OPTIONAL = (*NUMBER_OR_NONE, bool)
COUNT = rules.integer(0, 2**62)


def save(model: Any, path: Any) -> None:
    """Write `model` (a Word2Vec) to one file; see `Word2Vec.save`."""
    vectors_storage.check_savable(model.wv, "model.wv")
    if "tree" in model.current_arrays(thorough=True).vectors and "count" not in model.wv.expandos:
        raise ValueError(
            "model.wv has no counts, from which the Huffman tree of hs=1 follows; set them with "
            "model.wv.set_vecattr(word, 'count', n), or save model.wv alone"
        )
    if model.wv.array.dtype.itemsize > 4:
        warn(
            f"model.wv.vectors are of {model.wv.array.dtype} and are saved as float32; to keep "
            "all digits, save model.wv as well"
        )
    saving.save(path, SCHEMA, model)


def _noted(value: Any) -> Any:
    """Events for the file; whatever users noted in them that is no plain value, as its text."""
    if isinstance(value, (list, tuple)):
        return [_noted(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _noted(item) for key, item in value.items()}
    return value if isinstance(value, (*PLAIN, np.generic)) else str(value)


def _build(cls: Any, content: Content) -> Any:
    model, arrays = content.made, content.arrays
    wv = KeyedVectors(0)
    vectors_storage.fill(wv, arrays["input"], content)
    roles = {role: arrays[role] for role in ("output", "negative", "tree") if role in arrays}
    bias = np.array(arrays["bias"]) if "bias" in arrays else None
    first_bias = model.layout.initial_bias(model.negative)
    model.set_arrays(wv, Matrices(roles | {"input": wv.array}, model.layout, bias, first_bias))
    return model


def _layout(content: Content) -> MatrixLayout:
    return MatrixLayout.of(content.made.matrices, content.made.bias)


def _fault(content: Content) -> str | None:
    """Say which array is missing that a model with words needs."""
    model, layout, arrays = content.made, _layout(content), content.arrays
    has_targets = layout.shares_one_matrix or "output" in arrays or "tree" in arrays
    if model.has_output and not has_targets:
        return f"matrices={model.matrices!r}, but there is no matrix for output"
    if layout.bias and "bias" not in arrays:
        return f"matrices={model.matrices!r}, but there is no bias"
    return None


TWO = When("matrices", lambda content: not _layout(content).shares_one_matrix)
THREE = When(
    "matrices",
    lambda content: _layout(content).has_negative_matrix and "output" in content.arrays,
)
WORD_BIAS = When("matrices", lambda content: _layout(content).has_word_bias)
ONE_BIAS = When("matrices", lambda content: _layout(content).bias == "scalar")
SCHEMA = Schema(
    "model",
    arrays=(
        Array(
            "input",
            "float32",
            ("words", "vector_size"),
            lambda model: np.asarray(model.wv.array, np.float32),
        ),
        Array(
            "output",
            "float32",
            ("words", "vector_size"),
            lambda model: model.current_arrays().vectors.get("output"),
            TWO,
            is_optional=True,
        ),
        Array(
            "negative",
            "float32",
            ("words", "vector_size"),
            lambda model: model.current_arrays().vectors.get("negative"),
            THREE,
        ),
        Array(
            "tree",
            "float32",
            ("words - 1", "vector_size"),
            lambda model: model.current_arrays().vectors.get("tree"),
            is_optional=True,
        ),
        Array(
            "bias",
            "float32",
            ("words",),
            lambda model: model.current_arrays().bias,
            WORD_BIAS,
            is_optional=True,
        ),
        Array(
            "bias",
            "float64",
            (1,),
            lambda model: model.current_arrays().bias,
            ONE_BIAS,
            is_optional=True,
        ),
        *vectors_storage.arrays_beside("wv"),
    ),
    values={
        "": vectors_storage.values("wv"),
        "parameters": (
            Value("vector_size", INT),
            Value("alpha", REAL, rules.ANY_NUMBER),
            Value("min_alpha", REAL, rules.ANY_NUMBER),
            Value("window", INT),
            Value("min_count", INT),
            Value("max_vocab_size", OPTIONAL),
            Value("sample", REAL),
            Value("seed", OPTIONAL),
            Value("workers", INT),
            Value("sg", INT),
            Value("hs", INT),
            Value("negative", INT),
            Value("ns_exponent", REAL),
            Value("cbow_mean", INT),
            Value("epochs", INT),
            Value("null_word", OPTIONAL),
            Value("sorted_vocab", INT),
            Value("batch_words", OPTIONAL),
            Value("compute_loss", OPTIONAL),
            Value("comment", object),
            Value("max_final_vocab", OPTIONAL),
            Value("shrink_windows", INT),
            Value("cbow_gradient", str),
            Value("negative_sharing", str),
            Value("matrices", str, default="two"),
            Value("bias", str, default="scalar"),
            Value("coupling", REAL, default=0.0),
            Value("softmax", INT, default=0),
        ),
        "state": (
            Value("effective_min_count", REAL),
            Value("corpus_count", int, COUNT),
            Value("corpus_total_words", int, COUNT),
            Value("train_count", int, COUNT),
            Value("total_train_time", REAL),
            Value("epochs_trained", int, COUNT),
            Value("epochs_begun", int, COUNT),
            Value("min_alpha_yet_reached", REAL),
            Value("running_training_loss", REAL),
            Value("epoch_losses", list, numbers),
            Value(
                "lifecycle_events",
                (list, type(None)),
                source=lambda model: _noted(model.lifecycle_events),
            ),
            Value(
                "unfinished",
                (dict, type(None)),
                lambda name, value: unfinished.restore(value),
                default=None,
                source=lambda model: unfinished.dump(model.unfinished),
            ),
        ),
    },
    build=_build,
    words=(Words(source="wv.index_to_key"),),
    make=kinds.maker("model", ("alpha", "min_alpha")),
    checks=(
        vectors_storage.fault_of_attributes,
        lambda content: _fault(content) if content.sizes["words"] else None,
    ),
    shown=("wv",),
)
