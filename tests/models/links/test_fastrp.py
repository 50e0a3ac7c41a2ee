"""FastRP against the dense sums of its paper, and what a projection keeps."""

import numpy as np
import pytest

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.classification import Labels, classify
from fastsgns.graph.proximity import adjacency
from fastsgns.models.links.fastrp import FastRP, random_projection

WEIGHTS = (0.5, -1.0, 2.0)


@pytest.fixture(params=[True, False])
def graph(request) -> DirectedGraph:
    rng = np.random.default_rng(4)
    ends = rng.integers(30, size=(2, 90))
    return DirectedGraph.from_edges(*ends, rng.random(90) + 0.5, range(33), directed=request.param)


def weighted_powers(matrix: np.ndarray, weights: tuple[float, ...], beta: float) -> np.ndarray:
    """Return F of a dense adjacency matrix: the sum over k of w_k (D^-1 A)^k L."""
    degrees, into = matrix.sum(1, keepdims=True), matrix.sum(0)
    steps = np.divide(matrix, degrees, out=np.zeros_like(matrix), where=degrees > 0)
    scale = np.diag((np.where(into > 0, into, 1) / matrix.sum()) ** beta)
    powers = [np.linalg.matrix_power(steps, k) for k in range(len(weights))]
    return sum(weight * power for weight, power in zip(weights, powers)) @ scale


def sides(graph: DirectedGraph, beta: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of F of sources and of targets."""
    matrix = adjacency(graph).toarray()
    if graph.is_directed:
        none = np.zeros_like(matrix)
        matrix = np.block([[none, matrix], [matrix.T, none]])
    powers = weighted_powers(matrix, WEIGHTS, beta)
    return powers[:33], powers[-33:]


@pytest.mark.parametrize("beta", [0.0, -0.5])
def test_vectors_are_the_projected_sums(graph, beta):
    model = FastRP(20, WEIGHTS, beta, seed=3, progress=False).fit(graph)
    projection = random_projection(66 if graph.is_directed else 33, 20, 3)
    source, target = (side @ projection for side in sides(graph, beta))
    sizes = np.linalg.norm(source, axis=0) * np.linalg.norm(target, axis=0)
    order = np.argsort(-sizes)
    np.testing.assert_allclose(model.source.vectors, source[:, order], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model.target.vectors, target[:, order], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(model.values, sizes[order], rtol=1e-4)
    assert graph.is_directed != np.array_equal(model.source.vectors, model.target.vectors)


def test_the_proximity_is_that_of_walks_that_meet(graph):
    operator = FastRP(2, WEIGHTS, -0.5).proximity(graph)
    source, target = sides(graph, -0.5)
    np.testing.assert_allclose(operator @ np.eye(33), source @ target.T, atol=1e-10)
    np.testing.assert_allclose(operator.T @ np.eye(33), target @ source.T, atol=1e-10)


def test_dot_products_estimate_the_proximity(graph):
    """Over many projections, the mean of S T^T / d is F F^T."""
    expected = FastRP(33, WEIGHTS).proximity(graph) @ np.eye(33)
    found = []
    for seed in range(200):
        model = FastRP(33, WEIGHTS, seed=seed, progress=False).fit(graph)
        found.append(model.source.vectors @ model.target.vectors.T / 33)
    error = np.std(found, axis=0) / np.sqrt(len(found))
    z = (np.mean(found, axis=0) - expected)[error > 1e-6] / error[error > 1e-6]
    assert abs((z**2).mean() - 1) < 0.35  # cells of a row are not independent


def test_a_projection_has_the_stated_values_and_shares():
    found = random_projection(1000, 60, 1)
    assert found.dtype == np.float32
    values, counts = np.unique(found, return_counts=True)
    np.testing.assert_allclose(values, [-(3**0.5), 0, 3**0.5], rtol=1e-6)
    expected = np.array([1 / 6, 2 / 3, 1 / 6]) * found.size
    assert ((counts - expected) ** 2 / expected).sum() < 13.8  # chi-square, 2 df, p = 0.001


@pytest.mark.parametrize("directed", [True, False])
def test_nodes_of_a_group_have_similar_vectors(directed):
    rng = np.random.default_rng(1)
    groups = rng.integers(4, size=400)
    ends = rng.integers(400, size=(2, 20_000))
    same = groups[ends[0]] == groups[ends[1]]
    ends = ends[:, same | (rng.random(20_000) < 0.05)]
    graph = DirectedGraph.from_edges(*ends, names=range(400), directed=directed)
    model = FastRP(32, progress=False).fit(graph)
    labels = Labels.of(dict(enumerate(groups.tolist())), graph.names)
    (scores,) = classify(model.source.vectors, labels, [0.5], [1], standardize=True)
    assert scores.micro > 0.95


@pytest.mark.parametrize("weights", [(), (0, 0), (1, float("nan")), "11", 1, (1, "x"), None])
def test_weights_that_mean_nothing_are_refused(weights):
    with pytest.raises(ValueError, match=r"weights is .*; allowed are sequences of finite numbers"):
        FastRP(weights=weights)


def test_weights_are_a_tuple_of_floats():
    for given in ([0, 1], (0.0, 1.0), np.array([0, 1]), ["0", "1"]):
        model = FastRP(weights=given)
        assert model.weights == (0.0, 1.0)
        assert repr(model) == "FastRP(weights=(0.0, 1.0))"
