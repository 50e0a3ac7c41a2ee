"""Callbacks: what users run between the epochs."""


class StopTraining(Exception):
    """Raised by a callback: training ends here without an error; ``on_train_end`` is called."""


class CallbackAny2Vec:
    """Base of callbacks; an object with just some of these methods serves as well.

    The order is ``on_train_begin``, then ``on_epoch_begin`` and ``on_epoch_end`` for each epoch,
    then ``on_train_end``. All run in the thread that called `train`, while no worker runs.

    Examples
    --------
    >>> class Patience(CallbackAny2Vec):
    ...     def on_epoch_end(self, model):
    ...         if len(model.epoch_losses) > 1 and model.epoch_losses[-1] > model.epoch_losses[-2]:
    ...             raise StopTraining
    """

    def on_train_begin(self, model):
        """Call before the first epoch."""

    def on_epoch_begin(self, model):
        """Call before each epoch."""

    def on_epoch_end(self, model):
        """Call after each epoch."""

    def on_train_end(self, model):
        """Call after the last epoch."""
