"""Walks along metapaths and in time: twins, exact probabilities, and what no walk may do."""

import collections
import itertools

import numpy as np
import pytest
from reference import Stream
from test_walker import assert_drawn_from
from walkers import unit

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.walks import constrained
from fastsgns.graph.walks.timed import TimedNeighbours
from fastsgns.graph.walks.typed import Metapaths, TypedNeighbours, listed_metapaths


def random_graph(directed=True, weighted=False, n_types=3, n_nodes=30, n_edges=150, seed=1):
    """A graph with types and times; some edges are parallel, at different times."""
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, n_nodes, (2, n_edges))
    return DirectedGraph.from_edges(
        *ends,
        rng.exponential(size=n_edges) if weighted else None,
        names=range(n_nodes),
        directed=directed,
        node_types=rng.permutation(np.arange(n_nodes) % n_types),
        times=rng.integers(0, 12, n_edges),
    )


def arcs(graph):
    """Edges as (source, target, weight, time), by id."""
    weights = np.ones(graph.n_edges) if graph.out_weights is None else graph.out_weights
    columns = graph.out_sources, graph.out_targets, weights, graph.times
    return list(zip(*(column.tolist() for column in columns)))


def either_way(graph):
    found = arcs(graph)
    back = [(v, u, w, t) for u, v, w, t in found if u != v]
    return found + back if graph.is_directed else found


pytestmark = pytest.mark.filterwarnings("ignore:.*in no metapath")
each_graph = pytest.mark.parametrize(
    "graph",
    [
        pytest.param(random_graph(directed, weighted, n_types), id=f"{name}, {n_types} types")
        for name, directed, weighted in [
            ("directed", True, False),
            ("weighted", True, True),
            ("undirected", False, True),
        ]
        for n_types in (1, 3, 30)
    ],
)


def walk_typed(graph, metapath, starts=None, length=12, stream=5):
    """Return walks from the starts of the metapaths, or from `starts` along the first of them."""
    neighbours = TypedNeighbours.of(graph)
    paths = Metapaths.of(listed_metapaths(metapath), graph, neighbours)
    along = paths.paths
    if starts is None:
        starts = paths.starts
    else:
        starts = np.asarray(starts, np.int32)
        along = np.zeros(len(starts), np.int32)
    ids, offsets = np.empty(len(starts) * length, np.int32), np.empty(len(starts) + 1, np.int64)
    n, stream = constrained.write_metapath_walks(
        neighbours, paths.cycles, paths.offsets, starts, along, length, stream, ids, offsets
    )
    return [ids[a:b].tolist() for a, b in itertools.pairwise(offsets[: n + 1])], stream


def test_types_without_a_metapath_are_named():
    graph = random_graph()
    a, b, c = graph.types.names
    with pytest.warns(UserWarning, match=rf"1 type is in no metapath \({c}\): .* 10 nodes stay"):
        walk_typed(graph, [a, b, a])


def walk_timed(graph, starts, length=12, is_strict=False, stream=5):
    neighbours, starts = TimedNeighbours.of(graph), np.asarray(starts, np.int32)
    ids, offsets = np.empty(len(starts) * length, np.int32), np.empty(len(starts) + 1, np.int64)
    n, stream = constrained.write_temporal_walks(
        neighbours, starts, length, is_strict, stream, ids, offsets
    )
    return [ids[a:b].tolist() for a, b in itertools.pairwise(offsets[: n + 1])], stream


@each_graph
def test_neighbours_are_grouped_by_type(graph):
    neighbours = TypedNeighbours.of(graph)
    expected = collections.defaultdict(list)
    for u, v, *_ in sorted(either_way(graph)):
        expected[u, int(graph.types.ids[v])].append(v)
    found = {}
    for node, (first, stop) in enumerate(itertools.pairwise(neighbours.group_offsets.tolist())):
        kinds = neighbours.group_types[first:stop].tolist()
        assert kinds == sorted(set(kinds))
        for group, kind in zip(range(first, stop), kinds):
            edges = slice(*neighbours.edge_offsets[group : group + 2])
            found[node, kind] = neighbours.targets[edges].tolist()
    assert found == expected


@each_graph
def test_edges_are_sorted_by_time(graph):
    neighbours = TimedNeighbours.of(graph)
    expected = sorted((u, t, v, w) for u, v, w, t in arcs(graph))
    sources = np.repeat(np.arange(graph.n_nodes), np.diff(neighbours.offsets))
    found = list(zip(sources.tolist(), neighbours.times.tolist(), neighbours.targets.tolist()))
    assert found == [edge[:3] for edge in expected]
    if graph.out_weights is None:
        assert neighbours.sums is None
        return
    for first, stop in itertools.pairwise(neighbours.offsets.tolist()):
        sums = np.cumsum([w for *_, w in expected[first:stop]])
        np.testing.assert_allclose(neighbours.sums[first:stop], sums)


def kinds_of(graph, metapath):
    return [graph.types.names.index(kind) for kind in metapath]


def typed_twin(graph, metapath, starts, length, seed):
    """Walk one at a time, with a table of all edges."""
    neighbours = TypedNeighbours.of(graph)
    cycle, streams, walks = kinds_of(graph, metapath)[:-1], Stream(seed), []
    for start in starts:
        stream, nodes = Stream(streams.next()), [start]
        while len(nodes) < length:
            kind = cycle[len(nodes) % len(cycle)]
            first, stop = neighbours.group_offsets[nodes[-1] : nodes[-1] + 2]
            group = [g for g in range(first, stop) if neighbours.group_types[g] == kind]
            if not group:
                break
            edges = slice(*neighbours.edge_offsets[group[0] : group[0] + 2])
            found = neighbours.targets[edges].tolist()
            if neighbours.slots is None:
                nodes.append(found[stream.below(len(found))])
            else:
                nodes.append(found[stream.alias(neighbours.slots[edges])])
        if len(nodes) > 1:
            walks.append(nodes)
    return walks, streams.next()


def some_metapath(graph):
    """A metapath of one to three types that some edges of the graph allow."""
    kinds = graph.types.ids
    for u, v, *_ in either_way(graph):
        if len({kinds[u], kinds[v]}) == min(2, len(graph.types.names)):
            return [graph.types.names[kinds[node]] for node in (u, v, u)]
    raise AssertionError("no such edge")


@each_graph
def test_walks_along_metapaths_are_the_twins(graph):
    metapath = some_metapath(graph)
    starts = np.arange(200) % graph.n_nodes
    expected = typed_twin(graph, metapath, starts.tolist(), 12, 5)
    assert len(expected[0]) > 5
    assert walk_typed(graph, metapath, starts) == expected


@each_graph
def test_no_walk_leaves_its_metapath(graph):
    metapath = some_metapath(graph)
    kinds = kinds_of(graph, metapath)[:-1]
    allowed = {edge[:2] for edge in either_way(graph)}
    walks, _ = walk_typed(graph, metapath)
    starts = {
        u
        for u, v, *_ in either_way(graph)
        if [graph.types.ids[u], graph.types.ids[v]] == [kinds[0], kinds[1 % len(kinds)]]
    }
    assert {walk[0] for walk in walks} == starts and len(walks) == len(starts)
    for walk in walks:
        assert len(walk) == 12
        assert set(itertools.pairwise(walk)) <= allowed
        assert all(graph.types.ids[node] == kinds[i % len(kinds)] for i, node in enumerate(walk))


def test_several_metapaths_have_walks_each():
    graph = random_graph()
    a, b, c = graph.types.names
    paths = [[a, b, a], [a, b, c, b, a]]
    walks, _ = walk_typed(graph, paths)
    seen = collections.Counter(
        tuple(graph.types.names[graph.types.ids[node]] for node in walk[:5]) for walk in walks
    )
    n = len(walk_typed(graph, paths[0])[0])
    assert seen[a, b, a, b, a] == n
    assert 0 < seen[a, b, c, b, a] <= n
    assert all(key == (a, b, c, b, a)[: len(key)] for key in seen if key != (a, b, a, b, a))


@pytest.mark.parametrize("weighted", [False, True])
def test_typed_steps_follow_the_paper(weighted):
    """p(x | v) = w(v, x) / (sum of w(v, y) for y of the next type), equation 3."""
    graph = random_graph(False, weighted, n_nodes=12, n_edges=100)
    a, b, _ = graph.types.names
    kinds, weights = graph.types.ids, np.zeros((12, 12))
    for u, v, w, _ in arcs(graph):
        weights[u, v] += w
    start = int(np.flatnonzero((kinds == graph.types.names.index(a)) & weights.any(axis=1))[0])
    at, steps = np.eye(12)[start], []
    for kind in (b, a):
        allowed = weights * (kinds == graph.types.names.index(kind))
        at = at @ (allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1e-300))
        steps.append(at)
    walks, _ = walk_typed(graph, [a, b, a], [start] * 20_000, length=3)
    for step, expected in enumerate(steps, 1):
        assert_drawn_from(collections.Counter(walk[step] for walk in walks), expected)


def timed_twin(graph, starts, length, is_strict, seed):
    neighbours, streams, walks = TimedNeighbours.of(graph), Stream(seed), []
    for start in starts:
        stream, nodes, now = Stream(streams.next()), [start], -np.inf
        while len(nodes) < length:
            row = range(*neighbours.offsets[nodes[-1] : nodes[-1] + 2])
            later = [
                e
                for e in row
                if neighbours.times[e] > now or (not is_strict and neighbours.times[e] == now)
            ]
            if not later:
                break
            if neighbours.sums is None:
                edge = later[stream.below(len(later))]
            else:
                sums = neighbours.sums[row.start : row.stop]
                before = sums[later[0] - row.start - 1] if later[0] > row.start else 0.0
                u = before + unit(stream) * (sums[-1] - before)
                edge = row.start + int(np.searchsorted(sums, u, side="right"))
            nodes.append(int(neighbours.targets[edge]))
            now = neighbours.times[edge]
        if len(nodes) > 1:
            walks.append(nodes)
    return walks, streams.next()


@each_graph
@pytest.mark.parametrize("is_strict", [False, True])
def test_walks_in_time_are_the_twins(graph, is_strict):
    starts = np.arange(200) % graph.n_nodes
    expected = timed_twin(graph, starts.tolist(), 12, is_strict, 5)
    assert len(expected[0]) > 100
    assert walk_timed(graph, starts, is_strict=is_strict) == expected


@each_graph
@pytest.mark.parametrize("is_strict", [False, True])
def test_no_walk_goes_back_in_time(graph, is_strict):
    """Along each walk there are times of its edges that ascend; the earliest ones are tried."""
    times = collections.defaultdict(list)
    for u, v, _, t in sorted(arcs(graph), key=lambda edge: edge[3]):
        times[u, v].append(t)
    walks, _ = walk_timed(graph, list(range(graph.n_nodes)) * 20, is_strict=is_strict)
    lengths = collections.Counter()
    for walk in walks:
        now = -np.inf
        for step in itertools.pairwise(walk):
            later = [t for t in times[step] if t > now or (not is_strict and t == now)]
            assert later, (walk, step)
            now = later[0]
        lengths[len(walk)] += 1
    assert max(lengths) > 3
    # Without the rule about times some of these walks would not exist
    assert any(
        times[v, w] and times[v, w][-1] < times[u, v][0]
        for (u, v), (x, w) in itertools.product(times, list(times))
        if v == x and times[u, v]
    )


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("is_strict", [False, True])
def test_timed_steps_have_the_exact_probabilities(weighted, is_strict):
    """Third nodes of walks, against a sum over all pairs of edges that may follow each other."""
    graph, start = random_graph(True, weighted, n_nodes=12, n_edges=100, seed=3), 2
    edges = arcs(graph)
    expected = np.zeros(12)
    total = sum(w for u, _, w, _ in edges if u == start)
    for u, v, w, t in edges:
        if u == start:
            nexts = [
                (y, x) for z, y, x, s in edges if z == v and (s > t or (s == t and not is_strict))
            ]
            for y, x in nexts:
                expected[y] += w / total * x / sum(x for _, x in nexts)
    walks, _ = walk_timed(graph, [start] * 20_000, 3, is_strict)
    assert len(walks) == 20_000
    assert_drawn_from(collections.Counter(w[2] for w in walks if len(w) > 2), expected)
    missing = sum(len(walk) == 2 for walk in walks) / 20_000
    assert missing == pytest.approx(1 - expected.sum(), abs=0.02)


def test_equal_times_follow_each_other_unless_strict():
    graph = DirectedGraph.of([("a", "b", 1), ("b", "c", 1), ("c", "d", 2)], times=3)
    start = [graph.ids["a"]]
    names = [[graph.names[i] for i in walk_timed(graph, start, is_strict=s)[0][0]] for s in (0, 1)]
    assert names == [["a", "b", "c", "d"], ["a", "b"]]


def test_a_walk_does_not_depend_on_those_beside_it():
    graph = random_graph(weighted=True)
    metapath = some_metapath(graph)
    assert walk_typed(graph, metapath, [3] * 100)[0][:7] == walk_typed(graph, metapath, [3] * 7)[0]
    assert walk_timed(graph, [3] * 100)[0][:7] == walk_timed(graph, [3] * 7)[0]


def test_rows_that_do_not_fit_are_refused():
    graph = random_graph(weighted=True)
    typed, timed = TypedNeighbours.of(graph), TimedNeighbours.of(graph)
    cycles, ends = np.zeros(1, np.int32), np.array([0, 1])
    ids, offsets, one = np.empty(9, np.int32), np.empty(9, np.int64), np.zeros(1, np.int32)

    def along(neighbours=typed, cycles=cycles, ends=ends, starts=one, paths=one, length=3):
        constrained.write_metapath_walks(
            neighbours, cycles, ends, starts, paths, length, 1, ids, offsets
        )

    def in_time(neighbours=timed, starts=one, length=3):
        constrained.write_temporal_walks(neighbours, starts, length, False, 1, ids, offsets)

    along()
    in_time()
    for walk in (along, in_time):
        with pytest.raises(IndexError, match="the start 30 is not between 0 and 29"):
            walk(starts=one + 30)
        with pytest.raises(ValueError, match="do not fit the buffers"):
            walk(length=10)
    with pytest.raises(IndexError, match="metapath 1"):
        along(paths=one + 1)
    with pytest.raises(ValueError, match="cycle_offsets"):
        along(ends=np.array([0, 0, 1]))
    with pytest.raises(ValueError, match="1 starts with 2"):
        along(paths=np.zeros(2, np.int32))
    for field in ("group_types", "edge_offsets", "targets"):
        with pytest.raises(ValueError, match="contradict"):
            along(typed._replace(**{field: getattr(typed, field)[1:]}))
    with pytest.raises(ValueError, match="two-number slot"):
        along(typed._replace(slots=typed.slots[1:]))
    for field in ("targets", "times", "sums"):
        with pytest.raises(ValueError, match="do not fit"):
            in_time(timed._replace(**{field: getattr(timed, field)[1:]}))
    with pytest.raises(ValueError, match="offsets must ascend"):
        constrained.running_sums(np.array([0, 5]), np.ones(4, np.float32))
    rows = np.array([0, 1]), np.zeros(1, np.int32)
    with pytest.raises(IndexError, match="type 1"):
        constrained.count_groups(*rows, np.ones(1, np.int32), 1)
    with pytest.raises(IndexError, match="neighbour 1"):
        constrained.count_groups(rows[0], rows[1] + 1, np.zeros(1, np.int32), 1)
    with pytest.raises(ValueError, match="2 types for 1 nodes"):
        constrained.count_groups(*rows, np.zeros(2, np.int32), 1)
    groups = constrained.count_groups(*rows, np.zeros(1, np.int32), 1)
    with pytest.raises(ValueError, match="count_groups"):
        constrained.group_by_type(
            *rows, None, np.zeros(1, np.int32), 1, groups * 0, np.empty(0, np.int32),
            np.empty(1, np.int64), np.empty(1, np.int32), None,
        )  # fmt: skip


@pytest.mark.parametrize(
    "metapath, match",
    [
        ("apa", "give a list of types"),
        ([], "give a list of types"),
        (7, "give a list of types"),
        (["a"], "fewer than two types"),
        (["a", "p", "v"], r"the way back makes it one: \['a', 'p', 'v', 'p', 'a'\]"),
        ([["a", "p", "a"], ["p", "a"]], r"the metapath \['p', 'a'\] ends with another type"),
    ],
)
def test_metapaths_that_are_refused(metapath, match):
    with pytest.raises(ValueError, match=match):
        listed_metapaths(metapath)
