# The buffers of a worker, and which matrices its row operations use.

from libc.stdint cimport int32_t, int64_t, uint64_t

from fastsgns.kernels.buffers cimport allocate
from fastsgns.kernels.hot cimport allocate_hot
from fastsgns.kernels.roles cimport fill_role, set_role
from fastsgns.kernels.softmax cimport allocate_batch
from fastsgns.kernels.state cimport (
    BATCH, NO_WINDOW, N_PLANS, N_WINDOW_PLANS, SEGMENT, SIMD_PAD, WORD_BIAS, CbowRows, FocusPlan,
    Model, RowCopies, WindowPlan, WindowRows, Worker, read_shared, window_stride,
)
from fastsgns.kernels.subwords cimport allocate_subwords


cdef inline void start_worker(const Model *model, Worker *worker, int longest_path) noexcept nogil:
    """Allocate the buffers of a zeroed worker and connect its row operations to the matrices.

    `worker.out_of_memory` is set if that fails. `longest_path` is the number of nodes of the
    longest Huffman path, or 0.
    """
    cdef int64_t n_contexts = max(2 * <int64_t>model.max_radius, model.max_inputs)
    cdef int64_t n_targets = max(model.negative, model.n_shared_negatives) + 1
    cdef int64_t n_scores = max(n_targets, longest_path) + SIMD_PAD
    if model.window_order != NO_WINDOW:
        n_scores = model.max_inputs * window_stride(max(n_targets, longest_path)) + SIMD_PAD
    worker.tokens = <int32_t *>allocate(worker, SEGMENT + n_contexts + 1, sizeof(int32_t))
    worker.labels = <float *>allocate(worker, n_targets + SIMD_PAD, sizeof(float))
    worker.hidden = <char *>allocate(worker, 1, model.row_bytes)
    worker.update = <char *>allocate(worker, 1, model.row_bytes)
    worker.scores = <char *>allocate(worker, n_scores + model.width, model.ops.real_size)
    worker.contexts = <int32_t *>allocate(worker, n_contexts, sizeof(int32_t))
    worker.context_rows = <void **>allocate(worker, n_contexts, sizeof(void *))
    worker.path_rows = <void **>allocate(worker, longest_path, sizeof(void *))
    worker.prefetch = <void **>allocate(
        worker, max(n_targets, longest_path) + 2 * model.max_inputs + model.most_subwords + 1,
        sizeof(void *))
    if model.window_order != NO_WINDOW:
        allocate_windows(model, worker, longest_path)
    else:
        allocate_plans(model, worker, n_contexts, n_targets)
    allocate_hot(model, worker)
    allocate_subwords(model, worker)
    allocate_copies(model, worker, n_targets)
    if model.n_batch_rows:
        allocate_batch(model, worker)
    if not worker.out_of_memory:
        connect_rows(model, worker)


cdef inline void allocate_copies(const Model *model, Worker *worker, int64_t n_targets) \
        noexcept nogil:
    """Allocate the copies of the rows of a step: of its input rows, and of n_targets targets."""
    cdef RowCopies *copies = &worker.copies
    cdef int64_t n = 1 if model.tied else 0, k  # a row that is an input and a target
    cdef char *rows
    if model.window_order != NO_WINDOW and model.lock_factors != NULL:
        n += model.max_inputs
    if model.output_lock_factors != NULL:
        n += n_targets
    rows = <char *>allocate(worker, n, model.row_bytes)
    copies.before = <char *>allocate(worker, n, model.row_bytes)
    copies.rows = <void **>allocate(worker, n, sizeof(void *))
    copies.copy_rows = <void **>allocate(worker, n, sizeof(void *))
    copies.factors = <double *>allocate(worker, n, sizeof(double))
    if worker.out_of_memory:
        return
    for k in range(n):
        copies.copy_rows[k] = rows + k * model.row_bytes


cdef inline void allocate_plans(const Model *model, Worker *worker, int64_t n_contexts,
                                int64_t n_targets) noexcept nogil:
    """Allocate the buffers of plans with at most n_contexts context words.

    Each context word is an example of n_targets targets, or in CBOW all of them are one.
    """
    cdef int64_t n_examples = 1 if model.cbow else n_contexts
    cdef FocusPlan *focus
    cdef int i
    for i in range(N_PLANS):
        focus = &worker.focus_plans[i]
        focus.contexts = <int32_t *>allocate(worker, n_contexts, sizeof(int32_t))
        focus.context_rows = <void **>allocate(worker, n_contexts, sizeof(void *))
        focus.weights = <float *>allocate(worker, n_contexts, sizeof(float))
        focus.draws = <uint64_t *>allocate(worker, n_examples * model.negative, sizeof(uint64_t))
        focus.targets = <int32_t *>allocate(worker, n_examples * n_targets, sizeof(int32_t))
        focus.target_rows = <void **>allocate(worker, n_examples * n_targets + 1, sizeof(void *))
        focus.n_targets = <int *>allocate(worker, n_examples, sizeof(int))
    if model.cbow:
        allocate_cbow(model, worker, n_targets)


cdef inline void allocate_cbow(const Model *model, Worker *worker, int64_t n_targets) \
        noexcept nogil:
    """Allocate the buffers of cbow.pxd, and set the arguments of its operations that are constant.
    """
    cdef CbowRows *rows = &worker.cbow
    rows.width = model.width
    rows.labels = worker.labels
    rows.hidden = worker.hidden
    rows.errors = worker.scores
    rows.sums = allocate(
        worker, max(model.width, max(8, n_targets + 3) * SIMD_PAD), model.ops.real_size)
    rows.compute_loss = model.compute_loss
    if not model.tied:
        return
    worker.role_scale = <char *>allocate(worker, 1, model.row_bytes)
    worker.role_shift = <char *>allocate(worker, 1, model.row_bytes)
    if not worker.out_of_memory and (model.n_flipped or model.bias_kind == WORD_BIAS):
        fill_role(model, worker.role_scale, worker.role_shift)
        rows.role_scale, rows.role_shift = worker.role_scale, worker.role_shift


cdef inline void allocate_windows(const Model *model, Worker *worker, int64_t longest_path) \
        noexcept nogil:
    """Allocate the buffers of windows.

    `totals` and `ones` are readable for SIMD_PAD floats more than they have entries, because the
    operation loads whole vectors.
    """
    cdef int64_t n_targets = max(model.n_shared_negatives, 1) + 1
    cdef int64_t n_inputs = model.max_inputs
    cdef int64_t n_outputs = max(n_targets, longest_path), j
    cdef WindowPlan *plan
    cdef int i
    for i in range(N_WINDOW_PLANS):
        plan = &worker.window_plans[i]
        plan.draws = <uint64_t *>allocate(worker, model.n_shared_negatives, sizeof(uint64_t))
        plan.negatives = <int32_t *>allocate(worker, model.n_shared_negatives, sizeof(int32_t))
    worker.target_ids = <int32_t *>allocate(worker, n_targets, sizeof(int32_t))
    worker.totals = <float *>allocate(worker, n_targets + SIMD_PAD, sizeof(float))
    worker.ones = <float *>allocate(worker, longest_path + SIMD_PAD, sizeof(float))
    worker.target_rows = <void **>allocate(worker, n_targets, sizeof(void *))
    worker.role_scale = <char *>allocate(worker, 1, model.row_bytes)
    worker.role_shift = <char *>allocate(worker, 1, model.row_bytes)
    worker.offsets = <char *>allocate(worker, n_inputs + SIMD_PAD, model.ops.real_size)
    worker.window.scratch = allocate(
        worker, n_outputs + 2 + n_inputs, model.row_bytes)  # a row has SIMD_PAD reals or more
    if worker.out_of_memory:
        return
    for j in range(longest_path):
        worker.ones[j] = 1


cdef inline void connect_windows(const Model *model, Worker *worker) noexcept nogil:
    """Set the arguments of the operation `window` that stay the same during a call."""
    cdef WindowRows *rows = &worker.window
    rows.inputs, rows.outputs = worker.context_rows, worker.target_rows
    rows.width = model.width
    rows.positive, rows.total = worker.labels, worker.totals  # labels: 1, 0, 0, ...
    rows.batch = model.window_order == BATCH
    rows.scores = worker.scores
    rows.compute_loss = model.compute_loss
    rows.prefetch = worker.prefetch
    set_role(model, rows, worker.role_scale, worker.role_shift, worker.offsets)
    worker.path_window = worker.window
    worker.path_window.outputs = worker.path_rows
    worker.path_window.total = worker.ones


cdef inline void connect_rows(const Model *model, Worker *worker) noexcept nogil:
    """Set the arguments of the row operations that stay the same during a call."""
    worker.labels[0] = 1
    worker.target_step.width = model.width
    worker.target_step.labels = worker.labels
    worker.target_step.scores = worker.scores
    worker.target_step.compute_loss = model.compute_loss
    worker.negative_step = worker.target_step
    worker.negative_step.labels = worker.labels + 1
    worker.path_step = worker.target_step
    worker.path_step.rows = worker.path_rows
    if model.window_order != NO_WINDOW:
        connect_windows(model, worker)
    if model.scalar_bias != NULL:
        worker.scalar_bias = read_shared(model.scalar_bias)
        worker.synced_scalar_bias = worker.scalar_bias
