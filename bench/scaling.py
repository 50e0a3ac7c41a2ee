"""``python -m bench scaling``: speed by workers, cost by tokens and by words of the vocabulary."""

import argparse
from typing import Any

from bench import growth, options, quality, workers
from fastsgns.runtime.console import say

EXAMPLES = """\
Three tables, of one epoch each. A side is a mode of fastsgns or "cbow", which the name of matrices
can follow, or "gensim" or "gensim cbow".

workers     thousand words of the text per second of wall-clock time, for 1, 2, 4, ... workers up to
            the cores of this process, or those of --workers. gensim reads the file in parallel
            (corpus_file). "x gensim" compares with gensim by the same algorithm with as many
            workers. "ns/word" is the CPU time of all threads per word, and grows if cores wait for
            the cache lines that other cores write. Threads are not pinned to cores. With more
            workers than cores the threads share cores, which the output says: such rows show
            quality and not speed. With --quality a second table has the scores at each number of
            workers, with standard errors over --seeds; in brackets, the difference from the
            smallest number in standard errors. For the scores gensim reads with LineSentence,
            because its corpus_file lowers the learning rate too slowly with several workers.
            Trainings whose scores are in --output are not repeated.
tokens      the text is encoded once and its ids are repeated, in a mapped temporary file in the
            cache folder (4 bytes per token). Only the length changes, and not the vocabulary, the
            mix of words or the subsampling. The new words of a longer text are the subject of the
            third table. The cost should stay within 15 %; the last line shows whether it does.
vocabulary  words drawn from Zipf's law with a seed, the same number of tokens for each size. Larger
            vocabularies also have more rare words, so that subsampling keeps more of the tokens.
            "ns/kept" is the time in kernels per token that was kept. It grows as the two matrices
            outgrow the caches, whose sizes come from sysfs. "in" is the smallest cache that can
            store both matrices. The rows of frequent words may still be in a smaller one.

In the last two tables "ns/token" is the CPU time of all threads per token, before subsampling drops
any. "kernels" is the part of it in train_chunk. The rest is Python and scheduling, and passes over
the matrices after each epoch, which matter more in a short epoch. The full run of tokens, to 500
million, takes minutes per side and 2 GB of disk; --tokens-to is for a shorter one.

examples:
  python -m bench scaling --tokens-to 1e7 --rounds 1
  python -m bench scaling wiki.txt --what workers --workers 1 2 4 8 16 --rounds 3
  python -m bench scaling wiki.txt --what workers --sides window "cbow tied+bias:word" gensim \\
      --quality --seeds 3 --output workers.json
  python -m bench scaling wiki.txt --what tokens --sides block --tokens-to 5e8
  python -m bench scaling --what vocabulary --types 1e4 1e5 1e6 --dim 300
"""
LONGEST = 500_000_000


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "scaling", help="speed by workers, cost by tokens and vocabulary", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    default = f"{', '.join(workers.SIDES)}; without workers: {', '.join(growth.SIDES)}"
    options.add_named_sides(parser, default)
    parser.add_argument(
        "--what", nargs="+", choices=TABLES, default=list(TABLES), help="tables (all)"
    )
    parser.add_argument("--rounds", type=options.positive, default=2, metavar="N", help="(2)")
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument(
        "--workers", type=options.positive, nargs="+", help="threads (1, 2, 4, ... up to the cores)"
    )
    parser.add_argument("--quality", action="store_true", help="scores by number of workers")
    quality.add_eval(parser)
    parser.add_argument("--seeds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--epochs", type=options.positive, default=3, help="for the scores (3)")
    parser.add_argument(
        "--tokens-to",
        type=options.positive,
        default=LONGEST,
        metavar="N",
        help="longest repetition (5e8)",
    )
    parser.add_argument(
        "--types",
        type=options.positive,
        nargs="+",
        default=[10_000, 30_000, 100_000, 300_000, 1_000_000],
        metavar="N",
        help="vocabularies (1e4 3e4 1e5 3e5 1e6)",
    )
    parser.add_argument(
        "--zipf-tokens", type=options.positive, default=5_000_000, metavar="N", help="(5e6)"
    )
    options.add_fastsgns(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    text, record = options.start(arguments, None)
    if "vocabulary" in arguments.what and max(arguments.types) > arguments.zipf_tokens:
        say(f"--zipf-tokens {arguments.zipf_tokens} is less than --types {max(arguments.types)}")
        return 1
    print(f"dim {arguments.dim}; text: {text}")
    for name in arguments.what:
        first = len(record.results)
        rendered = TABLES[name](arguments, text, record)
        print(f"\n{record.heading(record.results[first:])}\n\n{rendered}")
    print(f"\n{record.path}")
    return 0


TABLES = {
    "workers": workers.by_workers,
    "tokens": growth.by_tokens,
    "vocabulary": growth.by_vocabulary,
}
