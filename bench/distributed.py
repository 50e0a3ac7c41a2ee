"""``python -m bench distributed``: the cost and the quality of training on many nodes."""

import argparse
import json
import math
from pathlib import Path
from statistics import mean
from typing import Any

from bench import corpus, options, quality
from bench.corpus import Corpus
from bench.record import RESULTS, Record, Result
from bench.report import deviation, standard_errors, table
from bench.rounds import (
    NUMBER_BYTES,
    Cluster,
    Curve,
    RowBytes,
    cost_of,
    merges_afforded,
    speedup,
)
from bench.sides import named
from fastsgns.runtime.console import say

EXAMPLES = """\
`fastsgns.distributed` trains in rounds: each node trains some tokens on a copy of the rows that
they touch, and then the changes are merged. The parts of --what:

rows     the rows that the tokens of a round touch, on one node: those of its words, and those of
         the negative samples. Chunks of the text are counted.
cost     the time of a round by the model of bench/rounds.py: computing at the speed measured here,
         the network, and merging at the speed measured here. The first table has the largest number
         of merges per epoch for which exchange and merge take at most --share of the time of
         computing. The second has the speed-up of the numbers of merges of --merges.
events   the same time by a simulation, event by event, of the first rounds of an epoch: each node
         has the rows of its own tokens, and messages wait for the links. "ranges" is for nodes
         that own ranges of rows instead of every Nth row.
threads  row touches whose last writer was another thread, by number of threads, with and without
         private copies of frequent rows. One thread replays the ids for all (see `coherence`).

quality  scores of vectors trained by virtual nodes in one process, by the rounds of a cluster: one
         replica is trained after the other, by one thread, and then all are merged. "1" is one
         machine without rounds. Scores are means with standard errors over --seeds; in brackets,
         the difference from one machine in standard errors. "affords" is the largest number of
         merges of `cost` with 1 core per node and 10 Gbit/s. This part takes hours: it is not among
         those that run by default, and a stopped run continues where it stopped.

Speeds are per core and CPU second. A node of C cores is as fast as C times one core here. Results
are kept in one JSON file and are not computed again.

examples:
  python -m bench distributed wiki17m.txt.xz --markdown
  python -m bench distributed wiki17m.txt.xz --what cost --gbits 1 10 25 100 --cores 16
  python -m bench distributed wiki17m.txt.xz --what events --nodes 16 64 128
  python -m bench distributed wiki17m.txt.xz --what threads --sides pair window
  nice -n 19 python -m bench distributed wiki17m.txt.xz --what quality --seeds 3
  python -m bench distributed wiki17m.txt.xz --what quality --grid 4x8 4x32 --seeds 1
"""
LENGTHS = [1000 * 2**i for i in range(15)]  # tokens of the chunks that are counted
POWERS = [2, 4, 8, 16, 32, 64, 128]
MERGED_PARTS = 4  # replicas, when the speed of the merge is measured
MERGED_TOKENS = 100_000  # of each of them
SIMULATED_GBITS, SIMULATED_ROUNDS = 10.0, 3
GRID = [(4, 8), (4, 32), (4, 73), (16, 12), (16, 38), (16, 75), (64, 16)]
RULES = ("damped", "single", "mean", "sum")
Given = argparse.Namespace
Point = tuple[int, int, str]  # nodes, merges per epoch, rule of the merge


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "distributed", help="cost of training on many nodes and threads", epilog=EXAMPLES, **common
    )
    options.add_corpus(parser)
    parser.add_argument(
        "--what", nargs="+", choices=TABLES, default=list(TABLES)[:-1], help="(all but quality)"
    )
    parser.add_argument("--dim", type=options.positive, default=100, help="(100)")
    parser.add_argument("--min-count", type=options.positive, default=5, help="(5)")
    parser.add_argument(
        "--traced", type=options.positive, default=1_000_000, metavar="N",
        help="tokens that are trained to measure the speed, and replayed for `threads` (1e6)",
    )  # fmt: skip
    parser.add_argument("--fresh", action="store_true", help="compute existing results again")
    nodes = parser.add_argument_group("nodes")
    nodes.add_argument(
        "--nodes", type=options.positive, nargs="+", default=POWERS, metavar="N", help="(2 to 128)"
    )
    nodes.add_argument(
        "--cores", type=options.positive, nargs="+", default=[1, 16], metavar="N",
        help="of a node (1 16)",
    )  # fmt: skip
    nodes.add_argument(
        "--gbits", type=float, nargs="+", default=[1, 10, 25, 100], metavar="G",
        help="bandwidths of the network in Gbit/s, in each direction (1 10 25 100)",
    )  # fmt: skip
    nodes.add_argument(
        "--latency", type=float, default=0.001, metavar="S", help="seconds of a message (0.001)"
    )
    nodes.add_argument(
        "--share", type=float, nargs="+", default=[0.5, 1], metavar="X",
        help="longest exchange and merge, relative to computing (0.5 1)",
    )  # fmt: skip
    nodes.add_argument(
        "--merges", type=options.positive, nargs="+", default=[4, 16, 64], metavar="R",
        help="per epoch (4 16 64)",
    )  # fmt: skip
    nodes.add_argument(
        "--epoch-tokens", type=options.positive, metavar="N",
        help="for `cost`: tokens of an epoch, of a longer text with the same words (all)",
    )  # fmt: skip
    threads = parser.add_argument_group("threads")
    threads.add_argument(
        "--sides", nargs="+", type=options.side, default=["window"], metavar="SIDE",
        help="modes, such as pair or 'cbow tied' (window)",
    )  # fmt: skip
    threads.add_argument(
        "--workers", type=options.positive, nargs="+", default=POWERS, metavar="N",
        help="threads (2 to 128)",
    )  # fmt: skip
    threads.add_argument(
        "--hot", type=int, nargs="+", default=[0, 256, 1024], metavar="N",
        help="rows of each matrix of which each thread has a copy (0 256 1024)",
    )  # fmt: skip
    scores = parser.add_argument_group("quality")
    scores.add_argument(
        "--grid", type=grid_point, nargs="*", default=GRID, metavar="NxR",
        help=f"nodes and merges per epoch ({' '.join(f'{n}x{r}' for n, r in GRID)})",
    )  # fmt: skip
    quality.add_eval(scores)
    scores.add_argument(
        "--rules", nargs="+", choices=RULES, default=[RULES[0]],
        help="of the merge; single: the largest curvature in all directions (damped)",
    )  # fmt: skip
    scores.add_argument("--seeds", type=options.positive, default=3, metavar="N", help="(3)")
    scores.add_argument("--epochs", type=options.positive, default=5, help="(5)")
    parser.set_defaults(run=run, alpha=0.025, cache_bytes=1 << 20)


def grid_point(text: str) -> tuple[int, int]:
    """Read a number of nodes and of merges per epoch.

    Examples
    --------
    >>> grid_point("16x20")
    (16, 20)
    """
    n_nodes, _, n_merges = text.partition("x")
    if not (n_nodes.isdigit() and n_merges.isdigit() and int(n_nodes) > 1 and int(n_merges) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not like 16x20, nodes and merges per epoch")
    return int(n_nodes), int(n_merges)


def run(arguments: Given) -> int:
    """Measure what is not in the record yet, and print the tables."""
    stem = Path(arguments.corpus or "default").name.split(".")[0]
    text, record = options.start(arguments, RESULTS / f"distributed-{stem}.json")
    path = corpus.encoded(text, arguments.min_count, arguments.cache)
    print(f"{text}; dim {arguments.dim}; {record.cpu}")
    for name in arguments.what:
        print(f"\n{TABLES[name](arguments, Measured(arguments, text, path, record))}")
    record.save()
    print(f"\n{record.path}")
    return 0


class Measured:
    """The results of a text: from the record, or measured now.

    Parameters
    ----------
    arguments : Namespace
    text : Corpus
    path : Path
        The text as ids.
    record : Record
    """

    def __init__(self, arguments: Given, text: Corpus, path: Path, record: Record) -> None:
        self.arguments, self.text, self.path, self.record = arguments, text, path, record
        self._known: dict[str, Result] = {}  # with --fresh, too, a job is done once

    def of(self, job: Result, *, by_cpu: bool = False, **more: Any) -> Result:
        """Return the result of a job on the ids of the text; `more` does not change it."""
        key = job | {"corpus": self.text.facts(), "min_count": self.arguments.min_count}
        key |= {"cpu": self.record.cpu} if by_cpu else {}
        job = job | {"corpus": str(self.path)} | more
        name = json.dumps(key, sort_keys=True)
        if name not in self._known:
            self._known[name] = quality.obtain(self.record, job, key, self.arguments.fresh)
        return self._known[name]

    @property
    def touched(self) -> Result:
        """The rows by tokens, and the speed of a core."""
        settings = {"vector_size": self.arguments.dim, "sg": 1, "progress": False}
        job = {
            "job": "touch", "settings": settings, "lengths": LENGTHS,
            "n_tokens": self.arguments.traced,
        }  # fmt: skip
        return self.of(job, by_cpu=True)

    @property
    def merged_per_second(self) -> float:
        """Rows of changes that one core merges per second."""
        job = {
            "job": "merge_speed", "n_dimensions": self.arguments.dim, "n_parts": MERGED_PARTS,
            "n_tokens": MERGED_TOKENS,
        }  # fmt: skip
        return float(self.of(job, by_cpu=True)["rows_per_second"])

    def cluster(self, n_nodes: int, n_cores: int, gbits: float, dtype: str = "float32") -> Cluster:
        """Return a cluster of nodes of `n_cores` times the speed that was measured."""
        return Cluster(
            n_nodes,
            n_cores / self.touched["seconds_on_replica"],
            n_cores / self.touched["seconds_per_token"],
            n_cores * self.merged_per_second,
            gbits * 1e9,
            self.arguments.latency,
            RowBytes.of(self.arguments.dim, dtype),
        )

    @property
    def rows_of(self) -> Curve:
        """Touched rows of both matrices by tokens."""
        points = self.touched["points"]
        rows = [point["n_inputs"] + point["n_outputs"] for point in points]
        return Curve([point["n_tokens"] for point in points], rows)


def by_tokens(arguments: Given, measured: Measured) -> str:
    """Make the table of touched rows."""
    touched = measured.touched
    rows = []
    for point in touched["points"]:
        n_rows = point["n_inputs"] + point["n_outputs"]
        sizes = [
            n_rows * row.pushed / 1e6
            for row in (RowBytes.of(arguments.dim, dtype) for dtype in NUMBER_BYTES)
        ]
        rows.append([
            f"{point['n_tokens']:,}", f"{point['n_inputs']:,.0f}", f"{point['n_outputs']:,.0f}",
            f"{100 * n_rows / (2 * touched['n_words']):.1f} %",
            f"{n_rows / point['n_tokens']:.2f}", *(f"{size:,.1f}" for size in sizes),
        ])  # fmt: skip
    heading = ["tokens", "input rows", "output rows", "of all", "rows/token"]
    heading += [f"MB, {dtype}" for dtype in NUMBER_BYTES]
    note = (
        f"{touched['n_words']:,} words, "
        f"{1e-3 / touched['seconds_per_token']:,.0f} thousand tokens per CPU second"
    )
    return f"{note}\n\n{table(heading, rows, arguments.markdown)}"


def costs(arguments: Given, measured: Measured) -> str:
    """Make the tables of the merges that a network affords, and of speed-ups."""
    replica, alone = (
        f"{1e-3 / measured.touched[name]:,.0f}"
        for name in ("seconds_on_replica", "seconds_per_token")
    )
    note = (
        f"a core trains {replica} thousand tokens per second on a replica, and {alone} without; it "
        f"merges {measured.merged_per_second / 1e3:,.0f} thousand rows per second"
    )
    parts = [note, afforded(arguments, measured), speedups(arguments, measured)]
    return "\n\n".join(parts)


def epoch_tokens(arguments: Given, measured: Measured) -> int:
    """Return the tokens of an epoch: of the text, or of --epoch-tokens."""
    return int(arguments.epoch_tokens or measured.touched["n_tokens"])


def node_of(n_cores: int, gbits: float) -> str:
    """Describe a node.

    Examples
    --------
    >>> node_of(1, 10.0)
    '1 core, 10 Gbit/s'
    """
    return f"{n_cores} core{'s' if n_cores > 1 else ''}, {gbits:g} Gbit/s"


def afforded(arguments: Given, measured: Measured) -> str:
    """Make the table of the merges per epoch that each network affords."""
    rows, n_epoch = [], epoch_tokens(arguments, measured)
    for n_cores in arguments.cores:
        for gbits in arguments.gbits:
            for dtype in NUMBER_BYTES:
                cells = []
                for n_nodes in arguments.nodes:
                    cluster = measured.cluster(n_nodes, n_cores, gbits, dtype)
                    found = [
                        merges_afforded(cluster, measured.rows_of, n_epoch, share)
                        for share in arguments.share
                    ]
                    cells.append(" / ".join(f"{n:,}" for n in found))
                rows.append([node_of(n_cores, gbits), dtype, *cells])
    shares = " / ".join(f"{share:g}" for share in arguments.share)
    heading = [f"merges per epoch, share {shares}", "rows as"]
    heading += [f"{n} nodes" for n in arguments.nodes]
    return table(heading, rows, arguments.markdown)


def speedups(arguments: Given, measured: Measured) -> str:
    """Make the table of speed-ups at given numbers of merges per epoch."""
    rows, n_epoch = [], epoch_tokens(arguments, measured)
    for n_cores in arguments.cores:
        for gbits in arguments.gbits:
            for n_merges in arguments.merges:
                cells = []
                for n_nodes in arguments.nodes:
                    cluster = measured.cluster(n_nodes, n_cores, gbits)
                    n_tokens = n_epoch / n_nodes / n_merges
                    cost = cost_of(cluster, n_tokens, measured.rows_of)
                    cells.append(
                        f"{speedup(cluster, n_tokens, cost):.1f} ({100 * cost.share:.0f} %)"
                    )
                rows.append([node_of(n_cores, gbits), str(n_merges), *cells])
    heading = ["speed-up (share of exchange and merge)", "merges"]
    heading += [f"{n} nodes" for n in arguments.nodes]
    return table(heading, rows, arguments.markdown)


def by_events(arguments: Given, measured: Measured) -> str:
    """Make the table of simulated rounds beside those of the model."""
    rows, n_cores, gbits = [], arguments.cores[-1], SIMULATED_GBITS
    for n_nodes in arguments.nodes:
        cluster = measured.cluster(n_nodes, n_cores, gbits)
        for n_merges in arguments.merges:
            found = [simulated(measured, cluster, n_merges, how) for how in ("modulo", "ranges")]
            n_tokens = found[0]["n_tokens"]
            cost = cost_of(cluster, n_tokens, measured.rows_of)
            ratios = [f"{result['seconds'] / cost.seconds:.2f}" for result in found]
            rows.append([
                str(n_nodes), str(n_merges), f"{n_tokens:,}", f"{found[0]['n_rows']:,.0f}",
                f"{1e3 * cost.compute:,.1f}", f"{1e3 * cost.exchange:,.1f}",
                f"{1e3 * cost.merge:,.1f}", f"{1e3 * cost.seconds:,.1f}",
                f"{1e3 * found[0]['seconds']:,.1f}", *ratios,
            ])  # fmt: skip
    heading = ["nodes", "merges", "tokens", "rows", "compute", "exchange", "merge"]
    heading += ["model", "simulated", "ratio", "ratio, ranges"]
    note = f"{node_of(n_cores, gbits)}; milliseconds per round"
    return f"{note}\n\n{table(heading, rows, arguments.markdown)}"


def simulated(measured: Measured, cluster: Cluster, n_merges: int, owners: str) -> Result:
    """Return a simulation of the first rounds."""
    parameters = vars(cluster) | {"row_bytes": list(cluster.row_bytes)}
    job = {
        "job": "events", "cluster": parameters, "n_merges": n_merges, "owners": owners,
        "n_rounds": SIMULATED_ROUNDS,
    }  # fmt: skip
    return measured.of(job)


def by_threads(arguments: Given, measured: Measured) -> str:
    """Make the table of row touches whose last writer was another thread."""
    rows = []
    for name in arguments.sides:
        settings = {"vector_size": arguments.dim, "alpha": arguments.alpha} | named(name).settings
        job = {
            "job": "trace", "settings": settings, "n_tokens": arguments.traced,
            "workers": arguments.workers, "hot": arguments.hot,
            "cache_bytes": arguments.cache_bytes,
        }  # fmt: skip
        points = measured.of(job)["points"]
        for n_workers in arguments.workers:
            mine = {point["hot"]: point for point in points if point["workers"] == n_workers}
            n_touches = mine[arguments.hot[0]]["n_touches"]
            cells = [f"{mine[n]['n_moved']:.2f}" for n in arguments.hot]
            share = mine[arguments.hot[0]]["n_moved"] / n_touches
            rows.append([name, str(n_workers), f"{n_touches:.1f}", *cells, f"{100 * share:.0f} %"])
    copies = [f"moved, {n:,} hot rows" for n in arguments.hot]
    heading = ["per token", "threads", "touches", *copies, f"share, {arguments.hot[0]:,} hot rows"]
    return table(heading, rows, arguments.markdown)


def by_replicas(arguments: Given, measured: Measured) -> str:
    """Make the table of scores by virtual nodes and merges per epoch."""
    sets = quality.evaluation_sets(arguments.eval)
    titles = [name for name in quality.SETS if name in sets]
    alone: Point = (1, 0, "-")
    points = [
        alone,
        *((*each, rule) for each in sorted(arguments.grid) for rule in arguments.rules),
    ]
    found: dict[Point, list[Result]] = {point: [] for point in points}
    for seed in range(1, arguments.seeds + 1):  # so that a stopped run has all points of a seed
        for point in points:
            found[point].append(scored(arguments, measured, point, seed, sets))
            say(f"seed {seed}, nodes, merges, rule {point}: {found[point][-1]}")
    n_epoch = measured.touched["n_tokens"]
    rows = []
    for (n_nodes, n_merges, rule), results in found.items():
        if n_merges:
            cluster = measured.cluster(n_nodes, 1, SIMULATED_GBITS)
            affords = f"{merges_afforded(cluster, measured.rows_of, n_epoch):,}"
            between = f"{n_epoch // n_nodes // n_merges:,}"
            names = [str(n_nodes), str(n_merges), between, affords, rule]
        else:
            names = ["1", "-", "-", "-", "-"]
        rows.append([*names, *score_cells(results, found[alone], titles)])
    heading = ["nodes", "merges", "tokens between", "affords", "rule"]
    heading += [quality.TITLES[name] for name in titles]
    return table([*heading, "loss", "CPU s"], rows, arguments.markdown)


def scored(
    arguments: Given, measured: Measured, point: Point, seed: int, sets: dict[str, str]
) -> Result:
    """Return the scores of virtual nodes, of which each trains as long as it takes."""
    settings = {
        "vector_size": arguments.dim, "sg": 1, "epochs": arguments.epochs, "seed": seed,
        "progress": False,
    }  # fmt: skip
    job = {"job": "replica_quality", "nodes": point[0], "merges": point[1], "settings": settings}
    job |= {"rule": point[2]} if point[2] in RULES[1:] else {}
    return measured.of(job, eval=sets)


def score_cells(results: list[Result], alone: list[Result], titles: list[str]) -> list[str]:
    """Write the scores of some seeds, and their differences from one machine."""
    if any("failed" in result for result in results):
        return ["diverged"] * (len(titles) + 2)
    cells = []
    for name in titles:
        mine, others = (quality.scores(side, name) for side in (results, alone))
        cell = f"{mean(mine):.3f}"
        if len(mine) > 1:
            cell += f" ± {deviation(mine) / math.sqrt(len(mine)):.3f}"
        errors = (
            standard_errors(mine, others) if len(mine) > 1 and results is not alone else math.nan
        )
        cells.append(cell if math.isnan(errors) else f"{cell} ({errors:+.1f})")
    losses, seconds = (mean(result[name] for result in results) for name in ("loss", "cpu"))
    return [*cells, f"{losses:.4f}", f"{seconds:,.0f}"]


TABLES = {
    "rows": by_tokens,
    "cost": costs,
    "events": by_events,
    "threads": by_threads,
    "quality": by_replicas,
}
