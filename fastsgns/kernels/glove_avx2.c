/* The "avx2" variant: 8 floats per vector. */
#include "platform.h"
#if BUILDS_AVX
#include "glove.h"
#include "target.h"

TARGET("avx2,fma")
#define LANES 8
#define NAME(name) glove_avx2_##name
#define VARIANT "avx2"
#include "glove_simd.h"
END_TARGET
#endif
