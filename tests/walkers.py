"""Slow walks, one at a time, drawing what `fastsgns.graph.walks.walker` draws; small graphs."""

import itertools
from types import SimpleNamespace

import numpy as np
from reference import Stream

LEAST_REFUSED, EDGES_PER_REFUSED, GAIN = 64, 4, 4


def make_graph(edges, weights=None, n_nodes=None, directed=True):
    """What walks need of a DirectedGraph, made of (source, target) pairs by brute force."""
    edges = [tuple(edge) for edge in edges]
    weights = [None] * len(edges) if weights is None else list(weights)
    arcs = list(zip(edges, weights))
    if not directed:
        arcs += [((v, u), w) for (u, v), w in arcs if u != v]
    n = n_nodes or 1 + max(max(edge) for edge in edges)
    out, into = rows(arcs, n), rows([((v, u), w) for (u, v), w in arcs], n)
    return SimpleNamespace(
        n_nodes=n, n_edges=len(arcs), is_directed=directed, names=list(range(n)),
        out_offsets=out[0], out_targets=out[1], out_weights=out[2],
        in_offsets=into[0], in_sources=into[1], in_weights=into[2],
        out_degrees=degrees(out), in_degrees=degrees(into),
    )  # fmt: skip


def rows(arcs, n):
    arcs = sorted(arcs, key=lambda arc: arc[0])
    offsets = np.cumsum([0, *np.bincount([u for (u, _), _ in arcs], minlength=n)])
    targets = np.array([v for (_, v), _ in arcs], np.int32)
    weights = [w for _, w in arcs]
    weighted = any(w is not None for w in weights)
    return offsets, targets, np.array(weights, np.float32) if weighted else None


def degrees(row):
    offsets, targets, weights = row
    weights = np.ones(len(targets)) if weights is None else weights
    return np.array([weights[a:b].sum() for a, b in itertools.pairwise(offsets)], float)


def random_graph(n_nodes=30, n_edges=120, weighted=False, seed=1, **options):
    rng = np.random.default_rng(seed)
    edges = sorted({(int(u), int(v)) for u, v in rng.integers(0, n_nodes, (n_edges, 2)) if u != v})
    weights = rng.exponential(size=len(edges)) if weighted else None
    return make_graph(edges, weights, n_nodes, **options)


def hub_graph(n_leaves=40, weighted=False, seed=1, **options):
    """Node 0 has edges to and from all others, which have few edges among themselves, and loops."""
    rng = np.random.default_rng(seed)
    spokes = [(0, leaf) for leaf in range(1, n_leaves + 1)]
    back = [(leaf, 0) for leaf in range(1, n_leaves + 1)] if options.get("directed", True) else []
    chords = {(int(min(e)), int(max(e))) for e in rng.integers(1, n_leaves + 1, (n_leaves // 2, 2))}
    edges = [*spokes, *back, *sorted(chords), (0, 0)]
    weights = rng.exponential(size=len(edges)) if weighted else None
    return make_graph(edges, weights, n_leaves + 1, **options)


def unit(stream):
    return (stream.next() >> 11) * 2.0**-53


class Walker:
    """One walk at a time over the two sides it steps along in turn."""

    def __init__(self, *sides, p=1.0, q=1.0):
        self.sides, self.p, self.q = sides, p, q
        self.n_steps = self.n_refused = 0
        self.lists = {
            id(side): [side.targets[a:b].tolist() for a, b in itertools.pairwise(side.offsets)]
            for side in sides
        }
        rows = self.lists[id(sides[0])]
        self.most = max(row.count(other) for row in rows for other in row)

    def neighbours(self, side, node):
        return self.lists[id(side)][node]

    def draw(self, side, node, stream):
        found = self.neighbours(side, node)
        if side.slots is None:
            return found[stream.below(len(found))]
        return found[stream.alias(side.slots[side.offsets[node] :][: len(found)])]

    def factor(self, before, node):
        if node == before:
            return 1 / self.p
        return 1 if node in self.neighbours(self.sides[0], before) else 1 / self.q

    def step(self, nodes, stream):
        side = self.sides[(len(nodes) - 1) % len(self.sides)]
        biased = (self.p, self.q) != (1, 1) and len(nodes) > 1
        if not biased or len(self.neighbours(side, nodes[-1])) == 1:
            return self.draw(side, nodes[-1], stream)
        self.n_steps += 1
        is_sparse = self.is_sparse(side, *nodes[-2:])
        propose, least = (self.by_previous, 1) if is_sparse else (self.by_current, LEAST_REFUSED)
        n_refused = 0
        while (node := propose(side, *nodes[-2:], stream)) is None:
            n_refused += 1
            self.n_refused += 1
            choose, n_edges = self.sum_of(side, *nodes[-2:])
            if n_refused >= max(least, n_edges / EDGES_PER_REFUSED):
                return choose(side, nodes, stream)
        return node

    def weights_to(self, side, node):
        """The total weight to each neighbour."""
        sums = dict.fromkeys(self.neighbours(side, node), 0.0)
        for other, weight in zip(self.neighbours(side, node), self.weights(side, node)):
            sums[other] += float(weight)
        return sums

    def by_current(self, side, before, at, stream):
        weights, top = self.weights_to(side, at), max(1, 1 / self.q)
        total = sum(weights.values())
        excess = weights.get(before, 0) * max(1 / self.p - top, 0)
        node = self.draw(side, at, stream)
        mark = unit(stream) * (excess + top * total)
        if mark < excess:
            return before
        return node if (mark - excess) / total < self.factor(before, node) else None

    def largest(self, side, node):
        """The bound on the weight to a neighbour: the largest weight times the most parallels."""
        return self.most * float(max(self.weights(side, node)))

    def is_sparse(self, side, before, at):
        far, total = 1 / self.q, sum(map(float, self.weights(side, at)))
        n = len(self.neighbours(side, before))
        envelope = far * total + (1 - far) * self.largest(side, at) * n
        return far * GAIN < 1 and envelope * GAIN <= total

    def by_previous(self, side, before, at, stream):
        weights, largest = self.weights_to(side, at), self.largest(side, at)
        others, node = self.neighbours(side, before), self.draw(side, at, stream)
        far = sum(weights.values()) / self.q
        back = largest * max(1 / self.p - 1 / self.q, 0)
        mark = unit(stream) * (far + back + largest * (1 - 1 / self.q) * len(others))
        if mark < far:
            if node != before or 1 / self.p >= 1 / self.q:
                return node
            return node if unit(stream) / self.q < 1 / self.p else None
        node = before
        if mark >= far + back:
            drawn = stream.below(len(others))
            node = others[drawn]
            if node == before or node in others[:drawn]:
                return None
        return node if unit(stream) * largest < weights.get(node, 0) else None

    def sum_of(self, side, before, at):
        """The way to draw without refusals, and how many edges it sums."""
        n_before, n_at = (len(self.neighbours(side, node)) for node in (before, at))
        weights = self.weights_to(side, at)
        returns = 1 / self.p >= 1 / self.q or 2 * weights.get(before, 0) <= sum(weights.values())
        if self.q >= 1 and n_before < n_at and returns:
            return self.nearby, n_before
        return self.exactly, n_at

    def weights(self, side, node):
        first, last = side.offsets[node], side.offsets[node + 1]
        return np.ones(last - first) if side.weights is None else side.weights[first:last]

    def nearby(self, side, nodes, stream):
        before, at = nodes[-2:]
        found = list(zip(self.neighbours(side, at), self.weights(side, at)))
        alike = sum(float(w) for _, w in found) / self.q
        shares = {before: max(1 / self.p - 1 / self.q, 0)}
        shares |= {x: 1 - 1 / self.q for x in self.neighbours(side, before) if x != before}
        sums = np.cumsum(
            [share * sum(float(w) for y, w in found if y == x) for x, share in shares.items()]
        )
        while (mark := unit(stream) * (alike + sums[-1]) - alike) < 0:
            node = self.draw(side, at, stream)
            if node != before or 1 / self.p >= 1 / self.q:
                return node
            if unit(stream) / self.q < 1 / self.p:
                return node
        return list(shares)[int(np.searchsorted(sums, mark, side="right"))]

    def exactly(self, side, nodes, stream):
        found = self.neighbours(side, nodes[-1])
        weights = self.weights(side, nodes[-1])
        sums = np.cumsum([float(w) * self.factor(nodes[-2], x) for x, w in zip(found, weights)])
        return found[int(np.searchsorted(sums, unit(stream) * sums[-1], side="right"))]

    def walk(self, start, length, stream, stop=None):
        nodes = [int(start)]
        while len(nodes) < length:
            if not self.neighbours(self.sides[(len(nodes) - 1) % len(self.sides)], nodes[-1]):
                break
            nodes.append(self.step(nodes, stream))
            ends = min(2**32 - 1, round(stop * 2**32)) if stop is not None else 0
            if ends and len(nodes) < length and (stream.next() & 0xFFFFFFFF) < ends:
                break
        return nodes

    def walks(self, starts, length, seed, stop=None):
        """The walks from all starts, each on a stream of its own, and the stream for the rest."""
        streams = Stream(seed)
        found = [self.walk(start, length, Stream(streams.next()), stop) for start in starts]
        return found, streams.next()
