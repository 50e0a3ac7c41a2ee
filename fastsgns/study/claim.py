"""A claim, the trials that it needs, and the evidence made from their results."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from fastsgns.runtime.intervals import Interval, interval
from fastsgns.study.cache import Result
from fastsgns.study.check import Check, Verdict, verdict
from fastsgns.study.settings import Settings

Cell = str | int | float | Interval
Needs = Literal["corpus", "graphs"]


@dataclass(frozen=True)
class Trial:
    """An experiment and its settings, which give one result per seed."""

    experiment: str
    settings: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, experiment: str, **settings: Any) -> "Trial":
        """Return the trial of some keyword settings, in any order.

        Examples
        --------
        >>> Trial.of("exact", shape="two", k=5) == Trial.of("exact", k=5, shape="two")
        True
        """
        return cls(experiment, tuple(sorted(settings.items())))


@dataclass(frozen=True)
class Table:
    """Rows of cells with a title and a heading."""

    title: str
    heading: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    @classmethod
    def of(cls, title: str, heading: Sequence[str], rows: Mapping[str, Sequence[Cell]]) -> "Table":
        """Return a table from its rows by their first cell."""
        return cls(title, heading, [[name, *cells] for name, cells in rows.items()])


@dataclass(frozen=True)
class Evidence:
    """What a claim is judged by, and what the report shows of it.

    Attributes
    ----------
    checks : sequence of Check
        The verdict follows from these alone.
    tables : sequence of Table
    figures : sequence of (str, str)
        Captions and SVG elements.
    notes : sequence of str
        Paragraphs below the tables.
    """

    checks: Sequence[Check]
    tables: Sequence[Table] = ()
    figures: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    verdict: Verdict = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verdict", verdict(self.checks))


@dataclass(frozen=True)
class Results:
    """The results of a claim's trials: one per seed, by the label of the trial.

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

    by_label: Mapping[str, Sequence[Result]]
    settings: Settings

    def of(self, label: str, *path: str) -> list[float]:
        """Return the number of each seed that a path of keys leads to; inf for None."""
        values: list[Any] = list(self.by_label[label])
        for key in path:
            values = [value[key] for value in values]
        return [float("inf") if value is None else value for value in values]

    def mean(self, label: str, *path: str) -> Interval:
        """Return the interval of a number over the seeds."""
        return interval(self.of(label, *path))

    def means(self, label: str, *paths: tuple[str, ...]) -> list[Interval]:
        """Return the intervals of several numbers."""
        return [self.mean(label, *path) for path in paths]

    def difference(self, one: str, other: str, *path: str) -> list[float]:
        """Subtract a number of the trial `other` from that of the trial `one`, seed by seed."""
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
        Such as ``C5``. Claims that share a number have a letter each: ``C1a``.
    title, statement, source, method : str
        For the reader of the report. `statement` is what would have to be true.
    trials : callable
        ``trials(settings)`` returns the trials by label.
    judge : callable
        ``judge(results)`` returns the evidence.
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
    needs: Needs = "corpus"
