"""Walking: chunks of walks, made when a thread takes them and gone when it has trained on them."""

import math
from dataclasses import replace

import numpy as np

from fastsgns import kernels, sampling
from fastsgns.graph.walks import walker as walks
from fastsgns.graph.walks.files import WalkFile
from fastsgns.graph.walks.neighbours import Neighbours
from fastsgns.kernels.objective import Objective
from fastsgns.training.examples import Trained, cut

MASK = 2**64 - 1
Place = tuple[int, int, int]
Rates = tuple[float, float]


class Roots:
    """The nodes that walks start from: each once a pass, in another order every pass.

    The nodes are shuffled once; the order of a pass goes round them by steps of a random size that
    shares no factor with their number, from a random place on. So a range of a pass is known
    without the rest of it.

    Parameters
    ----------
    nodes : ndarray of int32, shape (n,)
    seed : int

    Examples
    --------
    >>> roots = Roots(np.arange(5, dtype=np.int32), seed=1)
    >>> sorted(roots.of(0, 5, 10).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, nodes: np.ndarray, seed: int) -> None:
        self.seed = seed & MASK
        self.nodes = np.random.default_rng(self.seed).permutation(nodes).astype(np.int32)

    def of(self, epoch: int, start: int, stop: int) -> np.ndarray:
        """Roots of the walks [start, stop) of an epoch, int32."""
        n = len(self.nodes)
        parts = []
        for number in range(start // n, -(-stop // n)):
            step, shift = self._order(epoch, number)
            first, last = max(start - number * n, 0), min(stop - number * n, n)
            parts.append(self.nodes[(np.arange(first, last) * step + shift) % n])
        return np.concatenate(parts) if parts else self.nodes[:0]

    def _order(self, epoch: int, number: int) -> tuple[int, int]:
        """Step and shift of a pass."""
        n = len(self.nodes)
        drawn = np.random.SeedSequence((self.seed, epoch, number)).generate_state(2)
        step, shift = (int(value) % n for value in drawn)
        while math.gcd(step, n) > 1:
            step += 1
        return step, shift


class SentenceWalks:
    """Walks as sentences, `n_passes` from each node that has a neighbour.

    Parameters
    ----------
    neighbours : Neighbours
    length : int
        Most nodes a walk.
    n_passes : int
    p, q : float
        node2vec's.
    seed : int
    file : WalkFile, optional
        Where the walks are written, too.
    """

    unit = "walks"

    def __init__(
        self, neighbours: Neighbours, length: int, n_passes: int, p: float, q: float, seed: int,
        file: WalkFile | None = None,
    ) -> None:  # fmt: skip
        self.neighbours, self.length, self.p, self.q = neighbours, length, p, q
        self.roots, self.file = Roots(neighbours.departures, seed), file
        self.n_units = n_passes * len(self.roots.nodes)
        self.starts, self.longest = cut(self.n_units, length), length

    def train(self, objective: Objective, place: Place, rates: Rates, stream: int) -> Trained:
        """See `fastsgns.training.examples.Chunks`."""
        roots = self.roots.of(*place)
        ids = np.empty(len(roots) * self.length, np.int32)
        offsets = np.empty(len(roots) + 1, np.int64)
        n, stream = walks.walk(
            self.neighbours, roots, self.length, self.p, self.q, stream, ids, offsets
        )
        ids, offsets = ids[: offsets[n]], offsets[: n + 1]
        if self.file is not None:
            self.file.write(ids, offsets)
        return kernels.train_chunk(objective, ids, offsets, 0, len(ids), *rates, stream)


class PairWalks:
    """Walks that give pairs; the base of those that do."""

    unit = "walks"
    longest = 1
    file: WalkFile | None = None

    def _learn(
        self, objective: Objective, pairs: tuple[np.ndarray, np.ndarray], rates: Rates, stream: int
    ) -> Trained:
        return kernels.train_pairs_chunk(objective, *pairs, 0, len(pairs[0]), *rates, stream)

    def _write(self, sources: np.ndarray, targets: np.ndarray) -> None:
        if self.file is not None:
            both = np.stack([sources, targets], axis=1).ravel()
            self.file.write(both, np.arange(0, len(both) + 1, 2))


class RootedWalks(PairWalks):
    """Pairs of a root and the end of its walk: rooted PageRank (APP).

    Parameters
    ----------
    neighbours : Neighbours
    stop : float
        Probability that a walk ends after a step.
    longest : int
        Most steps.
    n_passes, seed, file
        As for `SentenceWalks`.
    """

    def __init__(
        self, neighbours: Neighbours, stop: float, longest: int, n_passes: int, seed: int,
        file: WalkFile | None = None,
    ) -> None:  # fmt: skip
        self.neighbours, self.stop, self.most_steps = neighbours, stop, longest
        self.roots, self.file = Roots(neighbours.departures, seed), file
        self.n_units = n_passes * len(self.roots.nodes)
        self.starts = cut(self.n_units)

    def train(self, objective: Objective, place: Place, rates: Rates, stream: int) -> Trained:
        """See `fastsgns.training.examples.Chunks`."""
        roots = self.roots.of(*place)
        sources, targets = np.empty((2, len(roots)), np.int32)
        n, stream = walks.rooted(
            self.neighbours, roots, self.stop, self.most_steps, stream, sources, targets
        )
        self._write(sources[:n], targets[:n])
        return self._learn(objective, (sources[:n], targets[:n]), rates, stream)


class AlternatingWalks(PairWalks):
    """Pairs of a walk's first node and those it visits in the other role (NERD).

    Half the walks of a chunk start as sources, in proportion to the out-degrees, and go forward
    and backward in turn; they train the objective as it is. The other half start as targets, in
    proportion to the in-degrees, go backward first, and train it with its matrices exchanged: the
    row of the target predicts those of sources, against negatives from `source_noise`. With
    `joint` the first node's row also predicts the rows, in the same matrix, of the other nodes
    that its walk visits in its role, against negatives of that role.

    Parameters
    ----------
    out, into : Neighbours
        Edges along and against their direction.
    degrees : pair of ndarray of float, shape (n,)
        Out-degrees and in-degrees.
    length : int
        Most nodes a walk.
    n_walks : int
        An epoch.
    source_noise : ndarray of uint32, shape (n, 2)
        Alias table of the negatives among sources.
    joint : bool
        Train on pairs of the same role as well.
    file : WalkFile, optional
        Receives the pairs of a source and a target.
    """

    def __init__(
        self, out: Neighbours, into: Neighbours, degrees: tuple[np.ndarray, np.ndarray],
        length: int, n_walks: int, source_noise: np.ndarray, joint: bool = False,
        file: WalkFile | None = None,
    ) -> None:  # fmt: skip
        self.out, self.into, self.length, self.joint = out, into, length, joint
        self.tables = sampling.alias_table(degrees[0]), sampling.alias_table(degrees[1])
        self.source_noise, self.file = source_noise, file
        self.n_units, self.starts = n_walks, cut(n_walks, length // 2)

    def train(self, objective: Objective, place: Place, rates: Rates, stream: int) -> Trained:
        """See `fastsgns.training.examples.Chunks`."""
        n_walks = place[2] - place[1]
        hubs = np.empty((n_walks + 1) // 2, np.int32)
        authorities = np.empty(n_walks // 2, np.int32)
        stream = walks.draw(self.tables[0], stream, hubs)
        stream = walks.draw(self.tables[1], stream, authorities)
        assert objective.output is not None
        exchanged = replace(
            objective, input=objective.output, output=objective.input, noise=self.source_noise
        )
        middle = sum(rates) / 2
        done = []
        for goal, other, sides, starts, pace in (
            (objective, exchanged, (self.out, self.into), hubs, (rates[0], middle)),
            (exchanged, objective, (self.into, self.out), authorities, (middle, rates[1])),
        ):
            pairs, after = self._walk(*sides, starts, stream)
            self._write(*(pairs if goal is objective else pairs[::-1]))
            done.append(self._learn(goal, pairs, pace, after))
            if self.joint:
                pairs, _ = self._walk(*sides, starts, stream, same_role=True)
                done.append(self._learn(within(other), pairs, pace, after))
            stream = after
        losses, n_examples, n_tokens = zip(*done)
        return sum(losses), sum(n_examples), sum(n_tokens)

    def _walk(
        self, there: Neighbours, back: Neighbours, starts: np.ndarray, stream: int,
        same_role: bool = False,
    ) -> tuple[tuple[np.ndarray, np.ndarray], int]:  # fmt: skip
        inputs, outputs = np.empty((2, len(starts) * (self.length // 2)), np.int32)
        n, stream = walks.alternate(
            there, back, starts, self.length, stream, inputs, outputs, same_role
        )
        return (inputs[:n], outputs[:n]), stream


def within(objective: Objective) -> Objective:
    """The objective of pairs of two outputs: their matrix in both roles, against its own noise."""
    assert objective.output is not None
    return replace(objective, input=objective.output, n_flipped=0)


class EdgeDraws(PairWalks):
    """Edges, drawn in proportion to their weights: second-order proximity (LINE).

    Tang, Qu, Wang, Zhang, Yan, Mei (2015), "LINE: Large-scale Information Network Embedding",
    section 4.1.2: (source, target) with negatives among the targets.

    Parameters
    ----------
    neighbours : Neighbours
    degrees : ndarray of float, shape (n,)
        Out-degrees.
    n_edges : int
        Draws an epoch.
    file : WalkFile, optional
    """

    unit = "edges"

    def __init__(
        self,
        neighbours: Neighbours,
        degrees: np.ndarray,
        n_edges: int,
        file: WalkFile | None = None,
    ) -> None:
        self.neighbours, self.table = neighbours, sampling.alias_table(degrees)
        self.n_units, self.starts, self.file = n_edges, cut(n_edges), file

    def train(self, objective: Objective, place: Place, rates: Rates, stream: int) -> Trained:
        """See `fastsgns.training.examples.Chunks`."""
        roots, sources, targets = np.empty((3, place[2] - place[1]), np.int32)
        stream = walks.draw(self.table, stream, roots)
        edges = self.neighbours
        n, stream = walks.alternate(edges, edges, roots, 2, stream, sources, targets)
        self._write(sources[:n], targets[:n])
        return self._learn(objective, (sources[:n], targets[:n]), rates, stream)
