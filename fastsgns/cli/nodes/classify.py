"""``fastsgns nodes classify``: predict labels of nodes from their vectors."""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from fastsgns.cli.arguments import add_json
from fastsgns.cli.nodes.graphs import add_columns
from fastsgns.cli.nodes.models import add_model, by_text, load
from fastsgns.cli.nodes.seeds import add_seeds, with_interval
from fastsgns.cli.parsers import Commands, UsageError, add_command
from fastsgns.errors import FormatError
from fastsgns.formats.files import local_path
from fastsgns.graph.evaluation.classification import F1, SHARES, Labels, classify, read_labels
from fastsgns.models.links.base import LinkModel
from fastsgns.runtime.console import table

EXAMPLES = """\
examples:
  fastsgns nodes classify model.fastsgns labels.txt
  fastsgns nodes classify model.fastsgns labels.txt --shares 50 --seeds 10 --vectors source

Each line of LABELS is 'node label [label ...]'. A logistic regression per label is trained on the
vectors of a share of the nodes. For each other node, as many labels are predicted as it has. This
is the protocol of DeepWalk.
"""


def add(commands: Commands) -> None:
    """Add the sub-command."""
    help = "predict labels of nodes from their vectors"
    parser = add_command(commands, "classify", help, EXAMPLES, run)
    add_model(parser)
    parser.add_argument("labels", type=local_path, metavar="LABELS", help="the labels of nodes")
    add_columns(parser)
    parser.add_argument(
        "--vectors", choices=("source", "target", "both"), default="both",
        help="vectors of one role, or of both end to end (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--shares", nargs="+", type=float, default=[100 * share for share in SHARES], metavar="P",
        help="percentages of the nodes to train on (default: 10 20 ... 90)",
    )  # fmt: skip
    parser.add_argument(
        "--standardize", action="store_true",
        help="scale the columns of the vectors to unit variance, for models whose vectors have "
        "different lengths",
    )  # fmt: skip
    add_seeds(parser, 10)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Train and predict labels; print a table."""
    shares = [share / 100 for share in arguments.shares]
    if bad := [share for share in shares if not 0 < share < 1]:
        raise UsageError(f"--shares {100 * bad[0]:g}: allowed are percentages between 0 and 100")
    model = load(arguments.model)
    names = by_text(model.source.index_to_key)
    try:
        labeled = read_labels(arguments.labels, arguments.delimiter, arguments.skip_lines)
    except FormatError as error:
        raise FormatError(arguments.in_options(str(error))) from None
    labels = Labels.of(labeled, names)
    nodes = [names[text] for text in labels.nodes]
    seeds = range(1, arguments.seeds + 1)
    scores = classify(
        features(model, nodes, arguments.vectors), labels, shares, seeds,
        standardize=arguments.standardize,
    )  # fmt: skip
    if arguments.json:
        print(json.dumps([asdict(one) for one in scores], indent=2))
        return 0
    unknown = len(labeled) - len(nodes)
    missing = f"; {unknown:,} labeled nodes are not in the model" if unknown else ""
    print(f"{len(nodes):,} nodes, {len(labels.labels)} labels{missing}")
    print(table(f1_table(scores), heading=("trained on", "micro F1", "macro F1")))
    return 0


def features(model: LinkModel, nodes: Sequence[Any], role: str) -> np.ndarray:
    """Return the vectors of nodes in a role, or in both roles end to end.

    If there is one matrix, or if source and target nodes have different names, "both" means the
    source vectors.
    """
    is_one = np.shares_memory(model.source.vectors, model.target.vectors)
    if role == "both" and (is_one or not model.names_are_shared):
        role = "source"
    chosen = ("source", "target") if role == "both" else (role,)
    return np.hstack([np.asarray(getattr(model, one)[list(nodes)]) for one in chosen])


def f1_table(found: Sequence[F1]) -> list[list[str]]:
    """Return a row per share, with means and intervals over the seeds."""
    by_share: dict[float, list[F1]] = defaultdict(list)
    for one in found:
        by_share[one.share].append(one)
    return [
        [
            f"{share:.0%}",
            with_interval([one.micro for one in rows]),
            with_interval([one.macro for one in rows]),
        ]
        for share, rows in by_share.items()
    ]
