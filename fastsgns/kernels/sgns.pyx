"""Skip-gram and CBOW over a range of ids: sentences, windows, negatives.

The objectives of Mikolov, Sutskever, Chen, Corrado, Dean (2013), "Distributed Representations of
Words and Phrases and their Compositionality". For a hidden vector h and a word w,

    negative sampling (eq. 4)        log sigmoid(c_w . h) + sum_k log sigmoid(-c_{n_k} . h),
                                     n_k drawn from the noise distribution, n_k = w left out
    hierarchical softmax (eq. 3)     sum over the path of w of log sigmoid(+-t_node . h)
    full softmax (eq. 2)             c_w . h - log sum_v exp(c_v . h)

are maximised, where h is the input row of one context word (skip-gram: each pair of a window is
its own example) or the sum or mean of the input rows of all context words of a window (CBOW).
The first two are logistic regressions of labels on rows, done by the verbs of `rows.h`; the third,
which excludes them, is `softmax.h`.

A range may start and stop anywhere. Its tokens are the focus words; contexts are taken from the
whole sentence, also beyond the range, so that no pair is lost where a corpus is cut into chunks.
Where contexts only lie before their focus, the input row is always that of the earlier token.

Instead of sentences there may be a list of pairs (source, target), whose input and output rows then
need not be of the same words: each pair is an example.
"""

from cpython.pycapsule cimport PyCapsule_GetName, PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
from libc.string cimport memset

import numpy as np

from fastsgns.kernels.blocks cimport train_blocks
from fastsgns.kernels.lists cimport train_list
from fastsgns.kernels.pairs cimport train_pairs
from fastsgns.kernels.roles cimport exchange_scalar
from fastsgns.kernels.softmax cimport check_batch, learn_batch, train_softmax
from fastsgns.kernels.state cimport (
    BAD_ID, SIMD_PAD, FOCUS_CHUNK, AliasSlot, Model, RowOps, Worker, plain_f64_rows, rows_use_blas,
    rows_variant, softmax_f32, softmax_f64, softmax_use_blas,
)
from fastsgns.kernels.tokens cimport keep_focus, keep_margin, reverse
from fastsgns.kernels.worker cimport end_worker, start_worker

cdef int64_t train_piece(const Model *model, Worker *worker, const int32_t *ids,
                         int64_t sentence_start, int64_t start, int64_t stop,
                         int64_t sentence_stop, double rate) noexcept nogil:
    """Train on the focus words [start, stop), at most FOCUS_CHUNK of them, of one sentence."""
    cdef int64_t first, last, n
    first = keep_margin(model, worker, ids, start - 1, sentence_start - 1, -1, 0)
    if first < 0:
        return first
    reverse(worker.kept, first)
    last = keep_focus(model, worker, ids, start, stop, first)
    if last < 0:
        return last
    n = last
    if model.after:
        n = keep_margin(model, worker, ids, stop, sentence_stop, 1, last)
    if n < 0:
        return n
    worker.n_kept += last - first
    if first < last and model.n_batch:
        train_softmax(model, worker, first, last, n, rate)
    elif first < last and model.n_focus:
        train_blocks(model, worker, first, last, n, rate)
    elif first < last:
        train_pairs(model, worker, first, last, n, rate)
    return 0


cdef int64_t train_range(const Model *model, Worker *worker, const int32_t *ids,
                         const int64_t *offsets, int64_t sentence, int64_t start, int64_t stop,
                         double alpha_start, double alpha_stop) noexcept nogil:
    """Train on the focus words [start, stop), the first of which is in `sentence`."""
    cdef int64_t position = start, piece_stop, status
    cdef double slope = (alpha_stop - alpha_start) / max(1, stop - start)
    while position < stop and not model.stop[0]:
        piece_stop = min(stop, offsets[sentence + 1], position + FOCUS_CHUNK)
        status = train_piece(model, worker, ids, offsets[sentence], position, piece_stop,
                             offsets[sentence + 1], alpha_start + slope * (position - start))
        if status < 0:
            return status
        position = piece_stop
        while position < stop and position == offsets[sentence + 1]:
            sentence += 1
    return 0


cdef char *address(array, dtype, shape) except? NULL:
    """The first byte of a C-contiguous array of just this dtype and shape; NULL for None."""
    if array is None:
        return NULL
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise ValueError(
            f"an array of {dtype} and shape {shape}, C-contiguous, is needed; "
            f"got {array.dtype} and {array.shape}")
    return <char *><size_t>array.ctypes.data


cdef int fill_roles(Model *model, objective) except -1:
    """Which rows play which roles, and with which bias."""
    rows = objective.input
    model.tied = objective.output is rows
    model.negatives = address(
        objective.negative_output, rows.dtype, (model.n_outputs, rows.shape[1]))
    model.scalar = <double *>address(objective.scalar_bias, np.float64, (1,))
    model.n_dimensions = objective.n_dimensions
    model.n_flipped = objective.n_flipped
    model.coupling = objective.coupling
    model.bias = [None, "scalar", "word", "both"].index(objective.bias)
    n_columns = {"both": 2, None: 0}.get(objective.bias, 1)
    if not 0 <= model.n_flipped <= model.n_dimensions <= rows.shape[1] - n_columns:
        raise ValueError(
            f"rows of {rows.shape[1]} reals do not hold {model.n_dimensions} dimensions, of which "
            f"{model.n_flipped} flipped, and the bias {objective.bias!r}")
    if (model.scalar == NULL) != (objective.bias != "scalar"):
        raise ValueError("a scalar bias comes with its number")
    if not model.tied and (objective.bias is not None or model.n_flipped):
        raise ValueError("a bias and flipped coordinates need one matrix in both roles")
    if model.tied and (model.negatives != NULL or objective.lock_factors is not None):
        raise ValueError("one matrix in both roles has no negatives apart and no lock")
    if (model.tied or model.negatives != NULL) and objective.tree is not None:
        raise ValueError("with hierarchical softmax there are two matrices")
    return 0


cdef int fill_model(Model *model, objective, const RowOps *ops) except -1:
    cdef int64_t n_words, n_outputs, width
    n_words, width = objective.input.shape
    n_outputs = n_words if objective.output is None else len(objective.output)
    real = objective.input.dtype
    if width % 16:
        raise ValueError(f"rows must be padded to a multiple of 16 reals; got {width}")
    if not (1 <= objective.max_radius <= objective.window < 2**31):
        raise ValueError("1 <= max_radius <= window < 2**31 is needed; got "
                         f"{objective.max_radius}, {objective.window}")
    if not (0 <= objective.negative < 2**20 and 0 <= objective.n_shared_negatives < 2**20):
        raise ValueError(f"at most 2**20 negatives are possible; got {objective.negative}")
    paths = objective.paths
    model.ops = ops
    model.width = width
    model.row_bytes = width * real.itemsize
    model.n_words = n_words
    model.n_outputs = n_outputs
    model.input = address(objective.input, real, (n_words, width))
    model.output = address(objective.output, real, (n_outputs, width))
    fill_roles(model, objective)
    model.tree = address(objective.tree, real, (max(n_words - 1, 0), width))
    model.noise = <AliasSlot *>address(objective.noise, np.uint32, (n_outputs, 2))
    model.keep = <uint32_t *>address(objective.keep_thresholds, np.uint32, (n_words,))
    model.lock = <float *>address(objective.lock_factors, np.float32, (n_words,))
    if paths is not None:
        model.path_nodes = <int32_t *>address(paths.nodes, np.int32, paths.nodes.shape)
        model.path_labels = <float *>address(
            paths.labels, np.float32, (len(paths.nodes) + SIMD_PAD,))
        model.path_starts = <int64_t *>address(paths.starts, np.int64, (n_words + 1,))
    model.window = objective.window
    model.reach = objective.max_radius
    model.after = 0 if objective.forward else objective.max_radius
    model.shrink = objective.shrink_windows
    model.negative = objective.negative
    model.cbow = objective.cbow
    model.n_focus = objective.n_focus
    model.n_shared = objective.n_shared_negatives
    model.n_batch = objective.n_batch_rows
    model.softmax = softmax_f32 if real == np.float32 else softmax_f64
    model.mean_hidden = objective.mean_hidden
    model.mean_gradient = objective.mean_gradient
    model.compute_loss = objective.compute_loss
    model.stop = <int32_t *>address(objective.stop, np.int32, (1,))
    if model.output != NULL and (model.negative or model.n_shared) and model.noise == NULL:
        raise ValueError("negative sampling needs a noise table")
    check_batch(model)
    if not 0 <= model.n_focus < 2**10:
        raise ValueError(f"0 to 1023 focus words can be trained at once; got {model.n_focus}")
    if model.n_focus and (model.cbow or model.lock != NULL):
        raise ValueError("CBOW, and rows with a lock, train one example at a time")
    if model.n_focus and (model.n_shared == 0) != (model.output == NULL):
        raise ValueError("shared negatives need an output matrix, and paths alone have none")
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
    if model.n_batch:
        load_softmax()
    if model.n_words != model.n_outputs:
        raise ValueError(f"the corpus has one vocabulary; got {model.n_words} input rows and "
                         f"{model.n_outputs} output rows")
    if not 0 <= start <= stop <= ids.shape[0] or offsets[offsets.shape[0] - 1] != ids.shape[0]:
        raise ValueError(f"the range [{start}, {stop}) or the offsets do not fit the ids")
    if start == stop:
        return 0.0, 0, 0
    if objective.paths is not None:
        longest_path = objective.paths.longest
    sentence = np.searchsorted(offsets, start, side="right") - 1
    if sentence < 0:
        raise ValueError(f"the first offset is {offsets[0]}, but must be 0")
    worker.random = stream
    try:
        with nogil:
            start_worker(&model, &worker, longest_path)
            if not worker.lacks_memory:
                status = train_range(&model, &worker, &ids[0], &offsets[0], sentence, start, stop,
                                     alpha_start, alpha_stop)
            if worker.batch.rows.n_examples and status >= 0:
                learn_batch(&model, &worker, alpha_stop)
            if model.scalar != NULL:
                exchange_scalar(&model, &worker)
    finally:
        end_worker(&worker)
    if status == BAD_ID:
        raise ValueError(f"the corpus holds an id outside 0 .. {model.n_words - 1}")
    if worker.lacks_memory:
        raise MemoryError("no memory for the scratch of a worker")
    return worker.loss, worker.n_examples, worker.n_kept


def train_pairs_chunk(objective, const int32_t[::1] sources not None,
                      const int32_t[::1] targets not None, int64_t start, int64_t stop,
                      double alpha_start, double alpha_stop, uint64_t stream):
    """Train on the pairs [start, stop), without the GIL: input rows predict output rows.

    Parameters
    ----------
    objective : Objective
        `output` and `input` may have different numbers of rows; the window is of no effect.
    sources, targets : ndarray of int32, shape (n,)
        Input and output rows of the pairs.
    start, stop, alpha_start, alpha_stop, stream
        As for `train_chunk`.

    Returns
    -------
    loss : float
    n_examples, n_kept : int
        Both are the number of pairs trained on.
    """
    cdef Model model
    cdef Worker worker
    cdef const RowOps *ops = chosen if objective.input.dtype == np.float32 else &plain_f64_rows
    cdef int64_t status = 0
    memset(&model, 0, sizeof(Model))
    memset(&worker, 0, sizeof(Worker))
    fill_model(&model, objective, ops)
    model.reach, model.shrink = 1, False
    if model.cbow or model.n_batch or model.keep != NULL or model.tree != NULL or (
            model.output == NULL):
        raise ValueError("pairs are trained by skip-gram with negative sampling alone, without "
                         "subsampling")
    if sources.shape[0] != targets.shape[0] or not 0 <= start <= stop <= sources.shape[0]:
        raise ValueError(f"the range [{start}, {stop}) does not fit {sources.shape[0]} sources and "
                         f"{targets.shape[0]} targets")
    if start == stop:
        return 0.0, 0, 0
    worker.random = stream
    try:
        with nogil:
            start_worker(&model, &worker, 0)
            if not worker.lacks_memory:
                status = train_list(&model, &worker, &sources[0], &targets[0], start, stop,
                                    alpha_start, alpha_stop)
            if model.scalar != NULL:
                exchange_scalar(&model, &worker)
    finally:
        end_worker(&worker)
    if status == BAD_ID:
        raise ValueError(f"a pair has an id outside 0 .. {model.n_words - 1} for its source, or "
                         f"0 .. {model.n_outputs - 1} for its target")
    if worker.lacks_memory:
        raise MemoryError("no memory for the scratch of a worker")
    return worker.loss, worker.n_examples, worker.n_examples


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


cdef int find_blas(names, void **functions) except -1:
    """Addresses of functions of scipy's BLAS; 0 if its ints are not int."""
    from scipy.linalg import cython_blas

    capsules = cython_blas.__pyx_capi__
    cdef const char *signature
    for i, function in enumerate(names):
        signature = PyCapsule_GetName(capsules[function])
        if b", int *," not in signature:
            return 0
        functions[i] = PyCapsule_GetPointer(capsules[function], signature)
    return 1


def load_blas():
    """Hand scipy's single-precision BLAS to the "blas" variant; False if its ints are not int."""
    cdef void *functions[3]
    if not find_blas(("sdot", "saxpy", "sgemm"), functions):
        return False
    rows_use_blas(functions[0], functions[1], functions[2])
    return True


def load_softmax():
    """Hand the products of scipy's BLAS to full softmax.

    Raises
    ------
    ImportError
        If there is no scipy, or its ints are not int.
    """
    cdef void *functions[2]
    if not find_blas(("sgemm", "dgemm"), functions):
        raise ImportError("full softmax needs a scipy whose BLAS takes 32-bit integers")
    softmax_use_blas(functions[0], functions[1])
