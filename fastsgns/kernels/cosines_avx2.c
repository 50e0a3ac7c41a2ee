/* The "avx2" variant: vectors of 32 bytes. */
#include "platform.h"
#if BUILDS_AVX
#include "cosines.h"
#include "target.h"

TARGET("avx2,fma")
#define VARIANT "avx2"

#define REAL float
#define REAL_BYTES 4
#define LANES 8
#define MAX_REAL FLT_MAX
#define VECTOR_SQRT(x) ((VEC)_mm256_sqrt_ps((__m256)(x)))
#define NAME(name) cosines_avx2_f32_##name
#include "cosines_simd.h"

#define REAL double
#define REAL_BYTES 8
#define LANES 4
#define MAX_REAL DBL_MAX
#define VECTOR_SQRT(x) ((VEC)_mm256_sqrt_pd((__m256d)(x)))
#define NAME(name) cosines_avx2_f64_##name
#include "cosines_simd.h"
END_TARGET
#endif
