"""``python -m bench speed``: words per second and peak memory of one epoch."""

import argparse
from collections.abc import Callable
from dataclasses import asdict
from itertools import product
from typing import Any

from bench import options, process
from bench.record import Result
from bench.report import mebibytes, ratios, table, with_spread
from bench.sides import BASE, SIDES, Side, can_run, expand
from fastsgns.runtime.console import say

EXAMPLES = """\
Each trainer runs in a new process, in rounds, so that a busy moment of the machine affects all of
them. The time is that of training. The vocabulary (and for fastsgns the encoding) has a separate
column, and is part of the whole run. "kw/s" means thousands of words of the text per second, before
subsampling drops any: "CPU" by the CPU time of all threads of the process (user and system), "wall"
by wall-clock time. Ratios are computed within a round. The table shows their median, with the
minimum and the maximum in brackets.

--sharing, --matrices and --force make a side of each mode, layout and kernel of fastsgns, such as
"fastsgns-file block tied+bias:word avx2". fastsgns-file and gensim-file read the file
(corpus_file). -lists use a list of token lists that was read before. -lines use LineSentence.
word2vec-c is the C program that the package word2vec of PyPI compiles (-Ofast -march=native). A run
of it without threads does everything except training. The time of this run is subtracted, and shown
as "vocabulary". It includes filling a table of 400 MB for the negative samples, which takes a
second. With less than a million tokens this second is larger than the time of training.

examples:
  python -m bench speed                                a first impression, a minute or two
  python -m bench speed wiki.txt.xz --tokens 2e6 --dim 100 300
  python -m bench speed wiki.txt --cbow --workers 1 2 4 --rounds 5
  python -m bench speed wiki.txt --sides fastsgns-file gensim-file --markdown
  python -m bench speed wiki.txt --tokens 1e6 --dim 50 100 128 200 300 768 --workers 1 \\
      --sharing pair window block --sides fastsgns-file gensim-file word2vec-c
  python -m bench speed wiki.txt --sharing block --force avx512 avx2 --sides fastsgns-file
"""
CHOICES = [name for name, side in SIDES.items() if side.feed != "mapped"]
DEFAULT = ["fastsgns-file", "fastsgns-lists", "gensim-file", "gensim-lists"]
Config = tuple[int, int, str]  # dim, workers, side


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "speed", help="words per second and memory, compared with gensim", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    options.add_algorithm(parser)
    parser.add_argument("--rounds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--dim", type=options.positive, nargs="+", default=[100], help="(100)")
    parser.add_argument(
        "--workers", type=options.positive, nargs="+", default=[1, 2], help="threads (1 2)"
    )
    parser.add_argument("--epochs", type=options.positive, default=1, help="passes (1)")
    parser.add_argument("--window", type=options.positive, default=5, help="(5)")
    parser.add_argument("--negative", type=options.positive, default=5, help="(5)")
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument(
        "--sides",
        nargs="+",
        choices=CHOICES,
        default=DEFAULT,
        help=(f"of {', '.join(CHOICES)} ({' '.join(DEFAULT)})"),
        metavar="SIDE",
    )
    options.add_sharing(parser)
    parser.add_argument(
        "--force",
        nargs="+",
        metavar="KERNEL",
        help="kernel variants of fastsgns, each a side, such as avx512 avx2 sse2 plain blas",
    )
    parser.add_argument(
        "--matrices",
        nargs="+",
        type=options.layout,
        metavar="MATRICES",
        help="of fastsgns, each a side, such as two tied+bias:word",
    )
    options.add_fastsgns(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    corpus, record = options.start(arguments, None)
    expanded = expand(arguments.sides, arguments.sharing, arguments.force, arguments.matrices)
    sides = can_run(expanded, record.versions)
    if not sides:
        return 1
    configs = list(product(arguments.dim, arguments.workers, sides))
    results: list[Result] = []
    for n_round in range(arguments.rounds):
        for config in configs if n_round % 2 == 0 else configs[::-1]:
            dim, workers, name = config
            job = make_job(arguments, str(corpus.path), dim, workers, sides[name])
            names = {"round": n_round, "side": name, "dim": dim, "workers": workers}
            names |= {"sg": arguments.sg, "epochs": arguments.epochs, **asdict(sides[name])}
            result = record.append(names | process.run(job))
            results.append(result)
            say(
                f"round {n_round + 1}/{arguments.rounds} {name} dim {dim} workers {workers}: "
                f"{rate('cpu')(result):,.0f} kw/CPU s, {rate('wall')(result):,.0f} kw/s"
            )
    algorithm = "skip-gram" if arguments.sg else "CBOW"
    passes = f"{arguments.epochs} epoch{'s' * (arguments.epochs > 1)}"
    print(f"{algorithm}, {passes} of {corpus}: {results[0]['n_words']:,} words")
    print(record.heading(results))
    print()
    print(render(results, configs, arguments.force or [], arguments.markdown))
    print(f"\n{record.path}")
    return 0


def make_job(
    arguments: argparse.Namespace, path: str, dim: int, workers: int, side: Side
) -> dict[str, Any]:
    """Return the job of one training."""
    settings = {
        "sg": arguments.sg,
        "vector_size": dim,
        "window": arguments.window,
        "negative": arguments.negative,
        "min_count": arguments.min_count,
        "workers": workers,
        "epochs": arguments.epochs,
    }
    settings |= side.settings
    if side.package == "fastsgns":
        settings |= dict(arguments.fastsgns)
    return {"job": "train", "corpus": path, "settings": settings} | side.job


def rate(clock: str) -> Callable[[Result], float]:
    """Return thousand words per second of training, by ``cpu`` or ``wall`` time."""
    return lambda r: r["n_words"] * r.get("epochs", 1) / r[f"train_{clock}"] / 1e3


def whole(result: Result) -> float:
    """Return words per second of a whole run, vocabulary and training, by wall time."""
    run_wall = result["prepare_wall"] + result["train_wall"]
    return float(result["n_words"] * result.get("epochs", 1) / run_wall / 1e3)


def render(results: list[Result], configs: list[Config], kernels: list[str], markdown: bool) -> str:
    """Make the table, a row for each configuration."""

    def of(config: Config) -> list[Result]:
        return [r for r in results if (r["dim"], r["workers"], r["side"]) == config]

    workers = list(dict.fromkeys(n_workers for _, n_workers, _ in configs))
    sides = dict.fromkeys(side for _, _, side in configs)
    reference = next((side for side in (BASE, *sides) if side in sides and "gensim" in side), None)
    heading = ["trainer", "dim", "workers", "kw/CPU s", "kw/s"]
    if reference:
        heading += [f"x {reference} CPU", "wall", "whole run"]
    if len(workers) > 1:
        heading.append(f"x {workers[0]} worker{'s' * (workers[0] > 1)}")
    if len(kernels) > 1:
        heading.append(f"x {kernels[0]} CPU")
    heading += ["vocabulary s", "peak MiB"]
    rows = []
    for config in configs:
        dim, n_workers, side = config
        mine = of(config)
        row = [side, str(dim), str(n_workers)]
        row += [with_spread([rate(clock)(r) for r in mine], 0) for clock in ("cpu", "wall")]
        if reference:
            base = of((dim, n_workers, reference))
            rates = (rate("cpu"), rate("wall"), whole)
            row += [with_spread(ratios(mine, base, each)) for each in rates]
        if len(workers) > 1:
            row.append(with_spread(ratios(mine, of((dim, workers[0], side)), rate("wall"))))
        if len(kernels) > 1:
            forced = of((dim, n_workers, f"{side.rsplit(maxsplit=1)[0]} {kernels[0]}"))
            row.append(with_spread(ratios(mine, forced, rate("cpu"))))
        rows.append([*row, with_spread([r["prepare_wall"] for r in mine]), mebibytes(mine)])
    return table(heading, rows, markdown)
