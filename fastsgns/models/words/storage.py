"""A model as one native file: all matrices, words, counts, parameters and the state of training."""

import math
from typing import Any

import numpy as np

from fastsgns.errors import FormatError, warn
from fastsgns.formats import native, registry, saving
from fastsgns.formats.contents import REAL, checked
from fastsgns.matrices import Matrices, MatrixLayout
from fastsgns.models.words import unfinished
from fastsgns.vectors import storage as vectors_storage
from fastsgns.vectors.keyedvectors import KeyedVectors
from fastsgns.vectors.roles import sync_matrices

KIND = "model"
ANY = object
INT = (int, bool)  # flags may be True and False, as gensim's users give them
OPTIONAL = (int, float, bool, type(None))
PARTS = {"parameters": dict, "state": dict, **vectors_storage.METADATA}
PARAMETER_TYPES: dict[str, Any] = {
    "vector_size": INT,
    "alpha": REAL,
    "min_alpha": REAL,
    "window": INT,
    "min_count": INT,
    "max_vocab_size": OPTIONAL,
    "sample": REAL,
    "seed": OPTIONAL,
    "workers": INT,
    "sg": INT,
    "hs": INT,
    "negative": INT,
    "ns_exponent": REAL,
    "cbow_mean": INT,
    "epochs": INT,
    "null_word": OPTIONAL,
    "sorted_vocab": INT,
    "batch_words": OPTIONAL,
    "compute_loss": OPTIONAL,
    "comment": ANY,
    "max_final_vocab": OPTIONAL,
    "shrink_windows": INT,
    "cbow_gradient": str,
    "negative_sharing": str,
    "matrices": str,
    "bias": str,
    "coupling": REAL,
    "softmax": INT,
}
ADDED_LATER = {"matrices": "two", "bias": "scalar", "coupling": 0.0, "softmax": 0}
STATE_TYPES: dict[str, Any] = {
    "effective_min_count": REAL,
    "corpus_count": int,
    "corpus_total_words": int,
    "train_count": int,
    "total_train_time": REAL,
    "epochs_trained": int,
    "epochs_begun": int,
    "min_alpha_yet_reached": REAL,
    "running_training_loss": REAL,
    "epoch_losses": list,
    "lifecycle_events": (list, type(None)),
}
LATER_STATE: dict[str, Any] = {"unfinished": (dict, type(None))}
NOT_THERE = dict.fromkeys(LATER_STATE)
COUNTS = ("corpus_count", "corpus_total_words", "train_count", "epochs_trained", "epochs_begun")
RATES = ("alpha", "min_alpha")  # may be below 0 between two calls of train, which refuses that
PARAMETERS, STATE = list(PARAMETER_TYPES), list(STATE_TYPES)


def save(model: Any, path: Any) -> None:
    """Write `model` (a Word2Vec) to one file; see `Word2Vec.save`."""
    tensors, metadata = vectors_storage.dump(model.wv, "model.wv")
    sync_matrices(model.wv, model._matrices, thorough=True)
    matrices = model._current()
    if "tree" in matrices.vectors and "count" not in model.wv.expandos:
        raise ValueError(
            "model.wv has no counts, from which the Huffman tree of hs=1 follows; set them with "
            "model.wv.set_vecattr(word, 'count', n), or save model.wv alone"
        )
    if model.wv.array.dtype.itemsize > 4:
        warn(
            f"model.wv.vectors are of {model.wv.array.dtype} and are saved as float32; to keep "
            "all digits, save model.wv as well"
        )
    tensors["input"] = np.asarray(tensors.pop("vectors"), np.float32)
    tensors |= {role: vectors for role, vectors in matrices.vectors.items() if role != "input"}
    if matrices.bias is not None:
        tensors["bias"] = matrices.bias
    metadata["parameters"] = {name: getattr(model, name) for name in PARAMETERS}
    metadata["state"] = {name: getattr(model, name) for name in STATE}
    metadata["state"]["lifecycle_events"] = _noted(model.lifecycle_events)
    metadata["state"]["unfinished"] = unfinished.dump(model.unfinished)
    saving.save(path, KIND, tensors, metadata, model=model)


def _noted(value: Any) -> Any:
    """Events for the file; whatever users noted in them that is no plain value, as its text."""
    if isinstance(value, (list, tuple)):
        return [_noted(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _noted(item) for key, item in value.items()}
    return value if isinstance(value, (*saving.PLAIN, np.generic)) else str(value)


def load(cls: type, path: Any, mmap: str | None) -> Any:
    """Read a model of class `cls`; see `Word2Vec.load`."""
    if mmap not in (None, "r"):
        raise ValueError(f"mmap={mmap!r}; allowed are None and 'r' (read-only)")
    tensors, metadata = registry.read_as(KIND, path, mmap is not None)
    try:
        return rebuild(cls, tensors, metadata)
    except FormatError as error:
        raise FormatError(f"{path} is damaged: {error}") from None


def rebuild(cls: Any, tensors: native.Tensors, metadata: dict) -> Any:
    """Make a model of class `cls` from what a file holds.

    The ``__init__`` of a subclass is not called, for its arguments are not in the file.

    Raises
    ------
    FormatError
        If the arrays or the parameters contradict each other, or are missing.
    """
    from fastsgns.models.word2vec import Word2Vec

    try:
        parts = checked("metadata", metadata, PARTS, vectors_storage.ADDED_LATER)
        parameters = checked("parameters", parts["parameters"], PARAMETER_TYPES, ADDED_LATER)
        rates = {name: _finite(name, parameters.pop(name)) for name in RATES}
        state = checked("state", parts["state"], {**STATE_TYPES, **LATER_STATE}, NOT_THERE)
        state["unfinished"] = unfinished.restore(state["unfinished"])
        if not all(isinstance(loss, REAL) for loss in state["epoch_losses"]):
            raise TypeError(f"epoch_losses are {state['epoch_losses']!r:.60}")
        below = [name for name in COUNTS if state[name] < 0]
        if below:
            raise ValueError(f"{below[0]} is {state[below[0]]}")
        model = cls.__new__(cls)
        Word2Vec.__init__(model, **parameters)
        model.__dict__.update(rates | state)
        matrices: native.Tensors = {
            role: tensors[role] for role in ("output", "negative", "tree") if role in tensors
        }
        layout, bias = model._layout(), tensors.get("bias")
        _check_roles(model, layout, tensors)
        tensors["vectors"] = tensors.pop("input")
        _check_size(model.vector_size, tensors["vectors"])
    except KeyError as missing:
        raise FormatError(f"it holds no {missing}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(str(error)) from None
    model.wv = KeyedVectors(0)
    vectors_storage.fill(model.wv, tensors, parts)
    n_words, dimensions = model.wv.array.shape
    for role, vectors in matrices.items():
        if vectors.shape != (n_words - (role == "tree"), dimensions) or vectors.dtype != np.float32:
            raise FormatError(
                f"its {role} matrix is of shape {vectors.shape} and {vectors.dtype}, "
                f"with {n_words} words of {dimensions} dimensions"
            )
    _check_bias(layout, bias, n_words)
    bias = None if bias is None else np.array(bias)
    model._matrices = Matrices(matrices | {"input": model.wv.array}, layout, bias)
    model._matrices.first_bias = layout.initial_bias(model.negative)
    model._current()
    return model


def _finite(name: str, value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}; allowed are finite numbers")
    return value


def _check_roles(model: Any, layout: MatrixLayout, tensors: native.Tensors) -> None:
    """Refuse matrices that `layout` does not have, and the lack of one that it has."""
    allowed = {"output": not layout.shares_one_matrix, "negative": layout.has_negative_matrix}
    for role, is_allowed in allowed.items():
        if role in tensors and not is_allowed:
            raise ValueError(f"matrices={model.matrices!r}, but there is a matrix for {role}")
    has_one = any(role in tensors for role in ("output", "tree")) or not len(tensors["input"])
    if layout.has_negative_matrix and "output" in tensors and "negative" not in tensors:
        raise ValueError(f"matrices={model.matrices!r}, but there is no matrix for negative")
    if model._has_output() and not layout.shares_one_matrix and not has_one:
        raise ValueError(f"matrices={model.matrices!r}, but there is no matrix for output")


def _check_bias(layout: MatrixLayout, bias: np.ndarray | None, n_words: int) -> None:
    wanted: Any = None
    if layout.bias:
        wanted = ((n_words,), np.float32) if layout.has_word_bias else ((1,), np.float64)
    found = None if bias is None else (bias.shape, bias.dtype)
    if found != wanted and n_words:
        raise FormatError(f"its bias is {found}; with {layout} and {n_words} words it is {wanted}")


def _check_size(vector_size: int, vectors: np.ndarray) -> None:
    if vectors.shape[1:] != (vector_size,) or vectors.dtype != np.float32:
        raise ValueError(
            f"model.wv has vectors of shape {vectors.shape} and {vectors.dtype}; "
            f"needed is float32 with vector_size, {vector_size}, columns"
        )


def _loaded(tensors: native.Tensors, metadata: dict) -> Any:
    from fastsgns.models.word2vec import Word2Vec

    return rebuild(Word2Vec, tensors, metadata)


registry.register(KIND, _loaded)
