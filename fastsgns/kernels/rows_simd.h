/* Rows by vector extensions of GCC and clang, one source for every instruction set.
 * Before including: LANES (floats a vector), NAME(verb), VARIANT, and the target pragma. */

typedef float vec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));
typedef float vec8 __attribute__((vector_size(32)));
typedef float vec4 __attribute__((vector_size(16)));
typedef int32_t ivec __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define LOAD(address) (*(const vec *)(address))
#define STORE(address, value) (*(vec *)(address) = (value))

enum { GROUP = 6 }; /* rows handled together: a positive and the usual 5 negatives */

/* Halves the vector until four lanes are left. */
INLINE vec4 NAME(quarter)(vec v) {
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

INLINE float NAME(sum)(vec v) {
    vec4 q = NAME(quarter)(v);
    return (q[0] + q[2]) + (q[1] + q[3]);
}

INLINE vec NAME(where)(ivec mask, vec yes, vec no) {
    return (vec)((mask & (ivec)yes) | (~mask & (ivec)no));
}

/* exp(x) to 2 ulp: 2^k e^r with |r| <= ln(2)/2 and e^r by its Taylor polynomial of degree 6. */
INLINE vec NAME(exp)(vec x) {
    const vec zero = {0};
    const vec low = zero - 87.0f, high = zero + 87.0f;
    x = NAME(where)(x < low, low, x);
    x = NAME(where)(x > high, high, x);
    const float magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    vec shifted = x * 1.44269504f + magic;
    vec k = shifted - magic;
    vec r = x - k * 0.693359375f + k * 2.12194440e-4f;
    vec e = r * (1.0f / 720) + (1.0f / 120);
    e = e * r + (1.0f / 24);
    e = e * r + (1.0f / 6);
    e = e * r + 0.5f;
    e = e * r + 1.0f;
    e = e * r + 1.0f;
    ivec exponent = ((ivec)shifted - 0x4B400000) << 23;
    return (vec)((ivec)e + exponent);
}

static void RACY NAME(gather)(void *hidden_, const void *rows_, int64_t width, const int32_t *ids,
                              int n, double scale) {
    float *hidden = hidden_;
    const float *rows = rows_;
    for (int64_t i = 0; i < width; i += LANES) {
        vec sum = {0};
        for (int j = 0; j < n; j++) sum += LOAD(rows + ids[j] * width + i);
        STORE(hidden + i, sum * (float)scale);
    }
}

INLINE void NAME(dots)(const int n, const StepRows *step, const float *hidden, int first) {
    const float *rows = step->rows, *row[GROUP], *ahead[GROUP];
    const int32_t *ids = step->ids + first;
    vec sums[GROUP];
    for (int j = 0; j < n; j++) {
        sums[j] = (vec){0};
        row[j] = rows + ids[j] * step->width;
        ahead[j] = first + j < step->n_ahead ? rows + step->ahead[first + j] * step->width : row[j];
    }
    for (int64_t i = 0; i < step->width; i += LANES) {
        vec h = LOAD(hidden + i);
        for (int j = 0; j < n; j++) sums[j] += h * LOAD(row[j] + i);
        if (LANES * 4 >= CACHE_LINE || i * 4 % CACHE_LINE == 0)
            for (int j = 0; j < n; j++) PREFETCH(ahead[j] + i);
    }
    float *scores = (float *)step->scores + first;
    for (int j = 0; j < n; j++) scores[j] = NAME(sum)(sums[j]);
}

/* The gradient reads all rows of a tile before the first is written: a negative may come twice. */
INLINE void NAME(update)(const int n, const float *scores, const float *hidden, float *gradient,
                         float *rows, int64_t width, const int32_t *ids) {
    float *row[GROUP];
    for (int j = 0; j < n; j++) row[j] = rows + ids[j] * width;
    for (int64_t i = 0; i < width; i += LANES) {
        vec h = LOAD(hidden + i), sum = LOAD(gradient + i);
        for (int j = 0; j < n; j++) sum += scores[j] * LOAD(row[j] + i);
        for (int j = 0; j < n; j++) STORE(row[j] + i, LOAD(row[j] + i) + scores[j] * h);
        STORE(gradient + i, sum);
    }
}

/* Calls verb(n, ...) with n a constant, so that its loops unroll into registers. */
#define UNROLLED(n, verb, ...)                        \
    switch (n) {                                      \
        case 6: verb(6, __VA_ARGS__); break;          \
        case 5: verb(5, __VA_ARGS__); break;          \
        case 4: verb(4, __VA_ARGS__); break;          \
        case 3: verb(3, __VA_ARGS__); break;          \
        case 2: verb(2, __VA_ARGS__); break;          \
        case 1: verb(1, __VA_ARGS__); break;          \
        default: break;                               \
    }

static double RACY NAME(losses)(const float *scores, const float *labels, int n) {
    double loss = 0;
    for (int j = 0; j < n; j++) loss += logistic_loss(scores[j], labels[j]);
    return loss;
}

/* Several groups: the rows of an earlier group move before a later one is read, so the gradient
 * is summed for all groups first and `hidden` stays as it was until the end. */
static void RACY NAME(update_many)(int n, const float *scores, const float *hidden,
                                   float *gradient, float *rows, int64_t width,
                                   const int32_t *ids) {
    for (int64_t i = 0; i < width; i += LANES) {
        vec h = LOAD(hidden + i), sum = LOAD(gradient + i);
        for (int j = 0; j < n; j++) sum += scores[j] * LOAD(rows + ids[j] * width + i);
        for (int j = 0; j < n; j++) {
            float *row = rows + ids[j] * width + i;
            STORE(row, LOAD(row) + scores[j] * h);
        }
        STORE(gradient + i, sum);
    }
}

static double RACY NAME(step)(void *hidden_, void *gradient_, const StepRows *step, double rate) {
    float *hidden = hidden_, *gradient = gradient_, *rows = step->rows, *scores = step->scores;
    const float *labels = step->labels;
    const int n = step->n;
    int done = 0;
    for (; done + GROUP <= n; done += GROUP) NAME(dots)(GROUP, step, hidden, done);
    UNROLLED(n - done, NAME(dots), step, hidden, done)
    for (int j = n; j < step->n_ahead; j++)
        prefetch_row(rows + step->ahead[j] * step->width, step->width * 4);
    double loss = step->want_loss ? NAME(losses)(scores, labels, n) : 0;
    for (int j = 0; j < n; j += LANES) {
        vec sigmoid = 1.0f / (1.0f + NAME(exp)(-LOAD(scores + j)));
        STORE(scores + j, (float)rate * (LOAD(labels + j) - sigmoid));
    }
    if (n <= GROUP)
        UNROLLED(n, NAME(update), scores, hidden, gradient, rows, step->width, step->ids)
    else
        NAME(update_many)(n, scores, hidden, gradient, rows, step->width, step->ids);
    return loss;
}

static void RACY NAME(scatter)(void *rows_, int64_t width, const int32_t *ids, int n,
                               const void *gradient_, double scale) {
    float *rows = rows_;
    const float *gradient = gradient_;
    for (int j = 0; j < n; j++) {
        float *row = rows + ids[j] * width;
        for (int64_t i = 0; i < width; i += LANES)
            STORE(row + i, LOAD(row + i) + (float)scale * LOAD(gradient + i));
    }
}

#include "block_simd.h"

const RowOps NAME(rows) = {VARIANT, sizeof(float), NAME(gather), NAME(step), NAME(scatter),
                            NAME(block)};
