"""``fastsgns nn``: the nearest words to a word."""

import argparse
from functools import partial

from fastsgns.cli import inputs
from fastsgns.cli.answers import answer, exit_code, input_lines
from fastsgns.cli.arguments import add_space, add_topn, add_vectors, check_space
from fastsgns.cli.parsers import Commands, add_command, utf8

EXAMPLES = """\
examples:
  fastsgns nn vectors.fastsgns matrix
  fastsgns nn GoogleNews-vectors.bin.gz -n 3 Paris London
  fastsgns nn glove.6B.50d.txt.gz --no-header paris
  fastsgns nn model.fastsgns yale --space in-out
  fastsgns nn model.fastsgns yale --role sum
  cut -f1 words.tsv | fastsgns nn vectors.txt
  fastsgns nn vectors.fastsgns          (prompts for words, until an empty line)
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    parser = add_command(commands, "nn", "list the nearest words to a word", EXAMPLES, run)
    add_vectors(parser, "model")
    add_space(parser)
    parser.add_argument(
        "words", nargs="*", type=utf8, metavar="WORD",
        help="words (default: from a prompt, or one per line of standard input)",
    )  # fmt: skip
    add_topn(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the neighbours of each word; return 1 if all words are unknown."""
    check_space(arguments)
    vectors = inputs.load_vectors(arguments)
    query = partial(vectors.most_similar, topn=arguments.topn, space=arguments.space)
    has_titles = len(arguments.words) != 1
    words = arguments.words or (line.strip() for line in input_lines("word> "))
    return exit_code(
        [answer(vectors, query, [word], title=word if has_titles else None) for word in words]
    )
