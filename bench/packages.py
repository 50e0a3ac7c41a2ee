"""Packages that make vectors of nodes: where they run, and how their vectors are judged."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import fastsgns
from bench import options, process
from bench.process import JobError
from fastsgns.graph.digraph import DirectedGraph
from fastsgns.graph.evaluation.classification import Labels, classify
from fastsgns.graph.evaluation.links import LinkScores, Scorer, evaluate_links
from fastsgns.graph.evaluation.splits import LinkSplit
from fastsgns.runtime.console import say

PEERS = ("pecanpy", "node2vec", "pycleora", "grape")
KINDS = (0.0, 0.5, 1.0)
JOBS = Path(__file__).parent / "node_jobs.py"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")
Result = dict[str, Any]


def python_of(name: str, arguments: argparse.Namespace) -> str:
    """Return the Python that runs a package."""
    return arguments.peers if name in PEERS else sys.executable


def is_there(name: str, arguments: argparse.Namespace) -> bool:
    """Return whether its Python can import a package, and print a note if not."""
    python = python_of(name, arguments)
    line = [python, "-c", f"import {name.partition(':')[0]}"]
    if subprocess.run(line, env=process.environment(), capture_output=True).returncode == 0:
        return True
    say(f"{name} is not installed for {python}: left out")
    return False


def settings(arguments: argparse.Namespace) -> Result:
    """Return the settings of all packages."""
    if arguments.recommended:
        return {"recommended": True, "workers": arguments.workers}
    return {
        "dim": arguments.dim,
        "walk_length": arguments.walk_length,
        "num_walks": arguments.num_walks or (1 if arguments.synthetic or arguments.star else 10),
        "window": arguments.window,
        "p": arguments.p,
        "q": arguments.q,
        "workers": arguments.workers,
    }


def call(python: str, job: Result, limit: float) -> Result:
    """Run a job of `bench.node_jobs` in a process of its own, with at most `workers` threads.

    Raises
    ------
    JobError
        If it fails or takes longer.
    """
    environment = process.environment() | dict.fromkeys(THREADS, str(job["workers"]))
    try:
        done = subprocess.run(
            [python, str(JOBS)], input=json.dumps(job), capture_output=True, text=True,
            env=environment, timeout=limit,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise JobError(f"{job['package']} took more than {limit:g} s") from None
    if done.returncode:
        tail = "\n  ".join(done.stderr.strip().splitlines()[-process.STDERR_LINES :])
        raise JobError(f"{job['package']} failed with code {done.returncode}:\n  {tail}")
    return json.loads(done.stdout.splitlines()[-1])


def made(
    name: str, edges: Path, folder: Path, seed: int, arguments: argparse.Namespace, **more: Any
) -> tuple[Result, list[str], np.ndarray]:
    """Return the times of a package, the names of the nodes and its vectors."""
    package, _, setting = name.partition(":")
    own = [options.assignment(text) for text in setting.split(",") if text]
    path = folder / "vectors.npz"
    job = settings(arguments) | more | {
        "package": package, "seed": seed, "edges": str(edges), "vectors": str(path),
        "options": dict([*arguments.fastsgns, *own]),
    }  # fmt: skip
    result = call(python_of(name, arguments), job, arguments.limit)
    with np.load(path) as found:
        names, vectors = found["names"].tolist(), found["vectors"]
    path.unlink()
    return {**result, "settings": settings(arguments)}, names, vectors


def measured_alone(name: str, edges: Path, seed: int, arguments: argparse.Namespace) -> Result:
    """Make the vectors of an undirected graph, and return the times."""
    with tempfile.TemporaryDirectory() as folder:
        return made(name, edges, Path(folder), seed, arguments, task="labels", directed=False)[0]


def judged_by_labels(
    name: str, edges: Path, labels: Result, seed: int, arguments: argparse.Namespace
) -> Result:
    """Make the vectors, and classify the nodes by them, with the same splits for all.

    The columns of the vectors are used as they are and standardized: the penalty of the classifier
    suits vectors of one length, and those of the packages differ.
    """
    with tempfile.TemporaryDirectory() as folder:
        result, names, vectors = made(
            name, edges, Path(folder), seed, arguments, task="labels", directed=False
        )
    rows = {node: row for row, node in enumerate(names)}
    known = Labels.of(labels, sorted(set(labels) & set(rows)))
    features = vectors[[rows[node] for node in known.nodes]].astype(np.float32)
    f1 = {}
    for kind in ("raw", "standardized"):
        scores = classify(
            features, known, arguments.shares, range(1, arguments.splits + 1),
            standardize=kind == "standardized",
        )  # fmt: skip
        f1[kind] = [
            {"share": s.share, "split": s.seed, "micro": s.micro, "macro": s.macro} for s in scores
        ]
    return result | {"f1": f1}


class CosineScorer:
    """Scores links by the cosine of the vectors of both ends; nodes without a vector have 0."""

    def __init__(self, names: Sequence[str], vectors: np.ndarray) -> None:
        self.ids = {name: row for row, name in enumerate(names)}
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        units = vectors / np.where(norms > 0, norms, 1)
        self.units = np.vstack([units, np.zeros_like(units[:1])])  # the last row: no vector

    def score(self, u: Any, v: Any) -> np.ndarray:
        """Return the cosines of two lists of names."""
        u, v = ([self.ids.get(name, -1) for name in names] for names in (u, v))
        cosines: np.ndarray = np.einsum("ij,ij->i", self.units[u], self.units[v])
        return cosines


def judged_by_links(
    name: str, graph: DirectedGraph, seed: int, arguments: argparse.Namespace
) -> tuple[Result, list[LinkScores]]:
    """Make the vectors of a graph without some of its edges, and score these edges.

    fastsgns has scores of its own. The other packages have one vector per node, which they compare
    by the cosine.

    Returns
    -------
    dict
        The times of the package.
    list of LinkScores
        Those of the two baselines and of the package, by kind of negatives.
    """
    split = LinkSplit.of(graph, arguments.test, seed)
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        edges, model = folder / "train.edges", folder / "model.fastsgns"
        train = split.train
        is_stored_twice = not train.is_directed
        lines = (
            f"{u} {v}\n"
            for u, v, _ in train.edges()
            if not is_stored_twice or train.ids[u] <= train.ids[v]
        )
        edges.write_text("".join(lines), encoding="utf-8")
        train.save(folder / "train.fastsgns")  # which also has the nodes without edges
        result, names, vectors = made(
            name, edges, folder, seed, arguments, task="links", directed=train.is_directed,
            model=str(model), graph=str(folder / "train.fastsgns"),
        )  # fmt: skip
        scorer: Scorer = CosineScorer(names, vectors)
        if model.exists():
            scorer = fastsgns.load(str(model))
    return result, evaluate_links({name: scorer}, split, KINDS, (100,), seed)
