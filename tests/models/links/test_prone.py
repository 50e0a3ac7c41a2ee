"""ProNE against dense algebra: the sparse matrix, its factors, and the filter."""

import numpy as np
import pytest

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.classification import Labels, classify
from fastsgns.graph.evaluation.links import evaluate_links
from fastsgns.graph.evaluation.splits import LinkSplit
from fastsgns.graph.proximity import adjacency
from fastsgns.models.links.prone import ProNE, propagated
from fastsgns.study.graphs import made


@pytest.fixture(params=[True, False])
def graph(request) -> DirectedGraph:
    rng = np.random.default_rng(4)
    ends = rng.integers(30, size=(2, 90))
    return DirectedGraph.from_edges(*ends, rng.random(90) + 0.5, range(33), directed=request.param)


def filtered(matrix: np.ndarray, vectors: np.ndarray, mu: float, theta: float) -> np.ndarray:
    """Return P (I - g(L)) X by the eigenvalues of L, for which P need not be symmetric."""
    looped = matrix + np.eye(len(matrix))
    steps = looped / looped.sum(1, keepdims=True)
    values, modes = np.linalg.eig(np.eye(len(matrix)) - steps)
    gains = np.exp(-theta * ((values - mu) ** 2 - 1) / 2)
    smooth = (modes * gains) @ np.linalg.solve(modes, vectors.astype(complex))
    assert np.abs(smooth.imag).max() < 1e-8
    return steps @ (vectors - smooth.real)


@pytest.mark.parametrize("mu, theta", [(0.2, 0.5), (0.0, 1.5), (1.0, 0.0)])
def test_the_filter_is_the_function_of_the_laplacian(graph, mu, theta):
    vectors = np.random.default_rng(2).standard_normal((33, 5))
    expected = filtered(adjacency(graph).toarray(), vectors, mu, theta)
    found = propagated(adjacency(graph), vectors, 20, mu, theta)
    np.testing.assert_allclose(found, expected, atol=1e-8)
    rough = propagated(adjacency(graph), vectors, 3, mu, theta)
    assert theta == 0 or np.abs(rough - expected).max() > 1e-4


@pytest.mark.parametrize("negative, exponent", [(1.0, 0.75), (5.0, 1.0), (1.0, 0.0)])
def test_the_proximity_of_an_edge_is_shifted_and_of_no_edge_is_zero(graph, negative, exponent):
    model = ProNE(2, negative=negative, ns_exponent=exponent)
    matrix = adjacency(graph).toarray()
    shares = matrix / np.maximum(matrix.sum(1, keepdims=True), 1e-300)
    noise = np.where(shares.sum(0) > 0, shares.sum(0) ** exponent, 0)
    expected = np.zeros_like(matrix)
    for u, v in zip(*np.nonzero(matrix)):
        expected[u, v] = np.log(shares[u, v]) - np.log(negative * noise[v] / noise.sum())
    np.testing.assert_allclose(model.proximity(graph).toarray(), expected, atol=1e-12)


def test_vectors_are_the_filtered_factors(graph):
    model = ProNE(6, progress=False).fit(graph)
    matrix = adjacency(graph).toarray()
    left, values, right = np.linalg.svd(model.proximity(graph).toarray())
    source, target = left[:, :6] * values[:6] ** 0.5, right[:6].T * values[:6] ** 0.5
    if graph.is_directed:
        none = np.zeros_like(matrix)
        roles = np.block([[none, matrix], [matrix.T, none]])
        both = filtered(roles, np.vstack([source, target]), 0.2, 0.5)
        source, target = both[:33], both[33:]
    else:
        source, target = (filtered(matrix, side, 0.2, 0.5) for side in (source, target))
    expected = source @ target.T
    product = model.source.vectors @ model.target.vectors.T
    np.testing.assert_allclose(product, expected, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_allclose(model.values, np.linalg.svd(expected)[1][:6], rtol=1e-4)
    for side in (model.source.vectors, model.target.vectors):
        np.testing.assert_allclose(side.T @ side, np.diag(model.values), atol=1e-4)


def test_without_the_filter_vectors_are_the_factors(graph):
    model = ProNE(33, order=0, progress=False).fit(graph)
    product = model.source.vectors @ model.target.vectors.T
    np.testing.assert_allclose(product, model.proximity(graph).toarray(), atol=1e-4)


def test_nodes_of_a_group_have_similar_vectors():
    rng = np.random.default_rng(1)
    groups = rng.integers(4, size=400)
    ends = rng.integers(400, size=(2, 8000))
    same = groups[ends[0]] == groups[ends[1]]
    ends = ends[:, same | (rng.random(8000) < 0.05)]
    graph = DirectedGraph.from_edges(*ends, names=range(400), directed=False)
    labels = Labels.of(dict(enumerate(groups.tolist())), graph.names)
    for order in (0, 10):
        model = ProNE(16, order, progress=False).fit(graph)
        (scores,) = classify(model.source.vectors, labels, [0.5], [1], standardize=True)
        assert scores.micro > 0.95


def test_roles_are_learned_beyond_degrees():
    split = LinkSplit.of(made(300, 3000, 8), 0.3)
    models = {order: ProNE(16, order, progress=False).fit(split.train) for order in (0, 10)}
    *baselines, raw, filtered = evaluate_links(models, split, ["degree"])
    assert min(raw.auc, filtered.auc) > max(row.auc for row in baselines) + 0.1
    assert min(raw.direction, filtered.direction) > 0.7
