"""``fastsgns vocab``: the words of a text and how often each occurs."""

import argparse
import contextlib
import sys

from fastsgns.cli import sources
from fastsgns.cli.arguments import add_command, add_inputs, positive
from fastsgns.corpus.vocabulary import select

EXAMPLES = """\
examples:
  fastsgns vocab corpus.txt | head
  fastsgns vocab corpus.txt.gz --min-count 5 -o words.tsv
  zcat logs.gz | fastsgns vocab - --max-vocab 1000

A line is a word, a tab and its count; the most frequent come first.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(commands, "vocab", "count the words of a text", EXAMPLES, run)
    add_inputs(parser)
    parser.add_argument(
        "-o",
        "--output",
        default=sources.STDIO,
        metavar="FILE",
        help="where to (default: standard output)",
    )
    parser.add_argument(
        "--min-count",
        type=int,
        default=1,
        metavar="N",
        help="leave out words seen less often (default: %(default)s)",
    )
    parser.add_argument(
        "--max-vocab", type=positive, metavar="N", help="only the N most frequent words"
    )


def run(arguments: argparse.Namespace) -> int:
    """Count, sort and print."""
    sources.check_writable(arguments.output)
    raw = sources.count(arguments.inputs, arguments.workers, arguments.errors, arguments.progress)
    kept = select(raw, min_count=arguments.min_count).vocabulary
    lines = (f"{word}\t{count}" for word, count in zip(kept.words, kept.counts.tolist()))
    with contextlib.ExitStack() as stack:
        stream = sys.stdout
        if arguments.output != sources.STDIO:
            stream = stack.enter_context(open(arguments.output, "w", encoding="utf-8"))
        for _, line in zip(range(arguments.max_vocab or len(kept.words)), lines):
            print(line, file=stream)
    return 0
