"""Walks: each kind follows its distribution, and is the slow twin's on the same random stream."""

import collections
import itertools
import threading

import numpy as np
import pytest
import walkers
from scipy.stats import chisquare
from walkers import Walker, hub_graph, make_graph, random_graph

from fastsgns import sampling
from fastsgns.graph import edges
from fastsgns.graph.degrees import total_degrees
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.walks import walker as walks
from fastsgns.graph.walks.neighbours import Neighbours

GRAPHS = {
    "directed": random_graph(),
    "weighted": random_graph(weighted=True),
    "undirected": random_graph(directed=False, weighted=True, seed=4),
    "hub": hub_graph(),
    "weighted hub": hub_graph(weighted=True, directed=False),
    "dangling": make_graph([(0, 1), (1, 2), (0, 3), (4, 0), (0, 4)], n_nodes=7),
}
each_graph = pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS.keys())
each_side = pytest.mark.parametrize("side", ["out", "in", "both"])


def walk(neighbours, starts, length=12, p=1.0, q=1.0, stream=5):
    starts = np.asarray(starts, np.int32)
    ids, offsets = np.empty(len(starts) * length, np.int32), np.empty(len(starts) + 1, np.int64)
    n, stream = walks.write_walks(neighbours, starts, length, p, q, stream, ids, offsets)
    return [ids[a:b].tolist() for a, b in itertools.pairwise(offsets[: n + 1])], stream


def rooted(neighbours, starts, stop=0.15, longest=10, stream=5):
    starts = np.asarray(starts, np.int32)
    sources, targets = np.empty((2, len(starts)), np.int32)
    n, stream = walks.write_rooted_pairs(
        neighbours, starts, stop, longest, stream, sources, targets
    )
    return list(zip(sources[:n].tolist(), targets[:n].tolist())), stream


def alternate(there, back, starts, length=6, stream=5, **options):
    starts = np.asarray(starts, np.int32)
    inputs, outputs = np.empty((2, len(starts) * (length // 2)), np.int32)
    n, stream = walks.write_alternating_pairs(
        there, back, starts, length, stream, inputs, outputs, **options
    )
    return list(zip(inputs[:n].tolist(), outputs[:n].tolist())), stream


@each_graph
@each_side
@pytest.mark.parametrize(
    "p, q",
    [(1, 1), (0.25, 4), (4, 0.5), (1, 2), (1e9, 1e9), (0.01, 0.5), (3, 500), (1e4, 90), (1, 1e-9)],
)
def test_walks_are_the_twins(graph, side, p, q):
    neighbours, starts = Neighbours.of(graph, side), np.arange(200) % graph.n_nodes
    found, stream = Walker(neighbours, p=p, q=q).walks(starts, 12, 5)
    wanted = [nodes for nodes in found if len(nodes) > 1], stream
    assert walk(neighbours, starts, p=p, q=q) == wanted


@each_graph
def test_rooted_pairs_are_the_twins(graph):
    neighbours, starts = Neighbours.of(graph), np.arange(200) % graph.n_nodes
    found, stream = Walker(neighbours).walks(starts, 11, 5, stop=0.15)
    pairs = [(nodes[0], nodes[-1]) for nodes in found if nodes[0] != nodes[-1]]
    assert rooted(neighbours, starts) == (pairs, stream)


@each_graph
@pytest.mark.parametrize("sides", [("out", "in"), ("in", "out")])
def test_alternating_pairs_are_the_twins(graph, sides):
    there, back = (Neighbours.of(graph, side) for side in sides)
    starts = np.arange(200) % graph.n_nodes
    found, stream = Walker(there, back).walks(starts, 6, 5)
    pairs = [(nodes[0], node) for nodes in found for node in nodes[1::2]]
    assert alternate(there, back, starts) == (pairs, stream)
    alike = [(nodes[0], node) for nodes in found for node in nodes[2::2] if node != nodes[0]]
    assert alternate(there, back, starts, same_role=True) == (alike, stream)


@each_graph
@each_side
def test_walks_go_along_edges(graph, side):
    arcs = {
        (u, int(v))
        for u in range(graph.n_nodes)
        for v in graph.out_targets[graph.out_offsets[u] : graph.out_offsets[u + 1]]
    }
    back = {(v, u) for u, v in arcs}
    allowed = {"out": arcs, "in": back, "both": arcs | back}[side]
    found, _ = walk(Neighbours.of(graph, side), range(graph.n_nodes))
    assert found
    assert {step for nodes in found for step in itertools.pairwise(nodes)} <= allowed


def matrix(neighbours):
    """Probabilities of a step, shape (n, n)."""
    dense = np.zeros((neighbours.n_nodes, neighbours.n_nodes))
    weights = np.ones(len(neighbours.targets)) if neighbours.weights is None else neighbours.weights
    sources = np.repeat(np.arange(neighbours.n_nodes), np.diff(neighbours.offsets))
    np.add.at(dense, (sources, neighbours.targets), weights)
    return dense / np.maximum(dense.sum(axis=1, keepdims=True), 1e-300)


def assert_drawn_from(drawn, expected):
    """Chi-square of counts by node against probabilities by node."""
    counts = np.array([drawn[node] for node in range(len(expected))])
    expected = np.asarray(expected, np.float64)
    possible = expected > 1e-12
    assert counts.sum() > 5000 and not counts[~possible].any()
    share = expected[possible] / expected[possible].sum()
    assert chisquare(counts[possible], share * counts.sum()).pvalue > 1e-3


@pytest.mark.parametrize("weighted", [False, True])
def test_a_self_loop_weighs_as_one_edge_in_either_direction(weighted):
    """So that the walks are those on the undirected graph of the same edges."""
    rng = np.random.default_rng(4)
    ends = np.unique(np.sort(rng.integers(0, 9, (2, 25)), axis=0), axis=1)
    ends = np.concatenate([ends, [[0, 3], [0, 3]]], axis=1)  # at least two loops
    weights = rng.integers(1, 5, ends.shape[1]) if weighted else None
    graphs = [
        DirectedGraph.from_edges(*ends, weights, names=range(9), directed=directed)
        for directed in (True, False)
    ]
    totals = []
    for graph in graphs:
        step, degrees = matrix(Neighbours.of(graph, "both")), total_degrees(graph)
        order = [graph.ids[name] for name in range(9)]
        totals.append(np.column_stack([step[np.ix_(order, order)], degrees[order]]))
    assert totals[0] == pytest.approx(totals[1], rel=1e-12)
    expected = np.zeros((9, 9))
    for source, target, weight in graphs[0].edges():
        expected[source, target] += weight
        expected[target, source] += weight * (source != target)
    assert totals[0][:, 9] == pytest.approx(expected.sum(1))
    neighbours, node = Neighbours.of(graphs[0], "both"), graphs[0].ids[3]
    found, _ = walk(neighbours, [node] * 20_000, length=2)
    drawn = collections.Counter(graphs[0].names[nodes[1]] for nodes in found)
    assert_drawn_from(drawn, expected[3] / expected[3].sum())


@pytest.mark.parametrize("weighted", [False, True])
@each_side
def test_neighbours_are_drawn_by_their_weights(weighted, side):
    neighbours = Neighbours.of(random_graph(12, 60, weighted), side)
    found, _ = walk(neighbours, [3] * 20_000, length=3)
    steps = matrix(neighbours)
    assert_drawn_from(collections.Counter(nodes[1] for nodes in found), steps[3])
    assert_drawn_from(collections.Counter(nodes[2] for nodes in found), steps[3] @ steps)


def assert_second_steps_follow_the_paper(neighbours, p, q, start=3):
    """Compare them with pi(x | t, v) ~ alpha_pq(t, x) w(v, x), summed over the first steps."""
    steps = matrix(neighbours)
    expected = np.zeros(len(steps))
    for middle in np.flatnonzero(steps[start]):
        factors = np.where(steps[start] > 0, 1, 1 / q)
        factors[start] = 1 / p
        second = factors * steps[middle]
        expected += steps[start, middle] * second / max(second.sum(), 1e-300)
    found, _ = walk(neighbours, [start] * 40_000, 3, p, q)
    assert_drawn_from(collections.Counter(n[2] for n in found if len(n) > 2), expected)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(
    "p, q",
    [(0.25, 4), (4, 0.25), (1, 3), (300, 200), (2, 300), (0.01, 1), (0.01, 0.1), (1, 0.001)],
)
def test_node2vec_steps_follow_the_paper(weighted, directed, p, q):
    neighbours = Neighbours.of(random_graph(12, 60, weighted, directed=directed))
    assert_second_steps_follow_the_paper(neighbours, p, q)


@each_side
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(
    "p, q", [(1, 8), (1, 64), (0.001, 64), (500, 64), (1e4, 1e3), (0.25, 1e9), (1, 0.01)]
)
def test_node2vec_leaves_hubs_as_in_the_paper(weighted, directed, side, p, q):
    neighbours = Neighbours.of(hub_graph(60, weighted, directed=directed), side)
    assert_second_steps_follow_the_paper(neighbours, p, q)


def two_hubs(n_leaves, n_common):
    """Nodes 0 and 1, with leaves of which some are common; nearly every step is between the two."""
    leaves = [*range(2, 2 + n_leaves[0]), *np.arange(n_leaves[1]) + 2 + n_leaves[0] - n_common]
    edges = [(0, 1), *((int(i >= n_leaves[0]), int(leaf)) for i, leaf in enumerate(leaves))]
    weights = np.random.default_rng(5).uniform(0.5, 2, len(edges))
    weights[0] = 1e5
    return Neighbours.of(make_graph(edges, weights, directed=False))


@pytest.mark.parametrize(
    "n_leaves, n_common, p, q",
    [
        ((900, 1200), 300, 1e5, 1e6),
        ((1200, 900), 300, 1e5, 1e6),
        ((900, 1200), 0, 1e5, 1e3),
        ((1200, 900), 897, 1e6, 1e-4),
    ],
)
def test_node2vec_steps_between_two_hubs_follow_the_paper(n_leaves, n_common, p, q):
    """Attempts are so often rejected that a running sum decides, after more than the least."""
    assert_second_steps_follow_the_paper(two_hubs(n_leaves, n_common), p, q, start=0)


@pytest.mark.parametrize("p, q", [(1, 8), (1, 64), (1, 1e3), (1e3, 1e3), (0.001, 1e3), (1, 1e9)])
@pytest.mark.parametrize("weighted", [False, True])
def test_hubs_are_left_after_few_rejections(weighted, p, q):
    """The twin makes the walks of the kernel, and counts the rejections."""
    weights = np.random.default_rng(2).uniform(1, 2, 300) if weighted else None
    edges = [(0, leaf) for leaf in range(1, 301)]
    neighbours = Neighbours.of(make_graph(edges, weights, directed=False))
    twin = Walker(neighbours, p=p, q=q)
    found, _ = twin.walks(range(100), 12, 5)
    assert walk(neighbours, range(100), p=p, q=q)[0] == found
    assert twin.n_steps > 400
    assert twin.n_refused <= twin.n_steps


@pytest.mark.parametrize("kind", ["node2vec", "rooted"])
def test_a_flag_stops_a_call_of_hours(kind):
    flag, neighbours = np.zeros(1, np.int32), two_hubs((1200, 900), 897)
    starts, length = np.zeros(32, np.int32), 2**20
    if kind == "node2vec":
        ids, offsets = np.empty(len(starts) * length, np.int32), np.empty(33, np.int64)
        call = walks.write_walks, neighbours, starts, length, 1e6, 1e-4, 5, ids, offsets, flag
    else:
        sources, targets = np.empty((2, 32), np.int32)
        call = walks.write_rooted_pairs, neighbours, starts, 1e-9, 2**40, 5, sources, targets, flag
    written = []
    thread = threading.Thread(target=lambda: written.append(call[0](*call[1:])))
    thread.start()
    flag[0] = 1
    thread.join(60)
    assert [n for n, _ in written] == [0]


def test_a_stopped_call_returns_the_walks_so_far():
    neighbours, starts = Neighbours.of(GRAPHS["hub"]), np.zeros(100, np.int32)
    ids, offsets = np.empty(500, np.int32), np.empty(101, np.int64)
    flag = np.ones(1, np.int32)
    assert walks.write_walks(neighbours, starts, 5, 1, 1, 5, ids, offsets, flag)[0] == 0
    sources, targets = np.empty((2, 100), np.int32)
    assert walks.write_rooted_pairs(neighbours, starts, 0.1, 9, 5, sources, targets, flag)[0] == 0
    with pytest.raises(ValueError, match="stop flag is empty"):
        walks.write_walks(neighbours, starts, 5, 1, 1, 5, ids, offsets, flag[1:])


def test_a_node_with_one_unwelcome_neighbour_is_left_at_once():
    neighbours = Neighbours.of(make_graph([(0, 1)], directed=False))
    assert walk(neighbours, [0], 6, p=1e300)[0] == [[0, 1, 0, 1, 0, 1]]


@pytest.mark.parametrize("weighted", [False, True])
def test_rooted_walks_end_by_personalized_pagerank(weighted):
    """Of one step or more, at most 10: sum over k of stop (1 - stop)^(k - 1) P^k, the rest at 10.

    A walk ends where there is no edge, which is as if it stayed there.
    """
    neighbours, root = Neighbours.of(random_graph(15, 40, weighted, seed=3)), 2
    steps = matrix(neighbours)
    steps[np.diff(neighbours.offsets) == 0] = np.eye(15)[np.diff(neighbours.offsets) == 0]
    expected, at = np.zeros(15), np.eye(15)[root]
    for k in range(1, 11):
        at = at @ steps
        expected += at * 0.85 ** (k - 1) * (0.15 if k < 10 else 1)
    expected[root] = 0
    pairs, _ = rooted(neighbours, [root] * 40_000)
    assert {source for source, _ in pairs} == {root}
    assert_drawn_from(collections.Counter(target for _, target in pairs), expected)


@pytest.mark.parametrize("weighted", [False, True])
def test_alternating_walks_visit_the_other_role(weighted):
    graph = random_graph(10, 40, weighted)
    there, back = Neighbours.of(graph, "out"), Neighbours.of(graph, "in")
    expected = matrix(there)[4] + (matrix(there) @ matrix(back) @ matrix(there))[4]
    pairs, _ = alternate(there, back, [4] * 20_000, length=4)
    assert len(pairs) == 40_000
    firsts = collections.Counter(target for _, target in pairs[::2])
    assert_drawn_from(firsts, matrix(there)[4])
    assert_drawn_from(
        collections.Counter(target for _, target in pairs[1::2]), expected - matrix(there)[4]
    )


def test_edges_are_drawn_by_their_weights():
    """A start by out-degree and one step along: P(edge) is its share of all weight."""
    graph = random_graph(8, 30, weighted=True)
    starts = np.empty(60_000, np.int32)
    walks.draw_nodes(sampling.alias_table(graph.out_degrees), 11, starts)
    pairs, _ = alternate(Neighbours.of(graph), Neighbours.of(graph, "in"), starts, length=2)
    sources = np.repeat(np.arange(8), np.diff(graph.out_offsets))
    numbers = {pair: i for i, pair in enumerate(zip(sources.tolist(), graph.out_targets.tolist()))}
    drawn = collections.Counter(numbers[pair] for pair in pairs)
    assert_drawn_from(drawn, graph.out_weights / graph.out_weights.sum())


def test_draws_are_the_twins():
    table, nodes = sampling.alias_table(np.arange(1, 9)), np.empty(50, np.int32)
    stream = walkers.Stream(3)
    after = walks.draw_nodes(table, 3, nodes)
    assert nodes.tolist() == [stream.alias(table) for _ in range(50)]
    assert after == stream.next()


@pytest.mark.parametrize("n", [1, 2, 3, 100])
def test_alias_rows_are_exact(n):
    weights = np.random.default_rng(n).exponential(size=3 * n).astype(np.float32)
    weights[1:n] *= np.arange(1, n) % 3 > 0
    offsets, slots = np.array([0, n, n, 3 * n]), np.empty((3 * n, 2), np.uint32)
    totals, largest = np.zeros(3), np.zeros(3, np.float32)
    edges.alias_rows(offsets, weights, slots, totals, largest)
    assert largest.tolist() == [weights[:n].max(), 0, weights[n:].max()]
    sums = [weights[:n].sum(dtype=float), 0, weights[n:].sum(dtype=float)]
    np.testing.assert_allclose(totals, sums)
    for first, last in ((0, n), (n, 3 * n)):
        row, kept = slots[first:last], slots[first:last, 0] / 2**32
        p = kept / len(row)
        np.add.at(p, row[:, 1], (1 - kept) / len(row))
        share = weights[first:last] / weights[first:last].astype(float).sum()
        np.testing.assert_allclose(p, share, atol=1e-8)


@pytest.mark.parametrize("weights", [[1, -1], [0, 0], [np.nan, 1], [np.inf, 1]])
def test_weights_without_a_distribution_are_refused(weights):
    with pytest.raises(ValueError, match="node 1"):
        Neighbours.from_rows([0, 0, 2], [0, 1], np.array(weights))


@pytest.mark.parametrize(
    "offsets, targets",
    [
        ([0, 2], [0, 1]),
        ([0, 2, 1], [0]),
        ([1, 1], [0]),
        ([0, 2, 2], [1, 0]),
        ([0, 1], [-1]),
        ([0, 2], [0]),
    ],
)
def test_damaged_rows_are_refused(offsets, targets):
    with pytest.raises(ValueError, match=r"offsets must ascend|neighbours of node"):
        Neighbours.from_rows(np.array(offsets), np.array(targets))


def test_rows_that_do_not_fit_are_refused():
    offsets, targets = np.array([0, 1, 1]), np.zeros(1, np.int32)
    with pytest.raises(ValueError, match="offsets must ascend"):
        edges.merge_neighbours(
            np.array([0, 10**8, 10**8]),
            targets,
            None,
            offsets,
            targets,
            None,
            offsets.copy(),
            targets,
            None,
        )
    with pytest.raises(ValueError, match="do not fit"):
        edges.merge_neighbours(
            offsets,
            targets,
            None,
            offsets[:2],
            targets,
            None,
            offsets.copy(),
            np.empty(2, np.int32),
            None,
        )
    with pytest.raises(ValueError, match="do not fit"):
        edges.merge_neighbours(
            offsets, targets, None, offsets, targets, None, offsets.copy(), np.empty(2, np.int32),
            None,
        )  # fmt: skip
    weights, slots = np.ones(1, np.float32), np.empty((1, 2), np.uint32)
    with pytest.raises(ValueError, match="offsets must ascend"):
        edges.alias_rows(np.array([0, 9, 9]), weights, slots, np.empty(2), weights.repeat(2))
    with pytest.raises(ValueError, match="1 largest weights"):
        edges.alias_rows(offsets, weights, slots, np.empty(2), weights)
    with pytest.raises(ValueError, match="for 1 edges"):
        Neighbours.from_rows(offsets, targets, np.ones(3))
    narrow = Neighbours(offsets, targets, weights, slots[:, :1].copy(), np.ones(2), weights)
    with pytest.raises(ValueError, match="one two-number slot per edge"):
        walk(narrow, [0])


def test_buffers_and_starts_that_do_not_fit_are_refused():
    neighbours = Neighbours.of(GRAPHS["directed"])
    small = np.empty(3, np.int32)
    with pytest.raises(ValueError, match="do not fit"):
        walks.write_walks(
            neighbours, np.zeros(2, np.int32), 2, 1, 1, 0, small, np.empty(3, np.int64)
        )
    with pytest.raises(ValueError, match="can't start at 30"):
        walk(neighbours, [30])
    with pytest.raises(ValueError, match=r"in \(0, 1\]; got 0"):
        rooted(neighbours, [0], stop=0)
    with pytest.raises(ValueError, match="side is 'up'"):
        Neighbours.of(GRAPHS["directed"], "up")


def test_a_walk_does_not_depend_on_those_beside_it():
    neighbours = Neighbours.of(GRAPHS["weighted"])
    many, _ = walk(neighbours, [3] * 100, p=0.5, q=2)
    few, _ = walk(neighbours, [3] * 7, p=0.5, q=2)
    assert many[:7] == few
