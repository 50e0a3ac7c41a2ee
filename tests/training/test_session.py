import pytest

from fastsgns.training.rounds import Elsewhere, rounds_elsewhere, runs_rounds
from fastsgns.training.session import EVENTS, Session, StopTraining, choose_seed


class Counted:
    def __init__(self):
        self.epochs_begun = self.epochs_trained = 0
        self.epoch_losses = []
        self.unfinished = None


class Arrays:
    """Keeps what was asked of it in `calls`."""

    are_saved_as_rows = False

    def __init__(self, calls):
        self.spread, self.collect, self.release = (
            lambda name=name: calls.append(name) for name in ("spread", "collect", "release")
        )


class Caller:
    """A callback that notes its events, and raises at one of them."""

    def __init__(self, calls, event=None, error=None):
        for name in EVENTS:
            setattr(self, name, lambda model, name=name: self.note(calls, name, event, error))

    def note(self, calls, name, event, error):
        calls.append(name)
        if name == event:
            raise error


def run(calls, callbacks=(), epochs=(1.0, None), n_epochs=2):
    model = Counted()
    with Session(model, Arrays(calls), n_epochs, callbacks) as session:
        session.run((loss for loss in epochs), after_epoch=lambda: calls.append("after"))
    return model


def test_the_order_of_steps():
    calls = []
    model = run(calls, [Caller(calls)])
    epoch = "on_epoch_begin spread collect after on_epoch_end"
    assert " ".join(calls) == f"on_train_begin {epoch} {epoch} on_train_end release"
    assert (model.epochs_begun, model.epochs_trained, model.epoch_losses) == (2, 2, [1.0])


def test_callbacks_train_other_models_here():
    seen = []

    class Look:
        def __getattr__(self, name):
            if name not in EVENTS:
                raise AttributeError(name)
            return lambda model: seen.append(rounds_elsewhere())

    with runs_rounds(Elsewhere(print, print, print)):
        run([], [Look()])
        assert rounds_elsewhere() is not None
    assert seen == [None] * 6


def test_without_callbacks_no_epoch_needs_a_copy():
    calls = []
    run(calls)
    assert " ".join(calls) == "after after release"


@pytest.mark.parametrize("event", EVENTS[:3])
def test_a_callback_can_stop_at_each_event(event):
    calls = []
    model = run(calls, [Caller(calls, event, StopTraining("enough"))])
    assert calls[-2:] == ["on_train_end", "release"]
    assert model.epochs_trained == (event == "on_epoch_end")


def test_an_error_releases_the_arrays_and_counts_the_epoch_as_begun():
    def failing():
        yield 1.0
        raise FloatingPointError("diverged")

    calls, model = [], Counted()
    with (
        pytest.raises(FloatingPointError),
        Session(model, Arrays(calls), 2, [Caller(calls)]) as session,
    ):
        session.run(failing())
    assert calls[-1] == "release" and "on_train_end" not in calls
    assert (model.epochs_begun, model.epochs_trained) == (2, 1)


def test_only_a_missing_seed_is_drawn():
    assert choose_seed(0) == 0
    assert choose_seed(None) != choose_seed(None)
