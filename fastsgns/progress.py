"""Progress of long work: a bar on a terminal (tqdm's where it is installed), silence elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol


class Bar(Protocol):
    """What the package asks of a progress bar."""

    def update_to(self, done: float, **facts: str) -> None:
        """Show that `done` units are done, and some facts beside."""

    def close(self) -> None:
        """Leave the last state on the screen."""


class _Silent:
    def update_to(self, done: float, **facts: str) -> None:
        pass

    def close(self) -> None:
        pass


class _Tqdm:
    def __init__(self, tqdm: Any, total: float | None, label: str, unit: str) -> None:
        self.bar = tqdm(total=total, desc=label, unit=unit, unit_scale=True, dynamic_ncols=True)

    def update_to(self, done: float, **facts: str) -> None:
        self.bar.set_postfix(facts, refresh=False)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        self.bar.close()


class _Line:
    """One line, rewritten a few times a second: what is shown where tqdm is not installed."""

    def __init__(self, total: float | None, label: str, unit: str) -> None:
        self.total, self.label, self.unit = total, label, unit
        self.started = self.shown = time.monotonic()
        self.text = ""

    def update_to(self, done: float, **facts: str) -> None:
        now = time.monotonic()
        rate = done / max(now - self.started, 1e-9)
        beside = "".join(f", {name}={fact}" for name, fact in facts.items())
        if self.total:
            left = (self.total - done) / max(rate, 1e-9)
            beside += f", {left:.0f} s left"
        share = f"{done / self.total:4.0%}" if self.total else f"{done:,.0f}"
        self.text = f"{self.label}: {share}, {rate:,.0f} {self.unit}/s{beside}"
        if now - self.shown > 0.2:
            self.shown = now
            self._write("")

    def close(self) -> None:
        self._write("\n")

    def _write(self, end: str) -> None:
        sys.stderr.write(f"\r{self.text}\x1b[K{end}")
        sys.stderr.flush()


def make_bar(show: bool | None, total: float | None, label: str, unit: str) -> Bar:
    """A progress bar on standard error.

    Parameters
    ----------
    show : bool or None
        True shows it, False does not, None shows it if standard error is a terminal.
    total : float or None
        Units of the whole work, if that is known.
    label, unit : str
        What is worked on, and in what it is counted.
    """
    if show is None:
        show = sys.stderr is not None and sys.stderr.isatty()
    if not show:
        return _Silent()
    try:
        from tqdm import tqdm
    except ImportError:
        return _Line(total, label, unit)
    return _Tqdm(tqdm, total, label, unit)


@contextmanager
def reading_bar(
    show: bool | None, unit: str, label: str = "reading"
) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a ``report(done, total)`` that makes a bar when first called, and close that bar."""
    bars: list[Bar] = []

    def report(done: int, total: int | None) -> None:
        if not bars:
            bars.append(make_bar(show, total, label, unit))
        bars[0].update_to(done)

    try:
        yield report
    finally:
        for bar in bars:
            bar.close()
