"""The native file of GloVe: rows, biases, sums of squares, words and parameters."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import NotFittedError
from fastsgns.formats import faults, kinds, native, saving
from fastsgns.formats.schema import RATE, REAL, STATE, Array, Content, Schema, Value, When
from fastsgns.matrices import RowStore
from fastsgns.models.glove.arrays import ROLES, GloVeArrays, padded_squares
from fastsgns.training import unfinished
from fastsgns.vectors.storage import check_in_step, warn_of_views

NO_WORDS = "this GloVe has no words yet; call train() first"


def save(model: Any, path: Any) -> None:
    """Write `model` (a GloVe) to one file; see `GloVe.save`."""
    if model.vocabulary is None:
        raise NotFittedError(NO_WORDS)
    for name, kv in model.views.items():
        _check_words(model, f"model.{name}", kv)
        saving.warn_of_attributes(kv, f"model.{name}", ("count",))
        warn_of_views(kv, f"model.{name}")
    saving.save(path, SCHEMA, model)


def _check_words(model: Any, name: str, kv: Any) -> None:
    """Refuse to save if the words were edited, of which the file holds those of the vocabulary."""
    check_in_step(kv, name)
    if kv.index_to_key != model.vocabulary.words:
        raise ValueError(
            f"the words of {name} are no longer those that the model was trained on; undo that, or "
            f"save {name} alone, {name}.save(path)"
        )


def _build(cls: Any, content: Content) -> Any:
    model = content.model
    counts = np.array(content.arrays["counts"])  # a copy: the file is mapped
    model.vocabulary = Vocabulary(content.words[""], counts, content.ids[""])
    rows = [_rows(content.arrays, role) for role in ROLES if role in content.arrays]
    stores, squares = zip(*rows)
    model.arrays = GloVeArrays(stores, squares)
    return model


def _rows(tensors: native.Tensors, role: str) -> tuple[RowStore, np.ndarray]:
    """Return the vectors and biases of a role, and their sums of squares."""
    vectors, biases = tensors[role], tensors[f"{role}_biases"][None]
    if not vectors.flags.writeable:  # mapped from the file
        vectors, biases = np.array(vectors), np.array(biases)
    store = RowStore(vectors, biases)
    squares = padded_squares(*vectors.shape)
    squares[:, : vectors.shape[1] + 1] = tensors[f"{role}_squares"]
    return store, squares


def _of_role(index: int, part: Callable[[Any], np.ndarray]) -> Callable[[Any], np.ndarray | None]:
    """Return a source that is None for a role that a model does not have."""
    return lambda model: part(model) if index < len(model.arrays.squares) else None


def _below_1(name: str, squares: np.ndarray) -> str | None:
    return None if squares.min(initial=1) >= 1 else f"{name} are not all at least 1"


def _arrays(index: int, when: When | None) -> dict[str, Array]:
    role, width = ROLES[index], "vector_size + 1"
    vectors = _of_role(index, lambda model: model.arrays.vectors(role))
    biases = _of_role(index, lambda model: model.arrays.biases(role))
    squares = _of_role(index, lambda model: model.arrays.squares[index][:, : model.vector_size + 1])
    return {
        role: Array("float32", "words, vector_size", vectors, when),
        f"{role}_biases": Array("float32", "words", biases, when),
        f"{role}_squares": Array("float32", f"words, {width}", squares, when, fault=_below_1),
    }


INT, NUMBER, TEXT = Value(int), Value(REAL), Value(str)
OPTIONAL = Value((int, type(None)))
PARAMETERS = {
    "vector_size": INT, "window": INT, "x_max": NUMBER, "exponent": NUMBER, "alpha": RATE,
    "epochs": INT, "seed": INT, "workers": INT, "min_count": INT, "matrices": TEXT,
    "max_final_vocab": OPTIONAL, "weighting": TEXT, "sides": TEXT,
    "memory_budget": OPTIONAL, "deterministic": Value(bool, default=False),
}  # fmt: skip
SCHEMA = Schema(
    "glove",
    arrays={
        "counts": Array("int64", "words", "vocabulary.counts", fault=faults.negative),
        **_arrays(0, None),
        **_arrays(1, When("matrices", lambda content: content.model.matrices == "two")),
    },
    values={"parameters": PARAMETERS, "state": STATE | {"unfinished": unfinished.VALUE}},
    build=_build,
    construct=kinds.constructor("glove"),
)
