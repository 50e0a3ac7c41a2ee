"""A GloVe model as one native file: rows, biases, sums of squares, words and parameters."""

from typing import Any

import numpy as np

from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import FormatError
from fastsgns.formats import native, registry
from fastsgns.matrices import RowStore, allocate_rows

KIND = "glove"
ROLES = ("input", "output")
REAL = (int, float)
OPTIONAL = (int, type(None))
PARAMETER_TYPES: dict[str, Any] = {
    "vector_size": int,
    "window": int,
    "x_max": REAL,
    "exponent": REAL,
    "alpha": REAL,
    "epochs": int,
    "seed": int,
    "workers": int,
    "min_count": int,
    "matrices": str,
    "max_final_vocab": OPTIONAL,
    "weighting": str,
    "sides": str,
    "memory_budget": OPTIONAL,
}
STATE_TYPES: dict[str, Any] = {"epochs_trained": int, "epochs_begun": int, "epoch_losses": list}


def save(model: Any, path: Any) -> None:
    """Write `model` (a GloVe) to one file; see `GloVe.save`."""
    if model.vocabulary is None:
        raise ValueError("the model has no words yet; train it before saving")
    d = model.vector_size
    tensors = {"counts": model.vocabulary.counts, **native.pack_words(model.vocabulary.words)}
    for role, store, squares in zip(ROLES, model._stores, model._squares):
        tensors[role] = store.vectors
        tensors[f"{role}_biases"] = store.columns[0]
        tensors[f"{role}_squares"] = squares[:, : d + 1]
    metadata = {
        "parameters": {name: _plain(getattr(model, name)) for name in PARAMETER_TYPES},
        "state": {name: getattr(model, name) for name in STATE_TYPES},
    }
    native.write(path, KIND, tensors, metadata)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def load(cls: Any, path: Any) -> Any:
    """Read a model of class `cls`; see `GloVe.load`."""
    kind, tensors, metadata = native.read(path, mmap=not hasattr(path, "read"))
    if kind != KIND:
        raise FormatError(f"{path} holds a {kind}, where a GloVe model is wanted")
    try:
        return rebuild(cls, tensors, metadata)
    except FormatError as error:
        raise FormatError(f"{path} is damaged: {error}") from None


def rebuild(cls: Any, tensors: native.Tensors, metadata: dict) -> Any:
    """Make a model of class `cls` from what a file holds.

    Raises
    ------
    FormatError
        If the arrays or the parameters contradict each other, or are missing.
    """
    words = native.unpack_words(tensors)
    try:
        model = cls(**_typed(metadata["parameters"], PARAMETER_TYPES))
        for name, value in _typed(metadata["state"], STATE_TYPES).items():
            setattr(model, name, value)
        if not all(isinstance(loss, REAL) for loss in model.epoch_losses):
            raise TypeError(f"epoch_losses are {model.epoch_losses!r:.60}")
        counts = tensors["counts"]
        if counts.dtype != np.int64 or counts.ndim != 1:
            raise TypeError(f"counts are of {counts.dtype} and shape {counts.shape}")
        model.vocabulary = Vocabulary(words, np.array(counts))
        _ = model.vocabulary.ids
        for role in ROLES[: 1 if model.matrices == "tied" else 2]:
            store, squares = _rows(tensors, role, len(words), model.vector_size)
            model._stores.append(store)
            model._squares.append(squares)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FormatError(f"a model with these contents makes no sense: {error!r}") from None
    return model


def _rows(
    tensors: native.Tensors, role: str, n_words: int, dimensions: int
) -> tuple[RowStore, np.ndarray]:
    """The rows of a role and their squares, checked before anything is allocated."""
    shapes = {
        role: (n_words, dimensions),
        f"{role}_biases": (n_words,),
        f"{role}_squares": (n_words, dimensions + 1),
    }
    for name, shape in shapes.items():
        if tensors[name].shape != shape or tensors[name].dtype != np.float32:
            raise ValueError(
                f"{name} is of {tensors[name].dtype} and shape {tensors[name].shape}, "
                f"wanted is float32 and {shape}"
            )
    store = RowStore.holding(tensors[role], tensors[f"{role}_biases"][None])
    squares = allocate_rows(n_words, dimensions + 1)
    squares[:] = 1
    squares[:, : dimensions + 1] = tensors[f"{role}_squares"]
    if not squares.min() >= 1:
        raise ValueError(f"{role}_squares are not all at least 1")
    return store, squares


def _typed(values: Any, types: dict[str, Any]) -> dict[str, Any]:
    """Take what `types` names out of `values`; a TypeError if one is of another type."""
    for name, allowed in types.items():
        if not isinstance(values[name], allowed) or isinstance(values[name], bool):
            raise TypeError(f"{name} is {values[name]!r:.60}")
    return {name: values[name] for name in types}


def _loaded(tensors: native.Tensors, metadata: dict) -> Any:
    from fastsgns.models.glove import GloVe

    return rebuild(GloVe, tensors, metadata)


registry.register(KIND, _loaded)
