"""One package makes vectors of nodes: a job as JSON on standard input, times on standard output.

The job runs in the Python that has the package. This Python may lack fastsgns and the rest of the
bench. The time is that from the file of edges to the vectors. It excludes imports, and compilation
by numba, for which pecanpy first walks a graph of three nodes.
"""

import contextlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

Job = dict[str, Any]
Made = tuple[list[str], Any, dict[str, float]]


class Clock:
    """Wall-clock seconds of consecutive steps.

    Examples
    --------
    >>> clock = Clock()
    >>> clock.lap("read")
    >>> list(clock.seconds)
    ['read']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """End a step."""
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now


def fastsgns(job: Job) -> Made:
    """Make walks and train on them at once."""
    from fastsgns.graph.digraph import DirectedGraph
    from fastsgns.models.links.nodes import NodeEmbedding

    clock = Clock()
    graph = DirectedGraph.from_file(job["edges"], directed=False, workers=job["workers"])
    clock.lap("read")
    model = NodeEmbedding(
        dimensions=job["dim"], walk_length=job["walk_length"], num_walks=job["num_walks"],
        window_size=job["window"], walks="undirected", workers=job["workers"], seed=job["seed"],
        p=job["p"], q=job["q"], progress=False, **job.get("options", {}),
    ).fit(graph)  # fmt: skip
    clock.lap("walk and train")
    return [str(name) for name in graph.names], model.source.vectors, clock.seconds


def pecanpy(job: Job) -> Made:
    """Return the fastest mode for the given p and q."""
    from pecanpy import pecanpy as package

    def graph(path: str, delimiter: str) -> Any:
        plain = job["p"] == job["q"] == 1
        kind = package.FirstOrderUnweighted if plain else package.SparseOTF
        made = kind(job["p"], job["q"], job["workers"], False, random_state=job["seed"])
        made.read_edg(path, False, False, delimiter)
        made.preprocess_transition_probs()
        return made

    with tempfile.TemporaryDirectory() as folder:
        tiny = Path(folder) / "tiny"
        tiny.write_text("a b\nb c\n")
        graph(str(tiny), " ").simulate_walks(1, 3)
    clock = Clock()
    read = graph(job["edges"], " ")
    clock.lap("read")
    walks = read.simulate_walks(job["num_walks"], job["walk_length"])
    clock.lap("walk")
    vectors = _gensim(walks, job)
    clock.lap("train")
    names = list(map(str, read.nodes))
    return names, np.stack([vectors[name] for name in names]), clock.seconds


def node2vec(job: Job) -> Made:
    """Read the graph with networkx, as node2vec requires."""
    import networkx
    from node2vec import Node2Vec

    clock = Clock()
    graph = networkx.read_edgelist(job["edges"])
    clock.lap("read")
    made = Node2Vec(
        graph, job["dim"], job["walk_length"], job["num_walks"], job["p"], job["q"],
        workers=job["workers"], quiet=True, seed=job["seed"],
    )  # fmt: skip
    clock.lap("walk")
    vectors = made.fit(window=job["window"], min_count=1, sg=1, seed=job["seed"]).wv
    clock.lap("train")
    names = list(graph.nodes)
    return names, np.stack([vectors[name] for name in names]), clock.seconds


def _gensim(walks: list[list[str]], job: Job) -> Any:
    """Train with the settings of pecanpy's command."""
    from gensim.models import Word2Vec

    return Word2Vec(
        walks, vector_size=job["dim"], window=job["window"], min_count=0, sg=1, epochs=1,
        workers=job["workers"], seed=job["seed"],
    ).wv  # fmt: skip


def synthetic(job: Job) -> Made:
    """Make a directed graph with uneven degrees: both ends are squares of uniform numbers."""
    from fastsgns.graph.digraph import DirectedGraph
    from fastsgns.models.links.nodes import NodeEmbedding

    rng = np.random.default_rng(job["seed"])
    n_nodes = job["nodes"]
    ends = [
        (n_nodes * rng.random(job["edges"], np.float32).astype(np.float64) ** 2).astype(np.int32)
        for _ in range(2)
    ]
    ends[1] = rng.permutation(n_nodes).astype(np.int32)[ends[1]]
    clock = Clock()
    end_step("arrays of edges")
    graph = DirectedGraph.from_edges(*ends, names=range(n_nodes))
    clock.lap("build")
    end_step("build")
    del ends
    model = NodeEmbedding(
        dimensions=job["dim"], walk_length=job["walk_length"], num_walks=job["num_walks"],
        window_size=job["window"], walks="forward", workers=job["workers"], seed=job["seed"],
        progress=False, **job.get("options", {}),
    ).fit(graph)  # fmt: skip
    clock.lap("walk and train")
    end_step("walk and train")
    del graph
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.fastsgns")
    clock.lap("save")
    end_step("save")
    return [], np.empty((0, job["dim"])), clock.seconds


def star(job: Job) -> Made:
    """Walk and train on a star, once for each q."""
    from fastsgns.graph.digraph import DirectedGraph
    from fastsgns.models.links.nodes import NodeEmbedding

    leaves = np.arange(1, job["leaves"] + 1)
    graph = DirectedGraph.from_edges(np.zeros(len(leaves), int), leaves, directed=False)
    clock = Clock()
    for q in job["qs"]:
        model = NodeEmbedding(
            dimensions=job["dim"], walk_length=job["walk_length"], num_walks=job["num_walks"],
            window_size=job["window"], p=job["p"], q=q, walks="undirected", seed=job["seed"],
            workers=job["workers"], progress=False, **job.get("options", {}),
        )  # fmt: skip
        clock.lap("between")
        model.fit(graph)
        clock.lap(f"q = {q:g}")
    del clock.seconds["between"]
    return [], np.empty((0, job["dim"])), clock.seconds


STEP_PEAKS: dict[str, int] = {}  # peak memory of the steps of a job, in bytes


def end_step(name: str) -> None:
    """Record the peak memory of a step, and start that of the next one, on Linux."""
    STEP_PEAKS[name] = peak_bytes()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_bytes() -> int:
    """Return the peak memory of this process in bytes on Linux, elsewhere 0."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    lines = (line.split() for line in status.splitlines())
    return next((1024 * int(line[1]) for line in lines if line[0] == "VmHWM:"), 0)


PACKAGES = {f.__name__: f for f in (fastsgns, pecanpy, node2vec, synthetic, star)}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    names, vectors, seconds = PACKAGES[asked["package"]](asked)
    if asked.get("vectors"):
        np.savez(asked["vectors"], names=np.array(names), vectors=vectors)
    peaks = {"peak_bytes": max([peak_bytes(), *STEP_PEAKS.values()]), "step_peaks": STEP_PEAKS}
    print("\n" + json.dumps({"seconds": seconds, **peaks}))
