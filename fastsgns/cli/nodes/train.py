"""``fastsgns nodes train``: train source and target vectors of nodes."""

import argparse
import time
from functools import partial
from typing import Any

from fastsgns.cli import filetypes, outputs, resuming, stopping
from fastsgns.cli.arguments import FORMATS, add_checkpoint, add_output, saving
from fastsgns.cli.nodes.graphs import add_graph, read_graph
from fastsgns.cli.nodes.models import (
    EXPLAINED,
    MODELS,
    SEED,
    add_training,
    check_graph,
    check_options,
    load,
    make,
    parameters_given,
)
from fastsgns.cli.parsers import Commands, add_command
from fastsgns.formats.files import local_path
from fastsgns.models.links.base import LinkModel
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
        "with its settings; options that the file has, too, are ignored. If this is also the file "
        "of --checkpoint, and its training has ended, nothing is left to train, and the model is "
        "saved to the output",
    )  # fmt: skip
    add_checkpoint(parser)
    add_training(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the edges, train and save; return 130, 143 or 129 if training was stopped."""
    how = saving(arguments)
    model: Any = None
    if not arguments.resume:
        arguments.matrices = arguments.matrices or "two"
        check_options(arguments)
    outputs.check(arguments.output, arguments.edges, None, arguments.resume, arguments.checkpoint)
    if arguments.resume:
        model = _loaded(arguments)
        if model.unfinished is None:
            return _finish(arguments, model, "no epoch was trained", True)
    graph = read_graph(arguments)
    if model is None:
        check_graph(arguments, graph)
        seed = SEED if arguments.seed is None else arguments.seed
        model = make(arguments.matrices, arguments, seed)
    else:
        remedy = "train a new model, without --resume"
        resuming.check_same(arguments, model.unfinished, graph.n_edges, "edges", remedy)
    start = time.perf_counter()
    if isinstance(model, NodeEmbedding):
        train = partial(model.resume if arguments.resume else model.fit, graph, **how)
        finished = stopping.trained(arguments, model, train)
    else:
        model.fit(graph)
        finished = True
    return _finish(arguments, model, f"{graph!r}, {time.perf_counter() - start:.1f} s", finished)


def _finish(arguments: argparse.Namespace, model: LinkModel, report: str, finished: bool) -> int:
    """Save the model, or its vectors of one role; see `fastsgns.cli.outputs.finish`."""
    is_native = filetypes.output_format(arguments.output) == "native"
    saved = model if is_native else getattr(model, arguments.vectors)
    return outputs.finish(
        lambda: outputs.save(saved, arguments.output), report, finished, arguments
    )


def _loaded(arguments: argparse.Namespace) -> NodeEmbedding:
    """Load the model to continue with, whose training was stopped, or is done for this job."""
    model, options = load(arguments.resume), parameters_given(arguments)
    if isinstance(model, NodeEmbedding):
        resuming.check_fixed(arguments, model, options)
        if model.unfinished is not None or resuming.is_done(arguments, model, options):
            return model.set_params(workers=arguments.workers, progress=arguments.progress)
    raise ValueError(
        f"{arguments.resume} holds no training that was stopped; 'fastsgns nodes update' trains a "
        "model where its graph has changed"
    )
