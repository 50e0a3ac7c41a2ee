"""``fastsgns demo``: train and query vectors, on text that every machine has."""

import argparse

from fastsgns import demo
from fastsgns.cli.parsers import Commands, add_command

EXAMPLES = """\
examples:
  fastsgns demo
  fastsgns demo /tmp/demo

Writes corpus.txt, vectors.fastsgns and vectors.txt into the folder.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "train on the documentation of this Python, and query the vectors"
    parser = add_command(commands, "demo", help, EXAMPLES, run)
    parser.add_argument("folder", nargs="?", default="demo", help="output folder (default: demo)")


def run(arguments: argparse.Namespace) -> int:
    """Run `fastsgns.demo`."""
    demo.run(arguments.folder)
    return 0
