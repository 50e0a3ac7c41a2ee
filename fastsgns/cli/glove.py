"""``fastsgns glove``: train GloVe vectors on text or on counts."""

import argparse
import time
from functools import partial
from typing import Any

from fastsgns import GloVe
from fastsgns.cli import filetypes, inputs, outputs, resuming, stopping
from fastsgns.cli.arguments import (
    FORMATS,
    Option,
    add_deterministic,
    add_inputs,
    add_output,
    add_parameters,
    add_resume,
    given,
    saving,
    shared,
)
from fastsgns.cli.parsers import Commands, add_command, positive, usage_errors
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.cooccurrence.windows import SIDES, WEIGHTINGS
from fastsgns.formats.files import local_path
from fastsgns.runtime.console import short

COUNTS = "cooccurrences"
EXAMPLES = f"""\
examples:
  fastsgns glove corpus.txt -o vectors.fastsgns --dim 200 --epochs 50
  fastsgns glove corpus.txt -o vectors.txt.gz --tied
  fastsgns glove corpus.txt -o model.fastsgns --save-counts counts.fastsgns
  fastsgns glove counts.fastsgns -o small.fastsgns --dim 50
  fastsgns glove counts.fastsgns --resume model.fastsgns -o model.fastsgns --epochs 10
  fastsgns glove counts.fastsgns -o contexts.txt --vectors output
  fastsgns glove counts.fastsgns -o model.fastsgns --checkpoint part.fastsgns --every 10min
  fastsgns glove counts.fastsgns -o model.fastsgns --resume part.fastsgns
  fastsgns glove corpus.txt -o vectors.fastsgns --workers 16 --deterministic

{FORMATS}\
Only the native format keeps both matrices and can be resumed.
Ctrl-C, SIGTERM and SIGHUP stop early and save what has been learned so far.
"""
COUNTING = shared("window", "min_count", "max_final_vocab") | {
    "weighting": Option(
        "--weighting", WEIGHTINGS,
        "weight of a pair at distance s in a window w: 1 / s (harmonic), 1 (flat), or "
        "(w - s + 1) / w (linear)",
    ),
    "sides": Option("--sides", SIDES, "sides of a word to take context words from"),
}  # fmt: skip
MODEL = shared("vector_size", "seed")
TRAINING = {
    "epochs": Option("--epochs", positive, "passes over the counts"),
    "x_max": Option("--x-max", float, "pairs with this count or more have the weight 1"),
    "exponent": Option("--exponent", float, "smaller counts x have the weight (x / x-max)^N"),
    "alpha": Option("--alpha", float, "learning rate"),
}


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "train word vectors on counts of co-occurring words (GloVe)"
    parser = add_command(commands, "glove", help, EXAMPLES, run)
    add_inputs(parser, "one saved corpus, or saved counts")
    add_output(parser)
    parser.add_argument(
        "--save-counts", type=local_path, metavar="FILE",
        help="also save the counts; give them as INPUT later to skip counting the text",
    )  # fmt: skip
    add_resume(parser)
    parser.add_argument(
        "--vectors", choices=("sum", "input", "output"), default="sum",
        help="vectors to write in formats other than the native one: input vectors, output "
        "vectors, or their sum (default: %(default)s)",
    )  # fmt: skip
    add_parameters(parser.add_argument_group("the counts"), GloVe, COUNTING)
    group = parser.add_argument_group("the model")
    group.add_argument(
        "--tied", dest="matrices", action="store_const", const="tied",
        help="one vector per word in both roles; half the memory",
    )  # fmt: skip
    add_deterministic(group)
    add_parameters(group, GloVe, MODEL | TRAINING)


def run(arguments: argparse.Namespace) -> int:
    """Count, train and save; return 130, 143 or 129 if training was stopped."""
    options = given(arguments, ("matrices", "deterministic", *MODEL, *COUNTING, *TRAINING))
    counts_path, how = arguments.save_counts, saving(arguments)
    outputs.check(
        arguments.output, arguments.inputs, counts_path, arguments.resume, arguments.checkpoint
    )
    model = _loaded(arguments, options) if arguments.resume else _new(arguments, options)
    continues = False
    if arguments.resume:
        if resuming.is_done(arguments, model, options):
            report = "no epoch was trained"
            return outputs.finish(lambda: _save(model, arguments), report, True, arguments)
        continues = resuming.continues(arguments, model, options)
        _set(arguments, model, {} if continues else options)
    counts = _counts(arguments, model, options)
    if counts_path:
        counts.save(counts_path)
    start = time.perf_counter()
    if continues:
        remedy = "begin a new training with other --epochs"
        resuming.check_same(arguments, model.unfinished, len(counts), "cells", remedy)
    train = partial(model.resume if continues else model.train, counts, **how)
    finished = stopping.trained(arguments, model, train)
    seconds = time.perf_counter() - start
    report = _report(model, counts, seconds)
    return outputs.finish(lambda: _save(model, arguments), report, finished, arguments)


def _new(arguments: argparse.Namespace, options: dict[str, Any]) -> GloVe:
    with usage_errors():
        return GloVe(**options, workers=arguments.workers, progress=arguments.progress)


def _loaded(arguments: argparse.Namespace, options: dict[str, Any]) -> GloVe:
    """Load the model to continue with, and check that it has the options of the model."""
    model = GloVe.load(arguments.resume)
    resuming.check_fixed(arguments, model, options, TRAINING)
    return model


def _set(arguments: argparse.Namespace, model: GloVe, options: dict[str, Any]) -> None:
    """Set the options of the training, and those that no file has, of a loaded model."""
    for name, value in options.items():
        setattr(model, name, value)
    model.workers, model.progress = arguments.workers, arguments.progress


def _counts(arguments: argparse.Namespace, model: GloVe, options: dict[str, Any]) -> Cooccurrences:
    """Load the counts, or count a text."""
    paths = arguments.inputs
    if len(paths) > 1 or filetypes.kind(paths[0]) != COUNTS:
        return model.count(inputs.open_corpus(arguments))
    if fixed := [arguments.option(*item) for item in options.items() if item[0] in COUNTING]:
        arguments.usage(f"{', '.join(fixed)}: fixed by the counts in {paths[0]}")
    return Cooccurrences.load(paths[0])


def _save(model: GloVe, arguments: argparse.Namespace) -> None:
    path = arguments.output
    is_native = filetypes.output_format(path) == "native"
    vectors = {"sum": model.wv, "input": model.input, "output": model.output}[arguments.vectors]
    outputs.save(model if is_native else vectors, path)


def _report(model: GloVe, counts: Cooccurrences, seconds: float) -> str:
    parts = [
        f"{len(model.wv):,} words of {model.vector_size} dimensions",
        f"{short(len(counts))} cells",
        f"{seconds:.1f} s",
    ]
    if model.epoch_losses:
        parts.append(f"loss {model.epoch_losses[-1]:.5f}")
    return ", ".join(parts)
