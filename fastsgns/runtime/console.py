"""Plain text for a terminal: aligned tables, short numbers, messages."""

import sys
from collections.abc import Sequence
from contextlib import suppress

from fastsgns.errors import UNWRITABLE

CONTROL = (*range(32), 127, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
ESCAPES = {code: repr(chr(code))[1:-1] for code in CONTROL}  # the last two turn text around
INTERRUPTED = 130  # the exit code after Ctrl-C, as shells have it


def table(rows: Sequence[Sequence[object]], heading: Sequence[str] = (), indent: int = 0) -> str:
    """Return rows as aligned columns: numbers right, words left, floats with 4 digits.

    Examples
    --------
    >>> print(table([("matrices", 0.8), ("rows", 12)], heading=("word", "value")))
    word       value
    matrices  0.8000
    rows          12
    """
    cells = [[_cell(value) for value in row] for row in rows]
    lines = [list(map(printable, heading)), *cells] if heading else cells
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
    return f"{value:,}" if isinstance(value, int) else printable(str(value))


def printable(text: str) -> str:
    r"""Return a text with its control characters as escapes, so that no terminal executes them.

    Examples
    --------
    >>> print(printable("\x1b[31mred\r"))
    \x1b[31mred\r
    """
    return text.translate(ESCAPES)


def short(number: float) -> str:
    """Return a number with three digits and a unit.

    Examples
    --------
    >>> short(1234567), short(950)
    ('1.23 M', '950')
    """
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


def printable_lines(text: str) -> str:
    r"""Return a text with the control characters of each line as escapes.

    Examples
    --------
    >>> print(printable_lines("one\ntwo\t2"))
    one
    two\t2
    """
    return "\n".join(map(printable, text.split("\n")))


def show(text: str, flush: bool = False) -> None:
    """Print `text` to standard output, line by line as `printable`."""
    print(printable_lines(text), flush=flush)


def say(text: str) -> None:
    """Print `text` to standard error, which keeps it apart from results, as `show` does.

    If standard error is closed or full, the message is lost and no error is raised.
    """
    if sys.stderr is None:  # print would take standard output instead
        return
    with suppress(*UNWRITABLE):
        print(printable_lines(text), file=sys.stderr, flush=True)
