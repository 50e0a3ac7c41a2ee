"""``python -m bench scaling``: cost per token as workers, tokens or the vocabulary grow."""

import argparse
from collections.abc import Callable, Iterable
from itertools import product
from statistics import median
from typing import Any

from bench import corpus, options, process
from bench.machine import caches, usable_cores
from bench.record import Record, Result
from bench.report import MIB, ratios, table, with_spread
from bench.sides import Side
from fastsgns import EncodedCorpus
from fastsgns.runtime.console import say

EXAMPLES = """\
Three tables of one epoch of fastsgns. "ns/token" is the CPU time of all threads per token, before
subsampling drops any. "kernels" is the part of it in train_chunk. The rest is Python and
scheduling, and passes over the matrices after each epoch, which matter more in a short epoch.

workers     on the text, encoded beforehand; 1, 2, 4, ... up to the cores of this process
tokens      the text is encoded once and its ids are repeated, in a mapped temporary file in the
            cache folder (4 bytes per token). Only the length changes, and not the vocabulary, the
            mix of words or the subsampling. The new words of a longer text are the subject of the
            third table. The cost should stay within 15 %; the last line shows whether it does.
vocabulary  words drawn from Zipf's law with a seed, the same number of tokens for each size. Larger
            vocabularies also have more rare words, so that subsampling keeps more of the tokens.
            "ns/kept" is the time in kernels per token that was kept. It grows as the two matrices
            outgrow the caches, whose sizes come from sysfs. "in" is the smallest cache that can
            store both matrices. The rows of frequent words may still be in a smaller one.

The full run of tokens, to 500 million, takes minutes per mode and 2 GB of disk; --tokens-to is for
a shorter one.

examples:
  python -m bench scaling --tokens-to 1e7 --rounds 1
  python -m bench scaling --what workers --workers 1 2 4 8
  python -m bench scaling wiki.txt --what tokens --sharing block --tokens-to 5e8
  python -m bench scaling --what vocabulary --types 1e4 1e5 1e6 --dim 300
"""
FLAT = 0.15
STEPS = [digit * 10**power for power in range(3, 10) for digit in (1, 3)]
LONGEST = 500_000_000
Point = tuple[str, int]  # sharing, what grows


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "scaling", help="cost by workers, tokens, vocabulary", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    options.add_algorithm(parser)
    options.add_sharing(parser, ["pair", "block"])
    parser.add_argument(
        "--what", nargs="+", choices=TABLES, default=list(TABLES), help="tables (all)"
    )
    parser.add_argument("--rounds", type=options.positive, default=2, metavar="N", help="(2)")
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument(
        "--workers", type=options.positive, nargs="+", help="threads (1, 2, 4, ... up to the cores)"
    )
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument(
        "--tokens-to",
        type=options.positive,
        default=LONGEST,
        metavar="N",
        help="longest repetition (5e8)",
    )
    parser.add_argument(
        "--types",
        type=options.positive,
        nargs="+",
        default=[10_000, 30_000, 100_000, 300_000, 1_000_000],
        metavar="N",
        help="vocabularies (1e4 3e4 1e5 3e5 1e6)",
    )
    parser.add_argument(
        "--zipf-tokens", type=options.positive, default=5_000_000, metavar="N", help="(5e6)"
    )
    options.add_fastsgns(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    text, record = options.start(arguments, None)
    if "vocabulary" in arguments.what and max(arguments.types) > arguments.zipf_tokens:
        say(f"--zipf-tokens {arguments.zipf_tokens} is less than --types {max(arguments.types)}")
        return 1
    print(f"{'skip-gram' if arguments.sg else 'CBOW'}, dim {arguments.dim}; text: {text}")
    for name in arguments.what:
        first = len(record.results)
        rendered = TABLES[name](arguments, text, record)
        print(f"\n{record.heading(record.results[first:])}\n\n{rendered}")
    print(f"\n{record.path}")
    return 0


def train(arguments: argparse.Namespace, path: Any, sharing: str, workers: int = 1) -> Result:
    """Return the job of one training on an encoded corpus."""
    side = Side("fastsgns", "mapped", sharing)
    settings = {"sg": arguments.sg, "vector_size": arguments.dim, "workers": workers}
    settings |= {"epochs": 1, "min_count": 1} | side.settings | dict(arguments.fastsgns)
    return {"job": "train", "corpus": str(path), "settings": settings, "watch": True} | side.job


def measure(
    arguments: argparse.Namespace,
    record: Record,
    what: str,
    values: Iterable[int],
    job: Callable[[str, int], dict[str, Any]],
) -> dict[Point, list[Result]]:
    """Run the job of each mode and value, in rounds."""
    points = list(product(arguments.sharing, values))
    results: dict[Point, list[Result]] = {point: [] for point in points}
    for n_round in range(arguments.rounds):
        for sharing, value in points if n_round % 2 == 0 else points[::-1]:
            names = {"round": n_round, "table": what, "sharing": sharing, what: value}
            result = record.append(names | process.run(job(sharing, value)))
            results[sharing, value].append(result)
            say(
                f"round {n_round + 1}/{arguments.rounds} {what} {value:,} {sharing}: "
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


def rate(result: Result) -> float:
    """Return thousand tokens per second of wall-clock time."""
    return result["n_trained"] / result["train_wall"] / 1e3


def by_workers(arguments: argparse.Namespace, text: corpus.Corpus, record: Record) -> str:
    """Measure one number of workers after the other."""
    path = corpus.encoded(text, arguments.min_count, arguments.cache)
    values = arguments.workers or doubling(usable_cores())
    results = measure(
        arguments, record, "workers", values, lambda sharing, n: train(arguments, path, sharing, n)
    )
    rows = []
    for (sharing, n_workers), mine in results.items():
        base = results[sharing, values[0]]
        speedup = ratios(mine, base, rate)
        share = [100 * value * values[0] / n_workers for value in speedup]
        row = [sharing, str(n_workers), with_spread([rate(r) for r in mine], 0)]
        row += [with_spread(speedup), with_spread(share, 0)]
        rows.append([*row, *costs(mine)])
    heading = ["mode", "workers", "1000 tokens/s", f"x {values[0]}", "% of linear"]
    heading += ["ns/token", "kernels"]
    return table(heading, rows, arguments.markdown)


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
        lambda sharing, n: train(arguments, path, sharing) | {"copies": n},
    )
    rows, verdicts = [], []
    for sharing in arguments.sharing:
        medians = []
        for n in copies:
            mine = results[sharing, n]
            ratio = ratios(mine, results[sharing, 1], cost)
            medians.append(median(cost(r) for r in mine))
            row = [sharing, f"{mine[0]['n_trained'] / 1e6:,.1f}", str(n)]
            rows.append([*row, *costs(mine), with_spread(ratio)])
        spread = max(medians) / min(medians) - 1
        verdict = "flat" if spread <= FLAT else "NOT flat"
        verdicts.append(f"{sharing}: {verdict} within {FLAT:.0%} (spread {spread:.1%})")
    heading = ["mode", "M tokens", "copies", "ns/token", "kernels", "x 1 copy"]
    return "\n\n".join([table(heading, rows, arguments.markdown), "\n".join(verdicts)])


def by_vocabulary(arguments: argparse.Namespace, text: corpus.Corpus, record: Record) -> str:
    """Measure with words of Zipf's law, more and more of them."""
    paths = {
        n: corpus.zipf(n, arguments.zipf_tokens, True, arguments.cache) for n in arguments.types
    }
    results = measure(
        arguments, record, "types", paths, lambda sharing, n: train(arguments, paths[n], sharing)
    )
    levels = {name: size for name, size in caches().items() if name != "L1"}
    rows = []
    for (sharing, n_types), mine in results.items():
        n_bytes = 2 * n_types * -(-arguments.dim // 16) * 16 * 4
        fitting = [name for name, size in levels.items() if n_bytes <= size]
        row = [sharing, f"{n_types:,}", f"{n_bytes / MIB:,.0f}", [*fitting, "DRAM"][0]]
        row.append(f"{100 * median(r['n_kept'] / r['n_trained'] for r in mine):.0f}")
        row += costs(mine)
        row.append(with_spread([1e9 * r["kernel_cpu"] / r["n_kept"] for r in mine], 0))
        rows.append(
            [*row, with_spread(ratios(mine, results[sharing, arguments.types[0]], kernel_cost))]
        )
    heading = ["mode", "words", "matrices MiB", "in", "kept %", "ns/token", "kernels", "ns/kept"]
    heading.append(f"x {arguments.types[0]:,} words")
    sizes = ", ".join(f"{name} {size / MIB:g} MiB" for name, size in levels.items())
    tokens = f"{arguments.zipf_tokens:,} tokens by Zipf's law; caches: {sizes or 'unknown'}"
    return "\n\n".join([tokens, table(heading, rows, arguments.markdown)])


def doubling(most: int) -> list[int]:
    """Return 1, 2, 4, ... and `most`."""
    return sorted({most, *(1 << power for power in range(most.bit_length()))})


TABLES = {"workers": by_workers, "tokens": by_tokens, "vocabulary": by_vocabulary}
