"""Models of nodes as the command line asks for them: their graph, their options, their files."""

import argparse
from collections.abc import Iterable
from typing import Any, cast

from fastsgns.cli import sources
from fastsgns.cli.arguments import UsageError, add_reading, positive
from fastsgns.cli.streams import STDIO
from fastsgns.errors import NotUTF8Error
from fastsgns.formats import kinds, native
from fastsgns.formats.files import local_path
from fastsgns.graph import storage
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.files import HEADER, LONE_CR, LONG, UNCLEAR, EdgeError
from fastsgns.graph.lines import (
    BYTE_ORDER_MARK,
    JSON_VALUE,
    MIXED_COLUMNS,
    NOT_A_NUMBER,
    NOT_FINITE,
    QUOTED_NAME,
    RESERVED_CHARACTER,
    STRAY_SEPARATOR,
    TOO_FEW_COLUMNS,
    TOO_MANY_COLUMNS,
)
from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.factors import HOPE, STRAP
from fastsgns.models.links.nodes import WALKS, NodeEmbedding
from fastsgns.models.links.training import MATRICES, LinkMatrices
from fastsgns.runtime.progress import reading_bar
from fastsgns.training.sharing import SHARINGS

MODELS = (*MATRICES, "HOPE", "STRAP")
EXPLAINED = (
    "two: skip-gram with a matrix a role; tied: one matrix for both; tied+bias: and a bias a "
    "target; tied+reflect: half its signs flipped; HOPE, STRAP: factorised Katz, PageRank"
)
LEARNT = (
    "walk_length", "num_walks", "window_size", "p", "q", "walks", "negative", "alpha", "epochs",
    "joint", "negative_sharing", "stop", "ns_exponent", "sample", "shrink_windows",
)  # fmt: skip


FLAGS = {
    "window_size": "window", "negative_sharing": "sharing", "shrink_windows": "full-windows",
}  # fmt: skip
ADVICE = {
    TOO_FEW_COLUMNS: "give the character between columns: --delimiter {shell}",
    UNCLEAR: "repair or remove that line",
    JSON_VALUE: "convert the file to lines of 'source target'",
    LONE_CR: "convert the ends of the lines to newlines",
    TOO_MANY_COLUMNS: "--weighted ignores those after the third, "
    "--unweighted those after the second",
    MIXED_COLUMNS: "--unweighted ignores the weights",
    NOT_A_NUMBER: "--unweighted ignores it, --skip-lines 1 leaves out a header",
    NOT_FINITE: "--unweighted ignores the weights",
    RESERVED_CHARACTER: "remove it from the file",
    STRAY_SEPARATOR: "--delimiter {shell} takes it as the end of a column, --delimiter ' ' "
    "as a part of the name",
    QUOTED_NAME: "convert the file to one without quotes, with a delimiter that no name holds",
    BYTE_ORDER_MARK: "remove it from the file",
    HEADER: "--skip-lines 1 leaves it out, --skip-lines 0 takes it for an edge",
    LONG: "give a text file with an edge per line",
}


def add_graph(parser: argparse.ArgumentParser) -> None:
    """Declare what `read_graph` wants to know."""
    parser.add_argument(
        "edges",
        nargs="+",
        type=local_path,
        metavar="EDGES",
        help="edge lists, of which '-' is standard input, or one graph in the native format",
    )
    parser.add_argument(
        "--undirected", action="store_true", help="each edge goes both ways (default: one way)"
    )
    parser.add_argument(
        "--delimiter", type=delimiter, metavar="C",
        help="character that separates the columns, \\t for a tab (default: white space)",
    )  # fmt: skip
    columns = parser.add_mutually_exclusive_group()
    columns.add_argument(
        "--weighted", action="store_const", const=True,
        help="the third column is the weight; ignore further ones (default: if there is one)",
    )  # fmt: skip
    columns.add_argument(
        "--unweighted", dest="weighted", action="store_const", const=False,
        help="ignore the columns after the two nodes",
    )  # fmt: skip
    parser.add_argument(
        "--skip-lines", type=not_negative, metavar="N",
        help="leave out the first N lines of each file, such as a header",
    )  # fmt: skip
    add_reading(parser)


def add_training(parser: argparse.ArgumentParser) -> None:
    """Declare what `make` wants to know."""
    parser.add_argument(
        "--dim", dest="dimensions", type=positive, default=128, metavar="N",
        help="length of a vector (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of all that is random (%(default)s)"
    )
    walks = parser.add_argument_group("skip-gram on walks")
    walks.add_argument(
        "--walks", choices=tuple(WALKS),
        help="forward: along the edges; undirected: DeepWalk and node2vec; app: rooted PageRank; "
        "nerd: hubs and authorities by turns; edges: LINE (default: forward, or undirected)",
    )  # fmt: skip
    walks.add_argument(
        "--joint", action="store_const", const=True,
        help="nerd: bring nodes of the same role together, too",
    )  # fmt: skip
    walks.add_argument(
        "--sharing", dest="negative_sharing", choices=SHARINGS,
        help="which pairs share negatives: block is fastest, pair the papers' (block)",
    )  # fmt: skip
    for name, options in {
        "--walk-length": "nodes a walk (80; nerd: 10)",
        "--num-walks": "walks a node (10; app: 800, nerd: 160), edges: draws an edge (100)",
        "--window": "steps between source and target, at most (10)",
        "--negative": "negatives a pair (5)",
        "--epochs": "passes, each over new walks (1)",
    }.items():
        dest = {"--window": "window_size"}.get(name, name[2:].replace("-", "_"))
        walks.add_argument(name, dest=dest, type=positive, metavar="N", help=options)
    for name, text in {
        "--p": "node2vec: the higher, the less a walk returns (1)",
        "--q": "node2vec: the higher, the nearer a walk stays (1)",
        "--alpha": "learning rate at the start (0.04)",
        "--stop": "app: probability that a walk ends after a step (0.15)",
        "--ns-exponent": "of the degrees, for the negatives (0.75)",
        "--sample": "thin nodes that are a larger share of the targets; 0 keeps all (0)",
    }.items():
        walks.add_argument(name, type=float, metavar="X", help=text)
    walks.add_argument(
        "--full-windows", dest="shrink_windows", action="store_const", const=False,
        help="do not draw the window of each node from 1 to --window",
    )  # fmt: skip
    counted = parser.add_argument_group("factorisations")
    counted.add_argument(
        "--beta", type=float, metavar="X", help="HOPE: weight of an edge (0.5 / spectral radius)"
    )
    counted.add_argument(
        "--error", type=float, default=1e-5, metavar="X",
        help="STRAP: proximities below are 0 (default: %(default)s)",
    )  # fmt: skip


def read_graph(arguments: argparse.Namespace) -> DirectedGraph:
    """Read the edge lists, or load the saved graph, that the arguments of `add_graph` name.

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
    options = {name: getattr(arguments, name) for name in ("delimiter", "weighted", "skip_lines")}
    options = {name: value for name, value in options.items() if value is not None}
    if arguments.undirected:
        options["directed"] = False
    paths = arguments.edges
    if saved := [path for path in paths if path != STDIO and storage.is_saved(path)]:
        if len(paths) > 1 or options:
            raise UsageError(f"{saved[0]} is a saved graph, which takes no other file nor option")
        return DirectedGraph.load(paths[0])
    try:
        with sources.spooled(paths) as files, reading_bar(arguments.progress, "B") as report:
            return DirectedGraph.from_file(
                files, workers=arguments.workers, errors=_errors(arguments.errors),
                progress=report, **options,
            )  # fmt: skip
    except EdgeError as error:
        raise error.worded(advice=ADVICE) from None
    except NotUTF8Error as error:
        advice = "give --errors replace, or convert the file to UTF-8"
        raise ValueError(f"{error.problem}; {advice}") from None


def delimiter(text: str) -> str:
    r"""Take the character between columns, for argparse.

    Examples
    --------
    >>> delimiter(","), delimiter("\\t")
    (',', '\t')
    """
    character = "\t" if text == "\\t" else text
    if len(character) != 1 or not character.isascii():
        raise argparse.ArgumentTypeError(f"{text!r} is not one ASCII character, such as , or \\t")
    return character


def not_negative(text: str) -> int:
    """Parse an integer of at least 0, for argparse.

    Examples
    --------
    >>> not_negative("0")
    0
    """
    return 0 if text == "0" else positive(text)


def _errors(errors: str) -> str:
    if errors == "ignore":
        raise UsageError("--errors ignore would make one node of two: give --errors replace")
    return errors


def fit(name: str, arguments: argparse.Namespace, seed: int, graph: DirectedGraph) -> Any:
    """Make a model and fit it to a graph."""
    return make(name, arguments, seed).fit(graph)


def flag(name: str) -> str:
    """Return the option that sets a parameter.

    Examples
    --------
    >>> flag("window_size"), flag("num_walks")
    ('--window', '--num-walks')
    """
    return "--" + FLAGS.get(name, name).replace("_", "-")


def make(name: str, arguments: argparse.Namespace, seed: int) -> Any:
    """Make a model that is not fitted yet."""
    common: dict[str, Any] = {
        "dimensions": arguments.dimensions, "seed": seed, "progress": arguments.progress
    }  # fmt: skip
    if name == "HOPE":
        return HOPE(beta=arguments.beta, **common)
    if name == "STRAP":
        return STRAP(error=arguments.error, **common)
    given = {key: getattr(arguments, key) for key in LEARNT}
    options = {key: value for key, value in given.items() if value is not None}
    return NodeEmbedding(
        matrices=cast(LinkMatrices, name), workers=arguments.workers, **common, **options
    )


def check_options(arguments: argparse.Namespace) -> None:
    """Refuse options that the model of `--model` would not look at."""
    name, ignored = arguments.matrices, []
    if name not in MATRICES:
        ignored += [key for key in LEARNT if getattr(arguments, key) is not None]
    if name != "HOPE" and arguments.beta is not None:
        ignored.append("beta")
    if ignored:
        raise UsageError(f"--model {name} knows no {', '.join(map(flag, ignored))}")


def load(path: str) -> LinkModel:
    """Load a model of nodes.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    loaded = kinds.load(path)
    if not isinstance(loaded, LinkModel):
        raise ValueError(
            f"{path} holds {native.kind_of(path)}, not a model saved by 'fastsgns nodes train'"
        )
    return loaded


def by_text(names: Iterable[Any]) -> dict[str, Any]:
    """Find names by how they are written, as on a command line.

    Raises
    ------
    ValueError
        If two are written alike, such as 7 and "7".
    """
    found: dict[str, Any] = {}
    for name in names:
        if found.setdefault(str(name), name) != name:
            raise ValueError(f"{name!r} and {found[str(name)]!r} look alike here; rename one")
    return found
