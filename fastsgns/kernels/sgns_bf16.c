/* The "avx512bf16" variant: "avx512", but blocks multiply bfloat16 numbers, two per lane. */
#if defined(__x86_64__) && \
    ((defined(__clang__) && __clang_major__ >= 9) || (!defined(__clang__) && __GNUC__ >= 10))
#include "rows.h"
#include "loss.h"
#include "target.h"

TARGET(AVX512 ",avx512bf16")
#define LANES 16
#define NAME(op) bf16_##op
#define VARIANT "avx512bf16"
#define HAS_BF16
#include "rows_simd.h"
END_TARGET
#endif
