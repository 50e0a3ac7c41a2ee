"""Unfinished: the rest of a call of `Word2Vec.train`, which `Word2Vec.resume` can continue."""

from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

from fastsgns import rules
from fastsgns.training.trainer import Schedule


@dataclass(frozen=True)
class Unfinished:
    """The epochs that are left, and their place in the schedule of the learning rate.

    Parameters
    ----------
    n_epochs : int
        Epochs that are left.
    start_alpha, end_alpha : float
        Learning rates at the start and at the end of the whole schedule.
    n_skipped : int
        Words of the schedule before these epochs.
    n_words : int
        Words per epoch, those outside the vocabulary included.
    seed : int
        Seed of the call. With the number of an epoch it determines all random numbers.
    """

    n_epochs: Annotated[int, rules.integer(1, 2**31)]
    start_alpha: Annotated[float, rules.NOT_NEGATIVE]
    end_alpha: Annotated[float, rules.NOT_NEGATIVE]
    n_skipped: Annotated[int, rules.integer(0, 2**62)]
    n_words: Annotated[int, rules.integer(1, 2**62)]
    seed: Annotated[int, rules.integer(-(2**64), 2**64)]

    def schedule(self, n_tokens: int, batch_words: int) -> Schedule:
        """Return the schedule of these epochs, over the `n_tokens` words of the vocabulary.

        The learning rate of a small corpus falls every `batch_words` words, those outside the
        vocabulary included.
        """
        n_skipped, step = (
            round(n * n_tokens / self.n_words) for n in (self.n_skipped, batch_words)
        )
        return Schedule(self.start_alpha, self.end_alpha, n_tokens, self.n_epochs, n_skipped, step)

    def after_an_epoch(self) -> "Unfinished | None":
        """Return what is left after one more epoch; None if nothing is."""
        if self.n_epochs == 1:
            return None
        return replace(self, n_epochs=self.n_epochs - 1, n_skipped=self.n_skipped + self.n_words)


RULES = rules.annotated(Unfinished)


def dump(unfinished: Unfinished | None) -> dict[str, Any] | None:
    """Return what a file stores.

    Raises
    ------
    TypeError
        If it is not what `Word2Vec.train` sets.
    """
    if not isinstance(unfinished, Unfinished | None):
        raise TypeError(
            f"model.unfinished is {unfinished!r:.60}, a {type(unfinished).__name__}; allowed are "
            "None and what train() left there"
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
