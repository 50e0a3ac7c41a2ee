/* The "avx512" variant: 16 floats per vector. System headers are included before the target of the
 * compiler is changed. */
#if defined(__GNUC__) && defined(__x86_64__)
#include <immintrin.h>

#include "glove.h"

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,fma"))), \
                             apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,fma")
#endif

#define LANES 16
#define NAME(name) glove_avx512_##name
#define VARIANT "avx512"
#include "glove_simd.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
