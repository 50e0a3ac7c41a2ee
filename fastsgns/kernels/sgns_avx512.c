/* The "avx512" variant: 16 floats per vector. */
#include "platform.h"
#if BUILDS_AVX
#include "rows.h"
#include "loss.h"
#include "target.h"

TARGET(AVX512)
#define LANES 16
#define NAME(op) avx512_##op
#define VARIANT "avx512"
#include "rows_simd.h"
END_TARGET
#endif
