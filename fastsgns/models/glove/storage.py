"""The native file of GloVe: rows, biases, sums of squares, words and parameters."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fastsgns import rules
from fastsgns.corpus.vocabulary import Vocabulary
from fastsgns.errors import NotFittedError
from fastsgns.formats import faults, kinds, native, saving
from fastsgns.formats.schema import REAL, Array, Content, Schema, Value, When, numbers
from fastsgns.matrices import RowStore
from fastsgns.models.glove.arrays import ROLES, GloVeArrays, padded_squares
from fastsgns.vectors.storage import check_in_step

NO_WORDS = "this GloVe has no words yet; call train() first"
OPTIONAL = (int, type(None))


def save(model: Any, path: Any) -> None:
    """Write `model` (a GloVe) to one file; see `GloVe.save`."""
    if model.vocabulary is None:
        raise NotFittedError(NO_WORDS)
    for name, kv in model.views.items():
        _check_words(model, f"model.{name}", kv)
        saving.warn_of_attributes(kv, f"model.{name}", ("count",))
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
    model = content.made
    model.vocabulary = Vocabulary(content.words[""], np.array(content.arrays["counts"]))
    rows = [_rows(content.arrays, role) for role in ROLES if role in content.arrays]
    stores, squares = zip(*rows)
    model.arrays = GloVeArrays(stores, squares)
    return model


def _rows(tensors: native.Tensors, role: str) -> tuple[RowStore, np.ndarray]:
    """Return the vectors and biases of a role, and their sums of squares."""
    vectors = np.array(tensors[role])
    store = RowStore(vectors, np.array(tensors[f"{role}_biases"][None]))
    squares = padded_squares(*vectors.shape)
    squares[:, : vectors.shape[1] + 1] = tensors[f"{role}_squares"]
    return store, squares


def _fault(content: Content) -> str | None:
    for role in ROLES:
        squares = content.arrays.get(f"{role}_squares")
        if squares is not None and not squares.min(initial=1) >= 1:
            return f"{role}_squares are not all at least 1"
    return faults.of_numbers("counts", content.arrays["counts"])


def _of_role(index: int, part: Callable[[Any], np.ndarray]) -> Callable[[Any], np.ndarray | None]:
    """Return a source that is None for a role which a model does not have."""
    return lambda model: part(model) if index < len(model.arrays.squares) else None


def _arrays(index: int, when: When | None) -> tuple[Array, ...]:
    role = ROLES[index]

    def squares(model: Any) -> np.ndarray:
        found: np.ndarray = model.arrays.squares[index][:, : model.vector_size + 1]
        return found

    return tuple(
        Array(name, "float32", shape, _of_role(index, part), when)
        for name, shape, part in (
            (role, ("words", "vector_size"), lambda model: model.arrays.vectors(role)),
            (f"{role}_biases", ("words",), lambda model: model.arrays.biases(role)),
            (f"{role}_squares", ("words", "vector_size + 1"), squares),
        )
    )


SCHEMA = Schema(
    "glove",
    arrays=(
        Array("counts", "int64", ("words",), "vocabulary.counts"),
        *_arrays(0, None),
        *_arrays(1, When("matrices", lambda content: content.made.matrices == "two")),
    ),
    values={
        "parameters": (
            Value("vector_size", int),
            Value("window", int),
            Value("x_max", REAL),
            Value("exponent", REAL),
            Value("alpha", REAL, rules.ANY_NUMBER),
            Value("epochs", int),
            Value("seed", int),
            Value("workers", int),
            Value("min_count", int),
            Value("matrices", str),
            Value("max_final_vocab", OPTIONAL),
            Value("weighting", str),
            Value("sides", str),
            Value("memory_budget", OPTIONAL),
        ),
        "state": (
            Value("epochs_trained", int),
            Value("epochs_begun", int),
            Value("epoch_losses", list, numbers),
        ),
    },
    build=_build,
    make=kinds.maker("glove", ("alpha",)),
    checks=(_fault,),
)
