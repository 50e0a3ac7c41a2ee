"""The four-role rewriting of signed graphs, against the rule written out edge by edge."""

import numpy as np
import pytest

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.signed import ROLES, four_roles, pair_features, role_name


def textbook(graph: DirectedGraph) -> set:
    edges = set()
    for source, target, weight in graph.edges():
        same, other = ("in+", "in-") if weight > 0 else ("in-", "in+")
        for role, incoming in (("out", same), ("dummy", other)):
            ends = role_name(source, role), role_name(target, incoming)
            edges |= {(*ends, abs(weight)), (*ends[::-1], abs(weight))}
    return edges


@pytest.mark.parametrize("directed", [True, False])
@pytest.mark.parametrize("weights", [None, [1, -1, 1, -1, 1], [0.5, -2, 3, -0.25, 1]])
def test_each_edge_becomes_two(weights, directed):
    ends = [0, 0, 1, 2, 3], [1, 2, 2, 0, 3]
    graph = DirectedGraph.from_edges(*ends, weights, names=range(6), directed=directed)
    roles = four_roles(graph)
    assert set(roles.edges()) == textbook(graph)
    assert roles.n_edges == 4 * graph.n_edges
    assert not roles.is_directed
    assert roles.signs is None
    assert set(roles.names) == {role_name(n, role) for n in range(6) for role in ROLES}


def test_walks_go_between_outgoing_and_incoming_roles():
    rng = np.random.default_rng(3)
    graph = DirectedGraph.from_edges(*rng.integers(0, 9, (2, 40)), rng.normal(size=40))
    for source, target, _ in four_roles(graph).edges():
        assert source.startswith("in") != target.startswith("in")


def test_names_alike_as_text_are_refused():
    with pytest.raises(ValueError, match=r"'out:1' is in `names` twice"):
        four_roles(DirectedGraph.from_edges([1], ["1"]))
    with pytest.raises(ValueError, match="role is 'in'"):
        role_name("a", "in")


def test_features_tell_signs_that_follow_a_pattern():
    """Signs between two camps are linear in the features that an SVD of the role graph gives."""
    from fastsgns import KeyedVectors

    rng = np.random.default_rng(0)
    n = 40
    camp = rng.integers(0, 2, n)
    sources, targets = np.nonzero(rng.random((n, n)) < 0.3)
    signs = np.where(camp[sources] == camp[targets], 1.0, -1.0)
    is_test = rng.random(len(sources)) < 0.3
    train = ~is_test
    graph = DirectedGraph.from_edges(sources[train], targets[train], signs[train], names=range(n))
    roles = four_roles(graph)
    adjacency = np.zeros((4 * n, 4 * n))
    adjacency[roles.out_sources, roles.out_targets] = 1
    values, left = np.linalg.eigh(adjacency)
    d = 4  # a constant and the camps; each singular vector of the two sides gives two values
    top = np.argsort(-np.abs(values))[:d]
    vectors = KeyedVectors(d)
    vectors.add_vectors(roles.names, left[:, top])
    features = pair_features(vectors, sources.tolist(), targets.tolist())
    assert features.shape == (len(sources), 6 * d)
    out, plus, minus = features[:, :d], features[:, 4 * d : 5 * d], features[:, 5 * d :]
    scores = ((out * (plus - minus)) * values[top]).sum(axis=1)
    assert np.mean((scores > 0) == (signs > 0), where=is_test) > 0.9
    with pytest.raises(ValueError, match="1 sources and 2 targets"):
        pair_features(vectors, [0], [1, 2])
    with pytest.raises(KeyError):
        pair_features(vectors, ["nobody"], [0])
