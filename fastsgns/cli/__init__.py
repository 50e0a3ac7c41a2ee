"""The command line: ``fastsgns train | glove | ppmi | vocab | nn | analogy | eval | convert ...``.

Each sub-command is a file of this package with a function `add` that declares its arguments and
a function that runs it and returns the exit code.
"""

import argparse
import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence

from fastsgns import kernels
from fastsgns._version import __version__
from fastsgns.cli import (
    convert,
    demo,
    evaluate,
    glove,
    info,
    neighbours,
    nodes,
    ppmi,
    streams,
    study,
    train,
    vocabulary,
)
from fastsgns.cli.arguments import Command, Parser, UsageError
from fastsgns.errors import FormatError
from fastsgns.runtime.console import INTERRUPTED, say

WRONG_USAGE = 2
EXPECTED = (
    *(OSError, EOFError, ImportError, MemoryError),
    *(ValueError, TypeError, LookupError, ArithmeticError, RuntimeError),
)

EXAMPLES = """\
a first session:
  fastsgns train corpus.txt -o vectors.fastsgns --sg --epochs 5
  fastsgns nn vectors.fastsgns matrix
  fastsgns analogy vectors.fastsgns king queen man
  fastsgns eval vectors.fastsgns questions-words.txt
  fastsgns convert vectors.fastsgns vectors.txt.gz

'fastsgns COMMAND --help' explains one command, with examples.
exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C
"""


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of all sub-commands; what it parses has ``run``, the function to call."""
    parser = Parser(
        prog="fastsgns",
        description="Word vectors from text: train them, ask them, judge them, convert them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fastsgns {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=Command
    )
    for command in (
        train, glove, ppmi, nodes, vocabulary, neighbours, evaluate, convert, info, demo, study,
    ):  # fmt: skip
        command.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of the process by default.

    Returns
    -------
    int
        0 if all went well (or the reader of the output went away), 1 after an error, which is
        said in one line on standard error, 2 if FASTSGNS_KERNEL names no kernel of this machine,
        130 after Ctrl-C.

    Raises
    ------
    SystemExit
        With code 2 if the arguments are wrong, with 0 after ``--help`` and ``--version``.

    Examples
    --------
    >>> main(["info", "/no/such/file"])
    1
    """
    streams.replace_closed()
    streams.speak_utf8()
    arguments = build_parser().parse_args(argv)
    try:
        kernels.variant()
    except ValueError as error:
        say(f"fastsgns: {error}")
        return WRONG_USAGE

    def report(message: str) -> None:
        say(f"fastsgns: {arguments.in_options(message)}")

    try:
        with warnings.catch_warnings(), _logging_to(report):
            warnings.showwarning = lambda message, *_: report(str(message))
            code = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except KeyboardInterrupt:
        say("fastsgns: stopped")
        return INTERRUPTED
    except UsageError as error:
        arguments.usage(arguments.in_options(str(error)))
    except EXPECTED as error:
        if isinstance(error, (OSError, FormatError)):  # about files, whose names stay as they are
            say(f"fastsgns: {_message(error)}")
        else:
            report(_message(error))
        return 1
    return code


@contextlib.contextmanager
def _logging_to(report: Callable[[str], None]) -> Iterator[None]:
    """Report what the package logs as a warning, in one line like an error."""
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: report(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("fastsgns")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def _message(error: BaseException) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, FormatError) and error.problem:  # the advice is one for Python
        return error.problem
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return " ".join(text.split()) or type(error).__name__


def _forget_stdout() -> None:
    """Keep the interpreter from complaining, as it exits, that it can't flush a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
