"""Session: the part of a training call that all models share.

A session runs the epochs between the callbacks of the user, moves the matrices to and from the
layout of the kernels around each epoch, counts the epochs, and keeps their losses. However it ends
(the last epoch, a callback, an error, Ctrl-C), the matrices have the user's layout again and the
model can be used.
"""

import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Protocol

import numpy as np

from fastsgns.runtime.interrupts import uninterrupted

logger = logging.getLogger(__name__)

EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


class StopTraining(Exception):
    """Raised by a callback to end training without an error; ``on_train_end`` is still called."""


class TrainedModel(Protocol):
    """The state of a model that a session keeps.

    Attributes
    ----------
    epochs_begun : int
        Epochs begun in all calls. An epoch that was interrupted counts, so that no later epoch
        draws its random numbers again.
    epochs_trained : int
        Epochs trained to their end.
    epoch_losses : list of float
        Mean loss of each of these epochs for which it was computed.
    """

    epochs_begun: int
    epochs_trained: int
    epoch_losses: list[float]


class TrainedArrays(Protocol):
    """The arrays of a model, of which kernels train copies (`fastsgns.matrices.Matrices`)."""

    def spread(self) -> None:
        """Copy the arrays, as they are now, to the rows that kernels train."""

    def collect(self) -> None:
        """Copy what the kernels have trained back to the arrays."""

    def release(self) -> None:
        """Collect, and free the rows of the kernels."""


class Session:
    """One call of training.

    Used as a context manager: on exit the arrays are collected and the memory that only training
    needs is freed, whatever was raised.

    Parameters
    ----------
    model : TrainedModel
        Passed to the callbacks.
    arrays : TrainedArrays
        The attribute may be set to others between epochs.
    n_epochs : int
        Epochs of this call.
    callbacks : sequence
        Objects with any of the methods `EVENTS`. Each is called with the model, in this thread,
        while no worker runs.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> from fastsgns.matrices import Matrices
    >>> model = SimpleNamespace(epochs_begun=0, epochs_trained=0, epoch_losses=[])
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

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, *_: object) -> None:
        uninterrupted(self.arrays.release)

    def run(
        self,
        epochs: Generator[float | None, None, None],
        before_epoch: Callable[[], object] | None = None,
        after_epoch: Callable[[], object] | None = None,
    ) -> None:
        """Train epoch by epoch between the callbacks.

        Parameters
        ----------
        epochs : generator of float or None
            Trains one epoch each time it is advanced, and yields the mean loss of the epoch, or
            None if no loss was computed. The first epoch trains the rows as they are now. The
            generator is closed at the end.
        before_epoch : callable, optional
            Brings the rows that kernels train up to date; by default ``arrays.spread``. It is
            called before each epoch, but before the first one only if there are callbacks, which
            may have changed the arrays.
        after_epoch : callable, optional
            Called after each epoch, before ``on_epoch_end``.
        """
        model, update = self.model, before_epoch or self.arrays.spread
        try:
            with closing(epochs):
                self._call("on_train_begin")
                for epoch in range(self.n_epochs):
                    self._call("on_epoch_begin")
                    if epoch or self.callbacks:
                        update()
                    model.epochs_begun += 1
                    loss = next(epochs)
                    uninterrupted(self.arrays.collect)
                    model.epochs_trained += 1
                    if after_epoch is not None:
                        after_epoch()
                    if loss is not None:
                        model.epoch_losses.append(loss)
                    self._call("on_epoch_end")
        except StopTraining as reason:
            logger.info("training stopped by a callback%s", f": {reason}" if str(reason) else "")
        self._call("on_train_end")

    def _call(self, event: str) -> None:
        for callback in self.callbacks:
            method = getattr(callback, event, None)
            if method is not None:
                method(self.model)


def choose_seed(seed: int | None) -> int:
    """Return a seed for one call of training: the model's, or a random one if it is None."""
    return int(np.random.default_rng().integers(2**63) if seed is None else seed)
