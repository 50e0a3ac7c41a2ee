"""``fastsgns vocab``: the words of a text and how often each occurs."""

import argparse
from itertools import islice

from fastsgns.cli import filetypes, sources, streams
from fastsgns.cli.arguments import add_command, add_inputs, positive
from fastsgns.corpus.selection import select
from fastsgns.errors import EmptyCorpusError
from fastsgns.formats import writing
from fastsgns.formats.files import local_path

SUFFIXES = (".tsv", ".txt", ".vocab", "")
EXAMPLES = """\
examples:
  fastsgns vocab corpus.txt | head
  fastsgns vocab corpus.txt.gz --min-count 5 -o words.tsv
  zcat logs.gz | fastsgns vocab - --max-vocab 1000

A line is a word, a tab and its count; the most frequent come first. The
suffix of the output is .tsv, .txt, .vocab or none, each also with .gz, .bz2
or .xz, which compress.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(commands, "vocab", "count the words of a text", EXAMPLES, run)
    add_inputs(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=local_path,
        default=streams.STDIO,
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
    sources.check_distinct(arguments.output, arguments.inputs)
    if arguments.output != streams.STDIO:
        filetypes.check_suffix(arguments.output, SUFFIXES, "a word and its count per line")
        writing.check_writable(arguments.output)
    raw = sources.count(arguments.inputs, arguments.workers, arguments.errors, arguments.progress)
    if not raw.total:
        raise EmptyCorpusError("the corpus is empty: there is not a single token in it")
    kept = select(raw, min_count=arguments.min_count).vocabulary
    lines = (f"{word}\t{count}\n" for word, count in zip(kept.words, kept.counts.tolist()))
    with streams.output(arguments.output) as file:
        file.writelines(line.encode() for line in islice(lines, arguments.max_vocab))
    return 0
