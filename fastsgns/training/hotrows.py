"""Hot rows: the most frequent rows, of which each worker trains a copy of its own.

`fastsgns/kernels/hot.pxd` describes the copies and the bound on how long they may differ. This
module decides for which rows workers have copies. docs/cores.md has the measurements.

There are no copies unless the environment variable ``FASTSGNS_HOT_ROWS`` asks for them, because
they cost more than they save where a cache line travels fast between cores. N makes copies of N
rows of each matrix, rounded up to a power of 2. With ``auto`` the number is chosen here.
"""

import numpy as np

from fastsgns.kernels.objective import HotRows, Objective
from fastsgns.runtime import environment

INPUT_STEP, OUTPUT_STEP = 5.0, 3.0  # see docs/cores.md
COPY_BYTES = 384 << 10  # of the copies of two matrices; with their bases they fit 1 MB of L2 cache
CANDIDATES = 4  # rows that are tried per slot of the table
USES_PER_CHUNK = 16  # a row that is used less often is merged too often at the ends of chunks

Counts = tuple[np.ndarray, np.ndarray]


def choose(
    objective: Objective, counts: Counts, n_workers: int, chunk_tokens: int
) -> HotRows | None:
    """Return the rows of which each worker has a copy; None: no copies.

    There are none with one worker, none with full softmax, which updates all output rows in each
    step, and none with a coupling: workers that pull their copies of the same two rows together
    overshoot when the copies are merged.

    Parameters
    ----------
    objective : Objective
        What will be trained.
    counts : (ndarray, ndarray)
        How often each row of the input matrix and of the output matrix occurs in the data.
    n_workers : int
        Threads that train at the same time.
    chunk_tokens : int
        Tokens of a chunk. All copies are merged at its end.

    Raises
    ------
    ValueError
        If FASTSGNS_HOT_ROWS is neither "auto" nor a number from 0 to 65536.
    """
    n_rows = environment.hot_rows()
    if n_workers < 2 or objective.n_batch_rows or objective.coupling > 0 or n_rows == 0:
        return None
    if n_rows is not None:
        return of_most_frequent(objective, counts, n_workers, n_rows)
    n_rows = fitting_rows(objective.input.shape[1] * objective.input.itemsize)
    return of_most_frequent(objective, counts, n_workers, n_rows, USES_PER_CHUNK / chunk_tokens)


def of_most_frequent(
    objective: Objective, counts: Counts, n_workers: int, n_rows: int, min_share: float = 0.0
) -> HotRows:
    """Return about `n_rows` rows of each matrix with large counts, for `n_workers` workers.

    A row with a smaller share of all counts than `min_share` is not among them.
    """
    n_rows = 1 << max(0, n_rows - 1).bit_length()
    inputs, outputs = (
        slots_of(frequent_rows(each, CANDIDATES * n_rows, min_share), n_rows) for each in counts
    )
    if objective.subwords is not None:  # input rows are read through the private rows of words
        inputs = inputs[:0]
    return HotRows(inputs, outputs, *(step / n_workers for step in steps(objective)))


def fitting_rows(row_bytes: int) -> int:
    """Return for how many rows of each role copies are made: the power of 2 that fits COPY_BYTES.

    Examples
    --------
    >>> fitting_rows(4 * 112), fitting_rows(4 * 304)
    (256, 128)
    """
    return 1 << max(0, (COPY_BYTES // (2 * row_bytes)).bit_length() - 1)


def frequent_rows(counts: np.ndarray, n_rows: int, min_share: float = 0.0) -> np.ndarray:
    """Return up to `n_rows` rows with the largest counts, the largest first.

    A row with a smaller share of all counts than `min_share` is not among them.

    Examples
    --------
    >>> frequent_rows(np.array([1, 5, 0, 3]), 3).tolist()
    [1, 3, 0]
    """
    counts = np.asarray(counts, np.float64)
    n_rows = min(n_rows, len(counts))
    largest = np.argpartition(-counts, n_rows - 1)[:n_rows]
    largest = largest[np.lexsort((largest, -counts[largest]))]
    is_used = (counts[largest] > 0) & (counts[largest] >= min_share * counts.sum())
    rows: np.ndarray = largest[is_used].astype(np.int32)
    return rows


def slots_of(rows: np.ndarray, n_slots: int) -> np.ndarray:
    """Return the table in which kernels look up copies: slot i has a row with the remainder i.

    If several rows have one remainder, the slot has the first of them. An empty slot has -1.

    Examples
    --------
    >>> slots_of(np.array([3, 7, 4, 1]), 4).tolist()
    [4, 1, -1, 3]
    """
    slots = np.full(n_slots, -1, np.int32)
    used, first = np.unique(rows % n_slots, return_index=True)
    slots[used] = rows[first]
    return slots


def steps(objective: Objective) -> tuple[float, float, float]:
    """Return the bounds on workers * updates * learning rate of an input, output and negative row.

    They are INPUT_STEP and OUTPUT_STEP, divided by the number of pairs whose gradients an update
    sums.
    """
    inputs, outputs, negatives = pairs_per_update(objective)
    if objective.output is objective.input:
        step = min(INPUT_STEP / inputs, OUTPUT_STEP / outputs)
        return step, step, step
    return INPUT_STEP / inputs, OUTPUT_STEP / outputs, OUTPUT_STEP / negatives


def pairs_per_update(objective: Objective) -> tuple[float, float, float]:
    """Return how many pairs' gradients an update sums: of an input, output and negative row.

    An input row is updated for its target and its negative samples. An output row is updated for
    one pair, or for all pairs of a window or block at once.
    """
    inputs, outputs, negatives = 1.0 + objective.negative, 1.0, 1.0
    if objective.window_order:
        radius = (objective.window + 1) / 2 if objective.shrink_windows else objective.window
        outputs = min(radius if objective.forward else 2 * radius, objective.max_contexts)
        negatives = outputs * objective.negative / max(1, objective.n_shared_negatives)
    if objective.pairs_per_block:
        outputs = 1.0
        negatives = objective.pairs_per_block * objective.negative / objective.n_shared_negatives
    if objective.negative_output is None:
        outputs = max(outputs, negatives)
    return inputs, outputs, max(1.0, negatives)  # 0 with hierarchical softmax alone


def copies_bytes(row_bytes: int, n_matrices: int, n_workers: int) -> int:
    """Return the bytes of all copies and of their bases, at most.

    Parameters
    ----------
    row_bytes : int
    n_matrices : int
        Different matrices that are trained: 1 if input and output are tied.
    n_workers : int
    """
    n_rows = environment.hot_rows()
    if n_workers < 2 or n_rows == 0:
        return 0
    n_rows = fitting_rows(row_bytes) if n_rows is None else 1 << max(0, n_rows - 1).bit_length()
    return 2 * n_workers * n_matrices * n_rows * row_bytes
