"""The cost of rounds on many nodes: formulas, the rows of a chunk, and the simulation by events."""

import doctest
import importlib
import math

import numpy as np
import pytest

from fastsgns.sampling import noise_distribution

pytestmark = pytest.mark.usefixtures("bench_importable")
MODULES = ["distributed", "rounds", "touches", "replica_jobs"]


def a_cluster(n_nodes, **changes):
    """A cluster with which all steps take round times."""
    from bench.rounds import Cluster, RowBytes

    parameters = {
        "n_nodes": n_nodes, "tokens_per_second": 100.0, "alone_per_second": 200.0,
        "merged_per_second": 50.0, "bits_per_second": 8000.0, "latency": 0.5,
        "row_bytes": RowBytes(pushed=60, fetched=40),
    }  # fmt: skip
    return Cluster(**parameters | changes)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_rounds_are_right(name):
    done = doctest.testmod(importlib.import_module(f"bench.{name}"))
    assert done.attempted and not done.failed


def test_a_round_of_two_nodes_by_hand():
    from bench.rounds import cost_of, speedup

    cost = cost_of(a_cluster(2), 400, {400: 200, 800: 300}.__getitem__)
    # The node sends the changes of 100 rows to the other owner, and the 150 rows that it owns.
    assert cost.n_bytes == 100 * 60 + 150 * 40
    assert (cost.compute, cost.exchange, cost.merge) == (4, 12 + 2 * 0.5, (200 + 300) / 50)
    assert cost.seconds == 27 and cost.share == 23 / 27
    assert speedup(a_cluster(2), 400, cost) == 2 * 2 / 27


def test_a_round_of_one_node_exchanges_nothing():
    from bench.rounds import cost_of, speedup

    cost = cost_of(a_cluster(1), 400, lambda n_tokens: 200)
    assert cost == (4, 0, 0, 0) and speedup(a_cluster(1), 400, cost) == 0.5


def test_bytes_grow_to_those_of_all_rows_with_the_nodes():
    from bench.rounds import cost_of

    n_bytes = [cost_of(a_cluster(n), 1, lambda n_tokens: 32).n_bytes for n in (2, 4, 32)]
    assert n_bytes == [16 * 100, 24 * 100, 31 * 100]


@pytest.mark.parametrize("share", [0.25, 1, 4])
@pytest.mark.parametrize("n_nodes", [2, 7, 128])
def test_no_more_merges_are_afforded_than_the_share_allows(n_nodes, share):
    from bench.rounds import cost_of, merges_afforded

    cluster = a_cluster(n_nodes, bits_per_second=8e5)

    def overhead(n_merges):
        n_tokens = 1e14 / n_nodes / n_merges
        cost = cost_of(cluster, n_tokens, lambda n: 30 * n**0.6)
        return (cost.exchange + cost.merge) / cost.compute

    found = merges_afforded(cluster, lambda n_tokens: 30 * n_tokens**0.6, 1e14, share)
    assert found > 1 and overhead(found) <= share < overhead(found + 1)


def test_a_slow_network_affords_no_merge_and_one_node_needs_none():
    from bench.rounds import merges_afforded

    assert merges_afforded(a_cluster(2, bits_per_second=1), lambda n: n, 1e6) == 0
    with pytest.raises(ValueError, match="two or more"):
        merges_afforded(a_cluster(1), lambda n: n, 1e6)


def test_the_curve_goes_through_its_points_and_on():
    from bench.rounds import Curve

    curve = Curve([10, 100, 1000], [10, 40, 80])
    assert [curve(n) for n in (5, 10, 100, 1000, 10_000)] == [5, 10, 40, 80, 160]


def test_a_chunk_touches_its_words_and_a_pool_of_negatives():
    from bench.touches import touched_by
    from fastsgns.training.replicas import pool_size

    rng = np.random.default_rng(1)
    ids = rng.integers(0, 20, 300)
    noise = noise_distribution(np.arange(1000, 0, -1))
    drawn = [touched_by(ids, np.full(1000, 0.5), noise, 5, rng) for _ in range(200)]
    assert all(np.array_equal(np.flatnonzero(each.inputs), np.unique(ids)) for each in drawn)
    assert all(each.outputs[each.inputs].all() for each in drawn)
    others = np.minimum(1, pool_size(300, 5) * noise[20:])  # that a row is drawn at least once
    mean = np.mean([np.count_nonzero(each.outputs[20:]) for each in drawn])
    error = math.sqrt((others * (1 - others)).sum() / len(drawn))
    assert abs(mean - others.sum()) < 4 * error
    assert np.mean([each.n_kept for each in drawn]) == pytest.approx(150, abs=4)


def simulate(cluster, *rounds):
    """Run rounds of (tokens, rows by owner) of each node, whose rows differ from one another."""
    from bench.cluster import NodeWork, Round, Simulation

    works = [[NodeWork(n, np.array(rows)) for n, rows in each] for each in rounds]
    merged = [sum(work.rows_by_owner for work in each) for each in works]
    simulation = Simulation(cluster, [Round(*each) for each in zip(works, merged)])
    return simulation.run(), simulation


def test_two_nodes_are_simulated_as_by_hand():
    node = (400, [100, 100])
    seconds, simulation = simulate(a_cluster(2), [node, node])
    # trained 4, pushed 6 + .5, merged 200 / 50, fetched 8 + .5, written 400 / 50
    assert seconds == pytest.approx(4 + 6.5 + 4 + 8.5 + 8)
    assert simulation.bytes_sent == 100 * 60 + 200 * 40


def test_all_wait_for_the_slowest_and_for_the_owner_of_most_rows():
    fast, slow = (100, [10, 10]), (1000, [10, 10])
    seconds, _ = simulate(a_cluster(2), [fast, slow])
    assert seconds == pytest.approx(10 + (0.6 + 0.5) + 0.4 + (0.8 + 0.5) + 0.8)
    even, _ = simulate(a_cluster(4, latency=0), *2 * [[(100, [25] * 4)] * 4])
    uneven, _ = simulate(a_cluster(4, latency=0), *2 * [[(100, [97, 1, 1, 1])] * 4])
    assert uneven > 2 * even


@pytest.mark.parametrize("n_nodes", [2, 5, 32])
def test_the_simulation_of_equal_nodes_is_near_the_formula(n_nodes):
    from bench.rounds import cost_of

    cluster = a_cluster(n_nodes, latency=1e-3, bits_per_second=8e5)
    seconds, simulation = simulate(cluster, *4 * [[(5000.0, [60] * n_nodes)] * n_nodes])
    cost = cost_of(cluster, 5000.0, {5000: 60 * n_nodes, 5000 * n_nodes: 60 * n_nodes**2}.get)
    assert simulation.bytes_sent == pytest.approx(cost.n_bytes)
    assert seconds / 4 == pytest.approx(cost.seconds, rel=0.1)
