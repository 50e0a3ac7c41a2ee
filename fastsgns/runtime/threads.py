"""Work shared out to threads that spend their time without the GIL."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from fastsgns.errors import take_first
from fastsgns.runtime.machine import start_threads

POLL_SECONDS = 0.1
STOP_SECONDS = 0.3
Item = TypeVar("Item")


class Crew(Generic[Item]):
    """Threads that take items in their order, each the next one when it is done with its last.

    Parameters
    ----------
    n_threads : int
    items : sequence
    work : callable
        ``work(thread, item)``, thread from 0 to n_threads - 1.
    patience : float, optional
        Seconds to wait for threads that are to end early; by default few, as a thread may hang in
        a read and owns all it touches. None waits them out, whatever is pressed meanwhile.

    Attributes
    ----------
    stop : threading.Event
        Set when the work is to end early.

    Examples
    --------
    >>> squares = [0, 0, 0]
    >>> Crew(2, range(3), lambda thread, item: squares.__setitem__(item, item**2)).run()
    >>> squares
    [0, 1, 4]
    """

    def __init__(
        self,
        n_threads: int,
        items: Sequence[Item],
        work: Callable[[int, Item], object],
        patience: float | None = STOP_SECONDS,
    ) -> None:
        self.stop = threading.Event()
        self._n_threads = min(n_threads, len(items))
        self._items = iter(items)
        self._work = work
        self._patience = patience
        self._lock = threading.Lock()
        self._errors: list[BaseException] = []

    def run(self, tick: Callable[[], object] | None = None) -> None:
        """Work; the first exception of any thread stops the others and is raised here."""
        done = [threading.Event() for _ in range(self._n_threads)]
        threads = [
            threading.Thread(target=self._run, args=work, daemon=True) for work in enumerate(done)
        ]
        try:
            for event in done[: start_threads(threads)]:
                while not event.wait(POLL_SECONDS):
                    if tick:
                        tick()
        finally:
            self.stop.set()
            self._end([event for thread, event in zip(threads, done) if thread.ident is not None])
        if self._errors:
            raise take_first(self._errors)

    def _end(self, done: list[threading.Event]) -> None:
        """Wait for the threads as long as patience lasts."""
        if self._patience is None:
            _wait_out(done)
            return
        deadline = time.monotonic() + self._patience
        for event in done:
            event.wait(max(0.0, deadline - time.monotonic()))

    def _run(self, index: int, done: threading.Event) -> None:
        try:
            while not self.stop.is_set():
                with self._lock:
                    item = next(self._items, None)
                if item is None:
                    return
                self._work(index, item)
        except BaseException as error:  # handed to the thread that waits
            self._errors.append(error)
            self.stop.set()
        finally:
            done.set()


def _wait_out(done: list[threading.Event]) -> None:
    for event in done:
        while not event.is_set():
            try:
                event.wait()
            except KeyboardInterrupt:
                continue
