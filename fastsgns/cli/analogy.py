"""``fastsgns analogy``: complete analogies."""

import argparse
from functools import partial

from fastsgns import KeyedVectors
from fastsgns.cli import inputs
from fastsgns.cli.answers import Query, answer, exit_code, input_lines
from fastsgns.cli.arguments import add_space, add_topn, add_vectors, check_space
from fastsgns.cli.parsers import Commands, add_command, utf8
from fastsgns.runtime.console import say
from fastsgns.vectors.spaces import SPACES

EXAMPLES = """\
examples:
  fastsgns analogy vectors.fastsgns man king woman      (man is to king as woman is to ?)
  fastsgns analogy vectors.fastsgns --positive king woman --negative man
  fastsgns analogy vectors.fastsgns < questions.txt     (three words per line)
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "complete 'a is to b as c is to ?'"
    parser = add_command(commands, "analogy", help, EXAMPLES, run)
    add_vectors(parser, "model")
    add_space(parser)
    parser.add_argument(
        "words", nargs="*", type=utf8, metavar="WORD", help="the three words a, b and c"
    )
    for flag, text in (
        ("--positive", "words to add, instead of a, b and c"),
        ("--negative", "words to subtract"),
    ):
        parser.add_argument(flag, nargs="+", type=utf8, default=[], metavar="WORD", help=text)
    parser.add_argument(
        "--mul", action="store_true", help="multiply similarities instead of adding them (3CosMul)"
    )
    add_topn(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the answers to each question; return 1 if each question has an unknown word."""
    has_query = arguments.positive or arguments.negative
    if has_query and arguments.words:
        arguments.usage("give three words, or --positive and --negative, not both")
    if arguments.words and len(arguments.words) != 3:
        arguments.usage(f"give three words a, b, c, not {len(arguments.words)}")
    check_space(arguments)
    if arguments.mul and arguments.space != SPACES[0]:
        arguments.usage("--mul has a --role, but not a --space")
    vectors = inputs.load_vectors(arguments)
    query: Query = partial(vectors.most_similar, topn=arguments.topn, space=arguments.space)
    if arguments.mul:
        query = partial(vectors.most_similar_cosmul, topn=arguments.topn)
    if has_query:
        return exit_code([answer(vectors, query, arguments.positive, arguments.negative)])
    asked = arguments.words
    questions = [asked] if asked else map(str.split, input_lines("a b c> "))
    return exit_code([_complete(vectors, query, words, not asked) for words in questions])


def _complete(vectors: KeyedVectors, query: Query, words: list[str], has_title: bool) -> bool:
    if len(words) != 3:
        say(f"three words are needed, not {len(words)}: {' '.join(words)}")
        return False
    a, b, c = words
    return answer(vectors, query, [b, c], [a], f"{a} : {b} = {c} : ?" if has_title else None)
