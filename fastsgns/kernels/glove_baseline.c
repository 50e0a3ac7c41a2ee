/* The variant that every processor of the platform can run: SSE2 on x86-64, NEON on aarch64. */
#include "platform.h"
#if BUILDS_BASELINE
#if defined(__x86_64__)
#include <immintrin.h>
#else
#include <arm_neon.h>
#endif
#include "glove.h"

#define VARIANT BASELINE
#define LANES 4
#define NAME(name) glove_baseline_##name
#include "glove_simd.h"
#endif
