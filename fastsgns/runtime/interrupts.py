"""Steps that Ctrl-C must not interrupt."""

import threading
from collections.abc import Callable

from fastsgns.errors import take_first


def uninterrupted(step: Callable[[], None]) -> None:
    """Run `step` to its end, then raise KeyboardInterrupt if Ctrl-C was pressed meanwhile.

    Python raises KeyboardInterrupt between any two operations of the main thread, and only there.
    Therefore `step` runs in another thread, and the main thread waits for it. If the system starts
    no other thread, for lack of memory, `step` runs in this one.

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
