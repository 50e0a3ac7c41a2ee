"""Jobs on the rows that replicas touch: count them, merge them, simulate rounds of a cluster."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from bench.cluster import NodeWork, Round, Simulation
from bench.instruments import Watch
from bench.rounds import Cluster, RowBytes
from bench.touches import Touched, starts_of, touched_by
from fastsgns import EncodedCorpus, Word2Vec
from fastsgns.kernels.objective import SIMD_PAD, Objective
from fastsgns.sampling import keep_probabilities, noise_distribution
from fastsgns.training.examples import ChunkPlace, Rates, TokenChunks, train_chunk
from fastsgns.training.merge import Changes, Curvature, merge
from fastsgns.training.numbering import Scratch
from fastsgns.training.replicas import Job as ShardJob
from fastsgns.training.shards import train_shard

Job = dict[str, Any]
SAMPLE, NEGATIVE = 1e-3, 5  # the defaults of Word2Vec
SHARDS, SHARD_TOKENS = 16, 65_536  # that are trained to measure the speed on replicas
MERGE_REPEATS = 20
SAMPLES = 8  # chunks of each length that are counted


class Text:
    """The ids of a text, and what a model of them draws.

    Parameters
    ----------
    path : str
        A saved EncodedCorpus.
    seed : int
    """

    def __init__(self, path: str, seed: int = 1) -> None:
        corpus = EncodedCorpus.load(path)
        counts = corpus.vocabulary.counts
        self.ids, self.n_words = corpus.ids, len(counts)
        self.kept = keep_probabilities(counts, SAMPLE)
        self.noise = noise_distribution(counts)
        self.kept_share = float(self.kept @ counts / counts.sum())
        self.rng = np.random.default_rng(seed)

    def touched(self, start: int, n_tokens: int) -> Touched:
        """Draw what a chunk touches."""
        ids = self.ids[start : start + n_tokens]
        return touched_by(ids, self.kept, self.noise, NEGATIVE, self.rng)


def touch(job: Job) -> Job:
    """Count the rows that chunks of several lengths touch, and measure the speed of one core.

    The speeds are those of a model with ``settings`` of the first ``n_tokens``.
    """
    corpus = EncodedCorpus.load(job["corpus"])
    n_sentences = max(1, int(np.searchsorted(corpus.offsets, job["n_tokens"], side="right")) - 1)
    offsets = np.ascontiguousarray(corpus.offsets[: n_sentences + 1])
    ids = np.ascontiguousarray(corpus.ids[: offsets[-1]])
    watch = Watch()
    part = EncodedCorpus(ids, offsets, corpus.vocabulary)
    model = Word2Vec(part, **job["settings"], workers=1, epochs=1, min_count=1)
    text = Text(job["corpus"])
    lengths = [n for n in job["lengths"] if n < len(text.ids)] + [len(text.ids)]
    rates = (model.alpha, model.min_alpha)
    return speeds(watch.objective, TokenChunks(ids, offsets), rates) | {
        "n_tokens": len(text.ids),
        "n_words": text.n_words,
        "points": [point(text, n_tokens) for n_tokens in lengths],
    }


def speeds(objective: Objective, chunks: TokenChunks, rates: Rates) -> Job:
    """Measure the CPU time per token of chunks, and of the same chunks on replicas.

    That of a replica includes its plan, the copies of its rows, and the loads of its changes.
    """
    scratch, buffers = Scratch(), Scratch()
    alone = on_replica = 0.0
    stop = 0
    for start in range(0, chunks.n_units, SHARD_TOKENS)[:SHARDS]:
        stop = min(start + SHARD_TOKENS, chunks.n_units)
        shard = ShardJob(ChunkPlace(0, start, stop), rates, seed=start)
        begun = time.thread_time()
        train_chunk(objective, chunks, *shard)
        trained = time.thread_time()
        train_shard(objective, chunks, [shard], scratch=scratch, buffers=buffers)
        alone += trained - begun
        on_replica += time.thread_time() - trained
    return {"seconds_per_token": alone / stop, "seconds_on_replica": on_replica / stop}


def point(text: Text, n_tokens: int) -> Job:
    """Return the mean rows that chunks of a length touch."""
    starts = starts_of(len(text.ids), n_tokens, SAMPLES)
    chunks = [text.touched(start, n_tokens) for start in starts]
    return {
        "n_tokens": n_tokens,
        "n_kept": float(np.mean([chunk.n_kept for chunk in chunks])),
        "n_inputs": float(np.mean([np.count_nonzero(chunk.inputs) for chunk in chunks])),
        "n_outputs": float(np.mean([np.count_nonzero(chunk.outputs) for chunk in chunks])),
    }


def events(job: Job) -> Job:
    """Simulate the first rounds of an epoch with ``n_merges`` rounds, and the ids of the text.

    ``owners`` is "modulo" (row i belongs to node i modulo the number of nodes) or "ranges".
    """
    cluster = Cluster(**job["cluster"] | {"row_bytes": RowBytes(*job["cluster"]["row_bytes"])})
    text = Text(job["corpus"])
    n_tokens = len(text.ids) // (cluster.n_nodes * job["n_merges"])
    n_rounds = min(job["n_rounds"], job["n_merges"])
    owner_of = OWNERS[job["owners"]](text.n_words, cluster.n_nodes)
    n_rows, rounds = 0, []
    for n_round in range(n_rounds):
        starts = (n_round * cluster.n_nodes + np.arange(cluster.n_nodes)) * n_tokens
        touched = [text.touched(int(start), n_tokens) for start in starts]
        n_rows += sum(each.n_rows for each in touched)
        works = [
            NodeWork(each.n_kept / text.kept_share, rows_by_owner(each, owner_of))
            for each in touched
        ]
        rounds.append(Round(works, rows_by_owner(union(touched), owner_of)))
    simulation = Simulation(cluster, rounds)
    seconds = simulation.run() / n_rounds
    return {
        "n_tokens": n_tokens,
        "n_rows": n_rows / (n_rounds * cluster.n_nodes),
        "seconds": seconds,
        "n_bytes": simulation.bytes_sent,
    }


def union(parts: Sequence[Touched]) -> Touched:
    """Return what several chunks touch together."""
    inputs, outputs = (
        np.logical_or.reduce([getattr(part, name) for part in parts])
        for name in ("inputs", "outputs")
    )
    return Touched(sum(part.n_kept for part in parts), inputs, outputs)


def rows_by_owner(touched: Touched, owner_of: np.ndarray) -> np.ndarray:
    """Count the touched rows of each owner.

    Examples
    --------
    >>> inputs, outputs = np.array([True, True, False]), np.array([True, False, False])
    >>> rows_by_owner(Touched(2, inputs, outputs), np.array([0, 1, 0])).tolist()
    [2, 1]
    """
    n_nodes = int(owner_of.max()) + 1
    both = [owner_of[rows] for rows in (touched.inputs, touched.outputs)]
    counts: np.ndarray = np.bincount(np.concatenate(both), minlength=n_nodes)
    return counts


def merge_speed(job: Job) -> Job:
    """Measure how many rows of changes one core merges per second.

    Each of ``n_parts`` replicas has trained the input rows that ``n_tokens`` of the text touch.
    """
    text = Text(job["corpus"])
    width = -(-job["n_dimensions"] // SIMD_PAD) * SIMD_PAD
    matrix = text.rng.normal(0, 0.1, (text.n_words, width)).astype(np.float32)
    n_tokens = min(job["n_tokens"], len(text.ids) // job["n_parts"])
    parts = []
    for i in range(job["n_parts"]):
        rows = np.flatnonzero(text.touched(i * n_tokens, n_tokens).inputs).astype(np.int32)
        values = matrix[rows] + text.rng.normal(0, 0.01, (len(rows), matrix.shape[1]))
        loads = text.rng.exponential(1, len(rows)).astype(np.float32)
        parts.append(Changes(rows, values.astype(np.float32), loads))
    curvature = Curvature(matrix[0] / np.linalg.norm(matrix[0]), 0.3, 0.01)
    started = time.thread_time()
    for _ in range(MERGE_REPEATS):
        merge(matrix, parts, curvature)
    seconds = time.thread_time() - started
    n_rows = sum(len(part.rows) for part in parts)
    return {"rows_per_second": MERGE_REPEATS * n_rows / max(seconds, 1e-9), "n_rows": n_rows}


OWNERS = {
    "modulo": lambda n_rows, n_nodes: np.arange(n_rows) % n_nodes,
    "ranges": lambda n_rows, n_nodes: np.arange(n_rows) * n_nodes // n_rows,
}
JOBS = {"touch": touch, "events": events, "merge_speed": merge_speed}
