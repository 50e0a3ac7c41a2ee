"""The merge of replicas equals numpy, and neither starves rare rows nor diverges."""

import re

import numpy as np
import pytest

from fastsgns.training import merge as merging
from fastsgns.training.merge import Changes, Curvature, merge

RULES = ("damped", "sum", "mean")
WIDTH = 16
V = 40
DIRECTION = np.linspace(-1, 2, WIDTH).astype(np.float32)
DIRECTION /= np.linalg.norm(DIRECTION)


def curved(along, across=None, width=WIDTH):
    """Return a curvature that is `along` in one direction, or in all."""
    direction = DIRECTION if across is not None else np.zeros(width, np.float32)
    return Curvature(direction, along, along if across is None else across)


THIRD = curved(1 / 3)


def draw_parts(n_parts=5, dtype=np.float32, seed=1, n_rows=V):
    rng = np.random.default_rng(seed)
    parts = []
    for _ in range(n_parts):
        rows = np.sort(rng.permutation(n_rows)[: rng.integers(0, n_rows)]).astype(np.int32)
        values = rng.normal(size=(len(rows), WIDTH)).astype(dtype)
        loads = rng.exponential(4, len(rows)).astype(np.float32)
        parts.append(Changes(rows, values, loads))
    return parts


def draw_matrix(dtype=np.float32, seed=2, n_rows=V):
    return np.random.default_rng(seed).normal(size=(n_rows, WIDTH)).astype(dtype)


def merged_by_numpy(matrix, parts, curvature, rule):
    """One row after another, in float64."""
    result = matrix.copy()
    direction = curvature.direction.astype(np.float64)
    for row, old in enumerate(matrix.astype(np.float64)):
        changes, loads = [], []
        for part in parts:
            for at in np.flatnonzero(part.rows == row):
                changes.append(part.values[at].astype(np.float64) - old)
                loads.append(float(part.loads[at]))
        if not changes:
            continue
        total = np.sum(changes, axis=0)
        if rule == "mean":
            total /= len(parts)
        if rule == "damped":
            along = direction * (direction @ total)
            total = weight(loads, curvature.along) * along + weight(loads, curvature.across) * (
                total - along
            )
        result[row] = old + total
    return result


def weight(loads, c):
    moved = sum(-np.expm1(-c * load) for load in loads)
    return -np.expm1(-c * sum(loads)) / moved if moved > 0 else 1.0


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-7)])
@pytest.mark.parametrize("curvature", [curved(0.4), curved(0.4, 0.03), curved(0.4, 0), curved(0)])
def test_merged_rows_are_those_of_numpy(rule, dtype, tolerance, curvature):
    for n_parts in (1, 2, 7):
        parts, matrix = draw_parts(n_parts, dtype), draw_matrix(dtype)
        expected = merged_by_numpy(matrix, parts, curvature, rule)
        merge(matrix, parts, curvature, rule=rule)
        np.testing.assert_allclose(matrix, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("n_threads", [2, 3, 16])
def test_the_result_does_not_depend_on_threads(rule, n_threads, monkeypatch):
    monkeypatch.setattr(merging, "THREAD_NUMBERS", 1)
    parts, matrix = draw_parts(6, n_rows=1000), draw_matrix(n_rows=1000)
    expected = matrix.copy()
    merge(expected, parts, curved(0.3, 0.02), rule=rule)
    merge(matrix, parts, curved(0.3, 0.02), n_threads, rule)
    assert matrix.tobytes() == expected.tobytes()


@pytest.mark.parametrize("rule", RULES)
def test_the_result_does_not_depend_on_the_numbers_of_rows(rule):
    parts, matrix = draw_parts(), draw_matrix()
    numbers = np.random.default_rng(4).permutation(V).astype(np.int32)  # row i becomes this row
    shuffled = np.empty_like(matrix)
    shuffled[numbers] = matrix
    permuted = []
    for part in parts:
        order = np.argsort(numbers[part.rows])
        rows = numbers[part.rows][order]
        permuted.append(Changes(rows, part.values[order], part.loads[order]))
    merge(matrix, parts, THIRD, rule=rule)
    merge(shuffled, permuted, THIRD, rule=rule)
    assert shuffled[numbers].tobytes() == matrix.tobytes()


@pytest.mark.parametrize("rule", RULES)
def test_one_part_gives_exactly_its_rows(rule):
    (part,), matrix = draw_parts(1), draw_matrix()
    part.values[0] = 1e-30  # would be lost in a difference
    expected = matrix.copy()
    expected[part.rows] = part.values
    merge(matrix, [part], curved(0.3, 0.02), rule=rule)
    assert matrix.tobytes() == expected.tobytes()


@pytest.mark.parametrize("rule", ["damped", "sum"])
def test_rows_of_one_part_each_are_exactly_those(rule):
    matrix = draw_matrix()
    values, loads = draw_matrix(seed=5), np.full(V, 99, np.float32)
    parts = [
        Changes(np.arange(i, V, 4, dtype=np.int32), values[i::4].copy(), loads[i::4].copy())
        for i in range(4)
    ]
    merge(matrix, parts, curved(10.0, 0.1), rule=rule)
    assert matrix.tobytes() == values.tobytes()


def same_rows(loads, n_parts=4):
    rows = np.arange(V, dtype=np.int32)
    loads = np.full(V, loads, np.float32)
    return [Changes(rows, draw_matrix(seed=i), loads) for i in range(10, 10 + n_parts)]


def test_much_trained_rows_become_the_mean():
    matrix, parts = draw_matrix(), same_rows(1e6)
    merge(matrix, parts, THIRD)
    expected = np.mean([part.values for part in parts], axis=0, dtype=np.float64)
    np.testing.assert_allclose(matrix, expected, rtol=1e-6, atol=1e-6)


def test_little_trained_rows_become_the_sum():
    parts, damped, total = same_rows(1e-9), draw_matrix(), draw_matrix()
    merge(damped, parts, THIRD)
    merge(total, parts, THIRD, rule="sum")
    np.testing.assert_allclose(damped, total, rtol=1e-6, atol=1e-6)
    untrained = draw_matrix()
    merge(untrained, same_rows(0.0), THIRD)
    assert untrained.tobytes() == total.tobytes()


def test_nothing_is_merged_without_parts_or_rows():
    matrix = draw_matrix()
    before = matrix.tobytes()
    empty = np.zeros((0, WIDTH), np.float32)
    nothing = Changes(np.zeros(0, np.int32), empty, np.zeros(0, np.float32))
    merge(matrix, [], THIRD)
    merge(matrix, [nothing, nothing], THIRD, n_threads=2)
    merge(empty.copy(), [nothing], THIRD)
    assert matrix.tobytes() == before


def test_squares_are_summed():
    squares = np.ones((3, WIDTH), np.float32)
    rows, loads = np.array([1], np.int32), np.ones(1, np.float32)
    parts = [Changes(rows, np.full((1, WIDTH), 1 + i, np.float32), loads) for i in (1, 2, 4)]
    merge(squares, parts, THIRD, rule="sum")
    assert squares[:, 0].tolist() == [1, 8, 1]


@pytest.mark.parametrize("value", [np.nan, np.inf, 3e38])
@pytest.mark.parametrize("n_parts", [1, 2])
def test_rows_that_are_not_finite_are_reported_and_left(value, n_parts):
    rows, loads = np.array([1, 2], np.int32), np.ones(2, np.float32)
    matrix = np.full((3, WIDTH), -1, np.float32)
    values = np.zeros((2, WIDTH), np.float32)
    values[1, 3] = value if n_parts == 2 or value != 3e38 else np.inf
    with pytest.raises(FloatingPointError, match="rows are no longer finite after"):
        merge(matrix, [Changes(rows, values, loads)] * n_parts, THIRD, rule="sum")
    assert matrix[:, 3].tolist() == [-1, n_parts - 1, -1]


def test_arrays_that_do_not_fit_are_refused():
    (part,), matrix = draw_parts(1), draw_matrix()
    for wrong, message in (
        (part._replace(rows=part.rows[::-1].copy()), "part 0 are not ascending"),
        (part._replace(rows=part.rows + np.int32(V)), "distinct rows of a matrix of 40 rows"),
        (part._replace(values=part.values[:, :-1].copy()), "the matrix has rows of 16"),
        (part._replace(loads=part.loads[1:]), "loads; the matrix has rows of 16"),
        (part._replace(values=part.values.astype(np.float64)), "mismatch"),
    ):
        with pytest.raises(ValueError, match=re.escape(message)):
            merge(matrix, [wrong], THIRD)
    with pytest.raises(ValueError, match="rule 'median' is not one of damped, sum, mean"):
        merge(matrix, [part], THIRD, rule="median")
    for wrong in (
        curved(-1.0), curved(1.0, np.nan), THIRD._replace(direction=np.full(WIDTH, np.inf))
    ):  # fmt: skip
        with pytest.raises(ValueError, match="its numbers must be finite, and 0 or more"):
            merge(matrix, [part], wrong)
    with pytest.raises(ValueError, match="direction has 3 numbers; the matrix has rows of 16"):
        merge(matrix, [part], curved(1.0, width=3))


def descend(rule, n_replicas, pairs, rounds, rate=0.025, curvature=0.3, assumed=1 / 3):
    """Return how far one row, which begins at 0, is from its optimum 1; below 0 if it passed it.

    Each replica makes as many gradient steps on a parabola as `pairs` says, between two merges.
    """
    matrix = np.zeros((1, 1))
    for _ in range(rounds):
        parts = []
        for n_steps in pairs[:n_replicas]:
            value = matrix[0, 0]
            for _ in range(n_steps):
                value -= rate * curvature * (value - 1)
            loads = np.array([n_steps * rate], np.float32)
            if n_steps:
                parts.append(Changes(np.zeros(1, np.int32), np.array([[value]]), loads))
            elif rule == "mean":  # the replica has the row as it was
                parts.append(Changes(np.zeros(1, np.int32), matrix.copy(), loads))
        merge(matrix, parts, curved(assumed, width=1), rule=rule)
    return 1 - matrix[0, 0]


def test_the_mean_starves_rare_rows_and_the_other_rules_do_not():
    rare = [40] + [0] * 15  # one replica of 16 has the row
    alone = descend("sum", 1, rare, rounds=20)
    assert alone < 0.01
    assert descend("mean", 16, rare, rounds=20) > 0.7
    assert descend("damped", 16, rare, rounds=20) == alone


def test_the_sum_diverges_with_many_replicas_and_the_other_rules_do_not():
    frequent = [500] * 16
    assert abs(descend("sum", 2, frequent, rounds=30)) < 1
    assert abs(descend("sum", 16, frequent, rounds=30)) > 1e30
    with pytest.raises(FloatingPointError, match="rows are no longer finite"):
        descend("sum", 16, frequent, rounds=300)
    assert abs(descend("damped", 16, frequent, rounds=30)) < 1e-12


@pytest.mark.parametrize("n_replicas", [2, 16, 128])
@pytest.mark.parametrize("n_steps", [1, 10, 100, 1000])
def test_damped_replicas_learn_as_much_as_one_worker_with_all_updates(n_replicas, n_steps):
    one = descend("sum", 1, [n_replicas * n_steps], rounds=1, curvature=1 / 3)
    merged = descend("damped", n_replicas, [n_steps] * n_replicas, rounds=1, curvature=1 / 3)
    assert merged == pytest.approx(one, abs=0.01)


def test_what_is_along_the_direction_and_across_it_has_weights_of_its_own():
    parts, matrix = same_rows(1e3), np.zeros((V, WIDTH), np.float32)
    merge(matrix, parts, curved(1.0, 0.0))
    total = np.sum([part.values for part in parts], axis=0, dtype=np.float64)
    along = np.outer(total @ DIRECTION, DIRECTION)
    np.testing.assert_allclose(matrix, along / 4 + (total - along), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("curvature", [1e-3, 0.1, 0.3])
def test_damped_rows_do_not_pass_their_optimum(curvature):
    """As long as the curvature is at most the one that is assumed."""
    for n_steps in (1, 10, 100, 1000):
        one = descend("sum", 1, [16 * n_steps], rounds=1, curvature=curvature)
        merged = descend("damped", 16, [n_steps] * 16, rounds=1, curvature=curvature)
        assert 0 <= merged < 1
        assert merged > one - 5e-3  # (1 - r c)^n is not quite exp(-r c n)
