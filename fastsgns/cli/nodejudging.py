"""``fastsgns nodes eval`` and ``fastsgns nodes classify``: how good vectors of nodes are."""

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from fastsgns.cli import nodemodels
from fastsgns.cli.arguments import UsageError, add_command, positive
from fastsgns.formats.files import local_path
from fastsgns.graph.evaluation.classification import F1, SHARES, Labels, classify, read_labels
from fastsgns.graph.evaluation.links import LinkScores, Scorer, evaluate_links
from fastsgns.graph.evaluation.splits import DEGREE, Kind, LinkSplit
from fastsgns.models.links.base import LinkModel
from fastsgns.models.links.joint import JointScore
from fastsgns.models.links.training import MATRICES
from fastsgns.runtime.console import say, table
from fastsgns.runtime.intervals import interval

KS = (10, 100)
EVAL = """\
examples:
  fastsgns nodes eval edges.txt
  fastsgns nodes eval edges.txt --models two tied tied+bias HOPE STRAP --seeds 5
  fastsgns nodes eval edges.txt --models two --walks nerd --negatives 100 degree
  fastsgns nodes eval friends.txt --undirected --test 0.5 --json

For each seed a share of the edges is taken out, the models learn from the rest, and score the edges
taken out against as many pairs that are none. 100: all of these are edges turned round, so that one
vector a node is a coin. degree: sources and targets are drawn as often as in edges. The product of
out- and in-degree stands in each table: a model that does not beat it has learnt degrees.
Skip-gram tells how much likelier a pair is than degrees make it; 'two, degrees' puts these back.
Hits@K: edges among the K best of edges and negatives, whose number stands beside their kind. MRR:
of an edge among 1,000 targets of its source. direction: edges above their own reverse. Mean ± half
a 95 % interval over the seeds.
"""
CLASSIFY = """\
examples:
  fastsgns nodes classify model.fastsgns labels.txt
  fastsgns nodes classify model.fastsgns labels.txt --shares 50 --seeds 10 --vectors source

Labels stand as 'node label [label ...]' a line. On a share of the nodes a logistic regression a
label learns from the vectors; of the others as many labels are predicted as they have (the protocol
of DeepWalk).
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Declare both."""
    parser = add_command(commands, "eval", "judge models by edges taken out", EVAL, run_eval)
    nodemodels.add_graph(parser)
    parser.add_argument(
        "--models", nargs="+", choices=nodemodels.MODELS, default=["two", "tied", "HOPE"],
        help=f"{nodemodels.EXPLAINED} (default: two tied HOPE)",
    )  # fmt: skip
    parser.add_argument(
        "--test", type=float, default=0.3, metavar="SHARE", help="of the edges (%(default)s)"
    )
    parser.add_argument(
        "--negatives", nargs="+", type=kind, default=[0.0, 0.5, 1.0, DEGREE], metavar="KIND",
        help="per cent of edges turned round, or 'degree' (default: 0 50 100 degree)",
    )  # fmt: skip
    _add_seeds(parser, 3)
    nodemodels.add_training(parser)
    parser = add_command(
        commands, "classify", "predict labels of nodes by their vectors", CLASSIFY, run_classify
    )
    parser.add_argument(
        "model", type=local_path, metavar="MODEL", help="as saved by 'fastsgns nodes train'"
    )
    parser.add_argument("labels", type=local_path, metavar="LABELS", help="labels by node")
    parser.add_argument(
        "--vectors", choices=("source", "target", "both"), default="both",
        help="of which role, or both end to end (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--shares", nargs="+", type=float, default=[100 * share for share in SHARES], metavar="P",
        help="per cent of the nodes that are learnt from (default: 10 20 ... 90)",
    )  # fmt: skip
    parser.add_argument(
        "--standardize", action="store_true",
        help="scale the columns of the vectors alike, to compare models of different lengths",
    )  # fmt: skip
    _add_seeds(parser, 10)


def _add_seeds(parser: argparse.ArgumentParser, n: int) -> None:
    parser.add_argument(
        "--seeds", type=positive, default=n, metavar="N", help="repetitions (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


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


def run_eval(arguments: argparse.Namespace) -> int:
    """Split, learn and judge for each seed; print a table."""
    if not 0 < arguments.test < 1:
        raise UsageError(f"--test is {arguments.test}; allowed are numbers between 0 and 1")
    graph = nodemodels.read_graph(arguments)
    if not (graph.is_directed or {0.0, DEGREE} & set(arguments.negatives)):
        raise UsageError("an undirected graph has no reversed edges: give --negatives 0 degree")
    found: list[list[LinkScores]] = []
    for seed in range(arguments.seed, arguments.seed + arguments.seeds):
        split = LinkSplit.of(graph, arguments.test, seed)
        models: dict[str, Scorer] = {}
        for name in dict.fromkeys(arguments.models):
            models[name] = model = nodemodels.fit(name, arguments, seed, split.train)
            if name in MATRICES:
                models[f"{name}, degrees"] = JointScore(model, split.train)
        found.append(evaluate_links(models, split, arguments.negatives, KS, seed))
    if arguments.json:
        print(json.dumps([[as_json(row) for row in rows] for rows in found], indent=2))
        return 0
    if arguments.progress is not False:
        say(f"{graph!r}, {len(split.sources):,} edges taken out, {arguments.seeds} seeds")
    print(table(links_table(found), heading=HEADING))
    return 0


def as_json(row: LinkScores) -> dict[str, Any]:
    """A row for JSON, which knows no NaN."""
    found = asdict(row)
    return found | {"direction": None if math.isnan(row.direction) else row.direction}


HEADING = (
    "negatives", "model", "AUC", "AP", *(f"Hits@{k}" for k in KS), "MRR", "direction",
)  # fmt: skip


def links_table(found: Sequence[Sequence[LinkScores]]) -> list[list[str]]:
    """Make rows of mean and interval, of the rows of each seed."""
    rows = []
    for seeds in zip(*found):
        values = [
            [row.auc, row.average_precision, *(row.hits[k] for k in KS), row.mrr, row.direction]
            for row in seeds
        ]
        spread = [_with_interval(column) for column in zip(*values)]
        n_negatives = round(sum(row.n_negatives for row in seeds) / len(seeds))
        kind = f"{seeds[0].negatives}, {n_negatives:,}"
        rows.append([kind, seeds[0].model, *spread])
    return rows


def _with_interval(values: Sequence[float]) -> str:
    found = interval(values)
    if np.isnan(found.mean):
        return "-"
    half = "" if found.n == 1 else f" ± {found.high - found.mean:.3f}"
    return f"{found.mean:.3f}{half}"


def run_classify(arguments: argparse.Namespace) -> int:
    """Learn and predict labels; print a table."""
    shares = [share / 100 for share in arguments.shares]
    if bad := [share for share in shares if not 0 < share < 1]:
        raise UsageError(f"--shares {100 * bad[0]:g}: allowed are per cents between 0 and 100")
    model = nodemodels.load(arguments.model)
    names = nodemodels.by_text(model.source.index_to_key)
    labelled = read_labels(arguments.labels)
    labels = Labels.of(labelled, names)
    nodes = [names[text] for text in labels.nodes]
    seeds = range(1, arguments.seeds + 1)
    found = classify(
        features(model, nodes, arguments.vectors), labels, shares, seeds,
        standardize=arguments.standardize,
    )  # fmt: skip
    if arguments.json:
        print(json.dumps([asdict(one) for one in found], indent=2))
        return 0
    unknown = len(labelled) - len(nodes)
    missing = f"; {unknown:,} labelled nodes are not in the model" if unknown else ""
    print(f"{len(nodes):,} nodes, {len(labels.labels)} labels{missing}")
    print(table(f1_table(found), heading=("learnt from", "micro F1", "macro F1")))
    return 0


def features(model: LinkModel, nodes: Sequence[Any], role: str) -> np.ndarray:
    """Give the vectors of nodes in a role, or both end to end.

    Of one matrix, and where the roles have names of their own, "both" is the source's.
    """
    is_one = np.shares_memory(model.source.vectors, model.target.vectors)
    if role == "both" and (is_one or not model.names_are_shared):
        role = "source"
    chosen = ("source", "target") if role == "both" else (role,)
    return np.hstack([np.asarray(getattr(model, one)[list(nodes)]) for one in chosen])


def f1_table(found: Sequence[F1]) -> list[list[str]]:
    """Make a row a share, of mean and interval over the seeds."""
    by_share: dict[float, list[F1]] = defaultdict(list)
    for one in found:
        by_share[one.share].append(one)
    return [
        [
            f"{share:.0%}",
            _with_interval([one.micro for one in rows]),
            _with_interval([one.macro for one in rows]),
        ]
        for share, rows in by_share.items()
    ]
