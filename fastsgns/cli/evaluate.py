"""``fastsgns eval``: how well vectors agree with people's judgements and complete analogies."""

import argparse
import json
import os
from typing import Any

from fastsgns import KeyedVectors
from fastsgns.cli import sources
from fastsgns.cli.arguments import add_command, positive
from fastsgns.console import table
from fastsgns.formats import files

EXAMPLES = """\
examples:
  fastsgns eval vectors.fastsgns questions-words.txt
  fastsgns eval vectors.bin wordsim353.tsv simlex999.tsv questions-words.txt --json
  fastsgns eval vectors.fastsgns questions-words.txt --restrict-vocab 30000 --mul

A file that starts with a line ': name of a section' holds analogies, four words a line; any other
holds pairs, 'word<TAB>word<TAB>score' a line.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare the sub-command."""
    parser = add_command(
        commands, "eval", "judge vectors by word pairs and analogies", EXAMPLES, run
    )
    parser.add_argument("model", metavar="MODEL", help="vectors or a model")
    parser.add_argument("files", nargs="+", metavar="FILE", help="word pairs or analogies")
    parser.add_argument(
        "--restrict-vocab",
        type=positive,
        default=300_000,
        metavar="N",
        help="only the N most frequent words (default: %(default)s)",
    )
    parser.add_argument("--mul", action="store_true", help="3CosMul for analogies, not 3CosAdd")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Judge by each file and print a table of pairs and one for each file of analogies."""
    vectors = sources.load_vectors(arguments.model)
    method = "most_similar_cosmul" if arguments.mul else "most_similar"
    pairs, analogies = [], []
    for path in arguments.files:
        if holds_analogies(path):
            analogies.append(_analogies(vectors, path, arguments.restrict_vocab, method))
        else:
            pairs.append(_pairs(vectors, path, arguments.restrict_vocab))
    if arguments.json:
        print(json.dumps({"word_pairs": pairs, "analogies": analogies}, indent=2))
    else:
        print("\n\n".join(_tables(pairs, analogies)))
    return 0


def holds_analogies(path: str) -> bool:
    """Whether a file is of Google's form: its first line that is not blank starts with a colon."""
    return next((line for line in files.lines(path) if line.strip()), "").startswith(":")


def _pairs(vectors: KeyedVectors, path: str, restrict_vocab: int) -> dict[str, Any]:
    pearson, spearman, unknown = vectors.evaluate_word_pairs(path, restrict_vocab=restrict_vocab)
    return {
        "file": os.path.basename(path),
        "pearson": float(pearson[0]),
        "spearman": float(spearman[0]),
        "oov_percent": float(unknown),
    }


def _analogies(
    vectors: KeyedVectors, path: str, restrict_vocab: int, method: str
) -> dict[str, Any]:
    accuracy, sections = vectors.evaluate_word_analogies(
        path, restrict_vocab=restrict_vocab, similarity_function=method
    )
    return {
        "file": os.path.basename(path),
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
            (found["file"], found["pearson"], found["spearman"], _percent(found["oov_percent"]))
            for found in pairs
        ]
        tables.append(table(rows, heading=("word pairs", "Pearson", "Spearman", "OOV")))
    for found in analogies:
        rows = [
            (s["section"], s["correct"], s["total"], _percent(100 * s["correct"] / s["total"]))
            for s in found["sections"]
            if s["total"]
        ]
        tables.append(table(rows, heading=(found["file"], "correct", "total", "accuracy")))
    return tables


def _percent(value: float) -> str:
    return f"{value:5.1f} %"
