"""Link prediction: scores of held-out edges against negatives, with two baselines of degrees."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from fastsgns.graph.degrees import SMOOTHING, LogDegrees
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.ranking import auc, average_precision, hits_at, reciprocal_ranks
from fastsgns.graph.evaluation.splits import DEGREE, Kind, LinkSplit, describe
from fastsgns.rules import DRAW_SEED, each, integer, takes

KINDS: tuple[Kind, ...] = (0.0, 0.5, 1.0, DEGREE)
AT_RANK = integer(1, 2**62)
N_RANKED, N_CANDIDATES = 1000, 1000
BLOCK = 1 << 18
Score = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Scorer(Protocol):
    """A model that scores edges."""

    def score(self, u: Any, v: Any) -> Any:
        """Return the scores of the edges from `u` to `v`, two lists of names."""


@dataclass(frozen=True)
class LinkScores:
    """How well a model distinguishes edges from negatives.

    Attributes
    ----------
    model : str
        Name of the model.
    negatives : str
        Kind of the negatives.
    n_negatives : int
    auc, average_precision : float
    hits : dict of int to float
        Hits@K by K.
    mrr : float
        Mean reciprocal rank of the target of an edge among other targets of its source. It does not
        depend on the negatives.
    direction : float
        The share, among test edges whose reverse is not an edge, of those that score above their
        reverse. Equal scores count one half, so that symmetric scores give 0.5. It does not depend
        on the negatives, and is NaN if there are no such edges.
    """

    model: str
    negatives: str
    n_negatives: int
    auc: float
    average_precision: float
    hits: dict[int, float]
    mrr: float
    direction: float


def degree_product(graph: DirectedGraph) -> Score:
    """Return a function that scores u -> v by out-degree(u) * in-degree(v), without an embedding.

    Up to a constant, this is the number of edges from u to v that the configuration model expects.
    In an undirected graph the out-degree equals the in-degree.

    Examples
    --------
    >>> score = degree_product(DirectedGraph.from_edges([0, 0, 1], [1, 2, 2], names=range(3)))
    >>> score(np.array([0, 2]), np.array([1, 0])).tolist()  # ids are by degree, here 0, 1, 2
    [2.0, 0.0]
    """
    out, into = graph.out_degrees, graph.in_degrees
    return lambda sources, targets: out[sources] * into[targets]


def log_degrees(
    graph: DirectedGraph, exponent: float = 0.75, smoothing: float = SMOOTHING
) -> Score:
    """Return a function that scores u -> v by the logarithms of both degrees, without an embedding.

    The score is log(out-degree(u) + e) + a log(in-degree(v) + e), with the exponent a and the
    smoothing e (`fastsgns.graph.degrees.LogDegrees`). It is what models trained with negative
    samples add to the products of vectors, and so what their scores are if all vectors are zero. It
    is a stronger baseline than `degree_product` in most directed graphs: a pair with a degree of 0
    still ranks by the other degree, and a < 1 gives the degree of the source more weight.

    Examples
    --------
    >>> score = log_degrees(DirectedGraph.from_edges([0, 0, 1], [1, 2, 2], names=range(3)))
    >>> score(np.array([0, 2]), np.array([1, 0])).round(2).tolist()
    [0.81, -4.03]
    """
    degrees = LogDegrees.of(graph, exponent, smoothing)
    return lambda sources, targets: degrees.source[sources] + degrees.target[targets]


BASELINES: dict[str, Callable[[DirectedGraph], Score]] = {
    "degree product": degree_product,
    "log degrees": log_degrees,
}


def score_by_id(model: Scorer, graph: DirectedGraph) -> Score:
    """Return a function that scores ids of `graph` as `model` scores their names."""
    names = np.empty(graph.n_nodes, object)
    names[:] = graph.names

    def score(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        blocks = [
            model.score(
                list(names[sources[at : at + BLOCK]]), list(names[targets[at : at + BLOCK]])
            )
            for at in range(0, len(sources), BLOCK)
        ]
        return np.concatenate([np.asarray(block, np.float64) for block in blocks])

    return score


def check_named(models: Any, baselines: Iterable[str]) -> None:
    """Check that models are given by name, and no model has the name of a baseline.

    Raises
    ------
    TypeError, ValueError
    """
    if not isinstance(models, Mapping):
        raise TypeError(
            f'models is {models!r:.60}; give a dict of models by name, {{"mine": model}}'
        )
    if taken := sorted(set(models) & set(baselines)):
        raise ValueError(f"{taken[0]!r} is the name of a baseline; give the model another name")


@takes(seed=DRAW_SEED)
def evaluate_links(
    models: Mapping[str, Scorer],
    split: LinkSplit,
    kinds: Sequence[Kind] = KINDS,
    ks: Sequence[int] = (10, 50, 100),
    seed: int = 1,
) -> list[LinkScores]:
    """Evaluate models on held-out edges, along with two baselines of degrees.

    The baselines are `degree_product` and `log_degrees`. All models are compared with the same
    negatives. There is one negative per test edge. The models must have been trained on
    ``split.train`` only.

    Parameters
    ----------
    models : mapping of str to object with ``score(sources, targets)``
        ``score`` takes two lists of names and returns an array of float.
    split : LinkSplit
    kinds : sequence of float or "degree"
        Kinds of negatives, as in `LinkSplit.negatives`. Kinds with reversed negatives are skipped
        if no test edge can be reversed: in undirected graphs, and if the reverse of each test edge
        is an edge.
    ks : sequence of int
        Values of K for Hits@K.
    seed : int
        Seed of the negatives.

    Returns
    -------
    list of LinkScores
        Ordered by kind, then by model; the baselines "degree product" and "log degrees" are first.

    Raises
    ------
    ValueError
        If all kinds are skipped, or a model has the name of a baseline.
    TypeError
        If `models` is not a mapping.

    References
    ----------
    Khosla et al. (2019), "Node Representation Learning for Directed Graphs", section 5.1, for
    reversed negatives. "Rethinking Link Prediction for Directed Graphs" (2025), for Hits@K and MRR
    in addition to AUC, which hardly separates models.

    Examples
    --------
    >>> class Forward:
    ...     def score(self, u, v):
    ...         return np.array([b - a == 1 for a, b in zip(u, v)], float)
    >>> graph = DirectedGraph.from_edges(range(30), range(1, 31))
    >>> rows = evaluate_links({"forward": Forward()}, LinkSplit.of(graph), kinds=[1.0])
    >>> [(row.model, row.auc) for row in rows][2]
    ('forward', 1.0)
    """
    ks = each(AT_RANK, "ks", ks)
    if not (kinds := [kind for kind in kinds if kind in (0.0, DEGREE) or len(split.one_way)]):
        raise ValueError(
            f"{split.graph!r} has no test edge whose reverse is not an edge; give other "
            f"negatives, 0 or {DEGREE!r}"
        )
    check_named(models, BASELINES)
    scores = {name: baseline(split.train) for name, baseline in BASELINES.items()}
    scores |= {name: score_by_id(model, split.graph) for name, model in models.items()}
    positives = {name: score(split.sources, split.targets) for name, score in scores.items()}
    shared = {
        name: _mrr_and_direction(score, positives[name], split, seed)
        for name, score in scores.items()
    }
    rows = []
    for kind in kinds:
        pairs = split.negatives(kind, seed=seed)
        for name, score in scores.items():
            good, bad = positives[name], score(*pairs)
            hits = {k: hits_at(good, bad, k) for k in ks}
            values = auc(good, bad), average_precision(good, bad), hits, *shared[name]
            rows.append(LinkScores(name, describe(kind), len(bad), *values))
    return rows


def _mrr_and_direction(
    score: Score, positives: np.ndarray, split: LinkSplit, seed: int
) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    edges = rng.permutation(len(split.sources))[:N_RANKED]
    targets, allowed = split.candidates(edges, N_CANDIDATES, seed)
    sources = np.repeat(split.sources[edges], targets.shape[1])
    others = score(sources, targets.ravel()).reshape(targets.shape)
    mrr = float(reciprocal_ranks(positives[edges], others, allowed).mean())
    one_way = split.one_way
    if not len(one_way):
        return mrr, float("nan")
    forward = positives[one_way]
    backward = score(split.targets[one_way], split.sources[one_way])
    return mrr, float(np.mean((forward > backward) + (forward == backward) / 2))
