"""What the scripts share: the parser, checks of files, and errors in one line."""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastsgns.errors import FormatError
from fastsgns.formats import files, sniffing, writing

EXPECTED = (OSError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)


# What can be done about a file, for each script
ADVICE = {
    sniffing.NATIVE: "fastsgns convert writes it in other formats",
    sniffing.ROW: "repair or remove that line",
    sniffing.CUT: "the file is cut or its header is wrong",
}


def check_files(inputs: Iterable[Any], outputs: Iterable[Any]) -> None:
    """Check, before any work is done, that inputs are there and outputs can be written.

    Parameters
    ----------
    inputs, outputs : iterable of (str, os.PathLike or None)

    Raises
    ------
    ValueError
        If an output would overwrite an input, or another output.
    OSError
        If an input does not exist, or as for `fastsgns.formats.writing.check_writable`.
    """
    kept = [files.local_path(path) for path in inputs if path is not None]
    for path in kept:
        if not files.is_url(path) and not os.path.exists(path):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    for path in (files.local_path(each) for each in outputs if each is not None):
        for other in kept:
            if writing.is_same_file(path, other):
                raise ValueError(f"{path} would overwrite {other}: name another output")
        writing.check_writable(path)
        kept.append(path)


def make_parser(module: str, description: str, examples: str) -> argparse.ArgumentParser:
    """Return a parser whose help ends with examples."""
    return argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        epilog="examples:\n" + examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(
    name: str,
    work: Callable[[], object],
    advice: Mapping[str, str] = ADVICE,
    options: Mapping[str, str] | None = None,
) -> int:
    """Run a script with its log on standard error; return 0, or 1 after an error.

    Parameters
    ----------
    name : str
    work : callable
    advice : dict of str to str
        What to do about a file, by the faults of `fastsgns.formats.sniffing`.
    options : dict of str to str, optional
        What the script calls a parameter that begins a message.

    Examples
    --------
    >>> run("example", lambda: None)
    0
    """
    logging.basicConfig(format=f"{name}: %(message)s", level=logging.INFO)
    try:
        work()
    except EXPECTED as error:
        print(f"{name}: {_message(error, advice, options or {})}", file=sys.stderr)
        return 1
    return 0


def _message(error: Exception, advice: Mapping[str, str], options: Mapping[str, str]) -> str:
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, FormatError) and error.fault:
        return "; ".join(filter(None, [error.problem, advice.get(error.fault)]))
    first, space, rest = " ".join(str(error).split()).partition(" ")
    return options.get(first, first) + space + rest
