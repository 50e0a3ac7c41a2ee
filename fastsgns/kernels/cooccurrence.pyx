"""Weighted counts of the words within a window of each word, row by row of the matrix.

`collect_occurrences` gathers the positions of a range of focus words by a counting sort.
`count_rows` then sums one row after the other in an array with one cell per word, which fits into
the processor's caches. A bitmap of two levels marks the cells in use, so that a finished row is
written with its columns in ascending order. Rows are independent: any number of threads may share
them, and a row does not depend on which other rows were counted in the same call.
"""

from libc.stdint cimport int32_t, int64_t, uint64_t

from fastsgns.kernels.state cimport prefetch_read

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
    WINDOW_BITS = 12  # of an occurrence, for the number of contexts on each side
    WINDOW_MASK = (1 << WINDOW_BITS) - 1
    PREFETCH_DISTANCE = 8  # occurrences

MAX_WINDOW = WINDOW_MASK

# The arrays with which a row is summed. An occurrence of a focus word is a number with the bits
# position << 24 | contexts before << 12 | contexts after. Bit c of `bitmap` is set if column c has
# a sum; bit w of `index` is set if the 64-bit word w of `bitmap` is not 0.
cdef struct RowCounter:
    const int32_t *ids
    const int64_t *distance_units
    int64_t *sums
    uint64_t *bitmap
    uint64_t *index


cdef inline void add_context(const RowCounter *row, int32_t column, int64_t units) noexcept nogil:
    """Add `units` to the cell of `column`, and mark it in the bitmap if it was 0."""
    if row.sums[column] == 0:
        row.bitmap[column >> 6] |= <uint64_t>1 << (column & 63)
        row.index[column >> 12] |= <uint64_t>1 << (column >> 6 & 63)
    row.sums[column] += units


cdef inline const int32_t *focus_address(const RowCounter *row, uint64_t occurrence) noexcept nogil:
    """Return the address of the focus word of an occurrence."""
    return row.ids + (occurrence >> 2 * WINDOW_BITS)


cdef void sum_row(const RowCounter *row, const uint64_t *occurrences, int64_t n) noexcept nogil:
    """Sum one row: add distance_units[d - 1] per context word at distance d of an occurrence."""
    cdef int64_t i, distance
    cdef const int32_t *focus
    for i in range(n):
        focus = focus_address(row, occurrences[i])
        prefetch_read(focus_address(row, occurrences[min(i + PREFETCH_DISTANCE, n - 1)]))
        for distance in range(1, <int64_t>(occurrences[i] >> WINDOW_BITS & WINDOW_MASK) + 1):
            add_context(row, (focus - distance)[0], row.distance_units[distance - 1])
        for distance in range(1, <int64_t>(occurrences[i] & WINDOW_MASK) + 1):
            add_context(row, focus[distance], row.distance_units[distance - 1])


cdef int64_t write_row(const RowCounter *row, int64_t n_index_words, double units_per_count,
                       int32_t *columns, float *weights) noexcept nogil:
    """Write the cells in use, with ascending columns, and clear them; return their number."""
    cdef int64_t group, word, column, n = 0
    for group in range(n_index_words):
        while row.index[group]:
            word = 64 * group + lowest_bit(row.index[group])
            while row.bitmap[word]:
                column = 64 * word + lowest_bit(row.bitmap[word])
                columns[n] = <int32_t>column
                weights[n] = <float>(row.sums[column] / units_per_count)
                row.sums[column] = 0
                row.bitmap[word] &= row.bitmap[word] - 1
                n += 1
            row.index[group] &= row.index[group] - 1
    return n


def collect_occurrences(const int32_t[::1] ids not None, const int64_t[::1] offsets not None,
                        int32_t first, int64_t[::1] cursors not None,
                        const int64_t[::1] stops not None, int64_t n_before, int64_t n_after,
                        uint64_t[::1] occurrences not None):
    """Collect the positions of a range of words, with the numbers of their context words.

    Parameters
    ----------
    ids, offsets : ndarray of int32, int64
        The corpus: sentence i is ``ids[offsets[i]:offsets[i + 1]]``.
    first : int
        The first of ``len(cursors)`` consecutive words.
    cursors, stops : ndarray of int64, shape (n,)
        The occurrences of word ``first + i`` are written to
        ``occurrences[cursors[i]:stops[i]]``, and ``cursors[i]`` is advanced to ``stops[i]``.
    n_before, n_after : int
        Largest number of contexts on each side, at most MAX_WINDOW.
    occurrences : ndarray of uint64
        Receives position << 24 | contexts before << 12 | contexts after.

    Returns
    -------
    int
        Number of (focus word, context word) pairs.

    Raises
    ------
    ValueError
        If a word has fewer or more occurrences than announced, or the arrays do not fit.
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
                    <uint64_t>position << 2 * WINDOW_BITS | before << WINDOW_BITS | after)
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
               const int64_t[::1] starts not None,
               const int64_t[::1] distance_units not None, double units_per_count,
               int64_t[::1] sums not None, uint64_t[::1] bitmap not None, bint both_sides,
               int32_t[::1] columns not None, float[::1] weights not None,
               int64_t[::1] n_cells not None):
    """Sum row after row, until there may be no room for the next one.

    Parameters
    ----------
    ids : ndarray of int32
        The corpus; each id is below ``len(sums)``.
    occurrences : ndarray of uint64
        As `collect_occurrences` writes them.
    starts : ndarray of int64, shape (n + 1,)
        Row i has ``occurrences[starts[i]:starts[i + 1]]``.
    distance_units : ndarray of int64, shape (window,)
        What a context word at distance 1, 2, ... adds; more than 0.
    units_per_count : float
        A cell with that sum gets the weight 1.
    sums, bitmap : ndarray of int64, uint64, shapes (V,), (bitmap_size(V),)
        Working memory: zero before and after.
    both_sides : bool
        Whether occurrences have contexts on both sides, which may be twice as many.
    columns, weights : ndarray of int32, float32
        Receive the cells, row after row.
    n_cells : ndarray of int64, shape (n,)
        Receives the number of cells of each row.

    Returns
    -------
    n_rows, n_written : int
        Number of rows summed and of cells written.

    Raises
    ------
    ValueError
        If the arrays do not fit each other.
    """
    cdef int64_t n_words = sums.shape[0], n_rows = n_cells.shape[0], n = 0, i = 0, max_cells
    cdef int64_t n_bitmap_words = (n_words + 63) // 64, n_index_words = (n_words + 4095) // 4096
    cdef int64_t capacity = min(columns.shape[0], weights.shape[0])
    cdef int64_t max_contexts = distance_units.shape[0] * (2 if both_sides else 1)
    cdef RowCounter row
    if (starts.shape[0] != n_rows + 1 or starts[n_rows] > occurrences.shape[0]
            or bitmap.shape[0] < n_bitmap_words + n_index_words
            or distance_units.shape[0] > MAX_WINDOW):
        raise ValueError("the arrays do not fit each other")
    if not n_rows or not capacity:
        return 0, 0
    row.ids = &ids[0] if ids.shape[0] else NULL
    row.distance_units, row.sums = &distance_units[0], &sums[0]
    row.bitmap, row.index = &bitmap[0], &bitmap[0] + n_bitmap_words
    with nogil:
        while i < n_rows:
            max_cells = min(n_words, max_contexts * (starts[i + 1] - starts[i]))
            if n + max_cells > capacity:
                break
            n_cells[i] = 0
            if max_cells:
                sum_row(&row, &occurrences[starts[i]], starts[i + 1] - starts[i])
                n_cells[i] = write_row(&row, n_index_words, units_per_count, &columns[0] + n,
                                       &weights[0] + n)
            n += n_cells[i]
            i += 1
    return i, n


def bitmap_size(int64_t n_words):
    """Return the number of 64-bit words of a bitmap of two levels for `n_words` cells."""
    return (n_words + 63) // 64 + (n_words + 4095) // 4096
