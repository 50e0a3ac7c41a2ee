/* The "avx512bf16" variant: "avx512", but blocks multiply bfloat16 numbers, two per lane. */
#if defined(__x86_64__) && \
    ((defined(__clang__) && __clang_major__ >= 9) || (!defined(__clang__) && __GNUC__ >= 10))
#include <immintrin.h>

#include "rows.h"
#include "loss.h"

#if defined(__clang__)
#pragma clang attribute push(                                                     \
    __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,fma"))), \
    apply_to = function)
#else
#pragma GCC target("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,fma")
#endif

#define LANES 16
#define NAME(op) bf16_##op
#define VARIANT "avx512bf16"
#define HAS_BF16
#include "rows_simd.h"

#if defined(__clang__)
#pragma clang attribute pop
#endif
#endif
