"""``fastsgns nodes train``: train source and target vectors of nodes."""

import argparse
import time

from fastsgns.cli import filetypes, outputs
from fastsgns.cli.arguments import FORMATS, add_output
from fastsgns.cli.nodes.graphs import add_graph, read_graph
from fastsgns.cli.nodes.models import (
    EXPLAINED,
    MODELS,
    add_training,
    check_graph,
    check_options,
    make,
)
from fastsgns.cli.parsers import Commands, add_command
from fastsgns.runtime.console import say

EXAMPLES = f"""\
examples:
  fastsgns nodes train edges.txt -o model.fastsgns
  fastsgns nodes train edges.txt.gz -o model.fastsgns --walks nerd --epochs 2
  fastsgns nodes train friends.csv --delimiter , --undirected -o model.fastsgns --p 0.25 --q 4
  fastsgns nodes train edges.txt -o model.fastsgns --model HOPE --dim 64
  fastsgns nodes train edges.txt -o sources.txt.gz --vectors source

Each line of EDGES is 'source target [weight]'. Lines that start with # or % are comments. Files may
be compressed (.gz, .bz2, .xz).

{FORMATS}\
Only the native format keeps both roles, which 'recommend' and 'classify' need.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "train source and target vectors of nodes"
    parser = add_command(commands, "train", help, EXAMPLES, run)
    add_graph(parser)
    add_output(parser)
    parser.add_argument(
        "--vectors", choices=("source", "target"), default="source",
        help="the role to write in formats other than the native one (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--model", dest="matrices", choices=MODELS, default="two",
        help=f"{EXPLAINED} (default: %(default)s)",
    )  # fmt: skip
    add_training(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the edges, train and save."""
    check_options(arguments)
    outputs.check(arguments.output, arguments.edges)
    graph = read_graph(arguments)
    check_graph(arguments, graph)
    start = time.perf_counter()
    model = make(arguments.matrices, arguments, arguments.seed).fit(graph)
    seconds = time.perf_counter() - start
    is_native = filetypes.output_format(arguments.output) == "native"
    outputs.save(model if is_native else getattr(model, arguments.vectors), arguments.output)
    if arguments.progress is not False:
        say(f"{graph!r}, {seconds:.1f} s\nsaved to {arguments.output}")
    return 0
