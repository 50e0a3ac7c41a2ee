"""sum_rows: sums and means of rows, computed in threads."""

from itertools import pairwise

import numpy as np

from fastsgns import kernels
from fastsgns.kernels.bags import sum_bags
from fastsgns.runtime.threads import WorkerPool

THREAD_NUMBERS = 1 << 20  # to be read per thread: less time than this takes is lost to its start
PARTS = 4  # per thread, as parts with equal numbers of ids may take different times


def sum_rows(
    starts: np.ndarray,
    ids: np.ndarray,
    rows: np.ndarray,
    out: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    mean: bool = False,
    add: bool = False,
    n_threads: int = 1,
) -> None:
    """Write the sum or the mean of the rows of each bag to `out`.

    The result does not depend on the number of threads, nor on the kernel variant.

    Parameters
    ----------
    starts : ndarray of int64, shape (n + 1,)
        Bag i has the ids ``ids[starts[i]:starts[i + 1]]``.
    ids : ndarray of int32
        Numbers of rows; an id that a bag has twice counts twice.
    rows : ndarray of float32, shape (V, d)
        The numbers of a row must be contiguous; the distance between rows is free.
    out : ndarray of float32, shape (n, d)
        Receives the results, in rows of the same kind.
    weights : ndarray of float32, shape (V,), optional
        The factor of each row.
    mean : bool
        Divide by the number of ids, which is not the sum of the weights. A bag without ids is not
        divided.
    add : bool
        Add to what `out` has, before a division.
    n_threads : int
        At most as many threads are used.

    Raises
    ------
    ValueError
        If the arrays do not fit.
    IndexError
        If a bag has ids that `ids` or `rows` do not have.

    Examples
    --------
    >>> means = np.empty((2, 1), np.float32)
    >>> starts, ids = np.array([0, 3, 3]), np.array([0, 0, 2], np.int32)
    >>> sum_rows(starts, ids, np.array([[1], [2], [7]], np.float32), means, mean=True)
    >>> means.tolist()
    [[3.0], [0.0]]
    """
    variant = kernels.variant()

    def in_thread(_: int, part: tuple[int, int]) -> None:
        first, stop = part
        sum_bags(starts[first : stop + 1], ids, rows, weights, out[first:stop], add, mean, variant)

    n_numbers = (len(ids) + len(out)) * rows.shape[-1]
    n_threads = max(1, min(n_threads, n_numbers // THREAD_NUMBERS))
    if n_threads == 1 or len(starts) != len(out) + 1:
        in_thread(0, (0, max(len(out), len(starts))))
        return
    parts = list(pairwise(_bounds(starts, PARTS * n_threads)))
    WorkerPool(n_threads, parts, in_thread, stop_timeout=None).run()


def _bounds(starts: np.ndarray, n_parts: int) -> list[int]:
    """Return where parts of the bags begin and end; each part has about as many ids."""
    costs = starts + np.arange(len(starts))  # a bag costs something even without ids
    bounds = np.searchsorted(costs, np.linspace(costs[0], costs[-1], n_parts + 1))
    bounds[0], bounds[-1] = 0, len(starts) - 1
    # Starts that are not in order are an error that `sum_bags` finds if no bag is left out.
    ordered: list[int] = np.unique(np.clip(bounds, 0, len(starts) - 1)).tolist()
    return ordered
