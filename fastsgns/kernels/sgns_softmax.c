/* Full softmax: in float for training, in double for numeric checks of gradients. */
#include <math.h>
#include <string.h>
#include "softmax.h"

enum { LANES = 16, BLOCK = 512 };

/* e^x for x <= 0, without a branch, so that compilers vectorize it. It is 2^k e^r, where k is the
 * integer nearest to x / ln 2. Adding 1.5 * 2^23 leaves k in the low bits of the float. e^r is the
 * Taylor polynomial of degree 6 (|r| <= ln(2) / 2, relative error below 2e-7). Below -87, close to
 * the smallest normal float, the result is e^-87. */
static inline float exp_of_negative(float x) {
    const float above = x < -87.0f ? -87.0f : x;
    const float shifted = above * 1.44269504f + 12582912.0f;
    const float k = shifted - 12582912.0f;
    const float r = (above - k * 0.693359375f) + k * 2.12194440e-4f;
    const float tail =
        r * r * (0.5f + r * (1.0f / 6 + r * (1.0f / 24 + r * (1.0f / 120 + r / 720))));
    float power = 1.0f + (r + tail);
    int32_t exponent, bits;
    memcpy(&exponent, &shifted, sizeof exponent);
    memcpy(&bits, &power, sizeof bits);
    bits += (int32_t)((uint32_t)(exponent - 0x4B400000) << 23);
    memcpy(&power, &bits, sizeof bits);
    return power;
}

/* Returns the number of words per matrix product. OpenBLAS computes a product of up to 2^18 terms
 * in the calling thread. For larger ones it starts threads of its own, which compete with the
 * workers for the cores; on a busy machine this was 30 times slower. */
static int64_t block_words(int64_t n_hidden_reals) {
    const int64_t n = (1 << 18) / n_hidden_reals;
    return n < 1 ? 1 : n > 512 ? 512 : n;
}

#define REAL float
#define REAL_EXP exp_of_negative
#define NAME(name) name##_f32
#include "softmax_step.h"

#define REAL double
#define REAL_EXP exp
#define NAME(name) name##_f64
#include "softmax_step.h"

void softmax_use_blas(void *sgemm, void *dgemm) {
    gemm_f32 = (gemm_t_f32)sgemm;
    gemm_f64 = (gemm_t_f64)dgemm;
}
