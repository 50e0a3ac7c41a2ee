"""``python -m bench update``: new nodes of a graph, by an update and by a new fit."""

import argparse
import copy
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench import options
from bench.corpus import data_folder
from bench.graphs import UNDIRECTED_FILES
from bench.report import table
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.ranking import auc
from fastsgns.graph.evaluation.recommendation import evaluate_recommendations
from fastsgns.graph.evaluation.splits import LinkSplit
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.runtime.console import say
from fastsgns.runtime.intervals import interval

EXAMPLES = """\
A share of the edges are test edges. A model learns the graph without them and without a share of
the nodes. Then `update` learns the graph with all nodes, and is compared with `fit` on this graph.
The test edges are those of new nodes (with an end that is new) and the others. They are scored
against pairs that are not edges: the end of an edge that is not new is replaced by a random node,
or for old nodes both ends. recall@10 is that of recommendations. Time is CPU time, as a share of
that of `fit`. --fastsgns sets parameters of NodeEmbedding.

examples:
  python -m bench update --seeds 3 --markdown
  python -m bench update cora.edges --fastsgns walks=nerd --new 0.01
"""
GRAPHS = ("wiki_vote", "email_eu_core", "cora", "blogcatalog")
HOW = ("free", "damped", "frozen")
HEADING = ("graph", "model", "AUC new", "recall@10 new", "AUC old", "recall@10 old", "time")


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "update", help="new nodes of a graph, by an update or a new fit", epilog=EXAMPLES, **common
    )
    parser.add_argument(
        "graphs", nargs="*", type=Path, metavar="EDGES", help=f"({', '.join(GRAPHS)})"
    )
    parser.add_argument("--new", type=float, default=0.1, metavar="SHARE", help="of nodes (0.1)")
    parser.add_argument("--test", type=float, default=0.3, metavar="SHARE", help="of edges (0.3)")
    parser.add_argument("--dim", type=options.positive, default=64, help="(64)")
    parser.add_argument("--seeds", type=options.positive, default=3, metavar="N", help="(3)")
    options.add_fastsgns(parser)
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train and evaluate, graph by graph, and print a table of means."""
    folder = data_folder() / "graphs"
    paths = arguments.graphs or [folder / f"{name}.edges" for name in GRAPHS]
    record = options.new_record(arguments, {"graphs": [path.stem for path in paths]})
    values: dict[tuple[str, str], list[list[float]]] = defaultdict(list)
    for path in paths:
        graph = DirectedGraph.from_file(path, directed=path.stem not in UNDIRECTED_FILES)
        for seed in range(1, arguments.seeds + 1):
            for model, scores in judged(graph, arguments, seed).items():
                record.append({"graph": path.stem, "seed": seed, "model": model, "scores": scores})
                values[path.stem, model].append(scores)
            say(f"{path.stem}, seed {seed}")
    rows = [
        [*key, *(f"{interval(column).mean:.3f}".lstrip("0") for column in zip(*seeds))]
        for key, seeds in values.items()
    ]
    print(table(HEADING, rows, arguments.markdown))
    print(f"\n{record.path}")
    return 0


def judged(
    graph: DirectedGraph, arguments: argparse.Namespace, seed: int
) -> dict[str, list[float]]:
    """Return the columns of each model, trained on one split."""
    split = LinkSplit.of(graph, arguments.test, seed)
    is_new = np.zeros(graph.n_nodes, bool)
    order = np.random.default_rng(seed).permutation(graph.n_nodes)
    is_new[order[: round(arguments.new * graph.n_nodes)]] = True
    settings = {"dimensions": arguments.dim, "seed": seed, "workers": 1, "progress": False}
    settings |= dict(arguments.fastsgns)
    fitted = NodeEmbedding(**settings).fit(without(split.train, is_new))
    fit, seconds = timed(lambda: NodeEmbedding(**settings).fit(split.train))
    found = {"fit of the whole graph": [*scores(fit, split, is_new, seed), 1.0]}
    still = copy.deepcopy(fitted).set_params(alpha=0.0, min_alpha=0.0).update(split.train)
    found["update, means alone"] = [*scores(still, split, is_new, seed), 0.0]
    for how in HOW:
        model = copy.deepcopy(fitted)
        _, share = timed(lambda model=model, how=how: model.update(split.train, old_rows=how))
        found[f"update, {how}"] = [*scores(model, split, is_new, seed), share / seconds]
    return found


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return the result of a call, and its CPU seconds."""
    start = time.process_time()
    return call(), time.process_time() - start


def without(graph: DirectedGraph, is_removed: np.ndarray) -> DirectedGraph:
    """Return a graph without some of its nodes."""
    sources, targets, weights = graph.out_sources, graph.out_targets, graph.out_weights
    kept = ~(is_removed[sources] | is_removed[targets])
    if not graph.is_directed:
        kept &= sources <= targets
    ids = np.cumsum(~is_removed) - 1
    names = [name for name, removed in zip(graph.names, is_removed) if not removed]
    return DirectedGraph.from_edges(
        ids[sources[kept]], ids[targets[kept]], None if weights is None else weights[kept],
        names=names, directed=graph.is_directed,
    )  # fmt: skip


def scores(model: NodeEmbedding, split: LinkSplit, is_new: np.ndarray, seed: int) -> list[float]:
    """Return AUC and recall@10, of the test edges of new nodes and of the others."""
    names = np.empty(split.graph.n_nodes, object)
    names[:] = split.graph.names
    has_new, found = is_new[split.sources] | is_new[split.targets], []
    for chosen in (has_new, ~has_new):
        part = replace(split, sources=split.sources[chosen], targets=split.targets[chosen])
        pairs = (part.sources, part.targets), others(part, is_new, seed)
        good, bad = (model.score(list(names[u]), list(names[v])) for u, v in pairs)
        recall = evaluate_recommendations({"": model}, part, 10)[-1].recall
        found += [auc(good, bad), recall]
    return found


def others(part: LinkSplit, is_new: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs without an edge: a new end of each test edge is kept, an old one is drawn."""
    rng, n = np.random.default_rng(seed), len(part.sources)
    old = np.flatnonzero(~is_new).astype(np.int32)
    sources = np.where(is_new[part.sources], part.sources, rng.choice(old, n))
    targets = np.where(
        is_new[part.targets] & ~is_new[part.sources], part.targets, rng.choice(old, n)
    )
    is_pair = (part.graph.find(sources, targets) < 0) & (sources != targets)
    return sources[is_pair], targets[is_pair]
