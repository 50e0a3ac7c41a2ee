"""Skip-gram and CBOW over a range of ids: sentences, windows, negative samples.

Maximizes the objectives of Mikolov, Sutskever, Chen, Corrado, Dean (2013), "Distributed
Representations of Words and Phrases and their Compositionality". For a hidden vector h and a focus
word w they are:

    negative sampling (eq. 4)        log sigmoid(c_w . h) + sum_k log sigmoid(-c_{n_k} . h),
                                     n_k drawn from the noise distribution, samples equal to w are
                                     skipped
    hierarchical softmax (eq. 3)     sum over the path of w of log sigmoid(+-t_node . h)
    full softmax (eq. 2)             c_w . h - log sum_v exp(c_v . h)

Here c_w is the output row of w, and t_node the row of an inner node of the Huffman tree. The sign
is + for code 0 and - for code 1, as in word2vec.c.

In skip-gram h is the input row of one context word, and each pair of a window is an example. In
CBOW h is the sum or mean of the input rows of all context words of a window. The first two
objectives are logistic regressions on rows, made of the row operations in `rows.h`. The third can't
be combined with them; `softmax.pxd` collects its examples, and `softmax_step.h` computes its steps.

The range of tokens may start and stop anywhere. Its tokens are the focus words. Context words come
from the whole sentence, also from outside the range, so that no pair is lost where a corpus is cut
into chunks. If contexts come only from before the focus word, the earlier token is always the
input.

Instead of sentences there may be a list of (source, target) pairs. Each pair is an example, and
its two ids may belong to different vocabularies.

Contents
--------
train_chunk, train_pairs_chunk
    Train with a range of a corpus, or of a list of pairs.
simulate_workers, trace_workers
    Train as several threads would, in one thread; count how rows move between their caches.
train_sentences, take_turns, train_segment, train_pair_segments
    The loops over sentences, and over segments: up to 4096 focus words of a sentence, or pairs of
    a list, with one learning rate.
set_model and the functions after it
    Translate an `Objective` to the struct `Model`, and check it.
use_variant, is_available
    Choose the implementation of the row operations.
load_blas, load_softmax
    Fetch BLAS functions from scipy.

Which file contains the loop over examples depends on the objective: `examples.pxd` (one example at
a time), `windows.pxd` (a window at a time), `softmax.pxd` (full softmax).
"""

from cpython.pycapsule cimport PyCapsule_GetName, PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

import numpy as np

from fastsgns.kernels.buffers cimport free_buffers
from fastsgns.kernels.cbow cimport can_fuse, train_cbow
from fastsgns.kernels.examples cimport train_examples
from fastsgns.kernels.hot cimport merge_hot_rows, set_hot_limits
from fastsgns.kernels.ids cimport first_invalid
from fastsgns.kernels.rng cimport AliasSlot
from fastsgns.kernels.roles cimport sync_scalar_bias
from fastsgns.kernels.softmax cimport check_batch, train_batch, train_softmax
from fastsgns.kernels.state cimport (
    BAD_ID, HOT_INPUT, HOT_NEGATIVE, HOT_OUTPUT, NO_WINDOW, SEGMENT, SIMD_PAD, Model,
    RowOps, Worker, plain_f64_rows, rows_use_blas, rows_variant,
    softmax_f32, softmax_f64, softmax_use_blas,
)
from fastsgns.kernels.subwords cimport apply_mean_rows, set_merge_limit
from fastsgns.kernels.tokens cimport reverse, subsample, subsample_contexts
from fastsgns.kernels.windows cimport train_windows
from fastsgns.kernels.worker cimport start_worker
from fastsgns.runtime.locks import first_use

cdef extern from "trace.h" nogil:
    enum:
        CACHE_WAYS
        TRACED_MATRICES
    ctypedef struct TraceCounts:
        int64_t n_touches
        int64_t n_private
        int64_t n_moved
        int64_t n_fetched
        int64_t n_missed
        int64_t n_merges
    const RowOps trace_rows
    int trace_start(char **matrices, const int64_t *n_rows, int64_t row_bytes, int n_workers,
                    int64_t n_cached)
    void trace_worker(int worker)
    TraceCounts trace_stop()

cdef const RowOps *active_variant = rows_variant(b"plain")
cdef bint softmax_is_loaded = False


def train_chunk(objective, const int32_t[::1] ids not None, const int64_t[::1] offsets not None,
                int64_t start, int64_t stop, double rate_start, double rate_stop,
                uint64_t stream):
    """Train with the tokens [start, stop) as focus words, without the GIL.

    Parameters
    ----------
    objective : Objective
        What to train. float32 rows use the active variant, float64 rows the plain one.
    ids : ndarray of int32
        The whole corpus.
    offsets : ndarray of int64
        Sentence i is ``ids[offsets[i]:offsets[i + 1]]``, which may be empty.
    start, stop : int
        The range of positions in `ids`.
    rate_start, rate_stop : float
        Learning rate at both ends of the range. A segment (up to 4096 tokens of one sentence) is
        trained at the rate that is interpolated linearly for its first token.
    stream : int
        Initial state of the random generator (`rng.h`).

    Returns
    -------
    loss : float
        Sum of the losses of the examples; 0 unless `compute_loss`.
    n_examples : int
        Number of pairs (skip-gram) or windows (CBOW).
    n_kept : int
        Number of focus words that survived subsampling.

    Raises
    ------
    ValueError
        If the arrays have inconsistent shapes, or the settings contradict each other.
    MemoryError
        If there is no memory for the buffers.
    """
    cdef Model model
    cdef Worker worker
    cdef int64_t status = 0, sentence
    cdef int longest_path = 0
    set_model(&model, objective)
    if model.n_batch_rows:
        load_softmax()
    if model.pairs_per_block:
        raise ValueError("pairs_per_block is for lists of pairs; sentences need 0")
    if model.n_words != model.n_outputs:
        raise ValueError("input and output must have the same number of rows; got "
                         f"{model.n_words} and {model.n_outputs}")
    if not 0 <= start <= stop <= ids.shape[0] or offsets[offsets.shape[0] - 1] != ids.shape[0]:
        raise ValueError(f"the range [{start}, {stop}) or the offsets do not fit the ids")
    if start == stop:
        return 0.0, 0, 0
    if objective.paths is not None:
        longest_path = objective.paths.longest
    sentence = np.searchsorted(offsets, start, side="right") - 1
    if sentence < 0:
        raise ValueError(f"the first offset is {offsets[0]}, but must be 0")
    memset(&worker, 0, sizeof(Worker))
    worker.random_state = stream
    with nogil:
        start_worker(&model, &worker, longest_path)
        if not worker.out_of_memory:
            status = train_sentences(&model, &worker, &ids[0], &offsets[0], sentence, start, stop,
                                     rate_start, rate_stop)
        if worker.batch.rows.n_examples and status >= 0:
            train_batch(&model, &worker, rate_stop)
        finish_worker(&model, &worker)
    check_status(&model, status, worker.out_of_memory, worker.bad_subwords)
    return worker.loss, worker.n_examples, worker.n_kept


def simulate_workers(objective, const int32_t[::1] ids not None,
                     const int64_t[::1] offsets not None, int n_workers, int64_t turn,
                     double rate_start, double rate_stop, uint64_t stream):
    """Train with the whole corpus as `n_workers` threads would, but in one thread.

    Each virtual worker has a contiguous part of the corpus, its own random numbers and its own
    copies of frequent rows. The workers take turns of `turn` tokens. So the result shows the
    effect of copies on quality and stability, without that of updates at the same time.

    Parameters
    ----------
    objective : Objective
        What to train. `hot` should be the one for this number of workers.
    ids, offsets
        As for `train_chunk`.
    n_workers : int
        Number of virtual workers.
    turn : int
        Tokens that a worker trains before it is the turn of the next one.
    rate_start, rate_stop : float
        Learning rate at the start and at the end of the corpus.
    stream : int
        Initial state of the random generator of the first worker; the others add 1, 2, ...

    Returns
    -------
    loss : float
    n_examples, n_kept : int
        As for `train_chunk`, summed over the workers.

    Raises
    ------
    ValueError, MemoryError
        As for `train_chunk`.
    """
    cdef Model model
    set_model(&model, objective)
    return run_virtual_workers(&model, objective, ids, offsets, n_workers, turn, rate_start,
                               rate_stop, stream)


def trace_workers(objective, const int32_t[::1] ids not None, const int64_t[::1] offsets not None,
                  int n_workers, int64_t turn, double rate_start, double rate_stop,
                  uint64_t stream, int64_t n_cached):
    """Count how rows would move between the caches of `n_workers` cores.

    Draws windows and negative samples as `simulate_workers` does, but trains nothing.

    Parameters
    ----------
    objective, ids, offsets, n_workers, turn, rate_start, rate_stop, stream
        As for `simulate_workers`. The learning rates decide when copies are merged.
    n_cached : int
        Rows that the cache of a core holds, a multiple of 8.

    Returns
    -------
    dict of str to int
        The fields of TraceCounts in trace.h, and "n_kept".

    Raises
    ------
    ValueError, MemoryError
        As for `train_chunk`.
    """
    cdef Model model
    cdef char *matrices[TRACED_MATRICES]
    cdef int64_t[TRACED_MATRICES] n_rows
    cdef TraceCounts counts
    set_model(&model, objective)
    if n_cached < 1 or n_cached % CACHE_WAYS or model.ops.real_size != sizeof(float):
        raise ValueError("a trace needs float32 rows, and caches of a multiple of 8 rows")
    if model.subword_starts != NULL:
        raise ValueError("a trace follows words of one row each; subwords must be None")
    model.ops = &trace_rows
    model.coupling = 0  # it would train rows without a row operation
    matrices = [model.input, model.output, model.negative_output, model.tree]
    n_rows = [model.n_words, model.n_outputs, model.n_outputs, model.n_words - 1]
    try:
        if not trace_start(matrices, n_rows, model.row_bytes, n_workers, n_cached):
            raise MemoryError("no memory for the caches of the workers")
        _, _, n_kept = run_virtual_workers(&model, objective, ids, offsets, n_workers, turn,
                                           rate_start, rate_stop, stream)
    finally:
        counts = trace_stop()
    return counts | {"n_kept": n_kept}


cdef object run_virtual_workers(const Model *model, objective, const int32_t[::1] ids,
                                const int64_t[::1] offsets, int n_workers, int64_t turn,
                                double rate_start, double rate_stop, uint64_t stream):
    """Train by turns, and return what `simulate_workers` returns."""
    cdef Worker *workers = NULL
    cdef int64_t *sentences = NULL
    cdef int64_t n_tokens = ids.shape[0], status = 0, n_examples = 0, n_kept = 0
    cdef double loss = 0
    cdef int i, longest_path = 0
    cdef bint out_of_memory = False, bad_subwords = False
    if model.n_words != model.n_outputs or model.n_batch_rows:
        raise ValueError("lists of pairs and full softmax cannot be simulated")
    if n_workers < 1 or turn < 1 or not n_tokens or offsets[offsets.shape[0] - 1] != n_tokens:
        raise ValueError("a worker, a turn of one token and offsets that fit the ids are needed")
    if objective.paths is not None:
        longest_path = objective.paths.longest
    starts = [n_tokens * i // n_workers for i in range(n_workers)]
    first = np.searchsorted(offsets, starts, side="right") - 1
    workers = <Worker *>calloc(n_workers, sizeof(Worker))
    sentences = <int64_t *>calloc(n_workers, sizeof(int64_t))
    out_of_memory = workers == NULL or sentences == NULL
    if not out_of_memory:
        for i in range(n_workers):
            workers[i].random_state = stream + i
            sentences[i] = first[i]
            start_worker(model, &workers[i], longest_path)
            out_of_memory |= workers[i].out_of_memory
        if not out_of_memory:
            with nogil:
                status = take_turns(model, workers, n_workers, &ids[0], n_tokens, &offsets[0],
                                    sentences, turn, rate_start, rate_stop)
        for i in range(n_workers):
            trace_worker(i)
            finish_worker(model, &workers[i])
            loss += workers[i].loss
            n_examples += workers[i].n_examples
            n_kept += workers[i].n_kept
            bad_subwords |= workers[i].bad_subwords
    free(workers)
    free(sentences)
    check_status(model, status, out_of_memory, bad_subwords)
    return loss, n_examples, n_kept


cdef int check_status(const Model *model, int64_t status, bint out_of_memory, bint bad_subwords) \
        except -1:
    """Raise the error of a call that has ended, if there is one."""
    if status == BAD_ID:
        raise ValueError(f"the corpus holds an id outside 0 .. {model.n_words - 1}")
    if bad_subwords:
        raise ValueError("the lists of subwords hold a row outside 0 .. "
                         f"{model.n_input_rows - 1}, or are not in order")
    if out_of_memory:
        raise MemoryError("no memory for the buffers of a worker")
    return 0


def train_pairs_chunk(objective, const int32_t[::1] sources not None,
                      const int32_t[::1] targets not None, int64_t start, int64_t stop,
                      double rate_start, double rate_stop, uint64_t stream):
    """Train with the pairs [start, stop), without the GIL: input rows predict output rows.

    Parameters
    ----------
    objective : Objective
        `output` and `input` may have different numbers of rows; the window has no effect.
    sources, targets : ndarray of int32, shape (n,)
        Input and output rows of the pairs.
    start, stop, rate_start, rate_stop, stream
        As for `train_chunk`.

    Returns
    -------
    loss : float
    n_examples, n_kept : int
        Both are the number of pairs.

    Raises
    ------
    ValueError, MemoryError
        As for `train_chunk`.
    """
    cdef Model model
    cdef Worker worker
    cdef bint valid
    set_model(&model, objective)
    # A pair has one context word: small buffers suffice, and no radius needs to be drawn.
    model.max_radius, model.shrink_windows = 1, False
    model.max_inputs = max(model.pairs_per_block, 1)
    if (model.window_order == NO_WINDOW) != (model.pairs_per_block == 0):
        raise ValueError("pairs need a window_order if and only if pairs_per_block is positive")
    if model.subword_starts != NULL:
        raise ValueError("the words of a list of pairs have one row each; subwords must be None")
    if model.cbow or model.n_batch_rows or model.keep_thresholds != NULL or model.tree != NULL or (
            model.output == NULL):
        raise ValueError("pairs are trained by skip-gram with negative sampling alone, without "
                         "subsampling")
    if sources.shape[0] != targets.shape[0] or not 0 <= start <= stop <= sources.shape[0]:
        raise ValueError(f"the range [{start}, {stop}) does not fit {sources.shape[0]} sources and "
                         f"{targets.shape[0]} targets")
    if start == stop:
        return 0.0, 0, 0
    with nogil:
        valid = first_invalid(sources[start:stop], model.n_words) < 0 and (
            first_invalid(targets[start:stop], model.n_outputs) < 0)
    if not valid:
        raise ValueError(f"a pair has an id outside 0 .. {model.n_words - 1} for its source, or "
                         f"0 .. {model.n_outputs - 1} for its target")
    memset(&worker, 0, sizeof(Worker))
    worker.random_state = stream
    with nogil:
        start_worker(&model, &worker, 0)
        if not worker.out_of_memory:
            train_pair_segments(&model, &worker, &sources[0], &targets[0], start, stop, rate_start,
                                rate_stop)
        finish_worker(&model, &worker)
    if worker.out_of_memory:
        raise MemoryError("no memory for the buffers of a worker")
    return worker.loss, worker.n_examples, worker.n_examples


cdef int64_t train_sentences(const Model *model, Worker *worker, const int32_t *ids,
                             const int64_t *offsets, int64_t sentence, int64_t start, int64_t stop,
                             double rate_start, double rate_stop) noexcept nogil:
    """Train on the focus words ids[start:stop], the first of which is in sentence `sentence`.

    Each sentence is cut into segments of up to SEGMENT focus words, which have one learning rate.
    Returns 0, or BAD_ID.
    """
    cdef int64_t position = start, segment_stop, status
    cdef double slope = (rate_stop - rate_start) / max(1, stop - start)
    while position < stop and not model.stop_flag[0]:
        segment_stop = min(stop, offsets[sentence + 1], position + SEGMENT)
        status = train_segment(model, worker, ids, offsets[sentence], position, segment_stop,
                               offsets[sentence + 1], rate_start + slope * (position - start))
        if status < 0:
            return status
        position = segment_stop
        while position < stop and position == offsets[sentence + 1]:
            sentence += 1
    return 0


cdef int64_t take_turns(const Model *model, Worker *workers, int n_workers, const int32_t *ids,
                        int64_t n_tokens, const int64_t *offsets, int64_t *sentences, int64_t turn,
                        double rate_start, double rate_stop) noexcept nogil:
    """Train with all tokens: each worker in turn with the next `turn` tokens of its part.

    Worker i has the tokens from n_tokens * i / n_workers on; the first of the next turn is in the
    sentence sentences[i]. Returns 0, or BAD_ID.
    """
    cdef int64_t longest = (n_tokens + n_workers - 1) // n_workers, done = 0
    cdef int64_t start, stop, status
    cdef double rate
    cdef int i
    while done < longest and not model.stop_flag[0]:
        rate = rate_start + (rate_stop - rate_start) * done / longest
        for i in range(n_workers):
            start = n_tokens * i // n_workers + done
            stop = min(start + turn, n_tokens * (i + 1) // n_workers)
            while start < stop and offsets[sentences[i] + 1] <= start:
                sentences[i] += 1
            if start < stop:
                trace_worker(i)
                status = train_sentences(model, &workers[i], ids, offsets, sentences[i], start,
                                         stop, rate, rate)
                if status < 0:
                    return status
        done += turn
    return 0


cdef int64_t train_segment(const Model *model, Worker *worker, const int32_t *ids,
                           int64_t sentence_start, int64_t start, int64_t stop,
                           int64_t sentence_stop, double rate) noexcept nogil:
    """Train on the focus words ids[start:stop] of the sentence ids[sentence_start:sentence_stop].

    Subsampling fills `worker.tokens` first: up to `max_radius` tokens from before the segment, the
    focus words, and up to `max_radius` tokens from after it. Returns 0, or BAD_ID.
    """
    cdef const int32_t *tokens = worker.tokens
    cdef int64_t first, last, n_tokens
    first = subsample_contexts(model, worker, ids, start - 1, sentence_start - 1, -1, 0)
    if first < 0:
        return first
    reverse(worker.tokens, first)
    last = n_tokens = subsample(model, worker, ids, start, stop, first)
    if last >= 0 and model.right_radius:
        n_tokens = subsample_contexts(model, worker, ids, stop, sentence_stop, 1, last)
    if n_tokens < 0:  # BAD_ID, from either call
        return n_tokens
    worker.n_kept += last - first
    set_hot_limits(model, worker, rate)
    set_merge_limit(model, worker, rate)
    if first < last and model.n_batch_rows:
        train_softmax(model, worker, first, last, n_tokens, rate)
    elif first < last and model.window_order != NO_WINDOW:
        train_windows(model, worker, tokens, NULL, first, last, n_tokens, rate)
    elif first < last and model.cbow and can_fuse(model):
        train_cbow(model, worker, first, last, n_tokens, rate)
    elif first < last:
        train_examples(model, worker, tokens, NULL, first, last, n_tokens, rate)
    return 0


cdef void train_pair_segments(const Model *model, Worker *worker, const int32_t *sources,
                              const int32_t *targets, int64_t start, int64_t stop,
                              double rate_start, double rate_stop) noexcept nogil:
    """Train on the pairs start .. stop - 1, with the learning rate updated every SEGMENT pairs."""
    cdef int64_t first = start, n
    cdef double slope = (rate_stop - rate_start) / max(1, stop - start), rate
    while first < stop and not model.stop_flag[0]:
        n = min(stop - first, SEGMENT)
        rate = rate_start + slope * (first - start)
        set_hot_limits(model, worker, rate)
        if model.window_order != NO_WINDOW:
            train_windows(model, worker, targets + first, sources + first, 0, n, 0, rate)
        else:
            train_examples(model, worker, targets + first, sources + first, 0, n, 0, rate)
        first += n


cdef void finish_worker(const Model *model, Worker *worker) noexcept nogil:
    """Pass on what only this worker has, copies of rows and the scalar bias; free the buffers."""
    if not worker.out_of_memory:
        apply_mean_rows(model, worker)
        merge_hot_rows(model, worker)
    if model.scalar_bias != NULL:
        sync_scalar_bias(model, worker)
    free_buffers(worker)


cdef int set_model(Model *model, objective) except -1:
    """Set the struct from an `Objective`; raise a ValueError if a setting is invalid."""
    memset(model, 0, sizeof(Model))
    model.ops, model.softmax = &plain_f64_rows, softmax_f64
    if objective.input.dtype == np.float32:
        model.ops, model.softmax = active_variant, softmax_f32
    check_sizes(objective)
    set_matrices(model, objective)
    set_subwords(model, objective)
    set_roles(model, objective)
    set_tables(model, objective)
    set_hot(model, objective)
    model.window = objective.window
    model.max_radius = objective.max_radius
    model.max_inputs = min(2 * objective.max_radius, objective.max_contexts)
    # forward: contexts only from before the focus word
    model.right_radius = 0 if objective.forward else objective.max_radius
    model.shrink_windows = objective.shrink_windows
    model.negative = objective.negative
    model.cbow = objective.cbow
    model.window_order = [None, "sequential", "batch"].index(objective.window_order)
    model.pairs_per_block = objective.pairs_per_block
    model.n_shared_negatives = objective.n_shared_negatives
    model.n_batch_rows = objective.n_batch_rows
    model.mean_hidden = objective.mean_hidden
    model.mean_gradient = objective.mean_gradient
    model.compute_loss = objective.compute_loss
    model.stop_flag = <int32_t *>address(objective.stop_flag, np.int32, (1,))
    check_objective(model)
    return 0


cdef int check_sizes(objective) except -1:
    """Raise a ValueError if numbers of the objective are out of range."""
    width = objective.input.shape[1]
    if width % 16:
        raise ValueError(f"rows must be padded to a multiple of 16 reals; got {width}")
    if not (1 <= objective.max_radius <= objective.window < 2**31):
        raise ValueError("1 <= max_radius <= window < 2**31 is needed; got "
                         f"{objective.max_radius}, {objective.window}")
    if not (0 <= objective.negative < 2**20 and 0 <= objective.n_shared_negatives < 2**20):
        raise ValueError("negative and n_shared_negatives must be below 2**20; got "
                         f"{objective.negative}, {objective.n_shared_negatives}")
    if not 1 <= objective.max_contexts < 2**20:
        raise ValueError(f"max_contexts must be 1 .. 2**20 - 1; got {objective.max_contexts}")
    if not 0 <= objective.pairs_per_block < 2**10:
        raise ValueError(f"0 to 1023 pairs can be trained at once; got {objective.pairs_per_block}")
    return 0


cdef int set_matrices(Model *model, objective) except -1:
    """Set the addresses and sizes of the matrices."""
    real, width, n_words = objective.input.dtype, objective.input.shape[1], objective.n_words
    tied = objective.output is objective.input
    n_outputs = n_words if tied or objective.output is None else len(objective.output)
    model.n_input_rows = len(objective.input)
    model.width = width
    model.row_bytes = width * real.itemsize
    model.n_words = n_words
    model.n_outputs = n_outputs
    model.input = address(objective.input, real, (model.n_input_rows, width))
    model.output = model.input
    if not tied:
        model.output = address(objective.output, real, (n_outputs, width))
    model.negative_output = address(objective.negative_output, real, (n_outputs, width))
    if objective.tree is not None:
        model.tree = address(objective.tree, real, (len(objective.tree), width))
        if len(objective.tree) != max(n_words - 1, 0) and objective.paths is not None and (
                len(objective.tree) <= objective.paths.nodes.max(initial=-1)):
            raise ValueError(f"the tree has {len(objective.tree)} nodes, and the paths have others")
    return 0


cdef int set_subwords(Model *model, objective) except -1:
    """Set the fields for words that are made of several rows."""
    subwords = objective.subwords
    if subwords is None:
        return 0
    model.n_subwords, model.most_subwords = len(subwords.rows), subwords.most
    model.subword_starts = <int64_t *>address(subwords.starts, np.int64, (model.n_words + 1,))
    model.subword_rows = <int32_t *>address(subwords.rows, np.int32, (model.n_subwords,))
    model.subword_factors = <float *>address(
        subwords.factors, np.float32, (model.n_input_rows,))
    model.subword_loads = <float *>address(subwords.loads, np.float32, (model.n_words,))
    model.subword_step = subwords.step
    if objective.lock_factors is not None or objective.output_lock_factors is not None:
        raise ValueError("with subwords, lock factors belong to their rows: Subwords.factors")
    if objective.hot is not None and len(objective.hot.input_ids):
        raise ValueError("rows of subwords have no copies: HotRows.input_ids must be empty")
    if not 0 <= model.most_subwords < 2**31:
        raise ValueError(f"a word has at most 2**31 - 1 subwords; got {model.most_subwords}")
    return 0


cdef int set_roles(Model *model, objective) except -1:
    """Set the fields for tied matrices and for a separate negative matrix."""
    rows = objective.input
    model.tied = objective.output is rows
    model.scalar_bias = <double *>address(objective.scalar_bias, np.float64, (1,))
    model.n_dimensions = objective.n_dimensions
    model.n_flipped = objective.n_flipped
    model.coupling = objective.coupling
    # In the order of the bias kinds in state.pxd
    model.bias_kind = [None, "scalar", "word", "both"].index(objective.bias)
    n_columns = {None: 0, "scalar": 1, "word": 1, "both": 2}[objective.bias]
    if not 0 <= model.n_flipped <= model.n_dimensions <= rows.shape[1] - n_columns:
        raise ValueError(
            f"rows of {rows.shape[1]} reals do not hold {model.n_dimensions} dimensions, of which "
            f"{model.n_flipped} flipped, and the bias {objective.bias!r}")
    if (model.scalar_bias != NULL) != (objective.bias == "scalar"):
        raise ValueError("scalar_bias must be given if and only if bias='scalar'")
    if not model.tied and (objective.bias is not None or model.n_flipped):
        raise ValueError("a bias and flipped coordinates require tied input and output")
    if model.tied and (model.negative_output != NULL
                       or objective.lock_factors is not objective.output_lock_factors):
        raise ValueError("tied matrices cannot be combined with negative_output, and need the same "
                         "array as lock_factors and output_lock_factors")
    if (model.tied or model.negative_output != NULL) and objective.tree is not None:
        raise ValueError("hierarchical softmax cannot be combined with tied matrices or "
                         "negative_output")
    return 0


cdef int set_tables(Model *model, objective) except -1:
    """Set the addresses of the noise table, the paths, the thresholds and the lock factors."""
    n_words, n_outputs, paths = model.n_words, model.n_outputs, objective.paths
    if objective.noise is not None:
        model.n_noise = len(objective.noise)
        model.noise = <AliasSlot *>address(objective.noise, np.uint32, (model.n_noise, 2))
        if model.n_noise != n_outputs and (
                not model.n_noise or objective.noise.max() >= n_outputs
                or objective.noise[:, 0].any()):  # only aliases, not slots, are rows
            raise ValueError(f"a table of noise has {n_outputs} slots, or any number of aliases "
                             f"below that with thresholds of 0; got {model.n_noise} slots")
    model.keep_thresholds = <uint32_t *>address(objective.keep_thresholds, np.uint32, (n_words,))
    model.lock_factors = <float *>address(objective.lock_factors, np.float32, (n_words,))
    model.output_lock_factors = <float *>address(
        objective.output_lock_factors, np.float32, (n_outputs,))
    if paths is not None:
        model.path_nodes = <int32_t *>address(paths.nodes, np.int32, paths.nodes.shape)
        model.path_labels = <float *>address(
            paths.labels, np.float32, (len(paths.nodes) + SIMD_PAD,))
        model.path_starts = <int64_t *>address(paths.starts, np.int64, (n_words + 1,))
    return 0


cdef int set_hot(Model *model, objective) except -1:
    """Set the fields for private copies of frequent rows."""
    hot = objective.hot
    if hot is None:
        return 0
    set_hot_ids(model, HOT_INPUT, hot.input_ids, hot.input_step, model.n_words)
    if model.output != NULL and not model.tied:
        set_hot_ids(model, HOT_OUTPUT, hot.output_ids, hot.output_step, model.n_outputs)
    if model.negative_output != NULL:
        set_hot_ids(model, HOT_NEGATIVE, hot.output_ids, hot.negative_step, model.n_outputs)
    return 0


cdef int set_hot_ids(Model *model, int role, ids, double step, int64_t n_rows) except -1:
    """Set the frequent rows of one matrix; raise a ValueError if a slot holds another row."""
    n_slots = len(ids)
    model.hot[role].ids = <int32_t *>address(ids, np.int32, (n_slots,))
    model.hot[role].n_slots = n_slots
    model.hot[role].step = step
    used = np.flatnonzero(ids != -1)
    rows = ids[used]
    if n_slots & (n_slots - 1) or n_slots >= 2**20:
        raise ValueError(f"the number of slots must be a power of 2 below 2**20; got {n_slots}")
    if np.any((rows < 0) | (rows >= n_rows) | (rows % max(n_slots, 1) != used)):
        raise ValueError(f"a slot holds a row that is not among the {n_rows}, or not its own")
    return 0


cdef int check_objective(const Model *model) except -1:
    """Raise a ValueError if the settings contradict each other."""
    if model.output != NULL and (model.negative or model.n_shared_negatives) and (
            model.noise == NULL):
        raise ValueError("negative sampling needs a noise table")
    check_batch(model)
    if model.window_order != NO_WINDOW and (model.cbow or model.n_batch_rows):
        raise ValueError("window_order must be None with cbow or n_batch_rows")
    if model.window_order != NO_WINDOW and model.output != NULL and (
            (model.n_shared_negatives == 0) != (model.negative == 0)):
        raise ValueError("with a window_order, n_shared_negatives must be positive if and only if "
                         "negative is")
    if model.output_lock_factors != NULL and (
            model.output == NULL or model.tree != NULL or model.negative_output != NULL
            or model.cbow or model.n_batch_rows):
        raise ValueError("output_lock_factors need skip-gram with negative sampling alone, and one "
                         "output matrix")
    if (model.tree == NULL) != (model.path_starts == NULL):
        raise ValueError("hierarchical softmax needs a tree and its paths")
    return 0


cdef char *address(array, dtype, shape) except? NULL:
    """Return the address of a C-contiguous array of this dtype and shape; NULL for None."""
    if array is None:
        return NULL
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(
            f"an array of {dtype} and shape {shape}, C-contiguous, is needed; "
            f"got {array.dtype} and {array.shape}")
    return <char *><size_t>array.ctypes.data


def use_variant(str name):
    """Use the variant `name` of the row operations for float32 rows from now on.

    Returns
    -------
    bool
        False if it was not built or this processor can't run it; then nothing changes.
    """
    global active_variant
    cdef const RowOps *ops = rows_variant(name.encode())
    if ops != NULL:
        active_variant = ops
    return ops != NULL


def is_available(str name):
    """Return whether the variant was built and this processor can run it."""
    return rows_variant(name.encode()) != NULL


def load_blas():
    """Set the functions of the "blas" variant to scipy's single-precision BLAS.

    Returns
    -------
    bool
        False if that BLAS does not take 32-bit integers.

    Raises
    ------
    ImportError
        If scipy is missing.
    """
    cdef void *functions[2]
    if not find_blas(("sdot", "saxpy"), functions):
        return False
    rows_use_blas(functions[0], functions[1])
    return True


def load_softmax():
    """Set the matrix products of full softmax to those of scipy's BLAS.

    Only the first call sets them, as threads may be using them during later calls.

    Raises
    ------
    ImportError
        If scipy is missing, or its BLAS does not take 32-bit integers.
    """
    global softmax_is_loaded
    cdef void *functions[2]
    with first_use:
        if softmax_is_loaded:
            return
        if not find_blas(("sgemm", "dgemm"), functions):
            raise ImportError("full softmax needs a scipy whose BLAS takes 32-bit integers")
        softmax_use_blas(functions[0], functions[1])
        softmax_is_loaded = True


cdef int find_blas(names, void **functions) except -1:
    """Write the addresses of functions of scipy's BLAS to `functions`.

    Returns 1, or 0 if they do not take 32-bit integers. The name of a capsule is the C signature of
    its function, in which 32-bit integers are "int *". Raises an ImportError without scipy.
    """
    from scipy.linalg.cython_blas import __pyx_capi__ as capsules

    cdef const char *signature
    for i, function in enumerate(names):
        signature = PyCapsule_GetName(capsules[function])
        if b", int *," not in signature:
            return 0
        functions[i] = PyCapsule_GetPointer(capsules[function], signature)
    return 1
