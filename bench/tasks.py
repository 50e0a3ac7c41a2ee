"""``python -m bench tasks``: what each setting of NodeEmbedding is good for, graph by graph."""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench import graphs, options
from bench.report import table
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.classification import Labels, classify, read_labels
from fastsgns.graph.evaluation.links import evaluate_links
from fastsgns.graph.evaluation.recommendation import MOST_POPULAR, evaluate_recommendations
from fastsgns.graph.evaluation.splits import DEGREE, LinkSplit, describe
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.pairs import PairEmbedding
from fastsgns.runtime.console import say
from fastsgns.runtime.intervals import interval

EXAMPLES = """\
For each graph and seed, 30 % of the edges are held out. The models learn from the others. Links are
scored against random pairs, reversed edges and pairs drawn by degree. 10 targets are recommended
for each source. Labels are predicted from vectors of the whole graph, with half of the nodes for
training. 'raw' scores do not add the degrees. 'pairs' is PairEmbedding on the edges.

examples:
  python -m bench tasks --seeds 3 --markdown
  python -m bench tasks cora wiki_vote --settings links labels "links raw"
  python -m bench tasks "cora undirected" grown --seeds 5
"""
SETTINGS: dict[str, dict[str, Any]] = {
    "links": {},
    "labels": {"task": "labels"},
    "forward": {"walks": "forward"},
    "nerd": {"walks": "nerd"},
    "app": {"walks": "app"},
    "edges": {"walks": "edges"},
    "undirected+nerd": {"walks": "undirected+nerd"},
    "one vector": {"matrices": "tied"},
}
PAIRS, RAW = "pairs", " raw"
COLUMNS = ("AUC", "reversed", "matched", "Hits@100", "MRR", "recall@10", "micro F1")
BASELINES = {"degree product": MOST_POPULAR, "log degrees": MOST_POPULAR}
Scores = dict[str, float]


class Linked:
    """A PairEmbedding as a model of all nodes: nodes without an edge have the lowest scores.

    Parameters
    ----------
    model : PairEmbedding
    popularity : bool
        Of `score` and `recommend`.
    """

    def __init__(self, model: PairEmbedding, popularity: bool) -> None:
        self.model, self.popularity = model, popularity

    def score(self, u: list[Any], v: list[Any]) -> np.ndarray:
        """Return the scores of links, -inf for a node without an edge in its role."""
        sources, targets = (
            np.array([side.key_to_index.get(name, -1) for name in names])
            for side, names in ((self.model.source, u), (self.model.target, v))
        )
        scores = np.full(len(u), -np.inf)
        known = np.flatnonzero((sources >= 0) & (targets >= 0))
        pairs = [u[i] for i in known], [v[i] for i in known]
        scores[known] = self.model.score(*pairs, popularity=self.popularity)
        return scores

    def recommend(self, u: list[Any], topn: int) -> list[Any]:
        """Return the best targets of each source; none if it has no edge."""
        return [
            self.model.recommend(name, topn, popularity=self.popularity)
            if name in self.model.source
            else []
            for name in u
        ]


def add(commands: Any, **common: Any) -> None:
    """Declare the sub-command."""
    parser = commands.add_parser(
        "tasks", help="settings of NodeEmbedding by task and graph", epilog=EXAMPLES, **common
    )
    parser.add_argument("graphs", nargs="*", metavar="GRAPH", help="(all, see --list)")
    parser.add_argument("--list", action="store_true", help="print the names of the graphs")
    choices = [*SETTINGS, PAIRS]
    parser.add_argument(
        "--settings", nargs="+", default=["links", "links raw", "labels"], metavar="SETTING",
        choices=[name + suffix for name in choices for suffix in ("", RAW)],
        help=f"of {', '.join(choices)}, each also as '... raw' (links, links raw, labels)",
    )  # fmt: skip
    parser.add_argument("--dim", type=options.positive, default=64, help="(64)")
    parser.add_argument("--seeds", type=options.positive, default=3, metavar="N", help="(3)")
    parser.add_argument("--workers", type=options.positive, default=1, help="(1)")
    options.add_fastsgns(parser)
    options.add_output(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Train and evaluate, and print a table of means and the widest interval."""
    names = arguments.graphs or graphs.names()
    if arguments.list:
        print("\n".join(graphs.names()))
        return 0
    record = options.new_record(arguments, {"graphs": names})
    found: dict[tuple[str, str], list[Scores]] = defaultdict(list)
    for name in names:
        graph = graphs.load(name)
        for seed in range(1, arguments.seeds + 1):
            for model, scores in judged(name, graph, arguments, seed).items():
                record.append({"graph": name, "seed": seed, "model": model, "scores": scores})
                found[name, model].append(scores)
            say(f"{name}, seed {seed}")
    print(table(("graph", "model", *COLUMNS), rows(found), arguments.markdown))
    print(f"\nhalf of a 95 % interval, median and largest: {widths(found)}\n{record.path}")
    return 0


def judged(
    name: str, graph: DirectedGraph, arguments: argparse.Namespace, seed: int
) -> dict[str, Scores]:
    """Return the scores of each setting, and of the baselines, on one split."""
    split = LinkSplit.of(graph, seed=seed)
    models = {
        setting: fitted(setting, split.train, arguments, seed) for setting in arguments.settings
    }
    kinds = (0.0, 1.0, DEGREE) if graph.is_directed else (0.0, DEGREE)
    scores: dict[str, Scores] = defaultdict(dict)
    labels = {describe(0.0): "AUC", describe(1.0): "reversed", describe(DEGREE): "matched"}
    for row in evaluate_links(models, split, kinds, (100,), seed):
        scores[row.model][labels[row.negatives]] = row.auc
        scores[row.model]["MRR"] = row.mrr
        scores[row.model].setdefault("Hits@100", row.hits[100])
    recalls = {row.model: row.recall for row in evaluate_recommendations(models, split)}
    for model, own in scores.items():
        own["recall@10"] = recalls[BASELINES.get(model, model)]
    path = graphs.file_of(name, ".labels")
    if path.exists():
        known = read_labels(path)
        for setting in arguments.settings:
            if setting in SETTINGS:
                scores[setting]["micro F1"] = f1(setting, graph, known, arguments, seed)
    return scores


def fitted(setting: str, graph: DirectedGraph, arguments: argparse.Namespace, seed: int) -> Any:
    """Return a model that is fitted to a graph, or its scores without the degrees."""
    name = setting.removesuffix(RAW)
    common: dict[str, Any] = {
        "dimensions": arguments.dim, "seed": seed, "workers": arguments.workers, "progress": False,
    }  # fmt: skip
    if name == PAIRS:
        names = np.array(graph.names)
        pairs = PairEmbedding(**common).fit((names[graph.out_sources], names[graph.out_targets]))
        return Linked(pairs, popularity=not setting.endswith(RAW))
    given = common | SETTINGS[name] | {"check": False} | dict(arguments.fastsgns)
    model = NodeEmbedding(**given).fit(graph)
    return model.scorer(popularity=False) if setting.endswith(RAW) else model


def f1(
    setting: str, graph: DirectedGraph, known: Any, arguments: argparse.Namespace, seed: int
) -> float:
    """Return the micro F1 of labels predicted from both vectors of each node."""
    model = fitted(setting, graph, arguments, seed)
    labels = Labels.of(known, model.source.index_to_key)
    features = np.hstack([model.source[labels.nodes], model.target[labels.nodes]])
    return float(np.mean([one.micro for one in classify(features, labels, [0.5], range(1, 6))]))


def rows(found: dict[tuple[str, str], list[Scores]]) -> list[list[str]]:
    """Return the means over the seeds."""
    return [
        [*key, *(mean([scores[name] for scores in seeds if name in scores]) for name in COLUMNS)]
        for key, seeds in found.items()
    ]


def mean(values: Sequence[float]) -> str:
    """Write a mean as a table shows it; a dash if there is no value."""
    return f"{np.mean(values):.3f}".replace("0.", ".", 1) if values else "-"


def widths(found: dict[tuple[str, str], list[Scores]]) -> str:
    """Describe the intervals of each column."""
    parts = []
    for name in COLUMNS:
        columns = [[s[name] for s in seeds if name in s] for seeds in found.values()]
        half = [interval(column) for column in columns if len(column) > 1]
        if half:
            wide = sorted(one.high - one.mean for one in half)
            parts.append(f"{name} {wide[len(wide) // 2]:.3f} {wide[-1]:.3f}")
    return ", ".join(parts)
