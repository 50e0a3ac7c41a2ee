"""Edges to compressed rows: stable counting sorts, each O(nodes + edges), without the GIL."""

from libc.stdint cimport int32_t, int64_t

import numpy as np

ctypedef fused real:
    float
    double


cdef int _check_ids(const int32_t[::1] ids, int64_t n) except -1:
    cdef int64_t i
    cdef bint broken = False
    with nogil:
        for i in range(ids.shape[0]):
            if not 0 <= ids[i] < n:
                broken = True
                break
    if broken:
        raise IndexError(f"node {ids[i]} is not between 0 and {n - 1}")
    return 0


cdef void _to_starts(int64_t[::1] offsets) noexcept nogil:
    """Counts at i + 1 to the running sum before i at i + 1; filling the rows makes them ends."""
    cdef int64_t i, count, total = 0
    for i in range(1, offsets.shape[0]):
        count = offsets[i]
        offsets[i] = total
        total += count


def compress(const int32_t[::1] keys not None, const int32_t[::1] others not None, weights,
             int64_t n):
    """Sort edges by key, stably.

    Parameters
    ----------
    keys, others : int32 (E,)
        The two ends of each edge.
    weights : float64 (E,) or None
    n : int
        Nodes; keys are below it.

    Returns
    -------
    offsets : ndarray of int64 (n + 1,)
        The edges of key i are ``offsets[i]:offsets[i + 1]``.
    others : ndarray of int32 (E,)
    weights : ndarray of float64 (E,) or None
    """
    cdef int64_t e, n_edges = keys.shape[0], at
    if others.shape[0] != n_edges or weights is not None and len(weights) != n_edges:
        raise ValueError("the two ends of the edges and their weights differ in number")
    _check_ids(keys, n)
    cdef int64_t[::1] offsets = np.zeros(n + 1, np.int64)
    cdef int32_t[::1] sorted_others = np.empty(n_edges, np.int32)
    cdef bint weighted = weights is not None
    cdef const double[::1] given = weights if weighted else np.empty(0)
    cdef double[::1] sorted_weights = np.empty(n_edges if weighted else 0)
    with nogil:
        for e in range(n_edges):
            offsets[keys[e] + 1] += 1
        _to_starts(offsets)
        for e in range(n_edges):
            at = offsets[keys[e] + 1]
            offsets[keys[e] + 1] += 1
            sorted_others[at] = others[e]
            if weighted:
                sorted_weights[at] = given[e]
    result = np.asarray(sorted_weights) if weighted else None
    return np.asarray(offsets), np.asarray(sorted_others), result


def transpose(const int64_t[::1] offsets not None, const int32_t[::1] others not None, weights,
              int64_t n):
    """Compressed rows of the reversed edges, each row ascending.

    Parameters
    ----------
    offsets : int64 (m + 1,)
    others : int32 (E,)
        Below `n`.
    weights : float32 or float64 (E,), or None
    n : int
        Rows of the result.

    Returns
    -------
    offsets : ndarray of int64 (n + 1,)
    others : ndarray of int32 (E,)
        The rows that the edges came from.
    weights : ndarray of the same type (E,), or None
    """
    check_rows(offsets, others.shape[0])
    _check_ids(others, n)
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


cdef void _transpose(const int64_t[::1] offsets, const int32_t[::1] others,
                     const real[::1] weights, int64_t[::1] new_offsets, int32_t[::1] sources,
                     real[::1] new_weights):
    cdef int64_t row, e, at
    cdef bint weighted = weights is not None
    with nogil:
        for e in range(others.shape[0]):
            new_offsets[others[e] + 1] += 1
        _to_starts(new_offsets)
        for row in range(offsets.shape[0] - 1):
            for e in range(offsets[row], offsets[row + 1]):
                at = new_offsets[others[e] + 1]
                new_offsets[others[e] + 1] += 1
                sources[at] = <int32_t>row
                if weighted:
                    new_weights[at] = weights[e]


def check_rows(const int64_t[::1] offsets not None, int64_t n_edges):
    """ValueError unless `offsets` ascend from 0 to the number of edges."""
    cdef int64_t i
    cdef bint sound = offsets.shape[0] > 0 and offsets[0] == 0
    sound = sound and offsets[offsets.shape[0] - 1] == n_edges
    if sound:
        with nogil:
            for i in range(offsets.shape[0] - 1):
                if offsets[i] > offsets[i + 1]:
                    sound = False
                    break
    if not sound:
        raise ValueError(f"the offsets of the rows do not ascend from 0 to {n_edges}")


def sum_duplicates(int64_t[::1] offsets not None, int32_t[::1] others not None,
                   double[::1] weights not None):
    """Sum the weights of equal neighbours of ascending rows, in place, and drop those of sum 0.

    A sum counts as 0 if it is 0 in float32. Returns how many edges are left: they are the first.
    """
    check_rows(offsets, others.shape[0])
    if weights.shape[0] != others.shape[0]:
        raise ValueError(f"{others.shape[0]} edges with {weights.shape[0]} weights")
    cdef int64_t row, e, stop, kept = 0, begin = 0
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
                    others[kept] = others[e - 1]
                    weights[kept] = total
                    kept += 1
            offsets[row + 1] = kept
    return kept


def has_duplicates(const int64_t[::1] offsets not None, const int32_t[::1] others not None):
    """Whether any row of ascending rows holds a neighbour twice."""
    check_rows(offsets, others.shape[0])
    cdef int64_t row, e
    with nogil:
        for row in range(offsets.shape[0] - 1):
            for e in range(offsets[row] + 1, offsets[row + 1]):
                if others[e] == others[e - 1]:
                    with gil:
                        return True
    return False


def find_edges(const int64_t[::1] offsets not None, const int32_t[::1] others not None,
               const int32_t[::1] rows not None, const int32_t[::1] wanted not None):
    """Where `wanted` stands in its row, by bisection of ascending rows; -1: nowhere.

    Returns
    -------
    ndarray of int64 (n,)
        Indices in `others`.
    """
    check_rows(offsets, others.shape[0])
    _check_ids(rows, offsets.shape[0] - 1)
    cdef int64_t i, low, high, middle, n = rows.shape[0]
    if wanted.shape[0] != n:
        raise ValueError(f"{n} sources with {wanted.shape[0]} targets")
    cdef int64_t[::1] places = np.empty(n, np.int64)
    with nogil:
        for i in range(n):
            low, high = offsets[rows[i]], offsets[rows[i] + 1]
            while low < high:
                middle = (low + high) >> 1
                if others[middle] < wanted[i]:
                    low = middle + 1
                else:
                    high = middle
            if low < offsets[rows[i] + 1] and others[low] == wanted[i]:
                places[i] = low
            else:
                places[i] = -1
    return np.asarray(places)
