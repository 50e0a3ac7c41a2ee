"""The parameters of Word2Vec: what is allowed of each."""

import math
import numbers
from collections.abc import Iterable
from typing import Any

from fastsgns import kernels
from fastsgns.corpus.vocabulary import check_trim_rule
from fastsgns.errors import warn
from fastsgns.models.sharing import SHARINGS
from fastsgns.tying import BIASES, MATRICES

CBOW_GRADIENTS = ("gensim", "exact")
RANGES = {
    "vector_size": (1, 2**20),
    "window": (1, 2**31 - 1),
    "workers": (1, 2**16),
    "epochs": (1, 2**31),
    "negative": (0, 2**16),
    "min_count": (0, 2**62),
}


def check(model: Any) -> None:
    """Refuse what no training could work with, before anything is read.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If `seed` is no integer, or `trim_rule` can't be called.
    """
    for name, (least, most) in RANGES.items():
        value = getattr(model, name)
        if not isinstance(value, numbers.Integral) or not least <= int(value) <= most:
            raise ValueError(f"{name} is {value!r}; allowed are integers from {least} to {most}")
    for name in ("alpha", "min_alpha", "sample", "coupling"):
        value = getattr(model, name)
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name} is {value!r}; allowed are 0 and positive numbers")
    if not math.isfinite(model.ns_exponent):
        raise ValueError(f"ns_exponent is {model.ns_exponent!r}; allowed are finite numbers")
    if model.seed is not None and not isinstance(model.seed, numbers.Integral):
        raise TypeError(f"seed is {model.seed!r}; allowed are integers and None, which draws one")
    for name, allowed in (
        ("cbow_gradient", CBOW_GRADIENTS),
        ("negative_sharing", SHARINGS),
        ("softmax", (0, 1)),
        ("matrices", MATRICES),
        ("bias", BIASES),
    ):
        if getattr(model, name) not in allowed:
            raise ValueError(f"{name} is {getattr(model, name)!r}; allowed are {allowed}")
    for name, default, kind in (("bias", "scalar", "tied+bias"), ("coupling", 0, "three")):
        if getattr(model, name) != default and model.matrices != kind:
            raise ValueError(
                f"{name}={getattr(model, name)!r} has a meaning with matrices={kind!r} only; "
                f"got matrices={model.matrices!r}"
            )
    check_trim_rule(model._trim_rule)


def check_objective(model: Any) -> None:
    """Refuse a model with nothing to learn, or with no kernel to learn with.

    It is asked before a corpus is read, which may take minutes.

    Raises
    ------
    ValueError
        If no objective is chosen, two that exclude each other, or a kernel that can't run here.
    ImportError
        If full softmax is chosen and scipy's BLAS is not to be had.
    """
    kernels.variant()
    if model.softmax:
        if model.negative or model.hs:
            raise ValueError(
                f"negative is {model.negative} and hs is {model.hs}: with softmax=1 both must be "
                "0, for it is what they approximate"
            )
        kernels.load_softmax()
    elif not model.hs and not model.negative:
        raise ValueError("negative is 0 and hs is 0: give one of them, or nothing is learned")
    if model.matrices != "two" and (model.hs or not model.negative):
        raise ValueError(
            f"matrices={model.matrices!r} is about the two roles of negative sampling; it needs "
            f"negative > 0 and hs=0, and got negative={model.negative} and hs={model.hs}"
        )


def warn_of_matrices(model: Any) -> None:
    """Say so where the objective is known to be ill-posed, and what to use instead."""
    if model.matrices == "tied":
        warn(
            'matrices="tied": scores w.w have a mean >= 0 and no negative eigenvalue, which the '
            "targets have, so the loss stays far from its optimum; use "
            '"tied+bias" or "tied+reflect", which are one matrix, too',
        )
    elif model.matrices == "three" and not model.coupling:
        warn(
            'matrices="three" without coupling: positive vectors are only ever drawn near and '
            "negative ones only pushed away, so all words end up pointing one way; set "
            'coupling, such as 10, or use "two"',
        )


def as_callbacks(callbacks: Iterable[Any]) -> tuple[Any, ...]:
    """Give the callbacks as a tuple.

    Raises
    ------
    TypeError
        If they can't be iterated, as a callback that stands alone can't.
    """
    if not isinstance(callbacks, Iterable):
        raise TypeError(
            f"callbacks is a {type(callbacks).__name__}, where a list of callbacks is wanted; "
            "put a single one in brackets: callbacks=[...]"
        )
    return tuple(callbacks)
