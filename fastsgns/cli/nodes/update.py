"""``fastsgns nodes update``: train a saved model where its graph has changed."""

import argparse
import time
from functools import partial

import numpy as np

from fastsgns.cli import filetypes, outputs, resuming, stopping
from fastsgns.cli.arguments import add_checkpoint, given, saving
from fastsgns.cli.nodes.graphs import add_graph, read_graph
from fastsgns.cli.nodes.models import add_model, load
from fastsgns.cli.parsers import Commands, UsageError, add_command, positive
from fastsgns.formats.files import local_path
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.models.links.growth import OLD_ROWS, old_row_factor
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.runtime.console import say

SCHEDULE = ("epochs", "old_rows")

EXAMPLES = """\
examples:
  fastsgns nodes update model.fastsgns edges.txt new-edges.txt -o newer.fastsgns
  fastsgns nodes update model.fastsgns edges-of-today.txt -o model.fastsgns --remove-missing
  fastsgns nodes update model.fastsgns edges.txt -o model.fastsgns --old-rows frozen

EDGES are those of the whole graph, old and new ones. They are compared with the edges that the
model knows. Nodes that are new get vectors, and training starts where edges were added or removed.
MODEL is one that 'fastsgns nodes train' saved, and can also be the output. If it holds an update
that was stopped, and EDGES, --epochs and --old-rows are the same or not given, that update
continues. A model whose first training was stopped is refused: 'fastsgns nodes train --resume'
continues it.
Ctrl-C, SIGTERM and SIGHUP stop early and save what has been learned so far.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "train a model where its graph has changed"
    parser = add_command(commands, "update", help, EXAMPLES, run)
    add_model(parser)
    add_graph(parser)
    parser.add_argument(
        "-o", "--output", required=True, type=local_path, metavar="FILE",
        help="file for the updated model",
    )  # fmt: skip
    parser.add_argument(
        "--old-rows", type=factor, metavar="HOW",
        help=f"{', '.join(OLD_ROWS)} or a number from 0 to 1: how much the vectors of old nodes "
        "move (default: free)",
    )  # fmt: skip
    parser.add_argument("--epochs", type=positive, metavar="N", help="passes (default: as trained)")
    parser.add_argument(
        "--remove-missing", action="store_true",
        help="remove the nodes of the model that have no edge in EDGES",
    )  # fmt: skip
    add_checkpoint(parser)


def run(arguments: argparse.Namespace) -> int:
    """Read the edges, update the model and save it; return 130, 143 or 129 if it was stopped."""
    how = saving(arguments)
    outputs.check(arguments.output, arguments.edges, None, arguments.model, arguments.checkpoint)
    if filetypes.output_format(arguments.output) != "native":
        raise UsageError(
            f"{arguments.output}: an updated model is written in the native format; give a name "
            "such as model.fastsgns, and then use 'fastsgns convert'"
        )
    model = load(arguments.model)
    if not isinstance(model, NodeEmbedding):
        raise UsageError(
            f"{arguments.model} is a {type(model).__name__}, which cannot be updated: train it "
            "again with 'fastsgns nodes train'"
        )
    if model.unfinished is not None and model.unfinished.call != "update":
        raise ValueError(
            f"{arguments.model} holds a training that was stopped, which an update would discard: "
            f"first continue it with 'fastsgns nodes train EDGES --resume {arguments.model}', on "
            "the edges that it began with"
        )
    graph = read_graph(arguments)
    if model.is_directed not in (None, graph.is_directed):
        advice = "leave out" if model.is_directed else "give"
        raise UsageError(
            f"{arguments.model} was trained {'without' if model.is_directed else 'with'} "
            f"--undirected: {advice} it here, too"
        )
    model.set_params(workers=arguments.workers, progress=arguments.progress)
    start = time.perf_counter()
    n_before = len(model.source)
    missing = [name for name in model.source.index_to_key if name not in graph.ids]
    if missing and not arguments.remove_missing:
        raise ValueError(
            f"{len(missing):,} nodes of the model, such as {missing[0]!r:.60}, have no edge in "
            "EDGES: give the whole graph, or --remove-missing"
        )
    continues = _continues(arguments, model, graph)
    if missing:
        model.remove(missing)
    call = model.resume if continues else partial(model.update, **given(arguments, SCHEDULE))
    train = partial(call, graph, **how)
    finished = stopping.trained(arguments, model, train)
    seconds = time.perf_counter() - start
    n_removed = len(missing) if arguments.remove_missing else 0
    n_new = len(model.source) - n_before + n_removed
    report = f"{graph!r}: {n_new:,} new nodes, {n_removed:,} removed, {seconds:.1f} s"
    return outputs.finish(
        lambda: outputs.save(model, arguments.output, "native"), report, finished, arguments
    )


def _continues(arguments: argparse.Namespace, model: NodeEmbedding, graph: DirectedGraph) -> bool:
    """Return whether to continue an update that was stopped; say so if something prevents it."""
    if model.unfinished is None:
        return False
    if changed := _changed(arguments, model, graph):
        say(f"{arguments.model} holds an update that was stopped, with {changed}: a new one begins")
    return not changed


def _changed(arguments: argparse.Namespace, model: NodeEmbedding, graph: DirectedGraph) -> str:
    """Return what differs from the update that was stopped; empty if it can be continued."""
    n_edges = model.unfinished.n_units if model.unfinished else 0
    if n_edges != graph.n_edges or list(graph.names) != model.source.index_to_key:
        return "other EDGES"
    locks = model.rest.locks.sources  # float32
    old_rows = 1.0 if locks is None else float(locks.min())
    schedule = given(arguments, SCHEDULE)
    if arguments.old_rows is not None:
        schedule["old_rows"] = float(np.float32(arguments.old_rows))
    stored = argparse.Namespace(unfinished=model.unfinished, old_rows=old_rows)
    changed = resuming.others(stored, schedule)
    options = ", ".join(arguments.option(*item) for item in changed.items())
    return options and f"other values of {options}"


def factor(text: str) -> float:
    """Parse `--old-rows`, for argparse.

    Examples
    --------
    >>> factor("damped"), factor("0.25")
    (0.1, 0.25)
    """
    try:
        return old_row_factor(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
