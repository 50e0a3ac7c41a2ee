"""The parameters of Word2Vec: what is allowed of each."""

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from fastsgns import kernels, rules
from fastsgns.corpus.vocabulary import check_trim_rule
from fastsgns.errors import warn
from fastsgns.matrices import BIASES, MATRICES
from fastsgns.training.session import EVENTS
from fastsgns.training.sharing import SHARINGS

logger = logging.getLogger(__name__)

CBOW_GRADIENTS = ("gensim", "exact")
MOST_COUNT = 2**62
count = partial(rules.integer, bools=True)  # as in gensim, where True is 1
# None stands for what it means in gensim: for a flag of these no, for sample no subsampling.
RULES: dict[str, rules.Rule] = {
    "vector_size": count(1, 2**20),
    "window": count(1, 2**31 - 1),
    "workers": count(1, 2**16),
    "epochs": count(1, 2**31),
    "negative": count(0, 2**16),
    "min_count": count(0, MOST_COUNT),
    "max_vocab_size": count(0, MOST_COUNT, none=None),
    "max_final_vocab": count(0, MOST_COUNT, none=None),
    "batch_words": count(0, MOST_COUNT, none=None),
    "alpha": rules.NOT_NEGATIVE,
    "min_alpha": rules.NOT_NEGATIVE,
    "sample": rules.real("0 and positive numbers", lambda value: value >= 0, none=0),
    "coupling": rules.NOT_NEGATIVE,
    "ns_exponent": rules.ANY_NUMBER,
    "seed": rules.SEED,
    "sg": rules.flag(int),
    "hs": rules.flag(int),
    "cbow_mean": rules.flag(int),
    "softmax": rules.flag(int),
    "sorted_vocab": rules.flag(int, none=0),
    "null_word": rules.flag(int, none=0),
    "shrink_windows": rules.flag(none=False),
    "compute_loss": rules.flag(none=False),
    "progress": rules.PROGRESS,
    "cbow_gradient": rules.choice(*CBOW_GRADIENTS),
    "negative_sharing": rules.choice(*SHARINGS),
    "matrices": rules.choice(*MATRICES),
    "bias": rules.choice(*BIASES),
}


def normalize(model: Any) -> None:
    """Make each parameter of a model the plain Python value that it stands for.

    Its range is not checked: between two calls of ``train`` a learning rate may be below 0.

    Raises
    ------
    ValueError
        If a parameter stands for no value of its type.
    """
    values = rules.typed(RULES, model.__dict__)
    values["max_vocab_size"] = values["max_vocab_size"] or None  # as gensim has it
    model.__dict__.update(values)


def check(model: Any, **instead: Any) -> None:
    """Refuse what no training could work with, before anything is read.

    Parameters are made the plain Python values that they stand for.

    Parameters
    ----------
    model : Word2Vec
    **instead
        Parameters to set; if one of them is refused, the model stays as it was.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    TypeError
        If `trim_rule` can't be called.
    """
    values = rules.checked(RULES, model.__dict__ | instead)
    for name, default, kind in (("bias", "scalar", "tied+bias"), ("coupling", 0, "three")):
        if values[name] != default and values["matrices"] != kind:
            raise ValueError(
                f"{name}={values[name]!r} has a meaning with matrices={kind!r} only; "
                f"got matrices={values['matrices']!r}"
            )
    check_trim_rule(model._trim_rule)
    values["max_vocab_size"] = values["max_vocab_size"] or None  # as gensim has it
    model.__dict__.update(values)


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


def warn_of_no_effect(model: Any) -> None:
    """Log which parameters were given and have no effect on this model."""
    one = "it is for skip-gram (sg=1)" if not model.softmax else "full softmax has no negatives"
    if model.negative_sharing != "pair" and (model.softmax or not model.sg):
        logger.warning("negative_sharing=%r has no effect: %s", model.negative_sharing, one)
    if model.cbow_gradient != "gensim" and model.sg:
        logger.warning("cbow_gradient=%r has no effect with sg=1", model.cbow_gradient)


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
        If they can't be iterated, as a callback that stands alone can't, or one of them has no
        method of a callback.
    """
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        raise TypeError(
            f"callbacks is a {type(callbacks).__name__}, where a list of callbacks is wanted; "
            "put a single one in brackets: callbacks=[...]"
        )
    listed = tuple(callbacks)
    for callback in listed:
        if not any(hasattr(callback, event) for event in EVENTS):
            raise TypeError(
                f"{callback!r:.60} in callbacks has none of the methods {', '.join(EVENTS)}"
            )
    return listed
