"""``python -m bench memory``: peak memory, and where it goes."""

import argparse
from itertools import product
from pathlib import Path
from typing import Any

from bench import corpus, options, process
from bench.record import Result
from bench.report import MIB, table
from bench.sides import SIDES, Side, can_run, expand
from fastsgns.runtime.console import say

EXAMPLES = """\
Words are drawn from Zipf's law with a seed, so that each vocabulary has exactly the given size and
every side has the same text. One worker, one epoch. Columns, in MiB of resident memory:

import     before anything is read: the interpreter and the packages
source     the list of token lists (-lists), or 0
prepared   at the start of training: vocabulary, touched pages of matrices, encoded corpus
after      after training; "of files" is the part in pages of mapped files, without those of
           "import" (-mapped: the corpus, which the system may drop and read again)
peak       the maximum at any time

The second table fits a line through the peaks. Bytes per word are fitted from the smallest to the
largest vocabulary with the same tokens, without the 8 bytes per dimension of two float32 matrices.
Bytes per token are fitted from --tokens to twice as many with the same vocabulary. fastsgns trains
a copy of the rows, unless the dimension is a multiple of 16; the copy is part of the bytes per
word. A token of the text takes about ten bytes.

examples:
  python -m bench memory
  python -m bench memory --types 1e4 1e5 1e6 --tokens 4e6 --dim 100 300
  python -m bench memory --sides fastsgns-mapped gensim-file --markdown
"""
DEFAULT = ["fastsgns-file", "fastsgns-lists", "fastsgns-mapped", "gensim-file", "gensim-lists"]
Point = tuple[str, int, int, int]  # side, dim, types, tokens


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "memory", help="peak memory, per word and per token", epilog=EXAMPLES, **common
    )
    options.add_output(parser)
    options.add_algorithm(parser)
    parser.add_argument(
        "--types",
        type=options.positive,
        nargs="+",
        default=[10_000, 100_000],
        metavar="N",
        help="vocabularies (1e4 1e5)",
    )
    parser.add_argument(
        "--tokens", type=options.positive, default=1_000_000, metavar="N", help="(1e6)"
    )
    parser.add_argument("--dim", type=options.positive, nargs="+", default=[100], help="(100)")
    choices = [name for name, side in SIDES.items() if side.package != "word2vec"]
    parser.add_argument(
        "--sides",
        nargs="+",
        choices=choices,
        default=DEFAULT,
        metavar="SIDE",
        help=f"of {', '.join(choices)} ({' '.join(DEFAULT)})",
    )
    options.add_fastsgns(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    if max(arguments.types) > arguments.tokens:
        say(f"--tokens {arguments.tokens} is less than --types {max(arguments.types)}")
        return 1
    if not Path("/proc/self/status").exists():
        say("memory is measured by /proc/self/status, which only Linux has")
        return 1
    record = options.new_record(arguments, {"name": "Zipf's law"})
    sides = can_run(expand(arguments.sides), record.versions)
    sizes = [(n_types, arguments.tokens) for n_types in arguments.types]
    sizes.append((arguments.types[0], 2 * arguments.tokens))
    points = [(*place, *size) for place, size in product(product(sides, arguments.dim), sizes)]
    results: dict[Point, Result] = {}
    for point in points:
        side, dim, n_types, n_tokens = point
        names = {"side": side, "dim": dim, "types": n_types, "tokens": n_tokens}
        results[point] = record.append(names | process.run(make_job(arguments, sides[side], point)))
        say(f"{side} dim {dim} words {n_types:,}: {results[point]['peak_bytes'] / MIB:,.0f} MiB")
    print("skip-gram" if arguments.sg else "CBOW", "on words by Zipf's law, one epoch, one worker")
    print(record.heading(list(results.values())))
    print("\n" + render(results, arguments.markdown))
    if len(arguments.types) > 1:
        print("\n" + render_slopes(results, arguments, list(sides)))
    print(f"\n{record.path}")
    return 0


def make_job(arguments: argparse.Namespace, side: Side, point: Point) -> dict[str, Any]:
    """Return the job of one training."""
    _, dim, n_types, n_tokens = point
    path = corpus.zipf(n_types, n_tokens, side.feed == "mapped", arguments.cache)
    settings = {"sg": arguments.sg, "vector_size": dim, "min_count": 1, "workers": 1, "epochs": 1}
    settings |= side.settings
    if side.package == "fastsgns":
        settings |= dict(arguments.fastsgns)
    return {"job": "train", "corpus": str(path), "settings": settings} | side.job


def stages(result: Result) -> list[float]:
    """Return the bytes in each column of the table."""
    memory = result["memory"]
    imported, read, before, after = (
        memory[name]["bytes"] for name in ("imported", "read", "before", "after")
    )
    of_files = memory["after"]["file_bytes"] - memory["imported"]["file_bytes"]
    return [imported, read - imported, before, after, max(0, of_files), result["peak_bytes"]]


def render(results: dict[Point, Result], markdown: bool) -> str:
    """Make the table of stages, a row for each measurement."""
    rows = [
        [side, str(dim), f"{n_types:,}", f"{n_tokens / 1e6:g}"]
        + [f"{value / MIB:,.0f}" for value in stages(result)]
        for (side, dim, n_types, n_tokens), result in results.items()
    ]
    heading = ["side", "dim", "words", "M tokens", "import", "source", "prepared"]
    return table([*heading, "after", "of files", "peak"], rows, markdown)


def render_slopes(
    results: dict[Point, Result], arguments: argparse.Namespace, sides: list[str]
) -> str:
    """Make the table of bytes per word and per token, with a row for each side and dimension."""
    few, many, n_tokens = min(arguments.types), max(arguments.types), arguments.tokens
    first = arguments.types[0]
    rows = []
    for side, dim in product(sides, arguments.dim):

        def peak(n_types: int, n_tokens: int, side: str = side, dim: int = dim) -> int:
            return results[side, dim, n_types, n_tokens]["peak_bytes"]

        by_word = (peak(many, n_tokens) - peak(few, n_tokens)) / (many - few)
        by_token = (peak(first, 2 * n_tokens) - peak(first, n_tokens)) / n_tokens
        row = [side, str(dim), f"{by_word:,.0f}", str(8 * dim), f"{by_word - 8 * dim:,.0f}"]
        rows.append([*row, f"{by_token:,.1f}"])
    heading = ["side", "dim", "bytes/word", "of matrices", "beyond", "bytes/token"]
    return table(heading, rows, arguments.markdown)
