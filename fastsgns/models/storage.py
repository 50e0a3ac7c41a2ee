"""A model as one native file: all matrices, words, counts, parameters and the state of training."""

from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import native, registry
from fastsgns.matrices import Matrices
from fastsgns.vectors import storage as vectors_storage
from fastsgns.vectors.keyedvectors import KeyedVectors

KIND = "model"
PARAMETERS = [
    "vector_size",
    "alpha",
    "min_alpha",
    "window",
    "min_count",
    "max_vocab_size",
    "sample",
    "seed",
    "workers",
    "sg",
    "hs",
    "negative",
    "ns_exponent",
    "cbow_mean",
    "epochs",
    "null_word",
    "sorted_vocab",
    "batch_words",
    "compute_loss",
    "comment",
    "max_final_vocab",
    "shrink_windows",
    "cbow_gradient",
    "negative_sharing",
]
STATE = [
    "effective_min_count",
    "corpus_count",
    "corpus_total_words",
    "train_count",
    "total_train_time",
    "epochs_trained",
    "epochs_begun",
    "min_alpha_yet_reached",
    "running_training_loss",
    "epoch_losses",
    "lifecycle_events",
]


def save(model: Any, path: Any) -> None:
    """Write `model` (a Word2Vec) to one file; see `Word2Vec.save`."""
    tensors, metadata = vectors_storage.dump(model.wv)
    tensors["input"] = tensors.pop("vectors")
    tensors |= {
        role: vectors for role, vectors in model._matrices.vectors.items() if role != "input"
    }
    plain = {name: _plain(getattr(model, name)) for name in PARAMETERS + STATE}
    metadata["parameters"] = {name: plain[name] for name in PARAMETERS}
    metadata["state"] = {name: plain[name] for name in STATE}
    native.write(path, KIND, tensors, metadata)


def _plain(value: Any) -> Any:
    """What JSON can say of a value: numpy's numbers as Python's, unknown things as their text."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def load(cls: type, path: Any, mmap: str | None) -> Any:
    """Read a model of class `cls`; see `Word2Vec.load`."""
    if mmap not in (None, "r"):
        raise ValueError(f"mmap={mmap!r}; allowed are None and 'r' (read-only)")
    kind, tensors, metadata = native.read(path, mmap is not None)
    if kind != KIND:
        raise AttributeError(f"{path} holds {kind}, not a model; use KeyedVectors.load")
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
        parameters, state = metadata["parameters"], metadata["state"]
        model = cls.__new__(cls)
        Word2Vec.__init__(model, **{name: parameters[name] for name in PARAMETERS})
        for name in STATE:
            setattr(model, name, state[name])
        matrices: native.Tensors = {
            role: tensors[role] for role in ("output", "tree") if role in tensors
        }
        tensors["vectors"] = tensors.pop("input")
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"a model with these contents makes no sense: {error!r}") from None
    model.wv = KeyedVectors(0)
    vectors_storage.fill(model.wv, tensors, metadata)
    n_words, dimensions = model.wv._vectors.shape
    for role, vectors in matrices.items():
        if vectors.shape != (n_words - (role == "tree"), dimensions) or vectors.dtype != np.float32:
            raise FormatError(
                f"its {role} matrix is of shape {vectors.shape} and {vectors.dtype}, "
                f"with {n_words} words of {dimensions} dimensions"
            )
    if model.wv.vectors_lockf.shape not in ((1,), (n_words,)):
        raise FormatError(f"{n_words} words with lockf of shape {model.wv.vectors_lockf.shape}")
    model._matrices = Matrices(matrices)
    return model


def _loaded(tensors: native.Tensors, metadata: dict) -> Any:
    from fastsgns.models.word2vec import Word2Vec

    return rebuild(Word2Vec, tensors, metadata)


registry.register(KIND, _loaded)
