"""The check that arrays stay finite and of a plausible size while they are trained."""

import logging
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from fastsgns.arrays import first_not_finite, largest_magnitude, magnitude

logger = logging.getLogger(__name__)

EVERY = 16  # chunks between two checks; one takes about 0.1 ms, in which it holds the GIL
LARGE = 100.0  # coordinates of well-trained vectors stay below 10, biases below 30
SAMPLED_ROWS = 32
BIAS = "bias"  # one number for all words


class TrainingPosition(NamedTuple):
    """How far training is: the epoch, the position in it, and the learning rate."""

    epoch: int
    n_epochs: int
    position: int
    n_units: int
    unit: str
    rate: float

    def __str__(self) -> str:
        return (
            f"in epoch {self.epoch} of {self.n_epochs}, after {self.position:,} of its "
            f"{self.n_units:,} {self.unit}, at a learning rate of {self.rate:g}"
        )


class DivergenceCheck:
    """Check the arrays that are trained: some rows now and then, all rows after each epoch.

    Vectors that are no longer finite raise a FloatingPointError. Very large vectors, which come
    before an overflow, are logged as a warning, once.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        The arrays that are trained, by name; rows are along the first axis.
    sums : mapping of str to ndarray, optional
        Arrays that grow without bound and only have to stay finite.

    Raises
    ------
    FloatingPointError
        If an array is not finite at the start.

    Examples
    --------
    >>> rows = np.zeros((9, 4), np.float32)
    >>> watch = DivergenceCheck({"input vectors": rows})
    >>> rows[3, 1] = np.inf
    >>> watch.check_all_rows(TrainingPosition(1, 5, 2000, 8000, "words", 0.5))
    Traceback (most recent call last):
    FloatingPointError: the input vectors are no longer finite in epoch 1 of 5, after 2,000 of its \
8,000 words, at a learning rate of 0.5: training has diverged and the vectors are lost. Start \
again with a lower alpha, from a new model or from one that was saved before
    """

    def __init__(
        self, arrays: Mapping[str, np.ndarray], sums: Mapping[str, np.ndarray] | None = None
    ) -> None:
        self._arrays = dict(arrays) | dict(sums or {})
        self._limits = dict.fromkeys(sums or {}, np.inf)
        for name, array in self._arrays.items():
            largest = largest_magnitude(array)
            if not np.isfinite(largest):
                raise FloatingPointError(
                    f"{_is(name)} not finite before the epoch begins{_where(name, array)}. Replace "
                    "it, or start again from a new model or from one that was saved before"
                )
            self._limits.setdefault(name, max(LARGE, 2 * largest))
        self._warned = False

    def check_some_rows(self, chunk: int, place: TrainingPosition) -> None:
        """After every 16th chunk, check the first rows of each array, and others in turn."""
        turn, rest = divmod(chunk, EVERY)
        if rest:
            return
        for name, array in self._arrays.items():
            step = max(1, len(array) // SAMPLED_ROWS)
            for rows in (array[:SAMPLED_ROWS], array[turn % step :: step]):
                self._check_magnitude(name, magnitude(rows), place)

    def check_all_rows(self, place: TrainingPosition) -> None:
        """Check all rows.

        Raises
        ------
        FloatingPointError
            If one is not finite.
        """
        for name, array in self._arrays.items():
            self._check_magnitude(name, largest_magnitude(array), place)

    def _check_magnitude(self, name: str, magnitude: float, place: TrainingPosition) -> None:
        if not np.isfinite(magnitude):
            raise FloatingPointError(
                f"{_is(name)} no longer finite {place}: training has diverged and the vectors "
                "are lost. Start again with a lower alpha, from a new model or from one that was "
                "saved before"
            )
        if magnitude > self._limits[name] and not self._warned:
            self._warned = True
            logger.warning(
                "components of the %s are as large as %.2g %s: training is diverging; lower alpha",
                name, magnitude, place,
            )  # fmt: skip


def _is(name: str) -> str:
    return f"the {name} is" if name == BIAS else f"the {name} are"


def _where(name: str, array: np.ndarray) -> str:
    if name == BIAS:
        return ""
    return f": row {first_not_finite(array)} of {len(array)} holds NaN or infinity"


def vectors_and_biases(
    role: str, rows: np.ndarray, n_dimensions: int, has_bias: bool
) -> dict[str, np.ndarray]:
    """Return the vectors, and the biases if rows hold them after the vectors, by name.

    Examples
    --------
    >>> arrays = vectors_and_biases("input", np.zeros((5, 16)), 8, True)
    >>> {name: array.shape for name, array in arrays.items()}
    {'input vectors': (5, 8), 'input biases': (5,)}
    """
    if not has_bias:
        return {f"{role} vectors": rows}
    return {f"{role} vectors": rows[:, :n_dimensions], f"{role} biases": rows[:, n_dimensions]}
