"""What a terminal shows: a line of progress, aligned tables, short numbers. Plain text only."""

import sys
import time
from collections.abc import Sequence
from typing import TextIO

INTERVAL = 0.1  # seconds between two updates of a progress line
BAR = 24


class Progress:
    """One line on standard error that says how far a job is; nothing unless it is a terminal.

    It is called with what is done and, where known, how much there is, as
    `fastsgns.corpus.encode` calls its `progress`. Use it as a context manager: the line is
    cleared at the end.

    Parameters
    ----------
    title : str
        What is being done.
    shown : bool, optional
        Whether to show it; by default only where `stream` is a terminal.
    stream : text file, optional
        Where to; standard error by default.

    Examples
    --------
    >>> with Progress("reading", shown=False) as progress:
    ...     progress(1, 2)
    """

    def __init__(self, title: str, shown: bool | None = None, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty() if shown is None else shown
        self._title = title
        self._width = 0
        self._last = 0.0

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        if self._width:
            self._write("")
            self._stream.write("\r")
            self._stream.flush()

    def __call__(self, n_done: int, n_total: int | None = None) -> None:
        """Show that `n_done` of `n_total` units are done."""
        now = time.monotonic()
        if self._shown and now - self._last >= INTERVAL:
            self._last = now
            self._write(f"{self._title} {progress_bar(n_done, n_total)}")

    def _write(self, text: str) -> None:
        self._stream.write("\r" + text.ljust(self._width))
        self._stream.flush()
        self._width = len(text)


def progress_bar(n_done: int, n_total: int | None) -> str:
    """Draw a bar of fixed width with a percentage, or a plain count if the total is unknown.

    Examples
    --------
    >>> progress_bar(1, 2)
    '[############............]  50%'
    >>> progress_bar(12000, None)
    '12,000'
    """
    if not n_total:
        return f"{n_done:,}"
    share = min(n_done / n_total, 1.0)
    filled = int(share * BAR)
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {share:4.0%}"


def table(rows: Sequence[Sequence[object]], heading: Sequence[str] = (), indent: int = 0) -> str:
    """Align rows in columns: numbers to the right, words to the left; floats with 4 digits.

    Examples
    --------
    >>> print(table([("matrices", 0.8), ("rows", 12)], heading=("word", "value")))
    word       value
    matrices  0.8000
    rows          12
    """
    cells = [[_cell(value) for value in row] for row in rows]
    lines = [list(heading), *cells] if heading else cells
    widths = [max(map(len, column)) for column in zip(*lines)]
    right = [all(isinstance(row[i], (int, float)) for row in rows) for i in range(len(widths))]
    return "\n".join(
        " " * indent
        + "  ".join(
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(line, widths, right)
        ).rstrip()
        for line in lines
    )


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def short(number: float) -> str:
    """Write a number in three or four digits and a unit.

    Examples
    --------
    >>> short(1234567), short(950)
    ('1.23 M', '950')
    """
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


def say(text: str) -> None:
    """Print `text` to standard error, where it does not mix with results."""
    print(text, file=sys.stderr, flush=True)
