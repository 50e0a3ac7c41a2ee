"""The merge: replicas of rows, each trained on its own part of the work, become one matrix.

A replica starts with the rows of the matrix, trains those that its part of the work uses, and
returns them as `Changes`. No replica sees what the others do until the merge. So the question is by
how much the sum of their changes has to be shortened.

**Two rules that fail.** The *mean* of S replicas leaves a row that a single replica has trained at
1/S of its change: rare words learn S times too slowly. The *sum* of the changes is right for such a
row. But S replicas that all train one row for long have each moved it almost to the optimum. The
sum of their changes then moves it S times as far as the optimum is away, and S - 1 times the
distance remains, on the other side. With each further merge the distance is multiplied by S - 1
again.

**The rule "damped".** Take one row w with an optimum w*, and let c be the curvature of the loss of
one pair. An update with the learning rate r multiplies the distance to the optimum by 1 - r c,
which is about exp(-r c). After n of them, the row has moved by

    (1 - exp(-c l)) (w* - w),     l = n r.

Call l the load of the row. It is the sum of the learning rates of all pairs that the row was
updated for. Replica i has the load l_i. One worker that makes the updates of all replicas one after
another has the load L = sum of all l_i. Its change is the sum of the replicas' changes times

    weight(c) = (1 - exp(-c L)) / sum_i (1 - exp(-c l_i)).

The weight is 1 for a row of one replica. It is near 1 as long as c L is small, because then all
updates together move the row by little. It is near 1/n for a row that n replicas have each trained
for long: their mean. It is always between 1/n and 1, because 1 - exp(-x) is concave and grows.

The curvature differs by the direction. In one direction it is ten to thirty times that in the
others (`fastsgns.training.curvature`). So the sum of the changes is divided into its part in this
direction, and what is left. Each has a weight of its own.

docs/merge.md explains where replicas are used, and has measurements of the rules.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, NamedTuple, get_args

import numpy as np

from fastsgns.kernels.merge import are_ascending, merge_rows
from fastsgns.runtime.threads import WorkerPool

MergeRule = Literal["damped", "sum", "mean"]
RANGES_PER_THREAD = 4  # ranges of rows with equal numbers of rows take different times
THREAD_NUMBERS = 1 << 16  # numbers per thread: less time than this takes is lost to its start


class Curvature(NamedTuple):
    """The curvature of the loss of one pair in the rows of a matrix.

    Attributes
    ----------
    direction : ndarray of float32, shape (width,)
        The direction in which it is largest: a vector of length 1, or zeros for none.
    along : float
        The curvature in this direction, 0 or more.
    across : float
        The curvature in all other directions.
    """

    direction: np.ndarray
    along: float
    across: float


class Changes(NamedTuple):
    """The rows of one matrix that one replica has trained.

    Attributes
    ----------
    rows : ndarray of int32, shape (n,)
        Numbers of rows, ascending, each once.
    values : ndarray, shape (n, width)
        These rows after training, of the type and width of the matrix.
    loads : ndarray of float32, shape (n,)
        The load of each row: the sum of the learning rates of all pairs that the replica has
        updated it for, or the expectation of this sum.
    """

    rows: np.ndarray
    values: np.ndarray
    loads: np.ndarray


def merge(
    matrix: np.ndarray,
    parts: Sequence[Changes],
    curvature: Curvature,
    n_threads: int = 1,
    rule: MergeRule = "damped",
) -> None:
    """Add the changes of all replicas to a matrix.

    A row r becomes ``matrix[r] + weight * sum(values_i - matrix[r])``, summed over the parts that
    have the row, in their order. The result does not depend on the number of threads. A row that
    only one part has becomes exactly the row of this part, except with the rule "mean".

    Parameters
    ----------
    matrix : ndarray of float32 or float64, shape (V, width)
        The rows with which all replicas started. Changed in place.
    parts : sequence of Changes
        One for each replica.
    curvature : Curvature
        Used by "damped".
    n_threads : int
        At most as many threads are used.
    rule : {"damped", "sum", "mean"}
        How changes of a row add up. The weight is 1 for "sum", and 1 / ``len(parts)`` for "mean".
        The top of this module explains "damped".

    Raises
    ------
    ValueError
        If the arrays do not fit, or the rule is unknown.
    FloatingPointError
        If a row would not be finite. Such rows are left as they were; all others are merged.

    Examples
    --------
    Two replicas have trained row 0 for long, and one of them has trained row 1 a little:

    >>> matrix = np.zeros((2, 1), np.float32)
    >>> long, short = np.array([[8], [2]], np.float32), np.array([[4]], np.float32)
    >>> parts = [
    ...     Changes(np.array([0, 1], np.int32), long, np.array([500, 1], np.float32)),
    ...     Changes(np.array([0], np.int32), short, np.array([500], np.float32)),
    ... ]
    >>> merge(matrix, parts, Curvature(np.zeros(1, np.float32), along=0.0, across=0.3))
    >>> matrix.tolist()
    [[6.0], [2.0]]
    """
    merge_all([Merge(matrix, parts, curvature)], n_threads, rule)


class Merge(NamedTuple):
    """A matrix that is to be merged: the arguments of `merge`."""

    matrix: np.ndarray
    parts: Sequence[Changes]
    curvature: Curvature


def merge_all(merges: Sequence[Merge], n_threads: int = 1, rule: MergeRule = "damped") -> None:
    """Add the changes of all replicas to several matrices; see `merge`.

    Threads take ranges of rows of all matrices, so that they wait for each other once.
    """
    if rule not in get_args(MergeRule):
        raise ValueError(f"rule {rule!r} is not one of {', '.join(get_args(MergeRule))}")
    for each in merges:
        _check(each)
    bad: list[int] = []

    def in_thread(_: int, item: tuple[Merge, tuple[int, int]]) -> None:
        (matrix, parts, curvature), rows = item
        arrays = [(part.rows, part.values, part.loads) for part in parts]
        direction = np.ascontiguousarray(curvature.direction, np.float32)
        bad.append(merge_rows(matrix, arrays, *rows, direction, *curvature[1:], rule))

    n_numbers = sum(part.values.size for each in merges for part in each.parts)
    n_threads = max(1, min(n_threads, n_numbers // THREAD_NUMBERS))
    n_ranges = RANGES_PER_THREAD * n_threads if n_threads > 1 else 1
    items = [
        (each, rows) for each in merges for rows in _ranges(each.parts, len(each.matrix), n_ranges)
    ]
    if n_threads == 1:
        for item in items:
            in_thread(0, item)
    else:
        WorkerPool(n_threads, items, in_thread, stop_timeout=None).run()
    if max(bad, default=-1) >= 0:
        raise FloatingPointError(
            "rows are no longer finite after a merge of replicas: training has diverged. Start "
            "again with a lower alpha, from a new model or from one that was saved before"
        )


def _check(merge: Merge) -> None:
    """Raise a ValueError if the arguments of `merge` do not fit."""
    matrix, parts, curvature = merge
    is_valid = all(0 <= each < np.inf for each in curvature[1:])
    if not (is_valid and np.isfinite(curvature.direction).all()):
        raise ValueError(f"the curvature is {curvature}; its numbers must be finite, and 0 or more")
    for i, part in enumerate(parts):
        if not are_ascending(part.rows, len(matrix)):
            raise ValueError(
                f"the rows of part {i} are not ascending, distinct rows of a matrix of "
                f"{len(matrix)} rows"
            )


def _ranges(parts: Sequence[Changes], n_rows: int, n_ranges: int) -> list[tuple[int, int]]:
    """Return ranges of rows, each with about as many rows of the part that has most rows."""
    rows = max((part.rows for part in parts), key=len, default=np.zeros(0, np.int32))
    inner = rows[np.arange(1, n_ranges) * len(rows) // n_ranges] if len(rows) else rows
    bounds = np.unique(np.concatenate([[0], inner, [n_rows]])).tolist()
    return list(pairwise(bounds))
