"""Replicas: the rows of a model that one part of the data uses, with numbers of their own.

A *shard* is some consecutive chunks of an epoch. It is trained on a *replica* of the model: a copy
of the rows that the shard uses, in an order of its own, and the tables over its words. The kernels
train a replica as they train a model. `fastsgns.training.shards` trains shards and merges them.

The rows that a shard uses are those of its words, the inner nodes on their Huffman paths, and those
of their n-grams. Negative samples could be any words. A replica therefore draws them in two stages.
First it draws a *pool* of words from the noise distribution. Then the kernels draw from the pool,
each place of which is equally probable. So each negative sample has the noise distribution, and the
samples of a shard are independent given the pool. The pool bounds the number of rows, which a shard
copies and merges. It has each word as often as expected, within 1: shards whose pools differed in
the frequent words would pull these in different directions.

Full softmax uses all output rows, so its replicas have all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from fastsgns.kernels import replicas
from fastsgns.kernels.objective import SIMD_PAD, Objective, Paths, Subwords
from fastsgns.runtime.threads import WorkerPool
from fastsgns.training.epoch import Tally
from fastsgns.training.examples import (
    ChunkPlace,
    Chunks,
    Examples,
    PairRole,
    Pairs,
    Rates,
    Sentences,
    train_examples,
)
from fastsgns.training.loads import BIAS_SHARE, WordLoads, loads_of_pairs
from fastsgns.training.merge import Changes
from fastsgns.training.numbering import Numbering, Pool, Scratch, noise_table

Role = Literal["input", "output", "negative", "tree", "bias"]
POOL_SHARE = 0.5  # words of a pool per token, or per pair
TIED_POOL_SHARE = 2.0  # of a tied matrix, in which negative samples move the vectors themselves
LEAST_POOL = 512
EDGE_RADII, LEAST_EDGE = 8, 256  # how many tokens around a chunk may be contexts of it
FIELDS: dict[Role, str] = {
    "input": "input", "output": "output", "negative": "negative_output", "tree": "tree",
    "bias": "scalar_bias",
}  # fmt: skip


class Job(NamedTuple):
    """A chunk that is to be trained, at its learning rates, with its random numbers."""

    place: ChunkPlace
    rates: Rates
    seed: int


@dataclass
class RoleRows:
    """The rows of one matrix that a replica has.

    Attributes
    ----------
    lists : list of ndarray of int32
        One or two lists of rows, ascending, in the order of their numbers.
    loads : list of ndarray of float32
        Their loads, see `fastsgns.training.loads`.
    n_local : int
        Rows of the replica's matrix; those after the listed ones have no values.
    places : ndarray of int32, or None
        The numbers of the rows, if they are not 0, 1, 2, ...
    """

    lists: list[np.ndarray]
    loads: list[np.ndarray]
    n_local: int
    places: np.ndarray | None = None

    @classmethod
    def of(
        cls, lists: list[np.ndarray], loads: np.ndarray, rate: float, n_local: int = 0
    ) -> "RoleRows":
        """Describe rows with the numbers 0, 1, 2, ... and their loads at a learning rate of 1."""
        ends = np.cumsum([len(rows) for rows in lists])
        listed = np.split((rate * loads[: ends[-1]]).astype(np.float32), ends[:-1])
        return cls(lists, listed, max(n_local, int(ends[-1])))


@dataclass
class Replica:
    """The part of a model that a shard trains.

    Attributes
    ----------
    objective : Objective
        With the tables of the replica, and with its matrices once they were filled.
    examples : list of list
        What each chunk trains, in the numbers of the replica.
    jobs : sequence of Job
    parts : dict of str to RoleRows
        The rows of each matrix.
    drawn : list of list
        What each chunk trains, in the numbers of the model, if that is recorded.

    Examples
    --------
    A shard of a corpus of 9 words uses three of them, and a pool of negative samples:

    >>> from fastsgns import sampling
    >>> from fastsgns.training.examples import TokenChunks
    >>> from fastsgns.training.shards import matrices_of
    >>> rows = np.ones((2, 9, 16), np.float32)
    >>> objective = Objective(
    ...     rows[0], rows[1], None, sampling.alias_table(np.eye(9)[4]), None, None, None, window=2,
    ...     shrink_windows=True, negative=5, cbow=False, mean_hidden=True, mean_gradient=True,
    ...     compute_loss=False,
    ... )
    >>> chunks = TokenChunks(np.array([7, 2, 7, 1], np.int32), np.array([0, 4]))
    >>> job = Job(ChunkPlace(epoch=0, start=0, stop=4), rates=(0.05, 0.05), seed=1)
    >>> replica = Replica.plan(objective, chunks, [job])
    >>> {role: [each.tolist() for each in lists] for role, lists in replica.rows.items()}
    {'input': [[1, 2, 7]], 'output': [[1, 2, 7], [4]]}
    >>> replica.gather(matrices_of(objective))
    >>> replica.train()[0].n_kept
    4
    """

    objective: Objective
    examples: list[list[Examples]]
    jobs: Sequence[Job]
    parts: dict[Role, RoleRows]
    drawn: Sequence[Sequence[Examples]] = ()
    _matrices: dict[Role, np.ndarray] = field(default_factory=dict)

    @classmethod
    def plan(
        cls, objective: Objective, chunks: Chunks, jobs: Sequence[Job],
        scratch: Scratch | None = None,
    ) -> "Replica":  # fmt: skip
        """Return a replica for the chunks of a shard, whose matrices have no values yet.

        Parameters
        ----------
        objective : Objective
            Its tables are read. Of its matrices, only the shapes and types matter.
        chunks : Chunks
        jobs : sequence of Job
        scratch : Scratch, optional
            Memory of this thread.

        Raises
        ------
        ValueError
            If an id of the data is not a row of the model.
        """
        scratch = Scratch() if scratch is None else scratch
        drawn = [chunks.examples(job.place, job.seed, objective.stop_flag) for job in jobs]
        plan = _of_pairs if isinstance(drawn[0][0], Pairs) else _of_sentences
        replica = plan(objective, drawn, jobs, scratch)
        replica.drawn = drawn if chunks.is_recorded else ()
        return replica

    @property
    def rows(self) -> dict[Role, list[np.ndarray]]:
        """The rows of each matrix: one or two ascending lists, in the order of `changes`."""
        return {role: part.lists for role, part in self.parts.items()}

    def gather(self, matrices: Mapping[Role, np.ndarray], buffers: Scratch | None = None) -> None:
        """Copy the rows of the model's matrices.

        Parameters
        ----------
        matrices : mapping of str to ndarray
            As from `fastsgns.training.shards.matrices_of`.
        buffers : Scratch, optional
            Memory of this shard. It must not be used for another replica until the changes of this
            one are merged.
        """

        def copy(role: Role, rows: np.ndarray, out: np.ndarray) -> None:
            replicas.gather(matrices[role].view(np.uint8), rows, out.view(np.uint8))

        self._fill(copy, matrices, buffers)

    def fill(
        self, values: Mapping[Role, Sequence[np.ndarray]], buffers: Scratch | None = None
    ) -> None:
        """Take values of the rows, in the order of `rows`; see `gather`."""
        left = {role: list(arrays) for role, arrays in values.items()}

        def copy(role: Role, rows: np.ndarray, out: np.ndarray) -> None:
            out[:] = left[role].pop(0)

        self._fill(copy, {role: arrays[0] for role, arrays in values.items()}, buffers)

    def _fill(
        self, copy: Callable[[Role, np.ndarray, np.ndarray], None],
        like: Mapping[Role, np.ndarray], buffers: Scratch | None,
    ) -> None:  # fmt: skip
        buffers = Scratch() if buffers is None else buffers
        for role, part in self.parts.items():
            width, dtype = like[role].shape[1], like[role].dtype
            local, first = buffers.rows(role, (part.n_local, width), dtype), 0
            for rows in part.lists:
                if part.places is not None:
                    values = np.empty((len(rows), width), dtype)
                    copy(role, rows, values)
                    local[part.places] = values
                else:
                    copy(role, rows, local[first : first + len(rows)])
                first += len(rows)
            self._matrices[role] = local
        changes: dict[str, Any] = {FIELDS[role]: array for role, array in self._matrices.items()}
        if "bias" in self._matrices:
            changes["scalar_bias"] = self._matrices["bias"][0]
        if self.objective.output is self.objective.input:
            changes["output"] = changes["input"]
        self.objective = replace(self.objective, **changes)

    def train(self, n_threads: int = 1) -> list[Tally]:
        """Train all chunks, and return the sums of each.

        Several threads take one chunk after the other, and update the same rows. The result is then
        not reproducible.
        """
        tallies = [Tally() for _ in self.jobs]

        def work(_thread: int, i: int) -> None:
            job = self.jobs[i]
            loss, n_examples, n_kept = train_examples(self.objective, self.examples[i], job.rates)
            tallies[i] = Tally(job.place.stop - job.place.start, n_kept, n_examples, loss)

        if n_threads == 1 or len(self.jobs) == 1:
            for i in range(len(self.jobs)):
                work(0, i)
        else:
            WorkerPool(
                n_threads, range(len(self.jobs)), work, stop_flag=self.objective.stop_flag,
                stop_timeout=None,
            ).run()  # fmt: skip
        return tallies

    def changes(self) -> dict[Role, list[Changes]]:
        """Return the rows of the replica as they are after training, and their loads.

        The values are those of the replica's matrices, not copies.
        """
        changes: dict[Role, list[Changes]] = {}
        for role, part in self.parts.items():
            local, first = self._matrices[role], 0
            changes[role] = []
            for rows, loads in zip(part.lists, part.loads, strict=True):
                values = local[first : first + len(rows)]
                if part.places is not None:
                    values = local[part.places]
                changes[role].append(Changes(rows, values, loads))
                first += len(rows)
        return changes


def pool_size(n_units: int, negative: int, is_tied: bool = False) -> int:
    """Return how many words are drawn for the pool of a shard of so many tokens or pairs."""
    share = TIED_POOL_SHARE if is_tied else POOL_SHARE
    return max(LEAST_POOL, min(n_units * negative, round(share * n_units)))


def mean_rate(jobs: Sequence[Job]) -> float:
    """Return the mean learning rate of chunks."""
    sizes = [job.place.stop - job.place.start for job in jobs]
    return float(np.average([sum(job.rates) / 2 for job in jobs], weights=sizes))


def edge_of(objective: Objective) -> int:
    """Return how many tokens before a chunk, and after it, may be contexts of its focus words."""
    return max(LEAST_EDGE, EDGE_RADII * objective.max_radius)


def cut_out(part: Sentences, objective: Objective) -> Sentences:
    """Return the sentences of the focus words alone, as far as they may be contexts of them.

    A long sentence is cut `EDGE_RADII` times the largest radius before the first and after the last
    focus word.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> ids, offsets = np.arange(900, dtype=np.int32), np.array([0, 100, 900])
    >>> part = cut_out(Sentences(ids, offsets, 150, 200, stream=1), SimpleNamespace(max_radius=5))
    >>> part.ids[[0, -1]].tolist(), part.offsets.tolist(), part.start, part.stop
    ([100, 455], [0, 356], 50, 100)
    """
    edge = edge_of(objective)
    first = int(np.searchsorted(part.offsets, part.start, "right")) - 1
    last = int(np.searchsorted(part.offsets, part.stop, "left"))
    start = max(int(part.offsets[first]), part.start - edge)
    stop = min(int(part.offsets[last]), part.stop + edge)
    offsets = np.clip(part.offsets[first : last + 1], start, stop) - start
    return Sentences(
        part.ids[start:stop], offsets, part.start - start, part.stop - start, part.stream
    )


def _of_sentences(
    objective: Objective, drawn: Sequence[Sequence[Any]], jobs: Sequence[Job], scratch: Scratch
) -> Replica:
    """Return the replica of sentences, whose words have one number in all roles."""
    is_tied, has_all = objective.output is objective.input, objective.n_batch_rows > 0
    cut = [[cut_out(part, objective) for part in parts] for parts in drawn]
    pool = None
    with closing(Numbering(objective.n_words, scratch, "words", has_all)) as words:
        words.use([part.ids for parts in cut for part in parts])
        if objective.negative and objective.output is not None:
            assert objective.noise is not None
            n_tokens = sum(part.stop - part.start for parts in cut for part in parts)
            size = pool_size(n_tokens, objective.negative, is_tied)
            (pool,) = words.draw([Pool(objective.noise, size, _streams(jobs)[0])])
        examples: list[list[Any]] = [
            [part._replace(ids=words.local(part.ids)) for part in parts] for parts in cut
        ]
    subwords, input_rows = _subwords(objective, words, scratch)
    paths, nodes = _paths(objective, words, scratch)
    local = replace(
        objective, hot=None, noise=None if pool is None else noise_table(pool), paths=paths,
        keep_thresholds=words.of_rows(objective.keep_thresholds), subwords=subwords,
        **_lock_factors(objective, words, words),
    )  # fmt: skip
    everything = [part for parts in examples for part in parts]
    loads = WordLoads.of_sentences(local, everything, words.n_local, pool)
    rate, roles = mean_rate(jobs), dict[Role, RoleRows]()
    if subwords is not None:
        of_rows = loads.of_subwords(subwords, is_tied, len(input_rows))
        roles["input"] = RoleRows.of([input_rows], of_rows, rate)
    elif is_tied:
        roles["input"] = RoleRows.of(words.lists, loads.inputs + loads.targets, rate)
    elif has_all:
        listed = (rate * loads.inputs[words.used]).astype(np.float32)
        roles["input"] = RoleRows([words.used], [listed], words.n_local, words.used)
    else:
        roles["input"] = RoleRows.of([words.used], loads.inputs, rate, words.n_local)
    if objective.output is not None and not is_tied:
        roles["output"] = RoleRows.of(words.lists, loads.targets, rate)
    if objective.negative_output is not None:
        roles["negative"] = RoleRows.of(words.lists, loads.targets, rate)
    if paths is not None:
        roles["tree"] = RoleRows.of([nodes], loads.of_nodes(paths, len(nodes)), rate)
    n_pairs = float(loads.positives.sum()) * (1 + objective.negative)
    return Replica(local, examples, jobs, roles | _bias(objective, rate * n_pairs))


def _of_pairs(
    objective: Objective, drawn: Sequence[Sequence[Any]], jobs: Sequence[Job], scratch: Scratch
) -> Replica:
    """Return the replica of lists of pairs, whose rows have a number in each matrix."""
    everything: list[Pairs] = [part for parts in drawn for part in parts]
    assert objective.output is not None
    inputs = outputs = Numbering(len(objective.input), scratch, "words")
    if objective.output is not objective.input:
        outputs = Numbering(len(objective.output), scratch, "outputs")
    numberings: dict[PairRole, Numbering] = {"input": inputs, "output": outputs}
    distinct = [inputs] if inputs is outputs else [inputs, outputs]
    requests = _pools(objective, everything, _streams(jobs))
    pools: dict[PairRole, np.ndarray] = {}
    with closing(inputs), closing(outputs):
        for numbering in distinct:
            numbering.use([
                ids for part in everything for ids, role in zip(part[:2], part.roles)
                if numberings[role] is numbering
            ])  # fmt: skip
            roles = [role for role in requests if numberings[role] is numbering]
            pools |= zip(roles, numbering.draw([requests[role] for role in roles]))
        tables = {role: noise_table(pool) for role, pool in pools.items()}
        examples: list[list[Examples]] = [
            [
                part._replace(
                    sources=numberings[part.roles[0]].local(part.sources),
                    targets=numberings[part.roles[1]].local(part.targets),
                    input_noise=tables.get("input"),
                )
                for part in parts
            ]
            for parts in drawn
        ]
    factors = _lock_factors(objective, inputs, outputs)
    local = replace(objective, hot=None, noise=tables.get("output"), **factors)
    renumbered: list[Any] = [part for parts in examples for part in parts]
    loads = {
        role: loads_of_pairs(local, renumbered, role, numbering.n_local, pools.get(role))
        for role, numbering in numberings.items()
    }
    rate = mean_rate(jobs)
    n_pairs = sum(len(part.sources) for part in everything) * (1 + objective.negative)
    matrices = _bias(objective, rate * n_pairs)
    if inputs is outputs:
        matrices["input"] = RoleRows.of(inputs.lists, loads["input"] + loads["output"], rate)
    else:
        for role, numbering in numberings.items():
            matrices[role] = RoleRows.of(numbering.lists, loads[role], rate)
    return Replica(local, examples, jobs, matrices)


def _pools(
    objective: Objective, parts: Sequence[Pairs], streams: Sequence[int]
) -> dict[PairRole, Pool]:
    """Return the pools of negative samples for each role of targets."""
    tables: dict[PairRole, np.ndarray | None] = {
        "input": parts[0].input_noise, "output": objective.noise
    }  # fmt: skip
    is_tied, pools = objective.output is objective.input, dict[PairRole, Pool]()
    for (role, table), stream in zip(tables.items(), streams, strict=True):
        if table is not None:
            n_pairs = sum(len(part.targets) for part in parts if part.roles[1] == role)
            size = pool_size(n_pairs, objective.negative, is_tied)
            pools[role] = Pool(table, size, stream)
    return pools


def _streams(jobs: Sequence[Job]) -> list[int]:
    """Return seeds of the random numbers of two pools."""
    words = np.random.SeedSequence((jobs[0].seed, 1)).generate_state(2, np.uint64)
    return [int(word) for word in words]


def _lock_factors(objective: Objective, inputs: Numbering, outputs: Numbering) -> dict[str, Any]:
    """Return the lock factors of the replica's rows; one array if that of the model is one."""
    locks = inputs.of_rows(objective.lock_factors)
    output_locks = locks
    if objective.output_lock_factors is not objective.lock_factors or outputs is not inputs:
        output_locks = outputs.of_rows(objective.output_lock_factors)
    return {"lock_factors": locks, "output_lock_factors": output_locks}


def _subwords(
    objective: Objective, words: Numbering, scratch: Scratch
) -> tuple[Subwords | None, np.ndarray]:
    """Return the lists of rows of the replica's words, and the rows that they are made of.

    Words that are drawn only need no rows, unless the matrix is tied.
    """
    subwords = objective.subwords
    if subwords is None:
        return None, words.used
    is_tied = objective.output is objective.input
    listed = np.concatenate(words.lists) if is_tied else words.used
    starts, places = replicas.flatten(subwords.starts, listed)
    with closing(Numbering(len(objective.input), scratch, "subwords")) as numbering:
        rows = subwords.rows[places]
        numbering.use([rows])
        rows = numbering.local(rows)
    factors = numbering.of_rows(subwords.factors)
    starts = _for_all_words(starts, listed, words)
    loads = words.of_rows(subwords.loads)
    return subwords._replace(starts=starts, rows=rows, factors=factors, loads=loads), numbering.used


def _paths(
    objective: Objective, words: Numbering, scratch: Scratch
) -> tuple[Paths | None, np.ndarray]:
    """Return the Huffman paths of the replica's words, and their inner nodes.

    Words that are drawn only have empty paths.
    """
    paths = objective.paths
    if paths is None or objective.tree is None:
        return None, words.used
    starts, places = replicas.flatten(paths.starts, words.used)
    with closing(Numbering(len(objective.tree), scratch, "nodes")) as numbering:
        nodes = paths.nodes[places]
        numbering.use([nodes])
        nodes = numbering.local(nodes)
    labels = np.zeros(len(nodes) + SIMD_PAD, np.float32)
    labels[: len(nodes)] = paths.labels[places]
    starts = _for_all_words(starts, words.used, words)
    return Paths(nodes, labels, starts, paths.longest), numbering.used


def _for_all_words(starts: np.ndarray, listed: np.ndarray, words: Numbering) -> np.ndarray:
    """Return where the lists of all words of a replica begin, if only some have one."""
    lengths = np.zeros(words.n_local, np.int64)
    lengths[listed if words.is_whole else slice(len(listed))] = np.diff(starts)
    return np.concatenate([[0], np.cumsum(lengths)])


def _bias(objective: Objective, load: float) -> dict[Role, RoleRows]:
    """Return the scalar bias as a matrix of one row."""
    if objective.scalar_bias is None:
        return {}
    rows = np.zeros(1, np.int32)
    return {"bias": RoleRows.of([rows], np.array([BIAS_SHARE * load]), 1.0)}
