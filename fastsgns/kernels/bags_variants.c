/* The variants of sums of rows by the names of the kernel variants. */
#include "bags.h"
#include "platform.h"

extern const BagOps bags_plain_ops, bags_baseline_ops, bags_avx2_ops, bags_avx512_ops;

const BagOps *bags_variant(const char *name) {
#if BUILDS_AVX
    if (!strcmp(name, "avx512")) return &bags_avx512_ops;
    if (!strcmp(name, "avx2")) return &bags_avx2_ops;
#endif
#if BUILDS_BASELINE
    if (!strcmp(name, BASELINE)) return &bags_baseline_ops;
#endif
    return strcmp(name, "plain") && strcmp(name, "blas") ? NULL : &bags_plain_ops;
}
