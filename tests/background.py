"""Training in another thread that ends when a test ends, whether it passes or fails."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastsgns.errors import StopTraining

LIMIT_SECONDS = 100  # in which a thread must begin or end; both take far less


class UntilStopped:
    """A callback that trains until it is told to stop."""

    def __init__(self) -> None:
        self.begun, self.stop, self.n_epochs = threading.Event(), threading.Event(), 0

    def on_epoch_begin(self, model: Any) -> None:
        if not self.begun.is_set():  # whose lock a forked child may find held
            self.begun.set()

    def on_epoch_end(self, model: Any) -> None:
        self.n_epochs += 1
        if self.stop.is_set():
            raise StopTraining


@contextmanager
def training(train: Callable[[], Any], callback: UntilStopped) -> Iterator[threading.Thread]:
    """Call ``train()``, which has the callback, in another thread while the block runs."""
    thread = threading.Thread(target=train, daemon=True)
    thread.start()
    try:
        assert callback.begun.wait(LIMIT_SECONDS), "training has not begun"
        yield thread
    finally:
        callback.stop.set()
        thread.join(LIMIT_SECONDS)
    assert not thread.is_alive(), "training has not ended"
