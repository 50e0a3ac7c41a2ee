"""``fastsgns vocab``: the words of a text and their counts."""

import argparse
from itertools import islice

from fastsgns.cli import filetypes, inputs, outputs, streams
from fastsgns.cli.arguments import add_inputs
from fastsgns.cli.parsers import Commands, add_command, positive
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

Each line of the output is a word, a tab and its count, the most frequent word first. The suffix of
the output is .tsv, .txt, .vocab or none, each also with .gz, .bz2 or .xz, which compress.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    parser = add_command(commands, "vocab", "count the words of a text", EXAMPLES, run)
    add_inputs(parser)
    parser.add_argument(
        "-o", "--output", type=local_path, default=streams.STDIO, metavar="FILE",
        help="output file (default: standard output)",
    )  # fmt: skip
    parser.add_argument(
        "--min-count", type=int, default=1, metavar="N",
        help="ignore words that occur less often (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--max-vocab", type=positive, metavar="N", help="only the N most frequent words"
    )


def run(arguments: argparse.Namespace) -> int:
    """Count, sort and print."""
    outputs.check_distinct(arguments.output, arguments.inputs)
    if arguments.output != streams.STDIO:
        filetypes.check_suffix(arguments.output, SUFFIXES, "a word and its count per line")
        writing.check_writable(arguments.output)
    raw = inputs.count(arguments)
    if not raw.total:
        raise EmptyCorpusError("the corpus is empty: there is not a single token in it")
    words = select(raw, min_count=arguments.min_count).vocabulary
    lines = (f"{word}\t{count}\n" for word, count in zip(words.words, words.counts.tolist()))
    with streams.output(arguments.output) as file:
        file.writelines(line.encode() for line in islice(lines, arguments.max_vocab))
    return 0
