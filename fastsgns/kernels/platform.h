/* Which variants this compiler builds. Each macro is 1 or 0.
 *
 *   BUILDS_BASELINE   vectors of 16 bytes, which every processor has: SSE2 (x86-64), NEON (aarch64)
 *   BUILDS_AVX        avx2 and avx512, which `*_variants.c` selects if the processor has them
 *
 * Both need the vector extensions of GCC and clang. MSVC, and clang-cl, which does not define
 * __GNUC__ either, build "plain" and "blas" only. GCC for Windows keeps the stack aligned to 16
 * bytes only (GCC bug 54412), so that larger vectors on the stack would end the process. */
#ifndef FASTSGNS_PLATFORM_H
#define FASTSGNS_PLATFORM_H

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__aarch64__))
#define BUILDS_BASELINE 1
#else
#define BUILDS_BASELINE 0
#endif

#if defined(__GNUC__) && defined(__x86_64__) && (defined(__clang__) || !defined(_WIN32))
#define BUILDS_AVX 1
#else
#define BUILDS_AVX 0
#endif

/* The name of the baseline variant. */
#if defined(__x86_64__)
#define BASELINE "sse2"
#else
#define BASELINE "neon"
#endif

#endif
