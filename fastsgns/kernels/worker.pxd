# What one call owns: made before it trains, freed after.

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.stdlib cimport free

from fastsgns.kernels.scratch cimport scratch
from fastsgns.kernels.softmax cimport start_batch
from fastsgns.kernels.state cimport SIMD_PAD, FOCUS_CHUNK, Model, Plan, Worker, block_scratch


cdef inline void start_worker(const Model *model, Worker *worker, int longest_path) noexcept nogil:
    cdef int64_t n_contexts = 2 * <int64_t>model.reach
    cdef int64_t n_targets = model.negative + 1
    cdef int64_t n_in = n_contexts + model.n_focus if model.n_focus else 0
    cdef int64_t n_out = max(model.n_focus + model.n_shared, longest_path if model.n_focus else 0)
    cdef int64_t stride = (n_in + SIMD_PAD - 1) // SIMD_PAD * SIMD_PAD
    cdef int64_t n_pairs = (n_out + 1) * stride + SIMD_PAD
    cdef int64_t n_borrowed = n_in if model.tied else 0
    cdef int64_t n_scores = max(n_pairs, max(n_targets, longest_path) + SIMD_PAD)
    cdef Plan *plan
    cdef int i
    for i in range(3):
        plan = &worker.plans[i]
        plan.contexts = <int32_t *>scratch(worker, n_contexts, sizeof(int32_t))
        plan.targets = <int32_t *>scratch(
            worker, n_contexts * n_targets + model.n_shared, sizeof(int32_t))
        plan.draws = <uint64_t *>scratch(worker, model.n_shared, sizeof(uint64_t))
        plan.n_targets = <int *>scratch(worker, n_contexts, sizeof(int))
    worker.kept = <int32_t *>scratch(worker, FOCUS_CHUNK + n_contexts + 1, sizeof(int32_t))
    worker.labels = <float *>scratch(worker, n_targets + SIMD_PAD, sizeof(float))
    worker.hidden = <char *>scratch(worker, 1, model.row_bytes)
    worker.gradient = <char *>scratch(worker, 1, model.row_bytes)
    worker.scores = <char *>scratch(worker, n_scores + model.width, model.ops.real_size)
    worker.positive = <float *>scratch(worker, n_pairs, sizeof(float))
    worker.negative = <float *>scratch(worker, n_pairs, sizeof(float))
    worker.zeros = <float *>scratch(worker, n_pairs, sizeof(float))
    worker.pairs = <float *>scratch(worker, stride + SIMD_PAD, sizeof(float))
    worker.in_ids = <int32_t *>scratch(worker, n_in, sizeof(int32_t))
    worker.out_ids = <int32_t *>scratch(worker, n_out + 1, sizeof(int32_t))
    worker.in_slots = <int *>scratch(worker, n_in, sizeof(int))
    worker.focus_slots = <int *>scratch(worker, model.n_focus + 1, sizeof(int))
    worker.owed = <float *>scratch(worker, n_out + 1, sizeof(float))
    worker.ahead = <const void **>scratch(worker, n_out + model.n_focus + 1, sizeof(void *))
    worker.block.scratch = scratch(
        worker, block_scratch(n_in, n_out, model.width, model.ops.real_size), 1)
    worker.borrowed = <char *>scratch(worker, n_borrowed, model.row_bytes)
    worker.lent = <char *>scratch(worker, n_borrowed, model.row_bytes)
    worker.borrowed_ids = <int32_t *>scratch(worker, n_borrowed, sizeof(int32_t))
    if model.n_batch:
        start_batch(model, worker)
    if worker.lacks_memory:
        return
    if model.scalar != NULL:
        worker.scalar = model.scalar[0]
        worker.scalar_seen = worker.scalar
    worker.labels[0] = 1
    worker.targets.rows = model.output
    worker.targets.width = model.width
    worker.targets.labels = worker.labels
    worker.targets.scores = worker.scores
    worker.targets.compute_loss = model.compute_loss
    worker.apart = worker.targets
    worker.apart.rows = model.negatives
    worker.apart.labels = worker.labels + 1
    worker.path = worker.targets
    worker.path.rows = model.tree
    worker.block.input = model.input
    worker.block.output = model.output
    worker.block.width = model.width
    worker.block.in_ = worker.in_ids
    worker.block.out = worker.out_ids
    worker.block.positive = worker.positive
    worker.block.negative = worker.negative
    worker.block.scores = worker.scores
    worker.block.compute_loss = model.compute_loss
    worker.block.ahead = worker.ahead
    worker.path_block = worker.block
    worker.path_block.output = model.tree
    if model.tied:
        worker.block.input = worker.borrowed
        worker.block.in_ = worker.borrowed_ids
        for i in range(n_borrowed):
            worker.borrowed_ids[i] = i


cdef inline void end_worker(Worker *worker) noexcept nogil:
    cdef int i
    for i in range(worker.n_owned):
        free(worker.owned[i])
