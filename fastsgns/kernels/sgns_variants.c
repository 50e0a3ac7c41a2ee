/* The variants of the row operations by name, and which of them this processor can run. */
#include <string.h>

#include "rows.h"
#include "platform.h"

extern const RowOps plain_f32_rows, baseline_rows, avx2_rows, avx512_rows;
const RowOps *rows_blas(void);

#if BUILDS_AVX
static int has_avx512(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("fma");
}
#endif

const RowOps *rows_variant(const char *name) {
    if (!strcmp(name, "plain")) return &plain_f32_rows;
    if (!strcmp(name, "blas")) return rows_blas();
#if BUILDS_AVX
    if (!strcmp(name, "avx2"))
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &avx2_rows : NULL;
    if (!strcmp(name, "avx512")) return has_avx512() ? &avx512_rows : NULL;
#endif
#if BUILDS_BASELINE
    if (!strcmp(name, BASELINE)) return &baseline_rows;
#endif
    return NULL;
}
