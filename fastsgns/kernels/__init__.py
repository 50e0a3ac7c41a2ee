"""Compiled kernels over arrays and numbers, and the choice between variants of row arithmetic.

At import the best variant that the processor can run becomes active. The environment variable
``FASTSGNS_KERNEL`` forces one: ``plain`` (textbook C), ``blas`` (scipy's BLAS), ``sse2``,
``avx2``, ``avx512`` (x86-64) or ``neon`` (aarch64). If it names one that can't run here, not the
import but the first use of a kernel raises an error.
"""

import functools
from typing import Any

from fastsgns.kernels import sgns
from fastsgns.kernels.sgns import is_available, load_blas, load_softmax, use_variant
from fastsgns.runtime import environment
from fastsgns.runtime.locks import first_use

__all__ = ["available", "force", "load_softmax", "train_chunk", "train_pairs_chunk", "variant"]

VARIANTS = ("avx512", "avx2", "neon", "sse2", "plain", "blas")
_variant = "plain"
_refusal = ""


def available() -> list[str]:
    """Return the names of the variants that run on this machine, the preferred one first.

    "blas" is always among them: whether it works is known only after scipy was imported.

    Examples
    --------
    >>> "plain" in available()
    True
    """
    return [name for name in VARIANTS if name == "blas" or is_available(name)]


def variant() -> str:
    """Return the name of the active variant.

    Raises
    ------
    ValueError
        If FASTSGNS_KERNEL asks for one that this machine can't run.
    """
    if _refusal:
        raise ValueError(_refusal)
    return _variant


@functools.wraps(sgns.train_chunk)
def train_chunk(*arguments: Any, **named: Any) -> tuple[float, int, int]:  # noqa: D103
    variant()
    return sgns.train_chunk(*arguments, **named)


@functools.wraps(sgns.train_pairs_chunk)
def train_pairs_chunk(*arguments: Any, **named: Any) -> tuple[float, int, int]:  # noqa: D103
    variant()
    return sgns.train_pairs_chunk(*arguments, **named)


def force(name: str) -> None:
    """Use the variant `name` in the whole process from now on.

    Raises
    ------
    ValueError
        If this machine can't run it.
    """
    global _variant, _refusal
    with first_use:  # BLAS is loaded once: workers may be calling its functions later
        is_loaded = name != "blas" or is_available(name) or load_blas()
        if name not in available() or not is_loaded or not use_variant(name):
            raise ValueError(f"kernel variant {name!r} can't run here; allowed are {available()}")
        _variant, _refusal = name, ""


try:
    force(environment.value_of(environment.KERNEL) or available()[0])
except ValueError as error:
    _refusal = f"{environment.KERNEL.name}: {error}"
