"""``fastsgns nn`` and ``fastsgns analogy``: questions to vectors."""

import argparse
import difflib
import sys
from collections.abc import Iterator
from typing import Any

from fastsgns import KeyedVectors
from fastsgns.cli import sources
from fastsgns.cli.arguments import add_command, add_vectors, positive, utf8
from fastsgns.console import say, table

N_SPELLINGS = 100_000  # so many of the most frequent words are looked through for a spelling
NN_EXAMPLES = """\
examples:
  fastsgns nn vectors.fastsgns matrix
  fastsgns nn GoogleNews-vectors.bin.gz -n 3 Paris London
  fastsgns nn glove.6B.50d.txt.gz --no-header paris
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
    vectors = sources.load_given(arguments)
    titled = len(arguments.words) != 1
    asked = arguments.words or (line.strip() for line in _lines("word> "))
    answers = [
        _answer(vectors, [word], [], arguments.topn, title=word if titled else None)
        for word in asked
    ]
    return 0 if any(answers) or not answers else 1


def run_analogy(arguments: argparse.Namespace) -> int:
    """Answers to each question; 1 if none of them has only known words."""
    query = arguments.positive or arguments.negative
    if query and arguments.words:
        arguments.usage("give three words, or --positive and --negative, not both")
    if arguments.words and len(arguments.words) != 3:
        arguments.usage(f"three words a, b, c are wanted, not {len(arguments.words)}")
    vectors = sources.load_given(arguments)
    if query:
        answered = _answer(
            vectors, arguments.positive, arguments.negative, arguments.topn, multiply=arguments.mul
        )
        return 0 if answered else 1
    asked = [arguments.words] if arguments.words else map(str.split, _lines("a b c> "))
    answers = [_analogy(vectors, words, arguments, titled=not arguments.words) for words in asked]
    return 0 if any(answers) or not answers else 1


def _analogy(
    vectors: KeyedVectors, words: list[str], arguments: argparse.Namespace, titled: bool
) -> bool:
    if len(words) != 3:
        say(f"three words are wanted, not {len(words)}: {' '.join(words)}")
        return False
    a, b, c = words
    title = f"{a} : {b} = {c} : ?" if titled else None
    return _answer(vectors, [b, c], [a], arguments.topn, arguments.mul, title)


def _answer(
    vectors: KeyedVectors,
    positive: list[str],
    negative: list[str],
    topn: int,
    multiply: bool = False,
    title: str | None = None,
) -> bool:
    """Print a table of answers; False, with a message, if a word is unknown."""
    unknown = [word for word in positive + negative if word not in vectors]
    for word in unknown:
        say(_unknown(vectors, word))
    if unknown:
        return False
    ask: Any = vectors.most_similar_cosmul if multiply else vectors.most_similar
    if title:
        print(title)
    print(table(ask(positive=positive, negative=negative, topn=topn), indent=2), flush=True)
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
