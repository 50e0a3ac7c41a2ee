"""``fastsgns nn`` and ``fastsgns analogy``: questions to vectors."""

import argparse
import difflib
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from fastsgns import KeyedVectors
from fastsgns.cli import sources
from fastsgns.cli.arguments import (
    add_command,
    add_space,
    add_vectors,
    check_space,
    positive,
    utf8,
)
from fastsgns.runtime.console import say, show, table
from fastsgns.vectors.spaces import SPACES

Ask = Callable[..., Any]

N_SPELLINGS = 100_000  # so many of the most frequent words are looked through for a spelling
NN_EXAMPLES = """\
examples:
  fastsgns nn vectors.fastsgns matrix
  fastsgns nn GoogleNews-vectors.bin.gz -n 3 Paris London
  fastsgns nn glove.6B.50d.txt.gz --no-header paris
  fastsgns nn model.fastsgns yale --space in-out
  fastsgns nn model.fastsgns yale --role sum
  cut -f1 words.tsv | fastsgns nn vectors.txt
  fastsgns nn vectors.fastsgns          (asks for words, until an empty line)
"""
ANALOGY_EXAMPLES = """\
examples:
  fastsgns analogy vectors.fastsgns man king woman      (man is to king as woman is to ?)
  fastsgns analogy vectors.fastsgns --positive king woman --negative man
  fastsgns analogy vectors.fastsgns < questions.txt     (three words a line)
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare both sub-commands."""
    parser = add_command(commands, "nn", "list the nearest words to a word", NN_EXAMPLES, run_nn)
    add_vectors(parser, "model", "vectors or a model")
    add_space(parser)
    parser.add_argument(
        "words",
        nargs="*",
        type=utf8,
        metavar="WORD",
        help="words to ask for (default: asked for, or a word a line of input)",
    )
    _add_topn(parser)
    parser = add_command(
        commands, "analogy", "complete 'a is to b as c is to ?'", ANALOGY_EXAMPLES, run_analogy
    )
    add_vectors(parser, "model", "vectors or a model")
    add_space(parser)
    parser.add_argument(
        "words", nargs="*", type=utf8, metavar="WORD", help="the three words a, b and c"
    )
    parser.add_argument(
        "--positive",
        nargs="+",
        type=utf8,
        default=[],
        metavar="WORD",
        help="words to add, in place of a, b and c",
    )
    parser.add_argument(
        "--negative",
        nargs="+",
        type=utf8,
        default=[],
        metavar="WORD",
        help="words to subtract",
    )
    parser.add_argument(
        "--mul", action="store_true", help="multiply similarities instead of adding them (3CosMul)"
    )
    _add_topn(parser)


def _add_topn(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-n",
        "--topn",
        type=positive,
        default=10,
        metavar="N",
        help="how many answers (default: %(default)s)",
    )


def run_nn(arguments: argparse.Namespace) -> int:
    """Neighbours of each word; 1 if none of them is known."""
    check_space(arguments)
    vectors = sources.load_given(arguments)
    ask = partial(vectors.most_similar, topn=arguments.topn, space=arguments.space)
    titled = len(arguments.words) != 1
    asked = arguments.words or (line.strip() for line in _lines("word> "))
    answers = [_answer(vectors, ask, [word], [], word if titled else None) for word in asked]
    return 0 if any(answers) or not answers else 1


def run_analogy(arguments: argparse.Namespace) -> int:
    """Answers to each question; 1 if none of them has only known words."""
    query = arguments.positive or arguments.negative
    if query and arguments.words:
        arguments.usage("give three words, or --positive and --negative, not both")
    if arguments.words and len(arguments.words) != 3:
        arguments.usage(f"three words a, b, c are wanted, not {len(arguments.words)}")
    check_space(arguments)
    if arguments.mul and arguments.space != SPACES[0]:
        arguments.usage("--mul takes a --role, not a --space")
    vectors = sources.load_given(arguments)
    ask: Ask = partial(vectors.most_similar, topn=arguments.topn, space=arguments.space)
    if arguments.mul:
        ask = partial(vectors.most_similar_cosmul, topn=arguments.topn)
    if query:
        return 0 if _answer(vectors, ask, arguments.positive, arguments.negative) else 1
    asked = [arguments.words] if arguments.words else map(str.split, _lines("a b c> "))
    answers = [_analogy(vectors, ask, words, titled=not arguments.words) for words in asked]
    return 0 if any(answers) or not answers else 1


def _analogy(vectors: KeyedVectors, ask: Ask, words: list[str], titled: bool) -> bool:
    if len(words) != 3:
        say(f"three words are wanted, not {len(words)}: {' '.join(words)}")
        return False
    a, b, c = words
    title = f"{a} : {b} = {c} : ?" if titled else None
    return _answer(vectors, ask, [b, c], [a], title)


def _answer(
    vectors: KeyedVectors,
    ask: Ask,
    positive: list[str],
    negative: list[str],
    title: str | None = None,
) -> bool:
    """Print a table of answers; False, with a message, if a word is unknown."""
    unknown = [word for word in positive + negative if word not in vectors]
    for word in unknown:
        say(_unknown(vectors, word))
    if unknown:
        return False
    if title:
        show(title)
    print(table(ask(positive=positive, negative=negative), indent=2), flush=True)
    return True


def _unknown(vectors: KeyedVectors, word: str) -> str:
    known = [str(key) for key in vectors.index_to_key[:N_SPELLINGS]]
    lowered = [word.lower()] if word.lower() in vectors else []
    close = dict.fromkeys(lowered + difflib.get_close_matches(word, known))
    hint = f"; close spellings: {', '.join(close)}" if close else ""
    return f"{word!r} is not among the {len(vectors):,} words{hint}"


def _lines(prompt: str) -> Iterator[str]:
    """Lines of input that are not blank; on a terminal, asked for until a blank one."""
    if not sys.stdin.isatty():
        yield from (line for line in sys.stdin if line.strip())
        return
    try:
        while line := input(prompt).strip():
            yield line
    except EOFError:
        print()
