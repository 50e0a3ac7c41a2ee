# Skip-gram and CBOW as in word2vec.c: negative samples of its own for each example.
#
# Contents
#   draw_targets, plan_focus              draw the window and the negative samples of a focus word
#   prefetch_negatives                    prefetch rows that no step will prefetch
#   update_example                        learn one example: negative sampling, Huffman path
#   update_separate_negatives             the same with a matrix of its own for negative samples
#   add_to_input_rows                     apply the gradient of the hidden vector
#   skip_gram, cbow                       learn all examples of a focus word
#   train_pairs                           the loop over focus words
#
# An example is one hidden vector and its targets. In skip-gram each context word is an example,
# and the hidden vector is its input row. In CBOW the window is one example, and the hidden vector
# is the sum or mean of the context words' input rows. The targets are the focus word with label 1
# and its negative samples with label 0, all output rows. With hierarchical softmax, the inner
# nodes on the Huffman path of the focus word are targets, too. The arithmetic is the operation
# `step` of rows.h.

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy, memset

from fastsgns.kernels.roles cimport (
    SYNC_INTERVAL, contains, couple_rows, from_input_role, negative_matrix, restore_ones,
    sync_scalar_bias, to_input_role,
)
from fastsgns.kernels.state cimport (
    FocusPlan, Model, StepRows, Worker, prefetch_row, random_alias,
)
from fastsgns.kernels.tokens cimport copy_contexts, draw_radius, row_address


cdef inline int draw_targets(const Model *model, Worker *worker, int32_t focus,
                             const int32_t *contexts, int n_contexts, int32_t *targets) \
        noexcept nogil:
    """Write the focus word and its negative samples to `targets`; return their number.

    `negative` words are drawn from the noise distribution. A drawn word that is the focus word is
    dropped, as in word2vec.c. If one matrix has both roles, a drawn word that is one of
    contexts[:n_contexts] is dropped, too: its row is also the input row, and a pair of a row with
    itself must not be a negative pair.
    """
    cdef int n = 1, _
    cdef int32_t word
    targets[0] = focus
    for _ in range(model.negative):
        word = random_alias(&worker.random_state, model.noise, model.n_outputs)
        if word != focus and not (model.tied and contains(contexts, n_contexts, word)):
            targets[n] = word
            n += 1
    return n


cdef inline void plan_focus(const Model *model, Worker *worker, FocusPlan *plan, int64_t position,
                            int64_t n_tokens) noexcept nogil:
    """Draw the window and the negative samples of the focus word worker.tokens[position].

    Prefetches the focus word's output row, and the input row of the token that enters the window
    two focus words later.
    """
    cdef int64_t radius = draw_radius(model, worker), other
    cdef int n_inputs = 1, example  # n_inputs: context words per example
    plan.focus = worker.tokens[position]
    plan.n_contexts = copy_contexts(model, worker, position, radius, n_tokens, plan.contexts)
    plan.n_examples = plan.n_contexts
    if model.cbow:
        plan.n_examples = min(plan.n_contexts, 1)
        n_inputs = plan.n_contexts
    if model.output != NULL:
        prefetch_row(row_address(model, model.output, plan.focus), model.row_bytes)
        for example in range(plan.n_examples):
            plan.n_targets[example] = draw_targets(
                model, worker, plan.focus, plan.contexts + example, n_inputs,
                plan.targets + <int64_t>example * (model.negative + 1))
    other = position + model.right_radius + 2
    if other < n_tokens:
        prefetch_row(row_address(model, model.input, worker.tokens[other]), model.row_bytes)


cdef inline void prefetch_negatives(const Model *model, const FocusPlan *plan, int first) \
        noexcept nogil:
    """Prefetch the rows of the negative samples of the examples from `first` on."""
    cdef int example, target
    for example in range(first, plan.n_examples):
        for target in range(1, plan.n_targets[example]):
            prefetch_row(row_address(
                model, negative_matrix(model),
                plan.targets[<int64_t>example * (model.negative + 1) + target]),
                model.row_bytes)


cdef inline void update_example(const Model *model, Worker *worker, const FocusPlan *plan,
                                int example, const FocusPlan *next_plan, char *hidden,
                                char *gradient, double rate) noexcept nogil:
    """Learn one example: update its output rows and add the gradient of `hidden` to `gradient`.

    Uses the targets of number `example` of `plan`, and the Huffman path of its focus word. The
    rows of the targets with the same number in `next_plan` are prefetched on the way. `gradient`
    may be `hidden`, one row of `width` reals.
    """
    cdef int64_t first = <int64_t>example * (model.negative + 1)
    cdef StepRows *step = &worker.target_step
    if model.negative_output != NULL:
        update_separate_negatives(model, worker, plan.targets + first, plan.n_targets[example],
                                  hidden, gradient, rate)
    elif model.output != NULL:
        step.ids = plan.targets + first
        step.n = plan.n_targets[example]
        step.prefetch_ids = next_plan.targets + first
        step.n_prefetch = next_plan.n_targets[example] if example < next_plan.n_examples else 0
        worker.loss += model.ops.step(hidden, gradient, step, rate)
        restore_ones(model, step.ids, step.n)
    if model.tree != NULL:
        step = &worker.path_step
        first = model.path_starts[plan.focus]
        step.ids = model.path_nodes + first
        step.labels = model.path_labels + first
        step.n = <int>(model.path_starts[plan.focus + 1] - first)
        worker.loss += model.ops.step(hidden, gradient, step, rate)
    worker.n_examples += 1


cdef inline void update_separate_negatives(const Model *model, Worker *worker,
                                           const int32_t *targets, int n_targets, char *hidden,
                                           char *gradient, double rate) noexcept nogil:
    """Learn one example whose negative samples have rows in `negative_output`.

    Two steps: the focus word, targets[0], with its row in `output`; then the negative samples,
    targets[1:n_targets], with theirs in `negative_output`. Then the two rows of each target are
    coupled.
    """
    cdef StepRows *positive = &worker.target_step
    cdef StepRows *negative = &worker.negative_step
    cdef int j
    positive.ids = targets
    positive.n = 1
    worker.loss += model.ops.step(hidden, gradient, positive, rate)
    negative.ids = targets + 1
    negative.n = n_targets - 1
    worker.loss += model.ops.step(hidden, gradient, negative, rate)
    if model.coupling > 0:
        for j in range(n_targets):
            couple_rows(model, targets[j], rate * model.coupling)


cdef inline void add_to_input_rows(const Model *model, Worker *worker, const int32_t *contexts,
                                   int n, double scale) noexcept nogil:
    """input[contexts[:n]] += scale * worker.gradient, each times its word's lock factor."""
    cdef int i
    if model.lock_factors == NULL:
        model.ops.scatter(model.input, model.width, contexts, n, worker.gradient, scale)
    else:
        for i in range(n):
            model.ops.scatter(model.input, model.width, contexts + i, 1, worker.gradient,
                              scale * model.lock_factors[contexts[i]])


cdef inline void skip_gram(const Model *model, Worker *worker, FocusPlan *plan,
                           const FocusPlan *next_plan, double rate) noexcept nogil:
    """Learn the examples of a focus word: the input row of each context word predicts it.

    `step` usually updates the input row in place (`hidden` and `gradient` are the row itself). It
    must not where a second step reads the old row, where the update is scaled by a lock factor, or
    where the row may be among the targets. The gradient is then summed in `worker.gradient` and
    added afterwards.
    """
    cdef bint in_place = (
        model.lock_factors == NULL and not model.tied and model.negative_output == NULL
        and (model.output == NULL or model.tree == NULL))
    cdef int example
    cdef char *hidden
    for example in range(plan.n_examples):
        hidden = row_address(model, model.input, plan.contexts[example])
        if in_place:
            update_example(model, worker, plan, example, next_plan, hidden, hidden, rate)
        else:
            memset(worker.gradient, 0, model.row_bytes)
            if model.tied:
                memcpy(worker.hidden, hidden, model.row_bytes)
                hidden = worker.hidden
                to_input_role(model, worker, hidden)
            update_example(model, worker, plan, example, next_plan, hidden, worker.gradient, rate)
            if model.tied:
                from_input_role(model, worker, worker.gradient)
            add_to_input_rows(model, worker, plan.contexts + example, 1, 1.0)
    if model.output != NULL:
        prefetch_negatives(
            model, next_plan, 0 if model.negative_output != NULL else plan.n_examples)


cdef inline void cbow(const Model *model, Worker *worker, FocusPlan *plan,
                      const FocusPlan *next_plan, double rate) noexcept nogil:
    """Learn the example of a focus word: the hidden vector of its window predicts it.

    The hidden vector is the sum or mean of the context words' input rows. Each of these rows gets
    the gradient of the hidden vector; with `mean_gradient`, divided by the number of rows.
    """
    cdef double share
    if plan.n_examples == 0:
        return
    share = 1.0 / plan.n_contexts
    model.ops.gather(worker.hidden, model.input, model.width, plan.contexts, plan.n_contexts,
                     share if model.mean_hidden else 1.0)
    memset(worker.gradient, 0, model.row_bytes)
    if model.tied:
        to_input_role(model, worker, worker.hidden)
    update_example(model, worker, plan, 0, next_plan, worker.hidden, worker.gradient, rate)
    if model.tied:
        from_input_role(model, worker, worker.gradient)
    elif model.negative_output != NULL:
        prefetch_negatives(model, next_plan, 0)
    add_to_input_rows(model, worker, plan.contexts, plan.n_contexts,
                      share if model.mean_gradient else 1.0)


cdef inline void train_pairs(const Model *model, Worker *worker, int64_t first, int64_t last,
                             int64_t n_tokens, double rate) noexcept nogil:
    """Train with the focus words worker.tokens[first:last], drawing one focus word ahead."""
    cdef FocusPlan *plan = &worker.focus_plans[0]
    cdef FocusPlan *next_plan = &worker.focus_plans[1]
    cdef int64_t position
    plan_focus(model, worker, plan, first, n_tokens)
    for position in range(first, last):
        if model.stop[0]:
            break
        if model.scalar_bias != NULL and position % SYNC_INTERVAL == 0:
            sync_scalar_bias(model, worker)
        next_plan.n_examples = 0
        if position + 1 < last:
            plan_focus(model, worker, next_plan, position + 1, n_tokens)
        if model.cbow:
            cbow(model, worker, plan, next_plan, rate)
        else:
            skip_gram(model, worker, plan, next_plan, rate)
        plan, next_plan = next_plan, plan
