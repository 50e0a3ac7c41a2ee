# Tied input/output matrix, and a separate matrix for negative samples.
#
# Contents
#   to_input_role, from_input_role         convert a row to the input role and its update back
#   restore_ones                           the constant column of rows with a bias
#   set_role, set_offsets, add_bias_updates   the input role of the operation `window`
#   fill_role                              its factors and constants
#   sync_scalar_bias                       the scalar bias that workers share
#   couple_rows                            a separate matrix for negative samples
#   contains                               a search in a short list
#
# `Model.tied` means that the pointers `output` and `input` are equal: one matrix of rows w. The
# input word i and the output word j have the score
#
#     s(i, j) = sum_x sign_x w_ix w_jx + bias,      bias = 0, b, b_j or b_i + b_j.
#
# sign_x is -1 for the first n_flipped coordinates and 1 for the others. With n_flipped > 0
# (`matrices="tied+reflect"`) the score of a word with itself can be negative, as it can be with two
# matrices; without, s(i, i) is |w_i|^2 + bias.
#
# The row operations (rows.h) compute only dot products of rows. Therefore row i is copied, and the
# copy is converted to the input role: the dot product of the converted copy with the unchanged row
# j is s(i, j). The first n_flipped coordinates of the copy change sign. Rows have one or two extra
# columns for the bias, after the coordinates. With n = n_dimensions:
#
#     bias                column   row w_j   copy of w_i   the copy's update in that column
#     b (scalar)          n        1         b             goes to b
#     b_j (word)          n        b_j       1             ignored (constant)
#     b_i + b_j (both)    n        b_j       1             ignored (constant)
#                         n + 1    1         b_i           goes to b_i (column n of w_i)
#
# b_j needs no special handling: it is an entry of row j, trained like the rest. The constant 1s in
# the rows w_j, however, are changed by row operations, too. `restore_ones` sets them to 1 again
# after each step.
#
# The update of an input row is sum_j g_j w_j. The g_j (rows.h) contain the learning rate.

from libc.stdint cimport int32_t, int64_t

from fastsgns.kernels.state cimport (
    BOTH_BIAS, NO_BIAS, SCALAR_BIAS, SIMD_PAD, WORD_BIAS, Model, WindowRows, Worker, add_to_column,
    add_to_shared, pull_together_f32, pull_together_f64, read_column, set_ones, window_stride,
)

ctypedef fused real:
    float
    double

cdef enum:
    SYNC_INTERVAL = 64  # focus words between two syncs (one-example-at-a-time training only)
    SCALAR_BIAS_RATE_DIVISOR = 100  # its learning rate is that of the rows divided by this


cdef inline void to_input_role(const Model *model, const Worker *worker, char *copy) noexcept nogil:
    """Convert a copy of a row, or the sum or mean of several rows, to the input role, in place.

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


cdef inline void from_input_role(const Model *model, Worker *worker, char *update) noexcept nogil:
    """Convert the update of a copy in the input role to that of the original row, in place.

    update : one row of `width` reals. The entry for the scalar bias is divided by
        SCALAR_BIAS_RATE_DIVISOR, added to `worker.scalar_bias` and set to 0.
    """
    if model.ops.real_size == sizeof(float):
        from_input_role_of(model, worker, <float *>update)
    else:
        from_input_role_of(model, worker, <double *>update)


cdef inline void from_input_role_of(const Model *model, Worker *worker, real *update) \
        noexcept nogil:
    cdef int64_t x, n = model.n_dimensions
    for x in range(model.n_flipped):
        update[x] = -update[x]
    if model.bias_kind == SCALAR_BIAS:
        worker.scalar_bias += update[n] / SCALAR_BIAS_RATE_DIVISOR
        update[n] = 0
    elif model.bias_kind != NO_BIAS:
        update[n] = 0
        if model.bias_kind == BOTH_BIAS:
            update[n] = update[n + 1]
            update[n + 1] = 0


cdef inline void restore_ones(const Model *model, void **rows, int n) noexcept nogil:
    """Reset the constant-1 bias column of n output rows, if the bias kind has one."""
    if model.bias_kind == SCALAR_BIAS or model.bias_kind == BOTH_BIAS:
        set_ones(rows, n, model.n_dimensions + (model.bias_kind == BOTH_BIAS), model.ops.real_size)


cdef inline void set_role(const Model *model, WindowRows *rows, char *scale, char *shift,
                          char *offsets) noexcept nogil:
    """Set the input role of a tied matrix for the operation `window` (rows.h).

    The columns of the table above that are constant in the copy become role_scale = 0 and
    role_shift = the constant. b and b_i, which are not, become an offset of the scores: column n
    is then 1 for "word" and "both" and 0 for "scalar", and column n + 1 is 0. The ones in the rows
    w_j stay as they are, because they are multiplied by 0.

    scale, shift : one row of `width` reals, to be filled.
    offsets : memory for the offsets of a window's input rows.
    """
    rows.role_start = model.width
    if not model.tied or (model.bias_kind == NO_BIAS and model.n_flipped == 0):
        return
    rows.role_start = 0 if model.n_flipped else model.n_dimensions // SIMD_PAD * SIMD_PAD
    rows.role_scale, rows.role_shift = scale, shift
    if model.bias_kind == SCALAR_BIAS or model.bias_kind == BOTH_BIAS:
        rows.offsets = offsets
    fill_role(model, scale, shift)


cdef inline void fill_role(const Model *model, char *scale, char *shift) noexcept nogil:
    """Write the factors and the constants of the input role of a tied matrix."""
    if model.ops.real_size == sizeof(float):
        set_role_of(model, <float *>scale, <float *>shift)
    else:
        set_role_of(model, <double *>scale, <double *>shift)


cdef inline void set_role_of(const Model *model, real *scale, real *shift) noexcept nogil:
    cdef int64_t x, n = model.n_dimensions
    for x in range(model.width):
        shift[x] = 0
        scale[x] = -1 if x < model.n_flipped else 1
    if model.bias_kind != NO_BIAS:
        scale[n] = 0
    if model.bias_kind == WORD_BIAS or model.bias_kind == BOTH_BIAS:
        shift[n] = 1
    if model.bias_kind == BOTH_BIAS:
        scale[n + 1] = 0


cdef inline void set_offsets(const Model *model, Worker *worker) noexcept nogil:
    """Set the part of the bias that depends on the input row alone: b, or b_i."""
    cdef int n = worker.window.n_inputs, k
    if model.bias_kind == BOTH_BIAS:
        read_column(worker.offsets, worker.context_rows, n, model.n_dimensions, model.ops.real_size)
        return
    for k in range(n):
        if model.ops.real_size == sizeof(float):
            (<float *>worker.offsets)[k] = <float>worker.scalar_bias
        else:
            (<double *>worker.offsets)[k] = worker.scalar_bias


cdef inline void add_bias_updates(const Model *model, Worker *worker) noexcept nogil:
    """Train b or b_i by the g_kj that the operation `window` left in its scores."""
    if model.ops.real_size == sizeof(float):
        add_bias_updates_of(model, worker, <float *>worker.window.scores)
    else:
        add_bias_updates_of(model, worker, <double *>worker.window.scores)


cdef inline void add_bias_updates_of(const Model *model, Worker *worker, real *g) noexcept nogil:
    cdef int64_t stride = window_stride(worker.window.n_outputs)
    cdef real *sums = <real *>worker.offsets
    cdef real sum, total = 0
    cdef int n = worker.window.n_outputs, k, j
    for k in range(worker.window.n_inputs):
        sum = 0
        for j in range(n):
            sum += g[j]
        g += stride
        sums[k] = sum
        total += sum
    if model.bias_kind == SCALAR_BIAS:
        worker.scalar_bias += total / SCALAR_BIAS_RATE_DIVISOR
    else:
        add_to_column(sums, worker.context_rows, worker.window.n_inputs, model.n_dimensions,
                      model.ops.real_size)


cdef inline void sync_scalar_bias(const Model *model, Worker *worker) noexcept nogil:
    """Add this worker's change of the scalar bias to the shared one, and copy the sum back.

    As with rows (rows.h), one addition may be lost if two workers do this at the same time.
    """
    worker.scalar_bias = add_to_shared(
        model.scalar_bias, worker.scalar_bias - worker.synced_scalar_bias)
    worker.synced_scalar_bias = worker.scalar_bias


cdef inline void couple_rows(const Model *model, void *positive, void *negative, double strength) \
        noexcept nogil:
    """Pull the two output rows of a word, `positive` and `negative`, towards each other.

    Takes a gradient step of size `strength` on |negative - positive|^2 / 2, capped so the rows at
    most meet at their mean.
    """
    if model.ops.real_size == sizeof(float):
        pull_together_f32(<float *>positive, <float *>negative, model.width,
                          <float>min(strength, 0.5))
    else:
        pull_together_f64(<double *>positive, <double *>negative, model.width, min(strength, 0.5))


cdef inline bint contains(const int32_t *words, int n, int32_t word) noexcept nogil:
    """Return whether `word` is among words[:n]."""
    cdef int i
    for i in range(n):
        if words[i] == word:
            return True
    return False
