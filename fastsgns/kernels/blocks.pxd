# Skip-gram in blocks: neighbouring focus words share negative samples, and one gradient step
# updates the rows of all their pairs. With hierarchical softmax each focus word is a step of its
# own.
#
# Contents
#   draw_block               draw the window radius and the negative samples of a block
#   look_up_negatives        turn these draws into words
#   queue_prefetch           list the rows of the next block, for the current step to prefetch
#   list_output_rows         the distinct output rows of a block, and their weights as samples
#   list_input_rows          its distinct input rows, and the weight of each pair as a positive pair
#   list_source_rows         the same for a list of pairs
#   reset_weights, fill_negative_weights   set the weights of the pairs of a block
#   limit_block_rate         reduce the learning rate so that repeated rows do not overshoot
#   block_step               take the gradient step of a block
#   block_step_tied          ... if input and output rows are tied (one matrix)
#   block_step_separate      ... with a separate output matrix for negative samples
#   skip_gram_block          train on one block with negative sampling
#   path_block_step          train on one focus word with hierarchical softmax
#   train_blocks             the loop over blocks
#   find_or_append           look up an id in a list of distinct ids
#
# `worker.tokens` holds n_tokens tokens that survived subsampling: those of one segment of a
# sentence, preceded and followed by context tokens from the rest of the sentence. The focus words
# are tokens[first:last]. Positions count from the start of `worker.tokens`.
#
# A block consists of up to `max_focus` neighbouring focus words, their context words, and
# `n_shared_negatives` sampled words. Its focus words share one window radius (word2vec.c draws one
# for each focus word). Contexts after a focus word are at most `right_radius` away, which is 0
# (contexts only from before the focus word) or the maximum radius. With hierarchical softmax alone
# there are no sampled words, and a block is the focus words that share a radius.
#
# A list of pairs is trained in the same way: `max_focus` consecutive pairs are a block. The target
# of a pair is the focus word, and the source is its only context word.
#
# The same word may occur several times. Therefore the block has a list of its distinct input rows
# (context words), `in_ids`, and of its distinct output rows (focus words, then sampled words),
# `out_ids`. The input row i and the output row j have two weights, stored at [j, i]:
#
#     positive_weights[j, i]   number of times that word i is a context word of the focus word j
#     negative_weights[j, i]   sample_weights[j] * (pair_counts[i] - positive_weights[j, i])
#
# Here pair_counts[i] is the number of (context word, focus word) pairs in the block whose context
# word is word i. word2vec.c draws `negative` samples for each pair. A block draws
# n_shared_negatives samples for all of its pairs, so each sample is weighted by negative /
# n_shared_negatives. sample_weights[j] is the sum of these weights over the samples equal to word
# j. As in word2vec.c, a sampled word is not a negative sample of pairs in which it is the focus
# word; therefore positive_weights is subtracted.
#
# The operation `block` (rows.h) takes one gradient step on the loss
#
#     -sum_ij (positive_weights[j, i] log sigmoid(s_ij)
#              + negative_weights[j, i] log sigmoid(-s_ij)),  s_ij = (input row i) . (output row j).
#
# With g_ij = -rate * d loss / d s_ij, input row i grows by sum_j g_ij (output row j), and output
# row j by sum_i g_ij (input row i), computed from the old rows. In expectation over the negative
# samples, this equals the sum of word2vec.c's updates for these pairs, all computed from the old
# rows, with three exceptions:
# - `limit_block_rate` may reduce the rate;
# - if the matrix is tied, the pair of a word with itself is not a negative pair;
# - with a separate negative matrix there are two steps, and the second one reads the input rows as
#   the first one has changed them.

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memset

from fastsgns.kernels.rng cimport alias_index, alias_slot, next_random
from fastsgns.kernels.roles cimport (
    apply_input_updates, copy_input_rows, couple_rows, restore_ones, sync_scalar_bias,
)
from fastsgns.kernels.rows cimport (
    find_input_rows, find_negative_rows, find_output_rows, find_tree_rows, output_row,
    peek_input_rows, peek_negative_rows, peek_output_rows,
)
from fastsgns.kernels.state cimport (
    MAX_STEP, BlockPlan, BlockRows, Model, Worker, padded_size, prefetch_read,
)
from fastsgns.kernels.tokens cimport draw_radius


cdef inline void draw_block(const Model *model, Worker *worker, BlockPlan *plan, int64_t first,
                            int64_t last) noexcept nogil:
    """Draw the window radius and the negative samples of the block that starts at `first`.

    The block takes up to model.max_focus focus words from position `first`, stopping before `last`;
    `plan.n_focus` is their number, 0 if none are left. The random numbers are kept in `plan.draws`,
    and the slots of the noise table that they select are prefetched.
    """
    cdef int k
    plan.first = first
    plan.n_focus = <int>max(0, min(model.max_focus, last - first))
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


cdef inline void queue_prefetch(const Model *model, Worker *worker, BlockRows *rows,
                                const BlockPlan *plan, const int32_t *focus_words,
                                const int32_t *sources, int64_t n_tokens) noexcept nogil:
    """List the rows of the next block; the step of the current block will prefetch them.

    `rows` belongs to the current block, `plan` to the next one. Writes the addresses to
    `worker.prefetch`, and their number to rows.n_prefetch. The addresses are those of
    - the sampled words' rows in the negative matrix, and the focus words' rows in `output`. With a
      separate negative matrix, the focus words' rows in it are not prefetched.
    - without an output matrix, the rows on the Huffman path of the first focus word. The paths of
      the other focus words are not prefetched.
    - the input rows of plan.n_focus tokens from position plan.first + right_radius on. With
      right_radius > 0, these are the tokens that the next block can use as context words and the
      current block cannot. With right_radius = 0, those tokens start one position earlier.
    - for a list of pairs, the input rows of the sources instead.
    """
    cdef int64_t first_new = plan.first + model.right_radius, n_contexts = plan.n_focus
    cdef int32_t word = focus_words[plan.first]
    cdef const int32_t *contexts
    cdef int n
    if model.output != NULL:
        peek_negative_rows(model, worker, plan.negatives, model.n_shared_negatives, worker.prefetch)
        n = model.n_shared_negatives
        peek_output_rows(model, worker, focus_words + plan.first, plan.n_focus, worker.prefetch + n)
        n += plan.n_focus
    else:
        n = <int>(model.path_starts[word + 1] - model.path_starts[word])
        find_tree_rows(model, worker, model.path_nodes + model.path_starts[word], n,
                       worker.prefetch)
    if sources != NULL:
        contexts = sources + plan.first
    else:
        contexts = worker.tokens + first_new
        n_contexts = max(0, min(n_contexts, n_tokens - first_new))
    peek_input_rows(model, worker, contexts, n_contexts, worker.prefetch + n)
    rows.n_prefetch = n + <int>n_contexts


cdef inline void list_output_rows(const Model *model, Worker *worker, const BlockPlan *plan,
                                  const int32_t *focus_words) noexcept nogil:
    """List the output rows of a block with the focus words focus_words[:plan.n_focus].

    Writes to the worker:
    out_ids : the distinct focus words, then the distinct sampled words that are not among them.
    focus_index : for each focus word, its index in `out_ids`.
    n_focus_rows : number of distinct focus words.
    sample_weights : for each output row, see the top of this file; 0 if it was not sampled.
    """
    cdef float weight_per_sample = <float>model.negative / model.n_shared_negatives
    cdef uint64_t seen = 0
    cdef int k, n = 0
    for k in range(plan.n_focus):
        worker.focus_index[k] = find_or_append(focus_words[k], worker.out_ids, &n, &seen)
    worker.n_focus_rows = n
    memset(worker.sample_weights, 0, (model.max_focus + model.n_shared_negatives) * sizeof(float))
    for k in range(model.n_shared_negatives):
        worker.sample_weights[
            find_or_append(plan.negatives[k], worker.out_ids, &n, &seen)] += weight_per_sample
    worker.block.n_out = n


cdef inline void list_input_rows(const Model *model, Worker *worker, const BlockPlan *plan,
                                 int64_t start, int64_t stop) noexcept nogil:
    """List the input rows of a block, and count its positive pairs.

    Call list_output_rows first. The words of the input rows are in worker.tokens[start:stop]. A
    token that is not a context word of any focus word is skipped: the focus word, if the block has
    only one; the last focus word, if contexts come only from before the focus word.

    Writes to the worker:
    in_ids : the distinct context words.
    in_index : for each token from `start` on, its index in `in_ids`.
    positive_weights, pair_counts : see the top of this file.
    n_examples : the number of pairs is added.
    """
    cdef uint64_t seen = 0
    cdef int64_t last_context = stop if model.right_radius else stop - 1
    cdef int64_t other, position, window_start, window_stop
    cdef int k, n = 0
    cdef float *positive
    for other in range(start, last_context):
        if plan.n_focus > 1 or other != plan.first:
            worker.in_index[other - start] = find_or_append(
                worker.tokens[other], worker.in_ids, &n, &seen)
    reset_weights(&worker.block, worker, n)
    for k in range(plan.n_focus):
        position = plan.first + k
        window_start = max(start, position - plan.radius)
        window_stop = min(stop, position + min(plan.radius, model.right_radius) + 1)
        positive = worker.positive_weights + worker.focus_index[k] * worker.block.stride
        for other in range(window_start, window_stop):
            if other != position:
                positive[worker.in_index[other - start]] += 1
                worker.pair_counts[worker.in_index[other - start]] += 1
        worker.n_examples += window_stop - window_start - 1


cdef inline void list_source_rows(Worker *worker, const BlockPlan *plan, const int32_t *sources) \
        noexcept nogil:
    """List the distinct sources sources[:plan.n_focus] of a block, and count its positive pairs.

    Call list_output_rows first. Writes the same fields as `list_input_rows`.
    """
    cdef uint64_t seen = 0
    cdef int k, i, n = 0
    for k in range(plan.n_focus):
        worker.in_index[k] = find_or_append(sources[k], worker.in_ids, &n, &seen)
    reset_weights(&worker.block, worker, n)
    for k in range(plan.n_focus):
        i = worker.in_index[k]
        worker.positive_weights[worker.focus_index[k] * worker.block.stride + i] += 1
        worker.pair_counts[i] += 1
    worker.n_examples += plan.n_focus


cdef inline void reset_weights(BlockRows *rows, Worker *worker, int n_in) noexcept nogil:
    """Set n_in and stride of a block, and pair_counts and positive_weights to 0.

    rows.n_out must be set before. `fill_negative_weights` sets the negative weights afterwards.
    """
    rows.n_in = n_in
    rows.stride = padded_size(n_in)
    memset(worker.pair_counts, 0, rows.stride * sizeof(float))
    memset(worker.positive_weights, 0, rows.n_out * rows.stride * sizeof(float))


cdef inline void fill_negative_weights(const Model *model, const BlockRows *rows, Worker *worker) \
        noexcept nogil:
    """Set the weight of each pair as a negative pair.

    negative_weights[j, i] = sample_weights[j] * (pair_counts[i] - positive_weights[j, i]). If the
    matrix is tied, a pair of a row with itself gets 0: a word must not be pushed away from itself.
    """
    cdef const float *positive = worker.positive_weights
    cdef float *negative = worker.negative_weights
    cdef float weight
    cdef int i, j
    for j in range(rows.n_out):
        weight = worker.sample_weights[j]
        for i in range(rows.stride):
            negative[i] = weight * (worker.pair_counts[i] - positive[i])
        if model.tied:
            for i in range(rows.n_in):
                if worker.in_ids[i] == worker.out_ids[j]:
                    negative[i] = 0
        negative += rows.stride
        positive += rows.stride


cdef inline double limit_block_rate(const BlockRows *rows, const float *pair_counts, double rate) \
        noexcept nogil:
    """Return the learning rate, reduced so that rate * pair_counts[i] <= MAX_STEP for each i.

    An input row takes the updates of all its pairs at once. For a word with many pairs in the block
    their sum would overshoot. MAX_STEP is 0.25 (rows.h). Output rows are not limited.
    """
    cdef float max_pairs = 1
    cdef int i
    for i in range(rows.n_in):
        max_pairs = max(max_pairs, pair_counts[i])
    return min(rate, MAX_STEP / max_pairs)


cdef inline void block_step(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Take a gradient step on a block whose rows are listed and positive pairs are counted."""
    fill_negative_weights(model, &worker.block, worker)
    rate = limit_block_rate(&worker.block, worker.pair_counts, rate)
    find_input_rows(model, worker, worker.in_ids, worker.block.n_in, worker.in_rows)
    find_output_rows(model, worker, worker.out_ids,
                     worker.n_focus_rows if model.negative_output != NULL else worker.block.n_out,
                     worker.out_rows)
    if model.tied:
        worker.loss += block_step_tied(model, worker, rate)
    elif model.negative_output != NULL:
        worker.loss += block_step_separate(model, worker, rate)
    else:
        worker.loss += model.ops.block(&worker.block, rate)


cdef inline double block_step_tied(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Take a gradient step on a block if input and output rows are tied; return the loss.

    A word may be in `in_ids` and in `out_ids`. The operation `block` would then change a row that
    it still reads, so the operation is given copies of the input rows: worker.block.input is
    worker.copy_rows (`connect_rows` in worker.pxd).
    """
    cdef double loss
    copy_input_rows(model, worker, worker.block.n_in)
    loss = model.ops.block(&worker.block, rate)
    restore_ones(model, worker.out_rows, worker.block.n_out)
    apply_input_updates(model, worker, worker.block.n_in)
    return loss


cdef inline double block_step_separate(const Model *model, Worker *worker, double rate) \
        noexcept nogil:
    """Take the gradient steps on a block if negative samples have a separate output matrix.

    The first step is on the positive pairs, with the focus words' rows in `output`. The second is
    on the negative pairs, with the rows of all words of `out_ids` in `negative_output`. It reads
    the input rows as the first step has changed them, unlike `skip_gram` in examples.pxd. Then the
    two rows of each of these words are pulled towards each other, with a strength proportional to
    the word's total pair weight. Returns the loss.
    """
    cdef BlockRows *rows = &worker.block
    cdef int n_prefetch = rows.n_prefetch, n_out = rows.n_out, i, j
    cdef double loss, pair_weight
    # Positive pairs only
    rows.n_out, rows.negative_weights = worker.n_focus_rows, worker.zeros
    loss = model.ops.block(rows, rate)
    # Negative pairs only
    rows.n_out, rows.negative_weights = n_out, worker.negative_weights
    rows.positive_weights, rows.n_prefetch = worker.zeros, 0
    find_negative_rows(model, worker, worker.out_ids, n_out, worker.out_rows)
    loss += model.ops.block(rows, rate)
    # The fields as they were
    rows.positive_weights, rows.n_prefetch = worker.positive_weights, n_prefetch
    if model.coupling > 0:
        for j in range(n_out):
            pair_weight = 0
            for i in range(rows.n_in):
                pair_weight += (worker.positive_weights[j * rows.stride + i]
                                + worker.negative_weights[j * rows.stride + i])
            couple_rows(model, output_row(model, worker, worker.out_ids[j]), worker.out_rows[j],
                        rate * model.coupling * pair_weight)
    return loss


cdef inline void skip_gram_block(const Model *model, Worker *worker, const BlockPlan *plan,
                                 int64_t n_tokens, double rate) noexcept nogil:
    """Train on one block with negative sampling: list its rows, count its pairs, take a step."""
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
    """Train on one focus word with hierarchical softmax: all its context words in one step.

    Never called for a list of pairs or with a tied matrix (sgns.pyx refuses both with a tree).
    The input rows are those of the context words, the output rows the inner nodes on the path. A
    label is 1 - code, where code is word2vec.c's Huffman code. A node with label 1 makes every pair
    a positive pair: positive_weights[j, i] = pair_counts[i]. A node with label 0 makes every pair a
    negative pair: sample_weights[j] = 1.
    """
    cdef BlockRows *rows = &worker.path_block
    cdef int32_t focus_word = worker.tokens[position]
    cdef int64_t start = max(0, position - radius)
    cdef int64_t stop = min(n_tokens, position + min(radius, model.right_radius) + 1)
    cdef const float *labels = model.path_labels + model.path_starts[focus_word]
    cdef uint64_t seen = 0
    cdef int64_t other
    cdef int i, j, n = 0
    rows.n_out = <int>(model.path_starts[focus_word + 1] - model.path_starts[focus_word])
    if model.output == NULL:  # otherwise `list_input_rows` counts them
        worker.n_examples += stop - start - 1
    if stop - start < 2 or rows.n_out == 0:
        return
    for other in range(start, stop):
        if other != position:
            worker.in_index[other - start] = find_or_append(
                worker.tokens[other], worker.in_ids, &n, &seen)
    reset_weights(rows, worker, n)
    for other in range(start, stop):
        if other != position:
            worker.pair_counts[worker.in_index[other - start]] += 1
    for j in range(rows.n_out):
        worker.sample_weights[j] = 1 - labels[j]
        for i in range(n):
            worker.positive_weights[j * rows.stride + i] = labels[j] * worker.pair_counts[i]
    fill_negative_weights(model, rows, worker)
    find_input_rows(model, worker, worker.in_ids, n, worker.in_rows)
    find_tree_rows(model, worker, model.path_nodes + model.path_starts[focus_word], rows.n_out,
                   worker.out_rows)
    worker.loss += model.ops.block(rows, limit_block_rate(rows, worker.pair_counts, rate))
    rows.n_prefetch = 0  # the rows of the next block are prefetched once


cdef inline void train_blocks(const Model *model, Worker *worker, const int32_t *focus_words,
                              const int32_t *sources, int64_t first, int64_t last,
                              int64_t n_tokens, double rate) noexcept nogil:
    """Train skip-gram on the focus words focus_words[first:last], block by block.

    focus_words : `worker.tokens`, or the targets of a list of pairs.
    sources : NULL, or the sources of a list of pairs.
    n_tokens : the number of tokens in `worker.tokens`; not used for a list of pairs.

    The step of a block also prefetches the rows of the next block. The slots of the noise table are
    prefetched two blocks ahead. Without an output matrix no negative samples are drawn, because
    n_shared_negatives is then 0 (`check_objective` in sgns.pyx).
    """
    cdef BlockPlan *plan = &worker.block_plans[0]
    cdef BlockPlan *next_plan = &worker.block_plans[1]
    cdef BlockPlan *after_next = &worker.block_plans[2]
    cdef BlockRows *rows = &worker.block if model.output != NULL else &worker.path_block
    cdef int k
    draw_block(model, worker, plan, first, last)
    look_up_negatives(model, plan)
    draw_block(model, worker, next_plan, plan.first + plan.n_focus, last)
    while plan.n_focus and not model.stop_flag[0]:
        rows.n_prefetch = 0
        if next_plan.n_focus:
            look_up_negatives(model, next_plan)
            queue_prefetch(model, worker, rows, next_plan, focus_words, sources, n_tokens)
        draw_block(model, worker, after_next, next_plan.first + next_plan.n_focus, last)
        if model.scalar_bias != NULL:
            sync_scalar_bias(model, worker)
        if sources != NULL:
            list_output_rows(model, worker, plan, focus_words + plan.first)
            list_source_rows(worker, plan, sources + plan.first)
            block_step(model, worker, rate)
        elif model.output != NULL:
            skip_gram_block(model, worker, plan, n_tokens, rate)
        if model.tree != NULL:
            for k in range(plan.n_focus):
                path_block_step(model, worker, plan.first + k, plan.radius, n_tokens, rate)
        plan, next_plan, after_next = next_plan, after_next, plan


cdef inline int find_or_append(int32_t word, int32_t *words, int *n, uint64_t *seen) noexcept nogil:
    """Return the index of `word` in words[:n[0]], a list of distinct words.

    A word that is not in the list is appended, and n[0] grows by 1. `seen` saves most searches: its
    bit (id mod 64) is set for every id in the list.
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
