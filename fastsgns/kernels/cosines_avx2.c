/* The "avx2" variant: vectors of 32 bytes. */
#if defined(__GNUC__) && defined(__x86_64__)
#include "cosines.h"
#include "target.h"

TARGET("avx2,fma")
#define VARIANT "avx2"

#define REAL float
#define REAL_BYTES 4
#define LANES 8
#define REAL_SQRT sqrtf
#define NAME(name) cosines_avx2_f32_##name
#include "cosines_simd.h"

#define REAL double
#define REAL_BYTES 8
#define LANES 4
#define REAL_SQRT sqrt
#define NAME(name) cosines_avx2_f64_##name
#include "cosines_simd.h"
END_TARGET
#endif
