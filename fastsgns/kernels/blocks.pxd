# Skip-gram in blocks: neighbouring focus words share negative samples, and one gradient step
# updates the rows of all their pairs.
#
# Contents
#   draw_block, look_up_negatives    draw the window radius and negative samples of a block
#   prefetch_rows                    prefetch the rows of the next block
#   list_output_rows                 the different output rows of a block, and their weights
#   list_input_rows                  its different input rows, and how often each pair is positive
#   fill_negative_counts             how often each pair is negative
#   clip_block_rate                  a rate at which rows that repeat stay stable
#   block_step                       the gradient step of a block
#   block_step_tied                  ... if one matrix has both roles
#   block_step_separate              ... if negative samples have a matrix of their own
#   skip_gram_block, path_block_step negative sampling; Huffman paths
#   train_blocks                     the loop over blocks
#   find_or_append                   a list of different ids
#
# `worker.tokens` holds the tokens of a stretch of one sentence that subsampling kept, n_tokens of
# them. Positions count from its start. A block consists of `n_focus` neighbouring focus words in
# it, the context words within the same radius of each, and `n_shared_negatives` sampled words.
#
# The same word may occur several times. Therefore the block has a list of its different input rows
# (context words), `in_ids`, and of its different output rows (focus words, then sampled words),
# `out_ids`. For the input row i and the output row j there are two counts, stored at [j, i]:
#
#     positive_counts[j, i]   number of times that word i is a context word of the focus word j
#     negative_counts[j, i]   negative_weight[j] * (pair_counts[i] - positive_counts[j, i])
#
# Here pair_counts[i] is the number of (context word, focus word) pairs in the block whose context
# word is word i. word2vec.c draws `negative` samples for each pair. A block draws
# n_shared_negatives samples for all of its pairs, so that each sample gets the weight negative /
# n_shared_negatives in each pair. negative_weight[j] is the sum of these weights over the samples
# equal to word j. As in word2vec.c, a sampled word is not a negative sample of pairs in which it is
# the focus word; therefore positive_counts is subtracted.
#
# The operation `block` (rows.h) makes one gradient step on the loss
#
#     -sum_ij (positive_counts[j, i] log sigmoid(s_ij) + negative_counts[j, i] log sigmoid(-s_ij)),
#     s_ij = (input row i) . (output row j):
#
# with g_ij = -rate * d loss / d s_ij, input row i grows by sum_j g_ij (output row j), and output
# row j by sum_i g_ij (input row i), computed from the old rows. The expected value of this step is
# the sum of the steps that word2vec.c would make for the pairs of the block at the old rows, unless
# `clip_block_rate` reduces the rate.

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memset

from fastsgns.kernels.roles cimport (
    apply_input_updates, copy_input_rows, couple_rows, negative_matrix, restore_ones,
    sync_scalar_bias,
)
from fastsgns.kernels.state cimport (
    MAX_STEP, SIMD_PAD, BlockPlan, BlockRows, Model, Worker, alias_index, alias_slot, next_random,
    prefetch_read,
)
from fastsgns.kernels.tokens cimport draw_radius, row_address


cdef inline void draw_block(const Model *model, Worker *worker, BlockPlan *plan, int64_t first,
                            int64_t last) noexcept nogil:
    """Draw the window radius and the negative samples of the next block.

    The block has up to `n_focus` focus words, positions first .. last - 1; `plan.n_focus` is 0 if
    there are none left. The random numbers are kept in `plan.draws`, and the slots of the noise
    table that they select are prefetched.
    """
    cdef int k
    plan.first = first
    plan.n_focus = <int>max(0, min(model.n_focus, last - first))
    if plan.n_focus == 0:
        return
    plan.radius = draw_radius(model, worker)
    for k in range(model.n_shared_negatives):
        plan.draws[k] = next_random(&worker.random_state)
        prefetch_read(&model.noise[alias_slot(plan.draws[k], model.n_outputs)])


cdef inline void look_up_negatives(const Model *model, BlockPlan *plan) noexcept nogil:
    """Write the words that `plan.draws` select in the noise table to `plan.negatives`."""
    cdef int k
    for k in range(model.n_shared_negatives):
        plan.negatives[k] = alias_index(plan.draws[k], model.noise, model.n_outputs)


cdef inline void prefetch_rows(const Model *model, Worker *worker, BlockRows *rows,
                               const BlockPlan *plan, int64_t n_tokens) noexcept nogil:
    """List the rows of the next block, `plan`; the step of the current block will prefetch them.

    rows : the current block, whose `prefetch` list is filled with addresses. These are the output
        rows, or without an output matrix the rows on the Huffman path of the first focus word; and
        the input rows of the context words that the current block does not have.
    """
    cdef int64_t first = plan.first + model.right_radius, last, node
    cdef int32_t focus = worker.tokens[plan.first]
    cdef int k, n = 0
    if model.output != NULL:
        for k in range(model.n_shared_negatives):
            worker.prefetch[n] = row_address(model, negative_matrix(model), plan.negatives[k])
            n += 1
        for k in range(plan.n_focus):
            worker.prefetch[n] = row_address(model, model.output, worker.tokens[plan.first + k])
            n += 1
    else:
        for node in range(model.path_starts[focus], model.path_starts[focus + 1]):
            worker.prefetch[n] = row_address(model, model.tree, model.path_nodes[node])
            n += 1
    last = min(n_tokens, first + plan.n_focus)
    for k in range(<int>max(0, last - first)):
        worker.prefetch[n] = row_address(model, model.input, worker.tokens[first + k])
        n += 1
    rows.n_prefetch = n


cdef inline void list_output_rows(const Model *model, Worker *worker, const BlockPlan *plan,
                                  const int32_t *focus) noexcept nogil:
    """List the output rows of a block with the focus words focus[:plan.n_focus].

    Writes to the worker:
    out_ids : the different focus words, then the different sampled words that are not among them.
    focus_index : for each focus word, its index in `out_ids`.
    n_focus_rows : number of different focus words.
    negative_weight : for each output row, see the top of this file; 0 if it was not sampled.
    """
    cdef float share = <float>model.negative / model.n_shared_negatives
    cdef uint64_t seen = 0
    cdef int k, n = 0
    for k in range(plan.n_focus):
        worker.focus_index[k] = find_or_append(focus[k], worker.out_ids, &n, &seen)
    worker.n_focus_rows = n
    memset(worker.negative_weight, 0, (model.n_focus + model.n_shared_negatives) * sizeof(float))
    for k in range(model.n_shared_negatives):
        worker.negative_weight[
            find_or_append(plan.negatives[k], worker.out_ids, &n, &seen)] += share
    worker.block.n_out = n


cdef inline void list_input_rows(const Model *model, Worker *worker, const BlockPlan *plan,
                                 int64_t start, int64_t stop) noexcept nogil:
    """List the input rows of a block, and count its positive pairs.

    Their words are in worker.tokens[start:stop]. Two of these tokens may not be a context word of
    any focus word, and are then left out: the only focus word of a block with one, and, if contexts
    come only from before the focus word (`right_radius` is 0), the last focus word.

    Writes to the worker:
    in_ids : the different context words.
    in_index : for each token from `start` on, its index in `in_ids`.
    positive_counts, pair_counts : see the top of this file.
    """
    cdef uint64_t seen = 0
    cdef int64_t other, focus, begin, end
    cdef int k, n = 0
    cdef float *positive
    for other in range(start, stop - (model.right_radius == 0)):
        if plan.n_focus > 1 or other != plan.first:
            worker.in_index[other - start] = find_or_append(
                worker.tokens[other], worker.in_ids, &n, &seen)
    clear_counts(&worker.block, worker, n)
    for k in range(plan.n_focus):
        focus = plan.first + k
        begin = max(start, focus - plan.radius)
        end = min(stop, focus + min(plan.radius, model.right_radius) + 1)
        positive = worker.positive_counts + worker.focus_index[k] * worker.block.stride
        for other in range(begin, end):
            if other != focus:
                positive[worker.in_index[other - start]] += 1
                worker.pair_counts[worker.in_index[other - start]] += 1
        worker.n_examples += end - begin - 1


cdef inline void clear_counts(BlockRows *rows, Worker *worker, int n_in) noexcept nogil:
    """Set the size of a block with n_in input rows, and its counts to zero."""
    rows.n_in = n_in
    rows.stride = (n_in + SIMD_PAD - 1) // SIMD_PAD * SIMD_PAD
    memset(worker.pair_counts, 0, rows.stride * sizeof(float))
    memset(worker.positive_counts, 0, rows.n_out * rows.stride * sizeof(float))


cdef inline void fill_negative_counts(const BlockRows *rows, Worker *worker) noexcept nogil:
    """Set how often each pair is a negative pair.

    negative_counts[j, i] = negative_weight[j] * (pair_counts[i] - positive_counts[j, i])
    """
    cdef const float *positive = worker.positive_counts
    cdef float *negative = worker.negative_counts
    cdef float weight
    cdef int i, j
    for j in range(rows.n_out):
        weight = worker.negative_weight[j]
        for i in range(rows.stride):
            negative[i] = weight * (worker.pair_counts[i] - positive[i])
        negative += rows.stride
        positive += rows.stride


cdef inline double clip_block_rate(const BlockRows *rows, const float *pair_counts, double rate) \
        noexcept nogil:
    """Return the learning rate, reduced so that rate * pair_counts[i] <= MAX_STEP for each i.

    An input row takes the steps of all its pairs at once. For a word with many pairs in the block
    the sum of these steps would overshoot.
    """
    cdef float most = 1
    cdef int i
    for i in range(rows.n_in):
        most = max(most, pair_counts[i])
    return min(rate, MAX_STEP / most)


cdef inline void block_step(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Make the gradient step of a block whose rows are listed and positive pairs are counted."""
    fill_negative_counts(&worker.block, worker)
    rate = clip_block_rate(&worker.block, worker.pair_counts, rate)
    if model.tied:
        worker.loss += block_step_tied(model, worker, rate)
    elif model.negative_output != NULL:
        worker.loss += block_step_separate(model, worker, rate)
    else:
        worker.loss += model.ops.block(&worker.block, rate)


cdef inline double block_step_tied(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Make the gradient step of a block if one matrix has both roles; return the loss.

    A word may be in `in_ids` and in `out_ids`. The operation `block` would then change a row that
    it still reads, so that it gets copies of the input rows.
    """
    cdef double loss
    mask_self_negatives(model, worker)
    copy_input_rows(model, worker, worker.block.n_in)
    loss = model.ops.block(&worker.block, rate)
    restore_ones(model, worker.out_ids, worker.block.n_out)
    apply_input_updates(model, worker, worker.block.n_in)
    return loss


cdef inline void mask_self_negatives(const Model *model, Worker *worker) noexcept nogil:
    """Set negative_counts[j, i] to 0 where input row i and output row j are the same row.

    Otherwise a word would be pushed away from itself.
    """
    cdef BlockRows *rows = &worker.block
    cdef float *negative = worker.negative_counts
    cdef int32_t word
    cdef int i, j
    for j in range(rows.n_out):
        word = worker.out_ids[j]
        for i in range(rows.n_in):
            negative[i] *= worker.in_ids[i] != word
        negative += rows.stride


cdef inline double block_step_separate(const Model *model, Worker *worker, double rate) \
        noexcept nogil:
    """Make the gradient steps of a block if negative samples have a matrix of their own.

    The first step is on the positive pairs, with the focus words' rows in `output`. The second is
    on the negative pairs, with the rows of all words of `out_ids` in `negative_output`. Then the
    two rows of each of these words are coupled, in proportion to the sum of its counts. Returns the
    loss.
    """
    cdef BlockRows *rows = &worker.block
    cdef int n_prefetch = rows.n_prefetch, n_out = rows.n_out, i, j
    cdef double loss, pair_weight
    rows.n_out, rows.negative_counts = worker.n_focus_rows, worker.zeros
    loss = model.ops.block(rows, rate)
    rows.n_out, rows.negative_counts = n_out, worker.negative_counts
    rows.output, rows.positive_counts, rows.n_prefetch = model.negative_output, worker.zeros, 0
    loss += model.ops.block(rows, rate)
    rows.output, rows.positive_counts = model.output, worker.positive_counts
    rows.n_prefetch = n_prefetch
    if model.coupling > 0:
        for j in range(n_out):
            pair_weight = 0
            for i in range(rows.n_in):
                pair_weight += (worker.positive_counts[j * rows.stride + i]
                                + worker.negative_counts[j * rows.stride + i])
            couple_rows(model, worker.out_ids[j], rate * model.coupling * pair_weight)
    return loss


cdef inline void skip_gram_block(const Model *model, Worker *worker, const BlockPlan *plan,
                                 int64_t n_tokens, double rate) noexcept nogil:
    """Train one block by negative sampling: list its rows, count its pairs, make the step."""
    cdef int64_t start = max(0, plan.first - plan.radius)
    cdef int64_t stop = min(
        n_tokens, plan.first + plan.n_focus + min(plan.radius, model.right_radius))
    if stop - start < 2:
        return
    list_output_rows(model, worker, plan, worker.tokens + plan.first)
    list_input_rows(model, worker, plan, start, stop)
    block_step(model, worker, rate)


cdef inline void path_block_step(const Model *model, Worker *worker, int64_t position,
                                 int64_t radius, int64_t n_tokens, double rate) noexcept nogil:
    """Train one focus word by hierarchical softmax: all its context words in one gradient step.

    The input rows are those of the context words, the output rows the inner nodes on the path. A
    node with label 1 makes every pair a positive pair: positive_counts[j, i] = pair_counts[i]. A
    node with label 0 makes every pair a negative pair: negative_weight[j] = 1.
    """
    cdef BlockRows *rows = &worker.path_block
    cdef int32_t focus = worker.tokens[position]
    cdef int64_t start = max(0, position - radius)
    cdef int64_t stop = min(n_tokens, position + min(radius, model.right_radius) + 1)
    cdef const float *labels = model.path_labels + model.path_starts[focus]
    cdef uint64_t seen = 0
    cdef int64_t other
    cdef int i, j, n = 0
    rows.out_ids = model.path_nodes + model.path_starts[focus]
    rows.n_out = <int>(model.path_starts[focus + 1] - model.path_starts[focus])
    if model.output == NULL:
        worker.n_examples += stop - start - 1
    if stop - start < 2 or rows.n_out == 0:
        return
    for other in range(start, stop):
        if other != position:
            worker.in_index[other - start] = find_or_append(
                worker.tokens[other], worker.in_ids, &n, &seen)
    clear_counts(rows, worker, n)
    for other in range(start, stop):
        if other != position:
            worker.pair_counts[worker.in_index[other - start]] += 1
    for j in range(rows.n_out):
        worker.negative_weight[j] = 1 - labels[j]
        for i in range(n):
            worker.positive_counts[j * rows.stride + i] = labels[j] * worker.pair_counts[i]
    fill_negative_counts(rows, worker)
    worker.loss += model.ops.block(rows, clip_block_rate(rows, worker.pair_counts, rate))


cdef inline void train_blocks(const Model *model, Worker *worker, int64_t first, int64_t last,
                              int64_t n_tokens, double rate) noexcept nogil:
    """Train skip-gram with the focus words worker.tokens[first:last], block by block.

    The step of a block also prefetches the rows of the next block. The slots of the noise table are
    prefetched two blocks ahead.
    """
    cdef BlockPlan *plan = &worker.block_plans[0]
    cdef BlockPlan *next_plan = &worker.block_plans[1]
    cdef BlockPlan *after_next = &worker.block_plans[2]
    cdef BlockRows *rows = &worker.block if model.output != NULL else &worker.path_block
    cdef int k
    draw_block(model, worker, plan, first, last)
    look_up_negatives(model, plan)
    draw_block(model, worker, next_plan, plan.first + plan.n_focus, last)
    while plan.n_focus and not model.stop[0]:
        rows.n_prefetch = 0
        if next_plan.n_focus:
            look_up_negatives(model, next_plan)
            prefetch_rows(model, worker, rows, next_plan, n_tokens)
        draw_block(model, worker, after_next, next_plan.first + next_plan.n_focus, last)
        if model.scalar_bias != NULL:
            sync_scalar_bias(model, worker)
        if model.output != NULL:
            skip_gram_block(model, worker, plan, n_tokens, rate)
        if model.tree != NULL:
            for k in range(plan.n_focus):
                path_block_step(model, worker, plan.first + k, plan.radius, n_tokens, rate)
        plan, next_plan, after_next = next_plan, after_next, plan


cdef inline int find_or_append(int32_t word, int32_t *words, int *n, uint64_t *seen) noexcept nogil:
    """Return the index of `word` in words[:n[0]], a list of different words.

    A word that is not in the list is appended, and n[0] grows by 1. `seen` is a filter that spares
    most searches: its bit b is set if a word in the list has the remainder b modulo 64.
    """
    cdef uint64_t bit = <uint64_t>1 << (word & 63)
    cdef int index
    if seen[0] & bit:
        for index in range(n[0]):
            if words[index] == word:
                return index
    seen[0] |= bit
    words[n[0]] = word
    n[0] += 1
    return n[0] - 1
