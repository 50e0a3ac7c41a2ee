"""``fastsgns glove``: text or counts in, vectors out."""

import argparse
import time
from typing import Any

from fastsgns import GloVe
from fastsgns.cli import filetypes, sources
from fastsgns.cli.arguments import UsageError, add_command, add_inputs, add_output, positive
from fastsgns.cooccurrence.counts import SIDES, WEIGHTINGS, Cooccurrences
from fastsgns.formats.files import local_path
from fastsgns.runtime.console import INTERRUPTED, short

TRAINING = ("x_max", "exponent", "alpha", "epochs")
COUNTING = ("window", "min_count", "max_final_vocab", "weighting", "sides")
OPTIONS = {"vector_size": "--dim", "max_final_vocab": "--max-vocab", "matrices": "--tied"}
COUNTS = "cooccurrences"
EXAMPLES = """\
examples:
  fastsgns glove corpus.txt -o vectors.fastsgns --dim 200 --epochs 50
  fastsgns glove corpus.txt -o vectors.txt.gz --tied
  fastsgns glove corpus.txt -o model.fastsgns --save-counts counts.fastsgns
  fastsgns glove counts.fastsgns -o small.fastsgns --dim 50
  fastsgns glove counts.fastsgns --resume model.fastsgns -o model.fastsgns --epochs 10
  fastsgns glove counts.fastsgns -o contexts.txt --vectors output

The suffix of the output says the format: .txt and .vec (word2vec text), .bin (word2vec binary),
.fastsgns, .model and no suffix (the native format), each also with .gz, .bz2 or .xz. The native
format alone keeps both matrices and can be resumed. Ctrl-C stops early and saves what has been
learnt so far.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(
        commands, "glove", "learn word vectors from counts of neighbours (GloVe)", EXAMPLES, run
    )
    add_inputs(parser)
    add_output(parser)
    parser.add_argument(
        "--save-counts",
        type=local_path,
        metavar="FILE",
        help="keep the counts, to be given as INPUT later without reading the text",
    )
    parser.add_argument(
        "--resume",
        type=local_path,
        metavar="MODEL",
        help="train this saved model on, with its own words and settings",
    )
    parser.add_argument(
        "--vectors",
        choices=("sum", "input", "output"),
        default="sum",
        help="what other formats than the native one get: W + W~, W of the words, or W~ of their "
        "contexts (sum)",
    )
    _add_counting(parser)
    _add_model(parser)


def _add_counting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the counts")
    for names, text in (
        ("--window", "how far a context word may be from its focus word (10)"),
        ("--min-count", "leave out words seen less often (5)"),
        ("--max-vocab", "keep at most so many words (all)"),
    ):
        dest = {"--max-vocab": "max_final_vocab"}.get(names)
        extra: dict[str, Any] = {} if dest is None else {"dest": dest}
        group.add_argument(names, type=positive, metavar="N", help=text, **extra)
    group.add_argument(
        "--weighting",
        choices=WEIGHTINGS,
        help="what a pair at distance s of a window w counts: 1 / s, 1, (w - s + 1) / w (harmonic)",
    )
    group.add_argument("--sides", choices=SIDES, help="which neighbours are contexts (both)")


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the model")
    group.add_argument(
        "--tied",
        dest="matrices",
        action="store_const",
        const="tied",
        help="one matrix serves words and contexts; half the memory",
    )
    group.add_argument(
        "--dim", "--vector-size", dest="vector_size", type=positive, metavar="N",
        help="length of a vector (100)",
    )  # fmt: skip
    group.add_argument("--epochs", type=positive, metavar="N", help="passes over the counts (25)")
    for name, text in (
        ("--x-max", "counts from here on weigh 1, smaller ones less (100)"),
        ("--exponent", "smaller ones weigh (x / x-max) to this power (0.75)"),
        ("--alpha", "learning rate (0.05)"),
    ):
        group.add_argument(name, type=float, metavar="N", help=text)
    group.add_argument(
        "--seed", type=int, metavar="N", help="same seed and --workers 1: same vectors (1)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Count, train and save; 130 if it was stopped early."""
    given = _given(arguments)
    if arguments.resume and set(given) - set(TRAINING):
        names = ", ".join(_option(name) for name in given if name not in TRAINING)
        arguments.usage(f"{names}: fixed by the model given with --resume")
    kept = arguments.save_counts
    sources.check_distinct(arguments.output, [*arguments.inputs, kept])
    sources.check_distinct(kept, [*arguments.inputs, arguments.resume])
    sources.check_writable(arguments.output)
    sources.check_kept(kept)
    model = _resumed(arguments, given) if arguments.resume else _new(arguments, given)
    counts = _counts(arguments, model, given)
    if kept:
        counts.save(kept)
    start = time.perf_counter()
    finished = True
    try:
        model.train(counts)
    except KeyboardInterrupt:
        finished = False
    seconds = time.perf_counter() - start
    if model.vocabulary is None:
        return INTERRUPTED
    report = _report(model, counts, seconds)
    return sources.finish(lambda: _save(model, arguments), report, finished, arguments)


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    values = {
        name: getattr(arguments, name)
        for name in ("vector_size", "matrices", "seed", *COUNTING, *TRAINING)
    }
    return {name: value for name, value in values.items() if value is not None}


def _option(name: str) -> str:
    """Name a hyper-parameter as the command line does."""
    return OPTIONS.get(name, "--" + name.replace("_", "-"))


def _new(arguments: argparse.Namespace, given: dict[str, Any]) -> GloVe:
    try:
        return GloVe(**given, workers=arguments.workers, progress=arguments.progress)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error)) from None


def _resumed(arguments: argparse.Namespace, given: dict[str, Any]) -> GloVe:
    model = GloVe.load(arguments.resume)
    for name, value in given.items():
        setattr(model, name, value)
    model.workers, model.progress = arguments.workers, arguments.progress
    return model


def _counts(arguments: argparse.Namespace, model: GloVe, given: dict[str, Any]) -> Cooccurrences:
    """Load the counts, or count a text."""
    inputs = arguments.inputs
    if len(inputs) > 1 or filetypes.kind(inputs[0]) != COUNTS:
        corpus = sources.open_corpus(
            inputs, arguments.workers, arguments.errors, arguments.progress
        )
        return model.count(corpus)
    if fixed := [_option(name) for name in COUNTING if name in given]:
        arguments.usage(f"{', '.join(fixed)}: fixed by the counts in {inputs[0]}")
    return Cooccurrences.load(inputs[0])


def _save(model: GloVe, arguments: argparse.Namespace) -> None:
    path = arguments.output
    is_native = filetypes.output_format(path) == "native"
    vectors = {"sum": model.wv, "input": model.input, "output": model.output}[arguments.vectors]
    sources.save(model if is_native else vectors, path)


def _report(model: GloVe, counts: Cooccurrences, seconds: float) -> str:
    parts = [
        f"{len(model.wv):,} words of {model.vector_size} dimensions",
        f"{short(len(counts))} cells",
        f"{seconds:.1f} s",
    ]
    if model.epoch_losses:
        parts.append(f"loss {model.epoch_losses[-1]:.5f}")
    return ", ".join(parts)
