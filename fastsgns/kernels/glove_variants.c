/* The variants of GloVe's steps by the names of the kernel variants. */
#include <string.h>

#include "glove.h"
#include "platform.h"

extern const GloveOps glove_plain_f32_ops, glove_baseline_ops, glove_avx2_ops, glove_avx512_ops;

const GloveOps *glove_variant(const char *name) {
#if BUILDS_AVX
    if (!strncmp(name, "avx512", 6)) return &glove_avx512_ops;
    if (!strcmp(name, "avx2")) return &glove_avx2_ops;
#endif
#if BUILDS_BASELINE
    if (!strcmp(name, BASELINE)) return &glove_baseline_ops;
#endif
    return strcmp(name, "plain") && strcmp(name, "blas") ? NULL : &glove_plain_f32_ops;
}
