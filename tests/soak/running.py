"""Sessions: a random object of a class, random steps, and the checks after each of them."""

import shutil
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastsgns import kernels

from .checks import Failed, check, check_finite, check_same, content, plain
from .draws import Dice, drawn
from .subject import Refused, Setting, Subject

MOST_STEPS = 8  # of a session
EXTREMES = (0.0, 0.0, 0.03, 0.15, 0.5)  # the probability that a parameter is extreme


@dataclass
class Counts:
    """What was done so far."""

    sessions: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    diverged: int = 0
    failed: list[str] = field(default_factory=list)

    def line(self) -> str:
        return (
            f"{self.sessions.total()} sessions, {self.steps.total()} steps, "
            f"{self.refused.total()} refused, {self.diverged} diverged, {len(self.failed)} failed"
        )


class Session:
    """One object and what is done with it; all of it follows from the seeds.

    Parameters
    ----------
    subject : Subject
    seed, number : int
    folder : Path
        An empty folder for files.
    counts : Counts
    """

    def __init__(
        self, subject: Subject, seed: int, number: int, folder: Path, counts: Counts
    ) -> None:
        self.subject, self.folder, self.counts = subject, folder, counts
        self._seeds = seed, number, zlib.crc32(subject.name.encode())
        dice = Dice(*self._seeds)
        self.extreme = dice.pick(EXTREMES)
        self.variant = dice.pick(kernels.available())
        self.has_twin = dice.chance(0.4)
        self.n_steps = dice.integer(1, MOST_STEPS)
        self.steps = [dice.pick(subject.operations) for _ in range(self.n_steps)]
        self.parameters = drawn(subject.parameters, Dice(*self._seeds, 1, extreme=self.extreme))
        self.log: list[str] = [f"kernel {self.variant}", f"parameters {self.parameters}"]

    def run(self) -> None:
        """Make the object, take each step, and check after each.

        Raises
        ------
        Failed
            If something does not hold.
        """
        with forced(self.variant):
            things = [self._do(0, "make", lambda thing, at: (self.subject.make(at), None), None)]
            if things[0] is None:
                return
            if self.has_twin and self.subject.is_deterministic(self.parameters):
                twin = self._do(0, "make", lambda thing, at: (self.subject.make(at), None), None)
                things.append(twin)
                self._compare(things)
            for number, name in enumerate(self.steps, 1):
                things = self._step(number, name, things)
                if not things:
                    return

    def _step(self, number: int, name: str, things: list[Any]) -> list[Any]:
        operation, answers = self.subject.operations[name], []

        def keep(thing: Any, at: Setting) -> Any:
            result = operation(thing, at)
            answers.append(plain(result[1]))
            return result

        things = [self._do(number, name, keep, thing) for thing in things]
        if any(thing is None for thing in things):
            return []
        check(all(answer == answers[0] for answer in answers), f"answers differ: {answers}")
        self._compare(things)
        return things

    def _compare(self, things: list[Any]) -> None:
        first, *others = things
        for other in others:
            check_same(content(other), content(first), "the same steps gave other bytes")

    def _do(self, number: int, name: str, operation: Callable[..., Any], thing: Any) -> Any:
        """Take a step; return the object to go on with, or None if there is none."""
        self.log.append(f"step {number}: {name}")
        dice = Dice(*self._seeds, 2, number, extreme=self.extreme)
        self.counts.steps[f"{self.subject.name}: {name}"] += 1
        try:
            with no_warnings():
                thing, _ = operation(thing, Setting(dice, self.folder, self.parameters))
                check_finite(thing)
        except Refused as refusal:
            self.counts.refused[f"{self.subject.name}: {name}: {str(refusal)[:40]}"] += 1
            self.log.append(f"refused: {refusal}")
        except FloatingPointError as error:
            self.counts.diverged += 1
            self.log.append(f"diverged: {error}")
            return None
        finally:
            empty(self.folder)
        return thing


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@contextmanager
def forced(variant: str) -> Iterator[None]:
    before = kernels.variant()
    kernels.force(variant)
    try:
        yield
    finally:
        kernels.force(before)


@contextmanager
def no_warnings() -> Iterator[None]:
    """Fail on every warning that is not for the user: of numpy, and of files left open."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    for warning in caught:
        if not issubclass(warning.category, UserWarning):
            raise Failed(f"{warning.category.__name__} from {warning.filename}:{warning.lineno}: "
                         f"{warning.message}")  # fmt: skip
