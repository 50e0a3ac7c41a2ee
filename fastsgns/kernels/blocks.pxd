# Negatives shared by neighbouring focus words: all pairs of a block in one dense step.

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memcpy, memset

from fastsgns.kernels.state cimport (
    SLACK, AliasSlot, BlockRows, Model, Plan, Worker, alias_index, alias_slot, next_random,
    prefetch_row,
)
from fastsgns.kernels.tokens cimport contexts_of, draw_reach, row_of


cdef inline int slot_of(int32_t word, int32_t *words, int *n, uint64_t *seen) noexcept nogil:
    """Where `word` stands among the n different words so far; appended if it is new.

    Bit i of `seen` is set if a word with remainder i by 64 is among them: mostly it is not.
    """
    cdef uint64_t bit = <uint64_t>1 << (word & 63)
    cdef int slot
    if seen[0] & bit:
        for slot in range(n[0]):
            if words[slot] == word:
                return slot
    seen[0] |= bit
    words[n[0]] = word
    n[0] += 1
    return n[0] - 1


cdef inline void start_rows(BlockRows *rows, Worker *worker, int n_in) noexcept nogil:
    """Make the counts of a block with n_in input rows zero; its output rows are named."""
    rows.n_in = n_in
    rows.stride = (n_in + SLACK - 1) // SLACK * SLACK
    memset(worker.pairs, 0, rows.stride * sizeof(float))
    memset(worker.positive, 0, rows.n_out * rows.stride * sizeof(float))


cdef inline void draw_block(const Model *model, Worker *worker, Plan *plan, int64_t first,
                            int64_t last) noexcept nogil:
    """Draw the window and the negatives that up to `n_focus` words from `first` on share."""
    cdef int k
    plan.first = first
    plan.n_focus = <int>max(0, min(model.n_focus, last - first))
    if plan.n_focus == 0:
        return
    plan.reach = draw_reach(model, worker)
    for k in range(model.n_shared):
        plan.draws[k] = next_random(&worker.random)
        prefetch_row(&model.noise[alias_slot(plan.draws[k], model.n_words)], sizeof(AliasSlot))


cdef inline void name_drawn(const Model *model, Plan *plan) noexcept nogil:
    """Let the noise table say which words were drawn."""
    cdef int k
    for k in range(model.n_shared):
        plan.targets[k] = alias_index(plan.draws[k], model.noise, model.n_words)


cdef inline void look_ahead(const Model *model, Worker *worker, BlockRows *rows, const Plan *plan,
                            int64_t n_kept) noexcept nogil:
    """Let `rows` ask, on the way, for the rows that `plan` needs and the block now does not."""
    cdef int64_t first = plan.first + model.reach, last
    cdef int k, n = 0
    for k in range(model.n_shared):
        worker.ahead[n] = row_of(model, model.output, plan.targets[k])
        n += 1
    for k in range(plan.n_focus):
        worker.ahead[n] = row_of(model, model.output, worker.kept[plan.first + k])
        n += 1
    last = min(n_kept, first + plan.n_focus)
    for k in range(<int>max(0, last - first)):
        worker.ahead[n] = row_of(model, model.input, worker.kept[first + k])
        n += 1
    rows.n_ahead = n


cdef inline void name_targets(const Model *model, Worker *worker, const Plan *plan,
                              int n_focus) noexcept nogil:
    """Name the output rows of a block: its first `n_focus` words, then the words drawn.

    Every example is owed `negative` negatives and all share `n_shared` draws, so that each draw
    counts negative / n_shared: `owed` of a row is the sum over the draws of its word.
    """
    cdef float share = <float>model.negative / model.n_shared
    cdef uint64_t seen = 0
    cdef int k, n = 0
    for k in range(n_focus):
        worker.focus_slots[k] = slot_of(
            worker.kept[plan.first + k], worker.out_ids, &n, &seen)
    memset(worker.owed, 0, (model.n_focus + model.n_shared) * sizeof(float))
    for k in range(model.n_shared):
        worker.owed[slot_of(plan.targets[k], worker.out_ids, &n, &seen)] += share
    worker.block.n_out = n


cdef inline void name_contexts(Worker *worker, const Plan *plan, int64_t start,
                               int64_t stop) noexcept nogil:
    """Name the input rows, the contexts in [start, stop), and count the pairs of each."""
    cdef uint64_t seen = 0
    cdef int64_t other, focus, begin, end
    cdef int k, n = 0
    cdef float *positive
    for other in range(start, stop):
        worker.in_slots[other - start] = slot_of(worker.kept[other], worker.in_ids, &n, &seen)
    start_rows(&worker.block, worker, n)
    for k in range(plan.n_focus):
        focus = plan.first + k
        begin = max(start, focus - plan.reach)
        end = min(stop, focus + plan.reach + 1)
        positive = worker.positive + worker.focus_slots[k] * worker.block.stride
        for other in range(begin, end):
            positive[worker.in_slots[other - start]] += 1
            worker.pairs[worker.in_slots[other - start]] += 1
        positive[worker.in_slots[focus - start]] -= 1
        worker.pairs[worker.in_slots[focus - start]] -= 1
        worker.n_examples += end - begin - 1


cdef inline void skip_gram_block(const Model *model, Worker *worker, const Plan *plan,
                                 int64_t n_kept, double rate) noexcept nogil:
    """The input rows of all contexts of some neighbouring words predict these, in one step."""
    cdef int64_t start = max(0, plan.first - plan.reach)
    cdef int64_t stop = min(n_kept, plan.first + plan.n_focus + plan.reach)
    if stop - start < 2:
        return
    name_targets(model, worker, plan, plan.n_focus)
    name_contexts(worker, plan, start, stop)
    worker.loss += model.ops.block(&worker.block, rate)


cdef inline int gather_hiddens(const Model *model, Worker *worker, const Plan *plan,
                               int64_t n_kept) noexcept nogil:
    """The hidden vectors of the focus words that have a context; `focus_slots` says of which.

    Returns how many there are.
    """
    cdef int n = 0, k, n_contexts
    for k in range(plan.n_focus):
        n_contexts = contexts_of(worker, plan.first + k, plan.reach, n_kept, plan.contexts)
        if n_contexts == 0:
            continue
        model.ops.gather(row_of(model, worker.old_hiddens, n), model.input, model.width,
                         plan.contexts, n_contexts,
                         1.0 / n_contexts if model.mean_hidden else 1.0)
        worker.focus_slots[n] = k
        n += 1
    return n


cdef inline bint mark_positive(Worker *worker, int i, int32_t focus) noexcept nogil:
    """If the focus of hidden vector i is among the drawn words, it is its positive there."""
    cdef int slot
    cdef bint found = False
    for slot in range(worker.hiddens.n_out):
        if worker.out_ids[slot] == focus:
            worker.positive[slot * worker.hiddens.stride + i] = 1
            found = True
    return found


cdef inline void learn_positive(const Model *model, Worker *worker, int i, int64_t position,
                                double rate) noexcept nogil:
    """Hidden vector i, as it was before the block, meets its own focus."""
    cdef int32_t row = i
    cdef char *moved = <char *>worker.hiddens.input
    worker.targets.ids = worker.kept + position
    worker.loss += model.ops.step(row_of(model, worker.old_hiddens, row),
                                  row_of(model, moved, row), &worker.targets, rate)


cdef inline void cbow_block(const Model *model, Worker *worker, const Plan *plan,
                            int64_t n_kept, double rate) noexcept nogil:
    """The hidden vectors of some neighbouring words meet their shared negatives in one step, then
    each its own positive; what has moved them goes to their contexts."""
    cdef int n, i, n_contexts
    cdef int32_t row
    cdef int64_t position
    cdef char *moved = <char *>worker.hiddens.input
    name_targets(model, worker, plan, 0)
    worker.hiddens.n_out = worker.block.n_out
    n = gather_hiddens(model, worker, plan, n_kept)
    if n == 0:
        return
    memcpy(moved, worker.old_hiddens, n * model.row_bytes)
    start_rows(&worker.hiddens, worker, n)
    for i in range(n):
        worker.pairs[i] = 1
        position = plan.first + worker.focus_slots[i]
        worker.met[i] = mark_positive(worker, i, worker.kept[position])
    worker.loss += model.ops.block(&worker.hiddens, rate)
    worker.targets.n = 1
    worker.targets.n_ahead = 0
    for i in range(n):
        row = i
        position = plan.first + worker.focus_slots[i]
        if not worker.met[i]:
            learn_positive(model, worker, i, position, rate)
        model.ops.scatter(moved, model.width, &row, 1, row_of(model, worker.old_hiddens, row), -1)
        n_contexts = contexts_of(worker, position, plan.reach, n_kept, plan.contexts)
        model.ops.scatter(model.input, model.width, plan.contexts, n_contexts,
                          row_of(model, moved, row),
                          1.0 / n_contexts if model.mean_gradient else 1.0)
    worker.n_examples += n


cdef inline void train_blocks(const Model *model, Worker *worker, int64_t first, int64_t last,
                              int64_t n_kept, double rate) noexcept nogil:
    """Train on the focus words [first, last) of the kept tokens, drawing two blocks ahead."""
    cdef Plan *plan = &worker.plans[0]
    cdef Plan *following = &worker.plans[1]
    cdef Plan *last_drawn = &worker.plans[2]
    cdef BlockRows *rows = &worker.hiddens if model.cbow else &worker.block
    draw_block(model, worker, plan, first, last)
    name_drawn(model, plan)
    draw_block(model, worker, following, plan.first + plan.n_focus, last)
    while plan.n_focus and not model.stop[0]:
        rows.n_ahead = 0
        if following.n_focus:
            name_drawn(model, following)
            look_ahead(model, worker, rows, following, n_kept)
        draw_block(model, worker, last_drawn, following.first + following.n_focus, last)
        if model.cbow:
            cbow_block(model, worker, plan, n_kept, rate)
        else:
            skip_gram_block(model, worker, plan, n_kept, rate)
        plan, following, last_drawn = following, last_drawn, plan
