"""GraphMaterial: the directed graphs that C9 is tested on."""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np

from fastsgns.graph.digraph import DirectedGraph
from fastsgns.study.settings import Settings

SUFFIX = ".edges"
UNDIRECTED = ("blogcatalog",)
MADE = "made"


class GraphMaterial:
    """Directed graphs by name, in the place of a corpus.

    Parameters
    ----------
    graphs : mapping of str to DirectedGraph
    settings : Settings
        Of which `n_seeds` counts.
    workers : int, optional
        Threads of a training; by default one for each core.
    """

    def __init__(
        self,
        graphs: Mapping[str, DirectedGraph],
        settings: Settings,
        workers: int | None = None,
    ) -> None:
        self.graphs, self.settings, self.workers = graphs, settings, workers

    @cached_property
    def identity(self) -> dict[str, object]:
        """Everything about the graphs that a result depends on."""
        found = hashlib.sha256()
        for name, graph in self.graphs.items():
            found.update(f"{name} {graph.is_directed}".encode())
            for part in (graph.out_offsets, graph.out_targets, graph.out_weights, graph.signs):
                found.update(b"none" if part is None else part.tobytes())
        return {"graphs": found.hexdigest()[:24]}


def load(folder: str | Path) -> dict[str, DirectedGraph]:
    """Read the edge lists ``*.edges`` of a folder; blogcatalog's, which has no directions, is not.

    Raises
    ------
    ValueError
        If there is none.
    """
    paths = sorted(path for path in Path(folder).glob(f"*{SUFFIX}") if path.stem not in UNDIRECTED)
    if not paths:
        raise ValueError(f"{folder} has no file *{SUFFIX} with 'source target' a line")
    return {path.stem: DirectedGraph.from_file(path) for path in paths}


def made(
    n_nodes: int = 1000, n_edges: int = 10_000, n_groups: int = 20, seed: int = 0
) -> DirectedGraph:
    """Make a graph in which a node's company differs by its role.

    Each node has a group as a source and, drawn apart from it, a group as a target. Edges lead
    from source group g to target group g with probability 0.8 and anywhere else otherwise; within
    a group sources and targets are drawn by weights of uneven degrees (exponent 0.6 of 1 / rank),
    drawn apart for either role. What node a node leads to thus says little of what leads to it.

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
    """A target for each source, of the target group that is the source's group."""
    targets = np.empty(len(sources), np.int64)
    wanted = groups[0][sources]
    for group in np.unique(wanted):
        members = np.flatnonzero(groups[1] == group)
        if not len(members):
            members = np.arange(groups.shape[1])
        own = weights[members] / weights[members].sum()
        here = wanted == group
        targets[here] = rng.choice(members, int(here.sum()), p=own)
    return targets
