"""Shards: parts of an epoch that are trained at the same time, and their merge.

Each shard is trained on a replica (`fastsgns.training.replicas`), and none sees what the others do.
Then `apply` merges their changes in a fixed order (`fastsgns.training.merge`). So the result does
not depend on which thread or machine trained which shard.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fastsgns.kernels.objective import Objective
from fastsgns.training.curvature import mean_of, of_changes
from fastsgns.training.epoch import Tally
from fastsgns.training.examples import Chunks, Examples
from fastsgns.training.merge import Changes, Curvature, Merge, merge_all
from fastsgns.training.numbering import Scratch
from fastsgns.training.replicas import FIELDS, Job, Replica, Role


class ShardResult(NamedTuple):
    """What the training of a shard has changed.

    Attributes
    ----------
    changes : dict of str to list of Changes
        The rows of each matrix.
    curvatures : dict of str to Curvature
        By which the changes of each matrix are merged.
    tallies : list of Tally
        The sums of each chunk.
    drawn : sequence of sequence of Examples
        What each chunk trains, in the numbers of the model, if that is recorded.
    """

    changes: dict[Role, list[Changes]]
    curvatures: dict[Role, Curvature]
    tallies: list[Tally]
    drawn: Sequence[Sequence[Examples]] = ()


def matrices_of(objective: Objective) -> dict[Role, np.ndarray]:
    """Return the matrices that an objective trains, by role; a scalar bias is one of one row.

    A tied matrix has the role "input".
    """
    matrices: dict[Role, np.ndarray] = {}
    for role, name in FIELDS.items():
        matrix = getattr(objective, name)
        if matrix is not None and not (role == "output" and matrix is objective.input):
            matrices[role] = matrix.reshape(1, 1) if role == "bias" else matrix
    return matrices


def apply(objective: Objective, results: Sequence[ShardResult], n_threads: int = 1) -> None:
    """Merge the changes of shards, in this order, into the matrices of an objective.

    Raises
    ------
    FloatingPointError
        If a row would not be finite.
    """
    merges = [
        Merge(
            matrix,
            [part for result in results for part in result.changes[role]],
            mean_of([result.curvatures[role] for result in results]),
        )
        for role, matrix in matrices_of(objective).items()
    ]
    merge_all(merges, n_threads)


def train_shard(
    objective: Objective, chunks: Chunks, jobs: Sequence[Job], n_threads: int = 1,
    scratch: Scratch | None = None, buffers: Scratch | None = None,
) -> ShardResult:  # fmt: skip
    """Train a shard on a replica; the matrices of `objective` are read only.

    Parameters
    ----------
    objective : Objective
    chunks : Chunks
    jobs : sequence of Job
        The chunks of the shard.
    n_threads : int
        With several threads the result is not reproducible.
    scratch, buffers : Scratch, optional
        As for `Replica.plan` and `Replica.gather`. Without `buffers` the result owns its arrays.
    """
    replica = Replica.plan(objective, chunks, jobs, scratch)
    replica.gather(matrices_of(objective), buffers)
    tallies = replica.train(n_threads)
    changes = replica.changes()
    return ShardResult(changes, of_changes(changes, objective), tallies, replica.drawn)
