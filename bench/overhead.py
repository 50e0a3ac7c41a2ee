"""``python -m bench overhead``: the share of training that is spent outside the kernels."""

import argparse
from itertools import product
from typing import Any

from bench import options, process
from bench.record import Result
from bench.report import table, with_spread
from bench.sides import SHARINGS, SIDES, can_run, expand
from fastsgns.runtime.console import say

EXAMPLES = """\
Threads train one chunk after the other. Each run is a new process, in which a wrapper sums the CPU
time and the wall time of the threads in train_chunk. "outside" is the rest of the CPU time of the
process in its epochs: Python, scheduling, locks, progress, the checks after an epoch. "idle" is the
share of workers x wall time in which a thread is not in train_chunk, including the wait for the
last chunk of an epoch.

examples:
  python -m bench overhead
  python -m bench overhead wiki.txt --tokens 1e7 --epochs 2 --workers 1 2 4 --sharing block
"""
HEADING = ("side", "dim", "workers", "chunks", "train CPU s", "outside %", "idle %")


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "overhead", help="share of Python and scheduling", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    options.add_algorithm(parser)
    options.add_sharing(parser, list(SHARINGS))
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--dim", type=options.positive, nargs="+", default=[100], help="(100)")
    parser.add_argument("--epochs", type=options.positive, default=3, help="(3)")
    parser.add_argument(
        "--workers", type=options.positive, nargs="+", default=[1, 2], help="threads (1 2)"
    )
    own = [name for name, side in SIDES.items() if side.package == "fastsgns"]
    own.remove("fastsgns-mapped")
    parser.add_argument(
        "--sides", nargs="+", choices=own, default=["fastsgns-file"], help="(%(default)s)"
    )
    options.add_fastsgns(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    corpus, record = options.start(arguments, None)
    sides = can_run(expand(arguments.sides, arguments.sharing), record.versions)
    configs = list(product(arguments.dim, arguments.workers, sides))
    results: list[Result] = []
    for n_round in range(arguments.rounds):
        for dim, workers, name in configs if n_round % 2 == 0 else configs[::-1]:
            settings = {"sg": arguments.sg, "vector_size": dim, "workers": workers}
            settings |= {"epochs": arguments.epochs} | sides[name].settings
            settings |= dict(arguments.fastsgns)
            job = {"job": "train", "corpus": str(corpus.path), "settings": settings, "watch": True}
            names = {"round": n_round, "side": name, "dim": dim, "workers": workers}
            results.append(record.append(names | process.run(job | sides[name].job)))
            say(
                f"round {n_round + 1}/{arguments.rounds} {name} dim {dim} workers {workers}: "
                f"{outside(results[-1]):.2f} % outside the kernels"
            )
    algorithm = "skip-gram" if arguments.sg else "CBOW"
    print(f"{algorithm}, {arguments.epochs} epochs of {corpus}")
    print(record.heading(results))
    print()
    print(render(results, configs, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def outside(result: Result) -> float:
    """Return the percentage of the CPU time of the epochs that is not spent in train_chunk."""
    return 100 * (1 - result["kernel_cpu"] / result["train_cpu"])


def idle(result: Result) -> float:
    """Return the percentage of the threads' wall time that is not spent in train_chunk."""
    return 100 * (1 - result["kernel_wall"] / (result["workers"] * result["train_wall"]))


def render(results: list[Result], configs: list[tuple[int, int, str]], markdown: bool) -> str:
    """Make the table, a row for each configuration."""
    rows = []
    for config in configs:
        dim, workers, side = config
        mine = [r for r in results if (r["dim"], r["workers"], r["side"]) == config]
        row = [side, str(dim), str(workers), f"{mine[0]['n_chunks']:,}"]
        row.append(with_spread([r["train_cpu"] for r in mine]))
        rows.append([*row, *(with_spread([share(r) for r in mine]) for share in (outside, idle))])
    return table(HEADING, rows, markdown)
