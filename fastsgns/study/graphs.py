"""GraphMaterial: the directed graphs that claim C9 is tested on."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from fastsgns.formats.files import local_path
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.study.settings import Settings

SUFFIX = ".edges"
MADE = "made"


@dataclass
class GraphMaterial:
    """Directed graphs by name: what `Material` is for claims about a corpus.

    Parameters
    ----------
    graphs : mapping of str to DirectedGraph
    settings : Settings
        Only `n_seeds` is used.
    workers : int, optional
        Threads for training; by default one per core.
    """

    graphs: Mapping[str, DirectedGraph]
    settings: Settings
    workers: int | None = None

    @property
    def facts(self) -> dict[str, dict[str, Any]]:
        """What the report states about the graphs."""
        facts = {
            name: {"nodes": graph.n_nodes, "edges": graph.n_edges, "one_way": one_way(graph)}
            for name, graph in self.graphs.items()
        }
        return {"graphs": facts}

    @cached_property
    def identity(self) -> dict[str, object]:
        """Everything about the graphs that a result depends on."""
        digest = hashlib.sha256()
        for name, graph in self.graphs.items():
            digest.update(f"{name} {graph.is_directed}".encode())
            for array in (graph.out_offsets, graph.out_targets, graph.out_weights, graph.signs):
                digest.update(b"none" if array is None else array.tobytes())
        return {"graphs": digest.hexdigest()[:24]}


def load(*paths: str | Path) -> dict[str, DirectedGraph]:
    """Read edge lists, and the files ``*.edges`` of folders; return them by the files' names.

    Raises
    ------
    ValueError
        If a folder has no such file, or if the reverse of every edge of a graph is an edge too,
        so that the graph is not directed.
    """
    graphs: dict[str, DirectedGraph] = {}
    for path in map(Path, map(local_path, paths)):
        files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not files:
            raise ValueError(f"{path} has no file *{SUFFIX} with 'source target' per line")
        graphs |= {file.stem: DirectedGraph.from_file(file) for file in files}
    for name, graph in graphs.items():
        if not one_way(graph):
            raise ValueError(
                f"{name}: the reverse of each edge is an edge too; leave out undirected graphs"
            )
    return graphs


def one_way(graph: DirectedGraph) -> float:
    """Return the share of the edges whose reverse is not an edge.

    Examples
    --------
    >>> one_way(DirectedGraph.from_edges([0, 1, 1, 2], [1, 0, 2, 1]))
    0.0
    """
    return float(np.mean(graph.find(graph.out_targets, graph.out_sources) < 0))


def made(
    n_nodes: int = 1000, n_edges: int = 10_000, n_groups: int = 20, seed: int = 0
) -> DirectedGraph:
    """Make a graph in which the neighbours of a node depend on its role.

    Each node has a group as a source and, independently, a group as a target. With probability
    0.8 an edge leads from source group g to target group g, otherwise to any node. The sources
    and targets of edges are drawn with weights 1 / rank^0.6, ranked independently for each role.
    The targets of a node's edges therefore say little about the sources of edges that lead to it.

    Examples
    --------
    >>> made(100, 500, 5)
    <DirectedGraph: 100 nodes, 500 edges>
    """
    rng = np.random.default_rng(seed)
    groups = rng.integers(n_groups, size=(2, n_nodes))
    weights = (1 + np.array([rng.permutation(n_nodes) for _ in range(2)])) ** -0.6
    keys = np.empty(0, np.int64)
    while len(keys) < n_edges:
        missing = 2 * (n_edges - len(keys))
        sources = rng.choice(n_nodes, missing, p=weights[0] / weights[0].sum())
        anywhere = rng.choice(n_nodes, missing, p=weights[1] / weights[1].sum())
        targets = np.where(rng.random(missing) < 0.8, _in_group(groups, weights[1], sources, rng),
                           anywhere)  # fmt: skip
        new = (sources * n_nodes + targets)[sources != targets]
        keys = np.unique(np.concatenate([keys, new]))
    keys = rng.permutation(keys)[:n_edges]
    return DirectedGraph.from_edges(keys // n_nodes, keys % n_nodes, names=range(n_nodes))


def _in_group(
    groups: np.ndarray, weights: np.ndarray, sources: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Draw a target for each source from the target group with the number of its own group."""
    targets = np.empty(len(sources), np.int64)
    source_groups = groups[0][sources]
    for group in np.unique(source_groups):
        members = np.flatnonzero(groups[1] == group)
        if not len(members):
            members = np.arange(groups.shape[1])
        own = weights[members] / weights[members].sum()
        here = source_groups == group
        targets[here] = rng.choice(members, int(here.sum()), p=own)
    return targets
