"""LinkSplit: edges held out of a graph, and pairs that are no edges to set them against."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from fastsgns.graph.digraph import DirectedGraph

ROUNDS = 200
DEGREE = "degree"
Kind = float | str
Pairs = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class LinkSplit:
    """A training graph and the edges taken out of it.

    Attributes
    ----------
    graph : DirectedGraph
        All edges. What is no edge of it is a negative.
    train : DirectedGraph
        The same nodes under the same ids, without the test edges. Of an undirected graph they are
        gone both ways; of a directed one the reverse of a test edge is there only if it is an edge
        in its own right that was not drawn.
    sources, targets : ndarray of int32, shape (m,)
        The test edges, by id; of an undirected graph each once.

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

    @classmethod
    def of(cls, graph: DirectedGraph, share: float = 0.3, seed: int = 1) -> "LinkSplit":
        """Hold out a random `share` of the edges; self-loops always stay in the training graph.

        Raises
        ------
        ValueError
            If the share is not between 0 and 1, or leaves no edge on one side.
        """
        if not 0 < share < 1:
            raise ValueError(f"share is {share}; allowed are numbers between 0 and 1")
        sources, targets = graph.out_sources, graph.out_targets
        once = sources != targets if graph.is_directed else sources < targets
        edges = np.flatnonzero(once)
        size = round(share * len(edges))
        if not 0 < size < len(edges):
            raise ValueError(f"a share of {share} of {len(edges)} edges leaves a side empty")
        drawn = np.sort(np.random.default_rng(seed).permutation(edges)[:size])
        kept = np.ones(graph.n_edges, bool)
        kept[drawn] = False
        if not graph.is_directed:
            kept[graph.find(targets[drawn], sources[drawn])] = False
        return cls(graph, graph.keep(kept), sources[drawn], targets[drawn])

    @cached_property
    def one_way(self) -> np.ndarray:
        """The test edges whose reverse is no edge of the graph, as positions, ascending."""
        if not self.graph.is_directed:
            return np.empty(0, np.int64)
        return np.flatnonzero(self.graph.find(self.targets, self.sources) < 0)

    def negatives(self, kind: Kind = 0.0, n: int | None = None, seed: int = 1) -> Pairs:
        """Draw pairs that are no edges of the graph, and no self-loops.

        Parameters
        ----------
        kind : float or "degree"
            A number from 0 to 1 is the share of *reversed* negatives: (v, u) of a test edge
            (u, v) whose reverse is no edge. The others are uniform. A model whose score is
            symmetric can't tell the reversed ones from their edges. With "degree" each end is
            drawn from the ends of the test edges, sources from sources and targets from targets,
            so that degrees alone tell little.
        n : int, optional
            How many; by default as many as test edges. If there are fewer than ``kind * n`` edges
            to reverse, the number of negatives falls, not the share.
        seed : int

        Returns
        -------
        sources, targets : ndarray of int32
            By id.

        Raises
        ------
        ValueError
            If `kind` is another, reversed negatives of an undirected graph are asked for, or there
            are too few pairs that are no edges.

        References
        ----------
        Khosla et al.: Node representation learning for directed graphs, 2019, section 5.1 (the
        reversed negatives).
        """
        wanted = len(self.sources) if n is None else n
        rng = np.random.default_rng(seed)
        if kind == DEGREE:
            return self._drawn(wanted, self.sources, self.targets, rng)
        if isinstance(kind, str) or not 0 <= kind <= 1:
            raise ValueError(f"negatives of kind {kind!r}; allowed are 0 to 1 and {DEGREE!r}")
        every = np.arange(self.graph.n_nodes, dtype=np.int32)
        if kind == 0:
            return self._drawn(wanted, every, every, rng)
        if not len(self.one_way):
            raise ValueError(f"{self.graph!r} has no test edge whose reverse is no edge")
        wanted = min(wanted, int(len(self.one_way) / kind))
        picked = rng.permutation(self.one_way)[: round(kind * wanted)]
        others = self._drawn(wanted - len(picked), every, every, rng)
        return (
            np.concatenate([self.targets[picked], others[0]]),
            np.concatenate([self.sources[picked], others[1]]),
        )

    def candidates(self, edges: np.ndarray, n: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Draw other targets for the sources of some test edges.

        Parameters
        ----------
        edges : ndarray of int, shape (k,)
            Positions among the test edges.
        n : int
            Targets each; all nodes if there are no more.

        Returns
        -------
        targets : ndarray of int32, shape (k, n)
        allowed : ndarray of bool, shape (k, n)
            False where the pair is an edge of the graph, or a self-loop.
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

    def _drawn(
        self, n: int, sources: np.ndarray, targets: np.ndarray, rng: np.random.Generator
    ) -> Pairs:
        """Pairs of one of `sources` and one of `targets`; what is an edge is drawn again."""
        found = np.empty(0, np.int32), np.empty(0, np.int32)
        for _ in range(ROUNDS):
            missing = n - len(found[0])
            if not missing:
                return found
            ends = rng.choice(sources, missing), rng.choice(targets, missing)
            good = (self.graph.find(*ends) < 0) & (ends[0] != ends[1])
            found = tuple(np.concatenate([old, new[good]]) for old, new in zip(found, ends))  # type: ignore[assignment]
        raise ValueError(
            f"{n} negatives of {self.graph!r} are wanted, and hardly any pair is no edge"
        )


def describe(kind: Kind) -> str:
    """Name a kind of negatives in a table.

    Examples
    --------
    >>> describe(0.0), describe(0.5), describe("degree")
    ('0 % reversed', '50 % reversed', 'degree-matched')
    """
    return "degree-matched" if kind == DEGREE else f"{kind:.0%}".replace("%", " % reversed")
