/* Full softmax in float for training and in double for checking gradients. */
#include <math.h>
#include <string.h>
#include "softmax.h"

enum { LANES = 16, BLOCK = 512 };

/* e^x for x <= 0, without a branch, so that compilers take several at once: 2^k e^r with k the
 * integer nearest to x / ln 2, which adding 1.5 * 2^23 leaves in the low bits, and e^r by its
 * Taylor polynomial of degree 6 (|r| <= ln(2) / 2, relative error below 2e-7). Below -87, where
 * floats end, e^-87. */
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

/* How many words a product of matrices takes. OpenBLAS leaves products of up to 2^18 terms to the
 * thread that calls it, and above wakes threads of its own, which would fight the workers for the
 * cores: on a busy machine that was found to be 30 times slower. */
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
