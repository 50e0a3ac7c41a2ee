"""Node classification: how well a linear classifier predicts labels from vectors of nodes."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.graph import nodefiles
from fastsgns.graph.evaluation import logistic
from fastsgns.rules import DRAW_SEED, each, takes_flags

FORM = "node label [label ...]"
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def read_labels(
    path: str | os.PathLike[str], delimiter: str | None = None, skip_lines: int | None = None
) -> dict[str, list[str]]:
    r"""Read labels of nodes, one ``node label [label ...]`` per line.

    Lines that are blank or begin with # or % are skipped. Several lines may add labels to one node.
    The file may be compressed. Columns are separated and may be in quotes as in a file of edges.

    Parameters
    ----------
    path : str or os.PathLike
    delimiter : str, optional
        The character between columns. By default a comma in files whose names end in .csv, a tab in
        .tsv, and white space of ASCII in others.
    skip_lines : int, optional
        Number of lines to skip at the beginning. By default none is, and a header is an error.

    Raises
    ------
    FormatError
        (a ValueError) if a line has a node and no label, a column is empty, a column ends in a
        comma or a semicolon while white space separates them, or the first line is a header. The
        message names the file and the line.
    NotUTF8Error
        (a UnicodeDecodeError) if a line is not UTF-8. The message names the file and the line.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("labels.txt").write_text("a red\nb red round\n")
    >>> read_labels("labels.txt")
    {'a': ['red'], 'b': ['red', 'round']}
    """
    by_node: dict[str, list[str]] = {}
    for line in nodefiles.node_lines(path, FORM, delimiter, skip_lines):
        node, *labels = line.columns
        if not labels:
            raise nodefiles.fault(line, FORM, f"node {node!r:.60} has no label")
        by_node.setdefault(node, []).extend(labels)
    return by_node


@dataclass(frozen=True)
class Labels:
    """The labels of nodes as a table.

    Attributes
    ----------
    nodes : list of length n
        Names of the nodes.
    labels : list of length c
        All labels, sorted.
    members : ndarray of bool, shape (n, c)
        Whether node i has label j.

    Examples
    --------
    >>> Labels.of({"a": "red", "b": ["red", "round"]})
    <Labels: 2 labels of 2 nodes>
    """

    nodes: list[Any]
    labels: list[Any]
    members: np.ndarray

    def __repr__(self) -> str:
        return f"<Labels: {len(self.labels)} labels of {len(self.nodes)} nodes>"

    @classmethod
    def of(cls, by_node: Mapping[Any, Any], nodes: Iterable[Any] | None = None) -> "Labels":
        """Make a table from a mapping of nodes to labels.

        Parameters
        ----------
        by_node : mapping
            A label, or a list, tuple or set of labels, per node.
        nodes : iterable, optional
            Restricts the table to those of these nodes that have labels, in this order.

        Raises
        ------
        ValueError
            If no node has a label.

        Examples
        --------
        >>> Labels.of({"a": "red", "b": ["red", "round"]}).members.astype(int).tolist()
        [[1, 0], [1, 1]]
        """
        names = [node for node in (by_node if nodes is None else nodes) if node in by_node]
        if not names:
            raise ValueError(f"none of the nodes is among the {len(by_node)} that have labels")
        sets = [_listed(by_node[node]) for node in names]
        labels = sorted({label for own in sets for label in own}, key=str)
        columns = {label: column for column, label in enumerate(labels)}
        members = np.zeros((len(names), len(labels)), bool)
        for row, own in enumerate(sets):
            members[row, [columns[label] for label in own]] = True
        return cls(names, labels, members)


def _listed(labels: Any) -> list[Any]:
    return list(labels) if isinstance(labels, (list, tuple, set, frozenset)) else [labels]


@dataclass(frozen=True)
class F1:
    """F1 scores of one split.

    Attributes
    ----------
    share : float
        Share of the nodes that the classifier was fitted to.
    seed : int
        Seed of the split.
    micro, macro : float
        F1 = 2 TP / (2 TP + FP + FN): from the counts of all labels together, and the mean over the
        labels.
    """

    share: float
    seed: int
    micro: float
    macro: float


@takes_flags
def classify(
    features: np.ndarray,
    labels: Labels,
    shares: Sequence[float] = SHARES,
    seeds: Sequence[int] = range(1, 11),
    penalty: float = 1.0,
    standardize: bool = False,
) -> list[F1]:
    """Fit a classifier to the labels of some nodes, and predict those of the others.

    For each share and seed, a one-vs-rest logistic regression
    (`fastsgns.graph.evaluation.logistic`) is fitted to a random `share` of the nodes. For each
    other node the number m of its labels is given, and its m most probable labels are predicted.

    Parameters
    ----------
    features : ndarray, shape (n, d)
        One row for each of ``labels.nodes``.
    labels : Labels
    shares : sequence of float
        Shares of nodes for fitting, each above 0 and below 1.
    seeds : sequence of int
        One split per seed. A split does not depend on the features.
    penalty : float
        As in `fastsgns.graph.evaluation.logistic.fit`.
    standardize : bool
        Shift and scale each column to mean 0 and variance 1 on the nodes for fitting. Without it,
        as in DeepWalk's protocol, the penalty matters more for shorter vectors. Standardize to
        compare models whose vectors differ in length, such as factorizations.

    Returns
    -------
    list of F1
        One for each share and seed.

    Raises
    ------
    ValueError
        If the shapes do not match, or a share leaves no node for fitting or none for prediction.

    References
    ----------
    Perozzi, Al-Rfou, Skiena: DeepWalk, 2014, section 6 (the protocol). Tang, Liu: Large scale
    multi-label classification via metalabeler, 2009 (a given number of labels).

    Examples
    --------
    >>> labels = Labels.of({i: "odd" if i % 2 else "even" for i in range(20)})
    >>> features = np.array([[1.0 if i % 2 else -1.0] for i in range(20)])
    >>> classify(features, labels, shares=[0.5], seeds=[1])
    [F1(share=0.5, seed=1, micro=1.0, macro=1.0)]
    """
    n, seeds = len(labels.nodes), each(DRAW_SEED, "seeds", seeds)
    if features.ndim != 2 or len(features) != n:
        raise ValueError(f"features of shape {features.shape} for {n} nodes")
    numbers = [(share, round(share * n)) for share in shares]
    if bad := [share for share, size in numbers if not 0 < size < n]:
        raise ValueError(f"shares {bad} of {n} nodes leave none to learn from, or none to predict")
    return [
        _split(features, labels.members, share, size, seed, penalty, standardize)
        for share, size in numbers
        for seed in seeds
    ]


def _split(
    features: np.ndarray, members: np.ndarray, share: float, size: int, seed: int, penalty: float,
    standardize: bool,
) -> F1:  # fmt: skip
    order = np.random.default_rng(seed).permutation(len(features))
    known, hidden = order[:size], order[size:]
    if standardize:
        spread = features[known].std(0)
        features = (features - features[known].mean(0)) / np.where(spread > 0, spread, 1)
    model = logistic.fit(features[known], members[known], penalty)
    predicted = top_labels(model.logits(features[hidden]), members[hidden].sum(1))
    return F1(share, seed, *f1(members[hidden], predicted))


def top_labels(scores: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Mark the ``numbers[i]`` labels with the highest scores in row i; bool, shape (n, c).

    Examples
    --------
    >>> top_labels(np.array([[0.2, 0.9, 0.5]]), np.array([2])).tolist()
    [[False, True, True]]
    """
    ranks = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    return ranks < np.asarray(numbers)[:, None]


def f1(true: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """Compute micro and macro F1 of labels, bool, shape (n, c).

    TP, FP and FN are counted per label. Micro F1 is 2 sum TP / (2 sum TP + sum FP + sum FN). Macro
    F1 is the mean of 2 TP / (2 TP + FP + FN), to which a label that neither occurs nor is predicted
    contributes 0.

    Examples
    --------
    >>> f1(np.array([[1, 0], [0, 1]], bool), np.array([[1, 0], [1, 0]], bool))
    (0.5, 0.3333333333333333)
    """
    hits = (true & predicted).sum(0)
    total = true.sum(0) + predicted.sum(0)  # 2 TP + FP + FN
    each = 2 * hits / np.maximum(total, 1)
    return float(2 * hits.sum() / max(total.sum(), 1)), float(each.mean())
