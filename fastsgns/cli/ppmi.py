"""``fastsgns ppmi``: word vectors from counts by PPMI and SVD."""

import argparse
import time

from fastsgns import rules
from fastsgns.cli import inputs, outputs
from fastsgns.cli.arguments import (
    FORMATS,
    Option,
    add_inputs,
    add_output,
    add_parameters,
    given,
    shared,
)
from fastsgns.cli.parsers import Commands, add_command, usage_errors
from fastsgns.cooccurrence.windows import WEIGHTINGS
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.model import RULES as PPMI_RULES
from fastsgns.models.ppmi.svd import RULES as SVD_RULES
from fastsgns.models.ppmi.svd import SVDVectors

EXAMPLES = f"""\
examples:
  fastsgns ppmi corpus.txt -o vectors.fastsgns
  fastsgns ppmi corpus.txt -o vectors.txt.gz --dim 300 --window 2 --shift 5
  fastsgns ppmi corpus.fastsgns -o vectors.bin --weight 0
  fastsgns nn vectors.fastsgns matrix

Counts pairs of words and context words, computes the positive pointwise mutual information of each
pair, and factorizes this matrix by a truncated SVD U S V'. The vectors of words are U S^p, those of
context words V S^(1 - p). There are no epochs and no learning rate.

{FORMATS}\
The native format keeps both matrices, the others the vectors of words.
"""
COUNTING = shared("window", "min_count", "max_final_vocab") | {
    "weighting": Option(
        "--weighting", WEIGHTINGS,
        "weight of a pair at distance s in a window w: (w - s + 1) / w, the average of word2vec "
        "(linear), 1 (flat), or 1 / s (harmonic)",
    ),
    "smoothing": Option(
        "--smoothing", float,
        "exponent of the counts of context words in their probabilities; 1 for plain PMI",
    ),
    "shift": Option(
        "--shift", float, "subtract log N, as skip-gram with N negative samples does; 1 for none"
    ),
}  # fmt: skip
FACTORIZING = shared("vector_size", "seed") | {
    "weight": Option(
        "--weight",
        float,
        "p, the exponent of the singular values for words, 0 to 1; 1 (usual SVD) is the worst",
    )
}


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "compute word vectors from counts by PPMI and SVD"
    parser = add_command(commands, "ppmi", help, EXAMPLES, run)
    add_inputs(parser)
    add_output(parser)
    add_parameters(parser.add_argument_group("the counts and their PPMI"), PPMI, COUNTING)
    add_parameters(parser.add_argument_group("the vectors"), SVDVectors, FACTORIZING)


def run(arguments: argparse.Namespace) -> int:
    """Count, factorize and save."""
    counting, factorizing = given(arguments, COUNTING), given(arguments, FACTORIZING)
    with usage_errors():
        rules.checked(PPMI_RULES, counting)
        rules.checked(SVD_RULES, factorizing)
    outputs.check(arguments.output, arguments.inputs)
    start = time.perf_counter()
    corpus = inputs.open_corpus(arguments)
    ppmi = PPMI(corpus, workers=arguments.workers, progress=arguments.progress, **counting)
    if (size := factorizing.get("vector_size", 0)) > len(ppmi):
        raise ValueError(f"--dim {size} of {len(ppmi)} words: lower --dim or --min-count")
    vectors = SVDVectors(ppmi, progress=arguments.progress, **factorizing)
    report = (
        f"{len(ppmi):,} words of {vectors.vector_size} dimensions from {ppmi.matrix.nnz:,} pairs, "
        f"{time.perf_counter() - start:.1f} s"
    )
    return outputs.finish(lambda: outputs.save(vectors, arguments.output), report, True, arguments)
