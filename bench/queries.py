"""``python -m bench queries``: nearest keys, similarities and vectors, compared with gensim."""

import argparse
import os
from typing import Any

from bench import options, process
from bench.record import Result
from bench.report import ratios, table, with_spread
from fastsgns.runtime.console import say

EXAMPLES = """\
Both packages answer the same queries on the same float32 matrix, in turn, in one process. "bare"
is the product of the matrix with the vectors of the queries, and for most_similar the partition of
the result. "fastsgns" are vectors of which the program has the array, as those of a model; "loaded"
and "mapped" are vectors that nobody else can write to. Norms of gensim are computed before.
Times are CPU time with one thread, and wall-clock time with more. The index has the first rows, and
is asked with 200 of their keys; "recall" is the share of the exact 10 nearest in its answers.

examples:
  python -m bench queries
  python -m bench queries --rows 1e6 --rounds 5 --threads 1
"""
BARE, OURS, GENSIM = "bare", "fastsgns", "gensim"
SIDES = (BARE, OURS, "loaded", "mapped", "bare mapped", GENSIM)


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "queries", help="most_similar and other queries, compared with gensim", epilog=EXAMPLES,
        **common,
    )  # fmt: skip
    parser.add_argument("--rows", type=options.positive, default=200_000, help="(200,000)")
    parser.add_argument("--dim", type=options.positive, default=300, help="(300)")
    parser.add_argument("--rounds", type=options.positive, default=5, metavar="N", help="(5)")
    parser.add_argument(
        "--threads", type=options.positive, nargs="+", default=sorted({1, os.cpu_count() or 1}),
        help="threads of each query (1, and one per core)",
    )  # fmt: skip
    parser.add_argument(
        "--batches", type=options.positive, nargs="+", default=[16, 100], help="keys (16 100)"
    )
    parser.add_argument(
        "--index-rows", type=options.positive, default=50_000, help="rows of the index (50,000)"
    )
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    record = options.new_record(arguments, {"rows": arguments.rows, "dim": arguments.dim})
    arguments.cache.mkdir(parents=True, exist_ok=True)
    results: list[Result] = []
    indexes: list[Result] = []
    for n_threads in arguments.threads:
        job = {
            "job": "queries", "folder": str(arguments.cache), "threads": n_threads,
            "gensim": bool(record.versions["gensim"]), "index": n_threads == arguments.threads[-1],
        }  # fmt: skip
        job |= {name: getattr(arguments, name) for name in ("rows", "dim", "rounds", "batches")}
        done = process.run(job | {"index_rows": min(arguments.index_rows, arguments.rows)})
        results += [record.append({"threads": n_threads} | result) for result in done["times"]]
        if done["index"]:
            indexes.append(record.append({"query": "index", "threads": n_threads} | done["index"]))
        say(f"{n_threads} threads: {len(done['times'])} measurements")
    print(f"{arguments.rows:,} vectors of {arguments.dim}; {record.heading(results)}\n")
    print(render(results, arguments.markdown))
    for found in indexes:
        print("\n" + of_index(found))
    print(f"\n{record.path}")
    return 0


def seconds(result: Result) -> float:
    """Return the CPU time of one thread, or the wall-clock time of several."""
    return result["cpu" if result["threads"] == 1 else "wall"]


def shown(values: list[float]) -> str:
    """Write times in microseconds or milliseconds."""
    if not values:
        return "-"
    is_short = max(values) < 1e-3
    return with_spread([v * (1e6 if is_short else 1e3) for v in values], 1) + (
        " us" if is_short else " ms"
    )


def render(results: list[Result], markdown: bool) -> str:
    """Make the table, a row for each query and number of threads."""
    heading = ["query", "threads", "fastsgns", "bare", "gensim", "x bare", "x gensim"]
    rows = []
    asked = dict.fromkeys((r["query"], r["threads"]) for r in results)
    for query, n_threads in asked:
        of = {
            side: [r for r in results if (r["query"], r["threads"], r["side"]) == (*key, side)]
            for key in [(query, n_threads)]
            for side in SIDES
        }
        for side in (OURS, "loaded", "mapped"):
            if mine := of[side]:
                name = query if side == OURS else f"{query}, {side}"
                others = of["bare mapped" if side == "mapped" else BARE], of[GENSIM]
                row = [name, str(n_threads), shown([seconds(r) for r in mine])]
                row += [shown([seconds(r) for r in other]) for other in others]
                row += [with_spread(ratios(mine, other, seconds)) for other in others]
                rows.append(row)
    return table(heading, rows, markdown)


def of_index(found: Result) -> str:
    """Return a line about the index."""
    return (
        f"index of {found['rows']:,} vectors: made in {found['make_wall']:.1f} s "
        f"({found['make_cpu']:.1f} CPU s), {found['bytes'] / 2**20:.0f} MiB; recall@10 "
        f"{found['recall']:.3f} in {found['query_wall'] * 1e3:.2f} ms per query; the search of all "
        f"takes {found['search_wall'] * 1e3:.2f} ms"
    )
