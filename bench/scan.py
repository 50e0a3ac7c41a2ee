"""``python -m bench scan``: the speed of reading, counting and encoding text."""

import argparse
from typing import Any

from bench import options, process
from bench.record import Result
from bench.report import mebibytes, ratios, table, with_spread
from bench.sides import BASE, SIDES, installed
from fastsgns.runtime.console import say

EXAMPLES = """\
fastsgns reads, counts, selects the words and encodes the text as ids. gensim's build_vocab reads
and counts, in one thread for any number of workers. A list of token lists is read before the
measurement and encoded in one thread. "M words/s" means millions of words per second of wall-clock
time. Ratios are computed within a round, from wall time or from the CPU time of all threads.

examples:
  python -m bench scan
  python -m bench scan wiki.txt.bz2 --workers 1 2 4 --rounds 5
"""


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "scan",
        help="reading, counting and encoding, compared with gensim",
        epilog=EXAMPLES,
        **common,
    )
    options.add_corpus(parser)
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument(
        "--workers", type=options.positive, nargs="+", default=[1, 2], help="threads (1 2)"
    )
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument(
        "--sides",
        nargs="+",
        choices=("fastsgns-file", "fastsgns-lists", "gensim-file", "gensim-lists"),
        default=["fastsgns-file", "fastsgns-lists", "gensim-file"],
        help="(%(default)s)",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    corpus, record = options.start(arguments, None)
    sides = installed(arguments.sides, record.versions)
    if not sides:
        return 1
    configs = [
        (n_workers, side)
        for n_workers in arguments.workers
        for side in sides
        if SIDES[side].feed == "file" or n_workers == arguments.workers[0]
    ]
    results: list[Result] = []
    for n_round in range(arguments.rounds):
        for n_workers, name in configs if n_round % 2 == 0 else configs[::-1]:
            side = SIDES[name]
            job = {
                "job": "scan",
                "package": side.package,
                "feed": side.feed,
                "corpus": str(corpus.path),
                "workers": n_workers,
                "min_count": arguments.min_count,
            }
            names = {"round": n_round, "side": name, "workers": n_workers}
            result = record.append(names | process.run(job))
            results.append(result)
            say(
                f"round {n_round + 1}/{arguments.rounds} {name} workers {n_workers}: "
                f"{result['wall']:.2f} s, {result['cpu']:.2f} CPU s"
            )
    print(f"reading {corpus}: {results[0]['n_words']:,} words, {results[0]['n_types']:,} kept")
    print(record.heading(results))
    print()
    print(render(results, configs, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def wall(result: Result) -> float:
    """Return million words per second."""
    return result["n_words"] / result["wall"] / 1e6


def cpu(result: Result) -> float:
    """Return million words per CPU second."""
    return result["n_words"] / result["cpu"] / 1e6


def render(results: list[Result], configs: list[tuple[int, str]], markdown: bool) -> str:
    """Make the table, a row for each side and number of workers."""

    def of(n_workers: int, side: str) -> list[Result]:
        return [r for r in results if (r["workers"], r["side"]) == (n_workers, side)]

    has_base = any(side == BASE for _, side in configs)
    heading = ["reader", "workers", "seconds", "CPU seconds", "M words/s", "M words/CPU s"]
    heading += [f"x {BASE} wall", f"x {BASE} CPU"] if has_base else []
    rows = []
    for n_workers, side in configs:
        mine, base = of(n_workers, side), of(n_workers, BASE)
        row = [side, str(n_workers)]
        row += [with_spread([r[name] for r in mine]) for name in ("wall", "cpu")]
        row += [with_spread([rate(r) for r in mine], 1) for rate in (wall, cpu)]
        if has_base:
            row += [with_spread(ratios(mine, base, rate), 1) for rate in (wall, cpu)]
        rows.append([*row, mebibytes(mine)])
    return table([*heading, "peak MiB"], rows, markdown)
