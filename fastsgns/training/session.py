"""Session: the part of a training call that all models share.

A session runs the epochs and calls the user's callbacks before and after each, counts the epochs,
and keeps their losses. Kernels train copies of the arrays whose rows are padded, called kernel
rows, or rows. The caller fills the rows before `Session.run`. If there are callbacks that may read
or change the arrays (all but those that only save, where the model saves rows), the session
copies the rows back to the arrays after each epoch, and fills them again before each one. However
training ends (the last epoch, a callback, an error, Ctrl-C), the arrays hold what was trained, and
the model can be used; ``model.unfinished`` says what is left of the call.

A callback with the methods ``is_due()`` and ``on_pause(model)``, such as
`fastsgns.models.callbacks.Checkpoint`, can have training pause within an epoch. The threads that
train call ``is_due``, between two chunks, so it must be fast and safe in several threads.
``on_pause`` is called in the thread that called `train`, while no worker runs.

Callbacks with a true attribute `saves` are called after the others, so that the file has what these
have changed.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from fastsgns.errors import CheckpointError, StopTraining, take_first
from fastsgns.runtime.interrupts import uninterrupted
from fastsgns.runtime.progress import asks_to_stop
from fastsgns.training.epoch import IsDue, Pause
from fastsgns.training.rounds import runs_rounds
from fastsgns.training.unfinished import Unfinished

logger = logging.getLogger(__name__)

EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


class TrainedModel(Protocol):
    """Attributes of a model that a session updates.

    Attributes
    ----------
    epochs_begun : int
        Epochs begun in all calls. An epoch that was interrupted counts, so that no later epoch
        reuses its random numbers.
    epochs_trained : int
        Epochs trained to their end.
    epoch_losses : list of float
        Mean loss of each completed epoch, where it was computed.
    unfinished : Unfinished or None
        What is left of the call that trains.
    """

    epochs_begun: int
    epochs_trained: int
    epoch_losses: list[float]
    unfinished: Unfinished | None


class TrainedArrays(Protocol):
    """The arrays of a model, as `fastsgns.matrices.Matrices`; kernels train padded copies, rows."""

    @property
    def are_saved_as_rows(self) -> bool:
        """Whether the model is saved as the rows are now, without `collect`."""

    def spread(self) -> None:
        """Copy the arrays, as they are now, to the rows."""

    def collect(self) -> None:
        """Copy the rows back to the arrays."""

    def release(self) -> None:
        """Collect, and free the rows."""


class Session:
    """One call of `train`.

    Used as a context manager: on exit the rows are copied back to the arrays and freed, even if an
    exception was raised.

    Parameters
    ----------
    model : TrainedModel
        Passed to the callbacks.
    arrays : TrainedArrays
        The attribute may be replaced between epochs.
    n_epochs : int
        Epochs of this call.
    callbacks : sequence
        Objects with any of the methods named in `EVENTS`. Each is called with the model, in this
        thread, while no worker runs.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from fastsgns.matrices import Matrices
    >>> model = SimpleNamespace(epochs_begun=0, epochs_trained=0, epoch_losses=[], unfinished=None)
    >>> with Session(model, Matrices(), n_epochs=2) as session:
    ...     session.run(loss for loss in (0.7, 0.5))
    >>> model.epochs_trained, model.epoch_losses
    (2, [0.7, 0.5])
    """

    def __init__(
        self,
        model: TrainedModel,
        arrays: TrainedArrays,
        n_epochs: int,
        callbacks: Sequence[object] = (),
    ) -> None:
        self.model, self.arrays = model, arrays
        self.n_epochs, self.callbacks = n_epochs, callbacks
        self._pausing: list[Any] = [
            each for each in callbacks if hasattr(each, "on_pause") and hasattr(each, "is_due")
        ]
        self._must_collect = self._must_see_arrays(callbacks)

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        uninterrupted(self.arrays.release)  # a second Ctrl-C must not leave half of it copied

    @property
    def is_due(self) -> IsDue | None:
        """Whether a callback asks for a pause, for `train_chunks`; None if none ever does."""
        if not self._pausing:
            return None
        return lambda: any(callback.is_due() for callback in self._pausing)

    def _must_see_arrays(self, callbacks: Sequence[object]) -> bool:
        """Return whether callbacks read or change the arrays, so that rows do not do."""
        if all(map(_only_saves, callbacks)):
            return bool(callbacks) and not (
                self.arrays.are_saved_as_rows and has_own_save(self.model)
            )
        return True

    def run(
        self,
        epochs: Generator[float | Pause | None, None, None],
        before_epoch: Callable[[], object] | None = None,
        after_epoch: Callable[[], object] | None = None,
        changes: Callable[[], dict[str, Any]] = dict,
    ) -> None:
        """Train all epochs, and call the callbacks.

        A callback ends training early if it raises StopTraining or returns True.

        What has been set to train the rounds elsewhere (`fastsgns.training.rounds.runs_rounds`)
        trains this model alone. Another model, which a callback trains, is trained here.

        ``on_train_end`` is called after the last epoch or after such an end, but not after an error
        or Ctrl-C. A StopTraining that it raises itself is not caught. A CheckpointError that it
        raises is raised again when all callbacks have been called.

        Parameters
        ----------
        epochs : generator of float or None
            Each ``next`` trains one epoch and yields its mean loss, or None if it was not computed.
            It must yield at least `n_epochs` times. It may also yield `PAUSE` within an epoch. It
            is closed at the end. What trains elsewhere must be known before the first ``next``.
        before_epoch : callable, optional
            Fills the rows from the arrays; by default ``arrays.spread``. The rows must be filled
            when `run` is called. `before_epoch` is called before each epoch if there are callbacks
            that may have changed the arrays.
        after_epoch : callable, optional
            Called after each epoch, before ``on_epoch_end``.
        changes : callable, optional
            Returns the fields of ``model.unfinished`` that differ by what was trained of the epoch.
        """
        with runs_rounds(None):
            self._run(epochs, before_epoch or self.arrays.spread, after_epoch, changes)

    def _run(
        self,
        epochs: Generator[float | Pause | None, None, None],
        before_epoch: Callable[[], object],
        after_epoch: Callable[[], object] | None,
        changes: Callable[[], dict[str, Any]],
    ) -> None:
        try:
            with closing(epochs):
                self._call_or_stop("on_train_begin")
                for _ in range(self.n_epochs):
                    self._call_or_stop("on_epoch_begin")
                    # Without other callbacks, nothing has changed since the caller filled the rows,
                    # and nobody reads the arrays before the last epoch has ended.
                    if self._must_collect:
                        before_epoch()
                    loss = self._train_epoch(epochs, changes)
                    if self._must_collect:
                        uninterrupted(self.arrays.collect)
                    # All records are complete before on_epoch_end, which may save the model.
                    uninterrupted(partial(self._record, loss, changes))
                    if after_epoch is not None:
                        after_epoch()
                    self._call_or_stop("on_epoch_end")
        except StopTraining as reason:
            logger.info("training stopped by a callback%s", f": {reason}" if str(reason) else "")
            if self._must_collect:
                uninterrupted(self.arrays.collect)  # it may have been within an epoch
        self._call_all("on_train_end")

    def _train_epoch(
        self,
        epochs: Generator[float | Pause | None, None, None],
        changes: Callable[[], dict[str, Any]],
    ) -> float | None:
        """Train one epoch, with its pauses, and return its mean loss."""
        left = self.model.unfinished
        try:
            if left is None or not left.places:  # else it was counted when it began
                self.model.epochs_begun += 1  # an epoch that is interrupted counts too
            while isinstance(loss := next(epochs), Pause):
                self._pause(changes)
        except BaseException:
            self._note(changes)
            raise
        return loss

    def _pause(self, changes: Callable[[], dict[str, Any]]) -> None:
        """Note how far the epoch is, and call the callbacks that asked for the pause."""
        needs_arrays = self._must_see_arrays(self._pausing)
        if needs_arrays:
            uninterrupted(self.arrays.collect)
        self._note(changes)
        for callback in self._pausing:
            callback.on_pause(self.model)
        if needs_arrays:
            self.arrays.spread()

    def _note(self, changes: Callable[[], dict[str, Any]]) -> None:
        """Note in the model how far the epoch is."""
        if self.model.unfinished is not None:
            self.model.unfinished = replace(self.model.unfinished, **changes())

    def _record(self, loss: float | None, changes: Callable[[], dict[str, Any]]) -> None:
        """Record an epoch that has ended."""
        model = self.model
        self._note(changes)
        model.epochs_trained += 1
        if loss is not None:
            model.epoch_losses.append(loss)
        if model.unfinished is not None:
            model.unfinished = model.unfinished.after_an_epoch()

    def _call(self, event: str, callbacks: Sequence[object]) -> list[object]:
        """Call a method of callbacks, and return the results."""
        methods = [getattr(callback, event, None) for callback in callbacks]
        return [method(self.model) for method in methods if method is not None]

    def _call_all(self, event: str) -> list[object]:
        """Call a method of all callbacks, and return the results; those that save are the last.

        They save also if another raises an exception, such as StopTraining.
        """
        savers = [each for each in self.callbacks if getattr(each, "saves", False)]
        results, failures = list[object](), list[BaseException]()
        try:
            results += self._call(event, [each for each in self.callbacks if each not in savers])
        finally:
            for saver in savers:
                try:
                    results += self._call(event, [saver])
                except CheckpointError as error:  # the other files are to be written
                    failures.append(error)
            if failures:
                raise take_first(failures)
        return results

    def _call_or_stop(self, event: str) -> None:
        """Call a method of all callbacks; raise StopTraining if one of them returns True."""
        if any(asks_to_stop(result) for result in self._call_all(event)):
            raise StopTraining


def _only_saves(callback: object) -> bool:
    return bool(getattr(callback, "only_saves", False))


def has_own_save(model: object) -> bool:
    """Return whether ``model.save`` is that of this package, rather than of a derived class."""
    save = getattr(model, "save", None)
    return str(getattr(save, "__module__", "")).startswith("fastsgns.")


def choose_seed(seed: int | None) -> int:
    """Return `seed`, or a random one if it is None."""
    return int(np.random.default_rng().integers(2**63) if seed is None else seed)
