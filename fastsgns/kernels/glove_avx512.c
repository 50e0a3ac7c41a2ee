/* The "avx512" variant: 16 floats per vector. */
#include "platform.h"
#if BUILDS_AVX
#include "glove.h"
#include "target.h"

TARGET(AVX512)
#define LANES 16
#define NAME(name) glove_avx512_##name
#define VARIANT "avx512"
#include "glove_simd.h"
END_TARGET
#endif
