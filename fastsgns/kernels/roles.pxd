# One matrix in two roles (input and output), and three matrices in two.
#
# Contents
#   to_input_role, from_input_role         between a row and its copy in the input role
#   restore_ones                           the constant column of rows with a bias
#   copy_input_rows, apply_input_updates   the input rows of a block, as copies
#   sync_scalar_bias                       the scalar bias that workers share
#   negative_matrix, couple_rows           a matrix of its own for negative samples
#   contains                               a search in a short list
#
# With one matrix of rows w, the input word i and the output word j have the score
#
#     s(i, j) = sum_x sign_x w_ix w_jx + bias,      bias = 0, b, b_j or b_i + b_j,
#
# where sign_x is -1 for the first n_flipped coordinates and 1 for the others. The row operations
# (rows.h) compute only dot products of rows. Therefore row i is copied, and the copy is changed so
# that its dot product with row j, as stored, is s(i, j). The first n_flipped coordinates of the
# copy change sign. The bias is added by one or two more columns of the rows, which follow the
# coordinates. With n = n_dimensions:
#
#     bias            column   row w_j   copy of w_i   gradient of the copy in that column
#     b (scalar)      n        1         b             is the gradient of b
#     b_j (word)      n        b_j       1             is dropped, as 1 is a constant
#     b_i + b_j       n        b_j       1             is dropped, as 1 is a constant
#     (both)          n + 1    1         b_i           is the gradient of b_i, column n of row w_i
#
# b_j needs no care: it is a number of row j and learns like the others. But the ones in the rows
# w_j are changed by row operations, too. `restore_ones` sets them to 1 again after each step.
#
# "Gradient" here means the sum of the updates g_j w_j of an input row, which already contains the
# learning rate.

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from fastsgns.kernels.state cimport BOTH_BIAS, NO_BIAS, SCALAR_BIAS, Model, Worker
from fastsgns.kernels.tokens cimport row_address

ctypedef fused real:
    float
    double

cdef enum:
    SYNC_INTERVAL = 64  # focus words between two exchanges of the scalar bias
    SCALAR_BIAS_SLOWDOWN = 100  # its learning rate is that of the rows divided by this


cdef inline void to_input_role(const Model *model, const Worker *worker, char *copy) noexcept nogil:
    """Change a copy of a row, or the sum or mean of several rows, to the input role, in place.

    copy : one row of `width` reals.
    """
    if model.ops.real_size == sizeof(float):
        to_input_role_of(model, worker, <float *>copy)
    else:
        to_input_role_of(model, worker, <double *>copy)


cdef inline void to_input_role_of(const Model *model, const Worker *worker, real *copy) \
        noexcept nogil:
    cdef int64_t x, n = model.n_dimensions
    for x in range(model.n_flipped):
        copy[x] = -copy[x]
    if model.bias_kind == SCALAR_BIAS:
        copy[n] = <real>worker.scalar_bias
    elif model.bias_kind != NO_BIAS:
        if model.bias_kind == BOTH_BIAS:
            copy[n + 1] = copy[n]
        copy[n] = 1


cdef inline void from_input_role(const Model *model, Worker *worker, char *gradient) noexcept nogil:
    """Change the gradient of a copy in the input role to that of the original row, in place.

    gradient : one row of `width` reals. The entry for the scalar bias is divided by
        SCALAR_BIAS_SLOWDOWN, added to `worker.scalar_bias` and set to 0.
    """
    if model.ops.real_size == sizeof(float):
        from_input_role_of(model, worker, <float *>gradient)
    else:
        from_input_role_of(model, worker, <double *>gradient)


cdef inline void from_input_role_of(const Model *model, Worker *worker, real *gradient) \
        noexcept nogil:
    cdef int64_t x, n = model.n_dimensions
    for x in range(model.n_flipped):
        gradient[x] = -gradient[x]
    if model.bias_kind == SCALAR_BIAS:
        worker.scalar_bias += gradient[n] / SCALAR_BIAS_SLOWDOWN
        gradient[n] = 0
    elif model.bias_kind != NO_BIAS:
        gradient[n] = 0
        if model.bias_kind == BOTH_BIAS:
            gradient[n] = gradient[n + 1]
            gradient[n + 1] = 0


cdef inline void restore_ones(const Model *model, const int32_t *ids, int n_ids) noexcept nogil:
    """Set the column that must be 1 to 1 in the rows output[ids], if the bias needs that column."""
    if model.bias_kind != SCALAR_BIAS and model.bias_kind != BOTH_BIAS:
        return
    if model.ops.real_size == sizeof(float):
        restore_ones_of(model, <float *>model.output, ids, n_ids)
    else:
        restore_ones_of(model, <double *>model.output, ids, n_ids)


cdef inline void restore_ones_of(const Model *model, real *rows, const int32_t *ids, int n_ids) \
        noexcept nogil:
    cdef int64_t column = model.n_dimensions + (model.bias_kind == BOTH_BIAS)
    cdef int j
    for j in range(n_ids):
        rows[ids[j] * model.width + column] = 1


cdef inline void copy_input_rows(const Model *model, Worker *worker, int n) noexcept nogil:
    """Copy the input rows of a block and change the copies to the input role.

    Reads the rows input[worker.in_ids[:n]]. Writes the copies to `worker.input_copies`, which the
    operation `block` then changes, and the same numbers to `worker.input_updates`, which it does
    not change.
    """
    cdef char *copy = worker.input_copies
    cdef int i
    for i in range(n):
        model.ops.gather(copy, model.input, model.width, worker.in_ids + i, 1, 1.0)
        to_input_role(model, worker, copy)
        copy += model.row_bytes
    memcpy(worker.input_updates, worker.input_copies, n * model.row_bytes)


cdef inline void apply_input_updates(const Model *model, Worker *worker, int n) noexcept nogil:
    """Add to the input rows what the operation `block` has added to their copies.

    That is `worker.input_copies` minus `worker.input_updates`, the copies before the operation; the
    difference overwrites `worker.input_updates`. Writes the rows input[worker.in_ids[:n]] and
    `worker.scalar_bias`.
    """
    cdef char *update = worker.input_updates
    cdef int i
    if model.ops.real_size == sizeof(float):
        subtract_from(<float *>update, <float *>worker.input_copies, n * model.width)
    else:
        subtract_from(<double *>update, <double *>worker.input_copies, n * model.width)
    for i in range(n):
        from_input_role(model, worker, update)
        model.ops.scatter(model.input, model.width, worker.in_ids + i, 1, update, 1.0)
        update += model.row_bytes


cdef inline void subtract_from(real *a, const real *b, int64_t n) noexcept nogil:
    """a[:n] = b[:n] - a[:n]"""
    cdef int64_t x
    for x in range(n):
        a[x] = b[x] - a[x]


cdef inline void sync_scalar_bias(const Model *model, Worker *worker) noexcept nogil:
    """Add this worker's change of the scalar bias to the shared one, and copy the sum back.

    As with rows (rows.h), one addition may be lost if two workers do this at the same time.
    """
    model.scalar_bias[0] += worker.scalar_bias - worker.synced_scalar_bias
    worker.scalar_bias = model.scalar_bias[0]
    worker.synced_scalar_bias = worker.scalar_bias


cdef inline char *negative_matrix(const Model *model) noexcept nogil:
    """Return the matrix of the negative samples' rows: `negative_output`, or else `output`."""
    return model.output if model.negative_output == NULL else model.negative_output


cdef inline void couple_rows(const Model *model, int32_t word, double strength) noexcept nogil:
    """Move c = output[word] and n = negative_output[word] towards each other.

    A gradient step of size `strength` on the penalty |n - c|^2 / 2, but at most to their mean:
    c += share (n - c) and n -= share (n - c), with share = min(strength, 1/2).
    """
    cdef double share = min(strength, 0.5)
    if model.ops.real_size == sizeof(float):
        couple_rows_of(<float *>row_address(model, model.output, word),
                       <float *>row_address(model, model.negative_output, word), model.width,
                       <float>share)
    else:
        couple_rows_of(<double *>row_address(model, model.output, word),
                       <double *>row_address(model, model.negative_output, word), model.width,
                       share)


cdef inline void couple_rows_of(real *positive, real *negative, int64_t width, real share) \
        noexcept nogil:
    cdef int64_t x
    cdef real move
    for x in range(width):
        move = share * (negative[x] - positive[x])
        positive[x] += move
        negative[x] -= move


cdef inline bint contains(const int32_t *words, int n, int32_t word) noexcept nogil:
    """Return whether `word` is among words[:n]."""
    cdef int i
    for i in range(n):
        if words[i] == word:
            return True
    return False
