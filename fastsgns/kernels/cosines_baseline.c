/* The variant that every processor of the platform can run: SSE2 on x86-64, NEON on aarch64. */
#include "platform.h"
#if BUILDS_BASELINE
#if defined(__x86_64__)
#include <immintrin.h>
#define SQRT_F32(x) ((VEC)_mm_sqrt_ps((__m128)(x)))
#define SQRT_F64(x) ((VEC)_mm_sqrt_pd((__m128d)(x)))
#else
#include <arm_neon.h>
#define SQRT_F32(x) ((VEC)vsqrtq_f32((float32x4_t)(x)))
#define SQRT_F64(x) ((VEC)vsqrtq_f64((float64x2_t)(x)))
#endif
#include "cosines.h"

#define VARIANT BASELINE

#define REAL float
#define REAL_BYTES 4
#define LANES 4
#define MAX_REAL FLT_MAX
#define VECTOR_SQRT SQRT_F32
#define NAME(name) cosines_baseline_f32_##name
#include "cosines_simd.h"

#define REAL double
#define REAL_BYTES 8
#define LANES 2
#define MAX_REAL DBL_MAX
#define VECTOR_SQRT SQRT_F64
#define NAME(name) cosines_baseline_f64_##name
#include "cosines_simd.h"
#endif
