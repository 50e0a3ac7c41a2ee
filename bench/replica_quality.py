"""Train by virtual nodes in one process: the rounds of a cluster, one replica after the other."""

import math
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.child import evaluate
from fastsgns import EncodedCorpus, Word2Vec
from fastsgns.kernels.objective import Objective
from fastsgns.training import curvature, rounds, shards, trainer
from fastsgns.training.merge import Curvature, merge_all
from fastsgns.training.replicas import Role

Job = dict[str, Any]


def set_rounds(n_nodes: int, n_merges: int, n_rounds: list[int]) -> None:
    """Train all further epochs of words in `n_merges` rounds of `n_nodes` shards each.

    The number of rounds of each epoch is appended to `n_rounds`.
    """

    class FixedRounds(rounds.Rounds):
        """Rounds of which there is a given number."""

        @classmethod
        def of(cls, n_units: int, tokens_per_unit: int = 1) -> "FixedRounds":
            step = math.ceil(n_units / (n_nodes * n_merges))
            return cls(range(0, n_units, step), n_nodes)

        def starts(self, n_done: int = 0, is_first: bool = False) -> Iterator[int]:
            found = list(super().starts(n_done, is_first))
            n_rounds.append(len(found))
            return iter(found)

    trainer.Rounds = FixedRounds  # type: ignore[misc]
    rounds.MOST_SHARDS = max(n_nodes, rounds.MOST_SHARDS)


def set_rule(rule: str) -> None:
    """Merge by another rule: "mean", "sum", or "single" (one curvature, the largest)."""
    if rule != "single":
        shards.merge_all = partial(merge_all, rule=rule)  # type: ignore[assignment]
        return

    def of_changes(changes: Any, objective: Objective) -> dict[Role, Curvature]:
        found = curvature.of_changes(changes, objective)
        return {role: each._replace(across=each.along) for role, each in found.items()}

    shards.of_changes = of_changes


def train(job: Job) -> Job:
    """Train and evaluate; "failed" if training diverges. One node trains without rounds.

    The result has the number of rounds of each epoch, if there are rounds.
    """
    settings, n_rounds = job["settings"], list[int]()
    if job["nodes"] > 1:
        set_rounds(job["nodes"], job["merges"], n_rounds)
        settings = settings | {"deterministic": True}
    if "rule" in job:
        set_rule(job["rule"])
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
