# Full softmax: examples are collected in a batch; one gradient step updates all output rows.
#
# Contents
#   check_batch, allocate_batch   check the settings, allocate the buffers
#   train_softmax                 the loop over focus words
#   add_example, can_add, find_or_add_hidden_row   collect an example
#   train_batch, gather_hidden, update_context_rows, clear_batch   the gradient step of a batch
#
# An example is a hidden row, made from context words, and the focus word that it predicts. In
# skip-gram the same context word occurs with several neighbouring focus words. As the scores of a
# hidden row are the same for each of them, a batch holds the hidden row once, with all the words
# that it predicts.

from libc.stdint cimport int32_t, int64_t

from fastsgns.kernels.buffers cimport allocate
from fastsgns.kernels.examples cimport gradient_share
from fastsgns.kernels.rows cimport find_input_rows
from fastsgns.kernels.state cimport BATCH_PAIRS, MAX_STEP, NO_WINDOW, Batch, Model, Worker
from fastsgns.kernels.subwords cimport begin_step, count_rows, gather_weighted
from fastsgns.kernels.tokens cimport copy_contexts, draw_radius


cdef inline int check_batch(const Model *model) except -1:
    """Raise a ValueError if full softmax is requested with incompatible settings."""
    if not 0 <= model.n_batch_rows < 2**10:
        raise ValueError("full softmax has batches of at most 1023 rows (0 disables full softmax); "
                         f"got {model.n_batch_rows}")
    if model.n_batch_rows and (
            model.output == NULL or model.output == model.input or model.negative_output != NULL
            or model.tree != NULL or model.negative
            or model.window_order != NO_WINDOW):
        raise ValueError("full softmax needs an output matrix; it cannot be tied or combined with "
                         "other objectives")
    return 0


cdef inline void allocate_batch(const Model *model, Worker *worker) noexcept nogil:
    """Allocate the buffers of `worker.batch`.

    A batch has at most n_examples examples. In CBOW, `contexts` has room for as many context words,
    and for one full window more, so that an example always fits into an empty batch. In skip-gram
    there is one context word per hidden row.
    """
    cdef Batch *batch = &worker.batch
    cdef int64_t n = model.n_batch_rows, n_examples = n * BATCH_PAIRS
    batch.capacity = 2 * <int64_t>model.max_radius + n_examples
    batch.contexts = <int32_t *>allocate(worker, batch.capacity, sizeof(int32_t))
    batch.context_rows = <void **>allocate(worker, batch.capacity, sizeof(void *))
    batch.weights = <float *>allocate(worker, batch.capacity, sizeof(float))
    batch.stops = <int64_t *>allocate(worker, n, sizeof(int64_t))
    batch.context_counts = <int32_t *>allocate(worker, model.n_words, sizeof(int32_t))
    batch.target_counts = <int32_t *>allocate(worker, model.n_words, sizeof(int32_t))
    batch.row_of_word = <int *>allocate(worker, model.n_words, sizeof(int))
    batch.rows.hidden = allocate(worker, n, model.row_bytes)
    batch.rows.gradient = allocate(worker, n, model.row_bytes)
    batch.rows.n_targets = <int32_t *>allocate(worker, n, sizeof(int32_t))
    batch.rows.example_rows = <int32_t *>allocate(worker, n_examples, sizeof(int32_t))
    batch.rows.targets = <int32_t *>allocate(worker, n_examples, sizeof(int32_t))
    batch.rows.scores = allocate(worker, n * model.n_words, model.ops.real_size)
    batch.rows.output = model.output
    batch.rows.n_words = model.n_words
    batch.rows.width = model.width
    batch.rows.compute_loss = model.compute_loss


cdef inline void train_softmax(const Model *model, Worker *worker, int64_t first, int64_t last,
                               int64_t n_tokens, double rate) noexcept nogil:
    """Collect the examples of the focus words worker.tokens[first:last]; train full batches.

    Examples may be left in the batch at the end; the caller passes them to `train_batch`.
    """
    cdef int32_t *contexts = worker.focus_plans[0].contexts  # as a buffer: nothing is planned here
    cdef int64_t position
    cdef int n, i
    for position in range(first, last):
        if model.stop_flag[0]:
            break
        n = copy_contexts(model, worker, position, draw_radius(model, worker), n_tokens, contexts)
        if model.cbow and n:
            add_example(model, worker, worker.tokens[position], contexts, n, rate)
        elif not model.cbow:
            for i in range(n):
                add_example(model, worker, worker.tokens[position], contexts + i, 1, rate)


cdef inline void add_example(const Model *model, Worker *worker, int32_t focus_word,
                             const int32_t *contexts, int n, double rate) noexcept nogil:
    """Add one example, contexts[:n] predicting `focus_word`; if the batch is full, train it first.

    In skip-gram n is 1.
    """
    cdef Batch *batch = &worker.batch
    cdef int row, i
    if batch.rows.n_examples and not can_add(model, batch, focus_word, contexts, n, rate):
        train_batch(model, worker, rate)
    row = find_or_add_hidden_row(model, batch, contexts, n)
    batch.rows.n_targets[row] += 1
    batch.rows.example_rows[batch.rows.n_examples] = row
    batch.rows.targets[batch.rows.n_examples] = focus_word
    batch.rows.n_examples += 1
    batch.target_counts[focus_word] += 1
    for i in range(n):
        batch.context_counts[contexts[i]] += 1


cdef inline bint can_add(const Model *model, const Batch *batch, int32_t focus_word,
                         const int32_t *contexts, int n, double rate) noexcept nogil:
    """Return whether one more example fits into the batch.

    It does not if the buffers are full, or if a word would be used so often that `rate` times its
    number of uses exceeds MAX_STEP: its row takes the updates of all its examples at once. A word
    that occurs several times in contexts[:n] is tested as if it occurred once.
    """
    cdef double max_uses = MAX_STEP / max(rate, 1e-9)
    cdef int i
    cdef bint has_row = not model.cbow and batch.context_counts[contexts[0]]
    if batch.rows.n_examples == <int64_t>BATCH_PAIRS * model.n_batch_rows:
        return False
    if not has_row and (
            batch.rows.n_rows == model.n_batch_rows or batch.n_contexts + n > batch.capacity):
        return False
    if batch.target_counts[focus_word] + 1 > max_uses:
        return False
    for i in range(n):
        if batch.context_counts[contexts[i]] + 1 > max_uses:
            return False
    return True


cdef inline int find_or_add_hidden_row(const Model *model, Batch *batch, const int32_t *contexts,
                                       int n) noexcept nogil:
    """Return the index of the hidden row made from contexts[:n].

    In skip-gram the row of a context word is reused if the batch has it. Otherwise a row is added.
    """
    cdef int row = batch.rows.n_rows, i
    if not model.cbow and batch.context_counts[contexts[0]]:
        return batch.row_of_word[contexts[0]]
    for i in range(n):
        batch.contexts[batch.n_contexts + i] = contexts[i]
    batch.n_contexts += n
    batch.stops[row] = batch.n_contexts
    batch.rows.n_targets[row] = 0
    batch.row_of_word[contexts[0]] = row
    batch.rows.n_rows += 1
    return row


cdef inline void train_batch(const Model *model, Worker *worker, double rate) noexcept nogil:
    """Take one gradient step on all collected examples, and empty the batch.

    `model.softmax` updates the output rows. To `rows.gradient` it writes the gradient of the loss
    with respect to the hidden rows, without the learning rate (unlike `worker.update`).
    """
    cdef Batch *batch = &worker.batch
    cdef int64_t start = 0
    cdef int row
    begin_step(model, worker)
    gather_hidden(model, worker)
    worker.loss += model.softmax(&batch.rows, rate)
    worker.n_examples += batch.rows.n_examples
    for row in range(batch.rows.n_rows):
        update_context_rows(model, batch, row, start, rate)
        start = batch.stops[row]
    clear_batch(batch)


cdef inline void gather_hidden(const Model *model, Worker *worker) noexcept nogil:
    """Write the hidden rows: sums or means of the contexts' input rows."""
    cdef Batch *batch = &worker.batch
    cdef char *hidden = <char *>batch.rows.hidden
    cdef int64_t start = 0, stop
    cdef double scale
    cdef int row
    find_input_rows(model, worker, batch.contexts, batch.n_contexts, batch.context_rows)
    for row in range(batch.rows.n_rows):
        stop = batch.stops[row]
        if model.cbow:
            scale = 1.0 / count_rows(model, batch.contexts + start, stop - start, batch.weights)
            gather_weighted(model, hidden, batch.context_rows + start, batch.weights, stop - start,
                            scale if model.mean_hidden else 1.0)
        else:
            model.ops.gather(hidden, batch.context_rows + start, 1, model.width, 1.0)
        hidden += model.row_bytes
        start = stop


cdef inline void update_context_rows(const Model *model, Batch *batch, int row, int64_t start,
                                     double rate) noexcept nogil:
    """Take the gradient step of the context words of hidden row `row`.

    Subtracts rate * (gradient of the loss with respect to the hidden row) from the input rows of
    batch.contexts[start:batch.stops[row]]. With `mean_gradient` it is divided by their number. A
    lock factor scales its word's update.
    """
    cdef int64_t stop = batch.stops[row], i, n_rows
    cdef double scale = -rate, factor
    if model.cbow:
        n_rows = count_rows(model, batch.contexts + start, stop - start, batch.weights)
        scale *= gradient_share(model, <int>(stop - start), 1.0 / n_rows)
    for i in range(start, stop):
        factor = 1 if model.lock_factors == NULL else model.lock_factors[batch.contexts[i]]
        model.ops.scatter(batch.context_rows + i, 1, model.width,
                          <char *>batch.rows.gradient + row * model.row_bytes, scale * factor)


cdef inline void clear_batch(Batch *batch) noexcept nogil:
    """Empty the batch. Only words in it have counts above 0, so only those are reset."""
    cdef int64_t i
    for i in range(batch.rows.n_examples):
        batch.target_counts[batch.rows.targets[i]] = 0
    for i in range(batch.n_contexts):
        batch.context_counts[batch.contexts[i]] = 0
    batch.rows.n_examples = batch.rows.n_rows = 0
    batch.n_contexts = 0
