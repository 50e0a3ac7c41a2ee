"""Steps that Ctrl-C must not cut in half."""

import threading
from collections.abc import Callable

from fastsgns.errors import take_first


def uninterrupted(step: Callable[[], None]) -> None:
    """Run `step` to its end, and only then raise the KeyboardInterrupt of a Ctrl-C meanwhile.

    Python raises KeyboardInterrupt between any two operations of the main thread, and only in that
    thread. So `step` runs in another thread, and the main thread waits for it. Where the system
    starts no other thread, for lack of memory, it runs in this one.

    Parameters
    ----------
    step : callable without arguments
        Should be short: Ctrl-C has no effect until it returns.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C was pressed while `step` ran.
    BaseException
        What `step` raised.

    Examples
    --------
    >>> done = []
    >>> uninterrupted(lambda: done.append("moved"))
    >>> done
    ['moved']
    """
    if threading.current_thread() is not threading.main_thread():
        step()
        return
    finished, running = threading.Event(), threading.Lock()
    errors: list[BaseException] = []
    interrupts: list[BaseException] = []

    def run() -> None:
        with running:
            if finished.is_set():
                return
            try:
                step()
            except BaseException as error:
                errors.append(error)
            finished.set()

    while not finished.is_set():
        try:
            threading.Thread(target=run).start()  # again after an interrupt, which may hit it
            finished.wait()
        except KeyboardInterrupt as pressed:
            interrupts.append(pressed)
        except RuntimeError:  # the system starts no thread
            run()
    if errors or interrupts:
        raise take_first(errors or interrupts)
