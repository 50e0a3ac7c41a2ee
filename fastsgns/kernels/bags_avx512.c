/* The "avx512" variant: 16 floats per vector. */
#include "platform.h"
#if BUILDS_AVX
#include "bags.h"
#include "target.h"

TARGET(AVX512)
#define LANES 16
#define NAME(name) bags_avx512_##name
#define VARIANT "avx512"
#include "bags_simd.h"
END_TARGET
#endif
