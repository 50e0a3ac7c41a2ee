# Negatives shared by neighbouring focus words, or the path of a focus word by its contexts: all
# pairs of a block in one dense step.

from libc.stdint cimport int32_t, int64_t, uint64_t
from libc.string cimport memset

from fastsgns.kernels.roles cimport (
    borrow, couple, exchange_scalar, give_back, negatives_of, restore,
)
from fastsgns.kernels.state cimport (
    MAX_STEP, SIMD_PAD, BlockRows, Model, Plan, Worker, alias_index, alias_slot, next_random,
    prefetch_slot,
)
from fastsgns.kernels.tokens cimport draw_reach, row_of


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
    rows.stride = (n_in + SIMD_PAD - 1) // SIMD_PAD * SIMD_PAD
    memset(worker.pairs, 0, rows.stride * sizeof(float))
    memset(worker.positive, 0, rows.n_out * rows.stride * sizeof(float))


cdef inline void count_negatives(const BlockRows *rows, Worker *worker) noexcept nogil:
    """Let each pair that is no positive of an output row owe it `owed` negatives."""
    cdef const float *positive = worker.positive
    cdef float *negative = worker.negative
    cdef float owed
    cdef int i, j
    for j in range(rows.n_out):
        owed = worker.owed[j]
        for i in range(rows.stride):
            negative[i] = owed * (worker.pairs[i] - positive[i])
        negative += rows.stride
        positive += rows.stride


cdef inline double bounded(const BlockRows *rows, const float *pairs, double rate) noexcept nogil:
    """The rate, but no more than a block stands in which a word repeats: its row takes the steps
    of all its pairs at once."""
    cdef float most = 1
    cdef int i
    for i in range(rows.n_in):
        most = max(most, pairs[i])
    return min(rate, MAX_STEP / most)


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
        prefetch_slot(&model.noise[alias_slot(plan.draws[k], model.n_outputs)])


cdef inline void name_drawn(const Model *model, Plan *plan) noexcept nogil:
    """Let the noise table say which words were drawn."""
    cdef int k
    for k in range(model.n_shared):
        plan.targets[k] = alias_index(plan.draws[k], model.noise, model.n_outputs)


cdef inline void look_ahead(const Model *model, Worker *worker, BlockRows *rows, const Plan *plan,
                            int64_t n_kept) noexcept nogil:
    """Let `rows` ask, on the way, for the rows that `plan` needs and the block now does not."""
    cdef int64_t first = plan.first + model.after, last, node
    cdef int32_t focus = worker.kept[plan.first]
    cdef int k, n = 0
    if model.output != NULL:
        for k in range(model.n_shared):
            worker.ahead[n] = row_of(model, negatives_of(model), plan.targets[k])
            n += 1
        for k in range(plan.n_focus):
            worker.ahead[n] = row_of(model, model.output, worker.kept[plan.first + k])
            n += 1
    else:
        for node in range(model.path_starts[focus], model.path_starts[focus + 1]):
            worker.ahead[n] = row_of(model, model.tree, model.path_nodes[node])
            n += 1
    last = min(n_kept, first + plan.n_focus)
    for k in range(<int>max(0, last - first)):
        worker.ahead[n] = row_of(model, model.input, worker.kept[first + k])
        n += 1
    rows.n_ahead = n


cdef inline void name_targets(const Model *model, Worker *worker, const Plan *plan,
                              const int32_t *focus) noexcept nogil:
    """Name the output rows of a block: its focus words, then the words drawn.

    Every example is owed `negative` negatives and all share `n_shared` draws, so that each draw
    counts negative / n_shared: `owed` of a row is the sum over the draws of its word.
    """
    cdef float share = <float>model.negative / model.n_shared
    cdef uint64_t seen = 0
    cdef int k, n = 0
    for k in range(plan.n_focus):
        worker.focus_slots[k] = slot_of(focus[k], worker.out_ids, &n, &seen)
    worker.n_focus_slots = n
    memset(worker.owed, 0, (model.n_focus + model.n_shared) * sizeof(float))
    for k in range(model.n_shared):
        worker.owed[slot_of(plan.targets[k], worker.out_ids, &n, &seen)] += share
    worker.block.n_out = n


cdef inline void name_contexts(const Model *model, Worker *worker, const Plan *plan, int64_t start,
                               int64_t stop) noexcept nogil:
    """Name the input rows, the contexts in [start, stop), and count the pairs of each.

    The last focus word is a context of none where these only lie before.
    """
    cdef uint64_t seen = 0
    cdef int64_t other, focus, begin, end
    cdef int k, n = 0
    cdef float *positive
    for other in range(start, stop - (model.after == 0)):
        if plan.n_focus > 1 or other != plan.first:
            worker.in_slots[other - start] = slot_of(worker.kept[other], worker.in_ids, &n, &seen)
    start_rows(&worker.block, worker, n)
    for k in range(plan.n_focus):
        focus = plan.first + k
        begin = max(start, focus - plan.reach)
        end = min(stop, focus + min(plan.reach, model.after) + 1)
        positive = worker.positive + worker.focus_slots[k] * worker.block.stride
        for other in range(begin, end):
            if other != focus:
                positive[worker.in_slots[other - start]] += 1
                worker.pairs[worker.in_slots[other - start]] += 1
        worker.n_examples += end - begin - 1


cdef inline void excuse_contexts(const Model *model, Worker *worker) noexcept nogil:
    """Take out the negatives that are the context itself, where both roles have the same rows."""
    cdef BlockRows *rows = &worker.block
    cdef float *negative = worker.negative
    cdef int32_t word
    cdef int i, j
    for j in range(rows.n_out):
        word = worker.out_ids[j]
        for i in range(rows.n_in):
            negative[i] *= worker.in_ids[i] != word
        negative += rows.stride


cdef inline double block_apart(const Model *model, Worker *worker, double rate) noexcept nogil:
    """The contexts against the focus words in one matrix, then the words drawn in another."""
    cdef BlockRows *rows = &worker.block
    cdef int n_ahead = rows.n_ahead, n_out = rows.n_out, i, j
    cdef double loss, met
    rows.n_out, rows.negative = worker.n_focus_slots, worker.zeros
    loss = model.ops.block(rows, rate)
    rows.n_out, rows.negative = n_out, worker.negative
    rows.output, rows.positive, rows.n_ahead = model.negatives, worker.zeros, 0
    loss += model.ops.block(rows, rate)
    rows.output, rows.positive, rows.n_ahead = model.output, worker.positive, n_ahead
    if model.coupling > 0:
        for j in range(n_out):
            met = 0
            for i in range(rows.n_in):
                met += worker.positive[j * rows.stride + i] + worker.negative[j * rows.stride + i]
            couple(model, worker.out_ids[j], rate * model.coupling * met)
    return loss


cdef inline double tied_block(const Model *model, Worker *worker, double rate) noexcept nogil:
    """A block whose input rows are copies, because they may be output rows, too."""
    cdef double loss
    excuse_contexts(model, worker)
    borrow(model, worker, worker.block.n_in)
    loss = model.ops.block(&worker.block, rate)
    restore(model, worker.out_ids, worker.block.n_out)
    give_back(model, worker, worker.block.n_in)
    return loss


cdef inline void learn_block(const Model *model, Worker *worker, double rate) noexcept nogil:
    """One step of a block whose rows are named and whose positives are counted."""
    count_negatives(&worker.block, worker)
    rate = bounded(&worker.block, worker.pairs, rate)
    if model.tied:
        worker.loss += tied_block(model, worker, rate)
    elif model.negatives != NULL:
        worker.loss += block_apart(model, worker, rate)
    else:
        worker.loss += model.ops.block(&worker.block, rate)


cdef inline void skip_gram_block(const Model *model, Worker *worker, const Plan *plan,
                                 int64_t n_kept, double rate) noexcept nogil:
    """The input rows of all contexts of some neighbouring words predict these, in one step."""
    cdef int64_t start = max(0, plan.first - plan.reach)
    cdef int64_t stop = min(n_kept, plan.first + plan.n_focus + min(plan.reach, model.after))
    if stop - start < 2:
        return
    name_targets(model, worker, plan, worker.kept + plan.first)
    name_contexts(model, worker, plan, start, stop)
    learn_block(model, worker, rate)


cdef inline void path_block(const Model *model, Worker *worker, int64_t position, int64_t reach,
                            int64_t n_kept, double rate) noexcept nogil:
    """The input rows of a window meet the path of its focus word in one step.

    A node of label 1 is the positive of every pair, one of label 0 a negative that each is owed.
    """
    cdef BlockRows *rows = &worker.path_block
    cdef int32_t focus = worker.kept[position]
    cdef int64_t start = max(0, position - reach)
    cdef int64_t stop = min(n_kept, position + min(reach, model.after) + 1)
    cdef const float *labels = model.path_labels + model.path_starts[focus]
    cdef uint64_t seen = 0
    cdef int64_t other
    cdef int i, j, n = 0
    rows.out = model.path_nodes + model.path_starts[focus]
    rows.n_out = <int>(model.path_starts[focus + 1] - model.path_starts[focus])
    if model.output == NULL:
        worker.n_examples += stop - start - 1
    if stop - start < 2 or rows.n_out == 0:
        return
    for other in range(start, stop):
        if other != position:
            worker.in_slots[other - start] = slot_of(worker.kept[other], worker.in_ids, &n, &seen)
    start_rows(rows, worker, n)
    for other in range(start, stop):
        if other != position:
            worker.pairs[worker.in_slots[other - start]] += 1
    for j in range(rows.n_out):
        worker.owed[j] = 1 - labels[j]
        for i in range(n):
            worker.positive[j * rows.stride + i] = labels[j] * worker.pairs[i]
    count_negatives(rows, worker)
    worker.loss += model.ops.block(rows, bounded(rows, worker.pairs, rate))


cdef inline void train_blocks(const Model *model, Worker *worker, int64_t first, int64_t last,
                              int64_t n_kept, double rate) noexcept nogil:
    """Skip-gram on the focus words [first, last) of the kept tokens, drawing two blocks ahead."""
    cdef Plan *plan = &worker.plans[0]
    cdef Plan *following = &worker.plans[1]
    cdef Plan *last_drawn = &worker.plans[2]
    cdef BlockRows *rows = &worker.block if model.output != NULL else &worker.path_block
    cdef int k
    draw_block(model, worker, plan, first, last)
    name_drawn(model, plan)
    draw_block(model, worker, following, plan.first + plan.n_focus, last)
    while plan.n_focus and not model.stop[0]:
        rows.n_ahead = 0
        if following.n_focus:
            name_drawn(model, following)
            look_ahead(model, worker, rows, following, n_kept)
        draw_block(model, worker, last_drawn, following.first + following.n_focus, last)
        if model.scalar != NULL:
            exchange_scalar(model, worker)
        if model.output != NULL:
            skip_gram_block(model, worker, plan, n_kept, rate)
        if model.tree != NULL:
            for k in range(plan.n_focus):
                path_block(model, worker, plan.first + k, plan.reach, n_kept, rate)
        plan, following, last_drawn = following, last_drawn, plan
