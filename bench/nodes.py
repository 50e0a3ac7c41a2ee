"""``python -m bench nodes``: vectors of nodes, with pecanpy and node2vec, and a large graph."""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench import options, process
from bench.corpus import data_folder
from bench.process import JobError
from bench.record import Record
from bench.report import table
from fastsgns.graph.evaluation.classification import Labels, classify, read_labels
from fastsgns.runtime.console import say, short
from fastsgns.runtime.intervals import interval
from fastsgns.runtime.machine import n_cores

EXAMPLES = """\
Each package learns from the same file of edges of an undirected graph with the same settings. One
classifier then predicts labels from the vectors of each package, on the same splits. Packages that
PYTHON (--peers) cannot import are omitted. The packages run in turn, seed by seed. Each has its
default number of epochs, which is 1 for fastsgns and pecanpy and 5 for node2vec. The name
'fastsgns:epochs=3' means fastsgns with that setting.

examples:
  python -m bench nodes --peers venv/bin/python
  python -m bench nodes --peers venv/bin/python --num-walks 80 --walk-length 40
  python -m bench nodes --peers venv/bin/python --packages fastsgns fastsgns:epochs=3 node2vec
  python -m bench nodes graph.edges --labels graph.labels --packages fastsgns
  python -m bench nodes --synthetic
  python -m bench nodes --synthetic --nodes 1e7 --edges 1e8 --dim 32
  python -m bench nodes --star 2e5
"""
STAR_QS = (1, 4, 64, 1000)
PEERS = ("pecanpy", "node2vec")
JOBS = Path(__file__).parent / "node_jobs.py"
Result = dict[str, Any]


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "nodes", help="vectors of nodes: speed and quality", epilog=EXAMPLES, **common
    )
    graphs = data_folder() / "graphs"
    parser.add_argument(
        "graph", nargs="?", type=Path, default=graphs / "blogcatalog.edges", metavar="EDGES",
        help="'node node' per line, each edge once (blogcatalog of the data folder)",
    )  # fmt: skip
    parser.add_argument("--labels", type=Path, metavar="FILE", help="(EDGES with .labels)")
    parser.add_argument(
        "--peers", default=sys.executable, metavar="PYTHON",
        help="the Python that pecanpy and node2vec are installed for (this one)",
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
        "--limit", type=options.positive, default=7200, metavar="SECONDS",
        help="seconds after which a package is stopped (7200)",
    )  # fmt: skip
    parser.add_argument("--synthetic", action="store_true", help="use a large random graph")
    parser.add_argument("--nodes", type=options.positive, default=10**6, help="if synthetic (1e6)")
    parser.add_argument("--edges", type=options.positive, default=10**7, help="if synthetic (1e7)")
    parser.add_argument(
        "--star", type=options.positive, metavar="LEAVES", help="use a star, with several q"
    )
    options.add_fastsgns(parser)
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print a table."""
    if arguments.synthetic:
        return run_synthetic(arguments)
    if arguments.star:
        return run_star(arguments)
    if not arguments.graph.exists():
        raise FileNotFoundError(f"{arguments.graph} does not exist: name a file of edges")
    record = options.new_record(arguments, {"name": arguments.graph.name})
    labels = read_labels(arguments.labels or arguments.graph.with_suffix(".labels"))
    packages = [name for name in arguments.packages if is_there(name, arguments)]
    for seed in range(1, arguments.seeds + 1):
        for name in list(packages):
            try:
                result = measure(name, seed, arguments, labels)
            except JobError as error:
                say(str(error))
                packages.remove(name)
                continue
            say(f"{name}, seed {seed}: {sum(result['seconds'].values()):.1f} s")
            record.append({"package": name, "seed": seed, **result})
    print(rendered(record, arguments))
    print(f"\n{record.path}")
    return 0


def python_of(name: str, arguments: argparse.Namespace) -> str:
    """Return the Python that runs a package."""
    return arguments.peers if name in PEERS else sys.executable


def is_there(name: str, arguments: argparse.Namespace) -> bool:
    """Return whether its Python can import a package, and print a note if not."""
    python = python_of(name, arguments)
    line = [python, "-c", f"import {name.partition(':')[0]}"]
    if subprocess.run(line, env=process.environment(), capture_output=True).returncode == 0:
        return True
    say(f"{name} is not installed for {python}: left out")
    return False


def settings(arguments: argparse.Namespace) -> Result:
    """Return the settings of all packages."""
    return {
        "dim": arguments.dim,
        "walk_length": arguments.walk_length,
        "num_walks": arguments.num_walks or (1 if arguments.synthetic or arguments.star else 10),
        "window": arguments.window,
        "p": arguments.p,
        "q": arguments.q,
        "workers": arguments.workers,
    }


def call(python: str, job: Result, limit: float) -> Result:
    """Run a job of `bench.node_jobs` in a process of its own.

    Raises
    ------
    JobError
        If it fails or takes longer.
    """
    try:
        done = subprocess.run(
            [python, str(JOBS)], input=json.dumps(job), capture_output=True, text=True,
            env=process.environment(), timeout=limit,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise JobError(f"{job['package']} took more than {limit} s") from None
    if done.returncode:
        tail = "\n  ".join(done.stderr.strip().splitlines()[-process.STDERR_LINES :])
        raise JobError(f"{job['package']} failed with code {done.returncode}:\n  {tail}")
    return json.loads(done.stdout.splitlines()[-1])


def measure(name: str, seed: int, arguments: argparse.Namespace, labels: Result) -> Result:
    """Make the vectors, and classify the nodes by them, with the same splits for all."""
    package, _, setting = name.partition(":")
    own = [options.assignment(setting)] if setting else []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "vectors.npz"
        job = settings(arguments) | {
            "package": package, "seed": seed, "edges": str(arguments.graph), "vectors": str(path),
            "options": dict([*arguments.fastsgns, *own]),
        }  # fmt: skip
        result = call(python_of(name, arguments), job, arguments.limit)
        with np.load(path) as found:
            names, vectors = found["names"].tolist(), found["vectors"]
    rows = {node: row for row, node in enumerate(names)}
    known = Labels.of(labels, sorted(set(labels) & set(rows)))
    features = vectors[[rows[node] for node in known.nodes]].astype(np.float32)
    scores = classify(features, known, arguments.shares, range(1, arguments.splits + 1))
    found_f1 = [{"share": s.share, "split": s.seed, "micro": s.micro, "macro": s.macro}
                for s in scores]  # fmt: skip
    return {**result, "settings": settings(arguments), "f1": found_f1}


def rendered(record: Record, arguments: argparse.Namespace) -> str:
    """Make the table of this run."""
    last = max((r["run"] for r in record.results), default=0)
    results = [r for r in record.results if r["run"] == last]
    packages = list(dict.fromkeys(r["package"] for r in results))
    heading = ["package", "seconds", "of fastsgns", "peak MB"]
    heading += [f"{kind} {share:.0%}" for share in arguments.shares for kind in ("micro", "macro")]
    times = {
        name: np.mean([sum(r["seconds"].values()) for r in results if r["package"] == name])
        for name in packages
    }
    rows = []
    for name in packages:
        own = [r for r in results if r["package"] == name]
        ratio = times[name] / times["fastsgns"] if "fastsgns" in times else float("nan")
        peak = max(r["peak_bytes"] for r in own) / 1e6
        row = [name, f"{times[name]:.1f}", f"{ratio:.1f}", f"{peak:.0f}"]
        for share in arguments.shares:
            for kind in ("micro", "macro"):
                scores = [f[kind] for r in own for f in r["f1"] if f["share"] == share]
                row.append(with_interval(scores))
        rows.append(row)
    return table(heading, rows, arguments.markdown)


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


def run_star(arguments: argparse.Namespace) -> int:
    """Train one pass over a star for several q, and print the times."""
    record = options.new_record(arguments, {"name": "star", "leaves": arguments.star})
    own = {"package": "star", "seed": 1, "options": dict(arguments.fastsgns)}
    job = settings(arguments) | own | {"leaves": arguments.star, "qs": STAR_QS}
    result = record.append({**call(sys.executable, job, arguments.limit), "settings": job})
    steps = ", ".join(f"{name}: {value:.2f} s" for name, value in result["seconds"].items())
    print(f"a star of {short(arguments.star)} leaves, {steps}\n\n{record.path}")
    return 0
