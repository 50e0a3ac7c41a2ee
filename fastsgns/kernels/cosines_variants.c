/* The variants of the cosines by the names of the kernel variants. */
#include "cosines.h"
#include "platform.h"

extern const CosineOps cosines_plain_f32_ops, cosines_plain_f64_ops;
extern const CosineOps cosines_baseline_f32_ops, cosines_baseline_f64_ops;
extern const CosineOps cosines_avx2_f32_ops, cosines_avx2_f64_ops;
extern const CosineOps cosines_avx512_f32_ops, cosines_avx512_f64_ops;

#define OF_SIZE(variant) \
    (real_size == sizeof(float) ? &cosines_##variant##_f32_ops : &cosines_##variant##_f64_ops)

const CosineOps *cosines_variant(const char *name, int real_size) {
#if BUILDS_AVX
    if (!strcmp(name, "avx512")) return OF_SIZE(avx512);
    if (!strcmp(name, "avx2")) return OF_SIZE(avx2);
#endif
#if BUILDS_BASELINE
    if (!strcmp(name, BASELINE)) return OF_SIZE(baseline);
#endif
    return strcmp(name, "plain") && strcmp(name, "blas") ? NULL : OF_SIZE(plain);
}
