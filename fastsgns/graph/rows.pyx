"""Compressed rows of edges: made by stable counting sorts in O(nodes + edges), without the GIL."""

from libc.stdint cimport int32_t, int64_t, uint64_t

import numpy as np

from fastsgns.kernels.ids cimport ascend, check_ids
from fastsgns.runtime.signals cimport ITEMS_PER_CHECK, check_signals

cdef enum:
    DIGITS = 65536  # values of 16 bits, one digit of the sort of `descending_order`

ctypedef fused real:
    float
    double


cdef void _to_starts(int64_t[::1] offsets) noexcept nogil:
    """Replace the count of row i, stored at i + 1, by the start of row i.

    Whoever fills the rows advances each start; in the end offsets[i + 1] is the end of row i.
    """
    cdef int64_t i, count, total = 0
    for i in range(1, offsets.shape[0]):
        count = offsets[i]
        offsets[i] = total
        total += count


def add_reverses(const int32_t[::1] sources not None, const int32_t[::1] targets not None,
                 weights):
    """Return edges, followed by the reverse of each edge that is not a loop.

    Parameters
    ----------
    sources, targets : int32 (E,)
    weights : float64 (E,) or None

    Returns
    -------
    sources, targets : ndarray of int32 (2 E - loops,)
    weights : ndarray of float64 (2 E - loops,) or None

    Raises
    ------
    ValueError
        If the arrays differ in length.
    """
    cdef int64_t e, n_edges = sources.shape[0], at = n_edges, n_loops = 0
    cdef bint weighted = weights is not None
    if targets.shape[0] != n_edges or weighted and len(weights) != n_edges:
        raise ValueError("the two ends of the edges and their weights differ in number")
    with nogil:
        for e in range(n_edges):
            n_loops += sources[e] == targets[e]
    cdef int64_t n_both = 2 * n_edges - n_loops
    cdef int32_t[::1] new_sources = np.empty(n_both, np.int32)
    cdef int32_t[::1] new_targets = np.empty(n_both, np.int32)
    cdef const double[::1] old_weights = weights if weighted else np.empty(0)
    cdef double[::1] new_weights = np.empty(n_both if weighted else 0)
    with nogil:
        for e in range(n_edges):
            new_sources[e], new_targets[e] = sources[e], targets[e]
            if weighted:
                new_weights[e] = old_weights[e]
            if sources[e] != targets[e]:
                new_sources[at], new_targets[at] = targets[e], sources[e]
                if weighted:
                    new_weights[at] = old_weights[e]
                at += 1
            if e % ITEMS_PER_CHECK == 0:
                check_signals()
    result = np.asarray(new_weights) if weighted else None
    return np.asarray(new_sources), np.asarray(new_targets), result


def compress(const int32_t[::1] keys not None, const int32_t[::1] others not None, weights,
             int64_t n, const int32_t[::1] rank=None):
    """Sort edges by key into compressed rows; edges with the same key keep their order.

    Parameters
    ----------
    keys, others : int32 (E,)
        The two ends of each edge.
    weights : float64 (E,) or None
    n : int
        Number of nodes; both ends are below it.
    rank : int32 (n,), optional
        Replaces node i by ``rank[i]``, below `n`, before the edges are sorted.

    Returns
    -------
    offsets : ndarray of int64 (n + 1,)
        Row i, the edges with key i, is ``offsets[i]:offsets[i + 1]``.
    others : ndarray of int32 (E,)
    weights : ndarray of float64 (E,) or None

    Raises
    ------
    ValueError
        If the arrays differ in length.
    IndexError
        If a key is out of range.
    """
    cdef int64_t e, n_edges = keys.shape[0], at
    cdef int32_t key
    if others.shape[0] != n_edges or weights is not None and len(weights) != n_edges:
        raise ValueError("the two ends of the edges and their weights differ in number")
    check_ids(keys, n, "node")
    cdef bint ranked = rank is not None
    if ranked:
        if rank.shape[0] != n:
            raise ValueError(f"{rank.shape[0]} ranks of {n} nodes")
        check_ids(rank, n, "rank")
        check_ids(others, n, "node")
    cdef int64_t[::1] offsets = np.zeros(n + 1, np.int64)
    cdef int32_t[::1] sorted_others = np.empty(n_edges, np.int32)
    cdef bint weighted = weights is not None
    cdef const double[::1] old_weights = weights if weighted else np.empty(0)
    cdef double[::1] sorted_weights = np.empty(n_edges if weighted else 0)
    with nogil:
        for e in range(n_edges):
            offsets[(rank[keys[e]] if ranked else keys[e]) + 1] += 1
            if e % ITEMS_PER_CHECK == 0:
                check_signals()
        _to_starts(offsets)
        for e in range(n_edges):
            key = rank[keys[e]] if ranked else keys[e]
            at = offsets[key + 1]
            offsets[key + 1] += 1
            sorted_others[at] = rank[others[e]] if ranked else others[e]
            if weighted:
                sorted_weights[at] = old_weights[e]
            if e % ITEMS_PER_CHECK == 0:
                check_signals()
    result = np.asarray(sorted_weights) if weighted else None
    return np.asarray(offsets), np.asarray(sorted_others), result


def transpose(const int64_t[::1] offsets not None, const int32_t[::1] others not None, weights,
              int64_t n):
    """Return the compressed rows of the reversed edges, each row ascending.

    Parameters
    ----------
    offsets : int64 (m + 1,)
    others : int32 (E,)
        Below `n`.
    weights : float32 or float64 (E,), or None
    n : int
        Number of rows of the result.

    Returns
    -------
    offsets : ndarray of int64 (n + 1,)
    others : ndarray of int32 (E,)
        The rows that the edges came from.
    weights : ndarray of the same type (E,), or None

    Raises
    ------
    ValueError
        If the arrays do not fit each other.
    IndexError
        If an entry of `others` is out of range.
    """
    check_rows(offsets, others.shape[0])
    check_ids(others, n, "node")
    new_offsets, sources = np.zeros(n + 1, np.int64), np.empty(len(others), np.int32)
    if weights is None:
        _transpose[float](offsets, others, None, new_offsets, sources, None)
        return new_offsets, sources, None
    if len(weights) != len(others):
        raise ValueError(f"{len(others)} edges with {len(weights)} weights")
    new_weights = np.empty_like(weights)
    if weights.dtype == np.float32:
        _transpose[float](offsets, others, weights, new_offsets, sources, new_weights)
    else:
        _transpose[double](offsets, others, weights, new_offsets, sources, new_weights)
    return new_offsets, sources, new_weights


cdef int _transpose(const int64_t[::1] offsets, const int32_t[::1] others,
                    const real[::1] weights, int64_t[::1] new_offsets, int32_t[::1] sources,
                    real[::1] new_weights) except -1:
    cdef int64_t row, e, at, check = 0
    cdef bint weighted = weights is not None
    with nogil:
        for e in range(others.shape[0]):
            new_offsets[others[e] + 1] += 1
            if e % ITEMS_PER_CHECK == 0:
                check_signals()
        _to_starts(new_offsets)
        for row in range(offsets.shape[0] - 1):
            for e in range(offsets[row], offsets[row + 1]):
                at = new_offsets[others[e] + 1]
                new_offsets[others[e] + 1] += 1
                sources[at] = <int32_t>row
                if weighted:
                    new_weights[at] = weights[e]
            if offsets[row + 1] >= check:
                check_signals()
                check = offsets[row + 1] + ITEMS_PER_CHECK
    return 0


def check_rows(const int64_t[::1] offsets not None, int64_t n_edges):
    """Raise a ValueError unless `offsets` ascend from 0 to the number of edges."""
    cdef bint valid
    with nogil:
        valid = ascend(offsets, n_edges)
    if not valid:
        raise ValueError(f"the offsets of the rows do not ascend from 0 to {n_edges}")


def sum_duplicates(int64_t[::1] offsets not None, int32_t[::1] others not None,
                   double[::1] weights not None):
    """Replace equal neighbours in a row by one with the sum of their weights, in place.

    Neighbours whose sum is 0 in float32 are dropped.

    Parameters
    ----------
    offsets : int64 (n + 1,)
    others : int32 (E,)
        Each row ascending.
    weights : float64 (E,)

    Returns
    -------
    int
        Number of edges left: the first ones of `others` and `weights`.
    """
    check_rows(offsets, others.shape[0])
    if weights.shape[0] != others.shape[0]:
        raise ValueError(f"{others.shape[0]} edges with {weights.shape[0]} weights")
    cdef int64_t row, e, stop, n_kept = 0, begin = 0, check = 0
    cdef double total
    with nogil:
        for row in range(offsets.shape[0] - 1):
            e, stop = begin, offsets[row + 1]
            begin = stop
            while e < stop:
                total = weights[e]
                e += 1
                while e < stop and others[e] == others[e - 1]:
                    total += weights[e]
                    e += 1
                if <float>total != 0:
                    others[n_kept] = others[e - 1]
                    weights[n_kept] = total
                    n_kept += 1
            offsets[row + 1] = n_kept
            if begin >= check:
                check_signals()
                check = begin + ITEMS_PER_CHECK
    return n_kept


def count_duplicates(int64_t[::1] offsets not None, int32_t[::1] others not None):
    """Replace equal neighbours in a row by one, in place, and count them.

    Parameters
    ----------
    offsets : int64 (n + 1,)
    others : int32 (E,)
        Each row ascending.

    Returns
    -------
    ndarray of float32, or None
        How often each neighbour was in its row; the neighbours are now the first ones of `others`.
        None if each was in it once.
    """
    check_rows(offsets, others.shape[0])
    if not _has_duplicates(offsets, others):
        return None
    cdef float[::1] counts = np.empty(others.shape[0], np.float32)
    cdef int64_t row, e, stop, first, n_kept = 0, begin = 0, check = 0
    with nogil:
        for row in range(offsets.shape[0] - 1):
            e, stop = begin, offsets[row + 1]
            begin = stop
            while e < stop:
                first = e
                e += 1
                while e < stop and others[e] == others[first]:
                    e += 1
                others[n_kept] = others[first]
                counts[n_kept] = <float>(e - first)
                n_kept += 1
            offsets[row + 1] = n_kept
            if begin >= check:
                check_signals()
                check = begin + ITEMS_PER_CHECK
    return np.asarray(counts[:n_kept])


cdef bint _has_duplicates(const int64_t[::1] offsets, const int32_t[::1] others) except -1:
    """Return whether an ascending row holds a neighbour twice."""
    cdef int64_t row, e, check = 0
    cdef bint found = False
    with nogil:
        for row in range(offsets.shape[0] - 1):
            for e in range(offsets[row] + 1, offsets[row + 1]):
                found |= others[e] == others[e - 1]
            if found:
                break
            if offsets[row + 1] >= check:
                check_signals()
                check = offsets[row + 1] + ITEMS_PER_CHECK
    return found


def sums_by_node(const int32_t[::1] nodes not None, const float[::1] weights, int64_t n):
    """Return the sum of the weights of the edges at each node, or the number of edges.

    As ``numpy.bincount(nodes, weights, n)``, which needs 16 more bytes per edge.

    Parameters
    ----------
    nodes : int32 (E,)
        One end of each edge.
    weights : float32 (E,), or None
    n : int
        Number of nodes.

    Returns
    -------
    ndarray of float64 (n,)

    Raises
    ------
    ValueError
        If the arrays differ in length.
    IndexError
        If a node is out of range.
    """
    cdef int64_t e
    cdef bint weighted = weights is not None
    if weighted and weights.shape[0] != nodes.shape[0]:
        raise ValueError(f"{nodes.shape[0]} edges with {weights.shape[0]} weights")
    check_ids(nodes, n, "node")
    cdef double[::1] sums = np.zeros(n)
    with nogil:
        for e in range(nodes.shape[0]):
            sums[nodes[e]] += weights[e] if weighted else 1
            if e % ITEMS_PER_CHECK == 0:
                check_signals()
    return np.asarray(sums)


def sums_of_rows(const int64_t[::1] offsets not None, const float[::1] weights not None):
    """Return the sum of each row of weights.

    Parameters
    ----------
    offsets : int64 (n + 1,)
    weights : float32 (E,)

    Returns
    -------
    ndarray of float64 (n,)
    """
    cdef int64_t row, e, check = 0
    check_rows(offsets, weights.shape[0])
    cdef double[::1] sums = np.zeros(offsets.shape[0] - 1)
    with nogil:
        for row in range(offsets.shape[0] - 1):
            for e in range(offsets[row], offsets[row + 1]):
                sums[row] += weights[e]
            if offsets[row + 1] >= check:
                check_signals()
                check = offsets[row + 1] + ITEMS_PER_CHECK
    return np.asarray(sums)


def descending_order(const double[::1] values not None):
    """Return the order of values >= 0 from large to small; equal values keep their order.

    As ``numpy.argsort(-values, kind="stable")``, by a radix sort of the bits of the values: those
    of numbers >= 0 have the order of the numbers. Digits that all values share, as the lower half
    of small whole numbers, take no pass.

    Parameters
    ----------
    values : float64 (n,)
        Not negative, and not NaN.

    Returns
    -------
    ndarray of int64 (n,)
    """
    cdef int64_t i, n = values.shape[0], at, digit = 0
    cdef int shift
    cdef int64_t[::1] old = np.arange(n), new = np.empty(n, np.int64)
    cdef const uint64_t[::1] bits = np.asarray(values).view(np.uint64)
    cdef int64_t[::1] starts = np.empty(DIGITS + 1, np.int64)
    with nogil:
        for shift in range(0, 64, 16):
            starts[:] = 0
            for i in range(n):
                digit = DIGITS - 1 - ((bits[i] >> shift) & (DIGITS - 1))
                starts[digit + 1] += 1
            if starts[digit + 1] == n:
                continue
            _to_starts(starts)
            for i in range(n):
                digit = DIGITS - 1 - ((bits[old[i]] >> shift) & (DIGITS - 1))
                at = starts[digit + 1]
                starts[digit + 1] += 1
                new[at] = old[i]
                if i % ITEMS_PER_CHECK == 0:
                    check_signals()
            old, new = new, old
    return np.asarray(old)


def find_edges(const int64_t[::1] offsets not None, const int32_t[::1] others not None,
               const int32_t[::1] rows not None, const int32_t[::1] neighbours not None):
    """Find edges by bisection in ascending rows.

    Parameters
    ----------
    offsets : int64 (m + 1,)
    others : int32 (E,)
    rows, neighbours : int32 (n,)
        The edges to find: row, and entry of `others` in that row.

    Returns
    -------
    ndarray of int64 (n,)
        Indices in `others`; -1 for an edge that does not exist.
    """
    check_rows(offsets, others.shape[0])
    check_ids(rows, offsets.shape[0] - 1, "node")
    cdef int64_t i, low, high, middle, n = rows.shape[0]
    if neighbours.shape[0] != n:
        raise ValueError(f"{n} sources with {neighbours.shape[0]} targets")
    cdef int64_t[::1] found = np.empty(n, np.int64)
    with nogil:
        for i in range(n):
            low, high = offsets[rows[i]], offsets[rows[i] + 1]
            while low < high:
                middle = (low + high) >> 1
                if others[middle] < neighbours[i]:
                    low = middle + 1
                else:
                    high = middle
            if low < offsets[rows[i] + 1] and others[low] == neighbours[i]:
                found[i] = low
            else:
                found[i] = -1
            if i % ITEMS_PER_CHECK == 0:
                check_signals()
    return np.asarray(found)
