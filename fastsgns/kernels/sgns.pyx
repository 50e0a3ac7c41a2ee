"""Skip-gram and CBOW over a range of ids: sentences, windows, negatives.

The objectives of Mikolov, Sutskever, Chen, Corrado, Dean (2013), "Distributed Representations of
Words and Phrases and their Compositionality". For a hidden vector h and a word w,

    negative sampling (eq. 4)        log sigmoid(c_w . h) + sum_k log sigmoid(-c_{n_k} . h),
                                     n_k drawn from the noise distribution, n_k = w left out
    hierarchical softmax (eq. 3)     sum over the path of w of log sigmoid(+-t_node . h)

are maximised, where h is the input row of one context word (skip-gram: each pair of a window is
its own example) or the sum or mean of the input rows of all context words of a window (CBOW).
Both are logistic regressions of labels on rows, done by the verbs of `rows.h`.

A range may start and stop anywhere. Its tokens are the focus words; contexts are taken from the
whole sentence, also beyond the range, so that no pair is lost where a corpus is cut into chunks.
"""

from cpython.pycapsule cimport PyCapsule_GetName, PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

import numpy as np


cdef inline char *row_of(const Model *model, char *matrix, int32_t word) noexcept nogil:
    return matrix + word * model.row_bytes


cdef inline bint is_kept(const Model *model, Worker *worker, int32_t word) noexcept nogil:
    return model.keep == NULL or <uint32_t>next_random(&worker.random) <= model.keep[word]


cdef int64_t keep_focus(
    const Model *model, Worker *worker, const int32_t *ids, int64_t start, int64_t stop,
    int64_t n_before,
) noexcept nogil:
    """Append the tokens of [start, stop) that subsampling keeps; the number kept by then."""
    cdef int64_t position
    for position in range(start, stop):
        worker.kept[n_before] = ids[position]
        if <uint32_t>ids[position] >= model.n_words:
            return BAD_ID
        n_before += is_kept(model, worker, ids[position])
    return n_before


cdef int64_t keep_margin(
    const Model *model, Worker *worker, const int32_t *ids, int64_t start, int64_t stop,
    int step, int64_t n_before,
) noexcept nogil:
    """Append up to `window` kept tokens, going from start towards stop (exclusive) by step."""
    cdef int64_t position = start, n = n_before
    while position != stop and n < n_before + model.window:
        if <uint32_t>ids[position] >= model.n_words:
            return BAD_ID
        if is_kept(model, worker, ids[position]):
            worker.kept[n] = ids[position]
            n += 1
        position += step
    return n


cdef void reverse(int32_t *values, int64_t n) noexcept nogil:
    cdef int64_t i
    cdef int32_t value
    for i in range(n // 2):
        value = values[i]
        values[i] = values[n - 1 - i]
        values[n - 1 - i] = value


cdef int draw_targets(const Model *model, Worker *worker, int32_t focus, int32_t *targets) \
        noexcept nogil:
    """The positive and its negatives; a negative equal to the positive is left out."""
    cdef int n = 1, _
    cdef int32_t word
    targets[0] = focus
    for _ in range(model.negative):
        word = random_alias(&worker.random, model.noise, model.n_words)
        if word != focus:
            targets[n] = word
            n += 1
    return n


cdef void make_plan(const Model *model, Worker *worker, Plan *plan, int64_t position,
                    int64_t n_kept) noexcept nogil:
    """Draw the window and the negatives of the focus at `position` of the kept tokens."""
    cdef int64_t reach = model.window, other
    cdef int example
    if model.shrink:
        reach = 1 + random_below(&worker.random, model.window)
    plan.focus = worker.kept[position]
    plan.n_contexts = 0
    for other in range(max(0, position - reach), min(n_kept, position + reach + 1)):
        if other != position:
            plan.contexts[plan.n_contexts] = worker.kept[other]
            plan.n_contexts += 1
    plan.n_examples = min(plan.n_contexts, 1) if model.cbow else plan.n_contexts
    if model.output != NULL:
        prefetch_row(row_of(model, model.output, plan.focus), model.row_bytes)
        for example in range(plan.n_examples):
            plan.n_targets[example] = draw_targets(
                model, worker, plan.focus, plan.targets + example * (model.negative + 1))
    other = position + model.window + 2
    if other < n_kept:
        prefetch_row(row_of(model, model.input, worker.kept[other]), model.row_bytes)


cdef inline void prefetch_targets(const Model *model, const Plan *plan, int first, int last) \
        noexcept nogil:
    """Ask for the negatives' rows of the examples [first, last), a few at a time: the memory
    system holds some dozens of requests and stalls on more."""
    cdef int example, target
    for example in range(first, min(last, plan.n_examples)):
        for target in range(1, plan.n_targets[example]):
            prefetch_row(row_of(
                model, model.output, plan.targets[example * (model.negative + 1) + target]),
                model.row_bytes)


cdef void learn(const Model *model, Worker *worker, Plan *plan, int example, char *hidden,
                char *gradient, double rate) noexcept nogil:
    """One example: `hidden` against the targets of negative sampling and the path of the focus."""
    cdef int64_t first
    if model.output != NULL:
        worker.loss += model.ops.step(
            hidden, gradient, model.output, model.width,
            plan.targets + example * (model.negative + 1), worker.labels,
            plan.n_targets[example], rate, worker.scores, model.want_loss)
    if model.tree != NULL:
        first = model.path_starts[plan.focus]
        worker.loss += model.ops.step(
            hidden, gradient, model.tree, model.width, model.path_nodes + first,
            model.path_labels + first, <int>(model.path_starts[plan.focus + 1] - first),
            rate, worker.scores, model.want_loss)
    worker.n_examples += 1


cdef void add_to_contexts(const Model *model, Worker *worker, const int32_t *contexts, int n,
                          double scale) noexcept nogil:
    cdef int i
    if model.lock == NULL:
        model.ops.scatter(model.input, model.width, contexts, n, worker.gradient, scale)
    else:
        for i in range(n):
            model.ops.scatter(model.input, model.width, contexts + i, 1, worker.gradient,
                              scale * model.lock[contexts[i]])


cdef void skip_gram(const Model *model, Worker *worker, Plan *plan, const Plan *following,
                    double rate) noexcept nogil:
    """Each context's input row predicts the focus.

    The row serves as its own gradient's sum unless it must stay still for a second objective or
    the update is scaled.
    """
    cdef bint in_place = model.lock == NULL and (model.output == NULL or model.tree == NULL)
    cdef int example
    cdef char *hidden
    for example in range(plan.n_examples):
        hidden = row_of(model, model.input, plan.contexts[example])
        if model.output != NULL:
            prefetch_targets(model, following, example, example + 1)
        if in_place:
            learn(model, worker, plan, example, hidden, hidden, rate)
        else:
            memset(worker.gradient, 0, model.row_bytes)
            learn(model, worker, plan, example, hidden, worker.gradient, rate)
            add_to_contexts(model, worker, plan.contexts + example, 1, 1.0)
    if model.output != NULL:
        prefetch_targets(model, following, plan.n_examples, following.n_examples)


cdef void cbow(const Model *model, Worker *worker, Plan *plan, const Plan *following,
               double rate) noexcept nogil:
    """The sum or mean of the contexts' input rows predicts the focus."""
    cdef double share
    if model.output != NULL:
        prefetch_targets(model, following, 0, following.n_examples)
    if plan.n_examples == 0:
        return
    share = 1.0 / plan.n_contexts
    model.ops.gather(worker.hidden, model.input, model.width, plan.contexts, plan.n_contexts,
                     share if model.mean_hidden else 1.0)
    memset(worker.gradient, 0, model.row_bytes)
    learn(model, worker, plan, 0, worker.hidden, worker.gradient, rate)
    add_to_contexts(model, worker, plan.contexts, plan.n_contexts,
                    share if model.mean_gradient else 1.0)


cdef int64_t train_piece(const Model *model, Worker *worker, const int32_t *ids,
                         int64_t sentence_start, int64_t start, int64_t stop,
                         int64_t sentence_stop, double rate) noexcept nogil:
    """Train on the focus words [start, stop), at most PIECE of them, of one sentence."""
    cdef int64_t first, last, n, position
    first = keep_margin(model, worker, ids, start - 1, sentence_start - 1, -1, 0)
    if first < 0:
        return first
    reverse(worker.kept, first)
    last = keep_focus(model, worker, ids, start, stop, first)
    if last < 0:
        return last
    n = keep_margin(model, worker, ids, stop, sentence_stop, 1, last)
    if n < 0:
        return n
    worker.n_kept += last - first
    if first < last:
        make_plan(model, worker, &worker.plans[first & 1], first, n)
    for position in range(first, last):
        if model.stop[0]:
            break
        if position + 1 < last:
            make_plan(model, worker, &worker.plans[(position + 1) & 1], position + 1, n)
        else:
            worker.plans[(position + 1) & 1].n_examples = 0
        if model.cbow:
            cbow(model, worker, &worker.plans[position & 1],
                 &worker.plans[(position + 1) & 1], rate)
        else:
            skip_gram(model, worker, &worker.plans[position & 1],
                      &worker.plans[(position + 1) & 1], rate)
    return 0


cdef int64_t train_range(const Model *model, Worker *worker, const int32_t *ids,
                         const int64_t *offsets, int64_t sentence, int64_t start, int64_t stop,
                         double alpha_start, double alpha_stop) noexcept nogil:
    """Train on the focus words [start, stop), the first of which is in `sentence`."""
    cdef int64_t position = start, piece_stop, status
    cdef double slope = (alpha_stop - alpha_start) / max(1, stop - start)
    while position < stop and not model.stop[0]:
        piece_stop = min(stop, offsets[sentence + 1], position + PIECE)
        status = train_piece(model, worker, ids, offsets[sentence], position, piece_stop,
                             offsets[sentence + 1], alpha_start + slope * (position - start))
        if status < 0:
            return status
        position = piece_stop
        while position < stop and position == offsets[sentence + 1]:
            sentence += 1
    return 0


cdef int start_worker(const Model *model, Worker *worker, int longest_path) noexcept nogil:
    """Allocate the scratch; rows of scratch are whole cache lines."""
    cdef int n_contexts = 2 * model.window
    cdef int n_targets = model.negative + 1
    cdef int n_scores = (max(n_targets, longest_path) + 31) // 16 * 16
    cdef int i
    worker.kept = <int32_t *>calloc(PIECE + n_contexts + 1, sizeof(int32_t))
    worker.labels = <float *>calloc(n_scores, sizeof(float))
    worker.hidden = <char *>calloc(model.row_bytes, 1)
    worker.gradient = <char *>calloc(model.row_bytes, 1)
    worker.scores = <char *>calloc(n_scores * model.ops.real_size + model.row_bytes, 1)
    for i in range(2):
        worker.plans[i].contexts = <int32_t *>calloc(n_contexts, sizeof(int32_t))
        worker.plans[i].targets = <int32_t *>calloc(
            <size_t>n_contexts * n_targets, sizeof(int32_t))
        worker.plans[i].n_targets = <int *>calloc(n_contexts, sizeof(int))
        if (worker.plans[i].contexts == NULL or worker.plans[i].targets == NULL
                or worker.plans[i].n_targets == NULL):
            return NO_MEMORY
    if (worker.kept == NULL or worker.labels == NULL or worker.hidden == NULL
            or worker.gradient == NULL or worker.scores == NULL):
        return NO_MEMORY
    worker.labels[0] = 1
    return 0


cdef void end_worker(Worker *worker) noexcept nogil:
    cdef int i
    for i in range(2):
        free(worker.plans[i].contexts)
        free(worker.plans[i].targets)
        free(worker.plans[i].n_targets)
    free(worker.kept)
    free(worker.labels)
    free(worker.hidden)
    free(worker.gradient)
    free(worker.scores)


cdef char *address(array, dtype, shape) except? NULL:
    """The first byte of a C-contiguous array of just this dtype and shape; NULL for None."""
    if array is None:
        return NULL
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(
            f"an array of {dtype} and shape {shape}, C-contiguous, is needed; "
            f"got {array.dtype} and {array.shape}")
    return <char *><size_t>array.ctypes.data


cdef int fill_model(Model *model, objective, const RowOps *ops) except -1:
    cdef int64_t n_words, width
    n_words, width = objective.input.shape
    real = objective.input.dtype
    if width % 16:
        raise ValueError(f"rows must be padded to a multiple of 16 reals; got {width}")
    if objective.window < 1 or objective.negative < 0:
        raise ValueError("window must be at least 1 and negative at least 0")
    paths = objective.paths
    model.ops = ops
    model.width = width
    model.row_bytes = width * real.itemsize
    model.n_words = n_words
    model.input = address(objective.input, real, (n_words, width))
    model.output = address(objective.output, real, (n_words, width))
    model.tree = address(objective.tree, real, (max(n_words - 1, 0), width))
    model.noise = <AliasSlot *>address(objective.noise, np.uint32, (n_words, 2))
    model.keep = <uint32_t *>address(objective.keep, np.uint32, (n_words,))
    model.lock = <float *>address(objective.lock, np.float32, (n_words,))
    if paths is not None:
        model.path_nodes = <int32_t *>address(paths.nodes, np.int32, paths.nodes.shape)
        model.path_labels = <float *>address(paths.labels, np.float32, paths.nodes.shape)
        model.path_starts = <int64_t *>address(paths.starts, np.int64, (n_words + 1,))
    model.window = objective.window
    model.shrink = objective.shrink
    model.negative = objective.negative
    model.cbow = objective.cbow
    model.mean_hidden = objective.mean_hidden
    model.mean_gradient = objective.mean_gradient
    model.want_loss = objective.want_loss
    model.stop = <int32_t *>address(objective.stop, np.int32, (1,))
    if model.output != NULL and model.negative and model.noise == NULL:
        raise ValueError("negative sampling needs a noise table")
    if (model.tree == NULL) != (model.path_starts == NULL):
        raise ValueError("hierarchical softmax needs a tree and its paths")
    return 0


def train_chunk(objective, const int32_t[::1] ids not None, const int64_t[::1] offsets not None,
                int64_t start, int64_t stop, double alpha_start, double alpha_stop,
                uint64_t stream):
    """Train on the tokens [start, stop) as focus words, without the GIL.

    Parameters
    ----------
    objective : Objective
        What to train. float32 rows use the variant in force, float64 rows the plain one.
    ids : ndarray of int32
        The whole corpus.
    offsets : ndarray of int64
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``; no sentence is empty.
    start, stop : int
        The range of positions in `ids`.
    alpha_start, alpha_stop : float
        Learning rate at both ends of the range; linear between, constant within 4096 tokens.
    stream : int
        Which random stream to use.

    Returns
    -------
    loss : float
        Sum over the examples, 0 if not wanted.
    n_examples : int
        Pairs (skip-gram) or windows (CBOW) trained on.
    n_kept : int
        Focus words that subsampling kept.
    """
    cdef Model model
    cdef Worker worker
    cdef const RowOps *ops = chosen if objective.input.dtype == np.float32 else &plain_f64_rows
    cdef int64_t status = 0, sentence
    cdef int longest_path = 0
    memset(&model, 0, sizeof(Model))
    memset(&worker, 0, sizeof(Worker))
    fill_model(&model, objective, ops)
    if not 0 <= start <= stop <= ids.shape[0] or offsets[offsets.shape[0] - 1] != ids.shape[0]:
        raise ValueError(f"the range [{start}, {stop}) or the offsets do not fit the ids")
    if start == stop:
        return 0.0, 0, 0
    if objective.paths is not None:
        longest_path = int(np.diff(objective.paths.starts).max())
    sentence = np.searchsorted(offsets, start, side="right") - 1
    worker.random = stream
    try:
        with nogil:
            status = start_worker(&model, &worker, longest_path)
            if status == 0:
                status = train_range(&model, &worker, &ids[0], &offsets[0], sentence, start, stop,
                                     alpha_start, alpha_stop)
    finally:
        end_worker(&worker)
    if status == BAD_ID:
        raise ValueError(f"the corpus holds an id outside 0 .. {model.n_words - 1}")
    if status == NO_MEMORY:
        raise MemoryError("no memory for the scratch of a worker")
    return worker.loss, worker.n_examples, worker.n_kept


cdef const RowOps *chosen = rows_variant(b"plain")


def use_variant(str name):
    """Compute float32 rows by the variant `name` from now on; False if it can't run here."""
    global chosen
    cdef const RowOps *ops = rows_variant(name.encode())
    if ops != NULL:
        chosen = ops
    return ops != NULL


def is_available(str name):
    """Whether the variant was built and this processor can run it."""
    return rows_variant(name.encode()) != NULL


def load_blas():
    """Hand scipy's single-precision BLAS to the "blas" variant; False if its ints are not int."""
    from scipy.linalg import cython_blas

    capsules = cython_blas.__pyx_capi__
    cdef const char *name
    cdef void *functions[2]
    for i, function in enumerate(("sdot", "saxpy")):
        name = PyCapsule_GetName(capsules[function])
        if b"(int *," not in name:
            return False
        functions[i] = PyCapsule_GetPointer(capsules[function], name)
    rows_use_blas(functions[0], functions[1])
    return True
