"""Progress bars of long work, shown on a terminal and in a notebook.

The bar is tqdm's where tqdm is installed. Standard error may be anything: closed, missing, an
object that only has ``write``. A bar that can't be shown is dropped, and the work continues.
"""

import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from fastsgns.errors import UNWRITABLE, StopTraining

Progress = Callable[[int, int | None], object]
"""``progress(done, total)``; the total is None if it is not known."""

Fact = str | float | tuple[int, int]
"""What a bar shows beside the share that is done; a pair is a number and the last one."""


@dataclass(frozen=True)
class ProgressReport:
    """How far a step of the work is; the argument of a callable ``progress=``.

    Attributes
    ----------
    step : str
        "training", or what comes before it, such as "reading" and "counting".
    done : float
        How many units of the step are done.
    total : float or None
        How many there are, if that is known.
    unit : str
        What is counted: "words", "walks", "pairs", "cells", "sentences", or "B" for bytes.
    seconds : float
        Time since the step began.
    speed : float
        Units per second since then; 0 in the first millisecond, which is too short to tell.
    epoch, n_epochs : int or None
        The number of the epoch, from 1, and the number of all epochs of this call.
    alpha : float or None
        The present learning rate. Where an epoch has two parts, as that of a `NodeEmbedding` with
        walks in both directions, each part begins with the rate of the epoch.
    loss : float or None
        The mean loss per example of this epoch so far; of GloVe, that of the last epoch. Of the
        other models only with ``compute_loss=True``.
    """

    step: str
    done: float
    total: float | None
    unit: str
    seconds: float
    speed: float
    epoch: int | None = None
    n_epochs: int | None = None
    alpha: float | None = None
    loss: float | None = None


Hook = Callable[[ProgressReport], object]
ShowProgress = bool | Hook | None
"""Whether to show progress bars (None: on a terminal or in a notebook), or what to call instead."""


def asks_to_stop(result: object) -> bool:
    """Return whether a callback has returned True, which ends training; other values do not.

    Examples
    --------
    >>> asks_to_stop(True), asks_to_stop(1), asks_to_stop(None)
    (True, False, False)
    """
    return type(result).__name__ in ("bool", "bool_") and bool(result)  # also numpy's


def picklable(show: ShowProgress) -> ShowProgress:
    """Return `show` for a copy of a model: None instead of a callable, which may be unpicklable."""
    return None if callable(show) else show


class Bar(Protocol):
    """A progress bar."""

    def update_to(self, done: float, **facts: Fact) -> None:
        """Show that `done` units are done, with some facts."""

    def close(self) -> None:
        """Leave the last state on the screen."""


def _texts(facts: Mapping[str, Fact]) -> dict[str, str]:
    """Return facts as bars show them."""
    return {name: _text(fact) for name, fact in facts.items()}


def _text(fact: Fact) -> str:
    if isinstance(fact, tuple):
        return f"{fact[0]}/{fact[1]}"
    return f"{fact:.4f}" if isinstance(fact, float) else str(fact)


MEASURABLE = 1e-3
"""Seconds from which on a speed is computed: a shorter time is mostly that of the call itself."""


def _speed(done: float, seconds: float) -> float:
    """Return the units per second; 0 if too little time has passed to tell."""
    return done / seconds if seconds >= MEASURABLE else 0.0


class _Silent:
    def update_to(self, done: float, **facts: Fact) -> None:
        pass

    def close(self) -> None:
        pass


class _Tqdm:
    def __init__(self, tqdm: Any, total: float | None, label: str, unit: str) -> None:
        self.bar = tqdm(total=total, desc=label, unit=unit, unit_scale=True, dynamic_ncols=True)

    def update_to(self, done: float, **facts: Fact) -> None:
        self.bar.set_postfix(_texts(facts), refresh=False)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        self.bar.close()


class _Line:
    """One line, rewritten a few times per second; used if tqdm is not installed."""

    def __init__(self, total: float | None, label: str, unit: str, started: float) -> None:
        self.total, self.label, self.unit = total, label, unit
        self.started, self.shown = started, -math.inf
        self.text, self.width = "", 0

    def update_to(self, done: float, **facts: Fact) -> None:
        now = time.monotonic()
        rate = _speed(done, now - self.started)
        beside = "".join(f", {name}={fact}" for name, fact in _texts(facts).items())
        if self.total and rate:
            left = (self.total - done) / rate
            beside += f", {left:.0f} s left"
        share = f"{done / self.total:4.0%}" if self.total else f"{done:,.0f}"
        self.text = f"{self.label}: {share}, {rate:,.0f} {self.unit}/s{beside}"
        if now - self.shown > 0.2:
            self.shown = now
            self._write("")

    def close(self) -> None:
        self._write("\n")

    def _write(self, end: str) -> None:
        padded = self.text.ljust(self.width)  # a notebook knows no escape that clears a line
        self.width = len(self.text)
        sys.stderr.write(f"\r{padded}{end}")
        sys.stderr.flush()


class _Guarded:
    """A bar that is dropped once it can't be drawn, so that it never ends the work.

    Parameters
    ----------
    make : callable
        Makes the bar to guard.
    """

    def __init__(self, make: Callable[[], Bar]) -> None:
        self._bar: Bar = _Silent()
        self._draw(lambda: setattr(self, "_bar", make()))

    def update_to(self, done: float, **facts: Fact) -> None:
        self._draw(lambda: self._bar.update_to(done, **facts))

    def close(self) -> None:
        self._draw(lambda: self._bar.close())

    def _draw(self, action: Callable[[], None]) -> None:
        try:
            action()
        except UNWRITABLE:
            self._bar = _Silent()


class _Called:
    """Calls a function of the user instead of drawing; its exceptions are the user's to see.

    Raises
    ------
    StopTraining
        By `update_to`, if the function returns True.
    """

    def __init__(
        self, hook: Hook, total: float | None, label: str, unit: str, started: float
    ) -> None:
        self.hook, self.total, self.label, self.unit = hook, total, label, unit
        self.started = started

    def update_to(self, done: float, **facts: Fact) -> None:
        seconds = time.monotonic() - self.started
        numbers: dict[str, Any] = dict(facts)
        epoch = numbers.pop("epoch", None)
        if isinstance(epoch, tuple):
            numbers |= {"epoch": epoch[0], "n_epochs": epoch[1]}
        speed = _speed(done, seconds)
        report = ProgressReport(
            self.label, done, self.total, self.unit, seconds, speed, **numbers
        )  # fmt: skip
        if asks_to_stop(self.hook(report)):
            raise StopTraining

    def close(self) -> None:
        pass


def in_notebook() -> bool:
    """Return whether this process is the kernel of a notebook, without importing anything."""
    ipython = sys.modules.get("IPython")
    if ipython is None or "ipykernel" not in sys.modules:
        return False
    shell = getattr(ipython, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def _is_terminal() -> bool:
    try:
        return bool(sys.stderr.isatty())
    except UNWRITABLE:
        return False


def _tqdm() -> Any:
    """Return the class of tqdm for a notebook or a terminal, or None if it is not installed."""
    try:
        if in_notebook():
            from tqdm.auto import tqdm
        else:
            from tqdm import tqdm
    except ImportError:
        return None
    return tqdm


def make_bar(
    show: ShowProgress, total: float | None, label: str, unit: str, started: float | None = None
) -> Bar:
    """Return a progress bar on standard error, or a widget in a notebook.

    Parameters
    ----------
    show : bool, callable or None
        True shows it, False does not, None shows it in a notebook and if standard error is a
        terminal. A callable is called with a `ProgressReport` instead.
    total : float or None
        Units of the whole work, if that is known.
    label, unit : str
        What is worked on, and in what it is counted.
    started : float, optional
        The ``time.monotonic()`` at which the work began; by default, now.
    """
    started = time.monotonic() if started is None else started
    if callable(show):
        return _Called(show, total, label, unit, started)
    if show is None:
        show = _is_terminal() or in_notebook()
    if not show:
        return _Silent()
    tqdm = _tqdm()
    if tqdm is None:
        return _Guarded(lambda: _Line(total, label, unit, started))
    return _Guarded(lambda: _Tqdm(tqdm, total, label, unit))


@contextmanager
def reading_bar(
    show: ShowProgress, unit: str, label: str = "reading"
) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a ``report(done, total)`` that makes a bar when first called, and close that bar.

    It is for the steps before training: a callable that ends one of them ends the call.

    Raises
    ------
    StopTraining
        By ``report``, with a message that names the step, if `show` is a callable that returns True
        or raises StopTraining.
    """
    bars: list[Bar] = []
    started = time.monotonic()

    def report(done: int, total: int | None) -> None:
        if not bars:
            bars.append(make_bar(show, total, label, unit, started))
        try:
            bars[0].update_to(done)
        except StopTraining as reason:
            raise StopTraining(
                f"progress= has ended the step {label!r}, before any training; the words and "
                "vectors of a model that existed before are unchanged"
                + (f" (reason given: {reason})" if str(reason) else "")
            ) from reason

    try:
        yield report
    finally:
        for bar in bars:
            bar.close()
