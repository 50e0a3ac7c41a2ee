"""Link prediction: held-out edges against pairs that are none, beside what degrees alone can do."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.ranking import auc, average_precision, hits_at, reciprocal_ranks
from fastsgns.graph.evaluation.splits import DEGREE, Kind, LinkSplit, describe

KINDS: tuple[Kind, ...] = (0.0, 0.5, 1.0, DEGREE)
BASELINE = "degree product"
N_RANKED, N_CANDIDATES = 1000, 1000
BLOCK = 1 << 18
Score = Callable[[np.ndarray, np.ndarray], np.ndarray]


class Scorer(Protocol):
    """A model of edges."""

    def score(self, u: Any, v: Any) -> Any:
        """Score edges from `u` to `v`, lists of names: the more, the likelier."""


@dataclass(frozen=True)
class LinkScores:
    """How well a model tells edges from pairs that are none.

    Attributes
    ----------
    model, negatives : str
        Of whom, against what.
    n_negatives : int
    auc, average_precision : float
    hits : dict of int to float
        Hits@K by K.
    mrr : float
        Mean reciprocal rank of an edge's target among other targets of its source; whatever the
        negatives.
    direction : float
        Of the test edges whose reverse is no edge, the share that scores above its reverse, equals
        for one half: 0.5 for symmetric scores. Whatever the negatives; NaN if there are none.
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
    """Score u -> v by out-degree(u) * in-degree(v): what needs no embedding.

    It is the number of edges from u to v that the configuration model expects, up to a constant.
    Of an undirected graph the two degrees are one.

    Examples
    --------
    >>> score = degree_product(DirectedGraph.from_edges([0, 0, 1], [1, 2, 2], names=range(3)))
    >>> score(np.array([0, 2]), np.array([1, 0])).tolist()  # ids are by degree, here 0, 1, 2
    [2.0, 0.0]
    """
    out, into = graph.out_degrees, graph.in_degrees
    return lambda sources, targets: out[sources] * into[targets]


def by_id(model: Scorer, graph: DirectedGraph) -> Score:
    """Score by ids of `graph` what `model` scores by names."""
    names = np.empty(graph.n_nodes, object)
    names[:] = graph.names

    def score(sources: np.ndarray, targets: np.ndarray) -> np.ndarray:
        found = [
            model.score(
                list(names[sources[at : at + BLOCK]]), list(names[targets[at : at + BLOCK]])
            )
            for at in range(0, len(sources), BLOCK)
        ]
        return np.concatenate([np.asarray(part, np.float64) for part in found])

    return score


def evaluate_links(
    models: Mapping[str, Scorer],
    split: LinkSplit,
    kinds: Sequence[Kind] = KINDS,
    ks: Sequence[int] = (10, 50, 100),
    seed: int = 1,
) -> list[LinkScores]:
    """Judge models on held-out edges, always with the product of degrees beside them.

    All models see the same negatives, as many as there are test edges. Whatever a model was
    trained on must be ``split.train`` and nothing else.

    Parameters
    ----------
    models : mapping of str to object with ``score(sources, targets)``
        Lists of names in, an array of float out.
    split : LinkSplit
    kinds : sequence of float or "degree"
        Of negatives, as of `LinkSplit.negatives`. Reversed ones are left out where there are none:
        in undirected graphs, and where each test edge has its reverse.
    ks : sequence of int
        Values of K.
    seed : int
        Of the negatives.

    Returns
    -------
    list of LinkScores
        By kind, in it by model, the baseline first.

    Raises
    ------
    ValueError
        If no kind is left.

    References
    ----------
    Khosla et al. 2019 (NERD), section 5.1, for reversed negatives; "Rethinking link prediction for
    directed graphs", 2025, for Hits@K and MRR beside AUC, which does not separate models.

    Examples
    --------
    >>> class Forward:
    ...     def score(self, u, v):
    ...         return np.array([b - a == 1 for a, b in zip(u, v)], float)
    >>> graph = DirectedGraph.from_edges(range(30), range(1, 31))
    >>> rows = evaluate_links({"forward": Forward()}, LinkSplit.of(graph), kinds=[1.0])
    >>> [(row.model, row.auc) for row in rows][1]
    ('forward', 1.0)
    """
    if not (kinds := [kind for kind in kinds if kind in (0.0, DEGREE) or len(split.one_way)]):
        raise ValueError(
            f"{split.graph!r} has no test edge whose reverse is no edge; give other negatives, 0 "
            f"or {DEGREE!r}"
        )
    scores = {BASELINE: degree_product(split.train)}
    scores |= {name: by_id(model, split.graph) for name, model in models.items()}
    positives = {name: score(split.sources, split.targets) for name, score in scores.items()}
    shared = {name: _beside(score, positives[name], split, seed) for name, score in scores.items()}
    rows = []
    for kind in kinds:
        pairs = split.negatives(kind, seed=seed)
        for name, score in scores.items():
            good, bad = positives[name], score(*pairs)
            hits = {k: hits_at(good, bad, k) for k in ks}
            values = auc(good, bad), average_precision(good, bad), hits, *shared[name]
            rows.append(LinkScores(name, describe(kind), len(bad), *values))
    return rows


def _beside(
    score: Score, positives: np.ndarray, split: LinkSplit, seed: int
) -> tuple[float, float]:
    """MRR and direction."""
    rng = np.random.default_rng(seed)
    edges = rng.permutation(len(split.sources))[:N_RANKED]
    targets, allowed = split.candidates(edges, N_CANDIDATES, seed)
    sources = np.repeat(split.sources[edges], targets.shape[1])
    others = score(sources, targets.ravel()).reshape(targets.shape)
    mrr = float(reciprocal_ranks(positives[edges], others, allowed).mean())
    one_way = split.one_way
    if not len(one_way):
        return mrr, float("nan")
    back = score(split.targets[one_way], split.sources[one_way])
    there = positives[one_way]
    return mrr, float(np.mean((there > back) + (there == back) / 2))
