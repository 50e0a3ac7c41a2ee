"""The graph of a command: edge lists or a saved graph, and the options of reading it."""

import argparse

from fastsgns.cli.arguments import add_reading
from fastsgns.cli.inputs import local_copies
from fastsgns.cli.parsers import UsageError, not_negative
from fastsgns.cli.streams import STDIO
from fastsgns.errors import FormatError, NotUTF8Error
from fastsgns.formats.files import local_path
from fastsgns.graph import files, lines, storage
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.types import read_types
from fastsgns.runtime.progress import reading_bar

ADVICE = files.ADVICE | {
    lines.TOO_FEW_COLUMNS: "pass the character between the columns, --delimiter {shell}",
    lines.JSON_VALUE: "convert the file to lines of 'source target'",
    lines.TOO_MANY_COLUMNS: "--weighted ignores the columns after the third, "
    "--unweighted those after the second",
    lines.MIXED_COLUMNS: "give a weight to all edges or to none; --unweighted ignores the weights",
    lines.NOT_A_NUMBER: "--unweighted ignores this column, --skip-lines 1 skips a header",
    lines.NOT_FINITE: "--unweighted ignores the weights",
    lines.NOT_A_TIME: "--times 3 reads column 3, --times 4 column 4; --skip-lines 1 skips a header",
    lines.STRAY_SEPARATOR: "--delimiter {shell} reads this character as the end of a column, "
    "--delimiter ' ' as part of the name",
    lines.QUOTED_NAME: "--no-quotes reads quotes as part of the name. If the column goes on in the "
    "next line, convert the file to one line per edge",
    files.ROW_NAMES: "write the file without these names, or give --weighted if the third column "
    "has the weights",
    files.INDEX: "write the file without the index",
    files.TWO_DELIMITERS: "--delimiter {shell} reads it in this way, or give the other character",
    files.HEADER: "--skip-lines 1 skips this line, --skip-lines 0 reads it as an edge",
}


def add_graph(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that `read_graph` needs."""
    parser.add_argument(
        "edges", nargs="+", type=local_path, metavar="EDGES",
        help="edge lists, where '-' is standard input; or one saved graph",
    )  # fmt: skip
    parser.add_argument(
        "--undirected", action="store_true", help="edges have no direction (default: directed)"
    )
    add_columns(parser)
    parser.add_argument(
        "--no-quotes", dest="quotes", action="store_const", const=False,
        help="read double quotes around a column as part of it",
    )  # fmt: skip
    columns = parser.add_mutually_exclusive_group()
    columns.add_argument(
        "--weighted", action="store_const", const=True,
        help="read weights from the third column, and ignore further columns (default: if there is "
        "a third column)",
    )  # fmt: skip
    columns.add_argument(
        "--unweighted", dest="weighted", action="store_const", const=False,
        help="ignore the columns after the two nodes",
    )  # fmt: skip
    parser.add_argument(
        "--types", type=local_path, metavar="FILE",
        help="types of the nodes: a file of lines 'node type', with the same --delimiter",
    )  # fmt: skip
    parser.add_argument(
        "--types-skip-lines", type=not_negative, metavar="N",
        help="skip the first N lines of the file of types, such as a header",
    )  # fmt: skip
    parser.add_argument(
        "--times", type=int, choices=(3, 4), metavar="COLUMN",
        help="the column that has the times of edges, 3 or 4; with 4, column 3 has the weights",
    )  # fmt: skip
    add_reading(parser)


def add_columns(parser: argparse.ArgumentParser) -> None:
    """Add how lines of files are split into columns, and how many are skipped."""
    parser.add_argument(
        "--delimiter", type=delimiter, metavar="C",
        help="separator of the columns, \\t for a tab (default: a comma in .csv, a tab in .tsv, "
        "else white space)",
    )  # fmt: skip
    parser.add_argument(
        "--skip-lines", type=not_negative, metavar="N",
        help="skip the first N lines of each file, such as a header",
    )  # fmt: skip


def read_graph(arguments: argparse.Namespace) -> DirectedGraph:
    """Read the edge lists, or load the saved graph, of the arguments that `add_graph` adds.

    Raises
    ------
    ValueError
        If there are no edges.
    """
    graph = _read_graph(arguments)
    if not graph.n_edges:
        names = ("standard input" if path == STDIO else path for path in arguments.edges)
        raise ValueError(
            f"{', '.join(names)}: there are no edges; give a file with a line `source target` or "
            "`source target weight` per edge"
        )
    return graph


def _read_graph(arguments: argparse.Namespace) -> DirectedGraph:
    names = "delimiter", "weighted", "skip_lines", "quotes", "times"
    options = {name: getattr(arguments, name) for name in names}
    options = {name: value for name, value in options.items() if value is not None}
    if arguments.undirected:
        options["directed"] = False
    paths = arguments.edges
    if saved := [path for path in paths if path != STDIO and storage.is_saved(path)]:
        if len(paths) > 1 or options:
            raise UsageError(
                f"{saved[0]} is a saved graph: give no other file, and no option except --types"
            )
        graph = DirectedGraph.load(paths[0])
        return graph if arguments.types is None else graph.with_types(_types(arguments))
    if arguments.types is not None:
        options["node_types"] = _types(arguments)
    try:
        with local_copies(paths) as texts, reading_bar(arguments.progress, "B") as report:
            return DirectedGraph.from_file(
                texts, workers=arguments.workers, errors=_errors(arguments.errors),
                progress=report, **options,
            )  # fmt: skip
    except files.EdgeError as error:
        raise error.worded(advice=ADVICE) from None
    except NotUTF8Error as error:
        advice = "give --errors replace, or convert the file to UTF-8"
        raise ValueError(f"{error.problem}; {advice}") from None


def _types(arguments: argparse.Namespace) -> dict[str, str]:
    try:
        return read_types(arguments.types, arguments.delimiter, arguments.types_skip_lines)
    except FormatError as error:
        text = str(error).replace(" to read_types", "").replace("skip_lines", "types_skip_lines")
        raise FormatError(arguments.in_options(text)) from None


def delimiter(text: str) -> str:
    r"""Parse a separator of columns, for argparse.

    Examples
    --------
    >>> delimiter(","), delimiter("\\t")
    (',', '\t')
    """
    character = "\t" if text == "\\t" else text
    if len(character) != 1 or not character.isascii():
        raise argparse.ArgumentTypeError(f"{text!r} is not one ASCII character, such as , or \\t")
    return character


def _errors(errors: str) -> str:
    if errors == "ignore":
        raise UsageError("--errors ignore could make two nodes equal: give --errors replace")
    return errors
