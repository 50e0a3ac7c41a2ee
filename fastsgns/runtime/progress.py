"""Progress bars of long work, shown on a terminal and in a notebook.

The bar is tqdm's where tqdm is installed. Standard error may be anything: closed, missing, an
object that only has ``write``. A bar that can't be shown is dropped, and the work continues.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from fastsgns.errors import UNWRITABLE

Progress = Callable[[int, int | None], object]
"""``progress(done, total)``; the total is None if it is not known."""


class Bar(Protocol):
    """A progress bar."""

    def update_to(self, done: float, **facts: str) -> None:
        """Show that `done` units are done, with some facts."""

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
    """One line, rewritten a few times per second; used if tqdm is not installed."""

    def __init__(self, total: float | None, label: str, unit: str) -> None:
        self.total, self.label, self.unit = total, label, unit
        self.started = self.shown = time.monotonic()
        self.text, self.width = "", 0

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

    def update_to(self, done: float, **facts: str) -> None:
        self._draw(lambda: self._bar.update_to(done, **facts))

    def close(self) -> None:
        self._draw(lambda: self._bar.close())

    def _draw(self, action: Callable[[], None]) -> None:
        try:
            action()
        except UNWRITABLE:
            self._bar = _Silent()


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


def make_bar(show: bool | None, total: float | None, label: str, unit: str) -> Bar:
    """Return a progress bar on standard error, or a widget in a notebook.

    Parameters
    ----------
    show : bool or None
        True shows it, False does not, None shows it in a notebook and if standard error is a
        terminal.
    total : float or None
        Units of the whole work, if that is known.
    label, unit : str
        What is worked on, and in what it is counted.
    """
    if show is None:
        show = _is_terminal() or in_notebook()
    if not show:
        return _Silent()
    tqdm = _tqdm()
    if tqdm is None:
        return _Guarded(lambda: _Line(total, label, unit))
    return _Guarded(lambda: _Tqdm(tqdm, total, label, unit))


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
