"""exclusive and not_during: which methods of a model threads may run at a time."""

import functools
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])

_lock = threading.RLock()  # of both dicts; a signal handler may save while this thread holds it
_owners: dict[int, tuple[int]] = {}  # the thread that trains, by the id of the model
_readers: dict[int, list[int]] = {}  # the threads that save or copy, by the id of the model


def exclusive(method: Method) -> Method:
    """Allow only one thread at a time to run the decorated methods of an object.

    Decorated methods may call each other. A second thread gets a RuntimeError and does not wait,
    because to train the same arrays twice at once is a mistake. So does a thread that begins while
    another one saves or copies the object; see `not_during`.

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
        with _lock:
            owner = _owners.setdefault(id(self), mine)
            others = [reader for reader in _readers.get(id(self), ()) if reader != mine[0]]
            if owner is mine and others:
                del _owners[id(self)]
                raise RuntimeError(
                    f"this {type(self).__name__} is being saved or copied in another thread: wait "
                    "until that ends"
                )
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
    The thread that trains may call it, in a callback. While it runs, `exclusive` methods are
    refused in other threads.

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
        with reading(self):
            return method(self, *args, **kwargs)

    return guarded  # type: ignore[return-value]


@contextmanager
def reading(thing: Any) -> Iterator[None]:
    """Read all arrays of an object, which no other thread trains meanwhile.

    Raises
    ------
    RuntimeError
        If another thread runs an `exclusive` method of the object.
    """
    mine = (threading.get_ident(),)
    with _lock:
        if _owners.get(id(thing), mine) != mine:
            raise RuntimeError(
                f"{_being_trained(thing)}, so that it cannot be saved or copied now: wait until "
                "that ends, or save and copy it in a callback, which runs between two epochs"
            )
        readers = _readers.setdefault(id(thing), [])
        readers.append(mine[0])
    try:
        yield
    finally:
        with _lock:
            readers.remove(mine[0])
            if not readers:
                _readers.pop(id(thing), None)


def is_being_trained(thing: Any) -> bool:
    """Return whether any thread, also this one, runs an `exclusive` method of an object."""
    return id(thing) in _owners


def _being_trained(thing: Any) -> str:
    return f"this {type(thing).__name__} is being trained in another thread"


def _forget_other_threads() -> None:
    """Keep what this thread does: in a child, it is the only one that goes on."""
    this = threading.get_ident()
    for model in [model for model, owner in _owners.items() if owner != (this,)]:
        del _owners[model]
    for model, readers in list(_readers.items()):
        readers[:] = [reader for reader in readers if reader == this]
        if not readers:
            del _readers[model]
    _lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_forget_other_threads
    )
