# Lists of (source, target) pairs instead of sentences: a pair is an example, or one of a block.

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from fastsgns.kernels.blocks cimport (
    draw_block, learn_block, name_drawn, name_targets, slot_of, start_rows,
)
from fastsgns.kernels.pairs cimport draw_targets, skip_gram
from fastsgns.kernels.roles cimport EXCHANGED_EVERY, exchange_scalar, negatives_of
from fastsgns.kernels.state cimport BAD_ID, FOCUS_CHUNK, Model, Plan, Worker, prefetch_row
from fastsgns.kernels.tokens cimport row_of


cdef inline void plan_pair(const Model *model, Worker *worker, Plan *plan, int32_t source,
                           int32_t target) noexcept nogil:
    """Draw the negatives of a pair, and ask for the rows of its two."""
    plan.focus = target
    plan.contexts[0] = source
    plan.n_contexts = plan.n_examples = 1
    prefetch_row(row_of(model, model.input, source), model.row_bytes)
    prefetch_row(row_of(model, model.output, target), model.row_bytes)
    plan.n_targets[0] = draw_targets(model, worker, target, plan.contexts, 1, plan.targets)


cdef inline void train_one_by_one(const Model *model, Worker *worker, const int32_t *sources,
                                  const int32_t *targets, int64_t n, double rate) noexcept nogil:
    """Train on n pairs, each with negatives of its own, planning one ahead."""
    cdef Plan *plan = &worker.plans[0]
    cdef Plan *following = &worker.plans[1]
    cdef int64_t i
    plan_pair(model, worker, plan, sources[0], targets[0])
    for i in range(n):
        if model.stop[0]:
            break
        if model.scalar != NULL and i % EXCHANGED_EVERY == 0:
            exchange_scalar(model, worker)
        following.n_examples = 0
        if i + 1 < n:
            plan_pair(model, worker, following, sources[i + 1], targets[i + 1])
        skip_gram(model, worker, plan, following, rate)
        plan, following = following, plan


cdef inline void ask_for_block(const Model *model, Worker *worker, const Plan *plan,
                               const int32_t *sources, const int32_t *targets) noexcept nogil:
    """Let the block under way ask for the rows of the next one."""
    cdef int64_t i
    cdef int k, n = 0
    for k in range(model.n_shared):
        worker.ahead[n] = row_of(model, negatives_of(model), plan.targets[k])
        n += 1
    for i in range(plan.first, plan.first + plan.n_focus):
        worker.ahead[n] = row_of(model, model.output, targets[i])
        worker.ahead[n + 1] = row_of(model, model.input, sources[i])
        n += 2
    worker.block.n_ahead = n


cdef inline void name_sources(Worker *worker, const Plan *plan, const int32_t *sources) \
        noexcept nogil:
    """Name the input rows of a block, and count the pairs of each."""
    cdef uint64_t seen = 0
    cdef int k, slot, n = 0
    for k in range(plan.n_focus):
        worker.in_slots[k] = slot_of(sources[k], worker.in_ids, &n, &seen)
    start_rows(&worker.block, worker, n)
    for k in range(plan.n_focus):
        slot = worker.in_slots[k]
        worker.positive[worker.focus_slots[k] * worker.block.stride + slot] += 1
        worker.pairs[slot] += 1
    worker.n_examples += plan.n_focus


cdef inline void train_by_blocks(const Model *model, Worker *worker, const int32_t *sources,
                                 const int32_t *targets, int64_t n, double rate) noexcept nogil:
    """Train on n pairs, `n_focus` of them at a time on the same negatives, in one step."""
    cdef Plan *plan = &worker.plans[0]
    cdef Plan *following = &worker.plans[1]
    cdef Plan *last_drawn = &worker.plans[2]
    draw_block(model, worker, plan, 0, n)
    name_drawn(model, plan)
    draw_block(model, worker, following, plan.n_focus, n)
    while plan.n_focus and not model.stop[0]:
        worker.block.n_ahead = 0
        if following.n_focus:
            name_drawn(model, following)
            ask_for_block(model, worker, following, sources, targets)
        draw_block(model, worker, last_drawn, following.first + following.n_focus, n)
        if model.scalar != NULL:
            exchange_scalar(model, worker)
        name_targets(model, worker, plan, targets + plan.first)
        name_sources(worker, plan, sources + plan.first)
        learn_block(model, worker, rate)
        plan, following, last_drawn = following, last_drawn, plan


cdef inline bint are_rows(const int32_t *ids, int64_t n, uint32_t n_rows) noexcept nogil:
    cdef int64_t i
    for i in range(n):
        if <uint32_t>ids[i] >= n_rows:
            return False
    return True


cdef inline int64_t train_list(const Model *model, Worker *worker, const int32_t *sources,
                               const int32_t *targets, int64_t start, int64_t stop,
                               double alpha_start, double alpha_stop) noexcept nogil:
    """Train on the pairs [start, stop), FOCUS_CHUNK of them at a rate."""
    cdef int64_t first = start, n
    cdef double slope = (alpha_stop - alpha_start) / max(1, stop - start), rate
    while first < stop and not model.stop[0]:
        n = min(stop - first, FOCUS_CHUNK)
        rate = alpha_start + slope * (first - start)
        if not are_rows(sources + first, n, model.n_words) or (
                not are_rows(targets + first, n, model.n_outputs)):
            return BAD_ID
        if model.n_focus:
            train_by_blocks(model, worker, sources + first, targets + first, n, rate)
        else:
            train_one_by_one(model, worker, sources + first, targets + first, n, rate)
        first += n
    return 0
