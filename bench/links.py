"""``python -m bench links``: models of each kind predict held-out edges of directed graphs."""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import options
from bench.corpus import data_folder
from bench.graphs import UNDIRECTED_FILES
from bench.report import table
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.links import LinkScores, evaluate_links
from fastsgns.graph.evaluation.splits import DEGREE, LinkSplit
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.runtime.console import say
from fastsgns.runtime.intervals import interval

EXAMPLES = """\
Each model learns from a graph without some of its edges, with one split per seed. It then scores
these edges against pairs that are not edges: random pairs, half of them reversed edges, all of
them reversed edges, and pairs drawn by degree. The product of the degrees and the sum of their
logarithms are the baselines. Skip-gram has raw scores, and scores with degrees added.
--fastsgns sets parameters of NodeEmbedding.

examples:
  python -m bench links --seeds 5 --markdown
  python -m bench links cora.edges wiki_vote.edges --models nerd joint
  python -m bench links cora.edges --models nerd forward --fastsgns ns_exponent=-1
"""
NERD: dict[str, Any] = {"walks": "nerd", "walk_length": 4, "num_walks": 400}
FORWARD: dict[str, Any] = {"walks": "forward"}
WALKS: dict[str, tuple[str, dict[str, Any]]] = {
    "default": ("two, default", {}),
    "deepwalk": ("one vector, DeepWalk", {"matrices": "tied", "walks": "undirected"}),
    "tied": ("one vector, nerd", NERD | {"matrices": "tied"}),
    "nerd": ("two, nerd", NERD),
    "joint": ("two, nerd, joint", NERD | {"joint": True}),
    "forward": ("two, forward", FORWARD),
    "app": ("two, app", {"walks": "app"}),
    "edges": ("two, edges", {"walks": "edges"}),
}
FACTORS: dict[str, tuple[str, Any]] = {
    "hope": ("HOPE", HOPE), "strap": ("STRAP", lambda **given: STRAP(error=1e-4, **given)),
    "fastrp": ("FastRP", FastRP), "prone": ("ProNE", ProNE),
    "sparse": ("ProNE, order=0", lambda **given: ProNE(order=0, **given)),
}  # fmt: skip
STANDARD = (
    "default",
    "deepwalk",
    "tied",
    "nerd",
    "joint",
    "forward",
    "hope",
    "strap",
    "fastrp",
    "prone",
    "sparse",
)
KINDS = (0.0, 0.5, 1.0, DEGREE)
HEADING = (
    "graph", "model", "AUC 0 %", "50 %", "100 %", "matched", "Hits@100 0 %", "100 %", "matched",
    "MRR", "direction",
)  # fmt: skip
Values = dict[tuple[str, str], list[list[float]]]


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "links", help="link prediction in directed graphs", epilog=EXAMPLES, **common
    )
    parser.add_argument(
        "graphs", nargs="*", type=Path, metavar="EDGES", help="(those of the data folder)"
    )
    parser.add_argument(
        "--models", nargs="+", choices=(*WALKS, *FACTORS), default=list(STANDARD), metavar="MODEL",
        help=f"of {', '.join((*WALKS, *FACTORS))} ({' '.join(STANDARD)})",
    )  # fmt: skip
    parser.add_argument("--test", type=float, default=0.3, metavar="SHARE", help="of edges (0.3)")
    parser.add_argument("--dim", type=options.positive, default=64, help="(64)")
    parser.add_argument("--seeds", type=options.positive, default=5, metavar="N", help="(5)")
    parser.add_argument("--workers", type=options.positive, default=1, help="(1)")
    options.add_fastsgns(parser)
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train and evaluate, graph by graph, and print a table of means."""
    paths = arguments.graphs or found_graphs()
    record = options.new_record(arguments, {"graphs": [path.stem for path in paths]})
    values: Values = defaultdict(list)
    for path in paths:
        graph = DirectedGraph.from_file(path)
        for seed in range(1, arguments.seeds + 1):
            for model, scores in judged(graph, arguments, seed).items():
                record.append({"graph": path.stem, "seed": seed, "model": model, "scores": scores})
                values[path.stem, model].append(scores)
            say(f"{path.stem}, seed {seed}")
    print(table(HEADING, rows(values), arguments.markdown))
    print(f"\nwidest half of a 95 % interval: {widest(values)}\n{record.path}")
    return 0


def found_graphs() -> list[Path]:
    """Return the directed graphs of the data folder."""
    folder = data_folder() / "graphs"
    paths = sorted(path for path in folder.glob("*.edges") if path.stem not in UNDIRECTED_FILES)
    if not paths:
        raise FileNotFoundError(f"{folder} has no *.edges: name files of edges")
    return paths


def judged(
    graph: DirectedGraph, arguments: argparse.Namespace, seed: int
) -> dict[str, list[float]]:
    """Return the columns of each model, trained on one split."""
    split = LinkSplit.of(graph, arguments.test, seed)
    common = {"dimensions": arguments.dim, "seed": seed, "progress": False}
    models: dict[str, Any] = {}
    for name in arguments.models:
        if name in FACTORS:
            label, factorize = FACTORS[name]
            models[label] = factorize(**common).fit(split.train)
            continue
        label, own = WALKS[name]
        given = common | own | {"workers": arguments.workers, "check": False}
        model = NodeEmbedding(**given | dict(arguments.fastsgns)).fit(split.train)
        models[label], models[f"{label}, degrees"] = model.scorer(popularity=False), model
    found: dict[str, list[LinkScores]] = defaultdict(list)
    for row in evaluate_links(models, split, KINDS, (100,), seed):
        found[row.model].append(row)
    return {model: columns(four) for model, four in found.items()}


def columns(four: Sequence[LinkScores]) -> list[float]:
    """Return the numbers of a row, from the scores by kind of negatives."""
    hits = [row.hits[100] for row in four]
    return [*(row.auc for row in four), hits[0], *hits[2:], four[0].mrr, four[0].direction]


def rows(values: Values) -> list[list[str]]:
    """Return the means over the seeds."""
    return [
        [*key, *(f"{interval(column).mean:.3f}".lstrip("0") for column in zip(*seeds))]
        for key, seeds in values.items()
    ]


def widest(values: Values) -> str:
    """Describe the intervals of each kind of number: the widest, and the widest of nine in ten."""
    half: dict[str, list[float]] = defaultdict(list)
    for seeds in values.values():
        for place, column in enumerate(zip(*seeds)):
            kind = "AUC" if place < 4 else "Hits@100" if place < 7 else HEADING[2 + place]
            found = interval(column)
            half[kind].append(found.high - found.mean)
    return ", ".join(
        f"{kind} {max(found):.3f} (of nine in ten: {sorted(found)[int(0.9 * len(found))]:.3f})"
        for kind, found in half.items()
    )
