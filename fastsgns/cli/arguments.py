"""Arguments that several sub-commands share, and how they check a number."""

import argparse
import os
import re
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from fastsgns.formats.files import local_path
from fastsgns.runtime.console import printable
from fastsgns.runtime.machine import n_cores
from fastsgns.vectors.roles import ROLES
from fastsgns.vectors.spaces import COMBINATIONS, SPACES


class UsageError(ValueError):
    """What the command line asks for is impossible, whatever the files hold."""


class Parser(argparse.ArgumentParser):
    """Parser whose errors are printed without the control characters of the arguments."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit with code 2."""
        super().error(printable(message))


class Command(Parser):
    """Parser of a sub-command: options may stand between its words, and its errors show its usage.

    Examples
    --------
    >>> parser = Command()
    >>> _ = parser.add_argument("words", nargs="*")
    >>> _ = parser.add_argument("-n")
    >>> parser.parse_known_args(["a", "-n", "1", "b"])[0].words
    ['a', 'b']
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._inside = False

    def in_options(self, text: str) -> str:
        """Replace the names of Python's parameters in a message by the options that set them.

        Examples
        --------
        >>> parser = Command()
        >>> _ = parser.add_argument("--max-vocab", dest="max_final_vocab")
        >>> _ = parser.add_argument("--sample")
        >>> _ = parser.add_argument("--hs", action="store_const", const=1)
        >>> parser.in_options("sample is -1; set max_final_vocab, or hs=1 and sample=0")
        '--sample is -1; set --max-vocab, or --hs and --sample 0'
        """
        options: dict[str, str] = {}
        constants: dict[tuple[str, str], str] = {}
        for action in self._actions:
            if action.option_strings:
                name = next((o for o in action.option_strings if o[:2] == "--"), "")
                options.setdefault(action.dest, name)
                constants[action.dest, str(action.const)] = name

        def with_value(match: re.Match[str]) -> str:
            name, value = match[1], match[3]
            return constants.get((name, value), f"{options[name]} {value}")

        names = "|".join(map(re.escape, options))
        long = "|".join(re.escape(name) for name in options if "_" in name) or "(?!)"
        number = r"-?(?:\d|nan|inf)"
        before, after = r"(?<![\w./'\"-])", r"(?![\w/'\"]|\.\w)"
        value = rf"(['\"]?)({number}[\w.+-]*\w|\w+)\2"
        text = re.sub(f"{before}({names})={value}{after}", with_value, text)
        text = re.sub(f"{before}({names})(?= is {number})", lambda m: options[m[1]], text)
        return re.sub(f"{before}({long}){after}", lambda m: options[m[1]], text)

    def add_subparsers(self, **named: Any) -> Any:
        """Split into further commands, whose options stand after their names."""
        self._inside = True  # as argparse can't mix options and a choice of commands
        return super().add_subparsers(**named)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse all of `args`, or stop with an error; what the parser above calls."""
        if self._inside:  # called by parse_intermixed_args
            return super().parse_known_args(args, namespace)
        self._inside = True
        try:
            return self.parse_intermixed_args(args, namespace), []
        finally:
            self._inside = False


def add_command(
    commands: argparse._SubParsersAction,
    name: str,
    help: str,
    examples: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    """Add a sub-command whose help ends with examples."""
    parser: Command = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run, usage=parser.error, in_options=parser.in_options)
    return parser


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add where vectors go, as `fastsgns.cli.sources.save` takes it."""
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        type=local_path,
        metavar="FILE",
        help="where the vectors go; '-' is standard output, as text",
    )


def add_inputs(parser: argparse.ArgumentParser) -> None:
    """Add what `fastsgns.cli.sources.open_corpus` wants to know."""
    parser.add_argument(
        "inputs",
        nargs="+",
        type=local_path,
        metavar="INPUT",
        help="text file, a sentence a line (.gz, .bz2, .xz are read too); '-' is standard input; "
        "or one saved corpus",
    )
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add how a corpus is read, and whether progress is shown."""
    parser.add_argument(
        "--workers",
        type=positive,
        default=n_cores(),
        metavar="N",
        help="threads (default: all cores, here %(default)s)",
    )
    add_errors(parser)
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


def add_errors(parser: argparse.ArgumentParser) -> None:
    """Add what is done with bytes that are not UTF-8."""
    parser.add_argument(
        "--errors",
        choices=("strict", "replace", "ignore"),
        default="strict",
        help="what to do with invalid UTF-8 (default: %(default)s, that is, stop)",
    )


def add_vectors(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    """Add what `fastsgns.cli.sources.load_given` wants to know."""
    text += "; '-' is standard input"
    parser.add_argument(name, type=local_path, metavar=name.upper(), help=text)
    parser.add_argument(
        "--from",
        dest="from_format",
        choices=("native", "text", "binary"),
        help=f"format of {name.upper()} (default: by content and suffix)",
    )
    parser.add_argument(
        "--no-header",
        action="store_true",
        help=f"{name.upper()} is text without a first line with its sizes, such as GloVe's",
    )
    add_errors(parser)
    parser.add_argument(
        "--role",
        choices=(*ROLES, *COMBINATIONS),
        help="which vectors of a model: input, output, their sum, both end to end, or those that "
        "negatives have of their own (default: input; of GloVe the sum)",
    )


def add_space(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which vectors are asked and which answer."""
    parser.add_argument(
        "--space",
        choices=SPACES,
        default=SPACES[0],
        help="ask a model with input or output vectors, and search one or the other: in-in for "
        "words alike, in-out for words of the topic (default: %(default)s)",
    )


def check_space(arguments: argparse.Namespace) -> None:
    """Stop with the usage if a space comes with a role, of which it would be no space."""
    if arguments.space != SPACES[0] and arguments.role:
        arguments.usage("give --role or --space, not both")


def positive(text: str) -> int:
    """Parse an integer of at least 1, for argparse.

    Examples
    --------
    >>> positive("3")
    3
    """
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small: 1 or more is wanted")
    return number


def utf8(text: str) -> str:
    """Take an argument as UTF-8, whatever the locale says, for argparse.

    Examples
    --------
    >>> utf8("Zürich")
    'Zürich'
    """
    return os.fsencode(text).decode("utf-8", "replace")
