"""The parameters of GloVe: their rules, which give type and allowed values."""

from typing import Any, Literal, get_args

from fastsgns import rules
from fastsgns.cooccurrence.counts import COUNTING

GloVeMatrices = Literal["two", "tied"]
MOST_COUNT = 2**62
RULES: dict[str, rules.Rule] = {
    "vector_size": rules.integer(1, 2**20),
    **COUNTING,
    "workers": rules.n_threads(),
    "epochs": rules.integer(1, 2**31),
    "min_count": rules.integer(0, MOST_COUNT),
    "max_final_vocab": rules.integer(0, MOST_COUNT, none=None),
    "memory_budget": rules.integer(0, MOST_COUNT, none=None),
    "x_max": rules.POSITIVE,
    "exponent": rules.POSITIVE,
    "alpha": rules.POSITIVE,
    "seed": rules.SEED,
    "progress": rules.PROGRESS,
    "deterministic": rules.FLAG,
    "matrices": rules.choice(*get_args(GloVeMatrices)),
}


def normalize(model: object) -> None:
    """Convert the parameters of a model to plain Python values (such as ``np.int64(5)`` to 5).

    Raises
    ------
    ValueError
        If a value cannot be converted to the type of its parameter.
    """
    _set(model, rules.typed(RULES, vars(model)))


def check(model: object) -> None:
    """Check the parameters of a model, and convert them to plain Python values.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """
    _set(model, rules.checked(RULES, vars(model)))


def _set(model: object, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(model, name, value)
