/* The variant that every processor of the platform can run: SSE2 on x86-64, NEON on aarch64. */
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
#if defined(__x86_64__)
#define VARIANT "sse2"
#else
#define VARIANT "neon"
#endif
#include "cosines.h"

#define REAL float
#define REAL_BYTES 4
#define LANES 4
#define REAL_SQRT sqrtf
#define NAME(name) cosines_baseline_f32_##name
#include "cosines_simd.h"

#define REAL double
#define REAL_BYTES 8
#define LANES 2
#define REAL_SQRT sqrt
#define NAME(name) cosines_baseline_f64_##name
#include "cosines_simd.h"
#endif
