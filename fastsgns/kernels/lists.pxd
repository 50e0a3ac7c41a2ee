# Training with a list of (source, target) pairs instead of sentences.
#
# Contents
#   train_list                              the loop over ranges with one learning rate
#   train_pair_list, plan_pair              pair by pair, each with negative samples of its own
#   train_pair_blocks, prefetch_pair_rows,  `n_focus` pairs at a time with shared negative
#       list_source_rows                        samples, in one step (blocks.pxd)
#   ids_are_valid
#
# A source has a row in `Model.input`, a target in `Model.output`. In the terms of skip-gram, the
# source is the context word and the target is the focus word.

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from fastsgns.kernels.blocks cimport (
    block_step, clear_counts, draw_block, find_or_append, list_output_rows, look_up_negatives,
)
from fastsgns.kernels.pairs cimport draw_targets, skip_gram
from fastsgns.kernels.roles cimport SYNC_INTERVAL, negative_matrix, sync_scalar_bias
from fastsgns.kernels.state cimport (
    BAD_ID, FOCUS_CHUNK, BlockPlan, FocusPlan, Model, Worker, prefetch_row,
)
from fastsgns.kernels.tokens cimport row_address


cdef inline int64_t train_list(const Model *model, Worker *worker, const int32_t *sources,
                               const int32_t *targets, int64_t start, int64_t stop,
                               double alpha_start, double alpha_stop) noexcept nogil:
    """Train with the pairs start .. stop - 1, FOCUS_CHUNK of them at one learning rate.

    Returns 0, or BAD_ID if a source or target has no row.
    """
    cdef int64_t first = start, n
    cdef double slope = (alpha_stop - alpha_start) / max(1, stop - start), rate
    while first < stop and not model.stop[0]:
        n = min(stop - first, FOCUS_CHUNK)
        rate = alpha_start + slope * (first - start)
        if not ids_are_valid(sources + first, n, model.n_words) or (
                not ids_are_valid(targets + first, n, model.n_outputs)):
            return BAD_ID
        if model.n_focus:
            train_pair_blocks(model, worker, sources + first, targets + first, n, rate)
        else:
            train_pair_list(model, worker, sources + first, targets + first, n, rate)
        first += n
    return 0


cdef inline bint ids_are_valid(const int32_t *ids, int64_t n, uint32_t n_rows) noexcept nogil:
    """Return whether all ids are in 0 .. n_rows - 1."""
    cdef int64_t i
    for i in range(n):
        if <uint32_t>ids[i] >= n_rows:
            return False
    return True


cdef inline void train_pair_list(const Model *model, Worker *worker, const int32_t *sources,
                                 const int32_t *targets, int64_t n, double rate) noexcept nogil:
    """Train with n pairs one by one, drawing one pair ahead."""
    cdef FocusPlan *plan = &worker.focus_plans[0]
    cdef FocusPlan *next_plan = &worker.focus_plans[1]
    cdef int64_t i
    plan_pair(model, worker, plan, sources[0], targets[0])
    for i in range(n):
        if model.stop[0]:
            break
        if model.scalar_bias != NULL and i % SYNC_INTERVAL == 0:
            sync_scalar_bias(model, worker)
        next_plan.n_examples = 0
        if i + 1 < n:
            plan_pair(model, worker, next_plan, sources[i + 1], targets[i + 1])
        skip_gram(model, worker, plan, next_plan, rate)
        plan, next_plan = next_plan, plan


cdef inline void plan_pair(const Model *model, Worker *worker, FocusPlan *plan, int32_t source,
                           int32_t target) noexcept nogil:
    """Draw the negative samples of a pair, and prefetch its two rows."""
    plan.focus = target
    plan.contexts[0] = source
    plan.n_contexts = plan.n_examples = 1
    prefetch_row(row_address(model, model.input, source), model.row_bytes)
    prefetch_row(row_address(model, model.output, target), model.row_bytes)
    plan.n_targets[0] = draw_targets(model, worker, target, plan.contexts, 1, plan.targets)


cdef inline void train_pair_blocks(const Model *model, Worker *worker, const int32_t *sources,
                                   const int32_t *targets, int64_t n, double rate) noexcept nogil:
    """Train with n pairs, block by block; draw and prefetch ahead as `train_blocks` does."""
    cdef BlockPlan *plan = &worker.block_plans[0]
    cdef BlockPlan *next_plan = &worker.block_plans[1]
    cdef BlockPlan *after_next = &worker.block_plans[2]
    draw_block(model, worker, plan, 0, n)
    look_up_negatives(model, plan)
    draw_block(model, worker, next_plan, plan.n_focus, n)
    while plan.n_focus and not model.stop[0]:
        worker.block.n_prefetch = 0
        if next_plan.n_focus:
            look_up_negatives(model, next_plan)
            prefetch_pair_rows(model, worker, next_plan, sources, targets)
        draw_block(model, worker, after_next, next_plan.first + next_plan.n_focus, n)
        if model.scalar_bias != NULL:
            sync_scalar_bias(model, worker)
        list_output_rows(model, worker, plan, targets + plan.first)
        list_source_rows(worker, plan, sources + plan.first)
        block_step(model, worker, rate)
        plan, next_plan, after_next = next_plan, after_next, plan


cdef inline void prefetch_pair_rows(const Model *model, Worker *worker, const BlockPlan *plan,
                                    const int32_t *sources, const int32_t *targets) noexcept nogil:
    """Make the operation `block` prefetch the rows of the block `plan`, which comes next."""
    cdef int64_t i
    cdef int k, n = 0
    for k in range(model.n_shared_negatives):
        worker.prefetch[n] = row_address(model, negative_matrix(model), plan.negatives[k])
        n += 1
    for i in range(plan.first, plan.first + plan.n_focus):
        worker.prefetch[n] = row_address(model, model.output, targets[i])
        worker.prefetch[n + 1] = row_address(model, model.input, sources[i])
        n += 2
    worker.block.n_prefetch = n


cdef inline void list_source_rows(Worker *worker, const BlockPlan *plan, const int32_t *sources) \
        noexcept nogil:
    """List the different sources of a block in `in_ids`, and count its positive pairs.

    The output rows must be listed before. sources : the ids of the block's plan.n_focus sources.
    """
    cdef uint64_t seen = 0
    cdef int k, i, n = 0
    for k in range(plan.n_focus):
        worker.in_index[k] = find_or_append(sources[k], worker.in_ids, &n, &seen)
    clear_counts(&worker.block, worker, n)
    for k in range(plan.n_focus):
        i = worker.in_index[k]
        worker.positive_counts[worker.focus_index[k] * worker.block.stride + i] += 1
        worker.pair_counts[i] += 1
    worker.n_examples += plan.n_focus
