"""``fastsgns ppmi``: text in, vectors by counting and SVD out."""

import argparse
import time

from fastsgns.cli import sources
from fastsgns.cli.arguments import UsageError, add_command, add_inputs, add_output, positive
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors
from fastsgns.runtime.console import say

EXAMPLES = """\
examples:
  fastsgns ppmi corpus.txt -o vectors.fastsgns
  fastsgns ppmi corpus.txt -o vectors.txt.gz --dim 300 --window 2 --shift 5
  fastsgns ppmi corpus.fastsgns -o vectors.bin --weight 0
  fastsgns nn vectors.fastsgns matrix

Words and contexts are counted, each pair gets its positive pointwise mutual information, and the
matrix of pairs is reduced by a truncated SVD: U S^p for words, V S^(1 - p) for contexts. Nothing
is learnt by steps, and no learning rate has to be found. The native format keeps both matrices; the
suffixes .txt, .vec and .bin (each also with .gz, .bz2, .xz) mean word2vec's formats and the words.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(commands, "ppmi", "make word vectors by counting and SVD", EXAMPLES, run)
    add_inputs(parser)
    add_output(parser)
    counting = parser.add_argument_group("what is counted")
    counting.add_argument(
        "--window",
        type=positive,
        default=5,
        metavar="N",
        help="how far a context word may be from its focus word (%(default)s)",
    )
    counting.add_argument(
        "--weighting",
        choices=("linear", "flat", "harmonic"),
        default="linear",
        help="what a pair counts by its distance s in a window w: (w - s + 1) / w as word2vec's "
        "on average, 1, or 1 / s (%(default)s)",
    )
    counting.add_argument(
        "--min-count",
        type=int,
        default=5,
        metavar="N",
        help="leave out words seen less often (%(default)s)",
    )
    counting.add_argument(
        "--max-vocab", type=positive, metavar="N", help="keep at most so many words (all)"
    )
    _add_factorisation(parser)


def _add_factorisation(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what is made of it")
    group.add_argument(
        "--smoothing",
        type=float,
        default=0.75,
        metavar="N",
        help="contexts count by their frequency to this power; 1 for plain PMI (%(default)s)",
    )
    group.add_argument(
        "--shift",
        type=float,
        default=1.0,
        metavar="K",
        help="subtract log K, as skip-gram with K negatives does; 1 for not (%(default)s)",
    )
    group.add_argument(
        "--dim",
        "--vector-size",
        dest="vector_size",
        type=positive,
        default=100,
        metavar="N",
        help="length of a vector (%(default)s)",
    )
    group.add_argument(
        "--weight",
        type=float,
        default=0.5,
        metavar="P",
        help="power of the singular values in the words' vectors, 0 to 1; 1 is worst (%(default)s)",
    )
    group.add_argument(
        "--seed", type=int, default=1, metavar="N", help="of the SVD's random start (%(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Count, factorise and save."""
    _check(arguments)
    sources.check_distinct(arguments.output, arguments.inputs)
    sources.check_writable(arguments.output)
    start = time.perf_counter()
    corpus = sources.open_corpus(
        arguments.inputs, arguments.workers, arguments.errors, arguments.progress
    )
    ppmi = PPMI(
        corpus,
        window=arguments.window,
        weighting=arguments.weighting,
        min_count=arguments.min_count,
        max_final_vocab=arguments.max_vocab,
        smoothing=arguments.smoothing,
        shift=arguments.shift,
        workers=arguments.workers,
        progress=arguments.progress,
    )
    size = arguments.vector_size
    if size > len(ppmi):
        raise ValueError(f"--dim {size} of {len(ppmi)} words: lower --dim or --min-count")
    vectors = SVDVectors(
        ppmi, size, arguments.weight, seed=arguments.seed, progress=arguments.progress
    )
    sources.save(vectors, arguments.output)
    if arguments.progress is not False:
        say(
            f"{len(ppmi):,} words of {size} dimensions from {ppmi.matrix.nnz:,} pairs, "
            f"{time.perf_counter() - start:.1f} s\nsaved to {arguments.output}"
        )
    return 0


def _check(arguments: argparse.Namespace) -> None:
    for name in ("smoothing", "weight"):
        value = getattr(arguments, name)
        if not 0 <= value <= 1:
            raise UsageError(f"--{name} is {value}; allowed are numbers from 0 to 1")
    if not 0 < arguments.shift < float("inf"):
        raise UsageError(f"--shift is {arguments.shift}; allowed are finite numbers above 0")
    if arguments.min_count < 0:
        raise UsageError(f"--min-count is {arguments.min_count}; allowed are 0, 1, 2, ...")
