# Input rows of words that are made of several rows: a word's own row and those of its n-grams.
#
# The input vector of such a word is the mean of its rows. It is computed into a private row, which
# takes the place of the word's input row: the row operations read and update it as they do any
# other row. Later its change is added to each of the word's rows (undivided, as in fastText, so
# that the mean has changed by as much as the private row).
#
# Contents
#   allocate_subwords     allocate the private rows of a worker
#   begin_step            protect the private rows that the next step uses
#   mean_row              the private row of a word
#   peek_mean_row         an address to prefetch
#   count_rows, gather_weighted   the hidden vector of CBOW
#   queue_subwords        list the rows of a word, to prefetch them
#   set_merge_limit       the bound on the updates of private rows, for a learning rate
#   apply_mean_rows       add all changes to the rows
#
# A token is a context word of several focus words, one after the other. Its private row is kept
# from the first to the last of them, so that the rows of its n-grams are read and written once for
# all of them. The private rows form a ring. The oldest one is replaced, unless a step of the last
# `KEPT_STEPS` uses it: other code holds its address.
#
# What a worker has learned of an n-gram from one word is seen in another word, and by other
# workers, only after the private row was replaced. Updates that were computed from one old state of
# a row add up to a step that is too long, if there are many of them. Therefore the change of a
# private row is also added to the rows, and the row computed anew, after a number of updates that
# is small where many private rows hold the same rows (`Subwords.loads`): words that are frequent,
# or share their n-grams with many others, and many workers.
#
# With a tied matrix, the output rows of words are private rows as well.

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy, memset

from fastsgns.kernels.buffers cimport allocate
from fastsgns.kernels.roles cimport restore_ones
from fastsgns.kernels.state cimport (
    BATCH_PAIRS, CACHE_LINE, NO_WINDOW, MeanRows, MeanSlot, Model, Worker, prefetch_read,
    prefetch_row,
)

cdef enum:
    KEPT_STEPS = 4  # more than the focus words between the look-up of a row and its use
    MAX_UPDATES = 1 << 20
    MOST_LISTS = 9  # more than the focus words whose rows are looked up in KEPT_STEPS + 1 steps


cdef inline int64_t count_slots(const Model *model) noexcept nogil:
    """Return the number of private rows of a worker.

    They are more than KEPT_STEPS + 1 consecutive steps use, and enough for a token's private row to
    last for all focus words that it is a context word of.
    """
    cdef int64_t n_contexts = 2 * <int64_t>model.max_radius, n_targets
    if model.n_batch_rows:
        return n_contexts + model.n_batch_rows * BATCH_PAIRS + 1
    n_targets = (max(model.negative, model.n_shared_negatives) + 1) if model.tied else 0
    if model.window_order == NO_WINDOW and not model.cbow:
        n_targets *= n_contexts  # each context word has its own
    return n_contexts + MOST_LISTS * (n_targets + 2)


cdef inline void allocate_subwords(const Model *model, Worker *worker) noexcept nogil:
    """Allocate the private rows, without any word in them."""
    cdef MeanRows *means = &worker.means
    cdef int64_t n_slots, n_heads = 1, i
    if model.subword_starts == NULL:
        return
    n_slots = count_slots(model)
    while n_heads < 2 * n_slots:
        n_heads *= 2
    means.n_slots, means.mask = n_slots, n_heads - 1
    means.slots = <MeanSlot *>allocate(worker, n_slots, sizeof(MeanSlot))
    means.heads = <int32_t *>allocate(worker, n_heads, sizeof(int32_t))
    means.rows = <char *>allocate(worker, n_slots, model.row_bytes)
    means.before = <char *>allocate(worker, n_slots, model.row_bytes)
    means.word_rows = <void **>allocate(worker, model.most_subwords, sizeof(void *))
    if worker.out_of_memory:
        return
    means.step = KEPT_STEPS + 1
    for i in range(n_slots):
        means.slots[i].word = means.slots[i].next = -1
    for i in range(n_heads):
        means.heads[i] = -1


cdef inline void set_merge_limit(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Set the bound on the updates of private rows that are made from now on."""
    worker.means.step_limit = MAX_UPDATES
    if rate * MAX_UPDATES > model.subword_step:
        worker.means.step_limit = model.subword_step / rate


cdef inline void begin_step(const Model *model, Worker *worker) noexcept nogil:
    """Begin the next step: the private rows that it uses are not replaced by it, nor by the next.
    """
    worker.means.step += 1


cdef inline void *mean_row(const Model *model, Worker *worker, int32_t word) noexcept nogil:
    """Return the address of the private row of a word, to read and update it."""
    cdef MeanRows *means = &worker.means
    cdef int64_t slot = find_slot(means, word)
    if slot < 0:
        slot = next_slot(means)
        drop_row(model, worker, slot)
        add_row(model, worker, slot, word)
    elif means.slots[slot].n_updates >= means.slots[slot].limit:
        apply_row(model, worker, slot)
        make_row(model, worker, slot)
    means.slots[slot].n_updates += 1
    means.slots[slot].step = means.step
    return means.rows + slot * model.row_bytes


cdef inline void *peek_mean_row(const Model *model, const Worker *worker, int32_t word) \
        noexcept nogil:
    """Return the address of the row of a word that is read first, to prefetch it."""
    cdef const MeanRows *means = &worker.means
    cdef int64_t slot = find_slot(means, word), start = model.subword_starts[word]
    if slot >= 0:
        return means.rows + slot * model.row_bytes
    if start < 0 or start >= model.n_subwords:
        return model.input  # `find_word_rows` reports it
    return model.input + model.subword_rows[start] * model.row_bytes


cdef inline int64_t find_slot(const MeanRows *means, int32_t word) noexcept nogil:
    """Return the slot of a word, or -1."""
    cdef int32_t slot = means.heads[word & means.mask]
    while slot >= 0 and means.slots[slot].word != word:
        slot = means.slots[slot].next
    return slot


cdef inline int64_t next_slot(MeanRows *means) noexcept nogil:
    """Return the oldest slot whose row no step of the last KEPT_STEPS has used."""
    cdef int64_t slot = means.hand
    while means.step - means.slots[slot].step <= KEPT_STEPS:  # some slot is older
        slot = slot + 1 if slot + 1 < means.n_slots else 0
    means.hand = slot + 1 if slot + 1 < means.n_slots else 0
    return slot


cdef inline void add_row(const Model *model, Worker *worker, int64_t slot, int32_t word) \
        noexcept nogil:
    """Put a word into a free slot."""
    cdef MeanSlot *free_slot = &worker.means.slots[slot]
    cdef int32_t *head = &worker.means.heads[word & worker.means.mask]
    free_slot.word, free_slot.next = word, head[0]
    head[0] = <int32_t>slot
    make_row(model, worker, slot)


cdef inline void make_row(const Model *model, Worker *worker, int64_t slot) noexcept nogil:
    """Compute the mean of the rows of the slot's word, and how often it may be updated."""
    cdef MeanRows *means = &worker.means
    cdef int32_t word = means.slots[slot].word
    cdef void *row = means.rows + slot * model.row_bytes
    cdef int n = find_word_rows(model, worker, word)
    means.slots[slot].n_updates = 0
    means.slots[slot].limit = MAX_UPDATES
    if model.subword_loads != NULL:
        means.slots[slot].limit = <int32_t>min(
            MAX_UPDATES, means.step_limit / max(1, means.n_slots * model.subword_loads[word]))
    model.ops.gather(row, means.word_rows, n, model.width, 1.0 / max(n, 1))
    restore_ones(model, &row, 1)  # the mean of ones, without its rounding error
    memcpy(means.before + slot * model.row_bytes, row, model.row_bytes)


cdef inline int find_word_rows(const Model *model, Worker *worker, int32_t word) noexcept nogil:
    """Write the addresses of the rows of a word to `word_rows`, and return their number.

    If the lists are invalid, `bad_subwords` is set.
    """
    cdef int64_t start = model.subword_starts[word], n = model.subword_starts[word + 1] - start, i
    cdef int32_t row
    if start < 0 or n < 0 or n > model.most_subwords or start + n > model.n_subwords:
        worker.bad_subwords = True
        return 0
    for i in range(n):
        row = model.subword_rows[start + i]
        if row < 0 or row >= model.n_input_rows:
            worker.bad_subwords = True
            return 0
        worker.means.word_rows[i] = model.input + row * model.row_bytes
    return <int>n


cdef inline void drop_row(const Model *model, Worker *worker, int64_t slot) noexcept nogil:
    """Add the change of a private row to the word's rows, and free the slot."""
    cdef MeanRows *means = &worker.means
    cdef int32_t word = means.slots[slot].word
    cdef int32_t *link
    if word < 0:
        return
    apply_row(model, worker, slot)
    link = &means.heads[word & means.mask]
    while link[0] != slot:
        link = &means.slots[link[0]].next
    link[0] = means.slots[slot].next
    means.slots[slot].word = -1


cdef inline void apply_row(const Model *model, Worker *worker, int64_t slot) noexcept nogil:
    """Add the change of a private row to each of the word's rows; leaves the change in its place.
    """
    cdef MeanRows *means = &worker.means
    cdef int32_t word = means.slots[slot].word
    cdef void *row = means.rows + slot * model.row_bytes
    cdef int n = find_word_rows(model, worker, word), i
    model.ops.scatter(&row, 1, model.width, means.before + slot * model.row_bytes, -1.0)
    if model.subword_factors == NULL:
        model.ops.scatter(means.word_rows, n, model.width, row, 1.0)
    else:
        for i in range(n):
            scatter_locked(model, worker, word, i, row)


cdef inline void scatter_locked(const Model *model, Worker *worker, int32_t word, int i,
                                const void *change) noexcept nogil:
    """Add factor * change to row number i of a word, where factor is the row's lock factor."""
    cdef int32_t row = model.subword_rows[model.subword_starts[word] + i]
    if model.subword_factors[row] != 0:
        model.ops.scatter(worker.means.word_rows + i, 1, model.width, change,
                          model.subword_factors[row])


cdef inline int64_t count_rows(const Model *model, const int32_t *words, int64_t n,
                               float *weights) noexcept nogil:
    """Write how many rows each of words[:n] is made of to `weights`; return their sum.

    In CBOW the hidden vector is the sum or mean of all rows of all context words, as in fastText.
    It is that of their private rows with these weights. Without subwords each word has one row, and
    nothing is written.
    """
    cdef int64_t i, n_rows = 0
    if model.subword_starts == NULL:
        return n
    for i in range(n):
        weights[i] = <float>(
            model.subword_starts[words[i] + 1] - model.subword_starts[words[i]])
        n_rows += <int64_t>weights[i]
    return max(n_rows, 1)


cdef inline void gather_weighted(const Model *model, void *hidden, void **rows,
                                 const float *weights, int64_t n, double scale) noexcept nogil:
    """Compute hidden = scale * sum_i weights[i] (row i); without subwords the weights are 1."""
    cdef int64_t i
    if model.subword_starts == NULL:
        model.ops.gather(hidden, rows, <int>n, model.width, scale)
        return
    memset(hidden, 0, model.row_bytes)
    for i in range(n):
        model.ops.scatter(&hidden, 1, model.width, rows[i], scale * weights[i])


cdef inline int queue_subwords(const Model *model, const Worker *worker, int64_t position,
                               int64_t n_tokens, void **rows) noexcept nogil:
    """Write the addresses of the rows that the token at `position` needs; return their number.

    There are none from n_tokens on. If the word has a private row, it is that row alone. `rows` has
    room for `most_subwords` + 1 addresses. The lists of the next two tokens are prefetched.
    """
    cdef int64_t slot, start, n, i
    cdef int32_t word
    if position >= n_tokens:
        return 0
    word = worker.tokens[position]
    slot, start = find_slot(&worker.means, word), model.subword_starts[word]
    n = model.subword_starts[word + 1] - start
    if position + 2 < n_tokens:
        prefetch_read(&model.subword_starts[worker.tokens[position + 2]])
    if position + 1 < n_tokens:
        prefetch_list(model, worker.tokens[position + 1])
    if slot >= 0:
        rows[0] = worker.means.rows + slot * model.row_bytes
        return 1
    if start < 0 or n < 0 or n > model.most_subwords or start + n > model.n_subwords:
        return 0
    for i in range(n):
        rows[i] = model.input + model.subword_rows[start + i] * model.row_bytes
    return <int>n


cdef inline void prefetch_subwords(const Model *model, Worker *worker, int64_t position,
                                   int64_t n_tokens) noexcept nogil:
    """Prefetch the rows that the token at `position` needs."""
    cdef int i
    for i in range(queue_subwords(model, worker, position, n_tokens, worker.prefetch)):
        prefetch_row(worker.prefetch[i], model.row_bytes)


cdef inline void prefetch_list(const Model *model, int32_t word) noexcept nogil:
    """Prefetch the start of the list of rows of a word, and its load."""
    cdef const char *start = <const char *>(model.subword_rows + model.subword_starts[word])
    if model.subword_loads != NULL:
        prefetch_read(&model.subword_loads[word])
    prefetch_read(start)
    prefetch_read(start + CACHE_LINE)


cdef inline void apply_mean_rows(const Model *model, Worker *worker) noexcept nogil:
    """Add the changes of all private rows to the rows of their words, and free all slots."""
    cdef int64_t slot
    for slot in range(worker.means.n_slots):
        drop_row(model, worker, slot)
