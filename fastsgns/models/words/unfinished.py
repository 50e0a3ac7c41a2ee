"""Unfinished: what is left of a call of ``train``, so that `Word2Vec.resume` can continue it."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from fastsgns import rules

RULES: dict[str, rules.Rule] = {
    "n_epochs": rules.integer(1, 2**31),
    "start_alpha": rules.NOT_NEGATIVE,
    "end_alpha": rules.NOT_NEGATIVE,
    "n_skipped": rules.integer(0, 2**62),
    "n_words": rules.integer(1, 2**62),
    "seed": rules.integer(-(2**64), 2**64),
}


@dataclass(frozen=True)
class Unfinished:
    """The epochs that are left, and where they are on the line of the learning rate.

    Parameters
    ----------
    n_epochs : int
        Epochs that are left.
    start_alpha, end_alpha : float
        Learning rates at both ends of the whole line.
    n_skipped : int
        Words of the line that come before these epochs.
    n_words : int
        Words per epoch, known and unknown ones.
    seed : int
        Together with the number of an epoch it determines all randomness.
    """

    n_epochs: int
    start_alpha: float
    end_alpha: float
    n_skipped: int
    n_words: int
    seed: int

    def after_an_epoch(self) -> "Unfinished | None":
        """Return what is left after one more epoch; None if nothing is."""
        if self.n_epochs == 1:
            return None
        return replace(self, n_epochs=self.n_epochs - 1, n_skipped=self.n_skipped + self.n_words)


def dump(unfinished: Unfinished | None) -> dict[str, Any] | None:
    """Return what a file holds.

    Raises
    ------
    TypeError
        If it is something else than `Word2Vec.train` left.
    """
    if not isinstance(unfinished, Unfinished | None):
        raise TypeError(
            f"model.unfinished is {unfinished!r:.60}, a {type(unfinished).__name__}; allowed are "
            "None and what train() left there"
        )
    return None if unfinished is None else asdict(unfinished)


def restore(found: Any) -> Unfinished | None:
    """Make an `Unfinished` of what a file holds.

    Raises
    ------
    TypeError, ValueError
        If it holds something else.
    """
    if found is None:
        return None
    if not isinstance(found, dict) or found.keys() != RULES.keys():
        raise TypeError(f"unfinished is {found!r:.60}")
    return Unfinished(**rules.checked(RULES, found))
