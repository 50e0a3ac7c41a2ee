# CBOW with negative sampling on an output matrix: two fused row operations per focus word.
#
# Contents
#   can_fuse       whether the row operations compute what a model asks for
#   cbow_plan      the plan of a focus word
#   draw_cbow      the random draws for a focus word
#   list_rows      look up its rows
#   queue_rows     rows of subwords to prefetch
#   train_cbow     the loop over focus words
#
# The other models with CBOW are trained by examples.pxd, with `gather`, `step` and `scatter`:
# lock factors, hierarchical softmax, a separate matrix of negative samples, and tied rows with a
# shared scalar bias or the biases of both words.

from libc.stdint cimport int32_t, int64_t

from fastsgns.kernels.examples cimport (
    draw_negatives, draw_window, gradient_share, list_targets,
)
from fastsgns.kernels.rows cimport find_input_rows, peek_input_row
from fastsgns.kernels.state cimport (
    BOTH_BIAS, N_PLANS, SCALAR_BIAS, CbowRows, FocusPlan, Model, Worker,
)
from fastsgns.kernels.subwords cimport begin_step, count_rows, queue_subwords


cdef inline bint can_fuse(const Model *model) noexcept nogil:
    """Return whether `train_cbow` can train a model with CBOW: not with the variant "trace"."""
    return (model.ops.cbow_errors != NULL and model.output != NULL and model.tree == NULL
            and model.negative_output == NULL and model.lock_factors == NULL
            and model.bias_kind != SCALAR_BIAS and model.bias_kind != BOTH_BIAS)


cdef enum:
    LISTED_AHEAD = 3  # rows prefetched later arrive too late: with 2, CBOW was 8 to 10 % slower
    DRAWN_AHEAD = 5  # at most N_PLANS - 1


cdef inline FocusPlan *cbow_plan(Worker *worker, int64_t position) noexcept nogil:
    """Return the plan of the focus word at `position`."""
    return &worker.focus_plans[position % N_PLANS]


cdef inline void draw_cbow(const Model *model, Worker *worker, int64_t position, int64_t last,
                           int64_t n_tokens) noexcept nogil:
    """Make the random draws for the focus word at `position`; from `last` on, plan nothing."""
    cdef FocusPlan *plan = cbow_plan(worker, position)
    if position >= last:
        plan.n_contexts = plan.n_examples = 0
        return
    draw_window(model, worker, plan, position, n_tokens)
    draw_negatives(model, worker, plan)


cdef inline void list_rows(const Model *model, Worker *worker, int64_t position,
                           int64_t n_tokens) noexcept nogil:
    """Look up the negative samples and the addresses of all rows of the focus word at `position`.

    The row of the last context word that its window can have is added to `target_rows`, for
    prefetching: the earlier ones have been prefetched before.
    """
    cdef FocusPlan *plan = cbow_plan(worker, position)
    cdef int64_t other = min(position + model.right_radius, n_tokens - 1)
    list_targets(model, worker, plan)
    find_input_rows(model, worker, plan.contexts, plan.n_contexts, plan.context_rows)
    if plan.n_examples:
        plan.target_rows[plan.n_targets[0]] = peek_input_row(model, worker, worker.tokens[other])


cdef inline void queue_rows(const Model *model, Worker *worker, int64_t position,
                            int64_t n_tokens) noexcept nogil:
    """Add the rows of subwords to those that are prefetched at `position`.

    They are those of the token that `list_rows` will look up first after the next position.
    """
    cdef CbowRows *rows = &worker.cbow
    cdef int64_t newest = position + LISTED_AHEAD + 2 + model.right_radius
    cdef int i
    for i in range(rows.n_prefetch):
        worker.prefetch[i] = rows.prefetch[i]
    rows.prefetch = worker.prefetch
    rows.n_prefetch += queue_subwords(
        model, worker, newest, n_tokens, worker.prefetch + rows.n_prefetch)


cdef inline void train_cbow(const Model *model, Worker *worker, int64_t first, int64_t last,
                            int64_t n_tokens, double rate) noexcept nogil:
    """Train on the focus words worker.tokens[first:last], one after the other.

    While a focus word is trained, random numbers are drawn DRAWN_AHEAD focus words ahead, and rows
    are looked up and prefetched LISTED_AHEAD focus words ahead. The draws and look-ups are between
    the two halves of the step: the processor makes them while it waits for the errors.
    """
    cdef FocusPlan *plan
    cdef FocusPlan *ahead
    cdef CbowRows *rows = &worker.cbow
    cdef int64_t position
    cdef double scale
    for position in range(first, first + DRAWN_AHEAD):
        draw_cbow(model, worker, position, last, n_tokens)
    for position in range(first, first + LISTED_AHEAD):
        list_rows(model, worker, position, n_tokens)
    for position in range(first, last):
        if model.stop_flag[0]:
            break
        begin_step(model, worker)
        plan = cbow_plan(worker, position)
        ahead = cbow_plan(worker, position + LISTED_AHEAD)
        if plan.n_examples:
            scale = 1.0 / count_rows(model, plan.contexts, plan.n_contexts, plan.weights)
            rows.weights = plan.weights if model.subword_starts != NULL else NULL
            rows.contexts, rows.n_contexts = plan.context_rows, plan.n_contexts
            rows.rows, rows.n = plan.target_rows, plan.n_targets[0]
            rows.scale = scale if model.mean_hidden else 1.0
            rows.share = gradient_share(model, plan.n_contexts, scale)
            worker.loss += model.ops.cbow_errors(rows, rate)
            worker.n_examples += 1
        list_rows(model, worker, position + LISTED_AHEAD, n_tokens)
        draw_cbow(model, worker, position + DRAWN_AHEAD, last, n_tokens)
        if plan.n_examples:
            rows.prefetch = ahead.target_rows
            rows.n_prefetch = ahead.n_targets[0] + 1 if ahead.n_examples else 0
            if model.subword_starts != NULL:
                queue_rows(model, worker, position, n_tokens)
            model.ops.cbow_update(rows)
