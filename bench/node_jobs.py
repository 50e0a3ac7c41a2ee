"""One package makes vectors of nodes: a job as JSON on standard input, times on standard output.

The job runs in the Python that has the package. This Python may lack fastsgns and the rest of the
bench. The time is that from the file of edges to the vectors. It excludes imports, and compilation
by numba, for which pecanpy first walks a graph of three nodes.

A job has either the settings that all packages share ("dim", "walk_length" and so on), or
"recommended": true. Then each package has the defaults of its own program or the settings that its
documentation recommends; the docstrings below say which.
"""

import contextlib
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

Job = dict[str, Any]


class Clock:
    """Wall-clock seconds of consecutive steps, and CPU seconds of all of them together.

    Examples
    --------
    >>> clock = Clock()
    >>> clock.lap("read")
    >>> list(clock.seconds)
    ['read']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu_seconds = 0.0
        self._last, self._cpu_start = time.perf_counter(), cpu_seconds()

    def lap(self, name: str) -> None:
        """End a step."""
        now = time.perf_counter()
        self.seconds[name] = now - self._last
        self._last = now
        self.cpu_seconds = cpu_seconds() - self._cpu_start


def cpu_seconds() -> float:
    """Return the CPU seconds of this process, of all of its threads and of ended children."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


Made = tuple[list[str], Any, Clock]


def fastsgns(job: Job) -> Made:
    """Train while walking; "model" in the options names another class, such as FastRP.

    Recommended are the defaults of the class, of `NodeEmbedding` for the task of the job. The model
    is saved too: its score is not the product of two vectors.
    """
    from fastsgns import models
    from fastsgns.graph.digraph import DirectedGraph

    options = dict(job.get("options", {}))
    kind = getattr(models.links, options.pop("model", "NodeEmbedding"))
    learns = kind is models.links.NodeEmbedding
    if learns and not job.get("recommended"):
        options = {
            "dimensions": job["dim"], "walk_length": job["walk_length"], "p": job["p"],
            "q": job["q"], "num_walks": job["num_walks"], "window_size": job["window"],
            "walks": "undirected",
        } | options  # fmt: skip
    if learns:
        options = {"task": job["task"], "workers": job["workers"]} | options
    clock = Clock()
    if job.get("graph"):
        graph = DirectedGraph.load(job["graph"])
    else:
        graph = DirectedGraph.from_file(job["edges"], directed=False, workers=job["workers"])
    clock.lap("read")
    model = kind(seed=job["seed"], progress=False, **options).fit(graph)
    clock.lap("walk and train")
    if job.get("model"):
        model.save(job["model"])
    return [str(name) for name in graph.names], model.source.vectors, clock


def pecanpy(job: Job) -> Made:
    """Walk in the fastest mode for the given p and q.

    Recommended are the defaults of its command: d = 128, 10 walks of 80 nodes, window 10, p = q = 1
    and one epoch, without direction.
    """
    from pecanpy import pecanpy as package

    job = job | (NODE2VEC if job.get("recommended") else {})

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
    return names, np.stack([vectors[name] for name in names]), clock


def node2vec(job: Job) -> Made:
    """Read the graph with networkx, as node2vec requires.

    Recommended are the defaults of its class, and the window of its documentation.
    """
    import networkx
    from node2vec import Node2Vec

    job = job | (NODE2VEC if job.get("recommended") else {})
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
    return names, np.stack([vectors[name] for name in names]), clock


def pycleora(job: Job) -> Made:
    """Propagate and whiten, with the defaults that its documentation recommends.

    These are d = 256 and 40 iterations with whitening. Each edge is a hyperedge of two nodes,
    `complex::reflexive`, without direction. With the settings of all packages, d is `dim`.
    """
    from pycleora import SparseMatrix, embed

    clock = Clock()
    with open(job["edges"], encoding="utf-8") as lines:
        graph = SparseMatrix.from_iterator(
            (line.rstrip() for line in lines), "complex::reflexive::node",
            num_workers=job["workers"],
        )  # fmt: skip
    clock.lap("read")
    given = {} if job.get("recommended") else {"feature_dim": job["dim"]}
    vectors = embed(graph, seed=job["seed"], num_workers=job["workers"], **given)
    clock.lap("propagate")
    return list(graph.entity_ids), vectors, clock


def grape(job: Job) -> Made:
    """Train Node2VecSkipGramEnsmallen, with the edges in both directions.

    Recommended are the defaults of this class: d = 100, 10 walks of 128 nodes, window 5, 30 epochs,
    p = 4 and q = 0.25.
    """
    from grape import Graph
    from grape.embedders import Node2VecSkipGramEnsmallen

    given = {} if job.get("recommended") else {
        "embedding_size": job["dim"], "walk_length": job["walk_length"], "epochs": 1,
        "iterations": job["num_walks"], "window_size": job["window"],
        "return_weight": 1 / job["p"], "explore_weight": 1 / job["q"],
    }  # fmt: skip
    clock = Clock()
    graph = Graph.from_csv(
        edge_path=job["edges"], edge_list_separator=" ", edge_list_header=False,
        sources_column_number=0, destinations_column_number=1, edge_list_is_correct=False,
        directed=False, verbose=False,
    )  # fmt: skip
    clock.lap("read")
    made = Node2VecSkipGramEnsmallen(random_state=job["seed"], verbose=False, **given)
    frame = made.fit_transform(graph).get_all_node_embedding()[0]
    clock.lap("walk and train")
    return list(map(str, frame.index)), frame.to_numpy(), clock


def _gensim(walks: list[list[str]], job: Job) -> Any:
    """Train with the settings of pecanpy's command."""
    from gensim.models import Word2Vec

    return Word2Vec(
        walks, vector_size=job["dim"], window=job["window"], min_count=0, sg=1, epochs=1,
        workers=job["workers"], seed=job["seed"],
    ).wv  # fmt: skip


def random_ends(n_nodes: int, n_edges: int, seed: int) -> list[Any]:
    """Return the sources and targets of the edges of `synthetic`, int32."""
    rng = np.random.default_rng(seed)
    ends = [
        (n_nodes * rng.random(n_edges, np.float32).astype(np.float64) ** 2).astype(np.int32)
        for _ in range(2)
    ]
    ends[1] = rng.permutation(n_nodes).astype(np.int32)[ends[1]]
    return ends


def synthetic(job: Job) -> Made:
    """Make a directed graph with uneven degrees: both ends are squares of uniform numbers."""
    from fastsgns.graph.digraph import DirectedGraph
    from fastsgns.models.links.nodes import NodeEmbedding

    n_nodes = job["nodes"]
    ends = random_ends(n_nodes, job["edges"], job["seed"])
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
    return [], np.empty((0, job["dim"])), clock


def star(job: Job) -> Made:
    """Walk and train on a star, once for each q; the seconds of a step are CPU seconds."""
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
        before = cpu_seconds()
        model.fit(graph)
        clock.lap(f"q = {q:g}")
        clock.seconds[f"q = {q:g}"] = cpu_seconds() - before
    return [], np.empty((0, job["dim"])), clock


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


NODE2VEC = {"dim": 128, "walk_length": 80, "num_walks": 10, "window": 10, "p": 1.0, "q": 1.0}
PACKAGES = {
    function.__name__: function
    for function in (fastsgns, pecanpy, node2vec, pycleora, grape, synthetic, star)
}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    names, vectors, clock = PACKAGES[asked["package"]](asked)
    if asked.get("vectors"):
        np.savez(asked["vectors"], names=np.array(names), vectors=vectors)
    peaks = {"peak_bytes": max([peak_bytes(), *STEP_PEAKS.values()]), "step_peaks": STEP_PEAKS}
    result = {"seconds": clock.seconds, "cpu_seconds": clock.cpu_seconds, **peaks}
    print("\n" + json.dumps(result))
