"""A claim, the trials it needs, and the evidence made of their results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastsgns.runtime.intervals import Interval, interval
from fastsgns.study.check import Check, Verdict, verdict
from fastsgns.study.settings import Settings

Cell = str | int | float | Interval


@dataclass(frozen=True)
class Trial:
    """An experiment and its settings; each seed of it gives one result."""

    experiment: str
    settings: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, experiment: str, **settings: Any) -> "Trial":
        """Make one of keyword settings.

        Examples
        --------
        >>> Trial.of("exact", shape="two", k=5) == Trial.of("exact", k=5, shape="two")
        True
        """
        return cls(experiment, tuple(sorted(settings.items())))


@dataclass(frozen=True)
class Table:
    """Rows under a heading."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Evidence:
    """What a claim is judged by: checks, and what shows them.

    Attributes
    ----------
    checks : sequence of Check
        The verdict is made of them alone.
    tables : sequence of Table
    figures : sequence of (str, str)
        Captions and SVG elements.
    notes : sequence of str
        Paragraphs below.
    """

    checks: Sequence[Check]
    tables: Sequence[Table] = ()
    figures: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", verdict(self.checks))


class Results:
    """The results of a claim's trials: one a seed, by the label of the trial.

    Parameters
    ----------
    by_label : mapping of str to sequence of dict
    settings : Settings

    Examples
    --------
    >>> results = Results({"two": [{"loss": 2.0}, {"loss": 3.0}]}, Settings())
    >>> results.of("two", "loss"), results.mean("two", "loss").mean
    ([2.0, 3.0], 2.5)
    """

    def __init__(self, by_label: Mapping[str, Sequence[Mapping]], settings: Settings) -> None:
        self.by_label = by_label
        self.settings = settings

    def of(self, label: str, *path: str) -> list[Any]:
        """Give a number of each seed, by the keys that lead to it."""
        found: list[Any] = list(self.by_label[label])
        for key in path:
            found = [value[key] for value in found]
        return [float("inf") if value is None else value for value in found]

    def mean(self, label: str, *path: str) -> Interval:
        """Give a number's interval over the seeds."""
        return interval(self.of(label, *path))

    def difference(self, one: str, other: str, *path: str) -> list[float]:
        """Give a number of one trial less that of another, seed by seed."""
        return minus(self.of(one, *path), self.of(other, *path))


def minus(left: Sequence[float], right: Sequence[float]) -> list[float]:
    """Subtract seed by seed.

    Examples
    --------
    >>> minus([3.0, 2.0], [1.0, 1.0])
    [2.0, 1.0]
    """
    return [a - b for a, b in zip(left, right, strict=True)]


@dataclass(frozen=True)
class Claim:
    """A statement that can turn out wrong, and how it is tested.

    Attributes
    ----------
    name : str
        Such as ``C5``; of one number several letters, ``C1a``.
    title, statement, source, method : str
        For the reader; `statement` says what would have to be true.
    trials : callable
        ``trials(settings)`` gives the trials by label.
    judge : callable
        ``judge(results)`` gives the evidence.
    needs : {"corpus", "graphs"}
        The material of its trials.
    """

    name: str
    title: str
    statement: str
    source: str
    method: str
    trials: Callable[[Settings], dict[str, Trial]]
    judge: Callable[[Results], Evidence]
    needs: str = "corpus"
