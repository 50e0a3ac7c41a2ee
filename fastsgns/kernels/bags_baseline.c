/* The variant that every processor of the platform can run: SSE2 on x86-64, NEON on aarch64. */
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
#include "bags.h"
#if defined(__x86_64__)
#define VARIANT "sse2"
#else
#define VARIANT "neon"
#endif
#define LANES 4
#define NAME(name) bags_baseline_##name
#include "bags_simd.h"
#endif
