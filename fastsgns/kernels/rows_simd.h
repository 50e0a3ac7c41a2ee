/* Row operations with the vector extensions of GCC and clang: one source for all instruction sets.
 * Define before including: LANES (floats per vector), NAME(op), VARIANT; set the target.
 *
 * Contents
 *   vec, LOAD, STORE, UNROLL               vectors; SHUFFLE is in shuffle.h
 *   LOAD_ROW, STORE_ROW                    vectors of rows that threads share
 *   fold_to_4, sum_4_vectors, sum_first    sums of lanes
 *   reciprocal, exp_minus, sigmoid, relu, log1p_exp_neg_abs   functions of vectors
 *   gather, scatter                        the operations of these names
 *   dots, losses, update_group, ...        parts of `step`
 *   step_group, step_general, step         `step` for up to GROUP rows, and for any number
 *   window, cbow_errors, cbow_update       defined in window_simd.h and cbow_simd.h */

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float vec8 __attribute__((vector_size(32)));
typedef float vec4 __attribute__((vector_size(16)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef int32_t ivec8 __attribute__((vector_size(32)));

#define INLINE static inline __attribute__((always_inline))
#define LOAD(address) (*(const vec *)(address))
#define STORE(address, value) (*(vec *)(address) = (value))

SHARED_ACCESS(vec, NAME(load_shared), NAME(store_shared))
#define LOAD_ROW(address) NAME(load_shared)((const vec *)(address))
#define STORE_ROW(address, value) NAME(store_shared)((vec *)(address), value)

/* Unrolls a loop that sets sums to 0 in registers. GCC replaces it by a call of memset, which is
 * slow for so few bytes, before it unrolls. */
#if defined(__clang__)
#define UNROLL(n)
#else
#define UNROLL(n) UNROLL_(GCC unroll n)
#define UNROLL_(text) _Pragma(#text)
#endif

enum { GROUP = 6 }; /* rows handled together: a positive and the usual 5 negatives */

/* Add the halves of a vector until four lanes are left. */
INLINE vec4 NAME(fold_to_4)(vec v) {
#if LANES == 16
    vec8 halves[2];
    memcpy(halves, &v, sizeof halves);
    halves[0] += halves[1];
#elif LANES == 8
    vec8 halves[1] = {v};
#endif
#if LANES > 4
    vec4 quarters[2];
    memcpy(quarters, halves, sizeof quarters);
    return quarters[0] + quarters[1];
#else
    return v;
#endif
}

#define MASK ivec
#include "shuffle.h"

/* Returns a vector whose groups of four lanes add up to the sums of the lanes of a, b, c and d. A
 * transposition that adds on the way needs fewer shuffles than four separate sums. */
INLINE vec NAME(sum_quarters)(vec a, vec b, vec c, vec d) {
    vec ab = SHUFFLE(a, b, PER_FOUR_LANES(0, LANES, 1, LANES + 1)) +
             SHUFFLE(a, b, PER_FOUR_LANES(2, LANES + 2, 3, LANES + 3));
    vec cd = SHUFFLE(c, d, PER_FOUR_LANES(0, LANES, 1, LANES + 1)) +
             SHUFFLE(c, d, PER_FOUR_LANES(2, LANES + 2, 3, LANES + 3));
    return SHUFFLE(ab, cd, PER_FOUR_LANES(0, 1, LANES, LANES + 1)) +
           SHUFFLE(ab, cd, PER_FOUR_LANES(2, 3, LANES + 2, LANES + 3));
}

/* Returns the sums of the lanes of a, b, c and d. */
INLINE vec4 NAME(sum_4_vectors)(vec a, vec b, vec c, vec d) {
    return NAME(fold_to_4)(NAME(sum_quarters)(a, b, c, d));
}

#if LANES == 16
/* Returns, in its first group of four lanes, the sum of the groups of a; in the next those of b, c
 * and d. */
INLINE vec NAME(sum_of_quarters)(vec a, vec b, vec c, vec d) {
    vec ab = SHUFFLE(a, b, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
             SHUFFLE(a, b, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    vec cd = SHUFFLE(c, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
             SHUFFLE(c, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    return SHUFFLE(ab, cd, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
           SHUFFLE(ab, cd, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
}
#endif

/* Returns a and b as one vector. Through memory, it would wait until both stores are done. */
INLINE vec8 NAME(join)(vec4 a, vec4 b) {
#if LANES >= 8
    return (vec8)_mm256_insertf128_ps(_mm256_castps128_ps256((__m128)a), (__m128)b, 1);
#else
    vec4 four[2] = {a, b};
    vec8 both;
    memcpy(&both, four, sizeof both);
    return both;
#endif
}

/* 1 / x. AVX-512: an estimate of 14 bits and a Newton step, which is faster than a division. */
#if LANES == 16
INLINE vec NAME(reciprocal)(vec x) {
    vec y = (vec)_mm512_rcp14_ps((__m512)x);
    return y * (2.0f - x * y);
}
INLINE vec8 NAME(reciprocal8)(vec8 x) {
    vec8 y = (vec8)_mm256_rcp14_ps((__m256)x);
    return y * (2.0f - x * y);
}
#else
INLINE vec NAME(reciprocal)(vec x) { return 1.0f / x; }
INLINE vec8 NAME(reciprocal8)(vec8 x) { return 1.0f / x; }
#endif

/* Defines exp_minus(x) = exp(-x), to 2 ulp, and name(x) = sigmoid(x) = 1 / (1 + exp(-x)), for the
 * vector types `real` and `integer`. exp(-x) is 2^k e^r with |r| <= ln(2) / 2 and the Taylor
 * polynomial of degree 6 for e^r. x is clamped to -87 .. 87, where exp(x) is a normal float. */
#define SIGMOID(name, exp_minus, where, invert, real, integer)                            \
    INLINE real where(integer mask, real yes, real no) {                                  \
        return (real)((mask & (integer)yes) | (~mask & (integer)no));                     \
    }                                                                                     \
    INLINE real exp_minus(real x) {                                                       \
        const real zero = {0}, low = zero - 87.0f, high = zero + 87.0f;                   \
        const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */ \
        x = where(x < low, low, x);                                                       \
        x = where(x > high, high, x);                                                     \
        real shifted = magic - x * 1.44269504f;                                           \
        real k = shifted - magic;                                                         \
        real r = k * 2.12194440e-4f - k * 0.693359375f - x;                               \
        real e = r * (1.0f / 720) + (1.0f / 120);                                         \
        e = e * r + (1.0f / 24);                                                          \
        e = e * r + (1.0f / 6);                                                           \
        e = e * r + 0.5f;                                                                 \
        e = e * r + 1.0f;                                                                 \
        e = e * r + 1.0f;                                                                 \
        integer exponent = ((integer)shifted - 0x4B400000) << 23;                         \
        return (real)((integer)e + exponent);                                             \
    }                                                                                     \
    INLINE real name(real x) { return invert(1.0f + exp_minus(x)); }
SIGMOID(NAME(sigmoid), NAME(exp_minus), NAME(select), NAME(reciprocal), vec, ivec)
SIGMOID(NAME(sigmoid8), NAME(exp_minus8), NAME(select8), NAME(reciprocal8), vec8, ivec8)

/* max(x, 0) */
INLINE vec NAME(relu)(vec x) {
    const vec zero = {0};
    return NAME(select)(x > zero, x, zero);
}

/* log(1 + exp(-|x|)), so that log(1 + exp(x)) = relu(x) + log1p_exp_neg_abs(x). With e = exp(-|x|)
 * and z = e / (2 + e) <= 1/3 it is 2 artanh(z) = 2 (z + z^3 / 3 + z^5 / 5 + ...), computed up to
 * z^15. */
INLINE vec NAME(log1p_exp_neg_abs)(vec x) {
    vec e = NAME(exp_minus)(NAME(relu)(x) + NAME(relu)(-x));
    vec z = e * NAME(reciprocal)(2.0f + e), w = z * z;
    vec sum = w * (1.0f / 15) + (1.0f / 13);
    sum = sum * w + (1.0f / 11);
    sum = sum * w + (1.0f / 9);
    sum = sum * w + (1.0f / 7);
    sum = sum * w + (1.0f / 5);
    sum = sum * w + (1.0f / 3);
    sum = sum * w + 1.0f;
    return 2.0f * z * sum;
}

/* Returns the sum of the first n lanes. */
INLINE double NAME(sum_first)(int n, vec v) {
    float lanes[LANES];
    double sum = 0;
    STORE(lanes, v);
    for (int i = 0; i < n && i < LANES; i++) sum += lanes[i];
    return sum;
}

/* Vectors of columns that are handled together. Their sums and loads do not wait for each other. */
enum { COLUMNS = LANES == 16 ? 8 : 4 };

/* Calls FUNCTION for n < COLUMNS vectors of columns; `n` becomes a constant. */
#define COLUMN_CASES(n, FUNCTION, ...)           \
    switch (n) {                                 \
        case 7: FUNCTION(7, __VA_ARGS__); break; \
        case 6: FUNCTION(6, __VA_ARGS__); break; \
        case 5: FUNCTION(5, __VA_ARGS__); break; \
        case 4: FUNCTION(4, __VA_ARGS__); break; \
        case 3: FUNCTION(3, __VA_ARGS__); break; \
        case 2: FUNCTION(2, __VA_ARGS__); break; \
        case 1: FUNCTION(1, __VA_ARGS__); break; \
        default: break;                          \
    }

/* Writes n_vec vectors of columns of `gather`, from the column x on. n_vec is a constant. */
INLINE void NAME(gather_columns)(const int n_vec, float *hidden, float *const *rows, int n,
                                 float scale, int64_t x) {
    vec sums[8];
    UNROLL(8)
    for (int v = 0; v < n_vec; v++) sums[v] = (vec){0};
    for (int j = 0; j < n; j++) {
        const float *row = rows[j] + x;
        UNROLL(8)
        for (int v = 0; v < n_vec; v++) sums[v] += LOAD_ROW(row + v * LANES);
    }
    UNROLL(8)
    for (int v = 0; v < n_vec; v++) STORE(hidden + x + v * LANES, sums[v] * scale);
}

static void NAME(gather)(void *hidden_, void *const *rows_, int n, int64_t width, double scale) {
    float *hidden = hidden_, *const *rows = (float *const *)rows_;
    const float factor = (float)scale;
    int64_t i = 0;
    for (; i + COLUMNS * LANES <= width; i += COLUMNS * LANES)
        NAME(gather_columns)(COLUMNS, hidden, rows, n, factor, i);
    COLUMN_CASES((width - i) / LANES, NAME(gather_columns), hidden, rows, n, factor, i)
}

/* Returns the scores hidden . rows[j] for j = first .. first + n - 1 in the lanes 0 .. n - 1;
 * the other lanes are 0. Prefetches rows of the next step on the way. */
INLINE vec8 NAME(dots)(const int n, const StepRows *step, const float *hidden, int first) {
    /* `prefetch` is volatile, because there are not enough registers for all addresses. */
    const float *row[GROUP], *volatile prefetch[GROUP];
    vec sums[8];
    UNROLL(8)
    for (int j = 0; j < 8; j++) sums[j] = (vec){0};
    for (int j = 0; j < n; j++) {
        row[j] = step->rows[first + j];
        prefetch[j] = first + j < step->n_prefetch ? step->prefetch[first + j] : row[j];
    }
    for (int64_t i = 0; i < step->width; i += LANES) {
        vec h = LOAD_ROW(hidden + i);
        for (int j = 0; j < n; j++) sums[j] += h * LOAD_ROW(row[j] + i);
        if (LANES * 4 >= CACHE_LINE || i * 4 % CACHE_LINE == 0)
            for (int j = 0; j < n; j++) PREFETCH(prefetch[j] + i);
    }
    return NAME(join)(NAME(sum_4_vectors)(sums[0], sums[1], sums[2], sums[3]),
                      NAME(sum_4_vectors)(sums[4], sums[5], sums[6], sums[7]));
}

/* Returns the loss of n scores f: the sum of log(1 + exp(wrong)), where `wrong` is -f for label 1
 * and f for label 0. */
static double NAME(losses)(const float *scores, const float *labels, int n) {
    double loss = 0;
    for (int j = 0; j < n; j += LANES) {
        vec wrong = LOAD(scores + j) * (1.0f - 2.0f * LOAD(labels + j));
        loss += NAME(sum_first)(n - j, NAME(relu)(wrong) + NAME(log1p_exp_neg_abs)(wrong));
    }
    return loss;
}

INLINE int NAME(has_duplicates)(const int n, void *const *rows) {
    int found = 0;
    for (int j = 1; j < n; j++)
        for (int k = 0; k < j; k++) found |= rows[j] == rows[k];
    return found;
}

/* Adds g[j] * hidden to each row, and sum_j g[j] * row j, of the old rows, to `update`. For any
 * number of rows, which may repeat. */
static void NAME(update_general)(int n, const float *g, const float *hidden, float *update,
                                 float *const *rows, int64_t width) {
    for (int64_t i = 0; i < width; i += LANES) {
        vec h = LOAD_ROW(hidden + i), sum = LOAD_ROW(update + i);
        for (int j = 0; j < n; j++) sum += g[j] * LOAD_ROW(rows[j] + i);
        for (int j = 0; j < n; j++) {
            float *row = rows[j] + i;
            STORE_ROW(row, LOAD_ROW(row) + g[j] * h);
        }
        STORE_ROW(update + i, sum);
    }
}

/* The same for up to GROUP rows, of which none repeats. */
INLINE void NAME(update_group)(const int n, const float *g, const float *hidden, float *update,
                               float *const *rows, int64_t width) {
    float *row[GROUP];
    for (int j = 0; j < n; j++) row[j] = rows[j];
    for (int64_t i = 0; i < width; i += LANES) {
        vec h = LOAD_ROW(hidden + i), sum = LOAD_ROW(update + i), r[GROUP];
        for (int j = 0; j < n; j++) {
            r[j] = LOAD_ROW(row[j] + i);
            sum += g[j] * r[j];
        }
        for (int j = 0; j < n; j++) STORE_ROW(row[j] + i, r[j] + g[j] * h);
        STORE_ROW(update + i, sum);
    }
}

/* `step` for n <= GROUP rows, a constant. The scores stay in registers. */
INLINE double NAME(step_group)(const int n, float *hidden, float *update, const StepRows *step,
                               float rate) {
    float *const *rows = (float *const *)step->rows;
    vec8 scores = NAME(dots)(n, step, hidden, 0), labels;
    float g[8 + LANES]; /* LANES more than needed, as whole vectors are loaded */
    double loss = 0;
    if (step->compute_loss) {
        memcpy(g, &scores, sizeof scores);
        loss = NAME(losses)(g, step->labels, n);
    }
    memcpy(&labels, step->labels, sizeof labels);
    scores = rate * (labels - NAME(sigmoid8)(scores));
    memcpy(g, &scores, sizeof scores);
    if (NAME(has_duplicates)(n, step->rows))
        NAME(update_general)(n, g, hidden, update, rows, step->width);
    else
        NAME(update_group)(n, g, hidden, update, rows, step->width);
    return loss;
}

INLINE void NAME(store_dots)(const int n, float *scores, const StepRows *step, const float *hidden,
                             int first) {
    vec8 dots = NAME(dots)(n, step, hidden, first);
    memcpy(scores + first, &dots, sizeof dots);
}

/* Calls op(n, ...) with a constant n, so that its loops unroll and arrays become registers. */
#define GROUP_CASES(n, op, ...)            \
    switch (n) {                           \
        case 6: op(6, __VA_ARGS__); break; \
        case 5: op(5, __VA_ARGS__); break; \
        case 4: op(4, __VA_ARGS__); break; \
        case 3: op(3, __VA_ARGS__); break; \
        case 2: op(2, __VA_ARGS__); break; \
        case 1: op(1, __VA_ARGS__); break; \
        default: break;                    \
    }

static double NAME(step_general)(float *hidden, float *update, const StepRows *step, float rate) {
    float *scores = step->scores;
    const int n = step->n;
    int done = 0;
    for (; done + GROUP <= n; done += GROUP) NAME(store_dots)(GROUP, scores, step, hidden, done);
    GROUP_CASES(n - done, NAME(store_dots), scores, step, hidden, done)
    double loss = step->compute_loss ? NAME(losses)(scores, step->labels, n) : 0;
    for (int j = 0; j < n; j += LANES) {
        vec sigmoid = NAME(sigmoid)(LOAD(scores + j));
        STORE(scores + j, rate * (LOAD(step->labels + j) - sigmoid));
    }
    NAME(update_general)(n, scores, hidden, update, (float *const *)step->rows, step->width);
    return loss;
}

static double NAME(step)(void *hidden, void *update, const StepRows *step, double rate) {
    double loss = 0;
    for (int j = step->n; j < step->n_prefetch; j++)
        prefetch_row(step->prefetch[j], step->width * 4);
    if (step->n <= GROUP)
        GROUP_CASES(step->n, loss = NAME(step_group), hidden, update, step, (float)rate)
    else
        loss = NAME(step_general)(hidden, update, step, (float)rate);
    return loss;
}

/* Updates n_vec vectors of columns of `scatter`, from the column x on. n_vec is a constant. */
INLINE void NAME(scatter_columns)(const int n_vec, void *const *rows, int n, const float *update,
                                  float scale, int64_t x) {
    vec change[8];
    UNROLL(8)
    for (int v = 0; v < n_vec; v++) change[v] = scale * LOAD(update + x + v * LANES);
    for (int j = 0; j < n; j++) {
        float *row = (float *)rows[j] + x;
        UNROLL(8)
        for (int v = 0; v < n_vec; v++)
            STORE_ROW(row + v * LANES, LOAD_ROW(row + v * LANES) + change[v]);
    }
}

static void NAME(scatter)(void *const *rows, int n, int64_t width, const void *update_,
                          double scale) {
    const float *update = update_;
    const float factor = (float)scale;
    int64_t i = 0;
    for (; i + COLUMNS * LANES <= width; i += COLUMNS * LANES)
        NAME(scatter_columns)(COLUMNS, rows, n, update, factor, i);
    COLUMN_CASES((width - i) / LANES, NAME(scatter_columns), rows, n, update, factor, i)
}

static void NAME(merge)(void *shared_, void *copy_, void *base_, int64_t width) {
    float *shared = shared_, *copy = copy_, *base = base_;
    for (int64_t i = 0; i < width; i += LANES) {
        vec sum = LOAD_ROW(shared + i) + (LOAD(copy + i) - LOAD(base + i));
        STORE_ROW(shared + i, sum);
        STORE(copy + i, sum);
        STORE(base + i, sum);
    }
}

#include "cbow_simd.h"
#include "window_simd.h"

const RowOps NAME(rows) = {VARIANT,      sizeof(float),     NAME(gather),
                           NAME(step),   NAME(scatter),     NAME(merge),
                           NAME(window), NAME(cbow_errors), NAME(cbow_update)};
