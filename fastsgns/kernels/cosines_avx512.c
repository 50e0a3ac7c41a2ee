/* The "avx512" variant: vectors of 64 bytes. */
#include "platform.h"
#if BUILDS_AVX
#include "cosines.h"
#include "target.h"

TARGET(AVX512)
#define VARIANT "avx512"

#define REAL float
#define REAL_BYTES 4
#define LANES 16
#define MAX_REAL FLT_MAX
#define VECTOR_SQRT(x) ((VEC)_mm512_sqrt_ps((__m512)(x)))
#define NAME(name) cosines_avx512_f32_##name
#include "cosines_simd.h"

#define REAL double
#define REAL_BYTES 8
#define LANES 8
#define MAX_REAL DBL_MAX
#define VECTOR_SQRT(x) ((VEC)_mm512_sqrt_pd((__m512d)(x)))
#define NAME(name) cosines_avx512_f64_##name
#include "cosines_simd.h"
END_TARGET
#endif
