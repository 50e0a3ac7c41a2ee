"""``python -m bench ppmi``: the quality of explicit PPMI vectors and of their SVD."""

import argparse
import time
from pathlib import Path
from typing import Any

from bench import options
from bench.child import ANALOGY_WORDS
from bench.corpus import data_folder
from bench.quality import SETS, evaluation_sets
from fastsgns.cooccurrence.counts import Cooccurrences
from fastsgns.corpus.encoded import EncodedCorpus
from fastsgns.corpus.selection import select
from fastsgns.models.ppmi.model import PPMI
from fastsgns.models.ppmi.svd import SVDVectors
from fastsgns.runtime.console import say

EXAMPLES = """\
Count once. For each shift, evaluate the explicit vectors, and their SVD for each weight of the
singular values. The scores are Spearman correlations with human ratings, and the share of Google's
analogies that are answered correctly among the 30,000 most frequent words. The table is Markdown.

examples:
  python -m bench ppmi wiki17m.txt.xz --eval eval/
  python -m bench ppmi wiki17m.txt.xz --eval eval/ --shift 1 --weight 0.5 --dim 300
"""


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser("ppmi", help="PPMI and its SVD", epilog=EXAMPLES, **common)
    parser.add_argument("corpus", help="text file, one sentence per line")
    parser.add_argument("--eval", type=Path, default=data_folder() / "eval", metavar="DIR")
    parser.add_argument("--shift", type=float, nargs="+", default=[1, 5], help="(1 5)")
    parser.add_argument("--weight", type=float, nargs="+", default=[0, 0.5, 1], help="(0 0.5 1)")
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument("--window", type=options.positive, default=5, help="(5)")
    parser.add_argument("--smoothing", type=float, default=0.75, help="(0.75)")
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Count, evaluate, and print one row at a time."""
    sets = evaluation_sets(arguments.eval)
    start = time.perf_counter()
    least = arguments.min_count
    corpus = EncodedCorpus.from_files(arguments.corpus, lambda raw: select(raw, least).vocabulary)
    counts = Cooccurrences.from_corpus(corpus, window=arguments.window, weighting="linear")
    say(f"{counts}, {time.perf_counter() - start:.1f} s")
    titles = [SETS[name][0] for name in sets]
    print("| shift | vectors | " + " | ".join(titles) + " | cells or seconds |")
    print("|---|---|" + "---:|" * (len(sets) + 1))
    for shift in arguments.shift:
        ppmi = PPMI.from_counts(counts, arguments.smoothing, shift)
        show(shift, "explicit", ppmi, sets, f"{ppmi.matrix.nnz:,}")
        start = time.perf_counter()
        svd = SVDVectors(ppmi, arguments.dim, progress=False)
        seconds = f"{time.perf_counter() - start:.1f} s"
        for weight in arguments.weight:
            weighted = svd.weighted(weight)
            show(shift, f"SVD, W, p = {weight}", weighted.wv, sets, seconds)
            if weight == 0.5:
                show(shift, f"SVD, C, p = {weight}", weighted.output, sets, seconds)
    return 0


def show(shift: float, name: str, vectors: Any, sets: dict[str, str], beside: str) -> None:
    """Print a row of the table."""
    scores = [f"{score(vectors, kind, path):.3f}" for kind, path in sets.items()]
    print(f"| {shift:g} | {name} | " + " | ".join(scores) + f" | {beside} |", flush=True)


def score(vectors: Any, kind: str, path: str) -> float:
    """Evaluate vectors on one set."""
    if kind == "analogies":
        return float(vectors.evaluate_word_analogies(path, restrict_vocab=ANALOGY_WORDS)[0])
    return float(vectors.evaluate_word_pairs(path)[1].statistic)
