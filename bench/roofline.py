"""``python -m bench roofline``: training relative to the peak rates of the processor."""

import argparse
from itertools import product
from statistics import median
from typing import Any

from bench import options, peaks, process
from bench.record import Result
from bench.report import table, with_spread
from bench.sides import SHARINGS, Side
from fastsgns.runtime.console import say

EXAMPLES = """\
A C program, compiled by cc (or by CC) into the cache folder, measures one core: the rate of float32
multiply-adds in registers, and the bytes per second of an array that can be read, or updated in
place, in each cache and in memory. Without a compiler only training is measured. Each round
measures both again, and shares are computed within a round.

A product of an input row and an output row of d floats counts as 6 d operations: 2 d for the score,
and 2 d for the update of each row. An example with its own negative samples ("pair") has 1 +
negative products. If the pairs of a focus word share negative samples, the number per example is
counted by drawing the windows of the first 200,000 tokens again. Only products are counted, and not
the sums over context rows in CBOW. GB/s of rows are the rows that an example moves. Most of them
are in a cache, so more than 100 % of what DRAM can update is possible. The time is that of one
thread in the kernel. The peak is that of float32.

examples:
  python -m bench roofline
  python -m bench roofline --dim 100 300 768 --tokens 5e5
  FASTSGNS_KERNEL=avx512 python -m bench roofline
  python -m bench roofline --cbow --sharing pair block --fastsgns negative=10
"""
HEADING = ("mode", "dim", "words/s, 1000", "products/example", "GFLOP/s", "% of peak")
HEADING += ("rows/example", "GB/s of rows", "% of DRAM")


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "roofline", help="share of the processor's peak", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    options.add_algorithm(parser)
    options.add_sharing(parser, list(SHARINGS))
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument(
        "--dim", type=options.positive, nargs="+", default=[100, 300], help="(100 300)"
    )
    options.add_fastsgns(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    corpus, record = options.start(arguments, None)
    program = peaks.program(arguments.cache)
    configs = list(product(arguments.dim, arguments.sharing))
    ceilings: list[Result] = []
    results: list[Result] = []
    for n_round in range(arguments.rounds):
        if program:
            ceilings.append(record.append({"round": n_round} | peaks.measure(program)))
            say(f"round {n_round + 1}/{arguments.rounds} peak {ceilings[-1]['flops'] / 1e9:.1f}")
        for dim, sharing in configs if n_round % 2 == 0 else configs[::-1]:
            side = Side("fastsgns", "file", sharing)
            settings = {"sg": arguments.sg, "vector_size": dim, "workers": 1, "epochs": 1}
            settings |= side.settings | dict(arguments.fastsgns)
            job = {"job": "train", "corpus": str(corpus.path), "settings": settings, "watch": True}
            names = {"round": n_round, "sharing": sharing, "dim": dim}
            results.append(record.append(names | process.run(job | side.job)))
            say(
                f"round {n_round + 1}/{arguments.rounds} {sharing} dim {dim}: "
                f"{flops(results[-1]) / 1e9:.1f} GFLOP/s"
            )
    print(f"{'skip-gram' if arguments.sg else 'CBOW'}, one epoch of {corpus}, one thread")
    print(record.heading(results))
    if ceilings:
        print("\n" + render_peaks(ceilings, arguments.markdown))
    print("\n" + render(results, ceilings, configs, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def flops(result: Result) -> float:
    """Return the operations per second of the products."""
    n_products = result["n_examples"] * result["products_per_example"]
    return 6 * result["dim"] * n_products / result["kernel_cpu"]


def traffic(result: Result) -> float:
    """Return the bytes of rows per second that are read and written, including padding."""
    n_rows = result["n_examples"] * result["rows_per_example"]
    return n_rows * -(-result["dim"] // 16) * 64 / result["kernel_cpu"]


def render_peaks(ceilings: list[Result], markdown: bool) -> str:
    """Make the table of the ceilings."""
    peak = with_spread([c["flops"] / 1e9 for c in ceilings], 1)
    heading = ("array in", "MiB", "read GB/s", "updated GB/s")
    rows = []
    for level, facts in ceilings[0]["bandwidth"].items():
        row = [level, f"{facts['bytes'] / (1 << 20):,.1f}"]
        for what in ("read", "update"):
            rates = [c["bandwidth"][level][what] / 1e9 for c in ceilings]
            row += [with_spread(rates, 1)]
        rows.append(row)
    bits = ceilings[0]["vector_bits"]
    return f"peak of {bits}-bit multiply-adds: {peak} GFLOP/s\n\n" + table(heading, rows, markdown)


def render(
    results: list[Result], ceilings: list[Result], configs: list[tuple[int, str]], markdown: bool
) -> str:
    """Make the table of training, a row for each configuration."""
    peak = {c["round"]: c["flops"] for c in ceilings}
    memory = {c["round"]: c["bandwidth"]["DRAM"]["update"] for c in ceilings}
    rows = []
    for dim, sharing in configs:
        mine = [r for r in results if (r["dim"], r["sharing"]) == (dim, sharing)]
        row = [sharing, str(dim)]
        row.append(with_spread([r["n_words"] / r["kernel_cpu"] / 1e3 for r in mine], 0))
        row.append(f"{median(r['products_per_example'] for r in mine):.2f}")
        row.append(with_spread([flops(r) / 1e9 for r in mine], 1))
        row.append(with_spread([100 * flops(r) / peak[r["round"]] for r in mine if peak], 1))
        row.append(f"{median(r['rows_per_example'] for r in mine):.2f}")
        row.append(with_spread([traffic(r) / 1e9 for r in mine], 1))
        row.append(with_spread([100 * traffic(r) / memory[r["round"]] for r in mine if memory]))
        rows.append(row)
    return table(HEADING, rows, markdown)
