"""``python -m bench coherence``: how rows move between the caches of 2 to 128 cores."""

import argparse
import math
from pathlib import Path
from statistics import mean
from typing import Any

from bench import corpus, options, process, quality
from bench.record import Record, Result
from bench.report import table
from bench.sides import named
from fastsgns.runtime.console import say

EXAMPLES = """\
One thread replays the ids of a corpus as many virtual workers would train them: subsampling,
windows and negative samples are those of the kernels, and the workers take turns of a few words.
Each has a cache of whole rows. Per token of the corpus, the table shows

touches   uses of shared rows by row operations
moved     of these, rows that another worker wrote last
fetched   of these, rows that are still in that worker's cache: they travel between two cores
merges    merges of private copies of frequent rows (--hot; docs/cores.md), which are touches too
x one     an estimate, up to 16 workers: W / (1 + c * fetched / t), where t is the time per token of
          one worker, measured here. A fetched row of d = 100 costs c = 0.23 * sqrt(W / 16) of the
          time per token of "pair". This was found on a processor with 16 cores and a mesh, by the
          speeds of 2 to 16 workers in three modes (docs/cores.md). Cores that share a small L3
          cache lose less.

A side is a mode of skip-gram or "cbow", and optionally the matrices.

--quality also trains the whole text by virtual workers and evaluates the vectors, with and without
copies. The copies are merged as they would be by this number of threads. Threads that update a row
at the same time are not simulated.

examples:
  python -m bench coherence wiki17m.txt
  python -m bench coherence wiki17m.txt --sides window cbow "window tied" --workers 16 --hot 0 1024
  python -m bench coherence wiki17m.txt --quality --workers 16 64 --sides window --seeds 3
"""
FETCH_SHARE = 0.23  # see EXAMPLES
FETCH_WORKERS, FETCH_BYTES = 16, 448  # where FETCH_SHARE was found
WORKERS = [2, 4, 8, 16, 32, 64, 128]


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "coherence", help="rows that move between the caches of cores", epilog=EXAMPLES, **common
    )
    options.add_text(parser)
    options.add_output(parser)
    parser.add_argument(
        "--sides", nargs="+", default=["pair", "window", "block", "cbow"], metavar="SIDE",
        help="modes, such as window or 'cbow tied' (pair window block cbow)",
    )  # fmt: skip
    parser.add_argument(
        "--workers", type=options.positive, nargs="+", default=WORKERS, help="(2 to 128)"
    )
    parser.add_argument(
        "--hot", type=int, nargs="+", default=[0, 256], metavar="N",
        help="rows of each role with private copies (0 256)",
    )  # fmt: skip
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument("--alpha", type=float, default=0.025, help="learning rate (0.025)")
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument(
        "--traced", type=options.positive, default=1_000_000, metavar="N",
        help="tokens that are replayed (1e6)",
    )  # fmt: skip
    parser.add_argument(
        "--cache-bytes", type=options.positive, default=1 << 20, metavar="N",
        help="cache of a worker (1 MiB)",
    )  # fmt: skip
    parser.add_argument("--quality", action="store_true", help="train and evaluate as well")
    parser.add_argument(
        "--eval", type=Path, default=corpus.data_folder() / "eval", metavar="DIR",
        help="folder of the evaluation sets, as for `quality`",
    )  # fmt: skip
    parser.add_argument("--seeds", type=options.positive, default=1, metavar="N", help="(1)")
    parser.add_argument("--epochs", type=options.positive, default=3, help="of --quality (3)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Count, and with --quality train, and print the tables."""
    try:
        sides = {name: named(name).settings for name in arguments.sides}
    except ValueError as error:
        say(str(error))
        return 1
    text, record = options.start(arguments, None)
    path = corpus.encoded(text, arguments.min_count, arguments.cache)
    settings = {
        name: {"vector_size": arguments.dim, "alpha": arguments.alpha} | own
        for name, own in sides.items()
    }
    yardstick = trace(arguments, path, {"vector_size": arguments.dim} | named("pair").settings, [])
    rows = []
    for name, own in settings.items():
        result = record.append({"side": name} | trace(arguments, path, own, arguments.workers))
        slowness = yardstick["kernel_seconds"] / result["kernel_seconds"]
        rows += [describe(name, point, slowness, arguments.dim) for point in result["points"]]
    print(f"{text}; dim {arguments.dim}, caches of {arguments.cache_bytes:,} bytes, per token")
    print(record.heading(record.results))
    heading = ["side", "workers", "hot rows", "touches", "moved", "fetched", "merges", "x one"]
    print(f"\n{table(heading, rows, arguments.markdown)}")
    if arguments.quality:
        print(f"\n{measure_quality(arguments, settings, str(path), record)}")
    print(f"\n{record.path}")
    return 0


def trace(
    arguments: argparse.Namespace, path: Path, settings: dict[str, Any], workers: list[int]
) -> Result:
    """Count the rows that move between virtual workers with the settings of a side."""
    job = {
        "job": "trace", "corpus": str(path), "settings": settings, "n_tokens": arguments.traced,
        "workers": workers, "hot": arguments.hot, "cache_bytes": arguments.cache_bytes,
    }  # fmt: skip
    return process.run(job)


def describe(name: str, point: Result, slowness: float, dim: int) -> list[str]:
    """Make the row of a number of workers and of hot rows."""
    counts = [f"{point[key]:.2f}" for key in ("n_touches", "n_moved", "n_fetched", "n_merges")]
    speedup = "-"
    if point["workers"] <= FETCH_WORKERS:
        speedup = f"{estimate(point, slowness, dim):.1f}"
    return [name, str(point["workers"]), str(point["hot"]), *counts, speedup]


def estimate(point: Result, slowness: float, dim: int) -> float:
    """Return the estimated speed of the workers, relative to one worker.

    `slowness` is the time per token of "pair", relative to that of this side.
    """
    row_bytes = 4 * (-(-dim // 16) * 16)
    cost = FETCH_SHARE * math.sqrt(point["workers"] / FETCH_WORKERS) * row_bytes / FETCH_BYTES
    return point["workers"] / (1 + cost * point["n_fetched"] * slowness)


def measure_quality(
    arguments: argparse.Namespace, settings: dict[str, Result], path: str, record: Record
) -> str:
    """Train by virtual workers, and make a table of the mean scores and losses."""
    sets = quality.evaluation_sets(arguments.eval)
    rows = []
    points = [(1, 0), *((n, hot) for n in arguments.workers for hot in arguments.hot)]
    for name, own in settings.items():
        for n_workers, n_hot in points:
            results = []
            for seed in range(1, arguments.seeds + 1):
                job = {
                    "job": "simulate", "corpus": path, "workers": n_workers, "hot": n_hot,
                    "settings": own | {"seed": seed, "epochs": arguments.epochs}, "eval": sets,
                }  # fmt: skip
                names = {"side": name, "workers": n_workers, "hot": n_hot, "seed": seed}
                results.append(record.append(names | process.run(job)))
                say(f"{name}, {n_workers} workers, {n_hot} hot rows, seed {seed}: {results[-1]}")
            rows.append([name, str(n_workers), str(n_hot), *cells(results, list(sets))])
    titles = [quality.TITLES[key] for key in sets]
    heading = ["side", "workers", "hot rows", *titles, "loss"]
    return table(heading, rows, arguments.markdown)


def cells(results: list[Result], sets: list[str]) -> list[str]:
    """Write the mean scores and the mean loss, or that a training diverged."""
    if any("failed" in result for result in results):
        return ["diverged"] * (len(sets) + 1)
    scores = [f"{mean(result['scores'][key] for result in results):.3f}" for key in sets]
    return [*scores, f"{mean(result['loss'] for result in results):.4f}"]
