"""Callbacks: code of the user that runs between the epochs."""

from typing import Any

from fastsgns import rules
from fastsgns.errors import StopTraining
from fastsgns.formats.writing import check_writable
from fastsgns.runtime.progress import ProgressReport

__all__ = ["CallbackAny2Vec", "Checkpoint", "ProgressReport", "StopTraining"]

EPOCHS = rules.integer(1, 2**31)


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
    """Save the model to one file after every few epochs, and at the end of training.

    The file is replaced at once, so that a process that is killed loses at most the epochs since
    the last save.

    Parameters
    ----------
    path : str or os.PathLike
    every : int
        Number of epochs from one save to the next.

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

    def __init__(self, path: Any, every: int = 1) -> None:
        self.path, self.every = path, EPOCHS("every", every)
        self._n_epochs = 0

    def on_train_begin(self, model: Any) -> None:
        """Check, before anything is trained, that the file can be written.

        Raises
        ------
        OSError
            As for `fastsgns.formats.writing.check_writable`.
        """
        check_writable(self.path)

    def on_epoch_end(self, model: Any) -> None:
        """Save the model after every `every` epochs."""
        self._n_epochs += 1
        if self._n_epochs % self.every == 0:
            model.save(self.path)

    def on_train_end(self, model: Any) -> None:
        """Save the model if the last epoch did not."""
        if self._n_epochs % self.every:
            model.save(self.path)
