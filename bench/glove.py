"""``python -m bench glove``: counting, training and quality of GloVe."""

import argparse
from pathlib import Path
from typing import Any

from bench import options, quality
from bench.corpus import Corpus, data_folder
from bench.record import RESULTS, Record, Result
from bench.report import MIB, table
from fastsgns.runtime.console import say

EXAMPLES = """\
Count a text and train on the counts, in one process per kind of matrices. With two matrices, W, W~
and W + W~ are evaluated. Times are wall-clock times, with the CPU time of all threads in brackets.
A cell is a pair of words with a count. As in `quality`, existing results are not computed again.

examples:
  python -m bench glove wiki17m.txt.xz --workers 2
  python -m bench glove wiki17m.txt.xz --epochs 1 --workers 1 --matrices two
"""


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "glove", help="GloVe: speed, and quality of W, W~, both and one", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    parser.add_argument(
        "--eval",
        type=Path,
        default=data_folder() / "eval",
        metavar="DIR",
        help="folder of evaluation sets (%(default)s)",
    )
    parser.add_argument(
        "--matrices", nargs="+", choices=("two", "tied"), default=["two", "tied"], help="(both)"
    )
    for name, default in (("dim", 100), ("window", 10), ("epochs", 25), ("min-count", 5)):
        parser.add_argument(
            f"--{name}", type=options.positive, default=default, help="(%(default)s)"
        )
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")
    parser.add_argument("--x-max", type=float, default=100.0, help="(%(default)s)")
    parser.add_argument("--alpha", type=float, default=0.05, help="(%(default)s)")
    parser.add_argument("--workers", type=options.positive, default=1, help="threads (1)")
    parser.add_argument("--fresh", action="store_true", help="compute existing results again")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Count, train and evaluate what is not in the record yet, and print the tables."""
    sets = quality.evaluation_sets(arguments.eval)
    stem = Path(arguments.corpus or "default").name.split(".")[0]
    corpus, record = options.start(arguments, RESULTS / f"glove-{stem}.json")
    results = [obtain(arguments, corpus, record, sets, kind) for kind in arguments.matrices]
    record.save()
    print(f"GloVe on {corpus}: {results[0]['n_words']:,} words of {results[0]['n_types']:,} types")
    print(record.heading(results))
    print()
    print(speeds(results, arguments.markdown))
    if sets:
        print()
        print(scores(results, sets, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def obtain(
    arguments: argparse.Namespace, corpus: Corpus, record: Record, sets: dict[str, str], kind: str
) -> Result:
    """Return a result from the record, or compute it."""
    settings = {
        "vector_size": arguments.dim,
        "matrices": kind,
        **{
            name: getattr(arguments, name)
            for name in ("window", "epochs", "min_count", "seed", "x_max", "alpha", "workers")
        },
    }
    job = {"job": "glove", "corpus": str(corpus.path), "settings": settings, "eval": sets}
    key = {
        "cpu": record.cpu,
        "code": quality.code("fastsgns", record._run["versions"]),
        "settings": settings,
        "corpus": corpus.facts(),
        "sets": {name: Path(path).stat().st_size for name, path in sets.items()},
    }
    result = quality.obtain(record, job, {"glove": key}, arguments.fresh)
    say(f"{kind}: loss {result['losses'][-1]:.5f}, {result['train_wall']:.0f} s")
    return result


def speeds(results: list[Result], markdown: bool) -> str:
    """Make the table of times."""
    rows = []
    for result in results:
        settings = result["key"]["glove"]["settings"]
        n_steps = result["n_cells"] * settings["epochs"]
        rows.append(
            [
                settings["matrices"],
                str(settings["workers"]),
                f"{result['n_cells'] / 1e6:,.1f}",
                f"{result['count_wall']:.2f} ({result['count_cpu']:.2f})",
                f"{result['n_pairs'] / result['count_cpu'] / 1e6:,.0f}",
                *(f"{result[f'train_{of}'] / n_steps * 1e9:,.0f}" for of in ("wall", "cpu")),
                f"{result['peak_bytes'] / MIB:,.0f}",
                f"{result['losses'][-1]:.5f}",
            ]
        )
    heading = [
        "matrices", "workers", "M cells", "counting, s", "M pairs/CPU s", "ns per cell",
        "CPU ns per cell", "peak MiB", "loss",
    ]  # fmt: skip
    return table(heading, rows, markdown)


def scores(results: list[Result], sets: dict[str, str], markdown: bool) -> str:
    """Make the table of quality, a column for each kind of vectors."""
    judged = {name: found for result in results for name, found in result["scores"].items()}
    rows = [
        [quality.SETS[name][0], *(f"{found[name]:.3f}" for found in judged.values())]
        for name in sets
    ]
    return table(["", *judged], rows, markdown)
