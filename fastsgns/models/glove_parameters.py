"""The parameters of GloVe: what is allowed of each."""

import math
import numbers
from typing import Any

from fastsgns.cooccurrence import check_counting

MATRICES = ("two", "tied")
RANGES = {
    "vector_size": (1, 2**20),
    "workers": (1, 2**16),
    "epochs": (1, 2**31),
    "min_count": (0, 2**62),
}


def check(model: Any, **instead: Any) -> None:
    """Refuse what no training could work with, before anything is read.

    Raises
    ------
    ValueError
        If a parameter, or what is given instead of it, is out of its range.
    TypeError
        If `seed` is no integer.
    """
    for name, (least, most) in RANGES.items():
        value = instead.get(name, getattr(model, name))
        if not isinstance(value, numbers.Integral) or not least <= int(value) <= most:
            raise ValueError(f"{name} is {value!r}; allowed are integers from {least} to {most}")
    for name in ("x_max", "alpha", "exponent"):
        value = getattr(model, name)
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} is {value!r}; allowed are positive numbers")
    if not isinstance(model.seed, numbers.Integral):
        raise TypeError(f"seed is {model.seed!r}; allowed are integers and None, which draws one")
    if model.matrices not in MATRICES:
        raise ValueError(f"matrices is {model.matrices!r}; allowed are {MATRICES}")
    check_counting(model.window, model.weighting, model.sides)
