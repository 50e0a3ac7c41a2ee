# Lock factors: rows whose updates are multiplied by a number, such as 0 to keep them as they are.
#
# Contents
#   copy_row                 put a copy of a row in its place
#   lock_rows                do so for the rows whose lock factor is not 1
#   apply_copies             add the changes of the copies to the rows
#   are_frozen               whether no row of a list would change
#
# A row operation trains a copy of the row, and afterwards the change of the copy is multiplied by
# the factor and added to the row. The operations (rows.h) thus need to know nothing of factors.
# The copies of a step form a stack, `Worker.copies`. A row that is listed twice has two copies.

from libc.stdint cimport int32_t
from libc.string cimport memcpy

from fastsgns.kernels.state cimport Model, RowCopies, Worker


cdef inline void *copy_row(const Model *model, Worker *worker, void *row, double factor) \
        noexcept nogil:
    """Return the address of a copy of a row; `apply_copies` adds factor * (its change) to the row.
    """
    cdef RowCopies *copies = &worker.copies
    cdef int k = copies.n
    copies.rows[k], copies.factors[k] = row, factor
    model.ops.gather(copies.copy_rows[k], copies.rows + k, 1, model.width, 1.0)
    if factor != 0:
        memcpy(copies.before + k * model.row_bytes, copies.copy_rows[k], model.row_bytes)
    copies.n += 1
    return copies.copy_rows[k]


cdef inline void lock_rows(const Model *model, Worker *worker, const float *factors,
                           const int32_t *words, int n, void **rows) noexcept nogil:
    """Replace rows[i] by a copy where the lock factor of words[i] is not 1, for i < n.

    factors : the lock factor of each word, or NULL for 1.
    """
    cdef int i
    if factors == NULL:
        return
    for i in range(n):
        if factors[words[i]] != 1:
            rows[i] = copy_row(model, worker, rows[i], factors[words[i]])


cdef inline void apply_copies(const Model *model, Worker *worker, int first) noexcept nogil:
    """Add the changes of all copies but the `first` oldest ones to their rows, and drop them."""
    cdef RowCopies *copies = &worker.copies
    cdef int k
    for k in range(first, copies.n):
        if copies.factors[k] == 0:
            continue
        model.ops.scatter(copies.copy_rows + k, 1, model.width,
                          copies.before + k * model.row_bytes, -1.0)  # copy -= before
        model.ops.scatter(copies.rows + k, 1, model.width, copies.copy_rows[k], copies.factors[k])
    copies.n = first


cdef inline bint are_frozen(const float *factors, const int32_t *words, int n) noexcept nogil:
    """Return whether the lock factors of words[:n] are all 0."""
    cdef int i
    if factors == NULL:
        return False
    for i in range(n):
        if factors[words[i]] != 0:
            return False
    return True
