# Full softmax: examples are collected, and when a batch is full all output rows learn from it.
#
# Skip-gram's contexts recur from focus to focus, and at one point a row's scores are the same for
# each: a batch holds a hidden row once, with the words it predicts.

from libc.stdint cimport int32_t, int64_t

from fastsgns.kernels.scratch cimport scratch
from fastsgns.kernels.state cimport BATCH_PAIRS, MAX_STEP, Batch, Model, Worker
from fastsgns.kernels.tokens cimport contexts_of, draw_reach, row_of


cdef inline int check_batch(const Model *model) except -1:
    if not 0 <= model.n_batch < 2**10:
        raise ValueError(f"softmax batches have 1 to 1023 rows; got {model.n_batch}")
    if model.n_batch and (
            model.output == NULL or model.output == model.input or model.negatives != NULL
            or model.tree != NULL or model.negative or model.n_focus):
        raise ValueError("full softmax needs an output matrix of its own, no other objective")
    return 0


cdef inline void start_batch(const Model *model, Worker *worker) noexcept nogil:
    cdef Batch *batch = &worker.batch
    cdef int64_t n = model.n_batch, n_examples = n * BATCH_PAIRS
    batch.room = 2 * <int64_t>model.reach + n * BATCH_PAIRS
    batch.contexts = <int32_t *>scratch(worker, batch.room, sizeof(int32_t))
    batch.stops = <int64_t *>scratch(worker, n, sizeof(int64_t))
    batch.input_steps = <int32_t *>scratch(worker, model.n_words, sizeof(int32_t))
    batch.output_steps = <int32_t *>scratch(worker, model.n_words, sizeof(int32_t))
    batch.row_of_word = <int *>scratch(worker, model.n_words, sizeof(int))
    batch.rows.hidden = scratch(worker, n, model.row_bytes)
    batch.rows.gradient = scratch(worker, n, model.row_bytes)
    batch.rows.pairs = <int32_t *>scratch(worker, n, sizeof(int32_t))
    batch.rows.example_rows = <int32_t *>scratch(worker, n_examples, sizeof(int32_t))
    batch.rows.targets = <int32_t *>scratch(worker, n_examples, sizeof(int32_t))
    batch.rows.scores = scratch(worker, n * model.n_words, model.ops.real_size)
    batch.rows.output = model.output
    batch.rows.n_words = model.n_words
    batch.rows.width = model.width
    batch.rows.compute_loss = model.compute_loss


cdef inline bint has_room(const Model *model, const Batch *batch, int32_t focus,
                          const int32_t *contexts, int n, double rate) noexcept nogil:
    """Whether an example still fits, also in that no row takes steps of more than MAX_STEP."""
    cdef double most = MAX_STEP / max(rate, 1e-9)
    cdef int i
    cdef bint has_row = not model.cbow and batch.input_steps[contexts[0]]
    if batch.rows.n_examples == <int64_t>BATCH_PAIRS * model.n_batch:
        return False
    if not has_row and (
            batch.rows.n_rows == model.n_batch or batch.n_contexts + n > batch.room):
        return False
    if batch.output_steps[focus] + 1 > most:
        return False
    for i in range(n):
        if batch.input_steps[contexts[i]] + 1 > most:
            return False
    return True


cdef inline int row_in_batch(const Model *model, Batch *batch, const int32_t *contexts,
                             int n) noexcept nogil:
    """The hidden row of these contexts: a new one, or in skip-gram the one there is."""
    cdef int row = batch.rows.n_rows, i
    if not model.cbow and batch.input_steps[contexts[0]]:
        return batch.row_of_word[contexts[0]]
    for i in range(n):
        batch.contexts[batch.n_contexts + i] = contexts[i]
    batch.n_contexts += n
    batch.stops[row] = batch.n_contexts
    batch.rows.pairs[row] = 0
    batch.row_of_word[contexts[0]] = row
    batch.rows.n_rows += 1
    return row


cdef inline void add_example(const Model *model, Worker *worker, int32_t focus,
                             const int32_t *contexts, int n, double rate) noexcept nogil:
    """These contexts predict the focus; in skip-gram n is 1."""
    cdef Batch *batch = &worker.batch
    cdef int row, i
    if batch.rows.n_examples and not has_room(model, batch, focus, contexts, n, rate):
        learn_batch(model, worker, rate)
    row = row_in_batch(model, batch, contexts, n)
    batch.rows.pairs[row] += 1
    batch.rows.example_rows[batch.rows.n_examples] = row
    batch.rows.targets[batch.rows.n_examples] = focus
    batch.rows.n_examples += 1
    batch.output_steps[focus] += 1
    for i in range(n):
        batch.input_steps[contexts[i]] += 1


cdef inline void gather_hidden(const Model *model, Batch *batch) noexcept nogil:
    """Sums or means of the contexts' input rows."""
    cdef char *hidden = <char *>batch.rows.hidden
    cdef int64_t start = 0, stop
    cdef double share
    cdef int row
    for row in range(batch.rows.n_rows):
        stop = batch.stops[row]
        share = 1.0 / (stop - start) if model.cbow and model.mean_hidden else 1.0
        model.ops.gather(hidden, model.input, model.width, batch.contexts + start,
                         <int>(stop - start), share)
        hidden += model.row_bytes
        start = stop


cdef inline void learn_batch(const Model *model, Worker *worker, double rate) noexcept nogil:
    """One step of all examples collected, at the old rows; then the batch is empty."""
    cdef Batch *batch = &worker.batch
    cdef int64_t start = 0
    cdef int row
    gather_hidden(model, batch)
    worker.loss += model.softmax(&batch.rows, rate)
    worker.n_examples += batch.rows.n_examples
    for row in range(batch.rows.n_rows):
        add_to_row(model, batch, row, start, rate)
        start = batch.stops[row]
    empty(batch)


cdef inline void empty(Batch *batch) noexcept nogil:
    """Only the counts of the words that were there have to be made zero."""
    cdef int64_t i
    for i in range(batch.rows.n_examples):
        batch.output_steps[batch.rows.targets[i]] = 0
    for i in range(batch.n_contexts):
        batch.input_steps[batch.contexts[i]] = 0
    batch.rows.n_examples = batch.rows.n_rows = 0
    batch.n_contexts = 0


cdef inline void add_to_row(const Model *model, Batch *batch, int row, int64_t start,
                            double rate) noexcept nogil:
    """Move the input rows of a hidden row's contexts."""
    cdef int64_t stop = batch.stops[row], i
    cdef double scale = -rate, factor
    if model.cbow and model.mean_gradient:
        scale /= stop - start
    for i in range(start, stop):
        factor = 1 if model.lock == NULL else model.lock[batch.contexts[i]]
        model.ops.scatter(model.input, model.width, batch.contexts + i, 1,
                          <char *>batch.rows.gradient + row * model.row_bytes, scale * factor)


cdef inline void train_softmax(const Model *model, Worker *worker, int64_t first, int64_t last,
                               int64_t n_kept, double rate) noexcept nogil:
    """Collect the examples of the focus words [first, last) of the kept tokens."""
    cdef int32_t *contexts = worker.plans[0].contexts
    cdef int64_t position
    cdef int n, i
    for position in range(first, last):
        if model.stop[0]:
            break
        n = contexts_of(model, worker, position, draw_reach(model, worker), n_kept, contexts)
        if model.cbow and n:
            add_example(model, worker, worker.kept[position], contexts, n, rate)
        elif not model.cbow:
            for i in range(n):
                add_example(model, worker, worker.kept[position], contexts + i, 1, rate)
