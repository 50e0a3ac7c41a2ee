"""``fastsgns demo``: the whole way from text to vectors, on text that every machine has."""

import argparse

from fastsgns import demo
from fastsgns.cli.arguments import add_command

EXAMPLES = """\
examples:
  fastsgns demo
  fastsgns demo /tmp/demo

Leaves corpus.txt, vectors.fastsgns and vectors.txt in the folder.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(
        commands, "demo", "train on the documentation of this Python, and ask", EXAMPLES, run
    )
    parser.add_argument("folder", nargs="?", default="demo", help="where to (default: demo)")


def run(arguments: argparse.Namespace) -> int:
    """Run `fastsgns.demo`."""
    demo.run(arguments.folder)
    return 0
