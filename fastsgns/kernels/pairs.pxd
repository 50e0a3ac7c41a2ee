# Independent negatives for each example: the papers' algorithm to the letter.

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy, memset

from fastsgns.kernels.roles cimport (
    EXCHANGED_EVERY, couple, enter, exchange_scalar, is_among, leave, negatives_of, restore,
)
from fastsgns.kernels.state cimport (
    Model, Plan, StepRows, Worker, prefetch_row, random_alias,
)
from fastsgns.kernels.tokens cimport contexts_of, draw_reach, row_of


cdef inline int draw_targets(const Model *model, Worker *worker, int32_t focus,
                             const int32_t *contexts, int n_contexts, int32_t *targets) \
        noexcept nogil:
    """The positive and its negatives; a negative equal to the positive is left out, and, where
    both roles have the same rows, one equal to a context."""
    cdef int n = 1, _
    cdef int32_t word
    targets[0] = focus
    for _ in range(model.negative):
        word = random_alias(&worker.random, model.noise, model.n_outputs)
        if word != focus and not (model.tied and is_among(word, contexts, n_contexts)):
            targets[n] = word
            n += 1
    return n


cdef inline void make_plan(const Model *model, Worker *worker, Plan *plan, int64_t position,
                           int64_t n_kept) noexcept nogil:
    """Draw the window and the negatives of the focus at `position` of the kept tokens."""
    cdef int64_t reach = draw_reach(model, worker), other
    cdef int n_own = 1, example
    plan.focus = worker.kept[position]
    plan.n_contexts = contexts_of(model, worker, position, reach, n_kept, plan.contexts)
    plan.n_examples = plan.n_contexts
    if model.cbow:
        plan.n_examples = min(plan.n_contexts, 1)
        n_own = plan.n_contexts
    if model.output != NULL:
        prefetch_row(row_of(model, model.output, plan.focus), model.row_bytes)
        for example in range(plan.n_examples):
            plan.n_targets[example] = draw_targets(
                model, worker, plan.focus, plan.contexts + example, n_own,
                plan.targets + <int64_t>example * (model.negative + 1))
    other = position + model.after + 2
    if other < n_kept:
        prefetch_row(row_of(model, model.input, worker.kept[other]), model.row_bytes)


cdef inline void prefetch_rest(const Model *model, const Plan *plan, int first) noexcept nogil:
    """Ask for the negatives' rows of the examples from `first` on, which no step has asked for."""
    cdef int example, target
    for example in range(first, plan.n_examples):
        for target in range(1, plan.n_targets[example]):
            prefetch_row(row_of(
                model, negatives_of(model),
                plan.targets[<int64_t>example * (model.negative + 1) + target]),
                model.row_bytes)


cdef inline void learn_apart(const Model *model, Worker *worker, const int32_t *targets,
                             int n_targets, char *hidden, char *gradient, double rate) \
        noexcept nogil:
    """`hidden` against the positive in one matrix and the negatives in another."""
    cdef StepRows *positive = &worker.targets
    cdef StepRows *negative = &worker.apart
    cdef int j
    positive.ids = targets
    positive.n = 1
    worker.loss += model.ops.step(hidden, gradient, positive, rate)
    negative.ids = targets + 1
    negative.n = n_targets - 1
    worker.loss += model.ops.step(hidden, gradient, negative, rate)
    if model.coupling > 0:
        for j in range(n_targets):
            couple(model, targets[j], rate * model.coupling)


cdef inline void learn(const Model *model, Worker *worker, const Plan *plan, int example,
                       const Plan *following, char *hidden, char *gradient,
                       double rate) noexcept nogil:
    """One example: `hidden` against the targets of negative sampling and the path of the focus."""
    cdef int64_t first = <int64_t>example * (model.negative + 1)
    cdef StepRows *step = &worker.targets
    if model.negatives != NULL:
        learn_apart(model, worker, plan.targets + first, plan.n_targets[example], hidden, gradient,
                    rate)
    elif model.output != NULL:
        step.ids = plan.targets + first
        step.n = plan.n_targets[example]
        step.ahead = following.targets + first
        step.n_ahead = following.n_targets[example] if example < following.n_examples else 0
        worker.loss += model.ops.step(hidden, gradient, step, rate)
        restore(model, step.ids, step.n)
    if model.tree != NULL:
        step = &worker.path
        first = model.path_starts[plan.focus]
        step.ids = model.path_nodes + first
        step.labels = model.path_labels + first
        step.n = <int>(model.path_starts[plan.focus + 1] - first)
        worker.loss += model.ops.step(hidden, gradient, step, rate)
    worker.n_examples += 1


cdef inline void add_to_contexts(const Model *model, Worker *worker, const int32_t *contexts, int n,
                                 double scale) noexcept nogil:
    cdef int i
    if model.lock == NULL:
        model.ops.scatter(model.input, model.width, contexts, n, worker.gradient, scale)
    else:
        for i in range(n):
            model.ops.scatter(model.input, model.width, contexts + i, 1, worker.gradient,
                              scale * model.lock[contexts[i]])


cdef inline void skip_gram(const Model *model, Worker *worker, Plan *plan, const Plan *following,
                           double rate) noexcept nogil:
    """Each context's input row predicts the focus.

    The row serves as its own gradient's sum unless it must stay still for a second objective, the
    update is scaled, or it is a target, too.
    """
    cdef bint in_place = model.lock == NULL and not model.tied and model.negatives == NULL and (
        model.output == NULL or model.tree == NULL)
    cdef int example
    cdef char *hidden
    for example in range(plan.n_examples):
        hidden = row_of(model, model.input, plan.contexts[example])
        if in_place:
            learn(model, worker, plan, example, following, hidden, hidden, rate)
        else:
            memset(worker.gradient, 0, model.row_bytes)
            if model.tied:
                memcpy(worker.hidden, hidden, model.row_bytes)
                hidden = worker.hidden
                enter(model, worker, hidden)
            learn(model, worker, plan, example, following, hidden, worker.gradient, rate)
            if model.tied:
                leave(model, worker, worker.gradient)
            add_to_contexts(model, worker, plan.contexts + example, 1, 1.0)
    if model.output != NULL:
        prefetch_rest(model, following, 0 if model.negatives != NULL else plan.n_examples)


cdef inline void cbow(const Model *model, Worker *worker, Plan *plan, const Plan *following,
                      double rate) noexcept nogil:
    """The sum or mean of the contexts' input rows predicts the focus."""
    cdef double share
    if plan.n_examples == 0:
        return
    share = 1.0 / plan.n_contexts
    model.ops.gather(worker.hidden, model.input, model.width, plan.contexts, plan.n_contexts,
                     share if model.mean_hidden else 1.0)
    memset(worker.gradient, 0, model.row_bytes)
    if model.tied:
        enter(model, worker, worker.hidden)
    learn(model, worker, plan, 0, following, worker.hidden, worker.gradient, rate)
    if model.tied:
        leave(model, worker, worker.gradient)
    elif model.negatives != NULL:
        prefetch_rest(model, following, 0)
    add_to_contexts(model, worker, plan.contexts, plan.n_contexts,
                    share if model.mean_gradient else 1.0)


cdef inline void train_pairs(const Model *model, Worker *worker, int64_t first, int64_t last,
                             int64_t n_kept, double rate) noexcept nogil:
    """Train on the focus words [first, last) of the kept tokens, planning one ahead."""
    cdef Plan *plan = &worker.plans[0]
    cdef Plan *following = &worker.plans[1]
    cdef int64_t position
    make_plan(model, worker, plan, first, n_kept)
    for position in range(first, last):
        if model.stop[0]:
            break
        if model.scalar != NULL and position % EXCHANGED_EVERY == 0:
            exchange_scalar(model, worker)
        following.n_examples = 0
        if position + 1 < last:
            make_plan(model, worker, following, position + 1, n_kept)
        if model.cbow:
            cbow(model, worker, plan, following, rate)
        else:
            skip_gram(model, worker, plan, following, rate)
        plan, following = following, plan
