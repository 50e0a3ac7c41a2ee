# Checks of ids and of offsets, and lists of distinct ids.

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t


cdef inline int64_t first_invalid(const int32_t[::1] ids, int64_t n_rows) noexcept nogil:
    """Return the first position in `ids` whose id is not in 0 .. n_rows - 1, or -1 if all are."""
    cdef int64_t position
    for position in range(ids.shape[0]):
        if <uint32_t>ids[position] >= n_rows:
            return position
    return -1


cdef inline int check_ids(const int32_t[::1] ids, int64_t n_rows, what) except -1:
    """Raise an IndexError, which calls the id `what`, if an id is not in 0 .. n_rows - 1."""
    cdef int64_t position
    with nogil:
        position = first_invalid(ids, n_rows)
    if position >= 0:
        raise IndexError(f"{what} {ids[position]} is not between 0 and {n_rows - 1}")
    return 0


cdef inline bint ascend(const int64_t[::1] offsets, int64_t n) noexcept nogil:
    """Return whether offsets ascend from 0 to n."""
    cdef int64_t i, last = offsets.shape[0] - 1
    if last < 0 or offsets[0] != 0 or offsets[last] != n:
        return False
    for i in range(last):
        if offsets[i] > offsets[i + 1]:
            return False
    return True


cdef inline int find_or_append(int32_t word, int32_t *words, int *n, uint64_t *seen) noexcept nogil:
    """Return the index of `word` in words[:n[0]], a list of distinct words.

    A word that is not in the list is appended, and n[0] grows by 1. `seen` saves most searches: its
    bit (id mod 64) is set for every id in the list.
    """
    cdef uint64_t bit = <uint64_t>1 << (word & 63)
    cdef int index
    if seen[0] & bit:
        for index in range(n[0]):
            if words[index] == word:
                return index
    seen[0] |= bit
    words[n[0]] = word
    n[0] += 1
    return n[0] - 1
