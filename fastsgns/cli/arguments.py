"""Arguments that several sub-commands share, and how they check a number."""

import argparse
from collections.abc import Callable

from fastsgns.machine import n_cores


def add_command(
    commands: argparse._SubParsersAction,
    name: str,
    help: str,
    examples: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    """Add a sub-command whose help ends with examples."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, usage=parser.error)
    return parser


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add what `fastsgns.cli.sources.open_corpus` wants to know."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help="text file, a sentence a line (.gz, .bz2, .xz are read too); '-' is standard input; "
        "or one saved corpus",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        default=n_cores(),
        metavar="N",
        help="threads (default: all cores, here %(default)s)",
    )
    parser.add_argument(
        "--errors",
        choices=("strict", "replace", "ignore"),
        default="strict",
        help="what to do with invalid UTF-8 (default: %(default)s, that is, stop)",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--progress",
        action="store_true",
        default=None,
        help="show progress (default: on a terminal)",
    )
    shown.add_argument(
        "-q",
        "--quiet",
        dest="progress",
        action="store_false",
        help="show no progress and no report",
    )


def positive(text: str) -> int:
    """Parse an integer of at least 1, for argparse.

    Examples
    --------
    >>> positive("3")
    3
    """
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small: 1 or more is wanted")
    return number
