"""The command line: ``fastsgns train | glove | ppmi | vocab | nn | analogy | encode | eval ...``.

Each sub-command is a file of this package. Its function `add` adds the arguments, and its function
`run` runs the command and returns the exit code. `arguments` has the arguments that several
commands share, `inputs` and `outputs` read and write their files.
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
    analogy,
    convert,
    demo,
    encode,
    evaluate,
    glove,
    info,
    nn,
    nodes,
    phrases,
    ppmi,
    stopping,
    streams,
    study,
    train,
    vocab,
)
from fastsgns.cli.parsers import Command, Parser, UsageError
from fastsgns.errors import FormatError
from fastsgns.runtime.console import say

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
exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all sub-commands. The arguments that it parses have ``run``."""
    parser = Parser(
        prog="fastsgns",
        description="Vectors of words and of nodes: train, query, evaluate and convert them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fastsgns {__version__}")
    commands = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=Command
    )
    for command in (
        train, glove, ppmi, nodes, phrases, vocab, nn, analogy, encode, evaluate, convert, info,
        demo, study,
    ):  # fmt: skip
        command.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; by default those of the process.

    Returns
    -------
    int
        0 after success, or if the reader of the output has gone; 1 after an error, which is printed
        on standard error in one line; 2 if FASTSGNS_KERNEL is not a kernel of this machine; 130
        after Ctrl-C, and 128 and the number of the signal after SIGTERM and SIGHUP.

    Raises
    ------
    SystemExit
        With code 2 if the arguments are wrong; with 0 after ``--help`` and ``--version``.

    Examples
    --------
    >>> main(["info", "/no/such/file"])
    1
    """
    streams.replace_closed()
    streams.use_utf8()
    arguments = build_parser().parse_args(argv)
    try:
        if arguments.run is not info.run:  # which shows the wrong value
            kernels.variant()
    except ValueError as error:
        say(f"fastsgns: {error}")
        return WRONG_USAGE

    def report(message: str) -> None:
        say(f"fastsgns: {arguments.in_options(message)}")

    with stopping.handled() as stop:
        arguments.signals = stop
        return _run(arguments, report)


def _run(arguments: argparse.Namespace, report: Callable[[str], None]) -> int:
    """Run a command, and return its exit code; `report` prints a message."""
    try:
        with warnings.catch_warnings(), _logging_to(report):
            warnings.showwarning = lambda message, *_: report(str(message))
            code: int = arguments.run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
        return 0
    except KeyboardInterrupt:
        say("fastsgns: stopped")
        exit_code: int = arguments.signals.exit_code
        return exit_code
    except UsageError as error:
        arguments.usage(arguments.in_options(str(error)))
    except EXPECTED as error:
        if isinstance(error, (OSError, FormatError)):  # about files, whose names are not options
            say(f"fastsgns: {_message(error)}")
        else:
            report(_message(error))
        return 1
    return code


@contextlib.contextmanager
def _logging_to(report: Callable[[str], None]) -> Iterator[None]:
    """Report warnings that the package logs, in one line like errors."""
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
    if isinstance(error, FormatError) and error.problem:  # without the advice, which is for Python
        return error.problem
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return " ".join(text.split()) or type(error).__name__


def _forget_stdout() -> None:
    """Prevent the interpreter's error at exit that it cannot flush a closed pipe."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
