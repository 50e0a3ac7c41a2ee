/* The "avx2" variant: 8 floats per vector. */
#include "platform.h"
#if BUILDS_AVX
#include "rows.h"
#include "loss.h"
#include "target.h"

TARGET("avx2,fma")
#define LANES 8
#define NAME(op) avx2_##op
#define VARIANT "avx2"
#include "rows_simd.h"
END_TARGET
#endif
