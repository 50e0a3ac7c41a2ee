"""The curvature of the loss is estimated from the rows that are paired."""

from types import SimpleNamespace

import numpy as np
import pytest

from fastsgns.training.curvature import N_SAMPLES, mean_of, of_tied, sample
from fastsgns.training.curvature import of_changes as of_objective
from fastsgns.training.merge import Changes, Curvature

WIDTH = 16
TWO = SimpleNamespace(n_dimensions=0, n_flipped=0, bias=None)


def of_changes(changes):
    return of_objective(changes, TWO)


def part_of(n, seed, common, loads=None):
    """Rows with a common part and a part of their own."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, WIDTH)) * 0.3 + common
    loads = rng.exponential(size=n) if loads is None else loads
    return Changes(np.arange(n, dtype=np.int32), values.astype(np.float32), np.float32(loads))


def true_curvature(x, y, loads_x, loads_y):
    """The second derivative of the loss in x: the mean over all pairs, by their loads."""
    p = 1 / (1 + np.exp(-(x @ y.T)))
    weights = p * (1 - p) * np.outer(loads_x, loads_y) / (loads_x.sum() * loads_y.sum())
    return np.einsum("ij,jk,jl->kl", weights, y, y)


def test_the_curvature_is_that_of_the_loss():
    common = np.eye(WIDTH)[3]
    inputs, outputs = part_of(900, 1, common), part_of(900, 2, -0.8 * common)
    found = of_changes({"input": [inputs], "output": [outputs]})
    curvatures = [
        true_curvature(a.values, b.values, a.loads, b.loads)
        for a, b in ((inputs, outputs), (outputs, inputs))
    ]
    directions = [np.linalg.eigh(c)[1][:, -1] for c in curvatures]
    along = [v @ c @ v for v, c in zip(directions, curvatures)]
    rest = [np.linalg.eigvalsh(c)[:-1] for c in curvatures]
    across = [(values**2).sum() / values.sum() for values in rest]
    for role, direction in zip(("input", "output"), directions):
        assert abs(found[role].direction @ direction) > 0.99
        assert found[role].along == pytest.approx(np.sqrt(np.prod(along)), rel=0.1)
        assert found[role].across == pytest.approx(np.sqrt(np.prod(across)), rel=0.25)


def test_the_curvature_does_not_depend_on_how_the_length_is_divided():
    """The loss does not change if all inputs are doubled, and all outputs halved."""
    inputs, outputs = part_of(300, 1, 1.0), part_of(300, 2, 0.5)
    longer = inputs._replace(values=4 * inputs.values)
    shorter = outputs._replace(values=outputs.values / 4)
    one = of_changes({"input": [inputs], "output": [outputs]})
    other = of_changes({"input": [longer], "output": [shorter]})
    for role in one:
        np.testing.assert_allclose(one[role].direction, other[role].direction, rtol=1e-5)
        assert one[role][1:] == pytest.approx(other[role][1:], rel=1e-5)


def test_partners_are_the_rows_of_all_other_roles():
    inputs, first, second = part_of(50, 1, 1.0), part_of(50, 2, 1.0), part_of(50, 3, -2.0)
    found = of_changes({"input": [inputs], "tree": [first], "negative": [second]})
    both = of_changes({"input": [inputs], "output": [first, second]})
    assert found["input"][1:] == both["input"][1:] == found["tree"][1:] == found["negative"][1:]
    np.testing.assert_array_equal(found["tree"].direction, both["output"].direction)
    tied = of_changes({"input": [inputs], "bias": [part_of(1, 4, 0.0)]})
    same = of_changes({"input": [inputs], "output": [inputs]})
    assert tied["input"][1:] == pytest.approx(same["input"][1:], rel=0.2)
    assert tied["bias"].direction.tolist() == [0] and tied["bias"][1:] == (0.25, 0.25)


@pytest.mark.parametrize("value, curvature", [(0, 0), (np.nan, 1e6), (np.inf, 1e6), (1e30, 1e6)])
def test_rows_that_are_zero_have_no_curvature_and_long_ones_a_large_one(value, curvature):
    wrong = part_of(9, 1, 0.0)
    wrong.values[:] = value
    found = of_changes({"input": [wrong], "output": [part_of(9, 2, 0.5)]})
    assert found["input"][1:] == found["output"][1:] == (curvature, curvature)
    assert np.isfinite(found["output"].direction).all()


def test_rows_are_sampled_by_their_loads():
    loads = np.array([5, 0, 3], np.float32), np.array([0, 8], np.float32)
    parts = [part_of(len(each), i, i, each) for i, each in enumerate(loads)]
    rows = sample(parts)
    assert rows.shape == (N_SAMPLES, WIDTH)
    expected = [parts[0].values[0], parts[0].values[2], parts[1].values[1]]
    counts = [int((rows == row).all(axis=1).sum()) for row in expected]
    assert counts == [40, 24, 64]


def test_without_loads_there_are_samples_too():
    assert sample([part_of(3, 1, 0.0, np.zeros(3))]).shape == (N_SAMPLES, WIDTH)


def test_directions_of_opposite_signs_are_one_line():
    v = np.array([0.6, 0.8], np.float32)
    mean = mean_of([Curvature(v, 1.0, 2.0), Curvature(-v, 3.0, 4.0), Curvature(0 * v, 2.0, 0.0)])
    np.testing.assert_allclose(mean.direction, v, rtol=1e-6)
    assert mean[1:] == (2.0, 2.0)
    assert mean_of([Curvature(0 * v, 0.0, 0.0)]).direction.tolist() == [0, 0]


@pytest.mark.parametrize("bias", [None, "scalar", "word", "both"])
@pytest.mark.parametrize("n_flipped", [0, 2])
def test_partners_of_tied_rows_are_the_derivatives_of_the_score(bias, n_flipped):
    d, step = 5, 1e-3
    objective = SimpleNamespace(n_dimensions=d, n_flipped=n_flipped, bias=bias)
    rows = part_of(7, 1, 0.5).values
    signs = np.where(np.arange(WIDTH) < n_flipped, -1, 1)

    def score(x, y):
        added = {"word": y[d], "both": x[d] + y[d]}.get(bias, 0)
        return (signs * x)[:d] @ y[:d] + added

    inputs, outputs, of_inputs, of_outputs = of_tied(rows, objective)
    for i, j in ((0, 1), (3, 2)):
        assert inputs[i] @ outputs[j] == pytest.approx(score(rows[i], rows[j]), rel=1e-5)
        for column in range(WIDTH):
            moved = step * np.eye(WIDTH, dtype=np.float32)[column]
            of_input = score(rows[i] + moved, rows[j]) - score(rows[i] - moved, rows[j])
            of_output = score(rows[i], rows[j] + moved) - score(rows[i], rows[j] - moved)
            assert of_inputs[j, column] == pytest.approx(of_input / (2 * step), abs=2e-3)
            assert of_outputs[i, column] == pytest.approx(of_output / (2 * step), abs=2e-3)
