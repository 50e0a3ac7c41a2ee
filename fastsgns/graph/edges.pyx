"""Neighbours of nodes in compressed rows: check them, merge two sets, make alias tables."""

from libc.math cimport isfinite, rint
from libc.stdint cimport int32_t, int64_t, uint32_t
from libc.stdlib cimport free, malloc

from fastsgns.kernels.ids cimport ascend
from fastsgns.runtime.signals cimport ITEMS_PER_CHECK, check_signals


def check_neighbours(const int64_t[::1] offsets not None, const int32_t[::1] targets not None):
    """Check that walks can follow the edges; return the most edges from a node to another.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        The neighbours of node i are ``targets[offsets[i]:offsets[i + 1]]``.
    targets : ndarray of int32

    Returns
    -------
    int
        The most edges from one node to the same neighbour; 1 if there are no edges.

    Raises
    ------
    ValueError
        If the offsets do not ascend from 0 to the number of edges, a neighbour is not a
        node, or the neighbours of a node are not sorted.
    """
    cdef int64_t n_nodes = offsets.shape[0] - 1, node = 0, edge, check = 0, n_equal, most = 1
    cdef bint good = True
    if not ascend(offsets, targets.shape[0]):
        raise ValueError(f"offsets must ascend from 0 to the number of edges, {targets.shape[0]}")
    with nogil:
        while good and node < n_nodes:
            n_equal = 0
            for edge in range(offsets[node], offsets[node + 1]):
                if not 0 <= targets[edge] < n_nodes or (
                        edge > offsets[node] and targets[edge] < targets[edge - 1]):
                    good = False
                n_equal = n_equal + 1 if n_equal and targets[edge] == targets[edge - 1] else 1
                most = max(most, n_equal)
            node += 1
            if offsets[node] >= check:
                check_signals()
                check = offsets[node] + ITEMS_PER_CHECK
    if not good:
        raise ValueError(f"the neighbours of node {node - 1} must be nodes in ascending order")
    return most


def count_loops(const int64_t[::1] offsets not None, const int32_t[::1] targets not None):
    """Return the number of edges from a node to itself.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
    targets : ndarray of int32

    Raises
    ------
    ValueError
        If `check_neighbours` refuses the rows.
    """
    cdef int64_t node, edge, n_loops = 0, check = 0
    check_neighbours(offsets, targets)
    with nogil:
        for node in range(offsets.shape[0] - 1):
            for edge in range(offsets[node], offsets[node + 1]):
                n_loops += targets[edge] == node
            if offsets[node] >= check:
                check_signals()
                check = offsets[node] + ITEMS_PER_CHECK
    return n_loops


def merge_neighbours(const int64_t[::1] left_offsets not None, const int32_t[::1] left not None,
                     const float[::1] left_weights, const int64_t[::1] right_offsets not None,
                     const int32_t[::1] right not None, const float[::1] right_weights,
                     int64_t[::1] offsets not None, int32_t[::1] targets not None,
                     float[::1] weights):
    """Write the neighbours of each node in two sets of edges as one sorted row.

    A node that is a neighbour in both sets is written twice. Edges of the right set from a node to
    itself are left out: in the out-edges and the in-edges of a graph, they are the same edges.

    Parameters
    ----------
    left_offsets, right_offsets : ndarray of int64, shape (n + 1,)
    left, right : ndarray of int32
    left_weights, right_weights : ndarray of float32, or None
    offsets : ndarray of int64, shape (n + 1,)
    targets : ndarray of int32, shape (len(left) + len(right) - (loops on the right),)
        Receive the rows.
    weights : ndarray of float32, or None
        Receives the weights.

    Raises
    ------
    ValueError
        If the arrays do not fit each other, or `check_neighbours` refuses them.
    """
    cdef int64_t node, i, j, last_i, last_j, at = 0, check = 0
    cdef bint from_left
    check_neighbours(left_offsets, left)
    if (left_offsets.shape[0] != right_offsets.shape[0]
            or left_offsets.shape[0] != offsets.shape[0] or targets.shape[0] != (
                left.shape[0] + right.shape[0] - count_loops(right_offsets, right))):
        raise ValueError("the two sides have different nodes, or the rows do not fit")
    if weights is not None and not (
            left_weights.shape[0] == left.shape[0] and right_weights.shape[0] == right.shape[0]
            and weights.shape[0] == targets.shape[0]):
        raise ValueError("weights must be as many as edges")
    offsets[0] = 0
    with nogil:
        for node in range(left_offsets.shape[0] - 1):
            i, last_i = left_offsets[node], left_offsets[node + 1]
            j, last_j = right_offsets[node], right_offsets[node + 1]
            while i < last_i or j < last_j:
                if j < last_j and right[j] == node:
                    j += 1
                    continue
                from_left = j == last_j or (i < last_i and left[i] <= right[j])
                targets[at] = left[i] if from_left else right[j]
                if weights is not None:
                    weights[at] = left_weights[i] if from_left else right_weights[j]
                i += from_left
                j += not from_left
                at += 1
            offsets[node + 1] = at
            if at >= check:
                check_signals()
                check = at + ITEMS_PER_CHECK


cdef double fill_row(const float *weights, uint32_t *slots, int64_t n, double *scaled,
                     int32_t *stacks) noexcept nogil:
    """Write the alias table of n weights; return their sum, or -1 if it is not a positive number.

    Vose (1991), "A Linear Algorithm for Generating Random Numbers with a Given Distribution":
    a slot with less than the mean probability is filled up from one with more, until that has less.
    `scaled` holds probabilities times n. `stacks` holds two stacks of slots that grow towards each
    other: from the left those with less than 1, from the right the others.
    """
    cdef int64_t n_small = 0, first_large = n, i
    cdef int32_t small, large
    cdef double total = 0
    for i in range(n):
        if not (weights[i] >= 0 and isfinite(weights[i])):
            return -1
        total += weights[i]
    if not total > 0:
        return -1
    for i in range(n):
        scaled[i] = weights[i] * n / total
        slots[2 * i], slots[2 * i + 1] = 0xFFFFFFFFu, <uint32_t>i
        if scaled[i] < 1:
            stacks[n_small] = <int32_t>i
            n_small += 1
        else:
            first_large -= 1
            stacks[first_large] = <int32_t>i
    while n_small and first_large < n:
        n_small -= 1
        small, large = stacks[n_small], stacks[first_large]
        slots[2 * small] = <uint32_t>min(rint(scaled[small] * 4294967296.0), 4294967295.0)
        slots[2 * small + 1] = <uint32_t>large
        scaled[large] -= 1 - scaled[small]
        if scaled[large] < 1:
            first_large += 1
            stacks[n_small] = large
            n_small += 1
    return total


def alias_rows(const int64_t[::1] offsets not None, const float[::1] weights not None,
               uint32_t[:, ::1] slots not None, double[::1] totals not None,
               float[::1] largest=None):
    """Write an alias table of each row of weights, their sum, and the largest of them.

    A table has 8 bytes per edge, and a draw takes O(1).

    A draw that selects slot i of a row returns i with probability ``slots[i, 0] / 2**32``, else
    ``slots[i, 1]``. Both numbers count from the start of the row.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n + 1,)
        Row i is ``weights[offsets[i]:offsets[i + 1]]``.
    weights : ndarray of float32, shape (E,)
    slots : ndarray of uint32, shape (E, 2)
        Receives the tables.
    totals : ndarray of float64, shape (n,)
        Receives the sums; those of empty rows are left as they are.
    largest : ndarray of float32, shape (n,), optional
        Receives the largest weights; those of empty rows are left as they are.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, all of a row are 0, or sizes do not fit.
    MemoryError
    """
    cdef int64_t n_nodes = offsets.shape[0] - 1, longest = 1, node = 0, n, edge
    cdef int64_t check = ITEMS_PER_CHECK
    cdef bint good = True
    cdef double *scaled
    cdef int32_t *stacks
    if slots.shape[0] != weights.shape[0] or slots.shape[1] != 2:
        raise ValueError(f"{weights.shape[0]} weights and {slots.shape[0]} slots")
    if totals.shape[0] != n_nodes:
        raise ValueError(f"{n_nodes} rows and {totals.shape[0]} totals")
    if largest is not None and largest.shape[0] != n_nodes:
        raise ValueError(f"{n_nodes} rows and {largest.shape[0]} largest weights")
    if not ascend(offsets, weights.shape[0]):
        raise ValueError("offsets must ascend from 0 to the number of weights")
    for node in range(n_nodes):
        longest = max(longest, offsets[node + 1] - offsets[node])
    scaled = <double *>malloc(longest * sizeof(double))
    stacks = <int32_t *>malloc(longest * sizeof(int32_t))
    if scaled == NULL or stacks == NULL:
        free(scaled)
        free(stacks)
        raise MemoryError("no memory for an alias table")
    node = 0
    try:
        with nogil:
            while good and node < n_nodes:
                n = offsets[node + 1] - offsets[node]
                if n:
                    totals[node] = fill_row(&weights[offsets[node]], &slots[offsets[node], 0], n,
                                            scaled, stacks)
                    good = totals[node] > 0
                    if largest is not None:
                        largest[node] = 0
                        for edge in range(offsets[node], offsets[node + 1]):
                            largest[node] = max(largest[node], weights[edge])
                node += 1
                if offsets[node] >= check:
                    check_signals()
                    check = offsets[node] + ITEMS_PER_CHECK
    finally:
        free(scaled)
        free(stacks)
    if not good:
        raise ValueError(
            f"the edges of node {node - 1} have weights that are negative, not finite or all 0")
