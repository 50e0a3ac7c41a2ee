"""exclusive: methods of a model that only one thread may run at a time."""

import functools
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

_owners: dict[int, tuple[int]] = {}  # the thread that trains, by the id of the model


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
    this Model is being trained in another thread: wait until that ends, or train a copy, \
copy.deepcopy(model)
    """

    @functools.wraps(method)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        mine = (threading.get_ident(),)
        owner = _owners.setdefault(id(self), mine)
        if owner != mine:
            raise RuntimeError(
                f"this {type(self).__name__} is being trained in another thread: wait until that "
                "ends, or train a copy, copy.deepcopy(model)"
            )
        try:
            return method(self, *args, **kwargs)
        finally:
            if owner is mine:
                _owners.pop(id(self), None)  # it is gone after a fork

    return guarded  # type: ignore[return-value]


if hasattr(os, "register_at_fork"):  # the threads of the parent do not go on in the child
    os.register_at_fork(after_in_child=_owners.clear)
