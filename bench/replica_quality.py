"""Train by virtual nodes in one process: the rounds of a cluster, one replica after the other."""

import math
import time
from collections.abc import Iterator
from typing import Any

from bench.child import evaluate
from fastsgns import EncodedCorpus, Word2Vec
from fastsgns.training import rounds, trainer
from fastsgns.training.examples import TokenChunks

Job = dict[str, Any]
MOST_CHUNK = 65_536  # tokens


def shard_chunks(n_tokens: int, n_shards: int) -> tuple[int, int]:
    """Return the chunks of a shard and the tokens of a chunk, if an epoch has so many shards.

    Examples
    --------
    >>> shard_chunks(1_000_000, 10), shard_chunks(1_000_000, 100)
    ((2, 50000), (1, 10000))
    """
    shard_tokens = math.ceil(n_tokens / n_shards)
    n_chunks = math.ceil(shard_tokens / MOST_CHUNK)
    return n_chunks, math.ceil(shard_tokens / n_chunks)


def set_rounds(n_nodes: int, n_merges: int, n_rounds: list[int]) -> None:
    """Train all further epochs of words in `n_merges` rounds of `n_nodes` shards each.

    The number of rounds of each epoch is appended to `n_rounds`.
    """

    class ShardChunks(TokenChunks):
        """Chunks, a whole number of which is a shard."""

        def __init__(self, ids: Any, offsets: Any) -> None:
            super().__init__(ids, offsets)
            _, n_tokens = shard_chunks(len(ids), n_nodes * n_merges)
            self.starts = range(0, len(ids), n_tokens)

    class FixedRounds(rounds.Rounds):
        """Rounds of which there is a given number."""

        @classmethod
        def of(cls, n_chunks: int, chunk_tokens: int) -> "FixedRounds":
            return cls(n_chunks, n_nodes, math.ceil(n_chunks / (n_nodes * n_merges)))

        def starts(self, n_done: int = 0, is_first: bool = False) -> Iterator[int]:
            found = list(super().starts(n_done, is_first))
            n_rounds.append(len(found))
            return iter(found)

    EncodedCorpus.chunks = lambda self: ShardChunks(self.ids, self.offsets)  # type: ignore[method-assign]
    trainer.Rounds = FixedRounds  # type: ignore[misc]
    rounds.MOST_SHARDS = max(n_nodes, rounds.MOST_SHARDS)


def train(job: Job) -> Job:
    """Train and evaluate; "failed" if training diverges. One node trains without rounds.

    The result has the number of rounds of each epoch, if there are rounds.
    """
    settings, n_rounds = job["settings"], list[int]()
    if job["nodes"] > 1:
        set_rounds(job["nodes"], job["merges"], n_rounds)
        settings = settings | {"deterministic": True}
    corpus = EncodedCorpus.load(job["corpus"])
    started = time.process_time()
    try:
        model = Word2Vec(corpus, **settings, workers=1, min_count=1, compute_loss=True)
    except FloatingPointError as error:
        return {"failed": str(error)}
    seconds = time.process_time() - started
    scores = evaluate(model.wv.index_to_key, model.wv.vectors, job["eval"])
    result = {"scores": scores, "loss": model.epoch_losses[-1], "cpu": seconds}
    return result | ({"n_rounds": n_rounds} if n_rounds else {})
