"""RoundRunner: trains the rounds of a `fastsgns.training.trainer.Trainer` on a cluster.

A round has three steps. Each node trains its shards of the data on replicas of the rows that they
use. For each row shard, one node gets what all nodes have changed of it, and merges that; all nodes
and the driver fetch the rows after the merge and keep them beside the matrices. When all have all,
the driver commits: everybody writes these rows to its matrices. A node that is lost before the
commit has changed nothing, and the round is repeated without it. One that is lost after the commit
is not needed: the others have the same matrices.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

import numpy as np

from fastsgns.distributed.cluster import Cluster, Member, NodeLost
from fastsgns.distributed.corpus import Data, data_of
from fastsgns.distributed.node import Plan, checksum, shapes_of, tables_of
from fastsgns.distributed.transport import RowShard, owned, write_rows
from fastsgns.kernels.objective import Objective
from fastsgns.training.epoch import Tally
from fastsgns.training.examples import Chunks
from fastsgns.training.replicas import Job, edge_of
from fastsgns.training.rounds import Commit
from fastsgns.training.shards import matrices_of

logger = logging.getLogger(__name__)

MESSAGE_BYTES = 32 << 20  # of the rows of a row shard, at most
WAVES = 2  # row shards per node that travel at the same time


@dataclass
class RoundRunner:
    """Trains rounds on a cluster, see `fastsgns.training.trainer.RunRound`.

    Parameters
    ----------
    cluster : Cluster
    is_deterministic : bool
        Whether shards are trained as they are, each by one thread. Otherwise each node trains one
        shard, with all of its threads.
    n_shards : int
        Shards of a round, if each node trains one; the first rounds of a model have fewer.
    """

    cluster: Cluster
    is_deterministic: bool = False
    n_shards: int = 0
    n_rounds: int = 0
    n_repeated: int = 0
    _objective: Objective | None = None
    _epoch: int = -1
    _known: set[int] = field(default_factory=set)  # numbers of the members that have the matrices
    _n_attempts: int = 0
    _commits: list[tuple[Member, Any]] = field(default_factory=list)

    def __call__(
        self, objective: Objective, chunks: Chunks, shards: Sequence[Sequence[Job]],
        report: Callable[[], object],
    ) -> Commit:  # fmt: skip
        """Train a round, and return what ends it; see `fastsgns.training.rounds.LocalRounds`."""
        data = data_of(chunks)
        while True:
            self._n_attempts += 1
            try:
                self._check_commits()
                self.cluster.admit()
                if data is not None:
                    data.prepare()
                self._send_model(objective, None if data else chunks, shards[0][0].place.epoch)
                return self._run(objective, data, shards, report)
            except NodeLost:
                self.n_repeated += 1

    def _check_commits(self) -> None:
        """Wait for the end of the last round; compare the matrices if a node may have missed it."""
        calls, self._commits = self._commits, []
        try:
            self.cluster.results(calls)
        except NodeLost:
            self._known.clear()
            raise

    # What nodes must have

    def _send_model(self, objective: Objective, chunks: Chunks | None, epoch: int) -> None:
        """Send the model to nodes that have none, or an old one.

        Between two epochs, a callback may have changed the matrices, or lock factors.
        """
        ray, members = self.cluster.ray, self.cluster.members
        new = [member for member in members if member.number not in self._known]
        if not _same(objective, self._objective):
            new, self._objective = list(members), objective
        if new and chunks is not None:
            data = ray.put(chunks)
            self.cluster.results([(each, each.call("set_chunks", data)) for each in new])
        if new or epoch != self._epoch:
            tables, shapes = ray.put(tables_of(objective)), shapes_of(objective)
            old = new if epoch == self._epoch else members
            calls = [(each, each.call("set_objective", tables, shapes)) for each in old]
            self.cluster.results(calls)
            own = checksum(matrices_of(objective))
            calls = [(member, member.call("checksum")) for member in members]
            sums = self.cluster.results(calls)
            self._send_matrices(objective, [m for m, each in zip(members, sums) if each != own])
        self._known, self._epoch = {member.number for member in members}, epoch

    def _send_matrices(self, objective: Objective, members: Sequence[Member]) -> None:
        for role, matrix in matrices_of(objective).items() if members else ():
            n_rows = max(1, MESSAGE_BYTES // max(1, matrix[:1].nbytes))
            for first in range(0, len(matrix), n_rows):
                rows = self.cluster.ray.put(matrix[first : first + n_rows])
                self.cluster.results(
                    [(member, member.call("fill", role, first, rows)) for member in members]
                )

    # A round

    def _run(
        self, objective: Objective, data: Data | None, shards: Sequence[Sequence[Job]],
        report: Callable[[], object],
    ) -> Commit:  # fmt: skip
        number = self._n_attempts
        trained = self._train(number, data, edge_of(objective), shards, report)
        staged = self._merge(number, objective, [member for member, _ in trained], report)

        def commit() -> list[Tally]:
            matrices = matrices_of(objective)
            for rows in staged:
                write_rows(rows, matrices)
            self._commits = [(each, each.call("commit", number)) for each in self.cluster.members]
            self.n_rounds += 1
            self.cluster.went_on()
            return [tally for _, of_shards in trained for each in of_shards for tally in each]

        return commit

    def _train(
        self, number: int, data: Data | None, edge: int, shards: Sequence[Sequence[Job]],
        report: Callable[[], object],
    ) -> list[tuple[Member, list[list[Tally]]]]:  # fmt: skip
        """Have the nodes train the shards; return the sums of the chunks, by node and shard."""
        calls = []
        for member, part in self._divide(shards):
            threads = 1 if self.is_deterministic else member.n_threads
            start, stop = part[0][0].place.start, part[-1][-1].place.stop
            pieces = [] if data is None else data.pieces(start, stop, edge)
            plan = Plan(number, part, threads)
            calls.append((member, member.call("train", plan, *pieces)))
        return [
            (member, tallies)
            for (member, _), tallies in zip(calls, self.cluster.results(calls, report))
        ]

    def _divide(self, shards: Sequence[Sequence[Job]]) -> list[tuple[Member, list[list[Job]]]]:
        """Divide the shards of a round among the nodes, consecutive ones to each."""
        members = self.cluster.members
        n = len(members)
        if self.is_deterministic:
            bounds = [len(shards) * i // n for i in range(n + 1)]
            parts = [[list(each) for each in shards[a:b]] for a, b in pairwise(bounds)]
        else:
            jobs = [job for shard in shards for job in shard]
            if len(shards) < self.n_shards:  # the first rounds are small
                members = members[: len(shards)]
            cuts = np.cumsum([member.n_threads for member in members])
            bounds = [0, *(len(jobs) * cuts // cuts[-1]).tolist()]
            parts = [[jobs[a:b]] for a, b in pairwise(bounds) if b > a]
        return [(member, part) for member, part in zip(members, parts) if part]

    def _merge(
        self, number: int, objective: Objective, trained: Sequence[Member],
        report: Callable[[], object],
    ) -> list[Any]:  # fmt: skip
        """Merge all row shards, some at a time; return the rows after the merge."""
        members = self.cluster.members
        n_bytes = sum(matrix.nbytes for matrix in matrices_of(objective).values())
        n_shards = len(members) * -(-n_bytes // (MESSAGE_BYTES * len(members)))
        staged: list[Any] = []
        for first in range(0, n_shards, WAVES * len(members)):
            wave = range(first, min(first + WAVES * len(members), n_shards))
            merged = []
            for index in wave:
                shard, owner = RowShard(index, n_shards), members[index % len(members)]
                sent = [member.call("send", number, shard) for member in trained]
                merged.append((owner, owner.call("merge", *sent)))
            staged += map(owned, self.cluster.results(merged, report))
            calls = [
                (member, member.call("stage", number, index, rows))
                for index, (_, rows) in zip(wave, merged)
                for member in members
            ]
            self.cluster.results(calls, report)
        return staged


def _same(objective: Objective, other: Objective | None) -> bool:
    """Return whether two objectives have the same tables and parameters."""
    if other is None:
        return False
    pairs = [(getattr(objective, f.name), getattr(other, f.name)) for f in fields(Objective)]
    return all(a is b or (not isinstance(a, (np.ndarray, tuple)) and a == b) for a, b in pairs)
