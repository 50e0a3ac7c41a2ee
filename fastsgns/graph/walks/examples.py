"""Training examples from walks: the thread that takes a chunk makes its walks and drops them after.

`RandomWalks` and the classes after it implement `fastsgns.training.examples.Chunks`. They differ in
the pairs (u, v) of nodes on which the row of u as a source learns to predict the row of v as a
target. The objective of a pair is that of skip-gram with negative sampling,

    log sigmoid(s_u . t_v) + sum over k negative samples n of log sigmoid(-s_u . t_n).
"""

import math

import numpy as np

from fastsgns import sampling
from fastsgns.graph.walks import walker
from fastsgns.graph.walks.files import Recording, WalkFile
from fastsgns.graph.walks.neighbours import Neighbours
from fastsgns.training.examples import ChunkPlace, PairRole, Pairs, Sentences, cut

MASK = 2**64 - 1
INPUT: PairRole = "input"
OUTPUT: PairRole = "output"


class StartNodes:
    """The start nodes of the walks of an epoch: each node once per pass, in a new order per pass.

    The nodes are shuffled once. A pass visits them with a random step that has no factor in common
    with their number, from a random position on. The start nodes of any range of walks are
    therefore known without computing the others.

    Parameters
    ----------
    nodes : ndarray of int32, shape (n,)
        A node that is listed several times starts several walks per pass.
    seed : int

    Examples
    --------
    >>> start_nodes = StartNodes(np.arange(5, dtype=np.int32), seed=1)
    >>> sorted(start_nodes.of_walks(epoch=0, start=5, stop=10).tolist())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, nodes: np.ndarray, seed: int) -> None:
        self.seed = seed & MASK
        self.nodes = np.random.default_rng(self.seed).permutation(nodes).astype(np.int32)

    def of_walks(self, epoch: int, start: int, stop: int) -> np.ndarray:
        """Return the start nodes of the walks [start, stop) of an epoch, int32."""
        n = len(self.nodes)
        passes = []
        for number in range(start // n, -(-stop // n)):
            step, shift = self._order(epoch, number)
            first, last = max(start - number * n, 0), min(stop - number * n, n)
            passes.append(self.nodes[(np.arange(first, last) * step + shift) % n])
        return np.concatenate(passes) if passes else self.nodes[:0]

    def _order(self, epoch: int, number: int) -> tuple[int, int]:
        """Draw the step and the first position of a pass."""
        n = len(self.nodes)
        drawn = np.random.SeedSequence((self.seed, epoch, number)).generate_state(2)
        step, shift = (int(value) % n for value in drawn)
        while math.gcd(step, n) > 1:
            step += 1
        return step, shift


class RandomWalks(Recording):
    """Random walks, on which skip-gram trains as on sentences: DeepWalk and node2vec.

    The pairs are a node of a walk and each node in the window around it, or, with
    ``Objective.forward``, each node in the window after it. `n_passes` walks start from each node
    that has a neighbour. node2vec multiplies the weight of the step to x, after a step from t, by
    1 / p if x = t, by 1 if t has an edge to x, and by 1 / q otherwise.

    Parameters
    ----------
    neighbours : Neighbours
    length : int
        Maximum number of nodes per walk.
    n_passes : int
    p, q : float
        node2vec's parameters; 1 and 1 are the walks of DeepWalk.
    seed : int
    file : WalkFile, optional
        Also receives the walks.
    start_nodes : ndarray of int32, optional
        The nodes from which walks start; in each pass one walk for each time that a node is listed.
        By default all nodes that have a neighbour.

    References
    ----------
    Perozzi, Al-Rfou, Skiena (2014), "DeepWalk: Online Learning of Social Representations",
    algorithms 1 and 2. Grover, Leskovec (2016), "node2vec: Scalable Feature Learning for Networks",
    section 3.2.2.
    """

    unit = "walks"

    def __init__(
        self, neighbours: Neighbours, length: int, n_passes: int, p: float, q: float, seed: int,
        file: WalkFile | None = None, start_nodes: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        self.neighbours, self.length, self.p, self.q = neighbours, length, p, q
        nodes = neighbours.start_nodes if start_nodes is None else start_nodes
        self.start_nodes, self.file = StartNodes(nodes, seed), file
        self.n_units = n_passes * len(self.start_nodes.nodes)
        self.starts = cut(self.n_units, length)
        self.longest = self.tokens_per_unit = length

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Sentences]:
        """See `fastsgns.training.examples.Chunks`."""
        starts = self.start_nodes.of_walks(*place)
        ids = np.empty(len(starts) * self.length, np.int32)
        offsets = np.empty(len(starts) + 1, np.int64)
        n, stream = walker.write_walks(
            self.neighbours, starts, self.length, self.p, self.q, stream, ids, offsets,
            stop_flag,
        )  # fmt: skip
        ids, offsets = ids[: offsets[n]], offsets[: n + 1]
        return [Sentences(ids, offsets, 0, len(ids), stream)]


class RootedPageRankWalks(Recording):
    """Pairs of the first and the last node of a walk with restart probability `stop`: APP.

    The last node v of such a walk from u is a sample of the personalized PageRank of u,
    ``pi_u(v) = stop * sum over i >= 1 of (1 - stop)**(i - 1) (P**i)_uv``, where P holds the
    transition probabilities. Each walk gives one pair.

    Parameters
    ----------
    neighbours : Neighbours
    stop : float
        Probability that a walk ends after a step.
    max_steps : int
        A walk also ends after this many steps.
    n_passes, seed, file, start_nodes
        As for `RandomWalks`; the file receives the pairs.

    References
    ----------
    Zhou, Liu, Liu, Liu, Gao (2017), "Scalable Graph Embedding for Asymmetric Proximity".
    """

    unit = "walks"
    longest = tokens_per_unit = 1

    def __init__(
        self, neighbours: Neighbours, stop: float, max_steps: int, n_passes: int, seed: int,
        file: WalkFile | None = None, start_nodes: np.ndarray | None = None,
    ) -> None:  # fmt: skip
        self.neighbours, self.stop, self.max_steps = neighbours, stop, max_steps
        nodes = neighbours.start_nodes if start_nodes is None else start_nodes
        self.start_nodes, self.file = StartNodes(nodes, seed), file
        self.n_units = n_passes * len(self.start_nodes.nodes)
        self.starts = cut(self.n_units)

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Pairs]:
        """See `fastsgns.training.examples.Chunks`."""
        starts = self.start_nodes.of_walks(*place)
        sources, targets = np.empty((2, len(starts)), np.int32)
        n, stream = walker.write_rooted_pairs(
            self.neighbours, starts, self.stop, self.max_steps, stream, sources, targets,
            stop_flag,
        )  # fmt: skip
        pairs = sources[:n], targets[:n]
        return [Pairs(*pairs, stream)]


class AlternatingWalks(Recording):
    """Pairs of the first node of an alternating walk and the nodes of the other role in it: NERD.

    An alternating walk follows an edge forward, the next one backward, and so on, so that the
    nodes on it are source, target, source, target, ... Half of the walks of a chunk start at a
    source, drawn in proportion to the out-degree. On their pairs the source's row predicts targets,
    against negative samples among the targets. The other half start at a target, drawn in
    proportion to the in-degree, and follow an edge backward first. On their pairs the target's row
    predicts sources, against negative samples drawn from `source_noise`.

    With `joint`, each first node also predicts the later nodes of its own role, in the matrix of
    that role, against negative samples of that role.

    Parameters
    ----------
    out, into : Neighbours
        Edges along and against their direction.
    degrees : pair of ndarray of float, shape (n,)
        Out-degrees and in-degrees, or other numbers in proportion to which walks start.
    length : int
        Maximum number of nodes per walk.
    n_walks : int
        Number of walks per epoch.
    source_noise : ndarray of uint32, shape (n, 2)
        Alias table of the noise distribution over the sources.
    joint : bool
        Also train on pairs of two sources and of two targets.
    file : WalkFile, optional
        Also receives the pairs of a source and a target.

    References
    ----------
    Khosla, Leonhardt, Nejdl, Anand (2019), "Node Representation Learning for Directed Graphs",
    section 4.
    """

    unit, longest = "walks", 1

    def __init__(
        self, out: Neighbours, into: Neighbours, degrees: tuple[np.ndarray, np.ndarray],
        length: int, n_walks: int, source_noise: np.ndarray, joint: bool = False,
        file: WalkFile | None = None,
    ) -> None:  # fmt: skip
        self.out, self.into, self.length, self.joint = out, into, length, joint
        self.tables = sampling.alias_table(degrees[0]), sampling.alias_table(degrees[1])
        self.source_noise, self.file = source_noise, file
        self.tokens_per_unit = length // 2
        self.n_units, self.starts = n_walks, cut(n_walks, length // 2)

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Pairs]:
        """See `fastsgns.training.examples.Chunks`."""
        n_walks = place.stop - place.start
        sources = np.empty((n_walks + 1) // 2, np.int32)
        targets = np.empty(n_walks // 2, np.int32)
        stream = walker.draw_nodes(self.tables[0], stream, sources)
        stream = walker.draw_nodes(self.tables[1], stream, targets)
        parts: list[Pairs] = []
        for role, other, sides, starts, half in (
            (INPUT, OUTPUT, (self.out, self.into), sources, (0.0, 0.5)),
            (OUTPUT, INPUT, (self.into, self.out), targets, (0.5, 1.0)),
        ):
            pairs, next_stream = self._walk(*sides, starts, stream)
            parts.append(Pairs(*pairs, next_stream, (role, other), self.source_noise, half))
            if self.joint:
                pairs, _ = self._walk(*sides, starts, stream, same_role=True)
                parts.append(Pairs(*pairs, next_stream, (role, role), self.source_noise, half))
            stream = next_stream
        return parts

    def _walk(
        self, forward: Neighbours, backward: Neighbours, starts: np.ndarray, stream: int,
        same_role: bool = False,
    ) -> tuple[tuple[np.ndarray, np.ndarray], int]:  # fmt: skip
        inputs, outputs = np.empty((2, len(starts) * (self.length // 2)), np.int32)
        n, stream = walker.write_alternating_pairs(
            forward, backward, starts, self.length, stream, inputs, outputs, same_role
        )
        return (inputs[:n], outputs[:n]), stream


class EdgeSampling(Recording):
    """Edges (source, target), drawn in proportion to their weights: second-order LINE.

    Parameters
    ----------
    neighbours : Neighbours
    degrees : ndarray of float, shape (n,)
        Out-degrees, or other numbers in proportion to which the sources are drawn.
    n_edges : int
        Number of draws per epoch.
    file : WalkFile, optional
        Also receives the edges.

    References
    ----------
    Tang, Qu, Wang, Zhang, Yan, Mei (2015), "LINE: Large-scale Information Network Embedding",
    section 4.1.2 (second-order proximity), section 4.2 (negative samples and edge sampling).
    """

    unit = "edges"
    longest = tokens_per_unit = 1

    def __init__(
        self,
        neighbours: Neighbours,
        degrees: np.ndarray,
        n_edges: int,
        file: WalkFile | None = None,
    ) -> None:
        self.neighbours, self.table = neighbours, sampling.alias_table(degrees)
        self.n_units, self.starts, self.file = n_edges, cut(n_edges), file

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Pairs]:
        """See `fastsgns.training.examples.Chunks`."""
        starts, sources, targets = np.empty((3, place.stop - place.start), np.int32)
        stream = walker.draw_nodes(self.table, stream, starts)
        edges = self.neighbours
        n, stream = walker.write_alternating_pairs(
            edges, edges, starts, 2, stream, sources, targets
        )
        pairs = sources[:n], targets[:n]
        return [Pairs(*pairs, stream)]
