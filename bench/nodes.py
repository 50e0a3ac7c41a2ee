"""``python -m bench nodes``: vectors of nodes by fastsgns and by other packages, on graphs."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from bench import options
from bench.corpus import data_folder
from bench.graphs import UNDIRECTED_FILES
from bench.node_jobs import random_ends
from bench.packages import (
    PEERS,
    call,
    is_there,
    judged_by_labels,
    judged_by_links,
    measured_alone,
    settings,
)
from bench.process import JobError
from bench.report import table
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.classification import read_labels
from fastsgns.runtime.console import say, short
from fastsgns.runtime.intervals import interval
from fastsgns.runtime.machine import n_cores

EXAMPLES = """\
Each package learns from the same files of edges, by default with the same settings. --recommended
gives each package the settings that its documentation recommends: bench/node_jobs.py lists them.
Packages that PYTHON (--peers) cannot import are omitted. The packages run in turn, seed by seed.
The name 'fastsgns:epochs=3' means fastsgns with that setting, and 'fastsgns:model=FastRP' another
class of models.

tasks:
  labels   a classifier predicts labels from the vectors of each package, on the same splits; edges
           have no direction; the vectors are standardized for packages for which that is better
  links    the packages learn from a part of the edges, and score the others and three kinds of
           pairs that are not edges: random pairs, half or all of them reversed edges
  speed    only the time and the memory

With the same settings, each package has its default number of epochs, which is 1 for fastsgns and
pecanpy and 5 for node2vec.

examples:
  python -m bench nodes --peers venv/bin/python
  python -m bench nodes --peers venv/bin/python --num-walks 80 --walk-length 40
  python -m bench nodes --peers venv/bin/python --packages fastsgns fastsgns:epochs=3 node2vec
  python -m bench nodes cora.edges --tasks labels links --recommended --packages fastsgns pycleora
  python -m bench nodes graph.edges --labels graph.labels --packages fastsgns
  python -m bench nodes --synthetic
  python -m bench nodes --synthetic --nodes 1e7 --edges 1e8 --dim 32
  python -m bench nodes --star 2e5
"""
STAR_QS = (1, 4, 64, 1000)
TASKS = ("labels", "links", "speed")
BLOCK = 1 << 20  # edges
Result = dict[str, Any]


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "nodes", help="vectors of nodes: speed and quality", epilog=EXAMPLES, **common
    )
    graphs = data_folder() / "graphs"
    parser.add_argument(
        "graphs", nargs="*", type=Path, default=[graphs / "blogcatalog.edges"], metavar="EDGES",
        help="'node node' per line, each edge once (blogcatalog of the data folder)",
    )  # fmt: skip
    parser.add_argument("--labels", type=Path, metavar="FILE", help="(EDGES with .labels)")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=["labels"], help="(labels)")
    parser.add_argument(
        "--recommended", action="store_true", help="each package has its own settings"
    )
    parser.add_argument(
        "--peers", default=sys.executable, metavar="PYTHON",
        help=f"the Python that {', '.join(PEERS)} are installed for (this one)",
    )  # fmt: skip
    parser.add_argument("--packages", nargs="+", default=["fastsgns", *PEERS], metavar="NAME")
    parser.add_argument("--dim", type=options.positive, default=128, help="(128)")
    parser.add_argument("--walk-length", type=options.positive, default=80, help="(80)")
    parser.add_argument("--num-walks", type=options.positive, help="(10; 1 of --synthetic)")
    parser.add_argument("--window", type=options.positive, default=10, help="(10)")
    parser.add_argument("-p", type=float, default=1.0, help="(1)")
    parser.add_argument("-q", type=float, default=1.0, help="(1)")
    parser.add_argument("--workers", type=options.positive, default=n_cores(), help="(all cores)")
    parser.add_argument("--seeds", type=options.positive, default=1, metavar="N", help="(1)")
    parser.add_argument(
        "--shares", type=float, nargs="+", default=[0.1, 0.5, 0.9], help="(0.1 0.5 0.9)"
    )
    parser.add_argument(
        "--splits", type=options.positive, default=5, help="of the nodes, for each share (5)"
    )
    parser.add_argument(
        "--test", type=float, default=0.3, metavar="SHARE", help="links: of the edges (0.3)"
    )
    parser.add_argument(
        "--limit", type=options.positive, default=7200, metavar="SECONDS",
        help="seconds after which a package is stopped (7200)",
    )  # fmt: skip
    parser.add_argument(
        "--table", action="store_true", help="only print the tables of the results in --output"
    )
    parser.add_argument("--synthetic", action="store_true", help="use a large random graph")
    parser.add_argument("--nodes", type=options.positive, default=10**6, help="if synthetic (1e6)")
    parser.add_argument("--edges", type=options.positive, default=10**7, help="if synthetic (1e7)")
    parser.add_argument(
        "--save-edges", type=Path, metavar="FILE", help="if synthetic: only write the edges to FILE"
    )
    parser.add_argument(
        "--star", type=options.positive, metavar="LEAVES", help="use a star, with several q"
    )
    options.add_fastsgns(parser)
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print a table for each task."""
    if arguments.synthetic and arguments.save_edges:
        save_edges(arguments)
        return 0
    if arguments.synthetic:
        return run_synthetic(arguments)
    if arguments.star:
        return run_star(arguments)
    if arguments.table:
        show(json.loads(arguments.output.read_text(encoding="utf-8"))["results"], arguments)
        return 0
    for path in arguments.graphs:
        if not path.exists():
            raise FileNotFoundError(f"{path} does not exist: name a file of edges")
    record = options.new_record(arguments, {"name": " ".join(p.name for p in arguments.graphs)})
    packages = [name for name in arguments.packages if is_there(name, arguments)]
    for path in arguments.graphs:
        for task in arguments.tasks:
            for result in measured(path, task, packages, arguments):
                record.append({"graph": path.stem, "task": task, **result})
    show(record.results, arguments)
    print(record.path)
    return 0


def show(found: list[Result], arguments: argparse.Namespace) -> None:
    """Print a table for each task, of the latest result of each graph, package and seed."""
    latest = {(r["task"], r["graph"], r["package"], r["seed"]): r for r in found}
    results = sorted(latest.values(), key=lambda r: (r["graph"], place(r["package"])))
    kinds = {
        "labels": (labels_heading(arguments), label_columns),
        "links": (LINKS_HEADING, link_columns),
        "speed": (TIMES, lambda own, arguments: []),
    }
    for task, (heading, columns) in kinds.items():
        own = [r for r in results if r["task"] == task]
        if own:
            print(table(heading, rows(own, columns, arguments), arguments.markdown), end="\n\n")


def place(package: str) -> tuple[int, str]:
    """Return where a package comes in the tables: baselines, fastsgns, and the others."""
    name = package.partition(":")[0]
    return (name in PEERS) + (name in ("fastsgns", *PEERS)), package


def measured(
    path: Path, task: str, packages: list[str], arguments: argparse.Namespace
) -> Iterator[Result]:
    """Yield the results of a task, one for each seed and package."""
    if task == "labels":
        labels = read_labels(arguments.labels or path.with_suffix(".labels"))
    elif task == "links":
        graph = DirectedGraph.from_file(path, directed=path.stem not in UNDIRECTED_FILES)
    left = list(packages)
    for seed in range(1, arguments.seeds + 1):
        for name in list(left):
            try:
                if task == "labels":
                    results = [judged_by_labels(name, path, labels, seed, arguments)]
                    results[0]["package"] = name
                elif task == "speed":
                    results = [measured_alone(name, path, seed, arguments) | {"package": name}]
                else:
                    results = by_links(name, graph, seed, arguments)
            except JobError as error:
                say(f"{path.stem}, {task}: {error}")
                left.remove(name)
                continue
            yield from ({"seed": seed, **result} for result in results)
            seconds = results[-1]["cpu_seconds"]
            say(f"{path.stem}, {task}, {name}, seed {seed}: {seconds:.1f} CPU s")


def by_links(
    name: str, graph: DirectedGraph, seed: int, arguments: argparse.Namespace
) -> list[Result]:
    """Return the results of a package, and of the baselines if it is the first package."""
    times, scores = judged_by_links(name, graph, seed, arguments)
    models = list(dict.fromkeys(score.model for score in scores))
    results = []
    for model in models if name == arguments.packages[0] else models[-1:]:
        own = [score for score in scores if score.model == model]
        found = {
            "package": model,
            "auc": {score.negatives: score.auc for score in own},
            "hits": {score.negatives: score.hits[100] for score in own},
            "mrr": own[0].mrr,
        }
        results.append((times if model == name else {}) | found)
    return results


def labels_heading(arguments: argparse.Namespace) -> list[str]:
    """Return the heading of the table of labels."""
    kinds = [f"{kind} {share:.0%}" for share in arguments.shares for kind in ("micro", "macro")]
    return [*TIMES, *kinds]


TIMES = ["graph", "package", "CPU s", "of fastsgns", "peak MB"]
LINKS_HEADING = [
    *TIMES, "AUC 0 %", "50 %", "100 %", "Hits@100 0 %", "50 %", "100 %", "MRR",
]  # fmt: skip


def rows(results: list[Result], columns: Any, arguments: argparse.Namespace) -> list[list[str]]:
    """Return a row for each graph and package, with means and intervals over the seeds."""
    by_row: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        by_row.setdefault((result["graph"], result["package"]), []).append(result)
    found = []
    for (graph, package), own in by_row.items():
        times = ["-", "-", "-"]
        if "cpu_seconds" in own[0]:
            seconds = mean_cpu(own)
            ours = by_row.get((graph, "fastsgns"))
            ratio = f"{seconds / mean_cpu(ours):.1f}" if ours else "-"
            peak = max(result["peak_bytes"] for result in own) / 1e6
            times = [f"{seconds:.1f}", ratio, f"{peak:.0f}"]
        found.append([graph, package, *times, *columns(own, arguments)])
    return found


def mean_cpu(results: list[Result]) -> float:
    """Return the mean CPU seconds."""
    return float(np.mean([result["cpu_seconds"] for result in results]))


def label_columns(own: list[Result], arguments: argparse.Namespace) -> list[str]:
    """Return F1 by share; the interval is over the seeds, each the mean of its splits.

    They are those of standardized vectors if these have a higher micro F1 over all shares.
    """

    def mean(result: Result, form: str, kind: str, shares: list[float]) -> float:
        return float(np.mean([f[kind] for f in result["f1"][form] if f["share"] in shares]))

    def micro(form: str) -> float:
        return float(np.mean([mean(result, form, "micro", arguments.shares) for result in own]))

    form = max(("raw", "standardized"), key=micro)
    return [
        with_interval([mean(result, form, kind, [share]) for result in own])
        for share in arguments.shares
        for kind in ("micro", "macro")
    ]


def link_columns(own: list[Result], arguments: argparse.Namespace) -> list[str]:
    """Return AUC, Hits@100 and MRR; "-" without reversed negatives."""
    columns = []
    for measure in ("auc", "hits"):
        for kind in ("0 % reversed", "50 % reversed", "100 % reversed"):
            values = [result[measure][kind] for result in own if kind in result[measure]]
            columns.append(with_interval(values) if values else "-")
    return [*columns, with_interval([result["mrr"] for result in own])]


def with_interval(values: list[float]) -> str:
    """Write a mean and half its interval, in per cent."""
    found = interval(values)
    half = f" ± {100 * (found.high - found.mean):.1f}" if found.n > 1 else ""
    return f"{100 * found.mean:.1f}{half}"


def run_synthetic(arguments: argparse.Namespace) -> int:
    """Train one pass over a random graph, and print its time and memory."""
    facts = {"name": "synthetic", "nodes": arguments.nodes, "edges": arguments.edges}
    record = options.new_record(arguments, facts)
    own = {"package": "synthetic", "seed": 1, "options": dict(arguments.fastsgns)}
    job = settings(arguments) | facts | own
    result = record.append({**call(sys.executable, job, arguments.limit), "settings": job})
    matrices = 2 * 4 * arguments.nodes * arguments.dim
    graph = 4 * arguments.edges + 8 * arguments.nodes
    steps = ", ".join(f"{name} {value:.1f} s" for name, value in result["seconds"].items())
    peaks = ", ".join(f"{name} {peak / 1e6:,.0f} MB" for name, peak in result["step_peaks"].items())
    print(
        f"{short(arguments.nodes)} nodes, {short(arguments.edges)} edges, d = {arguments.dim}: "
        f"{steps}\npeak memory of each step: {peaks}\nthe matrices are {matrices / 1e6:,.0f} MB, "
        f"one direction of the graph {graph / 1e6:,.0f} MB, without weights\n\n{record.path}"
    )
    return 0


def save_edges(arguments: argparse.Namespace) -> None:
    """Write the edges of the random graph that `run_synthetic` uses, without direction."""
    sources, targets = random_ends(arguments.nodes, arguments.edges, seed=1)
    with open(arguments.save_edges, "w", encoding="utf-8") as file:
        for start in range(0, len(sources), BLOCK):
            block = zip(*(ends[start : start + BLOCK].tolist() for ends in (sources, targets)))
            file.write("".join(f"{u} {v}\n" for u, v in block))


def run_star(arguments: argparse.Namespace) -> int:
    """Train one pass over a star for several q, and print the times."""
    record = options.new_record(arguments, {"name": "star", "leaves": arguments.star})
    own = {"package": "star", "seed": 1, "options": dict(arguments.fastsgns)}
    job = settings(arguments) | own | {"leaves": arguments.star, "qs": STAR_QS}
    result = record.append({**call(sys.executable, job, arguments.limit), "settings": job})
    steps = ", ".join(f"{name}: {value:.2f} s" for name, value in result["seconds"].items())
    print(f"a star of {short(arguments.star)} leaves, CPU time: {steps}\n\n{record.path}")
    return 0
