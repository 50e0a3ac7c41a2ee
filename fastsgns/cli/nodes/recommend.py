"""``fastsgns nodes recommend``: the most likely new targets of a node."""

import argparse

from fastsgns.cli.arguments import add_topn
from fastsgns.cli.nodes.models import add_model, by_text, load
from fastsgns.cli.parsers import Commands, add_command, utf8
from fastsgns.runtime.console import say, show, table

EXAMPLES = """\
examples:
  fastsgns nodes recommend model.fastsgns alice
  fastsgns nodes recommend model.fastsgns alice bob -n 5
  fastsgns nodes recommend model.fastsgns alice --all
  fastsgns nodes recommend model.fastsgns alice --no-popularity

Targets are ranked by how likely a link is, which includes how popular a target is. With
--no-popularity, they are ranked by how much likelier than by chance it is, so that rare targets
come first. Known targets of alice (from the edges of training) are left out, except with --all.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "list the most likely new targets of a node"
    parser = add_command(commands, "recommend", help, EXAMPLES, run)
    add_model(parser)
    parser.add_argument("nodes", nargs="+", type=utf8, metavar="NODE", help="source nodes")
    add_topn(parser)
    parser.add_argument("--all", action="store_true", help="include known targets")
    parser.add_argument(
        "--no-popularity", dest="popularity", action="store_false",
        help="rank without the popularity of targets (no effect on factorizations, whose vectors "
        "have learned it)",
    )  # fmt: skip


def run(arguments: argparse.Namespace) -> int:
    """Print a table for each node; return 1 if all nodes are unknown."""
    model = load(arguments.model)
    names = by_text(model.source.index_to_key)
    n_known = 0
    for text in arguments.nodes:
        if text not in names:
            say(f"{text!r} is not among the {len(names):,} nodes")
            continue
        n_known += 1
        if len(arguments.nodes) > 1:
            show(text)
        targets = model.recommend(
            names[text], arguments.topn, not arguments.all, arguments.popularity
        )
        print(table(targets, indent=2), flush=True)
    return 0 if n_known else 1
