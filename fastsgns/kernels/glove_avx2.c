/* The "avx2" variant: 8 floats per vector. System headers are included before the target of the
 * compiler is changed. */
#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>

#include "glove.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif

#define LANES 8
#define NAME(name) glove_avx2_##name
#define VARIANT "avx2"
#include "glove_simd.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
