"""``fastsgns nodes``: source and target vectors of the nodes of a graph."""

import argparse

from fastsgns.cli.nodes import classify, evaluate, recommend, train, update
from fastsgns.cli.parsers import Commands

EXAMPLES = """\
examples:
  fastsgns nodes train edges.txt -o model.fastsgns
  fastsgns nodes update model.fastsgns edges.txt new.txt -o model.fastsgns
  fastsgns nodes recommend model.fastsgns alice
  fastsgns nodes eval edges.txt --models two tied HOPE
  fastsgns nodes classify model.fastsgns labels.txt

In a directed edge u -> v, u is the source and v is the target. Each node gets a vector for each of
the two roles. The score of an edge adds the degrees to the product of the source vector of u and
the target vector of v, so u -> v and v -> u have different scores.
'fastsgns nodes COMMAND --help' explains one command.
"""


def add(commands: Commands) -> None:
    """Add the command and its sub-commands."""
    parser = commands.add_parser(
        "nodes",
        help="vectors of the nodes of a graph",
        description="Vectors of the nodes of a graph: train, update, evaluate and query them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (train, update, recommend, evaluate, classify):
        command.add(inner)
