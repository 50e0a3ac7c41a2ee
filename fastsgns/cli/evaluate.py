"""``fastsgns eval``: evaluate vectors on human judgements of word pairs and on analogies."""

import argparse
import json
import os
from collections.abc import Iterable
from typing import Any

from fastsgns import KeyedVectors
from fastsgns.cli import filetypes, inputs, streams
from fastsgns.cli.arguments import add_json, add_space, add_vectors, check_space
from fastsgns.cli.parsers import Commands, add_command, positive
from fastsgns.formats import files
from fastsgns.runtime.console import table
from fastsgns.vectors.evaluation import Method
from fastsgns.vectors.spaces import SPACES

EXAMPLES = """\
examples:
  fastsgns eval vectors.fastsgns questions-words.txt
  fastsgns eval vectors.bin wordsim353.tsv simlex999.tsv questions-words.txt --json
  fastsgns eval vectors.fastsgns questions-words.txt --restrict-vocab 30000 --mul
  fastsgns eval model.fastsgns simlex999.tsv --role sum
  fastsgns eval model.fastsgns wordsim353_rel.tsv --space in-out
  zcat wordsim353.csv.gz | fastsgns eval glove.6B.50d.txt --no-header -

A file whose first line is ': name of a section' contains analogies, with four words per line. Any
other file contains word pairs: 'word word score' per line, separated by tabs, commas or blanks.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "evaluate vectors on word pairs and analogies"
    parser = add_command(commands, "eval", help, EXAMPLES, run)
    add_vectors(parser, "model")
    add_space(parser)
    parser.add_argument(
        "files", nargs="+", type=files.local_path, metavar="FILE",
        help="word pairs or analogies; '-' is standard input",
    )  # fmt: skip
    parser.add_argument(
        "--delimiter",
        metavar="TEXT",
        help="separator of the columns of word pairs (default: detected: a tab, a comma or blanks)",
    )
    parser.add_argument(
        "--restrict-vocab", type=positive, default=300_000, metavar="N",
        help="use only the N most frequent words (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--mul", action="store_true", help="use 3CosMul for analogies, not 3CosAdd")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one table for all files of word pairs and one per file of analogies."""
    if [arguments.model, *arguments.files].count(streams.STDIO) > 1:
        arguments.usage("standard input can be read only once: one '-' at most")
    check_space(arguments)
    vectors = inputs.load_vectors(arguments)
    method: Method = "most_similar_cosmul" if arguments.mul else "most_similar"
    pairs, analogies = [], []
    for path in arguments.files:
        lines = readable(path)
        if holds_analogies(line for _, line in files.lines(lines)):
            if arguments.space != SPACES[0]:
                raise ValueError(f"{path} holds analogies, which have a --role, but not a --space")
            scores = _analogies(vectors, lines, arguments.restrict_vocab, method)
            if not scores["sections"][-1]["total"]:
                raise ValueError(
                    f"{path}: none of its questions can be asked; a question has four words, all "
                    f"among the first {arguments.restrict_vocab} words of {arguments.model}"
                )
            analogies.append({"file": os.path.basename(path), **scores})
        else:
            delimiter = arguments.delimiter or separator(line for _, line in files.lines(lines))
            with filetypes.in_words_of_options():
                scores = _pairs(vectors, lines, arguments, delimiter)
            pairs.append({"file": os.path.basename(path), **scores})
    if arguments.json:
        print(json.dumps({"word_pairs": pairs, "analogies": analogies}, indent=2))
    else:
        print("\n\n".join(_tables(pairs, analogies)))
    return 0


def readable(path: str) -> Any:
    """Return what can be read repeatedly: a path, or the lines of standard input or of a pipe."""
    if not streams.is_stream(path):
        return path
    with streams.opened(path) as file:
        lines = files.NamedLines(files.lines(file))
    lines.name = "standard input" if path == streams.STDIO else path
    return lines


def holds_analogies(lines: Iterable[str]) -> bool:
    """Return whether lines have Google's format: the first non-blank line starts with a colon.

    Examples
    --------
    >>> holds_analogies(["", ": capitals", "Athens Greece Oslo Norway"])
    True
    """
    return next((line for line in lines if line.strip()), "").startswith(":")


def separator(lines: Iterable[str]) -> str | None:
    r"""Return the separator of two words and a score: a tab, a comma, or None for blanks.

    Examples
    --------
    >>> separator(["# title", "cat\tdog\t9"]), separator(["cat,dog,9"]), separator(["cat dog 9"])
    ('\t', ',', None)
    """
    for line in lines:
        if line.strip() and not line.startswith("#"):
            return next((mark for mark in "\t," if line.count(mark) == 2), None)
    return None


def _pairs(
    vectors: KeyedVectors, lines: Any, arguments: argparse.Namespace, delimiter: str | None
) -> dict[str, Any]:
    options: dict[str, Any] = {"delimiter": delimiter, "space": arguments.space}
    pearson, spearman, unknown = vectors.evaluate_word_pairs(
        lines, restrict_vocab=arguments.restrict_vocab, **options
    )
    return {
        "pearson": float(pearson.statistic),
        "spearman": float(spearman.statistic),
        "oov_percent": float(unknown),
    }


def _analogies(
    vectors: KeyedVectors, lines: Any, restrict_vocab: int, method: Method
) -> dict[str, Any]:
    accuracy, sections = vectors.evaluate_word_analogies(
        lines, restrict_vocab=restrict_vocab, similarity_function=method
    )
    return {
        "accuracy": float(accuracy),
        "sections": [
            {
                "section": section["section"],
                "correct": len(section["correct"]),
                "total": len(section["correct"]) + len(section["incorrect"]),
            }
            for section in sections
        ],
    }


def _tables(pairs: list[dict[str, Any]], analogies: list[dict[str, Any]]) -> list[str]:
    tables = []
    if pairs:
        rows = [
            (scores["file"], scores["pearson"], scores["spearman"], _percent(scores["oov_percent"]))
            for scores in pairs
        ]
        tables.append(table(rows, heading=("word pairs", "Pearson", "Spearman", "OOV")))
    for scores in analogies:
        rows = [
            (s["section"], s["correct"], s["total"], _percent(100 * s["correct"] / s["total"]))
            for s in scores["sections"]
            if s["total"]
        ]
        tables.append(table(rows, heading=(scores["file"], "correct", "total", "accuracy")))
    return tables


def _percent(value: float) -> str:
    return f"{value:5.1f} %"
