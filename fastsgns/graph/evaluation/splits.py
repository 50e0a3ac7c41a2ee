"""LinkSplit: edges held out of a graph, and pairs without an edge to compare them with."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.rules import COUNT, DRAW_SEED, real, takes

MAX_ROUNDS = 200
SHARE = real("numbers between 0 and 1", lambda share: 0 < share < 1)
DEGREE: Literal["degree"] = "degree"
Kind = float | Literal["degree"]
Pairs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class LinkSplit:
    """A graph for training, and test edges that were held out of it.

    Attributes
    ----------
    graph : DirectedGraph
        The graph of all edges. Pairs without an edge in it can be negatives.
    train : DirectedGraph
        The same nodes under the same ids, without the test edges. In an undirected graph both
        directions of a test edge are held out. In a directed graph the reverse of a test edge stays
        if it is an edge of `graph` that was not drawn itself.
    sources, targets : ndarray of int32, shape (m,)
        Ids of the ends of the test edges. In an undirected graph each edge is listed once.

    Examples
    --------
    >>> graph = DirectedGraph.from_edges(range(10), [(i + 1) % 10 for i in range(10)])
    >>> split = LinkSplit.of(graph, share=0.3, seed=1)
    >>> len(split.sources), split.train.n_edges, split.train.n_nodes
    (3, 7, 10)
    >>> sources, targets = split.negatives(1.0)  # all reversed
    >>> sorted(targets.tolist()) == sorted(split.sources.tolist())
    True
    """

    graph: DirectedGraph
    train: DirectedGraph
    sources: np.ndarray
    targets: np.ndarray

    def __repr__(self) -> str:
        return f"<LinkSplit: {len(self.sources)} test edges of {self.graph!r}>"

    @classmethod
    @takes(share=SHARE, seed=DRAW_SEED)
    def of(cls, graph: DirectedGraph, share: float = 0.3, seed: int = 1) -> "LinkSplit":
        """Hold out a random `share` of the edges that are not self-loops.

        An edge at several times is held out at all of them or at none.

        Raises
        ------
        ValueError
            If the share is not between 0 and 1, or leaves no edge to train on or none to test.
        """
        sources, targets = graph.out_sources, graph.out_targets
        once = sources != targets if graph.is_directed else sources < targets
        edges = np.flatnonzero(once & graph.is_first)
        size = round(share * len(edges))
        if not 0 < size < len(edges):
            raise ValueError(f"a share of {share} of {len(edges)} edges leaves a side empty")
        drawn = np.sort(np.random.default_rng(seed).permutation(edges)[:size])
        kept = np.ones(graph.n_edges, bool)
        kept[drawn] = False
        if not graph.is_directed:
            kept[graph.find(targets[drawn], sources[drawn])] = False
        if graph.times is not None:
            kept = kept[np.flatnonzero(graph.is_first)[np.cumsum(graph.is_first) - 1]]
        return cls(graph, graph.keep(kept), sources[drawn], targets[drawn])

    @cached_property
    def one_way(self) -> np.ndarray:
        """Positions of the test edges whose reverse is not an edge of the graph, ascending."""
        if not self.graph.is_directed:
            return np.empty(0, np.int64)
        return np.flatnonzero(self.graph.find(self.targets, self.sources) < 0)

    @takes(n=COUNT, seed=DRAW_SEED)
    def negatives(self, kind: Kind = 0.0, n: int | None = None, seed: int = 1) -> Pairs:
        """Draw negatives: pairs of different nodes without an edge in the graph.

        Parameters
        ----------
        kind : float or "degree"
            A number from 0 to 1 is the share of *reversed* negatives: (v, u) for a test edge (u, v)
            whose reverse is not an edge. A symmetric score can't distinguish these from their
            edges. The other negatives are uniform. With "degree", sources are drawn from the
            sources of the test edges, and targets from their targets, so that degrees alone predict
            little.
        n : int, optional
            Number of negatives; by default the number of test edges. If fewer than ``kind * n``
            edges can be reversed, fewer negatives are drawn, so that the share is kept.
        seed : int

        Returns
        -------
        sources, targets : ndarray of int32
            Ids.

        Raises
        ------
        ValueError
            If `kind` is not allowed, if no test edge can be reversed, or if there are too few pairs
            without an edge.

        References
        ----------
        Khosla et al.: Node representation learning for directed graphs, 2019, section 5.1 (the
        reversed negatives).
        """
        n = len(self.sources) if n is None else n
        rng = np.random.default_rng(seed)
        if kind == DEGREE:
            return self._draw_negatives(n, self.sources, self.targets, rng)
        if isinstance(kind, str) or not 0 <= kind <= 1:
            raise ValueError(f"negatives of kind {kind!r}; allowed are 0 to 1 and {DEGREE!r}")
        every = np.arange(self.graph.n_nodes, dtype=np.int32)
        if kind == 0:
            return self._draw_negatives(n, every, every, rng)
        if not len(self.one_way):
            raise ValueError(f"{self.graph!r} has no test edge whose reverse is not an edge")
        n = min(n, int(len(self.one_way) / kind))
        reversed_edges = rng.permutation(self.one_way)[: round(kind * n)]
        others = self._draw_negatives(n - len(reversed_edges), every, every, rng)
        return (
            np.concatenate([self.targets[reversed_edges], others[0]]),
            np.concatenate([self.sources[reversed_edges], others[1]]),
        )

    @takes(n=COUNT, seed=DRAW_SEED)
    def candidates(self, edges: np.ndarray, n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draw other targets for the sources of some test edges.

        Parameters
        ----------
        edges : ndarray of int, shape (k,)
            Positions of the test edges.
        n : int
            Number of targets per edge. With `n` or fewer nodes in the graph, the targets are all
            nodes.

        Returns
        -------
        targets : ndarray of int32, shape (k, n)
        allowed : ndarray of bool, shape (k, n)
            False if the pair is an edge of the graph or a self-loop.
        """
        n_nodes = self.graph.n_nodes
        if n >= n_nodes:
            drawn = np.broadcast_to(np.arange(n_nodes, dtype=np.int32), (len(edges), n_nodes))
        else:
            rng = np.random.default_rng(seed)
            drawn = rng.integers(n_nodes, size=(len(edges), n), dtype=np.int32)
        sources = np.broadcast_to(self.sources[edges][:, None], drawn.shape)
        known = self.graph.find(sources.ravel(), drawn.ravel()) >= 0
        return drawn, ~known.reshape(drawn.shape) & (sources != drawn)

    def _draw_negatives(
        self, n: int, sources: np.ndarray, targets: np.ndarray, rng: np.random.Generator
    ) -> Pairs:
        """Draw pairs of one of `sources` and one of `targets`; edges and loops are drawn again."""
        left, right = np.empty(0, np.int32), np.empty(0, np.int32)
        for _ in range(MAX_ROUNDS):
            n_missing = n - len(left)
            if not n_missing:
                return left, right
            ends = rng.choice(sources, n_missing), rng.choice(targets, n_missing)
            good = (self.graph.find(*ends) < 0) & (ends[0] != ends[1])
            left, right = np.append(left, ends[0][good]), np.append(right, ends[1][good])
        raise ValueError(
            f"{n} negatives of {self.graph!r} are wanted, but almost every pair is an edge"
        )


def describe(kind: Kind) -> str:
    """Return what a table calls a kind of negatives.

    Examples
    --------
    >>> describe(0.0), describe(0.5), describe("degree")
    ('0 % reversed', '50 % reversed', 'degree-matched')
    """
    return "degree-matched" if kind == DEGREE else f"{kind:.0%}".replace("%", " % reversed")
