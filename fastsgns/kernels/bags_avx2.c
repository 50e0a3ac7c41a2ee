/* The "avx2" variant: 8 floats per vector. */
#include "platform.h"
#if BUILDS_AVX
#include "bags.h"
#include "target.h"

TARGET("avx2")
#define LANES 8
#define NAME(name) bags_avx2_##name
#define VARIANT "avx2"
#include "bags_simd.h"
END_TARGET
#endif
