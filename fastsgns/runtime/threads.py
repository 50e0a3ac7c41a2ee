"""WorkerPool and in_order: threads that share the items of one job.

The package starts its worker threads here. They are Python threads that spend their time in
compiled code, without the GIL.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence, Sized
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

import numpy as np

from fastsgns.errors import take_first

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1
STOP_SECONDS = 0.3
Item = TypeVar("Item")
Result = TypeVar("Result")


class WorkerPool(Generic[Item]):
    """Threads that process items in order: each takes the next item when its last one is done.

    Parameters
    ----------
    n_threads : int
        At most as many threads are started as there are items, if their number is known.
    items : iterable
        None of them is None. A thread takes an item while the others wait.
    work : callable
        ``work(thread, item)`` processes one item; `thread` counts from 0.
    stop_flag : ndarray of int, optional
        Element 0 is set to 0 when the pool starts and to 1 when it stops early. A kernel that
        polls it returns before its item is done.
    stop_timeout : float, optional
        How many seconds to wait for the threads after an error or Ctrl-C. The default is short
        because a thread may hang in a read; the pool then leaves it behind. None waits until all
        threads have ended, which is required if they write to arrays that others use afterwards.

    Attributes
    ----------
    stopping : threading.Event
        Set when the pool stops. Long work on one item should poll it.

    Examples
    --------
    >>> squares = [0, 0, 0]
    >>> WorkerPool(2, range(3), lambda thread, item: squares.__setitem__(item, item**2)).run()
    >>> squares
    [0, 1, 4]
    """

    def __init__(
        self,
        n_threads: int,
        items: Iterable[Item],
        work: Callable[[int, Item], object],
        *,
        stop_flag: np.ndarray | None = None,
        stop_timeout: float | None = STOP_SECONDS,
    ) -> None:
        self.stopping = threading.Event()
        self._n_threads = min(n_threads, len(items)) if isinstance(items, Sized) else n_threads
        self._items = iter(items)
        self._work = work
        self._stop_flag = np.zeros(1, np.int32) if stop_flag is None else stop_flag
        self._stop_timeout = stop_timeout
        self._lock = threading.Lock()
        self._errors: list[BaseException] = []

    def run(self, tick: Callable[[], object] | None = None) -> None:
        """Process all items.

        Parameters
        ----------
        tick : callable, optional
            Called in this thread ten times per second while the threads work.

        Raises
        ------
        BaseException
            The first exception of a thread, or of `tick`. Either stops the other threads.
        KeyboardInterrupt
            On Ctrl-C, which stops the threads.
        MemoryError
            If the system starts no thread.
        """
        self._stop_flag[0] = 0
        threads = [WorkerThread(self._process, index) for index in range(self._n_threads)]
        try:
            for thread in threads[: start_threads(threads)]:
                while not thread.finished.wait(TICK_SECONDS):
                    if tick:
                        tick()
        except BaseException:
            self._stop()
            raise
        finally:
            self._join([thread for thread in threads if thread.ident is not None])
        if self._errors:
            raise take_first(self._errors)

    def _stop(self) -> None:
        self.stopping.set()
        self._stop_flag[0] = 1

    def _process(self, index: int) -> None:
        """Process items in thread `index` until there are none left or the pool stops."""
        try:
            while not self.stopping.is_set():
                with self._lock:
                    item = next(self._items, None)
                if item is None:
                    return
                self._work(index, item)
        except BaseException as error:  # `run` raises it in the caller's thread
            self._errors.append(error)
            self._stop()

    def _join(self, threads: list["WorkerThread"]) -> None:
        """Wait for the threads: until `stop_timeout` is over, or until all have ended."""
        if self._stop_timeout is None:
            _wait_for_all(threads)
            return
        deadline = time.monotonic() + self._stop_timeout
        for thread in threads:
            thread.finished.wait(max(0.0, deadline - time.monotonic()))


class WorkerThread(threading.Thread):
    """A thread of a `WorkerPool`.

    Its event `finished` replaces `join`, which can return early after a KeyboardInterrupt.

    Parameters
    ----------
    process : callable
        ``process(index)`` is what the thread runs.
    index : int
    """

    def __init__(self, process: Callable[[int], None], index: int) -> None:
        super().__init__(daemon=True)
        self.finished = threading.Event()
        self._process, self._index = process, index

    def run(self) -> None:
        """Run `process`, then set `finished`."""
        try:
            self._process(self._index)
        finally:
            del self._process  # what it refers to is freed, though the thread has not ended yet
            self.finished.set()


def _wait_for_all(threads: Sequence[WorkerThread]) -> None:
    for thread in threads:
        while not thread.finished.is_set():
            try:
                thread.finished.wait()
            except KeyboardInterrupt:  # another Ctrl-C must not end the wait
                continue


class _Task(Generic[Item, Result]):
    """The work on one item: `result` waits for it, and returns or raises what it made."""

    def __init__(self, work: Callable[[Item], Result], item: Item) -> None:
        self.item = item
        self._work = work
        self._done = threading.Event()
        self._errors: list[BaseException] = []
        self._results: list[Result] = []

    def run(self) -> None:
        try:
            self._results.append(self._work(self.item))
        except BaseException as error:  # `result` raises it in the caller's thread
            self._errors.append(error)
        finally:
            self._done.set()

    def result(self) -> Result:
        while not self._done.wait(TICK_SECONDS):
            continue
        if self._errors:
            raise take_first(self._errors)
        return self._results.pop()


def in_order(
    n_threads: int,
    items: Iterable[Item],
    work: Callable[[Item], Result],
    pause: Callable[[], bool] = bool,
) -> Generator[tuple[Item, Result], None, None]:
    """Yield each item and ``work(item)``, in order, while threads work on the next items.

    An exception of `work` is raised in the place of its result, and one of `items` after the
    results of the items before it. Closing the generator waits for the threads, which end after
    the item that they work on. If there is one item only, or the system starts no thread, the
    caller's thread does the work.

    Parameters
    ----------
    n_threads : int
        Number of threads.
    items : iterable
        Read in the caller's thread, up to ``n_threads + 2`` items ahead.
    work : callable
        Should take well under a second per item, most of it without the GIL.
    pause : callable, optional
        While it returns True, no item is read as long as results are to come.

    Examples
    --------
    >>> [square for _, square in in_order(2, range(4), lambda number: number**2)]
    [0, 1, 4, 9]
    """
    ahead: deque[_Task[Item, Result]] = deque()
    queue: SimpleQueue[_Task[Item, Result] | None] = SimpleQueue()
    source, errors = iter(items), list[BaseException]()

    def fetch(n_ahead: int) -> None:
        while len(ahead) < n_ahead and not errors and not (ahead and pause()):
            try:
                task = _Task(work, next(source))
            except StopIteration:
                return
            except Exception as error:  # raised when the items before it are done
                errors.append(error)
                return
            ahead.append(task)
            queue.put(task)

    def run_tasks(index: int) -> None:
        while (task := queue.get()) is not None:
            task.run()

    fetch(2)
    threads = [WorkerThread(run_tasks, i) for i in range(n_threads if len(ahead) > 1 else 0)]
    n_started = 0
    try:
        with suppress(MemoryError):  # no thread can be started
            n_started = start_threads(threads)
        while True:
            fetch(n_started + 2 if n_started else 1)
            if not ahead:
                break
            task = ahead.popleft()
            if not n_started:
                queue.get()
                task.run()
            yield task.item, task.result()
    finally:
        while not queue.empty():
            with suppress(Empty):
                queue.get_nowait()
        for _ in threads:
            queue.put(None)
        _wait_for_all([thread for thread in threads if thread.ident is not None])
    if errors:
        raise take_first(errors)


def start_threads(threads: Sequence[threading.Thread]) -> int:
    """Start threads until the system refuses one; return how many were started.

    If it is not all of them, a warning is logged and the started threads share the work.

    Raises
    ------
    MemoryError
        If the system refuses the first one.
    """
    for n_started, thread in enumerate(threads):
        try:
            thread.start()
        except RuntimeError as error:
            if not n_started:
                raise MemoryError(
                    "the system starts no thread: there is no memory for its stack, or a limit "
                    "of threads is reached (ulimit -v, ulimit -u)"
                ) from error
            logger.warning(
                "the system started only %d of %d threads, for lack of memory or by a limit",
                n_started, len(threads),
            )  # fmt: skip
            return n_started
    return len(threads)
