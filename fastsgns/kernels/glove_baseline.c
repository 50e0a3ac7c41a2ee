/* The variant that every processor of the platform can run: SSE2 on x86-64, NEON on aarch64. */
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
#if defined(__x86_64__)
#include <immintrin.h>
#define VARIANT "sse2"
#else
#include <arm_neon.h>
#define VARIANT "neon"
#endif
#include "glove.h"

#define LANES 4
#define NAME(name) glove_baseline_##name
#include "glove_simd.h"
#endif
