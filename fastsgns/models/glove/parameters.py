"""The parameters of GloVe: what is allowed of each."""

from typing import Any

from fastsgns import rules
from fastsgns.cooccurrence.counts import SIDES, WEIGHTINGS, WINDOW

MATRICES = ("two", "tied")
MOST_COUNT = 2**62
RULES: dict[str, rules.Rule] = {
    "vector_size": rules.integer(1, 2**20),
    "window": WINDOW,
    "workers": rules.integer(1, 2**16),
    "epochs": rules.integer(1, 2**31),
    "min_count": rules.integer(0, MOST_COUNT),
    "max_final_vocab": rules.integer(0, MOST_COUNT, none=None),
    "memory_budget": rules.integer(0, MOST_COUNT, none=None),
    "x_max": rules.POSITIVE,
    "exponent": rules.POSITIVE,
    "alpha": rules.POSITIVE,
    "seed": rules.SEED,
    "progress": rules.PROGRESS,
    "matrices": rules.choice(*MATRICES),
    "weighting": rules.choice(*WEIGHTINGS),
    "sides": rules.choice(*SIDES),
}


def normalize(model: Any) -> None:
    """Make each parameter of a model the plain Python value that it stands for.

    Raises
    ------
    ValueError
        If a parameter stands for no value of its type.
    """
    model.__dict__.update(rules.typed(RULES, model.__dict__))


def check(model: Any) -> None:
    """Refuse what no training could work with, before anything is read.

    Parameters are made the plain Python values that they stand for.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """
    model.__dict__.update(rules.checked(RULES, model.__dict__))
