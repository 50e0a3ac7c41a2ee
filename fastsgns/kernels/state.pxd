# Declarations of the C headers, constants, and the structs that one call trains with.
#
# Contents
#   rows.h, softmax.h, rng.h     row operations, full softmax, random numbers
#   constants                    FOCUS_CHUNK, ..., the kinds of bias
#   Model                        what all threads share: matrices, tables, settings
#   FocusPlan, BlockPlan         windows and negative samples drawn ahead of their use
#   Batch                        examples collected for full softmax
#   Worker                       what one call owns: random state, plans, buffers, totals

from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t

cdef extern from "rows.h" nogil:
    const double MAX_STEP
    enum:
        SIMD_PAD
        CACHE_LINE
    ctypedef void (*gather_t)(void *hidden, const void *rows, int64_t width, const int32_t *ids,
                              int n, double scale) noexcept nogil
    ctypedef struct StepRows:
        void *rows
        int64_t width
        const int32_t *ids
        const float *labels
        int n
        const int32_t *prefetch_ids
        int n_prefetch
        void *scores
        int compute_loss
    ctypedef double (*step_t)(void *hidden, void *gradient, const StepRows *step,
                              double rate) noexcept nogil
    ctypedef void (*scatter_t)(void *rows, int64_t width, const int32_t *ids, int n,
                               const void *gradient, double scale) noexcept nogil
    ctypedef struct BlockRows:
        void *input
        void *output
        int64_t width
        const int32_t *in_ids
        const int32_t *out_ids
        int n_in
        int n_out
        int64_t stride
        const float *positive_counts
        const float *negative_counts
        void *scores
        void *scratch
        int compute_loss
        const void **prefetch
        int n_prefetch
    ctypedef double (*block_t)(const BlockRows *block, double rate) noexcept nogil
    ctypedef struct RowOps:
        const char *name
        int real_size
        gather_t gather
        step_t step
        scatter_t scatter
        block_t block
    const RowOps *rows_variant(const char *name)
    const RowOps plain_f64_rows
    void rows_use_blas(void *sdot, void *saxpy, void *sgemm)
    int64_t block_scratch_bytes(int64_t n_in, int64_t n_out, int64_t width, int64_t real_size)
    void prefetch_read(const void *address)
    void prefetch_row(const void *row, int64_t n_bytes)

cdef extern from "softmax.h" nogil:
    ctypedef struct SoftmaxRows:
        void *hidden
        int32_t *n_targets
        int n_rows
        int32_t *example_rows
        int32_t *targets
        int64_t n_examples
        void *output
        int64_t n_words
        int64_t width
        void *scores
        void *gradient
        int compute_loss
    ctypedef double (*softmax_t)(const SoftmaxRows *rows, double rate) noexcept nogil
    double softmax_f32(const SoftmaxRows *rows, double rate)
    double softmax_f64(const SoftmaxRows *rows, double rate)
    void softmax_use_blas(void *sgemm, void *dgemm)

cdef extern from "rng.h" nogil:
    ctypedef struct AliasSlot:
        uint32_t threshold
        uint32_t alias
    uint64_t next_random(uint64_t *state)
    uint32_t random_below(uint64_t *state, uint32_t n)
    uint32_t alias_slot(uint64_t draw, uint32_t n)
    int32_t alias_index(uint64_t draw, const AliasSlot *table, uint32_t n)
    int32_t random_alias(uint64_t *state, const AliasSlot *table, uint32_t n)

cdef enum:
    FOCUS_CHUNK = 4096  # focus words, or pairs of a list, that are trained at one learning rate
    BAD_ID = -1  # status: an id outside the vocabulary
    MAX_BUFFERS = 64  # of a worker
    BATCH_PAIRS = 16  # full softmax: examples per batch, as a multiple of its hidden rows

# What a single matrix in both roles adds to a score (roles.pxd).
cdef enum:
    NO_BIAS = 0
    SCALAR_BIAS = 1
    WORD_BIAS = 2
    BOTH_BIAS = 3

# What all threads share. Only the matrices and `scalar_bias` are written. The names are those of
# `fastsgns.kernels.objective.Objective`, which describes them; a pointer is NULL where a field
# there is None.
cdef struct Model:
    const RowOps *ops  # the row operations in force
    # Matrices of n_words (input, tree) or n_outputs (the others) rows
    char *input
    char *output
    char *negative_output
    char *tree
    int64_t width  # reals per row, with padding
    int64_t row_bytes
    uint32_t n_words
    uint32_t n_outputs
    # One matrix in both roles
    int tied  # `output` is `input`
    int bias_kind
    double *scalar_bias
    int64_t n_dimensions
    int64_t n_flipped
    # Three matrices
    double coupling
    # Tables
    const AliasSlot *noise
    const int32_t *path_nodes
    const float *path_labels
    const int64_t *path_starts
    const uint32_t *keep_thresholds
    const float *lock_factors
    # Windows
    int window
    int max_radius  # most context words before a focus word
    int right_radius  # most context words after it: 0 or max_radius
    int shrink_windows
    # Objective
    int negative
    int cbow
    int mean_hidden
    int mean_gradient
    int n_focus
    int n_shared_negatives
    int n_batch_rows
    softmax_t softmax
    int compute_loss
    const volatile int32_t *stop

# What is drawn for one focus word, one focus word ahead of its use, so that the rows are in the
# cache by then. An example is one hidden vector with its targets: each context word in skip-gram,
# the whole window in CBOW. The targets of example e are the `n_targets[e]` ids from
# `targets[e * (negative + 1)]` on: the focus word, then its negative samples.
cdef struct FocusPlan:
    int32_t focus
    int n_contexts
    int32_t *contexts
    int n_examples
    int32_t *targets
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
# rows `contexts[stops[i - 1]:stops[i]]`. For each word, `context_counts` and `target_counts` are
# the number of collected examples in which it is a context word, or the target.
cdef struct Batch:
    SoftmaxRows rows
    int32_t *contexts
    int64_t *stops
    int64_t n_contexts
    int64_t capacity  # of `contexts`
    int32_t *context_counts
    int32_t *target_counts
    int *row_of_word  # skip-gram: hidden row of a context word with a count above 0

# What one call owns: everything that it writes, except the shared rows.
cdef struct Worker:
    uint64_t random_state
    # Tokens that subsampling kept: of one chunk of focus words, and of the contexts around it
    int32_t *tokens
    FocusPlan focus_plans[2]
    BlockPlan block_plans[3]
    # Negative sampling and hierarchical softmax, one example at a time (pairs.pxd)
    float *labels  # 1, 0, 0, ...
    char *hidden  # one row
    char *gradient  # one row
    char *scores
    StepRows target_step  # targets in `Model.output`
    StepRows negative_step  # negative samples in `Model.negative_output`
    StepRows path_step  # Huffman paths in `Model.tree`
    # Blocks (blocks.pxd)
    BlockRows block  # targets in `Model.output` or `Model.negative_output`
    BlockRows path_block  # Huffman paths in `Model.tree`
    int32_t *in_ids  # the different input rows of a block
    int32_t *out_ids  # its different output rows: focus words first, then sampled words
    int n_focus_rows  # number of different focus words
    int *in_index  # for each position of the window, or pair of a list: index in in_ids
    int *focus_index  # for each focus word: index in out_ids
    float *pair_counts  # (n_in,): pairs of each input row
    float *positive_counts  # (n_out, stride)
    float *negative_counts  # (n_out, stride)
    float *zeros  # (n_out, stride)
    float *negative_weight  # (n_out,): negative samples per pair that each output row counts for
    const void **prefetch  # addresses of rows of the next block
    # One matrix in both roles (roles.pxd)
    double scalar_bias  # this worker's copy
    double synced_scalar_bias  # the value of the copy at the last exchange
    char *input_copies  # (n_in, width)
    char *input_updates  # (n_in, width)
    int32_t *copy_ids  # 0, 1, 2, ...
    # Full softmax (softmax.pxd)
    Batch batch
    # Memory
    void *buffers[MAX_BUFFERS]
    int n_buffers
    bint out_of_memory
    # Totals
    double loss
    int64_t n_examples
    int64_t n_kept  # focus words that subsampling kept
