"""Node: what one machine of a cluster has and does. A Ray actor has one of it.

A node has a whole copy of the matrices as they were after the last round, so that any node can do
the work of any other. A call that is repeated, because nobody knows whether it was done, does no
harm.
"""

import socket
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast
from zlib import crc32

import numpy as np

from fastsgns.distributed.parts import Slice
from fastsgns.distributed.text import NodeText, Numbered, PartSize
from fastsgns.distributed.transport import (
    Message,
    Packed,
    RowShard,
    Transport,
    merge_messages,
    message_of,
    owned,
    write_rows,
)
from fastsgns.distributed.words import WordIds, WordTable, add_tables
from fastsgns.formats import shards
from fastsgns.formats.shards import Checksums, Shard
from fastsgns.kernels.objective import Objective, make_stop_flag
from fastsgns.runtime.threads import WorkerPool
from fastsgns.training.epoch import Tally
from fastsgns.training.examples import Chunks, PairChunks, TokenChunks
from fastsgns.training.numbering import Scratch
from fastsgns.training.replicas import FIELDS, Job, Role
from fastsgns.training.shards import ShardResult, matrices_of, train_shard


class PairSlice(NamedTuple):
    """Some consecutive pairs; the first one is the pair `start` of the list."""

    sources: np.ndarray
    targets: np.ndarray
    start: int


class Shape(NamedTuple):
    """Shape and type of a matrix."""

    shape: tuple[int, int]
    dtype: str


FILE_ROLES: dict[str, Role] = {"subwords": "input"}
"""Roles of the matrices that a file has under another name."""


class Plan(NamedTuple):
    """What a node is to train in a round.

    Attributes
    ----------
    number : int
        Of the attempt at a round. An attempt that failed is repeated with another number.
    shards : list of list of Job
        Shards of the data, each of which is trained on a replica.
    threads_per_shard : int
    """

    number: int
    shards: list[list[Job]]
    threads_per_shard: int


class Node:
    """Reads parts of a corpus, trains shards of rounds, and merges a part of the rows.

    Parameters
    ----------
    workers : int
        Threads.
    transport : {"float32", "bfloat16"}
    """

    def __init__(self, workers: int, transport: Transport = "float32") -> None:
        self.workers, self._transport = workers, transport
        self._text = NodeText(workers)
        self._chunks: Chunks | None = None
        self._objective: Objective | None = None
        self._matrices: dict[Role, np.ndarray] = {}
        self._scratch: list[Scratch] = []
        self._results: tuple[int, list[ShardResult]] = (0, [])
        self._staged: tuple[int, dict[int, dict[Role, Packed]]] = (0, {})
        self._n_committed = 0

    def ping(self) -> int:
        """Return the number of threads: the node answers."""
        return self.workers

    # Corpus

    def scan(self, batch: int, parts: Numbered) -> dict[int, PartSize]:
        """Read parts of a corpus; see `NodeText.scan`."""
        return self._text.scan(batch, parts)

    def tables(self, batches: Collection[int], n_nodes: int) -> list[WordTable]:
        """Return the counts of the words that were read, by the hash of the word."""
        return self._text.table(batches).divided(n_nodes)

    def add_tables(self, *tables: WordTable) -> WordTable:
        """Return the sums of the counts of some words on all nodes."""
        return add_tables(tables)

    def encode(self, words: WordIds) -> dict[int, PartSize]:
        """Encode the parts that were read; see `NodeText.encode`."""
        return self._text.encode(words)

    def around(self, number: int, first: int, start: int, stop: int, edge: int) -> Slice:
        """Return sentences of a part, of which token 0 is token `first` of the corpus."""
        found = self._text.around(number, start, stop, edge)
        return found._replace(start=found.start + first)

    def set_chunks(self, chunks: Chunks) -> None:
        """Take the data of all epochs, where every node has all of it."""
        self._chunks = chunks

    def run_items(self, function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        """Return ``function(item)`` for each item, computed by all threads."""
        found: list[Any] = [None] * len(items)

        def run(_thread: int, i: int) -> None:
            found[i] = function(items[i])

        WorkerPool(self.workers, range(len(items)), run, stop_timeout=None).run()
        return found

    # Model

    def set_objective(self, objective: Objective, shapes: Mapping[Role, Shape]) -> None:
        """Take the tables of an objective, and allocate its matrices, if they are new."""
        own = self._matrices
        if {role: Shape(m.shape, m.dtype.str) for role, m in own.items()} != shapes:
            own = {role: np.zeros(shape, dtype) for role, (shape, dtype) in shapes.items()}
        arrays: dict[str, Any] = {FIELDS[role]: matrix for role, matrix in own.items()}
        if "bias" in own:
            arrays["scalar_bias"] = own["bias"].reshape(1)
        if objective.output is not None and "output" not in shapes:  # one matrix
            arrays["output"] = own["input"]
        self._objective = replace(objective, stop_flag=make_stop_flag(), **arrays)
        self._matrices = own
        self._scratch = [Scratch() for _ in range(self.workers)]  # has the noise of an objective

    def fill(self, role: Role, first: int, rows: np.ndarray) -> None:
        """Take some rows of a matrix, from row `first` on."""
        self._matrices[role][first : first + len(rows)] = rows

    def checksum(self) -> int:
        """Return a number that differs if the matrices do."""
        return checksum(self._matrices)

    # Rounds

    def train(self, plan: Plan, *data: Slice | PairSlice) -> list[list[Tally]]:
        """Train shards of a round, and return the sums of their chunks.

        Parameters
        ----------
        plan : Plan
        *data : Slice or PairSlice
            Consecutive parts of the data; none where the node has all of it.
        """
        assert self._objective is not None
        objective = self._objective
        objective.stop_flag[0] = 0
        chunks, first = _chunks_of(data) if data else (self._chunks, 0)
        assert chunks is not None
        results: list[ShardResult | None] = [None] * len(plan.shards)

        def train(thread: int, i: int) -> None:
            jobs = [_moved(job, first) for job in plan.shards[i]]
            results[i] = train_shard(
                objective, chunks, jobs, plan.threads_per_shard, self._scratch[thread]
            )

        n_threads = max(1, self.workers // plan.threads_per_shard)
        WorkerPool(n_threads, range(len(results)), train, stop_timeout=None).run()
        done = [result for result in results if result is not None]
        self._results = plan.number, done
        return [result.tallies for result in done]

    def abort(self) -> None:
        """End the training of a round that failed on another node."""
        if self._objective is not None:
            self._objective.stop_flag[0] = 1

    def send(self, number: int, shard: RowShard) -> list[Message]:
        """Return what the training of a round changed of a row shard, by shard of the data."""
        assert self._results[0] == number
        results = self._results[1]
        return [message_of(each, shard, self._matrices, self._transport) for each in results]

    def merge(self, *sent: Sequence[Message]) -> dict[Role, Packed]:
        """Return the rows of a row shard after the merge of what all nodes have sent."""
        messages = [message for messages in sent for message in messages]
        assert self._objective is not None
        return merge_messages(messages, self._objective, self._transport, self.workers)

    def stage(self, number: int, index: int, merged: dict[Role, Packed]) -> None:
        """Keep a row shard after the merge until `commit`."""
        if self._staged[0] != number:
            self._staged = number, {}
        self._staged[1][index] = owned(merged)

    def commit(self, number: int) -> None:
        """End a round: the rows that were staged become those of the model."""
        if self._n_committed < number and self._staged[0] == number:
            for merged in self._staged[1].values():
                write_rows(merged, self._matrices)
            self._n_committed = number
        self._staged, self._results = (0, {}), (0, [])

    # Checkpoints

    def fault_of_folder(self, folder: str, id: str) -> str:
        """Return why the node cannot write to a folder that is `marked`; "" if it can."""
        machine = f"the machine {socket.gethostname()!r:.80}"
        if not shards.is_seen(folder, id):
            return f"{machine} does not see it"
        try:
            shards.check_writable(folder)
        except OSError as error:
            return f"{machine} cannot write to it: {error.strerror}"
        return ""

    def write_shard(
        self, folder: str, shard: Shard, shapes: Mapping[str, Shape]
    ) -> Checksums | None:
        """Write some rows of the matrices, and return their checksums.

        Parameters
        ----------
        folder : str
        shard : Shard
        shapes : mapping of str to Shape
            The matrices of the file by name. Rows of the node's own matrices may be longer.

        Returns
        -------
        Checksums or None
            None if the node does not see the folder, or does not have such matrices.
        """
        matrices = {}
        for name, (shape, dtype) in shapes.items():
            own = self._matrices.get(cast("Role", FILE_ROLES.get(name, name)))
            if own is None or own.dtype.str != dtype or len(own) != shape[0]:
                return None
            matrices[name] = own[:, : shape[1]]
        if not shards.is_seen(folder, shard.id):
            return None
        return shards.write_shard(folder, shard, matrices)


def checksum(matrices: Mapping[Role, np.ndarray]) -> int:
    """Return a number that differs if the matrices do."""
    total = 0
    for role in sorted(matrices):
        total = crc32(np.ascontiguousarray(matrices[role]).view(np.uint8).data, total)
    return total


def shapes_of(objective: Objective) -> dict[Role, Shape]:
    """Return the shapes of the matrices of an objective."""
    matrices = matrices_of(objective)
    return {role: Shape(matrix.shape, matrix.dtype.str) for role, matrix in matrices.items()}


def tables_of(objective: Objective) -> Objective:
    """Return an objective with empty matrices, to send."""
    empty = np.zeros((0, 0), np.float32)
    present = [name for name in FIELDS.values() if getattr(objective, name) is not None]
    arrays: dict[str, Any] = dict.fromkeys(present, empty)
    return replace(objective, hot=None, **arrays)


def join_slices(data: Sequence[Slice]) -> Slice:
    """Return consecutive slices of sentences as one.

    Examples
    --------
    >>> one = Slice(np.array([7, 8]), np.array([0, 2]), 10)
    >>> join_slices([one, one._replace(start=12)])
    Slice(ids=array([7, 8, 7, 8]), offsets=array([0, 2, 4]), start=10)
    """
    lengths = np.concatenate([np.diff(each.offsets) for each in data])
    offsets = np.append(0, np.cumsum(lengths))
    return Slice(np.concatenate([each.ids for each in data]), offsets, data[0].start)


def _chunks_of(data: Sequence[Any]) -> tuple[Chunks, int]:
    """Return the chunks of some parts of the data, and the place of their first unit."""
    if isinstance(data[0], PairSlice):
        sources, targets = (np.concatenate(arrays) for arrays in list(zip(*data))[:2])
        return PairChunks(sources, targets), data[0].start
    joined = join_slices(data)
    return TokenChunks(joined.ids, joined.offsets), joined.start


def _moved(job: Job, first: int) -> Job:
    place = job.place
    moved = place._replace(start=place.start - first, stop=place.stop - first)
    return job._replace(place=moved)
