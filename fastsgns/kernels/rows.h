/* Row operations: the arithmetic on rows of the matrices that threads share.
 *
 * Contents
 *   RACY, PREFETCH, constants   markers and sizes
 *   load_f32, store_f32, ...    how numbers that threads share are read and written
 *   StepRows, WindowRows, CbowRows   arguments of the operations
 *   RowOps                      the operations: gather, step, scatter, merge, window, ...
 *   rows_variant, ...           choice of the implementation
 *   window_stride, ...          sizes, prefetching
 *   set_ones, ...               small functions on rows
 *
 * Each operation has a textbook version in portable C for float and double (rows_plain.h), which is
 * the specification, and versions for vector instructions (rows_simd.h, window_simd.h,
 * cbow_simd.h) and BLAS (sgns_blas.c), which are tested against it.
 *
 * Threads and rows ("Hogwild", Niu, Recht, Re, Wright 2011). Threads read and update the same rows
 * without locks. If two threads update a row at the same time, one of the two additions may be
 * lost, or the row may end up with a mix of components from both. The result is still a sum of
 * (possibly partial) updates computed from slightly stale rows. Such collisions are rare if a step
 * uses few rows out of many: `step` uses those of one example, `window` those of a focus word and
 * its context words. Full softmax updates all output rows in each step. Aligned loads and stores of
 * 32 and 64 bits are not torn on the supported processors, so no garbage value can appear.
 *
 * During training, shared rows are read and written only by
 *   - the row operations, and GloVe's (glove_scalar.h, glove_simd.h),
 *   - the functions at the end of this file,
 *   - BLAS, which the variant "blas" and full softmax (softmax_step.h) call.
 * All but BLAS use the functions that SHARED_ACCESS defines: each reads or writes one number or one
 * vector. They are the only ones that ThreadSanitizer does not check, so it reports every other
 * access to a row, and all races on the rest: scores, plans, buffers, tables. It cannot see BLAS.
 *
 * Layout. A row has `width` reals, the last of which are padding up to a multiple of 16 (for float,
 * a cache line of 64 bytes). The padding is zero, and every operation keeps it zero, so vector
 * loops need no tail. */
#ifndef FASTSGNS_ROWS_H
#define FASTSGNS_ROWS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* RACY begins the definition of a function that ThreadSanitizer does not check. A compilation for
 * it does not inline such a function, because what is inlined into a checked function is checked.
 */
#if defined(__SANITIZE_THREAD__)
#define CHECKS_THREADS 1
#elif defined(__has_feature)
#define CHECKS_THREADS __has_feature(thread_sanitizer)
#else
#define CHECKS_THREADS 0
#endif
#if CHECKS_THREADS
#define RACY static __attribute__((noinline, unused, no_sanitize("thread")))
#elif defined(__GNUC__)
#define RACY static inline __attribute__((always_inline))
#else
#define RACY static inline
#endif

/* Defines `load`, which returns a number or vector that threads share, and `store`, which writes
 * one. */
#define SHARED_ACCESS(type, load, store)                     \
    RACY type load(const type *address) { return *address; } \
    RACY void store(type *address, type value) { *address = value; }
SHARED_ACCESS(float, load_f32, store_f32)
SHARED_ACCESS(double, load_f64, store_f64)

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

/* Upper bound, for one step of full softmax, of `rate` times the number of uses of one word. Larger
 * steps let rows that are used many times diverge. */
#define MAX_STEP 0.25

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

/* Arguments of the operation `window`: all pairs of n_inputs input rows, such as those of the
 * context words of a focus word, with n_outputs output rows, such as those of the focus word and
 * its negative samples. Output row j has the weight `positive[j]` as a positive target and the
 * weight `total[j] - positive[j]` as a negative one, in each of its pairs. An input row may occur
 * several times. No output row occurs twice, and no row is both an input and an output row.
 *
 * Roles. From the column `role_start` on, input row u takes part as
 *     role(u)[x] = u[x] * role_scale[x] + role_shift[x].
 * This serves a tied matrix (roles.pxd). Before `role_start`, and with `role_start` = width
 * everywhere, role(u) = u. */
typedef struct {
    void *const *inputs;
    void *const *outputs;
    int n_inputs;
    int n_outputs;
    int64_t width;
    const float *positive;  /* (n_outputs,), readable for n_outputs + SIMD_PAD floats */
    const float *total;     /* the same */
    int batch;              /* the order of the updates: 0 sequential, 1 batch */
    int64_t role_start;     /* a multiple of SIMD_PAD */
    const void *role_scale; /* (width,) reals, NULL if role_start = width */
    const void *role_shift; /* the same */
    const void *offsets;    /* (n_inputs,) reals, readable for SIMD_PAD more: added to the
                               scores of an input row; or NULL */
    void *scores;           /* scratch for (n_inputs, window_stride(n_outputs)) + SIMD_PAD reals */
    void *scratch;          /* (n_outputs + 2, width) + (n_inputs, SIMD_PAD) reals, aligned to a
                            cache line */
    int compute_loss;
    void *const *prefetch; /* (n_prefetch,): rows of later windows */
    int n_prefetch;
} WindowRows;

/* Arguments of the operations `cbow_errors` and `cbow_update`: n_contexts context rows, at least 1,
 * and n target rows with labels. A row may occur several times, also as a context and a target. */
typedef struct {
    int64_t width;
    void *const *contexts;
    const float *weights; /* (n_contexts,): of the contexts in their sum, or NULL for 1, 1, ... */
    int n_contexts;
    void *const *rows;
    int n;
    const float *labels;    /* readable for n + SIMD_PAD floats */
    double scale;           /* of the sum of the contexts */
    double share;           /* of the update, for each context */
    const void *role_scale; /* (width,) reals, or NULL for 1, 1, ... */
    const void *role_shift; /* (width,) reals; only with `role_scale` */
    void *hidden;           /* scratch for width reals */
    void *errors;           /* scratch for n + SIMD_PAD reals */
    void *sums;             /* scratch for max(width, max(8, n + 3) * SIMD_PAD) reals */
    void *const *prefetch;  /* (n_prefetch,): addresses of rows of a later example */
    int n_prefetch;
    int compute_loss;
} CbowRows;

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

    /* Merges the private copy of a row (hot.pxd): adds copy - base to the shared row, and sets
     * `copy` and `base` to the sum. `base` is the shared row as it was at the last merge; at first
     * `copy` and `base` are zeros. */
    void (*merge)(void *shared, void *copy, void *base, int64_t width);

    /* One step on all pairs of the input rows u_k and the output rows v_j. With P_j = positive[j]
     * and T_j = total[j]:
     *     s_kj  = role(u_k) . v_j + offsets[k], of the rows as they are when the operation starts
     *     loss  = -sum_kj (P_j log sigmoid(s_kj) + (T_j - P_j) log sigmoid(-s_kj))
     *     g_kj  = rate * (P_j - T_j sigmoid(s_kj))                  = -rate * d loss / d s_kj
     * Then, for k = 0, 1, ...:
     *     u_k  += role_scale * sum_j g_kj v_j,   v_j += g_kj role(u_k)
     * where both right sides use the u_k of before this line, and the sum uses
     *     batch:       the v_j as they are when the operation starts (the gradient of the window)
     *     sequential:  the v_j as the input row k - 1 has left them (the order of word2vec.c).
     * Leaves the g_kj in scores[k * window_stride(n_outputs) + j].
     * Returns the loss if `compute_loss`, else 0. */
    double (*window)(const WindowRows *window, double rate);

    /* CBOW is a step of logistic regression on the sum of context rows. It has two halves, so that
     * the caller can do other work while the processor waits for the first. `cbow_errors` computes
     *     hidden = role_scale * scale * sum_k weights[k] (context k) + role_shift
     *     g_j    = rate * (l_j - sigmoid(hidden . row j))
     * and returns the loss if `compute_loss`, else 0. `cbow_update` then computes
     *     update = role_scale * sum_j g_j (row j),   row j += g_j hidden,
     *     context += share * update, for each context
     * where the sum uses the old rows. */
    double (*cbow_errors)(const CbowRows *cbow, double rate);
    void (*cbow_update)(const CbowRows *cbow);
} RowOps;

/* Returns the variant called `name`; NULL if it was not built or this processor can't run it. */
const RowOps *rows_variant(const char *name);

/* The "plain" variant in double, for numeric checks of gradients. */
extern const RowOps plain_f64_rows;

/* Sets the BLAS functions of the "blas" variant; until then `rows_variant("blas")` is NULL. */
void rows_use_blas(void *sdot, void *saxpy);

/* Returns the number of scores per input row in the operation `window`: 4, or a multiple of 8. */
static inline int64_t window_stride(int64_t n_outputs) {
    return n_outputs <= 4 ? 4 : (n_outputs + 7) / 8 * 8;
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
static inline void set_ones(void *const *rows, int n, int64_t column, int real_size) {
    for (int j = 0; j < n; j++)
        if (real_size == sizeof(float))
            store_f32((float *)rows[j] + column, 1);
        else
            store_f64((double *)rows[j] + column, 1);
}

/* Copies one column of n rows to `values`, which has n reals. */
static inline void read_column(void *values, void *const *rows, int n, int64_t column,
                               int real_size) {
    for (int k = 0; k < n; k++)
        if (real_size == sizeof(float))
            ((float *)values)[k] = load_f32((float *)rows[k] + column);
        else
            ((double *)values)[k] = load_f64((double *)rows[k] + column);
}

/* Adds values[k] to one column of row k, for n rows. */
static inline void add_to_column(const void *values, void *const *rows, int n, int64_t column,
                                 int real_size) {
    for (int k = 0; k < n; k++)
        if (real_size == sizeof(float)) {
            float *to = (float *)rows[k] + column;
            store_f32(to, load_f32(to) + ((const float *)values)[k]);
        } else {
            double *to = (double *)rows[k] + column;
            store_f64(to, load_f64(to) + ((const double *)values)[k]);
        }
}

/* Moves two rows towards each other, each by `share` of their distance. */
#define PULL_TOGETHER(NAME, REAL, LOAD, STORE)                             \
    static inline void NAME(REAL *a, REAL *b, int64_t width, REAL share) { \
        for (int64_t x = 0; x < width; x++) {                              \
            const REAL a_x = LOAD(a + x), b_x = LOAD(b + x);               \
            const REAL move = share * (b_x - a_x);                         \
            STORE(a + x, a_x + move);                                      \
            STORE(b + x, b_x - move);                                      \
        }                                                                  \
    }
PULL_TOGETHER(pull_together_f32, float, load_f32, store_f32)
PULL_TOGETHER(pull_together_f64, double, load_f64, store_f64)
#undef PULL_TOGETHER

/* Returns a number that threads share. */
static inline double read_shared(const double *shared) { return load_f64(shared); }

/* Adds `change` to a number that threads share, and returns the sum. As with rows, one of two
 * additions may be lost if two threads make them at the same time. */
static inline double add_to_shared(double *shared, double change) {
    const double sum = load_f64(shared) + change;
    store_f64(shared, sum);
    return sum;
}

#endif
