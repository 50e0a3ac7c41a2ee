"""exclusive and not_during: which methods of a model threads may run at a time."""

import functools
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

# The thread that trains, by the id of the model. `dict.setdefault` is one step for other threads,
# also without the GIL: of two threads that come at once, one finds the owner that the other set.
_owners: dict[int, tuple[int]] = {}


def exclusive(method: Method) -> Method:
    """Allow only one thread at a time to run the decorated methods of an object.

    Decorated methods may call each other. A second thread gets a RuntimeError and does not wait,
    because to train the same arrays twice at once is a mistake.

    Examples
    --------
    >>> class Model:
    ...     @exclusive
    ...     def train(self):
    ...         other = threading.Thread(target=self.try_to_train)
    ...         other.start()
    ...         other.join()
    ...     def try_to_train(self):
    ...         try:
    ...             self.train()
    ...         except RuntimeError as error:
    ...             print(error)
    >>> Model().train()
    this Model is being trained in another thread: wait until that ends, or train a copy that was \
made before, copy.deepcopy(model)
    """

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        mine = (threading.get_ident(),)
        owner = _owners.setdefault(id(self), mine)
        if owner != mine:
            raise RuntimeError(
                f"{_being_trained(self)}: wait until that ends, or train a copy that was made "
                "before, copy.deepcopy(model)"
            )
        try:
            return method(self, *args, **kwargs)
        finally:
            if owner is mine:
                _owners.pop(id(self), None)

    return guarded  # type: ignore[return-value]


def not_during(method: Method) -> Method:
    """Refuse a decorated method while another thread runs an `exclusive` one of the same object.

    It is for methods that copy or save all arrays: the copy would have rows of different moments.
    The thread that trains may call it, in a callback.

    Examples
    --------
    >>> class Model:
    ...     @not_during
    ...     def save(self):
    ...         return "saved"
    >>> Model().save()
    'saved'
    """

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        check_not_trained(self)
        return method(self, *args, **kwargs)

    return guarded  # type: ignore[return-value]


def check_not_trained(thing: Any) -> None:
    """Raise a RuntimeError if another thread runs an `exclusive` method of an object."""
    mine = (threading.get_ident(),)
    if _owners.get(id(thing), mine) != mine:
        raise RuntimeError(
            f"{_being_trained(thing)}, so that it cannot be saved or copied now: wait until that "
            "ends, or save and copy it in a callback, which runs between two epochs"
        )


def _being_trained(thing: Any) -> str:
    return f"this {type(thing).__name__} is being trained in another thread"


def _forget_other_threads() -> None:
    """Keep only the models that this thread trains: in a child, it is the only one that goes on."""
    mine = (threading.get_ident(),)
    for model in [model for model, owner in _owners.items() if owner != mine]:
        del _owners[model]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_other_threads)
