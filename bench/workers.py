"""Tables of ``bench scaling --what workers``: speed and quality by the number of workers."""

import argparse
import math
from itertools import product
from statistics import mean
from typing import Any

from bench import process, quality
from bench.corpus import Corpus
from bench.machine import usable_cores
from bench.record import Record, Result
from bench.report import deviation, ratios, standard_errors, table, with_spread
from bench.sides import Side, installed, named
from bench.speed import rate
from fastsgns.runtime.console import say

SIDES = ("pair", "window", "block", "cbow", "window tied+bias:word", "gensim", "gensim cbow")
Point = tuple[str, int]  # side, number of workers
By = dict[Point, list[Result]]


def by_workers(arguments: argparse.Namespace, text: Corpus, record: Record) -> str:
    """Measure the speed of each side at each number of workers and, if asked, the quality."""
    values = sorted(set(arguments.workers or doubling(usable_cores())))
    names = installed(arguments.sides or SIDES, record.versions)
    points = list(product(names, values))
    parts = [speed_table(arguments, measure_speed(arguments, text, record, points))]
    if max(values) > usable_cores():
        parts.insert(
            0, f"{usable_cores()} cores: with more workers than cores, threads share cores"
        )
    if arguments.quality:
        sets = quality.evaluation_sets(arguments.eval)
        found = measure_quality(arguments, text, record, points, sets)
        parts.append(quality_table(arguments, found))
    return "\n\n".join(parts)


def measure_speed(
    arguments: argparse.Namespace, text: Corpus, record: Record, points: list[Point]
) -> By:
    """Train one epoch of each side at each number of workers, in rounds."""
    results: By = {point: [] for point in points}
    for n_round in range(arguments.rounds):
        for name, n_workers in points if n_round % 2 == 0 else points[::-1]:
            side = named(name)
            job = quality.make_job(side, settings(arguments, side, n_workers, 1, 1), text, {})
            about = {"round": n_round, "table": "workers", "side": name, "workers": n_workers}
            result = record.append(about | process.run(job))
            results[name, n_workers].append(result)
            say(
                f"round {n_round + 1}/{arguments.rounds} workers {n_workers} {name}: "
                f"{rate('wall')(result):,.0f} kw/s"
            )
    return results


def measure_quality(
    arguments: argparse.Namespace,
    text: Corpus,
    record: Record,
    points: list[Point],
    sets: dict[str, str],
) -> By:
    """Train and evaluate each side at each number of workers, over the seeds."""
    results: By = {point: [] for point in points}
    for seed in range(1, arguments.seeds + 1):
        for name, n_workers in points:
            side = named(name)
            own = settings(arguments, side, n_workers, arguments.epochs, seed)
            job = quality.make_job(side, own, text, sets)
            result = quality.obtain(record, job, quality.make_key(job, text, record))
            results[name, n_workers].append(result)
            say(f"seed {seed}/{arguments.seeds} workers {n_workers} {name}: {result['scores']}")
    return results


def settings(
    arguments: argparse.Namespace, side: Side, n_workers: int, n_epochs: int, seed: int
) -> dict[str, Any]:
    """Return the arguments of one training."""
    own = dict(arguments.fastsgns) if side.package == "fastsgns" else {}
    return {
        "vector_size": arguments.dim,
        "min_count": arguments.min_count,
        "workers": n_workers,
        "epochs": n_epochs,
        "seed": seed,
    } | own


def speed_table(arguments: argparse.Namespace, results: By) -> str:
    """Make the table of speeds, with a row for each side and number of workers."""
    least = min(n_workers for _, n_workers in results)
    has_gensim = any(named(name).package == "gensim" for name, _ in results)
    rows = []
    for (name, n_workers), mine in results.items():
        speedup = ratios(mine, results[name, least], rate("wall"))
        share = [100 * value * least / n_workers for value in speedup]
        row = [name, str(n_workers), with_spread([rate("wall")(r) for r in mine], 0)]
        row += [with_spread(speedup), with_spread(share, 0)]
        row.append(with_spread([1e6 / rate("cpu")(r) for r in mine], 0))
        if has_gensim:
            base = results.get((f"gensim{' cbow' * (named(name).sg == 0)}", n_workers), [])
            row.append(with_spread(ratios(mine, base, rate("wall"))))
        rows.append(row)
    heading = ["side", "workers", "1000 words/s", f"x {least}", "% of linear", "ns/word"]
    return table(heading + ["x gensim"] * has_gensim, rows, arguments.markdown)


def quality_table(arguments: argparse.Namespace, results: By) -> str:
    """Make the table of scores, with a row for each side and number of workers."""
    least = min(n_workers for _, n_workers in results)
    judged = quality.judged([result for mine in results.values() for result in mine])
    rows = [
        [name, str(n_workers), *(score(mine, results[name, least], key) for key in judged)]
        for (name, n_workers), mine in results.items()
    ]
    heading = ["side", "workers", *(quality.TITLES[key] for key in judged)]
    about = f"{arguments.epochs} epochs, {arguments.seeds} seeds: mean ± standard error"
    return f"{about}\n\n{table(heading, rows, arguments.markdown)}"


def score(results: list[Result], base: list[Result], key: str) -> str:
    """Write the mean, its standard error and the difference from `base` in standard errors."""
    mine, others = (quality.scores(side, key) for side in (results, base))
    error = deviation(mine) / math.sqrt(len(mine))
    text = f"{mean(mine):.3f}" + ("" if math.isnan(error) else f" ± {error:.3f}")
    difference = standard_errors(mine, others)
    return text if results is base or math.isnan(difference) else f"{text} ({difference:+.1f})"


def doubling(most: int) -> list[int]:
    """Return 1, 2, 4, ... and `most`."""
    return sorted({most, *(1 << power for power in range(most.bit_length()))})
