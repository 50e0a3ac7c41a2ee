"""Unfinished: the rest of a call that trains a model, which ``resume`` continues.

A model has one from the beginning of such a call to its end, and its file has it too. The place
within an epoch is a number of chunks: random numbers depend on the epoch and on the chunk, and the
learning rate on the position, so nothing else is needed to continue as if nothing had happened.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Annotated, Any, Literal, get_args

from fastsgns import rules
from fastsgns.formats.schema import PLAIN, Value

Call = Literal["train", "fit", "partial_fit", "update"]
ROUNDING = 1e-6  # of a sum of weights, relative: those of counts are float32
EXACT = 2**53  # up to which a sum of whole numbers has no rounding
COUNT = rules.integer(0, 2**62)


@dataclass(frozen=True)
class Place:
    """How far an epoch is.

    Parameters
    ----------
    n_chunks : int
        Chunks that were trained, from the first one on.
    n_units, n_kept, n_examples, loss
        Their sums; see `fastsgns.training.epoch.Tally`.
    """

    n_chunks: Annotated[int, COUNT] = 0
    n_units: Annotated[int, COUNT] = 0
    n_kept: Annotated[int, COUNT] = 0
    n_examples: Annotated[int, COUNT] = 0
    loss: Annotated[float, rules.ANY_NUMBER] = 0.0


START = Place()
PLACE_RULES = rules.annotated(Place)


class PlacesRule(rules.Rule):
    """A list of places, as a file stores them."""

    def typed(self, name: str, value: Any) -> Any:  # noqa: D102
        if not isinstance(value, (list, tuple)):
            raise self._refusal(name, value)
        return tuple(map(_stored_place, value))


def _stored_place(stored: Any) -> Place:
    if not isinstance(stored, dict) or stored.keys() != PLACE_RULES.keys():
        raise TypeError(f"a place in an epoch is {stored!r:.60}")
    return Place(**rules.checked(PLACE_RULES, stored))


PLACES = PlacesRule("lists of places in an epoch")


class SettingsRule(rules.Rule):
    """Values of parameters by name, as a file stores them."""

    def typed(self, name: str, value: Any) -> Any:  # noqa: D102
        if not isinstance(value, dict):
            raise self._refusal(name, value)
        return {str(parameter): as_stored(setting) for parameter, setting in value.items()}


SETTINGS = SettingsRule("dicts of parameters")


def as_stored(setting: Any) -> Any:
    """Return the value of a parameter as a file stores it, to compare: what is not plain by name.

    Examples
    --------
    >>> as_stored((1, "a", ("b", 2.5)))
    [1, 'a', ['b', 2.5]]
    """
    if isinstance(setting, (list, tuple)):
        return list(map(as_stored, setting))
    return setting if isinstance(setting, PLAIN) else repr(setting)


@dataclass(frozen=True)
class Unfinished:
    """What is left of a call, and what the call fixed at its beginning.

    Parameters
    ----------
    call : {"train", "fit", "partial_fit", "update"}
        The method that was called.
    n_epochs : int
        Epochs that are left; one of which a part was trained counts.
    n_units : int
        The size of the data: words, cells, edges or pairs.
    total : float
        A sum over the data, by which other data of the same size is noticed: known words, weights.
    seed : int
        Seed of the call. With the number of an epoch it determines all random numbers.
    start_alpha, end_alpha : float
        Learning rates at the start and at the end of the whole schedule.
    n_skipped : int
        Words of the schedule before the first epoch of the call.
    n_done : int
        Epochs of the call that were trained to their end.
    places : sequence of Place
        How far the next epoch is: one for each trainer, or none at its beginning.
    running_loss : float
        The loss of the call before the next epoch.
    n_batches : int
        Batches that have drawn random numbers (`fastsgns.models.words.jobs`).
    batches_of : {"", "words", "sentences"}
        For a training by batches, what is counted; empty for one by chunks.
    settings : dict
        The parameters that decide what a part of an epoch is and how it is trained.
    """

    call: Annotated[Call, rules.choice(*get_args(Call))]
    n_epochs: Annotated[int, rules.integer(1, 2**31)]
    n_units: Annotated[int, rules.integer(1, 2**62)]
    total: Annotated[float, rules.NOT_NEGATIVE]
    seed: Annotated[int, rules.integer(-(2**64), 2**64)]
    start_alpha: Annotated[float, rules.NOT_NEGATIVE] = 0.0
    end_alpha: Annotated[float, rules.NOT_NEGATIVE] = 0.0
    n_skipped: Annotated[int, COUNT] = 0
    n_done: Annotated[int, rules.integer(0, 2**31)] = 0
    places: Annotated[tuple[Place, ...], PLACES] = ()
    running_loss: Annotated[float, rules.ANY_NUMBER] = 0.0
    n_batches: Annotated[int, COUNT] = 0
    batches_of: Annotated[str, rules.choice("", "words", "sentences")] = ""
    settings: Annotated[dict[str, Any], SETTINGS] = field(default_factory=dict)

    def after_an_epoch(self) -> "Unfinished | None":
        """Return what is left after one more epoch; None if nothing is."""
        if self.n_epochs == 1:
            return None
        return replace(self, n_epochs=self.n_epochs - 1, n_done=self.n_done + 1, places=())

    def place(self, trainer: int = 0) -> Place:
        """Return how far the next epoch of a trainer is.

        Raises
        ------
        ValueError
            If the file of a model, which cannot know the number of trainers, has too few places.
        """
        if not self.places:
            return START
        if trainer >= len(self.places):
            raise ValueError(
                f"the unfinished training has {len(self.places)} places in its epoch, and there "
                f"are more trainers: the file of the model is damaged. Call {self.call}()"
            )
        return self.places[trainer]

    def with_settings(self, settings: dict[str, Any]) -> "Unfinished":
        """Return this with the present parameters, which may be others between two epochs.

        Raises
        ------
        ValueError
            If a part of an epoch was trained, and a parameter is another.
        """
        if self.places:
            for name in self.settings.keys() & settings.keys():
                was, now = self.settings[name], settings[name]
                if was != now:
                    raise ValueError(
                        f"{name} was {was!r:.60} when the epoch began that is to be continued, and "
                        f"is {now!r:.60}; set {name} to what it was, or call {self.call}()"
                    )
        return replace(self, settings=settings)

    def check_data(self, n_units: int, total: float, unit: str, what: str) -> None:
        """Raise a ValueError if the data is not that of the call.

        Parameters
        ----------
        n_units : int
        total : float
            A sum of weights may differ by rounding; one of whole numbers may not.
        unit, what : str
            What is counted, and what the data is, for the message.
        """
        if n_units != self.n_units:
            raise ValueError(
                f"training began on {what} of {self.n_units:,} {unit}, and this one has "
                f"{n_units:,}; give the same {what.split()[-1]}, or call {self.call}()"
            )
        are_counts = all(float(each).is_integer() and each < EXACT for each in (total, self.total))
        if abs(total - self.total) > (0 if are_counts else ROUNDING * self.total):
            raise ValueError(
                f"training began on {what} of as many {unit}, but other ones; give the same "
                f"{what.split()[-1]}, or call {self.call}()"
            )


RULES = rules.annotated(Unfinished)


def unfinished_of(model: Any) -> Unfinished:
    """Return what is left of the last call of a model.

    Raises
    ------
    RuntimeError
        If nothing is.
    """
    left: Unfinished | None = model.unfinished
    if left is None:
        calls = [call for call in get_args(Call) if hasattr(model, call)]
        raise RuntimeError(
            "there is nothing to resume: no call that trains this model ended before its last "
            f"epoch. To train more, call {' or '.join(f'{call}()' for call in calls)}"
        )
    return left


def epochs_before(model: Any, left: Unfinished) -> int:
    """Return the number of epochs that were begun before the next one of `left`.

    An epoch of which a part was trained was counted when it began.
    """
    begun: int = model.epochs_begun
    return begun - bool(left.places)


def settings_of(parameters: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return some parameters for `Unfinished.settings`; those that are missing are left out."""
    return {name: as_stored(parameters[name]) for name in sorted(names) if name in parameters}


def dump(unfinished: Unfinished | None) -> dict[str, Any] | None:
    """Return what a file stores.

    Raises
    ------
    TypeError
        If it is not what a call set.
    """
    if not isinstance(unfinished, Unfinished | None):
        raise TypeError(
            f"model.unfinished is {unfinished!r:.60}, a {type(unfinished).__name__}; allowed are "
            "None and what a call that trains left there"
        )
    return None if unfinished is None else asdict(unfinished)


def restore(stored: Any) -> Unfinished | None:
    """Return the `Unfinished` that a file stores.

    Raises
    ------
    TypeError, ValueError
        If it is something else.
    """
    if stored is None:
        return None
    if not isinstance(stored, dict) or stored.keys() != RULES.keys():
        raise TypeError(f"unfinished is {stored!r:.60}")
    return Unfinished(**rules.checked(RULES, stored))


VALUE = Value(  # of the metadata of a file; releases before 0.2 did not write it
    (dict, type(None)), lambda name, value: restore(value), default=None,
    source=lambda model: dump(model.unfinished),
)  # fmt: skip
