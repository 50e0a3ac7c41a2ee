# Declarations of the C headers, constants, and the structs that one call of `train_chunk` or
# `train_pairs_chunk` trains with. Each thread makes one call at a time.
#
# Contents
#   rows.h, softmax.h            row operations, full softmax
#   constants                    SEGMENT, ..., the kinds of bias
#   Model                        what all calls share: matrices, tables, settings
#   FocusPlan, BlockPlan         windows and negative samples drawn ahead of their use
#   Batch                        examples collected for full softmax
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
    ctypedef struct BlockRows:
        void **input
        void **output
        int64_t width
        int n_in
        int n_out
        int64_t stride
        const float *positive_weights
        const float *negative_weights
        void *scores
        void *scratch
        int compute_loss
        void **prefetch
        int n_prefetch
    ctypedef struct RowOps:
        int real_size
        void (*gather)(void *hidden, void **rows, int n, int64_t width, double scale) noexcept nogil
        double (*step)(void *hidden, void *update, const StepRows *step, double rate) noexcept nogil
        void (*scatter)(void **rows, int n, int64_t width, const void *update, double scale) \
            noexcept nogil
        double (*block)(const BlockRows *block, double rate) noexcept nogil
    const RowOps *rows_variant(const char *name)
    const RowOps plain_f64_rows
    void rows_use_blas(void *sdot, void *saxpy, void *sgemm)
    int64_t padded_size(int64_t n)
    int64_t block_scratch_bytes(int64_t n_in, int64_t n_out, int64_t width, int64_t real_size)
    void prefetch_read(const void *address)
    void prefetch_row(const void *row, int64_t n_bytes)
    void set_ones(void **rows, int n, int64_t column, int real_size)
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
    MAX_BUFFERS = 64  # buffers per worker
    BATCH_PAIRS = 16  # full softmax: a batch has at most BATCH_PAIRS * n_batch_rows examples

# Bias kinds for a tied matrix (roles.pxd).
cdef enum:
    NO_BIAS = 0
    SCALAR_BIAS = 1
    WORD_BIAS = 2
    BOTH_BIAS = 3

# What all calls share. Only the matrices and `scalar_bias` are written. A field without a comment
# has the name of a field of `fastsgns.kernels.objective.Objective`, where it is described. A
# pointer is NULL where a field there is None.
cdef struct Model:
    const RowOps *ops  # the active row operations
    # Matrices
    char *input  # n_words rows
    char *output  # n_outputs rows: negative sampling or full softmax
    char *negative_output  # n_outputs rows: separate matrix for negative samples
    char *tree  # n_words - 1 rows: inner nodes of hierarchical softmax
    int64_t width  # reals per row, with padding
    int64_t row_bytes  # width in bytes
    uint32_t n_words  # rows of `input`
    uint32_t n_outputs  # rows of `output`
    # Tied matrix
    int tied  # `output` is `input`
    int bias_kind  # NO_BIAS, ...
    double *scalar_bias  # shared by all calls
    int64_t n_dimensions  # columns before those of the bias
    int64_t n_flipped  # leading coordinates that change sign in the input role
    # Separate negative matrix
    double coupling  # weight of the pull between a word's two output rows
    # Tables
    const AliasSlot *noise  # alias table of the noise distribution
    const int32_t *path_nodes  # Huffman paths, concatenated: rows of `tree`
    const float *path_labels  # 1 - code
    const int64_t *path_starts  # (n_words + 1,)
    const uint32_t *keep_thresholds  # 2^32 * (probability of keeping a token of the word) - 1
    const float *lock_factors  # update of each input row is multiplied by this
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
    int max_focus  # `n_focus` of Objective: focus words or pairs per block; 0: no blocks
    int n_shared_negatives  # negative samples per block
    int n_batch_rows  # full softmax: hidden rows per batch; 0 disables full softmax
    softmax_t softmax  # softmax_f32 or softmax_f64
    int compute_loss
    const volatile int32_t *stop_flag  # another thread sets it to end the call early

# Random draws for one focus word. Random numbers are drawn two focus words ahead (`draws`) and
# looked up in the noise table one focus word ahead (`targets`), so that its rows are prefetched. An
# example is one hidden vector with its targets: each context word in skip-gram, the whole window in
# CBOW. The targets of example e are the `n_targets[e]` ids from `targets[e * (negative + 1)]` on:
# the focus word, then its negative samples. `target_rows` has the addresses of their rows.
cdef struct FocusPlan:
    int32_t focus_word
    int n_contexts
    int32_t *contexts
    int n_examples
    uint64_t *draws
    int32_t *targets
    void **target_rows
    int *n_targets

# What is drawn for a block: `n_focus` focus words from position `first` on, which share a window
# radius and `n_shared_negatives` negative samples. Random numbers are drawn two blocks ahead
# (`draws`) and looked up in the noise table one block ahead (`negatives`), when the slots of the
# table are in the cache.
cdef struct BlockPlan:
    int64_t first
    int n_focus
    int64_t radius
    uint64_t *draws
    int32_t *negatives

# Examples collected for full softmax. The hidden row i of `rows` is the sum or mean of the input
# rows of `contexts[stops[i - 1]:stops[i]]`, where 0 replaces stops[-1]. For each word,
# `context_counts` and `target_counts` are the numbers of its uses as a context word and as the
# target in the collected examples.
cdef struct Batch:
    SoftmaxRows rows
    int32_t *contexts
    void **context_rows  # their input rows, while the batch is trained
    int64_t *stops
    int64_t n_contexts
    int64_t capacity  # of `contexts`
    int32_t *context_counts
    int32_t *target_counts
    int *row_of_word  # skip-gram: hidden row of a context word with a count above 0

# What one call owns: everything that it writes, except shared state.
cdef struct Worker:
    uint64_t random_state
    # Tokens that survived subsampling: those of one segment, and of the contexts around it
    int32_t *tokens
    FocusPlan focus_plans[3]
    BlockPlan block_plans[3]
    # Negative sampling and hierarchical softmax, one example at a time (examples.pxd)
    float *labels  # 1, 0, 0, ...
    char *hidden  # one row
    char *update  # one row: the update of the hidden vector
    char *scores
    void **context_rows  # input rows of the context words
    void **path_rows  # rows of `Model.tree` on one Huffman path
    StepRows target_step  # targets in `Model.output`
    StepRows negative_step  # negative samples in `Model.negative_output`
    StepRows path_step  # Huffman paths in `Model.tree`
    # Blocks (blocks.pxd)
    BlockRows block  # targets in `Model.output` or `Model.negative_output`
    BlockRows path_block  # Huffman paths in `Model.tree`
    int32_t *in_ids  # the distinct input rows of a block
    int32_t *out_ids  # its distinct output rows: focus words first, then sampled words
    void **in_rows  # their addresses
    void **out_rows
    void **prefetch  # rows of the next block
    int n_focus_rows  # number of distinct focus words
    int *in_index  # for each position of the window, or pair of a list: index in in_ids
    int *focus_index  # for each focus word: index in out_ids
    float *pair_counts  # (stride,): pairs of each input row
    float *positive_weights  # (n_out, stride)
    float *negative_weights  # (n_out, stride)
    float *zeros  # (n_out, stride)
    float *sample_weights  # (n_out,): weight of each output row as a negative sample, per pair
    # Tied matrix (roles.pxd)
    double scalar_bias  # this worker's copy
    double synced_scalar_bias  # the value of the copy at the last sync
    char *input_copies  # (n_in, width): changed by the operation `block`
    char *copies_before  # (n_in, width): the copies before the operation
    void **copy_rows  # the rows of input_copies
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
