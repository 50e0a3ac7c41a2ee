"""Replicas: compact copies of the rows that a part of the data uses, with numbers of their own.

`fastsgns.training.replicas` describes them. All functions here take time in proportion to the data
of a part, not to the vocabulary: `numbers`, which has an entry for each id, is filled once with -1,
and each part resets the entries that it has set.

collect      list the distinct ids of an array
number       number listed ids
renumber     translate ids to their numbers
forget       reset the numbers of listed ids
draw         draw ids of a distribution
flatten      concatenate the lists of some words
gather       copy rows
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t, uint32_t, uint64_t
from libc.string cimport memcpy

from fastsgns.kernels.rng cimport next_random
from fastsgns.kernels.state cimport prefetch_row

cdef enum:
    ROWS_AHEAD = 6  # rows that are prefetched
    UNKNOWN = -1  # of ids without a number
    LISTED = -2  # of ids that `collect` has listed


def collect(const int32_t[::1] ids not None, int32_t[::1] numbers not None,
            int32_t[::1] found not None, int64_t n_found):
    """Append the ids that have no number yet to found[:n_found], each once.

    Parameters
    ----------
    ids : ndarray of int32
    numbers : ndarray of int32
        The number of each id, or -1. Those that are appended get -2.
    found : ndarray of int32
        Has room for all ids.
    n_found : int

    Returns
    -------
    int
        Number of ids in `found`.

    Raises
    ------
    ValueError
        If an id is outside 0 .. len(numbers) - 1, or `found` has no room.
    """
    cdef int64_t i, n = n_found, n_ids = ids.shape[0], room = found.shape[0]
    cdef uint32_t n_numbers = <uint32_t>numbers.shape[0]
    cdef int32_t row
    cdef bint valid = True
    with nogil:
        for i in range(n_ids):
            row = ids[i]
            if <uint32_t>row >= n_numbers:
                valid = False
                break
            if numbers[row] == UNKNOWN:
                if n == room:
                    valid = False
                    break
                numbers[row] = LISTED
                found[n] = row
                n += 1
    if not valid:
        forget(found[n_found:n], numbers)
        raise ValueError(f"the data holds an id outside 0 .. {numbers.shape[0] - 1}, or there are "
                         f"more than {room} ids")
    return n


def number(const int32_t[::1] found not None, int32_t[::1] numbers not None, int32_t first):
    """Set the numbers of the ids in `found` to first, first + 1, ..."""
    cdef int64_t k
    with nogil:
        for k in range(found.shape[0]):
            numbers[found[k]] = first + <int32_t>k


def renumber(const int32_t[::1] ids not None, const int32_t[::1] numbers not None,
             int32_t[::1] out not None):
    """Write the number of each id, which `collect` has seen, to `out`."""
    cdef int64_t i
    if out.shape[0] != ids.shape[0]:
        raise ValueError(f"{ids.shape[0]} ids have no room in {out.shape[0]} entries")
    with nogil:
        for i in range(ids.shape[0]):
            out[i] = numbers[ids[i]]


def forget(const int32_t[::1] found not None, int32_t[::1] numbers not None):
    """Reset the numbers of the ids in `found`."""
    cdef int64_t k
    with nogil:
        for k in range(found.shape[0]):
            numbers[found[k]] = UNKNOWN


def draw(const double[::1] cumulated not None, uint64_t stream, int32_t[::1] out not None):
    """Fill `out` with ids of a distribution, each within 1 as often as expected, in their order.

    This is systematic sampling: the ids are those at len(out) places with equal distances, of which
    the first is drawn. The expected number of each id is len(out) times its probability.

    Parameters
    ----------
    cumulated : ndarray of float64, shape (V,)
        The probability of each id and of those before it; the last is 1.
    stream : int
        State of the random generator (`rng.h`).
    out : ndarray of int32
    """
    cdef int64_t i, low, high, middle, step, n = out.shape[0], last = cumulated.shape[0] - 1
    cdef double shift, place
    if n == 0:
        return
    if last < 0:
        raise ValueError("a distribution over no ids cannot be drawn from")
    with nogil:
        shift = (next_random(&stream) >> 11) * (1.0 / (<uint64_t>1 << 53))
        low = 0
        for i in range(n):
            place = (i + shift) / n
            step = 1
            high = low
            while high < last and cumulated[high] <= place:  # at most twice as far as needed
                low = high + 1
                high = min(high + step, last)
                step *= 2
            while low < high:
                middle = (low + high) // 2
                if cumulated[middle] <= place:
                    low = middle + 1
                else:
                    high = middle
            low = min(low, last)
            out[i] = <int32_t>low


def flatten(const int64_t[::1] starts not None, const int32_t[::1] words not None):
    """Return where the lists of some words begin if they are concatenated, and their entries.

    Parameters
    ----------
    starts : ndarray of int64, shape (V + 1,)
        The list of word i has the entries starts[i] .. starts[i + 1] - 1.
    words : ndarray of int32, shape (n,)

    Returns
    -------
    new_starts : ndarray of int64, shape (n + 1,)
    entries : ndarray of int64, shape (new_starts[n],)
        The place of each entry in the old lists.

    Examples
    --------
    >>> flatten(np.array([0, 2, 2, 5]), np.array([2, 0], np.int32))
    (array([0, 3, 5]), array([2, 3, 4, 0, 1]))
    """
    cdef int64_t k, i, n = words.shape[0], place = 0
    cdef int64_t[::1] new_starts, entries
    result = np.zeros(n + 1, np.int64)
    new_starts = result
    with nogil:
        for k in range(n):
            new_starts[k + 1] = new_starts[k] + starts[words[k] + 1] - starts[words[k]]
    places = np.empty(new_starts[n], np.int64)
    entries = places
    with nogil:
        for k in range(n):
            for i in range(starts[words[k]], starts[words[k] + 1]):
                entries[place] = i
                place += 1
    return result, places


def gather(const uint8_t[:, ::1] matrix not None, const int32_t[::1] rows not None,
           uint8_t[:, ::1] out not None):
    """Copy rows of a matrix, as bytes, to `out`, without the GIL.

    Raises
    ------
    ValueError
        If `out` has another shape, or a row is not one of the matrix.
    """
    cdef int64_t k, n = rows.shape[0], n_bytes = matrix.shape[1]
    cdef uint32_t n_rows = <uint32_t>matrix.shape[0]
    cdef bint valid = True
    if out.shape[0] != n or out.shape[1] != n_bytes:
        raise ValueError(f"{n} rows of {n_bytes} bytes do not fit ({out.shape[0]}, {out.shape[1]})")
    if n == 0 or n_bytes == 0:
        return
    with nogil:
        for k in range(n):
            if <uint32_t>rows[k] >= n_rows:
                valid = False
                break
        if valid:
            for k in range(n):
                if k + ROWS_AHEAD < n:
                    prefetch_row(&matrix[rows[k + ROWS_AHEAD], 0], n_bytes)
                memcpy(&out[k, 0], &matrix[rows[k], 0], n_bytes)
    if not valid:
        raise ValueError(f"a row is not between 0 and {matrix.shape[0] - 1}")
