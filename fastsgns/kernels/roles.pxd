# The roles of rows: one matrix in both of them, or three in two.

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from fastsgns.kernels.state cimport (
    BOTH_BIAS, NO_BIAS, SCALAR_BIAS, BlockRows, Model, Worker,
)
from fastsgns.kernels.tokens cimport row_of

ctypedef fused real:
    float
    double

cdef enum:
    EXCHANGED_EVERY = 64  # focus words
    SLOWER = 100  # the scalar bias than the rows


# A row w_i of a single matrix enters a score in the input role as a copy,
#
#     s(i, j) = sum_x sign_x w_ix w_jx + bias,        bias = b, b_j or b_i + b_j,
#
# with sign_x = -1 for the first n_flipped coordinates. The verbs of rows.h know of no bias: in the
# columns beyond the dimensions the copy holds what multiplies, or is multiplied by, the row of j.
#
#     column        row            copy (input role)      the copy's gradient is that of
#     scalar    n   1              b                      b
#     word      n   b_j            1                      nothing
#     both      n   b_j            1                      nothing
#               n+1 1              b_i                    b_i, which is column n of the row
#
# What should be 1 in a row is so again after each step.

cdef inline void enter_as(const Model *model, const Worker *worker, real *copy) noexcept nogil:
    cdef int64_t x, n = model.n_dimensions
    for x in range(model.n_flipped):
        copy[x] = -copy[x]
    if model.bias == SCALAR_BIAS:
        copy[n] = <real>worker.scalar
    elif model.bias != NO_BIAS:
        if model.bias == BOTH_BIAS:
            copy[n + 1] = copy[n]
        copy[n] = 1


cdef inline void leave_as(const Model *model, Worker *worker, real *gradient) noexcept nogil:
    cdef int64_t x, n = model.n_dimensions
    for x in range(model.n_flipped):
        gradient[x] = -gradient[x]
    if model.bias == SCALAR_BIAS:
        worker.scalar += gradient[n] / SLOWER
        gradient[n] = 0
    elif model.bias != NO_BIAS:
        gradient[n] = 0
        if model.bias == BOTH_BIAS:
            gradient[n] = gradient[n + 1]
            gradient[n + 1] = 0


cdef inline void restore_as(const Model *model, real *rows, const int32_t *ids, int n_ids) \
        noexcept nogil:
    cdef int64_t column = model.n_dimensions + (model.bias == BOTH_BIAS)
    cdef int j
    for j in range(n_ids):
        rows[ids[j] * model.width + column] = 1


cdef inline void couple_as(real *positive, real *negative, int64_t width, real share) \
        noexcept nogil:
    cdef int64_t x
    cdef real pull
    for x in range(width):
        pull = share * (negative[x] - positive[x])
        positive[x] += pull
        negative[x] -= pull


cdef inline void subtract_as(real *lent, const real *borrowed, int64_t n) noexcept nogil:
    cdef int64_t x
    for x in range(n):
        lent[x] = borrowed[x] - lent[x]


cdef inline void enter(const Model *model, const Worker *worker, char *copy) noexcept nogil:
    """Make the copy of a row, or the mean of several, what it is in the input role."""
    if model.ops.real_size == sizeof(float):
        enter_as(model, worker, <float *>copy)
    else:
        enter_as(model, worker, <double *>copy)


cdef inline void leave(const Model *model, Worker *worker, char *gradient) noexcept nogil:
    """Make the gradient by such a copy that by the row, and move the scalar bias."""
    if model.ops.real_size == sizeof(float):
        leave_as(model, worker, <float *>gradient)
    else:
        leave_as(model, worker, <double *>gradient)


cdef inline void restore(const Model *model, const int32_t *ids, int n_ids) noexcept nogil:
    """Let what is 1 in a row be 1 again."""
    if model.bias != SCALAR_BIAS and model.bias != BOTH_BIAS:
        return
    if model.ops.real_size == sizeof(float):
        restore_as(model, <float *>model.output, ids, n_ids)
    else:
        restore_as(model, <double *>model.output, ids, n_ids)


cdef inline void couple(const Model *model, int32_t word, double strength) noexcept nogil:
    """Draw the rows of a word as positive and as negative target towards each other.

    A step of size `strength` down the penalty |n - c|^2 / 2 of both rows, but at most until they
    meet: c += share (n - c), n -= share (n - c) with share = min(strength, 1/2).
    """
    cdef double share = min(strength, 0.5)
    if model.ops.real_size == sizeof(float):
        couple_as(<float *>row_of(model, model.output, word),
                  <float *>row_of(model, model.negatives, word), model.width, <float>share)
    else:
        couple_as(<double *>row_of(model, model.output, word),
                  <double *>row_of(model, model.negatives, word), model.width, share)


cdef inline char *negatives_of(const Model *model) noexcept nogil:
    """The matrix of the negative targets."""
    return model.output if model.negatives == NULL else model.negatives


cdef inline bint is_among(int32_t word, const int32_t *words, int n) noexcept nogil:
    cdef int i
    for i in range(n):
        if words[i] == word:
            return True
    return False


cdef inline void borrow(const Model *model, Worker *worker, int n) noexcept nogil:
    """Copy the n input rows of a block, of a matrix that also serves as output, to train on."""
    cdef char *copy = worker.borrowed
    cdef int i
    for i in range(n):
        model.ops.gather(copy, model.input, model.width, worker.in_ids + i, 1, 1.0)
        enter(model, worker, copy)
        copy += model.row_bytes
    memcpy(worker.lent, worker.borrowed, n * model.row_bytes)


cdef inline void give_back(const Model *model, Worker *worker, int n) noexcept nogil:
    """Add to the rows what their copies have moved by."""
    cdef char *moved = worker.lent
    cdef int i
    if model.ops.real_size == sizeof(float):
        subtract_as(<float *>moved, <float *>worker.borrowed, n * model.width)
    else:
        subtract_as(<double *>moved, <double *>worker.borrowed, n * model.width)
    for i in range(n):
        leave(model, worker, moved)
        model.ops.scatter(model.input, model.width, worker.in_ids + i, 1, moved, 1.0)
        moved += model.row_bytes


cdef inline void exchange_scalar(const Model *model, Worker *worker) noexcept nogil:
    """Add to the shared scalar bias what this worker has moved it by, and go on from the sum.

    As with rows (rows.h), of two workers that meet here one may lose its addition.
    """
    model.scalar[0] += worker.scalar - worker.scalar_seen
    worker.scalar = model.scalar[0]
    worker.scalar_seen = worker.scalar
