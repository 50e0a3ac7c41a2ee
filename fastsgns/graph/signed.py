"""Rewrite a signed graph as an unsigned graph of roles: ROSE (Javari et al. 2020)."""

from collections.abc import Hashable, Iterable
from typing import Any, Literal, Protocol, get_args

import numpy as np

from fastsgns.graph.digraph import DirectedGraph

Role = Literal["out", "dummy", "in+", "in-"]
ROLES: tuple[Role, ...] = get_args(Role)
FEATURE_ROLES: tuple[Role, ...] = ("out", "in+", "in-")


class VectorsByName(Protocol):
    """A mapping from a list of names to their vectors, such as KeyedVectors."""

    def __getitem__(self, names: list[str], /) -> Any:
        """Return an array of shape (n, d)."""


def role_name(name: Hashable, role: Role) -> str:
    """Return the name of one of the four role-nodes of a node.

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

    Each node a becomes four role-nodes: a_out, its outgoing role; a_dummy; a_in+, its incoming role
    as a node that is trusted; and a_in-, its incoming role as a node that is distrusted. Each edge
    becomes two undirected edges of its absolute weight::

        a -> b positive:  a_out -- b_in+   and   a_dummy -- b_in-
        a -> b negative:  a_out -- b_in-   and   a_dummy -- b_in+

    Any method for unsigned graphs then applies. A walk from a_dummy sees what a walk from a_out
    would see if all signs were reversed.

    Parameters
    ----------
    graph : DirectedGraph
        With or without negative edges. In an undirected graph both directions are rewritten.

    Returns
    -------
    DirectedGraph
        An undirected, unsigned graph of ``4 * graph.n_nodes`` nodes, named by `role_name`. Isolated
        nodes are included. It has two edges per edge of `graph`, each stored in both directions.

    Raises
    ------
    ValueError
        If two names are equal as text, such as 1 and "1".

    References
    ----------
    Javari, Derr, Esmailian, Tang, Chang (2020), "ROSE: Role-based Signed Network Embedding",
    section 3.

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
            [np.where(is_negative, distrusted, trusted), np.where(is_negative, trusted, distrusted)]
        ),
        None if graph.out_weights is None else np.tile(graph.out_weights, 2),
        names,
        directed=False,
    )


def pair_features(
    vectors: VectorsByName, sources: Iterable[Hashable], targets: Iterable[Hashable]
) -> np.ndarray:
    """Return features of node pairs, from which a classifier can predict signs.

    Parameters
    ----------
    vectors : KeyedVectors, or an object whose ``vectors[list of names]`` is an array (n, d)
        Vectors of the role-nodes that `four_roles` made.
    sources, targets : iterables of hashable, of length n
        Names of the signed graph.

    Returns
    -------
    ndarray, shape (n, 6 d)
        The vectors of the roles out, in+ and in- of the source, then of the target.

    Raises
    ------
    KeyError
        If a node has no vector.
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
            for role in FEATURE_ROLES
        ]
    )
