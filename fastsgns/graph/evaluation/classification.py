"""Node classification: how much of the nodes' labels their vectors tell a linear classifier."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastsgns.errors import FormatError
from fastsgns.formats import files
from fastsgns.graph.evaluation import logistic
from fastsgns.rules import takes_flags

SEPARATORS = ",;"
SHARES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def read_labels(path: str | os.PathLike[str]) -> dict[str, list[str]]:
    r"""Read labels of nodes: ``node label [label ...]`` a line, separated by blanks.

    Lines that are blank or begin with # or % are passed over; a node may come again with further
    labels. Compressed files are read too.

    Raises
    ------
    FormatError
        (a ValueError) with file and line if a line holds a node and no label, or seems to be
        separated by commas or semicolons.
    NotUTF8Error
        (a UnicodeDecodeError) with file and line if a line is not UTF-8.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("labels.txt").write_text("a red\nb red round\n")
    >>> read_labels("labels.txt")
    {'a': ['red'], 'b': ['red', 'round']}
    """
    found: dict[str, list[str]] = {}
    for number, line in files.lines(path):
        node, *labels = line.split()
        if node[0] in "#%":
            continue
        if not labels:
            raise FormatError(
                f"{path}, line {number}: node {node!r:.60} has no label; a line is "
                "`node label`, separated by white space"
            )
        if node[-1] in SEPARATORS or any(label[-1] in SEPARATORS for label in labels):
            raise FormatError(
                f"{path}, line {number}: {line.strip()!r:.80} seems to be separated by commas "
                "or semicolons; separate node and labels by white space alone"
            )
        found.setdefault(node, []).extend(labels)
    return found


@dataclass(frozen=True)
class Labels:
    """Which labels each of the labelled nodes has.

    Attributes
    ----------
    nodes : list of length n
        Names.
    labels : list of length c
        All labels, sorted.
    members : ndarray of bool, shape (n, c)
    """

    nodes: list[Any]
    labels: list[Any]
    members: np.ndarray

    @classmethod
    def of(cls, by_node: Mapping[Any, Any], nodes: Iterable[Any] | None = None) -> "Labels":
        """Take a dict from nodes to a label or an iterable of labels.

        Parameters
        ----------
        by_node : mapping
        nodes : iterable, optional
            Only these, in this order, as far as they have labels.

        Raises
        ------
        ValueError
            If no node is left.

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
        Of the nodes that the classifier learnt from.
    seed : int
        Of the split.
    micro, macro : float
        2 TP / (2 TP + FP + FN): of all labels' counts together, and the mean over the labels.
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
    """Learn the labels of some nodes and predict those of the others, over shares and seeds.

    For each split a one-vs-rest logistic regression (`fastsgns.graph.evaluation.logistic`) learns
    on `share` of the nodes. For each other node, the number of its labels is given, and as many of
    the most probable are predicted (for one label a node: the most probable).

    Parameters
    ----------
    features : ndarray, shape (n, d)
        A row for each of ``labels.nodes``.
    labels : Labels
    shares : sequence of float
        Each above 0 and below 1.
    seeds : sequence of int
        A split each. The same seed gives the same split, whatever the features.
    penalty : float
        As in `fastsgns.graph.evaluation.logistic.fit`.
    standardize : bool
        Shift and scale each column to mean 0 and variance 1 on the nodes learnt from. Without it,
        as in DeepWalk's protocol, the penalty weighs the more the shorter the vectors are:
        compare models whose vectors differ in length, such as factorisations, with it.

    Returns
    -------
    list of F1
        One for each share and seed.

    Raises
    ------
    ValueError
        If the shapes disagree, or a share leaves no node on one side.

    References
    ----------
    Perozzi, Al-Rfou, Skiena: DeepWalk, 2014, section 6 (the protocol). Tang, Liu: Large scale
    multi-label classification via metalabeler, 2009 (the number of labels is given).

    Examples
    --------
    >>> labels = Labels.of({i: "odd" if i % 2 else "even" for i in range(20)})
    >>> features = np.array([[1.0 if i % 2 else -1.0] for i in range(20)])
    >>> classify(features, labels, shares=[0.5], seeds=[1])
    [F1(share=0.5, seed=1, micro=1.0, macro=1.0)]
    """
    n = len(labels.nodes)
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
    """The `numbers[i]` labels of highest score of each row, bool, shape (n, c).

    Examples
    --------
    >>> top_labels(np.array([[0.2, 0.9, 0.5]]), np.array([2])).tolist()
    [[False, True, True]]
    """
    places = np.argsort(np.argsort(-scores, axis=1, kind="stable"), axis=1)
    return places < np.asarray(numbers)[:, None]


def f1(true: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """Micro and macro F1 of labels, bool, shape (n, c).

    With TP, FP, FN counted a label: micro is 2 sum TP / (2 sum TP + sum FP + sum FN), macro the
    mean of 2 TP / (2 TP + FP + FN), where a label that neither occurs nor is predicted gives 0.

    Examples
    --------
    >>> f1(np.array([[1, 0], [0, 1]], bool), np.array([[1, 0], [1, 0]], bool))
    (0.5, 0.3333333333333333)
    """
    hits = (true & predicted).sum(0)
    total = true.sum(0) + predicted.sum(0)  # 2 TP + FP + FN
    each = 2 * hits / np.maximum(total, 1)
    return float(2 * hits.sum() / max(total.sum(), 1)), float(each.mean())
