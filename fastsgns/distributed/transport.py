"""How rows of matrices travel: which rows, and in how many bits.

The rows of all matrices are divided into *row shards*: row r belongs to shard ``r % n_shards``, so
that each shard has as many frequent rows as the others. A message has one row shard of what one
node has to say.

With "float32" a message has the rows themselves, so that nothing is lost. With "bfloat16" it has
the differences to the rows at the start of the round, which all nodes have, rounded to the nearest
bfloat16: a difference loses at most 1/256 of itself, however large the row is. What nodes add to
their rows is the rounded difference, the same on all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from fastsgns.kernels.objective import Objective
from fastsgns.training.curvature import mean_of
from fastsgns.training.merge import Changes, Curvature, merge
from fastsgns.training.replicas import Role
from fastsgns.training.shards import ShardResult, matrices_of

Transport = Literal["float32", "bfloat16"]
Matrices = Mapping[Role, np.ndarray]
HALF = 16  # bits of a float32 that bfloat16 lacks


class RowShard(NamedTuple):
    """Which rows a message has: those with the remainder `number` by `n_shards`."""

    number: int
    n_shards: int

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return whether each row is one of the shard."""
        is_in: np.ndarray = rows % self.n_shards == self.number
        return is_in


class Packed(NamedTuple):
    """Rows of a matrix as they travel; see `pack`."""

    rows: np.ndarray
    values: np.ndarray
    loads: np.ndarray | None = None


class Message(NamedTuple):
    """What one shard of the data has changed of one row shard."""

    rows: dict[Role, list[Packed]]
    curvatures: dict[Role, Curvature]


def to_bfloat16(values: np.ndarray) -> np.ndarray:
    """Return float32 numbers, rounded to the nearest bfloat16 (ties to even), as uint16.

    Examples
    --------
    >>> from_bfloat16(to_bfloat16(np.array([1, 1.001, -3e-9], np.float32)))
    array([ 1.0000000e+00,  1.0000000e+00, -2.9976945e-09], dtype=float32)
    """
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    rounded = bits + np.uint32(0x7FFF) + (bits >> HALF & 1)
    not_a_number = np.isnan(values)
    if not_a_number.any():
        rounded[not_a_number] = 0x7FC00000
    return (rounded >> HALF).astype(np.uint16)


def from_bfloat16(values: np.ndarray) -> np.ndarray:
    """Return numbers that `to_bfloat16` returned as float32."""
    return (values.astype(np.uint32) << HALF).view(np.float32)


def pack(
    rows: np.ndarray, values: np.ndarray, before: np.ndarray, transport: Transport
) -> tuple[np.ndarray, np.ndarray]:
    """Return rows as they travel.

    Parameters
    ----------
    rows : ndarray of int32, shape (n,)
    values : ndarray, shape (n, width)
        The rows now.
    before : ndarray, shape (V, width)
        The matrix at the start of the round.
    transport : {"float32", "bfloat16"}
        Numbers of other types than float32 travel as they are.
    """
    if transport == "float32" or values.dtype != np.float32:
        return rows, values
    return rows, to_bfloat16(values - before[rows])


def unpack(packed: Packed, before: np.ndarray) -> np.ndarray:
    """Return the rows of a message as they are now."""
    if packed.values.dtype != np.uint16:
        return packed.values
    rows: np.ndarray = before[packed.rows] + from_bfloat16(packed.values)
    return rows


def message_of(
    result: ShardResult, shard: RowShard, matrices: Matrices, transport: Transport
) -> Message:
    """Return what the node that trained a shard of the data tells the owner of a row shard."""

    def packed(role: Role, part: Changes) -> Packed:
        is_in = shard.of(part.rows)
        rows, values = part.rows[is_in], part.values[is_in]
        return Packed(*pack(rows, values, matrices[role], transport), part.loads[is_in])

    rows = {role: [packed(role, part) for part in parts] for role, parts in result.changes.items()}
    return Message(rows, result.curvatures)


def merge_messages(
    messages: Sequence[Message], objective: Objective, transport: Transport, n_threads: int = 1
) -> dict[Role, Packed]:
    """Return the rows of a row shard after the merge of all messages, in this order.

    The matrices of `objective` stay as they are.
    """
    return {
        role: _merged(
            [part for message in messages for part in message.rows[role]], matrix,
            mean_of([message.curvatures[role] for message in messages]), transport, n_threads,
        )
        for role, matrix in matrices_of(objective).items()
    }  # fmt: skip


def _merged(
    parts: Sequence[Packed], matrix: np.ndarray, curvature: Curvature, transport: Transport,
    n_threads: int,
) -> Packed:  # fmt: skip
    rows = np.unique(np.concatenate([part.rows for part in parts]))
    merged = matrix[rows]
    local = [
        Changes(np.searchsorted(rows, part.rows).astype(np.int32), unpack(part, matrix), part.loads)
        for part in parts
        if part.loads is not None
    ]
    merge(merged, local, curvature, n_threads)
    return Packed(*pack(rows, merged, matrix, transport))


def owned(merged: Mapping[Role, Packed]) -> dict[Role, Packed]:
    """Return rows after the merge in memory of this process, as Ray's memory has room for few."""
    return {
        role: Packed(packed.rows.copy(), packed.values.copy()) for role, packed in merged.items()
    }


def write_rows(merged: Mapping[Role, Packed], matrices: Matrices) -> None:
    """Write the rows of a row shard after the merge to the matrices."""
    for role, packed in merged.items():
        matrices[role][packed.rows] = unpack(packed, matrices[role])
