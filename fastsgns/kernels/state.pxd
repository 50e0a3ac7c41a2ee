# What the kernels are made of: rows and random numbers in C, and the structs of a run.

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
        const int32_t *ahead
        int n_ahead
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
        const int32_t *in_ "in"
        const int32_t *out
        int n_in
        int n_out
        int64_t stride
        const float *positive
        const float *negative
        void *scores
        void *scratch
        int compute_loss
        const void **ahead
        int n_ahead
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
    int64_t block_scratch(int64_t n_in, int64_t n_out, int64_t width, int64_t real_size)
    void prefetch_slot(const void *slot)
    void prefetch_row(const void *row, int64_t n_bytes)

cdef extern from "softmax.h" nogil:
    ctypedef struct SoftmaxRows:
        void *hidden
        int32_t *pairs
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
    FOCUS_CHUNK = 4096
    BAD_ID = -1
    MAX_OWNED = 64
    BATCH_PAIRS = 16

# Which bias a single matrix has; SCALAR is one number, WORD one a word in the output role, BOTH the
# same one in either role.
cdef enum:
    NO_BIAS = 0
    SCALAR_BIAS = 1
    WORD_BIAS = 2
    BOTH_BIAS = 3

# What all threads share; read-only but for the rows. A context lies up to `reach` tokens before its
# focus, or up to `after` behind it.
cdef struct Model:
    const RowOps *ops
    char *input
    char *output
    char *negatives
    char *tree
    int tied
    int bias
    double *scalar
    int64_t n_dimensions
    int64_t n_flipped
    double coupling
    int64_t width
    int64_t row_bytes
    uint32_t n_words
    uint32_t n_outputs
    const AliasSlot *noise
    const int32_t *path_nodes
    const float *path_labels
    const int64_t *path_starts
    const uint32_t *keep
    const float *lock
    int window
    int reach
    int after
    int shrink
    int negative
    int cbow
    int n_focus
    int n_shared
    int n_batch
    softmax_t softmax
    int mean_hidden
    int mean_gradient
    int compute_loss
    const volatile int32_t *stop

# What is drawn for one focus word, one focus ahead of its use, so that its rows are in the cache
# by then: its contexts and, an example each, their targets (the positive, then the negatives).
# With shared negatives it is drawn for `n_focus` words from position `first` on: how far their
# windows reach, and as targets the negatives alone; `draws` are these before the noise table, which
# is asked for two blocks ahead, has said which words they are.
cdef struct Plan:
    int64_t first
    int64_t reach
    int n_focus
    int32_t focus
    int n_contexts
    int32_t *contexts
    int n_examples
    uint64_t *draws
    int32_t *targets
    int *n_targets

# What full softmax learns from at once: hidden row i is of the input rows
# `contexts[stops[i - 1]:stops[i]]`. `input_steps` and `output_steps` count by word in how many of
# the examples it is a context, or the focus.
cdef struct Batch:
    SoftmaxRows rows
    int32_t *contexts
    int64_t *stops
    int64_t n_contexts
    int64_t room
    int32_t *input_steps
    int32_t *output_steps
    int *row_of_word

# What one call owns.
cdef struct Worker:
    uint64_t random
    int32_t *kept
    Plan plans[3]
    float *labels
    char *hidden
    char *gradient
    char *scores
    float *positive
    float *negative
    float *zeros
    float *pairs
    double scalar
    double scalar_seen
    char *borrowed
    char *lent
    int32_t *borrowed_ids
    StepRows targets
    StepRows apart
    StepRows path
    BlockRows block
    BlockRows path_block
    Batch batch
    const void **ahead
    int32_t *in_ids
    int32_t *out_ids
    int *in_slots
    int *focus_slots
    int n_focus_slots
    float *owed
    void *owned[MAX_OWNED]
    int n_owned
    bint lacks_memory
    double loss
    int64_t n_examples
    int64_t n_kept
