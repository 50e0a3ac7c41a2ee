"""Signed graphs rewritten to unsigned ones over roles: ROSE (Javari et al. 2020)."""

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np

from fastsgns.graph.digraph import DirectedGraph

OUT, DUMMY, IN_POSITIVE, IN_NEGATIVE = ROLES = ("out", "dummy", "in+", "in-")


def role_name(name: Hashable, role: str) -> str:
    """Name one of the four role-nodes of a node.

    Raises
    ------
    ValueError
        If there is no such role.

    Examples
    --------
    >>> role_name("ann", "in+")
    'in+:ann'
    """
    if role not in ROLES:
        raise ValueError(f"the role is {role!r}; allowed are {', '.join(ROLES)}")
    return f"{role}:{name}"


def four_roles(graph: DirectedGraph) -> DirectedGraph:
    """Rewrite a signed graph of N nodes as an unsigned bipartite one of 4 N role-nodes.

    Each node a becomes four: its outgoing role a_out, a dummy a_dummy, and two incoming roles,
    a_in+ as who is trusted and a_in- as who is not. Each edge becomes two undirected ones of its
    size::

        a -> b positive:  a_out -- b_in+   and   a_dummy -- b_in-
        a -> b negative:  a_out -- b_in-   and   a_dummy -- b_in+

    so that walks and learner need to know nothing of signs. The dummies are the mirror of the out
    roles: a walk from one sees what the out role would see were all signs turned. (Javari, Derr,
    Esmailian, Tang and Chang 2020, "ROSE: Role-based Signed Network Embedding", WWW, section 3.)

    Parameters
    ----------
    graph : DirectedGraph
        Without negative edges, too; of an undirected one both directions are rewritten.

    Returns
    -------
    DirectedGraph
        Undirected, unsigned, of ``4 * graph.n_nodes`` nodes named by `role_name`, the isolated
        included, and two edges for each of `graph`, each stored both ways.

    Raises
    ------
    ValueError
        If two names are alike as text, such as 1 and "1".

    Examples
    --------
    >>> roles = four_roles(DirectedGraph.from_edges(["a", "a"], ["b", "c"], [1, -1]))
    >>> roles
    <DirectedGraph (undirected): 12 nodes, 8 edges>
    >>> sorted(target for source, target, _ in roles.edges() if source == "out:a")
    ['in+:b', 'in-:c']
    """
    n = graph.n_nodes
    names = [role_name(name, role) for role in ROLES for name in graph.names]
    sources = graph.out_sources.astype(np.int64)
    is_negative = np.zeros(graph.n_edges, bool) if graph.signs is None else graph.signs < 0
    targets = graph.out_targets.astype(np.int64)
    trusted, distrusted = targets + 2 * n, targets + 3 * n
    return DirectedGraph.from_edges(
        np.concatenate([sources, sources + n]),
        np.concatenate(
            [
                np.where(is_negative, distrusted, trusted),
                np.where(is_negative, trusted, distrusted),
            ]
        ),
        None if graph.out_weights is None else np.tile(graph.out_weights, 2),
        names,
        directed=False,
    )


def pair_features(
    vectors: Any, sources: Iterable[Hashable], targets: Iterable[Hashable]
) -> np.ndarray:
    """Features of node pairs, by which a classifier predicts signs: out, in+, in- of both ends.

    Parameters
    ----------
    vectors : KeyedVectors, or anything whose ``vectors[list of names]`` is an array (n, d)
        Of the role-nodes that `four_roles` made.
    sources, targets : iterables of names of the signed graph, n each

    Returns
    -------
    ndarray, shape (n, 6 d)

    Raises
    ------
    KeyError
        If a node has no vectors.
    ValueError
        If the lengths differ.

    Examples
    --------
    >>> from fastsgns import KeyedVectors
    >>> vectors = KeyedVectors(1)
    >>> names = [role_name(name, role) for name in "ab" for role in ROLES]
    >>> vectors.add_vectors(names, np.arange(8.0)[:, None])
    >>> pair_features(vectors, ["a"], ["b"]).tolist()
    [[0.0, 2.0, 3.0, 4.0, 6.0, 7.0]]
    """
    ends = list(sources), list(targets)
    if len(ends[0]) != len(ends[1]):
        raise ValueError(f"there are {len(ends[0])} sources and {len(ends[1])} targets")
    return np.hstack(
        [
            np.asarray(vectors[[role_name(name, role) for name in nodes]])
            for nodes in ends
            for role in (OUT, IN_POSITIVE, IN_NEGATIVE)
        ]
    )
