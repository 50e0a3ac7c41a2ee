"""A GloVe model as one native file: rows, biases, sums of squares, words and parameters."""

import math
from typing import Any

import numpy as np

from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import FormatError, NotFittedError
from fastsgns.formats import native, registry, saving
from fastsgns.formats.contents import REAL, checked
from fastsgns.matrices import RowStore, allocate_rows
from fastsgns.vectors.storage import check_in_step

KIND = "glove"
ROLES = ("input", "output")
NO_WORDS = "this GloVe has no words yet; call train() first"
PARTS = {"parameters": dict, "state": dict}
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
        raise NotFittedError(NO_WORDS)
    d = model.vector_size
    tensors = {"counts": model.vocabulary.counts, **native.pack_words(model.vocabulary.words)}
    for index, (role, squares) in enumerate(zip(ROLES, model._squares)):
        tensors[role], tensors[f"{role}_biases"] = model._role(index)
        tensors[f"{role}_squares"] = squares[:, : d + 1]
    for name, kv in (("wv", model._sum), ("input", model._input)):
        if kv is not None and len(kv):
            _check_words(model, f"model.{name}", kv)
            saving.warn_of_attributes(kv, f"model.{name}", ("count",))
    metadata = {
        "parameters": {name: getattr(model, name) for name in PARAMETER_TYPES},
        "state": {name: getattr(model, name) for name in STATE_TYPES},
    }
    saving.save(path, KIND, tensors, metadata, _checked, model=model)


def _check_words(model: Any, name: str, kv: Any) -> None:
    """Refuse to save if the words were edited, of which the file holds those of the vocabulary."""
    check_in_step(kv, name)
    if kv.index_to_key != model.vocabulary.words:
        raise ValueError(
            f"the words of {name} are no longer those that the model was trained on; undo that, or "
            f"save {name} alone, {name}.save(path)"
        )


def load(cls: Any, path: Any) -> Any:
    """Read a model of class `cls`; see `GloVe.load`."""
    tensors, metadata = registry.read_as(KIND, path, mmap=not hasattr(path, "read"))
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
    model = _checked(tensors, metadata, cls)
    for role in _roles(model):
        store, squares = _rows(tensors, role, len(model.vocabulary), model.vector_size)
        model._stores.append(store)
        model._squares.append(squares)
    return model


def _roles(model: Any) -> tuple[str, ...]:
    return ROLES[: 1 if model.matrices == "tied" else 2]


def _checked(tensors: native.Tensors, metadata: dict, cls: Any = None) -> Any:
    """Return a model with all that a file holds but the rows, which are checked."""
    from fastsgns.models.glove.model import GloVe

    words = native.unpack_words(tensors)
    try:
        parts = checked("metadata", metadata, PARTS)
        parameters = checked("parameters", parts["parameters"], PARAMETER_TYPES)
        alpha = parameters.pop("alpha")
        if not math.isfinite(alpha):
            raise ValueError(f"alpha is {alpha!r}; allowed are finite numbers")
        model = (cls or GloVe)(**parameters)
        model.alpha = alpha  # may be below 0 between two calls of train, which refuses that
        for name, value in checked("state", parts["state"], STATE_TYPES).items():
            setattr(model, name, value)
        if not all(isinstance(loss, REAL) for loss in model.epoch_losses):
            raise TypeError(f"epoch_losses are {model.epoch_losses!r:.60}")
        counts = tensors["counts"]
        if counts.dtype != np.int64 or counts.ndim != 1:
            raise TypeError(f"counts are of {counts.dtype} and shape {counts.shape}")
        model.vocabulary = Vocabulary(words, np.array(counts))
        _ = model.vocabulary.ids
        if len(_roles(model)) == 1 and "output" in tensors:
            raise ValueError(f"matrices={model.matrices!r}, but there is an output matrix")
        for role in _roles(model):
            _check_rows(tensors, role, len(words), model.vector_size)
    except KeyError as missing:
        raise FormatError(f"it holds no {missing}") from None
    except (TypeError, ValueError, OverflowError) as error:
        raise FormatError(str(error)) from None
    return model


def _check_rows(tensors: native.Tensors, role: str, n_words: int, dimensions: int) -> None:
    shapes = {
        role: (n_words, dimensions),
        f"{role}_biases": (n_words,),
        f"{role}_squares": (n_words, dimensions + 1),
    }
    for name, shape in shapes.items():
        if tensors[name].shape != shape or tensors[name].dtype != np.float32:
            raise ValueError(
                f"{name} is of shape {tensors[name].shape} and {tensors[name].dtype}; with "
                f"{n_words} words and vector_size={dimensions} it is of shape {shape} and float32"
            )
    if not tensors[f"{role}_squares"].min(initial=1) >= 1:
        raise ValueError(f"{role}_squares are not all at least 1")


def _rows(
    tensors: native.Tensors, role: str, n_words: int, dimensions: int
) -> tuple[RowStore, np.ndarray]:
    """The rows of a role and their squares."""
    store = RowStore(np.array(tensors[role]), np.array(tensors[f"{role}_biases"][None]))
    squares = allocate_rows(n_words, dimensions + 1)
    squares[:] = 1
    squares[:, : dimensions + 1] = tensors[f"{role}_squares"]
    return store, squares


def _loaded(tensors: native.Tensors, metadata: dict) -> Any:
    from fastsgns.models.glove.model import GloVe

    return rebuild(GloVe, tensors, metadata)


registry.register(KIND, _loaded)
