"""What a terminal shows: aligned tables, short numbers, messages. Plain text only."""

import sys
from collections.abc import Sequence

INTERRUPTED = 130  # the exit code after Ctrl-C, as shells have it


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
