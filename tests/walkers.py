"""Slow walks, one at a time, drawing what `fastsgns.graph.walks.walker` draws; small graphs."""

import itertools
from types import SimpleNamespace

import numpy as np
from reference import Stream

MOST_REFUSED = 64


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


def unit(stream):
    return (stream.next() >> 11) * 2.0**-53


class Walker:
    """One walk at a time over the two sides it steps along in turn."""

    def __init__(self, *sides, p=1.0, q=1.0):
        self.sides, self.p, self.q = sides, p, q

    def neighbours(self, side, node):
        return side.targets[side.offsets[node] : side.offsets[node + 1]].tolist()

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
        top = max(1, 1 / self.q)
        weights = dict.fromkeys(self.neighbours(side, nodes[-1]), 0.0)
        for node, weight in zip(self.neighbours(side, nodes[-1]), self.weights(side, nodes[-1])):
            weights[node] += float(weight)
        total = sum(weights.values())
        excess = weights.get(nodes[-2], 0) * max(1 / self.p - top, 0)
        for _ in range(MOST_REFUSED):
            node = self.draw(side, nodes[-1], stream)
            mark = unit(stream) * (excess + top * total)
            if mark < excess:
                return nodes[-2]
            if (mark - excess) / total < self.factor(nodes[-2], node):
                return node
        is_near = 1 / self.q <= min(1 / self.p, 1) and (
            len(self.neighbours(side, nodes[-2])) < len(self.neighbours(side, nodes[-1]))
        )
        return (self.nearby if is_near else self.exactly)(side, nodes, stream)

    def weights(self, side, node):
        first, last = side.offsets[node], side.offsets[node + 1]
        return np.ones(last - first) if side.weights is None else side.weights[first:last]

    def nearby(self, side, nodes, stream):
        before, at = nodes[-2:]
        found = list(zip(self.neighbours(side, at), self.weights(side, at)))
        alike = sum(float(w) for _, w in found) / self.q
        shares = {before: 1 / self.p - 1 / self.q}
        shares |= {x: 1 - 1 / self.q for x in self.neighbours(side, before) if x != before}
        sums = np.cumsum(
            [share * sum(float(w) for y, w in found if y == x) for x, share in shares.items()]
        )
        mark = unit(stream) * (alike + sums[-1]) - alike
        if mark < 0:
            return self.draw(side, at, stream)
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
