"""Commands that are told to end: by Ctrl-C, or by SIGTERM or SIGHUP, which do the same here.

A batch system sends SIGTERM some seconds before it kills a process, and a terminal that is closed
sends SIGHUP. A command that trains then saves what was learned. Only the command line handles these
signals; programs that import fastsgns decide themselves.
"""

import signal
import threading
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fastsgns.errors import CheckpointError
from fastsgns.formats import writing
from fastsgns.runtime.console import INTERRUPTED, say

SIGNALS = ("SIGTERM", "SIGHUP")
SIGNALLED = 128  # the exit code of a process that a signal ended, less the signal, as in shells


class Stop:
    """Whether a command was told to end, and how.

    Attributes
    ----------
    exit_code : int
        Of a command that was stopped: 130 after Ctrl-C, or 128 and the number of the signal.
    failed : bool
        Whether a checkpoint was not written, so that the exit code is 1.
    """

    def __init__(self) -> None:
        self.exit_code = INTERRUPTED
        self.failed = False
        self._is_deferred = False

    def handle(self, number: int, _frame: object) -> None:
        """Raise a KeyboardInterrupt at the first signal, unless what is done now is saving.

        Further signals change nothing: batch systems send several, and saving should end.
        """
        if self.exit_code == INTERRUPTED:
            self.exit_code = SIGNALLED + number
            if not self._is_deferred:
                raise KeyboardInterrupt

    def defer(self) -> None:
        """Set what follows, which saves, to come to its end; only Ctrl-C stops it."""
        self._is_deferred = True

    def fail(self, reason: object) -> None:
        """Note, and print, that a checkpoint was not written."""
        self.failed = True
        say(f"checkpoint: {reason}")


@contextmanager
def handled() -> Iterator[Stop]:
    """Handle the signals, unless the process ignores them (``nohup``) or handles them already."""
    stop, former = Stop(), {}
    if threading.current_thread() is threading.main_thread():
        for name in SIGNALS:
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) == signal.SIG_DFL:
                former[number] = signal.signal(number, stop.handle)
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def trained(arguments: Namespace, model: Any, train: Callable[[], object]) -> bool:
    """Train, and return whether that came to its end rather than being stopped.

    After a stop, the model is saved to the checkpoint, if there is one, with its place in the
    training. The caller saves it to the output.

    A stop after the last epoch, as while the last checkpoint is written, is not one of training.

    Parameters
    ----------
    arguments : Namespace
        With ``signals``, ``checkpoint`` and ``output``.
    model : model
    train : callable

    Raises
    ------
    KeyboardInterrupt
        After a stop before the first epoch, which has nothing that is worth an output.
    """
    signals, before = arguments.signals, _progress(model)
    try:  # a signal may come between any two of these statements
        try:
            train()
            signals.defer()
        except CheckpointError as error:  # the output may be on another disk
            signals.defer()
            signals.fail(error.problem)
    except KeyboardInterrupt:
        signals.defer()
        if _progress(model) == before:
            raise
        _save_checkpoint(arguments, model)
        return model.unfinished is None
    return True


def _progress(model: Any) -> tuple[object, ...]:
    """Return how far a model is trained, which may be one that was never trained."""
    left = getattr(model, "unfinished", None)
    counters = (getattr(model, name, 0) for name in ("epochs_begun", "epochs_trained"))
    return *counters, left.places if left else ()


def _save_checkpoint(arguments: Namespace, model: Any) -> None:
    """Save a training that was stopped to its checkpoint, unless that is the output."""
    path = arguments.checkpoint
    if not path or writing.is_same_file(path, arguments.output):
        return
    try:
        model.save(path)
    except (OSError, MemoryError, ValueError) as error:
        arguments.signals.fail(error)
    except KeyboardInterrupt:
        arguments.signals.fail(f"stopped while saving to {path}; now saving to the output")
