"""Losses: how many nodes were lost on each machine, which decides whether it is used again."""

from collections import Counter
from collections.abc import Iterable

ROUNDS_PER_LOSS = 8  # that a machine finishes, after which one loss is forgotten


class Losses:
    """Counts the nodes that were lost on each machine, and forgets them after a while.

    Examples
    --------
    >>> losses = Losses()
    >>> losses.note("a"), losses.note("a"), losses.of("a")
    (None, None, 2)
    >>> for _ in range(ROUNDS_PER_LOSS):
    ...     losses.finish_round(["a", "b"])
    >>> losses.of("a"), losses.of("b")
    (1, 0)
    """

    def __init__(self) -> None:
        self._rounds = Counter[str]()  # to finish, until all losses are forgotten

    def note(self, machine: str) -> None:
        """Count one more loss."""
        self._rounds[machine] += ROUNDS_PER_LOSS

    def finish_round(self, machines: Iterable[str]) -> None:
        """Note that nodes on these machines have finished a round."""
        for machine in set(machines):
            self._rounds[machine] = max(0, self._rounds[machine] - 1)

    def of(self, machine: str) -> int:
        """Return the number of losses that are not forgotten."""
        return -(-self._rounds[machine] // ROUNDS_PER_LOSS)
