"""``fastsgns nodes train``: train source and target vectors of nodes."""

import argparse
import time
from functools import partial

from fastsgns.cli import filetypes, outputs, stopping
from fastsgns.cli.arguments import FORMATS, add_checkpoint, add_output, check_same, saving
from fastsgns.cli.nodes.graphs import add_graph, read_graph
from fastsgns.cli.nodes.models import (
    EXPLAINED,
    MODELS,
    add_training,
    check_graph,
    check_options,
    check_resumed,
    load,
    make,
)
from fastsgns.cli.parsers import Commands, add_command
from fastsgns.formats.files import local_path
from fastsgns.models.links.nodes import NodeEmbedding

EXAMPLES = f"""\
examples:
  fastsgns nodes train edges.txt -o model.fastsgns
  fastsgns nodes train edges.txt.gz -o model.fastsgns --walks nerd --epochs 2
  fastsgns nodes train friends.csv --delimiter , --undirected -o model.fastsgns --p 0.25 --q 4
  fastsgns nodes train edges.txt -o model.fastsgns --model HOPE --dim 64
  fastsgns nodes train edges.txt -o sources.txt.gz --vectors source
  fastsgns nodes train edges.txt -o model.fastsgns --checkpoint part.fastsgns --every 10min
  fastsgns nodes train edges.txt -o model.fastsgns --resume part.fastsgns

Each line of EDGES is 'source target [weight]'. Lines that start with # or % are comments. Files may
be compressed (.gz, .bz2, .xz).

{FORMATS}\
Only the native format keeps both roles, which 'recommend' and 'classify' need.
Ctrl-C, SIGTERM and SIGHUP stop early and save what has been learned so far.
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
        "--model", dest="matrices", choices=MODELS, help=f"{EXPLAINED} (default: two)",
    )  # fmt: skip
    parser.add_argument(
        "--resume", type=local_path, metavar="MODEL",
        help="continue the training of this saved model, which was stopped, on the same EDGES and "
        "with its settings",
    )  # fmt: skip
    add_checkpoint(parser)
    add_training(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the edges, train and save; return 130, 143 or 129 if training was stopped."""
    if arguments.resume:
        check_resumed(arguments)
    arguments.matrices = arguments.matrices or "two"
    check_options(arguments)
    how = saving(arguments)
    outputs.check(arguments.output, arguments.edges, None, arguments.resume, arguments.checkpoint)
    model = _resumed(arguments) if arguments.resume else None
    graph = read_graph(arguments)
    if model is None:
        check_graph(arguments, graph)
        model = make(arguments.matrices, arguments, arguments.seed)
    else:
        check_same(arguments, model.unfinished, graph.n_edges, "edges")
    start = time.perf_counter()
    if isinstance(model, NodeEmbedding):
        train = partial(model.resume if arguments.resume else model.fit, graph, **how)
        finished = stopping.trained(arguments, model, train)
    else:
        model.fit(graph)
        finished = True
    seconds = time.perf_counter() - start
    if not hasattr(model, "source"):
        exit_code: int = arguments.signals.exit_code
        return exit_code
    is_native = filetypes.output_format(arguments.output) == "native"
    saved = model if is_native else getattr(model, arguments.vectors)
    report = f"{graph!r}, {seconds:.1f} s"
    return outputs.finish(
        lambda: outputs.save(saved, arguments.output), report, finished, arguments
    )


def _resumed(arguments: argparse.Namespace) -> NodeEmbedding:
    """Load the model to continue with."""
    model = load(arguments.resume)
    if not isinstance(model, NodeEmbedding) or model.unfinished is None:
        raise ValueError(
            f"{arguments.resume} holds no training that was stopped; 'fastsgns nodes update' "
            "trains a model where its graph has changed"
        )
    return model.set_params(workers=arguments.workers, progress=arguments.progress)
