/* Row operations: the arithmetic on rows of the matrices that threads share.
 *
 * Contents
 *   RACY, PREFETCH, constants   markers and sizes
 *   BlockRows, StepRows         arguments of the operations `block` and `step`
 *   RowOps                      the four operations: gather, step, scatter, block
 *   rows_variant, ...           choice of the implementation
 *   block_scratch_bytes, ...    sizes, prefetching
 *   set_ones, ...               small functions that touch shared numbers
 *
 * Each operation has a textbook version in portable C for float and double (rows_plain.h), which is
 * the specification, and versions for vector instructions (rows_simd.h, block_simd.h,
 * block_bf16.h) and BLAS (sgns_blas.c), which are tested against it.
 *
 * Threads and rows ("Hogwild", Niu, Recht, Re, Wright 2011). Threads read and update the same rows
 * without locks. If two threads update a row at the same time, one of the two additions may be
 * lost, or the row may end up with a mix of components from both. The result is still a sum of
 * (possibly partial) updates computed from slightly stale rows. Such collisions are rare if a step
 * uses few rows out of many: `step` uses those of one example, `block` those of a block of focus
 * words. Full softmax updates all output rows in each step. Aligned loads and stores of 32 and 64
 * bits are not torn on the supported processors, so no garbage value can appear.
 *
 * During training, shared rows are read and written only by
 *   - the row operations,
 *   - full softmax (softmax_step.h) and GloVe (glove_scalar.h, glove_simd.h),
 *   - the functions at the end of this file.
 * RACY marks these functions for ThreadSanitizer, and no others. BLAS cannot be annotated. A RACY
 * function does not call memcpy on shared rows, as ThreadSanitizer checks memcpy itself.
 *
 * Layout. A row has `width` reals, the last of which are padding up to a multiple of 16 (for float,
 * a cache line of 64 bytes). The padding is zero, and every operation keeps it zero, so vector
 * loops need no tail. */
#ifndef FASTSGNS_ROWS_H
#define FASTSGNS_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define RACY __attribute__((no_sanitize("thread")))
#else
#define RACY
#endif

/* Prefetch a cache line for writing, which invalidates it in other cores' caches immediately.
 * Processors that lack the instruction `prefetchw` ignore it. */
#if defined(__GNUC__) && defined(__x86_64__)
#define PREFETCH(address) __asm__("prefetchw %0" : : "m"(*(const char *)(address)))
#elif defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch((address), 1, 3)
#else
#define PREFETCH(address) ((void)0)
#endif

enum { CACHE_LINE = 64 };

/* Vector loads and stores may touch up to this many floats beyond the end of an array. */
enum { SIMD_PAD = 16 };

/* Upper bound, for one step, of `rate` times the number of pairs of one input row (`block`), or of
 * uses of one word (full softmax). Larger steps let rows that are used many times diverge. */
#define MAX_STEP 0.25

/* Arguments of the operation `block`: n_in input rows at the addresses `input` and n_out output
 * rows at the addresses `output`, which all differ. Pair (i, j) has the weight
 * `positive_weights[j * stride + i]` as a positive pair and the weight
 * `negative_weights[j * stride + i]` as a negative pair. */
typedef struct {
    void *const *input;
    void *const *output;
    int64_t width;
    int n_in;
    int n_out;
    int64_t stride;                /* at least n_in, a multiple of SIMD_PAD */
    const float *positive_weights; /* (n_out, stride); columns from n_in on are 0 */
    const float *negative_weights; /* the same */
    void *scores;                  /* scratch for (n_out + 1, stride) reals; tiles round n_out up */
    void *scratch;                 /* `block_scratch_bytes` bytes, aligned to a cache line */
    int compute_loss;
    void *const *prefetch; /* (n_prefetch,): addresses of rows of the next block */
    int n_prefetch;
} BlockRows;

/* Arguments of the operation `step`: the rows at the addresses `rows[j]` with the labels
 * `labels[j]`, j < n. `labels` must be readable for n + SIMD_PAD floats. The rows at the addresses
 * `prefetch` belong to the next step; `step` prefetches them one cache line at a time between its
 * own loads, because the memory system holds a few dozen requests and stalls if it gets more at
 * once. */
typedef struct {
    void *const *rows;
    int64_t width;
    const float *labels;
    int n;                 /* may be 0 */
    void *const *prefetch; /* (n_prefetch,) */
    int n_prefetch;
    void *scores; /* scratch for n + SIMD_PAD reals (whole vectors), then width reals (BLAS) */
    int compute_loss;
} StepRows;

/* The row operations, from which negative sampling and hierarchical softmax are built. `rows` are
 * n addresses of rows with `width` reals. A row that occurs several times is told by its address.
 */
typedef struct {
    const char *name;
    int real_size;

    /* hidden = scale * (sum of the rows) */
    void (*gather)(void *hidden, void *const *rows, int n, int64_t width, double scale);

    /* One step of logistic regression: labels l_j (1 or 0) on scores f_j = hidden . row j.
     *     loss      = -sum_j (l_j log sigmoid(f_j) + (1 - l_j) log sigmoid(-f_j))
     *     g_j       = rate * (l_j - sigmoid(f_j))           = -rate * d loss / d f_j
     *     update += sum_j g_j (row j),   row j += g_j hidden
     * All g_j and both right sides use the old rows and the old `hidden`. `update` may be `hidden`.
     * A row may occur several times; it then gets several additions.
     * Returns the loss if `compute_loss`, else 0. */
    double (*step)(void *hidden, void *update, const StepRows *step, double rate);

    /* row += scale * update, for each of the rows */
    void (*scatter)(void *const *rows, int n, int64_t width, const void *update, double scale);

    /* One step on all pairs of the input rows u_i and the output rows v_j of a block. With
     * P_ij, N_ij the positive and negative weights:
     *     s_ij  = u_i . v_j
     *     loss  = -sum_ij (P_ij log sigmoid(s_ij) + N_ij log sigmoid(-s_ij))
     *     g_ij  = rate * (P_ij - (P_ij + N_ij) sigmoid(s_ij))          = -rate * d loss / d s_ij
     *     u_i  += sum_j g_ij v_j,   v_j += sum_i g_ij u_i     (the right sides use the old rows)
     * Returns the loss if `compute_loss`, else 0. */
    double (*block)(const BlockRows *block, double rate);
} RowOps;

/* Returns the variant called `name`; NULL if it was not built or this processor can't run it. */
const RowOps *rows_variant(const char *name);

/* The "plain" variant in double, for numeric checks of gradients. */
extern const RowOps plain_f64_rows;

/* Sets the BLAS functions of the "blas" variant; until then `rows_variant("blas")` is NULL. */
void rows_use_blas(void *sdot, void *saxpy, void *sgemm);

/* Returns n, rounded up to a multiple of SIMD_PAD. */
static inline int64_t padded_size(int64_t n) { return (n + SIMD_PAD - 1) / SIMD_PAD * SIMD_PAD; }

/* Returns an upper bound of the bytes of scratch that the operation `block` of any variant needs.
 * For each row there are two copies (BLAS) and an address. Rows are added up to whole tiles: at
 * most 3 input rows and 1 output row. A bfloat16 row is padded to 32 columns, by at most 16 columns
 * of 2 bytes: SIMD_PAD / 2 floats. All g_ij are stored in two orders (block_bf16.h). Four cache
 * lines are spare. */
static inline int64_t block_scratch_bytes(int64_t n_in, int64_t n_out, int64_t width,
                                          int64_t real_size) {
    int64_t n_rows = n_in + n_out + 4;
    int64_t copies_bytes = 2 * (width + SIMD_PAD / 2) * real_size;
    int64_t g_bytes = (n_out + 1) * padded_size(n_in) * sizeof(float);
    return n_rows * (copies_bytes + (int64_t)sizeof(void *)) + 2 * g_bytes + 4 * CACHE_LINE;
}

/* Prefetch a cache line for reading, which lets other cores keep their copies. */
static inline void prefetch_read(const void *address) {
#if defined(__GNUC__)
    __builtin_prefetch(address, 0, 3);
#else
    (void)address;
#endif
}

/* Prefetch a row for writing. */
static inline void prefetch_row(const void *row, int64_t n_bytes) {
    for (int64_t offset = 0; offset < n_bytes; offset += CACHE_LINE)
        PREFETCH((const char *)row + offset);
}

/* Sets one column of n rows to 1. */
static inline void RACY set_ones(void *const *rows, int n, int64_t column, int real_size) {
    for (int j = 0; j < n; j++)
        if (real_size == sizeof(float))
            ((float *)rows[j])[column] = 1;
        else
            ((double *)rows[j])[column] = 1;
}

/* Moves two rows towards each other, each by `share` of their distance. */
#define PULL_TOGETHER(NAME, REAL)                                               \
    static inline void RACY NAME(REAL *a, REAL *b, int64_t width, REAL share) { \
        for (int64_t x = 0; x < width; x++) {                                   \
            const REAL move = share * (b[x] - a[x]);                            \
            a[x] += move;                                                       \
            b[x] -= move;                                                       \
        }                                                                       \
    }
PULL_TOGETHER(pull_together_f32, float)
PULL_TOGETHER(pull_together_f64, double)
#undef PULL_TOGETHER

/* Returns a number that threads share. */
static inline double RACY read_shared(const double *shared) { return *shared; }

/* Adds `change` to a number that threads share, and returns the sum. As with rows, one of two
 * additions may be lost if two threads make them at the same time. */
static inline double RACY add_to_shared(double *shared, double change) { return *shared += change; }

#endif
