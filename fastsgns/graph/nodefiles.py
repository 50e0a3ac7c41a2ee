"""Read lines of columns about nodes, such as labels and types, as files of edges are read."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from fastsgns.corpus.files import Path
from fastsgns.errors import FormatError
from fastsgns.formats import files
from fastsgns.formats.files import BLANKS
from fastsgns.graph.files import TITLE, Syntax, delimiter_of
from fastsgns.rules import COUNT

QUOTED = rf'"(?![{BLANKS}])(?:[^"]|"")*(?:[^"{BLANKS}]|"")"(?=[{BLANKS}]|$)'
WORD = re.compile(rf"{QUOTED}|[^{BLANKS}]+")
TITLE_OF_LABEL = re.compile(
    "(node[ _]?)?(label|class|type|kind|category|group|community|target|y)s?", re.IGNORECASE
)
SEPARATORS = ",;"
COMMENTS = "#%"


class NodeLine(NamedTuple):
    """A line: its place, such as ``labels.txt, line 3``, its columns, and what separates them."""

    place: str
    columns: list[str]
    delimiter: str | None


def node_lines(
    path: Path,
    form: str,
    delimiter: str | None = None,
    skip_lines: int | None = None,
    to: str = "",
) -> Iterator[NodeLine]:
    r"""Yield the lines of a file that are not blank and do not begin with # or %.

    Parameters
    ----------
    path : str or os.PathLike
    form : str
        What a line is, for messages, such as ``node label``.
    delimiter, skip_lines
        As for `fastsgns.graph.digraph.DirectedGraph.from_file`.
    to : str
        Which function takes `skip_lines`, for messages, if it is not the one that is called.

    Raises
    ------
    FormatError
        (a ValueError) if a column is empty, white space separates the columns and a column ends in
        a comma or a semicolon, or the first line has the titles of columns.
    NotUTF8Error
        (a UnicodeDecodeError) if a line is not UTF-8.

    Examples
    --------
    >>> with open("labels.csv", "w") as file:
    ...     _ = file.write('"Lee, A",red\n')
    >>> [line.columns for line in node_lines("labels.csv", "node label")]
    [['Lee, A', 'red']]
    """
    name, n_skipped = files.name_of(path), COUNT("skip_lines", skip_lines)
    mark = Syntax(delimiter).delimiter_in(name)
    is_first = skip_lines is None
    for number, line in files.lines(path):
        text = line.strip(BLANKS)
        if number <= (n_skipped or 0) or not text or text[0] in COMMENTS:
            continue
        place = f"{name}, line {number}"
        columns = _words(text) if mark is None else _columns(text, mark, place)
        ends = () if mark is not None else (column[-1] for column in columns)
        if not all(columns) or any(end in SEPARATORS for end in ends):
            raise _fault(place, text, form, mark)
        if is_first and len(columns) > 1 and _are_titles(columns):
            raise FormatError(
                f"{place}: {text!r:.80} looks like a header; remove it, or pass skip_lines=1"
                f"{to}; skip_lines=0 reads it as `{form}`"
            )
        is_first = False
        yield NodeLine(place, columns, mark)


def fault(line: NodeLine, form: str, problem: str) -> FormatError:
    """Return the error that a line has another number of columns than `form`."""
    how = "white space" if line.delimiter is None else repr(line.delimiter)
    found = delimiter_of(line.columns[0]) if len(line.columns) == 1 else ""
    advice = f"; set `delimiter` to {found!r}" * bool(found)
    return FormatError(f"{line.place}: {problem}; a line is `{form}`, separated by {how}{advice}")


def _fault(place: str, text: str, form: str, mark: str | None) -> FormatError:
    problem = "a column ends in a comma or a semicolon" if mark is None else "a column is empty"
    return FormatError(
        f"{place}: {problem}; a line is `{form}`, separated by white space or, if you set "
        f"`delimiter`, by this character. The line is {text!r:.80}"
    )


def _words(text: str) -> list[str]:
    return [
        word[1:-1].replace('""', '"') if len(word) > 2 and re.fullmatch(QUOTED, word) else word
        for word in WORD.findall(text)
    ]


def _columns(text: str, delimiter: str, place: str) -> list[str]:
    blanks, mark = f"[{BLANKS.replace(delimiter, '')}]*", re.escape(delimiter)
    pattern = re.compile(rf'{blanks}(?:"((?:[^"]|"")*)"{blanks}|([^{mark}]*))({mark}|$)')
    found, at = [], 0
    while match := pattern.match(text, at):
        quoted, plain, end = match.groups()
        if quoted is None and plain.startswith('"'):
            break
        found.append(plain.strip(BLANKS) if quoted is None else quoted.replace('""', '"'))
        at = match.end()
        if not end:
            return found
    raise FormatError(
        f"{place}: a quote opens a column, and none ends it; the line is {text!r:.80}"
    )


def _are_titles(columns: list[str]) -> bool:
    return bool(TITLE.fullmatch(columns[0]) and TITLE_OF_LABEL.fullmatch(columns[1]))
