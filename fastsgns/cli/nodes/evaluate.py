"""``fastsgns nodes eval``: compare models of nodes on held-out edges."""

import argparse
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from fastsgns.cli.arguments import add_json
from fastsgns.cli.nodes.graphs import add_graph, read_graph
from fastsgns.cli.nodes.models import EXPLAINED, MODELS, SEED, add_training, check_graph, make
from fastsgns.cli.nodes.seeds import add_seeds, with_interval
from fastsgns.cli.parsers import Commands, UsageError, add_command
from fastsgns.graph.evaluation.links import BASELINES, LinkScores, evaluate_links
from fastsgns.graph.evaluation.recommendation import (
    MOST_POPULAR,
    Recall,
    evaluate_recommendations,
)
from fastsgns.graph.evaluation.splits import DEGREE, Kind, LinkSplit
from fastsgns.models.links.training import MATRICES
from fastsgns.runtime.console import say, table

KS = (10, 100)
TOPN = 10
HEADING = (
    "negatives", "model", "AUC", "AP", *(f"Hits@{k}" for k in KS), "MRR", f"recall@{TOPN}",
    "direction",
)  # fmt: skip
EXAMPLES = """\
examples:
  fastsgns nodes eval edges.txt
  fastsgns nodes eval edges.txt --models two tied tied+bias HOPE STRAP --seeds 5
  fastsgns nodes eval edges.txt --models two --walks nerd --negatives 100 degree
  fastsgns nodes eval friends.txt --undirected --test 0.5 --json

For each seed, a share of the edges is held out, and the models are trained on the other edges. They
then score the held-out edges and as many negatives, which are pairs that are not edges. A table has
these rows and columns, where each number is a mean ± half of a 95 % interval over the seeds:
  negatives   the percentage of negatives that are reversed edges, or 'degree': sources and targets
              are drawn by their degree; and the number of negatives
  model       'degree product' is out-degree times in-degree; 'log degrees' is
              log(out-degree + .1) + .75 log(in-degree + .1). A model that is not better than both
              has learned degrees only. Skip-gram learns how much likelier a pair is than degrees
              predict, and its scores add log degrees: 'two, raw' does not
  AUC, AP     area under the ROC curve, and average precision
  Hits@K      share of held-out edges among the K best of edges and negatives
  MRR         mean reciprocal rank of an edge among 1,000 targets of its source
  recall@10   share of the held-out targets of a source among the 10 that are recommended for it
  direction   share of edges that score above their own reverse
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "compare models on held-out edges"
    parser = add_command(commands, "eval", help, EXAMPLES, run)
    add_graph(parser)
    parser.add_argument(
        "--models", nargs="+", choices=MODELS, default=["two", "tied", "HOPE"],
        help=f"{EXPLAINED} (default: two tied HOPE)",
    )  # fmt: skip
    parser.add_argument(
        "--test", type=float, default=0.3, metavar="SHARE",
        help="share of the edges to hold out (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--negatives", nargs="+", type=kind, default=[0.0, 0.5, 1.0, DEGREE], metavar="KIND",
        help="percentages of reversed edges, or 'degree' (default: 0 50 100 degree)",
    )  # fmt: skip
    add_seeds(parser, 3)
    add_json(parser)
    add_training(parser)


def kind(text: str) -> Kind:
    """Parse a kind of negatives, for argparse.

    Examples
    --------
    >>> kind("50"), kind("degree")
    (0.5, 'degree')
    """
    if text == DEGREE:
        return DEGREE
    try:
        share = float(text) / 100
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is neither 0 to 100 nor {DEGREE!r}")
    return share


def run(arguments: argparse.Namespace) -> int:
    """Split, train and score for each seed; print a table."""
    if not 0 < arguments.test < 1:
        raise UsageError(f"--test is {arguments.test}; allowed are numbers between 0 and 1")
    graph = read_graph(arguments)
    check_graph(arguments, graph)
    if not (graph.is_directed or {0.0, DEGREE} & set(arguments.negatives)):
        raise UsageError("an undirected graph has no reversed edges: give --negatives 0 degree")
    scores: list[list[LinkScores]] = []
    recalls: list[dict[str, Recall]] = []
    first = SEED if arguments.seed is None else arguments.seed
    for seed in range(first, first + arguments.seeds):
        split = LinkSplit.of(graph, arguments.test, seed)
        models: dict[str, Any] = {}
        for name in dict.fromkeys(arguments.models):
            models[name] = model = make(name, arguments, seed).fit(split.train)
            if name in MATRICES:
                models[f"{name}, raw"] = model.scorer(popularity=False)
        scores.append(evaluate_links(models, split, arguments.negatives, KS, seed))
        recalls.append({row.model: row for row in evaluate_recommendations(models, split, TOPN)})
    if arguments.json:
        found = [
            [as_json(row, by_model) for row in rows] for rows, by_model in zip(scores, recalls)
        ]
        print(json.dumps(found, indent=2))
        return 0
    if arguments.progress is not False:
        say(f"{graph!r}, {len(split.sources):,} edges held out, {arguments.seeds} seeds")
    print(table(links_table(scores, recalls), heading=HEADING))
    return 0


def recall_of(model: str, recalls: Mapping[str, Recall]) -> float:
    """Return the recall of a model; the baselines rank the targets of a source by in-degree."""
    return recalls[MOST_POPULAR if model in BASELINES else model].recall


def as_json(row: LinkScores, recalls: Mapping[str, Recall]) -> dict[str, Any]:
    """Return a row for JSON, which has no NaN."""
    values = asdict(row) | {"recall": recall_of(row.model, recalls)}
    return values | {"direction": None if math.isnan(row.direction) else row.direction}


def links_table(
    found: Sequence[Sequence[LinkScores]], recalls: Sequence[Mapping[str, Recall]]
) -> list[list[str]]:
    """Return rows of means and intervals from the rows of each seed."""
    rows = []
    for seeds in zip(*found):
        values = [
            [
                row.auc,
                row.average_precision,
                *(row.hits[k] for k in KS),
                row.mrr,
                recall_of(row.model, by_model),
                row.direction,
            ]
            for row, by_model in zip(seeds, recalls)
        ]
        spread = [with_interval(column) for column in zip(*values)]
        n_negatives = round(sum(row.n_negatives for row in seeds) / len(seeds))
        kind = f"{seeds[0].negatives}, {n_negatives:,}"
        rows.append([kind, seeds[0].model, *spread])
    return rows
