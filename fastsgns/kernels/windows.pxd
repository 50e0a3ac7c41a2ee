# Skip-gram window by window: the pairs of a focus word share negative samples, and one operation
# updates the rows of all of them.
#
# Contents
#   draw_window, look_up_negatives   draw the radius and the negative samples
#   queue_prefetch           list the rows of a later window, for the current operation to prefetch
#   list_negatives, list_outputs   the output rows of a window and their weights
#   list_inputs              the input rows of its context words
#   window_step, step_on_copy, tied_step   the operation `window`, for two matrices and a tied one
#   train_alone              train a context word that is also a target (tied matrix)
#   leave_out, swap_targets  remove a target from the list for a while
#   couple_outputs           a separate matrix for negative samples
#   find_path_rows, path_step   hierarchical softmax
#   count_contexts           the context words of a step
#   train_block, train_source, train_positive_pair   lists of pairs in blocks
#   train_window             all that is trained for one focus word
#   is_frozen                whether a window or block changes no row
#   train_windows            the loop over focus words
#
# A window is a focus word w, its context words i_1 .. i_m, and n_shared_negatives words drawn from
# the noise distribution. Each context word has w as its positive target and all drawn words as its
# negative ones. word2vec.c draws `negative` words for each pair; here the draws of the m pairs are
# the same. Each of them has the weight negative / n_shared_negatives, so the expected gradient is
# that of `negative` draws per pair. As in word2vec.c, a drawn word that is the focus word is
# dropped. A word that is drawn twice is listed once, with twice the weight.
#
# The operation `window` (rows.h) computes all scores from the old rows and then updates the rows
# context word by context word. In the sequential order, an output row is read as the context word
# before left it, as in word2vec.c. In the batch order it is read as it was, so that the sum of the
# updates is the gradient of the window's loss. A step has at most max_inputs context words, and
# none of them more than twice; the next ones are trained in another step with the same draws.
#
# `worker.tokens` holds n_tokens tokens that survived subsampling, and the focus words are
# tokens[first:last]; see examples.pxd. Instead there may be a list of pairs, which is trained in
# blocks of pairs_per_block consecutive pairs that share their negative samples (`train_block`).
#
# Random numbers are drawn three focus words ahead and their slots of the noise table prefetched.
# They are turned into words two focus words ahead, and the rows of these words prefetched.

from libc.stdint cimport int32_t, int64_t, uint64_t

from fastsgns.kernels.ids cimport find_or_append
from fastsgns.kernels.locks cimport apply_copies, are_frozen, copy_row, lock_rows
from fastsgns.kernels.rng cimport alias_index, alias_slot, next_random
from fastsgns.kernels.roles cimport (
    SYNC_INTERVAL, add_bias_updates, contains, couple_rows, set_offsets, sync_scalar_bias,
)
from fastsgns.kernels.rows cimport (
    find_input_rows, find_negative_rows, find_tree_rows, input_row, negative_row, output_row,
    peek_input_row, peek_input_rows, peek_negative_rows, peek_output_rows,
)
from fastsgns.kernels.state cimport (
    N_WINDOW_PLANS, Model, WindowPlan, WindowRows, Worker, prefetch_read,
)
from fastsgns.kernels.subwords cimport begin_step, queue_subwords
from fastsgns.kernels.tokens cimport copy_contexts, draw_radius

cdef enum:
    AHEAD = 2  # focus words between the prefetch of rows and their use
    MAX_REPEATS = 2  # times that a context word is trained in one step


cdef inline void draw_window(const Model *model, Worker *worker, WindowPlan *plan,
                             int64_t position, int64_t last) noexcept nogil:
    """Draw the radius and the negative samples of the window at `position`.

    Sets `plan.position` and `plan.n_positions`: 1, or for a list the number of pairs of the block,
    or 0 if no window is left. The random numbers are kept in `plan.draws`, and the slots of the
    noise table that they select are prefetched.
    """
    cdef int k
    plan.position = position
    plan.n_positions = min(last - position, max(model.pairs_per_block, 1))
    if plan.n_positions == 0:
        return
    plan.radius = draw_radius(model, worker)
    for k in range(model.n_shared_negatives):
        plan.draws[k] = next_random(&worker.random_state)
        prefetch_read(&model.noise[alias_slot(plan.draws[k], model.n_noise)])


cdef inline void look_up_negatives(const Model *model, WindowPlan *plan) noexcept nogil:
    """Write the words that `plan.draws` select in the noise table to `plan.negatives`."""
    cdef int k
    if plan.n_positions:
        for k in range(model.n_shared_negatives):
            plan.negatives[k] = alias_index(plan.draws[k], model.noise, model.n_noise)


cdef inline void queue_prefetch(const Model *model, Worker *worker, const WindowPlan *plan,
                                const int32_t *focus_words, const int32_t *sources,
                                int64_t n_tokens) noexcept nogil:
    """List the rows of a later window; the operation of the current one will prefetch them.

    Writes the addresses to `worker.prefetch`, and their number to `worker.window.n_prefetch`. They
    are the rows of the focus words and the negative samples, or without an output matrix those on
    the focus word's Huffman path. Only a block has several focus words. The input rows are those of
    the sources, or that of the token at plan.position + right_radius, which is a context word of
    this focus word at the earliest.
    """
    cdef int64_t newest = plan.position + model.right_radius
    cdef int n = 0
    worker.window.n_prefetch = 0
    if plan.n_positions == 0:
        return
    if model.output != NULL:
        n = model.n_shared_negatives
        peek_negative_rows(model, worker, plan.negatives, n, worker.prefetch)
        peek_output_rows(model, worker, focus_words + plan.position, plan.n_positions,
                         worker.prefetch + n)
        n += <int>plan.n_positions
    else:
        n = find_path_rows(model, worker, focus_words[plan.position], worker.prefetch)
    if sources != NULL:
        peek_input_rows(model, worker, sources + plan.position, plan.n_positions,
                        worker.prefetch + n)
        n += <int>plan.n_positions
    elif model.subword_starts != NULL:
        n += queue_subwords(model, worker, newest, n_tokens, worker.prefetch + n)
    elif newest < n_tokens:
        worker.prefetch[n] = peek_input_row(model, worker, worker.tokens[newest])
        n += 1
    worker.window.n_prefetch = n


cdef inline void list_negatives(const Model *model, Worker *worker, const WindowPlan *plan,
                                int n) noexcept nogil:
    """Append the distinct negative samples to the n targets that are listed, with their weights.

    Writes `worker.target_ids`, `worker.target_bits`, `worker.target_rows` and `worker.totals`, and
    sets `worker.window.n_outputs`. A sample that is among the first n targets is left out.
    """
    cdef float weight = <float>model.negative / max(model.n_shared_negatives, 1)
    cdef int k, j, n_before = n
    for k in range(model.n_shared_negatives):
        worker.totals[n] = 0
        j = find_or_append(plan.negatives[k], worker.target_ids, &n, &worker.target_bits)
        if j >= n_before:
            worker.totals[j] += weight
    find_negative_rows(model, worker, worker.target_ids + n_before, n - n_before,
                       worker.target_rows + n_before)
    lock_rows(model, worker, model.output_lock_factors, worker.target_ids, n, worker.target_rows)
    worker.window.n_outputs = n


cdef inline void list_outputs(const Model *model, Worker *worker, const WindowPlan *plan,
                              int32_t focus_word) noexcept nogil:
    """List the output rows of a window: the focus word, then its distinct negative samples."""
    cdef int n = 0
    worker.target_bits = 0
    find_or_append(focus_word, worker.target_ids, &n, &worker.target_bits)
    worker.target_rows[0] = output_row(model, worker, focus_word)
    worker.totals[0] = 1
    list_negatives(model, worker, plan, 1)


cdef inline void list_inputs(const Model *model, Worker *worker, const int32_t *contexts, int n) \
        noexcept nogil:
    """Write the addresses of the input rows of contexts[:n] to `worker.context_rows`."""
    find_input_rows(model, worker, contexts, n, worker.context_rows)
    lock_rows(model, worker, model.lock_factors, contexts, n, worker.context_rows)
    worker.window.n_inputs = n


cdef inline void window_step(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Train all pairs of the listed input and output rows, with the bias of a tied matrix."""
    if worker.window.offsets != NULL:
        set_offsets(model, worker)
    worker.loss += model.ops.window(&worker.window, rate)
    worker.window.n_prefetch = 0  # the rows are prefetched once
    if worker.window.offsets != NULL:
        add_bias_updates(model, worker)


cdef inline bint is_target(const Worker *worker, int32_t word) noexcept nogil:
    """Return whether a word is among the listed targets."""
    return worker.target_bits >> (word & 63) & 1 and contains(
        worker.target_ids, worker.window.n_outputs, word)


cdef inline void step_on_copy(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Train the one listed input row as a copy, because it is also a listed output row."""
    cdef int n_copies = worker.copies.n
    worker.context_rows[0] = copy_row(model, worker, worker.context_rows[0], 1.0)
    window_step(model, worker, rate)
    apply_copies(model, worker, n_copies)


cdef inline void tied_step(const Model *model, Worker *worker, int32_t *contexts, int n,
                           double rate) noexcept nogil:
    """Train the context words contexts[:n] if one matrix holds input and output rows.

    The operation does not allow that a row is both an input and an output row. Context words that
    are also targets are therefore trained after the others, one by one.
    """
    cdef int k, n_inputs = 0, n_apart = 0
    cdef int32_t word
    for k in range(n):
        word = contexts[k]
        if is_target(worker, word):
            contexts[n_apart] = word
            n_apart += 1
        else:
            worker.context_rows[n_inputs] = input_row(model, worker, word)
            lock_rows(model, worker, model.lock_factors, &word, 1, worker.context_rows + n_inputs)
            n_inputs += 1
    worker.window.n_inputs = n_inputs
    if n_inputs:
        window_step(model, worker, rate)
    for k in range(n_apart):
        train_alone(model, worker, contexts[k], rate)


cdef inline void train_alone(const Model *model, Worker *worker, int32_t word, double rate) \
        noexcept nogil:
    """Train a context word that is one of the targets of a window, with a tied matrix.

    If it is the focus word, its row is the input and the positive target, and a copy takes the
    place of the input. If it is a negative sample, this sample is left out, because a word must
    not be pushed away from itself. With lock factors, the row may be a copy that is already listed.
    """
    cdef int n_outputs = worker.window.n_outputs
    cdef bint is_focus = worker.target_ids[0] == word
    worker.window.n_inputs = 1
    if not is_focus:
        leave_out(worker, word)
    if model.lock_factors != NULL:
        worker.context_rows[0] = worker.target_rows[0 if is_focus else n_outputs - 1]
    else:
        worker.context_rows[0] = input_row(model, worker, word)
    if is_focus:
        step_on_copy(model, worker, rate)
    else:
        window_step(model, worker, rate)
        worker.window.n_outputs = n_outputs


cdef inline void leave_out(Worker *worker, int32_t word) noexcept nogil:
    """Move a word to the end of the listed targets, and end the list before it.

    A word that is not among them changes nothing.
    """
    cdef int last = worker.window.n_outputs - 1, index
    for index in range(last + 1):
        if worker.target_ids[index] == word:
            swap_targets(worker, index, last)
            worker.window.n_outputs = last
            return


cdef inline void swap_targets(Worker *worker, int i, int j) noexcept nogil:
    """Exchange two listed targets."""
    worker.target_ids[i], worker.target_ids[j] = worker.target_ids[j], worker.target_ids[i]
    worker.target_rows[i], worker.target_rows[j] = worker.target_rows[j], worker.target_rows[i]
    worker.totals[i], worker.totals[j] = worker.totals[j], worker.totals[i]


cdef inline void couple_outputs(const Model *model, Worker *worker, int n, double rate) \
        noexcept nogil:
    """Pull the two output rows of each target together, once for each pair it was used in."""
    cdef int32_t word
    cdef int j
    for j in range(worker.window.n_outputs):
        word = worker.target_ids[j]
        couple_rows(model, output_row(model, worker, word), negative_row(model, worker, word),
                    rate * model.coupling * n * worker.totals[j])


cdef inline int find_path_rows(const Model *model, Worker *worker, int32_t word, void **rows) \
        noexcept nogil:
    """Write the addresses of the rows on the Huffman path of a word to `rows`; return how many."""
    cdef int64_t start = model.path_starts[word], n = model.path_starts[word + 1] - start
    find_tree_rows(model, worker, model.path_nodes + start, n, rows)
    return <int>n


cdef inline void path_step(const Model *model, Worker *worker, int32_t focus_word, double rate) \
        noexcept nogil:
    """Train the listed input rows with the rows on the Huffman path of the focus word.

    A label is 1 - code, where code is word2vec.c's Huffman code. A node with label 1 is a positive
    target of all context words, and a node with label 0 a negative one.
    """
    cdef WindowRows *rows = &worker.path_window
    rows.n_inputs = worker.window.n_inputs
    rows.n_outputs = find_path_rows(model, worker, focus_word, worker.path_rows)
    if rows.n_outputs == 0:
        return
    rows.positive = model.path_labels + model.path_starts[focus_word]
    rows.n_prefetch = worker.window.n_prefetch  # 0 if negative samples were trained before
    worker.loss += model.ops.window(rows, rate)
    worker.window.n_prefetch = 0  # the rows are prefetched once


cdef inline void train_window(const Model *model, Worker *worker, const WindowPlan *plan,
                              int32_t focus_word, int32_t *contexts, int n, double rate) \
        noexcept nogil:
    """Train the pairs of a focus word and n context words, 0 < n <= model.max_inputs.

    With a tied matrix this reorders `contexts`.
    """
    worker.n_examples += n
    if is_frozen(model, plan, &focus_word, 1, contexts, n):
        return
    begin_step(model, worker)
    if model.output != NULL:
        list_outputs(model, worker, plan, focus_word)
    if model.tied:
        tied_step(model, worker, contexts, n, rate)
        apply_copies(model, worker, 0)
        return
    list_inputs(model, worker, contexts, n)
    if model.output != NULL:
        window_step(model, worker, rate)
    if model.coupling > 0:
        couple_outputs(model, worker, n, rate)
    if model.tree != NULL:
        path_step(model, worker, focus_word, rate)
    apply_copies(model, worker, 0)


cdef inline bint is_frozen(const Model *model, const WindowPlan *plan, const int32_t *focus_words,
                           int n_focus_words, const int32_t *contexts, int n) noexcept nogil:
    """Return whether all rows that a window or a block uses are frozen, and no loss is needed."""
    return not model.compute_loss and are_frozen(
        model.output_lock_factors, focus_words, n_focus_words) and are_frozen(
        model.lock_factors, contexts, n) and are_frozen(
        model.output_lock_factors, plan.negatives, model.n_shared_negatives)


cdef inline void train_block(const Model *model, Worker *worker, const WindowPlan *plan,
                             const int32_t *sources, const int32_t *targets, double rate) \
        noexcept nogil:
    """Train the plan.n_positions pairs of a block: all of them have the same negative samples.

    First the sources are trained with the drawn words as negative targets. A source whose own
    target was drawn, or with a tied matrix the source itself, is trained alone and without them.
    Then the positive pairs are trained one by one.
    """
    cdef int n_pairs = <int>plan.n_positions, n_outputs, n_inputs = 0, k
    worker.n_examples += n_pairs
    if is_frozen(model, plan, targets, n_pairs, sources, n_pairs):
        return
    worker.target_bits = 0
    worker.window.positive = worker.labels + 1  # 0, 0, ...
    list_negatives(model, worker, plan, 0)
    n_outputs = worker.window.n_outputs
    for k in range(n_pairs):
        if is_target(worker, targets[k]) or (model.tied and is_target(worker, sources[k])):
            leave_out(worker, targets[k])
            if model.tied:
                leave_out(worker, sources[k])
            train_source(model, worker, sources[k], rate)
            worker.window.n_outputs = n_outputs
    for k in range(n_pairs):
        if not is_target(worker, targets[k]) and not (
                model.tied and is_target(worker, sources[k])):
            worker.context_rows[n_inputs] = input_row(model, worker, sources[k])
            lock_rows(model, worker, model.lock_factors, sources + k, 1,
                      worker.context_rows + n_inputs)
            n_inputs += 1
    worker.window.n_inputs = n_inputs
    if n_inputs and n_outputs:
        window_step(model, worker, rate)
    apply_copies(model, worker, 0)
    if model.coupling > 0:
        couple_outputs(model, worker, n_pairs, rate)
    worker.window.positive = worker.labels
    worker.totals[0] = 1
    worker.window.n_outputs = 1
    for k in range(n_pairs):
        train_positive_pair(model, worker, sources[k], targets[k], rate)


cdef inline void train_source(const Model *model, Worker *worker, int32_t source, double rate) \
        noexcept nogil:
    """Train one source with the listed targets."""
    cdef int n_copies = worker.copies.n
    list_inputs(model, worker, &source, 1)
    if worker.window.n_outputs:
        window_step(model, worker, rate)
    apply_copies(model, worker, n_copies)


cdef inline void train_positive_pair(const Model *model, Worker *worker, int32_t source,
                                     int32_t target, double rate) noexcept nogil:
    """Train a pair without negative samples; totals[0] and n_outputs are 1."""
    worker.target_ids[0] = target
    worker.target_rows[0] = output_row(model, worker, target)
    lock_rows(model, worker, model.output_lock_factors, &target, 1, worker.target_rows)
    if model.tied and source == target:
        worker.window.n_inputs = 1
        worker.context_rows[0] = worker.target_rows[0]
        step_on_copy(model, worker, rate)
    else:
        list_inputs(model, worker, &source, 1)
        window_step(model, worker, rate)
    apply_copies(model, worker, 0)
    if model.coupling > 0:
        couple_outputs(model, worker, 1, rate)


cdef inline int count_contexts(const Model *model, const int32_t *contexts, int n) noexcept nogil:
    """Return how many of the first of n context words are trained at once.

    These are at most model.max_inputs, and no word comes more than MAX_REPEATS times. A row moves
    by the gradients of all its pairs of a step, which overshoots if they are many.
    """
    cdef uint64_t seen = 0
    cdef int k, i, count, most = min(n, model.max_inputs)
    for k in range(most):
        if seen >> (contexts[k] & 63) & 1:
            count = 0
            for i in range(k):
                count += contexts[i] == contexts[k]
            if count == MAX_REPEATS:
                return k
        seen |= <uint64_t>1 << (contexts[k] & 63)
    return most


cdef inline void train_windows(const Model *model, Worker *worker, const int32_t *focus_words,
                               const int32_t *sources, int64_t first, int64_t last,
                               int64_t n_tokens, double rate) noexcept nogil:
    """Train skip-gram on the focus words focus_words[first:last], one after the other.

    focus_words : `worker.tokens`, or the targets of a list of pairs.
    sources : NULL, or the sources of a list of pairs.
    n_tokens : the number of tokens in `worker.tokens`; not used for a list of pairs.
    """
    cdef WindowPlan *plans = worker.window_plans
    cdef WindowPlan *plan
    cdef WindowPlan *ahead  # AHEAD windows later
    cdef WindowPlan *newest  # the window after that
    cdef int64_t turn, position = first
    cdef int32_t *contexts
    cdef int n, n_now
    for turn in range(AHEAD + 1):
        draw_window(model, worker, &plans[turn], position, last)
        position += plans[turn].n_positions
    for turn in range(AHEAD):
        look_up_negatives(model, &plans[turn])
    turn = 0
    while plans[turn % N_WINDOW_PLANS].n_positions and not model.stop_flag[0]:
        plan, ahead = &plans[turn % N_WINDOW_PLANS], &plans[(turn + AHEAD) % N_WINDOW_PLANS]
        newest = &plans[(turn + AHEAD + 1) % N_WINDOW_PLANS]
        look_up_negatives(model, ahead)
        queue_prefetch(model, worker, ahead, focus_words, sources, n_tokens)
        draw_window(model, worker, newest, position, last)
        position += newest.n_positions
        if model.scalar_bias != NULL and turn % SYNC_INTERVAL == 0:
            sync_scalar_bias(model, worker)
        if model.pairs_per_block:
            train_block(model, worker, plan, sources + plan.position, focus_words + plan.position,
                        rate)
        else:
            contexts = worker.contexts
            n = copy_contexts(model, worker, plan.position, plan.radius, n_tokens, contexts)
            while n:
                n_now = count_contexts(model, contexts, n)
                train_window(model, worker, plan, focus_words[plan.position], contexts, n_now, rate)
                contexts += n_now
                n -= n_now
        turn += 1
