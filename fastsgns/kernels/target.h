/* TARGET(features) compiles the functions that follow it for a processor with these features, up to
 * END_TARGET. System headers must be included before, so they are included here. */
#ifndef FASTSGNS_TARGET_H
#define FASTSGNS_TARGET_H

#include <immintrin.h>

#define AVX512 "avx512f,avx512vl,avx512dq,avx512bw,fma"
#define PRAGMA(text) _Pragma(#text)
#if defined(__clang__)
#define TARGET(features) \
    PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define END_TARGET PRAGMA(clang attribute pop)
#else
#define TARGET(features) PRAGMA(GCC target(features))
#define END_TARGET
#endif

#endif
