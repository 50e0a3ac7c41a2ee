# Skip-gram and CBOW as in word2vec.c: each example has its own negative samples.
#
# Contents
#   draw_window                 draw the window of a focus word
#   draw_focus, draw_pair       the same, with prefetching; the same for one pair of a list
#   draw_negatives              draw the random numbers of negative samples
#   draw_position               all draws for a focus word or a pair
#   list_targets                look up the negative samples
#   prefetch_negatives          prefetch negative rows not covered by the prefetch inside `step`
#   update_example              the output side of one example: its targets and its path
#   update_separate_negatives   ... with a separate output matrix for negative samples
#   add_to_input_rows           the input side: apply the update of the hidden vector
#   is_frozen                   whether an example of skip-gram changes no row
#   gradient_share              the part of an update that each context word gets in CBOW
#   skip_gram, cbow             all examples of a focus word
#   train_examples              the loop over focus words
#
# An example is one hidden vector and its targets. In skip-gram each context word is an example,
# and the hidden vector is its input row. In CBOW the window is one example, and the hidden vector
# is the sum or mean of the context words' input rows. The targets are the focus word with label 1
# and its negative samples with label 0, all of which are output rows. With hierarchical softmax,
# the inner nodes on the Huffman path of the focus word are trained in the same way, with the labels
# of the path (1 - code).
#
# The row operations do the arithmetic (rows.h). `step` computes, for a hidden vector h and the rows
# v_j of targets with labels l_j,
#
#     g_j = rate * (l_j - sigmoid(h . v_j)),   update += sum_j g_j v_j,   v_j += g_j h,
#
# where all g_j and the sum use the old rows. `update` is word2vec.c's neu1e: it contains the
# learning rate and is added to the input rows. `gather` writes a scaled sum of rows. `scatter` adds
# one scaled vector to several rows.
#
# `worker.target_step`, `negative_step` and `path_step` (state.pxd) are the arguments of `step` for
# `output`, `negative_output` and `tree`. `connect_rows` in worker.pxd sets once per worker the
# labels 1, 0, 0, ... of targets and 0, 0, ... of separate negative samples. Only
# `target_step` prefetches, and only if there is no separate negative matrix; n_prefetch of the
# others is 0.
#
# `worker.tokens` holds n_tokens tokens that survived subsampling: those of one segment of a
# sentence, preceded and followed by context tokens from the rest of the sentence. The focus words
# are tokens[first:last]; positions count from the start of `worker.tokens`. Instead there may be a
# list of pairs: the target of a pair is the focus word, and the source is its only context word.

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memset

from fastsgns.kernels.locks cimport apply_copies, are_frozen, lock_rows
from fastsgns.kernels.rng cimport alias_index, alias_slot, next_random
from fastsgns.kernels.roles cimport (
    SYNC_INTERVAL, contains, couple_rows, from_input_role, restore_ones, sync_scalar_bias,
    to_input_role,
)
from fastsgns.kernels.rows cimport (
    find_input_rows, find_tree_rows, input_row, negative_row, output_row, peek_input_row,
    peek_output_row,
)
from fastsgns.kernels.state cimport (
    FocusPlan, Model, StepRows, Worker, prefetch_read, prefetch_row,
)
from fastsgns.kernels.subwords cimport (
    begin_step, count_rows, gather_weighted, prefetch_subwords,
)
from fastsgns.kernels.tokens cimport copy_contexts, draw_radius


cdef inline void draw_window(const Model *model, Worker *worker, FocusPlan *plan, int64_t position,
                             int64_t n_tokens) noexcept nogil:
    """Draw the window of the focus word worker.tokens[position]."""
    cdef int64_t radius = draw_radius(model, worker)
    plan.focus_word = worker.tokens[position]
    plan.n_contexts = copy_contexts(model, worker, position, radius, n_tokens, plan.contexts)
    plan.n_examples = min(plan.n_contexts, 1) if model.cbow else plan.n_contexts


cdef inline void draw_focus(const Model *model, Worker *worker, FocusPlan *plan, int64_t position,
                            int64_t n_tokens) noexcept nogil:
    """Draw the window of the focus word worker.tokens[position].

    Prefetches the focus word's output row, and the input row of the token at position +
    right_radius + 1, which is a context word of the focus word at position + 1 at the earliest.
    """
    cdef int64_t other = position + model.right_radius + 1
    draw_window(model, worker, plan, position, n_tokens)
    if model.output != NULL:
        prefetch_row(peek_output_row(model, worker, plan.focus_word), model.row_bytes)
    if model.subword_starts != NULL:
        prefetch_subwords(model, worker, other, n_tokens)
    elif other < n_tokens:
        prefetch_row(peek_input_row(model, worker, worker.tokens[other]), model.row_bytes)


cdef inline void draw_pair(const Model *model, Worker *worker, FocusPlan *plan, int32_t source,
                           int32_t target) noexcept nogil:
    """Set the plan of a pair of a list, and prefetch the pair's two rows."""
    plan.focus_word = target
    plan.contexts[0] = source
    plan.n_contexts = plan.n_examples = 1
    prefetch_row(peek_input_row(model, worker, source), model.row_bytes)
    prefetch_row(peek_output_row(model, worker, target), model.row_bytes)


cdef inline void draw_negatives(const Model *model, Worker *worker, FocusPlan *plan) noexcept nogil:
    """Draw the random numbers of the negative samples of all examples of the plan.

    The slots of the noise table that they select are prefetched.
    """
    cdef uint64_t state = worker.random_state
    cdef int64_t k
    for k in range(<int64_t>plan.n_examples * model.negative):
        plan.draws[k] = next_random(&state)
        prefetch_read(&model.noise[alias_slot(plan.draws[k], model.n_noise)])
    worker.random_state = state


cdef inline void draw_position(const Model *model, Worker *worker, FocusPlan *plan,
                               const int32_t *focus_words, const int32_t *sources,
                               int64_t position, int64_t last, int64_t n_tokens) noexcept nogil:
    """Make the random draws for a focus word or, if `sources` is not NULL, for a pair of a list.

    At position `last` the plan is empty.
    """
    plan.n_contexts = plan.n_examples = 0
    if position >= last:
        return
    if sources != NULL:
        draw_pair(model, worker, plan, sources[position], focus_words[position])
    else:
        draw_focus(model, worker, plan, position, n_tokens)
    if model.output != NULL:
        draw_negatives(model, worker, plan)


cdef inline void list_targets(const Model *model, Worker *worker, FocusPlan *plan) noexcept nogil:
    """List the targets of each example of the plan: the focus word, then its negative samples.

    plan.draws select the negative samples from the noise distribution. A sample that is the focus
    word is dropped, as in word2vec.c. If the matrix is tied, a sample that is a context word of
    the example is dropped, too: its row is also an input row, and a pair of a row with itself must
    not be a negative pair.
    """
    cdef int n_inputs = plan.n_contexts if model.cbow else 1  # context words per example
    cdef const uint64_t *draws = plan.draws
    cdef const int32_t *contexts = plan.contexts
    cdef int32_t *targets = plan.targets
    cdef void **rows = plan.target_rows
    cdef int32_t word
    cdef int example, k, n
    for example in range(plan.n_examples):
        targets[0], rows[0] = plan.focus_word, output_row(model, worker, plan.focus_word)
        n = 1
        for k in range(model.negative):
            word = alias_index(draws[k], model.noise, model.n_noise)
            if word != plan.focus_word and not (model.tied and contains(contexts, n_inputs, word)):
                targets[n], rows[n] = word, negative_row(model, worker, word)
                n += 1
        plan.n_targets[example] = n
        draws += model.negative
        contexts += n_inputs
        targets += model.negative + 1
        rows += model.negative + 1


cdef inline void prefetch_negatives(const Model *model, const FocusPlan *plan,
                                    int first_example) noexcept nogil:
    """Prefetch the rows of the negative samples of the examples from `first_example` on.

    The others are prefetched by `step`: while it updates example e of a focus word, it prefetches
    the targets of example e of the next one.
    """
    cdef int example, target
    for example in range(first_example, plan.n_examples):
        for target in range(1, plan.n_targets[example]):  # draw_focus prefetches target 0
            prefetch_row(plan.target_rows[<int64_t>example * (model.negative + 1) + target],
                         model.row_bytes)


cdef inline void update_example(const Model *model, Worker *worker, const FocusPlan *plan,
                                int example, const FocusPlan *next_plan, char *hidden,
                                char *update, double rate) noexcept nogil:
    """Update the output rows of one example, and add the update of `hidden` to `update`.

    The output rows are those of plan's example `example`, plus with hierarchical softmax the rows
    on the Huffman path of its focus word. `step` also prefetches the targets of example number
    `example` of `next_plan`. `hidden` and `update` are rows of `width` reals and may be the same
    row.
    """
    cdef int64_t offset = <int64_t>example * (model.negative + 1), path_start
    cdef StepRows *args = &worker.target_step
    if model.negative_output != NULL:
        update_separate_negatives(model, worker, plan.targets + offset, plan.target_rows + offset,
                                  plan.n_targets[example], hidden, update, rate)
    elif model.output != NULL:
        args.rows = plan.target_rows + offset
        args.n = plan.n_targets[example]
        args.prefetch = next_plan.target_rows + offset
        args.n_prefetch = next_plan.n_targets[example] if example < next_plan.n_examples else 0
        lock_rows(model, worker, model.output_lock_factors, plan.targets + offset, args.n,
                  plan.target_rows + offset)
        worker.loss += model.ops.step(hidden, update, args, rate)
        restore_ones(model, plan.target_rows + offset, args.n)
        apply_copies(model, worker, 0)
    if model.tree != NULL:
        args = &worker.path_step
        path_start = model.path_starts[plan.focus_word]
        args.labels = model.path_labels + path_start
        args.n = <int>(model.path_starts[plan.focus_word + 1] - path_start)
        find_tree_rows(model, worker, model.path_nodes + path_start, args.n,
                       worker.path_rows)
        worker.loss += model.ops.step(hidden, update, args, rate)
    worker.n_examples += 1


cdef inline void update_separate_negatives(const Model *model, Worker *worker,
                                           const int32_t *targets, void **rows, int n_targets,
                                           char *hidden, char *update, double rate) noexcept nogil:
    """Update the output rows of one example if negative samples have a separate output matrix.

    One step uses the row of the focus word, rows[0], in `output`. Another uses the rows of the
    negative samples, rows[1:n_targets], in `negative_output`. Then the two rows of each word of
    targets[:n_targets] are pulled towards each other (`couple_rows` in roles.pxd).
    """
    cdef StepRows *positive = &worker.target_step
    cdef StepRows *negative = &worker.negative_step
    cdef int j
    positive.rows = rows
    positive.n = 1
    worker.loss += model.ops.step(hidden, update, positive, rate)
    negative.rows = rows + 1
    negative.n = n_targets - 1
    worker.loss += model.ops.step(hidden, update, negative, rate)
    if model.coupling > 0:
        for j in range(n_targets):
            couple_rows(model, output_row(model, worker, targets[j]),
                        negative_row(model, worker, targets[j]), rate * model.coupling)


cdef inline void add_to_input_rows(const Model *model, Worker *worker, const int32_t *contexts,
                                   int n, double scale) noexcept nogil:
    """Add scale * worker.update to each of the rows worker.context_rows[:n].

    They are the input rows of the words contexts[:n]. Each row's update is multiplied by the lock
    factor of its word: 0 keeps the row as it is, and 1 trains it as usual.
    """
    cdef int i
    if model.lock_factors == NULL:
        model.ops.scatter(worker.context_rows, n, model.width, worker.update, scale)
    else:
        for i in range(n):
            if model.lock_factors[contexts[i]] != 0:
                model.ops.scatter(worker.context_rows + i, 1, model.width, worker.update,
                                  scale * model.lock_factors[contexts[i]])


cdef inline bint is_frozen(const Model *model, const FocusPlan *plan, int example) noexcept nogil:
    """Return whether all rows that an example of skip-gram uses are frozen, and no loss is needed.
    """
    return not model.compute_loss and are_frozen(
        model.lock_factors, plan.contexts + example, 1) and are_frozen(
        model.output_lock_factors, plan.targets + <int64_t>example * (model.negative + 1),
        plan.n_targets[example])


cdef inline void skip_gram(const Model *model, Worker *worker, FocusPlan *plan,
                           const FocusPlan *next_plan, double rate) noexcept nogil:
    """Train on one focus word with skip-gram: the input row of each context word predicts it.

    `step` normally updates the input row in place: `hidden` and `update` are the row itself. That
    is not possible
    - with lock factors: the update is multiplied by the factor of the context word;
    - with a tied matrix: the row may also be a target;
    - with a separate negative matrix, or with both `output` and `tree`: a second step needs the old
      row.
    The update is then summed in `worker.update` and added to the input row afterwards.
    """
    cdef bint in_place = (
        model.lock_factors == NULL and not model.tied and model.negative_output == NULL
        and (model.output == NULL or model.tree == NULL))
    cdef int example
    cdef char *hidden
    for example in range(plan.n_examples):
        if is_frozen(model, plan, example):
            worker.n_examples += 1
            continue
        hidden = <char *>input_row(model, worker, plan.contexts[example])
        worker.context_rows[0] = hidden
        if in_place:
            update_example(model, worker, plan, example, next_plan, hidden, hidden, rate)
        else:
            memset(worker.update, 0, model.row_bytes)
            if model.tied:
                model.ops.gather(worker.hidden, worker.context_rows, 1, model.width, 1.0)
                hidden = worker.hidden
                to_input_role(model, worker, hidden)
            update_example(model, worker, plan, example, next_plan, hidden, worker.update, rate)
            if model.tied:
                from_input_role(model, worker, worker.update)
            add_to_input_rows(model, worker, plan.contexts + example, 1, 1.0)
    if model.negative_output != NULL:  # the steps on two matrices prefetch nothing
        prefetch_negatives(model, next_plan, 0)
    elif model.output != NULL:
        prefetch_negatives(model, next_plan, plan.n_examples)


cdef inline double gradient_share(const Model *model, int n_contexts, double scale) noexcept nogil:
    """Return the part of the hidden vector's update that each context word gets in CBOW.

    With `mean_gradient` it is divided by the number of context words. A sum of subwords (`scale` is
    1 / number of rows) is divided by that of their rows, so that it moves by one update.
    """
    if not model.mean_gradient:
        return 1.0
    return 1.0 / n_contexts if model.mean_hidden else scale


cdef inline void cbow(const Model *model, Worker *worker, FocusPlan *plan,
                      const FocusPlan *next_plan, double rate) noexcept nogil:
    """Train on one focus word with CBOW: the hidden vector of its window predicts it.

    The hidden vector is the sum or mean of the context words' input rows. Each of these rows gets
    the update of the hidden vector; with `mean_gradient`, divided by the number of rows.
    """
    cdef double scale
    if plan.n_examples == 0:
        return
    scale = 1.0 / count_rows(model, plan.contexts, plan.n_contexts, plan.weights)
    find_input_rows(model, worker, plan.contexts, plan.n_contexts, worker.context_rows)
    gather_weighted(model, worker.hidden, worker.context_rows, plan.weights, plan.n_contexts,
                    scale if model.mean_hidden else 1.0)
    memset(worker.update, 0, model.row_bytes)
    if model.tied:
        to_input_role(model, worker, worker.hidden)
    update_example(model, worker, plan, 0, next_plan, worker.hidden, worker.update, rate)
    if model.tied:
        from_input_role(model, worker, worker.update)
    if model.negative_output != NULL:
        prefetch_negatives(model, next_plan, 0)
    add_to_input_rows(model, worker, plan.contexts, plan.n_contexts,
                      gradient_share(model, plan.n_contexts, scale))


cdef inline void train_examples(const Model *model, Worker *worker, const int32_t *focus_words,
                                const int32_t *sources, int64_t first, int64_t last,
                                int64_t n_tokens, double rate) noexcept nogil:
    """Train on the focus words focus_words[first:last], one after the other.

    Random numbers are drawn two focus words ahead and looked up in the noise table one focus word
    ahead, when the slots of the table are in the cache. While a focus word is trained, the rows of
    the next one are prefetched.

    focus_words : `worker.tokens`, or the targets of a list of pairs.
    sources : NULL, or the sources of a list of pairs.
    n_tokens : the number of tokens in `worker.tokens`; not used for a list of pairs.
    """
    cdef FocusPlan *plan = &worker.focus_plans[0]
    cdef FocusPlan *next_plan = &worker.focus_plans[1]
    cdef FocusPlan *after_next = &worker.focus_plans[2]
    cdef int64_t position
    draw_position(model, worker, plan, focus_words, sources, first, last, n_tokens)
    if model.output != NULL:
        list_targets(model, worker, plan)
    draw_position(model, worker, next_plan, focus_words, sources, first + 1, last, n_tokens)
    for position in range(first, last):
        if model.stop_flag[0]:
            break
        if model.scalar_bias != NULL and position % SYNC_INTERVAL == 0:
            sync_scalar_bias(model, worker)
        begin_step(model, worker)
        if model.output != NULL:
            list_targets(model, worker, next_plan)
        draw_position(model, worker, after_next, focus_words, sources, position + 2, last, n_tokens)
        if model.cbow:
            cbow(model, worker, plan, next_plan, rate)
        else:
            skip_gram(model, worker, plan, next_plan, rate)
        plan, next_plan, after_next = next_plan, after_next, plan
