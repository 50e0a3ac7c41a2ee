"""Ctrl-C in the middle of a training: the signal comes while a thread is in a call of a kernel."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def pressed_in(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str, is_time: Callable[[], bool]
) -> Iterator[None]:
    """Press Ctrl-C once, in the first call of ``module.name`` for which `is_time` returns True.

    The call goes on when the main thread has got the signal. The block must raise a
    KeyboardInterrupt.
    """
    inner, pressed, handled = getattr(module, name), threading.Event(), threading.Event()

    def call(*arguments):
        if is_time() and not pressed.is_set():
            pressed.set()
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            assert handled.wait(60)
        return inner(*arguments)

    def handle(*_):
        handled.set()
        raise KeyboardInterrupt

    monkeypatch.setattr(module, name, call)
    default = signal.signal(signal.SIGINT, handle)
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        signal.signal(signal.SIGINT, default)
