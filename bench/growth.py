"""Tables of ``bench scaling``: the cost per token as the text or the vocabulary grows."""

import argparse
from collections.abc import Callable, Iterable
from itertools import product
from statistics import median
from typing import Any

from bench import corpus, process
from bench.machine import caches
from bench.record import Record, Result
from bench.report import MIB, ratios, table, with_spread
from bench.sides import named
from fastsgns import EncodedCorpus
from fastsgns.runtime.console import say

SIDES = ("window", "block")
FLAT = 0.15
STEPS = [digit * 10**power for power in range(3, 10) for digit in (1, 3)]
Point = tuple[str, int]  # side, what grows


def train(arguments: argparse.Namespace, path: Any, side: str) -> dict[str, Any]:
    """Return the job of one training on an encoded corpus."""
    settings = {"vector_size": arguments.dim, "workers": 1, "epochs": 1, "min_count": 1}
    settings |= named(side).settings | dict(arguments.fastsgns)
    mapped = {"package": "fastsgns", "feed": "mapped", "corpus": str(path)}
    return {"job": "train", "settings": settings, "watch": True} | mapped


def own_sides(arguments: argparse.Namespace) -> list[str]:
    """Return the sides of fastsgns, which are the only ones of these tables."""
    names = arguments.sides or SIDES
    return [name for name in names if named(name).package == "fastsgns"]


def measure(
    arguments: argparse.Namespace,
    record: Record,
    what: str,
    values: Iterable[int],
    job: Callable[[str, int], dict[str, Any]],
) -> dict[Point, list[Result]]:
    """Run the job of each side and value, in rounds."""
    points = list(product(own_sides(arguments), values))
    results: dict[Point, list[Result]] = {point: [] for point in points}
    for n_round in range(arguments.rounds):
        for side, value in points if n_round % 2 == 0 else points[::-1]:
            names = {"round": n_round, "table": what, "side": side, what: value}
            result = record.append(names | process.run(job(side, value)))
            results[side, value].append(result)
            say(
                f"round {n_round + 1}/{arguments.rounds} {what} {value:,} {side}: "
                f"{cost(result):,.0f} ns/token"
            )
    return results


def cost(result: Result) -> float:
    """Return the CPU time per token, in nanoseconds."""
    return 1e9 * result["train_cpu"] / result["n_trained"]


def kernel_cost(result: Result) -> float:
    """Return the CPU time in train_chunk per token, in nanoseconds."""
    return 1e9 * result["kernel_cpu"] / result["n_trained"]


def costs(results: list[Result]) -> list[str]:
    """Write both."""
    return [with_spread([measure(r) for r in results], 0) for measure in (cost, kernel_cost)]


def by_tokens(arguments: argparse.Namespace, text: corpus.Corpus, record: Record) -> str:
    """Measure with the same ids, repeated more and more often."""
    path = corpus.encoded(text, arguments.min_count, arguments.cache)
    n_tokens = EncodedCorpus.load(path).n_tokens
    steps = [*(step for step in STEPS if step < arguments.tokens_to), arguments.tokens_to]
    copies = sorted({max(1, step // n_tokens) for step in steps})
    results = measure(
        arguments,
        record,
        "copies",
        copies,
        lambda side, n: train(arguments, path, side) | {"copies": n},
    )
    rows, verdicts = [], []
    for side in own_sides(arguments):
        medians = []
        for n in copies:
            mine = results[side, n]
            ratio = ratios(mine, results[side, 1], cost)
            medians.append(median(cost(r) for r in mine))
            row = [side, f"{mine[0]['n_trained'] / 1e6:,.1f}", str(n)]
            rows.append([*row, *costs(mine), with_spread(ratio)])
        spread = max(medians) / min(medians) - 1
        verdict = "flat" if spread <= FLAT else "NOT flat"
        verdicts.append(f"{side}: {verdict} within {FLAT:.0%} (spread {spread:.1%})")
    heading = ["side", "M tokens", "copies", "ns/token", "kernels", "x 1 copy"]
    return "\n\n".join([table(heading, rows, arguments.markdown), "\n".join(verdicts)])


def by_vocabulary(arguments: argparse.Namespace, text: corpus.Corpus, record: Record) -> str:
    """Measure with words of Zipf's law, more and more of them."""
    paths = {
        n: corpus.zipf(n, arguments.zipf_tokens, True, arguments.cache) for n in arguments.types
    }
    results = measure(
        arguments, record, "types", paths, lambda side, n: train(arguments, paths[n], side)
    )
    levels = {name: size for name, size in caches().items() if name != "L1"}
    rows = []
    for (side, n_types), mine in results.items():
        n_bytes = 2 * n_types * -(-arguments.dim // 16) * 16 * 4
        fitting = [name for name, size in levels.items() if n_bytes <= size]
        row = [side, f"{n_types:,}", f"{n_bytes / MIB:,.0f}", [*fitting, "DRAM"][0]]
        row.append(f"{100 * median(r['n_kept'] / r['n_trained'] for r in mine):.0f}")
        row += costs(mine)
        row.append(with_spread([1e9 * r["kernel_cpu"] / r["n_kept"] for r in mine], 0))
        rows.append(
            [*row, with_spread(ratios(mine, results[side, arguments.types[0]], kernel_cost))]
        )
    heading = ["side", "words", "matrices MiB", "in", "kept %", "ns/token", "kernels", "ns/kept"]
    heading.append(f"x {arguments.types[0]:,} words")
    sizes = ", ".join(f"{name} {size / MIB:g} MiB" for name, size in levels.items())
    tokens = f"{arguments.zipf_tokens:,} tokens by Zipf's law; caches: {sizes or 'unknown'}"
    return "\n\n".join([tokens, table(heading, rows, arguments.markdown)])
