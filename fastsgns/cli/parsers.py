"""Parsers of the command line and of its sub-commands, and the types of their arguments."""

import argparse
import contextlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeAlias

from fastsgns.rules import WORKERS
from fastsgns.runtime.console import printable

Commands: TypeAlias = "argparse._SubParsersAction[Any]"


class UsageError(ValueError):
    """The arguments contradict each other or are out of range, whatever the files contain."""


@contextlib.contextmanager
def usage_errors() -> Iterator[None]:
    """Convert a TypeError or ValueError about parameters to a `UsageError`."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None


class Parser(argparse.ArgumentParser):
    """Parser that escapes the control characters of arguments in its error messages."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit with code 2."""
        super().error(printable(message))


class Command(Parser):
    """Parser of a sub-command: options may come between its words, and errors show its usage.

    Examples
    --------
    >>> parser = Command()
    >>> _ = parser.add_argument("words", nargs="*")
    >>> _ = parser.add_argument("-n")
    >>> parser.parse_known_args(["a", "-n", "1", "b"])[0].words
    ['a', 'b']
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_simple = False

    def option(self, parameter: str, value: object) -> str:
        """Return the option that sets a parameter to a value."""
        actions = [action for action in self._actions if action.dest == parameter]
        return next(_long(action) for action in actions if action.const in (None, value))

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
                options.setdefault(action.dest, _long(action))
                constants[action.dest, str(action.const)] = _long(action)

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

    def add_subparsers(self, **options: Any) -> Any:
        """Add sub-commands of this command. Its own options must then come before their names."""
        self._is_simple = True  # argparse cannot intermix options and sub-commands
        return super().add_subparsers(**options)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse all of `args`, or exit with an error. The parent parser calls this."""
        if self._is_simple:  # called by parse_intermixed_args
            return super().parse_known_args(args, namespace)
        self._is_simple = True
        try:
            return self.parse_intermixed_args(args, namespace), []
        finally:
            self._is_simple = False


def _long(action: argparse.Action) -> str:
    return next((option for option in action.option_strings if option.startswith("--")), "")


def add_command(
    commands: Commands,
    name: str,
    help: str,
    examples: str,
    run: Callable[[argparse.Namespace], int],
) -> Command:
    """Add a sub-command whose help ends with examples.

    The parsed arguments have ``run`` and three methods of the parser: ``usage`` (its `error`),
    ``in_options`` and ``option``.
    """
    parser: Command = commands.add_parser(
        name,
        help=help,
        description=help[0].upper() + help[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(
        run=run, usage=parser.error, in_options=parser.in_options, option=parser.option
    )
    return parser


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
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too small: the least is 1")
    return number


class AllCores(int):
    """The number of processors of this machine, where no other number of threads was given."""


def n_threads(text: str) -> int:
    """Parse a number of threads, for argparse; -1 is the number of processors.

    Examples
    --------
    >>> n_threads("3")
    3
    """
    return AllCores(WORKERS("workers", -1)) if text == "-1" else positive(text)


def not_negative(text: str) -> int:
    """Parse an integer of at least 0, for argparse.

    Examples
    --------
    >>> not_negative("0")
    0
    """
    return 0 if text == "0" else positive(text)


def utf8(text: str) -> str:
    """Decode an argument as UTF-8, whatever the locale is, for argparse.

    Examples
    --------
    >>> utf8("Zürich")
    'Zürich'
    """
    return os.fsencode(text).decode("utf-8", "replace")
