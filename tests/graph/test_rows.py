"""Compressed rows: each function is what numpy gives, and Ctrl-C stops it."""

import signal

import numpy as np
import pytest

from fastsgns.graph import edges, rows
from fastsgns.graph.building import build


@pytest.fixture
def some_edges():
    rng = np.random.default_rng(3)
    ends = rng.integers(0, 50, (2, 600), dtype=np.int32)
    return ends, rng.normal(size=600).astype(np.float32)


def test_sums_are_those_of_bincount(some_edges):
    (sources, targets), weights = some_edges
    counts = rows.sums_by_node(targets, None, 60)
    np.testing.assert_array_equal(counts, np.bincount(targets, minlength=60))
    sums = rows.sums_by_node(targets, weights, 60)
    np.testing.assert_array_equal(sums, np.bincount(targets, weights, 60))
    offsets, _, sorted_weights = rows.compress(sources, targets, weights.astype(float), 60)
    sums = rows.sums_of_rows(offsets, sorted_weights.astype(np.float32))
    np.testing.assert_array_equal(sums, np.bincount(sources, weights, 60))


@pytest.mark.parametrize(
    "values",
    [
        [],
        [3.0],
        [0.0, 0.0, 0.0],
        np.arange(10.0),
        np.random.default_rng(1).integers(0, 9, 1000).astype(float),
        np.random.default_rng(2).integers(0, 2**40, 1000).astype(float),
        np.random.default_rng(3).exponential(size=1000).round(1) * 1e-300,
        [1e308, 5e-324, 0.0, 1.0, 1.0, 2.0**53],
    ],
    ids=len,
)
def test_the_order_is_that_of_a_stable_sort(values):
    values = np.asarray(values, np.float64)
    order = rows.descending_order(values)
    np.testing.assert_array_equal(order, np.argsort(-values, kind="stable"))


def test_reverses_follow_but_not_those_of_loops(some_edges):
    (sources, targets), weights = some_edges
    targets[:9] = sources[:9]
    kept = sources != targets
    found = rows.add_reverses(sources, targets, weights.astype(float))
    assert found[0].tolist() == [*sources, *targets[kept]]
    assert found[1].tolist() == [*targets, *sources[kept]]
    assert found[2].tolist() == [*weights, *weights[kept]]
    assert rows.add_reverses(sources, targets, None)[2] is None
    with pytest.raises(ValueError, match="differ in number"):
        rows.add_reverses(sources, targets[1:], None)


def test_ranks_are_applied_before_edges_are_sorted(some_edges):
    (sources, targets), weights = some_edges
    rank = np.random.default_rng(4).permutation(50).astype(np.int32)
    found = rows.compress(sources, targets, weights.astype(float), 50, rank)
    wanted = rows.compress(rank[sources], rank[targets], weights.astype(float), 50)
    for one, other in zip(found, wanted):
        np.testing.assert_array_equal(one, other)


def test_ranks_that_do_not_fit_are_refused(some_edges):
    (sources, targets), _ = some_edges
    with pytest.raises(ValueError, match="3 ranks of 50 nodes"):
        rows.compress(sources, targets, None, 50, np.zeros(3, np.int32))
    with pytest.raises(IndexError, match="rank 50 is not between"):
        rows.compress(sources, targets, None, 50, np.full(50, 50, np.int32))
    with pytest.raises(IndexError, match="node 50 is not between"):
        rows.compress(sources, np.full_like(targets, 50), None, 50, np.zeros(50, np.int32))


def test_equal_edges_are_counted(some_edges):
    (sources, targets), _ = some_edges
    offsets, others, _ = rows.transpose(*rows.compress(targets, sources, None, 50), 50)
    counts = rows.count_duplicates(offsets, others)
    pairs, wanted = np.unique(np.transpose([sources, targets]), axis=0, return_counts=True)
    assert counts.tolist() == wanted.tolist() and counts.max() > 1
    assert others[: len(counts)].tolist() == pairs[:, 1].tolist()
    np.testing.assert_array_equal(np.diff(offsets), np.bincount(pairs[:, 0], minlength=50))
    assert rows.count_duplicates(offsets, others[: len(counts)].copy()) is None


def test_sizes_that_do_not_fit_are_refused(some_edges):
    (sources, _), weights = some_edges
    with pytest.raises(ValueError, match="600 edges with 599 weights"):
        rows.sums_by_node(sources, weights[1:], 50)
    with pytest.raises(IndexError, match="node"):
        rows.sums_by_node(sources, weights, 3)
    with pytest.raises(ValueError, match="do not ascend"):
        rows.sums_of_rows(np.array([0, 5]), weights)


def test_a_graph_beyond_the_memory_is_refused_before_any_work(monkeypatch):
    monkeypatch.setattr("fastsgns.runtime.machine.available_memory", lambda: 1000)
    monkeypatch.setattr("fastsgns.graph.building.CHECKED_EDGES", 2)
    ends = np.array([0, 1, 1], np.int32), np.array([1, 2, 2], np.int32)
    with pytest.raises(MemoryError, match=r"3 edges need 1,\d\d\d,?.* bytes"):
        build(*ends, None, 40, True)
    monkeypatch.setattr("fastsgns.graph.building.CHECKED_EDGES", 4)
    assert build(*ends, None, 40, True)[0].weights.tolist() == [2, 1]


class Stopped(Exception):
    """Raised by a signal handler."""


N = 1 << 23


def long_calls():
    offsets, targets, ones = np.arange(N + 1), np.arange(N, dtype=np.int32), np.ones(N)
    small = ones.astype(np.float32)
    return {
        "add_reverses": (rows.add_reverses, targets, targets[::-1].copy(), None),
        "compress": (rows.compress, targets, targets, None, N),
        "transpose": (rows.transpose, offsets, targets, None, N),
        "sum_duplicates": (rows.sum_duplicates, offsets, targets, ones),
        "count_duplicates": (rows.count_duplicates, offsets, targets),
        "sums_by_node": (rows.sums_by_node, targets, None, N),
        "sums_of_rows": (rows.sums_of_rows, offsets, small),
        "descending_order": (rows.descending_order, np.arange(N, dtype=float)),
        "find_edges": (rows.find_edges, offsets, targets, targets, targets),
        "check_neighbours": (edges.check_neighbours, offsets, targets),
        "merge_neighbours": (
            edges.merge_neighbours, offsets, targets, None, offsets, targets, None,
            np.empty(N + 1, np.int64), np.empty(2 * N, np.int32), None,
        ),
        "alias_rows": (
            edges.alias_rows, offsets, small, np.empty((N, 2), np.uint32), ones, small.copy(),
        ),
    }  # fmt: skip


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="signals of POSIX")
@pytest.mark.parametrize("name", long_calls())
def test_loops_over_edges_see_signals_while_they_run(name):
    """A signal comes every 0.1 ms, so that the handler runs at every check.

    Python itself runs it at most before and after the call. A busy machine delays signals, so that
    a call may end before five came: the next one may see them.
    """
    function, *arguments = long_calls()[name]
    seen = []

    def handle(number, frame):
        seen.append(number)
        if len(seen) == 5:
            raise Stopped

    before = signal.signal(signal.SIGALRM, handle)
    try:
        with pytest.raises(Stopped):
            signal.setitimer(signal.ITIMER_REAL, 1e-4, 1e-4)
            for _ in range(50):
                seen.clear()
                function(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
