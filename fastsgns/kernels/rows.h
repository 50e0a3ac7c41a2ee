/* Rows of the shared matrices: the only code that reads or writes them during training.
 *
 * Hogwild. Threads update the same rows without locks (Niu, Recht, Re, Wright 2011, "Hogwild!").
 * Two threads that meet on a row may lose one of two additions, or mix their components; what is
 * left is still a sum of gradients at slightly old points, each of size `rate`, and meetings are
 * rare because a step touches a handful of rows out of many. Aligned 32-bit and 64-bit loads and
 * stores do not tear on the processors this runs on, so no garbage value can appear. RACY marks
 * these functions for ThreadSanitizer, which then watches everything else.
 *
 * A row holds `width` reals, of which the last few are padding up to a multiple of 64 bytes.
 * The padding is zero and every function keeps it so, which is why there are no remainder loops.
 */
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

/* Asks for a cache line to write to, which takes it away from other cores in one go. */
#if defined(__GNUC__) && defined(__x86_64__) /* where it is unknown it does nothing */
#define PREFETCH(address) __asm__("prefetchw %0" : : "m"(*(const char *)(address)))
#elif defined(__GNUC__)
#define PREFETCH(address) __builtin_prefetch((address), 1, 3)
#else
#define PREFETCH(address) ((void)0)
#endif

enum { CACHE_LINE = 64 };

/* The most by which the steps of all pairs of an input row in a block may add up. */
#define MAX_STEP 0.25

enum { SIMD_PAD = 16 }; /* what vector loads and stores may touch beyond an array's end */

/* The rows of a block, `input[in[i]]` and `output[out[j]]`, and how often they meet. No row is
 * named twice on a side, and none is on both. in_i meets out_j positive[j * stride + i] times as a
 * positive and negative[j * stride + i] times, which may be broken, as a negative. */
typedef struct {
    void *input;
    void *output;
    int64_t width;
    const int32_t *in;
    const int32_t *out;
    int n_in;
    int n_out;
    int64_t stride;        /* n_in or more, a multiple of SIMD_PAD */
    const float *positive; /* (n_out, stride), 0 from n_in on */
    const float *negative; /* the same */
    void *scores;          /* scratch for (n_out + 1, stride) reals */
    void *scratch;         /* `block_scratch` bytes, aligned to a cache line */
    int compute_loss;
    const void *const *ahead; /* rows of the next block, asked for on the way */
    int n_ahead;
} BlockRows;

/* The rows of a step: `rows[ids[j]]` with label j, which has room for SIMD_PAD floats after the
 * last. `rows[ahead[j]]` belong to the next step and are asked for on the way, a cache line at a
 * time: the memory system holds some dozens of requests and stalls on a burst of more. */
typedef struct {
    void *rows;
    int64_t width;
    const int32_t *ids;
    const float *labels;
    int n; /* may be 0 */
    const int32_t *ahead;
    int n_ahead;
    void *scores; /* scratch for n + SIMD_PAD + width reals */
    int compute_loss;
} StepRows;

/* The verbs every objective is made of. `rows` is a matrix of `width` reals a row, `ids` say
 * which of its rows. */
typedef struct {
    const char *name;
    int real_size;

    /* hidden = scale * sum of rows[ids] */
    void (*gather)(void *hidden, const void *rows, int64_t width, const int32_t *ids, int n,
                   double scale);

    /* One step of logistic regression of `labels` (1 or 0) on f_j = hidden . rows[ids[j]]:
     *     loss      = -sum_j log sigmoid(f_j) if label_j else log sigmoid(-f_j)
     *     g_j       = rate * (label_j - sigmoid(f_j))        (minus the derivative by f_j)
     *     gradient += sum_j g_j rows[ids[j]],   rows[ids[j]] += g_j hidden
     * with all g_j and the gradient taken before any row moves. `gradient` may be `hidden`.
     * Returns the loss where `compute_loss`, else 0. */
    double (*step)(void *hidden, void *gradient, const StepRows *step, double rate);

    /* rows[ids] += scale * gradient, each */
    void (*scatter)(void *rows, int64_t width, const int32_t *ids, int n, const void *gradient,
                    double scale);

    /* All input rows of a block against all its output rows in one step:
     *     s_ij  = in_i . out_j
     *     loss  = -sum_ij positive_ij log sigmoid(s_ij) + negative_ij log sigmoid(-s_ij)
     *     g_ij  = rate * (positive_ij - (positive_ij + negative_ij) sigmoid(s_ij))
     *     in_i += sum_j g_ij out_j,   out_j += sum_i g_ij in_i      (both of the old rows)
     * Returns the loss where `compute_loss`, else 0. */
    double (*block)(const BlockRows *block, double rate);
} RowOps;

/* The variant called `name`, or NULL if it was not built or this processor can't run it. */
const RowOps *rows_variant(const char *name);

/* The double twin of "plain", for checking gradients. */
extern const RowOps plain_f64_rows;

/* Gives the "blas" variant its functions; before that it does not exist. */
void rows_use_blas(void *sdot, void *saxpy, void *sgemm);

/* Bytes that any variant's `block` needs at most: for each row (and up to four more, to fill tiles
 * and pairs) two copies, at any precision, and an address; for the pairs, two copies of what moves
 * them. */
static inline int64_t block_scratch(int64_t n_in, int64_t n_out, int64_t width, int64_t real_size) {
    int64_t stride = (n_in + SIMD_PAD) / SIMD_PAD * SIMD_PAD;
    return (n_in + n_out + 4) * ((2 * width + SIMD_PAD) * real_size + (int64_t)sizeof(void *)) +
           2 * (n_out + 1) * stride * (int64_t)sizeof(float) + 4 * CACHE_LINE;
}

/* Of a table that is only read, so that all cores may keep it. */
static inline void prefetch_slot(const void *slot) {
#if defined(__GNUC__)
    __builtin_prefetch(slot, 0, 3);
#else
    (void)slot;
#endif
}

static inline void prefetch_row(const void *row, int64_t n_bytes) {
    for (int64_t offset = 0; offset < n_bytes; offset += CACHE_LINE)
        PREFETCH((const char *)row + offset);
}

#endif
