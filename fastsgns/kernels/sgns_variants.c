/* The variants of the row operations by name, and which of them this processor can run. */
#include <string.h>

#include "rows.h"

extern const RowOps plain_f32_rows, baseline_rows, avx2_rows, avx512_rows;
const RowOps *rows_blas(void);

#if defined(__GNUC__) && defined(__x86_64__)
static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("fma");
}
#endif

const RowOps *rows_variant(const char *name) {
    if (!strcmp(name, "plain")) return &plain_f32_rows;
    if (!strcmp(name, "blas")) return rows_blas();
#if defined(__GNUC__) && defined(__x86_64__)
    if (!strcmp(name, "sse2")) return &baseline_rows;
    if (!strcmp(name, "avx2"))
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2_rows : NULL;
    if (!strcmp(name, "avx512")) return has_avx512() ? &avx512_rows : NULL;
#elif defined(__GNUC__) && defined(__aarch64__)
    if (!strcmp(name, "neon")) return &baseline_rows;
#endif
    return NULL;
}
