# Declarations of the C headers, constants, and the structs that one call of `train_chunk` or
# `train_pairs_chunk` trains with. Each thread makes one call at a time.
#
# Contents
#   rows.h, softmax.h            row operations, full softmax
#   constants                    SEGMENT, ..., the kinds of bias
#   Model                        what all calls share: matrices, tables, settings
#   FocusPlan, WindowPlan        windows and negative samples drawn ahead of their use
#   Batch                        examples collected for full softmax
#   HotSlot, HotRows, RowCopies  copies of rows
#   MeanSlot, MeanRows           rows of words that are made of several rows
#   Worker                       what one call owns: random state, plans, buffers, totals

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

from fastsgns.kernels.rng cimport AliasSlot

cdef extern from "rows.h" nogil:
    const double MAX_STEP
    enum:
        SIMD_PAD
        CACHE_LINE
    ctypedef struct StepRows:
        void **rows
        int64_t width
        const float *labels
        int n
        void **prefetch
        int n_prefetch
        void *scores
        int compute_loss
    ctypedef struct WindowRows:
        void **inputs
        void **outputs
        int n_inputs
        int n_outputs
        int64_t width
        const float *positive
        const float *total
        int batch
        int64_t role_start
        const void *role_scale
        const void *role_shift
        const void *offsets
        void *scores
        void *scratch
        int compute_loss
        void **prefetch
        int n_prefetch
    ctypedef struct CbowRows:
        int64_t width
        void **contexts
        const float *weights
        int n_contexts
        void **rows
        int n
        const float *labels
        double scale
        double share
        const void *role_scale
        const void *role_shift
        void *hidden
        void *errors
        void *sums
        void **prefetch
        int n_prefetch
        int compute_loss
    ctypedef struct RowOps:
        int real_size
        void (*gather)(void *hidden, void **rows, int n, int64_t width, double scale) noexcept nogil
        double (*step)(void *hidden, void *update, const StepRows *step, double rate) noexcept nogil
        void (*scatter)(void **rows, int n, int64_t width, const void *update, double scale) \
            noexcept nogil
        void (*merge)(void *shared, void *copy, void *base, int64_t width) noexcept nogil
        double (*window)(const WindowRows *window, double rate) noexcept nogil
        double (*cbow_errors)(const CbowRows *cbow, double rate) noexcept nogil
        void (*cbow_update)(const CbowRows *cbow) noexcept nogil
    const RowOps *rows_variant(const char *name)
    const RowOps plain_f64_rows
    void rows_use_blas(void *sdot, void *saxpy)
    int64_t window_stride(int64_t n_outputs)
    void prefetch_read(const void *address)
    void prefetch_row(const void *row, int64_t n_bytes)
    void set_ones(void **rows, int n, int64_t column, int real_size)
    void read_column(void *values, void **rows, int n, int64_t column, int real_size)
    void add_to_column(const void *values, void **rows, int n, int64_t column, int real_size)
    void pull_together_f32(float *a, float *b, int64_t width, float share)
    void pull_together_f64(double *a, double *b, int64_t width, double share)
    double read_shared(const double *shared)
    double add_to_shared(double *shared, double change)

cdef extern from "softmax.h" nogil:
    ctypedef struct SoftmaxRows:
        void *hidden  # (n_rows, width)
        int32_t *n_targets  # (n_rows,): words that a hidden row predicts
        int n_rows
        int32_t *example_rows  # (n_examples,): which hidden row ...
        int32_t *targets  # (n_examples,): ... predicts which word
        int64_t n_examples
        void *output  # (n_words, width)
        int64_t n_words
        int64_t width
        void *scores  # scratch for (n_rows, n_words) reals
        void *gradient  # (n_rows, width): written by softmax_t
        int compute_loss
    # Takes a gradient step on `output`; writes d loss / d hidden, without the rate, to `gradient`
    ctypedef double (*softmax_t)(const SoftmaxRows *rows, double rate) noexcept nogil
    double softmax_f32(const SoftmaxRows *rows, double rate)
    double softmax_f64(const SoftmaxRows *rows, double rate)
    void softmax_use_blas(void *sgemm, void *dgemm)

cdef enum:
    SEGMENT = 4096  # focus words, or pairs of a list, that are trained at one learning rate
    BAD_ID = -1  # status: an id outside the vocabulary
    MAX_BUFFERS = 128  # buffers per worker
    N_PLANS = 8  # plans of focus words per worker; more than DRAWN_AHEAD (cbow.pxd)
    N_WINDOW_PLANS = 4  # the current window, those whose rows are prefetched, one with draws alone
    BATCH_PAIRS = 16  # full softmax: a batch has at most BATCH_PAIRS * n_batch_rows examples

# The matrices whose frequent rows workers may copy: indices of `Model.hot` and `Worker.hot`.
cdef enum:
    HOT_INPUT = 0
    HOT_OUTPUT = 1
    HOT_NEGATIVE = 2
    N_HOT = 3

# Bias kinds for a tied matrix (roles.pxd).
cdef enum:
    NO_BIAS = 0
    SCALAR_BIAS = 1
    WORD_BIAS = 2
    BOTH_BIAS = 3

# How skip-gram is trained (windows.pxd).
cdef enum:
    NO_WINDOW = 0
    SEQUENTIAL = 1
    BATCH = 2

# The frequent rows of one matrix (hot.pxd): slot i holds the number of a row, whose remainder by
# n_slots is i, or -1.
cdef struct HotIds:
    const int32_t *ids  # (n_slots,)
    int32_t n_slots  # a power of 2; 0 if there are no copies
    double step  # most updates between two merges, times the learning rate

# What all calls share. Only the matrices and `scalar_bias` are written. A field without a comment
# has the name of a field of `fastsgns.kernels.objective.Objective`, where it is described. A
# pointer is NULL where a field there is None.
cdef struct Model:
    const RowOps *ops  # the active row operations
    # Matrices
    char *input  # n_input_rows rows
    char *output  # n_outputs rows: negative sampling or full softmax
    char *negative_output  # n_outputs rows: separate matrix for negative samples
    char *tree  # inner nodes of hierarchical softmax
    int64_t width  # reals per row, with padding
    int64_t row_bytes  # width in bytes
    uint32_t n_words  # words of the input role
    uint32_t n_outputs  # rows of `output`
    # Tied matrix
    int tied  # `output` is `input`
    int bias_kind  # NO_BIAS, ...
    double *scalar_bias  # shared by all calls
    int64_t n_dimensions  # columns before those of the bias
    int64_t n_flipped  # leading coordinates that change sign in the input role
    # Separate negative matrix
    double coupling  # weight of the pull between a word's two output rows
    # Private copies of frequent rows
    HotIds hot[N_HOT]
    # Tables
    const AliasSlot *noise  # (n_noise,): alias table of the noise distribution
    uint32_t n_noise
    const int32_t *path_nodes  # Huffman paths, concatenated: rows of `tree`
    const float *path_labels  # 1 - code
    const int64_t *path_starts  # (n_words + 1,)
    const uint32_t *keep_thresholds  # 2^32 * (probability of keeping a token of the word) - 1
    const float *lock_factors  # update of each input row is multiplied by this
    const float *output_lock_factors  # that of each output row
    # Words that are made of several rows (subwords.pxd)
    int64_t n_input_rows  # rows of `input`: n_words, unless `subword_starts` is set
    const int64_t *subword_starts  # (n_words + 1,)
    const int32_t *subword_rows  # (n_subwords,)
    int64_t n_subwords
    int64_t most_subwords  # of one word
    const float *subword_factors  # (n_input_rows,)
    const float *subword_loads  # (n_words,): or NULL
    double subword_step  # bound on updates * learning rate of a private row at a load of 1
    # Windows
    int window
    int max_radius  # min(window, longest sentence): most context words before a focus word
    int right_radius  # most context words after it: 0 or max_radius
    int shrink_windows  # draw each radius from 1 .. window
    # Objective
    int negative  # negative samples per example: a pair, or in CBOW a window
    int cbow
    int mean_hidden  # CBOW: the hidden vector is a mean
    int mean_gradient  # CBOW: the update of each context row is divided by their number
    int window_order  # NO_WINDOW: one example at a time; or the order of the operation `window`
    int max_inputs  # most input rows that are trained at once
    int pairs_per_block  # lists of pairs: pairs that share negative samples; 0: none do
    int n_shared_negatives  # negative samples per window or block
    int n_batch_rows  # full softmax: hidden rows per batch; 0 disables full softmax
    softmax_t softmax  # softmax_f32 or softmax_f64
    int compute_loss
    const volatile int32_t *stop_flag  # another thread sets it to end the call early

# Random draws for one focus word. Random numbers are drawn two focus words ahead (`draws`) and
# looked up in the noise table one focus word ahead (`targets`), so that its rows are prefetched.
# In cbow.pxd both are done further ahead; only cbow.pxd uses `context_rows`, the rows of
# `contexts`. An example is one hidden vector with its targets: each context word in skip-gram, the
# whole window in CBOW. The targets of example e are the `n_targets[e]` ids from `targets[e *
# (negative + 1)]` on: the focus word, then its negative samples. `target_rows` has the addresses
# of their rows.
cdef struct FocusPlan:
    int32_t focus_word
    int n_contexts
    int32_t *contexts
    void **context_rows
    float *weights  # with subwords: how many rows each context word has
    int n_examples
    uint64_t *draws
    int32_t *targets
    void **target_rows
    int *n_targets

# What is drawn for a window (windows.pxd): that of the focus word at `position`, or for a block of
# n_positions consecutive pairs of a list.
cdef struct WindowPlan:
    int64_t position
    int64_t n_positions  # 0: there is no window left
    int64_t radius
    uint64_t *draws  # n_shared_negatives random numbers, drawn three windows ahead
    int32_t *negatives  # the words that they select, looked up two windows ahead

# Examples collected for full softmax. The hidden row i of `rows` is the sum or mean of the input
# rows of `contexts[stops[i - 1]:stops[i]]`, where 0 replaces stops[-1]. For each word,
# `context_counts` and `target_counts` are the numbers of its uses as a context word and as the
# target in the collected examples.
cdef struct Batch:
    SoftmaxRows rows
    int32_t *contexts
    void **context_rows  # their input rows, while the batch is trained
    float *weights  # with subwords: how many rows each context word of an example has
    int64_t *stops
    int64_t n_contexts
    int64_t capacity  # of `contexts`
    int32_t *context_counts
    int32_t *target_counts
    int *row_of_word  # skip-gram: hidden row of a context word with a count above 0

# A worker's copy of a frequent row.
cdef struct HotSlot:
    int32_t row  # -1: none
    int32_t n_updates  # since the last merge; NOT_USED if all were passed on

# A worker's copies of the frequent rows of one matrix (hot.pxd).
cdef struct HotRows:
    HotSlot *slots  # (n_slots,)
    int32_t n_slots  # a power of 2, or 0
    int32_t mask  # n_slots - 1
    int32_t limit  # updates between two merges; below 2: no copies
    char *matrix
    char *copies  # (n_slots, width)
    char *bases  # (n_slots, width): the shared rows as they were at the last merge

# The private row of a word (subwords.pxd).
cdef struct MeanSlot:
    int32_t word  # -1: none
    int32_t next  # another slot whose word has the same hash; -1: none
    int32_t n_updates  # since it was made
    int32_t limit  # after so many updates it is made again
    int64_t step  # the last step that used it

# The private rows of words that are made of several rows: a ring of slots.
cdef struct MeanRows:
    int64_t n_slots
    int64_t mask  # number of `heads` - 1
    int64_t hand  # the next slot to be replaced
    int64_t step  # number of the present step
    double step_limit  # bound on the updates of a private row at a load of 1
    MeanSlot *slots  # (n_slots,)
    int32_t *heads  # for each hash of words, the first slot, or -1
    char *rows  # (n_slots, width)
    char *before  # (n_slots, width): the rows as they were made
    void **word_rows  # (most_subwords,): the rows of one word

# Copies of rows that are trained in their place (locks.pxd).
cdef struct RowCopies:
    int n
    void **rows  # (capacity,): the rows of which they are copies
    double *factors  # (capacity,): by which their changes are multiplied
    void **copy_rows  # (capacity,)
    char *before  # (capacity, width): the copies before they were trained

# What one call owns: everything that it writes, except shared state.
cdef struct Worker:
    uint64_t random_state
    # Tokens that survived subsampling: those of one segment, and of the contexts around it
    int32_t *tokens
    FocusPlan focus_plans[N_PLANS]
    WindowPlan window_plans[N_WINDOW_PLANS]
    # Negative sampling and hierarchical softmax, one example at a time (examples.pxd)
    float *labels  # 1, 0, 0, ...
    char *hidden  # one row
    char *update  # one row: the update of the hidden vector
    char *scores
    void **context_rows  # input rows of the context words
    void **prefetch  # rows of a later focus word
    void **path_rows  # rows of `Model.tree` on one Huffman path
    StepRows target_step  # targets in `Model.output`
    StepRows negative_step  # negative samples in `Model.negative_output`
    StepRows path_step  # Huffman paths in `Model.tree`
    CbowRows cbow  # CBOW with targets in `Model.output` (cbow.pxd)
    # Windows (windows.pxd)
    WindowRows window  # targets in `Model.output` and negative samples
    WindowRows path_window  # Huffman paths in `Model.tree`
    int32_t *contexts  # (n_contexts,): context words
    int32_t *target_ids  # (n_outputs,): the focus word and its distinct negative samples
    uint64_t target_bits  # for each target, the bit (id mod 64) is set
    float *totals  # (n_outputs,): their weights
    float *ones  # 1, 1, 1, ...: those of the nodes of a path
    void **target_rows  # (n_outputs,): their rows
    char *role_scale  # (width,) reals: the input role of a tied matrix (roles.pxd)
    char *role_shift  # the same
    char *offsets  # (n_contexts,) reals
    # Lock factors, and rows in two roles (locks.pxd)
    RowCopies copies
    # Tied matrix (roles.pxd)
    double scalar_bias  # this worker's copy
    double synced_scalar_bias  # the value of the copy at the last sync
    # Private copies of frequent rows (hot.pxd)
    HotRows hot[N_HOT]
    HotRows *hot_output  # hot[HOT_OUTPUT], or hot[HOT_INPUT] with a tied matrix
    # Words that are made of several rows (subwords.pxd)
    MeanRows means
    bint bad_subwords  # the lists of rows are invalid
    # Full softmax (softmax.pxd)
    Batch batch
    # Memory
    void *buffers[MAX_BUFFERS]
    int n_buffers
    bint out_of_memory
    # Totals
    double loss
    int64_t n_examples
    int64_t n_kept  # focus words that survived subsampling
