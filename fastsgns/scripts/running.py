"""What the scripts share: the parser, and errors in one line instead of a traceback."""

import argparse
import logging
import sys
from collections.abc import Callable

EXPECTED = (OSError, EOFError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError)


def make_parser(module: str, description: str, examples: str) -> argparse.ArgumentParser:
    """Return a parser whose help ends with examples."""
    return argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        epilog="examples:\n" + examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run(name: str, work: Callable[[], object]) -> int:
    """Run a script with its log on standard error; return 0, or 1 after an error.

    Examples
    --------
    >>> run("example", lambda: None)
    0
    """
    logging.basicConfig(format=f"{name}: %(message)s", level=logging.INFO)
    try:
        work()
    except EXPECTED as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0
