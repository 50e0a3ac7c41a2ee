"""``fastsgns nodes``: source and target vectors of the nodes of a graph, and what they predict."""

import argparse
import time

from fastsgns.cli import filetypes, nodejudging, nodemodels, sources
from fastsgns.cli.arguments import add_command, positive, utf8
from fastsgns.formats.files import local_path
from fastsgns.runtime.console import say, show, table

EXAMPLES = """\
examples:
  fastsgns nodes train edges.txt -o model.fastsgns
  fastsgns nodes recommend model.fastsgns alice
  fastsgns nodes eval edges.txt --models two tied HOPE
  fastsgns nodes classify model.fastsgns labels.txt

Of a directed edge u -> v, u is the source and v the target. Each node gets a vector for either
role; an edge scores by the source vector of u times the target vector of v: u -> v differs from
v -> u.
'fastsgns nodes COMMAND --help' explains one of them.
"""
TRAIN = """\
examples:
  fastsgns nodes train edges.txt -o model.fastsgns
  fastsgns nodes train edges.txt.gz -o model.fastsgns --walks nerd --epochs 2
  fastsgns nodes train friends.csv --delimiter , --undirected -o model.fastsgns --p 0.25 --q 4
  fastsgns nodes train edges.txt -o model.fastsgns --model HOPE --dim 64
  fastsgns nodes train edges.txt -o sources.txt.gz --vectors source

Edges stand as 'source target [weight]' a line; # and % begin comments; .gz, .bz2, .xz are read too.
The suffixes .txt, .vec and .bin of the output mean word2vec's formats and one role. The suffixes
.fastsgns, .model and none mean the native format, which keeps both roles and answers 'recommend'
and 'classify'.
"""
RECOMMEND = """\
examples:
  fastsgns nodes recommend model.fastsgns alice
  fastsgns nodes recommend model.fastsgns alice bob -n 5
  fastsgns nodes recommend model.fastsgns alice --all

Where alice leads to already is left out, unless --all is given.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-commands."""
    group = commands.add_parser(
        "nodes",
        help="vectors of the nodes of a graph",
        description="Vectors of the nodes of a graph: learn, judge and ask them.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    inner = group.add_subparsers(title="commands", metavar="COMMAND", required=True)
    parser = add_command(inner, "train", "learn source and target vectors", TRAIN, run_train)
    nodemodels.add_graph(parser)
    parser.add_argument(
        "-o", "--output", required=True, type=local_path, metavar="FILE", help="where they go"
    )
    parser.add_argument(
        "--vectors",
        choices=("source", "target"),
        default="source",
        help="the role that other formats than the native one get (default: %(default)s)",
    )
    parser.add_argument(
        "--model",
        dest="matrices",
        choices=nodemodels.MODELS,
        default="two",
        help=f"{nodemodels.EXPLAINED} (default: %(default)s)",
    )
    nodemodels.add_training(parser)
    nodejudging.add(inner)
    parser = add_command(
        inner, "recommend", "tell where a node will lead to next", RECOMMEND, run_recommend
    )
    parser.add_argument(
        "model", type=local_path, metavar="MODEL", help="as saved by 'fastsgns nodes train'"
    )
    parser.add_argument("nodes", nargs="+", type=utf8, metavar="NODE", help="nodes to ask for")
    parser.add_argument(
        "-n",
        "--topn",
        type=positive,
        default=10,
        metavar="N",
        help="how many answers (default: %(default)s)",
    )
    parser.add_argument("--all", action="store_true", help="targets that are known, too")


def run_train(arguments: argparse.Namespace) -> int:
    """Read the edges, learn and save."""
    nodemodels.check_options(arguments)
    sources.check_distinct(arguments.output, arguments.edges)
    sources.check_writable(arguments.output)
    graph = nodemodels.read_graph(arguments)
    start = time.perf_counter()
    model = nodemodels.fit(arguments.matrices, arguments, arguments.seed, graph)
    seconds = time.perf_counter() - start
    if filetypes.output_format(arguments.output) == "native":
        model.save(arguments.output)
    else:
        sources.save(getattr(model, arguments.vectors), arguments.output)
    if arguments.progress is not False:
        say(f"{graph!r}, {seconds:.1f} s\nsaved to {arguments.output}")
    return 0


def run_recommend(arguments: argparse.Namespace) -> int:
    """Print a table for each node; 1 if none of them is known."""
    model = nodemodels.load(arguments.model)
    names = nodemodels.by_text(model.source.index_to_key)
    n_known = 0
    for text in arguments.nodes:
        if text not in names:
            say(f"{text!r} is not among the {len(names):,} nodes")
            continue
        n_known += 1
        if len(arguments.nodes) > 1:
            show(text)
        found = model.recommend(names[text], arguments.topn, exclude_known=not arguments.all)
        print(table(found, indent=2), flush=True)
    return 0 if n_known else 1
