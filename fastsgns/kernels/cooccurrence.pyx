"""Weighted counts of the words within a window of each word, row by row of the matrix.

`collect_occurrences` gathers the positions of a range of focus words by a counting sort.
`count_rows` then sums one row after the other in an array with one cell per word, which fits into
the processor's caches. A bitmap of two levels marks the cells in use, so that a finished row is
written with its columns in ascending order. Rows are independent: any number of threads may share
them, and a row does not depend on which other rows were counted in the same call.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t

cdef extern from "rows.h" nogil:
    void prefetch_read(const void *slot)

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define lowest_bit(word) __builtin_ctzll(word)
    #else
    static int lowest_bit(unsigned long long word) {
        int bit = 0;
        while (!(word >> bit & 1)) bit++;
        return bit;
    }
    #endif
    """
    int lowest_bit(uint64_t word) nogil

cdef enum:
    REACH_BITS = 12
    REACH_MASK = (1 << REACH_BITS) - 1
    AHEAD = 8

MAX_WINDOW = REACH_MASK

cdef struct Row:
    const int32_t *ids
    const int64_t *units
    int64_t *sums
    uint64_t *marks
    uint64_t *groups


cdef inline void add(const Row *row, int32_t column, int64_t unit) noexcept nogil:
    if row.sums[column] == 0:
        row.marks[column >> 6] |= <uint64_t>1 << (column & 63)
        row.groups[column >> 12] |= <uint64_t>1 << (column >> 6 & 63)
    row.sums[column] += unit


cdef inline const int32_t *place(const Row *row, uint64_t occurrence) noexcept nogil:
    return row.ids + (occurrence >> 2 * REACH_BITS)


cdef void sum_row(const Row *row, const uint64_t *occurrences, int64_t n) noexcept nogil:
    """Add up the units of all contexts of one focus word."""
    cdef int64_t i, distance
    cdef const int32_t *focus
    for i in range(n):
        focus = place(row, occurrences[i])
        prefetch_read(place(row, occurrences[min(i + AHEAD, n - 1)]))
        for distance in range(1, <int64_t>(occurrences[i] >> REACH_BITS & REACH_MASK) + 1):
            add(row, (focus - distance)[0], row.units[distance - 1])
        for distance in range(1, <int64_t>(occurrences[i] & REACH_MASK) + 1):
            add(row, focus[distance], row.units[distance - 1])


cdef int64_t emit_row(const Row *row, int64_t n_groups, double unit, int32_t *columns,
                      float *weights) noexcept nogil:
    """Write the marked cells in ascending order and clear them; returns how many."""
    cdef int64_t group, word, column, n = 0
    for group in range(n_groups):
        while row.groups[group]:
            word = 64 * group + lowest_bit(row.groups[group])
            while row.marks[word]:
                column = 64 * word + lowest_bit(row.marks[word])
                columns[n] = <int32_t>column
                weights[n] = <float>(row.sums[column] / unit)
                row.sums[column] = 0
                row.marks[word] &= row.marks[word] - 1
                n += 1
            row.groups[group] &= row.groups[group] - 1
    return n


def collect_occurrences(const int32_t[::1] ids not None, const int64_t[::1] offsets not None,
                        int32_t first, int64_t[::1] cursors not None,
                        const int64_t[::1] stops not None, int64_t n_before, int64_t n_after,
                        uint64_t[::1] occurrences not None):
    """Gather where the words `first` .. stand and how far their contexts reach.

    Parameters
    ----------
    ids, offsets : ndarray of int32, int64
        The corpus: sentence i is ``ids[offsets[i]:offsets[i + 1]]``.
    first : int
        The first word of interest, of ``len(cursors)``.
    cursors, stops : ndarray of int64, shape (n,)
        Word ``first + i`` goes to ``occurrences[cursors[i]:stops[i]]``; `cursors` are moved there.
    n_before, n_after : int
        Contexts on each side, at most MAX_WINDOW.
    occurrences : ndarray of uint64
        Receives position << 24 | contexts before << 12 | contexts after.

    Returns
    -------
    int
        Pairs of a focus and a context.

    Raises
    ------
    ValueError
        If the places are fewer or more than announced.
    """
    cdef int64_t sentence, position, start, stop, before, after, n_pairs = 0
    cdef int64_t n_words = cursors.shape[0]
    cdef uint64_t word
    cdef bint broken = False
    if not (0 <= n_before <= MAX_WINDOW and 0 <= n_after <= MAX_WINDOW):
        raise ValueError(f"a window is 0 .. {MAX_WINDOW}; got {n_before} and {n_after}")
    if (stops.shape[0] != n_words or offsets[0] != 0
            or offsets[offsets.shape[0] - 1] != ids.shape[0]):
        raise ValueError("the stops or the offsets do not fit")
    if n_words and stops[n_words - 1] > occurrences.shape[0]:
        raise ValueError(f"there is room for {occurrences.shape[0]} occurrences only")
    with nogil:
        for sentence in range(offsets.shape[0] - 1):
            start, stop = offsets[sentence], offsets[sentence + 1]
            for position in range(start, stop):
                word = <uint64_t>(<int64_t>ids[position] - first)
                if word >= <uint64_t>n_words:
                    continue
                if cursors[word] >= stops[word]:
                    broken = True
                    break
                before = min(n_before, position - start)
                after = min(n_after, stop - 1 - position)
                occurrences[cursors[word]] = (
                    <uint64_t>position << 2 * REACH_BITS | before << REACH_BITS | after)
                cursors[word] += 1
                n_pairs += before + after
            if broken:
                break
        for position in range(n_words):
            broken |= cursors[position] != stops[position]
    if broken:
        raise ValueError("the ids of the corpus are not those that were counted")
    return n_pairs


def count_rows(const int32_t[::1] ids not None, const uint64_t[::1] occurrences not None,
               const int64_t[::1] starts not None, const int64_t[::1] units not None, double unit,
               int64_t[::1] sums not None, uint64_t[::1] marks not None, bint both_sides,
               int32_t[::1] columns not None, float[::1] weights not None,
               int64_t[::1] n_cells not None):
    """Count row after row until there may be no room for the next one.

    Parameters
    ----------
    ids : ndarray of int32
        The corpus, all of it below ``len(sums)``.
    occurrences : ndarray of uint64
        As `collect_occurrences` made them.
    starts : ndarray of int64, shape (n + 1,)
        Row i has ``occurrences[starts[i]:starts[i + 1]]``.
    units : ndarray of int64, shape (window,)
        What a context at distance 1, 2, ... adds, in parts of `unit`; more than 0.
    unit : float
        Parts that make a weight of 1.
    sums, marks : ndarray of int64, uint64, shapes (V,), (bitmap_size(V),)
        Zero, before and after.
    both_sides : bool
        Whether contexts are taken from both sides, so that there may be twice as many.
    columns, weights : ndarray of int32, float32
        Receive the cells.
    n_cells : ndarray of int64, shape (n,)
        Receives the cells of each row that was counted.

    Returns
    -------
    n_rows, n_written : int
        Rows counted and cells written.

    Raises
    ------
    ValueError
        If the arrays do not fit each other.
    """
    cdef int64_t n_words = sums.shape[0], n_rows = n_cells.shape[0], n = 0, i = 0, most
    cdef int64_t n_marks = (n_words + 63) // 64, n_groups = (n_words + 4095) // 4096
    cdef int64_t capacity = min(columns.shape[0], weights.shape[0])
    cdef int64_t reach = units.shape[0] * (2 if both_sides else 1)
    cdef Row row
    if (starts.shape[0] != n_rows + 1 or starts[n_rows] > occurrences.shape[0]
            or marks.shape[0] < n_marks + n_groups or units.shape[0] > MAX_WINDOW):
        raise ValueError("the arrays do not fit each other")
    if not n_rows or not capacity:
        return 0, 0
    row.ids = &ids[0] if ids.shape[0] else NULL
    row.units, row.sums = &units[0], &sums[0]
    row.marks, row.groups = &marks[0], &marks[0] + n_marks
    with nogil:
        while i < n_rows:
            most = min(n_words, reach * (starts[i + 1] - starts[i]))
            if n + most > capacity:
                break
            n_cells[i] = 0
            if most:
                sum_row(&row, &occurrences[starts[i]], starts[i + 1] - starts[i])
                n_cells[i] = emit_row(&row, n_groups, unit, &columns[0] + n, &weights[0] + n)
            n += n_cells[i]
            i += 1
    return i, n


def bitmap_size(int64_t n_words):
    """The number of 64-bit words that mark `n_words` cells, on both levels."""
    return (n_words + 63) // 64 + (n_words + 4095) // 4096
