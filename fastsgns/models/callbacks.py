"""Callbacks: code of the user that runs between the epochs."""

import math
import os
import time
from collections.abc import Iterable
from datetime import timedelta
from time import monotonic as clock
from typing import Any

from fastsgns.errors import CheckpointError, StopTraining, warn
from fastsgns.formats import shards
from fastsgns.formats.files import is_url
from fastsgns.formats.writing import check_writable
from fastsgns.runtime.progress import ProgressReport
from fastsgns.training.every import EVERY, Every

__all__ = ["CallbackAny2Vec", "Checkpoint", "CheckpointError", "ProgressReport", "StopTraining"]


UNSAVED = OSError, MemoryError, ValueError, TypeError
"""Raised by a save that fails; the last two where `load` would refuse the file."""


class CallbackAny2Vec:
    """Base class of callbacks; any object with some of these methods can be used instead.

    ``on_train_begin`` is called first, then ``on_epoch_begin`` and ``on_epoch_end`` for each epoch,
    then ``on_train_end``. All run in the thread that called `train`, while no worker runs. Training
    ends early if one of the first three returns True or raises `StopTraining`.

    Examples
    --------
    >>> class Patience(CallbackAny2Vec):
    ...     def on_epoch_end(self, model: Any) -> None:
    ...         if len(model.epoch_losses) > 1 and model.epoch_losses[-1] > model.epoch_losses[-2]:
    ...             raise StopTraining
    """

    def on_train_begin(self, model: Any) -> None:
        """Call before the first epoch."""

    def on_epoch_begin(self, model: Any) -> None:
        """Call before each epoch."""

    def on_epoch_end(self, model: Any) -> None:
        """Call after each epoch."""

    def on_train_end(self, model: Any) -> None:
        """Call after the last epoch."""


class Checkpoint(CallbackAny2Vec):
    """Save the model during training, and at its end; ``resume`` continues from what was saved.

    A file is replaced at once, so that a process that is killed at any moment leaves a whole file
    and loses at most what was trained since the last save. A path that ends with a slash, or that
    of a folder, is a folder of several files, for which the same holds.

    If a save within the training fails, as on a full disk, a warning says so, the training goes on,
    and the next save is at its time. If the last save fails, `CheckpointError` is raised, whose
    attribute `model` is the trained model.

    Each class that trains makes one of its arguments `checkpoint` and `every`. It can also be given
    among the callbacks of `Word2Vec` and `FastText`. Whatever its place among them, the others are
    called before it. The file of an epoch therefore has what their ``on_epoch_end`` has changed,
    and is written also if one of them ends the training.

    Parameters
    ----------
    path : str or os.PathLike
    every : int, str or datetime.timedelta
        From one save to the next: a number of epochs, or a duration such as ``"10 min"``,
        ``"30 s"`` or ``"2 h"``. After a duration the model is also saved within an epoch, between
        two chunks. If saving takes longer than the duration, as much time is trained as is saved.

    Examples
    --------
    >>> from fastsgns import Word2Vec
    >>> sentences = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 50
    >>> model = Word2Vec(vector_size=8, min_count=1, workers=1)
    >>> model.build_vocab(sentences)
    >>> saver = Checkpoint("checkpoint.fastsgns", every=2)  # or train(checkpoint=..., every=2)
    >>> _ = model.train(sentences, total_examples=100, epochs=5, callbacks=[saver])
    >>> Word2Vec.load("checkpoint.fastsgns").epochs_trained
    5
    """

    saves = True  # for `Session`, which calls it after the others

    def __init__(self, path: Any, every: Every = 1) -> None:
        if not isinstance(path, (str, bytes, os.PathLike)):
            raise TypeError(
                f"checkpoint is {path!r:.60}, a {type(path).__name__}; allowed are paths, because "
                "the file is replaced at each save"
            )
        name = os.fsdecode(path)
        if not name or "\0" in name:
            raise ValueError(f"checkpoint is {name!r:.60}; allowed are names of files and folders")
        if is_url(name):
            raise ValueError(
                f"checkpoint is {name!r:.60}, a URL; allowed are paths of a disk, where the "
                "file is replaced as a whole"
            )
        self.path, self.every = path, EVERY("every", every)
        self._n_epochs = 0
        self._is_saved = True
        self._due = math.inf  # the time of the next save, if `every` is a duration

    @property
    def only_saves(self) -> bool:
        """Whether the methods read nothing of the model but what `save` writes."""
        return type(self) is Checkpoint

    def check_path(self) -> None:
        """Check, before a call changes the model, that the file can be written.

        Raises
        ------
        OSError
            As for `fastsgns.formats.writing.check_writable`, or that of a folder,
            `fastsgns.formats.shards.check_writable`.
        """
        if shards.is_folder(self.path):
            shards.check_writable(self.path)
        else:
            check_writable(self.path)

    def on_train_begin(self, model: Any) -> None:
        """Begin to count the epochs, or the time."""
        self.check_path()
        self._n_epochs, self._is_saved = 0, True
        if isinstance(self.every, timedelta):
            self._due = clock() + self.every.total_seconds()

    def on_epoch_begin(self, model: Any) -> None:
        """Note that what is in the file will be old."""
        self._is_saved = False

    def is_due(self) -> bool:
        """Return whether the model is to be saved now, within an epoch.

        The threads that train call it, between two chunks.
        """
        return self._due < math.inf and clock() >= self._due

    def on_pause(self, model: Any) -> None:
        """Save the model within an epoch, if it is time."""
        if self.is_due():
            self._try_to_save(model)
            self._is_saved = False

    def on_epoch_end(self, model: Any) -> None:
        """Save the model after every `every` epochs, or if it is time."""
        self._n_epochs += 1
        is_counted = isinstance(self.every, int) and self._n_epochs % self.every == 0
        if is_counted or self.is_due():
            self._try_to_save(model)

    def on_train_end(self, model: Any) -> None:
        """Save the model if the last epoch did not.

        Raises
        ------
        CheckpointError
            If the file cannot be written. Its attribute `model` is the trained model.
        """
        if self._is_saved:
            return
        try:
            self._save(model)
        except UNSAVED as error:
            raise CheckpointError.of(error, os.fsdecode(self.path), model) from error

    def _try_to_save(self, model: Any) -> None:
        try:
            self._save(model)
        except UNSAVED as error:
            # With the time, because Python shows the same warning only once
            now, why = time.strftime("%Y-%m-%d %H:%M:%S"), str(error) or type(error).__name__
            warn(f"{now}: the checkpoint was not saved, and the training goes on: {why}")

    def _save(self, model: Any) -> None:
        """Save the model, and set the time of the next save."""
        begun = clock()
        try:
            model.save(self.path)
            self._is_saved = True
        finally:
            if isinstance(self.every, timedelta):
                saved = clock()
                self._due = max(begun + self.every.total_seconds(), saved + (saved - begun))


def checkpoints(path: Any, every: Every | None) -> tuple[Checkpoint, ...]:
    """Return the callbacks that the arguments `checkpoint` and `every` of a call ask for.

    A call does so before it reads data and before it changes the model.

    Raises
    ------
    TypeError
        If `path` is not a path.
    ValueError
        If `every` is not allowed, or is given without a path.
    OSError
        If the file cannot be written.
    """
    if path is None:
        if every is not None:
            EVERY("every", every)
            raise ValueError(f"every is {every!r:.60} without checkpoint=; give the path of a file")
        return ()
    saver = Checkpoint(path, 1 if every is None else every)
    check_paths([saver])
    return (saver,)


def check_paths(callbacks: Iterable[Any]) -> None:
    """Check that the files of all `Checkpoint` among some callbacks can be written.

    Raises
    ------
    OSError
        As for `fastsgns.formats.writing.check_writable`.
    """
    for callback in callbacks:
        if isinstance(callback, Checkpoint):
            callback.check_path()
