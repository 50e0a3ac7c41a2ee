# The buffers of a worker, and which matrices its row operations use.

from libc.stdint cimport int32_t, int64_t, uint64_t

from fastsgns.kernels.buffers cimport allocate
from fastsgns.kernels.softmax cimport allocate_batch
from fastsgns.kernels.state cimport (
    SEGMENT, SIMD_PAD, BlockPlan, FocusPlan, Model, Worker, block_scratch_bytes, padded_size,
    read_shared,
)


cdef inline void start_worker(const Model *model, Worker *worker, int longest_path) noexcept nogil:
    """Allocate the buffers of a zeroed worker and connect its row operations to the matrices.

    `worker.out_of_memory` is set if that fails. `longest_path` is the number of nodes of the
    longest Huffman path, or 0.
    """
    cdef int64_t n_contexts = 2 * <int64_t>model.max_radius
    cdef int64_t n_in = n_contexts + model.max_focus if model.max_focus else 0
    cdef int64_t n_out = max(model.max_focus + model.n_shared_negatives,
                             longest_path if model.max_focus else 0)
    cdef int64_t n_targets = model.negative + 1
    cdef int64_t stride = padded_size(n_in)
    cdef int64_t n_pairs = (n_out + 1) * stride + SIMD_PAD
    cdef int64_t n_scores = max(n_pairs, max(n_targets, longest_path) + SIMD_PAD)
    allocate_plans(model, worker, n_contexts, n_targets)
    worker.tokens = <int32_t *>allocate(worker, SEGMENT + n_contexts + 1, sizeof(int32_t))
    worker.labels = <float *>allocate(worker, n_targets + SIMD_PAD, sizeof(float))
    worker.hidden = <char *>allocate(worker, 1, model.row_bytes)
    worker.update = <char *>allocate(worker, 1, model.row_bytes)
    worker.scores = <char *>allocate(worker, n_scores + model.width, model.ops.real_size)
    worker.context_rows = <void **>allocate(worker, n_contexts, sizeof(void *))
    worker.path_rows = <void **>allocate(worker, longest_path, sizeof(void *))
    allocate_block(model, worker, n_in, n_out, n_pairs)
    if model.n_batch_rows:
        allocate_batch(model, worker)
    if not worker.out_of_memory:
        connect_rows(model, worker, n_in)


cdef inline void allocate_plans(const Model *model, Worker *worker, int64_t n_contexts,
                                int64_t n_targets) noexcept nogil:
    """Allocate the buffers of plans with at most n_contexts examples of n_targets targets."""
    cdef FocusPlan *focus
    cdef BlockPlan *block
    cdef int i
    for i in range(3):
        focus = &worker.focus_plans[i]
        focus.contexts = <int32_t *>allocate(worker, n_contexts, sizeof(int32_t))
        focus.draws = <uint64_t *>allocate(worker, n_contexts * model.negative, sizeof(uint64_t))
        focus.targets = <int32_t *>allocate(worker, n_contexts * n_targets, sizeof(int32_t))
        focus.target_rows = <void **>allocate(worker, n_contexts * n_targets, sizeof(void *))
        focus.n_targets = <int *>allocate(worker, n_contexts, sizeof(int))
        block = &worker.block_plans[i]
        block.draws = <uint64_t *>allocate(worker, model.n_shared_negatives, sizeof(uint64_t))
        block.negatives = <int32_t *>allocate(worker, model.n_shared_negatives, sizeof(int32_t))


cdef inline void allocate_block(const Model *model, Worker *worker, int64_t n_in, int64_t n_out,
                                int64_t n_pairs) noexcept nogil:
    """Allocate the buffers of blocks of at most n_in input rows and n_out output rows."""
    cdef int64_t n_copies = n_in if model.tied else 0
    worker.in_ids = <int32_t *>allocate(worker, n_in, sizeof(int32_t))
    worker.out_ids = <int32_t *>allocate(worker, n_out + 1, sizeof(int32_t))
    worker.in_rows = <void **>allocate(worker, n_in, sizeof(void *))
    worker.out_rows = <void **>allocate(worker, n_out + 1, sizeof(void *))
    worker.prefetch = <void **>allocate(worker, n_out + model.max_focus + 1, sizeof(void *))
    worker.in_index = <int *>allocate(worker, n_in, sizeof(int))
    worker.focus_index = <int *>allocate(worker, model.max_focus + 1, sizeof(int))
    worker.pair_counts = <float *>allocate(worker, n_in + 2 * SIMD_PAD, sizeof(float))
    worker.positive_weights = <float *>allocate(worker, n_pairs, sizeof(float))
    worker.negative_weights = <float *>allocate(worker, n_pairs, sizeof(float))
    worker.zeros = <float *>allocate(worker, n_pairs, sizeof(float))
    worker.sample_weights = <float *>allocate(worker, n_out + 1, sizeof(float))
    worker.block.scratch = allocate(
        worker, block_scratch_bytes(n_in, n_out, model.width, model.ops.real_size), 1)
    worker.input_copies = <char *>allocate(worker, n_copies, model.row_bytes)
    worker.copies_before = <char *>allocate(worker, n_copies, model.row_bytes)
    worker.copy_rows = <void **>allocate(worker, n_copies, sizeof(void *))


cdef inline void connect_rows(const Model *model, Worker *worker, int64_t n_in) noexcept nogil:
    """Set the arguments of the row operations that stay the same during a call."""
    cdef int64_t i
    worker.labels[0] = 1
    worker.target_step.width = model.width
    worker.target_step.labels = worker.labels
    worker.target_step.scores = worker.scores
    worker.target_step.compute_loss = model.compute_loss
    worker.negative_step = worker.target_step
    worker.negative_step.labels = worker.labels + 1
    worker.path_step = worker.target_step
    worker.path_step.rows = worker.path_rows
    worker.block.input = worker.in_rows
    worker.block.output = worker.out_rows
    worker.block.width = model.width
    worker.block.positive_weights = worker.positive_weights
    worker.block.negative_weights = worker.negative_weights
    worker.block.scores = worker.scores
    worker.block.compute_loss = model.compute_loss
    worker.block.prefetch = worker.prefetch
    worker.path_block = worker.block
    if model.scalar_bias != NULL:
        worker.scalar_bias = read_shared(model.scalar_bias)
        worker.synced_scalar_bias = worker.scalar_bias
    if model.tied:  # `block` is given copies of the input rows (block_step_tied)
        worker.block.input = worker.copy_rows
        for i in range(n_in):
            worker.copy_rows[i] = worker.input_copies + i * model.row_bytes
