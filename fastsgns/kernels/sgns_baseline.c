/* The variant that every processor of the platform can run: SSE2 on x86-64, NEON on aarch64. */
#include "platform.h"
#if BUILDS_BASELINE
#include "rows.h"
#include "loss.h"

#define VARIANT BASELINE
#define LANES 4
#define NAME(op) baseline_##op
#include "rows_simd.h"
#endif
