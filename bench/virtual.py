"""Jobs with virtual workers: many workers in one thread, which take turns."""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from bench.instruments import Watch
from fastsgns import EncodedCorpus, Word2Vec
from fastsgns.kernels import sgns
from fastsgns.kernels.objective import HotRows, Objective
from fastsgns.training import hotrows
from fastsgns.training.examples import ChunkPlace, Rates, TokenChunks, Trained

Job = dict[str, Any]
TURN = 16  # tokens that a worker trains in its turn


def trace(job: Job) -> Job:
    """Count how rows move between the caches of virtual workers, with and without copies.

    Trains a model on the first ``n_tokens`` of an encoded corpus, and then traces its objective
    over the same tokens, with the learning rates of a whole training. The counts are per token.
    """
    corpus = EncodedCorpus.load(job["corpus"])
    n_sentences = int(np.searchsorted(corpus.offsets, job["n_tokens"], side="right")) - 1
    offsets = np.ascontiguousarray(corpus.offsets[: max(1, n_sentences) + 1])
    ids = np.ascontiguousarray(corpus.ids[: offsets[-1]])
    part = EncodedCorpus(ids, offsets, corpus.vocabulary)
    watch = Watch()
    model = Word2Vec(part, **job["settings"], workers=1, epochs=1, min_count=1)
    objective, rates = watch.objective, (model.alpha, model.min_alpha)
    row_bytes = objective.input.shape[1] * objective.input.itemsize
    n_cached = max(8, job["cache_bytes"] // row_bytes // 8 * 8)
    points = []
    for n_workers in job["workers"]:
        for n_hot in job["hot"]:
            hot = hot_rows(objective, watch.ids, n_workers, n_hot)
            counts = sgns.trace_workers(
                replace(objective, hot=hot), ids, offsets, n_workers, TURN, *rates, 1, n_cached
            )
            per_token = {name: count / len(ids) for name, count in counts.items()}
            points.append({"workers": n_workers, "hot": n_hot} | per_token)
    seconds = watch.cpu / watch.n_trained
    return {"points": points, "kernel_seconds": seconds, "n_cached": n_cached}


def simulate(job: Job) -> Job:
    """Train by virtual workers, and evaluate the vectors; "failed" if training diverges."""
    from bench.child import evaluate

    class Virtual(VirtualChunks):
        n_workers, n_hot = job["workers"], job["hot"]

    EncodedCorpus.chunks = lambda self: Virtual(self.ids, self.offsets)  # type: ignore[method-assign]
    corpus = EncodedCorpus.load(job["corpus"])
    settings = {"compute_loss": True} | job["settings"]
    try:
        model = Word2Vec(corpus, **settings, workers=1, min_count=1)
    except FloatingPointError as error:
        return {"failed": str(error)}
    scores = evaluate(model.wv.index_to_key, model.wv.vectors, job["eval"])
    return {"scores": scores, "loss": model.epoch_losses[-1]}


class VirtualChunks(TokenChunks):
    """An epoch as one chunk, which virtual workers train."""

    n_workers: int
    n_hot: int

    def __init__(self, ids: np.ndarray, offsets: np.ndarray) -> None:
        super().__init__(ids, offsets)
        self.starts = range(0, len(ids), len(ids))

    def examples(self, place: ChunkPlace, stream: int, stop_flag: np.ndarray) -> list[Any]:
        """Return the epoch."""
        return [VirtualEpoch(self, stream)]


class VirtualEpoch(NamedTuple):
    """What virtual workers train: the sentences of an epoch, with their random numbers."""

    chunks: VirtualChunks
    stream: int

    def train(self, objective: Objective, rates: Rates) -> Trained:
        """Train the epoch."""
        chunks = self.chunks
        hot = hot_rows(objective, chunks.ids, chunks.n_workers, chunks.n_hot)
        return sgns.simulate_workers(
            replace(objective, hot=hot), chunks.ids, chunks.offsets, chunks.n_workers, TURN, *rates,
            self.stream,
        )  # fmt: skip


def hot_rows(objective: Objective, ids: np.ndarray, n_workers: int, n_hot: int) -> HotRows | None:
    """Return the `n_hot` rows of each role that occur most often in `ids`; None if that is 0."""
    if not n_hot or n_workers < 2:
        return None
    counts = np.bincount(ids, minlength=len(objective.input))
    return hotrows.of_most_frequent(objective, (counts, counts), n_workers, n_hot)


JOBS = {"trace": trace, "simulate": simulate}
