"""Katz and PageRank against dense algebra; HOPE and STRAP against the SVD of the dense matrix."""

import numpy as np
import pytest

from fastsgns.errors import FormatError
from fastsgns.formats import native
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.links import log_degrees
from fastsgns.graph.proximity import adjacency, default_beta, katz, pagerank_rows, spectral_radius
from fastsgns.models.links import HOPE, STRAP, FastRP, ProNE
from fastsgns.models.links.joint import JointScore
from fastsgns.models.links.nodes import NodeEmbedding
from fastsgns.models.links.strap import transpose_proximity


@pytest.fixture
def graph() -> DirectedGraph:
    rng = np.random.default_rng(1)
    ends = rng.integers(40, size=(2, 160))
    return DirectedGraph.from_edges(*ends, rng.random(160) + 0.5, [f"n{i}" for i in range(43)])


def dense(graph: DirectedGraph) -> np.ndarray:
    found = np.zeros((graph.n_nodes, graph.n_nodes))
    for source, target, weight in graph.edges():
        found[graph.ids[source], graph.ids[target]] = abs(weight)
    return found


def test_spectral_radius_is_the_largest_eigenvalue(graph):
    expected = np.abs(np.linalg.eigvals(dense(graph))).max()
    assert spectral_radius(adjacency(graph)) == pytest.approx(expected, rel=1e-5)
    assert default_beta(adjacency(graph)) == pytest.approx(0.5 / expected, rel=1e-5)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("spread", [0, 3])
def test_spectral_radius_of_sparse_and_uneven_graphs(seed, spread):
    """Many components, few cycles, of which some are found late."""
    rng = np.random.default_rng(seed)
    weights = np.exp(spread * rng.standard_normal(70))
    graph = DirectedGraph.from_edges(*rng.integers(0, 60, (2, 70)), weights, names=range(60))
    expected = np.abs(np.linalg.eigvals(dense(graph))).max()
    assert spectral_radius(adjacency(graph)) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("n_nodes", [50, 600])
def test_spectral_radius_of_an_uneven_ring(n_nodes):
    """Exact if it is short; of a long one a bound from above, with which Katz still settles."""
    weights = [1000.0, *[1.0] * (n_nodes - 1)]
    ring = DirectedGraph.from_edges(range(n_nodes), [*range(1, n_nodes), 0], weights)
    found, expected = spectral_radius(adjacency(ring)), 1000 ** (1 / n_nodes)
    assert found == pytest.approx(expected, rel=1e-4) or (n_nodes == 600 and found > expected)
    assert np.isfinite(HOPE(4, progress=False).fit(ring).source.vectors).all()


def test_without_cycles_the_radius_is_zero_and_beta_is_not():
    rng = np.random.default_rng(2)
    low, high = np.sort(rng.integers(30, size=(2, 100)), axis=0)
    line = DirectedGraph.from_edges(low[low < high], high[low < high])
    assert spectral_radius(adjacency(line)) == 0
    assert 0 < default_beta(adjacency(line)) <= 0.5
    assert np.isfinite(HOPE(4, progress=False).fit(line).source.vectors).all()


def test_katz_is_the_inverse(graph):
    matrix, beta = dense(graph), 0.1 / spectral_radius(adjacency(graph))
    n = graph.n_nodes
    expected = np.linalg.inv(np.eye(n) - beta * matrix) @ (beta * matrix)
    operator = katz(adjacency(graph), beta)
    assert operator @ np.eye(n) == pytest.approx(expected, abs=1e-9)
    assert operator.T @ np.eye(n) == pytest.approx(expected.T, abs=1e-9)
    assert operator @ np.ones(n) == pytest.approx(expected.sum(1), abs=1e-9)


def test_katz_beyond_its_radius_is_refused(graph):
    with pytest.raises(ValueError, match="smaller"):
        HOPE(4, beta=5.0, progress=False).fit(graph)


def pagerank(matrix: np.ndarray, alpha: float) -> np.ndarray:
    degrees = matrix.sum(1, keepdims=True)
    moves = np.divide(matrix, degrees, out=np.zeros_like(matrix), where=degrees > 0)
    return alpha * np.linalg.inv(np.eye(len(matrix)) - (1 - alpha) * moves)


@pytest.mark.parametrize("alpha", [0.15, 0.5])
def test_pagerank_is_the_inverse_and_errors_are_bounded(graph, alpha):
    expected = pagerank(dense(graph), alpha)
    assert pagerank_rows(adjacency(graph), alpha, 0).toarray() == pytest.approx(expected, abs=1e-12)
    rough = pagerank_rows(adjacency(graph), alpha, 1e-3).toarray()
    steps = np.log(1e-3) / np.log(1 - alpha) + 1
    assert np.all(rough <= expected + 1e-12)
    assert np.all(expected - rough <= steps * 1e-3 * expected.sum(0) + 1e-12)
    assert np.abs(expected - rough).max() > 0


def test_transpose_proximity_is_as_defined(graph):
    matrix, error = dense(graph), 1e-3
    both = pagerank(matrix, 0.5) + pagerank(matrix.T, 0.5).T
    expected = np.log(np.maximum(both, error) / error)
    found = transpose_proximity(graph, 0.5, 1e-12).toarray() + np.log(1e-12 / error)
    clipped = np.maximum(found, 0)
    assert clipped == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("error", [1e-3, 1e-4])
def test_proximities_above_the_error_are_hardly_missed(error):
    rng = np.random.default_rng(3)
    graph = DirectedGraph.from_edges(*rng.integers(0, 150, (2, 900)), names=range(150))
    both = pagerank(dense(graph), 0.5) + pagerank(dense(graph).T, 0.5).T
    expected = np.log(np.maximum(both, error) / error)
    found = transpose_proximity(graph, 0.5, error).toarray()
    assert np.linalg.norm(found - expected) < 0.06 * np.linalg.norm(expected)
    assert np.count_nonzero(found) > 0.9 * np.count_nonzero(expected)


def test_undirected_graphs_take_pagerank_once():
    graph = DirectedGraph.from_edges([0, 1, 2], [1, 2, 0], names=range(4), directed=False)
    found = transpose_proximity(graph, 0.5, 1e-9).toarray()
    assert found == pytest.approx(found.T, abs=1e-5)


@pytest.mark.parametrize("model", [HOPE(43, progress=False), STRAP(43, progress=False)])
def test_all_dimensions_give_the_proximity_back(graph, model):
    expected = model.proximity(graph) @ np.eye(43)
    model.fit(graph)
    product = model.source.vectors @ model.target.vectors.T
    assert product == pytest.approx(expected, abs=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("kind", [HOPE, STRAP])
def test_few_dimensions_are_the_best_of_their_rank(kind):
    rng = np.random.default_rng(5)
    graph = DirectedGraph.from_edges(*rng.integers(400, size=(2, 1600)), names=range(400))
    model = kind(6, progress=False)
    left, values, right = np.linalg.svd(model.proximity(graph) @ np.eye(400))
    best = left[:, :6] * values[:6] @ right[:6]
    model.fit(graph)
    product = model.source.vectors @ model.target.vectors.T
    assert model.values == pytest.approx(values[:6], rel=1e-4)
    assert product == pytest.approx(best, abs=1e-3 * np.abs(best).max())
    assert np.array_equal(kind(6, progress=False).fit(graph).source.vectors, model.source.vectors)


def test_scores_are_directed_and_take_lists(graph):
    model = HOPE(8, progress=False).fit(graph)
    s, t = model.source, model.target
    assert model.score("n1", "n2") == pytest.approx(float(s["n1"] @ t["n2"]), abs=1e-6)
    assert model.score("n1", "n2") != model.score("n2", "n1")
    many = model.score(["n1", "n3"], np.array(["n2", "n4"]))
    assert many == pytest.approx([model.score("n1", "n2"), model.score("n3", "n4")])
    assert model.score("n1", ["n2", "n4"])[1] == pytest.approx(model.score("n1", "n4"))
    with pytest.raises(KeyError, match="n99"):
        model.score("n1", "n99")
    with pytest.raises(ValueError, match="2 sources and 3 targets"):
        model.score(["n1", "n2"], ["n1", "n2", "n3"])


def test_recommendations_are_the_best_scores(graph):
    model = HOPE(8, progress=False).fit(graph)
    u = graph.names[0]
    known = {t for s, t, _ in graph.edges() if s == u}
    for exclude in (True, False):
        allowed = [name for name in graph.names if not (exclude and name in {u, *known})]
        expected = sorted(allowed, key=lambda name: -model.score(u, name))[:5]
        found = model.recommend(u, 5, exclude_known=exclude)
        assert [name for name, _ in found] == expected
        assert found[0][1] == pytest.approx(model.score(u, expected[0]))
    assert len(model.recommend(u, 1000)) == 43 - 1 - len(known - {u})


@pytest.mark.parametrize("model", [HOPE(5, 0.01, seed=3), STRAP(5, 0.3, 1e-4)])
def test_a_model_survives_its_file(graph, model, tmp_path):
    model.progress = False
    model.fit(graph).save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    assert repr(loaded) == repr(model)
    assert loaded.recommend("n1") == model.recommend("n1")
    assert np.array_equal(loaded.values, model.values)
    other = STRAP if isinstance(model, HOPE) else HOPE
    with pytest.raises(FormatError, match="load it with"):
        other.load(tmp_path / "model")


@pytest.mark.parametrize(
    "name", ["source", "values", "known_offsets", "known_targets", "settings", "model"]
)
def test_damaged_files_are_refused(graph, name, tmp_path):
    HOPE(5, progress=False).fit(graph).save(tmp_path / "model")
    kind, tensors, metadata = native.read(tmp_path / "model")
    if name == "settings":
        metadata["settings"] = {"dimensions": 0}
    elif name == "model":
        metadata["model"] = "HOPELESS"
    else:
        tensors[name] = tensors[name][:-1]
    extra = {key: value for key, value in metadata.items() if key not in ("format", "kind")}
    native.write(tmp_path / "model", kind, tensors, extra)
    with pytest.raises(FormatError):
        HOPE.load(tmp_path / "model")


@pytest.mark.parametrize(
    "make",
    [
        lambda: HOPE(0),
        lambda: HOPE(beta=0),
        lambda: STRAP(alpha=1),
        lambda: STRAP(error=0),
        lambda: HOPE(5).save("model"),
    ],
)
def test_wrong_settings_are_refused(make):
    with pytest.raises(ValueError, match=r"allowed|fit"):
        make()


def test_more_dimensions_than_nodes_are_refused(graph):
    with pytest.raises(ValueError, match="43 nodes"):
        HOPE(44).fit(graph)


def test_joint_scores_add_the_degrees_back(graph):
    model = HOPE(8, progress=False).fit(graph)
    joint = JointScore(model, graph, exponent=0.5, smoothing=0.2)
    u, v = ["n1", "n2", "n41"], np.array(["n3", "n42", "n4"])
    out = np.array([graph.out_degrees[graph.ids[name]] for name in u])
    into = np.array([graph.in_degrees[graph.ids[name]] for name in v.tolist()])
    smallest = 0.2 * graph.out_weights.mean()
    expected = model.score(u, v) + np.log(out + smallest) + 0.5 * np.log(into + smallest)
    assert joint.score(u, v) == pytest.approx(expected)
    assert joint.score("n2", "n42") == pytest.approx(expected[1])
    assert joint.score("n1", v)[0] == pytest.approx(expected[0])
    names = [name for name, _ in joint.recommend("n1", 50)]
    assert names == sorted(names, key=lambda name: -joint.score("n1", name))
    with pytest.raises(ValueError, match="smoothing"):
        JointScore(model, graph, smoothing=0)


def test_joint_scores_without_vectors_are_the_logarithms_of_the_degrees(graph):
    model = HOPE(2, progress=False).fit(graph)
    model.source.vectors = np.zeros_like(model.source.vectors)
    u, v = np.array(graph.names)[[0, 7, 42]], np.array(graph.names)[[3, 0, 41]]
    expected = log_degrees(graph)(*(np.array([graph.ids[n] for n in side]) for side in (u, v)))
    np.testing.assert_allclose(JointScore(model, graph).score(u, v), expected, rtol=1e-6)


@pytest.mark.parametrize("kind", [HOPE, STRAP])
def test_factorizations_have_the_interface_of_estimators(kind, graph):
    model = kind(dimensions=3, progress=False)
    assert kind(**model.get_params()).fit(graph, None).source.vectors.shape == (43, 3)
    assert repr(model.set_params(dimensions=5)) == f"{kind.__name__}(dimensions=5)"
    with pytest.raises(ValueError, match="no parameter 'depth'"):
        model.set_params(depth=1)
    with pytest.raises(ValueError, match=r"dimensions is 1\.5"):
        kind(dimensions=1.5)


def test_joint_scores_rank_alike_whatever_popularity(graph):
    model = NodeEmbedding(dimensions=4, workers=1, progress=False).fit(graph)
    joint = JointScore(model, graph)
    assert joint.recommend("n1", popularity=True) == joint.recommend("n1")


@pytest.mark.parametrize("error", [5e-324, 1e-310, 1e-300])
def test_the_lowest_error_gives_finite_proximities(graph, error):
    assert np.isfinite(transpose_proximity(graph, 0.5, error).data).all()


@pytest.mark.parametrize("alpha", [1e-300, 1e-17, 1e-5])
def test_walks_around_a_cycle_that_would_not_end_are_refused(alpha):
    cycle = [(0, 1), (1, 2), (2, 0)]
    with pytest.raises(ValueError, match=rf"alpha is {alpha!r}, .* allowed are 0\.00014 and more"):
        STRAP(2, alpha).fit(cycle)
    assert np.isfinite(STRAP(2, alpha).fit(cycle[:2]).values).all()  # its walks end
    assert np.isfinite(STRAP(2, 0.01).fit(cycle).values).all()


@pytest.mark.parametrize("exponent", [1.7e308, -1e200, 1e30])
def test_scores_are_finite_with_any_exponent(graph, exponent):
    model = NodeEmbedding(dimensions=2, num_walks=1, workers=1, ns_exponent=exponent).fit(graph)
    scores = [model.score("n0", f"n{i}") for i in range(5)]
    scores += [JointScore(model, graph).score("n0", f"n{i}") for i in range(5)]
    assert np.isfinite(scores).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("n_nodes", [43, 400])  # decomposed by LAPACK, and by ARPACK
@pytest.mark.parametrize(
    "model", [ProNE(2, ns_exponent=1e308), ProNE(2, mu=1e300), FastRP(2, weights=(1e300, 1.0))]
)
def test_factors_that_overflow_are_an_error(model, n_nodes):
    rng = np.random.default_rng(1)
    edges = [tuple(edge) for edge in rng.integers(n_nodes, size=(3 * n_nodes, 2)).tolist()]
    with pytest.raises(FloatingPointError, match=r"overflow.* nearer to their defaults"):
        model.fit(edges)
    assert not hasattr(model, "values")
