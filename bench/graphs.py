"""The graphs of the bench by name: those of the data folder, and generated ones."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.corpus import data_folder
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.study import graphs as study

UNDIRECTED = "undirected"
UNDIRECTED_FILES = ("blogcatalog",)


def grown(
    n_nodes: int = 4000, n_links: int = 6, n_topics: int = 20, seed: int = 0
) -> DirectedGraph:
    """Make a directed graph without cycles, as citations are: each node links to earlier ones.

    A node has `n_links` targets. The probability of an earlier node is in proportion to its number
    of in-edges + 1, times 16 if it has the same topic.
    """
    rng = np.random.default_rng(seed)
    topics = rng.integers(n_topics, size=n_nodes)
    weights = np.ones(n_nodes)
    sources, targets = [], []
    for node in range(n_links + 1, n_nodes):
        own = weights[:node] * np.where(topics[:node] == topics[node], 8.0, 0.5)
        found = rng.choice(node, n_links, replace=False, p=own / own.sum())
        weights[found] += 1
        sources += [node] * n_links
        targets += found.tolist()
    return DirectedGraph.from_edges(sources, targets, names=range(n_nodes))


def planted(
    n_nodes: int = 3000, n_edges: int = 30_000, n_groups: int = 30, seed: int = 0
) -> DirectedGraph:
    """Make an undirected graph of groups with uneven degrees.

    Nodes have weights 1 / rank^0.5. The second node of an edge is of the group of the first with
    probability 0.7, otherwise any node.
    """
    rng = np.random.default_rng(seed)
    groups = rng.integers(n_groups, size=n_nodes)
    weights = (1.0 + rng.permutation(n_nodes)) ** -0.5
    everyone = weights / weights.sum()
    members = [np.flatnonzero(groups == group) for group in range(n_groups)]
    edges: set[tuple[int, int]] = set()
    while len(edges) < n_edges:
        u = int(rng.choice(n_nodes, p=everyone))
        own = members[groups[u]]
        near = rng.random() < 0.7
        p = weights[own] / weights[own].sum() if near else everyone
        v = int(rng.choice(own if near else n_nodes, p=p))
        if u != v:
            edges.add((min(u, v), max(u, v)))
    ends = np.array(sorted(edges))
    return DirectedGraph.from_edges(*ends.T, names=range(n_nodes), directed=False)


GENERATED: dict[str, Callable[[], DirectedGraph]] = {
    "made": lambda: study.made(3000, 30_000, 30),
    "grown": grown,
    "planted": planted,
}


def names() -> list[str]:
    """Return the names of all graphs: each file, directed ones also without direction."""
    files = sorted(path.stem for path in (data_folder() / "graphs").glob("*.edges"))
    both = [f"{name} {UNDIRECTED}" for name in files if name not in UNDIRECTED_FILES]
    return [*files, *both, *GENERATED]


def load(name: str) -> DirectedGraph:
    """Return a graph by its name.

    Raises
    ------
    FileNotFoundError
        If there is no such file in the data folder.
    """
    if name in GENERATED:
        return GENERATED[name]()
    stem, _, suffix = name.partition(" ")
    directed = not suffix and stem not in UNDIRECTED_FILES
    return DirectedGraph.from_file(file_of(stem, ".edges"), directed=directed)


def file_of(name: str, suffix: str) -> Path:
    """Return the path of a file of a graph, such as its labels; it may not exist."""
    return data_folder() / "graphs" / f"{name.partition(' ')[0]}{suffix}"
