"""Continue with a saved model: what its file fixes, and whether something is left to train.

A batch system starts a job with the same arguments each time. Options that are given again with
the values that the file has are therefore as if they were not given.
"""

from argparse import Namespace
from collections.abc import Iterable, Mapping
from typing import Any

from fastsgns.formats import writing
from fastsgns.runtime.console import say

MISSING = object()


def others(model: Any, options: Mapping[str, object]) -> dict[str, object]:
    """Return the options whose values are not those of a model.

    `epochs` is compared with the epochs of the call that is unfinished, if there is one, and
    otherwise with the parameter.

    Examples
    --------
    >>> model = Namespace(window=5, epochs=2, unfinished=None)
    >>> others(model, {"window": 5, "epochs": 3, "bucket": 9})
    {'epochs': 3, 'bucket': 9}
    """
    left = model.unfinished
    of_call = {} if left is None else {"epochs": left.n_done + left.n_epochs}
    return {
        name: value
        for name, value in options.items()
        if of_call.get(name, getattr(model, name, MISSING)) != value
    }


def check_fixed(
    arguments: Namespace, model: Any, options: Mapping[str, object], allowed: Iterable[str] = ()
) -> None:
    """Exit with the usage if there are options, but for `allowed`, that the model has otherwise."""
    if changed := _named(arguments, model, options, allowed):
        arguments.usage(f"{changed}: fixed by the model given with --resume, which has other ones")


def continues(arguments: Namespace, model: Any, options: Mapping[str, object]) -> bool:
    """Return whether to continue a training that was stopped; say so if options prevent it."""
    if model.unfinished is None:
        return False
    if changed := _named(arguments, model, options):
        say(
            f"{arguments.resume} holds a training that was stopped, with other values of "
            f"{changed}: a new training begins"
        )
    return not changed


def is_done(arguments: Namespace, model: Any, options: Mapping[str, object]) -> bool:
    """Return whether a job that was started again has nothing left to train, and say so.

    This is a job that continues from its own checkpoint, with the same options.
    """
    is_job = arguments.checkpoint and writing.is_same_file(arguments.checkpoint, arguments.resume)
    if not is_job or model.unfinished is not None or others(model, options):
        return False
    say(
        f"nothing is left to train: {arguments.resume} holds a training that has ended. To train "
        "its model further, give another --checkpoint"
    )
    return True


def check_same(arguments: Namespace, left: Any, n_units: int, unit: str, remedy: str) -> None:
    """Raise a ValueError if the data is not that of the training to continue, by its size."""
    if n_units != left.n_units:
        raise ValueError(
            f"{arguments.resume} holds a training on {left.n_units:,} {unit} that was stopped, and "
            f"the input has {n_units:,}: give the same input, or {remedy}"
        )


def _named(
    arguments: Namespace, model: Any, options: Mapping[str, object], allowed: Iterable[str] = ()
) -> str:
    """Return the options that the model has otherwise, as on the command line."""
    changed = others(model, {name: options[name] for name in options if name not in allowed})
    return ", ".join(arguments.option(*item) for item in changed.items())
