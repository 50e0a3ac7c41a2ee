/* The variant that every processor of the platform can run: SSE2 on x86-64, NEON on aarch64. */
#include "platform.h"
#if BUILDS_BASELINE
#include "bags.h"

#define VARIANT BASELINE
#define LANES 4
#define NAME(name) bags_baseline_##name
#include "bags_simd.h"
#endif
