"""The merge of replicas: a row of a matrix and its trained copies become one row.

`fastsgns.training.merge` explains the rules. Changes are summed in the order of the parts, and each
row depends on nothing but its own copies, so that rows can be divided between threads in any way.
"""

from libc.math cimport expm1, fabs
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport free, malloc

import numpy as np

ctypedef fused real:
    float
    double

cdef struct Part:
    const int32_t *rows
    const void *values
    const float *loads
    int64_t n
    int64_t at  # the next row that is to be merged
    int64_t next  # its number, or NO_ROW

cdef int64_t NO_ROW = 2**62

RULES = ("damped", "sum", "mean")

cdef enum:
    DAMPED = 0
    SUM = 1
    MEAN = 2

cdef struct Curvature:
    const float *direction
    double along
    double across


def are_ascending(const int32_t[::1] rows not None, int64_t n_rows):
    """Return whether row numbers ascend, without repetition, and are below `n_rows`."""
    cdef int64_t i
    cdef bint valid = True
    with nogil:
        for i in range(1, rows.shape[0]):
            valid &= rows[i - 1] < rows[i]
    return valid and (rows.shape[0] == 0 or rows[0] >= 0 and rows[rows.shape[0] - 1] < n_rows)


def merge_rows(real[:, ::1] matrix not None, list parts not None, int64_t first, int64_t stop,
               const float[::1] direction not None, double along, double across, str rule not None):
    """Merge the rows from `first` on and below `stop`.

    Parameters
    ----------
    matrix : ndarray of float32 or float64, shape (V, width)
        Changed in place.
    parts : list of (ndarray of int32, ndarray, ndarray of float32)
        Rows, values and loads of each part, with rows for which `are_ascending` is true.
    first, stop : int
        A range of rows.
    direction : ndarray of float32, shape (width,)
    along, across : float
        As of `fastsgns.training.merge.Curvature`.
    rule : str
        One of `RULES`.

    Returns
    -------
    int
        The first row that would no longer be finite, or -1. Such rows are left as they were.

    Raises
    ------
    ValueError
        If the arrays do not fit, or the rule is unknown.
    """
    cdef int64_t n_parts = len(parts), width = matrix.shape[1], bad = -1
    cdef int number = RULES.index(rule)
    cdef int i
    cdef real[::1] scratch = np.empty(width + 1, np.asarray(matrix).dtype)
    cdef int[::1] having = np.empty(n_parts + 1, np.intc)
    cdef Curvature curvature
    cdef real *rows = &matrix[0, 0] if matrix.shape[0] and width else NULL
    cdef const int32_t[::1] ids
    cdef const real[:, ::1] values
    cdef const float[::1] loads
    cdef Part *each
    if rows == NULL or n_parts == 0:
        return -1
    if direction.shape[0] != width:
        raise ValueError(
            f"the direction has {direction.shape[0]} numbers; the matrix has rows of {width}")
    curvature.direction, curvature.along, curvature.across = &direction[0], along, across
    each = <Part *>malloc(n_parts * sizeof(Part))
    if each == NULL:
        raise MemoryError(f"no memory for {n_parts} parts")
    try:
        for i, (ids, values, loads) in enumerate(parts):
            each[i].n = ids.shape[0]
            if (values.shape[0] != each[i].n or loads.shape[0] != each[i].n
                    or values.shape[1] != width):
                raise ValueError(
                    f"part {i} has {each[i].n} rows, values of shape "
                    f"{values.shape[0], values.shape[1]} and {loads.shape[0]} loads; the matrix "
                    f"has rows of {width}")
            if each[i].n:
                each[i].rows, each[i].values, each[i].loads = &ids[0], &values[0, 0], &loads[0]
            each[i].at = lower_bound(&each[i], first)
            set_next(&each[i])
        with nogil:
            bad = merge_range(rows, each, n_parts, stop, width, &curvature, number,
                              &having[0], &scratch[0])
    finally:
        free(each)
    return bad


cdef int64_t lower_bound(const Part *part, int64_t row) noexcept nogil:
    """Return where in a part the rows from `row` on begin."""
    cdef int64_t low = 0, high = part.n, middle
    while low < high:
        middle = (low + high) // 2
        if part.rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


cdef inline void set_next(Part *part) noexcept nogil:
    """Note the next row of a part."""
    part.next = part.rows[part.at] if part.at < part.n else NO_ROW


cdef int64_t merge_range(real *matrix, Part *parts, int64_t n_parts, int64_t stop, int64_t width,
                         const Curvature *curvature, int rule, int *having,
                         real *change) noexcept nogil:
    """Merge all rows below `stop` that any part still has; return the first that is not finite."""
    cdef int64_t row, bad = -1
    cdef int i, n
    cdef bint finite
    while True:
        row, n = stop, 0
        for i in range(n_parts):
            if parts[i].next < row:
                row, n = parts[i].next, 0
            if parts[i].next == row:
                having[n] = i
                n += 1
        if row == stop:
            return bad
        finite = merge_row(matrix + row * width, parts, n_parts, having, n, width, curvature, rule,
                           change)
        if not finite and bad < 0:
            bad = row
        for i in range(n):
            parts[having[i]].at += 1
            set_next(&parts[having[i]])


cdef bint merge_row(real *old, const Part *parts, int64_t n_parts, const int *having, int n,
                    int64_t width, const Curvature *curvature, int rule,
                    real *change) noexcept nogil:
    """Merge a row that the parts ``having[:n]`` have; return whether it is finite."""
    cdef int64_t j
    cdef int i
    cdef double total = 0, moved_along = 0, moved_across = 0, load, weight = 1
    cdef const real *values = values_of(&parts[having[0]], old, width)
    if n == 1 and (rule != MEAN or n_parts == 1):
        return store_values(old, values, width)
    for j in range(width):
        change[j] = values[j] - old[j]
    for i in range(1, n):
        values = values_of(&parts[having[i]], old, width)
        for j in range(width):
            change[j] += values[j] - old[j]
    if rule == MEAN:
        weight = 1.0 / n_parts
    elif rule == DAMPED:
        for i in range(n):
            load = parts[having[i]].loads[parts[having[i]].at]
            total += load
            moved_along -= expm1(-load * curvature.along)
            moved_across -= expm1(-load * curvature.across)
        weight = weight_of(total, curvature.across, moved_across)
        add_along(change, curvature.direction, width,
                  weight_of(total, curvature.along, moved_along) / weight - 1)
    return store_sum(old, change, weight, width)


cdef inline const real *values_of(const Part *part, const real *_, int64_t width) noexcept nogil:
    """Return the values of the next row of a part."""
    return <const real *>part.values + part.at * width


cdef inline double weight_of(double load, double curvature, double moved) noexcept nogil:
    """Return the weight of changes: what one worker would have moved, by the sum of the parts."""
    return -expm1(-load * curvature) / moved if moved > 0 else 1


cdef void add_along(real *change, const float *direction, int64_t width,
                    double factor) noexcept nogil:
    """Add `factor` times the part of a change that is along a direction of length 1."""
    cdef int64_t j
    cdef double part = 0
    for j in range(width):
        part += change[j] * direction[j]
    for j in range(width):
        change[j] += <real>(factor * part * direction[j])


cdef bint store_values(real *old, const real *values, int64_t width) noexcept nogil:
    """Replace a row with the values of one part, if they are finite; return whether they are."""
    cdef int64_t j
    cdef bint finite = True
    for j in range(width):
        finite &= fabs(values[j]) <= largest(old)
    if finite:
        for j in range(width):
            old[j] = values[j]
    return finite


cdef bint store_sum(real *old, real *change, double weight, int64_t width) noexcept nogil:
    """Add the weighted change to a row, if the sum is finite; return whether it is."""
    cdef int64_t j
    cdef bint finite = True
    for j in range(width):
        change[j] = old[j] + <real>weight * change[j]
        finite &= fabs(change[j]) <= largest(old)
    if finite:
        for j in range(width):
            old[j] = change[j]
    return finite


cdef inline double largest(const real *_) noexcept nogil:
    """Return the largest finite number of the type."""
    return 3.4028234663852886e38 if sizeof(real) == 4 else 1.7976931348623157e308
